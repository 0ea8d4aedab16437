"""Find Firefox for the tests, with a sound card, or install them; print where it is."""

from __future__ import annotations

import os
import shutil
import sys

from .chromium import can_install, run

PACKAGES = ("firefox-esr", "pulseaudio")
NAMES = ("firefox-esr", "firefox")


def main() -> int:
    """Install what is missing, where that is possible; return the exit code."""
    if missing() and can_install():
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES)
    if lacking := missing():
        print(
            f"There is no {' and no '.join(lacking)} for the tests, and none could be installed.\n"
            f"On Debian: apt-get install {' '.join(PACKAGES)}; or set FIREFOX to the path of one",
            file=sys.stderr,
        )
        return 1
    print(f"Firefox: {installed()}")
    return 0


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
