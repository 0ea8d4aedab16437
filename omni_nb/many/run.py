"""Run: one question about many rows, as it goes on and as it is kept."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, overload

from omni_nb.errors import MediaError, RequestError, brief
from omni_nb.many.crew import cost_of
from omni_nb.many.fingerprint import Fingerprints
from omni_nb.many.journal import Journal, Line
from omni_nb.many.results import Result, result_of, table_of
from omni_nb.many.rows import Row
from omni_nb.media.parts import TextPart
from omni_nb.media.paths import why
from omni_nb.media.shown import Shown
from omni_nb.render.many import needed_table, run_bundle, run_text
from omni_nb.rules.money import rounded
from omni_nb.rules.pricing import Usage, share_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import TypeAlias

    from typing_extensions import Self

    from omni_nb.many.attempt import Attempt
    from omni_nb.many.batch import Told
    from omni_nb.many.crew import Driver
    from omni_nb.many.journal import Entry, Tally
    from omni_nb.many.results import RowState
    from omni_nb.many.rows import Rows
    from omni_nb.media.clip import Storage
    from omni_nb.media.parts import Part
    from omni_nb.rules.formats import AnswerFormat
    from omni_nb.rules.pricing import Cost
    from omni_nb.wire.request import Request
    from omni_nb.words import Language

RunState: TypeAlias = Literal["ready", "running", "stopping", "stopped", "done", "failed", "read"]
Kind: TypeAlias = Literal["live", "batch", "chat"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, at one moment.

    Attributes
    ----------
    state : str
        ``"ready"`` (not begun), ``"running"``, ``"stopping"``, ``"stopped"``, ``"done"``,
        ``"failed"`` (see ``problem``) or ``"read"`` (from disk alone).
    total, left : int or None
        All rows, and those that wait; None while a generator has not ended.
    done, failed, stopped, on_way : int
        How many rows are in each state.
    reused : int
        How many of the done were answered by an earlier start.
    seconds : float
        How long the run has been running.
    rate : float or None
        Answers a minute, over the last minute.
    seconds_left : float or None
        How long the rest will take, at that rate.
    spent, expected, saved : Cost or None
        What is spent, what all will cost, and what Batch saves; None: not known.
    latest : tuple of Result
        The five that ended last, the newest first.
    failures : tuple
        The words of each kind of error, how often, and the first places; at most 10.
    paused_seconds : float or None
        How much longer all wait because the service asked them to.
    problem : str
        Why the whole run stopped; ``""``: it did not.
    on_way_lost : tuple of int
        Rows that were on their way when an earlier run died, and may have been billed.
    at_once : int
        How many rows are asked at the same time now.
    batch : Told or None
        How far the service is with a batch; None where there is none.
    """

    state: RunState
    total: int | None
    done: int = 0
    failed: int = 0
    stopped: int = 0
    left: int | None = None
    on_way: int = 0
    reused: int = 0
    seconds: float = 0.0
    rate: float | None = None
    seconds_left: float | None = None
    spent: Cost | None = None
    expected: Cost | None = None
    saved: Cost | None = None
    latest: tuple[Result, ...] = ()
    failures: tuple[tuple[str, int, tuple[int, ...]], ...] = ()
    paused_seconds: float | None = None
    problem: str = ""
    on_way_lost: tuple[int, ...] = ()
    at_once: int = 0
    batch: Told | None = None


@dataclass(frozen=True, slots=True)
class RunEstimate(Shown):
    """What the rows that are not answered yet will need; nothing was sent for it.

    Attributes
    ----------
    rows : int or None
        How many rows will be asked; None for a generator, of which the first rows count.
    reused : int
        How many rows are answered already.
    tokens : int
        Their input tokens, estimated.
    cost : Cost or None
        What input and expected output cost; None: not known.
    seconds : float or None
        How long it takes at the limits of the model; None where none are known.
    answer_tokens : float or None
        The output that is expected of one answer; None: no answer has come yet, and ``cost`` is
        that of the input alone.
    """

    rows: int | None
    reused: int
    tokens: int
    cost: Cost | None
    seconds: float | None
    answer_tokens: float | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        return {"text/html": needed_table(self).html(), "text/plain": str(self)}

    def __str__(self) -> str:
        return str(needed_table(self))


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that is being asked.

    Attributes
    ----------
    row
        The row as it was given.
    key
        The hash of its request.
    request
        What is sent.
    """

    row: Row
    key: str
    request: Request


@dataclass(slots=True)
class _Slot:
    """What is known of a row; the row itself only where it may be asked again."""

    name: str
    state: RowState = "waiting"
    key: str = ""
    plain: str = ""
    row: Row | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a run are asked; what a run that is read back does not have.

    Attributes
    ----------
    rows
        What is asked about.
    request_of
        Makes the request of a row.
    driver
        Who asks.
    estimate
        Estimates what is left, of the rows that are given.
    storage
        How speech is kept.
    factor
        The share of the usual price that is paid; None: not known.
    """

    rows: Rows
    request_of: Callable[[Row], Request]
    driver: Driver
    estimate: Callable[[Run], RunEstimate]
    storage: Storage = "wav"
    factor: Fraction | None = Fraction(1)


