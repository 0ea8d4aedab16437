"""Write strings of a given format or pattern."""

from __future__ import annotations

import re
import string
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jsonschema import FormatChecker

from omni_nb.offline.schemas import Unfit, matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Piece = TypeVar("Piece")
# What `re` itself reads patterns with; the old name warns since 3.11, the new one is not public.
_parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

LONGEST: Final = 10_000
_LONGEST_PATTERN: Final = 1_000

FORMATS: Final[Mapping[str, str]] = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "iri-reference": "https://example.com/",
    "uri-template": "https://example.com/{name}",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/name",
    "relative-json-pointer": "0/name",
    "regex": ".*",
    "byte": "",
    "binary": "",
}
"""A string of each format; the addresses are those that are kept for examples."""


def of_format(form: str, place: int) -> str | None:
    """Return a string of a format, another one at every place; None: the format is unknown.

    Examples
    --------
    >>> of_format("date", 2), of_format("date", 0), of_format("shape", 0)
    ('2025-01-03', '2025-01-01', None)
    """
    first = FORMATS.get(form)
    if first is None or not place:
        return first
    match form:
        case "date" | "date-time":
            year, month, day = 2025 + place // 336, 1 + place // 28 % 12, 1 + place % 28
            return f"{year}-{month:02}-{day:02}{first[10:]}"
        case "time":
            return f"{place // 3600 % 24:02}:{place // 60 % 60:02}:{place % 60:02}Z"
        case "duration":
            return f"PT{1 + place}S"
        case "uuid":
            return f"{first[:-6]}{place:06}"
        case "ipv4":
            return f"192.0.2.{1 + place % 254}"
        case "ipv6":
            return f"{first[:-1]}{1 + place:x}"
        case "email" | "idn-email":
            return f"someone{place}@example.com"
        case "hostname" | "idn-hostname":
            return f"host{place}.{first}"
        case _:
            return f"{first}{place}"


def has_format(form: str, text: str) -> bool:
    """Return whether a text is known to have a format.

    Examples
    --------
    >>> has_format("date", "2025-02-28"), has_format("date", "2025-02-30"), has_format("?", "a")
    (True, False, False)
    """
    if form in ("uri", "url"):
        return text.startswith(("http://", "https://"))
    return form in _CHECKED.checkers and _CHECKED.conforms(text, form)


_CHECKED: Final = FormatChecker(("date", "email", "ipv4", "ipv6", "uuid"))


def of_pattern(
    pattern: str, place: int = 0, *, least: int = 0, most: int | None = None
) -> str | None:
    """Return a short string that a pattern matches; None: none was found.

    A pattern that cannot be matched safely (one that looks ahead or back) is answered by a
    guess.

    Parameters
    ----------
    place
        Another string at every place, as far as there are others.
    least, most
        How many characters the string has.

    Examples
    --------
    >>> of_pattern("^[A-Z]{2}-[0-9]+$"), of_pattern("^[A-Z]{2}$", 1), of_pattern("^a*$", least=3)
    ('AA-0', 'BA', 'aaa')
    """
    if len(pattern) > _LONGEST_PATTERN:
        return None
    more = 0
    for _ in range(4):  # the shortest one first, then with more of what may repeat
        try:
            found = _Writer(place, more).write(pattern)
        except (re.error, RecursionError, OverflowError, Unfit):
            return None
        if len(found) >= least and matches(pattern, found) is not False:
            return None if most is not None and len(found) > most else found
        more += max(1, least - len(found))
    return None


class _Writer:
    """Write what a pattern describes.

    ``place`` picks the characters of its classes, ``more`` is how often that is written again
    which may repeat.
    """

    def __init__(self, place: int, more: int) -> None:
        self._place, self._more = place, more
        self._groups: dict[int, str] = {}
        self._left = LONGEST

    def write(self, pattern: str) -> str:
        return self._all(_parser.parse(pattern))

    def _all(self, pieces: Any) -> str:
        return "".join(self._one(str(name), given) for name, given in pieces)

    def _one(self, name: str, given: Any) -> str:
        self._left -= 1
        if self._left < 0:
            raise Unfit("The pattern's strings are too long.")
        match name:
            case "LITERAL":
                return chr(given)
            case "NOT_LITERAL":
                return self._pick([character for character in _USUAL if ord(character) != given])
            case "ANY":
                return self._pick(_USUAL)
            case "IN":
                return self._pick(_class(given))
            case "BRANCH":
                return self._all(self._pick(given[1]))
            case "SUBPATTERN":
                text = self._all(given[3])
                self._groups[given[0]] = text
                return text
            case "ATOMIC_GROUP":
                return self._all(given)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, pieces = given
                count = min(int(most), int(least) + self._more)
                return "".join(self._one("ATOMIC_GROUP", pieces) for _ in range(count))
            case "GROUPREF":
                return self._groups.get(given, "")
            case _:  # the places that match no character
                return ""

    def _pick(self, choices: Sequence[Piece]) -> Piece:
        if not choices:
            raise Unfit("The pattern has a class without characters.")
        self._place, number = divmod(self._place, len(choices))
        return choices[number]


_USUAL: Final = string.ascii_lowercase + string.ascii_uppercase + string.digits + "-_. "
_CATEGORIES: Final[Mapping[str, str]] = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_lowercase + string.ascii_uppercase + string.digits + "_",
    "CATEGORY_SPACE": " ",
}


def _class(pieces: Any) -> list[str]:
    """Return some of the characters of a class."""
    has: list[str] = []
    is_negated = False
    for name, given in pieces:
        match str(name):
            case "NEGATE":
                is_negated = True
            case "LITERAL":
                has.append(chr(given))
            case "RANGE":
                has += map(chr, range(given[0], min(given[1], given[0] + _MOST_OF_A_RANGE) + 1))
            case "CATEGORY":
                kind = str(given)
                has += _CATEGORIES.get(kind) or [
                    character
                    for character in _USUAL
                    if character not in _CATEGORIES.get(kind.replace("_NOT", ""), "")
                ]
    return [character for character in _USUAL if character not in has] if is_negated else has


_MOST_OF_A_RANGE: Final = 100
