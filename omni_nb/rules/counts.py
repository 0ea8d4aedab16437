"""Counts, of tokens and others, as services send them and files hold them."""

from __future__ import annotations

import math
from typing import Final

MOST: Final = 2**53
"""A larger number is no count: as a float, and in a browser, it would not be exact."""


def count_of(value: object) -> int | None:
    """Return a count, or None where a value is none.

    Parameters
    ----------
    value
        What a service or a file gives: some send whole numbers as floats or as strings.

    Examples
    --------
    >>> [count_of(value) for value in (12, 12.0, "5", None, -1, True, float("nan"))]
    [12, 12, 5, None, None, None, None]
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= MOST else None