class Run(Shown):
    """One question about many rows; made by `omni_nb.ask_many`, read back by `Run.open`.

    Attributes
    ----------
    folder : Path
        Holds ``rows.jsonl`` and ``audio/``.
    question : str
        The prompt as given, with its ``{columns}``.
    model : str
        The model that is asked.
    language : Language
        The language of the prompt.
    is_stand_in : bool
        Whether the offline stand-in answers, and no model.
    kind : str
        ``"live"``, ``"batch"`` or ``"chat"``.
    note : str
        What a person should know before the run begins; ``""``: nothing.
    stopping, leaving : threading.Event
        Set: nothing more is to be sent; what is on its way is not waited for.
    """

    def __init__(
        self,
        folder: Path,
        header: Mapping[str, Any],
        *,
        language: Language,
        journal: Journal,
        form: AnswerFormat | None = None,
        plan: Plan | None = None,
        note: str = "",
    ) -> None:
        self.folder = folder
        self.question: str = header["question"]
        self.model: str = header["model"]
        self.language = language
        self.is_stand_in: bool = header["stand_in"]
        self.kind: Kind = header["kind"]
        self.note = note
        self.journal = journal
        self._header, self._id = header, str(header["run"])
        self._form, self._plan = form, plan
        self._prints = Fingerprints()
        self._slots: list[_Slot] = []
        self._feed: Iterator[Row] = iter(plan.rows if plan else ())
        self._queue: deque[Row] = deque()
        self._later: deque[Row] = deque()
        self._put_off: set[int] = set()
        self._is_fed = False
        self._counts = dict.fromkeys(("done", "failed", "stopped", "waiting"), 0)
        self._on_way: set[int] = set()
        self._reused = self._aside = 0
        self._latest: deque[tuple[Result, Part | None]] = deque(maxlen=5)
        self._failures: dict[str, tuple[str, dict[int, None]]] = {}
        self._ended: deque[float] = deque(maxlen=10_000)
        self._unsaved: list[tuple[Line, bytes | bytearray, Asked]] = []
        self._lost = tuple(sorted(set(journal.lost.values())))
        self._state: RunState = "ready" if plan else "read"
        self._problem, self._is_spent = "", False
        self._seconds, self._began = 0.0, 0.0
        self._lock = threading.RLock()
        self._feeding = threading.Lock()
        self.stopping, self.leaving = threading.Event(), threading.Event()
        self._over = threading.Event()
        self._over.set()
        if plan is None:
            self._read_places()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        return run_bundle(self)

    def __str__(self) -> str:
        return run_text(self)

    # -- doing -------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, or go on; returns at once. Does nothing while the run goes on.

        What was stopped in its middle is asked anew; for what failed there is `again`.

        Raises
        ------
        RequestError
            Another run has the folder, it cannot be written, or the run was only read back.
        """
        self._begin(("stopped",))

    def _begin(self, states: tuple[str, ...]) -> None:
        if self._plan is None:
            raise RequestError(
                "A run that was read back asks nothing: call ask_many(...) with the same "
                f"arguments and into={str(self.folder)!r}, and it goes on."
            )
        with self._lock:
            if not self._over.is_set():
                return
            self.journal.open()
            try:
                self.journal.refresh()
                self.journal.begin(self._header)
                self._save_what_is_left()
            except OSError as error:
                self.journal.close()
                raise RequestError(_unwritten(self.folder, error)) from error
            except RequestError:
                self.journal.close()
                raise
            for place, slot in enumerate(self._slots):
                if slot.row is not None and slot.state in states:
                    self._set(place, "waiting")
                    self._queue.append(slot.row)
            self._state, self._problem, self._is_spent = "running", "", False
            self._began = time.monotonic()
            self.stopping.clear()
            self.leaving.clear()
            self._over.clear()
            self._ended.clear()
        threading.Thread(target=self._work, name="omni_nb run", daemon=True).start()

    def _work(self) -> None:
        assert self._plan is not None
        try:
            self._plan.driver.work(self)
        except Exception as error:
            self.fail(f"omni_nb failed: {type(error).__name__}: {error}")
        finally:
            with self._lock:
                self.journal.close()
                self._seconds += time.monotonic() - self._began
                is_left = not self._is_fed or self._counts["waiting"] or self._unsaved
                if self._problem:
                    self._state = "failed"
                else:
                    self._state = "stopped" if self.stopping.is_set() and is_left else "done"
            self._over.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over; return whether it is.

        Parameters
        ----------
        timeout
            So many seconds at most.
        """
        return self._over.wait(timeout)

    def stop(self, *, now: bool = False) -> None:
        """Send nothing more; what is on its way finishes.

        Parameters
        ----------
        now
            End what is on its way, too; what came of it is kept as stopped.
        """
        with self._lock:
            if self._over.is_set():
                return
            if self._state == "running":
                self._state = "stopping"
            if now:
                self.leaving.set()  # first: who only stops cancels a batch
            self.stopping.set()
        assert self._plan is not None
        self._plan.driver.wake(self)

    def again(self, *, wait: bool = True) -> Self:
        """Ask anew what failed or was stopped, and go on with the rest.

        Parameters
        ----------
        wait
            Return when the run is over.

        Raises
        ------
        RequestError
            The run goes on, or as for `start`.
        """
        if not self._over.is_set():
            raise RequestError("The run goes on: wait() for it, or stop() it first.")
        self._begin(("stopped", "failed"))
        if wait:
            self.wait()
        return self

    def estimate(self) -> RunEstimate:
        """Estimate what is left; sends nothing.

        Raises
        ------
        RequestError
            The run was only read back.
        """
        if self._plan is None:
            raise RequestError("A run that was read back has nothing left to estimate.")
        return self._plan.estimate(self)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Run:
        """Read a run back; nothing is asked.

        Parameters
        ----------
        folder
            What ``into=`` was.

        Raises
        ------
        RequestError
            There is no run, or it cannot be read.
        """
        from omni_nb.many.asking import read_run

        return read_run(folder)

    # -- for those who ask -------------------------------------------------------------------

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.stopping.is_set()

    def pause(self, seconds: float) -> bool:
        """Wait a while; return whether the run is to stop."""
        return self.stopping.wait(seconds)

    def take(self) -> Asked | None:
        """Return the next row to ask; None: there is none, or the run is to stop.

        Rows that are answered already are passed over; a row of which no request can be made
        has failed.
        """
        assert self._plan is not None
        with self._feeding:
            while not self.stopping.is_set():
                row = self._next_row()
                if row is None:
                    return None
                try:
                    request = self._plan.request_of(row)
                    key = self._key_of(row, request)
                except (MediaError, RequestError) as error:
                    self.refuse(Asked(row, _no_key(self._id, row.place), None), str(error))  # type: ignore[arg-type]
                    continue
                line = self.journal.answer(key)
                if line is not None:
                    self._reuse(row, line)
                    continue
                if self._is_put_off(row, key):
                    continue
                with self._lock:
                    self._on_way.add(row.place)
                return Asked(row, key, request)
        return None

    def _is_put_off(self, row: Row, key: str) -> bool:
        """Put a row that has failed before behind all others, once.

        Else so many that always fail, at the front, would stop each run before it came further.
        """
        entry = self.journal.entries.get(key)
        if entry is None or entry.state != "failed" or row.place in self._put_off:
            return False
        self._put_off.add(row.place)
        self._later.append(row)
        return True

    def sending(self, asked: Asked) -> bool:
        """Note on disk that a row is about to be sent; False: it must not be."""
        try:
            self.journal.send(asked.key, asked.row.place, time.time())
            return True
        except OSError as error:
            self.fail(_unwritten(self.folder, error))
            return False

    def keep(self, asked: Asked, attempts: list[Attempt], sent: int) -> None:
        """Keep what came of a row: on disk first, then it counts."""
        line = line_of(self._id, asked, attempts, sent)
        self._finish(line, attempts[-1].pcm, asked)

    def keep_aside(self, key: str, attempts: list[Attempt]) -> None:
        """Keep what came of a row that is asked about no more, after all others."""
        with self._lock:
            self._aside += 1
            place = len(self._slots) + self._aside
        asked = Asked(Row(place, f"row {place + 1}", None, {}), key, None)  # type: ignore[arg-type]
        try:
            self.journal.finish(line_of(self._id, asked, attempts, 1))
        except OSError as error:
            self.fail(_unwritten(self.folder, error))

    def keep_if_written(self, asked: Asked) -> bool:
        """Count a row whose line another process has written; return whether it has."""
        self.journal.refresh()
        line = self.journal.find(asked.key)
        if line is None:
            return False
        self._count(line, asked)
        return True

    def refuse(self, asked: Asked, words: str) -> None:
        """Keep that a row cannot be sent, and why."""
        row = asked.row
        line = Line(asked.key, self._id, row.place, row.name, "failed", error=words)
        self._finish(line, b"", asked)

    def give_back(self, asked: Asked, *, was_sent: bool = False) -> None:
        """Have a row wait again: it was not sent, or was refused because of all of them."""
        if was_sent:
            try:
                self.journal.unsend(asked.key)
            except OSError as error:
                self.fail(_unwritten(self.folder, error))
        with self._lock:
            self._on_way.discard(asked.row.place)
            self._queue.appendleft(asked.row)

    def fail(self, problem: str, *, is_budget: bool = False) -> None:
        """Stop the run: every row would fail."""
        with self._lock:
            if not self._problem:
                self._problem, self._is_spent = problem or "The service refused.", is_budget
                self._state = "stopping"
            self.stopping.set()
        if self._plan is not None:
            self._plan.driver.wake(self)

    def _next_row(self) -> Row | None:
        with self._lock:
            if self._queue:
                return self._queue.popleft()
        if self._is_fed:
            return self._later.popleft() if self._later else None
        try:
            row = next(self._feed, None)
        except Exception as error:  # a generator of the person's
            self._is_fed = True
            self.fail(f"The rows ended with an error: {type(error).__name__}: {error}")
            return None
        if row is None:
            self._is_fed = True
            return self._later.popleft() if self._later else None
        with self._lock:
            self._slots.append(_Slot(row.name))
            self._counts["waiting"] += 1
        return row

    def _key_of(self, row: Row, request: Request) -> str:
        slot = self._slots[row.place]
        plain = self._prints.hash_of(request)
        if slot.plain != plain:  # as of a file that has changed since it failed
            slot.plain, slot.key = plain, self._prints.number(plain)
        return slot.key

    def _reuse(self, row: Row, line: Line) -> None:
        try:
            self.journal.move(line.key, row.place, row.name)
        except OSError as error:
            self.fail(_unwritten(self.folder, error))
        with self._lock:
            self._reused += 1
            self._set(row.place, "done")

    def _finish(self, line: Line, pcm: bytes | bytearray, asked: Asked) -> None:
        try:
            line = self._write(line, pcm)
        except OSError as error:  # the answer is paid for: it stays in memory until it can be kept
            with self._lock:
                self._unsaved.append((line, pcm, asked))
                self._on_way.discard(asked.row.place)
            self.fail(_unwritten(self.folder, error))
            return
        self._count(line, asked)

    def _write(self, line: Line, pcm: bytes | bytearray) -> Line:
        storage = self._plan.storage if self._plan is not None else "wav"
        return self.journal.keep(line, pcm, storage)

    def _save_what_is_left(self) -> None:
        while self._unsaved:
            line, pcm, asked = self._unsaved[0]
            self._count(self._write(line, pcm), asked)
            del self._unsaved[0]

    def _count(self, line: Line, asked: Asked) -> None:
        with self._lock:
            slot = self._slots[line.place]
            slot.key = line.key
            slot.row = asked.row if line.state != "done" else None
            self._on_way.discard(line.place)
            self._set(line.place, line.state, line.error or "")
            self._latest.appendleft((self._result(line, line.place, slot), _subject(asked)))
            if line.state == "done":
                self._ended.append(time.monotonic())

    def _set(self, place: int, state: RowState, error: str = "") -> None:
        """Change a row's state, with all that counts states."""
        slot = self._slots[place]
        self._counts[slot.state] -= 1
        self._counts[state] += 1
        if slot.error:
            kind = _kind_of(slot.error)
            self._failures[kind][1].pop(place, None)
            if not self._failures[kind][1]:
                del self._failures[kind]
        slot.state, slot.error = state, error if state == "failed" else ""
        if slot.error:
            self._failures.setdefault(_kind_of(error), (error, {}))[1][place] = None

    # -- reading -----------------------------------------------------------------------------

    def _read_places(self) -> None:
        """Take the rows of a run that is read back in the order of their places."""
        of_run = [(e.place, k, e) for k, e in self.journal.entries.items() if e.run == self._id]
        latest: dict[int, tuple[str, Entry]] = {place: (key, e) for place, key, e in of_run}
        for place in range(max(latest, default=-1) + 1 if len(latest) else 0):
            key, entry = latest.get(place, ("", None))
            self._slots.append(_Slot(entry.name if entry else f"row {place + 1}", key=key))
            self._counts["waiting"] += 1
            if entry is not None:
                line = self.journal.find(key) if entry.state == "failed" else None
                self._set(place, entry.state, (line and line.error) or "")
        self._is_fed = True

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> list[Result]: ...
    def __getitem__(self, place: int | slice) -> Result | list[Result]:
        if isinstance(place, slice):
            return [self._read(one) for one in range(*place.indices(len(self)))]
        if not isinstance(place, int) or not -len(self) <= place < len(self):
            raise IndexError(f"The run has {len(self):,} rows so far; there is no {brief(place)}.")
        return self._read(place % len(self))

    def __iter__(self) -> Iterator[Result]:
        return (self._read(place) for place in range(len(self)))

    def _read(self, place: int) -> Result:
        with self._lock:
            slot = self._slots[place]
            is_known = slot.state != "waiting"
        line = self.journal.find(slot.key) if is_known else None
        return self._result(line, place, slot)

    def _result(self, line: Line | None, place: int, slot: _Slot) -> Result:
        return result_of(line, place, slot.name, slot.key, folder=self.folder, form=self._form)

    def subject(self, place: int) -> Part | None:
        """Return the medium that a row is about, of those that ended last; None: it has none."""
        with self._lock:
            return next((part for row, part in self._latest if row.place == place), None)

    @property
    def failed(self) -> list[Result]:
        """The rows that failed."""
        with self._lock:
            places = [n for n, slot in enumerate(self._slots) if slot.state == "failed"]
        return [self._read(place) for place in places]

    @property
    def cost(self) -> Cost | None:
        """What all answers to this question cost; None when one is not known, or none came.

        What was asked anew counts each time.
        """
        return self._tally.cost

    @property
    def usage(self) -> Usage:
        """The tokens of all answers to this question."""
        return self._tally.usage

    @property
    def _tally(self) -> Tally:
        return self.journal.tally(self._id)

    def table(self) -> Any:
        """Return a DataFrame, or a list of dicts without pandas, in the order of the rows."""
        return table_of(self, self._form)

    @property
    def key(self) -> str:
        """The hash of the question and its settings, which the answers in the folder carry."""
        return self._id

    @property
    def problem(self) -> str:
        """Why the whole run stopped; ``""``: it did not."""
        with self._lock:
            if not self._is_spent:
                return self._problem
            left = self._left
            each = self._each
            rest = None if each is None or left is None else each.times(left)
            rows = (
                "More rows are"
                if left is None
                else f"{left:,} rows are"
                if left != 1
                else "1 row is"
            )
            price = (
                f", which would cost about {rounded(rest.total)} {rest.currency}" if rest else ""
            )
            return f"{self._problem} {rows} left{price}."

    @property
    def progress(self) -> Progress:
        """How far the run is, now."""
        with self._lock:
            now = time.monotonic()
            is_on = not self._over.is_set()
            seconds = self._seconds + (now - self._began if is_on else 0.0)
            left, tally = self._left, self._tally
            rate = self._rate(now) if is_on else None
            each = self._each
            waits = None if left is None else left + len(self._on_way)
            expected = None
            if each is not None and waits is not None and tally.cost is not None:
                expected = tally.cost + each.times(waits) if waits else tally.cost
            failures = sorted(self._failures.values(), key=lambda one: -len(one[1]))[:10]
            driver = self._plan.driver if self._plan else None
            factor = self._plan.factor if self._plan else None
            unpaid = (1 - factor) / factor if factor and factor != 1 else None
            return Progress(
                state=self._state,
                total=self._total,
                done=self._counts["done"],
                failed=self._counts["failed"],
                stopped=self._counts["stopped"],
                left=left,
                on_way=len(self._on_way),
                reused=self._reused,
                seconds=seconds,
                rate=rate,
                seconds_left=60 * waits / rate if rate and waits is not None else None,
                spent=tally.cost,
                expected=expected,
                saved=share_of(tally.cost, unpaid),
                latest=tuple(result for result, _ in self._latest),
                failures=tuple(
                    (words, len(places), tuple(islice(places, 5))) for words, places in failures
                ),
                paused_seconds=driver.paused_seconds if driver and is_on else None,
                problem=self.problem,
                on_way_lost=self._lost,
                at_once=driver.at_once if driver and is_on else 0,
                batch=driver.told if driver and is_on else None,
            )

    @property
    def _total(self) -> int | None:
        if self._plan is None or self._is_fed:
            return len(self._slots)
        return self._plan.rows.total

    @property
    def _left(self) -> int | None:
        """How many rows wait, without those on their way."""
        total = self._total
        counts = self._counts
        if total is None:
            return None
        return total - counts["done"] - counts["failed"] - counts["stopped"] - len(self._on_way)

    @property
    def _each(self) -> Cost | None:
        """What an answer has cost on average; None when that is not known."""
        tally = self._tally
        return tally.cost.times(Fraction(1, tally.lines)) if tally.cost and tally.lines else None

    def _rate(self, now: float) -> float | None:
        """Return the answers a minute, over the last minute."""
        while self._ended and self._ended[0] < now - 60:
            self._ended.popleft()
        span = min(60.0, now - self._began)
        return 60 * len(self._ended) / span if span > 0 and self._ended else None

    def __repr__(self) -> str:
        counts = self._counts
        of = f" of {self._total:,}" if self._total is not None else ""
        troubles = "".join(f", {counts[n]:,} {n}" for n in ("failed", "stopped") if counts[n])
        who = "stand-in for " if self.is_stand_in else ""
        return (
            f"<Run of {who}{self.model}: {counts['done']:,}{of} rows done{troubles}, {self._state}>"
        )


