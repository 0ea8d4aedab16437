"""Widgets of ours: what is built for them, where they are shown, and what IPython hears of them."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anywidget
import comm
import ipywidgets
from comm.base_comm import BaseComm

from omni_nb.views.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATIC: Final = Path(__file__).parent.parent / "static"


def built(name: str) -> str:
    """Return a built file of the browser side.

    Given a path, anywidget ties each widget to it for ever, closed or not, to follow its changes.
    """
    return (_STATIC / name).read_text(encoding="utf-8")


class _NoPage(BaseComm):
    """The comm of a widget that no page knows."""

    def publish_msg(self, *_: Any, **__: Any) -> None:
        """Send nothing."""


_MAKING = threading.RLock()


@contextlib.contextmanager
def _without_pages() -> Iterator[None]:
    """Make widgets of this thread known to no page.

    The comm package asks for its ``create_comm`` to be replaced; ipykernel does so, too.
    """
    here = threading.get_ident()
    with _MAKING:
        create = comm.create_comm

        def create_here(*values: Any, **named: Any) -> BaseComm:
            make = _NoPage if threading.get_ident() == here else create
            return make(*values, **named)

        comm.create_comm = create_here
        try:
            yield
        finally:
            comm.create_comm = create


class _Making(type(ipywidgets.Widget)):  # type: ignore[misc]
    """Make a widget, and what it makes, unknown to pages where no page can show it.

    nbclient saves the state of every widget that it hears of, closed or not, with all of its code.
    """

    def __call__(cls, *values: Any, **named: Any) -> Any:
        is_attended = session().is_attended
        with contextlib.nullcontext() if is_attended else _without_pages():
            return super().__call__(*values, **named)


class Shown(ipywidgets.DOMWidget, metaclass=_Making):  # type: ignore[misc]
    """A widget that displays itself: live where a page can show it, else not at all."""

    def show_live(self, instead: str) -> None:
        """Display the live widget in the running cell; ``instead`` is for who cannot show it."""
        from IPython.display import display

        if isinstance(self.comm, _NoPage):
            return
        model = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        live = {"application/vnd.jupyter.widget-view+json": model, "text/plain": instead}
        display(live, raw=True)  # type: ignore[no-untyped-call]


class ShownBox(Shown, ipywidgets.VBox):  # type: ignore[misc]
    """A box that displays itself."""


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
