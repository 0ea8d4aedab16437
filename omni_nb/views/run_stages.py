"""Stages of a run of many questions: show how far it is, in a cell, in a terminal or nowhere.

All methods of a stage are called on one thread: the cell's where the cell waits, else the run's own
watcher. A stage decides itself when there is something to paint, by a clock.
"""

from __future__ import annotations

import io
import math
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from omni_nb.errors import OmniError
from omni_nb.media.audio import audio
from omni_nb.render.html import HTML
from omni_nb.render.many import (
    aside_html,
    bar_html,
    head_html,
    line_html,
    line_text,
    progress_bundle,
    run_bundle,
    said_text,
)
from omni_nb.render.parts import glance_html
from omni_nb.render.tables import text_width
from omni_nb.views.debounce import Debounce
from omni_nb.views.session import session
from omni_nb.views.stages import printable
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from omni_nb.many.run import Run
    from omni_nb.render.many import Answer
    from omni_nb.views.run_view import RunView
    from omni_nb.views.session import Session

REPAINT_SECONDS = 0.2
"""At most five messages a second."""

MARIMO_SECONDS = 0.5
UNATTENDED_SECONDS = 10.0
"""Where nobody looks, and what is written stays: a line every ten seconds."""


class RunStage(Protocol):
    """Where a run is shown."""

    @property
    def stops(self) -> int:
        """How often somebody pressed the stage's own Stop: 0, 1 or 2."""
        ...

    def open(self, run: Run) -> None:
        """Show the run as it begins."""
        ...

    def look(self, run: Run) -> None:
        """Show what is new, if it is time to."""
        ...

    def close(self, run: Run) -> None:
        """Show the result, which stays."""
        ...


def choose_run_stage(show: bool | None, *, is_waited_for: bool) -> RunStage:
    """Return the stage that fits: a widget, a display, a line of a terminal, or none."""
    here = session()
    if show is False:
        return SilentStage()
    if not here.has_cells:
        return LineStage()
    if here.shell is not None and here.is_attended:
        return ViewStage(here)
    seconds = MARIMO_SECONDS if here.shell is None else UNATTENDED_SECONDS
    return DisplayStage(here, seconds, is_waited_for=is_waited_for)


