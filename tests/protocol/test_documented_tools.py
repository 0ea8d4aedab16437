"""The documented flows of tools and of JSON, by the plain SDKs, against the stand-in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

from tests.protocol.documented import CLIENTS, program, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from omni_nb.offline.server import StandIn

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "当你想查询指定城市的天气时非常有用。",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "城市或县区，比如北京市、杭州市。"}
            },
            "required": ["location"],
        },
    },
}
TIME = {
    "type": "function",
    "function": {
        "name": "get_current_time",
        "description": "当你想知道现在的时间时非常有用。",
        "parameters": {},
    },
}
RESULTS = {
    "get_current_weather": '{"location": "杭州", "weather": "晴"}',
    "get_current_time": "12:30",
}
TOOLS = {
    "model": "qwen3-omni-flash",
    "messages": [{"role": "user", "content": "杭州天气怎么样？"}],
    "stream": True,
    "stream_options": {"include_usage": True},
    "modalities": ["text"],
    "tools": [TIME, WEATHER],
}
SHAPES = ["none", "call_pieces", "call_native", "call_interleaved"]


def ask_python(standin: StandIn, request: dict[str, Any], behaviour: str = "") -> dict[str, Any]:
    """Ask, call and ask again, as the documentation's example does."""
    client = openai.OpenAI(
        api_key=standin.api_key,
        base_url=standin.base_url,
        max_retries=0,
        default_headers={"x-omni-behaviour": behaviour},
    )

    def asked(messages: list[Any]) -> dict[str, Any]:
        return joined(client.chat.completions.create(**{**request, "messages": messages}))

    messages = list(request["messages"])
    called = asked(messages)
    messages.append(
        {"role": "assistant", "content": called["content"], "tool_calls": called["calls"]}
    )
    for call in called["calls"]:
        result = RESULTS[call["function"]["name"]]
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return {"called": called, "told": asked(messages)}


def joined(chunks: Iterable[Any]) -> dict[str, Any]:
    heard: dict[str, Any] = {"content": "", "finish": None, "usage": None}
    calls: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        heard["usage"] = chunk.usage.model_dump() if chunk.usage else heard["usage"]
        for choice in chunk.choices:
            heard["finish"] = choice.finish_reason or heard["finish"]
            heard["content"] += choice.delta.content or ""
            for piece in choice.delta.tool_calls or []:
                empty = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                call = calls.setdefault(piece.index, {**empty, "index": piece.index})
                call["id"] = call["id"] or piece.id or ""
                call["function"]["name"] = call["function"]["name"] or piece.function.name or ""
                call["function"]["arguments"] += piece.function.arguments or ""
    return {**heard, "calls": [calls[index] for index in sorted(calls)]}


def ask_node(standin: StandIn, request: dict[str, Any], behaviour: str = "") -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(
        run(
            [program("node"), str(CLIENTS / "tools.mjs")],
            json.dumps({"request": request, "results": RESULTS, "behaviour": behaviour}),
            {"DASHSCOPE_API_KEY": standin.api_key, "DASHSCOPE_BASE_URL": standin.base_url},
        )
    )
    return heard


CLIENTS_OF_TOOLS = [
    pytest.param(ask_python, id="python-sdk"),
    pytest.param(ask_node, id="node-sdk"),
]


@pytest.mark.parametrize("ask", CLIENTS_OF_TOOLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_tool_is_called_and_its_result_is_told(
    standin: StandIn, ask: Callable[..., Any], shape: str
) -> None:
    heard = ask(standin, TOOLS, f"fault={shape}")

    (call,) = heard["called"]["calls"]
    assert call["function"]["name"] == "get_current_weather"
    assert json.loads(call["function"]["arguments"]) == {"location": "杭州"}
    assert call["id"].startswith("call_")
    assert heard["called"]["finish"] == "tool_calls"
    assert heard["told"]["finish"] == "stop"
    assert "weather 晴" in heard["told"]["content"]
    before, after = (heard[round]["usage"]["prompt_tokens"] for round in ("called", "told"))
    assert before < after


@pytest.mark.parametrize("ask", CLIENTS_OF_TOOLS)
def test_several_tools_are_called_at_once(standin: StandIn, ask: Callable[..., Any]) -> None:
    question = {"role": "user", "content": "get_current_time and get_current_weather of 杭州市?"}
    asked = {**TOOLS, "messages": [question], "parallel_tool_calls": True}

    heard = ask(standin, asked)

    names = [call["function"]["name"] for call in heard["called"]["calls"]]
    assert names == ["get_current_time", "get_current_weather"]
    assert "12:30" in heard["told"]["content"]
    assert "晴" in heard["told"]["content"]


def test_the_answer_is_spoken_and_the_call_is_not(standin: StandIn) -> None:
    client = openai.OpenAI(api_key=standin.api_key, base_url=standin.base_url, max_retries=0)
    spoken = {
        **TOOLS,
        "modalities": ["text", "audio"],
        "audio": {"voice": "Cherry", "format": "wav"},
    }
    function = {"name": "get_current_weather", "arguments": ""}
    call = {"id": "a", "type": "function", "function": function}
    rounds = [
        *TOOLS["messages"],
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "晴"},
        {"role": "assistant", "content": "晴。"},
        {"role": "user", "content": "谢谢"},
    ]

    def speech(messages: Any) -> list[Any]:
        chunks = client.chat.completions.create(**{**spoken, "messages": messages})
        deltas = [choice.delta.model_dump() for chunk in chunks for choice in chunk.choices]
        return [delta for delta in deltas if (delta.get("audio") or {}).get("data")]

    assert not speech(TOOLS["messages"])
    assert speech(rounds[:3])
    assert speech(rounds)


@pytest.mark.parametrize("model", ["qwen3.5-omni-plus", "qwen3.8-omni-flash"])
def test_json_is_answered_as_documented(standin: StandIn, model: str) -> None:
    client = openai.OpenAI(api_key=standin.api_key, base_url=standin.base_url, max_retries=0)
    messages = [
        {"role": "system", "content": "请抽取用户的问题，以JSON格式返回。"},
        {"role": "user", "content": "大家好，我叫刘五，今年34岁。"},
    ]
    completion = client.chat.completions.create(
        model=model,
        messages=messages,
        response_format={"type": "json_object"},
        stream=True,
    )
    deltas = [choice.delta.content for chunk in completion for choice in chunk.choices]

    assert json.loads("".join(filter(None, deltas))) == {"question": messages[1]["content"]}
    with pytest.raises(openai.BadRequestError, match="must contain the word 'json' in some form"):
        client.chat.completions.create(
            model=model,
            messages=messages[1:],
            response_format={"type": "json_object"},
            stream=True,
        )


@pytest.mark.once  # openai 1.55 has no such helper
def test_the_stream_helper_of_python_reads_calls_and_json(standin: StandIn) -> None:
    client = openai.OpenAI(api_key=standin.api_key, base_url=standin.base_url, max_retries=0)
    asked = {key: value for key, value in TOOLS.items() if key != "stream"}
    schema = {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}
    shape = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}

    with client.chat.completions.stream(
        **asked, extra_headers={"x-omni-behaviour": "fault=call_native"}
    ) as stream:
        (choice,) = stream.get_final_completion().choices
    with client.chat.completions.stream(
        model="qwen3.5-omni-plus", messages=TOOLS["messages"], response_format=shape
    ) as stream:
        (data,) = stream.get_final_completion().choices

    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls or []
    assert json.loads(call.function.arguments) == {"location": "杭州"}
    assert json.loads(data.message.content or "") == {"a": 1}
