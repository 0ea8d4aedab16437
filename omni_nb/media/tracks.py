"""Measure the tracks of an audio or video file, packet by packet, without decoding them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import MediaError
from omni_nb.media.boxes import brand, is_turned
from omni_nb.media.counter import Track, TrackCounter

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
