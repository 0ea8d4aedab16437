"""Run the command ``omni-nb lab``: copy the tutorials and open JupyterLab."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from omni_nb.cli.terminal import CommandError, add_command
from omni_nb.cli.tutorials import copy_tutorials, next_free, tutorials_in

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from omni_nb.cli.terminal import Commands

DEFAULT_FOLDER = "omni_nb-tutorials"


def add_to(commands: Commands) -> None:
    """Add the command and its options."""
    lab = add_command(
        commands,
        "lab",
        run,
        summary="copy the tutorials into a folder and open JupyterLab on them",
        details="A folder that holds tutorials already is opened as it is, and nothing is copied.",
    )
    lab.usage = "omni-nb lab [-h] [--fresh] [--no-browser] [--port N] [--copy-only] [DIR] [-- ...]"
    lab.epilog = "What follows -- goes to JupyterLab: omni-nb lab -- --ip=0.0.0.0"
    lab.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help=f"the folder (default: this one if it holds tutorials, else {DEFAULT_FOLDER} in it)",
    )
    lab.add_argument(
        "--fresh",
        action="store_true",
        help=f"make a new copy; where DIR exists, beside it, such as {DEFAULT_FOLDER}-2",
    )
    lab.add_argument("--no-browser", action="store_true", help="only print JupyterLab's URL")
    lab.add_argument(
        "--port", type=int, metavar="N", help="JupyterLab's port (default: a free one from 8888)"
    )
    lab.add_argument("--copy-only", action="store_true", help="copy, and open nothing")


def run(options: argparse.Namespace) -> int:
    """Copy the tutorials where none are, and start JupyterLab."""
    if not options.copy_only and find_spec("jupyterlab") is None:
        raise CommandError(
            "JupyterLab is not installed here: pip install 'omni-nb[lab]' (in a clone: "
            "pip install '.[lab]'), or copy the tutorials for another JupyterLab: "
            "omni-nb lab --copy-only"
        )
    folder = _folder(options.folder)
    if options.fresh:
        folder = next_free(folder)
    if copy_tutorials(folder):
        print(f"Copied the tutorials to {folder}.", flush=True)
    else:
        print(f"Using the tutorials in {folder} as they are; --fresh makes a new copy.", flush=True)
    if options.copy_only:
        return 0
    given = ["--no-browser"] if options.no_browser else []
    given += [f"--port={options.port}"] if options.port is not None else []
    return _replace_process(jupyterlab(folder, tutorials_in(folder)[0], [*given, *options.further]))


def jupyterlab(folder: Path, notebook: str, further: Sequence[str]) -> list[str]:
    """Return the command that opens a notebook in JupyterLab; ``further`` options win.

    Examples
    --------
    >>> jupyterlab(Path("talks"), "first.ipynb", ["--log-level=INFO"])[3:5]
    ['--ServerApp.root_dir=talks', '--LabApp.default_url=/lab/tree/first.ipynb']
    """
    ours = [
        "--log-level=ERROR",  # the URL is printed at any level
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{notebook}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")
    # JupyterLab refuses an option that is given twice.
    theirs = {option.split("=")[0] for option in further}
    kept = [option for option in ours if option.split("=")[0] not in theirs]
    return [sys.executable, "-m", "jupyterlab", *kept, *further]


def _folder(given: str | None) -> Path:
    """Return the folder meant, as an absolute path, which JupyterLab takes as it is."""
    here = Path.cwd()
    if given is None:
        return here if tutorials_in(here) else here / DEFAULT_FOLDER
    return Path(os.path.abspath(os.path.expanduser(given)))


def _replace_process(command: list[str]) -> int:
    """Replace this process by a command; Windows starts the command and waits."""
    print("Starting JupyterLab; end it with Ctrl+C.", flush=True)
    # Kernels of this Python first: a user's own `python3` may be another, without omni_nb.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.call(command)
