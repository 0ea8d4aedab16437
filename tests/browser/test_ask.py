"""`omni.ask` as a person meets it: seen, heard, stopped, saved and opened again."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from html import unescape
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from .lab import REPOSITORY, Lab, Tap, assert_same_speech

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 24000
QUICKSTART = REPOSITORY / "notebooks" / "01_quickstart.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"

SETUP = """
import omni_nb as omni

def standing_in(**behaviour):
    global standin
    here = omni.stand_in(**behaviour)
    standin = here.server
    return here

def keep(reply, path="spoken.pcm"):
    open(path, "wb").write(reply.pcm)
"""


def open_notebook(lab: Lab, page: Page, *cells: str) -> None:
    """Open a notebook of these cells, with SETUP run as cell 0."""
    lab.write_notebook("ask.ipynb", [SETUP, *cells])
    lab.open(page, "ask.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)


def spoken(lab: Lab, name: str = "spoken.pcm") -> NDArray[np.int64]:
    """The speech that the client received."""
    return np.fromfile(lab.notebooks / name, "<i2").astype(np.int64)


def html_of(outputs: list[dict[str, Any]]) -> str:
    """The HTML of a cell's only output."""
    assert [output["output_type"] for output in outputs] == ["display_data"], outputs
    html = outputs[0]["data"]["text/html"]
    return html if isinstance(html, str) else "".join(html)


def assert_static_result(outputs: list[dict[str, Any]]) -> None:
    """One output, which needs no widget, no script and no kernel."""
    html = html_of(outputs)
    assert set(outputs[0]["data"]) == {"text/html", "text/plain"}
    assert html.count("<audio ") == 1
    assert "<script" not in html


# JupyterLab 4.2 hides a cell that is out of sight, and only its own scrolling brings it back.
SHOW_CELL_OF = """async (element) => {
  const notebook = window.jupyterapp?.shell.currentWidget?.content;
  const index = notebook?.widgets.findIndex((cell) => cell.node.contains(element)) ?? -1;
  if (index >= 0) await notebook.scrollToItem(index);
}"""


def assert_player_plays(page: Page, selector: str, seconds: float) -> None:
    """The player is as long as the speech, and its time runs when it plays."""
    audio = page.locator(selector).first
    audio.evaluate(SHOW_CELL_OF)
    audio.scroll_into_view_if_needed()
    page.wait_for_function(
        "(selector) => document.querySelector(selector).readyState >= 1", arg=selector
    )
    assert abs(audio.evaluate("(audio) => audio.duration") - seconds) < 0.05
    audio.evaluate("(audio) => { audio.currentTime = 1; return audio.play(); }")
    page.wait_for_function(
        "(selector) => document.querySelector(selector).currentTime > 1.1", arg=selector
    )
    audio.evaluate("(audio) => audio.pause()")


SPEAK = """
here = standing_in(pace={pace}, jitter_seconds={jitter})
reply = omni.ask("图中描绘的是什么景象?", image=photo, voice="Cherry", max_tokens=30,
                 prebuffer_seconds={prebuffer}, connection=here)
keep(reply)
"""
PHOTO = """
from pathlib import Path
import matplotlib as mpl
photo = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
"""


@pytest.mark.host("JupyterLab 4, Chromium", "text", "speech", "kept")
@pytest.mark.every_browser
@pytest.mark.alone
@pytest.mark.parametrize(
    ("pace", "jitter", "prebuffer"),
    [
        pytest.param(1, 0, 0.3, id="real-time"),
        pytest.param(2, 0, 0.3, id="twice-as-fast"),
        pytest.param(1, 0.25, 0.6, id="jitter", marks=pytest.mark.in_short),
    ],
)
def test_every_sample_of_the_answer_is_heard_in_order_and_without_a_gap(
    lab: Lab, page: Page, tap: Tap, pace: float, jitter: float, prebuffer: float
) -> None:
    speak = SPEAK.format(pace=pace, jitter=jitter, prebuffer=prebuffer)
    open_notebook(lab, page, PHOTO, speak, "print(repr(reply.timing), reply.audio.seconds)")
    lab.run_cell(page, 1)
    lab.printed(page, 1)
    lab.run_cell(page, 2, wait=False)
    tap.wait_for_sound()
    first_heard_at = tap.heard().started_at
    lab.wait_for_cell(page, 2)
    ended_at = time.time()
    assert first_heard_at < ended_at - 2, "it is heard while it is generated"
    assert_static_result(lab.outputs(page, 2))
    tap.wait_for_silence(1.2)
    assert_same_speech(tap.heard(), spoken(lab))
    lab.run_cell(page, 3)
    assert "underruns=0" in lab.printed(page, 3)


@pytest.mark.alone
def test_the_first_sound_comes_soon_after_the_first_audio_chunk(
    lab: Lab, page: Page, tap: Tap
) -> None:
    ask = (
        "here = standing_in(lead_seconds=0)\n"
        'reply = omni.ask("Who are you?", voice="Cherry", max_tokens=12, connection=here)'
    )
    waited = "print(reply.timing.first_heard_seconds - reply.timing.first_audio_seconds)"
    open_notebook(lab, page, ask, waited)
    lab.run_cell(page, 1)
    tap.wait_for_silence(1.2)
    lab.run_cell(page, 2)
    assert 0 < float(lab.printed(page, 2)) < 0.4


