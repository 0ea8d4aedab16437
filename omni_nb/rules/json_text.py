"""Find and read the JSON in a model's text, which may be anything."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.text import one_line, well_formed
from omni_nb.rules.options import MOST_DEPTH, is_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS: Final = 500_000
"""A longer text is not read: no model's answer is longer, and reading it takes time."""

MOST_DIGITS: Final = 309
"""A longer whole number is beyond every float, so that other readers of JSON lose it."""

_MOST_STARTS: Final = 50
_MOST_PROBLEMS: Final = 8
_LINE: Final = 300
_START: Final = re.compile(r"[{\[]")
_BROKEN: Final = re.compile(r'\{\s*["}]|\[\s*(?:["{\[\]]|-?\d[\d.eE+-]*\s*,)')
_COMMA: Final = re.compile(r',(?=\s*[}\]])|("(?:[^"\\]|\\.)*(?:"|\\?\Z))', re.DOTALL)
_FENCED: Final = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)


class FormatProblems(Exception):
    """What of a model's text does not fit, in plain words.

    Attributes
    ----------
    problems
        At most 8 lines and one that says how many more there are, each of at most 300 characters.

    Examples
    --------
    >>> FormatProblems(["language: 'de' is not one of 'zh', 'en'"]).problems
    ("language: 'de' is not one of 'zh', 'en'",)
    """

    def __init__(self, problems: list[str], more: int = 0) -> None:
        more += max(0, len(problems) - _MOST_PROBLEMS)
        kept = [one_line(problem, _LINE) for problem in problems[:_MOST_PROBLEMS]]
        self.problems: tuple[str, ...] = (*kept, *([f"and {more:,} more"] if more else []))
        super().__init__("; ".join(self.problems))


class _NoJSONError(ValueError):
    """JSON that has a value which cannot be kept."""


def values_in(text: str) -> list[Any]:
    r"""Return the JSON values in a text: the whole text, or else those within its words.

    Fences, words before and after, a byte order mark and a comma before a closing bracket are
    passed over. Text that breaks off within a value has none: a part of it is no answer.

    Parameters
    ----------
    text
        The text of an answer, or the arguments of a call.

    Raises
    ------
    FormatProblems
        The JSON is broken, or has a value that cannot be kept: NaN, infinity, a number of too
        many digits, a key that comes twice, too deep a nesting.

    Examples
    --------
    >>> values_in('Here it is:\n```json\n{"speakers": 1,}\n```')
    [{'speakers': 1}]
    >>> values_in('"zh"'), values_in("1 of {them}: [1, 2]")
    (['zh'], [[1, 2]])
    """
    if len(text) > MOST_CHARACTERS:
        raise FormatProblems(
            [f"the text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read"]
        )
    text = well_formed(text).strip("\ufeff \t\r\n")
    try:
        with suppress(json.JSONDecodeError):
            return [read_json(text)]
        return list(_within(text)) or list(_fenced(text))
    except json.JSONDecodeError as error:
        raise FormatProblems([f"the JSON is broken: {_where(error)}"]) from None
    except _NoJSONError as error:
        raise FormatProblems([str(error)]) from None


def read_json(text: str) -> Any:
    """Return the value of a text that is JSON and nothing else.

    Raises
    ------
    ValueError
        The text is no JSON (``json.JSONDecodeError``), or has a value that cannot be kept.

    Examples
    --------
    >>> read_json('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    value, end = _decoded(text, 0)
    if end < len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def _within(text: str) -> Iterator[Any]:
    """Give the objects and arrays in a text; a broken one ends it, for the rest is within it."""
    at = 0
    for _ in range(_MOST_STARTS):
        start = _START.search(text, at)
        if start is None:
            return
        at = start.start()
        try:
            value, at = _decoded(text, at)
        except json.JSONDecodeError:
            if not _BROKEN.match(text, at):  # a bracket among words
                at += 1
                continue
            text, at = _COMMA.sub(lambda found: found[1] or "", text[at:]), 0
            value, at = _decoded(text, 0)
        yield value


def _fenced(text: str) -> Iterator[Any]:
    """Give the plain values that stand alone between fences."""
    for found in _FENCED.finditer(text):
        try:
            yield read_json(found[1].strip())
        except json.JSONDecodeError:
            continue


def _decoded(text: str, start: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise _NoJSONError(f"the JSON is nested more than {MOST_DEPTH} deep") from None
    if is_deep(value):
        raise _NoJSONError(f"the JSON is nested more than {MOST_DEPTH} deep")
    return _clean(value, text), end


def _clean(value: Any, text: str) -> Any:
    """Return a value whose texts are Unicode: an escape may write half a character."""
    return (
        json.loads(well_formed(json.dumps(value, ensure_ascii=False))) if "\\u" in text else value
    )


def _where(error: json.JSONDecodeError) -> str:
    said = error.msg[:1].lower() + error.msg[1:]
    return f"{said} (line {error.lineno}, column {error.colno})"


def _whole(written: str) -> int:
    if len(written) > MOST_DIGITS:
        raise _NoJSONError(f"a number has {len(written):,} digits; at most {MOST_DIGITS} are read")
    return int(written)


def _finite(written: str) -> float:
    number = float(written)
    if number - number != 0:  # infinite, or no number
        raise _NoJSONError(f"{one_line(written, 40)} is no number that can be kept")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise _NoJSONError(f"the key {one_line(name, 60)!r} comes more than once in an object")
        made[name] = value
    return made


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_whole, parse_float=_finite, parse_constant=_finite
)
