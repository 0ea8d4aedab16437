"""The pictures of the README: a cell that speaks and a panel in use, light and dark.

Everything in them happened: JupyterLab runs the cells, and the words, the voice and the numbers are
those of the offline stand-in, which says so in each picture. Both themes show the same answer, a
moment apart. After a change that one sees, take them again (two minutes), look at them and commit
them::

    .venv/bin/python -m tests.browser.pictures
"""

from __future__ import annotations

import io
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import matplotlib as mpl
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from omni_nb.offline.server import PACE_VARIABLE
from tests.media_files import speechlike

from .chromium import launch_chromium
from .lab import Lab, Theme
from .panel import Panel
from .servers import REPOSITORY, TIMEOUT_MILLISECONDS
from .tap import Tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

IMAGES = REPOSITORY / "docs" / "images"
WIDTH = 940
HEIGHT = 1600
SCALE = 2
MARGIN = 14
PACE = "1.25"
"""Services are quicker than one listens; then a busy machine leaves no gap in the sound either."""

PHOTO = "grace_hopper.jpg"
SOUND = "welcome.wav"

CELL = (
    'import omni_nb as omni\n\nomni.ask("Who are you?", voice="Cherry")',
    f'omni.ask("What does this picture show?", image="{PHOTO}", voice="Cherry")',
)
PANEL = 'import omni_nb as omni\n\nchat = omni.Chat(voice="Cherry")\nchat.panel()'

# The fonts are those that most readers see, not the first that this machine has. The buttons of
# JupyterLab's active cell would lie over what the cell says, its splash over all in a new theme.
STYLE = """
:root {
  --jp-ui-font-family: "Helvetica Neue", Helvetica, Arial, sans-serif !important;
  --jp-content-font-family: var(--jp-ui-font-family) !important;
}
.jp-cell-toolbar, #jupyterlab-splash { display: none !important; }
.omni-panel-scroller { max-height: none !important; }
"""


def main() -> None:
    """Take all pictures."""
    with desk() as (lab, page):
        speaking_cell(lab, page)
        take(lab, page, "cell")
        panel_in_use(lab, page)
        take(lab, page, "panel")


@contextmanager
def desk() -> Iterator[tuple[Lab, Page]]:
    """Open a JupyterLab with a photograph and a sound in its folder."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        lab = PicturedLab(Path(folder), environment={PACE_VARIABLE: PACE})
        shutil.copy(Path(mpl.get_data_path()) / "sample_data" / PHOTO, lab.notebooks)
        (lab.notebooks / SOUND).write_bytes(speechlike("Welcome to the course."))
        browser = launch_chromium(driver)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE
        )
        Tap(page).install()
        try:
            yield lab, page
        finally:
            browser.close()
            lab.close()


class PicturedLab(Lab):
    """A JupyterLab whose kernel has the name that readers know."""

    kernel_title = "Python 3 (ipykernel)"


def speaking_cell(lab: Lab, page: Page) -> None:
    """Ask in two cells; the second answer is being spoken."""
    _open(lab, page, "lesson.ipynb", *CELL)
    lab.run_cell(page, 0)
    lab.run_cell(page, 1, wait=False)
    wait_for_words(page.locator(".omni-player-captions").last, "It looks")


def panel_in_use(lab: Lab, page: Page) -> None:
    """Ask twice in a panel, and attach a sound to the next question while the answer is spoken."""
    _open(lab, page, "conversation.ipynb", PANEL)
    lab.run_cell(page, 0)
    panel = Panel(page).wait_until_here()
    panel.ask(r"Repeat after me: $e^{i\pi} + 1 = 0$")
    panel.wait_for_answers(1)
    attach(lab, panel, PHOTO)
    panel.ask("What does this picture show?")
    expect(panel.chips).to_have_count(0)
    attach(lab, panel, SOUND)
    panel.box.fill("Who is speaking here?")
    wait_for_words(panel.turns.last, "It looks")


def _open(lab: Lab, page: Page, name: str, *cells: str) -> None:
    lab.write_notebook(name, cells)
    page.goto("about:blank")  # a page that stays open would show a launcher beside the notebook
    lab.open(page, name)
    lab.narrow(page, WIDTH)
    page.add_style_tag(content=STYLE)


def attach(lab: Lab, panel: Panel, name: str) -> None:
    """Attach a file to the next question, and wait until its weight is known."""
    panel.root.locator("input[type=file]").first.set_input_files(lab.notebooks / name)
    expect(panel.chips).to_contain_text("tokens", timeout=TIMEOUT_MILLISECONDS)


def wait_for_words(place: Locator, words: str) -> None:
    """Wait until an answer has come to these words."""
    expect(place).to_contain_text(words, timeout=TIMEOUT_MILLISECONDS)


def take(lab: Lab, page: Page, name: str) -> None:
    """Write a picture of the notebook in front, in each theme."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for theme in get_args(Theme):
        lab.theme(page, theme)
        png = snapshot(page)
        assert_worth_showing(page.locator(".jp-Notebook").inner_text())
        (IMAGES / f"{name}-{theme}.png").write_bytes(small(png))


def assert_worth_showing(text: str) -> None:
    """Fail unless speech comes without a gap, and the reader is told that no model is behind it."""
    assert "Speaking" in text, "the answer is over: this machine has too much else to do"
    assert "gaps in the sound" not in text, "there was a gap: this machine has too much else to do"
    assert "Offline stand-in" in text, "nothing says that no model answers"


def snapshot(page: Page) -> bytes:
    """Return the page down to the end of its last cell, as a PNG."""
    box = page.locator(".jp-Notebook .jp-Cell").last.bounding_box()
    assert box, "no cell is in sight"
    height = box["y"] + box["height"] + MARGIN
    return page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height})


def small(png: bytes) -> bytes:
    """Return a PNG of 256 colours: nobody sees that, and it weighs a third."""
    target = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    # The photograph has most of the colours; small marks of other colours keep theirs, too.
    method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    picture.quantize(256, method, kmeans=2, dither=dither).save(target, "PNG", optimize=True)
    return target.getvalue()


if __name__ == "__main__":
    main()
