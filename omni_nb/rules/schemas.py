"""Check values by a Python type or a JSON schema, and say in plain words what does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final, Protocol

from omni_nb.errors import RequestError, brief
from omni_nb.media.text import one_line
from omni_nb.rules.json_text import FormatProblems
from omni_nb.rules.options import as_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

_FUNCTIONS: Final = (FunctionType, BuiltinFunctionType, MethodType, partial)
_GIVEN: Final = 60  # characters of a value in a problem
_PATH: Final = 100
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "definitions"})
_VALUES: Final = frozenset({"default", "const", "enum", "examples"})


class Rule(Protocol):
    """What values of JSON must be like."""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema."""

    def check(self, value: Any) -> Any:
        """Return what a value of JSON means.

        Raises
        ------
        FormatProblems
            The value does not fit.
        """

    def data(self, value: Any) -> Any:
        """Return a checked value as JSON again."""


@dataclass(frozen=True, slots=True)
class TypeRule:
    """The rule of a Python type, by pydantic."""

    adapter: TypeAdapter[Any]
    schema: dict[str, Any]

    def check(self, value: Any) -> Any:
        """Return the value of the type: what JSON lacks (a date, an enum) is made of what it has.

        Raises
        ------
        FormatProblems
            The value does not fit.
        """
        from pydantic import ValidationError

        try:
            made = self.adapter.validate_json(json.dumps(value))
            is_finite = _is_finite(self._dumped(made, exclude_unset=True))
        except ValidationError as error:
            raise FormatProblems(*_of_pydantic(error)) from None
        except Exception as error:  # a person's own validators may raise anything
            raise FormatProblems([f"the value: {type(error).__name__}: {error}"]) from None
        if not is_finite:  # pydantic reads the text "NaN" as one
            raise FormatProblems(["the value: a number is NaN or infinite"])
        return made

    def data(self, value: Any) -> Any:
        """Return a value of the type as plain JSON, which fits the rule again."""
        return self._dumped(value, by_alias=True)

    def _dumped(self, value: Any, **options: Any) -> Any:
        return self.adapter.dump_python(value, mode="json", warnings=False, fallback=str, **options)


@dataclass(frozen=True, slots=True)
class SchemaRule:
    """The rule of a JSON schema, by jsonschema."""

    validator: Any
    schema: dict[str, Any]

    def check(self, value: Any) -> Any:
        """Return the value itself.

        Raises
        ------
        FormatProblems
            The value does not fit.
        """
        try:
            errors = list(islice(self.validator.iter_errors(value), 100))
        except (ArithmeticError, RecursionError) as error:  # numbers beyond every float
            raise FormatProblems([f"the value: {type(error).__name__}"]) from None
        if errors:
            raise FormatProblems([_of_jsonschema(error) for error in errors])
        return value

    def data(self, value: Any) -> Any:
        """Return the value itself."""
        return value


def rule_of(given: Any, where: str) -> Rule:
    """Return the rule of a Python type, or of a JSON schema as a dict.

    Parameters
    ----------
    given
        The type, or the schema.
    where
        The argument, for the message.

    Raises
    ------
    RequestError
        It is neither, or cannot be written as JSON.

    Examples
    --------
    >>> rule_of(list[int], "response_format").check(["1", 2])
    [1, 2]
    >>> rule_of({"type": "integer"}, "response_format").check("two")
    Traceback (most recent call last):
    omni_nb.rules.json_text.FormatProblems: the value: 'two' is not of type integer
    """
    return schema_rule(given, where) if isinstance(given, Mapping) else type_rule(given, where)


def type_rule(kind: Any, where: str) -> TypeRule:
    """Return the rule of a Python type.

    Raises
    ------
    RequestError
        It is no type, or one that JSON cannot have.
    """
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    if kind is None or isinstance(kind, (str, *_FUNCTIONS)):
        raise RequestError(f"{where} is {_ACCEPTED}, not {brief(kind)}.")
    try:
        adapter = TypeAdapter(kind)
        schema = adapter.json_schema(mode="validation", schema_generator=Generator)
    except Exception as error:  # what is no type raises what it happens to raise
        why = one_line(str(error).partition("\n")[0]) or type(error).__name__
        raise RequestError(f"{where} is {_ACCEPTED}, not {brief(kind)}: {why}") from None
    return TypeRule(adapter, _without_titles(as_json(where, schema)))


