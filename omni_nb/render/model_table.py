"""The known models side by side: every fact with its source and date, the unknown as unknown."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError
from omni_nb.render.model_facts import Section, sections_of
from omni_nb.rules.catalog import find_model, known_models, source_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.render.model_facts import Sourced
    from omni_nb.rules.facts import ModelFacts

UNKNOWN = "unknown"

_BODY = "var(--jp-content-font-color1, currentColor)"
_MUTED = "var(--jp-content-font-color2, #767676)"
_LINE = "var(--jp-border-color2, #a0a0a0)"
_BOX = (
    f"overflow-x:auto;color:{_BODY};line-height:1.4;"
    "font-family:var(--jp-content-font-family, system-ui, sans-serif);font-size:0.9em"
)
_TABLE = "border-collapse:collapse;margin:0;font-size:inherit"
_CELL = "text-align:left;vertical-align:top;padding:0.25em 0.75em"
_HEAD = f"{_CELL};white-space:nowrap;border-bottom:2px solid {_LINE}"
_TITLE = f"{_CELL};padding-top:1em;border-bottom:1px solid {_LINE}"
_LABEL = f"{_CELL};font-weight:normal;color:{_MUTED};min-width:12em"
_ASIDE = f"color:{_MUTED}"
_LONG = 60  # characters of a cell, beyond which it opens on demand


def models(*names: str) -> ModelTable:
    """Show what is known of the models: what they take, limits, voices, tokens and prices.

    Parameters
    ----------
    *names
        The models to show, by name or alias; all known ones when none is given.

    Raises
    ------
    RequestError
        A model is not known.

    Examples
    --------
    >>> models("qwen-omni-turbo", "qwen3-omni-flash")
    <ModelTable of qwen-omni-turbo, qwen3-omni-flash: print() shows every fact>
    >>> [facts.name for facts in models("qwen-omni-turbo-latest")]
    ['qwen-omni-turbo']
    """
    return ModelTable(tuple(_found(name) for name in names) or known_models())


def _found(name: str) -> ModelFacts:
    facts = find_model(name)
    if facts is None:
        known = ", ".join(model.name for model in known_models())
        raise RequestError(
            f"No facts are known of the model {name!r}; known are {known}. "
            "register_model() makes your own known."
        )
    return facts


@dataclass(frozen=True, slots=True, repr=False)
class ModelTable:
    """Models and their facts, as a table in a notebook and as text in a terminal.

    Iterating gives the `ModelFacts` of each.
    """

    models: tuple[ModelFacts, ...]

    def __len__(self) -> int:
        return len(self.models)

    def __iter__(self) -> Iterator[ModelFacts]:
        return iter(self.models)

    def __repr__(self) -> str:
        names = ", ".join(facts.name for facts in self.models)
        return f"<ModelTable of {names}: print() shows every fact>"

    def __str__(self) -> str:
        sections = sections_of(self.models)
        blocks = [_text(facts, sections) for facts in self.models]
        sources = [f"  {name:<9}{meaning}" for name, meaning in source_names().items()]
        return "\n\n".join([*blocks, "\n".join(["Sources", *sources])])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show every fact in IPython, and as a notebook's text/plain."""
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        """Return the table as HTML that needs no kernel and no JavaScript."""
        names = "".join(f'<th scope="col" style="{_HEAD}">{escape(m.name)}</th>' for m in self)
        body = "".join(self._section_html(section) for section in sections_of(self.models))
        return (
            f'<div style="{_BOX}"><table style="{_TABLE}">'
            f'<caption style="{_CELL};{_ASIDE}">The known models. “{UNKNOWN}”: nobody has '
            "published it.</caption>"
            f'<thead><tr><th scope="col" style="{_HEAD}">Model</th>{names}</tr></thead>'
            f"{body}</table>{_sources_html()}</div>"
        )

    def _section_html(self, section: Section) -> str:
        title = (
            f'<tr><th scope="rowgroup" colspan="{len(self) + 1}" style="{_TITLE}">'
            f"{escape(section.title)}</th></tr>"
        )
        rows = "".join(
            _row_html(label, [_value_html(read(facts)) for facts in self])
            for label, read in section.rows
        )
        sources = _row_html("source", [_source_html(section.sourced(facts)) for facts in self])
        return f"<tbody>{title}{rows}{sources}</tbody>"


def _row_html(label: str, cells: list[str]) -> str:
    values = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="{_LABEL}">{escape(label)}</th>{values}</tr>'


def _value_html(value: str | None) -> str:
    if value is None:
        return f'<span style="{_ASIDE}">{UNKNOWN}</span>'
    if len(value) <= _LONG:
        return escape(value)
    first, _, rest = value.partition(": ")
    return f"<details><summary>{escape(first)}</summary>{escape(rest)}</details>"


def _source_html(sourced: Sourced | None) -> str:
    if sourced is None or not sourced.source:
        return f'<span style="{_ASIDE}">none</span>'
    return (
        f'<details style="{_ASIDE}"><summary>{escape(sourced.date or "no date")}</summary>'
        f"{escape(sourced.source)}</details>"
    )


def _sources_html() -> str:
    names = "; ".join(f"{name}: {meaning}" for name, meaning in source_names().items())
    return f'<p style="{_ASIDE};max-width:60em">Sources. {escape(names)}.</p>'


def _text(facts: ModelFacts, sections: tuple[Section, ...]) -> str:
    lines = [facts.name, "=" * len(facts.name)]
    for section in sections:
        lines += [section.title, *_source_text(section.sourced(facts))]
        for label, read in section.rows:
            lines += _wrapped(read(facts) or UNKNOWN, f"  {label:<26} ", " " * 29)
    return "\n".join(lines)


def _source_text(sourced: Sourced | None) -> list[str]:
    if sourced is None or not sourced.source:
        return []
    return _wrapped(f"({sourced.source}; {sourced.date or 'no date'})", "  ", "  ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, 96, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
