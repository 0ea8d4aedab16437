"""Find Firefox for the tests, with a sound card, or install them; print where it is."""

from __future__ import annotations

import os
import shutil
import sys

from .chromium import provide

PACKAGES = ("firefox-esr", "pulseaudio")
NAMES = ("firefox-esr", "firefox")


def main() -> int:
    """Install what is missing, where that is possible; return the exit code."""
    return provide("Firefox", PACKAGES, missing, installed, "\nor set FIREFOX to the path of one")


def missing() -> list[str]:
    """Return what has to be installed."""
    found = {"Firefox": installed(), "PulseAudio": shutil.which("pulseaudio")}
    return [name for name, path in found.items() if path is None]


def installed() -> str | None:
    """Return the browser that FIREFOX names, or one of the system."""
    names = filter(None, (os.environ.get("FIREFOX"), *NAMES))
    return next(filter(None, map(shutil.which, names)), None)


if __name__ == "__main__":
    sys.exit(main())
