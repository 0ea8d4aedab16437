"""A chat panel as a person meets it: what is written, clicked and seen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import wait_until

from .servers import POLL_MILLISECONDS, TIMEOUT_MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Locator, Page

    from .lab import Jupyter

SETUP = """
import omni_nb as omni

def standing_in(**behaviour):
    global standin
    here = omni.stand_in(**behaviour)
    standin = here.server
    return here

def talk(voice="Cherry", max_tokens=30, pace=4, model="qwen-omni-turbo", **behaviour):
    here = standing_in(pace=pace, **behaviour)
    return omni.Chat(model, voice=voice, max_tokens=max_tokens, connection=here)

def keep(reply, path="spoken.pcm"):
    open(path, "wb").write(reply.pcm)
"""
PANEL = ".omni-panel"
ANSWERS = ".omni-panel-turn[data-state=over] .omni-panel-answer"
COUNT = "(panel, selector) => panel.querySelectorAll(selector).length"


class Panel:
    """The panel in a page, or the n-th of several."""

    def __init__(self, page: Page, place: int = 0) -> None:
        self.page = page
        self.root = page.locator(PANEL).nth(place)
        self.box = self.root.locator("textarea").last
        self.turns = self.root.locator(".omni-panel-turn")

    def ask(self, text: str) -> None:
        """Type a question and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def ask_in_a_row(self, text: str, count: int) -> None:
        """Ask numbered questions, one while the one before is answered, and wait for the end."""
        before = self.answers.count()
        for number in range(count):
            self.ask(f"{text} {number}")
        self.wait_for_answers(before + count)

    def wait_for_answers(self, count: int) -> None:
        """Wait until so many answers are complete."""
        # By the panel's own root: marimo has it in a shadow tree.
        assert wait_until(
            lambda: self.root.evaluate(COUNT, ANSWERS) == count,
            TIMEOUT_MILLISECONDS / 1000,
            pause_seconds=POLL_MILLISECONDS / 1000,
        ), f"not {count} answers"

    @property
    def answers(self) -> Locator:
        """The answers that are complete."""
        return self.root.locator(ANSWERS)

    @property
    def chips(self) -> Locator:
        """What is attached to the draft."""
        return self.root.locator(".omni-composer-chip")

    @property
    def settings(self) -> Locator:
        """The settings, shown or not."""
        return self.root.locator(".omni-panel-settings")

    def open_settings(self) -> Locator:
        """Open the settings."""
        self.root.locator(".omni-panel-settings-opener").click()
        self.settings.wait_for()
        return self.settings

    def button(self, name: str) -> Locator:
        """A button by what is read out."""
        return self.root.get_by_role("button", name=name, exact=True)

    def wait_until_here(self) -> Panel:
        """Wait until the panel can be used."""
        self.box.wait_for(timeout=TIMEOUT_MILLISECONDS)
        return self


def open_panel(
    server: Jupyter,
    page: Page,
    *cells: str,
    later: Sequence[str] = (),
    name: str = "panel.ipynb",
) -> Panel:
    """Open a notebook of these cells after `SETUP`, run all, and find the panel in it.

    The cells of ``later`` come after them and are not run.
    """
    server.write_notebook(name, [SETUP, *cells, *later])
    server.open(page, name)
    for index in range(1 + len(cells)):
        server.run_cell(page, index)
        server.printed(page, index)
    return Panel(page).wait_until_here()
