"""Usage and cost of a request, by modality."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError
from omni_nb.media.shown import Shown, reduced
from omni_nb.rules.catalog import find_model
from omni_nb.rules.counts import count_of
from omni_nb.rules.money import EXACT, Money, exact_sum, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omni_nb.rules.catalog import ModelFacts, Prices

MEDIA = ("audio", "image", "video")
ENTRIES = ("text in", "image in", "audio in", "video in", "text out", "audio out")
"""What tokens are counted and paid for, in the order of every table; named as in `Cost`."""


@dataclass(frozen=True, slots=True)
class Usage(Shown):
    """Tokens of one answer, by modality, as the service counted them.

    Parameters
    ----------
    input, output
        Tokens by modality. A modality that did not occur is missing.
    input_total, output_total
        The service's own sums; by default the sums of the parts.
    reasoning
        Tokens of thinking. The service's documents disagree whether the output's text
        tokens include them, so they are kept apart and never added.

    Examples
    --------
    >>> Usage(input={"text": 10, "image": 1232}, output={"text": 30, "audio": 125}).total
    1397
    """

    input: Mapping[str, int] = field(default_factory=dict)
    output: Mapping[str, int] = field(default_factory=dict)
    input_total: int = -1
    output_total: int = -1
    reasoning: int = 0

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            parts = MappingProxyType(dict(getattr(self, name)))
            object.__setattr__(self, name, parts)
            if getattr(self, f"{name}_total") < 0:
                object.__setattr__(self, f"{name}_total", sum(parts.values()))

    __reduce__ = reduced

    def __repr__(self) -> str:
        return f"Usage(input={dict(self.input)}, output={dict(self.output)}, total={self.total})"

    @property
    def total(self) -> int:
        """All tokens, in and out."""
        return self.input_total + self.output_total

    def __add__(self, other: Usage) -> Usage:
        if not isinstance(other, Usage):
            return NotImplemented
        return Usage(
            input=_sum(self.input, other.input),
            output=_sum(self.output, other.output),
            input_total=self.input_total + other.input_total,
            output_total=self.output_total + other.output_total,
            reasoning=self.reasoning + other.reasoning,
        )

    def __radd__(self, other: object) -> Usage:
        """Take the 0 that `sum` begins with."""
        return self if other == 0 else NotImplemented

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Usage:
        """Read the ``usage`` object of a chunk.

        Parameters
        ----------
        payload
            The object as the service sent it. Its details may be missing or null; a value that
            is no count is left out, and a modality that we do not know is in the sums alone.

        Examples
        --------
        >>> Usage.from_payload({"prompt_tokens": 10, "completion_tokens": 5}).total
        15
        """
        asked, answered = (
            details if isinstance(details := payload.get(f"{side}_tokens_details"), dict) else {}
            for side in ("prompt", "completion")
        )
        totals = (count_of(payload.get(f"{side}_tokens")) for side in ("prompt", "completion"))
        input_total, output_total = (-1 if total is None else total for total in totals)
        return cls(
            input=_details(asked, ("text", *MEDIA)),
            output=_details(answered, ("text", "audio")),
            input_total=input_total,
            output_total=output_total,
            reasoning=count_of(answered.get("reasoning_tokens")) or 0,
        )

    def record(self) -> dict[str, Any]:
        """Return the tokens as our own files hold them; `from_record` reads that back."""
        return {
            "input": dict(self.input),
            "output": dict(self.output),
            "input_total": self.input_total,
            "output_total": self.output_total,
            "reasoning": self.reasoning,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Usage:
        """Read what `record` has written; what is no count, and no modality, is left out.

        Examples
        --------
        >>> usage = Usage({"text": 3}, {"audio": 5})
        >>> Usage.from_record(usage.record()) == usage
        True
        """
        asked, answered = (
            parts if isinstance(parts := record.get(side), dict) else {}
            for side in ("input", "output")
        )
        totals = (count_of(record.get(f"{side}_total")) for side in ("input", "output"))
        input_total, output_total = (-1 if total is None else total for total in totals)
        return cls(
            {n: c for n in ("text", *MEDIA) if (c := count_of(asked.get(n))) is not None},
            {n: c for n in ("text", *MEDIA) if (c := count_of(answered.get(n))) is not None},
            input_total,
            output_total,
            count_of(record.get("reasoning")) or 0,
        )

    def cost(self, model: str, *, region: str = "beijing", batch: bool = False) -> Cost | None:
        """Price the tokens of one answer.

        The prices depend on what was asked and answered together, so price each answer on its
        own and add the costs up (`total_cost`): the cost of added usages is another one.

        Parameters
        ----------
        model
            The model's name or an alias.
        region
            Where the model was asked: prices differ, and so may the currency.
        batch
            Whether the model was asked through the Batch API. Only its own name has a price
            there: the spec offers Batch for the stable version ("稳定版模型"), no alias or
            snapshot.

        Returns
        -------
        Cost or None
            None where a price, the model or the region is unknown, and where the service's
            parts do not add up to its sums: an unknown price is never 0.

        Notes
        -----
        Spec, "商业版模型的免费额度用完后": input by modality; output text has two prices (input of
        text only, or with media); when speech is answered only the speech is billed; Batch
        at the published factor. Free quota is not taken off: see `omni_nb.rules.quota.Quota`.

        Examples
        --------
        >>> usage = Usage(input={"text": 1000, "image": 1000}, output={"text": 1000, "audio": 1000})
        >>> usage.cost("qwen-omni-turbo").total
        Decimal('0.0519')
        >>> usage.cost("qwen-omni-turbo", batch=True).total
        Decimal('0.02595')
        """
        facts = find_model(model)
        prices = facts.prices.get(region) if facts else None
        if facts is None or prices is None or not self._adds_up():
            return None
        factor = _factor(facts, prices, model) if batch else Decimal(1)
        amounts = self._input_amounts(prices) | self._output_amounts(prices)
        known = {name: amount for name, amount in amounts.items() if amount is not None}
        if factor is None or len(known) < len(amounts):
            return None
        return Cost(
            amounts={name: EXACT.multiply(amount, factor) for name, amount in known.items()},
            currency=prices.currency,
        )

    def _input_amounts(self, prices: Prices) -> dict[str, Decimal | None]:
        return {
            f"{name} in": _amount(count, getattr(prices, f"{name}_in", None))
            for name, count in self.input.items()
        }

    def _output_amounts(self, prices: Prices) -> dict[str, Decimal | None]:
        text, speech = (self.output.get(name, 0) for name in ("text", "audio"))
        media = any(self.input.get(name) for name in MEDIA)
        text_price = prices.text_out_after_media if media else prices.text_out
        amounts = {"text out": _amount(0 if speech else text, text_price)}
        if speech:
            amounts["audio out"] = _amount(speech, prices.audio_out)
        others = {name: n for name, n in self.output.items() if name not in ("text", "audio")}
        return amounts | {f"{name} out": _amount(count, None) for name, count in others.items()}

    def _adds_up(self) -> bool:
        return (
            sum(self.input.values()) == self.input_total
            and sum(self.output.values()) == self.output_total
        )


@dataclass(frozen=True, slots=True)
class Cost(Shown):
    """An amount of money, by what it was paid for (``"image in"``, ``"audio out"``, ...).

    Parameters
    ----------
    amounts
        The exact amounts by entry.
    currency
        The code of their currency.

    Examples
    --------
    >>> cost = Cost({"text in": Decimal("0.0004"), "audio out": Decimal("0.05")}, "CNY")
    >>> str(cost + cost)
    '0.1008 CNY'
    """

    amounts: Mapping[str, Decimal]
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", MappingProxyType(dict(self.amounts)))

    __reduce__ = reduced

    @property
    def total(self) -> Decimal:
        """The sum of the amounts, exact."""
        return plain(exact_sum(self.amounts.values()))

    @property
    def money(self) -> Money:
        """The total with its currency, to be compared with a budget."""
        return Money(self.total, self.currency)

    def __add__(self, other: Cost) -> Cost:
        if not isinstance(other, Cost):
            return NotImplemented
        if self.currency != other.currency:
            raise RequestError(
                f"{other.currency} cannot be added to {self.currency}: we know no exchange rate."
            )
        names = dict.fromkeys((*self.amounts, *other.amounts))
        parts = {
            name: [cost.amounts[name] for cost in (self, other) if name in cost.amounts]
            for name in names
        }
        sums = {name: exact_sum(amounts) for name, amounts in parts.items()}
        return Cost(amounts=sums, currency=self.currency)

    def __radd__(self, other: object) -> Cost:
        """Take the 0 that `sum` begins with."""
        return self if other == 0 else NotImplemented

    def times(self, count: int | Fraction) -> Cost:
        """Return the cost of so many of the same; of a share, to 12 digits after the point.

        Examples
        --------
        >>> str(Cost({"text in": Decimal("0.5")}, "CNY").times(3))
        '1.5 CNY'
        """
        part = Fraction(count)
        up, down = Decimal(part.numerator), Decimal(part.denominator)
        amounts = {n: EXACT.divide(EXACT.multiply(a, up), down) for n, a in self.amounts.items()}
        if part.denominator != 1:  # far below what any price has
            amounts = {n: a.quantize(Decimal("1e-12"), None, EXACT) for n, a in amounts.items()}
        return Cost(amounts, self.currency)

    def __str__(self) -> str:
        return f"{self.total:f} {self.currency}"

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {plain(amount):f}" for name, amount in self.amounts.items())
        return f"<Cost {self}: {parts}>"


def entries(usage: Usage) -> dict[str, int]:
    """Return tokens by entry, named as in `Cost`.

    Examples
    --------
    >>> entries(Usage({"text": 3}, {"audio": 25}))
    {'text in': 3, 'audio out': 25}
    """
    sides = (("in", usage.input), ("out", usage.output))
    return {f"{name} {side}": n for side, counts in sides for name, n in counts.items()}


def entry_modality(entry: str) -> str:
    """Return the modality of an entry, which has its colour everywhere.

    Examples
    --------
    >>> entry_modality("audio out")
    'audio'
    """
    return entry.partition(" ")[0]


def priced_region(region: str | None, *, is_stand_in: bool) -> str | None:
    """Return the region whose prices count; for the stand-in it is Beijing.

    Examples
    --------
    >>> priced_region(None, is_stand_in=True), priced_region("singapore", is_stand_in=False)
    ('beijing', 'singapore')
    """
    return "beijing" if is_stand_in else region


def total_cost(costs: Iterable[Cost | None]) -> Cost | None:
    """Add costs up; None when one of them is unknown or there is none.

    Raises
    ------
    RequestError
        The costs are in different currencies.
    """
    total: Cost | None = None
    for cost in costs:
        if cost is None:
            return None
        total = cost if total is None else total + cost
    return total


def share_of(cost: Cost | None, factor: Fraction | None) -> Cost | None:
    """Return the share of a cost that is paid; None where one of the two is not known.

    Examples
    --------
    >>> str(share_of(Cost({"text in": Decimal("0.5")}, "CNY"), Fraction(1, 2)))
    '0.25 CNY'
    """
    return None if cost is None or factor is None else cost.times(factor)


def batch_factor(model: str, region: str | None) -> Fraction | None:
    """Return what share of its usual price a model costs by Batch; None: not known.

    Examples
    --------
    >>> batch_factor("qwen-omni-turbo", "beijing")
    Fraction(1, 2)
    """
    facts = find_model(model)
    prices = facts.prices.get(region) if facts and region else None
    factor = _factor(facts, prices, model) if facts and prices else None
    return None if factor is None else Fraction(factor)


def _factor(facts: ModelFacts, prices: Prices, model: str) -> Decimal | None:
    return prices.batch_factor if model == facts.name else None


def _amount(tokens: int, per_million: Decimal | None) -> Decimal | None:
    if tokens == 0:
        return Decimal(0)
    if per_million is None:
        return None
    return EXACT.divide(EXACT.multiply(per_million, Decimal(int(tokens))), Decimal(1_000_000))


def _details(details: Mapping[str, Any], names: Iterable[str]) -> dict[str, int]:
    counts = {name: count_of(details.get(f"{name}_tokens")) for name in names}
    return {name: count for name, count in counts.items() if count}


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {name: left.get(name, 0) + right.get(name, 0) for name in (*left, *right)}
