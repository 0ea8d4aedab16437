"""Open media: paths, URLs, data URLs, bytes and file objects."""

from __future__ import annotations

import base64
import binascii
import io
import os
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable
from urllib.parse import unquote_to_bytes, urlsplit

from omni_nb.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

HELD_BYTES = 2**20
"""Files up to this size are read at once, so that they may change or go before they are sent."""


@runtime_checkable
class Readable(Protocol):
    """Anything that can be read as a binary file."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the bytes."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A public URL, which the service fetches and we never do."""

    url: str

    @property
    def name(self) -> str:
        """The last piece of the path, for display."""
        pieces = urlsplit(self.url)
        return pieces.path.rsplit("/", 1)[-1] or pieces.netloc


@dataclass(frozen=True, slots=True)
class LocalSource:
    """Bytes that we hold, with a name for display."""

    data: bytes = field(repr=False)
    name: str

    @property
    def total_bytes(self) -> int:
        """The number of bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """Return the bytes as a binary file."""
        return io.BytesIO(self.data)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on disk that is read when it is sent: a long video is never in memory at once."""

    path: Path
    name: str
    total_bytes: int
    modified_ns: int

    def open(self) -> BinaryIO:
        """Open the file.

        Raises
        ------
        MediaError
            The file is gone, or has changed since it was checked.
        """
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise MediaError(
                f"The file {str(self.path)!r} cannot be read: {error}.", hint="missing file"
            ) from error
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.total_bytes, self.modified_ns):
            file.close()
            raise MediaError(
                f"The file {str(self.path)!r} has changed since it was checked. Ask with it again."
            )
        return file


HeldSource: TypeAlias = "LocalSource | FileSource"
Source: TypeAlias = "RemoteSource | HeldSource"


def open_source(given: Any, *, kind: str) -> Source | None:
    """Return the source of a path, URL, data URL, bytes, file or IPython display object.

    A small file is read here; a large one when it is sent.

    Parameters
    ----------
    given
        What the person passed. A ``str`` is a URL, a data URL or a path.
    kind
        ``"image"``, ``"audio"``, ...: names the input in errors.

    Returns
    -------
    RemoteSource, LocalSource, FileSource or None
        None when ``given`` is none of these.

    Raises
    ------
    MediaError
        The file is missing, unreadable or empty, or the data URL is not one.
    """
    given = _content(given)
    if isinstance(given, str) and given.lower().startswith(("http://", "https://")):
        return RemoteSource(given)
    if isinstance(given, str) and given.lower().startswith("data:"):
        return _not_empty(LocalSource(decode_data_url(given), f"{kind} (data URL)"), kind)
    if isinstance(given, (str, os.PathLike)):
        return _not_empty(_find_path(Path(os.fspath(given)), kind), kind)
    if isinstance(given, (bytes, bytearray, memoryview)):
        data = bytes(given)
        return _not_empty(LocalSource(data, f"{kind} ({len(data):,} bytes)"), kind)
    if isinstance(given, Readable):
        return _not_empty(_read_file(given, kind), kind)
    return None


def _content(given: Any) -> Any:
    """Return the bytes, path or URL inside an IPython Audio, Video or Image; else ``given``."""
    if display_kind(given) is None:
        return given
    if isinstance(given.data, str) and given.data:  # IPython also takes base64 text
        return decode_data_url(f"data:;base64,{given.data}")
    return given.data or given.filename or given.url or b""


def display_kind(given: object) -> str | None:
    """Return which kind of media an IPython display object shows, None of anything else."""
    display = sys.modules.get("IPython.display")
    if display is None:
        return None
    kinds = {"image": display.Image, "audio": display.Audio, "video": display.Video}
    return next((kind for kind, shows in kinds.items() if isinstance(given, shows)), None)


def read_all(source: HeldSource) -> bytes:
    """Return all bytes of a source."""
    if isinstance(source, LocalSource):
        return source.data
    with source.open() as file:
        return file.read()


def described(given: object) -> str:
    """Return the type of what was given, for error messages."""
    kind = type(given)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    counted = isinstance(given, (dict, list, set, tuple))
    return f"{name} of length {len(given)}" if counted else name  # type: ignore[arg-type]


def decode_data_url(url: str) -> bytes:
    """Return the bytes of a data URL.

    Raises
    ------
    MediaError
        The data URL has no comma, or its base64 is broken.
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


def data_url_length(total_bytes: int, mime: str) -> int:
    """Return how many characters the data URL of so many bytes has.

    Examples
    --------
    >>> data_url_length(10, "image/png") == len(encode_data_url(bytes(10), "image/png"))
    True
    """
    return len(f"data:{mime};base64,") + (total_bytes + 2) // 3 * 4


def embed(source: HeldSource, mime: str) -> str:
    """Return all of a source as a data URL; the usual `Embed`."""
    return encode_data_url(read_all(source), mime)


Embed: TypeAlias = "Callable[[HeldSource, str], str]"
"""How a held source with its MIME type becomes the string that stands for it in a request."""


def _find_path(path: Path, kind: str) -> HeldSource:
    path = path.expanduser()
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise MediaError(f"{str(path)!r} is a folder; pass one {kind} file of it.")
        if not stat.S_ISREG(facts.st_mode):  # a device or a pipe may never end
            raise MediaError(f"{str(path)!r} is no regular file; read it and pass its bytes.")
        with path.open("rb") as file:
            if facts.st_size <= HELD_BYTES:
                return LocalSource(file.read(), path.name)
        return FileSource(path.absolute(), path.name, facts.st_size, facts.st_mtime_ns)
    except FileNotFoundError:
        where = f"the notebook runs in {Path.cwd()}" if not path.is_absolute() else "check the path"
        raise MediaError(
            f"There is no {kind} file {str(path)!r}; {where}.", hint="missing file"
        ) from None
    except MediaError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise MediaError(f"The {kind} file {str(path)!r} cannot be read: {error}.") from error


def _read_file(file: Readable, kind: str) -> LocalSource:
    try:
        data = file.read()
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise MediaError(f"This file object cannot be read: {error}.") from error
    if not isinstance(data, (bytes, bytearray)):
        raise MediaError(f"This file object gives {type(data).__name__}; open it in mode 'rb'.")
    name = getattr(file, "name", None)
    return LocalSource(bytes(data), Path(name).name if isinstance(name, str) else f"{kind} file")


def _not_empty(source: HeldSource, kind: str) -> HeldSource:
    if not source.total_bytes:
        raise MediaError(f"The {kind} {source.name!r} is empty (0 bytes).")
    return source


def not_here(name: str, *, unknown: str, instead: str = "") -> MediaError:
    """Return the error of a medium at a URL, where its file is needed.

    Parameters
    ----------
    unknown
        What is not known of it, such as ``"size"``.
    instead
        What may be passed in its place, besides the file.

    Examples
    --------
    >>> str(not_here("a.png", unknown="size"))
    "'a.png' is at a URL: the service fetches it, so its size is not known here. Download it and \
pass the file."
    """
    or_pass = f", or pass {instead}" if instead else ""
    return MediaError(
        f"{name!r} is at a URL: the service fetches it, so its {unknown} is not known here. "
        f"Download it and pass the file{or_pass}."
    )
