"""Templates: words with ``{expressions}`` in them, told from braces that are code.

People paste code, JSON and formulas into a question. Their braces stay as they are wherever that
can be seen; where it cannot, an unknown name is an error rather than a guess.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 500
"""Longer expressions belong in a variable; the bound keeps a long line of data cheap to read."""
_MOST_ENDS = 20
_NEAR = 80

_BRACES = re.compile(r"\{\{|\{|\}\}")
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_FORMAT = re.compile(r"(?:[^\s{}]?[<>^])?[-+]?0?\d*[,_]?(?:\.\d+)?[a-zA-Z%]?")

# A blank, or the key of a dictionary or object: no expression begins so. Said first because it
# is quick, and pasted data has many of them.
_ENTRY = re.compile(r"\s|\"[^\"]*\"\s*:|'[^']*'\s*:|[\w$]+\s*:\s")

# What stands before a brace on its line when the brace belongs to code.
_LATEX = re.compile(
    r"(?:\\[A-Za-z]+(?:\[[^]\n]*\])?(?:\{[^{}\n]*\})*_?|\^|(?<![A-Za-z0-9_])[A-Za-z]_)\Z"
)
_F_STRING = re.compile(r"(?<!\w)(?:[fF][rR]?|[rR][fF])(\"\"\"|'''|\"|')(?:(?!\1).)*\Z")


@dataclass(frozen=True, slots=True)
class Field:
    """An expression in braces, and how its value is written: the format of an f-string."""

    source: str
    format: str = ""


Piece: TypeAlias = "str | Field"


def read_prose(text: str) -> list[Piece]:
    r"""Return the words and the expressions of a question.

    ``{expression}`` is an expression when it is one of Python, on one line, names something and
    begins right after the brace; ``{price:.2f}`` formats as in an f-string. ``{{`` and ``}}``
    are braces. All other braces stay with what is in them: JSON, sets and dictionaries, blocks
    of code, f-strings and formulas of LaTeX. Within a ``` fence everything stays, but for an
    expression that has a line of its own.

    Examples
    --------
    >>> read_prose("Is {mean(x):.1f} more than {2 * x}?")[1::2]
    [Field(source='mean(x)', format='.1f'), Field(source='2 * x', format='')]
    >>> read_prose('What is {"a": {"b": 1}} in {{words}}?')
    ['What is {"a": {"b": 1}} in {words}?']
    >>> read_prose(r"Simplify \frac{a}{b}, print(f'{a}').")
    ["Simplify \\frac{a}{b}, print(f'{a}')."]
    """
    pieces: list[Piece] = []
    place = 0
    for fence in _FENCE.finditer(text):
        pieces += _pieces(text[place : fence.start()], is_prose=True)
        pieces += _fenced(fence[0])
        place = fence.end()
    return _joined([*pieces, *_pieces(text[place:], is_prose=True)])


def read_value(text: str) -> list[Piece]:
    """Return the words and the expressions of an option's value, where nothing is code.

    Examples
    --------
    >>> read_value("plots/day{number}.png")
    ['plots/day', Field(source='number', format=''), '.png']
    """
    return _joined(_pieces(text, is_prose=False))


def field_at(text: str, start: int) -> tuple[Field, int] | None:
    """Return the expression whose brace is at ``start``, and its end; None: no expression.

    Examples
    --------
    >>> field_at('{d["}"]} and more', 0)
    (Field(source='d["}"]', format=''), 8)
    """
    line = text[start + 1 : start + 1 + LONGEST].partition("\n")[0]
    if _ENTRY.match(line):
        return None
    ends = (found.start() for found in re.finditer("}", line))
    for end, _ in zip(ends, range(_MOST_ENDS), strict=False):
        field = _field(line[:end])
        if field is not None:
            return field, start + 1 + end + 1
    return None


def _pieces(text: str, *, is_prose: bool) -> Iterator[Piece]:
    place = doubled = 0
    ends = _block_ends(text)
    while braces := _BRACES.search(text, place):
        yield text[place : braces.start()]
        start, place = braces.span()
        if braces[0] == "}}":
            yield "}" if doubled else "}}"
            doubled = max(0, doubled - 1)
        elif is_prose and _is_code(text, start):
            place = ends.get(start, start) + 1
            yield text[start:place]
        elif braces[0] == "{{":
            doubled += 1
            yield "{"
        elif found := field_at(text, start):
            field, place = found
            yield field
        else:
            place = ends.get(start, start) + 1
            yield text[start:place]
    yield text[place:]


def _fenced(fence: str) -> Iterator[Piece]:
    """Return the lines of a fence; an expression that is a whole line is one."""
    for line in fence.splitlines(keepends=True):
        words = line.strip()
        found = field_at(words, 0) if words.startswith("{") else None
        if found and found[1] == len(words):
            before, _, after = line.partition(words)
            yield from (before, found[0], after)
        else:
            yield line


def _field(content: str) -> Field | None:
    """Return what is in a pair of braces as an expression, with its format if it has one."""
    if _is_expression(content):
        return Field(content)
    source, _, form = content.rpartition(":")
    # `{x:1}` is more often an object of JavaScript than a width.
    is_format = _FORMAT.fullmatch(form) and (form[:1] == "0" or re.search(r"[.,<>^%]", form))
    return Field(source, form) if is_format and _is_expression(source) else None


def _is_expression(source: str) -> bool:
    """Return whether a source is an expression that names something; `{1, 2}` is a set."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes: it may be no Python at all
            body = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = any(isinstance(node, ast.Name) for node in ast.walk(body))
    return names and not isinstance(body, (ast.Tuple, ast.Lambda))


def _is_code(text: str, start: int) -> bool:
    """Return whether a brace belongs to a formula, an f-string or a template of JavaScript."""
    before = text[max(0, start - LONGEST) : start].rpartition("\n")[2]
    is_template = before.endswith("$") and before.count("`") % 2 == 1
    return bool(_LATEX.search(before[-_NEAR:]) or _F_STRING.search(before)) or is_template


def _block_ends(text: str) -> dict[int, int]:
    """Return where the braces close, by where they open."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for brace in re.finditer("[{}]", text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            ends[opened.pop()] = brace.start()
    return ends


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces with neighbouring words made one."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return joined
