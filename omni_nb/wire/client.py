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
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from omni_nb.errors import MediaError, ServiceError
from omni_nb.media.text import one_line
from omni_nb.wire.advice import advised
from omni_nb.wire.decode import Decoder, SSEDecoder
from omni_nb.wire.dialects import body_for
from omni_nb.wire.endpoint import SILENCE_SECONDS, Endpoint, Secret, is_loopback
from omni_nb.wire.failures import (
    MOST_BODY_BYTES,
    Refused,
    beginning_of,
    broken_off,
    look_at,
    no_answer,
    request_id_of,
    unanswered,
    unexpected,
    unsent,
)
from omni_nb.wire.retry import MOST_TRIES, asked_seconds, wait_after
from omni_nb.wire.said import made_anew
from omni_nb.wire.upload import Abandoned, Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from openai import OpenAI

    from omni_nb.media.sources import HeldSource
    from omni_nb.wire.deposit import Deposit
    from omni_nb.wire.events import Event
    from omni_nb.wire.request import Request
    from omni_nb.wire.retry import Wait
    from omni_nb.wire.upload import Body, UploadProgress

__all__ = ["Endpoint", "EventStream", "Secret", "called"]

CONNECT_SECONDS = 10.0

SLICE_BYTES = 4096
_T = TypeVar("_T")
_OF_PROXIES = (ImportError, ValueError)

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

    Parameters
    ----------
    endpoint, request
        Where to send what.
    note_wait
        Is told of a wait before the next try when it begins, and None when it is over.
    tries
        How often the request is sent at most; 1 for who decides on that by themselves.

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
    asked_seconds : float or None
        How long to wait, as the service said when it refused the request.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        request: Request,
        *,
        note_wait: Callable[[Wait | None], None] = lambda _: None,
        tries: int = MOST_TRIES,
    ) -> None:
        self._note_wait = note_wait
        self._tries = tries
        self._endpoint = endpoint
        self._request = request
        self._upload = Upload()
        self._old_urls: set[str] = set()  # of media that an earlier request had stored
        self._network: Any = None  # the network stream that the request goes out on
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.sent = threading.Event()
        self.sent_at: float | None = None
        self._sent_at = 0.0
        self.elapsed_seconds = 0.0
        self.request_id: str | None = None
        self.asked_seconds: float | None = None

    def __iter__(self) -> Iterator[Event]:
        failure: ServiceError | None = None
        try:
            with self._open() as response:
                for event in self._events(response):
                    self.elapsed_seconds = self.age_seconds
                    yield event
        except Abandoned as abandoned:
            failure = abandoned.reason
        except Refused as refused:
            failure, self.asked_seconds = refused.error, asked_seconds(refused.headers)
        except Exception as error:
            failure = self._failure(error)
        finally:
            self.sent.set()
        self.elapsed_seconds = self.age_seconds
        # Raised here, where no local holds the service's body any more: it may echo the key.
        if failure is not None and not self.is_stopped:
            raise made_anew(failure, self._endpoint.hide_in, self.request_id) from None

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
        body = body_for(self._request, self._endpoint.dialect, self._embed)
        self._sent_at = time.perf_counter()
        self.sent_at = time.time()  # last: it tells other threads that both are there
        self.sent.set()
        try:
            stream = self._post(client, body, openai.Stream[object])
        except Refused as refused:
            if not self._forgets_after(refused):
                raise
            body = body_for(self._request, self._endpoint.dialect, self._embed)
            stream = self._post(client, body, openai.Stream[object])
        with contextlib.closing(stream.response) as response:
            self.request_id = request_id_of(response, self._endpoint)
            try:
                yield response
            finally:
                with self._lock:
                    self._network = None

    def _embed(self, source: HeldSource, mime: str) -> str:
        """Return what stands for a source in the body; an `Embed`."""
        if self._request.upload == "oss":
            deposit = self._deposit()
            if deposit.takes(source, mime):
                url, is_old = deposit.stored(source, mime, self._upload.note)
                if is_old:
                    self._old_urls.add(url)
                return url
        return self._upload.embed(source, mime)

    def _deposit(self) -> Deposit:
        from omni_nb.wire.deposit import deposit_of  # which sends by this module

        return deposit_of(self._endpoint, self._request.model)

    def _forgets_after(self, refused: Refused) -> bool:
        """Return whether to store media anew: the service could not fetch what it had."""
        if not self._old_urls or refused.error.hint != "public":
            return False
        self._deposit().forget(self._old_urls)
        self._old_urls = set()
        return True

    def _post(self, client: OpenAI, body: Mapping[str, Any], kind: type[Any]) -> Any:
        """Send a request, again where that may help; `stop` ends the waiting, too."""
        context = _sending.set(self)
        try:
            for tried in count(1):
                try:
                    return client.post(
                        "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=kind
                    )
                except (Refused, Exception) as error:
                    wait = wait_after(error, tried) if tried < self._tries else None
                    if wait is None:
                        raise
                if self._is_stopped_within(wait):
                    raise Abandoned
        finally:
            _sending.reset(context)

    def _is_stopped_within(self, wait: Wait) -> bool:
        self._note_wait(wait)
        try:
            return self._stopped.wait(wait.seconds)
        finally:
            self._note_wait(None)

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
        lines = SSEDecoder(self._endpoint.hider())
        decoder = Decoder(has_tools=bool(self._request.tools))
        failure: Exception | None = None
        try:
            for chunk in self._chunks(response, lines):
                yield from decoder.decode(chunk)
                if self._stopped.is_set():
                    return
        except ServiceError as error:
            failure = error
        except Exception as error:
            # What was closed uncleanly after the answer had ended is an answer all the same.
            failure = None if is_network(error) and decoder.is_complete else error
        if self._stopped.is_set():
            return
        try:
            yield from decoder.flush()
        except ServiceError as error:
            failure = failure or error
        if failure is not None:
            raise failure
        if decoder.is_complete or (lines.is_done and decoder.has_choice):
            return
        said = decoder.said or lines.strange.decode("utf-8", "replace")
        if not decoder.has_choice:
            raise no_answer(said, response.headers.get("content-type", ""))
        raise ServiceError(
            "The answer broke off: the stream ended without a finish_reason."
            + (f" The service said: {one_line(said)}" if said else ""),
            **advised("kept"),
        )

    def _chunks(self, response: Any, lines: SSEDecoder) -> Iterator[dict[str, Any]]:
        """Yield the chunks of a body; one that is no event stream is not read to its end."""
        for piece in response.iter_bytes():
            yield from lines.decode(piece)
            if lines.is_done or self._stopped.is_set():
                return
            if not lines.has_events and len(lines.strange) >= MOST_BODY_BYTES:
                return
        try:
            yield from lines.flush()
        except ServiceError:  # a chunk cut in the middle is none
            return

    def _failure(self, error: Exception) -> ServiceError:
        """Turn a failure of ours, the SDK or its HTTP library into a `ServiceError`."""
        if isinstance(error, MediaError):
            return unsent(error)
        if isinstance(error, ServiceError):
            return error
        is_lost = is_network(error)
        if self.elapsed_seconds and is_lost:
            return broken_off(error, self._endpoint)
        # A proxy that is written wrongly, or a package that it needs, is one of the others.
        if not self.elapsed_seconds and (is_lost or isinstance(error, _OF_PROXIES)):
            return unanswered(error, self._endpoint)
        return unexpected(error, self._endpoint)


