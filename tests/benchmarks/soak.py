"""A soak: thousands of asks and hundreds of interrupted ones, and what is held after them.

The baseline is the same process, and the stand-in's beside it, at an earlier moment; then a kernel
whose cells show spoken answers, and no browser. Threads, descriptors and widgets that grow are an
error; of the memory a ratio is to be read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .kernel import running_kernel
from .process import run_python
from .table import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

ASKS = 2000
INTERRUPTED = 200
CELLS = 120
GOAL_MEMORY = 1.02
GOAL_BLOCKS = 1.01
GOAL_SECONDS = 1.25
MEGABYTE = 1_000_000


def run() -> list[Row]:
    """Ask for a long time; each row compares the end with an earlier moment."""
    return [*rows(soaked(ASKS, INTERRUPTED)), *_cells()]


def soaked(asks: int, interrupted: int) -> Mapping[str, Any]:
    """Soak in a fresh process, and return what it measured.

    Raises
    ------
    AssertionError
        Threads or descriptors have grown, or an answer is still under way.
    """
    arguments = ("tests.benchmarks.soak_client", str(asks), str(interrupted))
    measured: Mapping[str, Any] = json.loads(run_python("-m", *arguments))
    quick, stalling = measured["activity"]
    nothing = {"active": 0, "completed": 0, "cancelled": 0, "broken": 0, "refused": 0}
    assert quick == nothing | {"completed": asks}, quick
    assert stalling == nothing | {"cancelled": interrupted}, stalling
    for process, name in (
        ("client", "threads"),
        ("client", "descriptors"),
        ("server", "descriptors"),
    ):
        counts = [moment[name] for moment in measured[process]]
        assert counts[-1] <= counts[0], f"the {name} of the {process} grow: {counts}"
    return measured


def rows(measured: Mapping[str, Any]) -> list[Row]:
    """Lay out what a soak measured."""
    client, server = measured["client"], measured["server"]
    after = f"after {ASKS:,} asks and {INTERRUPTED} interrupted (after the first hundred)"
    half = "after a soak (half-way)"
    first, second = (1000 * seconds for seconds in measured["seconds"])
    counted = [
        Row(
            f"{name.capitalize()} of {whose}, {after}",
            moments[-1][name],
            moments[0][name],
            "",
            goal=0,
            goal_of="extra",
        )
        for whose, moments in (("the client", client), ("the stand-in", server))
        for name in ("threads", "descriptors")
    ]
    return [
        *counted,
        Row(
            f"Blocks that Python holds {half}",
            client[-1]["blocks"] / 1000,
            client[1]["blocks"] / 1000,
            "thousand",
            GOAL_BLOCKS,
        ),
        *(
            Row(
                f"Memory of {whose} {half}",
                moments[-1]["resident_bytes"] / MEGABYTE,
                moments[1]["resident_bytes"] / MEGABYTE,
                "MB",
                GOAL_MEMORY,
            )
            for whose, moments in (("the client", client), ("the stand-in", server))
        ),
        Row(
            "Time of an ask, second half of a soak (first half)", second, first, "ms", GOAL_SECONDS
        ),
    ]


# A player waits a minute for a browser to say something; here none will.
BEFORE_CELLS = """
import gc

import psutil
from ipywidgets.widgets import widget

from omni_nb.views import player

player.ABANDONED_SECONDS = -60
here = standing_in(pace=0)
"""
CELL = "omni.ask('Who are you?', voice='Cherry', max_tokens=8, connection=here);"
HELD = "gc.collect(); print(len(widget._instances), psutil.Process().memory_info().rss)"


def _cells() -> list[Row]:
    """Show spoken answers in the cells of a kernel."""
    with running_kernel() as kernel:
        kernel.run(BEFORE_CELLS)
        moments = []
        for number in range(CELLS):
            kernel.run(CELL)
            if number + 1 in (CELLS // 2, CELLS):
                moments.append([int(count) for count in kernel.printed(HELD).split()])
    (widgets, memory), (widgets_now, memory_now) = moments
    assert widgets_now <= widgets, f"the widgets of the kernel grow: {widgets}, {widgets_now}"
    after = f"after {CELLS} cells that spoke (half-way)"
    return [
        Row(f"Widgets of the kernel {after}", widgets_now, widgets, "", goal=0, goal_of="extra"),
        Row(
            f"Memory of the kernel {after}",
            memory_now / MEGABYTE,
            memory / MEGABYTE,
            "MB",
            GOAL_MEMORY,
        ),
    ]
