"""Copy the tutorials into a new folder, never over anybody's files."""

from __future__ import annotations

import errno
import os
from itertools import chain, count
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

import omni_nb
from omni_nb.cli.terminal import CommandError
from omni_nb.media.folder import replacing

QUICKSTART = "01_quickstart.ipynb"
_ANOTHER = "Choose another folder, such as: omni-nb lab ~/my-tutorials"


def copy_tutorials(folder: Path) -> bool:
    """Copy the tutorials into a new or empty folder; return False where some are already.

    Raises
    ------
    CommandError
        The folder cannot be used.
    """
    try:
        if tutorials_in(folder):
            return False
        _check_no_link(folder)
        if folder.is_dir() and any(folder.iterdir()):
            raise CommandError(
                f"{folder} holds other files but no tutorials, and these are copied into a new "
                f"or empty folder only. {_ANOTHER}"
            )
        _copy(folder)
    except OSError as error:
        raise CommandError(_why(folder, error)) from error
    return True


def tutorials_in(folder: Path) -> list[str]:
    """Return which of the tutorials a folder holds."""
    return [name for name in packaged_tutorials() if os.path.isfile(folder / name)]


def next_free(folder: Path) -> Path:
    """Return a folder that does not exist: this one, or a numbered one beside it."""
    others = (folder.parent / f"{folder.name}-{number}" for number in count(2))
    return next(path for path in chain([folder], others) if not os.path.lexists(path))


def packaged_tutorials() -> list[str]:
    """Return the names of the tutorials that came with the package, the first one first.

    Raises
    ------
    CommandError
        The package lacks the tutorials.
    """
    home = _home()
    paths = sorted(home.glob("[!.]*.ipynb")) + sorted(home.glob("[!.]*/*.ipynb"))
    return [path.relative_to(home).as_posix() for path in paths]


def _home() -> Path:
    """Return where the tutorials are: in the package, or beside it in a clone."""
    package = Path(omni_nb.__file__).parent
    for folder in (package / "tutorials", package.parent / "notebooks"):
        if (folder / QUICKSTART).is_file():
            return folder
    raise CommandError(
        "this installation has no tutorials. Install omni_nb again: "
        "pip install --force-reinstall --no-deps omni-nb (in a clone: pip install .)"
    )


def _copy(folder: Path) -> None:
    """Copy all tutorials or none: first into a temporary folder beside their places."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()  # where somebody has just put a link, this fails
    with TemporaryDirectory(dir=folder) as beside:
        for name in packaged_tutorials():
            target = Path(beside, name)
            target.parent.mkdir(exist_ok=True)
            # its permissions stay behind
            with (_home() / name).open("rb") as original, replacing(target) as copy:
                copyfileobj(original, copy)
        _check_no_link(folder)
        for entry in Path(beside).iterdir():
            if os.path.lexists(folder / entry.name):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            entry.rename(folder / entry.name)


def _check_no_link(folder: Path) -> None:
    if folder.is_symlink():
        raise CommandError(
            f"{folder} is a link to {os.readlink(folder)}, where no tutorials are, and "
            f"nothing is copied through a link. {_ANOTHER}"
        )


def _why(folder: Path, error: OSError) -> str:
    """Return why a folder cannot be used, and what to do."""
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        places = (folder, *folder.parents)
        no_folder = (path for path in places if os.path.lexists(path) and not path.is_dir())
        if (place := next(no_folder, None)) is not None:
            return f"{place} is not a folder. {_ANOTHER}"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{folder} cannot be used ({reason}). {_ANOTHER}"
