"""The explorers in WebKit, moved by mouse and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import omni_nb as omni
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.browser.lab import Lab

    from .page import Page

EXPLORERS = """
from omni_nb.views.explorers import image_explorer
image_explorer()
"""


@pytest.mark.host("JupyterLab 4, WebKit", "explorers")
def test_the_mouse_and_the_keyboard_move_the_image_explorer(lab: Lab, page: Page) -> None:
    lab.write_notebook("explorers.ipynb", [EXPLORERS])
    lab.open(page, "explorers.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)
    explorer = page.locator(".omni-explorer")
    facts = explorer.locator(".omni-explorer-facts")
    facts.wait_for_text("1,224 tokens")
    slider, box = explorer.get_by_role("slider").first, explorer.get_by_role("spinbutton").first
    slider.press("ArrowRight")
    facts.wait_until("(element) => !element.textContent.includes('1,920 × 1,080')")
    box.fill("3000")
    box.press("Enter")
    facts.wait_for_text("3,000 × 1,080 →")
    place = slider.bounding_box()
    page.mouse.drag(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, -60)

    def follows() -> bool:
        width, shown = int(box.input_value()), facts.inner_text()
        tokens = omni.image_tokens(width, 1080, model="qwen-omni-turbo").tokens
        return width < 2000 and f"{width:,} × 1,080 →" in shown and f"{tokens:,} tokens" in shown

    assert wait_until(follows), "the facts are of the width in the box, which is the slider's"
