"""Keep media in a folder, each file named by the hash of its content."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from omni_nb.errors import MediaError
from omni_nb.media.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omni_nb.media.sources import HeldSource

_BLOCK_BYTES = 1 << 20
_NAME = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{1,8})?")


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """A folder of media files named ``<sha256><suffix>``: the same file is there once.

    Files are read and written in blocks: a long video is never in memory at once.
    """

    path: Path

    def keep(self, source: HeldSource, suffix: str) -> str:
        """Copy a source into the folder, unless it is there; return its file name.

        Raises
        ------
        MediaError
            The source is gone or has changed, or the folder cannot be written.
        """
        digest = source_digest(source)
        target = self.path / f"{digest}{suffix if _NAME.fullmatch(digest + suffix) else ''}"
        try:
            if not (target.is_file() and file_digest(target) == digest):
                self.path.mkdir(parents=True, exist_ok=True)
                with source.open() as file, replacing(target) as copy:
                    shutil.copyfileobj(file, copy, _BLOCK_BYTES)
        except OSError as error:
            raise MediaError(
                f"{source.name!r} cannot be kept in {str(self.path)!r}: {error}."
            ) from error
        return target.name

    def find(self, name: str, shown_as: str) -> FileSource:
        """Return a kept file, checked against the hash in its name.

        Parameters
        ----------
        name
            What `keep` returned.
        shown_as
            The source's name for display.

        Raises
        ------
        MediaError
            The file is missing or altered, or the name is no content hash: nothing outside of
            the folder is ever opened.
        """
        expected = _NAME.fullmatch(name)
        if expected is None:
            raise MediaError(f"{name!r} is not the name of a kept file: '<sha256>.<type>'.")
        path = self.path / name
        if not path.is_file():
            raise MediaError(
                f"The file {name!r} ({shown_as}) is not in {str(self.path)!r}: keep the folder "
                "beside the saved conversation."
            )
        try:
            status, digest = path.stat(), file_digest(path)
        except OSError as error:
            raise MediaError(f"The file {str(path)!r} cannot be read: {error}.") from error
        if digest != expected[1]:
            raise MediaError(
                f"The file {str(path)!r} ({shown_as}) is not what was saved: its content has "
                "changed since."
            )
        return FileSource(path, shown_as, status.st_size, status.st_mtime_ns)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces the target when all of it is written, or not at all."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def source_digest(source: HeldSource) -> str:
    """Return the SHA-256 of a source."""
    with source.open() as file:
        return _digest_of(file)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return _digest_of(file)


def _digest_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()
