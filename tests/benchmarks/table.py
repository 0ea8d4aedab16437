"""The table of ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADINGS = ("benchmark", "measured", "baseline", "ratio", "goal", "met?")
NOTE = (
    "Smaller is better. The baseline stands in brackets and is run beside; times are medians of\n"
    "interleaved repeats, and move with the machine."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One measure and what it is compared with, both in ``unit``.

    Attributes
    ----------
    name
        What is measured, with the baseline in brackets.
    goal
        The most that is hoped for; None: the row only informs.
    goal_of
        What the goal limits: the ratio, the measured value, or what it has more than the baseline.
    """

    name: str
    measured: float
    baseline: float
    unit: str
    goal: float | None = None
    goal_of: Literal["ratio", "value", "extra"] = "ratio"

    @property
    def ratio(self) -> float:
        """Measured by baseline."""
        return self.measured / self.baseline

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        reached = {
            "ratio": self.ratio,
            "value": self.measured,
            "extra": self.measured - self.baseline,
        }
        return reached[self.goal_of] <= self.goal

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        return (
            self.name,
            f"{self.measured:,.1f} {self.unit}",
            f"{self.baseline:,.1f} {self.unit}",
            f"{self.ratio:.3f}",
            self._goal_words(),
            {True: "yes", False: "NO", None: ""}[self.is_met],
        )

    def _goal_words(self) -> str:
        if self.goal is None:
            return ""
        unit = {
            "ratio": "",
            "value": f" {self.unit}",
            "extra": f" {self.unit} more",
        }
        return f"<= {self.goal:g}{unit[self.goal_of]}"


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out for a terminal.

    Examples
    --------
    >>> row = Row("Ours (theirs)", 1, 4, "s", goal=0.5)
    >>> print(table([row]).splitlines()[2])
    Ours (theirs)  1.0 s     4.0 s     0.250  <= 0.5  yes
    """
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    laid_out = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*laid_out, "", NOTE])
