"""A headless Chromium for the tests, which reaches nothing but this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Error as PlaywrightError

from tools.chromium import NAMES, installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Playwright

CHROMIUM_FLAGS = (
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Offline, whatever the machine is: nothing of ours may need a CDN.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
FREE_AUTOPLAY_FLAG = "--autoplay-policy=no-user-gesture-required"
CONSENT_FLAG = "--use-fake-ui-for-media-stream"


def launch_chromium(
    playwright: Playwright,
    *,
    is_autoplay_free: bool = True,
    is_consent_given: bool = True,
    flags: Sequence[str] = (),
) -> Browser:
    """Start a headless Chromium.

    Looks at ``$CHROMIUM``, then for the usual names on the path, then for Playwright's download.

    Parameters
    ----------
    is_autoplay_free
        Let pages sound without a click. ``False`` leaves the browser's own rule in force. Note that
        ``page.evaluate`` counts as a click.
    is_consent_given
        Allow the microphone and the camera. ``False`` refuses them, as a person would.
    flags
        More command line flags, e.g. ``--use-file-for-fake-audio-capture=/x.wav``.

    Raises
    ------
    RuntimeError
        When there is no browser.
    """
    autoplay = [FREE_AUTOPLAY_FLAG] if is_autoplay_free else []
    consent = [CONSENT_FLAG] if is_consent_given else []
    arguments = [*CHROMIUM_FLAGS, *autoplay, *consent, *flags]
    try:
        return playwright.chromium.launch(
            executable_path=installed(),
            headless=True,
            args=arguments,
            ignore_default_args=["--hide-scrollbars"],
        )
    except PlaywrightError as error:
        raise RuntimeError(
            f"no Chromium: set CHROMIUM, install one of {', '.join(NAMES)}, "
            f"or run `playwright install chromium` ({error})"
        ) from error
