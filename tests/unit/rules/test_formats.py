"""Answers as data: what is asked for, and what is read of a model's text."""

from __future__ import annotations

import copy
import dataclasses
import enum
import json
import pickle
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, field_validator
from typing_extensions import TypedDict

from omni_nb.errors import RequestError
from omni_nb.rules.formats import AnswerFormat, FormatProblems
from omni_nb.words import languages


class Clip(BaseModel):
    speakers: int
    language: Literal["zh", "en", "other"]
    summary: str = Field(description="one sentence")
    notes: list[str] = []


class Node(BaseModel):
    name: str
    children: list[Node] = []


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0


class Size(TypedDict):
    width: int


class Grumpy(BaseModel):
    n: int

    @field_validator("n")
    @classmethod
    def refuse(cls, n: int) -> int:
        raise KeyError(n)


GOOD = '{"speakers": 1, "language": "zh", "summary": "你好"}'
CLIP = Clip(speakers=1, language="zh", summary="你好")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Clip, GOOD, CLIP),
        (list[Clip], f'{{"items": [{GOOD}]}}', [CLIP]),
        (
            Node,
            '{"name": "a", "children": [{"name": "b"}]}',
            Node(name="a", children=[Node(name="b")]),
        ),
        (Colour, '{"value": "red"}', Colour.RED),
        (Point, '{"x": 1}', Point(1)),
        (Size, '{"width": 2}', {"width": 2}),
        (Literal["zh", "en"], '{"value": "en"}', "en"),
        (int | None, '{"value": null}', None),
        (Clip | int, GOOD, CLIP),
        (Annotated[int, Field(gt=0)], '{"value": 3}', 3),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (tuple[int, str], '{"items": [1, "a"]}', (1, "a")),
        (bool, '{"value": true}', True),
        (str, '{"value": "a"}', "a"),
        ({"type": "array", "items": {"type": "integer"}}, '{"items": [1]}', [1]),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, '{"a": 1}', {"a": 1}),
        ({"type": "json_object"}, '{"b": []}', {"b": []}),
    ],
)
def test_a_type_or_a_schema_is_asked_for_as_an_object_and_read_as_a_value(kind, text, value):
    made = AnswerFormat.of(kind)
    assert made.schema["type"] == "object"
    Draft202012Validator.check_schema(made.schema)
    assert Draft202012Validator(made.schema).is_valid(json.loads(text)) or kind == Clip | int
    assert made.read(text) == value
    assert made == AnswerFormat.of(kind)
    assert hash(made) == hash(AnswerFormat.of(kind))
    assert copy.deepcopy(made) is made
    again = AnswerFormat.from_record(json.loads(json.dumps(made.record())))
    data = made.as_data(value)
    assert again.read(json.dumps(data)) == data


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{GOOD}",
        f"```json\n{GOOD}\n```",
        f"Here {{it}} is [1]:\n```\n{GOOD}\n```\nDone.",
        f'For instance {{"speakers": 2}}. So: {GOOD} as asked.',
        GOOD[:-1] + ",}",
        GOOD[:-1] + ', "notes": [],\n}',
    ],
)
def test_words_fences_and_a_last_comma_are_passed_over(text):
    assert AnswerFormat.of(Clip).read(text) == CLIP


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (list[int], "[1, 2]", [1, 2]),
        (int, "```\n3\n```", 3),
        (Literal["zh", "en"], "zh", "zh"),
        (str, "It is a dog.", "It is a dog."),
        ({"type": "object", "properties": {"items": {}}}, '{"items": [1]}', {"items": [1]}),
    ],
)
def test_a_value_may_come_without_its_wrapping(kind, text, value):
    assert AnswerFormat.of(kind).read(text) == value


