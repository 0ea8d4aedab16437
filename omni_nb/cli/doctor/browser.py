"""Check the browsers on this machine, and what the microphone needs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from omni_nb.cli.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "Chromium": ("chromium", "chromium-browser"),
    "Chrome": ("google-chrome", "google-chrome-stable", "chrome"),
    "Edge": ("microsoft-edge", "msedge"),
    "Firefox": ("firefox", "firefox-esr"),
}
_APPLICATIONS: Mapping[str, tuple[str, ...]] = {
    "Chrome": ("/Applications/Google Chrome.app", "Google/Chrome/Application/chrome.exe"),
    "Edge": ("/Applications/Microsoft Edge.app", "Microsoft/Edge/Application/msedge.exe"),
    "Firefox": ("/Applications/Firefox.app", "Mozilla Firefox/firefox.exe"),
    "Safari": ("/Applications/Safari.app",),
}
_PROGRAM_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_TRIED = {"Chromium", "Chrome", "Edge"}  # one engine; tests/browser drives Chromium


def findings() -> Iterator[Finding]:
    """Check the browsers; say what the microphone needs."""
    found = browsers()
    if not found:
        advice = "Open JupyterLab's URL on another machine, after: ssh -L 8888:localhost:8888 HOST"
        yield Finding("Browser", "none on this machine", "note", advice)
    elif not _TRIED & set(found):
        said = f"{', '.join(found)}; omni_nb is tested with Chromium only"
        yield Finding("Browser", said, "note", "If sound or the panel fails, try Chrome or Edge.")
    else:
        yield Finding("Browser", ", ".join(found))
    said = "the panel's microphone and camera work on pages from https or localhost only"
    yield Finding("Microphone", said)
    yield Finding("Notebook", "omni_nb.doctor_cell() says there what reaches its page")


def browsers() -> list[str]:
    """Return the names of the browsers that are installed here."""
    names = {*_COMMANDS, *_APPLICATIONS}
    return sorted(name for name in names if _is_command(name) or _is_application(name))


def _is_command(name: str) -> bool:
    return any(shutil.which(command) for command in _COMMANDS.get(name, ()))


def _is_application(name: str) -> bool:
    folders = [Path("/"), *(Path(f) for v in _PROGRAM_FOLDERS if (f := os.environ.get(v)))]
    paths = _APPLICATIONS.get(name, ())
    return any((folder / path).exists() for folder in folders for path in paths)
