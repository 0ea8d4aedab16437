"""Read boxes of MP4 and QuickTime files: facts that not every version of PyAV tells."""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_BOXES_MAX: Final = 4096
"""Real files have some dozens; a hostile one could have a box in every 8 bytes."""


class Box(NamedTuple):
    """The kind of a box, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def brand(head: bytes) -> bytes:
    r"""Return the major brand of a file that begins with ``head``, or nothing.

    Examples
    --------
    >>> brand(b"\x00\x00\x00\x18ftypM4A ")
    b'M4A '
    """
    return head[8:12] if head[4:8] == b"ftyp" else b""


def is_turned(file: BinaryIO, total_bytes: int) -> bool:
    """Return whether the first video track is shown on its side, by its matrix (ISO 14496-12)."""
    whole = Box(b"", 0, total_bytes)
    for track in _inside(file, whole, b"moov", b"trak"):
        handlers = [_content(file, box) for box in _inside(file, track, b"mdia", b"hdlr")]
        if any(handler[8:12] == b"vide" for handler in handlers):
            return any(_is_quarter(_content(file, box)) for box in _inside(file, track, b"tkhd"))
    return False


def _is_quarter(header: bytes) -> bool:
    place = 52 if header[:1] == b"\x01" else 40  # version 1 has 64-bit times
    if len(header) < place + 20:
        return False
    a, b, _, c, d = struct.unpack_from(">5i", header, place)
    return bool(a == d == 0 and b and c)


def _inside(file: BinaryIO, box: Box, *path: bytes) -> list[Box]:
    """Return the boxes at a path of kinds."""
    kind, *rest = path
    found = [inner for inner in islice(_boxes(file, box), _BOXES_MAX) if inner.kind == kind]
    return [deeper for inner in found for deeper in _inside(file, inner, *rest)] if rest else found


def _boxes(file: BinaryIO, box: Box) -> Iterator[Box]:
    place = box.start
    while place + 8 <= box.end:
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        length = 8
        if size == 1 and len(head) == 16:
            (size,), length = struct.unpack_from(">Q", head, 8), 16
        size = size or box.end - place  # 0: to the end
        if size < length:
            return
        yield Box(kind, place + length, min(place + size, box.end))
        place += size


def _content(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, 128))
