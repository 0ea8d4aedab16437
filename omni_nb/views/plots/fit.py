"""Fit: keep a plot within the place that its axes were given, however small that is.

Large axes keep what they have always had. On small ones letters are smaller, and numbers that would
touch each other and words that do not fit are left out. A title that is too wide is broken. Where
nobody lays the figure out, the axes make room for what stands outside of them, so that no word lies
on a neighbour or beyond the figure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from omni_nb.views.plots.fonts import with_chinese

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

_USUAL_INCHES: Final = (3.4, 1.2)
"""Axes of so many inches have letters of the usual size."""
_LEAST_SCALE: Final = 0.68
_TITLE_SHARE: Final = 0.34
"""So much of the height may be the title's."""
_BREAKS: Final = (
    re.compile(r"(?<= · )"),
    re.compile(r"(?<=: )|(?<=\uff1a)"),
    re.compile(r"(?<= )|(?<=[\uff0c\uff1b])"),
)
"""Where a title may be broken: rather between its parts than within one."""
_WIDER: Final = 1.08
"""So much wider words may be at another resolution, where their letters are rounded differently."""
_GAP: Final = 0.25
"""So much of its width is free beside a number: where others are laid out later, axes shrink."""
_LEAST_SHARE: Final = 0.3
"""So much of their width and height axes keep, whatever stands outside of them."""


def scale_of(ax: Axes) -> float:
    """Return how large letters are on these axes, or in this panel of them: 1 on large axes."""
    parent = next((one for one in ax.figure.axes if ax in one.child_axes), ax)
    cell = _cell(parent)
    dpi = ax.figure.dpi
    share = min(cell.width / dpi / _USUAL_INCHES[0], cell.height / dpi / _USUAL_INCHES[1])
    return min(1.0, max(_LEAST_SCALE, share))


def finished(ax: Axes) -> Axes:
    """Fit what was drawn into its place; return the same axes."""
    with_chinese(ax)
    figure = ax.figure.figure
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
    place = _place(ax)
    written = _title(ax)
    if layout is None:
        words = written.get_text()
        written.set_text("")
        _make_room(ax, place)
        written.set_text(words)
    _settle(ax)
    _break_title(written, ax, place)
    if layout is None:
        _make_room(ax, place)
    _settle(ax)
    _leave_out(ax, place)
    return ax


def _settle(ax: Axes) -> None:
    """Let axes of a fixed ratio take their size, which they would when they are drawn."""
    ax.apply_aspect()
    for panel in _panels(ax):
        panel.apply_aspect(panel.get_axes_locator()(panel, None))  # type: ignore[arg-type]


def _panels(ax: Axes) -> list[Axes]:
    return cast("list[Axes]", ax.child_axes)


def _place(ax: Axes) -> Bbox:
    """Return the place of axes in the figure, in pixels: to the middle of each gap."""
    from matplotlib.transforms import Bbox

    figure = ax.figure.figure
    whole, ours = figure.bbox, _cell(ax)
    others = [_cell(one) for one in figure.axes if one is not ax and one not in ax.child_axes]
    beside = [one for one in others if one.y0 < ours.y1 and one.y1 > ours.y0]
    above = [one for one in others if one.x0 < ours.x1 and one.x1 > ours.x0]
    return Bbox.from_extents(
        _middle(ours.x0, (one.x1 for one in beside if one.x1 <= ours.x0), whole.x0),
        _middle(ours.y0, (one.y1 for one in above if one.y1 <= ours.y0), whole.y0),
        _middle(ours.x1, (one.x0 for one in beside if one.x0 >= ours.x1), whole.x1),
        _middle(ours.y1, (one.y0 for one in above if one.y0 >= ours.y1), whole.y1),
    )


def _cell(ax: Axes) -> Bbox:
    """Return where axes were put, before they made room, in pixels."""
    spec = ax.get_subplotspec()
    if spec is None or ax.figure.figure.get_layout_engine() is not None:
        return ax.get_window_extent().frozen()
    cell = spec.get_position(ax.figure)  # type: ignore[arg-type]
    return cell.transformed(ax.figure.transSubfigure)


def _middle(own: float, neighbours: Iterable[float], outer: float) -> float:
    """Return the middle between an edge and the nearest neighbour's; without one, the outer."""
    nearest = min(neighbours, key=lambda at: abs(at - own), default=None)
    return outer if nearest is None else (own + nearest) / 2


def _make_room(ax: Axes, place: Bbox) -> None:
    """Make axes smaller by what stands beyond their place; words within them are no reason."""
    from matplotlib.transforms import Bbox

    inner = [one for one in _inner(ax) if one.get_in_layout()]
    for _ in range(3):  # smaller axes may have other numbers
        for one in inner:
            one.set_in_layout(False)
        drawn = ax.get_tightbbox()
        for one in inner:
            one.set_in_layout(True)
        if drawn is None:
            return
        now = ax.get_position(original=True).transformed(ax.figure.transSubfigure)
        left = max(0.0, _WIDER * (now.x0 - drawn.x0) - (now.x0 - place.x0))
        right = max(0.0, _WIDER * (drawn.x1 - now.x1) - (place.x1 - now.x1))
        low = max(0.0, _WIDER * (now.y0 - drawn.y0) - (now.y0 - place.y0))
        high = max(0.0, _WIDER * (drawn.y1 - now.y1) - (place.y1 - now.y1))
        if max(left, low, right, high) < 1:
            return
        wide, tall = _LEAST_SHARE * now.width, _LEAST_SHARE * now.height
        x0, y0 = min(now.x0 + left, now.x1 - wide), min(now.y0 + low, now.y1 - tall)
        made = Bbox.from_extents(
            x0, y0, max(x0 + wide, now.x1 - right), max(y0 + tall, now.y1 - high)
        )
        ax.set_position(made.transformed(ax.figure.transSubfigure.inverted()))


