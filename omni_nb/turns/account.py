"""Account: the estimated tokens and cost of an answer beside the billed ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from omni_nb.media.shown import Shown
from omni_nb.rules.pricing import ENTRIES, Usage, entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omni_nb.media.parts import Part
    from omni_nb.rules.pricing import Cost


@dataclass(frozen=True, slots=True)
class Account(Shown):
    """Estimated and billed tokens and cost, of one answer or of many.

    Attributes
    ----------
    model : str
        The model that was asked; of many answers, all of them.
    estimated : Usage
        By our rules: the input before it was sent, the output from what arrived.
    billed : Usage or None
        As the service counted; None when it sent no count.
    estimated_cost, billed_cost : Cost or None
        The costs of these tokens; None when not known.
    has_unknown : bool
        Whether something of the input could not be counted here.
    is_stand_in : bool
        Whether the offline stand-in answered, not the model.
    answers, uncounted : int
        How many answers there are, and how many of them without the service's count; those are
        not in the sums.
    question : tuple of Part
        What was asked: its language is that of the table.

    Examples
    --------
    >>> made = Account("a-model", Usage({"text": 3}), Usage({"text": 10}))
    >>> made.differences
    mappingproxy({'text in': 7})
    """

    model: str
    estimated: Usage
    billed: Usage | None
    estimated_cost: Cost | None = None
    billed_cost: Cost | None = None
    has_unknown: bool = False
    is_stand_in: bool = False
    answers: int = 1
    uncounted: int = 0
    question: tuple[Part, ...] = field(default=(), repr=False, compare=False)

    @property
    def differences(self) -> Mapping[str, int]:
        """Billed less estimated, by what it is paid for; empty when there is no count."""
        if self.billed is None:
            return MappingProxyType({})
        billed, estimated = entries(self.billed), entries(self.estimated)
        names = [name for name in ENTRIES if name in billed or name in estimated]
        return MappingProxyType({n: billed.get(n, 0) - estimated.get(n, 0) for n in names})


def total_account(accounts: Iterable[Account]) -> Account:
    """Add accounts up; those without a count are left out of the sums.

    Examples
    --------
    >>> one = Account("a-model", Usage({"text": 3}), Usage({"text": 10}))
    >>> total_account([one, one]).differences
    mappingproxy({'text in': 14})
    """
    every = list(accounts)
    counted = [made for made in every if made.billed is not None]
    return Account(
        model=", ".join(dict.fromkeys(made.model for made in every)),
        estimated=sum((made.estimated for made in counted), Usage()),
        billed=sum((made.billed for made in counted if made.billed), Usage()),
        estimated_cost=_sum(made.estimated_cost for made in counted),
        billed_cost=_sum(made.billed_cost for made in counted),
        has_unknown=any(made.has_unknown for made in counted),
        is_stand_in=any(made.is_stand_in for made in every),
        answers=len(every),
        uncounted=len(every) - len(counted),
        question=tuple(part for made in every for part in made.question),
    )


def _sum(costs: Iterable[Cost | None]) -> Cost | None:
    """Add costs of one currency up; None when one is unknown, or in another currency."""
    total: Cost | None = None
    for cost in costs:
        if cost is None or (total and total.currency != cost.currency):
            return None
        total = cost if total is None else total + cost
    return total