@pytest.mark.host("Page of `nbconvert --to html`", "kept")
@pytest.mark.host("JupyterLab 4, Chromium", "text", "kept")
@pytest.mark.every_browser
@pytest.mark.in_short
def test_the_quickstart_is_seen_heard_saved_and_opened_again(
    lab: Lab, page: Page, tap: Tap
) -> None:
    shutil.copy(QUICKSTART, lab.notebooks / "quickstart.ipynb")
    cells = nbformat.read(QUICKSTART, 4).cells
    spoken_cell = next(i for i, cell in enumerate(cells) if "image=photo" in cell.source)
    lab.open(page, "quickstart.ipynb")
    for index in range(spoken_cell):
        lab.run_cell(page, index)
    lab.run_cell(page, spoken_cell, wait=False)
    steps = [""]
    while page.evaluate("(i) => window.__omniRuns[i]", spoken_cell) == "running":
        text = page.evaluate(TEXT_OF, ".omni-player-captions")
        if text and text != steps[-1]:
            steps.append(text)
        if len(steps) == 4:
            lab.screenshot(page, "quickstart-streaming")
        page.wait_for_timeout(50)
    assert len(steps) > 4
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(steps))
    assert_static_result(lab.outputs(page, spoken_cell))
    assert steps[-1][:40] in unescape(html_of(lab.outputs(page, spoken_cell)))
    for index, cell in enumerate(cells):  # tests/binder runs them all
        if index > spoken_cell and cell.cell_type == "code" and "reply." in cell.source:
            lab.run_cell(page, index)
            assert not [o for o in lab.outputs(page, index) if o["output_type"] == "error"]
    wav = lab.notebooks / "answer.wav"
    length = (wav.stat().st_size - 44) / 2 / SAMPLE_RATE
    tap.wait_for_silence(1.2)
    assert_player_plays(page, PLAYER, length)
    lab.screenshot(page, "quickstart-done")
    lab.save(page)

    lab.shut_down_kernels()
    lab.open(page, "quickstart.ipynb")
    assert_opened_again(page, steps[-1][:40], length)
    assert_widgets_are_not_saved(lab)

    write_untrusted_copy(lab, "quickstart.ipynb", "untrusted.ipynb")
    lab.open(page, "untrusted.ipynb")
    assert_opened_again(page, steps[-1][:40], length)
    lab.screenshot(page, "quickstart-untrusted")

    html = HTMLExporter().from_notebook_node(lab.read_notebook("quickstart.ipynb"))[0]
    converted = lab.folder / "quickstart.html"
    converted.write_text(html, encoding="utf-8")
    page.goto(converted.as_uri(), wait_until="domcontentloaded")
    assert_opened_again(page, steps[-1][:40], length)


PLAYER = "audio.omni-audio"
TEXT_OF = "(selector) => document.querySelector(selector)?.textContent"


def assert_opened_again(page: Page, text: str, seconds: float) -> None:
    """Text and player of the first spoken answer are there, and it plays."""
    expect(page.locator(".omni-reply", has_text=text).first).to_be_attached()
    assert_player_plays(page, PLAYER, seconds)


def assert_widgets_are_not_saved(lab: Lab) -> None:
    notebook = lab.read_notebook("quickstart.ipynb")
    assert WIDGET not in json.dumps(notebook)
    assert "widgets" not in notebook.metadata


def write_untrusted_copy(lab: Lab, name: str, copy: str) -> None:
    """Write a copy whose outputs JupyterLab has not signed."""
    notebook = lab.read_notebook(name)
    for cell in notebook.cells:
        cell.metadata.pop("trusted", None)
        for output in cell.get("outputs", []):
            if "text/plain" in output.get("data", {}):
                output["data"]["text/plain"] += " "
    nbformat.write(notebook, lab.notebooks / copy)


INTERRUPTED = """
chat = omni.Chat(voice="Cherry", connection=standing_in())
try:
    {ask}
finally:
    import time; ended_at = time.time()
"""
AFTERWARDS = """
import time
while standin.active_requests: time.sleep(0.01)
reply = chat.replies[0]
print(reply.finish_reason, standin.active_requests, standin.activity.cancelled, bool(reply.text),
      reply.text == chat.messages[-1]["content"], answer is reply, ended_at, len(reply.pcm),
      reply.heard.seconds, reply.text.startswith(reply.heard.text))
"""


