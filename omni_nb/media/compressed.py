"""Encode speech as MP3 and Ogg Opus, once for each clip, and decode it again."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal

from omni_nb.errors import MediaError
from omni_nb.media.resample import Resampler, mixed, pcm16

if TYPE_CHECKING:
    from collections.abc import Mapping

Form = Literal["mp3", "opus"]

BITS_PER_SECOND: Final[Mapping[Form, int]] = {"mp3": 40_000, "opus": 24_000}
"""Small enough for a notebook: 5 and 3 kB per second of speech."""

_CONTAINERS: Final[Mapping[Form, str]] = {"mp3": "mp3", "opus": "ogg"}
_CODECS: Final[Mapping[Form, str]] = {"mp3": "libmp3lame", "opus": "libopus"}
_OPUS_RATES: Final = (8_000, 12_000, 16_000, 24_000, 48_000)
MOST_SAMPLES: Final = 24_000 * 60 * 120
"""Two hours of speech, 346 MB: the most that is decoded at once."""

_KEPT: Final = 128  # clips; a minute of MP3 has 300 kB


def compressed(pcm: bytes, sample_rate: int, form: Form, bits_per_second: int) -> bytes:
    """Return mono PCM16 as an MP3 or Ogg Opus file.

    A conversation is shown again and again while it grows: an encoded file is kept, and its
    samples are not.

    Examples
    --------
    >>> compressed(bytes(48_000), 24_000, "opus", 24_000)[:4]
    b'OggS'
    """
    speech = _Speech(pcm, sample_rate, form, bits_per_second)
    data = _encoded_once(speech)
    speech.pcm = b""
    return data


def decompressed(data: bytes, sample_rate: int, *, most_samples: int = MOST_SAMPLES) -> bytes:
    """Decode an audio file to mono PCM16 of a sample rate, ``most_samples`` of it at most.

    A small file may claim, and decode to, any length.

    Raises
    ------
    MediaError
        The file cannot be decoded.
    """
    import av

    resampler = Resampler(sample_rate)
    pcm = bytearray()
    try:
        with av.open(io.BytesIO(data), "r") as container:
            for frame in chain(container.decode(audio=0), [None]):
                for piece in resampler.resample(frame):
                    pcm += pcm16(mixed(piece))
                if len(pcm) >= 2 * most_samples:
                    break
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise MediaError(f"This speech cannot be decoded: {error}.") from error
    return bytes(pcm[: 2 * most_samples])


class _Speech:
    """A cache key, equal for equal speech, that drops its samples once they are encoded."""

    __slots__ = ("key", "pcm")

    def __init__(self, pcm: bytes, sample_rate: int, form: Form, bits_per_second: int) -> None:
        self.key = (hashlib.sha256(pcm).digest(), sample_rate, form, bits_per_second)
        self.pcm = pcm

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Speech) and self.key == other.key


@lru_cache(maxsize=_KEPT)
def _encoded_once(speech: _Speech) -> bytes:
    import av
    import numpy as np

    _, sample_rate, form, bits_per_second = speech.key
    file = io.BytesIO()
    samples = np.frombuffer(speech.pcm, "<i2").astype(np.int16, copy=False)
    with av.open(file, "w", format=_CONTAINERS[form]) as container:
        stream: Any = container.add_stream(
            _CODECS[form], rate=_encoder_rate(sample_rate, form), layout="mono"
        )
        stream.bit_rate = bits_per_second
        if form == "opus":
            stream.options = {"application": "voip"}  # tuned for speech
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
        frame.sample_rate = sample_rate
        for piece in (*_resampled(frame, stream), None):
            container.mux(stream.encode(piece))
    return file.getvalue()


def _encoder_rate(sample_rate: int, form: Form) -> int:
    """Return the sample rate to encode with: Opus knows five, and all players play 48 kHz."""
    return sample_rate if form == "mp3" or sample_rate in _OPUS_RATES else _OPUS_RATES[-1]


def _resampled(frame: Any, stream: Any) -> list[Any]:
    """Bring a frame to the sample format, rate and frame size that the encoder wants."""
    import av

    resampler = av.AudioResampler(
        format=stream.format,
        layout="mono",
        rate=stream.rate,
        frame_size=stream.frame_size or None,
    )
    return [*resampler.resample(frame), *resampler.resample(None)]
