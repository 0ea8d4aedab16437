"""Conversations full of the texts of ``tests/xss.py``; run in the kernel, where it is importable.

A cell says ``from tests.browser.hostile import ...`` after `panel.SETUP`.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.errors import ServiceError
from omni_nb.media.parts import AudioURLPart, ImagePart, TextPart, VideoURLPart
from omni_nb.rules.catalog import register_model
from omni_nb.turns.connection import Connection
from omni_nb.turns.line import Line
from omni_nb.turns.reply import Reply
from omni_nb.views import deltas
from omni_nb.views.notebook import Chat
from omni_nb.views.panel import sync
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.request import Message, Request
from tests.xss import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from omni_nb.views.panel import ChatPanel

    How: TypeAlias = Literal["say", "refuse", "break"]

SOME = dict(list(PAYLOADS.items())[::2])
"""Where each takes its time in the page; `full` has all of them, and so have the unit tests."""

PIECES = 4
PIECE_SECONDS = 0.015
MODEL = "qwen3-omni-flash"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def live(chat: Chat, how: How) -> None:
    """Ask every payload; the service says it in pieces, refuses with it, or breaks off with it."""
    deltas.TEXT_PACKET_SECONDS = sync.LOOK_SECONDS = PIECE_SECONDS / 2
    with hostile_service(how) as connection:
        for payload in SOME.values():
            # A chat for each: the history would be longer than the context.
            stream = Chat(MODEL, voice=None, connection=connection).stream(payload)
            chat.line.enter(stream.reply)
            with suppress(ServiceError):
                for _ in stream:
                    pass


def full(chat: Chat) -> None:
    """Give a chat a finished turn for every payload, with the payload in everything it has."""
    chat.line.take_up(Line(_turn(payload) for payload in PAYLOADS.values()))


def _turn(payload: str) -> Reply:
    media = (
        ImagePart(PIXEL, payload, 1, 1, payload),
        AudioURLPart(f"https://example.com/{payload}", payload),
        VideoURLPart(f"https://example.com/{payload}"),
    )
    question = (*media, TextPart(payload))
    return Reply.restored(
        Request(payload, (Message("user", question),), ("text", "audio"), payload),
        text=payload,
        reasoning=payload,
        pcm=bytes(4800),
        usage=None,
        finish_reason=payload,
        error=ServiceError(payload, code=payload, request_id=payload, advice=payload),
        region=None,
        is_stand_in=True,
        sent_at=None,
        total_seconds=1.0,
        arrivals=(),
        playback=None,
    )


def named(chat: Chat, panel: ChatPanel) -> None:
    """Let models and voices have the names, and use one after the other; say them as notices."""
    for payload in SOME.values():
        register_model(payload, like=MODEL, voices=list(SOME.values()))
    for payload in SOME.values():
        chat.use(model=payload, voice=payload)
        chat.system = payload
        panel._changed()
        for kind in ("info", "error"):
            panel._say(kind, payload)
        time.sleep(0.08)  # the page draws every 60 ms


@contextmanager
def hostile_service(how: How) -> Iterator[Connection]:
    """Run a service that answers with the last thing it was told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = asked["messages"][-1]["content"]
            words = said if isinstance(said, str) else said[-1]["text"]
            told = f"{words} {self.headers['Authorization']}"  # services do echo keys
            error = {"message": told, "code": words, "type": words, "param": words}
            if how == "refuse":
                self._begin(400, "application/json")
                self.wfile.write(json.dumps({"error": error, "request_id": words}).encode())
                return
            self._begin(200, "text/event-stream")
            for piece in _pieces(words):
                self._send({"choices": [{"index": 0, "delta": {"content": piece}}]})
                time.sleep(PIECE_SECONDS)
            if how == "break":
                self._send({"error": error, "request_id": words})
                return
            end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
            self._send(end)
            self.wfile.write(b"data: [DONE]\n\n")

        def _begin(self, status: int, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()

        def _send(self, chunk: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps({'id': '1', **chunk})}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Connection(Endpoint(f"http://127.0.0.1:{server.server_port}/v1", Secret("sk-none")))
    finally:
        server.shutdown()
        server.server_close()


def _pieces(words: str) -> list[str]:
    size = -(-len(words) // PIECES)
    return [words[start : start + size] for start in range(0, len(words), size)]
