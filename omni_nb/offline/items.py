"""Decode the data URLs of a request; large ones are taken out of the body first.

The body of a 150 MB video has 200 MB of base64. Read in the usual way it would be in memory
five times over (body, decoded text, string, its bytes, file); taken out, it is there once.
"""

from __future__ import annotations

import binascii
import io
import tempfile
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from omni_nb.media.sources import decode_data_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGE: Final = 4 * 2**20
_PIECE: Final = 2**20  # characters of base64 decoded at a time: whole quartets
_LONGEST_HEAD: Final = 256


@dataclass(frozen=True, slots=True)
class Item:
    """A medium: its file, the file's size, and the size of its base64."""

    file: BinaryIO = field(repr=False)
    total_bytes: int
    base64_bytes: int


class Items:
    """The large media of one request; a context manager that closes their files.

    Parameters
    ----------
    find
        Returns a medium of the store by its ``oss://`` address, or None; by default addresses
        of the store are not looked at.
    """

    def __init__(self, find: Callable[[str], Item | None] | None = None) -> None:
        self._find = find
        self._mark = f"omni-item:{uuid.uuid4()}:"
        self._lifted: list[Item] = []

    def __enter__(self) -> Items:
        return self

    def __exit__(self, *_: object) -> None:
        for item in self._lifted:
            item.file.close()

    def lift(self, body: bytearray) -> None:
        """Replace every large base64 data URL in a JSON body by a short mark, in place.

        What is not plain base64 is left where it is, for `open` to judge.
        """
        kept: list[bytes] = []
        place = 0
        for start, data, end in _large(body):
            item = _decoded(body, data, end)
            if item is None:
                continue
            kept += [bytes(body[place:start]), f"{self._mark}{len(self._lifted)}".encode()]
            self._lifted.append(item)
            place = end
        if place:
            body[:] = b"".join([*kept, bytes(body[place:])])

    def holds(self, text: str) -> bool:
        """Return whether a string is the mark of a medium that was taken out."""
        return text.startswith(self._mark)

    def is_of_store(self, url: str) -> bool:
        """Return whether a URL is an address of the store, which is looked at here."""
        return self._find is not None and url[:6].lower() == "oss://"

    def fetch(self, url: str) -> Item | None:
        """Return the medium at an address of the store, or None where there is none."""
        item = self._find(url) if self._find is not None else None
        if item is not None:
            self._lifted.append(item)
        return item

    def open(self, url: str) -> Item:
        """Return the medium of a data URL, or of the mark in its place.

        Raises
        ------
        MediaError
            The data URL is broken.

        Examples
        --------
        >>> Items().open("data:;base64,aGk=").file.read()
        b'hi'
        """
        if self.holds(url):
            return self._lifted[int(url.removeprefix(self._mark))]
        data = decode_data_url(url)
        return Item(io.BytesIO(data), len(data), len(url) - url.find(",") - 1)


def _large(body: bytearray) -> Iterator[tuple[int, int, int]]:
    """Yield where large data URLs start, where their base64 starts, and where they end."""
    place = 0
    while (quote := body.find(b'"data:', place)) >= 0:
        start, end = quote + 1, body.find(b'"', quote + 1)
        if end < 0:
            return
        place = end
        if end - start < LARGE or body[quote - 1 : quote] == b"\\":
            continue
        comma = body.find(b";base64,", start, start + _LONGEST_HEAD)
        if comma >= 0:
            yield start, comma + len(";base64,"), end


def _decoded(body: bytearray, start: int, end: int) -> Item | None:
    """Decode piece by piece into a temporary file; return None for what is not plain base64."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - `Items` closes it
    total, tail = 0, bytes(body[end - 2 : end])
    stop = end - (len(tail) - len(tail.rstrip(b"=")))
    for place in range(start, stop, _PIECE):
        data = _plain(bytes(body[place : min(place + _PIECE, stop)]))
        if data is None:
            file.close()
            return None
        total += file.write(data)
    file.seek(0)
    return Item(file, total, end - start)


def _plain(piece: bytes) -> bytes | None:
    try:
        data = binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))
    except binascii.Error:
        return None
    # characters that are no base64 are skipped silently, so compare the length
    return data if len(data) == len(piece) * 3 // 4 else None
