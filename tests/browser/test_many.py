"""One question about many things, as a person sees it: live, stopped, taken up again, saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .axe import assert_accessible
from .panel import SETUP
from .widths import assert_fits

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .lab import Lab

LIVE, KEPT, BAR = ".omni-many-live", ".omni-many", "[role=progressbar]"
MADE = """
from pathlib import Path
import numpy as np
Path("calls").mkdir(exist_ok=True)
for hertz in (220, 330, 440, 550):
    hum = 0.3 * np.sin(2 * np.pi * hertz * np.arange(12_000) / 24_000)
    omni.AudioClip.from_samples(hum, 24_000).save(f"calls/{hertz}.wav")
Path("calls/0 damaged <b>.wav").write_bytes(b"no sound")
"""
ASK_FOLDER = """
run = omni.ask_many("录音里有什么？", audio="calls", voice="Cherry", max_tokens=20,
                    model="qwen3-omni-flash", connection=standing_in(pace=1), at_once=2)
print(run.progress.done, run.progress.failed)
run
"""
ASK_ROWS = """
rows = [{{"n": n}} for n in range(40)]
run = omni.ask_many("Tell me a story of {{n}} words.", rows=rows, into="stories", max_tokens=60,
                    connection=standing_in(pace={pace}), at_once=2)
print(run.progress.state, run.progress.reused, len(run.failed))
"""


def test_a_run_is_seen_while_it_goes_on_and_its_table_stays(lab: Lab, page: Page) -> None:
    lab.write_notebook("many.ipynb", [SETUP + MADE, ASK_FOLDER])
    lab.open(page, "many.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)
    lab.run_cell(page, 1, wait=False)
    live = page.locator(LIVE)
    expect(live.locator(BAR)).to_have_attribute("aria-valuemax", "5")
    expect(live).to_contain_text("0 damaged <b>.wav")
    expect(live.locator("img").first).to_be_visible()  # the waveform of an answer
    assert_accessible(page, LIVE)
    lab.screenshot(page, "many-live-zh", selector=LIVE)
    lab.wait_for_cell(page, 1)
    expect(live).to_have_count(0)
    assert lab.printed(page, 1) == "4 1\n"
    shown, printed = lab.outputs(page, 1)  # the cell's value is shown already
    assert set(shown["data"]) == {"text/html", "text/plain"}
    assert printed["output_type"] == "stream"
    expect(page.locator(KEPT)).to_contain_text("已回答 4 / 5 · 失败 1")
    for theme in ("dark", "light"):
        lab.theme(page, theme)
        assert_accessible(page, KEPT)
        lab.screenshot(page, f"many-kept-{theme}", selector=KEPT)
    lab.narrow(page, 400)
    assert_fits(page, KEPT)
    lab.screenshot(page, "many-kept-400", selector=KEPT)
    lab.widen(page)


def test_stop_is_heard_while_the_cell_blocks_and_a_new_kernel_goes_on(lab: Lab, page: Page) -> None:
    again = ASK_ROWS.format(pace=0)
    lab.write_notebook("stop.ipynb", [SETUP, ASK_ROWS.format(pace=1), again])
    lab.open(page, "stop.ipynb")
    lab.run_cell(page, 0)
    lab.run_cell(page, 1, wait=False)
    live = page.locator(LIVE)
    expect(live).to_contain_text("row 1")
    live.get_by_role("button", name="Stop", exact=True).press("Enter")
    live.get_by_role("button", name="End those on the way, too").press("Enter")
    lab.wait_for_cell(page, 1)
    assert lab.printed(page, 1).startswith("stopped 0 ")
    lab.restart_kernel(page)
    lab.run_cell(page, 0)
    lab.run_cell(page, 2)
    state, reused, failed = lab.printed(page, 2).split()
    assert (state, failed) == ("done", "0")
    assert 0 < int(reused) < 40
    lab.save(page)
    lab.shut_down_kernels()
    lab.open(page, "stop.ipynb")
    expect(page.locator(KEPT)).to_have_count(2)
    expect(page.locator(KEPT).last).to_contain_text("40 of 40 answered")
    expect(page.locator(f"{KEPT} table").first).to_be_visible()
    expect(page.locator(LIVE)).to_have_count(0)
