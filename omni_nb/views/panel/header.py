"""Header of the panel: who answers and how, and the tokens and cost so far."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from omni_nb.chat.files import proposed_name
from omni_nb.render.labels import money_text, size_text, tokens_text
from omni_nb.rules.catalog import find_model
from omni_nb.turns.connection import current_connection
from omni_nb.views.panel.protocol import Header
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.chat.conversation import Conversation
    from omni_nb.turns.reply import Reply
    from omni_nb.words import Language

_ANYTHING = ("text", "image", "audio", "video")


def header_of(chat: Conversation, language: Language, *, kept_bytes: int) -> Header:
    """Return the header of a conversation.

    Parameters
    ----------
    kept_bytes
        How many bytes the conversation takes in the notebook.
    """
    names, facts = words("panel", language), find_model(chat.model)
    connection = chat.connection or current_connection()
    speaks = "audio" in chat.modalities
    return Header(
        who=chat.model,
        how=f"{chat.voice} · {names['speech']}" if speaks else names["text"],
        speaks=speaks,
        is_stand_in=connection.is_stand_in,
        takes=list(facts.inputs if facts else _ANYTHING),
        microphone_seconds=facts.limits.audio_seconds if facts else None,
        total=_total(list(chat.replies), language),
        storage=names["kept"].format(size=size_text(kept_bytes, language)) if kept_bytes else "",
        save_as=proposed_name(chat.file),
    )


def cost_text(reply: Reply, language: Language) -> str:
    """Say what an answer has cost."""
    return _cost([reply], language)


def _total(replies: Sequence[Reply], language: Language) -> str:
    """Say the number of answers, their tokens and their cost; nothing before there is one."""
    over = [reply for reply in replies if reply.is_finished]
    count = sum(1 for reply in over if reply.text or reply.pcm)
    total = sum(reply.usage_so_far.total for reply in over)
    if not (count or total):
        return ""
    answers = words("panel", language)["answers"].format(count=count, s=plural(count))
    said = [answers] if count else []
    return " · ".join([*said, tokens_text(total, language), _cost(over, language)])


def _cost(replies: Sequence[Reply], language: Language) -> str:
    labels = words("labels", language)
    costs = [reply.cost_so_far for reply in replies]
    known = [cost for cost in costs if cost is not None]
    currencies = {cost.currency for cost in known if cost.amounts}
    if len(known) < len(costs) or len(currencies) > 1:
        return labels["cost unknown"]
    total = sum((cost.total for cost in known), start=Decimal(0))
    currency = currencies.pop() if currencies else known[0].currency
    amount = money_text(total, currency, language)
    is_free = all(reply.is_stand_in for reply in replies)
    return labels["would cost"].format(amount=amount) if is_free else amount
