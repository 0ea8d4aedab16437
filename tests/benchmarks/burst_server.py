"""A server that says the same long answer to everybody, in one burst.

It is made of a socket and a prepared body, so that the client waits for nothing but itself. The
model ``warm-up`` gets a short answer.
"""

from __future__ import annotations

import base64
import json
import random
import re
import socket
from typing import Any

AUDIO_EVENTS = 2000
EVENT_SECONDS = 0.1
SAMPLE_RATE = 24_000
TOTAL_BYTES = AUDIO_EVENTS * int(EVENT_SECONDS * SAMPLE_RATE) * 2


def stream_body(audio_events: int) -> bytes:
    """The server-sent events of an answer: words and speech by turns, as the service sends them."""
    noise = random.Random(0)
    pieces: list[dict[str, Any]] = []
    for number in range(audio_events):
        pcm = noise.randbytes(int(EVENT_SECONDS * SAMPLE_RATE) * 2)
        speech = {"data": base64.b64encode(pcm).decode(), "expires_at": 1757647879, "id": "audio_1"}
        pieces += [choice({"audio": {"transcript": f" word{number}"}}), choice({"audio": speech})]
    pieces.append(choice({"content": ""}, finish_reason="stop"))
    usage = {"prompt_tokens": 207, "completion_tokens": 103, "total_tokens": 310}
    pieces.append({"choices": [], "usage": usage})
    lines = [f"data: {json.dumps({**piece, **FRAME})}\n\n" for piece in pieces]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


FRAME = {
    "object": "chat.completion.chunk",
    "created": 1757647879,
    "system_fingerprint": None,
    "model": "qwen-omni-turbo",
    "id": "chatcmpl-a68eca3b-c67e-4666-a72f-73c0b4919860",
}


def choice(delta: dict[str, Any], *, finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"delta": delta, "finish_reason": finish_reason, "index": 0, "logprobs": None}
    return {"choices": [choice], "usage": None}


def serve() -> None:
    """Print the port, then answer one request after another for ever."""
    long, short = stream_body(AUDIO_EVENTS), stream_body(1)
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    while True:
        connection, _ = listening.accept()
        with connection:
            request = read_request(connection)
            body = short if b'"warm-up"' in request else long
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(head.encode() + body)


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return body


if __name__ == "__main__":
    serve()
