"""Render captions: their sentences, each with when it is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omni_nb.media.text import one_line
from omni_nb.render.formulas import IGNORED
from omni_nb.render.html import HTML, style, tag
from omni_nb.render.palette import FONT, MUTED, TEXT
from omni_nb.words import language_here, plural, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.captions import Captions, Cue

SHOWN_SENTENCES: Final = 12

_CHARACTERS: Final = 400
_TIME: Final = style(f"color:{MUTED}", "font-variant-numeric:tabular-nums", "flex:0 0 auto")


def captions_html(captions: Captions) -> HTML:
    """Return the sentences of captions as a list; those of a long speech are folded."""
    names, sentences = words("captions", language_here()), captions.sentences
    folded = sentences[SHOWN_SENTENCES:]
    more = names["more"].format(count=len(folded), s=plural(len(folded)))
    return tag(
        "div",
        tag("div", names["title"], style=f"color:{MUTED}"),
        _lines(sentences[:SHOWN_SENTENCES]),
        tag("details", tag("summary", more, style="cursor:pointer"), _lines(folded))
        if folded
        else None,
        style=style("max-width:46em", f"color:{TEXT}", f"font-family:{FONT}", "font-size:0.9em"),
    )


def captions_text(captions: Captions) -> str:
    """Write a line for each sentence: when it begins, and its words.

    Examples
    --------
    >>> from omni_nb.media.captions import Captions, Cue
    >>> print(captions_text(Captions([Cue("Good ", 0, 0.3, 0), Cue("day.", 0.3, 0.8, 5)])))
    Captions, with estimated times
      0:00.0  Good day.
    """
    lines = [f"{moment_text(cue.start):>8}  {_said(cue)}" for cue in captions.sentences]
    return "\n".join([words("captions", language_here())["title"], *lines])


def moment_text(seconds: float) -> str:
    """Write a moment of a sound.

    Examples
    --------
    >>> moment_text(0.04), moment_text(83.25), moment_text(3661)
    ('0:00.0', '1:23.2', '1:01:01.0')
    """
    minutes, rest = divmod(int(10 * seconds), 600)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{whole}:{rest // 10:02}.{rest % 10}"


def _lines(cues: Sequence[Cue]) -> HTML:
    lines = [
        tag(
            "div",
            tag("span", moment_text(cue.start), style=_TIME),
            tag("span", _said(cue), class_=IGNORED, dir="auto", style="overflow-wrap:anywhere"),
            style="display:flex;gap:0.8em;margin:0.2em 0",
        )
        for cue in cues
    ]
    return tag("div", *lines)


def _said(cue: Cue) -> str:
    return one_line(cue.text, _CHARACTERS)
