"""An answer of millions of characters: few nodes, its end in sight, all of it on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .axe import assert_accessible
from .panel import PANEL, open_panel
from .servers import TIMEOUT_MILLISECONDS
from .widths import assert_fits

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from .lab import Lab

MOST_NODES = 40_000
SIZE = 2_000_000
CHAT = """
import itertools, time
from omni_nb.wire.events import TextDelta

PIECES = [
    "## Chapter {n}\\n\\nThe *cat* sat on the `mat`, and **wrote** it down, all of it.\\n\\n",
    "- one\\n- two\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n",
    "```python\\nprint('chapter {n}')\\n```\\n\\n",
]
numbers = itertools.count(1)
chat = talk(voice=None)
"""
PANEL_OF_IT = "panel = chat.panel(language='en')\npanel"
BEGIN = """
stream = chat.stream("Write it all down, please.")
stream.begin()
"""
GROW = """
for _ in range(20):
    for _ in range({size} // 20 // 200):
        stream.reply.feed(TextDelta("".join(PIECES).format(n=next(numbers))))
    time.sleep(0.3)
print(len(stream.reply.text))
"""
FINISH = "stream.reply.finish(seconds=1.0)\nprint(stream.reply.text[-40:], end='')"
SHOW = "stream.reply"
COUNT = "(element) => element.querySelectorAll('*').length"
REST = "details.omni-rest"
TEXT = "(rest) => [...rest.querySelectorAll('div')].map((slice) => slice.textContent).join('')"


def test_a_long_answer_comes_in_few_nodes_and_is_whole_when_asked_for(lab, page):
    panel = open_panel(
        lab,
        page,
        CHAT,
        PANEL_OF_IT,
        later=[BEGIN, GROW.format(size=SIZE), FINISH, SHOW],
    )
    lab.run_cell(page, 3)
    lab.run_cell(page, 4, wait=False)
    answer = panel.turns.last.locator(".omni-panel-text")
    expect(answer.locator(".omni-growing .omni-gap")).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    assert answer.evaluate(COUNT) < MOST_NODES
    lab.screenshot(page, "long-growing", selector=PANEL)
    lab.wait_for_cell(page, 4)
    size = int(lab.printed(page, 4))
    lab.run_cell(page, 5)
    panel.wait_for_answers(1)
    summary = answer.locator(f"{REST} > summary")
    expect(summary).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    assert answer.evaluate(COUNT) < MOST_NODES
    look_at_it(lab, page, answer, "long")
    open_by_keyboard(page, answer)
    assert answer.evaluate(COUNT) < MOST_NODES
    assert_whole(lab, page, answer, size)
    assert_accessible(page, f"{PANEL} {REST}")
    lab.run_cell(page, 6)
    kept = page.locator(".jp-OutputArea-output .omni-reply").last
    open_by_keyboard(page, kept)
    assert kept.evaluate(COUNT) < MOST_NODES
    assert_whole(lab, page, kept, size)


def assert_whole(lab: Lab, page: Page, answer: Locator, size: int) -> None:
    """Check that the rest of an answer begins where its Markdown ends, and is there to its end."""
    rest = answer.locator(REST).evaluate(TEXT)
    assert rest.endswith(lab.printed(page, 5))
    assert 100_000 >= size - len(rest) > 10_000


def open_by_keyboard(page: Page, answer: Locator) -> None:
    """Open the rest of an answer as a person without a mouse does."""
    summary = answer.locator(f"{REST} > summary")
    summary.scroll_into_view_if_needed()
    summary.focus()
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    expect(answer.locator(f"{REST}[open] div").first).to_be_visible(timeout=TIMEOUT_MILLISECONDS)


def look_at_it(lab: Lab, page: Page, answer: Locator, name: str) -> None:
    """Take pictures of the place where an answer is cut, and check that it fits."""
    summary = answer.locator(f"{REST} > summary")
    for theme in ["light", "dark"]:
        lab.theme(page, theme)
        for width in [320, 1000]:
            lab.narrow(page, width)
            summary.scroll_into_view_if_needed()
            lab.screenshot(page, f"{name}-{theme}-{width}", selector=PANEL)
            assert_fits(page, f"{PANEL} {REST}")
    lab.theme(page, "light")
    lab.widen(page)
