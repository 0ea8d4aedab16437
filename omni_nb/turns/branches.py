"""Branches: the lines of a conversation that were set aside when a question was asked anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from omni_nb.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.turns.history import Trimming
    from omni_nb.turns.reply import Reply

Line: TypeAlias = "tuple[Reply, ...]"


class Branching:
    """A line of replies that can be gone back on; what was said after stays within reach.

    Attributes
    ----------
    replies : list of Reply
        The line that counts.
    """

    replies: list[Reply]
    trimming: Trimming
    _aside: list[Line]

    @property
    def branches(self) -> tuple[Line, ...]:
        """The lines of replies that were set aside, oldest first."""
        return tuple(self._aside)

    def branch(self, at: int) -> None:
        """Go on from an earlier turn; the line so far is set aside and stays in `branches`.

        ``fork`` makes another conversation; this one goes on in place.

        Parameters
        ----------
        at
            How many replies stay.

        Raises
        ------
        RequestError
            There are fewer, or an answer still streams.

        Examples
        --------
        >>> from omni_nb.chat.conversation import Conversation
        >>> chat = Conversation("qwen-omni-turbo")
        >>> for _ in chat.stream("Who are you?"): pass
        >>> chat.branch(at=0)
        >>> for _ in chat.stream(*chat.reworded(0, "What can you do?", of=chat.branches[0])): pass
        >>> chat.siblings(0)
        (1, 2)
        """
        if not 0 <= at <= len(self.replies):
            raise RequestError(
                f"branch() takes 0 to {len(self.replies)} turns of this conversation, not {at}."
            )
        self.go_to(self.replies[:at])

    def siblings(self, turn: int) -> tuple[int, int]:
        """Return which of its branches a turn is, from 0, and how many there are.

        Parameters
        ----------
        turn
            Its place, counted from 0 as in ``replies[turn]``; -1 is the last.

        Raises
        ------
        RequestError
            There is no such turn.
        """
        place = place_of(turn, self.replies)
        found = siblings(self.replies, self._aside, place)
        return found.index(self.replies[place]), len(found)

    def switch(self, turn: int, step: int = 1) -> None:
        """Go to another branch at a turn: the next, or with ``step=-1`` the one before.

        Parameters
        ----------
        turn
            Its place, counted from 0 as in ``replies[turn]``; -1 is the last.
        step
            How many branches on, or back.

        Raises
        ------
        RequestError
            There is none, or an answer still streams.
        """
        at = place_of(turn, self.replies)
        found = siblings(self.replies, self._aside, at)
        now = found.index(self.replies[at])
        if not 0 <= now + step < len(found):
            raise RequestError(
                f"There is no such branch at replies[{at}]: this is number {now + 1} of "
                f"{len(found)}, and {step:+} leads past them."
            )
        self.go_to(line_with(self._aside, self.replies[:at], found[now + step]))

    def clear(self) -> None:
        """Begin anew; what was said is set aside and stays in `branches`."""
        self.branch(at=0)

    def go_to(self, line: Sequence[Reply]) -> None:
        """Go on from a line, such as one of `branches`; the line so far is set aside.

        Raises
        ------
        RequestError
            An answer still streams.
        """
        if any(not reply.is_finished for reply in self.replies):
            raise RequestError("An answer still streams: stop it first.")
        now, then = tuple(self.replies), tuple(line)
        self._aside = lines_aside(then, [*self._aside, now])
        self.replies[:] = then
        self.trimming = self.trimming.within(_shared(now, then))


def place_of(turn: int, line: Sequence[Reply]) -> int:
    """Return the place of a turn in a line, counted from 0; a negative one is from the end.

    Raises
    ------
    RequestError
        There is no such turn.

    Examples
    --------
    >>> place_of(0, [])
    Traceback (most recent call last):
    omni_nb.errors.RequestError: There is no turn 0: nothing has been asked yet.
    """
    count = len(line)
    if -count <= turn < count:
        return turn % count
    if not count:
        raise RequestError(f"There is no turn {turn}: nothing has been asked yet.")
    every = f"0 to {count - 1}" if count > 1 else "0 alone"
    raise RequestError(
        f"There is no turn {turn}: turns are counted from 0, as in replies[turn]. This "
        f"conversation has {every}; -1 is the last."
    )


def siblings(replies: Sequence[Reply], aside: Sequence[Line], turn: int) -> tuple[Reply, ...]:
    """Return the replies that have stood at a turn after the same turns, oldest first.

    Parameters
    ----------
    replies
        The line that counts now.
    aside
        The lines that were set aside.
    turn
        A place in ``replies``, counted from 0.

    Examples
    --------
    >>> siblings((), (), 0)
    ()
    """
    before = tuple(replies[:turn])
    found = dict.fromkeys(
        line[turn]
        for line in (*aside, tuple(replies))
        if len(line) > turn and line[:turn] == before
    )
    return tuple(sorted(found, key=_born))


def lines_aside(replies: Sequence[Reply], aside: Sequence[Line]) -> list[Line]:
    """Return the lines that are kept beside ``replies``: none twice, none that it contains."""
    now = tuple(replies)
    every = dict.fromkeys(line for line in aside if line)
    return [
        line
        for line in every
        if not _begins(now, line) and not any(line != o and _begins(o, line) for o in every)
    ]


def line_with(aside: Sequence[Line], before: Sequence[Reply], reply: Reply) -> Line:
    """Return the line set aside last that goes on from ``before`` with this reply."""
    turn, start = len(before), tuple(before)
    return next(
        line
        for line in reversed(aside)
        if len(line) > turn and line[turn] is reply and line[:turn] == start
    )


def _begins(line: Line, start: Line) -> bool:
    return line[: len(start)] == start


def _born(reply: Reply) -> float:
    """When it was asked; what was never sent comes last."""
    return math.inf if reply.sent_at is None else reply.sent_at


def _shared(one: Line, other: Line) -> int:
    """How many turns two lines have in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((turn for turn, (a, b) in pairs if a is not b), min(len(one), len(other)))
