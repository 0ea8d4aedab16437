"""Tools: what a model reads of a function, and what the function gets of a model."""

from __future__ import annotations

import asyncio
import enum
import functools
import math
from typing import Annotated, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from omni_nb.errors import RequestError
from omni_nb.rules.tools import FormatProblems, Tool, read_arguments, tools_of


class Unit(enum.Enum):
    C = "C"
    F = "F"


class Place(BaseModel):
    city: str
    days: int = 1


def numpy_style(place: Place, unit: Unit = Unit.C, schema: Optional[list[int]] = None, _x: int = 3):  # noqa: UP045
    """The weather now.

    It is measured.

    Parameters
    ----------
    place : Place
        Where, and for how long.
    schema
        Anything.

    Returns
    -------
    tuple
        What came.
    """
    return place, unit, schema, _x


def google_style(city: Annotated[str, "its English name"], days: Annotated[int, Field(ge=1)] = 1):
    """Weather.

    Args:
        city: not this.
        days (int): how many
            of them.
    """
    return city, days


def rest_style(city: str):
    """Weather.

    :param city: its name
    """
    return city


def plain(city):
    "The weather now. city: its name in English."
    return city


def properties(function):
    return Tool.of(function).parameters["properties"]


def test_every_style_of_docstring_describes_the_parameters():
    assert Tool.of(numpy_style).description == (
        "The weather now.\n\nIt is measured.\n\nReturns: What came."
    )
    assert properties(numpy_style)["place"]["description"] == "Where, and for how long."
    assert properties(google_style)["city"]["description"] == "its English name"
    assert properties(google_style)["days"]["description"] == "how many\nof them."
    assert properties(google_style)["days"]["minimum"] == 1
    assert properties(rest_style)["city"] == {"type": "string", "description": "its name"}
    assert Tool.of(plain).description == "The weather now. city: its name in English."
    assert properties(plain) == {"city": {}}


def test_the_function_gets_what_its_annotations_say():
    tool = Tool.of(numpy_style)
    given = tool.arguments(
        '{"place": {"city": "Hangzhou", "days": "2"}, "unit": "F", "schema": [1], "_x": 4}'
    )
    assert tool.run(given) == (Place(city="Hangzhou", days=2), Unit.F, [1], 4)
    assert tool.run(tool.arguments('{"place": {"city": "H"}}'))[1:] == (Unit.C, None, 3)


@pytest.mark.parametrize(
    "text",
    [
        '{"city": "杭州"}',
        ' {"city": "杭州"}',
        '{"city": "杭州"}}',
        '"{\\"city\\": \\"杭州\\"}"',
        {"city": "杭州"},
        '```json\n{"city": "杭州"}\n```',
    ],
)
def test_the_shapes_in_which_services_send_arguments_are_read_alike(text):
    assert Tool.of(rest_style).arguments(text) == {"city": "杭州"}


@pytest.mark.parametrize("text", [None, "", " ", "null", "{}", '""', '"null"'])
def test_no_arguments_are_none(text):
    assert read_arguments(text) == {}


def test_a_brace_that_belongs_to_the_arguments_stays():
    assert read_arguments('{"a": {"b": {}}}') == {"a": {"b": {}}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "city is missing"),
        ('{"city": 1}', "city: should be a valid string, not 1"),
        ('{"city": "a", "town": 1}', "town is not one of the keys"),
        ("[1]", "a JSON object, not [1]"),
        ('{"city": "a"}{"city": "b"}', "one JSON object"),
        ('{"city": ', "broken"),
        ('{"city": "a", "city": "b"}', "more than once"),
        ({"city": {1}}, "a JSON object"),
        ("}" * 9, "one JSON object"),
        ("{" * 9999, "one JSON object"),
    ],
)
def test_arguments_that_do_not_fit_are_said_in_plain_words(text, problem):
    with pytest.raises(FormatProblems) as found:
        Tool.of(rest_style).arguments(text)
    assert problem in str(found.value)


def secret(city: str, *, key: str):
    return city, key


def positional(a: int, b: int = 2, /, c: int = 3):
    return a, b, c


async def slow(n: int):
    await asyncio.sleep(0)
    return n * 2


