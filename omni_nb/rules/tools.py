"""Tools: a person's functions as a model may call them, and their arguments read from its text."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from inspect import Parameter
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import RequestError, brief, warn
from omni_nb.media.text import well_formed
from omni_nb.rules.json_text import FormatProblems, values_in
from omni_nb.rules.schemas import schema_rule, type_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

    from omni_nb.rules.schemas import Rule

__all__ = ["MANY_TOOLS", "FormatProblems", "Tool", "read_arguments", "tools_of"]

MANY_TOOLS: Final = 20
"""The service advises against more of them (its page on function calling, read 2026-11-30)."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_PARAMETERS: Final[Mapping[str, Any]] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Tool:
    """A function that a model may call, with what the model reads of it.

    Parameters
    ----------
    name
        What the model calls it: letters, digits, ``_`` and ``-``, at most 64.
    description
        What it does, for the model.
    parameters
        The JSON schema of its arguments, an object.
    function
        What is called, with the arguments by name; a coroutine is awaited.

    Raises
    ------
    RequestError
        The name or the schema cannot be sent.

    Examples
    --------
    >>> def weather(city: str, unit: str = "C") -> dict:
    ...     '''The weather now.
    ...
    ...     Args:
    ...         city: Its name in English.
    ...     '''
    ...     return {"city": city, "degrees": 21, "unit": unit}
    >>> tool = Tool.of(weather)
    >>> tool.description, tool.parameters["properties"]["city"]
    ('The weather now.', {'type': 'string', 'description': 'Its name in English.'})
    >>> tool.run(tool.arguments('{"city": "Hangzhou"}'))
    {'city': 'Hangzhou', 'degrees': 21, 'unit': 'C'}
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    function: Callable[..., Any]
    _rule: Any = field(default=None, repr=False)  # a Rule; made of the parameters where not given
    _positional: tuple[Parameter, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise RequestError(
                f"A tool's name has letters A-Z, digits, _ and -, at most 64; {brief(self.name)} "
                "has others. Give it one: Tool(name=..., description=..., parameters=..., "
                "function=...), or a def with such a name."
            )
        if not isinstance(self.description, str):
            raise RequestError(
                f"The description of {self.name} is a str, not {brief(self.description)}."
            )
        if not callable(self.function):
            raise RequestError(
                f"The function of {self.name} is no function: it is \
{brief(self.function)}."
            )
        object.__setattr__(self, "description", well_formed(self.description))
        if self._rule is None:
            self._check_parameters()

    def _check_parameters(self) -> None:
        where = f"parameters of the tool {self.name}"
        if not isinstance(self.parameters, Mapping):
            raise RequestError(f"{where}: a JSON schema as a dict, not {brief(self.parameters)}.")
        rule = schema_rule(self.parameters or _NO_PARAMETERS, where)
        if rule.schema.get("type") != "object":
            raise RequestError(
                f"{where}: the 'type' is 'object', with the arguments as its 'properties', not "
                f"{brief(rule.schema.get('type'))}."
            )
        object.__setattr__(self, "parameters", rule.schema)
        object.__setattr__(self, "_rule", rule)

    @classmethod
    def of(cls, given: Any) -> Tool:
        """Make a tool of a function: its name, docstring, signature and annotations.

        The docstring may be in the style of numpy, Google or reST, or plain; what it says of a
        parameter describes that parameter, the rest describes the tool. A parameter without an
        annotation takes any JSON. ``Annotated[str, "its name in English"]`` describes one, too.

        Parameters
        ----------
        given
            A function, coroutine function, method, ``functools.partial``, an object that can be
            called, or a `Tool`. What a partial sets, the model neither sees nor changes.

        Raises
        ------
        RequestError
            It cannot be called by a model; the message says what to do.
        """
        if isinstance(given, Tool):
            return given
        _check_callable(given)
        name, bound = _name_of(given), _bound(given)
        parameters = [p for p in _signature(given, name) if p.name not in bound]
        described, description = _described(given)
        rule = type_rule(
            _model(name, parameters, _hints(given, name)), f"The arguments of the tool {name}"
        )
        for parameter, words in described.items():
            if parameter in rule.schema.get("properties", {}):
                rule.schema["properties"][parameter].setdefault("description", words)
        positional = tuple(p for p in parameters if p.kind is Parameter.POSITIONAL_ONLY)
        return cls(name, description, rule.schema, given, _Arguments(rule), positional)

    def payload(self) -> dict[str, Any]:
        """Return the tool as an entry of the body's ``tools``.

        Examples
        --------
        >>> def now(): "The time."
        >>> Tool.of(now).payload()["function"]
        {'name': 'now', 'description': 'The time.', 'parameters': {}}
        """
        described = {"description": self.description} if self.description else {}
        parameters = dict(self.parameters) if self.parameters.get("properties") else {}
        return {
            "type": "function",
            "function": {"name": self.name, **described, "parameters": parameters},
        }

    def arguments(self, text: str | Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the arguments of a call as the function's annotations have them.

        Parameters
        ----------
        text
            What the model wrote; see `read_arguments`.

        Raises
        ------
        FormatProblems
            The text is no JSON object, or an argument is missing, unknown or of another type.

        Examples
        --------
        >>> def double(number: int): return 2 * number
        >>> Tool.of(double).arguments('{"number": "4"}')
        {'number': 4}
        """
        checked: dict[str, Any] = self._rule.check(read_arguments(text))
        return checked

    def run(self, arguments: Mapping[str, Any]) -> Any:
        """Call the function and return what it returns; a coroutine runs in a loop of its own.

        Whatever the function raises is raised.

        Parameters
        ----------
        arguments
            What `arguments` returned.

        Examples
        --------
        >>> async def double(number: int): return 2 * number
        >>> Tool.of(double).run({"number": 4})
        8
        """
        named = dict(arguments)
        first = [named.pop(p.name, p.default) for p in self._positional]
        made = self.function(*first, **named)
        return _awaited(made) if inspect.isawaitable(made) else made

    def __repr__(self) -> str:
        return f"<Tool {self.name}({', '.join(self.parameters.get('properties', ()))})>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tool):
            return NotImplemented
        return self.payload() == other.payload() and self.function == other.function

    def __hash__(self) -> int:
        return hash(self.name)

    def __deepcopy__(self, memo: object) -> Self:
        return self


