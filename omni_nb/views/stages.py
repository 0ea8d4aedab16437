"""Stages: show an answer while it streams, in a cell, a terminal or nowhere."""

from __future__ import annotations

import math
import select
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from omni_nb.errors import RequestError, brief
from omni_nb.media.text import plain
from omni_nb.render.html import join
from omni_nb.render.reply import ending_of, note_text, progress_html, progress_text, question_html
from omni_nb.render.tool_calls import call_text, live_calls_html
from omni_nb.views.decisions import asked_of, calling_of, is_yes, question_text
from omni_nb.views.deltas import Sent
from omni_nb.views.named_file import named_file_text
from omni_nb.views.session import session
from omni_nb.views.upload import (
    REPAINT_SECONDS,
    uploading_bundle,
    uploading_html,
    uploading_line,
    worth_showing,
)
from omni_nb.words import language_of

if TYPE_CHECKING:
    from omni_nb.media.clip import Storage
    from omni_nb.render.html import HTML
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.tool_results import ToolCall
    from omni_nb.views.player import AudioPlayer, Price
    from omni_nb.views.session import Session
    from omni_nb.wire.upload import UploadProgress
    from omni_nb.words import Language

TEXT_REPAINT_SECONDS = 0.1
LONGEST_REPAINT_SECONDS = 5.0
REPAINT_CHARACTERS_PER_SECOND = 20_000
PREBUFFER_SECONDS = 0.3
MOST_PREBUFFER_SECONDS = 60
UNHEARD_SECONDS = 3.0


class Stage(Protocol):
    """Where an answer is shown. All methods are called on the cell's thread."""

    @property
    def is_stop_requested(self) -> bool:
        """Whether the person pressed a stop button of the stage."""
        ...

    @property
    def can_ask(self) -> bool:
        """Whether a person can be asked here whether a tool may be called."""
        ...

    def open(self, reply: Reply) -> None:
        """Show the question, before anything is sent."""
        ...

    def look_at_upload(self, reply: Reply, upload: UploadProgress | None) -> None:
        """Show how far the upload is while it is slow, and take that away after it."""
        ...

    def look(self, reply: Reply) -> None:
        """Show what is new, if it is time to."""
        ...

    def decision(self, place: int, call: ToolCall) -> bool | None:
        """Return what a person decides on a call, known by its place; None: nothing yet."""
        ...

    def close(self, reply: Reply) -> None:
        """Show the last state, which stays."""
        ...


def check_show(show: object) -> None:
    """Check that ``show`` is True, False or None.

    Raises
    ------
    RequestError
        ``show`` is something else.
    """
    if show is not None and not isinstance(show, bool):
        raise RequestError(f"show is True or False, not {brief(show)}.")


def check_prebuffer(seconds: object) -> None:
    """Check the seconds that speech is held back.

    Raises
    ------
    RequestError
        ``seconds`` is no number from 0 to 60.
    """
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= MOST_PREBUFFER_SECONDS:  # type: ignore[operator]
        raise RequestError(
            f"prebuffer_seconds is a number from 0 to {MOST_PREBUFFER_SECONDS}, such as "
            f"{PREBUFFER_SECONDS}, not {brief(seconds)}."
        )


def choose_stage(
    reply: Reply,
    *,
    asks: bool = False,
    show: bool | None,
    storage: Storage,
    prebuffer_seconds: float,
) -> Stage:
    """Return the stage that fits: a notebook cell, standard output, or none.

    In a cell, only a widget can ask a person (``asks``) or speak.
    """
    here = session()
    if show is False:
        return SilentStage()
    if not here.has_cells:
        return TerminalStage(here)
    is_spoken = "audio" in reply.request.modalities
    if (is_spoken or (asks and here.hears_pages)) and here.is_attended:
        return SpeechStage(here, storage, prebuffer_seconds)
    return TextStage(here, storage)


