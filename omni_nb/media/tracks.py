"""Measure the tracks of an audio or video file, packet by packet, without decoding them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import MediaError
from omni_nb.media.boxes import brand, is_turned

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from omni_nb.media.sources import HeldSource

PACKETS_MAX = 600_000
"""More than 3 hours of audio, the most that any model takes; measuring it takes seconds."""

_GLANCE_PACKETS: Final = 1000
_GARBAGE_BYTES: Final = 64 * 2**20
"""A file ends where so much of it is read without a packet: no real packet is as large."""
_SEEK_BYTES: Final = 128
"""What a seek counts as: in garbage, ffmpeg may seek at every 8 bytes."""

# ffmpeg's readers that may be tried. The others include playlists, which would open what they name.
READERS: Final = "wav,mp3,mov,aac,flac,ogg,amr,matroska,avi,flv,asf"
_STILL_CODECS: Final = frozenset({"bmp", "gif", "mjpeg", "png", "tiff", "webp"})
_STILL_BRANDS: Final = frozenset({b"avif", b"heic", b"heix", b"mif1"})
_GUESSED: Final = frozenset({"aac", "amr"})
"""Formats with no duration in any header; ffmpeg guesses it from the first frames."""
_FILLED_SECONDS: Final = 0.1  # AAC of 16 kHz has 0.064 s in a frame
_SKIPPED: Final = "skip_samples"
"""ffmpeg's note on a packet: how many samples at its start and end are not to be heard."""


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


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of an audio or video file.

    Attributes
    ----------
    container
        Its kind of file: ``"wav"``, ``"mp3"``, ``"mp4"``, ``"mov"``, ``"3gp"``, ``"mkv"``, ...
    is_turned
        Whether its frames are displayed on their side.
    """

    container: str
    audio: Track | None
    video: Track | None
    is_turned: bool


def sound_seconds(shown: float, decoded: float) -> float:
    """Return how long the sound of a video lasts, whose frames are ``shown`` for so long.

    A sound that ends with them, but for what an encoder adds to fill its last frame, lasts as
    long as they do; any other as long as its decoded samples.

    Examples
    --------
    >>> sound_seconds(3.0, 3.02), sound_seconds(2.0, 20.02), sound_seconds(3.0, 1.5)
    (3.0, 20.02, 1.5)
    """
    return shown if 0 <= decoded - shown <= _FILLED_SECONDS else decoded


def read_tracks(source: HeldSource, *, is_glance: bool = False) -> Tracks | None:
    """Read the tracks of a file; return None when it is no audio or video that we know.

    Parameters
    ----------
    source
        The file.
    is_glance
        Read only the beginning: which tracks there are, not how long.

    Raises
    ------
    MediaError
        The file cannot be read, or has more packets than is sensible.
    """
    with source.open() as file:
        head = file.read(64)
        if brand(head) in _STILL_BRANDS:  # to ffmpeg, a HEIC photo is a video
            return None
        reader = _Reader(file)
        opened = _open(reader)
        if opened is None:
            return None
        with opened as container:
            form = _form(container.format.name, head)
            counters = _counted(container, reader, is_glance)
            if counters is None:
                raise MediaError(
                    f"{source.name!r} has more than {PACKETS_MAX:,} packets of sound or video: "
                    "hours of it, or a damaged file. Cut it, or pass a URL."
                )
            tracks = [c.track(form) for c in counters if c.total or (is_glance and c.has_packets)]
        moving = [t for t in tracks if t.kind == "video" and not _is_cover(t)]
        audios = [t for t in tracks if t.kind == "audio" and t.sample_rate and t.channels]
        turned = form in ("mp4", "mov", "3gp") and is_turned(file, source.total_bytes)
    return Tracks(form, next(iter(audios), None), next(iter(moving), None), turned)


class _Reader:
    """A file for ffmpeg that ends where nothing but garbage comes."""

    __slots__ = ("_file", "unclaimed_bytes")

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.unclaimed_bytes = 0  # read since the last packet

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        if self.unclaimed_bytes > _GARBAGE_BYTES:
            return b""
        data = self._file.read(size)
        self.unclaimed_bytes += len(data)
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        """Seek a place."""
        self.unclaimed_bytes += _SEEK_BYTES
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()


def _open(reader: _Reader) -> Any:
    import av

    reader.seek(0)
    try:
        return av.open(
            reader, container_options={"format_whitelist": READERS}, metadata_errors="ignore"
        )
    except Exception:  # ffmpeg's readers raise what their formats happen to raise
        return None


def _form(reader: str, head: bytes) -> str:
    """Return the kind of file: several share one reader of ffmpeg."""
    if reader.startswith("mov"):
        major = brand(head)
        return "3gp" if major[:2] == b"3g" else "mov" if major in (b"", b"qt  ") else "mp4"
    if reader.startswith("matroska"):
        return "webm" if b"webm" in head else "mkv"
    return {"asf": "wmv"}.get(reader, reader)


def _is_cover(track: Track) -> bool:
    """Return whether a video track is the cover image of an audio file."""
    return track.codec in _STILL_CODECS and track.total_packets <= 1


class TrackCounter:
    """The sums of a stream's packets: how many there are, and how long what they hold lasts.

    Packets that an edit list hides are not counted; a decoder needs them, and shows nothing of
    them.
    """

    __slots__ = (
        "_base",
        "_first",
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
        self._skipped_samples += self._samples_skipped(packet)
        if getattr(packet, "is_discard", False):
            return
        ticks = packet.duration or 0
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

    def _samples_skipped(self, packet: Any) -> int:
        """Return how many samples of a packet are an encoder's padding, or hidden."""
        has_side_data = getattr(packet, "has_sidedata", None)  # PyAV 15 and later
        if self.stream.type != "audio" or has_side_data is None or not has_side_data(_SKIPPED):
            return 0
        data = bytes(packet.get_sidedata(_SKIPPED))
        start, end = struct.unpack_from("<2I", data) if len(data) >= 8 else (0, 0)
        return int(start + end)

    def _shown_seconds(self) -> float:
        """Return the time from the first frame to the end of the last, by its own duration.

        Where no duration is written for it, it stays as long as the others do on average.
        """
        span = self._last - (self._first or 0)
        if self.total < 2 or span <= 0:
            return self._seconds(self._ticks)
        return self._seconds(span + (self._last_ticks or span / (self.total - 1)))


def _counted(container: Any, reader: _Reader, is_glance: bool) -> list[TrackCounter] | None:
    """Count the packets of each track; return None when there are too many."""
    streams = [s for s in container.streams if s.type in ("audio", "video") and s.codec_context]
    counters = {stream.index: TrackCounter(stream) for stream in streams}
    for total, packet in enumerate(_packets(container, streams)):
        reader.unclaimed_bytes = 0
        if is_glance and total >= _GLANCE_PACKETS:
            break
        if total >= PACKETS_MAX:
            return None
        counters[packet.stream.index].add(packet)
    return list(counters.values())


def _packets(container: Any, streams: list[Any]) -> Iterable[Any]:
    """Yield packets up to the end of the file, or to where it is damaged."""
    if not streams:
        return
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except Exception:  # StopIteration, or damage: what came before is there
            return
        yield packet
