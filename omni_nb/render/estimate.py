"""Render an estimate or a comparison as a table, in the language of the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.labels import entry_name, money_text, percent, region_name
from omni_nb.render.tables import Row, Table
from omni_nb.rules.catalog import find_model
from omni_nb.rules.money import rounded
from omni_nb.rules.pricing import ENTRIES, Usage, entries, entry_modality
from omni_nb.words import language_of, plural, words

if TYPE_CHECKING:
    from decimal import Decimal

    from omni_nb.rules.estimate import Comparison, Estimate
    from omni_nb.words import Language


def estimate_table(made: Estimate) -> Table:
    """Return an estimate as a table with its notes."""
    language = language_of(made.question)
    labels, cost, counts = words("labels", language), made.cost, entries(made.usage)
    rows = [
        Row(
            entry_name(entry, language),
            (f"{counts[entry]:,}", _amount(cost.amounts.get(entry) if cost else None, language)),
            entry_modality(entry),
        )
        for entry in ENTRIES
        if entry in counts
    ]
    tokens = f"{made.usage.total:,}"
    total = (
        labels["at least"].format(amount=tokens) if made.has_unknown else tokens,
        _amount(cost.total if cost else None, language),
    )
    money = labels["cost in"].format(currency=cost.currency) if cost else labels["cost"]
    return Table(
        words("estimate", language)["estimate"].format(model=made.model),
        ("", labels["tokens"], money),
        (*rows, Row(labels["total"], total, is_total=True)),
        tuple(_estimate_notes(made, language)),
    )


def _estimate_notes(made: Estimate, language: Language) -> list[str]:
    names = words("estimate", language)
    notes = [_share_note(made, language), _answer_note(made, language)]
    if made.region is None:
        notes.append(names["no region"])
    else:
        region = region_name(made.region, language)
        is_unpriced = made.cost is None and not made.has_unknown
        said = names["no price"] if is_unpriced else names["prices"]
        notes.append(said.format(model=made.model, region=region))
    if made.has_unknown:
        notes.append(names["not weighed"])
    return [*notes, names["text"]]


def _share_note(made: Estimate, language: Language) -> str:
    names = words("estimate", language)
    if made.share is None:
        return names["no limit"].format(model=made.model)
    return names["limit"].format(
        share=percent(made.share), limit=made.input_limit, model=made.model
    )


def _answer_note(made: Estimate, language: Language) -> str:
    names = words("estimate", language)
    if made.answer_seconds is not None:
        return names["assumed speech"].format(seconds=made.answer_seconds)
    if made.usage.output_total:
        count = made.usage.output_total
        return names["assumed text"].format(count=count, s=plural(count))
    if "audio" in made.modalities:
        price, said = made.speech_price, names["speech on top"]
    else:
        price, said = _price_of_text(made), names["text on top"]
    currency = _currency_of(made)
    if price is None or currency is None:
        return names["on top"]
    return said.format(price=money_text(price, currency, language))


def _price_of_text(made: Estimate) -> Decimal | None:
    """Return what 1,000 tokens of answer cost after this input."""
    answered = Usage(input=made.usage.input, output={"text": 1000})
    cost = answered.cost(made.model, region=made.region) if made.region else None
    return cost.amounts["text out"] if cost else None


def comparison_table(made: Comparison) -> Table:
    """Return a comparison as a table, with the reasons of the models that refuse."""
    language = language_of(made.question)
    names, labels = words("estimate", language), words("labels", language)
    columns, currency = _columns(made), _only_currency(made)
    rows = [
        Row(one.model, tuple(_cell(one, column, language, currency) for column in columns))
        for one in made.estimates
    ]
    nothing = [""] * (len(columns) - 1)
    count = len(made.estimates) + len(made.refusals)
    refused = [Row(model, (names["not taken"], *nothing)) for model in made.refusals]
    reasons = [
        reason if model in reason else labels["pair"].format(label=model, value=reason)
        for model, reason in made.refusals.items()
    ]
    return Table(
        names["compare"].format(count=count, s=plural(count)),
        (labels["model"], *(_head(column, language, currency) for column in columns)),
        (*rows, *refused),
        (*_comparison_notes(made, language), *reasons),
    )


def _columns(made: Comparison) -> list[str]:
    """Return the columns with content: a table that is too wide must be scrolled."""
    is_assumed = any(one.usage.output_total for one in made.estimates)
    speaks = any("audio" in one.modalities for one in made.estimates)
    return [
        *("input", "share"),
        *(["answer"] if is_assumed else []),
        "cost",
        *(["per second"] if speaks else []),
    ]


def _head(column: str, language: Language, currency: str | None) -> str:
    labels = words("labels", language)
    head = labels["cost"] if column == "cost" else words("estimate", language)[column]
    is_money = column in ("cost", "per second")
    return labels["aside"].format(words=head, more=currency) if is_money and currency else head


def _cell(made: Estimate, column: str, language: Language, currency: str | None) -> str:
    """Return the cell of a column, with the currency where the head does not name it."""
    labels = words("labels", language)
    match column:
        case "input":
            tokens = f"{made.tokens:,}"
            return labels["at least"].format(amount=tokens) if made.has_unknown else tokens
        case "share":
            return labels["unknown"] if made.share is None else percent(made.share)
        case "answer":
            return f"{made.usage.output_total:,}"
    amount = made.speech_price
    if column == "cost":
        amount = made.cost.total if made.cost else None
    own = None if currency else _currency_of(made)
    return money_text(amount, own, language) if own else _amount(amount, language)


def _only_currency(made: Comparison) -> str | None:
    found = {currency for one in made.estimates if (currency := _currency_of(one))}
    return found.pop() if len(found) == 1 else None


def _comparison_notes(made: Comparison, language: Language) -> list[str]:
    names = words("estimate", language)
    regions = sorted({one.region for one in made.estimates if one.region})
    notes = []
    if regions:
        named = words("labels", language)["list"].join(region_name(r, language) for r in regions)
        said = names["prices"] if len(regions) == 1 else names["several prices"]
        notes.append(said.format(region=named))
    if any(one.has_unknown for one in made.estimates):
        notes.append(names["not weighed"])
    return [*notes, names["text"]]


def _amount(amount: Decimal | None, language: Language) -> str:
    """Return an amount below a head that names the currency."""
    return words("labels", language)["unknown"] if amount is None else rounded(amount)


def _currency_of(made: Estimate) -> str | None:
    """Return the currency in which the model is billed; None when it has no known price."""
    facts = find_model(made.model)
    prices = facts.prices.get(made.region) if facts and made.region else None
    return prices.currency if prices else None
