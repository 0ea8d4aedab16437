"""Schemas in texts, and values checked against them."""

from __future__ import annotations

import json

import pytest

from omni_nb.offline.schemas import Checker, Unfit, find_schema, is_schema, matches, without_schema

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
WRITTEN = json.dumps(SCHEMA)
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    "text",
    [
        f"What?\n\nAnswer with JSON that fits this JSON schema: {WRITTEN}",
        f"JSON Schema:\n```json\n{json.dumps(SCHEMA, indent=2)}\n```\nNo words around it.",
        f"按照这个JSON schema用JSON作答：{WRITTEN}。",
        f'{{"type": "string"}} and a json-schema: {WRITTEN} such as {{"a": 1}}',
        f"JSON schema {{ not this }} {{nor this {WRITTEN}",
    ],
)
def test_a_schema_is_found_after_the_words(text: str) -> None:
    assert find_schema(text) == SCHEMA


@pytest.mark.parametrize(
    "text",
    [
        f"What is {WRITTEN}?",
        'JSON schema: {"a": 1}',
        'JSON schema: {"type": "cat"}',
        "JSON schema: {",
        "JSON schema: " + '{"a":' * 5_000,
    ],
)
def test_what_is_no_schema_is_not_found(text: str) -> None:
    assert find_schema(text) is None


def test_json_that_was_asked_for_needs_no_words() -> None:
    assert find_schema(f"As JSON: {WRITTEN}", introduced=False) == SCHEMA


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["{", '{"', '{"a":', '{"a":1', "[{", '{"a":{}}', "{}"])
def test_a_text_full_of_braces_is_read_in_time(piece: str) -> None:
    assert find_schema("JSON schema: " + piece * 100_000) is None


def test_the_question_ends_before_the_line_of_the_schema() -> None:
    assert without_schema(f"What?\nHow?\n\nBy this JSON schema: {WRITTEN}") == "What?\nHow?"
    assert without_schema("What?") == "What?"
    assert without_schema(f"JSON schema: {WRITTEN}") == ""


def test_a_value_is_checked_against_a_part_of_the_schema() -> None:
    checker = Checker({"$defs": {"a": {"const": 1}}, "type": "integer"})

    assert checker.fits(2)
    assert not checker.fits("2")
    assert not checker.fits(2, {"$ref": "#/$defs/a"})
    assert checker.target("#/$defs/a") == {"const": 1}


@pytest.mark.parametrize("reference", ["#/$defs/b", "http://localhost:1/a", "#%%%", ""])
def test_a_reference_to_nothing_is_unfit(reference: str) -> None:
    if reference:
        with pytest.raises(Unfit):
            Checker({"$defs": {}}).target(reference)
    with pytest.raises(Unfit):
        Checker({"$ref": reference or "#"}).fits(1)


@pytest.mark.timeout(20)
def test_checking_takes_a_bounded_number_of_steps() -> None:
    names = {f"a{place}": {"allOf": [{"$ref": f"#/$defs/a{place + 1}"}] * 2} for place in range(40)}
    with pytest.raises(Unfit, match="too long"):
        Checker({"$defs": {**names, "a40": {}}, "$ref": "#/$defs/a0"}).fits(1)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^(a+)+$"},
        {"propertyNames": {"pattern": "^(a+)+$"}},
        {"patternProperties": {"^(a+)+$": False}, "additionalProperties": False},
        {"patternProperties": {"^(a+)+$": True}, "unevaluatedProperties": False},
        {"not": {"$schema": DRAFT_7, "pattern": "^(a+)+$"}},
        {"$schema": DRAFT_7, "not": {"$schema": DRAFT_7, "pattern": "^(a+)+$"}},
    ],
)
def test_no_pattern_hangs(schema: dict[str, object]) -> None:
    name = "a" * 60 + "b"

    Checker(schema).fits({name: 1})
    Checker(schema).fits(name)


def test_a_property_may_have_the_name_of_a_word() -> None:
    checker = Checker({"properties": {"$schema": {"const": {"$schema": "a"}}}})

    assert checker.fits({"$schema": {"$schema": "a"}})
    assert not checker.fits({"$schema": {}})


def test_patterns_are_found_anywhere_in_a_text() -> None:
    assert matches("b", "abc")
    assert matches("^b", "abc") is False
    assert matches("(?<=a)b", "abc") is None


def test_a_schema_is_of_a_size_that_is_worth_reading() -> None:
    assert is_schema(SCHEMA)
    assert is_schema(True)
    assert is_schema({"pattern": r"^\p{L}+$"})
    assert not is_schema({"type": "cat"})
    assert not is_schema([SCHEMA])
    assert not is_schema({"enum": [0] * 10_000})
