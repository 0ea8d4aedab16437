"""Header: what the panel says of itself: who answers and how, and what it has come to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from omni_nb.render.parts import size_text
from omni_nb.render.reply import plural, rounded
from omni_nb.rules.catalog import find_model
from omni_nb.turns.connection import current_connection
from omni_nb.views.panel.protocol import Header
from omni_nb.views.panel.words import PANEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.chat.conversation import Conversation
    from omni_nb.render.reply import Language
    from omni_nb.turns.reply import Reply

_ANYTHING = ("text", "image", "audio", "video")


def header_of(
    chat: Conversation, language: Language, *, kept_bytes: int, has_settings: bool
) -> Header:
    """Return the header of a conversation.

    Parameters
    ----------
    kept_bytes
        How much of the notebook it takes.
    has_settings
        Whether the settings are shown.
    """
    names, facts = PANEL[language], find_model(chat.model)
    connection = chat.connection or current_connection()
    speaks = "audio" in chat.modalities
    return Header(
        who=chat.model,
        how=f"{chat.voice} · {names['speech']}" if speaks else names["text"],
        is_stand_in=connection.is_stand_in,
        takes=list(facts.inputs if facts else _ANYTHING),
        microphone_seconds=facts.limits.audio_seconds if facts else None,
        total=_total(list(chat.replies), language),
        storage=names["kept"].format(size_text(kept_bytes)) if kept_bytes else "",
        has_settings=has_settings,
    )


def cost_text(reply: Reply, language: Language) -> str:
    """Say what an answer has cost."""
    return _cost([reply], language)


def _total(replies: Sequence[Reply], language: Language) -> str:
    """Say how much has been answered, and what that weighed and cost."""
    if not replies:
        return ""
    names = PANEL[language]
    count = names["answers"].format(len(replies), s=plural(len(replies)))
    total = sum(reply.usage_so_far.total for reply in replies)
    tokens = names["tokens"].format(total, s=plural(total))
    return " · ".join([count, tokens, _cost(replies, language)])


def _cost(replies: Sequence[Reply], language: Language) -> str:
    names = PANEL[language]
    costs = [reply.cost_so_far for reply in replies]
    known = [cost for cost in costs if cost is not None]
    currencies = {cost.currency for cost in known if cost.amounts}
    if len(known) < len(costs) or len(currencies) > 1:
        return names["unknown cost"]
    total = sum((cost.total for cost in known), start=Decimal(0))
    amount = f"{rounded(total)} {currencies.pop() if currencies else known[0].currency}"
    is_free = all(reply.is_stand_in for reply in replies)
    return names["free"].format(amount) if is_free else amount
