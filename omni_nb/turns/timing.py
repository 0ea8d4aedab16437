"""How an answer came, and what the browser reported of its sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from omni_nb.media.shown import Shown


@dataclass(frozen=True, slots=True)
class Arrival:
    """When something arrived, in seconds after the request, and how much.

    ``size`` is characters of text, or seconds of speech.
    """

    seconds: float
    kind: Literal["text", "audio"]
    size: float


@dataclass(frozen=True, slots=True)
class Timing(Shown):
    """How an answer came, in seconds after the request was sent. None: it did not.

    Attributes
    ----------
    first_text_seconds, first_audio_seconds
        The first text and the first speech reached the client.
    total_seconds
        The answer was complete, or ended otherwise: stopped, over the budget, broken off.
    arrivals
        Every piece.
    first_heard_seconds
        The first sample reached the speakers, by the browser's own report; it arrives a
        moment after the answer.
    underruns, gap_seconds
        How often the sound ran dry, and for how long; None until the browser has reported.
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
    """What the browser reported of the sound; ``first_heard_at`` in unix seconds."""

    first_heard_at: float | None
    underruns: int
    gap_seconds: float
