"""Make audio and video files for tests: every accepted format, also with wrong headers.

All of it is made by PyAV on the spot, so nothing binary is kept in the repository, and every
test knows what it should find in a file.
"""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import PIL.Image

AUDIO_FORMATS: Mapping[str, str] = {
    "wav": "wav",
    "mp3": "mp3",
    "mp3-no-xing": "mp3",
    "m4a": "m4a",
    "aac": "aac",
    "flac": "flac",
    "ogg": "ogg",
    "opus": "ogg",
    "amr": "amr",
    "3gp": "3gp",
    "webm": "webm",
}
"""The forms of `audio_file`, with the container as the service's ``format`` field names it."""

VIDEO_FORMATS: Mapping[str, str] = {
    "mp4": "video/mp4",
    "mp4-faststart": "video/mp4",
    "mp4-fragmented": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-wmv",
}
"""The forms of `video_file`, with their MIME types.

``"mp4"`` has its index at the end, ``"mp4-faststart"`` at the start; ``"mp4-fragmented"`` and
``"flv"`` have none.
"""


@dataclass(frozen=True)
class _Track:
    codec: str
    container: str
    sample_rates: tuple[int, ...] = ()
    mono_only: bool = False
    container_options: Mapping[str, str] = field(default_factory=dict)
    codec_options: Mapping[str, str] = field(default_factory=dict)


_AUDIO_TRACKS = {
    "wav": _Track("pcm_s16le", "wav"),
    "mp3": _Track("libmp3lame", "mp3"),
    "mp3-no-xing": _Track(
        "libmp3lame",
        "mp3",
        container_options={"write_xing": "0", "id3v2_version": "0"},
        codec_options={"flags": "+qscale", "global_quality": "472"},  # a varying bit rate
    ),
    "m4a": _Track("aac", "ipod"),
    "aac": _Track("aac", "adts"),
    "flac": _Track("flac", "flac"),
    "opus": _Track("libopus", "ogg", sample_rates=(8000, 12000, 16000, 24000, 48000)),
    "amr": _Track("libopencore_amrnb", "amr", sample_rates=(8000,), mono_only=True),
    "3gp": _Track("libopencore_amrnb", "3gp", sample_rates=(8000,), mono_only=True),
    "webm": _Track("libopus", "webm", sample_rates=(8000, 12000, 16000, 24000, 48000)),
}

_H264 = {"preset": "ultrafast", "crf": "24"}
_VIDEOS = {
    "mp4": ("mp4", "libx264", "aac", _H264, {}),
    "mp4-faststart": ("mp4", "libx264", "aac", _H264, {"movflags": "faststart"}),
    "mp4-fragmented": ("mp4", "libx264", "aac", _H264, {"movflags": "frag_keyframe+empty_moov"}),
    "mov": ("mov", "libx264", "aac", _H264, {}),
    "mkv": ("matroska", "libx264", "aac", _H264, {}),
    "avi": ("avi", "mpeg4", "libmp3lame", {}, {}),
    "webm": ("webm", "libvpx", "libopus", {"deadline": "realtime", "cpu-used": "8"}, {}),
    "flv": ("flv", "flv", "libmp3lame", {}, {}),
    "wmv": ("asf", "wmv2", "wmav2", {}, {}),
}


