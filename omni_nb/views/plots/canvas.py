"""Canvas: the axes that a plot is drawn on, and the parts that all plots share."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError
from omni_nb.media.sources import described
from omni_nb.rules.pricing import Usage
from omni_nb.views.plots.fit import scale_of
from omni_nb.views.plots.fonts import with_chinese
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from omni_nb.rules.pricing import Cost

SMALL = 8.5
"""The size of small letters, in points."""

_NAME_CHARACTERS = 48


def canvas(ax: Axes | None, *, width: float, height: float) -> Axes:
    """Return the axes to draw on: the given one, or one of a new figure (inches).

    Call it when nothing can fail any more, so that no empty figure is left behind.
    """
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def check_axes(ax: Any) -> None:
    """Check that ``ax`` is a matplotlib Axes or None.

    Raises
    ------
    RequestError
        ``ax`` is something else, such as the array that ``plt.subplots(2)`` returns.
    """
    if ax is None:
        return
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise RequestError(
            f"ax= is one matplotlib Axes, not {described(ax)}. Of fig, axes = plt.subplots(2) "
            "pass one: ax=axes[0]."
        )


def panels(
    ax: Axes, count: int, *, columns: int, gap: tuple[float, float], top: float = 0.0
) -> list[Axes]:
    """Cut axes into panels, row by row; ``gap`` and the room at the ``top`` are in inches.

    The axes themselves become an empty frame that keeps the title; write that before.
    """
    ax.set_axis_off()
    width, height = inches(ax)
    rows = math.ceil(count / columns)
    across = min(gap[0] / width, 0.5 / columns)
    down = min(gap[1] / height, 0.5 / rows)
    room = min(top / height, 0.4)
    wide = (1 - across * (columns - 1)) / columns
    high = (1 - room - down * (rows - 1)) / rows
    places = [divmod(number, columns) for number in range(count)]
    return [
        ax.inset_axes(
            (
                column * (wide + across),
                1 - room - high - row * (high + down),
                wide,
                high,
            )
        )
        for row, column in places
    ]


def inches(ax: Axes) -> tuple[float, float]:
    """Lay the figure out, as far as what is drawn so far tells; return the axes' inches."""
    figure = ax.figure.figure  # of a subfigure the whole one
    if (layout := figure.get_layout_engine()) is not None:
        with_chinese(ax)  # the layout measures every text
        layout.execute(figure)
    return measured(ax)


def measured(ax: Axes) -> tuple[float, float]:
    """Return how wide and high the axes are now, in inches."""
    box = ax.get_window_extent()
    return box.width / ax.figure.dpi, box.height / ax.figure.dpi


def letters(ax: Axes, points: float = SMALL) -> float:
    """Return the size of letters on these axes, in points: smaller on small ones."""
    return points * scale_of(ax)


def quiet(ax: Axes, *, keep: Sequence[str] = ("left", "bottom")) -> None:
    """Leave out the frame of a plot but for some sides, and make its numbers small."""
    for name, spine in ax.spines.items():
        spine.set_visible(name in keep)
        spine.set_alpha(0.5)
    ax.tick_params(labelsize=letters(ax), length=3)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(letters(ax, 10.0))


def title(ax: Axes, words: str, *, size: float = 10.5) -> Text:
    """Write a title at the left, where lines of different lengths begin together."""
    return ax.set_title(words, loc="left", fontsize=letters(ax, size))


def plain(name: str) -> str:
    r"""Return a name as it is to be written: not too long, and a ``$`` as no formula.

    Examples
    --------
    >>> print(plain("a$b.png"))
    a\$b.png
    """
    words = " ".join(name.split())
    short = words if len(words) <= _NAME_CHARACTERS else f"{words[: _NAME_CHARACTERS - 1]}…"
    return short.replace("$", r"\$")


def model_names(models: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the models that a person asked for.

    Raises
    ------
    RequestError
        ``models`` is an empty list, or no list of names.

    Examples
    --------
    >>> model_names(None)
    ('qwen-omni-turbo',)
    """
    if models is None:
        return (DEFAULT_MODEL,)
    names = (models,) if isinstance(models, str) else models
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise RequestError(f"models= is a model's name or a list of them, not {described(models)}.")
    if not names:
        raise RequestError("models= is an empty list; name one model or more.")
    return tuple(dict.fromkeys(names))


def input_cost(model: str, region: str, **tokens: int) -> Cost | None:
    """Return what the tokens of a question cost, or None when that is not known."""
    return Usage(input=tokens).cost(model, region=region)


def is_size(given: object) -> bool:
    """Return whether something is a (width, height) and not an image.

    Examples
    --------
    >>> is_size((640, 480)), is_size([1.5, 2]), is_size("a.png")
    (True, False, False)
    """
    return (
        isinstance(given, (tuple, list))
        and len(given) == 2
        and all(isinstance(side, Integral) and not isinstance(side, bool) for side in given)
    )
