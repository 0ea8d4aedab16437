"""The only network: a request goes out, events come in."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from omni_nb.errors import ServiceError
from omni_nb.wire.advice import advice_for
from omni_nb.wire.decode import Decoder, SSEDecoder
from omni_nb.wire.events import Finished, UsageReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openai import APIStatusError, OpenAI

    from omni_nb.wire.events import Event
    from omni_nb.wire.request import Request

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0
"""The service gives up a request after 300 s (facts.md §3.3, ``RequestTimeOut``)."""

_KEPT = "What had arrived is kept in .reply."
_SENT_HEADERS = (
    "accept",
    "connection",
    "content-",
    "host",
    "transfer-encoding",
    "user-agent",
    "x-stainless-",
)


class Secret:
    """A key that shows itself to nobody: not in a repr, a traceback or a pickle."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the key, for the one place that sends it."""
        return self.__value

    def hide_in(self, text: str) -> str:
        """Return ``text`` without the key, should somebody have echoed it."""
        return text.replace(self.__value, "[key]") if self.__value else text

    def __repr__(self) -> str:
        return "[key]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.reveal()

    def __hash__(self) -> int:
        return hash(self.__value)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("A key is not pickled: connect again where it is needed.")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, and the key they go with."""

    base_url: str
    key: Secret


class EventStream:
    """The events of one answer, pulled by iterating; nothing is sent before that.

    `stop` may be called from any thread: it wakes a reader that waits for the network.

    Attributes
    ----------
    sent_at : float or None
        When the request was sent, in unix seconds.
    elapsed_seconds : float
        From the sending of the request to the arrival of the latest event.
    request_id : str or None
        The service's id of the request, when it sends one.
    """

    def __init__(self, endpoint: Endpoint, request: Request) -> None:
        self._endpoint = endpoint
        self._request = request
        self._response: Any = None
        self._lock = threading.Lock()
        self._is_complete = False
        self._stopped = threading.Event()
        self.sent_at: float | None = None
        self._sent_at = 0.0
        self.elapsed_seconds = 0.0
        self.request_id: str | None = None

    def __iter__(self) -> Iterator[Event]:
        failure: ServiceError | None = None
        try:
            with self._open() as response:
                for event in self._events(response):
                    self.elapsed_seconds = time.perf_counter() - self._sent_at
                    yield event
        except Exception as error:
            failure = self._failure(error)
            if failure is None:
                raise
        self.elapsed_seconds = time.perf_counter() - self._sent_at
        # Raised here, where no local holds the service's body any more: it may echo the key.
        if failure is not None and not self.is_stopped:
            raise failure from None

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the answer now; the reader sees the end of the events."""
        with self._lock:
            self._stopped.set()
            response = self._response
        if response is not None:
            _shut(response)

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        openai = import_module("openai")
        client, body = _client(self._endpoint), self._request.payload()
        self.sent_at, self._sent_at = time.time(), time.perf_counter()
        stream = client.post(
            "/chat/completions",
            body=body,
            cast_to=object,
            stream=True,
            stream_cls=openai.Stream[object],
        )
        with contextlib.closing(stream.response) as response:
            with self._lock:
                self._response = response
            self.request_id = response.headers.get("x-request-id")
            try:
                yield response
            finally:
                with self._lock:
                    self._response = None

    def _events(self, response: Any) -> Iterator[Event]:
        """Yield events until the stream says it is done, is stopped, or breaks off."""
        if self._stopped.is_set():
            return
        _require_event_stream(response)
        lines, decoder = SSEDecoder(), Decoder()
        for piece in response.iter_bytes():
            for chunk in lines.decode(piece):
                yield from self._noted(decoder.decode(chunk))
            if lines.is_done or self._stopped.is_set():
                break
        if self._stopped.is_set():
            return
        for chunk in _last_chunks(lines):
            yield from self._noted(decoder.decode(chunk))
        yield from decoder.flush()
        if not (self._is_complete or lines.is_done):
            raise ServiceError(
                "The answer broke off: the stream ended without a finish_reason.", advice=_KEPT
            )

    def _failure(self, error: Exception) -> ServiceError | None:
        """Turn a failure of ours, the SDK or its HTTP library into a `ServiceError`."""
        import openai

        http = import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
        match error:
            case ServiceError():
                return _completed(error, self._endpoint, self.request_id)
            case openai.APIStatusError():
                return _refused(error, self._endpoint)
            case openai.OpenAIError() | http.HTTPError() | http.StreamError() | OSError():
                return _broken(error, self._endpoint, self)
        return None

    def _noted(self, events: list[Event]) -> list[Event]:
        self._is_complete |= any(isinstance(event, (Finished, UsageReport)) for event in events)
        return events


def _last_chunks(lines: SSEDecoder) -> list[dict[str, Any]]:
    """Return the chunk that lacked only its blank line; a chunk cut in the middle is none."""
    try:
        return lines.flush()
    except ServiceError:
        return []


@lru_cache(maxsize=16)
def _client(endpoint: Endpoint) -> OpenAI:
    """Return the one client of an endpoint: building a TLS context costs 50 ms."""
    import openai

    key = endpoint.key

    def send_only_ours(request: Any) -> None:
        # The SDK adds an organization, a project and custom headers from OPENAI_* variables:
        # they belong to another provider.
        for name in list(request.headers):
            if not name.lower().startswith(_SENT_HEADERS):
                del request.headers[name]
        request.headers["Authorization"] = f"Bearer {key.reveal()}"

    host = urlsplit(endpoint.base_url).hostname or ""
    return openai.OpenAI(
        api_key=key.reveal(),
        base_url=endpoint.base_url,
        timeout=openai.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        http_client=openai.DefaultHttpxClient(
            event_hooks={"request": [send_only_ours]},
            trust_env=host not in {"127.0.0.1", "localhost", "::1"},  # no proxy to ourselves
        ),
    )


def _completed(error: ServiceError, endpoint: Endpoint, request_id: str | None) -> ServiceError:
    """The service reported an error inside a stream: add what we know."""
    error.message = endpoint.key.hide_in(error.message)
    error.request_id = error.request_id or request_id
    error.advice = error.advice or advice_for(error.status_code, error.code, error.message)
    return error


def _refused(error: APIStatusError, endpoint: Endpoint) -> ServiceError:
    """The service answered with an error status: keep its own words."""
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
        advice=advice_for(error.status_code, code, message),
    )


def _broken(error: Exception, endpoint: Endpoint, stream: EventStream) -> ServiceError:
    """No answer, or one that broke off on the way."""
    words = endpoint.key.hide_in(str(error) or type(error).__name__)
    cause = endpoint.key.hide_in(str(error.__cause__ or ""))
    if stream.elapsed_seconds:
        return ServiceError(
            f"The answer broke off: {words}", request_id=stream.request_id, advice=_KEPT
        )
    detail = f" ({cause})" if cause and cause not in words else ""
    return ServiceError(
        f"No answer from {endpoint.base_url}: {words}{detail}",
        advice="Check the network and the address; behind a proxy, set HTTPS_PROXY.",
    )


def _require_event_stream(response: Any) -> None:
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
        advice="Check base_url: it ends in /v1, and names an OpenAI-compatible service.",
    )


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shut(response: Any) -> None:
    """Close the socket under a reader: ``response.close()`` alone does not wake it."""
    network = response.extensions.get("network_stream")
    connection = network.get_extra_info("socket") if network is not None else None
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
