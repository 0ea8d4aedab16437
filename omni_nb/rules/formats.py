"""Answers as data: the form that an answer must have, and its value read from a model's text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from omni_nb.errors import RequestError, brief
from omni_nb.media.text import one_line
from omni_nb.rules.json_text import FormatProblems, values_in
from omni_nb.rules.schemas import changed, rule_of
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from omni_nb.rules.facts import Structured
    from omni_nb.rules.schemas import Rule
    from omni_nb.words import Language

__all__ = ["AnswerFormat", "FormatProblems"]

_WHERE: Final = "response_format"
_DEFAULT_NAME: Final = "answer"
_MOST_VALUES: Final = 20
_MODULES: Final = re.compile(r"('[^']*')|(?:(?:[A-Za-z_]\w*|<locals>)\.)+(?=[A-Za-z_])")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AnswerFormat:
    """The form of an answer: what ``response_format=`` says, ready to ask for and to check.

    Attributes
    ----------
    given
        The Python type, or the JSON schema as a dict.
    name
        A name for it, of letters, digits, ``_`` and ``-``.
    kind
        What it is, for a line of a message: ``"Clip"``, ``"list[int]"``, ``"a JSON schema"``.
    schema
        The JSON schema that is asked for. Its root is an object, as services want it: a list
        is wrapped as ``{"items": ...}``, any other value as ``{"value": ...}``.
    wrapped
        The key of that object; empty where the value is an object by itself.

    Examples
    --------
    >>> answer = AnswerFormat.of(Literal["zh", "en"])
    >>> answer.schema["properties"]
    {'value': {'enum': ['zh', 'en'], 'type': 'string'}}
    >>> answer.read('It is Chinese: {"value": "zh"}')
    'zh'
    """

    given: Any
    name: str
    kind: str
    schema: dict[str, Any]
    wrapped: Literal["", "items", "value"]
    _rule: Rule = field(repr=False)

    @classmethod
    def of(cls, given: Any) -> AnswerFormat:
        """Make the format of a type or a JSON schema.

        Parameters
        ----------
        given
            A pydantic model, dataclass, TypedDict, Enum, ``list[...]``, ``dict[str, ...]``,
            ``Literal[...]``, union, ``int``, ``bool``, ``str``, or any other type that JSON can
            have; a JSON schema as a dict; or what OpenAI's ``response_format`` takes.

        Raises
        ------
        RequestError
            It is none of these.

        Examples
        --------
        >>> AnswerFormat.of(list[int])
        <AnswerFormat list[int]>
        """
        if isinstance(given, AnswerFormat):
            return given
        if isinstance(given, Mapping):
            name, given = _of_openai(given)
            kind = f"the JSON schema {name!r}" if name else "a JSON schema"
        else:
            name = kind = _shown(given)
        rule = rule_of(given, _WHERE)
        schema, wrapped = _rooted(rule.schema)
        return cls(given, _name(name), kind, schema, wrapped, rule)

    @classmethod
    def from_record(cls, record: Any) -> AnswerFormat:
        """Make a format again of its record; its values are then plain data.

        Raises
        ------
        RequestError
            The record is none.

        Examples
        --------
        >>> AnswerFormat.from_record(AnswerFormat.of(int).record()).read('{"value": 3}')
        3
        """
        match record:
            case {"name": str(name), "kind": str(kind), "schema": Mapping() as schema}:
                made = cls.of(schema)
            case _:
                raise RequestError(f"This is no record of a response_format: {brief(record)}.")
        return replace(made, name=_name(name), kind=one_line(kind, 60))

    def record(self) -> dict[str, Any]:
        """Return what is saved of the format: its name and the schema of the value itself."""
        return {"name": self.name, "kind": self.kind, "schema": self._rule.schema}

    def read(self, text: str) -> Any:
        """Return the value of an answer's text.

        The JSON may stand between fences or words; of several values the last that fits counts.
        The wrapping object may be missing, and a plain text needs no quotation marks.

        Parameters
        ----------
        text
            The text as the model wrote it.

        Raises
        ------
        FormatProblems
            There is no JSON in the text, or it does not fit.

        Examples
        --------
        >>> AnswerFormat.of(list[int]).read("[1, 2]")
        [1, 2]
        >>> AnswerFormat.of(int).read('{"value": "one"}')
        Traceback (most recent call last):
        omni_nb.rules.json_text.FormatProblems: the value: should be a valid integer, unable to \
