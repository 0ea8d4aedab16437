"""The time that ``import omni_nb`` adds to the start of Python."""

from __future__ import annotations

import time
from statistics import median

from .process import run_python
from .table import Row

GOAL_MILLISECONDS = 60
REPEATS = 15


def run() -> list[Row]:
    """Start Python with and without the import, by turns."""
    pairs = [(_milliseconds("import omni_nb"), _milliseconds("pass")) for _ in range(REPEATS)]
    ours, bare = (median(column) for column in zip(*pairs, strict=True))
    name = "Start of Python with `import omni_nb` (with `pass`)"
    return [Row(name, ours, bare, "ms", goal=GOAL_MILLISECONDS, goal_of="extra")]


def _milliseconds(statement: str) -> float:
    started = time.perf_counter()
    run_python("-c", statement)
    return 1000 * (time.perf_counter() - started)
