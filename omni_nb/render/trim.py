"""Render what a trimmed conversation no longer sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omni_nb.render.html import HTML, tag
from omni_nb.render.palette import TEXT
from omni_nb.render.usage import weight_total
from omni_nb.turns.history import Trimming, describe
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from omni_nb.turns.trim import Dropped, TrimReport
    from omni_nb.words import Language

_LINE_CHARACTERS: Final = 72


def trim_text(report: TrimReport) -> str:
    """Write what is no longer sent, a line for each part, and the tokens of the history."""
    language = language_of(report.question)
    names = words("trim", language)
    after, before = (weight_total(w, language) for w in (report.after, report.before))
    if report.trimming == Trimming():
        return names["everything"].format(after=after)
    if not report.dropped:
        return names["nothing more"].format(after=after)
    lines = (f"  replies[{one.turn}]: {_in_short(one, language)}" for one in report.dropped)
    return "\n".join([names["dropped"], *lines, names["weighs"].format(after=after, before=before)])


def trim_html(report: TrimReport) -> HTML:
    """Return the text of a report as HTML."""
    return tag("div", trim_text(report), style=f"color:{TEXT};white-space:pre-wrap")


def _in_short(dropped: Dropped, language: Language) -> str:
    line = " · ".join(" ".join(describe(part, language).split()) for part in dropped.parts)
    return line if len(line) <= _LINE_CHARACTERS else f"{line[: _LINE_CHARACTERS - 1]}…"
