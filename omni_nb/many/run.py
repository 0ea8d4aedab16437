"""Run: one question about many rows, as it goes on and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from omni_nb.media.shown import Shown

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TypeAlias

    from typing_extensions import Self

    from omni_nb.many.results import Result
    from omni_nb.rules.pricing import Cost, Usage
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


@dataclass(frozen=True, slots=True)
class RunEstimate:
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
    """

    folder: Path
    question: str
    model: str
    language: Language
    is_stand_in: bool
    kind: Kind
    note: str

    def start(self) -> None:
        """Begin, or go on; returns at once. Does nothing while the run goes on."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over; return whether it is."""
        raise NotImplementedError

    def stop(self, *, now: bool = False) -> None:
        """Send nothing more; with ``now=True`` also end what is on its way."""
        raise NotImplementedError

    def again(self, *, wait: bool = True) -> Self:
        """Ask anew what failed or was stopped; return the same run."""
        raise NotImplementedError

    def estimate(self) -> RunEstimate:
        """Estimate what is left; sends nothing."""
        raise NotImplementedError

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Run:
        """Read a run back; nothing is asked."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    @overload
    def __getitem__(self, place: int) -> Result: ...
    @overload
    def __getitem__(self, place: slice) -> list[Result]: ...
    def __getitem__(self, place: int | slice) -> Result | list[Result]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Result]:
        raise NotImplementedError

    @property
    def failed(self) -> list[Result]:
        """The rows that failed."""
        raise NotImplementedError

    @property
    def cost(self) -> Cost | None:
        """What all answers cost; None when one is not known."""
        raise NotImplementedError

    @property
    def usage(self) -> Usage:
        """The tokens of all answers."""
        raise NotImplementedError

    def table(self) -> Any:
        """Return a DataFrame, or a list of dicts without pandas, in the order of the rows."""
        raise NotImplementedError

    @property
    def progress(self) -> Progress:
        """How far the run is, now."""
        raise NotImplementedError
