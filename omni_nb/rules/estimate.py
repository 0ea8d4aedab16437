"""`Estimate`: a question's tokens and cost before it is sent; `Comparison`: several of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from omni_nb.media.shown import Shown, reduced
from omni_nb.rules.catalog import find_model
from omni_nb.rules.money import EXACT, plain
from omni_nb.rules.pricing import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from omni_nb.media.parts import Part
    from omni_nb.rules.pricing import Cost


@dataclass(frozen=True, slots=True)
class Estimate(Shown):
    """The tokens and the cost of a question, estimated before it is sent.

    Media follow the documented rules. Text is an honest guess: one token per CJK character,
    one per four others; expect the service's count to differ by a third either way. The length
    of the answer is not known, so ``usage.output`` is what was assumed, or empty.

    Attributes
    ----------
    model, region, modalities
        Who is asked, whose prices count (None: unknown), and what is to be answered.
    usage : Usage
        The input, estimated; the output, as assumed.
    has_unknown : bool
        Whether something could not be counted, such as an image at a URL: the tokens are
        then a lower bound, and the cost is unknown.
    input_limit : int or None
        How many tokens the model takes in.
    answer_seconds : float or None
        The assumed speech of the answer.
    question : tuple of Part
        What is asked: its language is that of the table.

    Examples
    --------
    >>> from omni_nb import estimate
    >>> made = estimate("Tell me a story.", voice="Cherry", answer_seconds=60)
    >>> made.tokens, made.usage.output["audio"], str(made.cost)
    (4, 1500, '0.0750016 CNY')
    """

    model: str
    region: str | None
    modalities: tuple[str, ...]
    usage: Usage
    has_unknown: bool = False
    input_limit: int | None = None
    answer_seconds: float | None = None
    question: tuple[Part, ...] = field(default=(), repr=False, compare=False)

    @property
    def tokens(self) -> int:
        """The tokens of the input, as far as they could be counted."""
        return self.usage.input_total

    @property
    def share(self) -> float | None:
        """The input as a share of the model's limit; None when the limit is not known."""
        return self.tokens / self.input_limit if self.input_limit else None

    @property
    def cost(self) -> Cost | None:
        """What the input costs, and the answer if one was assumed; None when not known."""
        if self.has_unknown or self.region is None:
            return None
        return self.usage.cost(self.model, region=self.region)

    def answered(self, tokens: Mapping[str, int]) -> Estimate:
        """Return the estimate with an answer of so many tokens, of what is to be answered.

        Examples
        --------
        >>> from omni_nb import estimate
        >>> estimate("Tell me a story.").answered({"text": 40, "audio": 9}).usage.total
        44
        """
        output = {name: count for name, count in tokens.items() if name in self.modalities}
        return replace(self, usage=Usage(input=self.usage.input, output=output))

    @property
    def speech_price(self) -> Decimal | None:
        """The price of a second of the answer's speech; None when not known."""
        return speech_price(self.model, self.region)


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """The same question for several models, side by side.

    Attributes
    ----------
    estimates : tuple of Estimate
        One for each model that takes the question.
    refusals : Mapping[str, str]
        The models that do not take it, and why.
    question : tuple of Part
        What is asked: its language is that of the table.
    """

    estimates: tuple[Estimate, ...]
    refusals: Mapping[str, str] = field(default_factory=dict)
    question: tuple[Part, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", MappingProxyType(dict(self.refusals)))

    __reduce__ = reduced


def speech_price(model: str, region: str | None) -> Decimal | None:
    """Return the price of a second of speech; None when not known.

    Examples
    --------
    >>> speech_price("qwen-omni-turbo", "beijing")
    Decimal('0.00125')
    """
    facts = find_model(model)
    prices = facts.prices.get(region) if facts and region else None
    if facts is None or facts.tokens is None or prices is None or prices.audio_out is None:
        return None
    million = EXACT.multiply(facts.tokens.audio_per_second_out, prices.audio_out)
    return plain(million.scaleb(-6))
