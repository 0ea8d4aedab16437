"""Export a conversation: as a page, as a notebook, or as the bytes of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from omni_nb.archive.document import media_folder
from omni_nb.archive.export import notebook_file
from omni_nb.archive.page import export_html
from omni_nb.errors import OmniError, RequestError, brief
from omni_nb.media.clip import check_storage
from omni_nb.media.folder import replacing
from omni_nb.media.paths import path_of

if TYPE_CHECKING:
    import os
    from pathlib import Path

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
            f"The conversation cannot be exported to {brief(str(path))}: {error}."
        ) from error
    return target


def exported(document: Archive, form: Literal["html", "ipynb"], *, storage: Storage) -> bytes:
    """Return a conversation as one file to download."""
    check_storage(storage)
    if form == "html":
        return export_html(document, storage=storage)
    return notebook_file(document, storage=storage)
