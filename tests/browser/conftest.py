"""Fixtures for tests in a real JupyterLab: ``lab``, ``chromium``, ``page`` and ``tap``.

- ``lab`` (session): a running `Lab`; see ``lab.py`` for what it can do.
- ``playwright`` and ``chromium`` (session): a headless Chromium that may sound without a click.
  Without a Chromium the test fails; it does not skip.
- ``page`` (function): the one page of the session, of 1000 x 800 and with the loudspeaker tapped;
  loading JupyterLab anew for each test would double the time. `Lab.open` closes what the test
  before left open. An exception in the page that nobody catches fails the test. Afterwards all
  kernels are ended.
- ``tap`` (function): the `Tap` of ``page``.

A test is short::

    def test_a_cell_prints(lab, page):
        lab.write_notebook("hello.ipynb", ["print(1 + 1)"])
        lab.open(page, "hello.ipynb")
        lab.run_cell(page, 0)
        assert lab.printed(page, 0) == "2\\n"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from .lab import Lab, Tap, launch_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium in which pages may sound at once."""
    try:
        browser = launch_chromium(playwright)
    except RuntimeError as error:
        pytest.fail(str(error))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def tapped_page(chromium: Browser) -> Page:
    """The page of the session."""
    page = chromium.new_page()
    Tap(page).install()
    return page


@pytest.fixture
def page(tapped_page: Page, lab: Lab) -> Iterator[Page]:
    """The page of the session, as good as new after `Lab.open`."""
    tapped_page.set_viewport_size({"width": 1000, "height": 800})
    errors: list[str] = []
    tapped_page.on("pageerror", note := lambda error: errors.append(str(error)))
    yield tapped_page
    lab.close_documents(tapped_page)
    tapped_page.remove_listener("pageerror", note)
    lab.shut_down_kernels()
    assert not errors, f"uncaught in the page: {errors}"


@pytest.fixture
def tap(page: Page) -> Tap:
    """What the page has sent to the loudspeaker."""
    return Tap(page)
