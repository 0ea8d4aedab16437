"""Upload a request's body block by block, and report the progress.

The JSON of a request has a placeholder for each large source. When the body goes out, the
base64 of the source is read, encoded and sent block by block in its place: the memory that a
video of 150 MB costs is that of a block.
"""

from __future__ import annotations

import binascii
import os
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omni_nb.errors import MediaError
from omni_nb.media.sources import FileSource, embed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from omni_nb.errors import ServiceError
    from omni_nb.media.sources import HeldSource

LARGE_BYTES = 256 * 1024
BLOCK_BYTES = 768 * 1024
"""A multiple of 3: the base64 of all but the last block has no padding."""


class Abandoned(BaseException):
    """A request is given up for good: after any ``Exception`` the SDK would try again.

    Attributes
    ----------
    reason : ServiceError or None
        What to tell the person; None when they stopped the request themselves.
    """

    def __init__(self, reason: ServiceError | None = None) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """The progress of an upload.

    Attributes
    ----------
    sent_bytes, total_bytes
        Bytes of the request's body; media travel as base64, a third larger than their files.
    seconds
        How long the upload has lasted.

    Examples
    --------
    >>> UploadProgress(sent_bytes=30, total_bytes=120, seconds=2).seconds_left
    6.0
    """

    sent_bytes: int
    total_bytes: int
    seconds: float

    @property
    def is_done(self) -> bool:
        """Whether everything has left this process."""
        return self.sent_bytes >= self.total_bytes

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the speed so far; None while there is no speed yet."""
        if not self.sent_bytes:
            return None
        return self.seconds * (self.total_bytes - self.sent_bytes) / self.sent_bytes


class Upload:
    """The large sources of one request, and the sending of its body.

    Examples
    --------
    >>> from omni_nb.media.sources import LocalSource
    >>> upload = Upload()
    >>> url = upload.embed(LocalSource(bytes(3 * LARGE_BYTES), "noise"), "audio/wav")
    >>> body = upload.body(f'{{"url": "{url}"}}'.encode())
    >>> len(url) < 100, body.total_bytes, sum(map(len, body))
    (True, 1048609, 1048609)
    """

    def __init__(self) -> None:
        self._held: dict[bytes, HeldSource] = {}
        self._sent_bytes = 0
        self._total_bytes = 0
        self._started_at = 0.0
        self._is_stopped = False

    def embed(self, source: HeldSource, mime: str) -> str:
        """Return a data URL of a small source, or one with a placeholder; an `Embed`."""
        if source.total_bytes < LARGE_BYTES:
            return embed(source, mime)
        # Random, so that no text of a person can be taken for it.
        placeholder = f"omni-splice:{secrets.token_hex(16)}"
        self._held[placeholder.encode()] = source
        return f"data:{mime};base64,{placeholder}"

    def body(self, json_body: bytes) -> Body:
        """Return the body that stands for this JSON with placeholders."""
        pieces: Sequence[bytes] = [json_body]
        if self._held:
            pieces = re.split(b"(" + b"|".join(map(re.escape, self._held)) + b")", json_body)
        return Body([self._held.get(piece, piece) for piece in pieces], self.note)

    def stop(self) -> None:
        """End the sending before its next block; may be called from any thread."""
        self._is_stopped = True

    @property
    def is_large(self) -> bool:
        """Whether anything is sent in blocks."""
        return bool(self._held)

    @property
    def progress(self) -> UploadProgress | None:
        """The upload's progress; None before it begins, and when everything is small."""
        if not self._total_bytes:
            return None
        seconds = time.monotonic() - self._started_at
        return UploadProgress(self._sent_bytes, self._total_bytes, seconds)

    def note(self, sent_bytes: int, total_bytes: int) -> None:
        """Note how much is sent; raises `Abandoned` when it was stopped."""
        if sent_bytes == 0:  # the first block, also of another try
            self._started_at = time.monotonic()
        self._sent_bytes, self._total_bytes = sent_bytes, total_bytes
        if self._is_stopped:
            raise Abandoned


class Body:
    """The pieces of a body; iterating yields its bytes, each time from the start.

    Parameters
    ----------
    pieces
        JSON, and the sources whose base64 stands between.
    note
        Called with the sent and the total bytes before each block and at the end; what it
        raises ends the sending.
    """

    def __init__(
        self, pieces: Sequence[bytes | HeldSource], note: Callable[[int, int], None]
    ) -> None:
        self._pieces = pieces
        self._note = note
        self.total_bytes = sum(map(_sent_size, pieces))

    def __iter__(self) -> Iterator[bytes]:
        sent_bytes = 0
        for piece in self._pieces:
            for block in [piece] if isinstance(piece, bytes) else _base64_blocks(piece):
                self._note(sent_bytes, self.total_bytes)
                yield block
                sent_bytes += len(block)
        self._note(sent_bytes, self.total_bytes)


def _sent_size(piece: bytes | HeldSource) -> int:
    return len(piece) if isinstance(piece, bytes) else 4 * -(-piece.total_bytes // 3)


def _base64_blocks(source: HeldSource) -> Iterator[bytes]:
    """Yield the base64 of a source.

    Raises
    ------
    MediaError
        The source has changed. That is known before its last block is yielded, so what was
        sent is never a whole request.
    """
    with source.open() as file:
        for start in range(0, source.total_bytes, BLOCK_BYTES):
            wanted = min(BLOCK_BYTES, source.total_bytes - start)
            block = _read(file, wanted, source)
            if len(block) < wanted or has_changed(file, source):
                raise MediaError(f"The file {source.name!r} has changed while it was sent.")
            yield binascii.b2a_base64(block, newline=False)


def _read(file: BinaryIO, size: int, source: HeldSource) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise MediaError(f"The file {source.name!r} cannot be read on: {error}.") from error


def has_changed(file: BinaryIO, source: HeldSource) -> bool:
    """Return whether a file is another than when it was checked."""
    if not isinstance(source, FileSource):
        return False
    now = os.fstat(file.fileno())
    return (now.st_size, now.st_mtime_ns) != (source.total_bytes, source.modified_ns)