class _Clock:
    """The time since the last repaint."""

    def __init__(self) -> None:
        self._painted_at = -math.inf

    def is_due(self, seconds: float) -> bool:
        return time.monotonic() - self._painted_at >= seconds

    def note_repaint(self) -> None:
        self._painted_at = time.monotonic()


class SilentStage:
    """Show nothing."""

    is_stop_requested = False
    can_ask = False

    def open(self, reply: Reply) -> None:
        """Open nothing."""

    def look_at_upload(self, reply: Reply, upload: UploadProgress | None) -> None:
        """Show nothing."""

    def look(self, reply: Reply) -> None:
        """Show nothing."""

    def decision(self, place: int, call: ToolCall) -> bool | None:
        """Ask nobody."""

    def close(self, reply: Reply) -> None:
        """Close nothing."""


class TerminalStage:
    """Stream the text to standard output."""

    is_stop_requested = False

    def __init__(self, here: Session) -> None:
        self._session = here
        self._shown = ""
        self._is_line_ended = False
        self._clock = _Clock()
        self._upload_line = ""
        self._said: dict[int, str] = {}
        self._asked: int | None = None
        self._language: Language = "en"

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits at standard input: a terminal, or an interactive interpreter."""
        return sys.stdin is not None and (sys.stdin.isatty() or hasattr(sys, "ps1"))

    def open(self, reply: Reply) -> None:
        """Say once that a stand-in answers; on standard error, the answer is the output."""
        self._language = language_of(reply.question)
        named = named_file_text(reply.question, self._language)
        for hint in filter(None, (named, self._session.hint(reply))):
            print(printable(hint, sys.stderr), file=sys.stderr)

    def look_at_upload(self, reply: Reply, upload: UploadProgress | None) -> None:
        """Rewrite one line on standard error, where that is a terminal."""
        now = worth_showing(upload, reply.wait)
        if now is None:
            self._write_upload_line("")
        elif sys.stderr.isatty() and self._clock.is_due(REPAINT_SECONDS):
            self._write_upload_line(uploading_line(now, language_of(reply.question)))
            self._clock.note_repaint()

    def _write_upload_line(self, line: str) -> None:
        if line != self._upload_line:
            clean = "\x1b[2K"  # the line before may be wider than it has characters
            print(f"\r{clean}{line}", end="", file=sys.stderr, flush=True)
            self._upload_line = line

    def look(self, reply: Reply) -> None:
        """Print the text that is new; calls of tools on standard error, as they come."""
        self._say_calls(reply)
        text = reply.text
        if text == self._shown:
            return
        if not text.startswith(self._shown):  # another round, or the longer of two buffers
            self._end_line()
            self._shown = ""
        print(printable(text[len(self._shown) :], sys.stdout), end="", flush=True)
        self._shown, self._is_line_ended = text, False

    def _say_calls(self, reply: Reply) -> None:
        for place, call in enumerate(reply.tool_calls):
            line = call_text(call, self._language, is_live=not reply.is_finished)
            if call.state != "asked" and self._said.get(place) != line:
                self._said[place] = line
                self._end_line()
                print(printable(line, sys.stderr), file=sys.stderr, flush=True)

    def _end_line(self) -> None:
        """End the line of what was written so far: something else is written next."""
        if self._shown and not self._is_line_ended:
            print(flush=True)
        self._is_line_ended = True

    def decision(self, place: int, call: ToolCall) -> bool | None:
        """Ask at standard input, and look whether a line is there; its end means no."""
        if place != self._asked:
            self._asked = place
            self._end_line()
            asked = printable(question_text(call, self._language), sys.stderr)
            print(asked, end="", file=sys.stderr, flush=True)
        return is_yes(sys.stdin.readline(), self._language) if _has_line() else None

    def close(self, reply: Reply) -> None:
        """Print the rest and end the line; on standard error, why the answer is not complete."""
        self._write_upload_line("")
        self.look(reply)
        self._end_line()
        if reply.error is None and (note := note_text(reply, language_of(reply.question))):
            print(printable(note, sys.stderr), file=sys.stderr, flush=True)


def _has_line() -> bool:
    """Return whether standard input can be read without waiting, as far as that can be known.

    Where it cannot, as on Windows, reading waits for the line, also when the answer is stopped.
    """
    try:
        return bool(select.select([sys.stdin], [], [], 0)[0])
    except (OSError, TypeError, ValueError):
        return True


def printable(text: str, file: TextIO) -> str:
    """Return text that commands no terminal, in characters that the output can write."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    return plain(text).encode(encoding, "replace").decode(encoding)


