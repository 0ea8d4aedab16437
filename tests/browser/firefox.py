"""Debian's Firefox for the tests, driven over WebDriver BiDi, with a sound card of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tools.firefox import installed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.sync_api import Browser, Playwright

FREE_AUTOPLAY = {"media.autoplay.default": 0, "media.autoplay.blocking_policy": 0}
PREFERENCES: dict[str, bool | int | str] = {
    # A microphone and a camera that are none, and nobody asked for consent.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    # The list of downloads takes the focus away from the page, for good.
    "browser.download.alwaysOpenPanel": False,
    # Offline, whatever the machine is: nothing of ours may need a CDN.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1, localhost",
    "network.proxy.allow_hijacking_localhost": False,
}


def launch_firefox(
    playwright: Playwright,
    sound: Mapping[str, str],
    *,
    downloads: Path,
    is_autoplay_free: bool = True,
) -> Browser:
    """Start a headless Firefox.

    Parameters
    ----------
    sound
        The environment that leads to a sound card, from `tests.soundcard.sound_card`: without one
        an audio context of Firefox never runs.
    downloads
        The folder for what is downloaded.
    is_autoplay_free
        Let pages sound without a click. ``False`` leaves the browser's own rule in force.

    Raises
    ------
    RuntimeError
        When there is no browser.
    """
    if not (path := installed()):
        raise RuntimeError("no Firefox: run `.venv/bin/python -m tools.firefox`")
    return playwright.firefox.launch(
        channel="moz-firefox",  # over BiDi: Debian's does not speak Playwright's own protocol
        executable_path=path,
        headless=True,
        downloads_path=downloads,
        env={**os.environ, **sound},
        firefox_user_prefs={**PREFERENCES, **(FREE_AUTOPLAY if is_autoplay_free else {})},
    )
