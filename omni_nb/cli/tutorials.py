"""Tutorials: copied into a folder of one's own, never over one's own work."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import omni_nb
from omni_nb.cli.terminal import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Outcome = Literal["new", "unchanged", "renewed", "replaced", "kept", "unasked"]

QUICKSTART = "01_quickstart.ipynb"
RECORD = ".omni_nb-tutorials.json"
"""What was copied, by hash: tells whose the words in a notebook are."""


def copy_tutorials(
    folder: Path, may_replace: Callable[[str], bool | None]
) -> Mapping[str, Outcome]:
    """Copy the tutorials into a folder; return what became of each, by name.

    Parameters
    ----------
    folder
        Made when it is not there.
    may_replace
        Asked with a name where there is something newer than what the person has changed;
        answers None when nobody can be asked.

    Returns
    -------
    Mapping
        By outcome: ``"new"`` and ``"renewed"`` (an older copy that nobody had changed) were
        written, so were ``"replaced"`` (the person agreed); ``"unchanged"`` were there;
        ``"kept"`` and ``"unasked"`` are the person's own now.

    Raises
    ------
    CommandError
        The folder cannot be used.
    """
    originals = travelling()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _copied(originals, folder, may_replace)
    except OSError as error:
        raise CommandError(_why(folder, error)) from error


def travelling() -> dict[str, bytes]:
    """Return the tutorials that came with the package, by name.

    Raises
    ------
    CommandError
        There are none.
    """
    folder = _home()
    notebooks = sorted(folder.glob("*.ipynb")) + sorted(folder.glob("*/*.ipynb"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in notebooks
        if not path.relative_to(folder).parts[0].startswith(".")  # .ipynb_checkpoints
    }


def is_ours(folder: Path) -> bool:
    """Whether tutorials were copied into a folder."""
    return (folder / RECORD).is_file()


def _home() -> Path:
    """Return where the tutorials are: in the package, or beside it in a clone."""
    package = Path(omni_nb.__file__).parent
    for folder in (package / "tutorials", package.parent / "notebooks"):
        if (folder / QUICKSTART).is_file():
            return folder
    raise CommandError(
        "this installation has no tutorials. They travel in the wheel: install omni-nb again "
        "(pip install --force-reinstall --no-deps omni-nb; in a clone: pip install .)."
    )


def _copied(
    originals: Mapping[str, bytes], folder: Path, may_replace: Callable[[str], bool | None]
) -> dict[str, Outcome]:
    offered = _read_record(folder)
    outcomes: dict[str, Outcome] = {}
    for name, content in originals.items():
        outcome = _compared(folder / name, _digest(content), offered.get(name))
        outcomes[name] = _answer(may_replace(name)) if outcome == "unasked" else outcome
    for name, outcome in outcomes.items():
        if outcome in {"new", "renewed", "replaced"}:
            _write(folder / name, originals[name])
    # Who was asked and kept theirs is asked again when there is something newer still.
    seen = {n: _digest(originals[n]) for n, outcome in outcomes.items() if outcome != "unasked"}
    if (offered | seen) != offered:
        _write_record(folder, offered | seen)
    return outcomes


def _compared(target: Path, newest: str, offered: str | None) -> Outcome:
    """Say what a file of that name is; ``offered`` is the tutorial that was copied last."""
    if not target.exists():
        return "new"
    present = _digest(target.read_bytes())
    if present == newest:
        return "unchanged"
    if present == offered:
        return "renewed"
    # Where nothing newer has come since, there is nothing to ask about.
    return "kept" if newest == offered else "unasked"


def _answer(may_replace: bool | None) -> Outcome:
    if may_replace is None:
        return "unasked"
    return "replaced" if may_replace else "kept"


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    beside.write_bytes(content)
    os.replace(beside, target)


def _read_record(folder: Path) -> dict[str, str]:
    """Return the hashes of what was copied last; none where the record cannot be read."""
    try:
        record: Any = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return {str(name): str(digest) for name, digest in record["copied"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _write_record(folder: Path, offered: Mapping[str, str]) -> None:
    record = {
        "about": "What `omni-nb lab` copied here, as SHA-256: what differs is yours and stays.",
        "copied": dict(offered),
    }
    _write(folder / RECORD, json.dumps(record, indent=1).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _why(folder: Path, error: OSError) -> str:
    """Say in a person's words why a folder cannot be used, and what to do."""
    another = "Give another folder: omni-nb lab FOLDER."
    match error:
        case FileExistsError() | NotADirectoryError():
            return f"{_in_the_way(folder)} is a file, not a folder. {another}"
        case PermissionError():
            own = "one of your own, such as: omni-nb lab ~/omni_nb-tutorials"
            return f"{folder} cannot be written: permission denied. Give {own}"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{folder} cannot be used ({reason}). {another}"


def _in_the_way(folder: Path) -> Path:
    """Return the file that stands where a folder should be."""
    return next((path for path in (folder, *folder.parents) if path.is_file()), folder)
