"""Decisions: a person says whether a tool's call may be made (``approve=True``), and what runs.

A call is known by its place among ``reply.tool_calls``: services give the same id twice.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from omni_nb.media.text import shortened
from omni_nb.render.tool_calls import call_words
from omni_nb.words import words

if TYPE_CHECKING:
    from typing import TypeAlias

    from omni_nb.turns.reply import Reply
    from omni_nb.turns.tool_results import ToolCall
    from omni_nb.words import Language

    Asked: TypeAlias = dict[str, Any]

MOST_CHARACTERS = 4_000
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def asked_call(reply: Reply) -> int | None:
    """Return the place of the call that a person has to decide on; None where there is none."""
    if reply.is_finished:
        return None
    calls = enumerate(reply.tool_calls)
    return next((place for place, call in calls if call.state == "asked"), None)


def asked_of(reply: Reply) -> Asked | None:
    """Return what a page asks a person: the call's place, its words, and all of its arguments.

    Nothing of what is allowed may be hidden: arguments that are too long to be shown are said to
    be.
    """
    place = asked_call(reply)
    if place is None:
        return None
    call = reply.tool_calls[place]
    return {"call": place, "name": shortened(call.name, 64), "arguments": arguments_text(call)}


def calling_of(reply: Reply) -> str:
    """Return the names of the tools that run, as a line; ``""`` where none does."""
    if reply.is_finished:
        return ""
    running = dict.fromkeys(call.name for call in reply.tool_calls if call.state == "running")
    return shortened(", ".join(running), 64)


def arguments_text(call: ToolCall) -> str:
    """Return the arguments of a call as lines, each with its name."""
    given = (call.arguments or {}).items()
    lines = "\n".join(f"{name} = {_json(value)}" for name, value in given)
    # What turns the direction of writing could hide what is allowed.
    return _TURNS.sub(lambda found: f"\\u{ord(found[0]):04x}", shortened(lines, MOST_CHARACTERS))


def question_text(call: ToolCall, language: Language) -> str:
    """Return the question whether a call may be made, for a terminal."""
    may, type_yes = words("player", language)["mayCall"], words("tools", language)["type"]
    said = f"{may} {call_words(call)}\n{arguments_text(call)}"
    return f"{said.rstrip()}\n{type_yes} "


def is_yes(typed: str, language: Language) -> bool:
    """Return whether what was typed allows a call; nothing but a clear yes does.

    Examples
    --------
    >>> is_yes(" Yes", "en"), is_yes("", "en"), is_yes("是", "zh")
    (True, False, True)
    """
    accepted = {"y", "yes", *words("tools", language)["yes"].split()}
    return typed.strip().lower() in accepted


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "…"
