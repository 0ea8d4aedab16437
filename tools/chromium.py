"""Find a Chromium and Chinese letters for the tests, or install them; print where it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FONTS = ("fontconfig", "fonts-noto-cjk", "fonts-noto-color-emoji")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    """Take the first way that works; return the exit code."""
    path = found() or from_debian() or from_playwright()
    letters()
    if path is None:
        print(
            "There is no Chromium, and none could be installed. Do one of these:\n"
            "  - install it with your system's packages (Debian: apt-get install chromium)\n"
            "  - run '.venv/bin/playwright install --with-deps chromium'\n"
            "  - set CHROMIUM to the path of one",
            file=sys.stderr,
        )
        return 1
    print(f"Chromium: {path}")
    return 0


def found() -> str | None:
    """Return a browser that is there."""
    own = playwrights()
    return installed() or (own if own and Path(own).exists() else None)


def installed() -> str | None:
    """Return the browser that CHROMIUM names, or one of the system."""
    names = filter(None, (os.environ.get("CHROMIUM"), *NAMES))
    return next(filter(None, map(shutil.which, names)), None)


def from_debian() -> str | None:
    """Install Debian's package, when apt and the right to use it are there."""
    if not can_install():
        return None
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "chromium", *FONTS)
    return found()


def letters() -> None:
    """Install a font with Chinese letters where there is none: screenshots would show boxes."""
    listed = shutil.which("fc-list") and subprocess.run(
        ["fc-list", ":lang=zh"], capture_output=True, check=False
    )
    if (not listed or not listed.stdout) and can_install():
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", *FONTS)


def can_install() -> bool:
    """Return whether apt is here, and the right to use it."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def provide(
    name: str,
    packages: Sequence[str],
    missing: Callable[[], Sequence[str]],
    installed: Callable[[], str | None],
    hint: str = "",
) -> int:
    """Install Debian's packages where something is missing; say how it went, return the exit code.

    Parameters
    ----------
    name
        Of the browser.
    packages
        What brings it and what it needs.
    missing
        Names what is not there.
    installed
        Says where the browser is.
    hint
        What else helps who cannot install them.
    """
    if missing() and can_install():
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    if lacking := missing():
        print(
            f"There is no {name} for the tests ({', '.join(lacking)} missing), and it could not "
            f"be installed. On Debian:\n  apt-get install {' '.join(packages)}{hint}",
            file=sys.stderr,
        )
        return 1
    print(f"{name}: {installed()}")
    return 0


def from_playwright() -> str | None:
    """Let Playwright download its own."""
    run(sys.executable, "-m", "playwright", "install", "chromium")
    return found()


def playwrights() -> str | None:
    """Return where Playwright's own browser is, or would be."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def run(*command: str) -> None:
    """Run an installer quietly; whether it worked is seen by looking for the browser."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment)


if __name__ == "__main__":
    sys.exit(main())