@lru_cache(maxsize=64)
def audio_file(
    form: str,
    seconds: float = 1.5,
    sample_rate: int = 16000,
    channels: int = 1,
    frequency: float = 440,
) -> bytes:
    """Return a tone as a file of a form of `AUDIO_FORMATS`.

    ``"amr"`` and ``"3gp"`` are always 8 kHz mono, as AMR is. The second half of
    ``"mp3-no-xing"`` is noise: it takes more bits than the tone, so that a duration guessed from
    the first frames is wrong.
    """
    if form == "ogg":
        return _vorbis(tone(seconds, sample_rate, channels, frequency), sample_rate)
    track = _AUDIO_TRACKS[form]
    rate = sample_rate if sample_rate in (track.sample_rates or (sample_rate,)) else 8000
    samples = tone(seconds, rate, 1 if track.mono_only else channels, frequency)
    if form == "mp3-no-xing":
        half = len(samples) // 2
        noise = np.random.default_rng(0).integers(-9000, 9000, samples[half:].shape)
        samples = np.concatenate([samples[:half], noise.astype(np.int16)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio"
        options = dict(track.container_options)
        with av.open(str(path), "w", format=track.container, options=options) as container:
            stream = container.add_stream(
                track.codec, rate=rate, options=dict(track.codec_options), layout=_layout(samples)
            )
            for piece in (*_audio_frames(stream, samples, rate), None):
                container.mux(stream.encode(piece))
        return path.read_bytes()


@lru_cache(maxsize=32)
def video_file(
    form: str,
    seconds: float = 2.0,
    width: int = 160,
    height: int = 120,
    fps: int = 10,
    has_audio: bool = True,
) -> bytes:
    """Return a video of a form of `VIDEO_FORMATS`: a white square crosses it, with a tone.

    `moment` reads from a frame how much of the video had passed.
    """
    name, codec, audio_codec, codec_options, options = _VIDEOS[form]
    total = round(seconds * fps)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        with av.open(str(path), "w", format=name, options=dict(options)) as container:
            stream: Any = container.add_stream(codec, rate=fps, options=dict(codec_options))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.gop_size = fps
            rate = 48000 if audio_codec == "libopus" else 44100
            if has_audio:
                track: Any = container.add_stream(audio_codec, rate=rate, layout="mono")
                track.bit_rate = 64000  # wmav2 has no default
                pieces = iter(_audio_frames(track, tone(seconds, rate, 1, 440), rate))
            for number in range(total):
                pixels = frame_pixels(number / max(1, total - 1), width, height)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
                while has_audio and (piece := next(pieces, None)):
                    container.mux(track.encode(piece))
                    if piece.pts / rate > number / fps:
                        break
            container.mux(stream.encode(None))
            if has_audio:
                for piece in (*pieces, None):
                    container.mux(track.encode(piece))
        return path.read_bytes()


@lru_cache(maxsize=4)
def speechlike(words: str = "The quick brown fox jumps over the lazy dog.") -> bytes:
    """Return a WAV file of the stand-in's voice: words with espeak-ng, a hum without."""
    from omni_nb.media.clip import AudioClip
    from omni_nb.offline.voice import speak

    return AudioClip(speak(words, "Cherry")).to_wav()


def tone(
    seconds: float, sample_rate: int = 16000, channels: int = 1, frequency: float = 440
) -> np.ndarray[Any, Any]:
    """Return int16 samples of shape (n, channels): each channel a fifth above the one before."""
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    pitches = frequency * 1.5 ** np.arange(channels)
    waves = 0.4 * np.sin(2 * np.pi * times[:, None] * pitches)
    return np.rint(waves * 32767).astype(np.int16)


def frame_pixels(moment: float, width: int = 160, height: int = 120) -> np.ndarray[Any, Any]:
    """Return a frame, uint8 of shape (h, w, 3): its square is left at 0, right at 1.

    The upper half is dark red and the lower half dark blue, so that a turned frame shows.
    """
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2] = (110, 0, 0)
    pixels[height // 2 :] = (0, 0, 110)
    side = height // 4
    left = round(moment * (width - side))
    pixels[(height - side) // 2 : (height + side) // 2, left : left + side] = 255
    return pixels


def moment(frame: PIL.Image.Image) -> float:
    """Return how far the square is in a frame of `video_file`: 0 at the start, 1 at the end."""
    light = np.asarray(frame.convert("RGB"), dtype=float).min(axis=2)
    height, width = light.shape
    side = height // 4
    columns = light[(height - side) // 2 : (height + side) // 2].mean(axis=0)
    weights = np.where(columns > 100, columns, 0)
    center = float((np.arange(width) * weights).sum() / weights.sum())
    return (center - (side - 1) / 2) / (width - side)


def with_wav_sizes(data: bytes, size: int) -> bytes:
    """Return a WAV file whose header claims ``size`` bytes, for the file and for its samples."""
    lied = bytearray(data)
    place = lied.index(b"data") + 4
    lied[4:8] = lied[place : place + 4] = struct.pack("<I", size)
    return bytes(lied)


def truncated(data: bytes, part: float) -> bytes:
    """Return the first ``part`` (0–1) of a file."""
    return data[: int(len(data) * part)]


_MATRICES = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def rotated(data: bytes, degrees: int) -> bytes:
    """Return an MP4 or MOV file whose frames are shown turned clockwise, as phones write it."""
    turned = bytearray(data)
    place = turned.index(b"tkhd") + 44  # version, flags, times, id, layer, volume come before
    a, b, c, d = (value * 0x10000 for value in _MATRICES[degrees])
    turned[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    return bytes(turned)


def _layout(samples: np.ndarray[Any, Any]) -> str:
    return {1: "mono", 2: "stereo"}[samples.shape[1]]


def _audio_frames(stream: Any, samples: np.ndarray[Any, Any], sample_rate: int) -> list[Any]:
    """Cut samples into frames as the encoder of a stream wants them."""
    interleaved = np.ascontiguousarray(samples).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(interleaved, "s16", _layout(samples))
    frame.sample_rate = sample_rate
    frame.pts = 0
    resampler = av.AudioResampler(
        format=stream.format,
        layout=_layout(samples),
        rate=sample_rate,
        frame_size=stream.codec_context.frame_size or None,
    )
    return [*resampler.resample(frame), *resampler.resample(None)]


def _vorbis(samples: np.ndarray[Any, Any], sample_rate: int) -> bytes:
    """Encode with libsndfile: ffmpeg's own Vorbis encoder is experimental, and stereo only."""
    import io

    import soundfile

    soundfile.write(file := io.BytesIO(), samples, sample_rate, format="OGG", subtype="VORBIS")
    return file.getvalue()
