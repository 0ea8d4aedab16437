"""A server that answers many at once, each half a second after it was asked.

Whoever asks for speech gets six seconds of it; the others get a line of text, as one piece where no
stream is asked for (the service itself takes none but streams).
"""

from __future__ import annotations

import asyncio
import json
import re

from .burst_server import stream_body
from .tool_server import WORDS, body_of, said

HELD_SECONDS = 0.5
SPOKEN_EVENTS = 60
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 0,
    "model": "qwen-omni-turbo",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "".join(WORDS)},
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10},
}


def answer(body: bytes, kind: str = "text/event-stream") -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def serve() -> None:
    """Print the port, then answer for ever."""
    spoken, written = answer(stream_body(SPOKEN_EVENTS)), answer(body_of(said(WORDS)))
    whole = answer(json.dumps(COMPLETION).encode(), "application/json")

    async def told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        await asyncio.sleep(HELD_SECONDS)
        is_stream = json.loads(body).get("stream", False)
        writer.write(spoken if b'"voice"' in body else written if is_stream else whole)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(told, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