def test_a_comma_within_a_text_stays():
    assert AnswerFormat.of(dict[str, str]).read('{"a": "x,]", "b": ",}",}') == {
        "a": "x,]",
        "b": ",}",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD.replace("zh", "de"), "language: 'de' is not one of 'zh', 'en' or 'other'"),
        ('{"speakers": 1, "summary": ""}', "language is missing"),
        (GOOD.replace("1", '"two"'), "speakers: should be a valid integer"),
        (GOOD[:40], "the JSON is broken: "),
        ("", "no text came"),
        ("A dog.", "there is no JSON in the text"),
        (GOOD.replace("1", "NaN"), "NaN is no number that can be kept"),
        (GOOD.replace("1", "1e999"), "1e999 is no number"),
        (GOOD.replace("1", "9" * 5000), "a number has 5,000 digits"),
        (GOOD[:-1] + ', "speakers": 2}', "the key 'speakers' comes more than once"),
        ("[" * 100_000, "nested more than 64 deep"),
        ("x" * 10_000_000, "the text has 10,000,000 characters"),
    ],
)
def test_what_does_not_fit_is_said_in_plain_words(text, problem):
    with pytest.raises(FormatProblems) as found:
        AnswerFormat.of(Clip).read(text)
    assert any(problem in said for said in found.value.problems)


def test_an_answer_that_breaks_off_is_not_read_from_a_part_of_it():
    class Loose(BaseModel):
        name: str = ""
        inner: Loose | None = None

    with pytest.raises(FormatProblems, match="broken"):
        AnswerFormat.of(Loose).read('{"inner": {"name": "a"}, "name": "b')
    with pytest.raises(FormatProblems, match="broken"):
        AnswerFormat.of(str).read('{"value": "a text that brea')


def test_problems_are_few_and_short():
    text = json.dumps({"items": [{"x" * 100: "y" * 300}] * 1000})
    with pytest.raises(FormatProblems) as found:
        AnswerFormat.of(list[int]).read(text)
    problems = found.value.problems
    assert len(problems) == 9
    assert problems[-1] == "and 992 more"
    assert max(map(len, problems)) <= 300
    with pytest.raises(FormatProblems) as found:
        AnswerFormat.of({"type": "array", "items": {"type": "string", "maxLength": 1}}).read(text)
    assert max(map(len, found.value.problems)) <= 300


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' + '\\"' * 100_000,
        '{"a" ' * 50_000,
        '{"' * 100_000,
        "[1] " * 10_000,
        "[1," * 50_000,
        "{" * 200_000,
        '"' * 200_000,
        '{"a":1}' * 50_000,
        "\ud800" * 1000,
        '{"n": "\\ud800"}',
        "```\n" * 50_000,
    ],
)
@pytest.mark.parametrize("kind", [Clip, list[int], {"type": "object"}])
def test_hostile_text_gives_a_value_or_problems(kind, text):
    try:
        json.dumps(AnswerFormat.of(kind).read(text), ensure_ascii=False).encode()
    except FormatProblems as found:
        assert found.problems


def test_what_a_persons_own_validator_raises_is_a_problem():
    with pytest.raises(FormatProblems, match="KeyError"):
        AnswerFormat.of(Grumpy).read('{"n": 1}')


@pytest.mark.parametrize("text", ['"NaN"', '{"value": "-inf"}', "nan"])
def test_no_number_that_json_lacks_comes_out_of_a_text(text):
    with pytest.raises(FormatProblems, match="NaN or infinite"):
        AnswerFormat.of(float).read(text)


def test_formats_of_a_schema_are_checked():
    made = AnswerFormat.of({"type": "string", "format": "date"})
    assert made.read('"2026-11-30"') == "2026-11-30"
    with pytest.raises(FormatProblems, match="does not fit format"):
        made.read('"2026-13-30"')


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "Clip",
        3,
        [Clip],
        CLIP,
        Point(1),
        lambda n: n,
        len,
        type,
        {"name": str},
        {"name": "string"},
        {"type": "nope"},
        {"type": "text"},
        {"pattern": "["},
        {"$ref": "#"},
        {"$ref": "#/$defs/none"},
        {"$ref": "https://example.com/schema"},
        {"$schema": ["x"], "type": "object"},
    ],
    ids=lambda wrong: str(wrong) if isinstance(wrong, dict) else type(wrong).__name__,
)
def test_what_is_no_format_is_refused_in_a_line(wrong):
    with pytest.raises(RequestError, match="response_format") as found:
        AnswerFormat.of(wrong)
    assert len(str(found.value)) < 600


