"""Values for JSON schemas: whatever the schema, they fit it, or it is said that none does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from pydantic import BaseModel, Field, TypeAdapter

from omni_nb.offline.filler import fit
from omni_nb.offline.schemas import Unfit
from tests.schemas import ANY, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence


@settings(max_examples=200, deadline=None)
@given(SCHEMAS)
def test_a_value_fits_its_schema(schema: Any) -> None:
    Draft202012Validator(schema).validate(fit(schema))  # by the library alone, not by our bounds


class Everywhere:
    """Suggests the same values for every name."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    def of(self, *_: Any) -> Sequence[Any]:
        return self.values

    def count(self) -> int:
        return 3


@settings(max_examples=100, deadline=None)
@given(SCHEMAS, st.lists(st.recursive(ANY, st.lists, max_leaves=4), max_size=4))
def test_suggestions_that_do_not_fit_are_left_aside(schema: Any, values: list[Any]) -> None:
    Draft202012Validator(schema).validate(fit(schema, Everywhere(values)))


class Node(BaseModel):
    value: int
    children: list[Node] = []
    next: Optional[Node] = None  # noqa: UP045 - as people write it


class Number(BaseModel):
    kind: Literal["number"]
    value: float = Field(gt=0.1, lt=0.2)


class Sum(BaseModel):
    kind: Literal["sum"]
    left: Term
    right: Term


class Term(BaseModel):
    term: Union[Sum, Number] = Field(discriminator="kind")  # noqa: UP007


TYPES = [
    Node,
    Term,
    list[Node],
    dict[str, Annotated[int, Field(ge=3, le=4)]],
    tuple[int, str, bool],
    set[Literal["a", "b", "c"]],
    Annotated[list[Literal["a", "b"]], Field(min_length=2, max_length=2)],
    Literal["only"],
    int | None,
    Annotated[str, Field(min_length=300)],
    Annotated[str, Field(pattern=r"^\p{Lu}\p{Ll}*$")],
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_what_pydantic_writes_is_filled_so_that_pydantic_takes_it(kind: Any) -> None:
    adapter = TypeAdapter(kind)

    adapter.validate_json(json.dumps(fit(adapter.json_schema())))


FILLED = {
    "a reference to itself ends": (
        {"$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}},
                         "required": []}}, "$ref": "#/$defs/n"},
        None,
    ),
    "not": ({"type": "integer", "not": {"const": 0}}, 1),
    "one of several": ({"oneOf": [{"type": "integer"}, {"minimum": 5, "type": "number"}]}, 0),
    "one of several, and of no more": (
        {"oneOf": [{"type": "number"}, {"type": "integer"}, {"const": "a"}]},
        "a",
    ),
    "if and then": (
        {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}},
         "required": ["a"], "if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
        {"a": 1, "b": 2},
    ),
    "both of two": ({"allOf": [{"minimum": 3, "type": "number"}, {"type": "integer"}]}, 3),
    "required by a pattern": (
        {"type": "object", "required": ["x1"], "additionalProperties": False,
         "patternProperties": {"^x": {"minimum": 4, "type": "integer"}}},
        {"x1": 4},
    ),
    "required by another": (
        {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["a"],
         "dependentRequired": {"a": ["b"]}},
        {"a": 1, "b": 2},
    ),
    "names by a pattern": (
        {"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[a-c]$"},
         "additionalProperties": {"const": 1}},
        {"a": 1, "b": 1, "c": 1},
    ),
    "contains": ({"type": "array", "contains": {"const": 3}, "items": {"type": "integer"}}, [3]),
    "draft 7": (
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
         "items": [{"const": 1}], "additionalItems": False},
        [1],
    ),
    "unique": (
        {"type": "array", "uniqueItems": True, "minItems": 4,
         "items": {"type": "object", "required": ["a", "b"], "additionalProperties": False,
                   "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}}}},
        None,
    ),
    "a default": ({"type": "string", "default": "usual"}, "usual"),
    "an example": ({"type": "integer", "examples": [7]}, 7),
    "an example that does not fit": ({"type": "integer", "examples": [7], "maximum": 3}, 0),
    "null last": ({"type": ["null", "integer"]}, 0),
    "a narrow range": ({"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.2}, 0.15),
    "a step": ({"type": "number", "multipleOf": 0.01, "minimum": 0.005, "maximum": 0.011}, 0.01),
}  # fmt: skip


@pytest.mark.parametrize("name", FILLED)
def test_a_schema_is_filled(name: str) -> None:
    schema, expected = FILLED[name]

    value = fit(schema)

    validator_for(schema, Draft202012Validator)(schema).validate(value)
    assert expected is None or value == expected


def doubling(rule: Any) -> Any:
    """Return a schema whose definitions each use the next one twice."""
    names = {f"a{place}": rule(f"#/$defs/a{place + 1}") for place in range(40)}
    return {"$defs": {**names, "a40": False}, "$ref": "#/$defs/a0"}


HOSTILE = {
    "itself": {"$ref": "#"},
    "itself at a word of its own": {"$dynamicAnchor": "a", "$dynamicRef": "#a"},
    "itself in a list": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
    "itself twice": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "an address": {"$ref": "http://localhost:1/schema.json"},
    "nothing there": {"$ref": "#/$defs/nothing"},
    "a billion items": {"type": "array", "minItems": 10**9},
    "a billion characters": {"type": "string", "minLength": 10**9},
    "a billion names": {"type": "object", "minProperties": 10**9},
    "a pattern of a billion": {"type": "string", "pattern": "(((a{1000}){1000}){1000})"},
    "no pattern": {"type": "string", "pattern": "["},
    "infinite": {"type": "number", "minimum": float("inf")},
    "not a number": {"enum": [float("nan")]},
    "nothing fits": False,
    "longer than long": {"type": "string", "minLength": 5, "maxLength": 3},
    "branches that double": doubling(lambda name: {"anyOf": [{"$ref": name}, {"$ref": name}]}),
    "names that double": doubling(
        lambda name: {"type": "object", "required": ["a", "b"],
                      "properties": {"a": {"$ref": name}, "b": {"$ref": name}}}
    ),
    "no schema": {"type": "shape"},
    "a list": [],
    "deep": json.loads('{"not":' * 200 + "{}" + "}" * 200),
    "wide": {"enum": list(range(100_000))},
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_is_unfit_and_no_other_error(name: str) -> None:
    with pytest.raises(Unfit):
        fit(HOSTILE[name])


@pytest.mark.timeout(20)
def test_a_pattern_that_hangs_regular_expressions_is_matched_in_time() -> None:
    schema = {"type": "string", "pattern": "^(a+)+$", "minLength": 40}

    assert set(fit(schema)) == {"a"}
    assert isinstance(fit({"type": "string", "pattern": "(){1000000000}"}), str)
    with pytest.raises(Unfit):
        fit({**schema, "enum": ["a" * 40 + "b"]})
