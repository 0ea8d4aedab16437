"""Every error that omni_nb raises on purpose.

* OmniError
  + MediaError(ValueError)      an input cannot be used: unreadable, unknown type, too large
  + RequestError(ValueError)    the combination is not allowed: modalities, voice, model, history
    - OptionError(TypeError)    an unknown argument; the message names the one meant
    - BudgetError               the estimate is over the chat's budget
  + AnswerError                 the answer cannot be used: it does not have the form asked for
  + ServiceError                the service refused, or broke off in mid-answer
"""

from __future__ import annotations

import reprlib
import sys
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any


_LINE = 120
_SHORT = reprlib.Repr()
_SHORT.maxother = _LINE


def brief(given: object) -> str:
    """Return what was given, for one line of a message: long words lose their middle.

    Examples
    --------
    >>> brief("dog.jpg")
    "'dog.jpg'"
    >>> brief("x" * 3_000_000).endswith("xxx' (3,000,000 characters)")
    True
    """
    if isinstance(given, (str, bytes)):
        if len(given) <= _LINE:
            return repr(given)
        units = "bytes" if isinstance(given, bytes) else "characters"
        return f"{given[:60]!r} … {given[-30:]!r} ({len(given):,} {units})"
    try:
        words = _SHORT.repr(given)
    except Exception:  # an object's own __repr__ may raise anything
        words = f"a {type(given).__name__}"
    return " ".join(words.split())


class OmniError(Exception):
    """Base of all errors that omni_nb raises on purpose.

    Parameters
    ----------
    message
        What was given, what is accepted and what to do, in English.
    hint
        The key of the advice in ``words``, which is shown in the language of the question.
    """

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def headline(self) -> str:
        """The error without its advice."""
        return str(self)

    def note(self, words: str) -> None:
        """Add words below the message where Python or a notebook shows it (PEP 678)."""
        notes: list[str] = self.__dict__.setdefault("__notes__", [])
        if words and words not in notes:
            notes.append(words)

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in IPython.

        The message says what to do; the traceback would lead into our code, not to the mistake,
        and its verbose form would print the values around it.
        """
        return self._lines(f": {self}")

    def _lines(self, said: str) -> list[str]:
        notes: list[str] = self.__dict__.get("__notes__", [])
        return [f"\x1b[31m{type(self).__name__}\x1b[0m{said}", *notes]


class MediaError(OmniError, ValueError):
    """An input cannot be used: unreadable, of an unknown type, too large or too long."""


class RequestError(OmniError, ValueError):
    """The request is not allowed: modalities, voice, model or history."""


class OptionError(RequestError, TypeError):
    """A keyword argument is unknown; the message names the one meant."""


class BudgetError(RequestError):
    """The estimate of a request is over the chat's budget; nothing was sent."""


class ReplyError(OmniError):
    """Something is wrong with an answer; what had arrived of it is in ``reply``.

    Attributes
    ----------
    reply : Reply or None
        What had arrived.
    status_code, code, request_id, advice
        What the service says of its own errors; None of all others.
    """

    status_code: int | None = None
    code: str | None = None
    request_id: str | None = None
    advice: str | None = None

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.message = message
        self.reply: Any = None
        self._shown = ""

    def note_shown(self, words: str) -> None:
        """Set the words that say where the notebook already shows the whole message."""
        self._shown = words

    def _render_traceback_(self) -> list[str]:
        """Show the facts alone where the answer above has the message.

        The answer keeps the message, since who catches the error sees only the answer.
        """
        if not self._shown:
            return super()._render_traceback_()
        facts = f" ({self._facts()})" if self._facts() else ""
        return self._lines(f"{facts}: {self._shown}")

    def _facts(self) -> str:
        return ""


class AnswerError(ReplyError):
    """The answer came, but cannot be used: its form is another, or it calls what is not there.

    Parameters
    ----------
    message
        What is wrong with the answer.
    problems
        What is wrong with its value, a line each, such as ``"language: 'de' is not one of ..."``.
    hint
        The key of the advice in ``words``.

    Attributes
    ----------
    problems : tuple of str
        The same.
    reply : Reply or None
        The answer with all its rounds, which are billed.
    """

    def __init__(self, message: str = "", *, problems: Iterable[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class ServiceError(ReplyError):
    """The service refused the request, or its answer broke off.

    Parameters
    ----------
    message
        The service's own words, unchanged.
    status_code
        HTTP status, or None where the fault is not an HTTP status (a broken stream).
    code
        The service's error code, such as ``"invalid_api_key"``.
    request_id
        The id to give to the service's support.
    advice
        One line: what usually helps.
    hint
        The key of that line in ``words``.

    Attributes
    ----------
    reply : Reply or None
        What had arrived before the answer broke off.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        advice: str | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.advice = advice

    def _facts(self) -> str:
        facts = [
            f"HTTP {self.status_code}" if self.status_code else "",
            self.code or "",
            f"request id {self.request_id}" if self.request_id else "",
        ]
        return ", ".join(fact for fact in facts if fact)

    @property
    def headline(self) -> str:
        """The service's own words, with status, code and request id."""
        facts = self._facts()
        return f"{self.message.strip()} ({facts})" if facts else self.message.strip()

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.headline, self.advice)))


_noted: ContextVar[list[str] | None] = ContextVar("_noted", default=None)


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Collect our own warnings of this thread, to be shown elsewhere.

    Examples
    --------
    >>> with noted_warnings() as said:
    ...     warn("Nearly spent.")
    >>> said
    ['Nearly spent.']
    """
    said: list[str] = []
    token = _noted.set(said)
    try:
        yield said
    finally:
        _noted.reset(token)


def warn(message: str) -> None:
    """Warn at the line of code that called the package, from however deep within it."""
    said = _noted.get()
    if said is not None:
        said.append(message)
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "omni_nb"


def no_attribute(owner: object, name: str, instead: Mapping[str, str]) -> AttributeError:
    """Return the error of a missing attribute; of a removed one it names the replacement.

    Examples
    --------
    >>> no_attribute(0, "has_sound", {"has_sound": "use has_audio"})
    AttributeError('int.has_sound is gone: use has_audio.')
    """
    kind = type(owner).__name__
    if name in instead:
        return AttributeError(f"{kind}.{name} is gone: {instead[name]}.")
    return AttributeError(f"{kind!r} object has no attribute {name!r}")
