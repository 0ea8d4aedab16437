"""Which tools a question calls, and with what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omni_nb.offline.calls import choose_calls
from omni_nb.offline.tools import Tool, Toolbox
from tests.unit.offline.test_answers import PICTURE
from tests.unit.offline.test_hints import hints


def tool(name: str, description: str = "", *, required: tuple[str, ...] = (), **known: Any) -> Tool:
    return Tool(
        name,
        description,
        {"type": "object", "properties": known, "required": list(required or known)},
    )


TEXT = {"type": "string"}
WEATHER = tool(
    "weather", "The weather now. city: its name in English.", required=("city",),
    city=TEXT, unit={"enum": ["C", "F"], "default": "C"},
)  # fmt: skip
CLOCK = tool("get_time", "The current time of a time zone.", zone=TEXT)
DICE = Tool("roll_dice", "掷骰子")
FLIGHTS = tool(
    "find_flights", "Flights of a day.", origin=TEXT, destination=TEXT,
    day={"type": "string", "format": "date"}, seats={"type": "integer", "minimum": 1},
)  # fmt: skip
ADD = tool("add", "Add two numbers.", a={"type": "number"}, b={"type": "number"})
MEASURE = tool("crop", "Cut a picture.", width={"type": "integer"}, height={"type": "integer"})
ALL = (WEATHER, CLOCK, DICE, FLIGHTS, ADD, MEASURE)


def calls(question: str, *media: Any, tools: Any = ALL, done: Any = (), **box: Any) -> list[Any]:
    chosen = choose_calls(
        Toolbox(tools, **box), question, hints(*media, question=question), done=frozenset(done)
    )
    return [(call.name, json.loads(call.arguments)) for call in chosen]


CALLED = [
    ("How warm is it in Hangzhou?", "weather", {"city": "Hangzhou", "unit": "C"}),
    ("How warm is it in Hangzhou, in F?", "weather", {"city": "Hangzhou", "unit": "F"}),
    ("What's the weather like in New York?", "weather", {"city": "New York", "unit": "C"}),
    ("杭州今天热吗？", "weather", {"city": "杭州", "unit": "C"}),
    ("请问北京现在的天气", "weather", {"city": "北京", "unit": "C"}),
    ("城市“苏州”的气温是多少？", "weather", {"city": "苏州", "unit": "C"}),
    ("Use weather with city Oslo.", "weather", {"city": "Oslo", "unit": "C"}),
    ('What time is it in "Asia/Shanghai"?', "get_time", {"zone": "Asia/Shanghai"}),
    ("请掷骰子", "roll_dice", {}),
    ("Roll the dice!", "roll_dice", {}),
    ("Please add 3 and 4.5", "add", {"a": 3, "b": 4.5}),
    (
        "Are there flights from Berlin to New York on 2026-12-24 for 3 people?",
        "find_flights",
        {"origin": "Berlin", "destination": "New York", "day": "2026-12-24", "seats": 3},
    ),
]


@pytest.mark.parametrize(("question", "name", "arguments"), CALLED)
def test_a_question_calls_the_tool_that_it_names(
    question: str, name: str, arguments: dict[str, Any]
) -> None:
    assert calls(question) == [(name, arguments)]


@pytest.mark.parametrize(
    "question", ["Who are you?", "What is this?", "你好", "", "  ", "Is it now?"]
)
def test_a_question_that_names_no_tool_calls_none(question: str) -> None:
    assert calls(question) == []


def test_the_measures_of_a_picture_are_arguments() -> None:
    assert calls("Crop it", PICTURE) == [("crop", {"width": 640, "height": 480})]


def test_several_named_tools_are_called_at_once_if_that_is_allowed() -> None:
    question = "weather and get_time for Berlin"

    assert calls(question, parallel=True) == [
        ("weather", {"city": "Berlin", "unit": "C"}),
        ("get_time", {"zone": "Berlin"}),
    ]
    assert [name for name, _ in calls(question)] == ["weather"]
    assert [name for name, _ in calls(question, done=["weather"])] == ["get_time"]
    assert calls(question, done=["weather", "get_time"]) == []


def test_joined_names_are_a_call_each_if_that_is_allowed() -> None:
    assert [a["city"] for _, a in calls("Is it cold in Paris and London?", parallel=True)] == [
        "Paris",
        "London",
    ]
    assert [a["city"] for _, a in calls("北京和上海的天气怎么样？", parallel=True)] == [
        "北京",
        "上海",
    ]
    assert [a["city"] for _, a in calls("Is it cold in Paris and London?")] == ["Paris"]


def test_what_was_named_less_clearly_is_not_called_later() -> None:
    town = tool("sights", "Famous buildings.", town=TEXT)

    assert calls("How warm is it in Hangzhou?", tools=(WEATHER, town), done=["weather"]) == []


def test_the_choice_of_tools_is_obeyed() -> None:
    assert calls("How warm is it in Hangzhou?", choice="none") == []
    assert [name for name, _ in calls("Hello", choice="required")] == ["weather"]
    assert calls("Hello", choice="required", forced=DICE) == [("roll_dice", {})]
    assert calls("", choice="required", forced=CLOCK) == [("get_time", {"zone": "unknown"})]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"type": "cat"},
        {"$ref": "#"},
        {"properties": []},
        {"allOf": 3},
        {"properties": {"a": 1}},
    ],
)
def test_hostile_parameters_are_called_without_arguments(parameters: Any) -> None:
    box = Tool("weather", "", parameters)

    assert calls("weather in Berlin and Rome", tools=(box,), parallel=True) == [("weather", {})]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["A", "A and ", "in A", '"', "查", "北京和", "a@", "1.", "A' "])
def test_a_long_question_is_read_in_time(piece: str) -> None:
    calls(piece * 100_000, tools=(WEATHER, FLIGHTS), parallel=True)
