"""Crew: the threads that ask the rows of a run, many at once and in step."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Protocol

from omni_nb.errors import BudgetError, OmniError, noted_warnings
from omni_nb.many.attempt import Attempt, ask_once
from omni_nb.rules.pricing import share_of, total_cost
from omni_nb.turns.stream import ReplyStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from omni_nb.many.batch import Told
    from omni_nb.many.pace import Pace, Place
    from omni_nb.many.run import Asked, Run
    from omni_nb.rules.pricing import Cost, Usage
    from omni_nb.turns.budget import ReservingBudget
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.settings import Settings

MOST_AT_ONCE: Final = 32
FIRST_AT_ONCE: Final = 2
MOST_TRIES: Final = 3
MOST_ALIKE: Final = 10
"""So many rows in a row that fail in the same way stop the run."""
MOST_REFUSED_SECONDS: Final = 180.0
"""Without any answer for so long, refusals for too many tokens stop the run."""
LONGEST_ASKED_SECONDS: Final = 600.0
"""A service that asks to wait longer is not waited for."""
_GUESS: Final = {"text": 300, "audio": 500}
_MOST_BACK_OFF_SECONDS: Final = 8.0


class Driver(Protocol):
    """Who asks the rows of a run: threads, an executor, or the Batch API."""

    @property
    def at_once(self) -> int:
        """How many rows are asked at the same time now."""
        ...

    @property
    def paused_seconds(self) -> float | None:
        """How much longer all wait because the service asked for it."""
        ...

    @property
    def told(self) -> Told | None:
        """How far the service is with a batch; None where there is none."""
        ...

    def work(self, run: Run) -> None:
        """Ask what `Run.take` gives, until it gives no more; called on a thread of the run."""
        ...

    def wake(self, run: Run) -> None:
        """Look whether the run is to stop, and whether what is on its way is to end."""
        ...


class Expected:
    """The output that is expected of the next answer: the median of the latest.

    Examples
    --------
    >>> from omni_nb.rules.pricing import Usage
    >>> expected = Expected()
    >>> expected.add(Usage({"text": 3}, {"text": 40}))
    >>> expected.tokens()
    {'text': 40}
    """

    def __init__(self) -> None:
        self._latest: deque[Usage] = deque(maxlen=64)
        self._lock = threading.Lock()

    def add(self, usage: Usage) -> None:
        """Take the usage of an answer."""
        with self._lock:
            self._latest.append(usage)

    @property
    def is_known(self) -> bool:
        """Whether an answer has come."""
        return bool(self._latest)

    def tokens(self) -> dict[str, int]:
        """Return the output by modality; a guess before the first answer."""
        with self._lock:
            if not self._latest:
                return dict(_GUESS)
            names = {name for usage in self._latest for name in usage.output}
            return {
                name: round(statistics.median(u.output.get(name, 0) for u in self._latest))
                for name in sorted(names)
            }


@dataclass(slots=True)
class Trouble:
    """Count what goes wrong for all rows alike, and say when it is enough.

    Examples
    --------
    >>> trouble = Trouble()
    >>> [bool(trouble.failed("400", "no")) for _ in range(10)].index(True)
    9
    """

    _alike: int = 0
    _kind: str = ""
    _refused_since: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def went_well(self) -> None:
        """Forget what was: an answer came."""
        with self._lock:
            self._alike, self._kind, self._refused_since = 0, "", None

    def failed(self, kind: str, words: str) -> str:
        """Count a row that failed; return why the run stops, or ``""``."""
        with self._lock:
            self._alike = self._alike + 1 if kind == self._kind else 1
            self._kind = kind
            if self._alike < MOST_ALIKE:
                return ""
        return f"{MOST_ALIKE} rows in a row failed in the same way, the last with: {words}"

    def refused(self, attempt: Attempt, now: float) -> str:
        """Count a refusal; return why the run stops, or ``""``."""
        words = attempt.error or ""
        if (attempt.asked_seconds or 0) > LONGEST_ASKED_SECONDS:
            return f"The service asks to wait {attempt.asked_seconds:,.0f} seconds: {words}"
        if attempt.verdict != "refused_tokens":
            return ""
        with self._lock:
            if self._refused_since is None:
                self._refused_since = now
            if now - self._refused_since < MOST_REFUSED_SECONDS:
                return ""
        return f"No answer for {MOST_REFUSED_SECONDS / 60:.0f} minutes; the service says: {words}"


class Crew:
    """Threads of this process that ask rows.

    Parameters
    ----------
    settings, connection, timeout
        How each row is asked, and whom.
    pace, budget, expected
        What all of them share.
    at_once
        How many there are; None: two at first, and one more for each answer as long as the pace
        leaves places.
    factor
        The share of the usual price that is paid; None: not known.
    """

    told = None

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        *,
        pace: Pace,
        budget: ReservingBudget,
        expected: Expected,
        timeout: float | None = None,
        at_once: int | None = None,
        factor: Fraction | None = Fraction(1),
    ) -> None:
        self._factor = factor
        self._settings, self._connection, self._timeout = settings, connection, timeout
        self._pace, self._budget, self._expected = pace, budget, expected
        self._fixed = at_once
        self._trouble = Trouble()
        self._threads: list[threading.Thread] = []
        self._stops: set[Callable[[], object]] = set()
        self._lock = threading.Lock()
        self._is_ended = False

    @property
    def at_once(self) -> int:
        """How many rows are asked at the same time now."""
        return sum(thread.is_alive() for thread in list(self._threads))

    @property
    def paused_seconds(self) -> float | None:
        """How much longer all wait because the service asked for it."""
        return self._pace.paused_seconds

    def work(self, run: Run) -> None:
        """Ask what is left of a run."""
        self._trouble, self._threads, self._is_ended = Trouble(), [], False
        for _ in range(self._fixed or FIRST_AT_ONCE):
            self._hire(run)
        for thread in self._threads:  # grows meanwhile
            thread.join()

    def wake(self, run: Run) -> None:
        """Have those who wait look whether the run is to stop, and who answers to end."""
        self._pace.wake()
        if run.leaving.is_set():
            with self._lock:
                stops = list(self._stops)
            for stop in stops:
                stop()

    @contextmanager
    def _on_way(self, run: Run, stop: Callable[[], object]) -> Iterator[None]:
        """Have something ended when the run is left, also when it was left just before."""
        with self._lock:
            self._stops.add(stop)
        try:
            if run.leaving.is_set():
                stop()
            yield
        finally:
            with self._lock:
                self._stops.discard(stop)

    def _hire(self, run: Run) -> None:
        name = f"omni_nb row {len(self._threads) + 1}"
        thread = threading.Thread(target=self._member, args=(run,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _grow(self, run: Run) -> None:
        with self._lock:
            is_full = len(self._threads) >= MOST_AT_ONCE
            if self._fixed or is_full or self._is_ended or self._pace.is_used_up:
                return
            self._hire(run)

    def _member(self, run: Run) -> None:
        with noted_warnings():  # the first row's were shown
            while (asked := run.take()) is not None:
                try:
                    self._ask(run, asked)
                except Exception as error:  # a fault of ours: the other rows go on
                    run.refuse(asked, f"omni_nb failed: {type(error).__name__}: {error}")
        with self._lock:
            self._is_ended = True

    def _ask(self, run: Run, asked: Asked) -> None:
        """Ask one row until it is done, has failed, or the run stops."""
        tries, sent, costs = 0, 0, list[Attempt]()
        while True:
            place = self._open(run, asked)
            if place is None:
                return
            stream, turn = place
            attempt = self._sent(run, asked, stream)
            costs.append(replace(attempt, cost=share_of(attempt.cost, self._factor)))
            sent += 1
            tokens = attempt.usage.total if attempt.usage else turn.tokens
            self._pace.settle(turn, tokens)
            match attempt.verdict:
                case "refused" | "refused_tokens":
                    self._pace.refused(turn, attempt.asked_seconds)
                    if problem := self._trouble.refused(attempt, time.monotonic()):
                        run.fail(problem)
                    if run.is_stopping:
                        run.give_back(asked, was_sent=True)
                        return
                    continue
                case "stop":
                    run.fail(attempt.error or "")
                    run.give_back(asked, was_sent=True)
                    return
                case "again":
                    tries += 1
                    if tries < MOST_TRIES and not run.pause(_back_off(tries)):
                        continue
            self._end(run, asked, turn, costs, sent)
            return

    def _open(self, run: Run, asked: Asked) -> tuple[ReplyStream, Place] | None:
        """Wait for a place and reserve the money; None: the row is not sent, and that is said."""
        try:
            stream = ReplyStream.asking(
                asked.request,
                self._connection,
                tool_rules=self._settings.tool_rules,
                budget=self._budget,
                timeout=self._timeout,
                tries=1,
                before_round=lambda estimate: self._pace.turn(
                    estimate.tokens, lambda: run.is_stopping
                ),
            )
        except OmniError as error:
            run.refuse(asked, str(error))
            return None
        estimate = stream.reply.estimate
        tokens = estimate.answered(self._expected.tokens()).usage.total if estimate else 0
        turn = self._pace.turn(tokens, lambda: run.is_stopping)
        if turn is None:
            run.give_back(asked)
            return None
        try:
            stream.begin()
        except OmniError as error:
            self._pace.settle(turn, 0)
            if isinstance(error, BudgetError) or not (estimate and estimate.has_unknown):
                run.fail(str(error), is_budget=isinstance(error, BudgetError))
                run.give_back(asked)
            else:
                run.refuse(asked, str(error))
            return None
        if not self._is_noted(run, asked):
            stream.stop()
            stream.settle()
            run.give_back(asked)
            return None
        return stream, turn

    def _is_noted(self, run: Run, asked: Asked) -> bool:
        """Note on disk that a row is about to be sent; False: it must not be."""
        return run.sending(asked)

    def _sent(self, run: Run, asked: Asked, stream: ReplyStream) -> Attempt:
        """Send a row once, and wait for what comes of it."""
        with self._on_way(run, stream.stop):
            return ask_once(stream)

    def _end(self, run: Run, asked: Asked, turn: Place, attempts: list[Attempt], sent: int) -> None:
        attempt = attempts[-1]
        if attempt.verdict == "done":
            self._pace.went_well(turn)
            self._trouble.went_well()
            if attempt.usage is not None:
                self._expected.add(attempt.usage)
        elif attempt.verdict in ("failed", "again") and (
            problem := self._trouble.failed(attempt.kind, attempt.error or "")
        ):
            run.fail(problem)
        self._keep(run, asked, attempts, sent)
        if attempt.verdict == "done":
            self._grow(run)

    def _keep(self, run: Run, asked: Asked, attempts: list[Attempt], sent: int) -> None:
        run.keep(asked, attempts, sent)


def cost_of(attempts: Iterable[Attempt]) -> Cost | None:
    """Return what all attempts of a row cost; None where one is not known."""
    return total_cost(attempt.cost for attempt in attempts)


def _back_off(tries: int) -> float:
    return random.uniform(0, min(_MOST_BACK_OFF_SECONDS, 0.5 * 2**tries))
