"""Account: what our rules count of an answer beside what the service counted and bills."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from omni_nb.render.reply import rounded
from omni_nb.render.tables import ENTRIES, Row, Table, Tabled, entries, entry_modality, entry_name
from omni_nb.rules.pricing import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omni_nb.render.reply import Language
    from omni_nb.rules.pricing import Cost

_LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "reply": "Estimated and billed, {model}",
        "chat": "Estimated and billed, {count} answers",
        "estimated": "estimated tokens",
        "billed": "billed tokens",
        "difference": "difference",
        "estimated cost": "estimated cost",
        "billed cost": "billed cost",
        "total": "total",
        "unknown": "unknown",
        "how": "Estimated: by our rules, the input before it was sent, the answer from what came. "
        "Text is a guess (a third either way); media follow the documented rules.",
        "not weighed": "Something of the input cannot be weighed here, such as what is at a URL: "
        "the difference contains it.",
        "uncounted": "{} without the service's count: no bill to compare with.",
        "stand-in": "The offline stand-in counted: free; shown is what a model would cost.",
        "free": "With speech in the answer its text is free.",
    },
    "zh": {
        "reply": "估算与计费，{model}",
        "chat": "估算与计费，{count} 个回答",
        "estimated": "估算 Token",
        "billed": "计费 Token",
        "difference": "差异",
        "estimated cost": "估算费用",
        "billed cost": "计费费用",
        "total": "合计",
        "unknown": "未知",
        "how": "估算：按我们的规则，输入在发送前计算，回答按收到的内容计算。"
        "文本为粗略估算（上下三分之一），媒体按文档规则计算。",
        "not weighed": "输入中有内容无法在本地计算（例如 URL 指向的内容）：差异中包含它。",
        "uncounted": "{} 个回答没有服务返回的 Token 数：无法与账单比较。",
        "stand-in": "由离线替身计数：免费；所示为使用模型时的费用。",
        "free": "回答含语音时，其文本免费。",
    },
}


@dataclass(frozen=True, slots=True)
class Account(Tabled):
    """One answer's tokens and cost, or those of many: by our rules, and by the service's count.

    Attributes
    ----------
    estimated : Usage
        By our rules: the input before it was sent, the output from what arrived.
    billed : Usage or None
        As the service counted; None when it sent no count.
    estimated_cost, billed_cost : Cost or None
        Their prices; None when not known.
    has_unknown : bool
        Whether something of the input could not be weighed here.
    uncounted : int
        Of how many answers there is no count; they are not in the sums.

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
    language: Language = field(default="en", repr=False)

    @property
    def differences(self) -> Mapping[str, int]:
        """Billed less estimated, by what it is paid for; empty when there is no count."""
        if self.billed is None:
            return MappingProxyType({})
        billed, estimated = entries(self.billed), entries(self.estimated)
        names = [name for name in ENTRIES if name in billed or name in estimated]
        return MappingProxyType({n: billed.get(n, 0) - estimated.get(n, 0) for n in names})

    def table(self) -> Table:
        """Return what is shown."""
        names = _LABELS[self.language]
        estimated, billed = entries(self.estimated), entries(self.billed or Usage())
        rows = [
            Row(
                entry_name(entry, self.language),
                (
                    f"{estimated.get(entry, 0):,}",
                    f"{billed.get(entry, 0):,}" if self.billed else names["unknown"],
                    self._difference(estimated.get(entry, 0), billed.get(entry, 0)),
                    _amount(self.estimated_cost, entry, names),
                    _amount(self.billed_cost, entry, names),
                ),
                entry_modality(entry),
            )
            for entry in ENTRIES
            if entry in estimated or entry in billed
        ]
        columns = ("estimated", "billed", "difference", "estimated cost", "billed cost")
        title = names["reply"] if self.answers == 1 else names["chat"]
        return Table(
            title.format(model=self.model, count=self.answers),
            ("", *(self._headed(column) for column in columns)),
            (*rows, self._total()),
            tuple(self._notes()),
        )

    def _headed(self, column: str) -> str:
        costs = {"estimated cost": self.estimated_cost, "billed cost": self.billed_cost}
        cost, words = costs.get(column), _LABELS[self.language][column]
        return f"{words} ({cost.currency})" if cost else words

    def _total(self) -> Row:
        names = _LABELS[self.language]
        mine = self.estimated.total
        theirs = self.billed.total if self.billed else 0
        cells = (
            f"{mine:,}",
            f"{theirs:,}" if self.billed else names["unknown"],
            self._difference(mine, theirs),
            _amount(self.estimated_cost, None, names),
            _amount(self.billed_cost, None, names),
        )
        return Row(names["total"], cells, is_total=True)

    def _difference(self, estimated: int, billed: int) -> str:
        """Say by how much the bill differs, and by how much of the estimate."""
        if self.billed is None:
            return "—"
        less = billed - estimated
        if less == 0:
            return "0"
        share = f" ({100 * less / estimated:+.0f} %)" if estimated else ""
        return f"{less:+,}{share}"

    def _notes(self) -> list[str]:
        names = _LABELS[self.language]
        said = [
            (self.has_unknown, names["not weighed"]),
            (self.uncounted > 0, names["uncounted"].format(self.uncounted)),
            (bool((self.billed or self.estimated).output.get("audio")), names["free"]),
            (True, names["how"]),
            (self.is_stand_in, names["stand-in"]),
        ]
        return [note for is_true, note in said if is_true]


def total_account(accounts: Iterable[Account], language: Language = "en") -> Account:
    """Add the accounts of many answers up; those without a count are left out and said.

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
        language=language,
    )


def _sum(costs: Iterable[Cost | None]) -> Cost | None:
    """Add costs of one currency up; None when one is unknown, or in another currency."""
    total: Cost | None = None
    for cost in costs:
        if cost is None or (total and total.currency != cost.currency):
            return None
        total = cost if total is None else total + cost
    return total


def _amount(cost: Cost | None, entry: str | None, names: Mapping[str, str]) -> str:
    if cost is None:
        return names["unknown"]
    return rounded(cost.total if entry is None else cost.amounts.get(entry, Decimal(0)))
