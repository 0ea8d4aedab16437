"""Numbers within the bounds of a JSON schema."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, Final

from omni_nb.offline.schema_words import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.offline.schema_words import Schema

_BOTH_WAYS: Final = 30  # numbers above and below the first one


def numbers(schema: Schema) -> Iterator[float]:
    """Yield numbers within the bounds of a schema, those near 0 first."""
    low = max(_bounds(schema, "minimum", "exclusiveMinimum"), default=None)
    high = min(_bounds(schema, "maximum", "exclusiveMaximum"), default=None)
    step = abs(Fraction(str(schema.get("multipleOf", 1)))) or Fraction(1)
    start = 0
    if low is not None and low > 0:
        start = math.ceil(low / step)
    elif high is not None and high < 0:
        start = math.floor(high / step)
    for number in range(_BOTH_WAYS):
        yield _plain_number((start + number) * step)
        if number:
            yield _plain_number((start - number) * step)
    if low is not None and high is not None and "multipleOf" not in schema:
        for number in count():  # from the middle to all 64 parts, as 5 and 64 share no factor
            value = low + (high - low) * Fraction((32 + 5 * number) % 64, 64)
            yield round(float(value), 3)
            yield _plain_number(value)
    for number in count(_BOTH_WAYS):
        yield _plain_number((start + (number if high is None else -number)) * step)


def _bounds(schema: Schema, *words: str) -> list[Fraction]:
    # Numbers in a schema may be infinite: then there is no fraction, and `fit` says so.
    return [Fraction(schema[word]) for word in words if is_number(schema.get(word))]


def _plain_number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)
