"""RunView: how far a run of many questions is, in a cell, with its Stop button.

The browser side is ``js/many.js``; what travels between the two is listed here and mirrored there.

Traits: ``run_id``, ``language``; ``head_html``, ``bar_html``, ``line_html``, ``aside_html``: made
by `omni_nb.render.many`, which escapes; ``said``: what a screen reader says next, which changes
rarely; ``stop``: the words of the button, ``""`` where there is none; ``stops``: 1 where nothing
more is sent, 2 where what is on its way is ended, too.

Messages from the browser:

``{type: "stop", run_id, now}``
    Send nothing more; ``now``: end what is on its way, too. In JupyterLab the same comes as a line
    of JSON, as if it was typed: a cell that blocks the kernel reads that, and no message.
``{type: "unseen"}``
    No view of the widget is left on this page.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import traitlets

from omni_nb.views.guard import Guard
from omni_nb.views.widget import BackgroundWidget, built

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunView(BackgroundWidget):
    """Show how far a run is; see the module's docstring for its traits.

    Attributes
    ----------
    stops : int
        0: go on; 1: send nothing more; 2: end what is on its way, too.

    Examples
    --------
    >>> view = RunView(line_html="120 of 300 answered", stop="Stop")
    >>> view.stops
    0
    """

    _esm = built("many.js")
    _css = built("many.css")

    run_id = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)
    head_html = traitlets.Unicode("").tag(sync=True)
    bar_html = traitlets.Unicode("").tag(sync=True)
    line_html = traitlets.Unicode("").tag(sync=True)
    aside_html = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    stop = traitlets.Unicode("").tag(sync=True)
    stops = traitlets.Int(0).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._is_over = False
        self._guard = Guard("the view of a run failed at a message")
        super().__init__(**traits)
        self.on_msg(self._receive)

    @traitlets.default("run_id")
    def _make_run_id(self) -> str:
        return uuid.uuid4().hex

    def update(self, **traits: Any) -> None:
        """Show another state, in one message; without news, none."""
        with self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)

    def finish(self) -> None:
        """Let the widget be closed when no page shows it any more."""
        self._is_over = True

    def take_typed(self, typed: str) -> None:
        """Take a message that came as if it was typed; one of another widget is left alone."""
        try:
            message = json.loads(typed)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict):
            self._receive(self, message, None)

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        self._guard.run(self._take, message)

    def _take(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"type": "stop", "run_id": self.run_id, "now": bool(now)}:
                self.stops = max(self.stops, 2 if now else 1)
            case {"type": "unseen"} if self._is_over:
                self.close()
