"""A question whose request counts as sent, though nobody reads the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omni_nb.turns.stream import ReplyStream


def begun(stream: ReplyStream) -> ReplyStream:
    """Enter the reply into its conversation, as the first pull does."""
    stream.begin()
    return stream