def _title(ax: Axes) -> Text:
    """Return the title at the left, which may be empty."""
    from matplotlib.text import Text

    words = ax.get_title(loc="left")
    texts = [one for one in ax.get_children() if isinstance(one, Text)]
    return next(
        one for one in texts if one.get_text() == words and one.get_horizontalalignment() == "left"
    )


def _break_title(written: Text, ax: Axes, place: Bbox) -> None:
    """Break the lines of a title that are wider than their place, as far as there is height."""
    words = written.get_text()
    room = (place.x1 - ax.get_window_extent().x0) / _WIDER
    if not words or written.get_window_extent().width <= room:
        return

    def is_too_wide(line: str) -> bool:
        written.set_text(line)
        return bool(written.get_window_extent().width > room)

    lines = words.split("\n")
    for rule in _BREAKS:
        lines = [line for whole in lines for line in _broken(whole, rule, is_too_wide)]
    lines = [_shortened(line, is_too_wide) for line in lines]
    written.set_text("X")
    most = int(_TITLE_SHARE * place.height / (1.2 * written.get_window_extent().height))
    written.set_text("\n".join(lines[: max(1, most)]))


def _broken(whole: str, rule: re.Pattern[str], is_too_wide: Callable[[str], bool]) -> list[str]:
    """Return a line as lines that are not too wide, as far as the rule may break it."""
    lines = [""]
    for piece in rule.split(whole):
        if lines[-1] and is_too_wide((lines[-1] + piece).strip()):
            lines.append("")
        lines[-1] += piece
    return [line.strip(" ·") for line in lines]


def _shortened(line: str, is_too_wide: Callable[[str], bool]) -> str:
    if not is_too_wide(line):
        return line
    count = next((n for n in range(len(line) - 1, 1, -1) if not is_too_wide(f"{line[:n]}…")), 1)
    return f"{line[:count].rstrip()}…"


def _inner(ax: Axes) -> list[Artist]:
    """Return the words within axes and their panels, and the legend."""
    legend = ax.get_legend()
    texts = [text for panel in (ax, *_panels(ax)) for text in panel.texts]
    return [*texts, *([legend] if legend is not None else [])]


def _leave_out(ax: Axes, place: Bbox) -> None:
    """Hide numbers that touch each other, and words that lie beyond the place or on others."""
    panels, is_small = [ax, *_panels(ax)], scale_of(ax) < 1
    gap = _GAP if is_small else 0.0
    kept = [_title(ax).get_window_extent()]
    for panel in _panels(ax):
        head = _title(panel)
        if head.get_text() and head.get_window_extent().overlaps(kept[0]):
            head.set_visible(False)
    for panel in (one for one in panels if one.axison):
        kept += _thinned(panel.get_xticklabels(), gap=gap)
        kept += _thinned(panel.get_yticklabels(), gap=0)
    for panel in panels:
        for text in sorted(panel.texts, key=lambda one: -one.get_zorder()):
            if text.get_rotation() % 90 and not is_small:
                continue  # what is at an angle fills less than its box
            if _fits(box := text.get_window_extent(), place, kept):
                kept.append(box)
            else:
                text.set_visible(False)
    legend = ax.get_legend()
    if legend is not None and is_small:
        drawn = [box for panel in panels for box in _marks(panel)]
        if not _fits(legend.get_window_extent(), place, [*kept, *drawn]):
            legend.set_visible(False)


def _thinned(labels: Sequence[Text], gap: float) -> list[Bbox]:
    """Hide labels that touch another; return where the others are. The last ones are kept."""
    kept: list[Bbox] = []
    for label in reversed(labels):
        if not (label.get_visible() and label.get_text()):
            continue
        box = label.get_window_extent()
        if any(box.expanded(1 + 2 * gap, 1).overlaps(other) for other in kept):
            label.set_visible(False)
        else:
            kept.append(box)
    return kept


def _fits(box: Bbox, place: Bbox, others: Iterable[Bbox]) -> bool:
    is_in = box.x0 >= place.x0 and box.y0 >= place.y0 and box.x1 <= place.x1 and box.y1 <= place.y1
    return is_in and not any(box.overlaps(other) for other in others)


def _marks(panel: Axes) -> Iterator[Bbox]:
    """Yield where bars are, and the points of curves within the axes."""
    from matplotlib.transforms import Bbox

    for patch in panel.patches:
        yield patch.get_window_extent()
    inside = panel.get_window_extent()
    for line in panel.lines:
        for x, y in line.get_transform().transform(line.get_xydata()):
            if inside.contains(x, y):
                yield Bbox.from_bounds(x, y, 0, 0)
