"""Debian's WebKitGTK, the nearest to Safari that runs here, with a display and a sound card."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal

from selenium import webdriver
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from tests.soundcard import sound_card
from tools.webkit import installed, missing

from .page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SIZE = {"width": 1000, "height": 800}
# Whatever the machine is: nothing of ours may need a CDN. Nobody listens on port 9.
OFFLINE = {
    "proxyType": "manual",
    "httpProxy": "127.0.0.1:9",
    "sslProxy": "127.0.0.1:9",
    "noProxy": ["127.0.0.1"],
}


@contextmanager
def webkit(folder: Path, *, autoplay: Literal["allow", "deny"] = "allow") -> Iterator[Page]:
    """Run a browser with one page.

    Parameters
    ----------
    folder
        An empty one, the browser's home; what is downloaded comes into its ``Downloads``.
    autoplay
        Whether pages may sound before somebody has touched them.

    Raises
    ------
    RuntimeError
        When something that it needs is not installed.
    """
    if lacking := missing():
        raise RuntimeError(f"no WebKit: {', '.join(lacking)} missing; run `make browser`")
    _say_where_downloads_go(folder)
    with ExitStack() as stack:
        sound = stack.enter_context(sound_card(folder))
        display = stack.enter_context(virtual_display())
        driver = _start(folder, {**sound, **display}, autoplay)
        stack.callback(driver.quit)
        page = Page(driver)
        page.set_viewport_size(SIZE)
        yield page


@contextmanager
def virtual_display() -> Iterator[dict[str, str]]:
    """Run a display that nobody looks at; yield what a program needs to find it."""
    read, write = os.pipe()
    screen = ("-screen", "0", "2000x1200x24", "-nolisten", "tcp")
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *screen], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    try:
        with os.fdopen(read) as number:
            yield {"DISPLAY": f":{number.readline().strip()}"}
    finally:
        process.terminate()
        process.wait()


def _start(folder: Path, environment: Mapping[str, str], autoplay: str) -> webdriver.WebKitGTK:
    options = Options()
    options.binary_location = str(installed("MiniBrowser"))
    options.add_argument("--automation")
    options.add_argument(f"--autoplay-policy={autoplay}")
    options.overlay_scrollbars_enabled = False
    options.set_capability("proxy", OFFLINE)
    service = Service(
        str(installed("WebKitWebDriver")),
        log_output=str(folder / "webdriver.log"),
        env={**os.environ, **QUIET, **environment, "HOME": str(folder)},
    )
    driver = webdriver.WebKitGTK(options=options, service=service)
    driver.set_script_timeout(600)  # the page itself knows how long it may wait
    return driver


def _say_where_downloads_go(home: Path) -> None:
    (home / "Downloads").mkdir()
    (home / ".config").mkdir()
    (home / ".config" / "user-dirs.dirs").write_text('XDG_DOWNLOAD_DIR="$HOME/Downloads"\n')


# No graphics card, no desktop.
QUIET = {
    "GDK_BACKEND": "x11",
    "GTK_A11Y": "none",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "NO_AT_BRIDGE": "1",
    "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
}
