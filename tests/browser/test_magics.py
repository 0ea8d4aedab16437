"""`%%omni` as a person meets it in JupyterLab: typed with Tab, heard, and gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from .test_ask import PLAYER, SETUP, assert_player_plays, assert_static_result, html_of

if TYPE_CHECKING:
    from .lab import Lab, Tap

READY = """
%load_ext omni_nb
standing_in()
omni.connect(standin.base_url, api_key=standin.api_key)
talk = omni.Chat(max_tokens=16)
"""
DRY = "%%omni --chat talk --dry-run --image {blank}\nWhat is this?"
BLANK = "import numpy as np; blank = np.zeros((40, 60, 3), 'uint8')"
FACTS = """
import time
while standin.active_requests: time.sleep(0.01)
is_kept = answer is talk.replies[0]
print(standin.activity.completed, len(talk.replies), is_kept, answer.audio.seconds)
"""


def test_a_cell_is_typed_with_tab_heard_and_gone_on_with(lab: Lab, page: Page, tap: Tap) -> None:
    cells = [SETUP, READY, "", "%omni --chat talk And why?", BLANK, DRY, FACTS]
    lab.write_notebook("magics.ipynb", cells)
    lab.open(page, "magics.ipynb")
    lab.run_cell(page, 0)
    lab.run_cell(page, 1)
    lab.printed(page, 1)
    type_with_tab(lab, page)

    lab.run_cell(page, 2, wait=False)
    expect(page.locator(".omni-player-state")).to_have_text("Speaking")
    tap.wait_for_sound()
    assert page.evaluate("() => window.__omniRuns[2]") == "running", "it is heard while it comes"
    lab.wait_for_cell(page, 2)
    assert_static_result(lab.outputs(page, 2))
    lab.run_cell(page, 3)
    assert_static_result(lab.outputs(page, 3))
    lab.run_cell(page, 4)
    lab.run_cell(page, 5)
    html = html_of(lab.outputs(page, 5))
    assert "nothing was sent" in html
    assert "And why?" in html
    page.locator(".omni-dry-run").scroll_into_view_if_needed()
    lab.screenshot(page, "magics-dry-run")
    lab.run_cell(page, 6)
    completed, turns, is_kept, seconds = lab.printed(page, 6).split()
    assert (completed, turns, is_kept) == ("2", "2", "True")
    tap.wait_for_silence(1.2)
    assert_player_plays(page, PLAYER, float(seconds))


def type_with_tab(lab: Lab, page: Page) -> None:
    """Type the question into the empty cell, as far as Tab does not."""
    editor = page.locator(".jp-Notebook-cell").nth(2).locator(".cm-content")
    editor.click()
    offered = page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-match")
    page.keyboard.type("%%omni --chat talk --v")
    page.keyboard.press("Tab")
    expect(offered).to_have_count(3)
    texts = ["--video", "--vl-high-resolution-images", "--voice"]
    assert sorted(offered.all_inner_texts()) == texts
    offered.get_by_text("--voice").click()
    expect(editor).to_have_text("%%omni --chat talk --voice")
    page.keyboard.type(" ")
    page.keyboard.press("Tab")
    expect(offered.nth(3)).to_have_text("Chelsie")  # JupyterLab's own words come after ours
    assert offered.all_inner_texts()[:4] == ["Cherry", "Serena", "Ethan", "Chelsie"]
    lab.screenshot(page, "magics-completion")
    page.keyboard.press("Enter")
    expect(editor).to_have_text("%%omni --chat talk --voice Cherry")
    page.keyboard.type(" --to answer")
    page.keyboard.press("Enter")
    page.keyboard.type("Who are you?")


def test_tab_completes_a_voice_and_a_model_of_a_call(lab: Lab, page: Page) -> None:
    lab.write_notebook("tab.ipynb", ["import omni_nb as omni", ""])
    lab.open(page, "tab.ipynb")
    lab.run_cell(page, 0)
    lab.wait_for_cell(page, 0)
    editor = page.locator(".jp-Notebook-cell").nth(1).locator(".cm-content")
    editor.click()
    offered = page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-match")
    page.keyboard.type('omni.ask("Who?", model="qwen3.5-omni-fl')
    page.keyboard.press("Tab")
    expect(offered).to_have_text(["qwen3.5-omni-flash"])
    page.keyboard.press("Enter")
    page.keyboard.type('", voice="Ti')
    page.keyboard.press("Tab")
    expect(offered.first).to_have_text("Tina")
    lab.screenshot(page, "voice-completion")
    page.keyboard.press("Enter")
    expect(editor).to_have_text('omni.ask("Who?", model="qwen3.5-omni-flash", voice="Tina')
