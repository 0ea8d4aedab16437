"""In marimo, which has no IPython: `omni.ask` in a cell, and the panel."""

from __future__ import annotations

import re
import wave
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from playwright.sync_api import expect

from .axe import assert_accessible
from .panel import SETUP, Panel
from .servers import TIMEOUT_MILLISECONDS
from .tap import Tap, assert_same_speech

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.sync_api import Page

    from .marimo import Marimo

COLOR_SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")

ASK = """
reply = omni.ask("Please speak for 6 seconds.", voice="Cherry", connection=standing_in(pace=1))
keep(reply, {path!r})
{value}
"""
TWO = """
one = omni.ask("The first of two.", connection=standing_in(pace=0), max_tokens=12)
two = omni.ask("The second of two.", connection=standing_in(pace=0), max_tokens=12)
"""
SHOW = """
chat = talk(pace=2, max_tokens=600)
panel = chat.panel(language="en")
mo.ui.anywidget(panel)
"""


@pytest.mark.alone
@pytest.mark.host("marimo, Chromium", "text", "speech", "kept")
@pytest.mark.parametrize("value", ["reply", "None"], ids=["the cell's value", "in mid-cell"])
def test_an_answer_grows_is_heard_sample_by_sample_and_stays(
    marimo: Marimo, marimo_page: Page, tmp_path: Path, value: str
) -> None:
    page, tap, path = marimo_page, Tap(marimo_page), tmp_path / "spoken.pcm"
    name = f"ask_{value}.py"  # a kernel lives on after its page
    marimo.write_cells(name, [SETUP, ASK.format(path=str(path), value=value)])
    marimo.open(page, name)
    captions = page.locator(".omni-player-captions")
    expect(captions).to_contain_text("stand-in", timeout=TIMEOUT_MILLISECONDS)
    tap.wait_for_sound()
    begun = captions.inner_text()
    expect(page.locator(".omni-player-header")).to_contain_text("Please speak for 6 seconds.")
    assert not path.exists(), "it is heard while it is generated"
    expect(captions).to_have_text(re.compile(rf".{{{len(begun) + 40},}}", re.DOTALL))
    card = page.locator(".omni-reply:visible")
    expect(card).to_have_count(1, timeout=TIMEOUT_MILLISECONDS)
    expect(captions).to_have_count(0)
    expect(card).to_contain_text(begun[:40])
    expect(card.locator("audio")).to_be_visible()
    tap.wait_for_silence(1.2)
    assert_same_speech(tap.heard(), np.fromfile(path, "<i2").astype(np.int64))
    marimo.screenshot(page, f"marimo-ask-{value}")


def test_two_written_answers_of_a_cell_stay_both_and_values_are_shown(
    marimo: Marimo, marimo_page: Page
) -> None:
    marimo.write_cells("two.py", [SETUP, TWO, "omni.models()", "two.usage"])
    marimo.open(marimo_page, "two.py")
    cards = marimo_page.locator(".omni-reply:visible")
    expect(cards).to_have_count(2, timeout=TIMEOUT_MILLISECONDS)
    expect(cards).to_contain_text(["The first of two.", "The second of two."])
    expect(marimo_page.get_by_text("qwen2.5-omni-7b").first).to_be_visible()


@pytest.mark.alone
@pytest.mark.host("marimo, Chromium", "panel")
def test_the_panel_is_typed_in_heard_stopped_and_set_and_the_next_question_uses_it(
    marimo: Marimo, marimo_page: Page
) -> None:
    page, tap = marimo_page, Tap(marimo_page)
    marimo.write_cells("panel.py", [SETUP, "import marimo as mo", SHOW])
    marimo.open(page, "panel.py")
    panel = Panel(page).wait_until_here()
    panel.ask("Please speak for 4 seconds.")
    panel.wait_for_answers(1)
    tap.wait_for_silence(1.2)
    assert_same_speech(tap.heard(), downloaded(page, panel))
    panel.ask("Please speak for 60 seconds.")
    tap.wait_for_sound()
    panel.button("Stop").click()
    panel.wait_for_answers(2)
    expect(panel.answers.nth(1).get_by_role("note")).to_contain_text("Interrupted")
    tap.wait_for_silence()
    settings = panel.open_settings()
    settings.get_by_label("Voice", exact=True).select_option("Ethan")
    expect(panel.root.locator(".omni-panel-how")).to_contain_text("Ethan")
    for scheme in COLOR_SCHEMES:
        page.emulate_media(color_scheme=scheme)
        marimo.screenshot(page, f"marimo-panel-settings-{scheme}")
        assert_accessible(page, "marimo-anywidget")  # axe finds no selector within a shadow tree
    settings.get_by_label("Budget (CNY)").fill("much")
    settings.get_by_label("Budget (CNY)").press("Enter")
    expect(settings.get_by_role("alert").filter(has_text="'much'")).to_be_visible()
    page.keyboard.press("Escape")
    expect(settings).not_to_be_visible()
    expect(panel.button("Settings")).to_be_focused()
    panel.ask("Who are you?")
    panel.wait_for_answers(3)
    panel.turns.nth(2).locator(".omni-panel-show-code").click()
    expect(panel.turns.nth(2).locator(".omni-panel-program")).to_contain_text('"voice": "Ethan"')
    expect(panel.root).not_to_contain_text("[object")
    expect(panel.answers.first.locator(".omni-panel-facts")).to_contain_text("CNY")
    marimo.screenshot(page, "marimo-panel")


def downloaded(page: Page, panel: Panel) -> NDArray[np.int64]:
    """The speech of the last answer, as the panel gives it away."""
    with page.expect_download() as download:
        panel.answers.last.get_by_role("button", name="Download the speech (WAV)").click()
    with wave.open(str(download.value.path())) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int64)
