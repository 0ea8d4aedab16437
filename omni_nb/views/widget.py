"""BackgroundWidget: a widget whose messages IPython does not take for cells."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import anywidget

_STATIC: Final = Path(__file__).parent.parent / "static"


def built(name: str) -> str:
    """Return a built file of the browser side.

    Given a path, anywidget ties each widget to it for ever, closed or not, to follow its changes.
    """
    return (_STATIC / name).read_text(encoding="utf-8")


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

    def close(self) -> None:
        """Close the widget, and its layout: a model of its own, which would stay for ever."""
        super().close()
        if self.trait_has_value("layout"):  # not where the making failed
            self.layout.close()
