"""Find the JSON schema of a request, and check values against it.

A schema is as hostile as all that comes in: checking is bounded in steps, patterns are matched
in linear time, and nothing is fetched from an address.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final

from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError
from jsonschema.exceptions import ValidationError as Problem
from jsonschema.validators import Draft202012Validator, extend, validator_for
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError as PatternError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from omni_nb.offline.contents import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_NODES: Final = 5_000
MOST_NESTED: Final = 32
_MOST_LEVELS: Final = 60  # of rules; Python ends at a thousand calls, and rpds panics there
_MOST_STEPS: Final = 50_000
_MOST_READ: Final = 500_000_000  # characters: those before every brace that begins no JSON
_INTRODUCED: Final = re.compile(r"json[\s_-]{0,3}schema", re.IGNORECASE)
_KEYWORDS: Final = frozenset({"type", "properties", "$defs", "anyOf", "enum", "const", "$ref"})

_NO_FORMATS: Final = FormatChecker(formats=())  # Python's regular expressions are not JSON's


class Unfit(Exception):
    """No value could be found, or checked, for a schema."""


# What jsonschema raises for schemas that its meta-schema takes: references to what is no schema,
# endless ones, numbers that are infinite.
CANNOT_CHECK: Final = (
    Unresolvable,
    RecursionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


@dataclass(slots=True)
class Checker:
    """Check values against one schema, within a number of steps.

    Examples
    --------
    >>> Checker({"type": "integer"}).fits(3)
    True
    """

    schema: Any
    _left: int = field(default=_MOST_STEPS, repr=False)
    _level: int = field(default=0, repr=False)
    _validator: Any = field(default=None, repr=False)
    _resolver: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not is_schema(self.schema):
            raise Unfit("The schema is no JSON schema, or too large.")
        name = self.schema.get("$schema") if isinstance(self.schema, dict) else None
        known = validator_for(
            {"$schema": name} if isinstance(name, str) else {}, Draft202012Validator
        )
        # A part that names a draft of its own would be checked by that draft's unbounded rules.
        self.schema = _without_drafts(self.schema)
        ours = {**known.VALIDATORS, **_MATCHING}
        counted = extend(known, {word: self._counted(rule) for word, rule in ours.items()})
        self._validator = counted(self.schema, registry=Registry())
        resource = Resource.from_contents(self.schema, default_specification=DRAFT202012)
        self._resolver = Registry().with_resource("", resource).resolver()

    def fits(self, value: Any, within: Any = None) -> bool:
        """Return whether a value fits the schema, or another schema ``within`` the same one.

        Raises
        ------
        Unfit
            It could not be found out.
        """
        validator = self._validator if within is None else self._validator.evolve(schema=within)
        try:
            return bool(validator.is_valid(value))
        except CANNOT_CHECK as error:
            raise Unfit(f"The schema cannot be checked: {type(error).__name__}.") from error

    def target(self, reference: str) -> Any:
        """Return the schema that a reference within the schema names.

        Raises
        ------
        Unfit
            There is none.
        """
        try:
            return self._resolver.lookup(reference).contents
        except CANNOT_CHECK as error:
            raise Unfit(f"The reference {short(reference)} names no schema.") from error

    def _counted(self, rule: Callable[..., Iterator[Any] | None]) -> Callable[..., Iterator[Any]]:
        """Return a rule that counts its uses: references can double the work at every level."""

        def counted(validator: Any, given: Any, value: Any, schema: Any) -> Iterator[Any]:
            self._left -= 1
            self._level += 1
            try:
                if self._left < 0 or self._level > _MOST_LEVELS:
                    raise Unfit("The schema takes too long to check.")
                yield from rule(validator, given, value, schema) or ()
            finally:
                self._level -= 1

        return counted


def is_schema(given: Any) -> bool:
    """Return whether a value is a JSON schema, and of a size that is worth reading."""
    if not isinstance(given, (dict, bool)) or not _is_small(given):
        return False
    try:
        Draft202012Validator.check_schema(given, format_checker=_NO_FORMATS)
    except (SchemaError, RecursionError):
        return _is_older_schema(given)
    return True


def find_schema(text: str, *, introduced: bool = True) -> dict[str, Any] | None:
    """Return the last JSON object in a text that is a JSON schema; None: there is none.

    Parameters
    ----------
    introduced
        Only what comes after the words "JSON schema".

    Examples
    --------
    >>> find_schema('Answer by this JSON schema: {"type": "object"}.')
    {'type': 'object'}
    """
    start = 0
    if introduced:
        words = _INTRODUCED.search(text)
        if words is None:
            return None
        start = words.end()
    found = [given for given in _objects(text, start) if _KEYWORDS & given.keys()]
    return next((given for given in reversed(found) if is_schema(given)), None)


def without_schema(text: str) -> str:
    r"""Return the part of a text before the line that introduces a JSON schema.

    Examples
    --------
    >>> without_schema("What is this?\n\nAnswer by this JSON schema: {}")
    'What is this?'
    """
    words = _INTRODUCED.search(text)
    if words is None:
        return text
    return text[: text.rfind("\n", 0, words.start()) + 1].rstrip()


def matches(pattern: str, text: str) -> bool | None:
    """Return whether a regular expression is found in a text; None: it cannot be matched safely.

    Examples
    --------
    >>> matches("^(a+)+$", "a" * 40 + "b"), matches("(?=a)", "a")
    (False, None)
    """
    matcher = _matcher(pattern)
    if matcher is None:
        return None
    try:
        matcher.validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=64)
def _matcher(pattern: str) -> TypeAdapter[str] | None:
    """Return what matches a pattern in linear time: pydantic's are Rust's regular expressions."""
    try:
        return TypeAdapter(Annotated[str, Field(pattern=pattern)])
    except (PatternError, PydanticUserError, UnicodeError):
        return None


def _pattern(validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[Any]:
    if isinstance(value, str) and matches(pattern, value) is False:
        yield Problem("pattern")


def _pattern_properties(validator: Any, given: Any, value: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    for pattern, within in given.items():
        for name in value:
            if matches(pattern, name):
                yield from validator.descend(value[name], within, path=name, schema_path=pattern)


def _additional_properties(validator: Any, given: Any, value: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in value:
        if name not in known and not any(matches(pattern, name) for pattern in patterns):
            yield from validator.descend(value[name], given, path=name)


def _unchecked(validator: Any, given: Any, value: Any, schema: Any) -> Iterator[Any]:
    return iter(())


# jsonschema's own use Python's regular expressions, which a hostile pattern hangs.
_MATCHING: Final[dict[str, Any]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unchecked,
}


def _is_older_schema(given: Any) -> bool:
    """Return whether it is a schema of the draft that it names."""
    name = given.get("$schema") if isinstance(given, dict) else None
    if not isinstance(name, str):
        return False
    try:
        draft = validator_for({"$schema": name}, Draft202012Validator)
        draft.check_schema(given, format_checker=_NO_FORMATS)
    except (SchemaError, RecursionError):
        return False
    return True


def _without_drafts(given: Any) -> Any:
    """Return a schema whose parts do not name the draft that they follow."""
    if isinstance(given, list):
        return [_without_drafts(part) for part in given]
    if not isinstance(given, dict):
        return given
    return {
        word: part if word in _VALUES else _without_drafts(part)
        for word, part in given.items()
        if word != "$schema" or not isinstance(part, str)  # else it is a property of that name
    }


_VALUES: Final = frozenset({"const", "enum", "default", "examples"})


def _is_small(given: Any) -> bool:
    """Return whether a value has few enough parts, and is not nested too deeply."""
    count, level = 0, [given]
    for _ in range(MOST_NESTED):
        count += len(level)
        if count > MOST_NODES:
            return False
        level = [
            part
            for holder in level
            if isinstance(holder, (dict, list))
            for part in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return True
    return False


def _objects(text: str, start: int) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text; those within others are not looked at."""
    decoder, left = json.JSONDecoder(), _MOST_READ
    while (start := text.find("{", start)) >= 0 and left > 0:
        try:
            found, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            left -= error.pos + 1
            start += 1
        except (RecursionError, ValueError):  # nested too deeply; a number of too many digits
            return
        else:
            start = end
            yield found
