"""Decide how a request is answered: in words, in JSON, or by calls of tools."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.answers import Answer, announcement, answer, language_of
from omni_nb.offline.calls import Call, choose_calls
from omni_nb.offline.filler import fit
from omni_nb.offline.hints import Hints
from omni_nb.offline.schemas import Unfit, without_schema

if TYPE_CHECKING:
    from omni_nb.offline.behaviour import Fault
    from omni_nb.offline.checks import ChatRequest, Turn

_log = logging.getLogger(__name__)
_UNUSABLE: Final = frozenset({"call_unfit", "call_unfit_always", "call_broken"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What to say, and then which tools to call."""

    said: Answer
    calls: tuple[Call, ...] = ()


def plan(request: ChatRequest, fault: Fault = "none") -> Plan:
    """Return the plan of an answer; equal requests get equal ones."""
    turn = _asked(request)
    question = without_schema(turn.text)
    hints = Hints(question, turn.media, language_of(question), request.facts)
    done = _done(request, fault)
    if calls := choose_calls(request.toolbox, question, hints, done=done):
        return _called(calls, request, _now(fault, is_first=not request.results))
    if request.format is not None:
        wrong = _now(fault, is_first=not request.format.is_repair)
        return Plan(_structured(request.format.schema, hints, wrong))
    return Plan(answer(request))


def _asked(request: ChatRequest) -> Turn:
    """Return the question: not the request to mend its answer, nor the pictures of a result."""
    is_after = request.shows_results or (request.format and request.format.is_repair)
    return request.turns[-2 if is_after and request.turns[1:] else -1]


def _now(fault: Fault, *, is_first: bool) -> str:
    """Return the fault of this answer: most are mended when the client tells what was wrong."""
    mended = fault.removesuffix("_always")
    return mended if is_first or mended != fault else "none"


def _done(request: ChatRequest, fault: Fault) -> frozenset[str]:
    """Return the tools that need no other call."""
    if request.toolbox.choice == "required":
        return frozenset()
    latest = {result.name: result for result in request.results}
    return frozenset(
        name for name, result in latest.items() if fault not in _UNUSABLE or not result.failed
    )


def _called(calls: tuple[Call, ...], request: ChatRequest, fault: str) -> Plan:
    """Return the plan to call tools, with the fault that was asked for."""
    match fault:
        case "call_unknown":
            calls = tuple(replace(call, name=f"{call.name}_unknown") for call in calls)
        case "call_unfit":
            calls = tuple(replace(call, arguments=_unfit(call.arguments)) for call in calls)
        case "call_broken":
            calls = tuple(replace(call, arguments=call.arguments[:-2] + '": ') for call in calls)
        case "call_in_text":
            return Plan(Answer(tuple(map(_tagged, calls))))
        case "call_in_text_broken":
            return Plan(Answer((_tagged(calls[0])[: -len("</tool_call>") - 2],)))
        case "call_read_aloud" if request.voice:
            return Plan(Answer(tuple(f"{call.name} {call.arguments}\n" for call in calls)), calls)
        case "call_after_words":
            return Plan(announcement(request, calls[0].name), calls)
    return Plan(Answer(()), calls)


def _unfit(arguments: str) -> str:
    """Return arguments of which none has its type, and one is unknown."""
    wrong = {name: {"not": ["asked for"]} for name in json.loads(arguments)}
    return json.dumps(wrong | {"unexpected": True}, ensure_ascii=False)


def _tagged(call: Call) -> str:
    """Return a call as the model writes it, before the server has read it."""
    name = json.dumps(call.name, ensure_ascii=False)
    return f'<tool_call>\n{{"name": {name}, "arguments": {call.arguments}}}\n</tool_call>'


def _structured(schema: Any, hints: Hints, fault: str) -> Answer:
    """Return the answer in JSON, with the fault that was asked for."""
    value = _fitted(schema, hints)
    text = json.dumps(value, ensure_ascii=False, indent=2)
    match fault:
        case "json_fenced":
            text = f"```json\n{text}\n```"
        case "json_in_prose":
            text = f"Here is the JSON:\n\n{text}\n\nThat is all."
        case "json_broken":
            text = text[: len(text) // 2] + ' "oh": \n' + text[len(text) // 2 :]
        case "json_unfit":
            text = json.dumps({"unexpected": [None]})
        case "json_cut":
            text = text[: len(text) // 2]
    return Answer(tuple(text.splitlines(keepends=True)), is_cut=fault == "json_cut")


def _fitted(schema: Any, hints: Hints) -> Any:
    """Return a value that fits a schema; none is given, or none fits: what was measured, or {}."""
    if schema is None:
        return hints.everything()
    try:
        return fit(schema, hints)
    except Unfit as error:
        _log.warning("The stand-in answers {}: %s", error)
        return {}
