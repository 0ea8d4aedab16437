"""Serve the documented protocol over HTTP: keys, errors, models and streamed answers.

Routes, each also under ``/compatible-mode``: ``POST /v1/chat/completions``, ``GET /v1/models``,
``GET /v1/models/{model}``, and what batches need under ``/v1/files`` and ``/v1/batches``. Beside
them ``/api/v1/uploads`` tells where media may be stored, which is at ``/store``.

A request may choose the stand-in's behaviour with a header that no real service has::

    x-omni-behaviour: fault=drop;pace=0

The names are the fields of `omni_nb.offline.behaviour.Behaviour`; what is not named stays as the
stand-in was started.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from omni_nb.offline.batches import BatchRoutes
from omni_nb.offline.checks import read_request
from omni_nb.offline.deposit import Deposit
from omni_nb.offline.dialect_chunks import in_dialect
from omni_nb.offline.dialects import documented
from omni_nb.offline.faults import BODY_FAULTS, HTTP_FAULTS, BrokenOff, encode_stream
from omni_nb.offline.files import FileRoutes, FileStore
from omni_nb.offline.refusals import Refusal
from omni_nb.offline.responses import json_response
from omni_nb.offline.stream import Pacer, answer_chunks
from omni_nb.rules.catalog import known_models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from omni_nb.offline.behaviour import Behaviour

MOST_BODY_BYTES: Final = 256 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Activity:
    """Counts of the stand-in's requests; written by its own thread alone.

    Attributes
    ----------
    active, completed, cancelled, broken, refused
        Answers under way; sent to the end; ended by the client; broken off by a fault; errors.
    batched
        Requests of batches that were answered.
    requests
        The latest request bodies, as many as were to be remembered.
    """

    active: int = 0
    completed: int = 0
    cancelled: int = 0
    broken: int = 0
    refused: int = 0
    batched: int = 0
    requests: deque[bytes] = field(default_factory=lambda: deque(maxlen=0))


def build_app(api_key: str, behaviour: Behaviour, activity: Activity) -> Starlette:
    """Return the ASGI application."""
    service = _Service(api_key, behaviour, activity)
    files, batches = service.file_routes, service.batch_routes
    paths = [
        ("/v1/chat/completions", service.chat, "POST"),
        ("/v1/models", service.models, "GET"),
        ("/v1/models/{model:path}", service.model, "GET"),
        ("/v1/files", service.faulty(files.upload), "POST"),
        ("/v1/files", service.faulty(files.list), "GET"),
        ("/v1/files/{file}", service.faulty(files.get), "GET"),
        ("/v1/files/{file}/content", service.faulty(files.content), "GET"),
        ("/v1/files/{file}", service.faulty(files.delete), "DELETE"),
        ("/v1/batches", service.faulty(batches.create), "POST"),
        ("/v1/batches", service.faulty(batches.list), "GET"),
        ("/v1/batches/{batch}", service.faulty(batches.get), "GET"),
        ("/v1/batches/{batch}/cancel", service.faulty(batches.cancel), "POST"),
    ]
    return Starlette(
        routes=[
            Route(prefix + path, service.guarded(answer), methods=[method])
            for prefix in ("/compatible-mode", "")
            for path, answer, method in paths
        ]
        + [
            Route("/api/v1/uploads", service.guarded(service.faulty(service.deposit.policy))),
            Route("/store", service.deposit.store, methods=["POST"]),
        ],
        exception_handlers={404: service.not_found, 405: service.not_found},
    )


class _Service:
    def __init__(self, api_key: str, behaviour: Behaviour, activity: Activity) -> None:
        self._api_key, self._behaviour, self._activity = api_key, behaviour, activity
        self._asked = 0
        store, self.deposit = FileStore(), Deposit()
        self.file_routes, self.batch_routes = FileRoutes(store), BatchRoutes(store, self._batched)

    def guarded(
        self, answer: Callable[[Request, str], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check the key first, and return every refusal in the documented form."""

        async def endpoint(request: Request) -> Response:
            request_id = str(uuid.uuid4())
            try:
                self._check_key(request)
                return await answer(request, request_id)
            except Refusal as refusal:
                return self._refuse(refusal, request_id)
            except ClientDisconnect:  # while it uploaded; nobody is left to be answered
                self._activity.cancelled += 1
                return Response(status_code=499)
            except Exception:
                _log.exception("The stand-in failed to answer; this is a bug of omni_nb.")
                status, code, kind, message = HTTP_FAULTS["500"]
                return self._refuse(
                    Refusal(message, status=status, code=code, type=kind), request_id
                )

        return endpoint

    def faulty(
        self, answer: Callable[[Request, str, Behaviour], Awaitable[Response]]
    ) -> Callable[[Request, str], Awaitable[Response]]:
        """Let a request choose the behaviour, which may be a refusal."""

        async def endpoint(request: Request, request_id: str) -> Response:
            return await answer(request, request_id, self._unrefused(request))

        return endpoint

    async def chat(self, request: Request, request_id: str) -> Response:
        self._asked += 1
        behaviour = self._unrefused(request, asked=self._asked)
        body = await _body(request)
        if self._activity.requests.maxlen:
            self._activity.requests.append(bytes(body))
        if behaviour.dialect != "dashscope":
            body = bytearray(await run_in_threadpool(documented, bytes(body), behaviour.dialect))
        keeps_schema = behaviour.dialect != "dashscope"
        find = self.deposit.finder(request.headers)
        asked = await run_in_threadpool(
            partial(read_request, body, keeps_schema=keeps_schema, find=find)
        )
        del body  # the answer may take minutes
        if behaviour.fault in BODY_FAULTS:
            kind, content = BODY_FAULTS[behaviour.fault]
            return Response(content, media_type=kind, headers={"x-request-id": request_id})
        documented_chunks = answer_chunks(asked, behaviour, Pacer(behaviour))
        chunks = in_dialect(documented_chunks, behaviour.dialect, asked)
        return EventResponse(
            encode_stream(chunks, behaviour, request_id), self._activity, request_id=request_id
        )

    async def models(self, request: Request, request_id: str) -> Response:
        names = [name for facts in known_models() for name in (facts.name, *facts.aliases)]
        return json_response(
            {"object": "list", "data": [_model(name) for name in names]}, request_id
        )

    async def model(self, request: Request, request_id: str) -> Response:
        name = request.path_params["model"]
        if not any(name in (facts.name, *facts.aliases) for facts in known_models()):
            message = f"The model {name} does not exist or you do not have access to it."
            raise Refusal(message, status=404, code="model_not_found")
        return json_response(_model(name), request_id)

    async def not_found(self, request: Request, exception: Exception) -> Response:
        status = getattr(exception, "status_code", 404)
        where = f"{request.method} {request.url.path}"
        refusal = Refusal(
            f"There is nothing at {where}; chat is POST /compatible-mode/v1/chat/completions.",
            status=status,
            code="not_found" if status == 404 else "method_not_allowed",
        )
        return self._refuse(refusal, str(uuid.uuid4()))

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(key.strip().encode(), self._api_key.encode())
        if scheme.lower() != "bearer" or not known:
            raise Refusal("Incorrect API key provided. ", status=401, code="invalid_api_key")

    def _batched(self) -> None:
        self._activity.batched += 1

    def _unrefused(self, request: Request, *, asked: int = 0) -> Behaviour:
        """Return the behaviour of a request, unless its fault is to be refused.

        ``asked``: how many questions have been asked, with this one; only the first of them may
        have the fault.
        """
        behaviour = self._behaviour_for(request)
        if behaviour.fault_first and asked > behaviour.fault_first:
            behaviour = replace(behaviour, fault="none")
        if behaviour.fault in HTTP_FAULTS:
            status, code, kind, message = HTTP_FAULTS[behaviour.fault]
            seconds = behaviour.retry_after if status == 429 else 0
            raise Refusal(message, status=status, code=code, type=kind, retry_after=seconds)
        return behaviour

    def _behaviour_for(self, request: Request) -> Behaviour:
        try:
            return self._behaviour.with_header(request.headers.get("x-omni-behaviour"))
        except ValueError as error:
            raise Refusal(str(error)) from None

    def _refuse(self, refusal: Refusal, request_id: str) -> Response:
        self._activity.refused += 1
        error = {
            "code": refusal.code,
            "param": None,
            "message": refusal.message,
            "type": refusal.type,
        }
        answer = json_response(
            {"error": error, "request_id": request_id}, request_id, refusal.status
        )
        if refusal.retry_after:
            answer.headers["retry-after"] = f"{refusal.retry_after:g}"
        return answer


