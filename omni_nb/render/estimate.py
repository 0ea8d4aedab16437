"""What an estimate and a comparison look like: tables in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.reply import plural, rounded
from omni_nb.render.tables import ENTRIES, Row, Table, entries, entry_modality, entry_name
from omni_nb.rules.catalog import find_model
from omni_nb.rules.pricing import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from omni_nb.render.reply import Language
    from omni_nb.turns.estimate import Comparison, Estimate

_LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "estimate": "Estimate for {model}; nothing was sent.",
        "compare": "The same question for {count} model{s}; nothing was sent.",
        "model": "model",
        "tokens": "tokens",
        "input": "input tokens",
        "answer": "answer tokens",
        "cost": "cost",
        "share": "share of limit",
        "per second": "a second of speech",
        "total": "total",
        "at least": "at least {}",
        "unknown": "unknown",
        "not taken": "not accepted",
        "limit": "{share} of the {limit:,} input tokens that {model} takes.",
        "no limit": "How many tokens {model} takes in is unknown.",
        "text": "Text is estimated: the service's tokenizer is not public, expect its count to "
        "differ by a third either way. Media follow the documented rules.",
        "not weighed": "Something cannot be weighed here, such as what is at a URL: the tokens "
        "are a lower bound and the cost is unknown.",
        "no price": "The price of {model} in {region} is unknown.",
        "no region": "Whose prices count is unknown: pass region='beijing'.",
        "speech on top": "The answer comes on top: {price} per second of speech; its text is free.",
        "text on top": "The answer comes on top: {price} per 1,000 tokens of text.",
        "on top": "The answer comes on top; its price is unknown.",
        "assumed speech": "Assumed: an answer of {:g} s of speech; its text is free.",
        "assumed text": "Assumed: an answer of {:,} token{s} of text.",
        "prices": "Prices of the region {}.",
        "refused": "{model}: {reason}",
    },
    "zh": {
        "estimate": "{model} 的估算；尚未发送任何内容。",
        "compare": "同一问题在 {count} 个模型上的估算；尚未发送任何内容。",
        "model": "模型",
        "tokens": "Token",
        "input": "输入 Token",
        "answer": "回答 Token",
        "cost": "费用",
        "share": "占输入上限",
        "per second": "每秒语音",
        "total": "合计",
        "at least": "至少 {}",
        "unknown": "未知",
        "not taken": "不支持",
        "limit": "占 {model} 输入上限 {limit:,} Token 的 {share}。",
        "no limit": "{model} 的输入上限未知。",
        "text": "文本为估算：服务的分词器未公开，实际数量可能上下相差三分之一。"
        "媒体按文档规则计算。",
        "not weighed": "有内容无法在本地计算（例如 URL 指向的内容）：Token 数为下限，费用未知。",
        "no price": "{model} 在 {region} 的价格未知。",
        "no region": "不知道适用哪个地域的价格：请传入 region='beijing'。",
        "speech on top": "回答另计：每秒语音 {price}；其文本免费。",
        "text on top": "回答另计：每 1,000 个文本 Token {price}。",
        "on top": "回答另计；其价格未知。",
        "assumed speech": "假设：回答为 {:g} 秒语音；其文本免费。",
        "assumed text": "假设：回答为 {:,} 个文本 Token。",
        "prices": "按地域 {} 的价格。",
        "refused": "{model}：{reason}",
    },
}


def estimate_table(made: Estimate) -> Table:
    """Return an estimate as a table, with what has to be said of it."""
    names, cost = _LABELS[made.language], made.cost
    counts = entries(made.usage)
    rows = [
        Row(
            entry_name(entry, made.language),
            (f"{counts[entry]:,}", _money(cost.amounts.get(entry) if cost else None, names)),
            entry_modality(entry),
        )
        for entry in ENTRIES
        if entry in counts
    ]
    tokens = f"{made.usage.total:,}"
    total = (
        names["at least"].format(tokens) if made.has_unknown else tokens,
        _money(cost.total if cost else None, names),
    )
    money = f"{names['cost']} ({cost.currency})" if cost else names["cost"]
    return Table(
        names["estimate"].format(model=made.model),
        ("", names["tokens"], money),
        (*rows, Row(names["total"], total, is_total=True)),
        tuple(_estimate_notes(made)),
    )


def _estimate_notes(made: Estimate) -> list[str]:
    names = _LABELS[made.language]
    notes = [_share_note(made), _answer_note(made)]
    if made.region is None:
        notes.append(names["no region"])
    elif made.cost is None and not made.has_unknown:
        notes.append(names["no price"].format(model=made.model, region=made.region))
    else:
        notes.append(names["prices"].format(made.region))
    if made.has_unknown:
        notes.append(names["not weighed"])
    return [*notes, names["text"]]


def _share_note(made: Estimate) -> str:
    names = _LABELS[made.language]
    if made.share is None:
        return names["no limit"].format(model=made.model)
    return names["limit"].format(
        share=percent(made.share), limit=made.input_limit, model=made.model
    )


def _answer_note(made: Estimate) -> str:
    names = _LABELS[made.language]
    if made.answer_seconds is not None:
        return names["assumed speech"].format(made.answer_seconds)
    if made.usage.output_total:
        count = made.usage.output_total
        return names["assumed text"].format(count, s=plural(count))
    if "audio" in made.modalities:
        price, line = made.speech_price, names["speech on top"]
    else:
        price, line = _price_of_text(made), names["text on top"]
    currency = _currency_of(made)
    if price is None or currency is None:
        return names["on top"]
    return line.format(price=f"{rounded(price)} {currency}")


def _price_of_text(made: Estimate) -> Decimal | None:
    """What 1,000 tokens of answer cost after this input."""
    answered = Usage(input=made.usage.input, output={"text": 1000})
    cost = answered.cost(made.model, region=made.region) if made.region else None
    return cost.amounts["text out"] if cost else None


def comparison_table(made: Comparison) -> Table:
    """Return a comparison as a table, with the reasons of the models that refuse."""
    names = _LABELS[made.language]
    columns, currency = _columns(made), _only_currency(made)
    rows = [
        Row(one.model, tuple(_cell(one, column, names, currency) for column in columns))
        for one in made.estimates
    ]
    nothing = [""] * (len(columns) - 1)
    count = len(made.estimates) + len(made.refusals)
    refused = [Row(model, (names["not taken"], *nothing)) for model in made.refusals]
    reasons = [
        reason if model in reason else names["refused"].format(model=model, reason=reason)
        for model, reason in made.refusals.items()
    ]
    return Table(
        names["compare"].format(count=count, s=plural(count)),
        (names["model"], *(_head(column, names, currency) for column in columns)),
        (*rows, *refused),
        (*_comparison_notes(made), *reasons),
    )


def _columns(made: Comparison) -> list[str]:
    """Return the columns that have something to say: a table that is too wide must be scrolled."""
    is_assumed = any(one.usage.output_total for one in made.estimates)
    speaks = any("audio" in one.modalities for one in made.estimates)
    return [
        *("input", "share"),
        *(["answer"] if is_assumed else []),
        "cost",
        *(["per second"] if speaks else []),
    ]


def _head(column: str, names: Mapping[str, str], currency: str | None) -> str:
    is_money = column in ("cost", "per second")
    return f"{names[column]} ({currency})" if is_money and currency else names[column]


def _cell(made: Estimate, column: str, names: Mapping[str, str], currency: str | None) -> str:
    """Return what stands in a column; where the head does not name the currency, it does."""
    unit = "" if currency else f" {_currency_of(made)}"
    match column:
        case "input":
            tokens = f"{made.tokens:,}"
            return names["at least"].format(tokens) if made.has_unknown else tokens
        case "share":
            return names["unknown"] if made.share is None else percent(made.share)
        case "answer":
            return f"{made.usage.output_total:,}"
        case "cost":
            return _money(made.cost.total if made.cost else None, names, unit)
        case _:
            return _money(made.speech_price, names, unit)


def _only_currency(made: Comparison) -> str | None:
    found = {currency for one in made.estimates if (currency := _currency_of(one))}
    return found.pop() if len(found) == 1 else None


def _comparison_notes(made: Comparison) -> list[str]:
    names = _LABELS[made.language]
    regions = {one.region for one in made.estimates if one.region}
    notes = [names["prices"].format(", ".join(sorted(regions)))] if regions else []
    if any(one.has_unknown for one in made.estimates):
        notes.append(names["not weighed"])
    return [*notes, names["text"]]


def percent(share: float) -> str:
    """Write a share as a person reads it.

    Examples
    --------
    >>> percent(0.0001), percent(0.042), percent(1.2)
    ('< 0.1 %', '4.2 %', '120 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _money(amount: Decimal | None, names: Mapping[str, str], unit: str = "") -> str:
    return names["unknown"] if amount is None else f"{rounded(amount)}{unit}"


def _currency_of(made: Estimate) -> str | None:
    """Return the currency in which the model is billed; None when it has no known price."""
    facts = find_model(made.model)
    prices = facts.prices.get(made.region) if facts and made.region else None
    return prices.currency if prices else None