parse string as an integer, not 'one'
        """
        values = values_in(text)
        if not values:
            return self._plain(text.strip())
        failed: list[FormatProblems] = []
        for value in reversed(values[-_MOST_VALUES:]):
            try:
                return self._value(value)
            except FormatProblems as found:
                failed.append(found)
        raise failed[0]

    def _value(self, value: Any) -> Any:
        """Return the value within the wrapping object, or the bare one."""
        if not (self.wrapped and isinstance(value, dict) and self.wrapped in value):
            return self._rule.check(value)
        try:
            return self._rule.check(value[self.wrapped])
        except FormatProblems as found:
            try:
                return self._rule.check(value)
            except FormatProblems:
                raise found from None

    def _plain(self, text: str) -> Any:
        """Return a text without JSON where a text is wanted."""
        if self.wrapped != "value" or not text:
            raise FormatProblems(["there is no JSON in the text" if text else "no text came"])
        return self._rule.check(text)

    def as_data(self, value: Any) -> Any:
        """Return a value that was read as plain JSON: dicts, lists, texts and numbers.

        Examples
        --------
        >>> from datetime import date
        >>> AnswerFormat.of(list[date]).as_data([date(2026, 11, 30)])
        ['2026-11-30']
        """
        return self._rule.data(value)

    @property
    def strict_schema(self) -> dict[str, Any] | None:
        """The schema as OpenAI enforces it; None where that would change its meaning.

        Every object is closed and every key required. A key that may be missing can be required
        where it has a default or may be null; an object of any keys cannot be closed.
        """
        return _strict(self.schema)

    def payload(self, structured: Structured) -> dict[str, Any] | None:
        """Return the body's ``response_format`` as the model takes it; None: the prompt says all.

        Examples
        --------
        >>> AnswerFormat.of(bool).payload("json_object")
        {'type': 'json_object'}
        >>> AnswerFormat.of(bool).payload("json_schema")["json_schema"]["strict"]
        True
        """
        match structured:
            case "json_object":
                return {"type": "json_object"}
            case "json_schema":
                strict = self.strict_schema
                return {
                    "type": "json_schema",
                    "json_schema": {
                        "name": self.name,
                        "strict": strict is not None,
                        "schema": strict or self.schema,
                    },
                }
            case _:
                return None

    def instructions(self, language: Language) -> str:
        """Return the sentence that asks for the format, with the schema.

        Examples
        --------
        >>> print(AnswerFormat.of(dict[str, bool]).instructions("en").splitlines()[1])
        {"additionalProperties":{"type":"boolean"},"type":"object"}
        """
        schema = json.dumps(self.schema, ensure_ascii=False, separators=(",", ":"))
        return words("format", language)["instructions"].format(schema=schema)

    def repair(self, problems: Sequence[str], language: Language) -> str:
        """Return the words that ask for the answer again, with what was wrong.

        Examples
        --------
        >>> print(AnswerFormat.of(bool).repair(["value is missing"], "en").splitlines()[1])
        - value is missing
        """
        listed = "\n".join(f"- {problem}" for problem in problems)
        return words("format", language)["repair"].format(problems=listed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnswerFormat):
            return NotImplemented
        return (self.name, self.given) == (other.name, other.given)

    def __hash__(self) -> int:
        return hash((self.name, self.kind))

    def __repr__(self) -> str:
        return f"<AnswerFormat {self.kind}>"

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (self.given, self.name, self.kind)


def _made_again(given: Any, name: str, kind: str) -> AnswerFormat:
    return replace(AnswerFormat.of(given), name=name, kind=kind)


def _of_openai(given: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return name and schema of a dict: a JSON schema, or OpenAI's ``response_format``."""
    match given:
        case {"type": "json_object"}:
            return "", {"type": "object"}
        case {"type": "json_schema", "json_schema": {"schema": Mapping() as schema, **named}}:
            return str(named.get("name") or ""), schema
    title = given.get("title")
    return (one_line(title, 60) if isinstance(title, str) else ""), given


