"""Render a conversation as static HTML, for a saved panel and for exports.

The HTML needs no kernel and no script, and fits a light or dark page, trusted or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omni_nb.media.text import plain
from omni_nb.render.html import HTML, style, tag
from omni_nb.render.palette import LINE
from omni_nb.render.reply import CARD, has_data, reply_text, stand_in_html, turn_html
from omni_nb.turns.history import describe
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.clip import Storage
    from omni_nb.turns.reply import Reply
    from omni_nb.words import Language

_BASE: Final = 8
_BLOCKS: Final = 4
_TURN: Final = style(f"border-top:1px solid {LINE}", "padding-top:0.75em;margin-top:0.75em")


def transcript_html(
    replies: Sequence[Reply],
    *,
    storage: Storage = "mp3",
    language: Language | None = None,
    name: str | None = None,
    first: int = 0,
) -> HTML:
    """Return turns as HTML: question, answer, player, notes, usage and cost.

    Parameters
    ----------
    storage
        How the speech is kept: ``"mp3"``, ``"opus"`` or ``"wav"``.
    language
        The language of the labels; by default that of the first question.
    name
        What screen readers call the transcript.
    first
        How many turns of the conversation come before: a long one is shown in blocks.

    Examples
    --------
    >>> transcript_html([])
    ''
    """
    if not replies:
        return HTML()
    language = language or language_of(replies[0].question)
    names = words("transcript", language)
    turns = [
        tag(
            "div",
            turn_html(reply, language, storage=storage),
            class_="omni-turn",
            role="group",
            aria_label=names["turn"].format(number=number + 1),
            style=_TURN if number else None,
        )
        for number, reply in enumerate(replies, first)
    ]
    stands_in = first == 0 and any(reply.is_stand_in for reply in replies)
    is_data = any(has_data(reply) for reply in replies if reply.is_stand_in)
    return tag(
        "div",
        stand_in_html(language, has_data=is_data) if stands_in else None,
        *turns,
        class_="omni-transcript",
        role="group",
        aria_label=name or names["name"],
        style=CARD,
    )


def transcript_text(replies: Sequence[Reply]) -> str:
    """Return turns as plain text, for front ends without HTML."""
    return "\n\n".join(
        "\n".join(filter(None, [f"> {plain(_words(reply))}", reply_text(reply)]))
        for reply in replies
    )


def transcript_bundle(
    replies: Sequence[Reply],
    *,
    storage: Storage = "mp3",
    language: Language | None = None,
    name: str | None = None,
    first: int = 0,
) -> dict[str, str]:
    """Return turns as the data of an output; see `transcript_html` for the parameters."""
    html = transcript_html(replies, storage=storage, language=language, name=name, first=first)
    return {"text/html": html, "text/plain": transcript_text(replies)}


def split_turns(count: int, base: int = _BASE) -> list[int]:
    """Return the sizes of the blocks in which so many turns are shown, oldest first.

    The sizes are the digits of ``count`` in the base, each times its power, in at most four blocks.
    So a new turn mostly changes the last and smallest block, and what is sent to a page while a
    conversation grows to n turns is of the order of n·log n rather than n².

    Examples
    --------
    >>> split_turns(75)
    [64, 8, 3]
    >>> split_turns(5000), split_turns(0)
    ([4608, 384, 8], [])
    """
    powers = [base**exponent for exponent in reversed(range(_BLOCKS))]
    sizes, rest = [], count
    for power in powers:
        sizes.append(rest // power * power)
        rest %= power
    return [size for size in sizes if size]


def _words(reply: Reply) -> str:
    language = language_of(reply.question)
    return " · ".join(describe(part, language) for part in reply.question)
