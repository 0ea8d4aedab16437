"""Fill a JSON schema with values that fit it, measured ones where a name suggests them.

The schema is hostile input: steps, nesting and the size of the answer are bounded, and what no
value can be found for is said so by `Unfit`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import chain, count, islice, takewhile
from typing import TYPE_CHECKING, Any, Final, Protocol

from omni_nb.offline.schemas import CANNOT_CHECK, Checker, Unfit, matches
from omni_nb.offline.strings import LONGEST, has_format, of_format, of_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_STEPS: Final = 3_000
_MOST_LEVELS: Final = 80  # of calls; those of the answer are fewer
_MOST_ITEMS: Final = 500
_DEEP: Final = 3  # from here on, what may be left out is
_ENDLESS: Final = 8
_TRIES: Final = 60

Schema = Mapping[str, Any]


class Suggestions(Protocol):
    """What values a name suggests."""

    def of(
        self, name: str, words: str, item: int | None, choices: Sequence[Any] = ()
    ) -> Sequence[Any]:
        """Return values for a property, the best first; those that do not fit are not taken.

        Parameters
        ----------
        name
            The property's name; "" for the whole.
        words
            Its title and description.
        item
            The place in the list that the property's object is in; None: in no list.
        choices
            The values that are possible, if they are listed.
        """

    def count(self) -> int:
        """Return how many things a list may be about."""


class Nothing:
    """No suggestions."""

    def of(
        self, name: str, words: str, item: int | None, choices: Sequence[Any] = ()
    ) -> Sequence[Any]:
        """Return no values."""
        return ()

    def count(self) -> int:
        """Return 1."""
        return 1


def fit(schema: Any, suggestions: Suggestions | None = None) -> Any:
    """Return a JSON value that fits a schema.

    Parameters
    ----------
    suggestions
        What the values are, where they fit.

    Raises
    ------
    Unfit
        No value was found: there may be none, or the schema is too large or too intricate.

    Examples
    --------
    >>> fit({"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}})
    {'a': 3}
    """
    checker = Checker(schema)
    tries = [(suggestions, False), (suggestions, True), (None, False), (None, True)]
    last = Unfit("No value fits the schema.")
    for given, is_least in tries:
        try:
            value = _Filler(schema, checker, given or Nothing(), is_least=is_least).value()
            text = json.dumps(value, allow_nan=False)
            if len(text) <= 4 * LONGEST and checker.fits(value):
                return value
        except Unfit as error:
            last = error
        except CANNOT_CHECK as error:  # such as an infinite bound, or words of another draft
            last = Unfit(f"No value was found for the schema: {type(error).__name__}.")
    raise last


class _Filler:
    """The values of one try.

    ``is_least``: what may be left out is left out.
    """

    def __init__(
        self, root: Any, checker: Checker, suggestions: Suggestions, *, is_least: bool
    ) -> None:
        self._root, self._checker, self._suggestions = root, checker, suggestions
        self._is_least = is_least
        self._left = _MOST_STEPS
        self._level = self._nesting = 0
        self._item: int | None = None
        self._heights: dict[tuple[int, int], int] = {}

    def value(self) -> Any:
        return self._fill(self._root, "", 0)

    def _fill(self, schema: Any, name: str, place: int) -> Any:
        """Return a value for a schema, another one at every place as far as there are others."""
        self._left -= 1
        if self._left < 0 or self._level >= _MOST_LEVELS:
            raise Unfit("The schema is too intricate.")
        self._level += 1
        try:
            if isinstance(schema, bool):
                schema = {} if schema else _refuse()
            return self._resolved(dict(schema), name, place)
        finally:
            self._level -= 1

    def _resolved(self, schema: dict[str, Any], name: str, place: int) -> Any:
        """Take one of the words that combine schemas out of a schema, and go on."""
        if "$ref" in schema:
            target = self._checker.target(schema.pop("$ref"))
            return self._fill(merged(schema, target), name, place)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                whole, branches = dict(schema), self._ordered(schema.pop(word))
                return self._first(schema, branches, name, place, whole)
        if "if" in schema:
            whole, condition = dict(schema), schema.pop("if")
            then, other = schema.pop("then", True), schema.pop("else", True)
            branches = [{"allOf": [condition, then]}, {"allOf": [{"not": condition}, other]}]
            return self._first(schema, branches, name, place, whole)
        if parts := schema.pop("allOf", None):
            rest = {"allOf": parts[1:]} if parts[1:] else True
            return self._fill(merged(merged(schema, parts[0]), rest), name, place)
        return self._plain(schema, name, place)

    def _first(
        self, rest: Schema, branches: Iterable[Any], name: str, place: int, whole: Schema
    ) -> Any:
        """Return the value of the first branch that has one which fits the whole."""
        for branch in branches:
            try:
                value = self._fill(merged(rest, branch), name, place)
            except Unfit:
                continue
            if self._checker.fits(value, whole):
                return value
        return _refuse()

    def _ordered(self, branches: Sequence[Any]) -> list[Any]:
        """Return branches in the order to try: null late, and deep down the shallow ones first."""
        if self._nesting >= _DEEP or self._is_least:
            return sorted(branches, key=self._height)
        return sorted(branches, key=lambda b: (self._height(b) >= _ENDLESS, _is_null(b)))

    def _plain(self, schema: dict[str, Any], name: str, place: int) -> Any:
        """Return a value for a schema that combines no others."""
        if "const" in schema or "enum" in schema:
            listed = [schema["const"]] if "const" in schema else schema["enum"]
            return self._pick(chain(self._suggested(schema, name, listed), listed), schema, place)
        if not self._is_least and not _types_told(schema):
            for value in self._suggested(schema, name):
                if self._fits(value, schema):
                    return value
        for kind in _types(schema):
            try:
                return self._KINDS[kind](self, {**schema, "type": kind}, name, place)
            except Unfit:
                continue
        return _refuse()

    def _suggested(self, schema: Schema, name: str, choices: Sequence[Any] = ()) -> list[Any]:
        words = " ".join(str(schema.get(key, "")) for key in ("title", "description"))
        given = list(self._suggestions.of(name, words, self._item, choices))
        examples = schema.get("examples")
        given += [schema["default"]] if "default" in schema else []
        return given + (examples if isinstance(examples, list) else [])

    def _pick(self, candidates: Iterable[Any], schema: Schema, place: int) -> Any:
        """Return the candidate at a place among those that fit; of fewer, count on in a circle."""
        own = {word: rule for word, rule in schema.items() if word not in _STRUCTURE}
        found: list[Any] = []
        for candidate in islice(candidates, _TRIES + place):
            if not any(_same(candidate, other) for other in found) and self._fits(candidate, own):
                found.append(candidate)
                if len(found) > place:
                    return candidate
        return found[place % len(found)] if found else _refuse()

    def _fits(self, value: Any, schema: Schema) -> bool:
        self._left -= 1
        if self._left < 0:
            raise Unfit("The schema is too intricate.")
        return self._checker.fits(value, schema)

    def _null(self, schema: Schema, name: str, place: int) -> Any:
        return self._pick([None], schema, place)

    def _boolean(self, schema: Schema, name: str, place: int) -> Any:
        return self._pick([*self._suggested(schema, name), False, True], schema, place)

    def _number(self, schema: Schema, name: str, place: int) -> Any:
        suggested = [v for v in self._suggested(schema, name) if _is_number(v)]
        whole = [round(v) for v in suggested] if schema["type"] == "integer" else []
        return self._pick(chain(suggested, whole, _numbers(schema)), schema, place)

    def _string(self, schema: Schema, name: str, place: int) -> Any:
        least, most = schema.get("minLength", 0), schema.get("maxLength", LONGEST)
        if least > LONGEST:
            raise Unfit("The schema asks for too long a text.")
        suggested = [v for v in self._suggested(schema, name) if isinstance(v, str)]
        form, pattern = schema.get("format"), schema.get("pattern")
        if isinstance(form, str) and of_format(form, 0) is not None:
            known = [value for value in suggested if has_format(form, value)]
            return self._pick(chain(known, map(partial(of_format, form), count())), schema, place)
        if pattern is not None:
            written: Callable[[int], str | None] = partial(
                of_pattern, pattern, least=int(least), most=int(most)
            )
            texts = takewhile(lambda text: text is not None, map(written, count()))
            guesses = (text for text in _GUESSES if matches(pattern, text))
            return self._pick(chain(suggested, texts, guesses), schema, place)
        usual = suggested or ["a"]
        numbered = (f"{usual[-1]} {number}" for number in count(2))
        sized = (_of_length(text, int(least), int(most)) for text in chain(usual, numbered))
        return self._pick(chain(sized, map(chr, range(ord("a"), ord("z") + 1))), schema, place)

    def _object(self, schema: Schema, name: str, place: int) -> Any:
        names = self._names(schema)
        if not names and not self._is_least:
            suggested = [v for v in self._suggested(schema, name) if isinstance(v, dict)]
            if fitting := [v for v in suggested if self._fits(v, schema)]:
                return fitting[0]
        required = set(schema.get("required", ()))
        made: dict[str, Any] = {}
        self._nesting += 1
        try:
            for number, key in enumerate(names):
                try:
                    made[key] = self._fill(_property(schema, key), key, place >> number)
                except Unfit:
                    if key in required:
                        raise
            self._add_names(made, schema, place)
        finally:
            self._nesting -= 1
        return made

    def _names(self, schema: Schema) -> list[str]:
        """Return the names of an object: the required ones, and others as far as there is room."""
        known, required = schema.get("properties", {}), list(schema.get("required", ()))
        optional = [] if self._is_least or self._nesting >= _DEEP else list(known)
        wanted = set(required)
        room = schema.get("maxProperties", math.inf)
        for name in optional:
            if len(wanted) < room:
                wanted.add(name)
        for name in list(wanted):
            wanted.update(schema.get("dependentRequired", {}).get(name, ()))
        if len(wanted) > _MOST_ITEMS:
            raise Unfit("The schema asks for too many properties.")
        ordered = [*known, *required, *sorted(wanted - known.keys() - set(required))]
        return [name for name in dict.fromkeys(ordered) if name in wanted]

    def _add_names(self, made: dict[str, Any], schema: Schema, place: int) -> None:
        """Add names of our own, where an object must have more, or has none that are known."""
        least = schema.get("minProperties", 0)
        others = schema.get("additionalProperties", True)
        patterns = schema.get("patternProperties", {})
        is_open = not schema.get("properties") and (patterns or isinstance(others, dict))
        if is_open and not self._is_least and self._nesting <= _DEEP:
            least = max(least, min(1, schema.get("maxProperties", 1)))
        if least > _MOST_ITEMS:
            raise Unfit("The schema asks for too many properties.")
        of_names = merged({"type": "string"}, schema.get("propertyNames", True))
        for number in range(_TRIES + int(least)):
            if len(made) >= least:
                return
            known = [of_pattern(pattern, number) for pattern in patterns]
            name = next((n for n in known if n is not None and n not in made), None)
            if name is None:
                name = self._fill(merged({"examples": ["name"]}, of_names), "", number)
            if name not in made:
                try:
                    made[name] = self._fill(_property(schema, name), "", place)
                except Unfit:
                    if number >= least:
                        return
        if len(made) < schema.get("minProperties", 0):
            _refuse()

    def _array(self, schema: Schema, name: str, place: int) -> Any:
        first, items = _items(schema)
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems", _MOST_ITEMS)
        contains = int(schema.get("minContains", 1)) if "contains" in schema else 0
        least = max(least, contains)
        if least > _MOST_ITEMS:
            raise Unfit("The schema asks for too many items.")
        if not first and (fitting := self._listed(schema, items, name, least, most)):
            return fitting
        return self._made_items(schema, (least, most, contains), name, place)

    def _made_items(
        self, schema: Schema, bounds: tuple[int, float, int], name: str, place: int
    ) -> Any:
        (least, most, contains), (first, items) = bounds, _items(schema)
        number_of_items = min(most, max(least, len(first), self._usual_count(items)))
        made: list[Any] = []
        self._nesting += 1
        held = self._item
        try:
            for number in range(int(number_of_items) * 2 + _TRIES):
                if len(made) >= number_of_items:
                    break
                here = first[len(made)] if len(made) < len(first) else items
                if len(made) < contains:
                    here = merged({"allOf": [here]}, schema["contains"])
                self._item = len(made) if held is None else held
                another = number if schema.get("uniqueItems") else place if not made else 0
                try:
                    value = self._fill(here, name, another)
                except Unfit:
                    break
                if not schema.get("uniqueItems") or not any(_same(value, v) for v in made):
                    made.append(value)
        finally:
            self._nesting -= 1
            self._item = held
        return made if len(made) >= least else _refuse()

    def _usual_count(self, items: Any) -> int:
        """Return how many items a list has that may be empty."""
        if self._is_least or self._nesting >= _DEEP or items is False:
            return 0
        return self._suggestions.count() if self._item is None and self._is_object(items) else 1

    def _is_object(self, schema: Any) -> bool:
        for _ in range(_ENDLESS):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            schema = self._checker.target(schema["$ref"])
        return isinstance(schema, dict) and "properties" in schema

    def _listed(
        self, schema: Schema, items: Any, name: str, least: int, most: float
    ) -> list[Any] | None:
        """Return a list that is suggested, without what does not fit, if that leaves enough."""
        if self._is_least:
            return None
        for given in self._suggested(schema, name):
            if isinstance(given, list):
                kept = [value for value in given if self._checker.fits(value, items)]
                kept = kept[: int(min(most, len(kept)))]
                if kept and len(kept) >= least and self._fits(kept, schema):
                    return kept
        return None

    def _height(self, schema: Any, within: int = _ENDLESS) -> int:
        """Return how deep a value is nested at least; `_ENDLESS` if as deep as is looked."""
        if within <= 0:
            return _ENDLESS
        if not isinstance(schema, dict):
            return 0 if schema else _ENDLESS
        key = (id(schema), within)
        if key not in self._heights:
            self._left -= 1
            if self._left < 0:
                raise Unfit("The schema is too intricate.")
            self._heights[key] = self._measured_height(schema, within)
        return self._heights[key]

    def _measured_height(self, schema: Schema, within: int) -> int:
        if "const" in schema or "enum" in schema:
            return 0
        down = partial(self._height, within=within - 1)
        heights = [0]
        if "$ref" in schema:
            heights.append(down(self._checker.target(schema["$ref"])))
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                heights.append(min(map(down, schema[word])))
        heights += map(down, schema.get("allOf", ()))
        for name in schema.get("required", ()):
            heights.append(1 + down(schema.get("properties", {}).get(name, True)))
        if schema.get("minItems", 0) > 0:
            first, items = _items(schema)
            heights += [1 + down(item) for item in (*first, *([] if first else [items]))]
        return min(_ENDLESS, max(heights))

    _KINDS: Final[Mapping[str, Callable[[Any, Schema, str, int], Any]]] = {
        "object": _object,
        "array": _array,
        "string": _string,
        "number": _number,
        "integer": _number,
        "boolean": _boolean,
        "null": _null,
    }


def merged(schema: Schema, other: Any) -> dict[str, Any]:
    """Return one schema for what must fit both; what cannot be made one waits in ``allOf``.

    Examples
    --------
    >>> merged({"minimum": 1, "title": "a"}, {"minimum": 2, "title": "b"})
    {'minimum': 2, 'title': 'a'}
    """
    if isinstance(other, bool):
        return dict(schema) if other else _refuse()
    made, waiting = dict(schema), []
    for word, rule in other.items():
        if word not in made:
            made[word] = rule
        elif word in _BOTH:
            made[word] = _BOTH[word](made[word], rule)
        elif word not in _TOLD and not _same(made[word], rule):
            waiting.append({word: rule})
    if waiting:
        made["allOf"] = [*made.get("allOf", []), *waiting]
    return made


def _both_types(one: Any, other: Any) -> list[str]:
    ones, others = _listed_types(one), _listed_types(other)
    both = [kind for kind in ones if kind in others]
    if "integer" not in both and {"integer", "number"} <= {*ones, *others}:
        both.append("integer")
    return both or _refuse()


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
    "enum": lambda one, other: [v for v in one if any(_same(v, o) for o in other)] or _refuse(),
    "allOf": lambda one, other: [*one, *other],
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
_TOLD: Final = frozenset(
    {"title", "description", "default", "examples", "$comment", "$defs", "definitions", "$schema"}
    | {"$id", "deprecated", "readOnly", "writeOnly", "discriminator"}
)
_STRUCTURE: Final = frozenset({"properties", "items", "prefixItems", "required", "$defs", "$id"})
_GUESSES: Final = ("a", "A", "0", "abc", "Abc", "ABC", "123", "你", "a@b.c", "-", " ", "")
_ALL_TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
_OF_WORDS: Final = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties")),
    ("object", ("minProperties", "maxProperties", "propertyNames", "dependentRequired")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ("string", ("minLength", "maxLength", "pattern", "format")),
)


def _types(schema: Schema) -> list[str]:
    """Return the types to try, the likeliest first."""
    told = sorted(_types_told(schema), key=lambda kind: kind == "null")
    return told if "type" in schema else list(dict.fromkeys([*told, "string", *_ALL_TYPES]))


def _types_told(schema: Schema) -> list[str]:
    """Return the types that a schema names, or that its words are about."""
    if "type" in schema:
        return _listed_types(schema["type"])
    return [kind for kind, words in _OF_WORDS if any(word in schema for word in words)]


def _listed_types(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    return [kind for kind in listed if kind in _ALL_TYPES]


def _property(schema: Schema, name: str) -> Any:
    """Return the schema of a property: by its name, by patterns, or that of all others."""
    parts = [schema["properties"][name]] if name in schema.get("properties", {}) else []
    patterns = schema.get("patternProperties", {})
    parts += [rule for pattern, rule in patterns.items() if matches(pattern, name)]
    if not parts:
        return schema.get("additionalProperties", True)
    return parts[0] if len(parts) == 1 else {"allOf": parts}


def _items(schema: Schema) -> tuple[list[Any], Any]:
    """Return the schemas of the first items, and that of all others."""
    items = schema.get("items", True)
    if isinstance(items, list):  # before 2020-12
        return items, schema.get("additionalItems", True)
    return schema.get("prefixItems", []), items


def _numbers(schema: Schema) -> Iterator[float]:
    """Yield numbers within the bounds of a schema, those near 0 first."""
    low = max(_bounds(schema, "minimum", "exclusiveMinimum"), default=None)
    high = min(_bounds(schema, "maximum", "exclusiveMaximum"), default=None)
    step = abs(Fraction(str(schema.get("multipleOf", 1)))) or Fraction(1)
    start = 0
    if low is not None and low > 0:
        start = math.ceil(low / step)
    elif high is not None and high < 0:
        start = math.floor(high / step)
    for number in range(_TRIES // 2):
        yield _plain_number((start + number) * step)
        if number:
            yield _plain_number((start - number) * step)
    if low is not None and high is not None and "multipleOf" not in schema:
        for number in count():  # from the middle to all 64 parts, as 5 and 64 share no factor
            value = low + (high - low) * Fraction((32 + 5 * number) % 64, 64)
            yield round(float(value), 3)
            yield _plain_number(value)
    for number in count(_TRIES // 2):
        yield _plain_number((start + (number if high is None else -number)) * step)


def _bounds(schema: Schema, *words: str) -> list[Fraction]:
    # Numbers in a schema may be infinite: then there is no fraction, and `fit` says so.
    return [Fraction(schema[word]) for word in words if _is_number(schema.get(word))]


def _plain_number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: 1 is 1.0, but no truth value."""
    return bool(one == other) and json.dumps(_told(one)) == json.dumps(_told(other))


def _told(value: Any) -> Any:
    """Return a value with its numbers as floats, so that equal ones read the same."""
    if isinstance(value, dict):
        return {name: _told(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_told(part) for part in value]
    return float(value) if _is_number(value) else value


def _of_length(text: str, least: int, most: int) -> str:
    """Return a text cut, or repeated, to a length."""
    if text and len(text) < least:
        text = (f"{text} " * (least // (len(text) + 1) + 1))[:least]
    return text[:most]


def _refuse() -> Any:
    raise Unfit("No value fits the schema.")
