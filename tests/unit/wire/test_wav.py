"""Sound as servers send it becomes the one kind of speech that we play."""

from __future__ import annotations

import contextlib
import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_nb.errors import ServiceError
from omni_nb.wire.wav import AudioReader, read_wav

SECOND = 24_000


def tone(sample_rate: int, channels: int = 1, seconds: float = 0.5) -> np.ndarray:
    """A tone of 440 Hz at half the loudest, float, shape (n, channels)."""
    time = np.arange(int(sample_rate * seconds)) / sample_rate
    return np.repeat(0.5 * np.sin(2 * np.pi * 440 * time)[:, None], channels, axis=1)


def written(samples: np.ndarray, bits: int, kind: int = 1) -> bytes:
    match kind, bits:
        case 1, 8:
            return (samples * 127 + 128).astype("u1").tobytes()
        case 1, 24:
            return b"".join(struct.pack("<i", int(s * 2**23))[:3] for s in samples.ravel())
        case 3, _:
            return samples.astype(f"<f{bits // 8}").tobytes()
        case _:
            return (samples * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()


def wav(data: bytes, sample_rate=SECOND, channels=1, bits=16, kind=1, length=None) -> bytes:
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, sample_rate, sample_rate * block, block, bits)
    size = len(data) if length is None else length
    start = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<I", 16)
    return start + head + b"data" + struct.pack("<I", size) + data


def read(pieces) -> np.ndarray:
    reader = AudioReader()
    pcm = b"".join(reader.read(piece) for piece in pieces) + reader.flush()
    return np.frombuffer(pcm, "<i2")


def test_the_speech_that_we_play_is_not_touched():
    pcm = np.random.default_rng(0).integers(0, 256, 4000, "u1").tobytes()
    assert read([pcm]).tobytes() == read([wav(pcm)]).tobytes() == pcm


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("bits", "kind"), [(8, 1), (16, 1), (32, 1), (32, 3)])
def test_other_wav_is_converted_to_the_same_tone(sample_rate, channels, bits, kind):
    data = written(tone(sample_rate, channels), bits, kind)
    heard = read([wav(data, sample_rate, channels, bits, kind)])
    assert abs(len(heard) - SECOND // 2) <= 32
    middle = heard[2000:10000].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(spectrum.argmax() * SECOND / len(middle) - 440) < 3
    assert abs(np.sqrt((middle**2).mean()) / (0.5 * 32767 / np.sqrt(2)) - 1) < 0.05


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 48000 * 4 // 2), max_size=8), st.booleans())
def test_the_cut_of_converted_speech_is_not_heard(cuts, is_each):
    data = written(tone(48000, 2), 16)
    places = [0, *sorted(4 * (c // 4) if is_each else c for c in cuts)]
    first, *others = [data[a:b] for a, b in zip(places, [*places[1:], None], strict=True)]
    pieces = [wav(first, 48000, 2, length=None if is_each else 0xFFFFFFFF)]
    pieces += [wav(p, 48000, 2) if is_each else p for p in others]
    whole, heard = read([wav(data, 48000, 2)]), read(pieces)
    assert len(heard) == len(whole)
    assert np.abs(heard.astype(int) - whole).max() <= 1


def test_a_change_of_the_format_in_the_middle_loses_nothing():
    rates = [48000, 16000, 24000, 44100]
    halves = [wav(written(tone(rate), 16), rate) for rate in rates]
    parts = [read([half]).tobytes() for half in halves]
    assert read(halves).tobytes() == b"".join(parts)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"bits": 24}, "24,000 Hz, 1 channels, 24 bit"),
        ({"channels": 6}, "6 channels"),
        ({"bits": 4, "kind": 2}, "kind 2"),
        ({"sample_rate": 0}, "WAV of 0 Hz"),
        ({"channels": 0}, "0 channels"),
        ({"bits": 64, "kind": 3}, "64 bit floating point"),
    ],
)
def test_wav_that_cannot_be_converted_is_named(fields, words):
    with pytest.raises(ServiceError, match=words) as caught:
        read([wav(bytes(480), **fields)])
    assert "Accepted: mono or stereo" in caught.value.advice


@pytest.mark.parametrize(
    ("start", "name"),
    [(b"ID3\x03\x00", "MP3"), (b"ID3\x04\x00", "MP3"), (b"OggS", "Ogg"), (b"fLaC", "FLAC")],
)
def test_a_file_of_another_kind_is_named(start, name):
    with pytest.raises(ServiceError, match=f"as {name} files"):
        read([start + bytes(100)])


def test_the_extended_header_says_the_kind_further_on():
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 24000, 0, "NONE", ""))
        writer.writeframes(b"abcd")
    plain = file.getvalue()
    fields = struct.pack("<HHIIHH", 0xFFFE, 1, 24000, 48000, 2, 16)
    fields += struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)
    extended = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 40) + fields + plain[36:]
    assert read_wav(extended) == read_wav(plain)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_a_damaged_header_is_an_error_of_ours_or_sound(noise, place):
    data = bytearray(wav(bytes(64)))
    data[12 + place : 12 + place + len(noise)] = noise
    with contextlib.suppress(ServiceError):
        read([bytes(data)])  # as whole samples


def test_a_header_without_a_format_changes_nothing():
    assert read([b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd"]).tobytes() == b"abcd"
    assert read_wav(b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0abdata\x02\0\0\0cd") == (None, b"cd")
    assert read_wav(b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0ab") is None, "samples may come yet"
