"""Stream the events of one answer, while its reply grows."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError, ServiceError, brief
from omni_nb.turns.budget import Budget
from omni_nb.turns.line import Line
from omni_nb.wire.client import EventStream
from omni_nb.wire.events import AudioDelta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply, Stopped
    from omni_nb.wire.events import Event
    from omni_nb.wire.retry import Wait
    from omni_nb.wire.upload import UploadProgress


LOOK_SECONDS = 0.1


def check_timeout(seconds: float | None) -> None:
    """Check the seconds that an answer may take.

    Raises
    ------
    RequestError
        ``seconds`` is neither None nor a number above 0.

    Examples
    --------
    >>> check_timeout(30)
    """
    if seconds is None:
        return
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds < threading.TIMEOUT_MAX:
        raise RequestError(
            f"timeout is the seconds that an answer may take, such as 30, not {brief(seconds)}; "
            "None waits for the service."
        )


class ReplyStream:
    """The events of one answer, for ``for`` or ``async for``; `reply` grows meanwhile.

    Nothing is sent before the first event is pulled; a stream that nobody reads leaves no
    trace. Leaving the loop, by ``break`` or by an error, ends the request and finishes the
    reply with what came. One loop reads a stream.

    Attributes
    ----------
    reply : Reply
        The answer so far.
    """

    def __init__(
        self,
        reply: Reply,
        connection: Connection,
        *,
        line: Line | None = None,
        at: int | None = None,
        budget: Budget | None = None,
        timeout: float | None = None,
    ) -> None:
        self.reply = reply
        self._line = line or Line()
        self._at = at
        self._budget = budget or Budget()
        self._owner = threading.get_ident()
        self._looked_at = 0.0
        self._timeout = timeout
        self._state_lock = threading.RLock()
        self._is_begun = False
        self._is_over = threading.Event()
        self._source = EventStream(connection.endpoint, reply.request, note_wait=self._note_wait)

    def begin(self) -> None:
        """Enter the reply into its conversation: its request is sent now.

        A second call does nothing.

        Raises
        ------
        BudgetError
            Other questions have spent the budget meanwhile; nothing was sent.
        RequestError
            Another answer streams where this one is to take its place; nothing was sent.
        """
        with self._state_lock:
            if self._is_begun:
                return
            self._budget.reserve(self.reply)
            try:
                self._line.enter(self.reply, self._at)
            except RequestError:
                self._budget.release(self.reply)
                raise
            self._is_begun = True

    def __iter__(self) -> Iterator[Event]:
        if self._is_over.is_set():
            return
        self.begin()
        try:
            if self._timeout is not None:
                threading.Thread(target=self._watch, name="omni_nb timeout", daemon=True).start()
            for event in self._source:
                self.reply.sent_at = self._source.sent_at
                if self.reply.is_finished:  # stopped from another thread
                    break
                self.reply.feed(event, seconds=self._source.elapsed_seconds)
                yield event
                if self._is_spent(event):
                    self._stop("budget")
                    break
            self._finish(None)
        except ServiceError as error:
            if self._finish(None, error):
                raise
        finally:  # the loop was left, by whatever means
            self._finish("interrupted")
            self.settle()

    async def __aiter__(self) -> AsyncIterator[Event]:
        events = iter(self)
        try:
            while (event := await asyncio.to_thread(next, events, None)) is not None:
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
            self._budget.settle()

    def _note_wait(self, wait: Wait | None) -> None:
        self.reply.wait = wait

    def _stop(self, reason: Stopped) -> None:
        self._finish(reason)  # first: the reader may see the end at once
        self._source.stop()

    def _finish(self, stopped: Stopped | None, error: ServiceError | None = None) -> bool:
        """Finish the reply with the first reason that is given; return whether this was it."""
        with self._state_lock:
            if self.reply.is_finished:
                return False
            if error is not None:
                error.reply = self.reply
            self.reply.sent_at = self._source.sent_at
            seconds = self._source.age_seconds if stopped else self._source.elapsed_seconds
            self.reply.finish(seconds=seconds, stopped=stopped, error=error)
            self._is_over.set()
        if stopped:
            self._source.stop()
        return True

    def _watch(self) -> None:
        """Stop the answer when its time is over, counted from the sending of the request."""
        self._source.sent.wait()
        if not self._is_over.wait(self._timeout):
            self._stop("timeout")

    def _is_spent(self, event: Event) -> bool:
        """Return whether an event took the running cost past the budget, with more to come.

        Counting a long text takes a moment, so its running cost is checked on a clock.
        """
        if self.reply.is_finished or self.reply.finish_reason is not None:
            return False  # the answer is whole: stopping would save nothing
        now = time.monotonic()
        is_due = isinstance(event, AudioDelta) or now - self._looked_at >= LOOK_SECONDS
        if is_due:
            self._looked_at = now
        return is_due and self._budget.is_passed()
