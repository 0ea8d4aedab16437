"""What a class meets that opens the Binder link, from the build to the last cell of every notebook.

The environment is built as repo2docker would (``image.py``), a session is started in it as
mybinder.org would (``hub.py``), and one page runs every notebook (in `make test`: some). Nobody
listens, so the stand-in answers as fast as it can, but for the quickstart: what is heard is
compared where it first speaks.
"""

from __future__ import annotations

import re
import shutil
import wave
from importlib.metadata import metadata, requires
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from playwright.sync_api import expect, sync_playwright

from tests.browser import voila
from tests.browser.chromium import launch_chromium
from tests.browser.panel import Panel
from tests.browser.servers import TIMEOUT_MILLISECONDS
from tests.browser.tap import Tap, assert_same_speech

from .hub import Hub
from .image import REPOSITORY, Image, read_plan, tracked
from .session import SIZE, Session, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.timeout(900)  # the first test waits for a hundred packages

QUICKSTART = "notebooks/01_quickstart.ipynb"
PANEL = "binder/panel.ipynb"
SHOWN = {
    "notebooks/03_images.ipynb",
    "notebooks/08_tokens_and_money.ipynb",
    "notebooks/11_data_and_tools.ipynb",
    "notebooks/zh/07_chat_panel.ipynb",
}
"""Between them they use every package that Binder installs: explorers, plots, data, the panel."""
NOTEBOOKS = [name for name in tracked() if re.fullmatch(r"notebooks/.+\.ipynb", name)]
MOST_BYTES = 900_000_000
MOST_MEMORY = 1_000_000_000
"""Binder promises a session between one and two gigabytes."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The environment and the repository, built."""
    folder = tmp_path_factory.mktemp("image")
    made = Image(folder)
    made.build()
    yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def hub(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A running session."""
    quick = {"OMNI_NB_STAND_IN_PACE": "0"}
    running = Hub(image, tmp_path_factory.mktemp("hub"), environment=quick)
    yield running
    running.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright, launch_chromium(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def lab(hub: Hub) -> Session:
    """JupyterLab behind the proxy."""
    return Session(hub)


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Page:
    """The one tab that shows JupyterLab."""
    return _new_page(chromium)


@pytest.fixture(scope="module")
def witness(tab: Page, hub: Hub) -> Witness:
    """What the tab asks for, from its first request on."""
    return Witness(tab, hub.origin)


@pytest.fixture
def page(tab: Page, witness: Witness, lab: Session, hub: Hub) -> Iterator[Page]:
    """The tab; afterwards nothing is open in it and no kernel runs."""
    yield tab
    lab.close_documents(tab)
    hub.end_kernels()


def test_repo2docker_finds_what_to_do_in_the_binder_folder():
    plan = read_plan(REPOSITORY)
    assert plan.build_pack == "PythonBuildPack"
    install = '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
    # `.` is there only when the files are.
    assert plan.after_copy == (("${NB_USER}", install),)
    ((user, packages),) = plan.before_copy
    assert user == "root"
    assert "fonts-wqy-microhei" in packages
    assert plan.at_last == ("binder/postBuild",)
    assert plan.python_version in SpecifierSet(metadata("omni-nb")["Requires-Python"])


@pytest.mark.parametrize("extra", ["heic", "voice"])
def test_every_package_has_a_lower_and_an_upper_bound(extra):
    lines = (REPOSITORY / "binder/requirements.txt").read_text().splitlines()
    bounded = {r.name: r.specifier for r in map(Requirement, filter(_is_package, lines))}
    assert all({s.operator for s in bounds} == {">=", "<"} for bounds in bounded.values())
    there = {"extra": extra, "python_version": read_plan(REPOSITORY).python_version}
    for ours in map(Requirement, requires("omni-nb") or []):
        if ours.marker is None or ours.marker.evaluate(there):
            assert set(ours.specifier) <= set(bounded[ours.name]), ours.name


def test_the_readme_links_to_the_quickstart_and_to_the_panel():
    link = r"https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/main\?urlpath=([\w.%/-]+)"
    paths = set(map(unquote, re.findall(link, (REPOSITORY / "README.md").read_text())))
    assert paths == {f"lab/tree/{QUICKSTART}", f"voila/render/{PANEL}"}


def test_the_python_packages_are_small(image):
    assert image.total_bytes() < MOST_BYTES


def test_the_link_opens_the_quickstart_which_is_heard(image, lab, page, witness):
    assert QUICKSTART in NOTEBOOKS
    lab.open(page, QUICKSTART)
    cells = lab.cells(page)
    assert [cell["id"] for cell in cells if not cell["is_trusted"]] == []
    lab.execute(page, "import os; os.environ['OMNI_NB_STAND_IN_PACE'] = '2'")
    speaks = [cell["type"] == "code" and "voice=" in cell["source"] for cell in cells]
    spoken = speaks.index(True) + 1
    lab.run_cells(page, QUICKSTART, range(spoken))
    tap = Tap(page)
    tap.wait_for_silence()
    heard = tap.heard()
    lab.run_cells(page, QUICKSTART, range(spoken, len(cells)))
    with wave.open(str(image.home / "notebooks/answer.wav")) as kept:
        speech = np.frombuffer(kept.readframes(kept.getnframes()), "<i2").astype(np.int64)
    assert_same_speech(heard, speech)
    lab.show_all(page, QUICKSTART)
    assert page.locator("audio[src^='data:audio/']").count() >= 1
    _assert_is_at_home(lab, witness)


def _also_here(name: str) -> Any:
    """Mark what `make test` leaves to `tests/notebooks`, which runs every notebook."""
    marks = () if name in SHOWN else pytest.mark.every_notebook
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("notebook", [_also_here(n) for n in NOTEBOOKS if n != QUICKSTART])
def test_a_notebook_runs_from_top_to_bottom(notebook, lab, page, witness):
    lab.open(page, notebook)
    cells = lab.cells(page)
    assert [cell["id"] for cell in cells if not cell["is_trusted"]] == []
    lab.run_cells(page, notebook, range(len(cells)))
    lab.show_all(page, notebook)
    _assert_is_at_home(lab, witness)


def test_the_panel_is_a_page_of_its_own(hub, lab, chromium):
    page = _new_page(chromium)
    witness = Witness(page, hub.origin)
    page.goto(hub.link(f"voila/render/{PANEL}"))
    page.wait_for_function(voila.IS_READY, timeout=TIMEOUT_MILLISECONDS)
    panel = Panel(page).wait_until_here()
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    expect(panel.answers.first).to_contain_text("stand-in")
    Tap(page).wait_until_heard()
    lab.screenshot(page, "binder/panel")
    # Voilà itself looks for MathJax, and does without; the panel's formulas are MathML.
    assert set(witness.elsewhere()) <= {"cdnjs.cloudflare.com"}
    assert witness.complaints == []


def _assert_is_at_home(lab: Session, witness: Witness) -> None:
    """One kernel fits; nothing was asked elsewhere; JupyterLab did not look for news."""
    assert lab.total_bytes() < MOST_MEMORY
    assert witness.elsewhere() == witness.complaints == []
    assert not [url for url in witness.urls if re.search("/lab/api/(news|update)", url)]


def _new_page(chromium: Browser) -> Page:
    page = chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    Tap(page).install()
    return page


def _is_package(line: str) -> bool:
    return bool(line) and line[0] not in "#."
