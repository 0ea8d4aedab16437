"""What the words of JSON schemas mean together: two schemas as one, and the parts of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from omni_nb.offline.schemas import Unfit, matches

Schema: TypeAlias = Mapping[str, Any]


def merged(schema: Schema, other: Any) -> dict[str, Any]:
    """Return one schema for what must fit both; what cannot be made one waits in ``allOf``.

    Examples
    --------
    >>> merged({"minimum": 1, "title": "a"}, {"minimum": 2, "title": "b"})
    {'minimum': 2, 'title': 'a'}
    """
    if isinstance(other, bool):
        return dict(schema) if other else refuse()
    made, waiting = dict(schema), []
    for word, rule in other.items():
        if word not in made:
            made[word] = rule
        elif word in _BOTH:
            made[word] = _BOTH[word](made[word], rule)
        elif word not in _TOLD and not same(made[word], rule):
            waiting.append({word: rule})
    if waiting:
        made["allOf"] = [*made.get("allOf", []), *waiting]
    return made


def _both_types(one: Any, other: Any) -> list[str]:
    ones, others = _listed_types(one), _listed_types(other)
    both = [kind for kind in ones if kind in others]
    if "integer" not in both and {"integer", "number"} <= {*ones, *others}:
        both.append("integer")
    return both or refuse()


def _both_properties(one: Schema, other: Schema) -> dict[str, Any]:
    same = {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
    return {**one, **other, **same}


_BOTH: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _both_types,
    "properties": _both_properties,
    "patternProperties": _both_properties,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "items": lambda one, other: {"allOf": [one, other]},
    "additionalProperties": lambda one, other: {"allOf": [one, other]},
    "enum": lambda one, other: [v for v in one if any(same(v, o) for o in other)] or refuse(),
    "allOf": lambda one, other: [*one, *other],
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
_TOLD: Final = frozenset(
    {"title", "description", "default", "examples", "$comment", "$defs", "definitions", "$schema"}
    | {"$id", "deprecated", "readOnly", "writeOnly", "discriminator"}
)
_ALL_TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
_OF_WORDS: Final = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties")),
    ("object", ("minProperties", "maxProperties", "propertyNames", "dependentRequired")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ("string", ("minLength", "maxLength", "pattern", "format")),
)


def types(schema: Schema) -> list[str]:
    """Return the types to try, the likeliest first."""
    told = sorted(types_told(schema), key=lambda kind: kind == "null")
    return told if "type" in schema else list(dict.fromkeys([*told, "string", *_ALL_TYPES]))


def types_told(schema: Schema) -> list[str]:
    """Return the types that a schema names, or that its words are about."""
    if "type" in schema:
        return _listed_types(schema["type"])
    return [kind for kind, words in _OF_WORDS if any(word in schema for word in words)]


def _listed_types(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    return [kind for kind in listed if kind in _ALL_TYPES]


def property_schema(schema: Schema, name: str) -> Any:
    """Return the schema of a property: by its name, by patterns, or that of all others."""
    parts = [schema["properties"][name]] if name in schema.get("properties", {}) else []
    patterns = schema.get("patternProperties", {})
    parts += [rule for pattern, rule in patterns.items() if matches(pattern, name)]
    if not parts:
        return schema.get("additionalProperties", True)
    return parts[0] if len(parts) == 1 else {"allOf": parts}


def item_schemas(schema: Schema) -> tuple[list[Any], Any]:
    """Return the schemas of the first items, and that of all others."""
    items = schema.get("items", True)
    if isinstance(items, list):  # before 2020-12
        return items, schema.get("additionalItems", True)
    return schema.get("prefixItems", []), items


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_null(schema: Any) -> bool:
    """Return whether a schema is that of null."""
    return isinstance(schema, dict) and schema.get("type") == "null"


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: 1 is 1.0, but no truth value."""
    return bool(one == other) and json.dumps(_told(one)) == json.dumps(_told(other))


def _told(value: Any) -> Any:
    """Return a value with its numbers as floats, so that equal ones read the same."""
    if isinstance(value, dict):
        return {name: _told(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_told(part) for part in value]
    return float(value) if is_number(value) else value


def refuse() -> Any:
    """Raise `Unfit`: no value fits."""
    raise Unfit("No value fits the schema.")