class _Clock:
    """Whether it is time to paint: every so many seconds, and a fifth of the time at most."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds, self._now, self._due_at = seconds, now, -math.inf
        self._painting_at = -math.inf

    def is_due(self) -> bool:
        """Whether it is time; the next time is counted from then."""
        now = self._now()
        if now < self._due_at:
            return False
        self._painting_at, self._due_at = now, now + self._seconds
        return True

    def painted(self) -> None:
        """Note that what was due is painted: what took long has to wait longer."""
        now = self._now()
        self._due_at = max(self._due_at, now + 4 * (now - self._painting_at))


class SilentStage:
    """Show nothing."""

    stops = 0

    def open(self, run: Run) -> None:
        """Open nothing."""

    def look(self, run: Run) -> None:
        """Show nothing."""

    def close(self, run: Run) -> None:
        """Close nothing."""


class LineStage:
    """One line on standard error that rewrites itself; where that is a file, one now and then."""

    stops = 0

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._file = sys.stderr or io.StringIO()  # an interpreter without a console has none
        self._is_terminal = self._file.isatty()
        seconds = REPAINT_SECONDS if self._is_terminal else UNATTENDED_SECONDS
        self._clock = _Clock(seconds, now)
        self._line = ""

    def open(self, run: Run) -> None:
        """Begin the time that a file waits for its first line."""
        if not self._is_terminal:
            self._clock.is_due()

    def look(self, run: Run) -> None:
        """Write the line anew, if it is time to."""
        if self._clock.is_due():
            self._write(line_text(run, run.progress))

    def close(self, run: Run) -> None:
        """Write the last state."""
        self._write(line_text(run, run.progress), is_last=True)

    def _write(self, line: str, *, is_last: bool = False) -> None:
        line = printable(line, self._file)
        if self._is_terminal:
            columns = shutil.get_terminal_size().columns - 1
            shown = line if is_last else _cut(line, columns)
            end = "\n" if is_last else ""
            self._file.write(f"\r\x1b[2K{shown}{end}")
        elif line != self._line or is_last:
            self._file.write(f"{line}\n")
        self._file.flush()
        self._line = line


class DisplayStage:
    """A display that is painted anew: in marimo, and where a program runs the notebook.

    Where nobody attends, what another thread shows is in no cell (`Session.at_end_of_cells`).
    """

    stops = 0

    def __init__(
        self,
        here: Session,
        seconds: float,
        *,
        is_waited_for: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session, self._is_waited_for = here, is_waited_for
        self._clock = _Clock(seconds, now)
        self._handle: Any = None
        self._later: Debounce | None = None
        self._shown: object = None

    def open(self, run: Run) -> None:
        """Show the run as it begins."""
        self._clock.is_due()
        self._handle = self._session.show(progress_bundle(run, run.progress))
        self._session.note_run(run, self)
        if not self._is_waited_for and self._session.shell is not None:
            self._later = Debounce(0, lambda: self._paint(run))
            self._session.at_end_of_cells(self._later)

    def look(self, run: Run) -> None:
        """Paint, if it is time to."""
        if self._is_waited_for and self._clock.is_due():
            self._handle.update(progress_bundle(run, run.progress), raw=True)

    def close(self, run: Run) -> None:
        """Replace the display by the static result."""
        if self._is_waited_for:
            self._paint(run)

    def _paint(self, run: Run) -> None:
        now = run.progress
        shown = (now.state, now.done, now.failed, now.stopped)
        if shown != self._shown:
            self._shown = shown
            self._handle.update(run_bundle(run), raw=True)


class ViewStage:
    """A widget in a cell, with a Stop button; then a static result in its place."""

    def __init__(self, here: Session, now: Callable[[], float] = time.monotonic) -> None:
        self._session = here
        self._clock = _Clock(REPAINT_SECONDS, now)
        self._view: RunView | None = None
        self._handle: Any = None
        self._glances: dict[tuple[int, Path | None], HTML] = {}

    @property
    def stops(self) -> int:
        """How often Stop was pressed in the widget."""
        if self._view is None:
            return 0
        for typed in self._session.typed():
            self._view.take_typed(typed)
        return self._view.stops

    def open(self, run: Run) -> None:
        """Show the widget; its words are those of the run as it begins."""
        from omni_nb.views.run_view import RunView

        now = run.progress
        self._view = RunView(language=run.language, **self._state(run))
        model = {"version_major": 2, "version_minor": 0, "model_id": self._view.model_id}
        live = {"application/vnd.jupyter.widget-view+json": model}
        self._handle = self._session.show({**live, **progress_bundle(run, now)})
        self._session.note_run(run, self)

    def look(self, run: Run) -> None:
        """Send what is new, if it is time to."""
        if self._view is not None and self._clock.is_due():
            self._view.update(**self._state(run))
            self._clock.painted()  # pictures of large files take their time

    def close(self, run: Run) -> None:
        """Show the end in the widget, for a page that was loaded anew, and replace it."""
        if self._view is not None:
            self._view.update(**{**self._state(run), "stop": ""})
            self._view.finish()
        self._handle.update(run_bundle(run), raw=True)

    def _state(self, run: Run) -> dict[str, Any]:
        now, names = run.progress, words("many", run.language)
        stops = self._view.stops if self._view is not None else 0
        stops = max(stops, int(now.state == "stopping"))
        keys = [(row.place, row.audio) for row in now.latest]
        self._glances = {
            key: self._glances[key] if key in self._glances else _glance(run, row)
            for key, row in zip(keys, now.latest, strict=True)
        }

        def glance(row: Answer) -> HTML:
            return self._glances[row.place, row.audio]

        return {
            "head_html": head_html(run),
            "bar_html": bar_html(now, run.language),
            "line_html": line_html(run, now),
            "aside_html": aside_html(run, now, chip=glance),
            "said": said_text(now, run.language),
            "stop": names[("stop", "stop now", "ending")[stops]],
            "stops": stops,
        }


def _glance(run: Run, row: Answer) -> HTML:
    """Return what a row is about as a small picture, or its answer's waveform."""
    part = run.subject(row.place)
    try:
        return (glance_html(part) if part else HTML()) or _waveform(row.audio)
    except OmniError:  # nothing where its file is gone
        return HTML()


def _waveform(path: Path | None) -> HTML:
    return HTML() if path is None else glance_html(audio(path))


def _cut(line: str, columns: int) -> str:
    """Return what fits into a line of a terminal, where a Chinese character takes two columns."""
    if text_width(line) <= columns:
        return line
    while line and text_width(line) > columns - 1:
        line = line[:-1]
    return f"{line}…"
