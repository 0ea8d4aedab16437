"""How much an input weighs: the documented rules that turn pixels and seconds into tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.models.catalog import TokenRules, find_model

if TYPE_CHECKING:
    from omni_nb.models.catalog import ModelFacts


@dataclass(frozen=True, slots=True)
class ImageTokens:
    """What an image weighs: the size it is scaled to (pixels) and its tokens."""

    resized_width: int
    resized_height: int
    grid_tokens: int
    tokens: int


def image_tokens(width: int, height: int, *, model: str) -> ImageTokens:
    """Count the tokens of an image, by the model's resizing rule.

    Parameters
    ----------
    width, height
        The image's size in pixels.
    model
        A model of the catalog.

    Raises
    ------
    RequestError
        The model's rule is not known.

    Notes
    -----
    Spec, "音频与图片转换为Token数的规则": each side is rounded to a multiple of 28 pixels (32 on
    qwen3-omni-flash); the image is scaled into the model's range of tokens; two marks are
    added. Python's rounding (to even) is part of the rule, and so is a side that rounds to 0.

    Examples
    --------
    >>> image_tokens(1920, 1080, model="qwen-omni-turbo").tokens
    1224
    """
    if width < 1 or height < 1:
        raise RequestError(f"An image has at least 1 × 1 pixel, not {width} × {height}.")
    rules = _rules(model)
    side = rules.image_pixels_per_side
    columns, rows = _grid(width, height, rules)
    return ImageTokens(
        resized_width=columns * side,
        resized_height=rows * side,
        grid_tokens=columns * rows,
        tokens=columns * rows + rules.image_marks,
    )


def audio_tokens(seconds: float, *, model: str, output: bool = False) -> int:
    """Count the tokens of ``seconds`` of sound, in or out.

    Spec, "音频与图片转换为Token数的规则": a fixed number of tokens per second; less than a second
    counts as one second. A started token counts as one (our reading: the documentation does
    not say how fractions are rounded).

    Examples
    --------
    >>> audio_tokens(0.2, model="qwen-omni-turbo")
    25
    """
    if seconds < 0:
        raise RequestError(f"A duration is 0 seconds or more, not {seconds}.")
    if seconds == 0:
        return 0
    rules = _rules(model)
    per_second = rules.audio_per_second_out if output else rules.audio_per_second_in
    return math.ceil(round(max(1.0, seconds) * float(per_second), 6))


def text_tokens(text: str) -> int:
    """Estimate the tokens of a text: one per CJK character, one per four other characters.

    An estimate: the service's tokenizer is not public here. Expect it to be off by a third
    either way; the service's own count replaces it in ``reply.usage``.
    """
    wide = sum(1 for character in text if "\u2e80" <= character <= "\u9fff")
    return wide + math.ceil((len(text) - wide) / 4)


def _grid(width: int, height: int, rules: TokenRules) -> tuple[int, int]:
    """Columns and rows of tokens, after the rule's rounding and scaling."""
    side, least = rules.image_pixels_per_side, int(rules.image_side_floor)
    columns, rows = (max(least, round(pixels / side)) for pixels in (width, height))
    if columns * rows > rules.image_tokens_max:
        shrink = math.sqrt(height * width / (rules.image_tokens_max * side * side))
        return math.floor(width / shrink / side), math.floor(height / shrink / side)
    if columns * rows < rules.image_tokens_min:
        grow = math.sqrt(rules.image_tokens_min * side * side / (height * width))
        return math.ceil(width * grow / side), math.ceil(height * grow / side)
    return columns, rows


def _rules(model: str) -> TokenRules:
    facts: ModelFacts | None = find_model(model)
    if facts is None or facts.tokens is None:
        raise RequestError(f"The token rules of the model {model!r} are not known.")
    return facts.tokens
