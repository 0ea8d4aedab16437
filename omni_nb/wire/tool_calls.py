"""Join the pieces of tool calls, whichever server cut them, and find calls leaked into text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import ServiceError
from omni_nb.media.text import well_formed
from omni_nb.rules.counts import count_of
from omni_nb.wire.advice import advised
from omni_nb.wire.events import ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_CALLS: Final = 64
"""The most calls of one round; the service advises at most about 20 tools."""

MOST_ARGUMENT_CHARACTERS: Final = 1_000_000
"""The longest arguments of one round, all calls together."""

LEAK: Final = "<tool_call>"
"""What models write before a call that was meant for no reader (vllm-omni#7055)."""


@dataclass(slots=True)
class _Call:
    """What has come of one call."""

    place: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class CallJoiner:
    """Tell which call each piece belongs to, and what of the piece is new.

    Pieces belong together by their ``index``. The first id and the first name that are not
    empty count; they are never added up, because services send them again. A server may leave
    the index out, or give two calls the same one; then an id that is new begins a call. Without
    an index a piece may also be the whole call so far: then only what is new is passed on.

    Examples
    --------
    >>> joiner = CallJoiner()
    >>> named = {"index": 0, "id": "call_1", "function": {"name": "now", "arguments": None}}
    >>> more = {"index": 0, "id": "call_1", "function": {"name": None, "arguments": " {}"}}
    >>> [list(joiner.add([piece])) for piece in (named, more)]  # doctest: +NORMALIZE_WHITESPACE
    [[ToolCallDelta(index=0, id='call_1', name='now', arguments='')],
     [ToolCallDelta(index=0, id='', name='', arguments=' {}')]]
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._size = 0

    def add(self, pieces: object) -> Iterator[ToolCallDelta]:
        """Yield what the pieces of one chunk add to their calls.

        Raises
        ------
        ServiceError
            There are more calls, or longer arguments, than any answer has.
        TypeError
            The pieces are no list of objects.
        """
        if not isinstance(pieces, list):
            raise TypeError("tool_calls")
        for place, piece in enumerate(pieces):
            if not isinstance(piece, dict):
                raise TypeError("tool call")
            function = piece.get("function") or {}
            if not isinstance(function, dict):
                raise TypeError("function")
            yield from self._take(piece, function, place)

    def _take(
        self, piece: Mapping[str, Any], function: Mapping[str, Any], place: int
    ) -> Iterator[ToolCallDelta]:
        index = count_of(piece.get("index"))
        given_id, name = _word(piece.get("id")), _word(function.get("name"))
        arguments = _arguments(function.get("arguments"))
        call = self._call(index, given_id, name, place)
        is_again = index is None and bool(call.arguments) and arguments.startswith(call.arguments)
        new = arguments[len(call.arguments) :] if is_again else arguments
        self._size += len(new)
        if self._size > MOST_ARGUMENT_CHARACTERS:
            raise _too_much(f"arguments of more than {MOST_ARGUMENT_CHARACTERS:,} characters")
        first_id, first_name = "" if call.id else given_id, "" if call.name else name
        call.id, call.name = call.id or given_id, call.name or name
        call.arguments += new
        if first_id or first_name or new:
            yield ToolCallDelta(call.place, first_id, first_name, new)

    def _call(self, index: int | None, given_id: str, name: str, place: int) -> _Call:
        """Return the call that a piece belongs to; one that has not been seen yet is new."""
        known = self._known(index, given_id, place)
        if known is None or _is_other(known, given_id, name):
            if len(self._calls) == MOST_CALLS:
                raise _too_much(f"more than {MOST_CALLS} tool calls")
            known = _Call(len(self._calls))
            self._calls.append(known)
        if index is not None:
            self._by_index[index] = known
        return known

    def _known(self, index: int | None, given_id: str, place: int) -> _Call | None:
        if index is not None:
            return self._by_index.get(index)
        if given_id:
            return next((call for call in self._calls if call.id in ("", given_id)), None)
        return self._calls[place] if place < len(self._calls) else None


class LeakGuard:
    """Hold text back from where a tool call begins in it.

    Attributes
    ----------
    has_leaked : bool
        Whether one has begun: nothing more is passed on.

    Examples
    --------
    >>> guard = LeakGuard()
    >>> guard.add("3 < 4, <tool"), guard.add("s> are"), guard.add("<tool_call>{"), guard.has_leaked
    ('3 < 4, ', '<tools> are', '', True)
    """

    def __init__(self) -> None:
        self.has_leaked = False
        self._held = ""

    def add(self, text: str) -> str:
        """Return what of a text may be shown by now."""
        text, self._held = self._held + text, ""
        if self.has_leaked:
            return ""
        before, mark, _ = text.partition(LEAK)
        if mark:
            self.has_leaked = True
            return before
        kept = next((n for n in range(len(LEAK) - 1, 0, -1) if text.endswith(LEAK[:n])), 0)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def flush(self) -> str:
        """Return what was held back at the end."""
        text, self._held = self._held, ""
        return text


def leaked() -> ServiceError:
    """Return the error of an answer with a tool call in its text."""
    return ServiceError(
        "The model wrote a tool call into its answer instead of making it; what follows is "
        "neither shown nor spoken.",
        **advised("leaked"),
    )


def _is_other(call: _Call, given_id: str, name: str) -> bool:
    """Return whether a piece begins another call than the one that has its index."""
    if not name or not call.name:
        return False
    return given_id != call.id if given_id and call.id else name != call.name


def _word(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("tool call")
    return well_formed(value)


def _arguments(value: object) -> str:
    """Return arguments as text; some servers send the object itself."""
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, dict):
        raise TypeError("arguments")
    return json.dumps(value, ensure_ascii=False)


def _too_much(what: str) -> ServiceError:
    return ServiceError(f"The service sent {what}.", **advised("kept"))
