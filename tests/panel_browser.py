"""A fake browser for a chat panel: it collects what the panel sends, and sends messages."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from omni_nb.views.panel.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from omni_nb.views.panel import ChatPanel

TIMEOUT_SECONDS = 120


class FakeBrowser:
    """The browser's end of a panel's channel.

    Attributes
    ----------
    sent : list of (dict, bytes)
        Every message that the panel sent, with its buffer.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[dict[str, Any], bytes]] = []
        self._ids = itertools.count()

        def send(_: object, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
            self.sent.append((content, bytes(buffers[0]) if buffers else b""))

        monkeypatch.setattr(Talk, "send", send)

    def say(self, panel: ChatPanel, buffer: bytes = b"", page: str = "page", **message: Any) -> str:
        """Send the panel a message as ipywidgets delivers it; return its id."""
        name = str(next(self._ids))
        panel._handle_custom_msg({"id": name, "page": page, **message}, [buffer] if buffer else [])
        return name

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return every message of a type."""
        return [message for message, _ in self.sent if message["type"] == kind]

    def wait_for(self, kind: str, fits: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """Wait for a message of a type that fits; return the newest."""
        return until(lambda: [m for m in self.of(kind) if fits(m)])[-1]


def until(look: Callable[[], Any]) -> Any:
    """Wait until what is looked for is true, and return it."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found
