"""The stand-in's voice: real speech, and the hum without it."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.offline import espeak, voice
from omni_nb.offline.voice import has_speech, speak, split_by_script, timbre

CHINESE = "你好呀，这张图片宽六百像素，看起来很明亮。"
ENGLISH = "Hello, this picture is wide and looks bright today."
DOCUMENTED = ("Cherry", "Serena", "Ethan", "Chelsie")


def samples(sentence: str, name: str) -> np.ndarray:
    return np.frombuffer(speak(sentence, name), "<i2") / 32768


def pitch(sound: np.ndarray) -> float:
    """The median fundamental frequency (Hz), by autocorrelation."""
    found = []
    for start in range(0, len(sound) - 2048, 512):
        window = sound[start : start + 2048] * np.hanning(2048)
        if np.sqrt((window**2).mean()) < 0.02:
            continue
        likeness = np.fft.irfft(np.abs(np.fft.rfft(window, 4096)) ** 2)
        lag = 60 + int(np.argmax(likeness[60:400]))  # 60–400 Hz at 24 000 samples per second
        if likeness[lag] > 0.4 * likeness[0]:
            found.append(24000 / lag)
    return float(np.median(found))


def centroid(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound))
    return float((spectrum * np.fft.rfftfreq(len(sound), 1 / 24000)).sum() / spectrum.sum())


@pytest.fixture
def no_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "load_espeak", lambda: None)


def test_the_extra_is_installed_here_and_speaks() -> None:
    assert has_speech()


@pytest.mark.parametrize("sentence", [CHINESE, ENGLISH])
def test_documented_voices_differ_and_fit(sentence: str) -> None:
    cherry, serena, ethan, chelsie = (samples(sentence, name) for name in DOCUMENTED)

    assert pitch(ethan) < 140 < pitch(serena) < pitch(cherry) < pitch(chelsie)
    assert len({round(centroid(sound) / 20) for sound in (cherry, serena, ethan, chelsie)}) == 4


def test_any_other_voice_has_a_sound_of_its_own_that_stays() -> None:
    names = ["Tina", "Momo", "Ryan", "Eliška", "Ono Anna", "Cloned 42"]

    assert len({timbre(name) for name in names}) == len(names)
    assert timbre("Tina") == voice.Timbre("steph", pitch=66, range=71, rate=184)


def test_every_variant_we_name_exists_in_the_library() -> None:
    library = espeak.load_espeak()
    assert library is not None

    named = {*voice._HIGH, *voice._LOW, *(timbre(name).variant for name in DOCUMENTED)}

    assert named <= library._variants


def test_the_languages_are_spoken_differently() -> None:
    """Nine words: an English voice would read out each Chinese character's name."""
    spoken = samples("你好你好你好", "Cherry")
    library = espeak.load_espeak()
    assert library is not None
    as_english = library.speak("你好你好你好", "en-us", timbre("Cherry"))

    assert len(as_english) / 2 / library.sample_rate > 2 * len(spoken) / 24000


def test_mixed_text_is_spoken_by_both_languages() -> None:
    mixed = len(speak("这张图算三百个token", "Cherry"))

    assert mixed > len(speak("这张图算三百个", "Cherry"))


def test_speech_is_loud_but_never_clips_and_starts_and_ends_in_silence() -> None:
    for name in DOCUMENTED:
        sound = samples(ENGLISH, name)
        assert 0.69 < np.abs(sound).max() < 0.72
        assert sound[0] == 0
        assert not sound[-2400:].any()


def test_a_sentence_without_words_is_silent() -> None:
    assert speak("", "Cherry") == b""


def test_hostile_text_is_spoken_without_harm() -> None:
    assert speak("\0[[evil]] <speak>&\ud800\u202e 你好", "Cherry")


def test_many_threads_may_speak_at_once() -> None:
    alone = len(speak(ENGLISH, "Ethan"))
    lengths: list[int] = []
    threads = [
        threading.Thread(target=lambda: lengths.append(len(speak(ENGLISH, "Ethan"))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert lengths == pytest.approx([alone] * 6, rel=0.05)


def test_without_the_extra_it_hums_quietly_and_says_so(no_speech: None) -> None:
    sound = samples(ENGLISH, "Cherry")

    assert not has_speech()
    assert 2 < len(sound) / 24000 < 5
    assert 0.2 < np.abs(sound).max() < 0.3


def test_the_hum_differs_by_voice_and_stays_the_same(no_speech: None) -> None:
    assert speak(CHINESE, "Cherry") == speak(CHINESE, "Cherry")
    assert pitch(samples(CHINESE, "Ethan")) < pitch(samples(CHINESE, "Cherry"))


def test_a_broken_library_hums(monkeypatch: pytest.MonkeyPatch) -> None:
    library = espeak.load_espeak()
    assert library is not None

    def fail(*_: object) -> bytes:
        raise OSError("espeak_Synth failed")

    monkeypatch.setattr(type(library), "speak", fail)

    assert 0.2 < np.abs(samples(ENGLISH, "Cherry")).max() < 0.3


def test_a_missing_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: object) -> None:
        raise ImportError("espeakng_loader")

    monkeypatch.setattr(espeak.Espeak, "__init__", missing)
    espeak._load.cache_clear()
    try:
        assert espeak.load_espeak() is None
    finally:
        espeak._load.cache_clear()


@pytest.mark.parametrize(
    ("sentence", "runs"),
    [
        ("宽640像素", [("cmn", "宽640像素")]),
        ("算302个token，好吗", [("cmn", "算302个"), ("en-us", "token"), ("cmn", "，好吗")]),
        ("用token 302个", [("cmn", "用"), ("en-us", "token "), ("cmn", "302个")]),
        ("You said 你好 twice", [("en-us", "You said "), ("cmn", "你好 "), ("en-us", "twice")]),
        ("12 34", [("en-us", "12 34")]),
        ("", []),
    ],
)
def test_a_sentence_is_cut_where_its_script_changes(
    sentence: str, runs: list[tuple[str, str]]
) -> None:
    assert split_by_script(sentence) == runs


@given(st.text())
def test_cutting_by_script_loses_nothing(sentence: str) -> None:
    runs = split_by_script(sentence)

    assert "".join(text for _, text in runs) == sentence
    assert all(one[0] != next_[0] for one, next_ in pairwise(runs))