class EventResponse(Response):
    """A stream of server-sent events that ends with its events or with the client.

    Written here because starlette's own waits for the next event to notice that a client has
    gone, and because a fault must be able to end the connection in the middle.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[bytes], activity: Activity, *, request_id: str
    ) -> None:
        super().__init__(headers={"x-request-id": request_id, "cache-control": "no-cache"})
        del self.headers["content-length"]
        self._events, self._activity = events, activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until its end or until the client disconnects."""
        self._activity.active += 1
        sending = asyncio.ensure_future(self._send_events(send))
        leaving = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            self._count(sending)
        finally:
            for task in (sending, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            self._activity.active -= 1

    async def _send_events(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for event in self._events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _count(self, sending: asyncio.Future[None]) -> None:
        if not sending.done():
            self._activity.cancelled += 1
        elif (error := sending.exception()) is None:
            self._activity.completed += 1
        else:  # the server closes a connection whose answer was not completed
            self._activity.broken += 1
            if not isinstance(error, BrokenOff):
                _log.error("The stand-in broke off; this is a bug of omni_nb.", exc_info=error)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(request: Request) -> bytearray:
    """Return the body, in one growing array: joining a list of pieces would hold it twice."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY_BYTES:
            raise Refusal("Multimodal file size is too large")
    return body


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "omni_nb stand-in"}
