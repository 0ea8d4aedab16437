"""Plot the tokens and the cost of questions and answers, by modality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import RequestError
from omni_nb.media.sources import described
from omni_nb.render.labels import cost_text, entry_name
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.rules.estimate import Comparison, Estimate
from omni_nb.rules.pricing import ENTRIES, entries, entry_modality
from omni_nb.turns.reply import Reply
from omni_nb.views.plots.canvas import (
    canvas,
    check_axes,
    inches,
    letters,
    panels,
    plain,
    quiet,
    title,
)
from omni_nb.views.plots.fit import finished, scale_of
from omni_nb.views.plots.fonts import checked_language, with_chinese
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from omni_nb.rules.pricing import Cost, Usage
    from omni_nb.words import Language

_OTHER = "not split"
_GRAY = "#999999"
_ROW_INCHES = 0.42
_LEGEND_INCHES = 1.15  # the width of a name in the legend
_GAP_INCHES = 0.6  # half of the last number below the tokens, half of the first below the money


@dataclass(frozen=True, slots=True)
class _Bill:
    """One pair of bars; ``usage`` is None where the service sent no count."""

    kind: str
    model: str
    usage: Usage | None
    cost: Cost | None
    is_lower_bound: bool
    number: int | None = None


def plot_cost(given: Any, *, language: Language | None = None, ax: Axes | None = None) -> Axes:
    """Draw tokens and money by modality, what was estimated beside what was billed.

    Parameters
    ----------
    given
        A reply, a chat, an estimate or a comparison of estimates, or a list of them.
    language
        The language of the labels: ``"en"`` or ``"zh"``; by default that of the (first)
        question.
    ax
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        An empty frame with the title and the legend; ``ax.child_axes`` are two panels that
        share their rows: stacked bars of tokens, and of money. Bars of answers are hatched.
        Several are numbered as they are spoken of: row 1 of a chat is ``chat.replies[0]``.
        What is not known is said in words; an unknown cost has no bar.

    Raises
    ------
    RequestError
        ``given`` is none of these or empty, or the costs are in two currencies.

    Notes
    -----
    The amounts are those of `Usage.cost`: where the answer is spoken its text is free (spec,
    "计费"), so it has a bar of tokens and none of money.

    Examples
    --------
    >>> from omni_nb.turns.estimate import estimate
    >>> ax = plot_cost(estimate("Tell me a story.", voice="Cherry", answer_seconds=60))
    >>> tokens, money = ax.child_axes
    >>> tokens.get_xlabel(), money.get_xlabel()
    ('tokens', 'cost (CNY)')
    """
    check_axes(ax)
    leaves = _leaves(given)
    if not leaves:
        raise RequestError("There is nothing to draw: no answer has come yet.")
    bills = _bills(leaves)
    language = checked_language(language or language_of(leaves[0].question))
    names, labels = words("plots", language), words("labels", language)
    currency = _currency(bills)
    ax = canvas(ax, width=8.6, height=1.75 + min(30.0, _ROW_INCHES * len(bills)))
    models = dict.fromkeys(plain(bill.model) for bill in bills)
    title(ax, next(iter(models)) if len(models) == 1 else "")
    room = _draw_legend(ax, bills, language)
    tokens, money = panels(ax, 2, columns=2, gap=(_GAP_INCHES, 0.0), top=room)
    pale = _pale(bills)
    _draw_bars(tokens, [_counts(bill) for bill in bills], _tokens_said(bills, language), pale)
    _draw_bars(money, [_amounts(bill) for bill in bills], _money_said(bills, language), pale)
    for panel in (tokens, money):
        panel.locator_params(axis="x", nbins=max(2, min(5, int(inches(ax)[0]))))
    tokens.set_xlabel(labels["tokens"])
    money.set_xlabel(labels["cost in"].format(currency=currency) if currency else labels["cost"])
    tokens.set_yticks(range(len(bills)), _row_names(bills, names), fontsize=letters(ax))
    money.set_yticks([])
    if currency is None:
        money.set_xticks([])
    return finished(ax)


def _leaves(given: Any) -> list[Reply | Estimate]:
    """Return every reply and estimate in what was given, in order."""
    if isinstance(given, (Reply, Estimate)):
        return [given]
    if isinstance(given, Conversation):
        return list(given.replies)
    if isinstance(given, Comparison):
        return list(given.estimates)
    if isinstance(given, (list, tuple)):
        return [leaf for item in given for leaf in _leaves(item)]
    raise RequestError(
        "plot_cost() takes a reply, a chat, an estimate, a comparison or a list of them, "
        f"not {described(given)}."
    )


def _bills(leaves: Sequence[Reply | Estimate]) -> list[_Bill]:
    groups = [_of_reply(leaf) if isinstance(leaf, Reply) else [_of(leaf)] for leaf in leaves]
    return [
        replace(bill, number=number if len(groups) > 1 else None)
        for number, group in enumerate(groups, 1)
        for bill in group
    ]


def _of(made: Estimate) -> _Bill:
    return _Bill("estimated", made.model, made.usage, made.cost, made.has_unknown)


def _of_reply(reply: Reply) -> list[_Bill]:
    account = reply.account
    kind = "counted" if reply.is_stand_in else "billed"
    billed = _Bill(kind, reply.model, account.billed, account.billed_cost, False)
    if reply.estimate is None:
        return [billed]
    estimated = _Bill(
        "estimated",
        reply.model,
        account.estimated,
        account.estimated_cost,
        account.has_unknown,
    )
    return [estimated, billed]


def _currency(bills: Sequence[_Bill]) -> str | None:
    found = sorted({bill.cost.currency for bill in bills if bill.cost is not None})
    if len(found) > 1:
        raise RequestError(f"These costs are in {' and '.join(found)}; draw them apart.")
    return found[0] if found else None


def _counts(bill: _Bill) -> dict[str, float]:
    """Return tokens by entry; those that the service did not split are apart."""
    if bill.usage is None:
        return {}
    counts: dict[str, float] = {**entries(bill.usage)}
    return counts | {_OTHER: max(0, bill.usage.total - sum(counts.values()))}


def _amounts(bill: _Bill) -> dict[str, float]:
    """Return money by entry, as floats, which are exact enough for a drawing."""
    if bill.cost is None:
        return {}
    return {entry: float(amount) for entry, amount in bill.cost.amounts.items()}


def _tokens_said(bills: Sequence[_Bill], language: Language) -> list[str]:
    return [_count_said(bill, language) for bill in bills]


def _count_said(bill: _Bill, language: Language) -> str:
    if bill.usage is None:
        return words("plots", language)["no count"]
    count = f"{bill.usage.total:,}"
    return (
        words("labels", language)["at least"].format(amount=count) if bill.is_lower_bound else count
    )


def _money_said(bills: Sequence[_Bill], language: Language) -> list[str]:
    unknown = words("labels", language)["cost unknown"]
    return [unknown if bill.cost is None else cost_text(bill.cost, language) for bill in bills]


def _pale(bills: Sequence[_Bill]) -> set[int]:
    """Return the rows of estimates, where bills stand beside them."""
    estimated = {place for place, bill in enumerate(bills) if bill.kind == "estimated"}
    return estimated if len(estimated) < len(bills) else set()


def _draw_bars(
    ax: Axes, rows: Sequence[Mapping[str, float]], said: Sequence[str], pale: set[int]
) -> None:
    """Draw stacked bars, one row each, the first at the top, with words at their end."""
    longest = max((sum(row.values()) for row in rows), default=0.0) or 1.0
    for place, (row, text) in enumerate(zip(rows, said, strict=True)):
        left = 0.0
        for entry in (*ENTRIES, _OTHER):
            size = row.get(entry, 0.0)
            if size > 0:
                alpha = 0.5 if place in pale else 1.0
                style = _style(entry)
                ax.barh(place, size, left=left, height=0.62, label=entry, alpha=alpha, **style)
                left += size
        ax.annotate(
            text,
            (left, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=letters(ax),
        )
    quiet(ax)
    with_chinese(ax)
    said_pixels = max((text.get_window_extent().width for text in ax.texts), default=0.0)
    room = min(0.7, 1.15 * said_pixels / ax.get_window_extent().width)
    ax.set(xlim=(0, max(1.42, 1 / (1 - room)) * longest), ylim=(len(rows) - 0.5, -0.5))


def _style(entry: str) -> dict[str, Any]:
    color = MODALITY_COLORS.get(entry_modality(entry), _GRAY)
    hatch = "//" if entry.endswith(" out") else None
    return {"facecolor": color, "edgecolor": "white", "linewidth": 0.6, "hatch": hatch}


def _row_names(bills: Sequence[_Bill], names: Mapping[str, str]) -> list[str]:
    """Return what tells the rows apart: number, model where they differ, estimated or billed."""
    is_one_model = len({bill.model for bill in bills}) == 1
    is_comparison = {bill.kind for bill in bills} == {"estimated"} and not is_one_model
    return [
        " ".join(
            filter(
                None,
                (
                    f"{bill.number}" if bill.number and not is_comparison else "",
                    "" if is_one_model else plain(bill.model),
                    "" if is_comparison else names[bill.kind],
                ),
            )
        )
        for bill in bills
    ]


def _draw_legend(ax: Axes, bills: Sequence[_Bill], language: Language) -> float:
    """Draw the legend, in as many rows as it needs; return its height in inches."""
    from matplotlib.patches import Patch

    present = {entry for bill in bills for entry, count in _counts(bill).items() if count > 0}
    handles = [
        Patch(label=_entry_words(entry, language), **_style(entry))
        for entry in (*ENTRIES, _OTHER)
        if entry in present
    ]
    scale = scale_of(ax)
    columns = max(1, int(inches(ax)[0] / (scale * _LEGEND_INCHES)))
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.0,
        ncols=max(1, min(columns, len(handles))),
        frameon=False,
        fontsize=letters(ax),
    )
    return scale * (0.1 + 0.2 * -(-len(handles) // columns))


def _entry_words(entry: str, language: Language) -> str:
    return words("plots", language)[entry] if entry == _OTHER else entry_name(entry, language)
