"""Sounds of any number of channels, in any layout, that may change on the way."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from omni_nb.errors import MediaError
from omni_nb.media.extract import read_audio
from omni_nb.media.parts import AudioPart, audio
from omni_nb.media.resample import Resampler, mixed, pcm16
from omni_nb.media.sources import LocalSource
from omni_nb.offline.audio import measure_audio
from tests.media_files import speechlike, tone

RATE = 16_000
CASES = Path(__file__).parents[2] / "cases" / "media"


def alone(channels: int, spoken: int, seconds: float = 1.0) -> np.ndarray[Any, Any]:
    """Return samples of which one channel speaks and the others are silent."""
    speech = read_audio(LocalSource(speechlike(), "speech")).samples[: round(seconds * RATE)]
    samples = np.zeros((len(speech), channels), np.int16)
    samples[:, spoken] = speech
    return samples


def wav(samples: np.ndarray[Any, Any], mask: int | None = None, rate: int = RATE) -> bytes:
    """Return a WAV file; an extensible one where a mask of its speakers is given."""
    channels, data = samples.shape[1], samples.astype("<i2").tobytes()
    fields = (channels, rate, rate * channels * 2, channels * 2, 16)
    if mask is None:
        form = struct.pack("<HHIIHH", 1, *fields)
    else:
        pcm = bytes.fromhex("0100000000001000800000aa00389b71")
        form = struct.pack("<HHIIHHHHI", 0xFFFE, *fields, 22, 16, mask) + pcm
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def encoded(
    samples: np.ndarray[Any, Any], container: str, codec: str, layout: str, is_film: bool = False
) -> bytes:
    """Return samples in another container, with pictures if it is a film."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as made:
        track: Any = made.add_stream(codec, rate=RATE, layout=layout)
        if is_film:
            pictures: Any = made.add_stream("mpeg4", rate=10)
            pictures.width, pictures.height, pictures.pix_fmt = 32, 32, "yuv420p"
            for number in range(len(samples) * 10 // RATE):
                frame = av.VideoFrame(32, 32, "yuv420p")
                frame.pts = number
                made.mux(pictures.encode(frame))
            made.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples).reshape(1, -1), "s16", layout
        )
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(
            track.format, layout, RATE, frame_size=track.codec_context.frame_size or None
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            made.mux(track.encode(piece))
    return file.getvalue()


FILES = {
    "plain-3.wav": lambda: wav(alone(3, 2)),
    **{f"plain-{n}.wav": lambda n=n: wav(alone(n, n - 1)) for n in (8, 9, 16)},
    **{f"extensible-{n}.wav": lambda n=n: wav(alone(n, 2), 0) for n in (8, 9, 16)},
    "film-7.1.wav": lambda: wav(alone(8, 2), 0x63F),
    "side-5.1.wav": lambda: wav(alone(6, 2), 0x60F),
    "odd-mask.wav": lambda: wav(alone(8, 3), 0x3),
    "aac-7.1.m4a": lambda: encoded(alone(8, 2), "mp4", "aac", "7.1"),
    "alac-7.1.m4a": lambda: encoded(alone(8, 2), "mov", "alac", "7.1(wide)"),
    "pcm-16.m4a": lambda: encoded(alone(16, 15), "mov", "pcm_s16le", "hexadecagonal"),
    "flac-7.1.flac": lambda: encoded(alone(8, 3), "flac", "flac", "7.1"),
    "aac-7.1.mkv": lambda: encoded(alone(8, 2), "matroska", "aac", "7.1", is_film=True),
    "flac-7.1.mkv": lambda: encoded(alone(8, 2), "matroska", "flac", "7.1", is_film=True),
    **{
        f"pcm-{n}.mkv": lambda n=n: encoded(
            alone(n, n - 1), "matroska", "pcm_s16le", f"{n} channels", is_film=True
        )
        for n in (9, 16)
    },
}


@pytest.mark.slow
def test_sounds_of_many_channels_are_heard_and_do_not_end_the_process(tmp_path: Path) -> None:
    """The one voice is in the centre, in the last channel, in that of low frequencies."""
    for name, make in FILES.items():
        (tmp_path / name).write_bytes(make())
    script = Path(__file__).parent / "many_channels.py"
    ran = subprocess.run(
        [sys.executable, script, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "OMNI_NB_STAND_IN_PACE": "0"},
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.splitlines() == [f"{name} heard" for name in sorted(FILES)]


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
def test_each_channel_is_heard_alone(channels: int) -> None:
    for spoken in range(channels):
        data = wav(alone(channels, spoken))
        measured = measure_audio(io.BytesIO(data))
        assert not measured.is_silent
        assert measured.channels == channels
        clip = read_audio(LocalSource(data, "sound"))
        assert np.abs(clip.samples).max() > 1000 / channels


def test_the_voice_in_the_centre_of_a_film_is_speech() -> None:
    assert measure_audio(io.BytesIO(wav(alone(6, 2, 2.5), 0x3F))).is_speech_like


def test_pcm16_comes_back_exactly() -> None:
    samples = tone(0.5)
    assert read_audio(LocalSource(wav(samples), "sound")).pcm == samples.astype("<i2").tobytes()
    both = mixed(np.array([[0.5, -0.25], [1.0, 1.0]], np.float32))
    assert np.frombuffer(pcm16(both), "<i2").tolist() == [4096, 32767]


def test_more_channels_than_can_be_read_are_refused_in_words() -> None:
    data = wav(np.zeros((4000, 80), np.int16))
    with pytest.raises(MediaError, match=r"Sound of 80 channels cannot be read.*Mix it down"):
        read_audio(LocalSource(data, "array.wav"))


def frames_of(*pieces: tuple[int, str, str]) -> list[Any]:
    """Return frames of half a second, each with its own rate, format and layout."""
    frames = []
    for rate, form, layout in pieces:
        channels = av.AudioLayout(layout).nb_channels
        samples = tone(0.5, rate, 1).repeat(channels, axis=1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples).reshape(1, -1), "s16", layout
        )
        frame.sample_rate = rate
        (made,) = av.AudioResampler(form, layout, rate).resample(frame)
        frames.append(made)
    return frames


@pytest.mark.parametrize(
    "pieces",
    [
        [(44_100, "s16", "mono"), (44_100, "s16", "stereo")],
        [(8_000, "s16", "mono"), (48_000, "s16", "mono")],
        [(16_000, "s16", "stereo"), (16_000, "fltp", "stereo"), (16_000, "dbl", "stereo")],
        [(48_000, "fltp", "5.1(side)"), (44_100, "s16p", "stereo"), (22_050, "u8", "7.1(wide)")],
    ],
    ids=["channels", "rate", "format", "all"],
)
def test_a_sound_may_change_on_the_way(pieces: list[tuple[int, str, str]]) -> None:
    resampler = Resampler(RATE)
    made = [mixed(p) for f in (*frames_of(*pieces), None) for p in resampler.resample(f)]
    heard = np.concatenate(made)
    assert len(heard) / RATE == pytest.approx(len(pieces) / 2, abs=0.01)
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert power.argmax() * RATE / len(heard) == pytest.approx(440, abs=3)


def test_a_rate_that_no_sound_has_is_refused() -> None:
    (frame,) = frames_of((16_000, "s16", "mono"))
    frame.sample_rate = 900
    with pytest.raises(MediaError, match="900 samples per second are no sound"):
        next(Resampler(RATE).resample(frame))


def test_an_inserted_advertisement_is_heard_to_its_end() -> None:
    from omni_nb.rules.shrink import shrink

    part = audio(CASES / "adinsert.mp3")
    assert isinstance(part, AudioPart)
    assert part.seconds == pytest.approx(6.06, abs=0.005)
    assert read_audio(part.source).seconds == pytest.approx(6.06, abs=0.03)
    assert "data:image" in part._repr_mimebundle_()["text/html"]
    measured = measure_audio(io.BytesIO((CASES / "adinsert.mp3").read_bytes()))
    assert measured.seconds == part.seconds
    cut = shrink(part, max_seconds=5, say=str)
    assert cut.seconds == 5
    assert audio(cut.source.data).seconds == pytest.approx(5, abs=0.001)
