"""Read what a service says beside its answer: errors of any envelope, codes and ids.

Every value gets its type here, and a bound: what a service calls a code may be a number or an
object, and its words may stand in any field.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import ServiceError
from omni_nb.media.text import one_line, shortened
from omni_nb.wire.advice import advice_for, advised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_WORDS: Final = 2_000
"""Characters of a service's message that are kept."""

_ENVELOPES: Final = ("error", "errors", "detail", "details")
_WORDS: Final = ("message", "msg", "detail", "error", "error_msg", "error_message", "errorMessage")
_CODES: Final = ("code", "type", "error_code", "errorCode", "status")
_GOOD: Final = frozenset({"0", "200", "ok", "success"})


def code_of(value: object) -> str | None:
    """Return a code or an id as text; None for nothing.

    Examples
    --------
    >>> code_of(404), code_of({"a": 1}), code_of(""), code_of(None)
    ('404', '{"a": 1}', None, None)
    """
    if value is None or value == "":
        return None
    return one_line(value if isinstance(value, str) else _json(value)) or None


def is_error(chunk: Mapping[str, Any]) -> bool:
    """Return whether a chunk of a stream is an error, in whichever envelope.

    Beside choices or a usage only a field ``error`` makes one: services also say "Success".

    Examples
    --------
    >>> is_error({"error": {"message": "no"}}), is_error({"detail": "no", "code": 500})
    (True, True)
    >>> is_error({"choices": [], "message": "Success"}), is_error({"type": "ping"})
    (False, False)
    """
    if chunk.get("error"):
        return True
    if chunk.get("choices") or chunk.get("usage"):
        return False
    if not any(chunk.get(name) for name in (*_ENVELOPES, *_WORDS)):
        return False
    said = (code_of(chunk.get("code")), code_of(chunk.get("message")))
    return not any(word and word.lower() in _GOOD for word in said)


def error_from(body: object, *, status_code: int | None = None) -> ServiceError:
    """Return the error that a body or a chunk tells of, with the service's own words.

    Parameters
    ----------
    body
        The decoded JSON, or text that is none.
    status_code
        The HTTP status, where it is one of an error.

    Examples
    --------
    >>> error_from({"error": {"code": 404, "message": "no such model"}}).headline
    'no such model (404)'
    >>> error_from({"detail": [{"loc": ["body"], "msg": "Field required"}]}).message
    'Field required'
    """
    outer: Mapping[str, Any] = body if isinstance(body, dict) else {}
    inner = next((outer[name] for name in _ENVELOPES if isinstance(outer.get(name), dict)), outer)
    code = next(
        (code for facts in (inner, outer) for name in _CODES if (code := code_of(facts.get(name)))),
        None,
    )
    if status_code is not None and code == str(status_code):
        code = None  # it says the same
    message = words_of(body) or "The service reported an error without words."
    status = status_code or (int(code) if code and code.isdigit() and len(code) == 3 else None)
    return ServiceError(
        message,
        status_code=status_code,
        code=code,
        request_id=code_of(outer.get("request_id")) or code_of(inner.get("request_id")),
        **advised(advice_for(status, code, message)),
    )


def words_of(value: object, depth: int = 4) -> str:
    """Return the words in a value of any shape, shortened; "" for nothing.

    Examples
    --------
    >>> words_of({"detail": [{"msg": "too long"}, "too late"]}), words_of({"left": 3})
    ('too long; too late', '{"left": 3}')
    """
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return shortened(value, MOST_WORDS)
    if depth and isinstance(value, list):
        return shortened("; ".join(words_of(item, depth - 1) for item in value[:8]), MOST_WORDS)
    if depth and isinstance(value, dict):
        for name in (*_ENVELOPES, *_WORDS):
            if words := words_of(value.get(name), depth - 1):
                return words
    return shortened(_json(value), MOST_WORDS)


def json_or_text(data: bytes) -> Any:
    """Return the value of JSON, or the text of what is none."""
    text = data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()


def made_anew(
    error: ServiceError, hide: Callable[[str], str], request_id: str | None
) -> ServiceError:
    """Return an error anew, without the frames of the old one and without a secret in any field.

    Parameters
    ----------
    error
        What was raised while an answer was read.
    hide
        Takes the secrets out of a text.
    request_id
        The id of the request, where the error does not say it.
    """
    message = hide(error.message)
    code = hide(error.code) if error.code else None
    key = error.hint or advice_for(error.status_code, code, message)
    known = error.request_id or request_id
    return ServiceError(
        message,
        status_code=error.status_code,
        code=code,
        request_id=hide(known) if known else None,
        **advised(key),
    )


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return type(value).__name__
