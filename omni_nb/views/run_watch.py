"""Watch a run of many questions: look at it on a clock, let a stage show it, and stop it."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

from omni_nb.views.guard import Guard

if TYPE_CHECKING:
    from omni_nb.many.run import Run
    from omni_nb.views.run_stages import RunStage

LOOK_SECONDS = 0.1


def watch_run(run: Run, stage: RunStage, *, is_started: bool = True) -> None:
    """Show a run until it is over; ■ stops it, ■ again ends what is on its way.

    What cannot be shown ends no run: it is paid for, and it is in the folder.
    """
    guard = Guard("a run could not be shown")
    presses = 0
    try:
        guard.run(stage.open, run)
        while is_started:
            try:
                is_over = run.wait(LOOK_SECONDS)
                if stage.stops > presses:
                    presses = stage.stops
                    run.stop(now=presses > 1)
                if is_over:
                    break
                guard.run(stage.look, run)
            except KeyboardInterrupt:
                presses += 1
                run.stop(now=presses > 1)
                if presses > 2:  # somebody who presses on wants the cell back
                    raise
    finally:
        guard.run(stage.close, run)


def watch_beside(run: Run, stage: RunStage) -> None:
    """Show a run from a thread of its own, in the display of this cell."""
    context = contextvars.copy_context().run  # ipykernel routes output by context
    thread = threading.Thread(
        target=context, args=(watch_run, run, stage), name="omni_nb run's view", daemon=True
    )
    thread.start()
