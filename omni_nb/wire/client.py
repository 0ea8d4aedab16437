"""Send requests to a service, and stream the events of its answers."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from omni_nb.errors import MediaError, ServiceError
from omni_nb.wire.advice import advised
from omni_nb.wire.decode import Decoder, SSEDecoder
from omni_nb.wire.dialects import body_for
from omni_nb.wire.endpoint import Endpoint, Secret
from omni_nb.wire.events import Finished, UsageReport
from omni_nb.wire.failures import (
    broken_off,
    completed,
    refused,
    require_event_stream,
    unanswered,
    unsent,
)
from omni_nb.wire.retry import retry_seconds
from omni_nb.wire.upload import Abandoned, Upload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from openai import OpenAI

    from omni_nb.wire.events import Event
    from omni_nb.wire.request import Request
    from omni_nb.wire.upload import Body, UploadProgress

__all__ = ["Endpoint", "EventStream", "Secret"]

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0
"""The service gives up a request after 300 s (its page of error codes, ``RequestTimeOut``)."""

_SENT_HEADERS = (
    "accept",
    "connection",
    "content-",
    "host",
    "transfer-encoding",
    "user-agent",
    "x-stainless-",
)


class EventStream:
    """The events of one answer, pulled by iterating; nothing is sent before that.

    `stop` may be called from any thread: it wakes a reader that waits for the network.

    Attributes
    ----------
    sent : threading.Event
        Set when the request is sent, or will not be.
    sent_at : float or None
        When the request was sent for the first time, in unix seconds.
    elapsed_seconds : float
        Seconds from the sending of the request to the latest event.
    request_id : str or None
        The service's id of the request, when it sends one.
    """

    def __init__(self, endpoint: Endpoint, request: Request) -> None:
        self._endpoint = endpoint
        self._request = request
        self._upload = Upload()
        self._network: Any = None  # the network stream that the request goes out on
        self._lock = threading.Lock()
        self._is_complete = False
        self._stopped = threading.Event()
        self.sent = threading.Event()
        self.sent_at: float | None = None
        self._sent_at = 0.0
        self.elapsed_seconds = 0.0
        self.request_id: str | None = None

    def __iter__(self) -> Iterator[Event]:
        failure: ServiceError | None = None
        try:
            with self._open() as response:
                for event in self._events(response):
                    self.elapsed_seconds = self.age_seconds
                    yield event
        except Abandoned as abandoned:
            failure = abandoned.reason
        except Exception as error:
            failure = self._failure(error)
            if failure is None:
                raise
        finally:
            self.sent.set()
        self.elapsed_seconds = self.age_seconds
        # Raised here, where no local holds the service's body any more: it may echo the key.
        if failure is not None and not self.is_stopped:
            raise failure from None

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    @property
    def age_seconds(self) -> float:
        """Seconds since the request was sent; 0 before."""
        return 0.0 if self.sent_at is None else time.perf_counter() - self._sent_at

    @property
    def upload(self) -> UploadProgress | None:
        """How much of the request has been sent; None when it carries nothing large."""
        return self._upload.progress

    def stop(self) -> None:
        """End the answer now, or the upload; the reader sees the end of the events."""
        with self._lock:
            self._stopped.set()
            self._upload.stop()
            _shut(self._network)

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        openai = import_module("openai")
        client = _client(self._endpoint)
        body = body_for(self._request, self._endpoint.dialect, self._upload.embed)
        self._sent_at = time.perf_counter()
        self.sent_at = time.time()  # last: it tells other threads that both are there
        self.sent.set()
        stream = self._post(client, body, openai.Stream[object])
        with contextlib.closing(stream.response) as response:
            self.request_id = response.headers.get("x-request-id")
            try:
                yield response
            finally:
                with self._lock:
                    self._network = None

    def _post(self, client: OpenAI, body: Mapping[str, Any], kind: type[Any]) -> Any:
        """Send a request, again where that may help; `stop` ends the waiting, too."""
        context = _sending.set(self)
        try:
            for tried in count(1):
                try:
                    return client.post(
                        "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=kind
                    )
                except Exception as error:
                    seconds = retry_seconds(error, tried)
                    if seconds is None:
                        raise
                if self._stopped.wait(seconds):
                    raise Abandoned
        finally:
            _sending.reset(context)

    def _prepare(self, request: Any) -> None:
        """Make a request of the HTTP library ready to go out; each try is one."""
        if self.is_stopped:
            raise Abandoned
        request.extensions["trace"] = self._note_connection
        request.headers.update(self._request.headers)
        spliced = _spliced_class()
        if not self._upload.is_large or isinstance(request.stream, spliced):  # a redirection
            return
        body = self._upload.body(request.content)
        request.stream = spliced(body)
        request.headers["Content-Length"] = str(body.total_bytes)

    def _note_connection(self, step: str, facts: Mapping[str, Any]) -> None:
        """Remember the newest connection: before the answer nothing else tells it."""
        if step.endswith((".connect_tcp.complete", ".start_tls.complete")):
            with self._lock:
                self._network = facts["return_value"]
                if self.is_stopped:
                    _shut(self._network)

    def _events(self, response: Any) -> Iterator[Event]:
        """Yield events until the stream says it is done, is stopped, or breaks off."""
        if self._stopped.is_set():
            return
        require_event_stream(response)
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
                "The answer broke off: the stream ended without a finish_reason.",
                **advised("kept"),
            )

    def _failure(self, error: Exception) -> ServiceError | None:
        """Turn a failure of ours, the SDK or its HTTP library into a `ServiceError`."""
        import openai

        http = _http()
        match error:
            case MediaError():
                return unsent(error)
            case ServiceError():
                return completed(error, self._endpoint, self.request_id)
            case openai.APIStatusError():
                return refused(error, self._endpoint)
            case openai.OpenAIError() | http.HTTPError() | http.StreamError() | OSError():
                if self.elapsed_seconds:
                    return broken_off(error, self._endpoint, self.request_id)
                return unanswered(error, self._endpoint)
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
        # they belong to another provider. The key itself is missing after a redirection to
        # another host.
        takes_key = "authorization" in request.headers
        for name in list(request.headers):
            if not name.lower().startswith(_SENT_HEADERS):
                del request.headers[name]
        if takes_key:
            request.headers["Authorization"] = f"Bearer {key.reveal()}"
        if (stream := _sending.get()) is not None:
            stream._prepare(request)

    host = urlsplit(endpoint.base_url).hostname or ""
    return openai.OpenAI(
        api_key=key.reveal(),
        base_url=endpoint.base_url,
        max_retries=0,  # we try again ourselves: the SDK's waiting cannot be stopped
        timeout=openai.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        http_client=openai.DefaultHttpxClient(
            event_hooks={"request": [send_only_ours]},
            trust_env=host not in {"127.0.0.1", "localhost", "::1"},  # no proxy to ourselves
            # The SDK does not read an answer's last bytes, so hardly any connection can be used
            # again; that none is lets `stop` know each by its beginning.
            limits=_http().Limits(max_connections=1000, max_keepalive_connections=0),
        ),
    )


# The hook of a client runs on the thread that sends; this is the stream that it sends for.
_sending: ContextVar[EventStream | None] = ContextVar("omni_nb_sending", default=None)


def _http() -> ModuleType:
    """Return the HTTP library below the SDK."""
    import openai

    return import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


@lru_cache(maxsize=1)
def _spliced_class() -> type[Any]:
    """Return the class of a stream that sends a `Body`: the HTTP library asks for its own."""

    class Spliced(_http().SyncByteStream):  # type: ignore[misc]
        def __init__(self, body: Body) -> None:
            self._body = body

        def __iter__(self) -> Iterator[bytes]:
            try:
                yield from self._body
            except MediaError as error:
                raise Abandoned(unsent(error)) from error

    return Spliced


def _shut(network: Any) -> None:
    """Shut a socket, waking who reads or writes: ``response.close()`` wakes neither."""
    connection = network.get_extra_info("socket") if network is not None else None
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
