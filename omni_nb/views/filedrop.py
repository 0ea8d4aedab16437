"""FileDrop: a button that opens a file, or takes one that is dropped on it.

ipywidgets' FileUpload takes no drop, and a file of more than 10 MiB breaks its connection. The
browser side is ``js/filedrop.js``; what travels is listed here and mirrored there.

Traits: ``label``, ``accept``, ``most_bytes`` and ``too_large``.

Message from the browser: ``{type: "file", name}``, with the bytes as its only buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from omni_nb.views.widget import built

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST_BYTES = 9_000_000
"""One message to the kernel may have 10 MiB, its envelope included: Tornado's
``websocket_max_message_size`` (tornadoweb.org/en/stable/websocket.html)."""


class FileDrop(anywidget.AnyWidget):
    """Take a file that a person opens or drops.

    Parameters
    ----------
    take
        Called with the name and the bytes of each file.
    **traits
        ``label`` (what the button says), ``accept`` (as in ``<input accept>``), ``most_bytes``,
        ``too_large`` (what to say of a larger file; ``{name}`` is its name) and ipywidgets' own.

    Examples
    --------
    >>> drop = FileDrop(lambda name, data: print(name, len(data)), label="Your own image")
    >>> drop.label
    'Your own image'
    """

    _esm = built("filedrop.js")
    _css = built("filedrop.css")

    label = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode().tag(sync=True)
    most_bytes = traitlets.Int(MOST_BYTES).tag(sync=True)
    too_large = traitlets.Unicode("{name}: too large").tag(sync=True)

    def __init__(self, take: Callable[[str, bytes], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._take_file = take
        self.on_msg(self._receive)

    def _receive(
        self, _widget: object, message: Mapping[str, Any], buffers: Sequence[memoryview]
    ) -> None:
        if message.get("type") == "file" and len(buffers) == 1:
            self._take_file(str(message.get("name", "")), bytes(buffers[0]))
