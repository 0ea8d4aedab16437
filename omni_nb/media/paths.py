"""Take a person's path, and open nothing but regular files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing import TypeAlias

    Given: TypeAlias = "str | os.PathLike[str]"


def path_of(given: Given) -> Path:
    r"""Return the path that is meant, with ``~`` for the home folder.

    Raises
    ------
    ValueError
        No file can have that name.
    RuntimeError
        Nobody has that home folder.

    Examples
    --------
    >>> path_of("a\0b.json")
    Traceback (most recent call last):
    ValueError: the name of a file cannot have a NUL character (\x00) in it
    """
    path = os.fsdecode(given)
    if "\0" in path:
        raise ValueError(r"the name of a file cannot have a NUL character (\x00) in it")
    return Path(path).expanduser()


def why(error: Exception) -> str:
    """Say why a file cannot be used, without its name, which an `OSError` repeats.

    Examples
    --------
    >>> why(FileNotFoundError(2, "No such file or directory", "dog.jpg"))
    'No such file or directory'
    """
    return getattr(error, "strerror", None) or str(error)


class NoRegularFileError(OSError):
    """What is there is a device or a pipe, which may never end."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read it, and nothing else.

    Raises
    ------
    NoRegularFileError
        A device or a pipe is there.
    OSError
        There is no such file, or it cannot be read.
    """
    check_regular(path.stat())
    # without waiting for a pipe's other end, should one have taken the file's place meanwhile
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    number = os.open(path, flags)
    try:
        check_regular(os.fstat(number))
    except OSError:
        os.close(number)
        raise
    return open(number, "rb")


def check_regular(status: os.stat_result) -> None:
    """Refuse what is no regular file.

    Raises
    ------
    OSError
        A folder, a device or a pipe is there.
    """
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError("it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise NoRegularFileError("it is no regular file, but a device or a pipe")
