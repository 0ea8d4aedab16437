"""`omni.ask` in WebKit: seen and heard while it comes, stopped, saved and opened again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.panel import SETUP
from tests.browser.tap import Tap, assert_same_speech

from .browser import webkit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.browser.lab import Lab

    from .page import Page

SAMPLE_RATE = 24_000
ASK = """
reply = talk(pace={pace}, max_tokens={tokens}).ask({question!r}, prebuffer_seconds=1)
keep(reply)
"""  # Binder is built beside: what comes as fast as it is spoken may come a second late.


def open_notebook(lab: Lab, page: Page, *cells: str) -> None:
    """Open a notebook of these cells, with SETUP run as cell 0."""
    lab.write_notebook("ask.ipynb", [SETUP, *cells])
    lab.open(page, "ask.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)


def spoken(lab: Lab) -> NDArray[np.int64]:
    """The speech that the kernel has received."""
    return np.fromfile(lab.notebooks / "spoken.pcm", "<i2").astype(np.int64)


@pytest.mark.host("JupyterLab 4, WebKit", "text", "speech")
def test_the_text_grows_and_every_sample_is_heard_in_order_while_it_comes(
    lab: Lab, page: Page, tap: Tap
) -> None:
    ask = ASK.format(pace=1, tokens=20, question="图中描绘的是什么景象?")
    open_notebook(lab, page, ask)
    lab.run_cell(page, 1, wait=False)
    captions = page.locator(".omni-player-captions")
    captions.wait_until("(element) => element.textContent.length > 3")
    early = captions.inner_text()
    captions.wait_until("(element, early) => element.textContent.length > early.length + 5", early)
    assert captions.inner_text().startswith(early)
    tap.wait_for_sound()
    lab.screenshot(page, "webkit-streaming")
    first_heard_at = tap.heard().started_at
    lab.wait_for_cell(page, 1)
    assert first_heard_at < time.time() - 2, "it is heard while it is generated"
    tap.wait_for_silence(1.2)
    assert_same_speech(tap.heard(), spoken(lab))


def test_stop_ends_the_request_and_the_sound_and_keeps_what_came(
    lab: Lab, page: Page, tap: Tap
) -> None:
    ask = """
chat = talk(pace=1, max_tokens=300)
try:
    chat.ask("Speak for 60 seconds.")
finally:
    import time
    while standin.active_requests: time.sleep(0.01)
    reply = chat.replies[0]
    print(reply.finish_reason, standin.activity.cancelled, len(reply.pcm) > 0)
"""
    open_notebook(lab, page, ask)
    lab.run_cell(page, 1, wait=False)
    page.locator(".omni-player-state").wait_for_text("Speaking")
    tap.wait_for_sound()
    page.get_by_role("button", name="Stop", exact=True).click()
    clicked_at = time.time()
    lab.wait_for_cell(page, 1)
    page.locator(".omni-note").wait_for_text("Interrupted")
    tap.wait_for_silence(1.5)
    assert tap.heard().ended_at < clicked_at + 0.5
    streams = [o["text"] for o in lab.outputs(page, 1) if o["output_type"] == "stream"]
    assert streams == ["interrupted 1 True\n"]


@pytest.mark.host("JupyterLab 4, WebKit", "kept")
def test_the_saved_player_plays_its_mp3_after_a_reload(lab: Lab, page: Page) -> None:
    open_notebook(lab, page, ASK.format(pace=0, tokens=20, question="Who are you?"))
    lab.run_cell(page, 1)
    lab.save(page)
    lab.shut_down_kernels()
    lab.reload(page)
    player = page.locator("audio.omni-audio")
    player.scroll_into_view_if_needed()
    player.wait_until("(audio) => audio.src.startsWith('data:audio/mpeg') && audio.readyState >= 1")
    seconds = len(spoken(lab)) / SAMPLE_RATE
    # GStreamer counts what the encoder has put before and after the speech, too.
    assert 0 <= player.evaluate("(audio) => audio.duration") - seconds < 0.1
    player.evaluate("(audio) => { audio.currentTime = 1; return audio.play(); }")
    player.wait_until("(audio) => audio.currentTime > 1.1")
    player.evaluate("(audio) => audio.pause()")


def test_without_a_click_the_page_asks_for_one(lab: Lab, tmp_path: Path) -> None:
    with webkit(tmp_path, autoplay="deny") as page:
        tap = Tap(page)
        tap.install()
        open_notebook(lab, page, ASK.format(pace=0, tokens=20, question="Who are you?"))
        lab.run_cell(page, 1)
        page.locator(".omni-tail-button").wait_for_text("Click anywhere to hear")
        assert tap.is_silent()
        page.mouse.click(500, 5)
        tap.wait_for_silence(1.2)
        assert_same_speech(tap.heard(), spoken(lab))
