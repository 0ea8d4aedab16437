"""Count the packets of an audio or video track: how many there are, and how long they last."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

_GUESSED: Final = frozenset({"aac", "amr"})
"""Formats with no duration in any header; ffmpeg guesses it from the first frames."""
_SKIPPED: Final = "skip_samples"
"""ffmpeg's note on a packet: how many samples at its start and end are not to be heard."""
_ADTS_RATES: Final = (
    *(96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000),
    *(22_050, 16_000, 12_000, 11_025, 8_000, 7_350, 0, 0, 0),
)
"""ISO 14496-3, table 1.18."""


@dataclass(frozen=True, slots=True)
class Track:
    """An audio or video track.

    Attributes
    ----------
    kind
        ``"audio"`` or ``"video"``.
    seconds
        How long it lasts, by what is really there and shown.
    total_packets
        Pieces of coded data; one for each frame of a video.
    decoded_seconds
        How long the samples of audio last once they are decoded, in whole frames of the codec:
        what a model hears; else 0.
    sample_rate, channels
        Of audio; else 0.
    width, height
        Stored size of a video in pixels; else 0.
    """

    kind: str
    codec: str
    seconds: float
    total_packets: int
    sample_rate: int = 0
    channels: int = 0
    width: int = 0
    height: int = 0
    decoded_seconds: float = 0.0


class TrackCounter:
    """The sums of a stream's packets: how many there are, and how long what they hold lasts.

    Packets that an edit list hides are not counted; a decoder needs them, and shows nothing of
    them.
    """

    __slots__ = (
        "_adts",
        "_base",
        "_first",
        "_is_adts",
        "_is_audio",
        "_last",
        "_last_ticks",
        "_longest",
        "_read",
        "_skipped_samples",
        "_ticks",
        "stream",
        "total",
    )

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.total = 0
        self._base = stream.time_base or 0
        codec = stream.codec_context
        self._is_audio = stream.type == "audio"
        self._is_adts = codec.name == "aac" and not codec.extradata
        self._adts: dict[tuple[int, int], int] = {}
        self._read = 0  # with what an edit list hides
        self._skipped_samples = 0
        self._ticks = self._longest = 0
        self._first: int | None = None
        self._last = self._last_ticks = 0

    @property
    def has_packets(self) -> bool:
        """Whether there are any, be they hidden."""
        return self._read > 0

    def add(self, packet: Any) -> None:
        """Count a packet."""
        if not packet.size:
            return
        self._read += 1
        if self._is_audio:
            self._skipped_samples += _samples_skipped(packet)
        if packet.is_discard:
            return
        ticks = (self._is_adts and self._adts_ticks(packet)) or packet.duration or 0
        if ticks >= 2**31:  # Vorbis: a negative duration in 32 bits
            ticks -= 2**32
        self.total += 1
        self._ticks += ticks
        self._longest = max(self._longest, ticks)
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is None:
            return
        if self._first is None or moment >= self._last:
            self._last, self._last_ticks = moment, ticks
        self._first = moment if self._first is None else min(self._first, moment)

    def track(self, form: str) -> Track:
        """Return the track that was counted, of a file of the form ``form``."""
        stream, codec = self.stream, self.stream.codec_context
        if stream.type == "video":
            seconds, size = self._shown_seconds(), (codec.width or 0, codec.height or 0)
            return Track("video", codec.name, seconds, self.total, 0, 0, *size)
        return Track(
            "audio",
            codec.name,
            self._audio_seconds(form),
            self.total,
            codec.sample_rate or 0,
            codec.channels or 0,
            decoded_seconds=self._decoded_seconds(),
        )

    def _seconds(self, ticks: float) -> float:
        return max(float(ticks * self._base), 0.0)

    def _audio_seconds(self, form: str) -> float:
        """Return the duration by the header if it omits only padding, else by the packets."""
        header = self.stream.duration or 0
        padding = self._ticks - header
        is_padding = padding * self._base >= -0.001 and padding <= 3 * self._longest
        trusted = form not in _GUESSED and is_padding and header > 0
        return self._seconds(header if trusted else self._ticks)

    def _decoded_seconds(self) -> float:
        """Return how long the samples last that a decoder gives: whole frames of the codec.

        Where frames have no fixed length, or one that the packets contradict, it is the sum of
        the packets.
        """
        codec, summed = self.stream.codec_context, self._seconds(self._ticks)
        frame, rate = codec.frame_size or 0, codec.sample_rate or 1
        whole = (self._read * frame - self._skipped_samples) / rate
        is_so = frame > 0 and abs(whole - summed) <= 3 * self._seconds(self._longest)
        return whole if is_so else summed

    def _adts_ticks(self, packet: Any) -> int:
        """Return the duration of a packet of AAC that names its own rate, which may change.

        ffmpeg counts all of them by the rate of the first.
        """
        head = bytes(memoryview(packet)[:7])
        if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            return 0
        named = rate, blocks = _ADTS_RATES[head[2] >> 2 & 15], (head[6] & 3) + 1
        if named not in self._adts:
            self._adts[named] = round(1024 * blocks / rate / self._base) if rate else 0
        return self._adts[named]

    def _shown_seconds(self) -> float:
        """Return the time from the first frame to the end of the last, by its own duration.

        Where no duration is written for it, it stays as long as the others do on average.
        """
        span = self._last - (self._first or 0)
        if self.total < 2 or span <= 0:
            return self._seconds(self._ticks)
        return self._seconds(span + (self._last_ticks or span / (self.total - 1)))


def _samples_skipped(packet: Any) -> int:
    """Return how many samples of a packet are an encoder's padding, or hidden."""
    noted = [bytes(data) for data in packet.iter_sidedata() if data.data_type == _SKIPPED]
    return sum(sum(struct.unpack_from("<2I", data)) for data in noted if len(data) >= 8)
