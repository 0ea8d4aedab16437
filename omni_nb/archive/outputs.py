"""Write replies into the metadata of an output, so that a saved notebook can go on with them.

The output's HTML is for people and holds the speech; its metadata are for us and hold the rest.
Nothing of the connection is in the metadata: no key, no address, no request id.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omni_nb.archive.reader import restored
from omni_nb.archive.writer import DocumentWriter, answer, settings
from omni_nb.errors import MediaError
from omni_nb.media.compressed import BITS_PER_SECOND
from omni_nb.media.extract import read_audio
from omni_nb.media.folder import file_digest, source_digest
from omni_nb.media.parts import TextPart
from omni_nb.media.sources import FileSource, read_all
from omni_nb.render.parts import EMBEDDED_BYTES

if TYPE_CHECKING:
    from omni_nb.archive.document import Archive
    from omni_nb.media.clip import Storage
    from omni_nb.media.folder import MediaFolder
    from omni_nb.media.sources import HeldSource
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.timing import Arrival

NAME: Final = "omni_nb"
"""The key in an output's metadata."""

SCHEMA_VERSION: Final = 1
_ADDRESS: Final = re.compile(r"https?://[^\s'\"]+", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"[/\\]")
_PATH: Final = re.compile(r"(['\"])((?:/|~|[A-Za-z]:[\\/])[^'\"\n]*)\1")


def block_metadata(
    archive: Archive,
    *,
    start: int = 0,
    stop: int | None = None,
    storage: Storage = "wav",
    folder: MediaFolder | None = None,
    is_shared: bool = False,
) -> dict[str, Any]:
    """Return the metadata of an output that shows some turns: all of it is under `NAME`.

    Parameters
    ----------
    archive
        The whole conversation. A medium that an earlier turn has asked with is in that turn's
        output, not again in this one.
    start, stop
        The turns that the output shows, in their order, by `omni_nb.render.reply.reply_html` or
        `omni_nb.render.transcript.transcript_html`; by default all.
    storage
        How the WAV audio of questions is kept in the metadata; other files are kept as they are.
    folder
        Where media go, in place of the metadata: a folder beside the notebook.
    is_shared
        The notebook goes to somebody else: no path of this machine is written.

    Examples
    --------
    >>> from omni_nb.archive.document import Archive
    >>> block_metadata(Archive("qwen-omni-turbo", ("text",)))["omni_nb"]["replies"]
    []
    """
    keeper = _Keeper(folder, storage, is_shared=is_shared)
    writer = DocumentWriter(keeper)
    for reply in archive.replies[:start]:
        _question(writer, reply)
    keeper.forget_earlier()
    record = {
        "schema_version": SCHEMA_VERSION,
        "chat": settings(archive),
        "first": start,
        "after": reply_id(archive.replies[start - 1]) if start else None,
        "replies": [_reply(writer, reply) for reply in archive.replies[start:stop]],
        "media": keeper.media,
        "files": keeper.files,
    }
    # as it will be read; what is no JSON is found here
    return {NAME: json.loads(json.dumps(record, allow_nan=False))}


def reply_id(reply: Reply) -> str:
    """Return a name of a reply that is the same in every output that shows it."""
    words = [part.text for part in reply.question if isinstance(part, TextPart)]
    facts = [reply.sent_at, reply.model, words, reply.text]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _reply(writer: DocumentWriter, reply: Reply) -> dict[str, Any]:
    record = {
        "id": reply_id(reply),
        "question": _question(writer, reply),
        **answer(reply, writer.part),
        "samples": len(reply.pcm) // 2,
        # of the pieces' times only the first of each kind: a minute of speech has hundreds
        "arrivals": _summary(reply.timing.arrivals),
    }
    if record["error"] is not None:
        _clean(record["error"])
    return record


def shareable(archive: Archive) -> Archive:
    """Return a conversation without paths and addresses of this machine."""
    return replace(archive, replies=tuple(_shareable(reply) for reply in archive.replies))


def without_places(words: str) -> str:
    """Return the words of an error without the address of a service or the folder of a file.

    Examples
    --------
    >>> without_places("No answer from http://10.0.0.1:8000/v1: refused")
    'No answer from …: refused'
    >>> without_places("The file '/home/ada/dog.jpg' cannot be read.")
    "The file 'dog.jpg' cannot be read."
    """
    words = _ADDRESS.sub(lambda found: "…" + (":" if found[0].endswith(":") else ""), words)
    return _PATH.sub(lambda found: f"{found[1]}{_SEPARATOR.split(found[2])[-1]}{found[1]}", words)


def _shareable(reply: Reply) -> Reply:
    if reply.error is None:
        return reply
    values = answer(reply, lambda part: None)
    _clean(values["error"])
    shared = restored(values, reply.request, bytes(reply.pcm), reply.rounds[:-1])
    shared.estimate = reply.estimate
    return shared


