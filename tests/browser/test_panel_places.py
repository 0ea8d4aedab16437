"""The panel in Notebook 7, and in Voilà as a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .files import choose_files
from .panel import SETUP, Panel, open_panel
from .servers import TIMEOUT_MILLISECONDS
from .tap import Tap
from .test_panel_life import picture

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from .lab import Notebook7
    from .voila import Voila

CHAT = "chat = talk(pace=1, max_tokens=600)\n"
SHOW = CHAT + "chat.panel(language='en')"


@pytest.fixture
def notebook_panel(notebook7: Notebook7, notebook_page: Page) -> Panel:
    """A panel in Notebook 7, saved."""
    panel = open_panel(notebook7, notebook_page, SHOW)
    notebook7.save(notebook_page)
    return panel


@pytest.fixture
def voila_panel(voila: Voila, voila_page: Page) -> Panel:
    """A panel in Voilà."""
    voila.write_notebook("panel.ipynb", [SETUP, SHOW])
    voila.open(voila_page, "panel.ipynb")
    return Panel(voila_page).wait_until_here()


@pytest.mark.host("Notebook 7, Chromium", "panel")
def test_in_notebook_7_a_question_with_a_picture_is_answered_aloud(
    notebook7, notebook_panel, tmp_path
):
    assert_answers_aloud_until_stopped(notebook_panel, tmp_path)
    notebook7.screenshot(notebook_panel.page, "panel-notebook7")
    texts = notebook_panel.answers.locator(".omni-panel-text").all_inner_texts()
    notebook7.reload(notebook_panel.page)
    notebook_panel.wait_for_answers(1)
    expect(notebook_panel.answers.locator(".omni-panel-text")).to_have_text(texts)


@pytest.mark.host("Voilà, Chromium", "panel")
def test_in_voila_a_question_with_a_picture_is_answered_aloud(voila, voila_panel, tmp_path):
    assert_answers_aloud_until_stopped(voila_panel, tmp_path)
    voila.screenshot(voila_panel.page, "panel-voila")
    # Another kernel runs the notebook anew, so the conversation begins anew.
    voila.reload(voila_panel.page)
    voila_panel.wait_until_here()
    expect(voila_panel.turns).to_have_count(0)
    voila_panel.ask("Are you there again?")
    text = voila_panel.turns.first.locator(".omni-panel-text")
    expect(text).to_contain_text("stand-in", timeout=TIMEOUT_MILLISECONDS)


def assert_answers_aloud_until_stopped(panel: Panel, folder: Path) -> None:
    """Ask about a picture, hear the answer, stop it in mid-word."""
    tap = Tap(panel.page)
    attach = panel.root.locator(".omni-composer-attach")
    choose_files(panel.page, attach, [("teal.png", picture())], folder)
    expect(panel.chips).to_contain_text(["teal.png"])
    expect(panel.chips).to_contain_text(["tokens"])
    panel.ask("Which colour is it?")
    answer = panel.turns.first.locator(".omni-panel-text")
    expect(answer).to_contain_text("64 by 48 pixels", timeout=TIMEOUT_MILLISECONDS)
    expect(panel.turns.first.locator("img")).to_be_visible()
    tap.wait_for_sound()
    panel.button("Stop").click()
    panel.wait_for_answers(1)
    expect(panel.answers.first.get_by_role("note")).to_contain_text("Interrupted")
    tap.wait_for_silence()