class Counter:
    "Counts."

    def __call__(self, n: int) -> int:
        return n + 1

    def method(self, n: int) -> int:
        return n + 2


@pytest.mark.parametrize(
    ("function", "text", "result"),
    [
        (functools.partial(secret, key="s3cret"), '{"city": "a"}', ("a", "s3cret")),
        (functools.partial(positional, 1), '{"b": 5}', (1, 5, 3)),
        (positional, '{"a": 1, "c": 5}', (1, 2, 5)),
        (slow, '{"n": 2}', 4),
        (functools.partial(slow), '{"n": 2}', 4),
        (Counter(), '{"n": 2}', 3),
        (Counter().method, '{"n": 2}', 4),
        (math.sqrt, '{"x": 4}', 2.0),
    ],
)
def test_whatever_can_be_called_by_names_is_a_tool(function, text, result):
    tool = Tool.of(function)
    assert tool.run(tool.arguments(text)) == result


def test_what_a_partial_sets_is_not_for_the_model():
    assert "key" not in str(Tool.of(functools.partial(secret, key="s3cret")).payload())
    with pytest.raises(FormatProblems):
        Tool.of(functools.partial(secret, key="s3cret")).arguments('{"city": "a", "key": "b"}')


def test_a_coroutine_runs_beside_a_running_loop():
    async def main():
        return Tool.of(slow).run({"n": 3})

    assert asyncio.run(main()) == 6


def test_a_tool_without_parameters_has_the_documented_form():
    def now():
        "The time."

    assert Tool.of(now).payload() == {
        "type": "function",
        "function": {"name": "now", "description": "The time.", "parameters": {}},
    }


def generator(n: int):
    yield n


def unknown(n: Nope):  # noqa: F821
    ...


def many(*cities: str): ...


def wrapper(*args, **kwargs): ...


def 天气(n: int): ...


def unsendable(n: type): ...


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda n: n, "Tool(name="),
        (天气, "Tool(name="),
        (max, "Write a def around it"),
        (generator, "Return a list"),
        (unknown, "Import the types"),
        (many, "list[str]"),
        (wrapper, "functools.wraps"),
        (Counter, "is a class"),
        (Counter.method, "without its object"),
        ({"type": "function"}, "Tool(name="),
        ("weather", "not 'weather'"),
        (3, "not 3"),
        (unsendable, "unsendable"),
    ],
)
def test_what_is_no_tool_is_refused_with_what_to_do(wrong, advice):
    with pytest.raises(RequestError) as found:
        tools_of([wrong])
    assert advice in str(found.value)
    assert len(str(found.value)) < 600


@pytest.mark.parametrize("wrong", ["weather", {"a": 1}, 3])
def test_tools_are_a_list(wrong):
    with pytest.raises(RequestError, match="a list of functions"):
        tools_of(wrong)


def test_names_are_told_apart_and_many_tools_are_warned_of():
    with pytest.raises(RequestError, match="Two tools are called 'plain'"):
        tools_of([plain, plain])
    each = [Tool(f"t{n}", "", {}, plain) for n in range(21)]
    assert len(tools_of(each[:20])) == 20
    with pytest.warns(UserWarning, match="at most 20"):
        assert len(tools_of(each)) == 21
    assert tools_of(None) == ()
    assert tools_of(plain) == tools_of([plain])


def test_a_tool_may_be_written_by_hand():
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    tool = Tool("add-1", "Adds.", schema, lambda x: x + 1)
    assert tool.run(tool.arguments('{"x": 1}')) == 2
    with pytest.raises(FormatProblems, match="x is missing"):
        tool.arguments("")
    for wrong in ({"parameters": {"x": "int"}}, {"parameters": {"type": "array"}}, {"name": "a b"}):
        with pytest.raises(RequestError):
            Tool(**{"name": "a", "description": "", "parameters": {}, "function": len, **wrong})


def test_literals_are_told_and_checked():
    def unit(of: Literal["C", "F"] = "C"): ...

    assert properties(unit) == {"of": {"default": "C", "enum": ["C", "F"], "type": "string"}}
    with pytest.raises(FormatProblems, match="of: 'K' is not one of"):
        Tool.of(unit).arguments('{"of": "K"}')
