"""Fixtures for tests in a real JupyterLab and a real WebKit.

- ``lab`` (session): a running `Lab`, as in ``tests/browser``, whose helpers are used here.
- ``page`` (function): the one page of the session, of 1000 x 800 and with the loudspeaker tapped;
  `Lab.open` closes what the test before left open. Afterwards all kernels are ended.
- ``tap`` (function): the `Tap` of ``page``.
- ``downloads`` (function): the folder where the browser puts them, empty.

Without a WebKit the test fails; it does not skip. An exception in the page that nobody catches
fails the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.lab import Lab, Tap

from .browser import webkit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .page import Page

NOTE_ERRORS = """
  window.__omniErrors = [];
  const note = (thrown) => { if (thrown) window.__omniErrors.push(`${thrown}\\n${thrown.stack}`); };
  addEventListener("error", ({ error }) => note(error));
  addEventListener("unhandledrejection", ({ reason }) => note(reason));
"""


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser's home."""
    return tmp_path_factory.mktemp("webkit")


@pytest.fixture(scope="session")
def tapped_page(home: Path) -> Iterator[Page]:
    """The page of the session."""
    with webkit(home) as page:
        Tap(page).install()
        page.add_init_script(NOTE_ERRORS)
        yield page


@pytest.fixture
def page(tapped_page: Page, lab: Lab) -> Iterator[Page]:
    """The page of the session, as good as new after `Lab.open`."""
    yield tapped_page
    lab.close_documents(tapped_page)
    lab.shut_down_kernels()
    errors = tapped_page.evaluate("() => window.__omniErrors.splice(0)")
    assert not errors, f"uncaught in the page: {errors}"


@pytest.fixture
def tap(page: Page) -> Tap:
    """What the page has sent to the loudspeaker."""
    return Tap(page)


@pytest.fixture
def downloads(home: Path) -> Path:
    """The folder where the browser puts what is downloaded, empty."""
    folder = home / "Downloads"
    for file in folder.glob("*"):
        file.unlink()
    return folder
