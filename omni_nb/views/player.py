"""AudioPlayer: show a live answer in a cell, with its text and gapless speech.

The browser side is ``js/player.js``; what travels between the two is listed here and mirrored
there.

Traits: ``sample_rate``, ``prebuffer_seconds``, ``language``, ``header_html``, ``tail_id``,
``ending`` (how the answer ended, as of `omni_nb.render.reply.ending_of`; "" before) and ``price``
(null where it is unknown, else a `Price`: the browser itself counts what the speech has cost so
far, so that its meter needs no traffic; for the eye only, money is `Decimal` in Python); ``asks``
(a call of a tool on which a person has to decide, as of `omni_nb.views.decisions.asked_of`; null
where there is none); ``calling`` (the tools that run, ``""`` where none does);
``is_data`` (the text is to be JSON).

Messages to the browser (PCM is 16 bit little-endian mono, and travels as the message's only
buffer):

``{type: "delta", text_offset, text, pcm_offset, pcm_bytes}``
    ``text`` (counted in code points) replaces everything from ``text_offset`` on; the buffer holds
    the ``pcm_bytes`` bytes from ``pcm_offset`` on. Taking the same delta in twice does no harm. A
    page that gets fewer bytes than that has no buffers (Colab has lost them:
    googlecolab/colab-cdn-widget-manager#8): it shows the text and says where the speech can be
    played.
``{type: "end", text_length, total_bytes, stopped, page}``
    The answer is complete, or ``stopped``: then be silent at once. ``page`` is ``""`` for
    everybody; otherwise this answers the ``open`` hello of that page, which came too late to hear
    the answer.

Messages from the browser:

``{type: "hello", reason, page, text_length, total_bytes}``
    Send what lies beyond these. ``reason`` is ``"open"`` (a page that has just opened) or
    ``"repair"`` (a page that noticed a loss).
``{type: "report", state, first_heard_at, underruns, gap_seconds, heard_seconds, is_shown}``
    At the first sound (``"playing"``) and when the sound is over (``"done"``, ``"stopped"``), once
    more when the answer has ended and when no view ``is_shown`` any more.
``{type: "stop"}``
    Somebody pressed Stop; the browser is silent already.
``{type: "decide", call, allowed, tail_id}``
    Whether the call of ``asks`` may be made; ``allowed`` is null when it is only shown so far. In
    JupyterLab the same comes as a line of JSON, as if it was typed: see
    `omni_nb.views.stages.SpeechStage.decision`.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

import traitlets

from omni_nb.turns.timing import Playback
from omni_nb.views.deltas import common_length, whole_samples
from omni_nb.views.guard import Guard
from omni_nb.views.widget import BackgroundWidget, built

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

REPEATED_HELLO_SECONDS = 1.0
FIRST_REPEAT_SECONDS, LAST_REPEAT_SECONDS = 0.25, 16.0
ABANDONED_SECONDS = 60.0


class Price(TypedDict):
    """Prices for the browser's meter; see the module's docstring.

    ``per_second`` of speech, and ``input`` for all that was asked with; ``is_hypothetical``:
    the stand-in answers, which is free.
    """

    per_second: float
    input: float
    currency: str
    is_hypothetical: bool


class DeltaMessage(TypedDict):
    """To the browser: what is new; see the module's docstring."""

    type: Literal["delta"]
    text_offset: int
    text: str
    pcm_offset: int
    pcm_bytes: int


class EndMessage(TypedDict):
    """To the browser: the answer is complete; see the module's docstring."""

    type: Literal["end"]
    text_length: int
    total_bytes: int
    stopped: bool
    page: str


class HelloMessage(TypedDict):
    """From the browser: send what I lack; see the module's docstring."""

    type: Literal["hello"]
    reason: Literal["open", "repair"]
    page: str
    text_length: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class PlaybackReport:
    """The browser's report of the playback.

    Attributes
    ----------
    state
        ``"playing"``, ``"done"`` (everything was played) or ``"stopped"``.
    first_heard_at
        When the first sample left the loudspeaker, in unix seconds of the browser's clock; ``None``
        when nothing was heard.
    underruns
        How often the speech ran out before more arrived.
    gap_seconds
        How long the silences of these underruns were, together.
    heard_seconds
        How much of the speech was heard by then.
    """

    state: Literal["playing", "done", "stopped"]
    first_heard_at: float | None = None
    underruns: int = 0
    gap_seconds: float = 0.0
    heard_seconds: float = 0.0

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        """Return the report that a message brings."""
        return cls(**{field.name: message[field.name] for field in fields(cls)})

    @property
    def playback(self) -> Playback:
        """The report as an answer keeps it; how far it was heard is known once it is over."""
        heard = None if self.state == "playing" else self.heard_seconds
        return Playback(self.first_heard_at, self.underruns, self.gap_seconds, heard)


