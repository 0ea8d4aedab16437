"""Tokens of an image: its size in pixels, fitted into the grid of a model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Number
from operator import index
from typing import TYPE_CHECKING, Any, Final, overload

from omni_nb.errors import RequestError, brief
from omni_nb.rules.catalog import find_model
from omni_nb.rules.facts import ModelFacts
from omni_nb.rules.grid import Bounds, fit, fit_many, rounded

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    from omni_nb.rules.facts import TokenRules
    from omni_nb.rules.grid import Branch

    Sizes: TypeAlias = NDArray[Any]

_MOST_PIXELS: Final = 2**53  # up to here every whole number is exact as a float


@dataclass(frozen=True, slots=True)
class ImageTokens:
    """The tokens of an image, and the size that it is scaled to (pixels).

    ``tokens`` are those of the grid and the marks around it.
    """

    resized_width: int
    resized_height: int
    grid_tokens: int
    tokens: int


@dataclass(frozen=True, slots=True, eq=False)
class ImageTokenArrays:
    """The tokens of images of many sizes: an `ImageTokens` whose fields are arrays.

    Attributes
    ----------
    columns, rows
        The grids: one token for each of their squares. The other arrays are computed from
        these when they are asked for.
    side
        The side of a square in pixels.
    marks
        Tokens that are added around a grid.
    """

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    side: int
    marks: int

    @property
    def resized_width(self) -> NDArray[np.int64]:
        """The widths that the images are scaled to, in pixels."""
        return self.columns * self.side

    @property
    def resized_height(self) -> NDArray[np.int64]:
        """The heights that the images are scaled to, in pixels."""
        return self.rows * self.side

    @property
    def grid_tokens(self) -> NDArray[np.int64]:
        """The tokens of the grids."""
        return self.columns * self.rows

    @property
    def tokens(self) -> NDArray[np.int64]:
        """All tokens of the images."""
        tokens = self.grid_tokens
        tokens += self.marks
        return tokens


@dataclass(frozen=True, slots=True)
class ImageRule:
    """The steps of a model's rule, from the size of an image to its tokens.

    Attributes
    ----------
    branch
        ``"as it is"``: the rounded size is within the limits; ``"shrunk"``, ``"enlarged"``: it
        had too many or too few tokens, so the image itself is scaled.
    rounded_width, rounded_height
        Each side, rounded to a multiple of ``side`` (pixels). May be 0 in the older rule.
    scale
        What the image's sides are multiplied with. In an image near the limits that was rounded
        across them, it may be a little over 1 when shrunk, or under 1 when enlarged: the
        rounded size decides on the branch, the true size on the scale.
    columns, rows
        The grid: one token for each of its squares.
    side
        The side of a square in pixels.
    tokens_min, tokens_max
        The limits of the grid's tokens.
    marks
        Tokens that are added around the grid.
    """

    branch: Branch
    rounded_width: int
    rounded_height: int
    scale: float
    columns: int
    rows: int
    side: int
    tokens_min: int
    tokens_max: int
    marks: int

    @property
    def grid_tokens(self) -> int:
        """The tokens of the grid."""
        return self.columns * self.rows

    @property
    def tokens(self) -> int:
        """All tokens of the image."""
        return self.grid_tokens + self.marks


@overload
def image_tokens(width: int, height: int, *, model: str | ModelFacts) -> ImageTokens: ...
@overload
def image_tokens(
    width: Sizes, height: Sizes | int, *, model: str | ModelFacts
) -> ImageTokenArrays: ...
@overload
def image_tokens(width: int, height: Sizes, *, model: str | ModelFacts) -> ImageTokenArrays: ...
def image_tokens(
    width: int | Sizes, height: int | Sizes, *, model: str | ModelFacts
) -> ImageTokens | ImageTokenArrays:
    """Count the tokens of images by the model's resizing rule.

    Parameters
    ----------
    width, height
        The image's size in pixels. Arrays of sizes, of any shapes that broadcast, are counted
        at once.
    model
        A model's name, or its facts.

    Returns
    -------
    ImageTokens or ImageTokenArrays
        The size that the image is scaled to and its tokens: integers, or arrays of them.

    Raises
    ------
    RequestError
        The model's rule is not known, or there is no image of such a size.

    Notes
    -----
    Spec, "音频与图片转换为Token数的规则": each side is rounded to a multiple of 28 pixels (32 on
    newer models); the image is scaled into the model's range of tokens; two marks are added.
    Python's rounding (to even) is part of the rule, and so is a side that rounds to 0 (on
    qwen3.5-omni it counts as one token).

    Examples
    --------
    >>> image_tokens(1920, 1080, model="qwen-omni-turbo").tokens
    1224
    >>> import numpy as np
    >>> image_tokens(np.array([640, 1920]), 480, model="qwen-omni-turbo").tokens
    array([ 393, 1175])
    """
    rules = token_rules(model)
    if _is_array(width) or _is_array(height):
        return _image_token_arrays(width, height, rules)
    width, height = _checked(width, height)
    found, side = fit(width, height, _bounds(rules)), rules.image_pixels_per_side
    grid = found.columns * found.rows
    return ImageTokens(found.columns * side, found.rows * side, grid, grid + rules.image_marks)


def image_rule(width: int, height: int, *, model: str | ModelFacts) -> ImageRule:
    """Return the steps by which `image_tokens` counts an image.

    Examples
    --------
    >>> rule = image_rule(4000, 3000, model="qwen-omni-turbo")
    >>> rule.branch, rule.rounded_width, rule.rounded_height, round(rule.scale, 3)
    ('shrunk', 4004, 2996, 0.289)
    >>> rule.columns, rule.rows, rule.tokens
    (41, 30, 1232)
    """
    rules = token_rules(model)
    width, height = _checked(width, height)
    bounds = _bounds(rules)
    found = fit(width, height, bounds)
    return ImageRule(
        branch=found.branch,
        rounded_width=rounded(width, bounds) * bounds.side,
        rounded_height=rounded(height, bounds) * bounds.side,
        scale=found.scale,
        columns=found.columns,
        rows=found.rows,
        side=bounds.side,
        tokens_min=rules.image_tokens_min,
        tokens_max=rules.image_tokens_max,
        marks=rules.image_marks,
    )


def token_rules(model: str | ModelFacts) -> TokenRules:
    """Return the token rules of a model.

    Raises
    ------
    RequestError
        The model's rules are not known.
    """
    facts = model if isinstance(model, ModelFacts) else find_model(model)
    if facts is None or facts.tokens is None:
        name = model.name if isinstance(model, ModelFacts) else model
        raise RequestError(f"The token rules of the model {brief(name)} are not known.")
    return facts.tokens


def _bounds(rules: TokenRules) -> Bounds:
    square = rules.image_pixels_per_side**2
    return Bounds(
        side=rules.image_pixels_per_side,
        least_squares=int(rules.image_side_floor),
        pixels_min=rules.image_tokens_min * square,
        pixels_max=rules.image_tokens_max * square,
    )


def _image_token_arrays(width: Any, height: Any, rules: TokenRules) -> ImageTokenArrays:
    columns, rows = fit_many(*_checked_arrays(width, height), _bounds(rules))
    return ImageTokenArrays(columns, rows, rules.image_pixels_per_side, rules.image_marks)


def _checked(width: Any, height: Any) -> tuple[int, int]:
    try:
        width, height = (_whole(pixels) for pixels in (width, height))
    except (TypeError, ValueError, OverflowError):
        raise _refused(width, height) from None
    if width < 1 or height < 1 or width * height > _MOST_PIXELS:
        raise _refused(width, height)
    return width, height


def _whole(pixels: Any) -> int:
    if isinstance(pixels, float) and pixels.is_integer():
        return int(pixels)
    return index(pixels)


def _is_array(given: object) -> bool:
    """Return whether something is an array or a column of a table, not a number of numpy's."""
    return hasattr(given, "__array__") and not isinstance(given, Number)


