"""ReceivedFiles: files that the browser sends in pieces, written to disk as they come."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError
from omni_nb.views.panel.protocol import PIECE_BYTES
from omni_nb.words import words

if TYPE_CHECKING:
    from omni_nb.views.panel.protocol import Message
    from omni_nb.words import Language

UPLOAD_BYTES = 2 * 2**30
"""The largest file that a model takes (qwen3.5, models.toml): larger ones are refused at once."""

_UNSAFE = re.compile(r"[^\w.\- ()\[\]]+")
_NAME_CHARACTERS = 100


@lru_cache(maxsize=1)
def upload_folder() -> Path:
    """Return this process's folder of uploads; it is removed when the process ends.

    A question's files are read again with every question after it, so they outlive the panel.
    """
    folder = tempfile.mkdtemp(prefix="omni_nb-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@dataclass(slots=True)
class ReceivedFile:
    """A file that comes in pieces, in order; pieces that come twice do no harm."""

    name: str
    size: int
    path: Path
    received: int = 0

    @classmethod
    def begin(cls, name: str, size: int) -> ReceivedFile:
        """Create an empty file for an upload; the name is only for people."""
        folder = Path(tempfile.mkdtemp(dir=upload_folder()))
        path = folder / safe_name(name)
        path.touch()
        return cls(name, size, path)

    @property
    def is_whole(self) -> bool:
        """Whether all of it has arrived."""
        return self.received >= self.size

    def take(self, offset: int, piece: bytes | memoryview) -> None:
        """Write a piece where it belongs; what is beyond the end so far is asked for again."""
        if offset != self.received or len(piece) > PIECE_BYTES:
            return
        with self.path.open("ab") as file:
            file.write(piece)
        self.received += len(piece)

    def forget(self) -> None:
        """Remove the file."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


class ReceivedFiles:
    """The files that are on their way, by the ids that the browser gave them."""

    def __init__(self) -> None:
        self._under_way: dict[str, ReceivedFile] = {}

    def take(self, message: Message, piece: Any, language: Language) -> ReceivedFile:
        """Take a piece, and return its upload as far as it has come.

        Raises
        ------
        MediaError
            The file is larger than any model takes.
        """
        key, name, size = message["upload"], str(message["name"]), int(message["size"])
        if size > UPLOAD_BYTES:
            said = words("panel", language)["too large"].format(
                name=safe_name(name), size=size / 2**20, most=UPLOAD_BYTES / 2**20
            )
            raise MediaError(said, hint="too large")
        upload = self._under_way.get(key)
        if upload is None:
            upload = self._under_way[key] = ReceivedFile.begin(name, size)
        upload.take(int(message["offset"]), piece or b"")
        return upload

    def let_go(self, key: str) -> None:
        """Release the file of an upload, which belongs to a question from now on."""
        self._under_way.pop(key, None)

    def forget(self, key: str) -> None:
        """Remove the file of an upload."""
        if (upload := self._under_way.pop(key, None)) is not None:
            upload.forget()


def safe_name(name: str) -> str:
    """Return a file name that is only a name, whatever the browser called it.

    Examples
    --------
    >>> safe_name("../../etc/pass<wd>.png")
    'pass_wd_.png'
    """
    last = re.split(r"[/\\\\]", name)[-1]
    clean = _UNSAFE.sub("_", last).strip(". ")
    return clean[-_NAME_CHARACTERS:] or "file"
