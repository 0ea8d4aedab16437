"""A server that counts what it is sent and gives a short answer: the far end of an upload.

It holds no body, and is a process of its own, so that a client's memory is its client's alone.
"""

from __future__ import annotations

import re
import socket

from .burst_server import stream_body

BLOCK_BYTES = 1 << 20


def serve() -> None:
    """Print the port, then take one request after another for ever."""
    answer = stream_body(0)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(answer)}"
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    block = bytearray(BLOCK_BYTES)
    while True:
        connection, _ = listening.accept()
        with connection:
            _count(connection, block)
            connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode() + answer)


def _count(connection: socket.socket, block: bytearray) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0 and (count := connection.recv_into(block)):
        left -= count


if __name__ == "__main__":
    serve()