def _checked_arrays(width: Any, height: Any) -> tuple[Sizes, Sizes]:
    import numpy as np

    try:
        width, height = (_numbers(np.asarray(pixels)) for pixels in (width, height))
        shape = np.broadcast_shapes(width.shape, height.shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestError(
            "Widths and heights are whole numbers of pixels, in arrays whose shapes broadcast: "
            f"{error}."
        ) from None
    if math.prod(shape) and not _are_good(width, height):
        wrong = ~_is_good(*np.broadcast_arrays(width, height))
        if wrong.any():
            where = np.unravel_index(int(wrong.argmax()), shape)
            wide, high = (np.broadcast_to(pixels, shape)[where] for pixels in (width, height))
            raise _refused(wide, high, where=", ".join(str(int(place)) for place in where))
    return width, height


def _numbers(pixels: Sizes) -> Sizes:
    """Return integers as they are, and floats and Python's own numbers as floats."""
    import numpy as np

    if pixels.dtype.kind in "iu":
        return pixels
    if pixels.dtype.kind in "fO":
        return pixels.astype(np.float64)
    raise TypeError(f"an array of {pixels.dtype} has none")


def _are_good(width: Sizes, height: Sizes) -> bool:
    """Return whether every size is good, by the extremes: no array of sizes is made."""
    whole = all(p.dtype.kind in "iu" or (p == p.round()).all() for p in (width, height))
    most = float(width.max()) * float(height.max())
    return bool(whole and width.min() >= 1 and height.min() >= 1 and most <= _MOST_PIXELS)


def _is_good(width: Sizes, height: Sizes) -> Any:
    import numpy as np

    wide, high = width.astype(np.float64), height.astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = (wide == np.rint(wide)) & (high == np.rint(high))
        return whole & (wide >= 1) & (high >= 1) & (wide * high <= _MOST_PIXELS)


def _refused(width: object, height: object, where: str = "") -> RequestError:
    place = f" (the size at [{where}])" if where else ""
    return RequestError(
        "An image has at least 1 × 1 pixel, whole ones and at most 2^53 of them, not "
        f"{width} × {height}{place}."
    )
