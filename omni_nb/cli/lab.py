"""``omni-nb lab``: the tutorials, copied and opened in JupyterLab."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from omni_nb.cli.terminal import CommandError, agrees, sentence
from omni_nb.cli.tutorials import QUICKSTART, copy_tutorials, is_ours

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from omni_nb.cli.terminal import Commands
    from omni_nb.cli.tutorials import Outcome

DEFAULT_FOLDER = "omni_nb-tutorials"


def add_to(commands: Commands) -> None:
    """Say how the command is written."""
    line = "copy the tutorials into a folder and open JupyterLab on them"
    lab = commands.add_parser(
        "lab",
        help=line,
        description=f"{sentence(line)} What you changed there stays as it is: you are asked "
        "when there is a newer one.",
        usage="omni-nb lab [-h] [--no-browser] [--port PORT] [--copy-only] [DIR] [-- ...]",
        epilog="What follows -- goes to JupyterLab: omni-nb lab -- --ip=0.0.0.0",
    )
    lab.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help=f"the folder; by default {DEFAULT_FOLDER} here, or here where they are already",
    )
    lab.add_argument("--no-browser", action="store_true", help="only print JupyterLab's URL")
    lab.add_argument("--port", type=int, help="JupyterLab's port (default: a free one from 8888)")
    lab.add_argument("--copy-only", action="store_true", help="copy, and open nothing")
    lab.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy what is missing, say so, and become JupyterLab; return the exit code."""
    if not options.copy_only and find_spec("jupyterlab") is None:
        raise CommandError(
            "JupyterLab is not installed here: pip install 'omni-nb[lab]' (in a clone: "
            "pip install '.[lab]'), or copy the tutorials for another one: "
            "omni-nb lab --copy-only"
        )
    folder = _folder(options.folder)
    print(report(folder, copy_tutorials(folder, _may_replace)), flush=True)
    if options.copy_only:
        return 0
    given = ["--no-browser"] if options.no_browser else []
    given += [f"--port={options.port}"] if options.port is not None else []
    return _become(jupyterlab(folder, [*given, *options.further]))


def report(folder: Path, outcomes: Mapping[str, Outcome]) -> str:
    """Say in one line what became of the tutorials.

    Examples
    --------
    >>> report(Path("talks"), {"01.ipynb": "unchanged", "02.ipynb": "new", "03.ipynb": "kept"})
    'Tutorials in talks: 1 new, 1 as they were, 1 changed by you and kept (03.ipynb).'
    """
    names = {outcome: [n for n, o in outcomes.items() if o == outcome] for outcome in _SAID}
    said = [
        _SAID[outcome].format(number=len(found), names=", ".join(found))
        for outcome, found in names.items()
        if found
    ]
    return f"Tutorials in {folder}: {', '.join(said)}."


_SAID: Mapping[Outcome, str] = {
    "new": "{number} new",
    "renewed": "{number} renewed",
    "replaced": "{number} replaced as you said",
    "unchanged": "{number} as they were",
    "kept": "{number} changed by you and kept ({names})",
    "unasked": "{number} not the newest, but not ours alone, so kept ({names}; in a terminal "
    "you are asked)",
}


def jupyterlab(folder: Path, further: Sequence[str]) -> list[str]:
    """Return the command that opens JupyterLab on the quickstart; ``further`` has the last word.

    Examples
    --------
    >>> jupyterlab(Path("talks"), ["--log-level=INFO"])[3:5]
    ['--ServerApp.root_dir=talks', '--LabApp.default_url=/lab/tree/01_quickstart.ipynb']
    """
    ours = [
        "--log-level=ERROR",  # the URL is printed at any level
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{QUICKSTART}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")
    # JupyterLab refuses an option that is given twice.
    theirs = {option.split("=")[0] for option in further}
    kept = [option for option in ours if option.split("=")[0] not in theirs]
    return [sys.executable, "-m", "jupyterlab", *kept, *further]


def _folder(given: str | None) -> Path:
    """Return the folder meant: an absolute path, which JupyterLab takes as it is."""
    here = Path.cwd()
    if given is None:
        return here if is_ours(here) else here / DEFAULT_FOLDER
    return here / Path(given).expanduser()


def _may_replace(name: str) -> bool | None:
    return agrees(f"{name}: there is a newer one, and yours is changed. Replace yours?")


def _become(command: list[str]) -> int:
    """Become a command; Windows starts it and waits, since it has no such thing."""
    print("Starting JupyterLab; end it with Ctrl+C.", flush=True)
    # Kernels of this Python first: a user's own `python3` may be another, without omni_nb.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.call(command)
