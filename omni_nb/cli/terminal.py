"""Print to the terminal, and describe commands and paths for it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from omni_nb.errors import OmniError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


class CommandError(OmniError):
    """A command cannot go on; the message says what to do."""


def prepare() -> None:
    """Escape characters that the terminal lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    summary: str,
    details: str = "",
) -> argparse.ArgumentParser:
    """Add a command; its summary is a line of the help, and begins its own."""
    described = f"{summary[0].upper()}{summary[1:]}. {details}"
    command = commands.add_parser(name, help=summary, description=described)
    command.set_defaults(run=run)
    return command


def fail(message: str) -> int:
    """Print why a command failed; return its exit code."""
    print(f"omni-nb: {message}", file=sys.stderr)
    return 1


def short(path: Path) -> str:
    """Return a path with ``~`` for the home folder, whose name is private.

    Examples
    --------
    >>> short(Path.home() / "talk.json").startswith("~")
    True
    """
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or nobody has a home
        return str(path)
