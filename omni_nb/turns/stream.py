"""ReplyStream: the events of one answer, while its reply grows."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError, ServiceError
from omni_nb.turns.budget import Budget
from omni_nb.wire.client import EventStream
from omni_nb.wire.events import AudioDelta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply, Stopped
    from omni_nb.wire.events import Event
    from omni_nb.wire.upload import UploadProgress


LOOK_SECONDS = 0.1


def check_timeout(seconds: float | None) -> None:
    """Refuse what is no time that an answer may take.

    Raises
    ------
    RequestError
        It is neither None nor a number above 0.

    Examples
    --------
    >>> check_timeout(30)
    """
    if seconds is None:
        return
    if not isinstance(seconds, (int, float)) or not 0 < seconds < threading.TIMEOUT_MAX:
        raise RequestError(
            f"timeout is the seconds that an answer may take, such as 30, not {seconds!r}; "
            "None waits for the service."
        )


class ReplyStream:
    """The events of one answer, for ``for`` or ``async for``; `reply` grows meanwhile.

    Leaving the loop early ends the request. Use ``with`` where the stream may be dropped
    in the middle: a request that nobody reads goes on being billed.

    Attributes
    ----------
    reply : Reply
        The answer so far.
    """

    def __init__(
        self,
        reply: Reply,
        connection: Connection,
        purse: Budget | None = None,
        timeout: float | None = None,
    ) -> None:
        self.reply = reply
        self._purse = purse or Budget()
        self._owner = threading.get_ident()
        self._purse.open(reply)
        self._looked_at = 0.0
        self._reason: Stopped | None = None
        self._timeout = timeout
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
            self.settle()

    def __enter__(self) -> ReplyStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.settle()

    @property
    def upload(self) -> UploadProgress | None:
        """How much of the request has been sent; None when it carries nothing large."""
        return self._source.upload

    def stop(self) -> None:
        """End the answer now, from any thread; what has arrived stays in `reply`."""
        self._stop("interrupted")

    def settle(self) -> None:
        """Pay for the answer once it has ended; warns when budget or quota run low.

        Does nothing on another thread than that of the person who asked, where a warning
        would not land in their cell: what is left is settled with the next question.
        """
        if threading.get_ident() == self._owner:
            self._purse.settle()

    def _stop(self, reason: Stopped) -> None:
        self._reason = self._reason or reason  # first: the reader may see the end at once
        self._source.stop()
        if not self.reply.is_finished:
            self.reply.finish(seconds=self._source.age_seconds, stopped=self._reason)

    def _feed(self) -> Iterator[Event]:
        reply, source = self.reply, self._source
        try:
            for event in self._in_time(source):
                if reply.is_finished:  # stopped from another thread
                    break
                reply.sent_at = source.sent_at
                reply.feed(event, seconds=source.elapsed_seconds)
                yield event
                if self._is_spent(event):
                    self._reason = "budget"
                    source.stop()
                    break
        except ServiceError as error:
            if not reply.is_finished:
                error.reply = reply
                reply.finish(seconds=source.elapsed_seconds, error=error)
                self.settle()
                raise
        except GeneratorExit:
            self.stop()
            raise
        if not reply.is_finished:
            reply.finish(seconds=source.elapsed_seconds, stopped=self._reason)
        self.settle()

    def _in_time(self, source: EventStream) -> Iterator[Event]:
        """Read until the time is over that the answer may take."""
        if self._timeout is None:
            yield from source
            return
        clock = threading.Timer(self._timeout, self._stop, ["timeout"])
        clock.daemon = True
        clock.start()
        try:
            yield from source
        finally:
            clock.cancel()

    def _is_spent(self, event: Event) -> bool:
        """Whether this event took the running cost past the budget, with more to come.

        Counting a long text takes a moment, so its running cost is looked at on a clock.
        """
        if self.reply.is_finished or self.reply.finish_reason is not None:
            return False  # it is whole: stopping would save nothing
        now = time.monotonic()
        is_due = isinstance(event, AudioDelta) or now - self._looked_at >= LOOK_SECONDS
        if is_due:
            self._looked_at = now
        return is_due and self._purse.is_passed()
