from __future__ import annotations

import base64
import contextlib
import io
import struct
import sys
import wave
from fractions import Fraction
from types import SimpleNamespace

import av
import IPython.display
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omni_nb.errors import MediaError
from omni_nb.media import tracks
from omni_nb.media.clip import AudioClip
from omni_nb.media.counter import TrackCounter
from omni_nb.media.parts import AudioPart, AudioURLPart, audio
from omni_nb.media.sources import LocalSource, encode_data_url
from tests.media_files import AUDIO_FORMATS, audio_file, tone, truncated, video_file, with_wav_sizes

WAV = audio_file("wav", seconds=1.5)


def heard_seconds(data: bytes) -> float:
    """How long it sounds when it is decoded to the end."""
    seconds = 0.0
    with av.open(io.BytesIO(data)) as container:
        try:
            for frame in container.decode(audio=0):
                seconds += frame.samples / frame.sample_rate
        except av.error.FFmpegError:
            pass
    return seconds


@pytest.mark.parametrize(("form", "name"), AUDIO_FORMATS.items())
def test_a_format_is_known_by_its_content_and_measured(form, name, tmp_path):
    (tmp_path / "sound.txt").write_bytes(audio_file(form, seconds=3))
    part = audio(tmp_path / "sound.txt")
    assert (part.format, part.name) == (name, "sound.txt")
    assert part.mime.startswith("audio/")
    assert part.seconds == pytest.approx(3, abs=0.1)
    assert part.channels == 1


@pytest.mark.parametrize("form", ["mp3-no-xing", "aac", "amr"])
def test_a_file_without_a_duration_is_counted(form):
    data = audio_file(form, seconds=12)
    assert audio(data).seconds == pytest.approx(heard_seconds(data), abs=0.02)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 10**9])
def test_a_wav_whose_header_lies_about_its_size_is_measured(size):
    assert audio(with_wav_sizes(WAV, size)).seconds == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(
    "form", ["wav", "mp3", "mp3-no-xing", "aac", "flac", "opus", "amr", "webm"]
)
def test_of_a_file_that_is_cut_short_only_what_is_there_counts(form):
    whole = audio_file(form, seconds=6)
    cut = truncated(whole, 0.6)
    part = audio(cut)
    assert part.seconds == pytest.approx(heard_seconds(cut), abs=0.1)
    assert part.seconds < 5


def test_an_mp3_whose_header_claims_an_hour_is_measured():
    data = bytearray(audio_file("mp3", seconds=2))
    place = max(data.find(b"Xing"), data.find(b"Info"))
    data[place + 8 : place + 12] = struct.pack(">I", 100_000)  # how many frames it claims
    assert audio(bytes(data)).seconds == pytest.approx(2, abs=0.15)


def test_an_m4a_without_its_index_is_refused():
    with pytest.raises(MediaError, match=r"not a sound file that can be read.*cut short"):
        audio(truncated(audio_file("m4a"), 0.6))


def given_as(kind: str, folder) -> object:
    (folder / "welcome.wav").write_bytes(WAV)
    return {
        "path": folder / "welcome.wav",
        "text path": str(folder / "welcome.wav"),
        "bytes": WAV,
        "data URL": encode_data_url(WAV, "audio/wav"),
        "data URL without a type": encode_data_url(WAV, ""),
        "file object": io.BytesIO(WAV),
        "IPython Audio of bytes": IPython.display.Audio(WAV),
        "IPython Audio of a file": IPython.display.Audio(filename=str(folder / "welcome.wav")),
        "part": audio(WAV),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "path",
        "text path",
        "bytes",
        "data URL",
        "data URL without a type",
        "file object",
        "IPython Audio of bytes",
        "IPython Audio of a file",
        "part",
    ],
)
def test_a_file_goes_through_the_door_unchanged(kind, tmp_path):
    part = audio(given_as(kind, tmp_path))
    assert isinstance(part, AudioPart)
    payload = part.payload()
    head, data = payload["input_audio"]["data"].split(",")
    assert (payload["type"], payload["input_audio"]["format"]) == ("input_audio", "wav")
    assert head == "data:;base64"
    assert base64.b64decode(data) == WAV
    assert part.total_bytes == len(WAV)


def test_an_ipython_audio_of_samples_and_of_a_url():
    part = audio(IPython.display.Audio(np.sin(np.arange(8000)), rate=8000))
    assert (part.seconds, part.sample_rate) == (1, 8000)
    url = IPython.display.Audio(url="https://example.com/a.mp3")
    assert audio(url) == AudioURLPart("https://example.com/a.mp3", "mp3")


