"""Plot an image as a model sees it: scaled, and cut into tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError
from omni_nb.media.image import ImageURLPart, image
from omni_nb.media.pixels import small
from omni_nb.media.sources import not_here
from omni_nb.render.labels import labelled, weight_text
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.rules.pricing import total_cost
from omni_nb.rules.tokens import image_rule
from omni_nb.views.plots.canvas import (
    SMALL,
    canvas,
    check_axes,
    inches,
    input_cost,
    is_size,
    measured,
    model_names,
    panels,
    plain,
    title,
)
from omni_nb.views.plots.fit import finished
from omni_nb.views.plots.fonts import checked_language, with_chinese
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import PIL.Image
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from omni_nb.media.image import ImagePart
    from omni_nb.rules.pricing import Cost
    from omni_nb.rules.tokens import ImageRule
    from omni_nb.words import Language

_COLOR = MODALITY_COLORS["image"]
_SHOWN_PIXELS = 1600  # of the longer side; a figure has no room for more
_WIDE = 2.2  # an image so much wider than high has its panels one below the other
_COLUMNS = 3
_MOST_LINES = 600  # the most of an image that a service takes (200:1); more is one blot
_NARROWEST = 1.9  # inches that the words above a panel need
_LOWEST = 0.5  # inches of an image that is high enough
_GAP = (0.2, 0.75)  # inches between panels: their words are there
_TOP = 0.6  # inches of words above the first row
_SCALES = (1.0, 0.85, 0.7, 0.6)  # of the letters, where axes are small
_NOTE_POINTS = 6.5
_LEAST_HEADLINE = 6.5  # points


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one model makes of an image."""

    model: str
    rule: ImageRule
    cost: Cost | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height after resizing."""
        return self.rule.columns * self.rule.side, self.rule.rows * self.rule.side


def plot_image_tokens(
    image_or_size: Any,
    models: str | Sequence[str] | None = None,
    *,
    region: str = "beijing",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw an image as it is, and as a model sees it: resized, under the grid of its tokens.

    Parameters
    ----------
    image_or_size
        Anything that `omni_nb.image` takes, or a size ``(width, height)`` in pixels, which is
        drawn as an outline. A list of these gives each a panel for each model.
    models
        A model's name or a list of names; each gets a panel.
    region
        The region whose prices count.
    language
        The language of the labels: ``"en"`` or ``"zh"``.
    ax
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        An empty frame with the title; ``ax.child_axes`` are the panels: the image as it is
        (with the resized size to the same scale, dashed), then one for each model; of several
        images one for each of them and each model. Their coordinates are pixels.

    Raises
    ------
    MediaError
        The input is no image, or an image at a URL, whose size is not known here.
    RequestError
        The token rules of a model are not known.

    Notes
    -----
    Spec, "音频与图片转换为Token数的规则"; `omni_nb.image_tokens` has the rule.

    Examples
    --------
    >>> ax = plot_image_tokens((1920, 1080), "qwen-omni-turbo")
    >>> ax.get_title(loc="left")
    '1920 × 1080 px: 1,224 tokens, 0.00184 CNY'
    >>> len(ax.child_axes)
    2
    """
    check_axes(ax)
    language = checked_language(language)
    if isinstance(image_or_size, (list, tuple)) and not is_size(image_or_size):
        return _plot_several(image_or_size, model_names(models), region, language, ax)
    (width, height), name, picture = _opened(image_or_size)
    seen = [_seen_by(model, width, height, region) for model in model_names(models)]
    columns = 1 if width > _WIDE * height else _columns(len(seen) + 1)
    ax = canvas(ax, **_figure_size(width / height, len(seen) + 1, columns))
    ax.set_axis_off()  # before it is measured: the numbers beside it take room
    _draw_headline(ax, _headline(name, width, height, seen, language))
    said = [_words(one, language) for one in seen]
    columns, scale = _arranged(ax, width / height, said, len(seen) + 1, columns)
    gap = (_GAP[0], scale * _GAP[1])
    first, *others = panels(ax, len(seen) + 1, columns=columns, gap=gap, top=scale * _TOP)
    points = scale * SMALL
    note = _draw_original(first, width, height, picture, seen, points, language)
    for panel, one, words_of_it in zip(others, seen, said, strict=True):
        _draw_seen(panel, one, picture, points, words_of_it)
    finished(ax)
    if scale < 1 and (len(ax.figure.axes) > 1 or _is_crowded(note, ax)):
        note.remove()  # where others are laid out later, panels get nearer to each other
    return ax


