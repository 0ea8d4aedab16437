"""Render a usage and a cost as tables, and a weight as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.html import HTML, tag
from omni_nb.render.labels import entry_name, tokens_text
from omni_nb.render.tables import Row, Table
from omni_nb.rules.pricing import entries, entry_modality
from omni_nb.words import language_here, words

if TYPE_CHECKING:
    from omni_nb.rules.pricing import Cost, Usage
    from omni_nb.rules.weigh import Weight
    from omni_nb.words import Language


def usage_table(usage: Usage, language: Language | None = None) -> Table:
    """Return a usage as a table: the tokens of each entry.

    Examples
    --------
    >>> from omni_nb.rules.pricing import Usage
    >>> print(usage_table(Usage({"text": 3}, {"audio": 25}), "en"))
    Tokens
               tokens
    text in         3
    audio out      25
    total          28
    """
    language = language or language_here()
    labels, names = words("labels", language), words("usage", language)
    rows = [
        Row(entry_name(entry, language), (f"{count:,}",), entry_modality(entry))
        for entry, count in entries(usage).items()
    ]
    if usage.reasoning:
        rows.append(Row(names["reasoning"], (f"{usage.reasoning:,}",)))
    total = Row(labels["total"], (f"{usage.total:,}",), is_total=True)
    return Table(names["title"], ("", labels["tokens"]), (*rows, total))


def cost_table(cost: Cost, language: Language | None = None) -> Table:
    """Return a cost as a table: an amount for each entry.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from omni_nb.rules.pricing import Cost
    >>> print(cost_table(Cost({"audio out": Decimal("0.0512")}, "CNY"), "zh"))
    费用
              费用（CNY）
    音频输出       0.0512
    合计           0.0512
    """
    language = language or language_here()
    labels = words("labels", language)
    rows = [
        Row(entry_name(entry, language), (f"{amount:f}",), entry_modality(entry))
        for entry, amount in cost.amounts.items()
    ]
    total = Row(labels["total"], (f"{cost.total:f}",), is_total=True)
    head = labels["cost in"].format(currency=cost.currency)
    return Table(words("cost", language)["title"], ("", head), (*rows, total))


def weight_text(weight: Weight, language: Language | None = None) -> str:
    """Write the tokens of a weight, in all and by modality.

    Examples
    --------
    >>> from omni_nb.rules.weigh import Weight
    >>> weight_text(Weight({"text": 3, "image": 66}), "en")
    'about 69 tokens: text 3, image 66'
    """
    language = language or language_here()
    labels = words("labels", language)
    total = weight_total(weight, language)
    each = [f"{labels[name]} {count:,}" for name, count in weight.tokens.items() if count]
    if not each:
        return total
    return labels["pair"].format(label=total, value=labels["list"].join(each))


def weight_html(weight: Weight, language: Language | None = None) -> HTML:
    """Return the tokens of a weight as HTML."""
    return tag("span", weight_text(weight, language))


def weight_total(weight: Weight, language: Language) -> str:
    """Write the total tokens of a weight."""
    key = "least count" if weight.has_unknown else "about count"
    return tokens_text(weight.total, language, key=key)
