from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import omni_nb
from omni_nb.errors import MediaError
from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import as_parts
from omni_nb.media.samples import are_samples, as_pcm16, checked_rate, wav_file


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([-32768, 0, 32767], np.int16), [-32768, 0, 32767]),
        (np.array([-(2**31), 65535, 2**31 - 1], np.int32), [-32768, 0, 32767]),
        (np.array([0, 128, 255], np.uint8), [-32768, 0, 32512]),
        (np.array([-1.0, 0.5, 1.0]), [-32768, 16384, 32767]),
        (np.array([-1.0, 0.5, 1.0], np.float16), [-32768, 16384, 32767]),
        ([0.0, -0.25], [0, -8192]),
        (np.array([1, -2], ">i2"), [1, -2]),
    ],
)
def test_samples_of_every_type_keep_their_loudness(given, expected):
    assert as_pcm16(given).dtype == np.int16
    assert as_pcm16(given).ravel().tolist() == expected


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5,), (5, 1)),
        ((5, 1), (5, 1)),
        ((5, 2), (5, 2)),
        ((2, 5), (5, 2)),
        ((1, 5), (5, 1)),
        ((2, 2), (2, 2)),
        ((1, 2), (1, 2)),
    ],
)
def test_channels_are_last_unless_there_is_no_doubt(shape, expected):
    assert as_pcm16(np.zeros(shape)).shape == expected


def test_the_channels_of_a_transposed_array_stay_apart():
    left, right = np.array([1, 2, 3], np.int16), np.array([4, 5, 6], np.int16)
    assert as_pcm16(np.stack([left, right])).tolist() == [[1, 4], [2, 5], [3, 6]]
    assert as_pcm16(np.stack([left, right], axis=1)).tolist() == [[1, 4], [2, 5], [3, 6]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros(4, np.int8), "int8 are ambiguous"),
        (np.zeros(4, np.int64), "int64 are ambiguous"),
        (np.zeros(4, bool), "bool are ambiguous"),
        (np.zeros(4, complex), "complex128"),
        (np.array([0.0, 1.5]), "from 0 to 1.5"),
        (np.array([0.0, np.nan]), "from -1 to 1"),
        (np.array([0.0, -np.inf]), "from -inf"),
        (np.zeros((4, 6)), r"\(4, 6\) is no sound"),
        (np.zeros((2, 4, 2)), r"\(2, 4, 2\)"),
        (np.zeros(0), r"\(0,\)"),
        (np.zeros((0, 2)), r"\(0, 2\)"),
        (np.float64(1), r"\(\)"),
        ("hello", "no sound"),
        ([[1.0], [1.0, 2.0]], "list of length 2 cannot be read"),
    ],
)
def test_what_are_no_samples_is_refused_with_what_it_is(given, words):
    with pytest.raises(MediaError, match=words):
        as_pcm16(given)


@pytest.mark.parametrize("rate", [16000, 16000.0, np.int32(16000), np.float32(16000)])
def test_a_rate_is_a_whole_number_of_any_type(rate):
    assert checked_rate(rate) == 16000
    assert are_samples((np.zeros(3), rate))


@pytest.mark.parametrize("rate", [0, -1, 0.5, True, "16000", None, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(MediaError, match="whole number of samples per second"):
        checked_rate(rate)


def test_a_rate_and_samples_the_wrong_way_round_are_explained():
    with pytest.raises(MediaError, match=r"The samples come first: .*scipy\.io\.wavfile"):
        checked_rate(np.zeros(4))


def test_only_an_array_and_a_number_can_be_nothing_but_a_sound():
    assert are_samples((np.zeros((4, 2)), 8000))
    assert not are_samples([np.zeros(4), 8000])
    assert are_samples(([0.0, 0.5], 8000))
    assert not are_samples(([], 8000))
    assert not are_samples(([1, 2], 3))
    assert not are_samples((3, np.zeros(4)))
    assert not are_samples((["a.wav"], 8000))
    assert not are_samples((np.zeros((4, 4, 3)), 8000))
    assert not are_samples(("samples", 8000))
    assert not are_samples((np.zeros(4), np.zeros(4)))


def test_a_wav_keeps_both_channels():
    pcm = as_pcm16(np.array([[1, 2], [3, 4]], np.int16))
    with wave.open(io.BytesIO(wav_file(pcm.tobytes(), 8000, 2))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 2)
        assert file.readframes(2) == pcm.tobytes()


def test_samples_that_no_wav_holds_are_refused(monkeypatch):
    monkeypatch.setattr("omni_nb.media.samples._WAV_BYTES_MAX", 9)
    with pytest.raises(MediaError, match="more than a WAV file holds"):
        wav_file(bytes(10), 8000)


def test_a_clip_of_samples_is_mono():
    stereo = np.array([[100, 300], [-100, -301]], np.int16)
    clip = AudioClip.from_samples(stereo, 8000)
    assert clip.samples.tolist() == [200, -200]
    assert clip.sample_rate == 8000
    assert AudioClip.from_samples(clip.samples / 32768, 8000) == clip


@settings(max_examples=50, deadline=None)
@given(
    arrays.arrays(
        st.one_of(arrays.integer_dtypes(), arrays.floating_dtypes(), arrays.boolean_dtypes()),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    )
)
def test_any_array_is_samples_or_an_error_of_ours(array):
    try:
        pcm = as_pcm16(array)
    except MediaError as error:
        assert str(error)
    else:
        assert pcm.dtype == np.int16
        assert pcm.size == array.size


SOUNDS = [np.zeros(800), np.zeros((800, 2), np.int16), [0.0] * 800, [[0.0, 0.5]] * 800]
DOORS = {
    "audio()": omni_nb.audio,
    "audio=": lambda pair: omni_nb.estimate("?", audio=pair),
    "audio=[...]": lambda pair: omni_nb.estimate("?", audio=[pair]),
    "content": lambda pair: omni_nb.estimate("?", pair),
    "as_parts": as_parts,
    "shrink": omni_nb.shrink,
    "clip": lambda pair: AudioClip.from_samples(*pair),
    "plot": omni_nb.plot_audio_tokens,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("samples", SOUNDS, ids=["mono", "stereo", "list", "list of pairs"])
@pytest.mark.parametrize("rate", [16000, np.int64(16000), 44100.0])
def test_samples_in_the_other_order_are_told_the_order_in_every_door(door, samples, rate):
    with pytest.raises(MediaError, match=r"samples come first: \(samples, sample_rate\)"):
        DOORS[door]((rate, samples))


@pytest.mark.parametrize("door", ["audio()", "audio=", "audio=[...]", "content", "as_parts"])
@pytest.mark.parametrize("samples", SOUNDS, ids=["mono", "stereo", "list", "list of pairs"])
def test_samples_in_their_order_go_through_every_door(door, samples):
    assert DOORS[door]((samples, 16000))
