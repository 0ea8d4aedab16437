"""Render an error: its message, and advice in the language of the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.errors import ServiceError
from omni_nb.words import words

if TYPE_CHECKING:
    from omni_nb.errors import OmniError, ReplyError
    from omni_nb.words import Language


def advice_text(error: OmniError, language: Language) -> str:
    """Return the advice for an error, or "" where none is known.

    Examples
    --------
    >>> from omni_nb.errors import MediaError
    >>> advice_text(MediaError("No file 'dog.jpg'.", hint="missing file"), "en")[:33]
    "Check the file's name and folder;"
    """
    return words("advice", language).get(error.hint, "")


def error_text(error: OmniError, language: Language) -> str:
    """Return an error with its advice in a language; the error's message stays English.

    Examples
    --------
    >>> from omni_nb.errors import MediaError
    >>> print(error_text(MediaError("No file 'dog.jpg'.", hint="missing file"), "zh"))
    No file 'dog.jpg'.
    请检查文件名和所在文件夹；相对路径以笔记本所在的文件夹为准。
    """
    if language == "en":
        return str(error)
    advice = advice_text(error, language) or getattr(error, "advice", None)
    return "\n".join(filter(None, (error.headline, advice)))


def failure_of(error: ReplyError) -> str:
    """Return what kind of failure left a question without an answer: a key of the words.

    Only a service that says so has refused a request (HTTP 4xx). It may also report an error, or
    never have been reached; of the rest nothing is known but that there is no answer.

    Examples
    --------
    >>> from omni_nb.errors import ServiceError
    >>> failure_of(ServiceError("Incorrect API key provided.", status_code=401))
    'refused'
    >>> failure_of(ServiceError("No answer from http://127.0.0.1:1/v1.", hint="network"))
    'unreachable'
    """
    if not isinstance(error, ServiceError):
        return "unfit"
    status = error.status_code or 0
    if 400 <= status < 500:
        return "refused"
    if status >= 500 or error.code:
        return "failed"
    return "unreachable" if error.hint == "network" else "unanswered"
