"""Keep media in a folder, each file named by the hash of its content."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from omni_nb.errors import MediaError, brief
from omni_nb.media.paths import check_regular, open_regular, path_of, why
from omni_nb.media.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from omni_nb.media.sources import HeldSource

_BLOCK_BYTES = 1 << 20
_NAME = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{1,8})?")
_PART = re.compile(r"\..+\.[0-9a-f]{8}\.part", re.DOTALL)
_PART_SECONDS = 24 * 60 * 60


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


def save_by_ending(
    path: str | os.PathLike[str], forms: Mapping[str, Callable[[], bytes]], what: str, accepted: str
) -> Path:
    """Save a value in the form that the file's ending names, all of it or nothing.

    Parameters
    ----------
    path
        The file.
    forms
        What makes the bytes, by ending in small letters.
    what, accepted
        The value, and the endings that there are, for errors.

    Raises
    ------
    MediaError
        The file has another ending, or cannot be written.
    """
    try:
        target = path_of(path)
        make = forms.get(target.suffix.lower())
        if make is None:
            raise MediaError(f"Save {what} as {accepted}, not as {brief(target.name)}.")
        data = make()
        with replacing(target) as file:
            file.write(data)
    except MediaError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        shown = brief(os.fsdecode(path))
        raise MediaError(
            f"{what.capitalize()} cannot be saved to {shown}: {why(error)}."
        ) from error
    return target


@contextmanager
def replacing(target: Path, *, tidies: bool = True) -> Iterator[BinaryIO]:
    """Open a file that replaces the target when all of it is written and on disk, or not at all.

    The new file has the permissions of the one that it replaces. A link stays, and what it leads
    to is replaced. What an earlier process left half written beside it goes after a day, unless
    ``tidies`` is False: who writes thousands of files does not look through them at each.

    Raises
    ------
    OSError
        The file cannot be written, or what is there is no regular file.
    """
    target = Path(os.path.realpath(target))
    mode = _mode_of(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            if mode is not None:
                part.chmod(mode)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    if tidies:
        sweep(target.parent)


def _mode_of(target: Path) -> int | None:
    """Return the permissions of a file that is to be replaced; None where there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    check_regular(status)
    return stat.S_IMODE(status.st_mode)


def _sync_folder(folder: Path) -> None:
    """Have the new name on disk, where the system can sync a folder."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def sweep(folder: Path) -> None:
    """Remove half-written files of `replacing` that are more than a day old."""
    oldest = time.time() - _PART_SECONDS
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False) if _PART.fullmatch(entry.name) else None
            if status and stat.S_ISREG(status.st_mode) and status.st_mtime < oldest:
                os.unlink(entry.path)


def source_digest(source: HeldSource) -> str:
    """Return the SHA-256 of a source."""
    with source.open() as file:
        return _digest_of(file)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with open_regular(path) as file:
        return _digest_of(file)


def _digest_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()
