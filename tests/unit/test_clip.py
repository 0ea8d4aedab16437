from __future__ import annotations

import io
import wave

import av
import numpy as np
import pytest

from omni_nb.errors import MediaError
from omni_nb.media.clip import AudioClip


def tone(seconds: float, hertz: float = 440) -> AudioClip:
    samples = 8000 * np.sin(np.arange(int(seconds * 24000)) * 2 * np.pi * hertz / 24000)
    return AudioClip(samples.astype("<i2").tobytes())


def test_samples_are_little_endian_int16():
    clip = AudioClip(b"\x01\x00\xff\xff", sample_rate=8000)
    assert clip.samples.tolist() == [1, -1]
    assert clip.samples.dtype == np.int16
    assert clip.seconds == 2 / 8000


def test_a_wav_keeps_every_sample(tmp_path):
    clip = tone(0.5)
    path = clip.save(tmp_path / "answer.wav")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        assert file.readframes(-1) == clip.pcm


@pytest.mark.parametrize("seconds", [0.004, 0.1, 1, 7.3])
def test_an_mp3_is_as_long_as_the_clip_and_sounds_the_same(seconds):
    clip = tone(seconds)
    with av.open(io.BytesIO(clip.to_mp3())) as file:
        decoded = np.concatenate([f.to_ndarray()[0] for f in file.decode(audio=0)])
    assert abs(len(decoded) / 24000 - clip.seconds) < 0.03
    if seconds >= 1:
        loudest = np.abs(np.fft.rfft(decoded)).argmax() * 24000 / len(decoded)
        assert abs(loudest - 440) < 5


def test_a_notebook_second_of_mp3_is_small():
    assert len(tone(60).player_html()) / 60 < 7_500


def test_the_player_has_its_source_on_the_tag_and_all_controls():
    html = tone(0.2).player_html("wav", label="Speech")
    assert html.startswith("<audio ")
    assert 'src="data:audio/wav;base64,UklGR' in html
    assert " controls " in html
    assert "controlslist" not in html.lower()
    assert 'aria-label="Speech"' in html
    assert tone(0.2)._repr_html_().count("audio/mpeg") == 1


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(MediaError, match=r"answer.ogg"):
        tone(0.1).save(tmp_path / "answer.ogg")


def test_a_repr_is_short():
    assert repr(tone(1.5)) == "<AudioClip 1.50 s, 24000 Hz>"
