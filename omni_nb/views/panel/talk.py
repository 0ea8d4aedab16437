"""Talk: what the panel is as a widget; ``js/panel.js`` is its side in the browser."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import traitlets

from omni_nb.views.guard import Guard
from omni_nb.views.widget import BackgroundWidget, built

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omni_nb.views.panel.protocol import Header, Message, SettingsState


def _conversation(_value: object, talk: Talk) -> Mapping[str, Any]:
    return talk.state()


class Talk(BackgroundWidget):
    """Send numbered messages to the browser, and pass on those that come.

    Parameters
    ----------
    turns
        Returns the records of all turns, for a page that asks for the state.
    take
        Called with each message from the browser and its buffer, on the thread it arrives on.
    guard
        Says what fails meanwhile: a message that cannot be read must not end the comm.
    **traits
        As in `omni_nb.views.panel.protocol`.
    """

    _esm = built("panel.js")
    _css = built("panel.css")

    panel_id = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode("").tag(sync=True)
    sample_rate = traitlets.Int(24_000).tag(sync=True)
    prebuffer_seconds = traitlets.Float(0.3).tag(sync=True)
    header = traitlets.Dict().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    asks_key = traitlets.Unicode("").tag(sync=True)
    # Its value never changes, so it is never sent; what a page gets is made when it asks.
    conversation = traitlets.Dict().tag(sync=True, to_json=_conversation)

    def __init__(
        self,
        turns: Callable[[], list[Any]],
        take: Callable[[Message, bytes | memoryview | None], None],
        *,
        guard: Guard | None = None,
        **traits: Any,
    ) -> None:
        self._turns = turns
        self._guard = guard or Guard("a message from the browser could not be read")
        self._take = take
        self._lock = threading.RLock()
        self._seq = 0
        super().__init__(**traits)
        self.on_msg(self._receive)

    def post(self, message: Message, buffer: bytes | None = None) -> None:
        """Send a message with the next number; may be called from any thread."""
        with self._lock:
            self._seq += 1
            self.send({**message, "seq": self._seq}, buffers=[buffer] if buffer else None)

    def show_header(self, header: Header) -> None:
        """Send the panel's header, if it has changed."""
        with self._lock:
            if self.header != header:
                self.header = dict(header)

    def show_settings(self, settings: SettingsState) -> None:
        """Send the panel's settings, if they have changed."""
        with self._lock:
            if self.settings != settings:
                self.settings = dict(settings)

    def state(self) -> Mapping[str, Any]:
        """Return the whole conversation, for a page that has just opened."""
        with self._lock:
            seq = self._seq  # first: what is sent meanwhile comes once more, which does no harm
        return {"seq": seq, "turns": self._turns()}

    def _receive(
        self,
        _widget: object,
        message: Mapping[str, Any],
        buffers: Sequence[bytes | memoryview] | None,
    ) -> None:
        self._guard.run(lambda: self._take(dict(message), buffers[0] if buffers else None))
