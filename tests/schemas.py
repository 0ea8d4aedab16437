"""Random JSON schemas: nested, optional, enums, arrays, unions, some that refer to themselves."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st


def integers(low: int, high: int, first: str, last: str) -> st.SearchStrategy[dict[str, int]]:
    """Two bounds of a schema, the last not below the first."""
    return st.tuples(st.integers(low, high), st.integers(0, 5)).map(
        lambda pair: {first: pair[0], last: sum(pair)}
    )


NAMES = st.sampled_from(["width", "seconds", "language", "colours", "summary", "a", "节", "x y"])
ANY = st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.none())
SCALARS = st.one_of(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {}]),
    integers(-20, 20, "minimum", "maximum").map(lambda rule: {"type": "integer", **rule}),
    st.builds(
        lambda rule, step: {"type": "number", "multipleOf": step, **rule,
                            "maximum": rule["maximum"] + step},
        integers(-20, 20, "minimum", "maximum"), st.sampled_from([0.5, 0.25, 0.1, 2, 3]),
    ),
    integers(0, 30, "minLength", "maxLength").map(lambda rule: {"type": "string", **rule}),
    st.sampled_from(["date", "date-time", "time", "email", "uri", "uuid", "duration"]).map(
        lambda form: {"type": "string", "format": form}
    ),
    st.sampled_from([r"^[A-Z]{3}\d+$", r"^(foo|bar)-\w{2,4}$", r"\d{4}-\d{2}", r"^.+@.+$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
    st.lists(ANY, min_size=1, max_size=4).map(lambda values: {"enum": values}),
    ANY.map(lambda value: {"const": value}),
)  # fmt: skip


def objects(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, rules, max_size=4).flatmap(
        lambda known: st.builds(
            lambda required, others: {
                "type": "object",
                "properties": known,
                "required": sorted(required),
                "additionalProperties": others,
            },
            st.sets(st.sampled_from(sorted(known))) if known else st.just(set()),
            st.booleans(),
        )
    )


def compounds(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(rules, min_size=1, max_size=3)
    return st.one_of(
        objects(rules),
        objects(rules),
        st.builds(
            lambda items, bounds: {"type": "array", "items": items, **bounds},
            rules, integers(0, 3, "minItems", "maxItems"),
        ),
        rules.map(lambda items: {"type": "array", "items": items, "uniqueItems": True}),
        several.map(lambda first: {"type": "array", "prefixItems": first, "minItems": len(first)}),
        several.map(lambda branches: {"anyOf": branches}),
        rules.map(lambda rule: {"anyOf": [rule, {"type": "null"}]}),
        rules.map(lambda rule: {"allOf": [rule]}),
        rules.map(lambda rule: {"type": "object", "additionalProperties": rule,
                                "minProperties": 1}),
        rules.map(chain),
    )  # fmt: skip


def chain(rule: Any) -> Any:
    """Return a schema that refers to itself, below one that may be anything."""
    return {
        "type": "object",
        "properties": {
            "value": rule,
            "next": {
                "anyOf": [
                    {"type": "null"},
                    {"type": "array", "minItems": 1, "items": {"type": "object"}},
                ]
            },
        },
        "required": ["value", "next"],
    }


SCHEMAS = st.recursive(SCALARS, compounds, max_leaves=12)
