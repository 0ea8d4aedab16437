"""Fixtures for tests in real servers and a real browser.

- ``lab``, ``notebook7``, ``voila``, ``marimo`` (session): a running `Lab`, `Notebook7`, `Voila` or
  `Marimo`, started by the first test that asks; see ``lab.py`` and the others for what they can do.
- ``playwright`` and ``browser`` (session): a headless Chromium that may sound without a click and
  reaches no other machine, or with ``--browser firefox`` a Firefox; then only what is marked
  ``every_browser`` runs (`make firefox`). Without the browser the test fails; it does not skip.
- ``page`` (function): the one page of the session, of 1000 x 800 and with the loudspeaker tapped,
  for ``lab``; loading JupyterLab anew for each test would double the time. `Lab.open` closes what
  the test before left open. Afterwards all kernels are ended.
- ``second_page`` (function): another tab of the same browser; ``lab.open(second_page, ...)`` shows
  the notebook of ``page`` on the same kernel, as it is on disk.
- ``other_page`` (function): a tab of another window, as of another person.
- ``notebook_page``, ``voila_page``, ``marimo_page`` (function): a new tab for each of these.
- ``tap`` (function): the `Tap` of ``page``. All pages are tapped: ``Tap(second_page)``.
- ``hits`` (function): the `Hits` of ``page``; for another page: ``with Hits(voila_page) as hits``.

An exception in a page that nobody catches fails the test. More tools: ``files.py`` (drop, paste,
choose), ``axe.py`` (accessibility), ``widths.py`` (does it fit).

A test is short::

    def test_a_cell_prints(lab, page):
        lab.write_notebook("hello.ipynb", ["print(1 + 1)"])
        lab.open(page, "hello.ipynb")
        lab.run_cell(page, 0)
        assert lab.printed(page, 0) == "2\\n"
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.soundcard import sound_card
from tests.waiting import wait_until

from .firefox import launch_firefox
from .hits import Hits
from .lab import Lab, Notebook7, Tap, launch_chromium
from .marimo import Marimo
from .voila import Voila

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from playwright.sync_api import Error, Locator, ViewportSize

    Download: TypeAlias = Callable[[Page, Locator], bytes]

BROWSERS = ("chromium", "firefox")
SIZE: ViewportSize = {"width": 1000, "height": 800}

# A test that fails while it is muted must not silence the tests after it.
FORGET_PREFERENCES = """() => {
  localStorage.removeItem("omni_nb.sound");
  delete window[Symbol.for("omni_nb.preferences.1")];
}"""

# Two tests share the machine with all that needs no browser: what is right may come late.
expect.set_options(timeout=20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--browser", choices=BROWSERS, default="chromium")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--browser") == "chromium":
        return
    chosen = [item for item in items if item.get_closest_marker("every_browser")]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook7]:
    """A running Notebook 7."""
    running = Notebook7(tmp_path_factory.mktemp("notebook7"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voila]:
    """A running Voilà."""
    running = Voila(tmp_path_factory.mktemp("voila"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def marimo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marimo]:
    """A running marimo."""
    running = Marimo(tmp_path_factory.mktemp("marimo"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser_name(pytestconfig: pytest.Config) -> str:
    """The browser that was asked for."""
    return str(pytestconfig.getoption("--browser"))


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Firefox puts what is downloaded."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def launch(
    browser_name: str,
    playwright: Playwright,
    downloads: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Browser]]:
    """Launch the browser that was asked for, as `launch_chromium` and `launch_firefox` do."""
    if browser_name == "chromium":
        yield partial(launch_chromium, playwright)
    else:
        with sound_card(tmp_path_factory.mktemp("card")) as sound:
            yield partial(launch_firefox, playwright, sound, downloads=downloads)


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """A headless browser in which pages may sound at once."""
    try:
        running = launch()
    except RuntimeError as error:
        pytest.fail(str(error))
    yield running
    running.close()


@pytest.fixture(scope="session")
def tabs(browser: Browser, browser_name: str) -> BrowserContext:
    """The one window of the session."""
    if browser_name == "firefox":
        return browser.new_context()  # over BiDi it has no say in motion
    return browser.new_context(reduced_motion="reduce")


@pytest.fixture(scope="session")
def tapped_page(tabs: BrowserContext) -> Page:
    """The page of the session."""
    return _new_page(tabs)


@pytest.fixture
def page(tapped_page: Page, lab: Lab) -> Iterator[Page]:
    """The page of the session, as good as new after `Lab.open`."""
    tapped_page.set_viewport_size(SIZE)
    with _without_errors(tapped_page):
        yield tapped_page
        lab.widen(tapped_page)
        lab.close_documents(tapped_page)
        tapped_page.evaluate(FORGET_PREFERENCES)
    lab.shut_down_kernels()


@pytest.fixture
def second_page(tabs: BrowserContext) -> Iterator[Page]:
    """Another tab."""
    with _new_tab(tabs) as tab:
        yield tab


@pytest.fixture
def other_page(browser: Browser) -> Iterator[Page]:
    """A tab of another window, as of another person."""
    window = browser.new_context(reduced_motion="reduce")
    with _new_tab(window) as tab:
        yield tab
    window.close()


@pytest.fixture
def notebook_page(tabs: BrowserContext, notebook7: Notebook7) -> Iterator[Page]:
    """A tab for Notebook 7."""
    with _new_tab(tabs) as tab:
        yield tab
        notebook7.shut_down_kernels()


@pytest.fixture
def voila_page(tabs: BrowserContext, voila: Voila) -> Iterator[Page]:
    """A tab for Voilà."""
    with _new_tab(tabs) as tab:
        yield tab
        voila.close_documents(tab)


@pytest.fixture
def marimo_page(tabs: BrowserContext, marimo: Marimo) -> Iterator[Page]:
    """A tab for marimo."""
    with _new_tab(tabs) as tab:
        yield tab
        marimo.shut_down_kernels(tab)


@pytest.fixture
def tap(page: Page) -> Tap:
    """What the page has sent to the loudspeaker."""
    return Tap(page)


@pytest.fixture
def hits(page: Page) -> Iterator[Hits]:
    """What hostile text achieves in the page."""
    with Hits(page) as found:
        yield found


@pytest.fixture
def download(browser_name: str, downloads: Path) -> Download:
    """Click on something that gives a file: ``download(page, button)`` returns its bytes."""

    def of_chromium(page: Page, button: Locator) -> bytes:
        with page.expect_download() as download:
            button.click()
        return Path(download.value.path()).read_bytes()

    def of_firefox(_: Page, button: Locator) -> bytes:
        # Over BiDi it does not say which download has begun, so Playwright tells of none.
        before = set(downloads.iterdir())
        button.click()
        assert wait_until(lambda: _whole(downloads, before))
        return _whole(downloads, before)[0].read_bytes()

    return of_firefox if browser_name == "firefox" else of_chromium


def _whole(folder: Path, before: set[Path]) -> list[Path]:
    """Return what is new in the folder, once all of it is there."""
    new = sorted(set(folder.iterdir()) - before)
    is_whole = all(path.stat().st_size and path.suffix != ".part" for path in new)
    return new if is_whole else []


def _new_page(tabs: BrowserContext) -> Page:
    page = tabs.new_page()
    page.set_viewport_size(SIZE)
    Tap(page).install()
    return page


@contextmanager
def _new_tab(tabs: BrowserContext) -> Iterator[Page]:
    page = _new_page(tabs)
    with _without_errors(page):
        yield page
    page.close()


@contextmanager
def _without_errors(page: Page) -> Iterator[None]:
    """Fail when the page raises something that nobody catches."""
    errors: list[str] = []

    def note(error: Error) -> None:
        if not _is_notebooks_own(error.stack or ""):
            errors.append("\n".join([str(error), *(error.stack or "").splitlines()[:12]]))

    page.on("pageerror", note)
    try:
        yield
    finally:
        page.remove_listener("pageerror", note)
    assert not errors, "\n".join(["uncaught in the page:", *errors])


def _is_notebooks_own(stack: str) -> bool:
    """Whether nothing but Notebook 7.6 itself is in the stack: it may fail while it loads."""
    places = [line for line in stack.splitlines() if "://" in line]
    return bool(places) and all("/static/notebook/notebook_core." in line for line in places)
