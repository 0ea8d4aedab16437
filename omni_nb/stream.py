"""ReplyStream: the events of one answer, while its reply grows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from omni_nb.errors import ServiceError
from omni_nb.wire.client import EventStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from omni_nb.connection import Connection
    from omni_nb.reply import Reply
    from omni_nb.wire.events import Event
    from omni_nb.wire.upload import UploadProgress


class ReplyStream:
    """The events of one answer, for ``for`` or ``async for``; `reply` grows meanwhile.

    Leaving the loop early ends the request. Use ``with`` where the stream may be dropped
    in the middle: a request that nobody reads goes on being billed.

    Attributes
    ----------
    reply : Reply
        The answer so far.
    """

    def __init__(self, reply: Reply, connection: Connection) -> None:
        self.reply = reply
        self._source = EventStream(connection.endpoint, reply.request)
        self._events = self._feed()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    async def __aiter__(self) -> AsyncIterator[Event]:
        try:
            while (event := await asyncio.to_thread(next, self._events, None)) is not None:
                yield event
        finally:
            self.stop()

    def __enter__(self) -> ReplyStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def upload(self) -> UploadProgress | None:
        """How much of the request has been sent; None when it carries nothing large."""
        return self._source.upload

    def stop(self) -> None:
        """End the answer now, from any thread; what has arrived stays in `reply`."""
        self._source.stop()
        if not self.reply.is_finished:
            self.reply.finish(seconds=self._source.elapsed_seconds, is_interrupted=True)

    def _feed(self) -> Iterator[Event]:
        reply, source = self.reply, self._source
        try:
            for event in source:
                if reply.is_finished:  # stopped from another thread
                    break
                reply.sent_at = source.sent_at
                reply.feed(event, seconds=source.elapsed_seconds)
                yield event
        except ServiceError as error:
            if not reply.is_finished:
                error.reply = reply
                reply.finish(seconds=source.elapsed_seconds, error=error)
                raise
        except GeneratorExit:
            self.stop()
            raise
        if not reply.is_finished:
            reply.finish(seconds=source.elapsed_seconds, is_interrupted=source.is_stopped)
