"""The replies of a conversation: those that count, those set aside, and what is not sent."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, TypeAlias

from omni_nb.errors import RequestError, brief
from omni_nb.turns.history import Trimming

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omni_nb.turns.reply import Reply

Branch: TypeAlias = "tuple[Reply, ...]"
_Tree: TypeAlias = "dict[Reply, _Tree]"


class Line:
    """The replies of a conversation in their order; other versions stay in reach.

    A reply enters when its request is sent. Going back sets the replies so far aside.

    Attributes
    ----------
    trimming : Trimming
        What of the oldest turns is no longer sent.
    """

    def __init__(
        self,
        replies: Iterable[Reply] = (),
        *,
        aside: Iterable[Branch] = (),
        trimming: Trimming | None = None,
    ) -> None:
        self._replies = tuple(replies)
        self._aside = tuple(aside)
        self.trimming = trimming or Trimming()
        self._lock = threading.RLock()

    @property
    def replies(self) -> Branch:
        """The replies that count, oldest first."""
        return self._replies

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The lines of replies that were set aside, oldest first."""
        return self._aside

    @property
    def every(self) -> tuple[Reply, ...]:
        """Each reply once: those that count, then those that were set aside."""
        aside = (reply for branch in self._aside for reply in branch)
        return tuple(dict.fromkeys((*self._replies, *aside)))

    def enter(self, reply: Reply, at: int | None = None) -> None:
        """Add a reply whose request is sent now.

        Parameters
        ----------
        at
            The turn whose place the reply takes: that turn and all after it are set aside.

        Raises
        ------
        RequestError
            Another answer still streams in what would be set aside.
        """
        with self._lock:
            if at is not None:
                self.go_to(self._replies[:at])
            self._replies = (*self._replies, reply)

    def check_is_free(self) -> None:
        """Refuse to leave the line while an answer streams in it.

        Raises
        ------
        RequestError
            An answer still streams.
        """
        if any(not reply.is_finished for reply in self._replies):
            raise RequestError("An answer still streams: stop it first.")

    def go_to(self, replies: Sequence[Reply]) -> None:
        """Go on from other replies, such as one of `branches`; those so far are set aside.

        Raises
        ------
        RequestError
            An answer still streams.
        """
        with self._lock:
            self.check_is_free()
            now, then = self._replies, tuple(replies)
            self._aside = tuple(set_aside(then, (*self._aside, now)))
            self._replies = then
            self.trimming = self.trimming.within(_shared(now, then))

    def versions(self, turn: int) -> Branch:
        """Return the replies that have stood at a turn after the same turns, oldest first.

        Raises
        ------
        RequestError
            There is no such turn.
        """
        return siblings(self._replies, self._aside, place_of(turn, self._replies))

    def switch(self, turn: int, version: int) -> None:
        """Switch to another version of a turn, and to what was said after it.

        Raises
        ------
        RequestError
            There is no such turn or version, or an answer still streams.
        """
        place = place_of(turn, self._replies)
        found = siblings(self._replies, self._aside, place)
        if not -len(found) <= version < len(found):
            raise RequestError(
                f"There is no version {version} of replies[{place}]: it has {len(found)}, counted "
                "from 0 as in versions(turn)[version]."
            )
        chosen = found[version]
        if chosen is not self._replies[place]:
            self.go_to(branch_with(self._aside, self._replies[:place], chosen))

    def undo(self, turns: int) -> Branch:
        """Take the last turns back, and return them.

        Raises
        ------
        RequestError
            There are fewer turns.
        """
        with self._lock:
            count = len(self._replies)
            if isinstance(turns, bool) or not isinstance(turns, int) or not 0 <= turns <= count:
                raise RequestError(
                    f"undo() takes 0 to {count} turns of this conversation, not {brief(turns)}."
                )
            removed = self._replies[count - turns :]
            self._replies = self._replies[: count - turns]
            self.trimming = self.trimming.within(count - turns)
            return removed

    def fork(self, at: int | None = None) -> Line:
        """Return a line of its own with the first replies; one that still streams is left out."""
        kept = [reply for reply in self._replies[:at] if reply.is_finished]
        return Line(kept, trimming=self.trimming.within(len(kept)))

    def copy(self) -> Line:
        """Return a line of its own with the same replies, those set aside included."""
        return Line(self._replies, aside=self._aside, trimming=self.trimming)

    def take_up(self, other: Line) -> None:
        """Set everything aside, and go on from another line."""
        with self._lock:
            self.go_to(())
            self._replies, self.trimming = other.replies, other.trimming
            self._aside = (*other.branches, *self._aside)


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


def siblings(replies: Sequence[Reply], aside: Sequence[Branch], turn: int) -> Branch:
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
    return tuple(sorted(found, key=_asked_at))


def set_aside(replies: Sequence[Reply], aside: Sequence[Branch]) -> list[Branch]:
    """Return the branches to keep beside ``replies``: each once, and only the longest."""
    now = tuple(replies)
    every = dict.fromkeys(line for line in aside if line)
    tree: _Tree = {}  # comparing each line with each other would take ever longer
    for line in (now, *every):
        _node(tree, line)
    return [line for line in every if line != now and not _node(tree, line)]


def _node(tree: _Tree, line: Branch) -> _Tree:
    """Return what goes on from a line in a tree of lines; the line grows there."""
    for reply in line:
        tree = tree.setdefault(reply, {})
    return tree


def branch_with(aside: Sequence[Branch], before: Sequence[Reply], reply: Reply) -> Branch:
    """Return the branch set aside last that goes on from ``before`` with this reply."""
    turn, start = len(before), tuple(before)
    return next(
        line
        for line in reversed(aside)
        if len(line) > turn and line[turn] is reply and line[:turn] == start
    )


def _asked_at(reply: Reply) -> float:
    """Return when a reply was asked for; those never sent come last."""
    return math.inf if reply.sent_at is None else reply.sent_at


def _shared(one: Branch, other: Branch) -> int:
    """Return how many turns two lines share at their start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((turn for turn, (a, b) in pairs if a is not b), min(len(one), len(other)))