def schema_rule(given: Mapping[str, Any], where: str) -> SchemaRule:
    """Return the rule of a JSON schema. Nothing is fetched: a ``$ref`` leads within the schema.

    Raises
    ------
    RequestError
        It is no JSON schema.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    schema = as_json(where, dict(given))
    if not isinstance(schema.get("$schema", ""), str):
        raise RequestError(f"{where}: '$schema' is the name of a draft, not {brief(given)}.")
    kind = validator_for(schema, default=Draft202012Validator)
    if schema and not schema.keys() & kind.VALIDATORS.keys():
        raise RequestError(
            f"{where} is no JSON schema: {brief(given)} says nothing of the value. It has a "
            "'type', such as {'type': 'object', 'properties': {'name': {'type': 'string'}}}."
        )
    try:
        kind.check_schema(schema, format_checker=kind.FORMAT_CHECKER)
        _check_references(schema)
        rule = SchemaRule(
            kind(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER), schema
        )
        next(rule.validator.iter_errors({}), None)
    except SchemaError as error:
        at = _path(error.absolute_path)
        raise RequestError(
            f"{where} is no JSON schema, {at}: {one_line(error.message)}. It is {_ACCEPTED}."
        ) from None
    except _ReferenceError as error:
        raise RequestError(
            f"{where}: the JSON schema refers to {brief(str(error))}, which it does not have. "
            "Put what it refers to under '$defs'; nothing is fetched."
        ) from None
    except RecursionError:
        raise RequestError(f"{where}: the JSON schema refers to itself without end.") from None
    return rule


_ACCEPTED: Final = (
    "a pydantic model, dataclass, TypedDict, Enum, list[...], dict[str, ...], Literal[...] or "
    "another type that JSON can have, or a JSON schema as a dict"
)


class _ReferenceError(Exception):
    """A reference that leads nowhere."""


def _check_references(schema: dict[str, Any]) -> None:
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    base = resource.id() or ""
    resolver = Registry().with_resource(base, resource).resolver(base)
    for part in _parts(schema):
        reference = part.get("$ref")
        if isinstance(reference, str):
            try:
                resolver.lookup(reference)
            except (Unresolvable, ValueError):
                raise _ReferenceError(reference) from None


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Give a schema and all schemas within it."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            yield part
            for name, value in part.items():
                if name in _NAMED and isinstance(value, dict):
                    waiting += value.values()
                elif name not in _VALUES:
                    waiting.append(value)


def changed(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return a schema with a change made to it and to all schemas within it, from within.

    Examples
    --------
    >>> changed({"items": {"type": "string"}}, lambda part: {**part, "seen": True})
    {'items': {'type': 'string', 'seen': True}, 'seen': True}
    """
    if isinstance(schema, list):
        return [changed(part, change) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return change(
        {
            name: {key: changed(part, change) for key, part in value.items()}
            if name in _NAMED and isinstance(value, dict)
            else value
            if name in _VALUES
            else changed(value, change)
            for name, value in schema.items()
        }
    )


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the titles that pydantic makes of names: a model reads the names themselves."""
    made: dict[str, Any] = changed(
        schema, lambda part: {name: value for name, value in part.items() if name != "title"}
    )
    return made


def _is_finite(data: Any) -> bool:
    try:
        json.dumps(data, allow_nan=False)
    except ValueError:
        return False
    return True


def _of_pydantic(error: ValidationError) -> tuple[list[str], int]:
    """Return the problems in words, and how many more there are."""
    found = error.errors(include_url=False)
    return [_said(one) for one in found[:20]], max(0, len(found) - 20)


def _said(error: Any) -> str:
    path, given = _path(error["loc"]), brief(error["input"])
    match error["type"]:
        case "missing":
            return f"{path} is missing"
        case "extra_forbidden":
            return f"{path} is not one of the keys"
        case "literal_error" | "enum":
            return f"{path}: {one_line(given, _GIVEN)} is not one of {error['ctx']['expected']}"
    message = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f"{path}: {one_line(message)}, not {one_line(given, _GIVEN)}"


def _of_jsonschema(error: Any) -> str:
    from jsonschema.exceptions import best_match

    error = best_match([error]) or error  # of a union: what fits least badly
    path, given, wanted = _path(error.absolute_path), brief(error.instance), error.validator_value
    given = one_line(given, _GIVEN)
    match error.validator:
        case "required":
            gone = [name for name in wanted if name not in error.instance]
            path = _path((*error.absolute_path, next((n for n in gone if _is_of(error, n)), "?")))
            return f"{path} is missing"
        case "type":
            kinds = " or ".join(wanted) if isinstance(wanted, list) else wanted
            return f"{path}: {given} is not of type {kinds}"
        case "enum":
            return f"{path}: {given} is not one of {', '.join(map(repr, wanted))}"
        case "const":
            return f"{path}: {given} is not {wanted!r}"
    rule = one_line(json.dumps(wanted, ensure_ascii=False), _GIVEN)
    return f"{path}: {given} does not fit {error.validator}: {rule}"


def _is_of(error: Any, name: str) -> bool:
    """Return whether an error of ``required`` is the one of this name: each has its own."""
    return str(error.message).startswith(repr(name))


def _path(steps: Any) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return one_line(path.removeprefix("."), _PATH) or "the value"
