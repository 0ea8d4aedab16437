"""Speak with the stand-in's voice: espeak-ng, or a hum where it is not installed."""

from __future__ import annotations

import hashlib
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.offline.espeak import Timbre, load_espeak

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from omni_nb.offline.espeak import Espeak, Language

    Samples = npt.NDArray[np.float64]

CJK: Final = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Chinese characters and punctuation, as a range of a regular expression."""

_PEAK: Final = 0.708  # -3 dBFS
_HUM_PEAK: Final = 0.25  # quieter: it is a placeholder, not speech
_PAUSE_SECONDS: Final = 0.14
_FADE_SECONDS: Final = 0.006
_CMN_RATE: Final = 1.25  # espeak counts Mandarin's words its own way and is slow at it

_TIMBRES: Final = {
    "Cherry": Timbre("f3", pitch=62, range=66, rate=186),
    "Serena": Timbre("Annie", pitch=40, range=42, rate=170),
    "Ethan": Timbre("m3", pitch=52, range=58, rate=184),
    "Chelsie": Timbre("f5", pitch=78, range=60, rate=194),
}
_HIGH: Final = ("f1", "f2", "f4", "Alicia", "belinda", "linda", "steph", "aunty", "grandma")
_LOW: Final = ("m1", "m2", "m5", "m7", "Alex", "Michael", "Reed", "Nguyen", "michel", "pablo")
# Names that sound low to us; a choice for this stand-in, not a fact about the service.
_LOW_NAMES: Final = frozenset(
    (
        *("Aiden", "Alek", "Andre", "Arthur", "Bodega", "Dolce", "Dylan", "Eldric Sage", "Emilien"),
        *("Eric", "Kai", "Lenn", "Li", "Marcus", "Moon", "Neil", "Nofish", "Peter", "Pip"),
        *("Radio Gol", "Rocky", "Roy", "Ryan", "Vincent"),
    )
)


def has_speech() -> bool:
    """Return whether the voice speaks words; ``pip install 'omni-nb[voice]'`` lets it."""
    return load_espeak() is not None


def timbre(voice: str) -> Timbre:
    """Return the timbre of a voice: the documented four by hand, any other by its name.

    Examples
    --------
    >>> timbre("Tina") == timbre("Tina") != timbre("Momo")
    True
    """
    if voice in _TIMBRES:
        return _TIMBRES[voice]
    digest = hashlib.sha256(voice.encode("utf-8", "replace")).digest()
    variants = _LOW if voice in _LOW_NAMES else _HIGH
    return Timbre(
        variants[digest[0] % len(variants)],
        pitch=25 + digest[1] % 56,
        range=36 + digest[2] % 40,
        rate=168 + digest[3] % 30,
    )


def speak(sentence: str, voice: str) -> bytes:
    """Return a sentence as speech: mono PCM16, 24 000 samples per second, with a short pause."""
    espeak = load_espeak()
    try:
        spoken = _words(sentence, timbre(voice), espeak) if espeak else None
    except OSError:  # a broken library: better a hum than no answer
        spoken = None
    if spoken is None:
        return _finished(_hum(sentence, timbre(voice)), _HUM_PEAK)
    return _finished(spoken, _PEAK)


def split_by_script(sentence: str) -> list[tuple[Language, str]]:
    """Split a sentence by script; digits go with its main language.

    Examples
    --------
    >>> split_by_script("宽 640 像素, OK?")
    [('cmn', '宽 640 像素, '), ('en-us', 'OK?')]
    """
    runs: list[tuple[Language, str]] = []
    words = re.findall(
        f"[{CJK}]|[A-Za-z\u00c0-\u024f]+|[0-9]+|[^{CJK}A-Za-z0-9\u00c0-\u024f]", sentence
    )
    chinese = sum(1 for word in words if re.match(f"[{CJK}]", word))
    latin = sum(1 for word in words if word[0].isalpha()) - chinese
    main: Language = "cmn" if chinese and chinese >= latin else "en-us"
    last: Language = main
    for word in words:
        if re.match(f"[{CJK}]", word):
            last = "cmn"
        elif word[0].isalpha():
            last = "en-us"
        elif word[0].isdigit():
            last = main
        runs.append((last, word))
    grouped = groupby(runs, key=lambda run: run[0])
    return [(language, "".join(word for _, word in group)) for language, group in grouped]


def _words(sentence: str, timbre: Timbre, espeak: Espeak) -> Samples:
    import numpy as np

    pieces: list[Samples] = []
    for language, text in split_by_script(sentence):
        faster = _CMN_RATE if language == "cmn" else 1.0
        chosen = Timbre(timbre.variant, timbre.pitch, timbre.range, round(timbre.rate * faster))
        pieces.append(_resampled(espeak.speak(text, language, chosen), espeak.sample_rate))
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _resampled(pcm: bytes, sample_rate: int) -> Samples:
    import av
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.int16)
    if not samples.size:
        return np.zeros(0)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
    frame.sample_rate = sample_rate
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SPEECH_SAMPLE_RATE)
    frames: list[Any] = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([f.to_ndarray()[0] for f in frames]).astype(np.float64) / 32768


def _finished(samples: Samples, peak: float) -> bytes:
    """Normalise, fade both ends, add the pause between sentences."""
    import numpy as np

    if not samples.size or not (highest := float(np.abs(samples).max())):
        return b""
    fade = min(round(_FADE_SECONDS * SPEECH_SAMPLE_RATE), samples.size // 2)
    shaped = samples * (peak / highest)
    if fade:
        ramp = np.linspace(0, 1, fade, endpoint=False)
        shaped[:fade] *= ramp
        shaped[-fade:] *= ramp[::-1]
    pause = np.zeros(round(_PAUSE_SECONDS * SPEECH_SAMPLE_RATE))
    whole = np.concatenate([shaped, pause])
    pcm: bytes = np.rint(whole * 32767).astype("<i2").tobytes()
    return pcm


def _hum(sentence: str, timbre: Timbre) -> Samples:
    """Return a sentence as a hum: a soft note for each syllable, in the voice's pitch and pace."""
    import numpy as np

    pitch = (95 if timbre.variant in {*_LOW, "m3"} else 170) * (0.8 + timbre.pitch / 250)
    seconds = 34 / timbre.rate
    syllables = list(_syllables(sentence))
    pieces: list[Samples] = []
    for place, syllable in enumerate(syllables):
        if syllable is None:
            pieces.append(np.zeros(round(seconds * SPEECH_SAMPLE_RATE)))
            continue
        fall = 1.12 - 0.24 * place / max(1, len(syllables))
        swing = 1 + (syllable % 7 - 3) * timbre.range / 1400
        pieces.append(_syllable(pitch * fall * swing, seconds, syllable))
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _syllable(pitch: float, seconds: float, seed: int) -> Samples:
    """Return a vowel: harmonics under two formants, with a soft start and end."""
    import numpy as np

    times = np.arange(round(seconds * SPEECH_SAMPLE_RATE)) / SPEECH_SAMPLE_RATE
    glide = np.cumsum(pitch * (1 + 0.06 * np.sin(np.pi * times / seconds))) / SPEECH_SAMPLE_RATE
    first, second = _VOWELS[seed % len(_VOWELS)]
    vowel = np.zeros_like(times)
    for number in range(1, int(3400 / pitch)):
        tone = number * pitch
        weight = 1 / (1 + ((tone - first) / 160) ** 2) + 0.5 / (1 + ((tone - second) / 220) ** 2)
        vowel += weight * np.sin(2 * np.pi * number * glide)
    shaped: Samples = vowel * np.sin(np.pi * times / seconds) ** 0.7
    return shaped


_VOWELS: Final = ((730, 1090), (530, 1840), (390, 1990), (570, 840), (440, 1020), (300, 870))


def _syllables(sentence: str) -> Iterator[int | None]:
    """Yield a number for each syllable, None for each pause."""
    for found in re.findall(rf"[{CJK}]|[aeiouyAEIOUY]+|[0-9]|[,.;:!?]", sentence):
        yield None if re.fullmatch(r"[,.;:!?，。；：！？、“”]", found) else sum(map(ord, found))
