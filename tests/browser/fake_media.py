"""A microphone for tests: Chromium takes a WAV file for its fake device.

Speak into it and compare what arrives::

    sent = speech_wav(path, 4, "A cat looks out of the window.")
    browser = launch_chromium(playwright, flags=microphone_flags(path))
    ...  # record in the page
    assert correlation(received, sent) > 0.95
"""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Literal

import numpy as np

from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.offline.voice import speak

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

RECORDING_SAMPLE_RATE = 16_000
PASSAGE = """A tabby cat sits in the window and looks at a bird. Three boats are waiting in the
harbour, and somebody has left a red umbrella on the quay. How many people can you count on the
bridge? Please read me the sign above the door, and say in which language it is written. Later the
wind turns, the flags change their minds, and a dog begins to bark at nothing in particular."""
"""Long enough not to repeat itself within most tests: what repeats can be aligned wrongly."""


def microphone_flags(path: Path, *, is_looped: bool = False) -> tuple[str, ...]:
    """Flags for `launch_chromium`: the fake microphone hears this WAV file.

    It begins anew whenever the microphone is switched on; without a loop silence follows. A fake
    camera and consent to both come with ``launch_chromium`` itself.
    """
    return (f"--use-file-for-fake-audio-capture={path}{'' if is_looped else '%noloop'}",)


def speech_wav(
    path: Path,
    seconds: float,
    text: str = PASSAGE,
    *,
    sample_rate: Literal[16_000, 48_000] = 48_000,
) -> Samples:
    """Write speech of this length, the text again and again, for the fake microphone.

    Parameters
    ----------
    sample_rate
        Of the file; 48 000 is the fake device's own.

    Returns
    -------
    ndarray
        What a recording at 16 000 Hz should hold, int16.
    """
    spoken = np.frombuffer(speak(text, "Cherry"), "<i2").astype(np.float64)
    speech = np.resize(spoken, round(seconds * SPEECH_SAMPLE_RATE))
    _write_wav(path, _resampled(speech, sample_rate), sample_rate)
    return _resampled(speech, RECORDING_SAMPLE_RATE)


def tone_wav(path: Path, seconds: float, hertz: float = 700.0) -> Samples:
    """Write a tone for the fake microphone; return it at 16 000 Hz."""
    times = np.arange(round(seconds * 48_000)) / 48_000
    tone: NDArray[np.float64] = 12_000 * np.sin(2 * np.pi * hertz * times)
    _write_wav(path, np.rint(tone).astype(np.int16), 48_000)
    return np.rint(tone[::3]).astype(np.int16)


def correlation(received: NDArray[np.integer], sent: NDArray[np.integer]) -> float:
    """How alike two sounds of a rate are where they match best: 1.0 is the same but for level.

    One may begin earlier, end later or lack a part at its ends; what overlaps is compared, and at
    least half of the shorter has to.
    """
    first, second = (np.asarray(sound, np.float64) for sound in (received, sent))
    shortest = min(len(first), len(second))
    if not shortest:
        return 0.0
    size = 1 << (len(first) + len(second)).bit_length()
    spectrum = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    products = np.fft.irfft(spectrum, size)
    lags = np.arange(-len(second) + shortest // 2, len(first) - shortest // 2)
    lag = int(lags[np.argmax(products[lags])])
    kept = slice(max(0, lag), max(0, lag) + shortest)
    return max(
        _cosine(_delayed(first, fraction)[kept], second[max(0, -lag) :])
        for fraction in np.linspace(-0.5, 0.5, 17)
    )


def _delayed(samples: NDArray[np.float64], frames: float) -> NDArray[np.float64]:
    """Devices do not begin on a whole frame of ours."""
    spectrum = np.fft.rfft(samples, 2 * len(samples))
    turns = np.arange(len(spectrum)) / (2 * len(samples))
    turned = spectrum * np.exp(-2j * np.pi * turns * frames)
    return np.fft.irfft(turned, 2 * len(samples))[: len(samples)]


def _cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    overlap = min(len(first), len(second))
    first, second = first[:overlap], second[:overlap]
    energy = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.sum(first * second)) / energy if energy else 0.0


def peak_hertz(
    samples: NDArray[np.integer] | NDArray[np.floating], sample_rate: int = RECORDING_SAMPLE_RATE
) -> float:
    """Find the strongest frequency, to a small part of one hertz for sounds of a second or more."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(np.argmax(spectrum)) * sample_rate / (8 * len(samples))


def _resampled(samples: NDArray[np.float64], sample_rate: int) -> Samples:
    """From the rate of the speech, in the frequency domain: as good as it gets."""
    length = round(len(samples) * sample_rate / SPEECH_SAMPLE_RATE)
    resampled = np.fft.irfft(np.fft.rfft(samples), length) * (length / len(samples))
    return np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)


def _write_wav(path: Path, samples: Samples, sample_rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
