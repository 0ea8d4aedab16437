"""Read the tools of a request, and the calls and results in its messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from omni_nb.offline.contents import short
from omni_nb.offline.refusals import INVALID, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.rules.catalog import ModelFacts

    Choice = Literal["auto", "none", "required"]

_CHOICES: Final = ("auto", "none", "required")
_UNANSWERED: Final = (
    'An assistant message with "tool_calls" must be followed by tool messages responding to each '
    '"tool_call_id". The following tool_call_ids did not have response messages: '
)
_UNCALLED: Final = 'messages with role "tool" must be a response to a preceeding message with '


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of a request, and how they may be used.

    Attributes
    ----------
    choice
        Whether tools may be called, may not, or must.
    forced
        The tool that must be called.
    parallel
        Whether several may be called at once.
    """

    tools: tuple[Tool, ...] = ()
    choice: Choice = "auto"
    forced: Tool | None = None
    parallel: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool returned, as the text that the client sent."""

    name: str
    text: str

    @property
    def value(self) -> Any:
        """The JSON of the text, or the text where it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return self.text

    @property
    def failed(self) -> bool:
        """Whether the result is an error."""
        value = self.value
        return isinstance(value, dict) and "error" in value


def read_toolbox(asked: Mapping[str, Any], facts: ModelFacts, *, thinks: bool) -> Toolbox:
    """Read and check the tools of a request.

    Raises
    ------
    Refusal
        A documented rule is broken.
    """
    given = asked.get("tools")
    if given is None:
        return Toolbox()
    _check_model(facts)
    if given == []:
        raise Refusal("[] is too short - 'tools'")
    if not isinstance(given, list):
        raise Refusal("Input should be a list of tools: tools")
    tools = tuple(_tool(tool, place) for place, tool in enumerate(given))
    names = [tool.name for tool in tools]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refusal(f"There are several tools of the name {short(twice)}: tools")
    parallel = asked.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise Refusal("Input should be a valid boolean: parameters.parallel_tool_calls")
    choice, forced = _choice(asked.get("tool_choice"), tools)
    if thinks and (forced or choice == "required"):
        raise Refusal(
            f"{INVALID}The tool_choice parameter does not support being set to required or object "
            "in thinking mode"
        )
    return Toolbox(tools, choice, forced, parallel is True)


def check_rounds(messages: Sequence[Mapping[str, Any]], facts: ModelFacts) -> None:
    """Check that every call in the messages has its result, and every result its call.

    Raises
    ------
    Refusal
        A documented rule is broken.
    """
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            _check_model(facts)
            called = message.get("tool_call_id")
            if not isinstance(called, str) or called not in waiting:
                raise Refusal(f'{INVALID}{_UNCALLED}"tool_calls".')
            if not isinstance(message.get("content"), str):
                raise Refusal("Input should be a valid string: messages.content")
            waiting.discard(called)
            continue
        if waiting:
            raise Refusal(f"{INVALID}{_UNANSWERED}message[{place}].role")
        if message["role"] == "assistant" and message.get("tool_calls") is not None:
            _check_model(facts)
            waiting = {call["id"] for call in _calls(message)}
            if message.get("content") is None:
                raise Refusal(f"{INVALID}The content field is a required field.")
    if waiting:
        raise Refusal(f"{INVALID}{_UNANSWERED}message[{len(messages)}].role")


def texts_of_calls(message: Mapping[str, Any]) -> list[str]:
    """Return the texts of the calls in a message, which are billed as input."""
    if message.get("role") != "assistant" or not message.get("tool_calls"):
        return []
    functions = [call["function"] for call in message["tool_calls"]]
    return [text for f in functions for text in (f["name"], f["arguments"])]


def read_results(messages: Sequence[Mapping[str, Any]]) -> tuple[Result, ...]:
    """Return the results that the answer is about: those since the latest question."""
    names: dict[str, str] = {}
    results: list[Result] = []
    for place, message in enumerate(messages):
        match message["role"]:
            case "tool":
                results.append(Result(names[message["tool_call_id"]], message["content"]))
            case "assistant" if message.get("tool_calls"):
                names = {call["id"]: call["function"]["name"] for call in message["tool_calls"]}
            case "user" if shows_results(messages[max(0, place - 1) : place + 1]):
                pass
            case _:
                results = []
    return tuple(results)


def shows_results(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the last of two messages has the media of the results in the one before.

    A tool message has text alone, so the pictures of a result come in one of the user's.
    """
    match messages:
        case [{"role": "tool"}, {"role": "user"} as last]:
            return has_media(last)
    return False


def has_media(message: Mapping[str, Any]) -> bool:
    """Return whether a message has more than text."""
    content = message.get("content")
    return isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type") != "text" for part in content
    )


def _check_model(facts: ModelFacts) -> None:
    if not facts.tools:
        raise Refusal(f"The model {facts.name} does not support tools.")


def _tool(given: Any, place: int) -> Tool:
    where = f"tools[{place}]"
    if not isinstance(given, dict) or given.get("type") != "function":
        raise Refusal(f"Input should be an object of the type 'function': {where}")
    function = given.get("function")
    if not isinstance(function, dict):
        raise Refusal(f"Input should be an object with name and parameters: {where}.function")
    name, words = function.get("name"), function.get("description")
    parameters = function.get("parameters")
    if not isinstance(name, str) or not name.strip():
        raise Refusal(f"Input should be a valid string: {where}.function.name")
    if words is not None and not isinstance(words, str):
        raise Refusal(f"Input should be a valid string: {where}.function.description")
    if parameters is not None and not isinstance(parameters, dict):
        raise Refusal(f"Input should be an object, a JSON schema: {where}.function.parameters")
    return Tool(name, words or "", parameters or {})


def _choice(given: Any, tools: Sequence[Tool]) -> tuple[Choice, Tool | None]:
    match given:
        case None:
            return "auto", None
        case "auto" | "none" | "required":
            return given, None
        case {"type": "function", "function": {"name": str(name)}}:
            for tool in tools:
                if tool.name == name:
                    return "required", tool
            raise Refusal(f"There is no tool of the name {short(name)}: parameters.tool_choice")
    listed = ", ".join(f"'{choice}'" for choice in _CHOICES)
    raise Refusal(
        f"Input should be {listed} or an object that names a function: parameters.tool_choice"
    )


def _calls(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    calls = message["tool_calls"]
    if not isinstance(calls, list) or not calls:
        raise Refusal("Input should be a list of calls: messages.tool_calls")
    for call in calls:
        match call:
            case {"id": str(), "function": {"name": str(), "arguments": str()}}:
                pass
            case _:
                raise Refusal(
                    "Input should be an object with id and function (name, arguments as a "
                    "string): messages.tool_calls"
                )
    return calls


def billed(toolbox: Toolbox) -> list[str]:
    """Return the descriptions of tools, which are billed as input."""
    return [
        json.dumps([tool.name, tool.description, tool.parameters], ensure_ascii=False)
        for tool in toolbox.tools
    ]
