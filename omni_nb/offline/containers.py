"""Open audio and video files safely: no other files or addresses, no endless reading."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from omni_nb.errors import MediaError
from omni_nb.media.extract import has_decoder

if TYPE_CHECKING:
    from collections.abc import Iterator

# Formats that are one file. Playlists and the like could name other files and addresses.
_FORMATS: Final = (
    *("wav", "mp3", "aac", "flac", "ogg", "amr", "aiff", "caf", "au"),
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm"),
    *("avi", "flv", "asf", "mpeg", "mpegts"),
)
_GUARDS: Final = {"format_whitelist": ",".join(_FORMATS), "protocol_whitelist": "none"}
_MOST_SECONDS: Final = 30.0
_DECODERS = threading.BoundedSemaphore(2)  # of a large video one holds a few hundred MB


@contextlib.contextmanager
def opened(file: BinaryIO) -> Iterator[Any]:
    """Open an audio or video file with PyAV.

    Raises
    ------
    MediaError
        The file cannot be read; also for whatever goes wrong inside the ``with``.
    """
    import av

    file.seek(0)
    with _DECODERS:
        try:
            # not ``options``: PyAV before 17 reads past them when a stream comes late, as in FLV
            with av.open(
                file, "r", container_options=dict(_GUARDS), metadata_errors="replace"
            ) as container:
                yield container
        except MediaError:
            raise
        except Exception as error:  # ffmpeg's readers fail in many ways, PyAV's wrapping in more
            raise MediaError(f"The file cannot be decoded: {error}.") from error


def packets(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield the packets of these streams, as far as they can be read in half a minute."""
    import av

    latest = time.monotonic() + _MOST_SECONDS
    with contextlib.suppress(av.FFmpegError):  # a file that is cut off: what came before counts
        for packet in container.demux(*streams):
            if time.monotonic() > latest:
                raise MediaError("Reading the file takes too long.")
            yield packet


def frames(packet: Any) -> list[Any]:
    """Return the frames of a packet; none of a damaged one."""
    import av

    if not has_decoder(packet):
        return []
    try:
        return list(packet.decode())
    except av.FFmpegError:
        return []
