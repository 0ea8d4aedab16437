"""Begin a stream of a reply without reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omni_nb.turns.stream import ReplyStream


def begun(stream: ReplyStream) -> ReplyStream:
    """Return a stream whose reply is in its conversation, as after the first read."""
    stream.begin()
    return stream