def _shown(given: Any) -> str:
    """Return a type as one writes it, without the modules of its names."""
    while hasattr(given, "__metadata__"):
        given = given.__origin__
    if isinstance(given, type) and not hasattr(given, "__args__"):
        return one_line(given.__name__, 60)
    return one_line(_MODULES.sub(lambda found: found[1] or "", _words(given)), 60)


def _words(given: Any) -> str:
    try:
        return repr(given)
    except Exception:  # an object's own __repr__ may raise anything
        return type(given).__name__


def _name(given: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", given).strip("_")[:64] or _DEFAULT_NAME


def _rooted(schema: dict[str, Any]) -> tuple[dict[str, Any], Literal["", "items", "value"]]:
    """Return a schema whose root is an object, and the key under which the value is."""
    root = _dereferenced(schema)
    if root.get("type") == "object" or ("type" not in root and "properties" in root):
        return {**root, "type": "object"}, ""
    key: Literal["items", "value"] = "items" if root.get("type") == "array" else "value"
    shared: dict[str, Any] = {
        name: root[name] for name in ("$defs", "definitions", "$schema") if name in root
    }
    inner = {name: value for name, value in root.items() if name not in shared}
    return {
        "type": "object",
        "properties": {key: inner},
        "required": [key],
        "additionalProperties": False,
        **shared,
    }, key


def _dereferenced(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose root is no reference, as that of a recursive type is."""
    match schema:
        case {"$ref": str(reference), "$defs": {**named}}:
            found = named.get(reference.removeprefix("#/$defs/"))
            if isinstance(found, dict) and "$ref" not in found:
                return {**found, "$defs": named}
    return schema


class _LooseError(Exception):
    """A schema that strictness would change."""


def _strict(schema: dict[str, Any]) -> dict[str, Any] | None:
    try:
        made: dict[str, Any] = changed(schema, _closed)
    except _LooseError:
        return None
    return made


_LOOSE: Final = frozenset(
    {"patternProperties", "allOf", "not", "if", "dependentRequired", "dependentSchemas", "contains"}
    | {"prefixItems", "propertyNames", "unevaluatedProperties", "definitions", "uniqueItems"}
    | {"minLength", "maxLength", "minProperties", "maxProperties"}
)
"""What OpenAI's list of supported keywords does not have."""
_FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)
_SAID: Final = frozenset({"type", "anyOf", "enum", "const"})


def _closed(part: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, those within it closed already, as OpenAI's strict mode takes it."""
    if "$ref" in part:
        return {name: part[name] for name in ("$ref", "$defs", "default") if name in part}
    made = {name: part[name] for name in part if name not in ("discriminator", "$schema")}
    if "oneOf" in made and "anyOf" not in made:  # of the two OpenAI takes the wider one
        made["anyOf"] = made.pop("oneOf")
    if _LOOSE & made.keys() or "oneOf" in made or not _SAID & made.keys():
        raise _LooseError
    if made.get("format", "date") not in _FORMATS:
        raise _LooseError
    if made.get("type") != "object" and "properties" not in made:
        return made
    properties = made.get("properties")
    if made.get("additionalProperties", False) is not False or not isinstance(properties, dict):
        raise _LooseError
    optional: set[str] = properties.keys() - set(made.get("required", ()))
    if not all(
        "default" in properties[name] or _may_be_null(properties[name]) for name in optional
    ):
        raise _LooseError
    closed = {
        name: {key: said for key, said in one.items() if key != "default"}
        for name, one in properties.items()
    }
    return {
        **made,
        "properties": closed,
        "required": list(properties),
        "additionalProperties": False,
    }


def _may_be_null(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    return (
        kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or any(_may_be_null(one) for one in schema.get("anyOf", ()) if isinstance(one, dict))
    )