@pytest.mark.every_browser
@pytest.mark.parametrize(
    "ask",
    [
        'answer = chat.ask("Speak for 60 seconds.")',
        'answer = await chat.ask_async("Speak for 60 seconds.")',
    ],
    ids=["ask", "ask_async"],
)
@pytest.mark.parametrize("button", ["toolbar", pytest.param("widget", marks=pytest.mark.in_short)])
def test_the_stop_buttons_end_the_request_and_the_sound_and_keep_what_came(
    lab: Lab, page: Page, tap: Tap, ask: str, button: str
) -> None:
    open_notebook(lab, page, INTERRUPTED.format(ask=ask), AFTERWARDS)
    lab.run_cell(page, 1, wait=False)
    expect(page.locator(".omni-player-state")).to_have_text("Speaking")
    tap.wait_for_sound()
    if button == "toolbar":
        page.locator("[data-command='notebook:interrupt-kernel']:visible").first.click()
    else:
        page.get_by_role("button", name="Stop", exact=True).click()
    clicked_at = time.time()
    lab.wait_for_cell(page, 1)
    expect(page.locator(".omni-note")).to_contain_text("Interrupted")
    tap.wait_for_silence(1.5)
    assert tap.heard().ended_at < clicked_at + 0.5
    lab.run_cell(page, 2)
    *counts, has_text, is_kept, is_answer, ended_at, total_bytes, heard, is_beginning = lab.printed(
        page, 2
    ).split()
    assert counts == ["interrupted", "0", "1"]
    assert [has_text, is_kept, is_answer, is_beginning] == ["True"] * 4
    assert float(heard) == pytest.approx(len(tap.heard().samples) / 24_000, abs=0.3)
    # The widget's Stop gives the kernel a quarter of a second before it interrupts it.
    assert float(ended_at) < clicked_at + (0.5 if button == "toolbar" else 1)
    assert int(total_bytes) > 0
    assert_static_result(lab.outputs(page, 1))
    lab.screenshot(page, f"interrupted-{button}")


def test_what_shows_itself_shows_once(lab: Lab, page: Page) -> None:
    quick = "standing = standing_in(pace=0)"
    ask = 'reply = omni.ask("Who are you?", voice="Ethan", connection=standing)\n'
    open_notebook(
        lab,
        page,
        quick,
        ask + "reply",
        "reply",
        'print("before")\n' + ask + ask + 'print("after")',
        'omni.ask("Who are you?", connection=standing, show=False);',
        'omni.ask("Who are you?", connection=standing)',
    )
    for index in range(1, 7):
        lab.run_cell(page, index)
    assert_static_result(lab.outputs(page, 2))
    assert_static_result(lab.outputs(page, 3))
    kinds = [output["output_type"] for output in lab.outputs(page, 4)]
    assert kinds == ["stream", "display_data", "display_data", "stream"]
    assert lab.outputs(page, 5) == []
    assert "stand-in" in html_of(lab.outputs(page, 6))


def test_a_refusal_is_read_without_a_traceback(lab: Lab, page: Page) -> None:
    open_notebook(lab, page, 'omni.ask("Hello", model="no-such-model", voice="Cherry")')
    lab.run_cell(page, 1)
    shown, error = lab.outputs(page, 1)
    assert "no-such-model does not exist" in "".join(shown["data"]["text/html"])
    assert len(error["traceback"]) == 1
    assert "ServiceError" in error["traceback"][0]


LOOKS = {
    "wide": ("light", 1000, "What is in this picture?", "Ethan"),
    "chinese": ("dark", 480, "图中描绘的是什么景象?", "Cherry"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_an_answer_fits_while_it_streams_and_when_it_is_done(
    lab: Lab, page: Page, look: str
) -> None:
    theme, width, question, voice = LOOKS[look]
    ask = f"omni.ask({question!r}, image=photo, voice={voice!r}, connection=standing_in(pace=4))"
    open_notebook(lab, page, PHOTO, ask)
    lab.theme(page, "dark" if theme == "dark" else "light")
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": width, "height": 800})
    lab.run_cell(page, 1)
    lab.run_cell(page, 2, wait=False)
    page.wait_for_function(
        "() => document.querySelector('.omni-player-captions')?.textContent.length > 40"
    )
    assert_fits(page, ".omni-player")
    page.locator(".omni-player").scroll_into_view_if_needed()
    lab.screenshot(page, f"ask-{look}-streaming")
    lab.wait_for_cell(page, 2)
    page.locator(".omni-tail-button").click()
    expect(page.locator(".omni-tail-button")).to_have_count(0)
    assert_fits(page, ".omni-reply")
    page.locator(".omni-reply").scroll_into_view_if_needed()
    lab.screenshot(page, f"ask-{look}-done")


def assert_fits(page: Page, selector: str) -> None:
    view = page.locator(selector)
    assert view.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def test_a_written_answer_streams_without_a_widget(lab: Lab, page: Page) -> None:
    written = 'reply = omni.ask("Who are you?", connection=standing_in(pace=0.4))'
    open_notebook(lab, page, written)
    lab.run_cell(page, 1, wait=False)
    steps: list[str] = []
    while page.evaluate("() => window.__omniRuns[1]") == "running":
        now = page.evaluate(TEXT_OF, ".omni-streaming .omni-text")
        if now and now not in steps[-1:]:
            steps.append(now)
            assert WIDGET not in json.dumps(lab.outputs(page, 1))
        page.wait_for_timeout(30)
    assert len(steps) >= 3
    html = html_of(lab.outputs(page, 1))
    assert steps[-1].rstrip(" ▍")[:20] in html
    assert "<audio" not in html
