"""Find WebKitGTK for the tests, with a display and a sound card, or install them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from .chromium import provide

PACKAGES = (
    "webkit2gtk-driver",
    "xvfb",
    "pulseaudio",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-libav",
    "gstreamer1.0-pulseaudio",
)
PROGRAMS = ("WebKitWebDriver", "MiniBrowser", "Xvfb", "pulseaudio")
LIBRARIES = Path("/usr/lib")
SOUNDS = ("pulseaudio", "libav")
"""GStreamer's plugins without which the browser runs, but is silent or plays no MP3."""


def main() -> int:
    """Install what is missing, where that is possible; return the exit code."""
    return provide("WebKit", PACKAGES, missing, lambda: installed("MiniBrowser"))


def missing() -> list[str]:
    """Return what has to be installed."""
    programs = [name for name in PROGRAMS if installed(name) is None]
    plugins = [f"gstreamer1.0-{name}" for name in SOUNDS if plugin(name) is None]
    return programs + plugins


def installed(program: str) -> str | None:
    """Return where a program is; MiniBrowser is on no path."""
    return shutil.which(program) or first(f"*/webkit2gtk-4.*/{program}")


def plugin(name: str) -> str | None:
    """Return where a plugin of GStreamer is."""
    return first(f"*/gstreamer-1.0/libgst{name}.so")


def first(pattern: str) -> str | None:
    """Return the first library that fits."""
    return next((str(path) for path in sorted(LIBRARIES.glob(pattern))), None)


if __name__ == "__main__":
    sys.exit(main())
