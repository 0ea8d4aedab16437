"""Lay out tables of tokens and money: as text for a terminal, and as static HTML."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.palette import FONT, LINE, MODALITY_COLORS, MUTED, TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

BOX: Final = style(
    "overflow-x:auto", f"color:{TEXT}", "line-height:1.4", f"font-family:{FONT}", "font-size:0.9em"
)
_TABLE: Final = (
    "border-collapse:collapse;margin:0;font-size:inherit;font-variant-numeric:tabular-nums"
)
_CELL: Final = "padding:0.2em 0.35em;vertical-align:baseline"
_NOTE: Final = f"color:{MUTED};margin:0.25em 0 0 0;padding:0 0.35em;max-width:44em"
_ONE_LINE: Final = "white-space:nowrap"


@dataclass(frozen=True, slots=True)
class Row:
    """A name, its cells, and the modality that colours the row's dot."""

    name: str
    cells: tuple[str, ...]
    modality: str = ""
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, a head, rows of numbers, and notes below.

    Examples
    --------
    >>> print(Table("Tea", ("", "CNY"), (Row("cup", ("12",)), Row("pot", ("3.5",)))))
    Tea
         CNY
    cup   12
    pot  3.5
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self.head, *((row.name, *row.cells) for row in self.rows)]
        widths = [max(map(text_width, column)) for column in zip(*lines, strict=True)]
        body = ["  ".join(_padded(line, widths)).rstrip() for line in lines]
        return "\n".join([self.caption, *body, *self.notes])

    def html(self) -> HTML:
        """Return the table as HTML with inline styles only."""
        heads = [
            tag(
                "th",
                words,
                scope="col",
                style=style(_CELL, _side(n), f"border-bottom:2px solid {LINE}"),
            )
            for n, words in enumerate(self.head)
        ]
        caption = tag("div", self.caption, style=style(_CELL, f"color:{MUTED}"), aria_hidden="true")
        table = tag(
            "table",
            tag("thead", tag("tr", *heads)),
            tag("tbody", *map(_row_html, self.rows)),
            aria_label=self.caption,
            style=_TABLE,
        )
        notes = (tag("p", note, style=_NOTE) for note in self.notes)
        box = style("max-width:46em", "padding:0.25em", BOX)
        return tag("div", caption, table, *notes, class_="omni-table", style=box)


def dot(modality: str) -> HTML:
    """Return the coloured dot of a modality, hidden from screen readers."""
    color = MODALITY_COLORS.get(modality)
    if color is None:
        return HTML()
    return join(tag("span", "●", aria_hidden="true", style=f"color:{color}"), " ")


def padded(text: str, columns: int) -> str:
    """Return text padded to so many columns of a terminal.

    Examples
    --------
    >>> padded("ab", 4) + "|", padded("中", 4) + "|"
    ('ab  |', '中  |')
    """
    return text + " " * (columns - text_width(text))


def _row_html(row: Row) -> HTML:
    border = f"border-top:1px solid {LINE};font-weight:bold" if row.is_total else ""
    weight = f"font-weight:{'bold' if row.is_total else 'normal'}"
    head = tag(
        "th",
        dot(row.modality),
        row.name,
        scope="row",
        style=style(_CELL, _side(0), _ONE_LINE, border, weight),
    )
    cells = (
        tag("td", cell, style=style(_CELL, _side(1), _ONE_LINE if _is_number(cell) else "", border))
        for cell in row.cells
    )
    return tag("tr", head, *cells)


def _is_number(cell: str) -> bool:
    """Return whether a cell must not be broken: numbers, with a currency perhaps."""
    return any(map(str.isdecimal, cell))


def _side(column: int) -> str:
    return "text-align:right" if column else "text-align:left"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    numbers = zip(cells[1:], widths[1:], strict=True)
    return [padded(cells[0], widths[0]), *(" " * (w - text_width(c)) + c for c, w in numbers)]


def text_width(words: str) -> int:
    """Return the width of words in a terminal: a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)
