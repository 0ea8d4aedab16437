"""Render the calls of an answer's tools: a line each, folded with what the model was told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.text import one_line
from omni_nb.render.formulas import IGNORED
from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.labels import seconds_text
from omni_nb.render.palette import ERROR, LINE, MUTED, TEXT
from omni_nb.render.parts import part_chip_html
from omni_nb.render.values import short, value_html
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.turns.tool_results import ToolCall
    from omni_nb.words import Language

_NAME_CHARACTERS: Final = 64
_GIVEN_CHARACTERS: Final = 120
_CAME_CHARACTERS: Final = 160
_MOST_CALLS: Final = 100
_NOTICED_SECONDS: Final = 0.05  # what nobody waits for is not said

_CODE: Final = "font-family:var(--jp-code-font-family, ui-monospace, monospace);font-size:0.9em"
_LINE: Final = style("overflow-wrap:anywhere", f"color:{MUTED}")
_OPENED: Final = style(f"border-left:3px solid {LINE}", "padding-left:0.75em;margin:0.25em 0")
_TITLE: Final = f"color:{MUTED};font-size:0.85em"


def call_words(call: ToolCall) -> str:
    """Return a call as it is written in Python, in a line.

    Examples
    --------
    >>> from omni_nb.turns.tool_results import ToolCall
    >>> call_words(ToolCall("call_1", "weather", {"city": "Hangzhou"}))
    "weather(city='Hangzhou')"
    """
    if call.arguments is None:
        given = call.written
    else:
        given = ", ".join(f"{name}={_written(value)}" for name, value in call.arguments.items())
    return f"{one_line(call.name, _NAME_CHARACTERS)}({one_line(given, _GIVEN_CHARACTERS)})"


def call_text(call: ToolCall, language: Language, *, is_live: bool = False) -> str:
    """Return a call and what came of it, in a line; of a finished answer or one that is live.

    Examples
    --------
    >>> from omni_nb.turns.tool_results import ToolCall
    >>> call = ToolCall("call_1", "now", {}, told='{"hour": 9}', seconds=0.2)
    >>> call_text(call, "en")
    'now() → {"hour": 9} · 0.2 s'
    """
    return f"{call_words(call)} {_came(call, language, is_live=is_live)}"


def calls_html(calls: Sequence[ToolCall], language: Language) -> HTML:
    """Return the calls of a finished answer, each folded; what can be seen of them is shown."""
    return _group([_call_html(call, language) for call in calls[:_MOST_CALLS]], calls, language)


def live_calls_html(calls: Sequence[ToolCall], language: Language) -> HTML:
    """Return the calls of an answer that still comes as lines: nothing to unfold that moves."""
    return _group(
        [
            join(
                tag(
                    "div",
                    *_line_html(call, language, is_live=True),
                    class_="omni-call",
                    style=_LINE,
                ),
                _shown_html(call, language),
            )
            for call in calls[-_MOST_CALLS:]
        ],
        calls,
        language,
    )


def _group(lines: Sequence[HTML], calls: Sequence[ToolCall], language: Language) -> HTML:
    if not lines:
        return HTML()
    names = words("tools", language)
    left = len(calls) - len(lines)
    return tag(
        "div",
        *lines,
        tag("div", names["more calls"].format(count=left), style=_TITLE) if left else None,
        class_=f"omni-calls {IGNORED}",
        role="group",
        aria_label=names["calls"],
        style="margin:0.25em 0",
    )


def _call_html(call: ToolCall, language: Language) -> HTML:
    names = words("tools", language)
    summary = tag("summary", *_line_html(call, language), style=style(_LINE, "cursor:pointer"))
    given: Any = call.written if call.arguments is None else dict(call.arguments)
    opened = tag(
        "div",
        tag("div", names["arguments"], style=_TITLE),
        value_html(given, language) if given else tag("div", names["none"]),
        tag("div", names["told"], style=_TITLE) if call.told else None,
        value_html(_data(call.told), language) if call.told else None,
        style=_OPENED,
    )
    made = tag("details", summary, opened, class_="omni-call", data_state=call.state)
    return join(made, _shown_html(call, language))


def _line_html(call: ToolCall, language: Language, *, is_live: bool = False) -> tuple[HTML, ...]:
    came_style = f"color:{ERROR}" if call.state == "failed" else ""
    return (
        tag("code", call_words(call), style=style(_CODE, f"color:{TEXT}", "background:none")),
        HTML(" "),
        tag("span", _came(call, language, is_live=is_live), style=came_style or None),
    )


def _written(value: Any) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists without end
        return "…"


def _came(call: ToolCall, language: Language, *, is_live: bool) -> str:
    """Say what came of a call, and how long it took."""
    names = words("tools", language)
    if not (is_live or call.is_over):
        return f"· {names['unfinished']}"
    match call.state:
        case "asked":
            return f"· {names['asked']}"
        case "running":
            return "…"
        case "failed":
            said = names["failed"].format(error=one_line(call.error or "", _CAME_CHARACTERS))
        case _:
            said = f"→ {short(_data(call.told), _CAME_CHARACTERS)}"
    ran = call.seconds or 0
    return f"{said} · {seconds_text(ran)} s" if ran >= _NOTICED_SECONDS else said


def _shown_html(call: ToolCall, language: Language) -> HTML | None:
    """Return the images and sounds that came of a call."""
    chips = [part_chip_html(part, language) for part in call.shown or call.parts]
    row = "display:flex;flex-wrap:wrap;gap:0.75em;margin:0.25em 0"
    return tag("div", *chips, class_="omni-call-shown", style=row) if chips else None


def _data(told: str) -> Any:
    """Return what a model was told as data; a text as it is."""
    try:
        return json.loads(told)
    except (ValueError, RecursionError):
        return told
