"""The panel in WebKit: typed, heard, stopped, asked with a picture, its speech downloaded."""

from __future__ import annotations

import io
import time
import wave
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest

from tests.browser.panel import open_panel
from tests.browser.tap import assert_same_speech
from tests.media_files import frame_pixels
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.browser.lab import Lab, Tap

    from .page import Page

SHOW = "chat = talk({})\npanel = chat.panel(language='en')\npanel"
KEEP = "keep(chat.replies[-1])"


def spoken(lab: Lab, page: Page, cell: int) -> NDArray[np.int64]:
    """The speech of the last answer; from a cell `KEEP`."""
    lab.run_cell(page, cell)
    lab.printed(page, cell)
    return np.fromfile(lab.notebooks / "spoken.pcm", "<i2").astype(np.int64)


@pytest.mark.host("JupyterLab 4, WebKit", "panel")
def test_a_question_is_typed_and_its_answer_seen_and_heard(lab: Lab, page: Page, tap: Tap) -> None:
    panel = open_panel(lab, page, SHOW.format("pace=2, max_tokens=20"), later=[KEEP])
    panel.box.press_sequentially("Who are you,")
    panel.box.press("Shift+Enter")
    panel.box.press_sequentially("and what can you do?")
    assert panel.box.input_value() == "Who are you,\nand what can you do?"
    panel.box.press("Enter")
    panel.wait_for_answers(1)
    lab.screenshot(page, "webkit-panel")  # while it speaks: of a page at rest it takes seconds
    panel.answers.wait_for_text("stand-in")
    assert panel.box.input_value() == ""
    panel.box.press("ArrowUp")
    assert panel.box.input_value() == "Who are you,\nand what can you do?"
    tap.wait_for_silence(1.2)
    assert_same_speech(tap.heard(), spoken(lab, page, 2))


def test_stop_ends_the_answer_and_its_sound(lab: Lab, page: Page, tap: Tap) -> None:
    count = "print(chat.replies[0].finish_reason, standin.active_requests)"
    panel = open_panel(lab, page, SHOW.format("pace=1, max_tokens=300"), later=[count])
    panel.ask("Tell me everything that you can do.")
    tap.wait_for_sound()
    panel.button("Stop").click()
    clicked_at = time.time()
    panel.wait_for_answers(1)
    panel.answers.wait_for_text("Interrupted")
    tap.wait_for_silence(1.5)
    assert tap.heard().ended_at < clicked_at + 0.5
    lab.run_cell(page, 2)
    assert lab.printed(page, 2) == "interrupted 0\n"


def is_whole(path: Path) -> bool:
    """Whether a WAV file is as long as it says: the browser writes it piece by piece."""
    content = path.read_bytes()
    return len(content) == 44 + int.from_bytes(content[40:44], "little")


def test_a_picture_is_attached_and_asked_with_and_the_speech_downloaded(
    lab: Lab, page: Page, downloads: Path, tmp_path: Path
) -> None:
    asked = "print([part.modality for part in chat.replies[0].question])"
    panel = open_panel(lab, page, SHOW.format("pace=0, max_tokens=12"), later=[asked, KEEP])
    picture = tmp_path / "cat.png"
    PIL.Image.fromarray(frame_pixels(0.5)).save(picture)
    panel.root.locator("input[type=file]").set_input_files(picture)
    panel.chips.locator(".omni-composer-python").wait_for()
    assert panel.chips.locator("img").evaluate("(image) => image.decode().then(() => image.width)")
    panel.ask("What is this?")
    panel.wait_for_answers(1)
    lab.run_cell(page, 2)
    assert lab.printed(page, 2) == "['image', 'text']\n"
    panel.button("Stop").click()
    panel.root.get_by_role("button", name="Download the speech (WAV)").click()
    assert wait_until(lambda: [path for path in downloads.glob("*.wav") if is_whole(path)])
    (file,) = downloads.glob("*.wav")
    with wave.open(io.BytesIO(file.read_bytes())) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 1, 2)
        kept = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.int64)
    np.testing.assert_array_equal(kept, spoken(lab, page, 3))
