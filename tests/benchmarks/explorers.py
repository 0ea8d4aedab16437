"""How quickly the image explorer follows the mouse, in a real JupyterLab.

Compared with a bare slider of ipywidgets whose number Python writes beside it: the least that any
round trip through a kernel takes. The knob is dragged to and fro and the updates are counted.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from .first_sound import jupyterlab
from .table import Row

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


GOAL_MILLISECONDS = 1000 / 15
DRAG_SECONDS = 3.0
REPEATS = 3

BARE = """
import ipywidgets as widgets
knob, words = widgets.FloatLogSlider(value=1000, min=1, max=4.3, step=0.008), widgets.HTML()
def follow(change): words.value = f"<b>{change['new']}</b>"
knob.observe(follow, "value")
words.add_class("followed")
widgets.VBox([knob, words])
"""
EXPLORER = """
from omni_nb.views.explorers import image_explorer
image_explorer()
"""
PHOTO = """
from skimage import data
image_explorer(data.chelsea())
"""
FOLLOWING = {1: ".followed", 2: ".omni-explorer-facts", 3: ".omni-explorer-facts"}

COUNT = """(followed) => {
  window.__updates = 0;
  new MutationObserver(() => { window.__updates += 1; })
    .observe(followed, { childList: true, subtree: true });
}"""


def run() -> list[Row]:
    """Drag the knob of each by turns."""
    with jupyterlab() as (lab, page):
        lab.write_notebook("explorers.ipynb", ["", BARE, EXPLORER, PHOTO])
        lab.open(page, "explorers.ipynb")
        for cell in FOLLOWING:
            lab.run_cell(page, cell)
            lab.printed(page, cell)
        rounds = [[_milliseconds(page, cell) for cell in FOLLOWING] for _ in range(REPEATS)]
    bare, outline, photo = map(median, zip(*rounds, strict=True))
    return [
        _row("Update of the image explorer (a bare slider)", outline, bare),
        _row("Update of the image explorer with a photo (a bare slider)", photo, bare),
    ]


def _row(name: str, measured: float, bare: float) -> Row:
    return Row(name, measured, bare, "ms", goal=GOAL_MILLISECONDS, goal_of="value")


def _milliseconds(page: Page, cell: int) -> float:
    """The time between two updates while the knob is dragged."""
    output = page.locator(".jp-CodeCell").nth(cell)
    output.scroll_into_view_if_needed()
    output.locator(FOLLOWING[cell]).first.evaluate(COUNT)
    seconds = _drag(page, output.get_by_role("slider").first)
    updates: int = page.evaluate("() => window.__updates")
    return 1000 * seconds / max(updates, 1)


def _drag(page: Page, knob: Locator) -> float:
    """Drag a knob to and fro; returns how long that took."""
    box = knob.bounding_box()
    if box is None:
        raise RuntimeError("The slider is not on the page.")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    started, step = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < DRAG_SECONDS:
        step += 1
        page.mouse.move(x - abs(step % 100 - 50), y)
    page.mouse.move(x, y)
    page.mouse.up()
    return elapsed
