"""The frame of an explorer: controls, what follows them at once, and what the notebook keeps.

Stock widgets only. A saved notebook without its kernel cannot show a widget, so an explorer has a
second output with its state as plain HTML. While the widget lives, a style within it hides that
output; when the widget does not come back, neither does the style.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from omni_nb.errors import no_attribute
from omni_nb.render.html import HTML, data_url, style, tag
from omni_nb.render.palette import FONT, TEXT, WARN
from omni_nb.views.debounce import Debounce
from omni_nb.views.widget import ShownBox
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from omni_nb.words import Language

SETTLED_SECONDS = 0.4
"""How long nothing must change before the saved form and the screen reader are told."""

_TEXT = style(f"color:{TEXT}", "line-height:1.5;overflow-wrap:anywhere", f"font-family:{FONT}")
_SHRINKING = "display:grid;grid-template-columns:minmax(0,1fr)"  # a wide table scrolls by itself
_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image as a file, with its size on the page (pixels) and its description."""

    data: bytes
    mime: str
    width: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class View:
    """What an explorer shows of its state.

    Attributes
    ----------
    html
        The numbers and the reasons.
    words
        The same in short, for screen readers and front ends without HTML.
    image
        The image above the numbers.
    """

    html: HTML
    words: str
    image: ImageFile | None = None


class Explorer(ShownBox):
    """A widget whose image and words follow its controls.

    Subclasses make their controls, pass them on, and return from `look` what is to be shown.
    Displaying one shows the widget and keeps its state in the notebook as plain HTML. `close`
    ends it and all that belongs to it.

    Attributes
    ----------
    view
        What is shown at present.
    """

    view: View
    _settling: Debounce | None = None  # a widget whose making failed is closed, too

    def __init__(self, title: str, rows: Sequence[widgets.Widget], language: Language) -> None:
        self.title = title
        self._language = language
        self.static_class = f"omni-explorer-{uuid.uuid4().hex}"
        self._handles: list[Any] = []
        self._is_held = False
        self._kept: View | None = None
        self._settling = Debounce(SETTLED_SECONDS, self.settle)
        # without a tooltip: ipywidgets 8.1 cannot show an Image that has one
        self._image = widgets.Image(layout={"max_width": "calc(100% - 4px)", "height": "auto"})
        self._facts = widgets.HTML(layout={"width": "auto", "margin": "0"})
        self._facts.add_class("omni-explorer-facts")
        self._announced = widgets.HTML(layout={"width": "auto", "margin": "0"})
        styles = widgets.HTML(_styles(self.static_class), layout={"display": "none"})
        seen = [self._image, self._facts, self._announced, styles]
        super().__init__(
            [widgets.HTML(_heading(title)), _beside(rows, seen)],
            layout={"width": "auto", "max_width": "70em"},
        )
        self.add_class("omni-explorer")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, _GONE)

    def look(self) -> View:
        """Return what is to be shown now."""
        raise NotImplementedError

    def watch(self, control: widgets.Widget, react: Callable[[Any], None] | None = None) -> None:
        """Follow the value of a control; by default with `refresh`."""
        control.observe(react or self.refresh, "value")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Change several controls, and follow once."""
        was_held, self._is_held = self._is_held, True
        try:
            yield
        finally:
            self._is_held = was_held
        self.refresh()

    def refresh(self, _change: Any = None) -> None:
        """Show what the controls say."""
        if self._is_held:
            return
        self.view = view = self.look()
        if view.image is not None:
            self._image.width = str(view.image.width)
            self._image.format = view.image.mime.partition("/")[2]
            self._image.value = view.image.data
        self._image.layout.display = "none" if view.image is None else None
        self._facts.value = tag("div", view.html, style=style(_TEXT, _SHRINKING))
        if self._settling is not None:
            self._settling.ask()

    def settle(self) -> None:
        """Update the saved form and tell a screen reader, once nothing changes."""
        view = self.view
        if view == self._kept:
            return
        self._kept = view
        bundle = self.static_bundle()
        for handle in self._handles:
            handle.update(bundle, raw=True)
        self._announced.value = tag(
            "div", view.words, role="status", aria_live="polite", style=_UNSEEN
        )

    def static_bundle(self) -> dict[str, str]:
        """Return the present state as ``text/html`` and ``text/plain``, without a widget."""
        view = self.view
        html = tag(
            "div",
            _heading(self.title),
            _image_html(view.image),
            view.html,
            class_=f"omni-explorer-static {self.static_class}",
            style=style(_TEXT, "max-width:46em;padding:0.25em"),
        )
        return {"text/html": html, "text/plain": f"{self.title}\n{view.words}"}

    def close(self) -> None:
        """Close the widget, its parts and its observers; the saved form stays."""
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        parts = _below(self)
        super().close()
        for part in parts:
            part.unobserve_all("value")
            part.close()

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.display import display

        self.settle()
        self.show_live(words("explorer", self._language)["run"])
        handle = display(  # type: ignore[no-untyped-call]
            self.static_bundle(), raw=True, display_id=True
        )
        if handle is not None:
            self._handles.append(handle)


_GONE = {
    "pictures": "use images",
    "picture_size": "use image_size",
    "sound_seconds": "use audio_seconds",
    "video_sound": "use video_audio",
}
"""What went after 0.1, and what takes its place; named for one release."""


def paragraph(*children: str, color: str = TEXT, size: str = "1em") -> HTML:
    """Return a paragraph of the facts."""
    looks = style(f"color:{color}", f"font-size:{size}", "line-height:1.5;margin:0.15em 0")
    return tag("div", *children, style=looks)


def warning(said: str) -> HTML:
    """Return a warning as a paragraph; nothing for no words."""
    return paragraph(f"⚠ {said}", color=WARN) if said else HTML()


def _heading(title: str) -> HTML:
    return tag("div", title, style=style(_TEXT, "font-weight:600;margin:0.25em 0"))


def _beside(rows: Sequence[widgets.Widget], seen: Sequence[widgets.Widget]) -> widgets.Widget:
    """Put controls and view side by side, or one above the other where that is too wide."""
    controls = widgets.VBox(rows, layout={"flex": "1 1 21em", "min_width": "0"})
    view = widgets.VBox(seen, layout={"flex": "1 1 26em", "min_width": "0"})
    layout = {"flex_flow": "row wrap", "width": "auto", "grid_gap": "0.5em 1em"}
    return widgets.HBox([controls, view], layout=layout)


def _image_html(image: ImageFile | None) -> HTML:
    if image is None:
        return HTML()
    return tag(
        "img",
        src=data_url(image.data, image.mime),
        alt=image.words,
        width=image.width,
        height=image.height,
        style="max-width:100%;height:auto;margin:0",
    )


_FITTING = (
    ".omni-explorer,.omni-explorer .widget-box{overflow:visible}"
    ".omni-explorer .widget-toggle-button{max-width:100%;height:auto;white-space:normal}"
)
"""ipywidgets gives each of its boxes bars of its own, for a pixel; here what is wide wraps."""


def _styles(static_class: str) -> str:
    """Return the styles of an explorer; one hides the saved form.

    Two rules for that, because a browser that does not know ``:has`` drops the rule that uses it.
    """
    hidden = "{display:none!important}"
    return (
        f"<style>{_FITTING}.{static_class}{hidden}"
        f".jp-OutputArea-child:has(.{static_class}){hidden}</style>"
    )


def _below(box: widgets.Box) -> list[widgets.Widget]:
    parts: list[widgets.Widget] = []
    for child in box.children:
        parts.append(child)
        if isinstance(child, widgets.Box):
            parts += _below(child)
    return parts
