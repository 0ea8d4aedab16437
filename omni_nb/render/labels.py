"""Write tokens, money, regions and sizes in a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.rules.money import plain, rounded
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from decimal import Decimal

    from omni_nb.rules.pricing import Cost
    from omni_nb.words import Language


def entry_name(entry: str, language: Language) -> str:
    """Return the name of what is counted.

    Examples
    --------
    >>> entry_name("image in", "en"), entry_name("audio out", "zh")
    ('image in', '音频输出')
    """
    names = words("labels", language)
    modality, side = entry.split()
    return names["entry"].format(modality=names[modality], side=names[side])


def money_text(
    amount: Decimal | None, currency: str, language: Language, *, exact: bool = False
) -> str:
    """Write an amount to three significant digits; None as "unknown".

    Parameters
    ----------
    exact
        Write every digit.

    Examples
    --------
    >>> from decimal import Decimal
    >>> money_text(Decimal("0.01931"), "CNY", "en"), money_text(Decimal("0.01931"), "CNY", "zh")
    ('0.0193 CNY', '¥0.0193')
    """
    names = words("labels", language)
    if amount is None:
        return names["unknown"]
    digits = f"{plain(amount):f}" if exact else rounded(amount)
    return names.get(currency, names["price"]).format(amount=digits, currency=currency)


def cost_text(cost: Cost | None, language: Language) -> str:
    """Write the total of a cost; None as "unknown"."""
    if cost is None:
        return words("labels", language)["unknown"]
    return money_text(cost.total, cost.currency, language)


def tokens_text(count: int, language: Language, *, key: str = "count") -> str:
    """Write a number of tokens; ``key`` is ``"count"``, ``"about count"`` or ``"least count"``.

    Examples
    --------
    >>> tokens_text(1, "en"), tokens_text(1200, "zh", key="about count")
    ('1 token', '约 1,200 Token')
    """
    return words("labels", language)[key].format(count=count, s=plural(count))


def share_text(count: int, limit: int | None, language: Language) -> str:
    """Write the share that tokens have of a model's input limit; nothing where that is unknown.

    Examples
    --------
    >>> share_text(1224, 30_720, "en"), share_text(1224, None, "en")
    ('4.0 % of the input limit', '')
    """
    if limit is None:
        return ""
    return words("labels", language)["share"].format(share=percent(count / limit))


def seconds_text(seconds: float) -> str:
    """Write seconds to a tenth, and what is less so that it is not nothing.

    Examples
    --------
    >>> [seconds_text(seconds) for seconds in (12.34, 0.05, 0.042, 0.0001, 0)]
    ['12.3', '0.1', '0.04', '< 0.001', '0']
    """
    if seconds <= 0:
        return "0"
    if seconds < 0.0005:
        return "< 0.001"
    return f"{seconds:.1f}" if seconds >= 0.05 else f"{seconds:.1g}"


def region_name(region: str, language: Language) -> str:
    """Return the name of a region; an unknown one as it is written.

    Examples
    --------
    >>> region_name("beijing", "zh"), region_name("mars", "en")
    ('北京', 'mars')
    """
    return words("labels", language).get(region, region)


def join_sentences(*sentences: str, language: Language) -> str:
    """Return sentences joined as the language writes them.

    Examples
    --------
    >>> join_sentences("One.", "", "Two.", language="en")
    'One. Two.'
    """
    return words("labels", language)["gap"].join(filter(None, sentences))


def labelled(label: str, value: str, language: Language) -> str:
    """Return a label and its value with the colon of the language."""
    return words("labels", language)["pair"].format(label=label, value=value)


def sentence(text: str, language: Language) -> str:
    """Return words with the full stop of the language."""
    return words("labels", language)["sentence"].format(words=text)


def percent(share: float) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.0001), percent(0.042), percent(1.2)
    ('< 0.1 %', '4.2 %', '120 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def size_text(count: int, language: Language = "en") -> str:
    """Write the size of a file.

    Examples
    --------
    >>> size_text(1_234_567), size_text(999, "zh")
    ('1.2 MB', '999 字节')
    """
    if count < 1000:
        return words("parts", language)["bytes"].format(count=count, s=plural(count))
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def weight_text(count: int, cost: Cost | None, language: Language) -> str:
    """Write tokens and their cost; an unknown cost in words.

    Examples
    --------
    >>> weight_text(1224, None, "en")
    '1,224 tokens, cost unknown'
    """
    labels = words("labels", language)
    price = labels["cost unknown"] if cost is None else cost_text(cost, language)
    return labels["comma"].join((tokens_text(count, language), price))