class TextStage:
    """An answer in a cell without a widget: one display, repainted on a clock.

    For what is written, and for what is spoken where no page can speak it.
    """

    is_stop_requested = False
    can_ask = False

    def __init__(self, here: Session, storage: Storage) -> None:
        self._session = here
        self._storage = storage
        self._clock = _Clock()
        self._shown: object = None
        self._is_upload_shown = False
        self._handle: Any = None

    def open(self, reply: Reply) -> None:
        """Show the question."""
        self._handle = self._session.show(_progress(reply))

    def look_at_upload(self, reply: Reply, upload: UploadProgress | None) -> None:
        """Show a bar in the place of the answer, a few times a second."""
        now = worth_showing(upload, reply.wait)
        if now is not None and self._clock.is_due(REPAINT_SECONDS):
            bundle = uploading_bundle(reply.question, now, language_of(reply.question))
            self._handle.update(bundle, raw=True)
            self._clock.note_repaint()
        elif now is None and self._is_upload_shown:
            self._handle.update(_progress(reply), raw=True)
        self._is_upload_shown = now is not None

    def look(self, reply: Reply) -> None:
        """Repaint, about ten times a second, less often when the text is long."""
        shown = (reply.reasoning, reply.text, _states(reply))
        seconds = (len(reply.reasoning) + len(reply.text)) / REPAINT_CHARACTERS_PER_SECOND
        seconds = min(max(TEXT_REPAINT_SECONDS, seconds), LONGEST_REPAINT_SECONDS)
        if shown != (self._shown or ("", "", ())) and self._clock.is_due(seconds):
            self._handle.update(_progress(reply), raw=True)
            self._shown = shown
            self._clock.note_repaint()

    def decision(self, place: int, call: ToolCall) -> bool | None:
        """Ask nobody: a page without a widget has no buttons."""

    def close(self, reply: Reply) -> None:
        """Replace the display by the static result."""
        self._session.keep(self._handle, reply, self._storage)


