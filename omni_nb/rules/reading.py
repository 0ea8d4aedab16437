"""Read facts from plain tables, such as those of TOML; every key is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from omni_nb.errors import RequestError, brief
from omni_nb.rules import facts

if TYPE_CHECKING:
    from collections.abc import Callable

Facts = TypeVar("Facts")


def read(kind: type[Facts], table: Any, where: str, base: Facts | None = None) -> Facts:
    """Read facts from a table; ``base`` has what the table leaves out.

    Raises
    ------
    RequestError
        A key is unknown or missing, or a value has the wrong type. The message says where.
    """
    if isinstance(table, kind):
        return table
    if kind is facts.Voices and isinstance(table, (list, tuple)):
        table = {"names": table}
    if not isinstance(table, Mapping):
        raise RequestError(f"{where}: a dict of facts is needed, not {brief(table)}.")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(map(str, table.keys() - known.keys())):
        raise RequestError(
            f"{where}: unknown fact {', '.join(unknown)}; known are {', '.join(known)}."
        )
    values = {
        key: _value(str(known[key].type), value, f"{where}, {key}", getattr(base, key, None))
        for key, value in table.items()
    }
    if base is not None:
        return replace(base, **_sourced(values, base))  # type: ignore[type-var]
    missing = [
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING and name not in values
    ]
    if missing:
        raise RequestError(f"{where}: {', '.join(missing)} must be given.")
    return kind(**values)


def _sourced(values: dict[str, Any], base: Any) -> dict[str, Any]:
    """Name the facts that were given, so that they do not pass for the base's source's."""
    given = [key for key in values if key not in {"name", "aliases", "prices"}]
    source = f"given here: {', '.join(given)}; the rest: {base.source}" if given else base.source
    return {"source": source, **values}


def _value(annotation: str, value: Any, where: str, base: Any) -> Any:
    """Read one value by its field's annotation, which names the reader."""
    needed, _, optional = annotation.partition(" | ")
    if value is None and optional == "None":
        return None
    if needed == "Mapping[str, Prices]":
        return _prices(value, where)
    if nested := _KINDS.get(needed):
        return read(nested, value, where, base)
    wanted, reader = _READERS[needed]
    try:
        return reader(value)
    except (TypeError, ValueError, ArithmeticError):
        raise RequestError(f"{where}: {wanted} is needed, not {brief(value)}.") from None


def _prices(table: Any, where: str) -> Mapping[str, facts.Prices]:
    if not isinstance(table, Mapping):
        raise RequestError(f"{where}: a dict of prices by region is needed, not {brief(table)}.")
    return {region: read(facts.Prices, row, f"{where}, {region}") for region, row in table.items()}


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _positive(value: Any) -> int:
    if _whole(value) == 0:
        raise ValueError
    return int(value)


def _rate(value: Any) -> float:
    if isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError
    return value if isinstance(value, int) else float(value)


def _exact(value: Any) -> Any:
    from decimal import Decimal

    number = Decimal(str(value))
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise ValueError
    return number


def _is(kind: type) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return checked


def _word(words: Any) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if value not in get_args(words):
            raise ValueError
        return value

    return checked


def _row(item: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def checked(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise TypeError
        return tuple(item(entry) for entry in value)

    return checked


def _one_of(words: Any) -> str:
    return " or ".join(map(repr, get_args(words)))


_KINDS: Mapping[str, Any] = {
    "Limits": facts.Limits,
    "Voices": facts.Voices,
    "TokenRules": facts.TokenRules,
    "VideoRules": facts.VideoRules,
    "Rates": facts.Rates,
    "Efforts": facts.Efforts,
}
_READERS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "int": ("a whole number", _whole),
    "Positive": ("a whole number of 1 or more", _positive),
    "Rate": ("a number over 0", _rate),
    "Decimal": ("a number", _exact),
    "bool": ("True or False", _is(bool)),
    "str": ("a str", _is(str)),
    "Thinking": (_one_of(facts.Thinking), _word(facts.Thinking)),
    "AnswerText": (_one_of(facts.AnswerText), _word(facts.AnswerText)),
    "Structured": (_one_of(facts.Structured), _word(facts.Structured)),
    "tuple[str, ...]": ("a list of str", _row(_is(str))),
    "tuple[Modality, ...]": (
        f"a list of {_one_of(facts.Modality)}",
        _row(_word(facts.Modality)),
    ),
    "tuple[tuple[str, ...], ...]": ("a list of lists of str", _row(_row(_is(str)))),
}
