"""Answers as data and calls of tools, as a person sees them: a table, a line, two buttons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .axe import assert_accessible
from .panel import SETUP, Panel, open_panel

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from .lab import Lab

TOOLS = """
import threading
from dataclasses import dataclass
made, is_free = [], threading.Event()

def weather(city: str) -> dict:
    "The weather now. city: its name in English."
    made.append(city)
    return {"degrees": 21, "city": city}

def slow(city: str) -> str:
    "Look long. city: its name in English."
    is_free.wait(60)
    return "found"

@dataclass
class Person:
    name: str
    age: int

@dataclass
class Clip:
    speakers: int
    language: str
    summary: str
    people: list[Person]

here = standing_in(pace=0)
"""
ASK = "How warm is it in Hangzhou? Call weather."
IN_CELL = (
    "chat = omni.Chat('qwen3-omni-flash', tools=[weather], approve=True, connection=here)\n"
    f"reply = {{ask}}('{ASK}')"
)
SAY = "print([(call.state, call.error) for call in reply.tool_calls], made, reply.finish_reason)"
PANEL = (
    "chat = omni.Chat('qwen3-omni-flash', tools=[{tool}], approve={approve}, connection=here)\n"
    "panel = chat.panel(language='en')\npanel"
)
SAY_LAST = SAY.replace("reply", "chat[-1]")
DECISION = ".omni-decision"


def open_cells(lab: Lab, page: Page, *cells: str) -> None:
    """Open a notebook of these cells, with the tools defined by cell 0."""
    lab.write_notebook("tools.ipynb", [SETUP + TOOLS, *cells])
    lab.open(page, "tools.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)


def answer_of(lab: Lab, page: Page, index: int) -> str:
    lab.run_cell(page, index)
    return lab.printed(page, index)


@pytest.mark.parametrize("ask", ["chat.ask", "await chat.ask_async"])
@pytest.mark.parametrize("button", ["Allow", "Don't allow"])
def test_a_person_decides_in_a_cell_that_runs(lab: Lab, page: Page, ask: str, button: str) -> None:
    open_cells(lab, page, IN_CELL.format(ask=ask), SAY)
    lab.run_cell(page, 1, wait=False)
    asked = page.locator(DECISION)
    expect(asked).to_contain_text('city = "Hangzhou"')
    expect(page.locator(".omni-player-state")).to_have_text("Your decision is needed: weather")
    assert_accessible(page, ".omni-player")
    asked.scroll_into_view_if_needed()
    lab.screenshot(page, "decision-cell")
    page.get_by_role("button", name=button, exact=True).press("Enter")
    lab.wait_for_cell(page, 1)
    said = answer_of(lab, page, 2)
    if button == "Allow":
        assert said == "[('done', None)] ['Hangzhou'] stop\n"
    else:
        assert said == "[('failed', 'The person did not allow this call.')] [] stop\n"
    expect(page.locator(".omni-reply .omni-call")).to_have_count(1)
    expect(page.locator(DECISION)).to_have_count(0)
    lab.screenshot(page, f"decided-{button[:3]}")


def test_the_notebook_s_stop_ends_the_waiting_for_a_decision(lab: Lab, page: Page) -> None:
    open_cells(lab, page, IN_CELL.format(ask="chat.ask"), SAY)
    lab.run_cell(page, 1, wait=False)
    expect(page.locator(DECISION)).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    lab.wait_for_cell(page, 1)
    assert answer_of(lab, page, 2).endswith(" [] interrupted\n")


@pytest.mark.parametrize("button", ["Allow", "Don't allow"])
def test_a_person_decides_in_the_panel(lab: Lab, page: Page, button: str) -> None:
    panel = open_panel(
        lab, page, TOOLS, PANEL.format(tool="weather", approve=True), later=[SAY_LAST]
    )
    panel.ask(ASK)
    expect(panel.root.locator(DECISION)).to_contain_text('city = "Hangzhou"')
    expect(panel.root.locator("[aria-live]")).to_contain_text(["Your decision is needed: weather"])
    expect(panel.box).to_be_focused()
    assert_accessible(page, ".omni-panel")
    lab.screenshot(page, "decision-panel")
    panel.button(button).press("Enter")
    panel.wait_for_answers(1)
    expect(panel.root.locator(DECISION)).to_be_hidden()
    state, made = ("done", "['Hangzhou']") if button == "Allow" else ("failed", "[]")
    said = answer_of(lab, page, 3)
    assert said.startswith(f"[('{state}'")
    assert said.endswith(f" {made} stop\n")
    expect(panel.answers.locator("details.omni-call")).to_have_attribute("data-state", state)
    lab.screenshot(page, f"decided-panel-{button[:3]}")


def test_stop_ends_a_tool_that_runs(lab: Lab, page: Page) -> None:
    panel = open_panel(lab, page, TOOLS, PANEL.format(tool="slow", approve=False), later=[SAY_LAST])
    panel.ask("Look long in Hangzhou: call slow.")
    line = panel.root.locator(".omni-call")
    expect(line).to_have_text("slow(city='Hangzhou') …")
    lab.screenshot(page, "tool-running")
    panel.button("Stop").click()
    panel.wait_for_answers(1)
    expect(panel.answers.locator(".omni-panel-note")).to_contain_text("Interrupted")
    assert answer_of(lab, page, 3) == "[('running', None)] [] interrupted\n"


def test_the_notebook_s_stop_ends_a_tool_that_runs(lab: Lab, page: Page) -> None:
    ask = (
        "chat = omni.Chat('qwen3-omni-flash', tools=[slow], connection=here)\n"
        "reply = chat.ask('Look long in Hangzhou: call slow.')"
    )
    open_cells(lab, page, ask, SAY)
    lab.run_cell(page, 1, wait=False)
    expect(page.locator(".omni-streaming .omni-call")).to_have_text("slow(city='Hangzhou') …")
    page.locator("[data-command='notebook:interrupt-kernel']:visible").first.click()
    lab.wait_for_cell(page, 1)
    expect(page.locator(".omni-note")).to_contain_text("Interrupted")
    assert answer_of(lab, page, 2) == "[('running', None)] [] interrupted\n"


def assert_table(card: Locator, written: str) -> None:
    """The fields and values, the nested ones and the raw text folded."""
    rows = card.locator(".omni-value > table > tbody > tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_have_text(re.compile("language *(en|zh)"))
    expect(rows.nth(3).locator("table")).to_be_hidden()
    rows.nth(3).locator("summary").click()
    expect(rows.nth(3).locator("thead th")).to_have_text(["name", "age"])
    raw = card.locator(".omni-written")
    expect(raw.locator("div").first).to_be_hidden()
    raw.get_by_text(written).click()
    expect(raw).to_contain_text('"speakers":')


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_data_is_a_table_also_without_a_kernel(
    lab: Lab, page: Page, theme: str, language: str
) -> None:
    question = "Describe it." if language == "en" else "描述一下。"
    written = "As the model wrote it" if language == "en" else "模型的原文"
    ask = f"reply = omni.ask('{question}', response_format=Clip, connection=here)"
    open_cells(lab, page, ask)
    lab.theme(page, "dark" if theme == "dark" else "light")
    lab.narrow(page, 400)
    lab.run_cell(page, 1)
    try:
        card = page.locator(".omni-reply")
        assert_table(card, written)
        assert card.evaluate("(element) => element.scrollWidth <= element.clientWidth")
        assert_accessible(page, ".omni-reply")
        lab.screenshot(page, f"data-{theme}-{language}")
        lab.save(page)
        lab.shut_down_kernels()
        lab.open(page, "tools.ipynb")
        assert_table(page.locator(".omni-reply"), written)
    finally:
        lab.widen(page)
        lab.theme(page, "light")


def test_the_panel_shows_data_as_a_table(lab: Lab, page: Page) -> None:
    panel: Panel = open_panel(
        lab,
        page,
        TOOLS,
        "chat = omni.Chat(response_format=Clip, connection=here)\n"
        "panel = chat.panel(language='en')\npanel",
    )
    panel.ask("Describe it.")
    panel.wait_for_answers(1)
    assert_table(panel.answers.first, "As the model wrote it")
    assert_accessible(page, ".omni-panel")
    lab.screenshot(page, "data-panel")