def tools_of(given: Iterable[Any] | Callable[..., Any] | None) -> tuple[Tool, ...]:
    """Return the tools of a list of functions.

    Parameters
    ----------
    given
        Functions and `Tool` objects, or one of them.

    Raises
    ------
    RequestError
        One of them is no tool, or two have the same name.

    Examples
    --------
    >>> def now(): "The time."
    >>> tools_of([now])
    (<Tool now()>,)
    """
    if given is None:
        return ()
    if isinstance(given, Tool) or callable(given):
        given = (given,)
    if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__iter__"):
        raise RequestError(f"tools is a list of functions, not {brief(given)}.")
    made = tuple(map(Tool.of, given))
    names = [tool.name for tool in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RequestError(
            f"Two tools are called {twice[0]!r}; the model could not tell them apart. Give one "
            "another name, as a def or as Tool(name=...)."
        )
    if len(made) > MANY_TOOLS:
        warn(
            f"These are {len(made)} tools. The service advises at most {MANY_TOOLS}: with more, "
            "the model chooses worse, and the description of each is billed with every question."
        )
    return made


def read_arguments(text: str | Mapping[str, Any] | None) -> dict[str, Any]:
    r"""Return the arguments of a call as plain JSON.

    Services send nothing, ``""`` or ``null`` for no arguments, a space before them, one brace too
    many after them, or the object as a string of JSON once more; that is all read as it was meant.

    Parameters
    ----------
    text
        What the model wrote; some servers send the object itself.

    Raises
    ------
    FormatProblems
        It is no JSON object.

    Examples
    --------
    >>> read_arguments(' {"city": "Hangzhou"}}'), read_arguments(""), read_arguments('"{}"')
    ({'city': 'Hangzhou'}, {}, {})
    """
    value: Any = text
    if isinstance(text, Mapping):
        value = _json_of(text)
    for _ in range(2):  # as it is, or as a string of JSON
        if isinstance(value, str):
            value = _one_value(value.strip())
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FormatProblems([f"the arguments are a JSON object, not {brief(value)}"])
    return value


def _one_value(text: str) -> Any:
    if not text:
        return None
    values = values_in(text)
    if len(values) != 1:
        raise FormatProblems([f"the arguments are one JSON object, not {brief(text)}"])
    return values[0]


def _json_of(given: Mapping[str, Any]) -> Any:
    try:
        return values_in(json.dumps(given, ensure_ascii=False))[0]
    except (TypeError, ValueError, RecursionError):
        raise FormatProblems([f"the arguments are a JSON object, not {brief(given)}"]) from None


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The rule of a function's arguments: its values are keyword arguments."""

    rule: Rule

    @property
    def schema(self) -> dict[str, Any]:
        return self.rule.schema

    def check(self, value: Any) -> dict[str, Any]:
        made = self.rule.check(value)
        fields = type(made).model_fields
        return {fields[name].alias: getattr(made, name) for name in sorted(made.model_fields_set)}

    def data(self, value: Any) -> Any:
        return value


def _model(name: str, parameters: Iterable[Parameter], hints: Mapping[str, Any]) -> Any:
    """Return a pydantic model of parameters, each by its name as an alias.

    So a parameter may have a name that a model's field cannot have, such as ``schema`` or ``_x``.
    """
    from pydantic import ConfigDict, Field, create_model

    made: Callable[..., Any] = Field
    fields: dict[str, Any] = {}
    for number, parameter in enumerate(parameters):
        is_needed = parameter.default is Parameter.empty
        default: Any = ... if is_needed else parameter.default
        kind = hints.get(parameter.name, Any)
        fields[f"p{number:03}"] = (
            kind,
            made(default, alias=parameter.name, **_said_of(kind)),
        )
    try:
        return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    except Exception as error:  # what is no type raises what it happens to raise
        why = str(error).partition("\n")[0]
        raise RequestError(
            f"An annotation of the tool {name} is no type that JSON can have: {brief(why)}."
        ) from None


def _said_of(kind: Any) -> dict[str, Any]:
    """Return the description in ``Annotated[str, "its name in English"]``."""
    said = [one for one in getattr(kind, "__metadata__", ()) if isinstance(one, str)]
    return {"description": said[0]} if said else {}


def _check_callable(given: Any) -> None:
    if isinstance(given, Mapping):
        raise RequestError(
            f"A tool is a function, not a dict: {brief(given)} has none to call. Write "
            "Tool(name=..., description=..., parameters={...}, function=...)."
        )
    if not callable(given):
        raise RequestError(f"A tool is a function that the model may call, not {brief(given)}.")
    if isinstance(given, type):
        raise RequestError(
            f"A tool is a function; {given.__name__} is a class. Write a def that makes one and "
            "returns what the model should read."
        )
    inner = _inner(given)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise RequestError(
            f"{_name_of(given)} yields its results one by one; a tool returns one. Return a list."
        )


def _inner(given: Any) -> Any:
    """Return the function that is called in the end."""
    while isinstance(given, partial):
        given = given.func
    return given if inspect.isroutine(given) else getattr(given, "__call__", given)  # noqa: B004


def _bound(given: Any) -> set[str]:
    """Return the parameters that a partial sets by name."""
    names: set[str] = set()
    while isinstance(given, partial):
        names |= given.keywords.keys()
        given = given.func
    return names


def _name_of(given: Any) -> str:
    while isinstance(given, partial):
        given = given.func
    name = getattr(given, "__name__", None)
    return name if isinstance(name, str) else type(given).__name__


def _signature(given: Any, name: str) -> list[Parameter]:
    try:
        parameters = list(inspect.signature(given).parameters.values())
    except (TypeError, ValueError):
        raise RequestError(
            f"{name} does not say what arguments it takes. Write a def around it, with "
            "annotations, or Tool(name=..., description=..., parameters={...}, function=...)."
        ) from None
    if parameters and parameters[0].name in ("self", "cls"):
        raise RequestError(
            f"{name} is a method without its object. Make the object, and pass its method, as in "
            f"tools=[thing.{name}]."
        )
    named = [p for p in parameters if p.kind is not Parameter.VAR_KEYWORD]
    if any(p.kind is Parameter.VAR_POSITIONAL for p in named) or (parameters and not named):
        raise RequestError(
            f"{name} takes {', '.join(map(str, parameters))}: a model gives arguments by their "
            "names. Write a def with a parameter for each, such as cities: list[str]; a decorator "
            "needs functools.wraps."
        )
    return named


def _hints(given: Any, name: str) -> dict[str, Any]:
    """Return the annotations, those written as strings as well."""
    try:
        return typing.get_type_hints(_inner(given), include_extras=True)
    except TypeError:  # a builtin has none
        return {}
    except Exception as error:  # an annotation that is a string may be any code
        raise RequestError(
            f"The annotations of {name} cannot be read: {type(error).__name__}: {error}. Import "
            "the types that they name where the function is defined."
        ) from None


def _described(given: Any) -> tuple[dict[str, str], str]:
    """Return what the docstring says of each parameter, and of the function."""
    from docstring_parser import ParseError, parse

    while isinstance(given, partial):
        given = given.func
    is_plain = inspect.isroutine(given)
    text = inspect.getdoc(given if is_plain else type(given).__call__) or ""
    if not is_plain:
        text = inspect.getdoc(type(given)) or text
    try:
        found = parse(text)
    except ParseError:
        return {}, text
    of_each = {p.arg_name.lstrip("*"): p.description for p in found.params if p.description}
    returned = found.returns.description if found.returns else None
    blocks = [found.short_description, found.long_description]
    blocks += [f"Returns: {returned}"] if returned else []
    return of_each, "\n\n".join(filter(None, blocks))


def _awaited(made: Any) -> Any:
    """Wait for a coroutine in a loop of its own, also where one runs already."""

    async def wait() -> Any:
        return await made

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(context.run, asyncio.run, wait()).result()