def _plot_several(
    given: Sequence[Any], models: Sequence[str], region: str, language: Language, ax: Axes | None
) -> Axes:
    """Draw each of several images as each model sees it."""
    if not given:
        raise RequestError("There is nothing to draw: the list of images is empty.")
    opened = [_opened(one) for one in given]
    drawn = [
        (_seen_by(model, *size, region), picture, name or "{} × {} px".format(*size))
        for size, name, picture in opened
        for model in models
    ]
    said = [
        _words(one, language, f"{name} · {one.model}" if models[1:] else name)
        for one, _, name in drawn
    ]
    ratio = max(one.size[0] / one.size[1] for one, _, _ in drawn)
    columns = _columns(len(drawn))
    ax = canvas(ax, **_figure_size(ratio, len(drawn), columns))
    ax.set_axis_off()
    _draw_headline(ax, _headline_of_several(len(given), [one for one, _, _ in drawn], language))
    columns, scale = _arranged(ax, ratio, said, len(drawn), columns)
    gap = (_GAP[0], scale * _GAP[1])
    made = panels(ax, len(drawn), columns=columns, gap=gap, top=scale * _TOP)
    for panel, (one, picture, _), words_of_it in zip(made, drawn, said, strict=True):
        _draw_seen(panel, one, picture, scale * SMALL, words_of_it)
    return finished(ax)


def _headline_of_several(count: int, seen: Sequence[_Seen], language: Language) -> tuple[str, ...]:
    """Return how many images there are; for one model also what they come to, after a colon."""
    counted = words("plots", language)["images"].format(count=count, s=plural(count))
    if len(models := {one.model for one in seen}) > 1:
        return (counted,)
    counted = f"{counted} · {plain(*models)}"
    tokens = sum(one.rule.tokens for one in seen)
    cost = total_cost(one.cost for one in seen)
    return counted, labelled("", "", language), weight_text(tokens, cost, language)


def held_image(given: Any) -> ImagePart:
    """Return an image part, refusing an image at a URL: its size is not known here.

    Raises
    ------
    MediaError
        The input is no image, or an image at a URL.
    """
    part = image(given)
    if isinstance(part, ImageURLPart):
        raise not_here(part.name, unknown="size", instead="its size as (width, height)")
    return part


def _opened(given: Any) -> tuple[tuple[int, int], str, PIL.Image.Image | None]:
    """Return the size, the name and, if they can be decoded, the pixels."""
    if is_size(given):
        return (int(given[0]), int(given[1])), "", None
    part = held_image(given)
    return (part.width, part.height), part.name, decoded(part)


def decoded(part: ImagePart) -> PIL.Image.Image | None:
    """Return an image upright on white, as large as a figure needs; None if damaged."""
    try:
        return small(part.data, 2 * _SHOWN_PIXELS)
    except Exception:  # a damaged image is for the service to refuse; an outline is drawn
        return None


def _seen_by(model: str, width: int, height: int, region: str) -> _Seen:
    rule = image_rule(width, height, model=model)
    return _Seen(model, rule, input_cost(model, region, image=rule.tokens))


def _columns(count: int) -> int:
    return count if count <= _COLUMNS else 2 if count == 4 else _COLUMNS


