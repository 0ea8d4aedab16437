"""Render the timing of an answer as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.labels import seconds_text
from omni_nb.render.tables import Row, Table
from omni_nb.words import language_here, plural, words

if TYPE_CHECKING:
    from omni_nb.turns.timing import Timing
    from omni_nb.words import Language


def timing_table(timing: Timing, language: Language | None = None) -> Table:
    """Return the times of an answer as a table, in seconds since its request was sent.

    Examples
    --------
    >>> from omni_nb.turns.timing import Timing
    >>> print(timing_table(Timing(0.41, None, 2.5, ()), "en"))
    How the answer came
                       seconds
    first text            0.41
    end of the answer     2.50
    Seconds since the request was sent.
    """
    names = words("timing", language or language_here())
    times = (
        ("first text", timing.first_text_seconds, "text"),
        ("first speech", timing.first_audio_seconds, "audio"),
        ("first sound", timing.first_heard_seconds, "audio"),
        ("total", timing.total_seconds, ""),
    )
    rows = tuple(
        Row(names[name], (f"{seconds:.2f}",), modality)
        for name, seconds, modality in times
        if seconds is not None
    )
    notes = [names["since"]]
    if timing.underruns is not None:
        count, seconds = timing.underruns, timing.gap_seconds or 0.0
        said = names["gaps"] if count else names["no gaps"]
        notes.append(said.format(count=count, s=plural(count), seconds=seconds_text(seconds)))
    return Table(names["title"], ("", names["seconds"]), rows, tuple(notes))
