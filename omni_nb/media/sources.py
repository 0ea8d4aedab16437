"""Open media: paths, URLs, data URLs, bytes and file objects."""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from omni_nb.errors import MediaError, brief
from omni_nb.media.paths import NoRegularFileError, open_regular, path_of, why
from omni_nb.media.text import well_formed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

_NAME_LENGTH = 80
HELD_BYTES = 2**20
"""Files up to this size are read at once, so that they may change or go before they are sent."""

_FETCHED = ("http://", "https://", "oss://")
"""How the URLs begin that the service fetches; ``oss://``: its own store for uploads."""

_BASE64_LEAST = 256
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_URL_SAFE = str.maketrans("-_", "+/")
_MAGIC = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF|II\*\0|MM\0\*|OggS|fLaC|ID3|....ftyp|\x1aE\xdf\xa3", re.DOTALL
)
"""How images, audio and videos begin."""


@runtime_checkable
class Readable(Protocol):
    """Anything that can be read as a binary file."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the bytes."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A URL that the service fetches and we never do."""

    url: str

    @property
    def name(self) -> str:
        """The last piece of the path, for display."""
        try:
            pieces = urlsplit(self.url)
        except ValueError:  # as of "http://["; the door refuses it, a loaded file may have it
            return self.url[:_NAME_LENGTH]
        name = pieces.path.rsplit("/", 1)[-1] or pieces.netloc
        return name if len(name) <= _NAME_LENGTH else f"{name[:_NAME_LENGTH]}…"


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
            file = open_regular(self.path)
        except OSError as error:
            raise MediaError(
                f"The file {brief(str(self.path))} cannot be read: {why(error)}.",
                hint="missing file",
            ) from error
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.total_bytes, self.modified_ns):
            file.close()
            raise MediaError(
                f"The file {brief(str(self.path))} has changed since it was checked. Ask with it "
                "again."
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
        What the person passed. A ``str`` is a URL, a data URL or a path. A file object is read
        from its start, wherever it stands.
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
    if isinstance(given, str):
        found = _from_words(given, kind)
        return found if isinstance(found, RemoteSource) else _checked(found, kind)
    if isinstance(given, os.PathLike):
        return _checked(_find_path(given, kind), kind)
    if isinstance(given, (bytes, bytearray, memoryview)):
        data = bytes(given)
        return _checked(LocalSource(data, f"{kind} ({len(data):,} bytes)"), kind)
    if isinstance(given, Readable):
        return _checked(_read_file(given, kind), kind)
    return None


def _from_words(given: str, kind: str) -> Source:
    """Return the source that a URL, a data URL or a path means."""
    scheme = given[:8].lower()
    if scheme.startswith(_FETCHED):
        try:
            urlsplit(given)
        except ValueError as error:
            raise MediaError(f"{brief(given)} is no URL: {error}.") from None
        return RemoteSource(given)
    if scheme.startswith("data:"):
        return LocalSource(decode_data_url(given), f"{kind} (data URL)")
    if scheme.startswith("file:"):
        return _find_path(_path_of_url(given, kind), kind)
    return _find_path(given, kind)


def _path_of_url(url: str, kind: str) -> str:
    """Return the path of a ``file:`` URL.

    Raises
    ------
    MediaError
        The URL is of another machine, or no path.
    """
    try:
        pieces = urlsplit(url)
    except ValueError as error:
        raise MediaError(f"{brief(url)} is no URL: {error}.") from None
    if pieces.netloc.lower() not in ("", "localhost"):
        raise MediaError(
            f"{brief(url)} is a file of another machine, {brief(pieces.netloc)}. A file:// URL "
            f"names a file of this one: file:///folder/name; or pass the path of the {kind}."
        )
    if not pieces.path.startswith("/"):
        raise MediaError(f"{brief(url)} names no file: expected file:///folder/name.")
    # A bare ? or # is a character of a file's name, as people write it; Python 3.14 cuts there.
    rest = "".join(
        sign + piece for sign, piece in (("?", pieces.query), ("#", pieces.fragment)) if piece
    )
    return url2pathname((pieces.path + rest).replace("?", "%3F").replace("#", "%23"))


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


def _find_path(given: str | os.PathLike[str], kind: str) -> HeldSource:
    words = os.fsdecode(given)
    shown = brief(words)
    try:
        path = path_of(given)
        if path.is_dir():
            raise MediaError(f"{shown} is a folder; pass one {kind} file of it.")
        with open_regular(path) as file:
            facts = os.fstat(file.fileno())
            if facts.st_size <= HELD_BYTES:
                return LocalSource(file.read(), well_formed(path.name))
        name = well_formed(path.name)
        return FileSource(path.absolute(), name, facts.st_size, facts.st_mtime_ns)
    except MediaError:
        raise
    except NoRegularFileError:
        raise MediaError(f"{shown} is no regular file; read it and pass its bytes.") from None
    except (OSError, ValueError, RuntimeError) as error:
        if _is_base64(words):
            raise _bare_base64(words, kind) from None
        if isinstance(error, FileNotFoundError):
            where = "check the path" if path.is_absolute() else f"the notebook runs in {Path.cwd()}"
            raise MediaError(
                f"There is no {kind} file {shown}; {where}.", hint="missing file"
            ) from None
        raise MediaError(f"The {kind} file {shown} cannot be read: {why(error)}.") from None


def _bare_base64(given: str | bytes, kind: str) -> MediaError:
    kind = "image" if kind == "media" else kind
    return MediaError(
        f"{brief(given)} is base64 without all of its head. Pass a data URL: "
        f"'data:{kind}/...;base64,' and then the base64; or pass the bytes: base64.b64decode(...).",
        hint="data url",
    )


def _is_base64(words: str) -> bool:
    """Return whether words that name no file are base64: by their length, or what they begin."""
    if ";base64," in words[:_NAME_LENGTH]:  # a data URL without "data:"
        return True
    compact = "".join(words[: 2 * _BASE64_LEAST].split())
    is_written = _BASE64.fullmatch(compact) is not None
    return is_written and (len(compact) >= _BASE64_LEAST or _begins_media(compact))


def _begins_media(compact: str) -> bool:
    """Return whether base64 is of an image, audio or a video."""
    head = compact[:16].translate(_URL_SAFE)
    return len(head) == 16 and "=" not in head and bool(_MAGIC.match(base64.b64decode(head)))


def _read_file(file: Readable, kind: str) -> LocalSource:
    try:
        # From its start, as Pillow does: after savefig() or write() a file stands at its end.
        with suppress(AttributeError, OSError, ValueError):  # a pipe cannot go back
            file.seek(0)  # type: ignore[attr-defined]
        data = file.read()
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise MediaError(f"This file object cannot be read: {error}.") from error
    if not isinstance(data, (bytes, bytearray)):
        raise MediaError(f"This file object gives {type(data).__name__}; open it in mode 'rb'.")
    name = getattr(file, "name", None)
    shown = well_formed(Path(name).name) if isinstance(name, str) else f"{kind} file"
    return LocalSource(bytes(data), shown)


def _checked(source: HeldSource, kind: str) -> HeldSource:
    """Return a source that is neither empty nor base64 in the place of its bytes."""
    if not source.total_bytes:
        raise MediaError(f"The {kind} {source.name!r} is empty (0 bytes).")
    if isinstance(source, LocalSource) and source.data[:24].isascii():
        head = source.data[:24].decode("ascii")
        if _BASE64.fullmatch(head) and _begins_media(head):
            raise _bare_base64(source.data, kind)
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
