"""Stream the events of one answer, while its reply grows."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from omni_nb.errors import ReplyError, RequestError, brief
from omni_nb.rules.catalog import find_model
from omni_nb.rules.limits import warn_of_effort
from omni_nb.turns.budget import Budget
from omni_nb.turns.context import check_context
from omni_nb.turns.estimate import forecast, priced_region
from omni_nb.turns.line import Line
from omni_nb.turns.reply import Reply
from omni_nb.turns.rounds import Rounds
from omni_nb.wire.client import EventStream
from omni_nb.wire.dialects import check_dialect
from omni_nb.wire.events import AudioDelta
from omni_nb.wire.retry import MOST_TRIES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from typing_extensions import Self

    from omni_nb.rules.estimate import Estimate
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Stopped
    from omni_nb.turns.rounds import ToolRules
    from omni_nb.wire.events import Event
    from omni_nb.wire.request import Request
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

    Tools that the model calls run between the events, and the answer goes on in another round.

    Nothing is sent before the first event is pulled; a stream that nobody reads leaves no
    trace. Leaving the loop, by ``break`` or by an error, ends the request and finishes the
    reply with what came. One loop reads a stream.

    Attributes
    ----------
    reply : Reply
        The answer so far.
    can_ask : bool
        Whether somebody who sees the calls answers with `decide`.
    """

    can_ask = False

    def __init__(
        self,
        reply: Reply,
        connection: Connection,
        *,
        rounds: Rounds | None = None,
        line: Line | None = None,
        at: int | None = None,
        budget: Budget | None = None,
        timeout: float | None = None,
        tries: int = MOST_TRIES,
        before_round: Callable[[Estimate], object] = lambda _: None,
    ) -> None:
        self.reply = reply
        self._tries = tries
        self._before_round = before_round
        self._line = line or Line()
        self._at = at
        self._budget = budget or Budget()
        self._owner = threading.get_ident()
        self._looked_at = 0.0
        self._timeout = timeout
        self._state_lock = threading.RLock()
        self._is_begun = False
        self._is_over = threading.Event()
        self._connection = connection
        self._rounds = rounds or Rounds(reply.request)
        self._source = self._first = self._opened(self._rounds.first)

    def _opened(self, request: Request) -> EventStream:
        # Of a method of ours, the two would hold each other until the collector comes.
        note_wait = partial(setattr, self.reply, "wait")
        return EventStream(
            self._connection.endpoint, request, note_wait=note_wait, tries=self._tries
        )

    @classmethod
    def asking(
        cls,
        request: Request,
        connection: Connection,
        *,
        tool_rules: ToolRules | None = None,
        line: Line | None = None,
        at: int | None = None,
        budget: Budget | None = None,
        timeout: float | None = None,
        tries: int = MOST_TRIES,
        before_round: Callable[[Estimate], object] = lambda _: None,
    ) -> Self:
        """Check a request against what the model, the server and the budget take.

        Parameters
        ----------
        request, connection
            Who is asked what.
        tool_rules
            How tools are called.
        line, at
            Where the reply will stand.
        budget
            What pays for the answer.
        timeout
            The seconds that the answer may take.
        tries
            How often each request is sent at most.
        before_round
            Is called before a further round is sent, with its estimate; may wait.

        Raises
        ------
        RequestError
            The request has more tokens than the model takes, or the server lacks something.
        BudgetError
            The request would pass the budget.
        """
        weight = check_context(request)
        check_dialect(request, connection.dialect)
        rounds = Rounds(request, tool_rules, hide=connection.endpoint.hide_in)
        reply = Reply(
            request,
            region=connection.region,
            is_stand_in=connection.is_stand_in,
            first=rounds.first,
        )
        reply.estimate = forecast(request, region=priced_region(connection), weight=weight)
        if budget is not None:
            budget.check(reply.estimate)
        if (facts := find_model(request.model)) is not None:
            warn_of_effort(request.options, facts)
        return cls(
            reply,
            connection,
            rounds=rounds,
            line=line,
            at=at,
            budget=budget,
            timeout=timeout,
            tries=tries,
            before_round=before_round,
        )

    @property
    def asks_a_person(self) -> bool:
        """Whether a person has to decide on each call of a tool (``approve=True``)."""
        return self._rounds.asks_a_person

    def begin(self) -> None:
        """Enter the reply into its conversation: its request is sent now.

        A second call does nothing.

        Raises
        ------
        BudgetError
            Other questions have spent the budget meanwhile; nothing was sent.
        RequestError
            Another answer streams where this one is to take its place, or nobody is there to
            approve a tool's call; nothing was sent.
        """
        if self.asks_a_person and not self.can_ask:
            raise RequestError(
                "approve=True asks a person before each call, and nobody can be asked here: use a "
                "notebook's cell, a panel or a terminal, or pass a function, such as "
                "approve=lambda call: call.name == 'weather'. Nothing was sent."
            )
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
            while True:
                yield from self._round()
                if self.reply.is_finished or not self._goes_on():
                    break
            self._finish(None)
        except ReplyError as error:
            if self._finish(None, error):
                raise
        finally:  # the loop was left, by whatever means
            self._finish("interrupted")
            self.settle()

    def _round(self) -> Iterator[Event]:
        """Yield the events of one round."""
        for event in self._source:
            self.reply.sent_at = self._first.sent_at
            if self.reply.is_finished:  # stopped from another thread
                break
            self.reply.feed(event, seconds=self._seconds(self._source.elapsed_seconds))
            yield event
            if self._is_spent(event):
                self._stop("budget")
                break

    def _goes_on(self) -> bool:
        """Begin the round that follows, if one does and the budget allows it."""
        request = self._rounds.after(self.reply, self._is_over.is_set)
        if request is None:
            return False
        estimate = forecast(request, region=priced_region(self._connection))
        self._before_round(estimate)
        with self._state_lock:  # `stop` ends the round that is there
            if self.reply.is_finished:
                return False
            self.reply.go_on(request, estimate)
            self._source = self._opened(request)
        if self._budget.is_passed():
            self._stop("budget")
            return False
        return True

    def decide(self, call_id: str, allowed: bool) -> None:
        """Decide on a tool's call that waits for a person (``approve=True``); from any thread.

        Parameters
        ----------
        call_id
            The id of a call in ``reply.tool_calls`` whose ``state`` is ``"asked"``.
        allowed
            Whether it may be made.
        """
        self._rounds.decide(call_id, allowed)

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

    @property
    def asked_seconds(self) -> float | None:
        """How long to wait, as the service said when it refused the request."""
        return self._source.asked_seconds

    @property
    def request_id(self) -> str | None:
        """The service's id of the latest request, when it sent one."""
        return self._source.request_id

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

    def _stop(self, reason: Stopped) -> None:
        self._finish(reason)  # first: the reader may see the end at once
        self._source.stop()

    def _seconds(self, of_round: float) -> float:
        """Return seconds after the first request of seconds after the latest one."""
        return self._first.age_seconds - self._source.age_seconds + of_round

    def _finish(self, stopped: Stopped | None, error: ReplyError | None = None) -> bool:
        """Finish the reply with the first reason that is given; return whether this was it."""
        with self._state_lock:
            if self.reply.is_finished:
                return False
            if error is not None:
                error.reply = self.reply
            self.reply.sent_at = self._first.sent_at
            source = self._source
            seconds = source.age_seconds if stopped else source.elapsed_seconds
            self.reply.finish(seconds=self._seconds(seconds), stopped=stopped, error=error)
            self._is_over.set()
        if stopped:
            self._source.stop()
        return True

    def _watch(self) -> None:
        """Stop the answer when its time is over, counted from the sending of the request."""
        self._first.sent.wait()
        if not self._is_over.wait(self._timeout):
            self._stop("timeout")

    def _is_spent(self, event: Event) -> bool:
        """Return whether an event took the running cost past the budget, with more to come.

        Counting a long text takes a moment, so its running cost is checked on a clock.
        """
        if self.reply.is_finished or self.reply.rounds[-1].finish_reason is not None:
            return False  # the answer is whole: stopping would save nothing
        now = time.monotonic()
        is_due = isinstance(event, AudioDelta) or now - self._looked_at >= LOOK_SECONDS
        if is_due:
            self._looked_at = now
        return is_due and self._budget.is_passed()
