"""A server that calls a tool once, and then answers; or answers with JSON where JSON is asked for.

It is made of a socket and prepared bodies, as `burst_server` is: the client waits for itself.
"""

from __future__ import annotations

import json
import socket
from typing import Any

from .burst_server import FRAME, choice, read_request

ROW = {"speakers": 1, "language": "zh", "seconds": 4.5, "summary": "Somebody welcomes us. " * 4}
ANSWER = json.dumps(ROW)
WORDS = "It is 21 degrees in Hangzhou, and the sun shines. " * 8
"""What is said after the call, in a piece for each word."""


def called() -> list[dict[str, Any]]:
    """The chunks of a call, as Alibaba's page on function calling prints them."""
    first = {"name": "weather", "arguments": None}
    second = {"name": None, "arguments": ' {"city": "Hangzhou"}'}
    return [
        choice({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": one}]})
        for one in (first, second)
    ] + [choice({"content": None, "tool_calls": None}, finish_reason="tool_calls")]


def said(text: str) -> list[dict[str, Any]]:
    """The chunks of a text, one for each word."""
    pieces = [choice({"content": word}) for word in text.replace(" ", " \0").split("\0")]
    return [*pieces, choice({"content": ""}, finish_reason="stop")]


def body_of(pieces: list[dict[str, Any]]) -> bytes:
    """The server-sent events of some chunks, with a count of tokens."""
    usage = {"prompt_tokens": 207, "completion_tokens": 103, "total_tokens": 310}
    every = [*pieces, {"choices": [], "usage": usage}]
    lines = [f"data: {json.dumps({**piece, **FRAME})}\n\n" for piece in every]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


def serve() -> None:
    """Print the port, then answer one request after another for ever."""
    calling, telling, data = body_of(called()), body_of(said(WORDS)), body_of(said(ANSWER))
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    while True:
        connection, _ = listening.accept()
        with connection:
            asked = json.loads(read_request(connection))
            is_after = any(message["role"] == "tool" for message in asked["messages"])
            body = telling if is_after else calling if asked.get("tools") else data
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(head.encode() + body)


if __name__ == "__main__":
    serve()
