"""The tools of a request, and the rounds in its messages, by the documented rules."""

from __future__ import annotations

from typing import Any

import pytest

from omni_nb.offline.checks import Refusal, read_request
from omni_nb.offline.tools import Result
from tests.unit.offline.test_checks import AUDIO, asked, read, text

FLASH = "qwen3-omni-flash"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
QUESTION = {"role": "user", "content": "How warm is it in Hangzhou?"}


def function(**changes: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**WEATHER["function"], **changes}}  # type: ignore[dict-item]


def call(call_id: str = "call_1", **changes: Any) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "index": 0,
        "function": {"name": "weather", "arguments": '{"city": "Hangzhou"}', **changes},
    }


def calling(*calls: Any, content: Any = "") -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def returned(name: str = "call_1", content: Any = "21") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": name, "content": content}


def with_tools(*tools: Any, model: str = FLASH, **changes: Any) -> dict[str, Any]:
    changes = {"messages": [QUESTION], "modalities": ["text"], "audio": None} | changes
    return asked(model=model, tools=list(tools or (WEATHER,)), **changes)


def with_rounds(*messages: Any, **changes: Any) -> dict[str, Any]:
    return with_tools(messages=[QUESTION, *messages], **changes)


PREFIX = "<400> InternalError.Algo.InvalidParameter: "
UNANSWERED = (
    f'{PREFIX}An assistant message with "tool_calls" must be followed by tool messages responding '
    'to each "tool_call_id". The following tool_call_ids did not have response messages: '
)
UNCALLED = (
    f'{PREFIX}messages with role "tool" must be a response to a preceeding message with '
    '"tool_calls".'
)
REFUSED = {
    # texts that are published
    "no tools": (with_tools() | {"tools": []}, "[] is too short - 'tools'"),
    "content null": (
        with_rounds(calling(call(), content=None), returned()),
        f"{PREFIX}The content field is a required field.",
    ),
    "a result without its call": (with_rounds(returned()), UNCALLED),
    "a result of another call": (with_rounds(calling(call()), returned("call_2")), UNCALLED),
    "a result twice": (with_rounds(calling(call()), returned(), returned()), UNCALLED),
    "a result without an id": (
        with_rounds(calling(call()), returned() | {"tool_call_id": 1}), UNCALLED
    ),
    "a call without its result": (
        with_rounds(calling(call()), {"role": "user", "content": "And now?"}),
        f"{UNANSWERED}message[2].role",
    ),
    "one of two calls without its result": (
        with_rounds(calling(call(), call("call_2")), returned(), QUESTION),
        f"{UNANSWERED}message[3].role",
    ),
    "the last result missing": (
        with_rounds(calling(call(), call("call_2")), returned()),
        f"{UNANSWERED}message[3].role",
    ),
    "forced while it thinks": (
        with_tools(enable_thinking=True, tool_choice="required"),
        f"{PREFIX}The tool_choice parameter does not support being set to required or object in "
        "thinking mode",
    ),
    # our words
    **{
        f"a model without tools: {model}": (
            with_tools(model=model), f"The model {model} does not support tools."
        )
        for model in ("qwen-omni-turbo", "qwen2.5-omni-7b")
    },
    "rounds on a model without tools": (
        with_rounds(calling(call()), returned(), model="qwen-omni-turbo") | {"tools": None},
        "The model qwen-omni-turbo does not support tools.",
    ),
    "content that is no string": (
        with_rounds(calling(call()), returned(content=[text("21")])),
        "Input should be a valid string: messages.content",
    ),
    "tools that are no list": (with_tools() | {"tools": {}}, "Input should be a list of tools"),
    "a tool of no type": (with_tools({"name": "weather"}), "of the type 'function': tools[0]"),
    "a tool without a function": (with_tools({"type": "function"}), "tools[0].function"),
    "a tool without a name": (with_tools(function(name=" ")), "tools[0].function.name"),
    "words that are none": (with_tools(function(description=1)), "tools[0].function.description"),
    "parameters that are none": (with_tools(function(parameters=[])), "tools[0].function.param"),
    "a tool twice": (with_tools(WEATHER, WEATHER), "several tools of the name weather"),
    "a choice of nothing": (with_tools(tool_choice="any"), "Input should be 'auto', 'none'"),
    "a choice of another tool": (
        with_tools(tool_choice={"type": "function", "function": {"name": "clock"}}),
        "There is no tool of the name clock: parameters.tool_choice",
    ),
    "parallel that is no switch": (
        with_tools(parallel_tool_calls="yes"), "parameters.parallel_tool_calls"
    ),
    "calls that are no list": (with_rounds({**calling(), "tool_calls": {}}), "messages.tool_calls"),
    "no calls": (with_rounds(calling()), "messages.tool_calls"),
    "a call without arguments": (with_rounds(calling(call(arguments=None))), "messages.tool_calls"),
    "a call without an id": (with_rounds(calling(call() | {"id": None})), "messages.tool_calls"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_documentation_does_not_allow_is_refused(name: str) -> None:
    body, message = REFUSED[name]
    body = {key: value for key, value in body.items() if value is not None}

    with pytest.raises(Refusal) as refused:
        read(body)

    assert message in refused.value.message
    assert refused.value.status == 400


def test_tools_are_read_with_the_choice_of_them() -> None:
    read_in = read(with_tools(function(parameters={}), parallel_tool_calls=True)).toolbox
    forced = {"type": "function", "function": {"name": "weather"}}

    assert [tool.name for tool in read_in.tools] == ["weather"]
    assert (read_in.choice, read_in.forced, read_in.parallel) == ("auto", None, True)
    assert read(with_tools(tool_choice="none")).toolbox.choice == "none"
    assert read(with_tools(tool_choice=forced)).toolbox.forced.name == "weather"
    assert not read(with_tools()).toolbox.parallel


def test_each_result_has_the_name_of_its_tool() -> None:
    request = read(with_rounds(calling(call(), call("b", name="clock")), returned("b"), returned()))

    assert request.results == (Result("clock", "21"), Result("weather", "21"))
    assert not request.shows_results


def test_results_are_of_the_latest_question() -> None:
    before = (calling(call()), returned(), {"role": "assistant", "content": "21 degrees."})

    assert read(with_rounds(*before, QUESTION)).results == ()
    assert read(with_rounds(*before[:2], QUESTION)).results == ()
    assert len(read(with_rounds(*before, QUESTION, calling(call()), returned())).results) == 1


def test_the_results_of_all_rounds_since_the_question_count() -> None:
    rounds = (calling(call()), returned(), calling(call("b")), returned("b", "22"))

    assert [result.text for result in read(with_rounds(*rounds)).results] == ["21", "22"]


def test_the_media_of_a_result_come_in_a_message_of_the_user() -> None:
    shown = {"role": "user", "content": [AUDIO, text("What weather returned.")]}

    request = read(with_rounds(calling(call()), returned(), shown))

    assert len(request.results) == 1
    assert request.shows_results


def test_descriptions_calls_and_results_are_billed_as_input() -> None:
    plain = read(with_tools() | {"tools": [function(description="")]}).input_tokens["text"]
    described = read(with_tools(function(description="word " * 400))).input_tokens["text"]
    rounds = read(with_rounds(calling(call(arguments="x" * 400)), returned(content="y" * 400)))

    assert described - plain == pytest.approx(500, abs=2)
    assert rounds.input_tokens["text"] > plain + 200


def test_a_result_is_an_error_if_it_says_so() -> None:
    assert Result("a", '{"error": "no"}').failed
    assert not Result("a", '{"value": "error"}').failed
    assert not Result("a", "error").failed
    assert Result("a", "[" * 100_000).value == "[" * 100_000
    assert Result("a", "1" * 10_000).value == "1" * 10_000


def test_a_request_without_tools_has_none() -> None:
    assert read_request(b'{"model": "qwen-omni-turbo", "messages": [{"role": "user", "content": '
                        b'"?"}], "stream": true}').toolbox.tools == ()  # fmt: skip