class SpeechStage:
    """An answer in a cell, by one widget: captions, speech and buttons; then a static result.

    The widget lies in the same display as the result that replaces it, so the notebook
    keeps one output per answer. Text and speech travel as deltas in common packets.
    """

    def __init__(self, here: Session, storage: Storage, prebuffer_seconds: float) -> None:
        self._session = here
        self._storage = storage
        self._prebuffer_seconds = prebuffer_seconds
        self._clock = _Clock()
        self._player: AudioPlayer | None = None
        self._handle: Any = None
        self._is_upload_shown = False
        self._sent = Sent()
        self._states: tuple[str, ...] = ()
        self._asked: tuple[int, float] | None = None
        self._language: Language = "en"

    @property
    def can_ask(self) -> bool:
        """Whether a page may say what a person decides, while the cell runs."""
        return self._session.hears_pages and self._session.is_attended

    @property
    def is_stop_requested(self) -> bool:
        """Whether Stop was pressed in the widget."""
        return self._player is not None and self._player.stop_requested.is_set()

    def open(self, reply: Reply) -> None:
        """Make the widget before the request goes out: its code loads meanwhile."""
        from omni_nb.views.player import AudioPlayer

        self._language = language = language_of(reply.question)
        player = AudioPlayer(
            header_html=question_html(reply.question, language),
            language=language,
            prebuffer_seconds=self._prebuffer_seconds,
            price=price_of(reply),
            is_data=reply.request.response_format is not None,
            repeats=not self._session.hears_pages,
        )

        def note_playback(*_: object) -> None:
            if report := player.report:
                reply.playback = report.playback

        player.on_msg(note_playback)
        self._session.note_player(player)
        self._player = player
        self._handle = self._session.show({**_view(player), **_progress(reply)})

    def look_at_upload(self, reply: Reply, upload: UploadProgress | None) -> None:
        """Show a bar below the question, in the widget's header."""
        now, language = worth_showing(upload, reply.wait), language_of(reply.question)
        if self._player is None:
            return
        if now is not None and self._clock.is_due(REPAINT_SECONDS):
            self._player.header_html = uploading_html(reply.question, now, language)
            self._clock.note_repaint()
        elif now is None and self._is_upload_shown:
            self._player.header_html = _header_html(reply, language)
        self._is_upload_shown = now is not None

    def look(self, reply: Reply) -> None:
        """Send what is new, if it is time to."""
        if self._player is None:
            return
        if (states := _states(reply)) != self._states:
            self._states = states
            self._player.header_html = _header_html(reply, self._language)
            self._player.asks = asked_of(reply)
            self._player.calling = calling_of(reply)
        if not self._sent.is_due(reply):
            return
        text, pcm = reply.text, reply.pcm
        if (text, len(pcm)) != (self._sent.text, self._sent.total_bytes):
            self._player.update(text, pcm)
            self._sent.note(text, "", len(pcm))

    def decision(self, place: int, call: ToolCall) -> bool | None:
        """Return what was decided in the widget; ask at the kernel's prompt where no page is heard.

        A page's messages wait for the end of the cell in most kernels (ipykernel 6, 7.4). What is
        typed does not, so JupyterLab's page answers as if somebody had typed. Other pages, such as
        that of VS Code, give a widget no way to do so: there the kernel's own prompt asks.
        """
        if self._player is None:
            return None
        for typed in self._session.typed():
            self._player.take_typed(typed)
        if self._asked is None or self._asked[0] != place:
            self._asked = (place, time.monotonic())
        if not self._player.is_heard and time.monotonic() - self._asked[1] > UNHEARD_SECONDS:
            try:
                typed = input(question_text(call, self._language))
            except (EOFError, RuntimeError):  # ipykernel's, where nobody can type after all
                return False
            if not self._player.take_typed(typed):
                return is_yes(typed, self._language)
        return self._player.decisions.pop(place, None)

    def close(self, reply: Reply) -> None:
        """Send the rest, and replace the widget by the static result."""
        tail_id = None
        if self._player is not None:
            self._player.asks, self._player.calling = None, ""
            self._player.update(reply.text, reply.pcm)
            self._player.ending = ending_of(reply)
            self._player.finish(stopped=reply.finish_reason == "interrupted")
            tail_id = self._player.tail_id
        self._session.keep(self._handle, reply, self._storage, tail_id=tail_id)


def _header_html(reply: Reply, language: Language) -> HTML:
    calls = live_calls_html(reply.tool_calls, language)
    return join(question_html(reply.question, language), calls)


def _states(reply: Reply) -> tuple[str, ...]:
    return tuple(call.state for call in reply.tool_calls)


def _view(player: AudioPlayer) -> dict[str, Any]:
    model = {"version_major": 2, "version_minor": 0, "model_id": player.model_id}
    return {"application/vnd.jupyter.widget-view+json": model}


def price_of(reply: Reply) -> Price | None:
    """Return the prices for the browser's meter; None when one is unknown."""
    estimate = reply.estimate
    cost, speech = (estimate.cost, estimate.speech_price) if estimate else (None, None)
    if cost is None or speech is None:
        return None
    return {
        "per_second": float(speech),
        "input": float(cost.total),
        "currency": cost.currency,
        "is_hypothetical": reply.is_stand_in,
    }


def _progress(reply: Reply) -> dict[str, str]:
    return {"text/html": progress_html(reply), "text/plain": progress_text(reply)}
