"""Fill a JSON schema with values that fit it, measured ones where a name suggests them.

The schema is hostile input: steps, nesting and the size of the answer are bounded, and what no
value can be found for is said so by `Unfit`.
"""

from __future__ import annotations

import json
import math
from functools import partial
from itertools import chain, count, islice, takewhile
from typing import TYPE_CHECKING, Any, Final, Protocol

from omni_nb.offline.heights import ENDLESS, Heights
from omni_nb.offline.numbers import numbers
from omni_nb.offline.schema_words import (
    is_null,
    is_number,
    item_schemas,
    merged,
    property_schema,
    refuse,
    same,
    types,
    types_told,
)
from omni_nb.offline.schemas import CANNOT_CHECK, Checker, Unfit, matches
from omni_nb.offline.strings import LONGEST, has_format, of_format, of_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from omni_nb.offline.schema_words import Schema

_MOST_STEPS: Final = 3_000
_MOST_LEVELS: Final = 80  # of calls; those of the answer are fewer
_MOST_ITEMS: Final = 500
_DEEP: Final = 3  # from here on, what may be left out is
_TRIES: Final = 60


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
            value = _Filler(checker, given or Nothing(), is_least=is_least).value()
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

    def __init__(self, checker: Checker, suggestions: Suggestions, *, is_least: bool) -> None:
        self._checker, self._suggestions = checker, suggestions
        self._is_least = is_least
        self._left = _MOST_STEPS
        self._level = self._nesting = 0
        self._item: int | None = None
        self._heights = Heights(checker)

    def value(self) -> Any:
        return self._fill(self._checker.schema, "", 0)

    def _fill(self, schema: Any, name: str, place: int) -> Any:
        """Return a value for a schema, another one at every place as far as there are others."""
        self._left -= 1
        if self._left < 0 or self._level >= _MOST_LEVELS:
            raise Unfit("The schema is too intricate.")
        self._level += 1
        try:
            if isinstance(schema, bool):
                schema = {} if schema else refuse()
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
        return refuse()

    def _ordered(self, branches: Sequence[Any]) -> list[Any]:
        """Return branches in the order to try: null late, and deep down the shallow ones first."""
        if self._nesting >= _DEEP or self._is_least:
            return sorted(branches, key=self._heights.of)
        return sorted(branches, key=lambda b: (self._heights.of(b) >= ENDLESS, is_null(b)))

    def _plain(self, schema: dict[str, Any], name: str, place: int) -> Any:
        """Return a value for a schema that combines no others."""
        if "const" in schema or "enum" in schema:
            listed = [schema["const"]] if "const" in schema else schema["enum"]
            return self._pick(chain(self._suggested(schema, name, listed), listed), schema, place)
        if not self._is_least and not types_told(schema):
            for value in self._suggested(schema, name):
                if self._fits(value, schema):
                    return value
        for kind in types(schema):
            try:
                return self._KINDS[kind](self, {**schema, "type": kind}, name, place)
            except Unfit:
                continue
        return refuse()

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
            if not any(same(candidate, other) for other in found) and self._fits(candidate, own):
                found.append(candidate)
                if len(found) > place:
                    return candidate
        return found[place % len(found)] if found else refuse()

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
        suggested = [v for v in self._suggested(schema, name) if is_number(v)]
        whole = [round(v) for v in suggested] if schema["type"] == "integer" else []
        return self._pick(chain(suggested, whole, numbers(schema)), schema, place)

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
                    made[key] = self._fill(property_schema(schema, key), key, place >> number)
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
                    made[name] = self._fill(property_schema(schema, name), "", place)
                except Unfit:
                    if number >= least:
                        return
        if len(made) < schema.get("minProperties", 0):
            refuse()

    def _array(self, schema: Schema, name: str, place: int) -> Any:
        first, items = item_schemas(schema)
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
        (least, most, contains), (first, items) = bounds, item_schemas(schema)
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
                if not schema.get("uniqueItems") or not any(same(value, v) for v in made):
                    made.append(value)
        finally:
            self._nesting -= 1
            self._item = held
        return made if len(made) >= least else refuse()

    def _usual_count(self, items: Any) -> int:
        """Return how many items a list has that may be empty."""
        if self._is_least or self._nesting >= _DEEP or items is False:
            return 0
        return self._suggestions.count() if self._item is None and self._is_object(items) else 1

    def _is_object(self, schema: Any) -> bool:
        for _ in range(ENDLESS):
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

    _KINDS: Final[Mapping[str, Callable[[Any, Schema, str, int], Any]]] = {
        "object": _object,
        "array": _array,
        "string": _string,
        "number": _number,
        "integer": _number,
        "boolean": _boolean,
        "null": _null,
    }


_STRUCTURE: Final = frozenset({"properties", "items", "prefixItems", "required", "$defs", "$id"})
_GUESSES: Final = ("a", "A", "0", "abc", "Abc", "ABC", "123", "你", "a@b.c", "-", " ", "")


def _of_length(text: str, least: int, most: int) -> str:
    """Return a text cut, or repeated, to a length."""
    if text and len(text) < least:
        text = (f"{text} " * (least // (len(text) + 1) + 1))[:least]
    return text[:most]
