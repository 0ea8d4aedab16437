"""From the first speech that reaches the client to the first sound in a real JupyterLab.

A time, and no ratio: its baseline is its goal. The stand-in sends no speech ahead of its pace here,
so that a prebuffer has to wait for the speech that fills it.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.browser.lab import Lab, Tap, launch_chromium

from .kernel import SETUP
from .table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

GOAL_MILLISECONDS = {0.3: 400, 0.0: 150}
REPEATS = 5
ASK = """
reply = omni.ask("Speak for 2 seconds.", voice="Cherry", prebuffer_seconds={prebuffer},
                 connection=standing_in(lead_seconds=0))
"""
WAITED = "print(1000 * (reply.timing.first_heard_seconds - reply.timing.first_audio_seconds))"


def run() -> list[Row]:
    """Hear answers with and without a prebuffer, by turns, in one notebook."""
    asks = [ASK.format(prebuffer=prebuffer) for prebuffer in GOAL_MILLISECONDS]
    with jupyterlab() as (lab, page):
        lab.write_notebook("sound.ipynb", [SETUP, WAITED, *asks])
        lab.open(page, "sound.ipynb")
        lab.run_cell(page, 0)
        rounds = [
            [_milliseconds(lab, page, 2 + index) for index in range(len(asks))]
            for _ in range(REPEATS)
        ]
    waits = map(median, zip(*rounds, strict=True))
    return [
        Row(
            f"Speech to first sound, prebuffer {prebuffer:g} s (its goal)",
            milliseconds,
            goal,
            "ms",
            goal=goal,
            goal_of="value",
        )
        for milliseconds, (prebuffer, goal) in zip(waits, GOAL_MILLISECONDS.items(), strict=True)
    ]


def _milliseconds(lab: Lab, page: Page, cell: int) -> float:
    """Run a cell that asks, hear it out, and read how long the first sound took."""
    lab.run_cell(page, cell)
    Tap(page).wait_for_silence(1.2)
    lab.run_cell(page, 1)
    return float(lab.printed(page, 1))


@contextmanager
def jupyterlab() -> Iterator[tuple[Lab, Page]]:
    """A JupyterLab and a page of Chromium whose loudspeaker is tapped."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        try:
            browser = launch_chromium(playwright)
            page = browser.new_page()
            Tap(page).install()
            yield lab, page
            browser.close()
        finally:
            lab.close()
