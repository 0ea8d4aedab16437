"""Render the known models side by side, every fact with its source and date."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from omni_nb.render.html import HTML, style, tag
from omni_nb.render.labels import labelled
from omni_nb.render.model_facts import SUMMARY, Section, sections_of
from omni_nb.render.palette import LINE, MUTED
from omni_nb.render.tables import BOX, padded
from omni_nb.rules.catalog import source_names
from omni_nb.words import language_here, words

if TYPE_CHECKING:
    from omni_nb.render.model_facts import Sourced
    from omni_nb.rules.catalog import ModelTable
    from omni_nb.rules.facts import ModelFacts
    from omni_nb.words import Language

_TABLE: Final = "border-collapse:collapse;margin:0;font-size:inherit"
_CELL: Final = "text-align:left;vertical-align:top;padding:0.25em 0.75em"
_HEAD: Final = style(_CELL, "white-space:nowrap", f"border-bottom:2px solid {LINE}")
_TITLE: Final = style(_CELL, "padding-top:1em", f"border-bottom:1px solid {LINE}")
_LABEL: Final = style(_CELL, "font-weight:normal", f"color:{MUTED}", "min-width:12em")
_ASIDE: Final = f"color:{MUTED}"
_LONG: Final = 60  # characters of a cell, beyond which it opens on demand


def models_html(table: ModelTable, language: Language | None = None) -> HTML:
    """Return the models as a table that needs no kernel and no JavaScript."""
    language = language or language_here()
    names = words("models", language)
    rest = [section for section in sections_of(table.models) if section is not SUMMARY]
    caption = tag("caption", names["caption"], style=style(_CELL, _ASIDE))
    return tag(
        "div",
        _table_html(table, language, _rows_html(table, SUMMARY, language), caption=caption),
        tag(
            "details",
            tag("summary", names["rest"], style=_CELL),
            _table_html(table, language, *(_section_html(table, s, language) for s in rest)),
            _sources_html(language),
        ),
        style=BOX,
    )


def _table_html(
    table: ModelTable, language: Language, *bodies: HTML, caption: HTML | None = None
) -> HTML:
    """Return a table with a column for each model."""
    heads = (tag("th", facts.name, scope="col", style=_HEAD) for facts in table)
    model = tag("th", words("labels", language)["model"], scope="col", style=_HEAD)
    head = tag("thead", tag("tr", model, *heads))
    return tag("table", *([caption] if caption else []), head, *bodies, style=_TABLE)


def models_text(table: ModelTable, language: Language | None = None) -> str:
    """Return every fact of a model as text; of several, which can do what: it fits a window."""
    language = language or language_here()
    names = words("models", language)
    if len(table) != 1:
        blocks = ["\n".join([facts.name, *_rows_text(facts, SUMMARY, language)]) for facts in table]
        return "\n\n".join([*blocks, names["rest of one"].format(name=table.models[-1].name)])
    (facts,) = table
    sources = [f"  {name:<9}{meaning}" for name, meaning in source_names().items()]
    return "\n\n".join([_text(facts, language), "\n".join([names["sources"], *sources])])


def _section_html(table: ModelTable, section: Section, language: Language) -> HTML:
    head = tag(
        "th",
        section.heading(language),
        scope="rowgroup",
        colspan=len(table) + 1,
        style=_TITLE,
    )
    sources = [_source_html(section.sourced(facts), language) for facts in table]
    source = _row_html(words("models", language)["source"], sources)
    return tag("tbody", tag("tr", head), *_lines_html(table, section, language), source)


def _rows_html(table: ModelTable, section: Section, language: Language) -> HTML:
    return tag("tbody", *_lines_html(table, section, language))


def _lines_html(table: ModelTable, section: Section, language: Language) -> list[HTML]:
    names = words("models", language)
    return [
        _row_html(names[label], [_value_html(read(facts, language), language) for facts in table])
        for label, read in section.rows
    ]


def _row_html(label: str, cells: list[HTML]) -> HTML:
    values = (tag("td", cell, style=_CELL) for cell in cells)
    return tag("tr", tag("th", label, scope="row", style=_LABEL), *values)


def _value_html(value: str | None, language: Language) -> HTML:
    if value is None:
        return tag("span", words("labels", language)["unknown"], style=_ASIDE)
    if len(value) <= _LONG:
        return tag("span", value)
    first, _, rest = value.partition(labelled("", "", language).strip())
    return tag("details", tag("summary", first), rest.strip())


def _source_html(sourced: Sourced | None, language: Language) -> HTML:
    names = words("models", language)
    if sourced is None or not sourced.source:
        return tag("span", names["none"], style=_ASIDE)
    summary = tag("summary", sourced.date or names["no date"])
    return tag("details", summary, sourced.source, style=_ASIDE)


def _sources_html(language: Language) -> HTML:
    named = "; ".join(f"{name}: {meaning}" for name, meaning in source_names().items())
    said = words("models", language)["all sources"].format(sources=named)
    return tag("p", said, style=style(_ASIDE, "max-width:60em"))


def _text(facts: ModelFacts, language: Language) -> str:
    lines = [facts.name, "=" * len(facts.name)]
    for section in sections_of((facts,)):
        lines += [section.heading(language), *_source_text(section.sourced(facts), language)]
        lines += _rows_text(facts, section, language)
    return "\n".join(lines)


def _rows_text(facts: ModelFacts, section: Section, language: Language) -> list[str]:
    names, unknown = words("models", language), words("labels", language)["unknown"]
    lines: list[str] = []
    for label, read in section.rows:
        first = f"  {padded(names[label], 26)} "
        lines += _wrapped(read(facts, language) or unknown, first, " " * 29)
    return lines


def _source_text(sourced: Sourced | None, language: Language) -> list[str]:
    if sourced is None or not sourced.source:
        return []
    date = sourced.date or words("models", language)["no date"]
    return _wrapped(f"({sourced.source}; {date})", "  ", "  ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, 96, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
