"""A run of many questions made by hand, for tests of how it is shown."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_nb.rules.pricing import Cost, Usage

if TYPE_CHECKING:
    from omni_nb.media.parts import Part


def cny(amount: str) -> Cost:
    return Cost({"text out": Decimal(amount)}, "CNY")


USAGE = Usage({"audio": 100}, {"text": 20})
PAID, SPENT, EXPECTED = cny("0.00012"), cny("0.0123"), cny("0.0310")


@dataclass(frozen=True, slots=True)
class Row:
    """What `omni_nb.many` calls a Result."""

    place: int
    name: str = ""
    state: str = "done"
    text: str = "A dog barks."
    parsed: Any = None
    audio: Path | None = None
    seconds: float | None = None
    usage: Usage | None = USAGE
    cost: Cost | None = PAID
    finish_reason: str | None = "stop"
    error: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """What `omni_nb.many` calls Progress."""

    state: str = "running"
    total: int | None = 300
    done: int = 120
    failed: int = 0
    stopped: int = 0
    left: int | None = 180
    on_way: int = 8
    reused: int = 0
    seconds: float = 130.0
    rate: float | None = 57.6
    seconds_left: float | None = 190.0
    spent: Cost | None = SPENT
    expected: Cost | None = EXPECTED
    saved: Cost | None = None
    latest: tuple[Row, ...] = ()
    failures: tuple[tuple[str, int, tuple[int, ...]], ...] = ()
    paused_seconds: float | None = None
    batch: Any = None
    problem: str = ""
    on_way_lost: tuple[int, ...] = ()
    at_once: int = 8


class Run:
    """A run that is as far as a test says, and is over when the test says."""

    folder = Path("answers/0123456789ab")
    note = ""
    kind = "live"
    is_stand_in = False

    def __init__(
        self,
        progress: Now | None = None,
        *,
        rows: tuple[Row, ...] | None = None,
        question: str = "What is heard?",
        language: str = "en",
    ) -> None:
        self.progress = progress or Now()
        self.rows = tuple(map(row, range(300))) if rows is None else rows
        self.question, self.language = question, language
        self.model = "qwen3-omni-flash"
        self.over = threading.Event()
        self.stops: list[bool] = []
        self.starts = 0
        self.subjects: dict[int, Part] = {}

    def __getitem__(self, places: slice) -> tuple[Row, ...]:
        return self.rows[places]

    def subject(self, place: int) -> Part | None:
        return self.subjects.get(place)

    def start(self) -> None:
        self.starts += 1

    def wait(self, timeout: float | None = None) -> bool:
        return self.over.wait(timeout)

    def stop(self, *, now: bool = False) -> None:
        self.stops.append(now)
        self.progress = replace(self.progress, state="stopped" if now else "stopping")
        if now:
            self.over.set()

    def end(self, state: str = "done", **changes: Any) -> None:
        self.progress = replace(self.progress, state=state, **changes)
        self.over.set()


def row(place: int, **changes: Any) -> Row:
    return replace(Row(place, f"{place}.wav"), **changes)
