"""BackgroundWidget: a widget whose messages IPython does not take for cells."""

from __future__ import annotations

import anywidget


class BackgroundWidget(anywidget.AnyWidget):
    """A widget that gets messages while a cell runs, without disturbing the cell.

    Comms tell IPython of each message as if a cell had begun and ended. Where messages arrive on a
    thread of their own (ipykernel 7), matplotlib's inline backend then shows and closes the figure
    that the running cell has only half drawn.
    """

    def open(self) -> None:
        """Open the comm to the page."""
        super().open()
        if self.comm is not None:
            self.comm.handle_msg = self._handle_msg
