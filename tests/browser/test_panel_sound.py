"""What is heard of the panel: the samples that reach the loudspeaker, live and played again."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from .panel import open_panel
from .tap import assert_same_speech

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

    from .conftest import Download
    from .lab import Lab, Tap

SAMPLE_RATE = 24_000
SHOW = (
    "chat = talk({options})\n"
    "panel = chat.panel(language='en', prebuffer_seconds={prebuffer})\npanel"
)
KEEP = "for number, reply in enumerate(chat.replies): keep(reply, f'spoken{number}.pcm')"
TIMING = "print([reply.timing for reply in chat.replies])"
STALL = """
import pathlib, time
from omni_nb.wire.client import EventStream
plain = EventStream.__iter__
def stalling(self):
    for number, event in enumerate(plain(self)):
        if number == 12:  # two seconds from when it is heard: a sound card may take one to start
            while not pathlib.Path("heard").exists():
                time.sleep(0.01)
            time.sleep(2)
        yield event
EventStream.__iter__ = stalling
"""


def spoken(lab: Lab, page: Page, cell: int, count: int = 1) -> list[NDArray[np.int64]]:
    """The speech that the chat has received, answer by answer."""
    lab.run_cell(page, cell)
    lab.printed(page, cell)
    files = [lab.notebooks / f"spoken{number}.pcm" for number in range(count)]
    return [np.fromfile(file, "<i2").astype(np.int64) for file in files]


@pytest.mark.host("JupyterLab 4, Chromium", "panel")
@pytest.mark.every_browser
@pytest.mark.alone
@pytest.mark.parametrize(
    ("jitter", "prebuffer"),
    [
        pytest.param(0, 0.3, id="real-time"),
        pytest.param(0.4, 0.6, id="jitter", marks=pytest.mark.in_short),
    ],
)
def test_every_sample_is_heard_in_order_and_without_a_gap(
    lab: Lab, page: Page, tap: Tap, jitter: float, prebuffer: float
) -> None:
    options = f"pace=1, max_tokens=20, jitter_seconds={jitter}"
    show = SHOW.format(options=options, prebuffer=prebuffer)
    panel = open_panel(lab, page, show, KEEP, TIMING)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    tap.wait_for_silence(1.2)
    assert_same_speech(tap.heard(), spoken(lab, page, 2)[0])
    lab.run_cell(page, 3)
    assert "underruns=0" in lab.printed(page, 3)


@pytest.mark.every_browser
@pytest.mark.alone
def test_a_stall_of_two_seconds_is_a_gap_and_loses_nothing(lab: Lab, page: Page, tap: Tap) -> None:
    show = SHOW.format(options="pace=1, max_tokens=20", prebuffer=0.3)
    panel = open_panel(lab, page, STALL + show, KEEP, TIMING)
    panel.ask("Who are you?")
    tap.wait_until_heard()
    (lab.notebooks / "heard").touch()
    panel.wait_for_answers(1)
    expect(panel.root.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=20_000)
    tap.wait_for_silence(1.2)
    heard, (speech,) = tap.heard().samples, spoken(lab, page, 2)
    np.testing.assert_array_equal(heard[heard != 0], speech[speech != 0])
    assert len(heard) > len(speech) + SAMPLE_RATE / 2
    lab.run_cell(page, 3)
    assert "underruns=0" not in lab.printed(page, 3)


@pytest.mark.alone
def test_answers_do_not_talk_over_each_other(lab: Lab, page: Page, tap: Tap) -> None:
    show = SHOW.format(options="pace=8, max_tokens=8", prebuffer=0.3)
    panel = open_panel(lab, page, show, KEEP)
    panel.ask("One")
    panel.ask("Two")
    panel.wait_for_answers(2)
    expect(panel.root.get_by_role("button", name="Play", exact=True)).to_have_count(
        2, timeout=30_000
    )
    tap.wait_for_silence(1.2)
    heard, speech = tap.heard().samples, np.concatenate(spoken(lab, page, 2, count=2))
    np.testing.assert_array_equal(heard[heard != 0], speech[speech != 0])


def test_a_faster_answer_is_as_much_shorter(lab: Lab, page: Page, tap: Tap) -> None:
    show = SHOW.format(options="pace=8, max_tokens=60", prebuffer=0.3)
    panel = open_panel(lab, page, show, KEEP)
    panel.ask("Who are you?")
    tap.wait_for_sound()
    speed = panel.root.locator(".omni-panel-speed").first
    while speed.inner_text() != "2×":
        speed.click()
    expect(panel.root.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=30_000)
    tap.wait_for_silence(1.2)
    ratio = len(tap.heard().samples) / len(spoken(lab, page, 2)[0])
    assert 0.45 < ratio < 0.8


def test_a_muted_answer_goes_on_in_silence(lab: Lab, page: Page, tap: Tap) -> None:
    show = SHOW.format(options="pace=2, max_tokens=60", prebuffer=0.3)
    panel = open_panel(lab, page, show)
    panel.ask("Who are you?")
    tap.wait_for_sound()
    panel.button("Mute").click()
    tap.wait_for_silence()
    expect(panel.root).to_contain_text("Speaking")
    panel.button("Mute").click()
    tap.wait_for_sound()
    panel.button("Stop").click()
    tap.wait_for_silence()


@pytest.mark.every_browser
@pytest.mark.in_short
def test_an_answer_is_played_again_from_any_place_and_downloaded_exactly(
    lab: Lab, page: Page, download: Download
) -> None:
    show = SHOW.format(options="pace=0, max_tokens=12", prebuffer=0.3)
    panel = open_panel(lab, page, show, KEEP)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    panel.button("Stop").click()
    speech = spoken(lab, page, 2)[0]
    play = panel.root.get_by_role("button", name="Play", exact=True)
    play.click()
    expect(panel.button("Pause")).to_be_visible()
    position = panel.root.get_by_label("Position")
    position.fill("1")
    expect(panel.root.locator(".omni-panel-replay .omni-panel-time")).to_contain_text("0:01")
    panel.button("Pause").click()
    button = panel.root.get_by_role("button", name="Download the speech (WAV)")
    with wave.open(io.BytesIO(download(page, button))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        kept = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int64)
    np.testing.assert_array_equal(kept, speech)
