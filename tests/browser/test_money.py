"""Money as a person meets it: a table before, a meter during, and a budget that ends an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import PIL.Image
import pytest
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from .lab import Lab, Tap

SETUP = """
import omni_nb as omni
from omni_nb.turns.estimate import compare, estimate
from omni_nb.rules.money import CNY
omni.connect("offline")
"""


GROWS = """(first) => {
  const shown = document.querySelector(".omni-player-meter").textContent;
  return Number(/\\d+/.exec(shown)[0]) > first;
}"""


def open_notebook(lab: Lab, page: Page, *cells: str) -> None:
    lab.write_notebook("money.ipynb", [SETUP, *cells])
    lab.open(page, "money.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)


def seconds_shown(meter: Locator) -> int:
    found = re.search(r"\d+", meter.text_content() or "")
    return int(found[0]) if found else 0


def test_the_meter_grows_while_the_answer_speaks(lab: Lab, page: Page, tap: Tap) -> None:
    words = r"目前语音 \d+ 秒 · 免费；若用真实模型约 ¥0\.\d+"
    ask = 'chat = omni.Chat(voice="Cherry")\nchat.ask("请说 8 秒。")'
    open_notebook(lab, page, ask, "chat.replies[0].account")
    lab.theme(page, "dark")
    lab.run_cell(page, 1, wait=False)
    meter = page.locator(".omni-player-meter")
    expect(meter).to_have_text(re.compile(words))
    assert meter.get_attribute("aria-live") == "off"
    first = seconds_shown(meter)
    page.wait_for_function(GROWS, arg=first)
    lab.screenshot(page, "meter", selector=".omni-player")
    page.set_viewport_size({"width": 640, "height": 800})
    assert_fits(page.locator(".omni-player"))
    lab.screenshot(page, "meter-narrow")
    page.set_viewport_size({"width": 1000, "height": 800})
    tap.wait_until_heard()
    lab.wait_for_cell(page, 1)
    lab.run_cell(page, 2)
    expect(page.locator(".omni-table")).to_be_visible()
    lab.screenshot(page, "account", selector=".omni-table")


@pytest.mark.parametrize("question", ["Speak for 60 seconds.", "请说 60 秒。"])
def test_a_budget_ends_the_answer_and_the_result_says_so(
    lab: Lab, page: Page, question: str
) -> None:
    name = "en" if question.isascii() else "zh"
    ask = (
        "import warnings; warnings.simplefilter('ignore')\n"
        f'chat = omni.Chat(voice="Cherry", budget=CNY("0.004"))\nchat.ask({question!r})'
    )
    again = (
        "try: chat.ask('word ' * 2000)\n"
        "except omni.BudgetError as error: print(type(error).__name__, error, len(chat.replies))"
    )
    open_notebook(lab, page, ask, again)
    lab.run_cell(page, 1)
    note = page.locator(".omni-reply .omni-note")
    expect(note).to_contain_text("the budget is spent" if name == "en" else "预算已用完")
    expect(page.locator(".omni-reply audio.omni-audio")).to_have_count(1)
    page.wait_for_function("() => document.querySelector('audio.omni-audio').readyState >= 1")
    seconds = page.locator("audio.omni-audio").evaluate("(audio) => audio.duration")
    assert 3 <= seconds < 6
    lab.run_cell(page, 2)
    assert "BudgetError" in lab.printed(page, 2)
    assert lab.printed(page, 2).strip().endswith(" 1")
    note.scroll_into_view_if_needed()
    lab.screenshot(page, f"budget-{name}")


ESTIMATES = """
photo = omni.image("photo.png")
display(estimate({question!r}, photo, voice="Cherry", answer_seconds=30))
display(estimate({question!r}, image="https://a.example/1.png"))
display(compare({question!r}, photo, voice="Cherry"))
"""


@pytest.mark.parametrize(
    ("theme", "question"),
    [("light", "What is in this picture?"), ("dark", "图中描绘的是什么景象?")],
)
def test_estimates_are_tables_that_fit(lab: Lab, page: Page, theme: str, question: str) -> None:
    language = "en" if question.isascii() else "zh"
    PIL.Image.new("RGB", (640, 480), "teal").save(lab.notebooks / "photo.png")
    open_notebook(lab, page, ESTIMATES.format(question=question))
    lab.theme(page, "dark" if theme == "dark" else "light")
    lab.run_cell(page, 1)
    tables = page.locator(".omni-table")
    expect(tables).to_have_count(3)
    for index in range(3):
        assert_fits(tables.nth(index))
    tables.nth(0).scroll_into_view_if_needed()
    lab.screenshot(page, f"estimate-{theme}-{language}")
    tables.nth(2).scroll_into_view_if_needed()
    lab.screenshot(page, f"compare-{theme}-{language}")
    page.set_viewport_size({"width": 640, "height": 800})
    output = page.locator(".jp-OutputArea-output").first
    assert_fits(output)  # a table that is too wide scrolls by itself
    tables.nth(2).scroll_into_view_if_needed()
    lab.screenshot(page, f"compare-{theme}-{language}-narrow")


def assert_fits(view: Locator) -> None:
    assert view.evaluate("(element) => element.scrollWidth <= element.clientWidth + 1")
