"""Turn failures of the network and the service into a `ServiceError`.

Each is made anew, with the key taken out of every field, and without the exception that it comes
from: that one holds the request with its key.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from omni_nb.errors import MediaError, ServiceError
from omni_nb.media.text import one_line
from omni_nb.wire.advice import advised
from omni_nb.wire.said import error_from, json_or_text, words_of

if TYPE_CHECKING:
    from omni_nb.wire.endpoint import Endpoint

MOST_BODY_BYTES: Final = 64 * 1024
"""How much is read of a body that is no answer."""

_USER = re.compile(r"//[^/?#\s]*@")
_SAME_METHOD: Final = (307, 308)
_PROXIES: Final = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class Refused(BaseException):
    """A service refused a request: raised past the SDK, which would keep the request with it.

    Attributes
    ----------
    error : ServiceError
        What to tell the person.
    status_code : int
        The HTTP status.
    headers : dict
        The headers that say when to try again.
    """

    def __init__(self, error: ServiceError, status_code: int, headers: dict[str, str]) -> None:
        super().__init__()
        self.error = error
        self.status_code = status_code
        self.headers = headers


def look_at(response: Any, endpoint: Endpoint) -> None:
    """Look at the head of an answer, before the SDK does.

    Raises
    ------
    Refused
        It has the status of an error, or sends the request to another host.
    """
    status = response.status_code
    if response.has_redirect_location:
        if reason := _refused_redirect(response):
            raise Refused(ServiceError(reason, status_code=status, **advised("redirect")), 0, {})
    elif not 200 <= status < 300:
        body = json_or_text(endpoint.hide_in_bytes(beginning_of(response)))
        error = error_from(body, status_code=status)
        error.request_id = error.request_id or request_id_of(response, endpoint)
        names = ("x-should-retry", "retry-after-ms", "retry-after")
        headers = {name: response.headers[name] for name in names if name in response.headers}
        raise Refused(error, status, headers)


def unsent(error: MediaError) -> ServiceError:
    """Return the error of a request that is incomplete: a source has changed or is gone."""
    return ServiceError(f"The request was not sent: {error}", **advised(error.hint or "made again"))


def unanswered(error: Exception, endpoint: Endpoint) -> ServiceError:
    """Return the error of a request without any answer."""
    words = _words_of(error, endpoint)
    cause = error.__cause__ or error.__context__
    detail = _words_of(cause, endpoint) if cause is not None else ""
    also = f" ({detail})" if detail and detail not in words else ""
    return ServiceError(
        f"No answer from {endpoint.base_url}: {words}{also}", **advised(_hint_for(words + also))
    )


def broken_off(error: Exception, endpoint: Endpoint) -> ServiceError:
    """Return the error of a connection that ended in mid-answer."""
    return ServiceError(f"The answer broke off: {_words_of(error, endpoint)}", **advised("kept"))


def no_answer(said: str, content_type: str) -> ServiceError:
    """Return the error of a body without any answer in it.

    Parameters
    ----------
    said
        What the service sent instead, as JSON or text; it may be empty.
    content_type
        The type that it gave its body.
    """
    body = json_or_text(said.encode())
    if isinstance(body, dict) and (body.get("error") or not body.get("choices")):
        return error_from(body)
    start = f": {one_line(words_of(body), 120)!r}" if body else "."
    kind = one_line(content_type) or "no type"
    said = f"The service answered with {kind} instead of a stream{start}"
    if kind.lower().startswith("text/event-stream"):
        said = f"The answer broke off: the stream ended without a finish_reason{start}"
    return ServiceError(said, **advised("base url"))


def unexpected(error: Exception, endpoint: Endpoint) -> ServiceError:
    """Return the error of a failure that nobody foresaw, with the place where it happened."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace is not None else None
    place = f" ({Path(code.co_filename).name}, {code.co_name})" if code is not None else ""
    return ServiceError(
        f"Something failed that omni_nb did not foresee: {type(error).__name__}: "
        f"{_words_of(error, endpoint)}{place}",
        **advised("unexpected"),
    )


def beginning_of(response: Any) -> bytes:
    """Return the beginning of a body, as far as it comes."""
    start = b""
    try:
        for piece in response.iter_bytes():
            start += piece
            if len(start) >= MOST_BODY_BYTES:
                break
    except Exception:  # cut or garbled: what came says more than how it ended
        pass
    return start[:MOST_BODY_BYTES]


def request_id_of(response: Any, endpoint: Endpoint) -> str | None:
    """Return the service's id of a request, from the head of its answer."""
    said = one_line(endpoint.hide_in(response.headers.get("x-request-id", "")))
    return said or None


def _refused_redirect(response: Any) -> str:
    """Return why a redirection is not followed; "" for one to the same service."""
    asked = str(response.request.url)
    wanted = urljoin(asked, response.headers["location"])
    here, there = urlsplit(asked).hostname, urlsplit(wanted).hostname
    if here != there:
        return (
            f"{here} sends the request on to another host, {there}: a question and its key go "
            "only where you said."
        )
    if response.status_code not in _SAME_METHOD:
        return f"{here} sends the request on to {_address(wanted)} in a way that loses its body."
    return ""


def _address(url: str) -> str:
    pieces = urlsplit(url)
    return one_line(f"{pieces.scheme}://{pieces.netloc.rpartition('@')[2]}{pieces.path}")


def _hint_for(words: str) -> str:
    lowered = words.lower()
    if "socks" in lowered:
        return "socks"
    if "proxy" in lowered and any(os.environ.get(n) or os.environ.get(n.lower()) for n in _PROXIES):
        return "proxy"
    return "network"


def _words_of(error: BaseException, endpoint: Endpoint) -> str:
    words = endpoint.hide_in(str(error) or type(error).__name__)
    return one_line(_USER.sub("//", words), 500)