def test_the_names_are_what_openai_takes():
    assert AnswerFormat.of(list[Clip]).name == "list_Clip"
    assert AnswerFormat.of({"title": "片段", "type": "object"}).name == "answer"
    assert AnswerFormat.of({"title": "My clip", "type": "object"}).name == "My_clip"
    assert len(AnswerFormat.of(Literal["a" * 90]).name) <= 64
    assert repr(AnswerFormat.of(list[Clip])) == "<AnswerFormat list[Clip]>"


def test_openais_own_form_is_taken():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    made = AnswerFormat.of({"type": "json_schema", "json_schema": {"name": "it", "schema": schema}})
    assert (made.name, made.schema) == ("it", schema)


def test_the_strict_schema_is_closed_and_asks_for_every_key():
    strict = AnswerFormat.of(list[Clip]).payload("json_schema")["json_schema"]
    assert strict["strict"] is True
    clip = strict["schema"]["$defs"]["Clip"]
    assert clip["required"] == ["speakers", "language", "summary", "notes"]
    assert clip["additionalProperties"] is False
    assert "default" not in json.dumps(strict)


@pytest.mark.parametrize(
    "loose",
    [
        dict[str, int],
        Any,
        tuple[int, str],
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {
            "type": "object",
            "properties": {"a": {"type": "string", "maxLength": 3}},
            "required": ["a"],
        },
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
    ],
    ids=str,
)
def test_what_strictness_would_change_is_sent_as_it_is(loose):
    made = AnswerFormat.of(loose)
    sent = made.payload("json_schema")["json_schema"]
    assert (sent["strict"], sent["schema"]) == (False, made.schema)


def test_the_prompt_has_the_word_json_and_the_schema_in_every_language():
    made = AnswerFormat.of(Clip)
    for language in languages():
        asked = made.instructions(language)
        assert "JSON schema" in asked
        assert json.loads(asked[asked.index("{") :]) == made.schema
        assert "JSON" in made.repair(["language is missing"], language)
        assert "- language is missing" in made.repair(["language is missing"], language)
    assert "title" not in json.dumps(made.schema)


def test_a_format_travels_where_its_type_does():
    for kind in (Clip, list[int], {"title": "a", "type": "object"}):
        made = AnswerFormat.of(kind)
        again = pickle.loads(pickle.dumps(made))
        assert again == made
        assert again.kind == made.kind


@pytest.mark.parametrize(
    "record", [None, {}, {"name": 1}, {"name": "a", "kind": "b", "schema": {"type": 3}}]
)
def test_a_record_that_is_none_is_refused(record):
    with pytest.raises(RequestError):
        AnswerFormat.from_record(record)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.text(), VALUES, max_size=4),
    st.sampled_from(["{}", "```json\n{}\n```", "So {{x}}: {} ok", "{}{{"]),
)
def test_every_value_is_read_again_from_the_words_around_it(value, around):
    made = AnswerFormat.of(dict[str, Any])
    for is_ascii in (True, False):
        text = json.dumps(value, ensure_ascii=is_ascii)
        assert made.read(around.format(text)) == value


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet='{}[]",:\\ 1eE-.ntaf`\n'))
def test_any_text_is_a_value_or_problems(text):
    for kind in (dict[str, Any], {"type": "array"}):
        try:
            AnswerFormat.of(kind).read(text)
        except FormatProblems as found:
            assert found.problems