def _clean(error: dict[str, Any]) -> None:
    error["request_id"] = None
    error["message"] = without_places(str(error["message"]))


def _question(writer: DocumentWriter, reply: Reply) -> list[dict[str, Any]]:
    return [writer.part(part) for part in reply.question]


def _summary(arrivals: tuple[Arrival, ...]) -> list[list[Any]]:
    first = {arrival.kind: arrival.seconds for arrival in reversed(arrivals)}
    return [
        [seconds, kind, sum(arrival.size for arrival in arrivals if arrival.kind == kind)]
        for kind, seconds in sorted(first.items(), key=lambda item: item[1])
    ]


class _Keeper:
    """Keep small media as base64, and of larger ones the path of their file."""

    def __init__(self, folder: MediaFolder | None, storage: Storage, *, is_shared: bool) -> None:
        self.media: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self._folder = folder
        self._storage = storage
        self._is_shared = is_shared
        self._earlier: set[str] = set()
        self._is_past = True

    def forget_earlier(self) -> None:
        """Keep media from now on; those so far are in earlier outputs."""
        self._is_past = False

    def keep(self, source: HeldSource, suffix: str) -> str:
        try:
            name = f"{_digest(source)}{suffix}"
            if self._is_past:
                self._earlier.add(name)
            elif name not in self._earlier:
                self._write(source, name)
        except MediaError:  # gone, or another: when it is read it is missed by its name
            name = f"{hashlib.sha256(repr(source).encode()).hexdigest()}{suffix}"
        return name

    def _write(self, source: HeldSource, name: str) -> None:
        if self._folder is not None:
            self.files[name] = place_beside(self._folder, source, Path(name).suffix)
        elif (data := self._embedded(source, name)) is not None:
            # under the name of the audio as it was sent, however it is kept: so a later output
            # knows that it is here
            self.media[name] = base64.b64encode(data).decode("ascii")
        else:
            self.files[name] = source.name if self._is_shared else _path(source)

    def _embedded(self, source: HeldSource, name: str) -> bytes | None:
        """Return what goes into the notebook; None where a path has to do."""
        # a photo that was made small, or minutes of speech as MP3; more would make the
        # notebook slow to open and to save
        is_small = source.total_bytes <= EMBEDDED_BYTES
        # samples of any length, as from a microphone, are nowhere else
        if name.endswith(".wav") and (is_small or not isinstance(source, FileSource)):
            data = _compressed(source, self._storage)
            if data is not None and len(data) < source.total_bytes:
                return data
        return read_all(source) if is_small else None


def _compressed(source: HeldSource, storage: Storage) -> bytes | None:
    """Return audio as a small file; None where it must be exact, is too long or damaged."""
    if storage == "wav":
        return None
    most_seconds = EMBEDDED_BYTES * 8 / BITS_PER_SECOND[storage]
    try:
        clip = read_audio(source, most_seconds=most_seconds + 1)
    except MediaError:
        return None
    data = clip.to_file(storage) if clip.seconds <= most_seconds else b""
    return data if 0 < len(data) <= EMBEDDED_BYTES else None


def place_beside(folder: MediaFolder, source: HeldSource, suffix: str) -> str:
    """Return where a notebook beside the folder finds a medium: it is copied unless it is there.

    Raises
    ------
    MediaError
        The medium is gone or has changed.
    """
    if isinstance(source, FileSource):
        try:
            return source.path.relative_to(folder.path.parent.absolute()).as_posix()
        except ValueError:
            pass
    return f"{folder.path.name}/{folder.keep(source, suffix)}"


def _path(source: HeldSource) -> str:
    """Return the path of a file below the notebook's folder, else its name: no other is read."""
    if not isinstance(source, FileSource):
        return source.name
    try:
        return source.path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return source.path.name


def _digest(source: HeldSource) -> str:
    """Return the hash of a source; a conversation's media are asked for after every turn."""
    if isinstance(source, FileSource):
        return _digest_of_file(source)
    holder = _Held(source)
    digest = _digest_of_held(holder)
    holder.source = None
    return digest


@lru_cache(maxsize=256)
def _digest_of_file(source: FileSource) -> str:
    return source_digest(source)


class _Held:
    """A cache key that is equal for equal bytes, and releases them once they are hashed."""

    __slots__ = ("key", "source")

    def __init__(self, source: HeldSource) -> None:
        self.key = (hash(source), source.total_bytes)
        self.source: HeldSource | None = source

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.key == other.key


@lru_cache(maxsize=1024)
def _digest_of_held(held: _Held) -> str:
    return source_digest(held.source) if held.source is not None else ""


def is_file_with(path: Path, digest: str) -> bool:
    """Return whether a file exists and has this hash."""
    try:
        return path.is_file() and file_digest(path) == digest
    except (OSError, ValueError):
        return False