class AudioPlayer(BackgroundWidget):
    """Show a live answer and speak it while it arrives.

    The speech outlives the view: once `finish` was called, the display may be replaced by static
    HTML that contains `tail_html`, and what has not been heard yet is played on from there.

    Parameters
    ----------
    close_when_done
        Close the widget once the answer is finished, its speech is over and no view of it is
        left, so that models do not pile up. Closing removes views, so it never comes before.
    repeats
        Send everything from the beginning now and then, at growing distances: where a page may
        begin to listen after the first messages, and cannot say so while the cell runs (marimo).
    **traits
        ``sample_rate``, ``prebuffer_seconds`` (speech to hold before starting), ``language``
        (``"en"`` or ``"zh"``), ``header_html`` (shown as it is: escape it), ``price`` (for the
        meter, a `Price`) and ipywidgets' own.

    Attributes
    ----------
    stop_requested : threading.Event
        Set when Stop was pressed in the browser.
    report : PlaybackReport or None
        What the browser last said about the playback.
    decisions : dict
        What a person has decided, by the place of the call.
    is_heard : bool
        Whether a page has shown a call, and can say what is decided.

    Examples
    --------
    >>> player = AudioPlayer(header_html="<p>What is that noise?</p>")
    >>> player.update("It is a cat.", bytes(48000))
    >>> player.finish()
    """

    _esm = built("player.js")
    _css = built("player.css")

    sample_rate = traitlets.Int(24000).tag(sync=True)
    prebuffer_seconds = traitlets.Float(0.3).tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)
    header_html = traitlets.Unicode("").tag(sync=True)
    tail_id = traitlets.Unicode().tag(sync=True)
    ending = traitlets.Unicode("").tag(sync=True)
    asks: Any = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    calling = traitlets.Unicode("").tag(sync=True)
    is_data = traitlets.Bool(default_value=False).tag(sync=True)
    price = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)

    stop_requested: threading.Event
    report: PlaybackReport | None
    decisions: dict[int, bool]
    is_heard: bool

    def __init__(
        self, *, close_when_done: bool = True, repeats: bool = False, **traits: Any
    ) -> None:
        self.close_when_done = close_when_done
        self._repeats = _Repeats() if repeats else None
        self.stop_requested = threading.Event()
        self.report = None
        self.decisions = {}
        self.is_heard = False
        self._lock = threading.Lock()
        self._text = ""
        self._pcm: bytes | bytearray = b""
        self._sent_bytes = 0
        self._end: EndMessage | None = None
        self._ended_at = 0.0
        self._answered: tuple[HelloMessage | None, float] = (None, 0.0)
        self._guard = Guard("the player failed at a message")
        super().__init__(**traits)
        self.on_msg(self._receive)

    @traitlets.default("tail_id")
    def _make_tail_id(self) -> str:
        return uuid.uuid4().hex

    @property
    def tail_html(self) -> str:
        """The place in the static answer for the button that stops the rest of the speech."""
        return f'<span class="omni-tail omni-tail-{self.tail_id}"></span>'

    @property
    def is_abandoned(self) -> bool:
        """Whether the speech must be over, and no page has ever said a word about it.

        Where a notebook runs without a browser, nobody says when a player may be closed.
        """
        if self._end is None or self.report is not None or not self.close_when_done:
            return False
        speech_seconds = self._end["total_bytes"] / 2 / self.sample_rate
        return time.monotonic() - self._ended_at > speech_seconds + ABANDONED_SECONDS

    def update(self, text: str, pcm: bytes | bytearray = b"") -> None:
        """Send what is new, in one message; without news, nothing.

        May be called from any thread. After `finish` it does nothing.

        Parameters
        ----------
        text
            The whole text so far. Where it no longer continues the text of the call before, it is
            corrected.
        pcm
            All speech so far. Another thread may append to a growing ``bytearray`` meanwhile.
        """
        with self._lock:
            if self._end is not None:
                return
            text_offset, pcm_offset = common_length(self._text, text), self._sent_bytes
            self._pcm, self._sent_bytes = pcm, max(pcm_offset, whole_samples(pcm))
            is_text_new = len(text) > text_offset or len(self._text) > text_offset
            self._text = text
            is_due = self._repeats is not None and self._repeats.is_due()
            if is_due or is_text_new or self._sent_bytes > pcm_offset:
                self._send_from(*((0, 0) if is_due else (text_offset, pcm_offset)))

    def finish(self, *, stopped: bool = False) -> None:
        """End the answer: nothing more will come. A second call does nothing.

        Parameters
        ----------
        stopped
            The answer was interrupted: the browser falls silent at once. Otherwise it plays out
            what it has.
        """
        with self._lock:
            if self._end is not None:
                return
            self._end = EndMessage(
                type="end",
                text_length=len(self._text),
                total_bytes=self._sent_bytes,
                stopped=stopped,
                page="",
            )
            self._ended_at = time.monotonic()
            self.send(self._end)

    def _send_from(self, text_offset: int, pcm_offset: int) -> None:
        # A copy: a memoryview would forbid the other thread to append.
        pcm = bytes(self._pcm[pcm_offset : self._sent_bytes])
        delta = DeltaMessage(
            type="delta",
            text_offset=text_offset,
            text=self._text[text_offset:],
            pcm_offset=pcm_offset,
            pcm_bytes=len(pcm),
        )
        self.send(delta, buffers=[pcm] if pcm else None)

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        self._guard.run(self._take, message)

    def _take(self, message: Mapping[str, Any]) -> None:
        match message.get("type"):
            case "stop":
                self.stop_requested.set()
            case "decide":
                self._take_decision(message)
            case "report":
                self._take_report(message)
            case "hello":
                self._answer_hello(cast("HelloMessage", message))

    def take_typed(self, typed: str) -> bool:
        """Take a message that came as if it was typed; return whether it was one of this widget."""
        try:
            message = json.loads(typed)
        except (ValueError, RecursionError):
            return False
        if not isinstance(message, dict) or message.get("tail_id") != self.tail_id:
            return False
        self._receive(self, message, None)
        return True

    def _take_decision(self, message: Mapping[str, Any]) -> None:
        self.is_heard = True
        if isinstance(allowed := message["allowed"], bool):
            self.decisions.setdefault(message["call"], allowed)

    def _take_report(self, message: Mapping[str, Any]) -> None:
        report = PlaybackReport.of(message)
        if report.first_heard_at is None and self.report is not None:
            # A reloaded page has heard nothing and knows nothing of the one before.
            report = replace(self.report, state=report.state)
        self.report = report
        is_over = self._end is not None and report.state != "playing"
        if self.close_when_done and is_over and not message["is_shown"]:
            self.close()

    def _answer_hello(self, hello: HelloMessage) -> None:
        with self._lock:
            if hello["reason"] == "open" and self._end is not None:
                # The page opened, or was heard of, after the end: nothing is spoken twice.
                self.send({**self._end, "page": hello["page"]})
                return
            if self._was_just_answered(hello):
                return
            text_offset = min(hello["text_length"], len(self._text))
            pcm_offset = min(hello["total_bytes"], self._sent_bytes)
            if text_offset < len(self._text) or pcm_offset < self._sent_bytes:
                self._send_from(text_offset, pcm_offset)
            if self._end is not None:
                self.send(self._end)

    def _was_just_answered(self, hello: HelloMessage) -> bool:
        """Return whether a hello is a repeated one: pages repeat it while a cell runs."""
        last_hello, answered_at = self._answered
        now = time.monotonic()
        self._answered = (hello, now)
        return hello == last_hello and now - answered_at < REPEATED_HELLO_SECONDS


class _Repeats:
    """The moments at which everything is sent again: each twice as late as the one before."""

    def __init__(self) -> None:
        self._began_at: float | None = None
        self._next_seconds = FIRST_REPEAT_SECONDS

    def is_due(self) -> bool:
        """Return whether to send everything now; the first call is that of the first message."""
        now = time.monotonic()
        if self._began_at is None:
            self._began_at = now
        seconds = now - self._began_at
        if not self._next_seconds <= seconds < 2 * LAST_REPEAT_SECONDS:
            return False
        self._next_seconds = 2 * seconds
        return True
