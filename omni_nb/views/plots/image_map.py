"""Plot a map of the image rule: tokens over width and height."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omni_nb.render.labels import tokens_text
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.rules.catalog import facts_of
from omni_nb.rules.images import token_rules
from omni_nb.rules.tokens import image_tokens
from omni_nb.views.plots.canvas import (
    canvas,
    check_axes,
    is_size,
    letters,
    plain,
    quiet,
    title,
)
from omni_nb.views.plots.fit import finished, scale_of
from omni_nb.views.plots.fonts import checked_language
from omni_nb.views.plots.image import held_image
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from omni_nb.rules.facts import ModelFacts, TokenRules
    from omni_nb.words import Language

_SMALLEST, _LARGEST = 8, 12_000  # pixels; what images are, and a little beyond
_STEPS = 360
_TICKS = (10, 30, 100, 300, 1000, 3000, 10_000)


def plot_image_token_map(
    model: str = DEFAULT_MODEL,
    *,
    image: Any = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many tokens an image has, for every width and height.

    Parameters
    ----------
    model
        A model's name.
    image
        An image or a size ``(width, height)`` that is marked on the map.
    language
        The language of the labels: ``"en"`` or ``"zh"``.
    ax
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The map: pixels on both axes, logarithmic. Two lines part the sizes that are enlarged,
        taken as they are, and shrunk; sizes that the model refuses are left blank.

    Raises
    ------
    MediaError
        ``image`` is no image, or an image at a URL, whose size is not known here.
    RequestError
        The token rules of the model are not known.

    Notes
    -----
    Spec, "音频与图片转换为Token数的规则" and the limits of "图片+文本输入".

    Examples
    --------
    >>> ax = plot_image_token_map("qwen-omni-turbo", image=(640, 480))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('width (pixels)', 'height (pixels)')
    """
    from matplotlib.colors import LogNorm

    check_axes(ax)
    language = checked_language(language)
    names = words("plots", language)
    facts, rules = facts_of(model), token_rules(model)
    size = None if image is None else _size_of(image)
    marked = None if size is None else image_tokens(*size, model=model).tokens
    pixels, tokens = _token_grid(facts)
    ax = canvas(ax, width=6.6, height=5.4)
    colors = ax.pcolormesh(
        pixels, pixels, tokens, norm=LogNorm(), cmap=_colormap(), shading="nearest", rasterized=True
    )
    ax.set(xscale="log", yscale="log", xlabel=names["width"], ylabel=names["height"])
    ax.set(xlim=(_SMALLEST, _LARGEST), ylim=(_SMALLEST, _LARGEST), aspect="equal")
    _number(ax)
    _draw_limits(ax, rules, names)
    _draw_refused(ax, facts, names)
    _draw_scale(ax, colors, tokens, words("labels", language)["tokens"])
    if size is not None and marked is not None:
        _draw_mark(ax, size, f"{size[0]} × {size[1]}\n{tokens_text(marked, language)}")
    quiet(ax)
    title(ax, names["map"].format(model=plain(model)))
    return finished(ax)


def _size_of(given: Any) -> tuple[int, int]:
    if is_size(given):
        return int(given[0]), int(given[1])
    part = held_image(given)
    return part.width, part.height


def _token_grid(facts: ModelFacts) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the sides, and the tokens of each two of them; refused sizes are masked."""
    import numpy as np

    pixels = np.unique(np.geomspace(_SMALLEST, _LARGEST, _STEPS).astype(np.int64))
    width, height = pixels[None, :], pixels[:, None]
    tokens = image_tokens(width, height, model=facts).tokens
    limits = facts.limits
    shorter, longer = np.minimum(width, height), np.maximum(width, height)
    is_refused = np.zeros(tokens.shape, bool)
    if limits.image_min_side_pixels is not None:
        is_refused |= shorter < limits.image_min_side_pixels
    if limits.image_max_ratio is not None:
        is_refused |= longer > limits.image_max_ratio * shorter
    return pixels, np.ma.masked_array(tokens, is_refused)


def _colormap() -> Colormap:
    """Return the image's colour from pale to dark: ordered without its hue too."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = ["#FFF6E0", "#F3C969", MODALITY_COLORS["image"], "#9A5B00", "#3D2300"]
    return LinearSegmentedColormap.from_list("image tokens", shades)


def _number(ax: Axes) -> None:
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(_TICKS, [f"{pixels:,}" for pixels in _TICKS])
        axis.set_ticks([], minor=True)


def _draw_limits(ax: Axes, rules: TokenRules, names: Mapping[str, str]) -> None:
    """Draw the lines width × height = limit; rounding makes the true edge a staircase."""
    square = rules.image_pixels_per_side**2
    ends = (_SMALLEST, _LARGEST)
    lines = (
        (rules.image_tokens_max, names["shrunk"], 8, "white"),
        (rules.image_tokens_min, names["enlarged"], -8, "#222222"),
    )
    for tokens, label, away, color in lines:
        area = tokens * square
        ax.plot(ends, [area / end for end in ends], color="#222222", lw=1.1, ls="--")
        ax.annotate(
            label.format(most=tokens, least=tokens, marks=rules.image_marks),
            (area**0.5, area**0.5),
            xytext=(away, away),
            textcoords="offset points",
            rotation=-45,
            ha="center",
            va="center",
            fontsize=letters(ax),
            color=color,
        )


def _draw_refused(ax: Axes, facts: ModelFacts, names: Mapping[str, str]) -> None:
    if facts.limits.image_max_ratio is None:
        return
    ratio, shorter = facts.limits.image_max_ratio, facts.limits.image_min_side_pixels or _SMALLEST
    longer = (shorter * ratio * _LARGEST) ** 0.5  # half way along the edge of what is refused
    ax.annotate(
        names["refused"].format(ratio=ratio),
        (longer, longer / ratio),
        xytext=(6, -6),
        textcoords="offset points",
        rotation=45,
        ha="center",
        va="center",
        fontsize=7,
        alpha=0.75,
    )


def _draw_scale(ax: Axes, colors: Any, tokens: npt.NDArray[Any], label: str) -> None:
    """Draw a scale of the colours, inside the axes' own room so that they keep their place."""
    least, most = int(tokens.min()), int(tokens.max())
    ticks = [least, *(n for n in _NUMBERS if 1.7 * least < n < most / 1.7), most]
    scale = ax.figure.colorbar(colors, cax=ax.inset_axes((1.03, 0.0, 0.035, 1.0)), ticks=ticks)
    scale.ax.set_yticklabels([f"{n:,}" for n in ticks], fontsize=letters(ax))
    scale.ax.set_yticks([], minor=True)
    if scale_of(ax) == 1:  # else there is no room beside the plot's title, which says it too
        scale.ax.set_title(label, fontsize=letters(ax), loc="left")
    scale.outline.set_visible(False)


_NUMBERS = (10, 30, 100, 300, 1000, 3000, 10_000)


def _draw_mark(ax: Axes, size: tuple[int, int], label: str) -> None:
    ax.plot(*size, marker="o", ms=9, mfc="white", mec="black", mew=1.6, clip_on=False, zorder=5)
    is_left = size[0] > (_SMALLEST * _LARGEST) ** 0.5
    ax.annotate(
        label,
        size,
        xytext=(-10 if is_left else 10, 0),
        textcoords="offset points",
        ha="right" if is_left else "left",
        va="center",
        fontsize=letters(ax),
        color="black",
        bbox={"boxstyle": "round,pad=0.3", "fc": "white", "ec": "none", "alpha": 0.85},
        zorder=6,
    )
