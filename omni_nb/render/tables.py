"""Tables of tokens and money: as text for a terminal, and as HTML that needs no kernel."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from omni_nb.render.reply import MODALITY_COLORS, labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.render.reply import Language
    from omni_nb.rules.pricing import Usage

ENTRIES = ("text in", "image in", "audio in", "video in", "text out", "audio out")
"""What tokens are counted and paid for, in the order of every table; named as in `Cost`."""

_BODY = "var(--jp-content-font-color1, currentColor)"
_MUTED = "var(--jp-content-font-color2, #767676)"
_LINE = "var(--jp-border-color2, #a0a0a0)"
_BOX = (
    f"max-width:46em;overflow-x:auto;padding:0.25em;color:{_BODY};line-height:1.4;"
    "font-family:var(--jp-content-font-family, system-ui, sans-serif);font-size:0.9em"
)
_TABLE = "border-collapse:collapse;margin:0;font-size:inherit;font-variant-numeric:tabular-nums"
_CELL = "padding:0.2em 0.6em;vertical-align:baseline"
_NOTE = f"color:{_MUTED};margin:0.25em 0 0 0;padding:0 0.6em;max-width:44em"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: a name, its cells, and the modality that colours its dot."""

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
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        body = ["  ".join(_padded(line, widths)).rstrip() for line in lines]
        return "\n".join([self.caption, *body, *self.notes])

    def html(self) -> str:
        """Return the table as HTML with inline styles only, everything in it escaped."""
        head = "".join(
            f'<th scope="col" style="{_CELL};{_side(n)};border-bottom:2px solid {_LINE}">'
            f"{escape(words)}</th>"
            for n, words in enumerate(self.head)
        )
        notes = "".join(f'<p style="{_NOTE}">{escape(note)}</p>' for note in self.notes)
        return (
            f'<div class="omni-table" style="{_BOX}"><div style="{_CELL};color:{_MUTED}" '
            f'aria-hidden="true">{escape(self.caption)}</div>'
            f'<table aria-label="{escape(self.caption)}" style="{_TABLE}">'
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(map(_row_html, self.rows))}</tbody></table>{notes}</div>"
        )


class Tabled:
    """What shows itself as a table: in a terminal, and in a notebook without a kernel."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # IPython takes the first class that has a __repr__ or a _repr_pretty_ of its own, and a
        # dataclass has a __repr__.
        cls._repr_pretty_ = Tabled._repr_pretty_  # type: ignore[method-assign]

    def table(self) -> Table:
        """Return what is shown."""
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.table())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the table in IPython, and as a notebook's text/plain; in a list, one line."""
        is_alone = len(printer.stack) == 1
        printer.text(str(self) if is_alone else repr(self))

    def _repr_html_(self) -> str:
        return self.table().html()


def entry_name(entry: str, language: Language) -> str:
    """Say what is counted.

    Examples
    --------
    >>> entry_name("image in", "en"), entry_name("audio out", "zh")
    ('image in', '音频输出')
    """
    names = labels(language)
    modality, side = entry.split()
    return f"{names[modality]}{' ' if language == 'en' else ''}{names[side]}"


def entries(usage: Usage) -> dict[str, int]:
    """Return tokens by what they are paid for, named as in `Cost`."""
    sides = (("in", usage.input), ("out", usage.output))
    return {f"{name} {side}": n for side, counts in sides for name, n in counts.items()}


def entry_modality(entry: str) -> str:
    """Return the modality of an entry, which has its colour everywhere."""
    return entry.partition(" ")[0]


def _row_html(row: Row) -> str:
    line = f";border-top:1px solid {_LINE};font-weight:bold" if row.is_total else ""
    color = MODALITY_COLORS.get(row.modality)
    dot = f'<span aria-hidden="true" style="color:{color}">●</span> ' if color else ""
    weight = "bold" if row.is_total else "normal"
    cells = "".join(
        f'<td style="{_CELL};{_side(1)};white-space:nowrap{line}">{escape(cell)}</td>'
        for cell in row.cells
    )
    return (
        f'<tr><th scope="row" style="{_CELL};{_side(0)};white-space:nowrap{line};'
        f'font-weight:{weight}">{dot}{escape(row.name)}</th>{cells}</tr>'
    )


def _side(column: int) -> str:
    return "text-align:right" if column else "text-align:left"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = [" " * (w - _width(c)) for c, w in zip(cells, widths, strict=True)]
    return [
        cells[0] + first,
        *(space + cell for space, cell in zip(others, cells[1:], strict=True)),
    ]


def _width(words: str) -> int:
    """How many columns of a terminal the words take: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)
