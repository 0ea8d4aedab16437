"""Export a conversation, and know the file that it was saved to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from omni_nb.archive.document import media_folder
from omni_nb.archive.export import notebook_file
from omni_nb.archive.page import export_html
from omni_nb.errors import OmniError, RequestError, brief
from omni_nb.media.clip import check_storage
from omni_nb.media.folder import replacing
from omni_nb.media.paths import path_of, why

if TYPE_CHECKING:
    from omni_nb.archive.document import Archive
    from omni_nb.media.clip import Storage


def export_to(
    document: Archive, path: str | os.PathLike[str], *, storage: Storage, title: str | None
) -> Path:
    """Write a conversation to a file; its ending says in which form.

    Raises
    ------
    MediaError
        A file that was sent is gone or has changed since.
    RequestError
        The ending or the storage is another, or the file cannot be written.
    """
    check_storage(storage)
    try:
        target = path_of(path)
        form = target.suffix.lower().removeprefix(".")
        if form not in ("html", "ipynb"):
            raise RequestError(
                f"A conversation is exported as .html or .ipynb, not as {brief(target.name)}; "
                "save() writes .json."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (
            export_html(document, storage=storage, title=title)
            if form == "html"
            else notebook_file(document, storage=storage, folder=media_folder(target))
        )
        with replacing(target) as file:
            file.write(data)
    except OmniError:
        raise
    except (OSError, TypeError, ValueError, RuntimeError) as error:
        raise RequestError(
            f"The conversation cannot be exported to {brief(os.fsdecode(path))}: {why(error)}."
        ) from error
    return target


def exported(document: Archive, form: Literal["html", "ipynb"], *, storage: Storage) -> bytes:
    """Return a conversation as one file to download."""
    check_storage(storage)
    if form == "html":
        return export_html(document, storage=storage)
    return notebook_file(document, storage=storage)


@dataclass(frozen=True, slots=True)
class SavedFile:
    """The file that a conversation was last saved to or loaded from, as it was then."""

    path: Path
    modified_ns: int
    total_bytes: int

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> SavedFile | None:
        """Return what is at a path now; None where no regular file is."""
        try:
            real = Path(os.path.realpath(path_of(path)))
            status = real.stat()
        except (OSError, ValueError, RuntimeError):
            return None
        return cls(real, status.st_mtime_ns, status.st_size) if real.is_file() else None


def is_anothers(path: str | os.PathLike[str], own: SavedFile | None) -> bool:
    """Return whether a file is there that is not the conversation's own as it left it."""
    there = SavedFile.at(path)
    return there is not None and there != own


def proposed_name(own: SavedFile | None, usual: str = "talk.json") -> str:
    """Return where to save a conversation: to its own file again, else to a name that is free.

    Examples
    --------
    >>> proposed_name(None, "no such talk.json")
    'no such talk.json'
    """
    if own is not None and not is_anothers(own.path, own):
        return own.path.name if own.path.parent == Path(os.path.realpath(".")) else str(own.path)
    plain = Path(usual)
    names = (f"{plain.stem}-{number}{plain.suffix}" if number > 1 else usual for number in count(1))
    return next(name for name in names if not os.path.lexists(name))
