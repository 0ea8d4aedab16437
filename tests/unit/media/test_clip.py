from __future__ import annotations

import base64
import io
import wave

import av
import numpy as np
import pytest

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.clip import AudioClip
from omni_nb.media.compressed import decompressed
from omni_nb.render.player import clip_html
from tests.shown import html_of


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
    assert len(clip_html(tone(60))) / 60 < 7_500
    assert len(clip_html(tone(60), "opus")) < len(clip_html(tone(60)))


def test_the_player_has_its_source_on_the_tag_and_all_controls():
    html = clip_html(tone(0.2), "wav", "Speech")
    assert html.startswith("<audio ")
    assert 'src="data:audio/wav;base64,UklGR' in html
    assert " controls " in html
    assert "controlslist" not in html.lower()
    assert 'aria-label="Speech"' in html
    assert html_of(tone(0.2)).count("audio/mpeg") == 1


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(MediaError, match=r"\.opus or \.ogg, not as 'answer.flac'"):
        tone(0.1).save(tmp_path / "answer.flac")
    with pytest.raises(RequestError, match=r"one of 'mp3', 'opus', 'wav', not 'aac'"):
        clip_html(tone(0.1), "aac")


@pytest.mark.parametrize("seconds", [0.004, 0.1, 1, 7.3])
@pytest.mark.parametrize(("form", "rate"), [("opus", 24000), ("opus", 22050), ("mp3", 24000)])
def test_compressed_speech_is_read_back_as_long_as_it_was(form, rate, seconds):
    clip = AudioClip(tone(seconds).pcm, rate)
    heard = np.frombuffer(decompressed(clip.to_file(form), rate), "<i2")
    assert abs(len(heard) - len(clip.samples)) < 0.03 * rate
    if seconds >= 1:
        loudest = np.abs(np.fft.rfft(heard)).argmax() * rate / len(heard)
        assert abs(loudest - 440 * rate / 24000) < 5


@pytest.mark.parametrize("ending", [".opus", ".ogg", ".OPUS"])
def test_an_opus_file_is_mono_ogg(tmp_path, ending):
    path = tone(1).save(tmp_path / f"answer{ending}")
    with av.open(str(path)) as file:
        assert (file.format.name, file.streams.audio[0].codec.name) == ("ogg", "opus")
        assert file.streams.audio[0].channels == 1


def test_what_is_no_sound_is_refused():
    with pytest.raises(MediaError, match="cannot be decoded"):
        decompressed(b"no sound", 24000)


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_the_same_speech_is_encoded_once(monkeypatch, form):
    pcm = tone(1.1).pcm
    first = clip_html(AudioClip(pcm), form)
    monkeypatch.setattr(av, "open", None)
    assert clip_html(AudioClip(bytes(bytearray(pcm))), form) == first


def test_the_data_url_of_a_wav_holds_every_sample():
    clip = tone(0.3)
    data = base64.b64decode(clip_html(clip, "wav").partition("base64,")[2].partition('"')[0])
    with wave.open(io.BytesIO(data)) as file:
        assert file.readframes(-1) == clip.pcm


def test_a_repr_is_short():
    assert repr(tone(1.5)) == "<AudioClip 1.50 s, 24000 Hz>"