def test_ipython_is_not_needed(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython.display")
    assert audio(WAV).seconds == 1.5


@pytest.mark.parametrize("channels", [1, 2])
def test_samples_become_a_wav_that_keeps_them(channels):
    samples = tone(0.5, sample_rate=22050, channels=channels)
    part = audio((samples, 22050))
    assert (part.sample_rate, part.channels, part.format) == (22050, channels, "wav")
    assert part.seconds == pytest.approx(0.5)
    with wave.open(part.source.open()) as file:
        assert file.getnchannels() == channels
        assert file.readframes(-1) == samples.tobytes()


def test_an_answers_speech_is_the_next_question():
    clip = AudioClip(tone(0.5, 24000).tobytes())
    part = audio(clip)
    assert part.source.data == clip.to_wav()
    assert (part.seconds, part.sample_rate, part.name) == (0.5, 24000, "clip")


@pytest.mark.parametrize(
    ("ending", "name"),
    [("mp3", "mp3"), ("WAV", "wav"), ("opus", "ogg"), ("3gpp", "3gp"), ("m4a?sign=a.b/c", "m4a")],
)
def test_a_url_is_passed_through_with_the_format_of_its_ending(ending, name):
    url = f"https://example.com/welcome.{ending}"
    part = audio(url)
    assert part.payload() == {"type": "input_audio", "input_audio": {"data": url, "format": name}}


def test_a_url_that_does_not_say_its_format_needs_it_said():
    with pytest.raises(MediaError, match=r"omni\.audio\(url, format="):
        audio("https://example.com/listen?id=3")
    assert audio("https://example.com/listen?id=3", format="mp3").format == "mp3"


def picture_file(form: str) -> bytes:
    Image.new("RGB", (20, 20)).save(file := io.BytesIO(), form)
    return file.getvalue()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (video_file("mp4"), "is a video; pass it as video="),
        (picture_file("PNG"), "is an image, not a sound file; pass it as image="),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "not a sound file"),
        (b"hello, this is a text and no sound", r"starts with b'hello, t'\), or it is cut short"),
        (b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n", "not a sound file"),
        (b"", r"empty \(0 bytes\)"),
        (WAV[:44], "no sound|not a sound file"),
        (42, "cannot be made of int"),
        ({"a": 1}, "cannot be made of dict of length 1"),
        (np.zeros(8000), r"numpy.ndarray.*\(samples, sample_rate\)"),
        ((np.zeros(8000), 0), "whole number"),
        ((16000, np.zeros(8000)), "samples come first"),
        ((np.zeros(0), 16000), "no samples"),
        ((np.full(9, 3.0), 16000), "from -1 to 1"),
        (AudioClip(b""), "no samples"),
    ],
)
def test_what_is_no_sound_is_refused_with_a_way_out(given, words):
    with pytest.raises(MediaError, match=words):
        audio(given)


def test_a_song_with_a_cover_is_a_sound():
    cover = picture_file("PNG")
    text = b"\0image/png\0\x03\0" + cover
    frame = b"APIC" + struct.pack(">IH", len(text), 0) + text
    length = len(frame)
    size = bytes((length >> shift) & 0x7F for shift in (21, 14, 7, 0))
    part = audio(b"ID3\x03\0\0" + size + frame + audio_file("mp3-no-xing", seconds=2))
    assert part.format == "mp3"
    assert part.seconds == pytest.approx(2, abs=0.1)


def test_a_file_of_too_many_packets_is_not_measured_for_ever(monkeypatch):
    monkeypatch.setattr(tracks, "PACKETS_MAX", 20)
    with pytest.raises(MediaError, match="more than 20 packets"):
        audio(audio_file("amr", seconds=1.5))


def test_a_negative_duration_of_a_packet_is_not_taken_for_hours():
    codec = SimpleNamespace(
        name="vorbis", sample_rate=16000, channels=1, frame_size=0, extradata=b""
    )
    stream = SimpleNamespace(
        time_base=Fraction(1, 16000), type="audio", duration=None, codec_context=codec
    )
    counter = TrackCounter(stream)
    for ticks in (16000, 2**32 - 8000):
        packet = {"is_discard": False, "iter_sidedata": lambda: ()}
        counter.add(SimpleNamespace(duration=ticks, pts=0, dts=0, size=9, **packet))
    assert counter.track("ogg").seconds == 0.5


class CountingFile(io.BytesIO):
    """A file that knows how often it was asked for something."""

    calls = 0
    total_bytes = 0

    def read(self, size=-1):
        data = super().read(size)
        self.calls += 1
        self.total_bytes += len(data)
        return data

    def seek(self, place, whence=0):
        self.calls += 1
        return super().seek(place, whence)


@pytest.mark.parametrize("form", ["wav", "mp3", "flac", "amr"])
def test_a_file_is_not_read_on_where_nothing_but_garbage_follows(form, monkeypatch):
    monkeypatch.setattr(tracks, "_GARBAGE_BYTES", 2**20)
    monkeypatch.setattr(tracks, "PACKETS_MAX", 1000)
    file = CountingFile(audio_file(form, seconds=2) + bytes(20 * 2**20))
    monkeypatch.setattr(LocalSource, "open", lambda self: file)
    monkeypatch.setattr(CountingFile, "close", lambda self: None)
    with contextlib.suppress(MediaError):
        assert audio(b"anything").seconds == pytest.approx(2, abs=0.2)
    assert file.total_bytes < 5 * 2**20
    assert file.calls < 20_000


def test_a_parts_repr_is_short():
    assert "\\x" not in repr(audio(WAV))
    assert len(repr(audio(WAV))) < 200


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_damaged_sound_is_an_error_of_ours_or_measured(data):
    form = data.draw(st.sampled_from(list(AUDIO_FORMATS)))
    damaged = bytearray(audio_file(form, seconds=0.5))
    for _ in range(data.draw(st.integers(0, 8))):
        place = data.draw(st.integers(0, min(len(damaged) - 1, 600)))
        damaged[place] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    try:
        part = audio(cut)
    except MediaError as error:
        assert str(error)
    else:
        assert part.seconds > 0
        assert part.sample_rate > 0


HEADS = [b"", b"ID3\x04", b"\xff\xfb", b"\xff\xf1", b"#!AMR\n", b"OggS", b"fLaC", b"RIFF"]


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(HEADS), st.binary(min_size=1, max_size=3000))
def test_random_bytes_are_an_error_of_ours_or_measured(head, rest):
    try:
        part = audio(LocalSource(head + rest, "noise").open())
    except MediaError as error:
        assert str(error)
    else:
        assert part.seconds > 0
