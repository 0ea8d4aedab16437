"""A real Jupyter kernel without a front end, and every byte that it publishes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import start_new_kernel

from .process import REPOSITORY, plain_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

SILENCE_SECONDS = 60
ONLY_ERRORS = ("--log-level=ERROR",)  # not the warning that loopback is not encrypted

SETUP = """
from html import escape

from IPython.display import HTML, Audio, display

import omni_nb as omni

def standing_in(**behaviour):
    global standin
    here = omni.stand_in(**behaviour)
    standin = here.server
    return here
"""


@dataclass(frozen=True, slots=True)
class Published:
    """A message that a kernel published.

    Attributes
    ----------
    total_bytes
        Of all its frames: headers, content and binary buffers.
    """

    kind: str
    total_bytes: int
    content: dict[str, Any]


class Kernel:
    """A kernel that runs cells and lists what it published meanwhile."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, source: str) -> list[Published]:
        """Run a cell to its end.

        Raises
        ------
        RuntimeError
            The cell raised, or the kernel fell silent.
        """
        cell_id = self._client.execute(source)
        published: list[Published] = []
        while not (published and _is_idle(published[-1])):
            parent_id, message = self._receive()
            if parent_id == cell_id:
                published.append(message)
            if message.kind == "error":
                raise RuntimeError("\n".join(message.content["traceback"]))
        return published

    def printed(self, source: str) -> str:
        """Run a cell and return what it printed."""
        streams = [message for message in self.run(source) if message.kind == "stream"]
        return "".join(message.content["text"] for message in streams)

    def _receive(self) -> tuple[str | None, Published]:
        """Return the id of the cell that a message belongs to, and the message."""
        socket, session = self._client.iopub_channel.socket, self._client.session
        if not socket.poll(1000 * SILENCE_SECONDS):
            raise RuntimeError(f"The kernel published nothing for {SILENCE_SECONDS} s.")
        frames = socket.recv_multipart()
        message = session.deserialize(session.feed_identities(frames)[1])
        total_bytes = sum(map(len, frames))
        published = Published(message["msg_type"], total_bytes, message["content"])
        return message["parent_header"].get("msg_id"), published


def _is_idle(message: Published) -> bool:
    return message.kind == "status" and message.content["execution_state"] == "idle"


@contextmanager
def running_kernel() -> Iterator[Kernel]:
    """A fresh kernel in which `SETUP` has run."""
    manager, client = start_new_kernel(
        cwd=str(REPOSITORY), env=plain_environment(), extra_arguments=list(ONLY_ERRORS)
    )
    try:
        kernel = Kernel(client)
        kernel.run(SETUP)
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
