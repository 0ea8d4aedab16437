"""Timing of an answer, and the browser's report of its playback."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from omni_nb.media.shown import Shown


@dataclass(frozen=True, slots=True)
class Arrival:
    """A piece of an answer: when it arrived, and how large it is.

    Attributes
    ----------
    seconds
        When it arrived, in seconds after the request.
    kind
        ``"text"`` or ``"audio"``.
    size
        Characters of text, or seconds of speech.
    """

    seconds: float
    kind: Literal["text", "audio"]
    size: float


@dataclass(frozen=True, slots=True)
class Timing(Shown):
    """When the pieces of an answer came, in seconds after the request. None: never.

    Attributes
    ----------
    first_text_seconds, first_audio_seconds
        When the first text and the first speech reached the client.
    total_seconds
        When the answer was complete, or ended otherwise: stopped, over the budget, broken off.
    arrivals
        Every piece.
    first_heard_seconds
        When the first sample was on its way to the loudspeaker, by the browser's report, which
        comes a moment after the answer. What the sound card adds is not in it.
    underruns, gap_seconds
        How often the playback had to wait for more speech, and for how long; None until the
        browser has reported.
    """

    first_text_seconds: float | None
    first_audio_seconds: float | None
    total_seconds: float | None
    arrivals: tuple[Arrival, ...] = field(repr=False)
    first_heard_seconds: float | None = None
    underruns: int | None = None
    gap_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Playback:
    """The browser's report of the playback; ``first_heard_at`` in unix seconds.

    ``heard_seconds``, of the speech, is None until the playback is over.
    """

    first_heard_at: float | None
    underruns: int
    gap_seconds: float
    heard_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a person has heard of an answer, until it ended or was stopped.

    Attributes
    ----------
    text : str
        The words that were heard, by `Reply.captions`: estimated.
    seconds : float
        How much of the speech was heard, by the browser's report.
    """

    text: str
    seconds: float
