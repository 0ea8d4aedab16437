"""Fit images into a grid of squares: the documented resizing, of one size and of many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Branch = Literal["as it is", "shrunk", "enlarged"]

_BLOCK_SIZES: Final = 65_536  # so that the numbers of a step stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds that a model's rule sets to the grid.

    Attributes
    ----------
    side
        The side of a square in pixels.
    least_squares
        How many squares a side has at least after rounding: 0 (older rules) or 1.
    pixels_min, pixels_max
        The smallest and the largest area of the grid.
    """

    side: int
    least_squares: int
    pixels_min: int
    pixels_max: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The grid of an image, and the branch of the rule that led to it.

    Attributes
    ----------
    branch
        Whether the rounded image is taken, or was too large or too small.
    scale
        What the sides of the image are multiplied with before they are cut into squares.
    """

    branch: Branch
    scale: float
    columns: int
    rows: int


def fit(width: int, height: int, bounds: Bounds) -> Fit:
    """Fit one image into the grid of a rule.

    The operations are the documentation's, in its order: another order of the same formula
    gives other floats, and now and then another row or column.

    Examples
    --------
    >>> fit(100, 50, Bounds(side=28, least_squares=0, pixels_min=3136, pixels_max=1003520))
    Fit(branch='as it is', scale=1.0, columns=4, rows=2)
    """
    columns, rows = (rounded(pixels, bounds) for pixels in (width, height))
    side = bounds.side
    if columns * rows * side * side > bounds.pixels_max:
        shrink = math.sqrt(height * width / bounds.pixels_max)
        columns, rows = (math.floor(pixels / shrink / side) for pixels in (width, height))
        return Fit("shrunk", 1 / shrink, columns, rows)
    if columns * rows * side * side < bounds.pixels_min:
        grow = math.sqrt(bounds.pixels_min / (height * width))
        columns, rows = (math.ceil(pixels * grow / side) for pixels in (width, height))
        return Fit("enlarged", grow, columns, rows)
    return Fit("as it is", 1.0, columns, rows)


def rounded(pixels: int, bounds: Bounds) -> int:
    """Round a side to squares, as Python rounds: a half goes to the even number."""
    return max(bounds.least_squares, round(pixels / bounds.side))


def fit_many(
    width: NDArray[Any], height: NDArray[Any], bounds: Bounds
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fit images of many sizes: exactly the columns and rows of `fit`.

    Parameters
    ----------
    width, height
        Whole numbers from 1 on, of any two shapes that broadcast.
    """
    import numpy as np

    width, height = np.broadcast_arrays(width, height)
    sides = width.ravel(), height.ravel()
    grid = np.empty((2, width.size), np.int64)
    for start in range(0, width.size, _BLOCK_SIZES):
        block = slice(start, start + _BLOCK_SIZES)
        pixels = np.array([side[block] for side in sides], np.float64)
        grid[:, block] = _fit_block(pixels, bounds)
    return grid[0].reshape(width.shape), grid[1].reshape(width.shape)


def _fit_block(sides: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Fit a row of widths and a row of heights as `fit` does; the fractions are to be cut.

    Whole floats up to 2**53 are exact, so the products that are integers there lose nothing here.
    """
    import numpy as np

    squares = np.rint(sides / bounds.side)
    if bounds.least_squares:
        np.maximum(squares, bounds.least_squares, out=squares)
    area = squares[0] * squares[1]
    area *= bounds.side * bounds.side
    pixels = sides[1] * sides[0]
    if (is_large := area > bounds.pixels_max).any():
        shrunk = sides / np.sqrt(pixels / bounds.pixels_max)
        shrunk /= bounds.side
        squares = np.where(is_large, shrunk, squares)  # its floor is taken by becoming integers
    if area.min() < bounds.pixels_min:
        small = np.flatnonzero(area < bounds.pixels_min)  # few, as a rule
        grow = np.sqrt(bounds.pixels_min / pixels[small])
        squares[:, small] = np.ceil(sides[:, small] * grow / bounds.side)
    return squares
