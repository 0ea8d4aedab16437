"""Turn failures of the network and the service into a `ServiceError`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from omni_nb.errors import ServiceError
from omni_nb.wire.advice import advice_for, advised
from omni_nb.wire.decode import Decoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import APIStatusError

    from omni_nb.errors import MediaError
    from omni_nb.wire.endpoint import Endpoint


def unsent(error: MediaError) -> ServiceError:
    """Return the error of a request that is incomplete: a source has changed or is gone."""
    return ServiceError(f"The request was not sent: {error}", **advised(error.hint or "made again"))


def completed(error: ServiceError, endpoint: Endpoint, request_id: str | None) -> ServiceError:
    """Complete an error from inside a stream with its request id and advice."""
    error.message = endpoint.key.hide_in(error.message)
    error.request_id = error.request_id or request_id
    if not error.advice:
        said = advised(advice_for(error.status_code, error.code, error.message))
        error.advice, error.hint = said["advice"], said["hint"]
    return error


def refused(error: APIStatusError, endpoint: Endpoint) -> ServiceError:
    """Return the error of an error status, in the service's own words."""
    body = _json_or_none(error.response.text)
    facts: Mapping[str, Any] = body if isinstance(body, dict) else {}
    inner = facts.get("error") if isinstance(facts.get("error"), dict) else facts
    words = (inner or {}).get("message") or error.response.text.strip()[:200] or error.message
    message = endpoint.key.hide_in(str(words))
    code = (inner or {}).get("code") or (inner or {}).get("type")
    return ServiceError(
        message,
        status_code=error.status_code,
        code=code,
        request_id=facts.get("request_id") or error.response.headers.get("x-request-id"),
        **advised(advice_for(error.status_code, code, message)),
    )


def unanswered(error: Exception, endpoint: Endpoint) -> ServiceError:
    """Return the error of a request without any answer."""
    words = _words_of(error, endpoint)
    cause = endpoint.key.hide_in(str(error.__cause__ or ""))
    detail = f" ({cause})" if cause and cause not in words else ""
    return ServiceError(
        f"No answer from {endpoint.base_url}: {words}{detail}",
        **advised("network"),
    )


def broken_off(error: Exception, endpoint: Endpoint, request_id: str | None) -> ServiceError:
    """Return the error of a connection that ended in mid-answer."""
    words = _words_of(error, endpoint)
    return ServiceError(f"The answer broke off: {words}", request_id=request_id, **advised("kept"))


def require_event_stream(response: Any) -> None:
    """Refuse a 200 that is no stream: the SDK would show it as an empty answer."""
    kind = response.headers.get("content-type", "")
    if kind.startswith("text/event-stream"):
        return
    text = response.read()[:20_000].decode("utf-8", "replace")
    body = _json_or_none(text)
    if isinstance(body, dict) and (body.get("error") or body.get("message")):
        Decoder().decode({"choices": [], **body})  # raises, with the service's own words
    raise ServiceError(
        f"The service answered with {kind or 'no type'} instead of a stream: {text[:120]!r}",
        status_code=response.status_code,
        **advised("base url"),
    )


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _words_of(error: Exception, endpoint: Endpoint) -> str:
    return endpoint.key.hide_in(str(error) or type(error).__name__)