def line_of(run: str, asked: Asked, attempts: list[Attempt], sent: int) -> Line:
    """Return the line of a row, of all that came of sending it."""
    last = attempts[-1]
    state: Literal["done", "failed", "stopped"] = "failed"
    if last.verdict == "done":
        state = "done"
    elif last.verdict in ("stopped", "broken"):
        state = "stopped"
    usages = [attempt.usage for attempt in attempts if attempt.usage is not None]
    return Line(
        key=asked.key,
        run=run,
        place=asked.row.place,
        name=asked.row.name,
        state=state,
        text=last.text,
        usage=sum(usages, Usage()) if usages else None,
        cost=cost_of(attempts),
        finish_reason=last.finish_reason,
        error=last.error,
        code=last.code,
        attempts=sent,
        request_id=last.request_id,
        sent_at=last.sent_at,
        seconds_taken=last.seconds,
    )


def _subject(asked: Asked) -> Part | None:
    parts = asked.request.question if asked.request else ()  # none could be made of the row
    return next((part for part in parts if not isinstance(part, TextPart)), None)


def _kind_of(words: str) -> str:
    """Return the words of an error without what differs from row to row."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|[0-9a-f]{8}-[0-9a-f-]{20,}|\d[\d.,]*", "…", words)


def _no_key(run: str, place: int) -> str:
    """Return the key of a row of which no request can be made."""
    return hashlib.sha256(f"{run}:{place}".encode()).hexdigest()


def _unwritten(folder: Path, error: OSError) -> str:
    return (
        f"The answers cannot be written to {brief(str(folder))}: {why(error)}. Nothing more is "
        "sent; what has come is kept, and written when the run starts again."
    )
