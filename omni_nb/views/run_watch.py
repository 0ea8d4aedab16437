"""Watch a run of many questions: look at it on a clock, let a stage show it, and stop it."""

from __future__ import annotations

import contextvars
import threading
from functools import partial
from typing import TYPE_CHECKING

from omni_nb.views.guard import Guard

if TYPE_CHECKING:
    from omni_nb.many.run import Run
    from omni_nb.views.run_stages import RunStage

LOOK_SECONDS = 0.1

_FAILED = "a run could not be shown"


def watch_run(run: Run, stage: RunStage) -> None:
    """Show a run until it is over; ■ stops it, ■ again ends what is on its way.

    What cannot be shown ends no run: it is paid for, and it is in the folder.
    """
    _watch(run, stage, is_open=False)


def watch_beside(run: Run, stage: RunStage) -> None:
    """Show a run in this cell, and go on showing it there from a thread of its own."""
    Guard(_FAILED).run(stage.open, run)  # on this thread: the cell may end at once
    context = contextvars.copy_context().run  # ipykernel routes output by context
    threading.Thread(
        target=context,
        args=(partial(_watch, run, stage, is_open=True),),
        name="omni_nb view of a run",
        daemon=True,
    ).start()


def show_run(run: Run, stage: RunStage) -> None:
    """Show a run that has not begun."""
    Guard(_FAILED).run(stage.open, run)
    Guard(_FAILED).run(stage.close, run)


def _watch(run: Run, stage: RunStage, *, is_open: bool) -> None:
    guard, presses = Guard(_FAILED), 0
    try:
        while True:
            try:
                if not is_open:
                    is_open = True
                    guard.run(stage.open, run)
                is_over = run.wait(LOOK_SECONDS)
                if stage.stops > presses:
                    presses = stage.stops
                    run.stop(now=presses > 1)
                if is_over:
                    return
                guard.run(stage.look, run)
            except KeyboardInterrupt:
                presses += 1
                run.stop(now=presses > 1)
                if presses > 2:  # somebody who presses on wants the cell back
                    raise
    finally:
        guard.run(stage.close, run)
