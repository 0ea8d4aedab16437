"""Where media come from: paths, URLs, data URLs, bytes and file objects, all read here."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import unquote_to_bytes, urlsplit

from omni_nb.errors import MediaError

if TYPE_CHECKING:
    from typing import TypeAlias


@runtime_checkable
class Readable(Protocol):
    """Anything that can be read as a binary file."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the bytes."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A public URL: the service fetches it, we never do."""

    url: str

    @property
    def name(self) -> str:
        """The last piece of the path, for display."""
        pieces = urlsplit(self.url)
        return pieces.path.rsplit("/", 1)[-1] or pieces.netloc


@dataclass(frozen=True, slots=True)
class LocalSource:
    """Bytes that we hold, with a name for display."""

    data: bytes
    name: str


Source: TypeAlias = "RemoteSource | LocalSource"


def open_source(given: Any, *, kind: str) -> Source | None:
    """Read a path, URL, data URL, bytes or file object.

    Parameters
    ----------
    given
        What the person passed. A ``str`` is a URL, a data URL or a path.
    kind
        ``"image"``, ``"audio"``, ...: names the input in errors.

    Returns
    -------
    RemoteSource, LocalSource or None
        None when ``given`` is none of these; the door of the kind goes on from there.

    Raises
    ------
    MediaError
        The file is missing, unreadable or empty, or the data URL is not one.
    """
    if isinstance(given, str) and given.lower().startswith(("http://", "https://")):
        return RemoteSource(given)
    if isinstance(given, str) and given.lower().startswith("data:"):
        return _not_empty(LocalSource(decode_data_url(given), f"{kind} (data URL)"), kind)
    if isinstance(given, (str, os.PathLike)):
        return _not_empty(_read_path(Path(os.fspath(given)), kind), kind)
    if isinstance(given, (bytes, bytearray, memoryview)):
        return _not_empty(LocalSource(bytes(given), f"{kind} ({len(given):,} bytes)"), kind)
    if isinstance(given, Readable):
        return _not_empty(_read_file(given, kind), kind)
    return None


def decode_data_url(url: str) -> bytes:
    """Return the bytes of a data URL.

    Raises
    ------
    MediaError
        There is no comma, or the base64 is broken.
    """
    head, comma, body = url.partition(",")
    if not comma:
        raise MediaError("This data URL has no comma: expected 'data:image/png;base64,....'.")
    raw = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return raw
    compact = b"".join(raw.split()).rstrip(b"=")
    try:
        return base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
    except binascii.Error as error:
        raise MediaError(f"The base64 of this data URL is broken: {error}.") from error


def encode_data_url(data: bytes, mime: str) -> str:
    """Return ``data`` as a data URL with its MIME type."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def _read_path(path: Path, kind: str) -> LocalSource:
    path = path.expanduser()
    try:
        return LocalSource(path.read_bytes(), path.name)
    except FileNotFoundError:
        where = f"the notebook runs in {Path.cwd()}" if not path.is_absolute() else "check the path"
        raise MediaError(f"There is no {kind} file {str(path)!r}; {where}.") from None
    except IsADirectoryError:
        raise MediaError(f"{str(path)!r} is a folder; pass one {kind} file of it.") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"The {kind} file {str(path)!r} cannot be read: {error}.") from error


def _read_file(file: Readable, kind: str) -> LocalSource:
    data = file.read()
    if not isinstance(data, (bytes, bytearray)):
        raise MediaError(f"This file object gives {type(data).__name__}; open it in mode 'rb'.")
    name = getattr(file, "name", None)
    return LocalSource(bytes(data), Path(name).name if isinstance(name, str) else f"{kind} file")


def _not_empty(source: LocalSource, kind: str) -> LocalSource:
    if not source.data:
        raise MediaError(f"The {kind} {source.name!r} is empty (0 bytes).")
    return source
