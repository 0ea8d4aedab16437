"""Write the deltas of tool calls: in the documented shape, and in those of other servers."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.calls import Call
from omni_nb.offline.interleave import shorten
from omni_nb.rules.tokens import text_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.offline.behaviour import Fault, ServerDialect

    Piece = dict[str, Any]

_PIECE_CHARACTERS: Final = 12


def call_deltas(
    calls: Sequence[Call], ids: Sequence[str], fault: Fault, dialect: ServerDialect = "dashscope"
) -> list[list[Piece]]:
    """Return the ``tool_calls`` of each delta.

    Examples
    --------
    >>> from omni_nb.offline.calls import Call
    >>> for (piece,) in call_deltas([Call("weather", "{}")], ["call_1"], "none"):
    ...     print(piece["index"], piece["id"], piece["function"])
    0 call_1 {'name': 'weather', 'arguments': None}
    0 call_1 {'name': None, 'arguments': ' {}'}
    """
    pieces = [
        _pieces(call, name, place, fault, dialect)
        for place, (call, name) in enumerate(zip(calls, ids, strict=True))
    ]
    if fault == "call_interleaved":
        mixed = chain.from_iterable(zip_longest(*pieces))
        return [[piece] for piece in mixed if piece is not None]
    return [[piece] for piece in chain.from_iterable(pieces)]


def within(calls: Sequence[Call], tokens: int) -> tuple[list[Call], bool]:
    """Return as much of calls as ``tokens`` allow, and whether that is all.

    Examples
    --------
    >>> from omni_nb.offline.calls import Call
    >>> within([Call("weather", '{"city": "Hangzhou"}')], 5)
    ([Call(name='weather', arguments='{"city":')], False)
    """
    kept: list[Call] = []
    for call in calls:
        tokens -= text_tokens(call.name)
        if tokens < 0:
            return kept, False
        arguments = shorten(call.arguments, tokens)
        kept.append(Call(call.name, arguments))
        if arguments != call.arguments:
            return kept, False
        tokens -= text_tokens(arguments)
    return kept, True


def _pieces(call: Call, name: str, place: int, fault: Fault, dialect: ServerDialect) -> list[Piece]:
    """Return the pieces of one call."""
    match fault:
        case "call_pieces" | "call_interleaved":
            return _in_pieces(call, place, name, {"id": "", "name": None})
        case "call_native":
            return _in_pieces(call, place, name, {"id": ""})
        case "call_no_id":
            return _in_pieces(call, place, "", {"id": "", "name": None})
        case "call_repeated":
            return _in_pieces(call, place, name, {"id": name, "name": call.name})
        case "call_null_arguments":
            return _omni(call, place, name, None)
        case "call_empty_arguments":
            return _omni(call, place, name, "")
        case "call_surplus_brace":
            return _omni(call, place, name, call.arguments + "}")
        case "call_wrong_index":
            return _omni(call, 0, name, call.arguments)
        case "call_no_index":
            return _omni(call, None, name, f" {call.arguments}")
    if dialect != "dashscope":
        return _in_pieces(call, place, name, {})
    return _omni(call, place, name, f" {call.arguments}")


def _omni(call: Call, place: int | None, name: str, arguments: str | None) -> list[Piece]:
    """Return the two pieces of an omni model: the name, then the arguments, each with the id."""
    index = {} if place is None else {"index": place}
    return [
        {**index, "id": name, "type": "function", "function": function}
        for function in (
            {"name": call.name, "arguments": None},
            {"name": None, "arguments": arguments},
        )
    ]


def _in_pieces(call: Call, place: int, name: str, later: Piece) -> list[Piece]:
    """Return arguments in several pieces, as text models send them.

    ``later`` is what the pieces after the first have of the id and the name.
    """
    starts = range(0, len(call.arguments), _PIECE_CHARACTERS)
    first, *rest = [call.arguments[start : start + _PIECE_CHARACTERS] for start in starts] or [""]
    head: Piece = {
        "index": place,
        "id": name,
        "type": "function",
        "function": {"name": call.name, "arguments": first},
    }
    function = {"name": later["name"]} if "name" in later else {}
    holder = {"id": later["id"], "type": "function"} if "id" in later else {}
    return [
        head,
        *({"index": place, **holder, "function": {**function, "arguments": piece}}
          for piece in rest),
    ]  # fmt: skip