def _arranged(
    ax: Axes, ratio: float, words: Sequence[str], count: int, columns: int
) -> tuple[int, float]:
    """Return the columns of panels and the scale of their letters, smaller on small axes."""
    width, height = inches(ax)

    def size(columns: int, scale: float) -> tuple[float, float]:
        rows = -(-count // columns)
        wide = (width - _GAP[0] * (columns - 1)) / columns
        return wide, (height - scale * (_TOP + _GAP[1] * (rows - 1))) / rows

    usual = min(columns, int(width / _NARROWEST))
    if usual >= min(columns, 2) and size(usual, 1.0)[1] >= min(_LOWEST, width / ratio):
        return usual, 1.0
    needed = _width(ax, words)

    def worth(choice: tuple[int, float]) -> float:
        """Return the width of the images, times the scale of letters that fit above them."""
        (wide, high), scale = size(*choice), choice[1]
        return min(wide, ratio * high) * scale if wide >= scale * needed else -scale / wide

    most = max(columns, min(count, 2))
    return max(((c, s) for c in range(1, most + 1) for s in _SCALES), key=worth)


def _width(ax: Axes, words: Sequence[str]) -> float:
    """Return the width of words in small letters, in inches."""
    written = ax.text(0, 0, "\n".join(words), fontsize=SMALL)
    with_chinese(ax)
    width = float(written.get_window_extent().width / ax.figure.dpi)
    written.remove()
    return width


def _is_crowded(note: Text, ax: Axes) -> bool:
    """Return whether words touch others, or leave the axes."""
    for panel in ax.child_axes:
        panel.apply_aspect()
    box, (left, right) = note.get_window_extent(), ax.get_window_extent().intervalx
    drawn = [child for axes in (ax, *ax.child_axes) for child in axes.get_children()]
    others = [one for one in drawn if isinstance(one, type(note)) and one.get_text()]
    touched = [one for one in others if box.overlaps(one.get_window_extent())]
    return touched != [note] or box.x0 < left or box.x1 > right


def _headline(
    name: str, width: int, height: int, seen: Sequence[_Seen], language: Language
) -> tuple[str, ...]:
    """Return the image's name and size; for one model also its tokens, after a colon."""
    size = f"{width} × {height} px"
    whole = f"{plain(name)} ({size})" if name else size
    if len(seen) > 1:
        return (whole,)
    said = weight_text(seen[0].rule.tokens, seen[0].cost, language)
    colon = labelled("", "", language)
    return whole, colon, said


def _draw_headline(ax: Axes, words: Sequence[str]) -> None:
    """Draw the headline on one line; on narrow axes on two, and then in smaller letters."""
    written = title(ax, "".join(words))
    with_chinese(ax)  # its letters have another width
    if _excess(written, ax) > 1:
        written.set_text("\n".join(words[::2]))
    if (excess := _excess(written, ax)) > 1:
        written.set_fontsize(max(_LEAST_HEADLINE, float(written.get_fontsize()) / excess))


def _excess(words: Text, ax: Axes) -> float:
    """Return how many times as wide as the axes some words are."""
    return float(words.get_window_extent().width / (inches(ax)[0] * ax.figure.dpi))


def _figure_size(ratio: float, count: int, columns: int) -> dict[str, float]:
    rows = -(-count // columns)
    wide = 6.5 if columns == 1 else min(3.4, 10.2 / columns)
    high = min(max(wide / ratio, 0.25), 5.0)
    return {"width": wide * columns, "height": rows * (high + 0.75) + 0.45}


def _draw_original(
    ax: Axes,
    width: int,
    height: int,
    picture: PIL.Image.Image | None,
    seen: Sequence[_Seen],
    points: float,
    language: Language,
) -> Text:
    from matplotlib.patches import Rectangle

    names = words("plots", language)
    _draw_pixels(ax, width, height, picture)
    for size in dict.fromkeys(one.size for one in seen):
        for color, style in (("white", "-"), (_COLOR, "--")):
            ax.add_patch(Rectangle((0, 0), *size, fill=False, ec=color, ls=style, lw=1.4))
    _frame(
        ax,
        max(width, *(one.size[0] for one in seen)),
        max(height, *(one.size[1] for one in seen)),
    )
    ax.set_title(f"{names['original']}\n{width} × {height} px", loc="left", fontsize=points)
    note = ax.text(0, -0.03, names["to scale"], transform=ax.transAxes, va="top", alpha=0.7)
    note.set_fontsize(min(_NOTE_POINTS, points))
    return note


def _draw_seen(
    ax: Axes, seen: _Seen, picture: PIL.Image.Image | None, points: float, words: str
) -> None:
    _draw_pixels(ax, *seen.size, picture)
    _draw_grid(ax, seen.rule)
    _frame(ax, *seen.size)
    ax.set_title(words, loc="left", fontsize=points)


def _words(seen: _Seen, language: Language, name: str = "") -> str:
    """Return three lines: a name, by default the model's; the sum; what it comes to."""
    rule, (width, height) = seen.rule, seen.size
    sum_of = f"{width} × {height} px: {rule.columns} × {rule.rows} + {rule.marks}"
    head = plain(name or seen.model)
    return f"{head}\n{sum_of}\n{weight_text(rule.tokens, seen.cost, language)}"


def _draw_pixels(ax: Axes, width: int, height: int, picture: PIL.Image.Image | None) -> None:
    from matplotlib.patches import Rectangle

    if picture is None:
        ax.add_patch(Rectangle((0, 0), width, height, color=_COLOR, alpha=0.18, lw=0))
        return
    shrink = min(1.0, _SHOWN_PIXELS / max(width, height))
    shown = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    ax.imshow(picture.resize(shown), extent=(0, width, height, 0), interpolation="nearest")


def _draw_grid(ax: Axes, rule: ImageRule) -> None:
    """Draw a line around every token, thinner where they are many; dark below for bright images."""
    if max(rule.columns, rule.rows) > _MOST_LINES:
        return
    width, height = measured(ax)
    square = 72 * min(width / max(1, rule.columns), height / max(1, rule.rows))  # in points
    thin = min(1.2, max(0.15, 0.05 * square))
    down = [column * rule.side for column in range(rule.columns + 1)]
    across = [row * rule.side for row in range(rule.rows + 1)]
    for color, line, alpha in (("black", 2 * thin, 0.35), (_COLOR, thin, 0.9)):
        ax.vlines(down, 0, across[-1], colors=color, lw=line, alpha=alpha)
        ax.hlines(across, 0, down[-1], colors=color, lw=line, alpha=alpha)


def _frame(ax: Axes, width: int, height: int) -> None:
    """Limit the axes to an image, upright."""
    edge = 0.01 * max(width, height, 1)
    ax.set(xlim=(-edge, width + edge), ylim=(height + edge, -edge), aspect="equal", anchor="NW")
    ax.set_axis_off()
