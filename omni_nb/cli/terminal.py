"""The terminal: what the commands say there."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from omni_nb.errors import OmniError

if TYPE_CHECKING:
    import argparse

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


class CommandError(OmniError):
    """A command cannot go on; the message says what to do."""


def prepare() -> None:
    """Let no character be an error where the terminal has none for it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def sentence(words: str) -> str:
    """Return words as a sentence; names in them keep their capitals.

    Examples
    --------
    >>> sentence("open JupyterLab")
    'Open JupyterLab.'
    """
    return f"{words[:1].upper()}{words[1:]}."


def fail(message: str) -> int:
    """Say why a command ends without its work done; return its exit code."""
    print(f"omni-nb: {message}", file=sys.stderr)
    return 1


def short(path: Path) -> str:
    """Return a path as a person would write it: a home folder's name is nobody's business.

    Examples
    --------
    >>> short(Path.home() / "talk.json").startswith("~")
    True
    """
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or nobody has a home
        return str(path)
