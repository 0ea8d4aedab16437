"""Debounce: a call that waits until nobody has asked for it for a while."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

from omni_nb.views.guard import Guard
from omni_nb.views.session import session

if TYPE_CHECKING:
    from collections.abc import Callable


class Debounce:
    """Call once, on a thread of its own, when nobody has asked for some time.

    Where nobody attends (`Session.is_attended`) there is no such time: once asked for, the call
    is made at the end of each cell, so one without news should cost nothing.

    Parameters
    ----------
    seconds
        How long nobody has asked.
    call
        What is called; where it fails the guard says so.
    guard
        Runs the call.
    """

    def __init__(
        self, seconds: float, call: Callable[[], None], guard: Guard | None = None
    ) -> None:
        self._seconds = seconds
        self._call = call
        self._guard = guard or Guard("a call that waited failed")
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Call after the time; an earlier request is put off until then."""
        self.cancel()
        if not session().is_attended:
            session().at_end_of_cells(self)
            return
        run = contextvars.copy_context().run  # ipykernel routes output by context
        self._timer = threading.Timer(self._seconds, run, (self.run,))
        self._timer.daemon = True
        self._timer.start()

    def run(self) -> None:
        """Call now; where that fails the guard says so."""
        self._guard.run(self._call)

    def cancel(self) -> None:
        """Cancel the call that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
