"""Measure audio: duration, loudness, a steady tone, likeness to speech."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from omni_nb.errors import MediaError
from omni_nb.media.counter import TrackCounter
from omni_nb.media.resample import Resampler
from omni_nb.offline.containers import frames, opened, packets

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]
    Levels = npt.NDArray[np.float64]

QUIETEST: Final = -120.0
_SILENCE: Final = -60.0
_RATE: Final = 16_000
_DECODED_SECONDS: Final = 60  # the rest is counted
_KEPT_SAMPLES: Final = 8 * _DECODED_SECONDS * _RATE  # of all channels: 30 MB
_STEP: Final = 160  # 10 ms
_WINDOW: Final = 512  # 32 ms
_LOWEST_TONE: Final = 20.0


@dataclass(frozen=True, slots=True)
class MeasuredAudio:
    """What was measured of a piece of audio.

    Attributes
    ----------
    seconds
        The duration of its packets, which a header may misstate; 0 where nothing is decoded.
    sample_rate, channels
        Of the file.
    loudness
        Level of its first minute in dBFS, in its loudest channel: a square wave at full scale
        has 0.
    is_silent
        Whether the loudness is below -60 dBFS.
    is_speech_like
        Whether it changes as speech does; a rule of thumb, see `measure_audio`.
    tone_hz
        The frequency of audio that is one steady tone; None for any other.
    decoded_seconds
        The duration of its samples, in whole frames of the codec.
    """

    seconds: float
    sample_rate: int
    channels: int
    loudness: float
    is_silent: bool
    is_speech_like: bool
    tone_hz: float | None = None
    decoded_seconds: float = 0.0


def measure_audio(file: BinaryIO) -> MeasuredAudio:
    """Measure audio.

    Raises
    ------
    MediaError
        The file cannot be decoded, or has no audio.

    Notes
    -----
    "Speech-like" is a rule of thumb, no recogniser. Speech has most of its energy between 150
    and 4000 Hz; it swells and fades with its syllables, two to eight times a second; it has
    gaps; and its spectrum changes from sound to sound. A steady tone, noise and silence lack
    several of these; a singer or a barking dog may have them all.
    """
    with opened(file) as container:
        if not container.streams.audio:
            raise MediaError("The file has no sound.")
        meter = AudioMeter(container.streams.audio[0])
        for packet in packets(container, meter.stream):
            meter.add(packet)
        return meter.result(container.format.name)


class AudioMeter:
    """Measure an audio stream packet by packet.

    Its beginning is decoded; for how long it lasts all packets count, as in an estimate.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._counter = TrackCounter(stream)
        self._resampler = Resampler(_RATE)
        self._pieces: list[Samples] = []
        self._kept_samples = 0
        self._decoded_seconds = 0.0

    def add(self, packet: Any) -> None:
        """Take a packet."""
        self._counter.add(packet)
        if self._decoded_seconds >= _DECODED_SECONDS or self._kept_samples >= _KEPT_SAMPLES:
            return
        for frame in frames(packet):
            self._keep(frame)
            self._decoded_seconds += frame.samples / frame.sample_rate

    def result(self, form: str) -> MeasuredAudio:
        """Return what was measured of the packets so far, in a file of the form ``form``."""
        import numpy as np

        self._keep(None)
        track = self._counter.track(form)
        loudest = _loudest(self._pieces)
        loudness = _decibels(float(np.sqrt(np.square(loudest).mean())) if loudest.size else 0.0)
        is_silent = loudness < _SILENCE
        tone = None if is_silent else _tone(loudest)
        is_heard = self._decoded_seconds > 0
        return MeasuredAudio(
            seconds=track.seconds if is_heard else 0.0,
            sample_rate=track.sample_rate,
            channels=track.channels,
            loudness=loudness,
            is_silent=is_silent,
            is_speech_like=not is_silent and tone is None and _is_speech_like(loudest),
            tone_hz=tone,
            decoded_seconds=track.decoded_seconds if is_heard else 0.0,
        )

    def _keep(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            self._pieces.append(piece.T)
            self._kept_samples += piece.size


def _loudest(pieces: Sequence[Samples]) -> Samples:
    """Return the samples of the loudest channel; of a piece with fewer, those of its last."""
    import numpy as np

    power = np.zeros(max((len(piece) for piece in pieces), default=1))
    for piece in pieces:
        power[: len(piece)] += np.square(piece).sum(axis=1)
    place = int(power.argmax())
    chosen = [piece[min(place, len(piece) - 1)] for piece in pieces]
    return np.concatenate([np.zeros(0, np.float32), *chosen])


def _decibels(root_mean_square: float) -> float:
    if not math.isfinite(root_mean_square) or root_mean_square <= 0:
        return QUIETEST
    return max(QUIETEST, 20 * math.log10(root_mean_square))


def _tone(samples: Samples) -> float | None:
    """Return the frequency that holds almost all the energy, if one does."""
    import numpy as np

    middle = len(samples) // 2
    part = samples[max(0, middle - 2 * _RATE) : middle + 2 * _RATE]
    if len(part) < _RATE // 10:
        return None
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    peak, hertz = int(power.argmax()), _RATE / len(part)
    near = max(4, round(12 / hertz))
    share = power[max(0, peak - near) : peak + near + 1].sum() / max(power.sum(), 1e-30)
    return float(peak * hertz) if share > 0.9 and peak * hertz >= _LOWEST_TONE else None


def _is_speech_like(samples: Samples) -> bool:
    import numpy as np

    spectra = _spectra(samples)
    if len(spectra) < 40:  # less than 0.4 s is no syllable and a gap
        return False
    hertz = np.arange(spectra.shape[1]) * _RATE / _WINDOW
    band = (hertz >= 150) & (hertz <= 4000)
    energy = spectra.sum(axis=1)
    share = spectra[:, band].sum() / max(energy.sum(), 1e-30)
    level = np.sqrt(spectra[:, band].sum(axis=1))
    is_loud = level > 0.1 * np.percentile(level, 95)
    centre = (spectra @ hertz)[is_loud] / np.maximum(energy[is_loud], 1e-30)
    depth = level.std() / max(level.mean(), 1e-30)
    return bool(
        share > 0.5
        and depth > 0.35
        and _syllable_share(level) > 0.25
        and 0.02 < 1 - is_loud.mean() < 0.95
        and centre.std() > 100
    )


def _spectra(samples: Samples) -> Levels:
    """Return power spectra, one every 10 ms."""
    import numpy as np

    if len(samples) < _WINDOW:
        return np.zeros((0, _WINDOW // 2 + 1))
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_STEP]
    power: Levels = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)) ** 2
    return power


def _syllable_share(level: Levels) -> float:
    """Return the share of level changes that come two to eight times a second."""
    import numpy as np

    hertz = np.fft.rfftfreq(len(level), _STEP / _RATE)
    power = np.abs(np.fft.rfft((level - level.mean()) * np.hanning(len(level)))) ** 2
    slow = power[(hertz >= 0.5) & (hertz <= 25)].sum()
    return float(power[(hertz >= 2) & (hertz <= 8)].sum() / max(slow, 1e-30))
