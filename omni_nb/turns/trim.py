"""Choose which of the oldest turns and media a conversation no longer sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from omni_nb.errors import RequestError, brief
from omni_nb.media.parts import TextPart
from omni_nb.media.shown import Shown
from omni_nb.turns.context import weigh_messages
from omni_nb.turns.history import Trimming, turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.parts import Part
    from omni_nb.rules.weigh import Weight
    from omni_nb.turns.reply import Reply

TrimPolicy: TypeAlias = Literal["media", "turns", "nothing"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A turn, or one medium of it, that is no longer sent.

    Attributes
    ----------
    turn
        The turn's place in the conversation's ``replies``.
    parts
        The whole question, or one medium of it.
    """

    turn: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class TrimReport(Shown):
    """What a conversation no longer sends, and what that saves.

    Attributes
    ----------
    trimming
        What is left out from now on.
    dropped
        Each turn and medium that was sent before and is no longer.
    before, after
        The tokens of the history before and after, estimated.
    question : tuple of Part
        What was asked last: its language is that of the report.
    """

    trimming: Trimming
    dropped: tuple[Dropped, ...]
    before: Weight
    after: Weight
    question: tuple[Part, ...] = field(default=(), repr=False, compare=False)

    @property
    def tokens_saved(self) -> int:
        """The estimated tokens that every further question saves, as far as known."""
        return self.before.total - self.after.total


def trim(
    replies: Sequence[Reply],
    now: Trimming,
    policy: TrimPolicy,
    *,
    keep: int | None,
    model: str,
    limit: int | None,
) -> TrimReport:
    """Choose what the history leaves out; see `omni_nb.chat.conversation.Conversation.trim`.

    Raises
    ------
    RequestError
        The policy is unknown or ``keep`` negative; or ``"turns"`` has neither ``keep`` nor a
        ``limit`` in tokens.

    Examples
    --------
    >>> print(trim([], Trimming(), "media", keep=None, model="qwen-omni-turbo", limit=30720))
    The whole history is sent: about 0 tokens.
    """
    if policy not in get_args(TrimPolicy):
        accepted = ", ".join(repr(name) for name in get_args(TrimPolicy))
        raise RequestError(f"trim() takes {accepted}, not {brief(policy)}.")
    if keep is not None and keep < 0:
        raise RequestError(f"keep= is a number of turns, 0 or more, not {keep}.")
    match policy:
        case "media":
            first = _first_kept(replies, 1 if keep is None else keep)
            then = Trimming(now.turns, max(now.media, first))
        case "turns":
            first = (
                _first_that_fits(replies, now, model, limit)
                if keep is None
                else (_first_kept(replies, keep))
            )
            then = Trimming(max(now.turns, first), now.media)
        case "nothing":
            then = Trimming()
    before, after = (weigh_messages(turns(replies, trimming), model) for trimming in (now, then))
    question = replies[-1].question if replies else ()
    return TrimReport(then, _dropped(replies, now, then), before, after, question)


def _first_kept(replies: Sequence[Reply], keep: int) -> int:
    """Return where the newest ``keep`` turns that have an answer begin."""
    answered = [number for number, reply in enumerate(replies) if reply.text]
    if keep == 0:
        return len(replies)
    return answered[-keep] if keep <= len(answered) else 0


def _first_that_fits(replies: Sequence[Reply], now: Trimming, model: str, limit: int | None) -> int:
    """Return where to begin so that half of the limit is free for the next question."""
    if limit is None:
        raise RequestError(f"What {model} takes in is not known: say how many turns, keep=.")
    for first in range(now.turns, len(replies)):
        history = turns(replies, Trimming(first, now.media))
        if weigh_messages(history, model).total <= limit // 2:
            return first
    return len(replies)


def _dropped(replies: Sequence[Reply], now: Trimming, then: Trimming) -> tuple[Dropped, ...]:
    """Return what was sent before and is no longer, turn by turn."""
    dropped = []
    for number, reply in enumerate(replies):
        if not reply.text or number < now.turns:
            continue
        if number < then.turns:
            dropped.append(Dropped(number, reply.question))
        elif now.media <= number < then.media:
            media = (part for part in reply.question if not isinstance(part, TextPart))
            dropped.extend(Dropped(number, (part,)) for part in media)
    return tuple(dropped)
