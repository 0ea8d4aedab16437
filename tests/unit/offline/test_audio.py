"""What the stand-in measures in a sound."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_nb.errors import MediaError
from omni_nb.media.clip import AudioClip
from omni_nb.offline import audio, containers
from omni_nb.offline.audio import MeasuredAudio, measure_audio
from omni_nb.offline.voice import speak
from tests.media_files import AUDIO_FORMATS, audio_file, speechlike, tone, truncated, with_wav_sizes

RATE = 16_000


def heard(data: bytes) -> MeasuredAudio:
    return measure_audio(io.BytesIO(data))


def wav(samples: np.ndarray[Any, Any], sample_rate: int = RATE) -> bytes:
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    return AudioClip(pcm, sample_rate).to_wav()


def noise(seconds: float = 2.0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE))


@pytest.mark.parametrize("form", AUDIO_FORMATS)
def test_every_format_is_heard_for_as_long_as_it_lasts(form: str) -> None:
    found = heard(audio_file(form, seconds=2.5))

    assert found.seconds == pytest.approx(2.5, abs=0.15)
    assert not found.is_silent
    assert not found.is_speech_like


@pytest.mark.parametrize("form", sorted(AUDIO_FORMATS.keys() - {"mp3-no-xing"}))
def test_a_tone_is_known_by_its_frequency(form: str) -> None:
    assert heard(audio_file(form, frequency=660)).tone_hz == pytest.approx(660, abs=5)


def test_the_files_own_rate_and_channels_are_told() -> None:
    found = heard(audio_file("flac", sample_rate=44_100, channels=2))

    assert (found.sample_rate, found.channels) == (44_100, 2)


@pytest.mark.parametrize(
    ("peak", "loudness"), [(1.0, -3.0), (0.5, -9.0), (0.05, -29.0)], ids=["full", "half", "faint"]
)
def test_loudness_is_measured_below_full_scale(peak: float, loudness: float) -> None:
    wave = peak * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)

    assert heard(wav(wave)).loudness == pytest.approx(loudness, abs=0.2)


def test_two_channels_that_cancel_out_are_not_silent() -> None:
    left = tone(1.0, RATE)[:, 0]
    pcm = np.stack([left, -left], axis=1).astype("<i2").tobytes()
    stereo = bytearray(AudioClip(pcm, RATE).to_wav())
    stereo[22:24], stereo[32:34] = (2).to_bytes(2, "little"), (4).to_bytes(2, "little")

    assert not heard(bytes(stereo)).is_silent


def test_silence_is_silent_and_no_speech() -> None:
    found = heard(wav(np.zeros(RATE)))

    assert found.is_silent
    assert not found.is_speech_like
    assert found.loudness == audio.QUIETEST


@pytest.mark.parametrize(
    ("words", "voice"),
    [
        ("The quick brown fox jumps over the lazy dog.", "Cherry"),
        ("你好，今天天气怎么样？我想去公园走一走。", "Ethan"),
        ("Yes, of course.", "Chelsie"),
    ],
)
def test_speech_is_speech_like(words: str, voice: str) -> None:
    assert heard(AudioClip(speak(words, voice)).to_wav()).is_speech_like


def test_speech_in_noise_and_after_a_pause_is_speech_like() -> None:
    spoken = np.frombuffer(speechlike()[44:], "<i2") / 32768
    late = np.concatenate([np.zeros(24_000), spoken])
    noisy = late + np.random.default_rng(0).normal(0, 0.01, len(late))

    assert heard(wav(late, 24_000)).is_speech_like
    assert heard(wav(noisy, 24_000)).is_speech_like


SECONDS = np.arange(3 * RATE) / RATE
NO_SPEECH = {
    "noise": noise(3.0),
    "noise that swells": noise(3.0) * (1 + np.sin(2 * np.pi * 4 * SECONDS)) / 2,
    "tone that swells": 0.3
    * np.sin(2 * np.pi * 600 * SECONDS)
    * (1 + np.sin(8 * np.pi * SECONDS))
    / 2,
    "chord": 0.1 * sum(np.sin(2 * np.pi * f * SECONDS) for f in (262, 330, 392)),
    "clicks": (np.arange(len(SECONDS)) % 4000 == 0).astype(float),
    "rising tone": 0.3 * np.sin(2 * np.pi * (200 * SECONDS + 500 * SECONDS**2)),
    "one word's worth of sound": noise(0.2),
}


@pytest.mark.parametrize("name", NO_SPEECH)
def test_what_is_no_speech_is_not_speech_like(name: str) -> None:
    assert not heard(wav(NO_SPEECH[name])).is_speech_like


def test_a_header_that_lies_about_its_length_is_not_believed() -> None:
    true = audio_file("wav", seconds=1.5)

    assert heard(with_wav_sizes(true, 0x7FFFFFFF)).seconds == pytest.approx(1.5, abs=0.01)


def test_what_is_left_of_a_file_is_measured() -> None:
    found = heard(truncated(audio_file("mp3", seconds=4), 0.5))

    assert 1.5 < found.seconds < 2.5


def test_a_long_sound_is_counted_to_its_end_but_decoded_for_a_minute_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audio, "_DECODED_SECONDS", 1)
    loud_end = np.concatenate([np.zeros(2 * RATE), noise(2.0)])

    found = heard(wav(loud_end))

    assert found.seconds == pytest.approx(4.0, abs=0.01)
    assert found.is_silent


@pytest.mark.parametrize("form", ["ogg", "mp3", "m4a", "amr"])
def test_the_end_of_a_long_file_is_counted_by_its_packets(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "_DECODED_SECONDS", 0.5)

    assert heard(audio_file(form, seconds=2.5)).seconds == pytest.approx(2.5, abs=0.15)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello" * 100,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
    ids=["nothing", "words", "playlist", "list of files"],
)
def test_what_is_no_sound_is_refused_and_nothing_else_is_opened(data: bytes) -> None:
    with pytest.raises(MediaError):
        heard(data)


@pytest.mark.parametrize("rate", [0, 1, 738_213_504])
def test_a_sample_rate_that_no_sound_has_is_refused(rate: int) -> None:
    data = bytearray(AudioClip(bytes(9600), RATE).to_wav())
    data[24:28] = rate.to_bytes(4, "little")

    with pytest.raises(MediaError):
        heard(bytes(data))


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_MOST_SECONDS", -1.0)

    with pytest.raises(MediaError, match="too long"):
        heard(audio_file("mp3"))


@settings(max_examples=60, deadline=None)
@given(
    form=st.sampled_from(sorted(AUDIO_FORMATS)),
    place=st.floats(0, 1),
    bytes_in=st.binary(min_size=1, max_size=40),
    part=st.floats(0.05, 1),
)
def test_a_damaged_sound_is_measured_or_refused(
    form: str, place: float, bytes_in: bytes, part: float
) -> None:
    data = bytearray(truncated(audio_file(form), part))
    start = round(place * len(data))
    data[start : start + len(bytes_in)] = bytes_in

    try:
        found = heard(bytes(data))
    except MediaError:
        return

    assert found.seconds >= 0
    assert audio.QUIETEST <= found.loudness <= 0