def is_network(error: Exception) -> bool:
    """Return whether an exception is of the network, the SDK or its HTTP library."""
    import openai

    http = _http()
    kinds = (openai.OpenAIError, http.HTTPError, http.StreamError, http.InvalidURL, OSError)
    return isinstance(error, kinds)


def called(endpoint: Endpoint, ask: Callable[[OpenAI], _T]) -> _T:
    """Return what a call of the SDK that is no question brings; it is tried once.

    Raises
    ------
    ServiceError
        The service refused, in its own words, or did not answer.
    """
    failure: ServiceError
    try:
        return ask(_client(endpoint))
    except Refused as refused:
        failure = refused.error
    except ServiceError as error:
        failure = error
    except Exception as error:
        if is_network(error) or isinstance(error, _OF_PROXIES):
            failure = unanswered(error, endpoint)
        else:
            failure = unexpected(error, endpoint)
    # Raised here, where no local holds the service's body any more: it may echo the key.
    raise made_anew(failure, endpoint.hide_in, None) from None


def sent_without_key(
    url: str, fields: Mapping[str, str], file: tuple[str, Any, str]
) -> tuple[int, bytes]:
    """Send a form with a file to a host that is not the service.

    Parameters
    ----------
    url
        Where to; a redirection is not followed.
    fields
        The form's texts, which go before the file.
    file
        Its name, something that is read, and its type.

    Returns
    -------
    tuple of int and bytes
        The status of the answer, and the beginning of its body.

    Raises
    ------
    ServiceError
        Nothing answered.
    """
    http, is_here = _http(), is_loopback(url)
    timeout = http.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    form = {"data": dict(fields), "files": {"file": file}}
    try:
        with (
            http.Client(trust_env=not is_here, timeout=timeout) as client,
            client.stream("POST", url, **form) as response,
        ):
            return response.status_code, beginning_of(response)
    except Exception as error:
        if isinstance(error, MediaError) or not is_network(error):
            raise
        words = one_line(str(error) or type(error).__name__, 500)
    host = urlsplit(url).hostname
    raise ServiceError(f"No answer from the store {host}: {words}", **advised("network"))


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
        # Compressed, an answer would wait in a proxy until a block is full.
        request.headers["Accept-Encoding"] = "identity"
        if takes_key:
            request.headers["Authorization"] = f"Bearer {key.reveal()}"
        if (stream := _sending.get()) is not None:
            stream._prepare(request)

    def look(response: Any) -> None:
        if response.headers.get("content-encoding"):
            response.stream = _sliced_class()(response.stream)
        look_at(response, endpoint)

    is_here = is_loopback(endpoint.base_url)
    return openai.OpenAI(
        api_key=key.reveal(),
        base_url=endpoint.base_url,
        default_query=dict(endpoint.queries()),
        max_retries=0,  # we try again ourselves: the SDK's waiting cannot be stopped
        timeout=openai.Timeout(endpoint.silence_seconds, connect=CONNECT_SECONDS),
        http_client=openai.DefaultHttpxClient(
            event_hooks={"request": [send_only_ours], "response": [look]},
            trust_env=not is_here,  # no proxy to ourselves, but the certificates that are trusted
            verify=_http().create_ssl_context() if is_here else True,
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


@lru_cache(maxsize=1)
def _sliced_class() -> type[Any]:
    """Return the class of a stream in pieces so small that decompressed they fit in memory."""

    class Sliced(_http().SyncByteStream):  # type: ignore[misc]
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            for piece in self._stream:
                for start in range(0, len(piece), SLICE_BYTES):
                    yield piece[start : start + SLICE_BYTES]

        def close(self) -> None:
            self._stream.close()

    return Sliced


def _shut(network: Any) -> None:
    """Shut a socket, waking who reads or writes: ``response.close()`` wakes neither."""
    connection = network.get_extra_info("socket") if network is not None else None
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
