"""Render plain data as a table of fields and values: bounded, folded where it is nested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.text import one_line, shortened
from omni_nb.render.formulas import IGNORED
from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.palette import LINE, MUTED
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.words import Language

MOST_ROWS: Final = 100
MOST_COLUMNS: Final = 20
MOST_VALUES: Final = 1_000
MOST_DEPTH: Final = 8
MOST_CHARACTERS: Final = 2_000
_INLINE_CHARACTERS: Final = 80
_LINES: Final = 30

_BOX: Final = "overflow-x:auto;margin:0.25em 0"
_TABLE: Final = "border-collapse:collapse;margin:0;font-size:0.95em"
_CELL: Final = style(
    "padding:0.2em 0.6em 0.2em 0.2em",
    "text-align:start;vertical-align:top",
    f"border-top:1px solid {LINE}",
)
# A word is broken only where it is longer than a column may get narrow.
_WORDS: Final = "white-space:pre-wrap;overflow-wrap:anywhere;min-width:4em;max-width:32em"
_HEAD: Final = f"font-weight:600;color:{MUTED};overflow-wrap:anywhere;min-width:3em"
_SUMMARY: Final = f"cursor:pointer;color:{MUTED}"


def value_html(value: Any, language: Language = "en") -> HTML:
    """Return plain data as HTML: fields and values, or rows where it is a list of objects.

    Parameters
    ----------
    value
        What JSON can have. All of it is shown as words: HTML among it is text.
    language
        The language of what is said of it, such as how many rows are left out.

    Examples
    --------
    >>> "<td" in value_html({"speakers": 1}), "&lt;b&gt;" in value_html(["<b>"])
    (True, True)
    """
    return tag("div", _Reader(language).value(value), class_=f"omni-value {IGNORED}", style=_BOX)


def value_text(value: Any, language: Language = "en") -> str:
    """Return plain data as lines of text: a field each, or a row each.

    Examples
    --------
    >>> print(value_text({"speakers": 1, "language": "zh", "words": ["a", "b"]}))
    speakers: 1
    language: zh
    words: ["a", "b"]
    """
    if isinstance(value, dict) and value:
        lines = [f"{one_line(str(name), 80)}: {short(item, 400)}" for name, item in value.items()]
    elif isinstance(value, list) and value:
        lines = [short(item, 400) for item in value]
    else:
        return short(value, MOST_CHARACTERS)
    left = len(lines) - _LINES
    more = [words("values", language)["more"].format(count=left)] if left > 0 else []
    return "\n".join([*lines[:_LINES], *more])


def short(value: Any, most: int = _INLINE_CHARACTERS) -> str:
    """Return plain data in a line: a text as it is, all else as JSON.

    Examples
    --------
    >>> short({"degrees": 21}), short("fine"), short([1] * 99, most=8)
    ('{"degrees": 21}', 'fine', '[1, 1, …')
    """
    if isinstance(value, str):
        return one_line(value, most)
    try:
        return one_line(json.dumps(value, ensure_ascii=False, default=str), most)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists without end
        return "…"


class _Reader:
    """Make the tables of a value, and of those in it, as far as there is room."""

    def __init__(self, language: Language) -> None:
        self._names = words("values", language)
        self._left = MOST_VALUES

    def value(self, value: Any, depth: int = 0) -> HTML:
        """Return a value that has a place of its own."""
        if depth > MOST_DEPTH:
            return self._plain(value)
        match value:
            case {"columns": [*columns], "rows": [*rows], **left} if left.keys() <= {"left_out"}:
                made = self._rows([str(name) for name in columns], rows, depth)
                return join(made, self._note(str(left["left_out"])) if left else None)
            case dict() if value:
                return self._fields(value, depth)
            case list() if value and all(isinstance(row, dict) and row for row in value):
                names = list(dict.fromkeys(str(name) for row in value for name in row))
                rows = [[row.get(name) for name in names] for row in value]
                return self._rows(names, rows, depth)
            case list() if value:
                return self._items(value, depth)
            case _:
                return self._plain(value)

    def _cell(self, value: Any, depth: int) -> HTML:
        """Return a value in a table: what is nested is folded."""
        self._left -= 1
        is_nested = isinstance(value, (dict, list)) and bool(value)
        if not is_nested or _is_short(value):
            return self._plain(value)
        if self._left <= 0:
            return self._plain("…")
        key = "fields" if isinstance(value, dict) else "items"
        said = self._names[key].format(count=len(value), s=plural(len(value)))
        summary = tag("summary", said, style=_SUMMARY)
        return tag("details", summary, self.value(value, depth + 1))

    def _fields(self, value: Mapping[Any, Any], depth: int) -> HTML:
        rows: list[HTML] = []
        for name, item in value.items():
            if self._left <= 0 or len(rows) >= MOST_ROWS:
                break
            head = tag("th", one_line(str(name)), scope="row", style=style(_CELL, _HEAD))
            rows.append(tag("tr", head, self._td(item, depth)))
        return join(_table(rows), self._more(len(value) - len(rows)))

    def _rows(self, names: Sequence[str], values: Sequence[Any], depth: int) -> HTML:
        shown = names[:MOST_COLUMNS]
        heads = [tag("th", one_line(n), scope="col", style=style(_CELL, _HEAD)) for n in shown]
        rows: list[HTML] = []
        for row in values:
            if self._left <= 0 or len(rows) >= MOST_ROWS:
                break
            cells = row[:MOST_COLUMNS] if isinstance(row, list) else [row]
            rows.append(tag("tr", *(self._td(cell, depth) for cell in cells)))
        hidden = len(names) - len(shown)
        columns = self._names["columns"].format(count=hidden, s=plural(hidden))
        return join(
            _table(rows, tag("thead", tag("tr", *heads))),
            self._note(columns) if hidden else None,
            self._more(len(values) - len(rows)),
        )

    def _items(self, value: Sequence[Any], depth: int) -> HTML:
        made: list[HTML] = []
        for item in value:
            if self._left <= 0 or len(made) >= MOST_ROWS:
                break
            made.append(tag("li", self._cell(item, depth)))
        items = tag("ol", *made, style="margin:0;padding-inline-start:2em")
        return join(items, self._more(len(value) - len(made)))

    def _td(self, value: Any, depth: int) -> HTML:
        return tag("td", self._cell(value, depth), style=style(_CELL, _WORDS))

    def _plain(self, value: Any) -> HTML:
        if isinstance(value, str):
            return tag("span", shortened(value, MOST_CHARACTERS), dir="auto", style=_WORDS)
        return tag("span", short(value, MOST_CHARACTERS), style="font-variant-numeric:tabular-nums")

    def _more(self, count: int) -> HTML | None:
        return self._note(self._names["more"].format(count=count)) if count > 0 else None

    def _note(self, said: str) -> HTML:
        return tag("div", said, style=f"color:{MUTED};font-size:0.85em")


def _table(rows: Sequence[HTML], head: HTML | None = None) -> HTML:
    return tag("table", head, tag("tbody", *rows), style=_TABLE)


def _is_short(value: Any) -> bool:
    """Return whether a list is read more easily in a line."""
    return (
        isinstance(value, list)
        and len(value) <= _INLINE_CHARACTERS
        and not any(isinstance(item, (dict, list)) for item in value)
        and len(short(value, 2 * _INLINE_CHARACTERS)) <= _INLINE_CHARACTERS
    )
