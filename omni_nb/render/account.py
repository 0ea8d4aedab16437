"""Render an account as a table: estimated and billed, side by side."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from omni_nb.render.labels import entry_name
from omni_nb.render.tables import Row, Table
from omni_nb.rules.money import rounded
from omni_nb.rules.pricing import ENTRIES, Usage, entries, entry_modality
from omni_nb.words import language_of, plural, words

if TYPE_CHECKING:
    from omni_nb.rules.pricing import Cost
    from omni_nb.turns.account import Account
    from omni_nb.words import Language

_COSTS = ("estimated cost", "billed cost")


def account_table(account: Account) -> Table:
    """Return an account as a table with its notes."""
    language = language_of(account.question)
    names = words("account", language)
    estimated, billed = entries(account.estimated), entries(account.billed or Usage())
    rows = [
        Row(
            entry_name(entry, language),
            _cells(account, estimated.get(entry, 0), billed.get(entry, 0), entry, language),
            entry_modality(entry),
        )
        for entry in ENTRIES
        if entry in estimated or entry in billed
    ]
    mine, theirs = account.estimated.total, account.billed.total if account.billed else 0
    total = Row(
        words("labels", language)["total"],
        _cells(account, mine, theirs, None, language),
        is_total=True,
    )
    title = names["reply"] if account.answers == 1 else names["chat"]
    columns = ("estimated", "billed", "difference", *_COSTS)
    return Table(
        title.format(model=account.model, count=account.answers, s=plural(account.answers)),
        ("", *(_headed(account, column, language) for column in columns)),
        (*rows, total),
        tuple(_notes(account, language)),
    )


def _cells(
    account: Account, estimated: int, billed: int, entry: str | None, language: Language
) -> tuple[str, ...]:
    unknown = words("labels", language)["unknown"]
    return (
        f"{estimated:,}",
        f"{billed:,}" if account.billed else unknown,
        _difference(estimated, billed) if account.billed else "—",
        _amount(account.estimated_cost, entry, unknown),
        _amount(account.billed_cost, entry, unknown),
    )


def _headed(account: Account, column: str, language: Language) -> str:
    head = words("account", language)[column]
    cost = dict(zip(_COSTS, (account.estimated_cost, account.billed_cost), strict=True)).get(column)
    if cost is None:
        return head
    return words("labels", language)["aside"].format(words=head, more=cost.currency)


def _difference(estimated: int, billed: int) -> str:
    """Return by how many tokens the bill differs, and the share of the estimate."""
    more = billed - estimated
    if more == 0:
        return "0"
    share = f" ({100 * more / estimated:+.0f} %)" if estimated else ""
    return f"{more:+,}{share}"


def _notes(account: Account, language: Language) -> list[str]:
    names = words("account", language)
    uncounted = names["uncounted"].format(count=account.uncounted, s=plural(account.uncounted))
    said = [
        (account.has_unknown, names["not weighed"]),
        (account.uncounted > 0, uncounted),
        (bool((account.billed or account.estimated).output.get("audio")), names["free"]),
        (True, names["how"]),
        (account.is_stand_in, names["stand-in"]),
    ]
    return [note for is_true, note in said if is_true]


def _amount(cost: Cost | None, entry: str | None, unknown: str) -> str:
    if cost is None:
        return unknown
    return rounded(cost.total if entry is None else cost.amounts.get(entry, Decimal(0)))
