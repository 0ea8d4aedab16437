"""The panel over its life: pages reloaded, tabs, views and kernels that come and go, what is kept.

What it says and hears is in ``test_panel_talk.py``.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from .files import paste_image
from .panel import Panel, open_panel
from .servers import TIMEOUT_MILLISECONDS
from .tap import SPEECH_SAMPLE_RATE, Tap, assert_same_speech
from .test_ask import write_untrusted_copy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Locator, Page

    from .lab import Lab

SPOKEN = "chat = talk(pace=1, max_tokens=600)\npanel = chat.panel(language='en')\npanel"
QUICK = "chat = talk(pace=0, max_tokens=12)\npanel = chat.panel(language='en')\npanel"
SHORT = "chat = talk(pace=2, max_tokens=12)\npanel = chat.panel(language='en')\npanel"
AGAIN = "from IPython.display import display\ndisplay(panel)"
KEEP = "keep(chat.replies[-1])\nprint(chat.replies[-1].text)"
COUNT = "print([reply.question[0].text for reply in chat.replies])"
STATIC = ".omni-transcript"


def run(lab: Lab, page: Page, index: int) -> str:
    """Run a cell and return what it prints."""
    lab.run_cell(page, index)
    return lab.printed(page, index)


def spoken(lab: Lab) -> NDArray[np.int64]:
    """The speech that `KEEP` has written."""
    return np.fromfile(lab.notebooks / "spoken.pcm", "<i2").astype(np.int64)


def assert_heard_once(lab: Lab, tap: Tap) -> None:
    """Fail unless the page has played what `KEEP` has written, once; pauses do not matter here."""
    tap.wait_for_silence(2)
    heard, speech = tap.heard(), spoken(lab)
    samples = heard.samples[heard.samples != 0]
    assert_same_speech(replace(heard, samples=samples), speech[speech != 0])


def text_of(panel: Panel, place: int) -> Locator:
    return panel.turns.nth(place).locator(".omni-panel-text")


# -- reload ------------------------------------------------------------------------------------


@pytest.mark.alone
def test_a_page_reloaded_in_mid_answer_goes_on_where_it_was_heard(lab, page, tap):
    panel = open_panel(lab, page, SPOKEN, later=[KEEP])
    lab.save(page)
    panel.ask("Speak for 12 seconds.")
    tap.wait_for_sound()
    page.evaluate(NOTE_WHAT_WAS_HEARD)
    lab.reload(page)
    panel.wait_for_answers(1)
    tap.wait_for_silence(1.5)
    expect(text_of(panel, 0)).to_have_text(run(lab, page, 2).strip())
    speech, heard = spoken(lab), tap.heard().samples
    before = int(page.evaluate("() => sessionStorage.omniHeard")) + int(np.flatnonzero(speech)[0])
    start = place_in(speech, heard)
    rest = np.trim_zeros(speech[start:], "b")
    np.testing.assert_array_equal(heard[: len(rest)], rest[: len(heard)])
    assert len(rest) - len(heard) <= 128
    # Nothing twice and nothing left out, as far as the page knows what the sound card has played.
    assert abs(start - before) < 0.25 * SPEECH_SAMPLE_RATE, (start - before) / SPEECH_SAMPLE_RATE


# The recording is exactly one second behind the loudspeaker.
NOTE_WHAT_WAS_HEARD = """() => addEventListener("pagehide", () => {
  const { context, blocks } = __omniTaps.find(({ blocks }) => blocks.length > 0);
  const frames = blocks.at(-1).frame + 128 - blocks[0].frame;
  sessionStorage.omniHeard = frames + context.sampleRate;
})"""


def place_in(speech: NDArray[np.int64], heard: NDArray[np.int64]) -> int:
    """Return where in the speech that begins which was heard."""
    piece = heard[:4800].astype("<i2").tobytes()
    offset = speech.astype("<i2").tobytes().find(piece)
    assert offset >= 0, "what was heard is no part of the speech"
    return offset // 2


def test_a_page_reloaded_shows_conversation_draft_and_attachments_again(lab, page):
    panel = open_panel(lab, page, QUICK)
    panel.ask("The first question")
    panel.wait_for_answers(1)
    panel.ask("The second question")
    panel.wait_for_answers(2)
    texts = panel.answers.locator(".omni-panel-text").all_inner_texts()
    paste_image(page, panel.box, picture())
    expect(panel.chips).to_contain_text(["image.png"])
    expect(panel.chips).to_contain_text(["tokens"])
    panel.box.fill("Half a questi")
    lab.save(page)
    lab.reload(page)
    panel.wait_for_answers(2)
    expect(panel.answers.locator(".omni-panel-text")).to_have_text(texts)
    expect(panel.turns).to_contain_text(["The first question", "The second question"])
    expect(panel.box).to_have_value("Half a questi")
    expect(panel.chips).to_contain_text(["image.png"])
    panel.box.press_sequentially("on")
    panel.box.press("Enter")
    panel.wait_for_answers(3)
    expect(panel.turns.last).to_contain_text("Half a question")
    expect(panel.turns.last.locator("img")).to_be_visible()


def picture() -> bytes:
    """A small PNG."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "png")
    return file.getvalue()


# -- two views, two tabs -----------------------------------------------------------------------


@pytest.mark.alone
def test_a_second_view_has_its_own_draft_and_the_speech_sounds_once(lab, page, tap):
    panel = open_panel(lab, page, SPOKEN, AGAIN, later=[KEEP, "pass"])
    second = Panel(page, 1).wait_until_here()
    second.box.fill("A draft of the second view")
    panel.ask("Speak for 5 seconds.")
    expect(second.turns).to_have_count(1)
    tap.wait_for_sound()
    page.evaluate(CLEAR_OUTPUT, 2)
    expect(page.locator(".omni-panel")).to_have_count(1)
    panel.wait_for_answers(1)
    expect(text_of(panel, 0)).to_have_text(run(lab, page, 3).strip())
    assert_heard_once(lab, tap)


CLEAR_OUTPUT = """(index) => {
  window.jupyterapp.shell.currentWidget.content.widgets[index].model.clearExecution();
}"""


def test_both_views_show_the_conversation_and_keep_their_drafts_apart(lab, page):
    panel = open_panel(lab, page, QUICK, AGAIN)
    second = Panel(page, 1).wait_until_here()
    second.box.fill("Not yet sent")
    paste_image(page, second.box, picture())
    expect(second.chips).to_have_count(1)
    panel.ask("From the first view")
    panel.wait_for_answers(1)
    second.wait_for_answers(1)
    expect(panel.box).to_have_value("")
    expect(panel.chips).to_have_count(0)
    expect(second.box).to_have_value("Not yet sent")
    second.box.press("Enter")
    panel.wait_for_answers(2)
    expect(panel.turns.last).to_contain_text("Not yet sent")
    expect(second.chips).to_have_count(0)


def test_the_sound_goes_with_the_last_view(lab, page, tap):
    panel = open_panel(lab, page, SPOKEN, later=["print(chat.replies[0].is_finished)"])
    panel.ask("Speak for 20 seconds.")
    tap.wait_for_sound()
    page.evaluate(CLEAR_OUTPUT, 1)
    tap.wait_for_silence()
    assert run(lab, page, 2) == "False\n"


def test_a_second_tab_shows_the_conversation_and_is_silent(lab, page, second_page, tap):
    panel = open_panel(lab, page, SHORT)
    lab.save(page)
    lab.open(second_page, "panel.ipynb")
    other = Panel(second_page).wait_until_here()
    panel.ask("To be heard once")
    other.wait_for_answers(1)
    panel.wait_for_answers(1)
    expect(text_of(other, 0)).to_have_text(text_of(panel, 0).inner_text())
    tap.wait_for_silence()
    assert Tap(second_page).is_silent()
    other.ask("From the other tab")
    panel.wait_for_answers(2)
    Tap(second_page).wait_until_heard()


# -- the kernel --------------------------------------------------------------------------------


def test_a_restarted_kernel_is_said_in_words_and_running_again_gives_a_new_panel(lab, page):
    panel = open_panel(lab, page, QUICK)
    panel.ask("Before the restart")
    panel.wait_for_answers(1)
    expect(page.locator(f"{STATIC} audio")).to_have_count(1)
    lab.restart_kernel(page)
    expect(panel.root).to_contain_text("The kernel was restarted or has stopped")
    lab.save(page)
    assert "Before the restart" in static_html(lab)
    for index in (0, 1):
        lab.run_cell(page, index)
    expect(panel.turns).to_have_count(0)
    expect(panel.root).not_to_contain_text("has stopped")
    panel.ask("After the restart")
    panel.wait_for_answers(1)


def test_a_question_asked_while_a_cell_runs_is_answered_once(lab, page):
    sleep = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)"
    panel = open_panel(lab, page, QUICK, later=[sleep, COUNT])
    (lab.notebooks / "go").unlink(missing_ok=True)
    lab.run_cell(page, 2, wait=False)
    panel.ask("While it runs")
    # With comms over subshells the answer comes at once.
    words = panel.root.get_by_text("The kernel is busy with another cell")
    expect(words.or_(panel.answers).first).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    (lab.notebooks / "go").touch()
    lab.wait_for_cell(page, 2)
    panel.wait_for_answers(1)
    expect(words).not_to_be_visible()
    assert run(lab, page, 3) == "['While it runs']\n"
    expect(panel.turns).to_have_count(1)


@pytest.mark.alone
def test_what_a_cell_asks_aloud_is_in_the_panel_and_sounds_once(lab, page, tap):
    panel = open_panel(lab, page, SHORT, later=["chat.ask('From a cell')", KEEP])
    lab.run_cell(page, 2)
    panel.wait_for_answers(1)
    expect(panel.turns).to_contain_text(["From a cell"])
    expect(text_of(panel, 0)).to_have_text(run(lab, page, 3).strip())
    assert_heard_once(lab, tap)


LOSSY = """
send, sent = panel.send, []
def lose(*arguments, **named):
    sent.append(arguments[0])
    if len(sent) % 7:
        send(*arguments, **named)
panel.send = lose
"""


@pytest.mark.alone
def test_lost_messages_are_asked_for_until_text_and_speech_are_whole(lab, page, tap):
    panel = open_panel(lab, page, SPOKEN, LOSSY, later=[KEEP, "print(len(sent))"])
    panel.ask("Speak for 6 seconds.")
    panel.wait_for_answers(1)
    expect(text_of(panel, 0)).to_have_text(run(lab, page, 3).strip())
    assert_heard_once(lab, tap)
    assert int(run(lab, page, 4)) > 21


MEMORY = """
import ctypes, gc, tracemalloc
from omni_nb.offline import stream
class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'.split())]
malloc = ctypes.CDLL(None).mallinfo2
malloc.restype = Heap
def memory():
    stream._spoken.cache_clear()  # the stand-in's own
    gc.collect()
    heap = malloc()
    return tracemalloc.get_traced_memory()[0], heap.uordblks + heap.hblkhd
"""


def test_the_kernel_keeps_the_speech_and_little_else(lab, page):
    heavy = "chat = talk(pace=0, max_tokens=60)\npanel = chat.panel(language='en')\npanel"
    before = "tracemalloc.start()\nbegin = memory()"
    after = (
        "print(*(now - then for now, then in zip(memory(), begin)),"
        " sum(len(reply.pcm) for reply in chat.replies[3:]))"
    )
    panel = open_panel(lab, page, MEMORY + heavy, later=[before, after])
    panel.ask_in_a_row("Question", 3)
    run(lab, page, 2)
    panel.ask_in_a_row("Another question", 30)
    kept, heap, speech = map(int, run(lab, page, 3).split())
    assert speech > 10e6
    # Beside the speech: its compressed form, once as bytes and once in the notebook's copy, texts.
    assert kept < speech + 6e6, f"{kept / 1e6:.1f} MB for {speech / 1e6:.1f} MB of speech"
    # A second copy of the speech in a library would be seen here. Not the process's size: that has
    # the holes between what two dozen threads have allocated, which were 8 MB or 27. What each
    # keeps of what it has freed (glibc's tcache) counts as allocated: up to 5 MB more were seen.
    assert heap < speech + 12e6, f"{heap / 1e6:.1f} MB for {speech / 1e6:.1f} MB of speech"


# -- what is kept ------------------------------------------------------------------------------


def static_html(lab: Lab, name: str = "panel.ipynb") -> str:
    """The HTML of the saved outputs of the panel's cell."""
    outputs = lab.read_notebook(name).cells[1].outputs
    return "".join(output.get("data", {}).get("text/html", "") for output in outputs)


@pytest.mark.host("Page of `nbconvert --to html`", "panel")
def test_the_saved_notebook_shows_the_conversation_wherever_it_is_opened(lab, page, tmp_path):
    panel = open_panel(lab, page, "chat = talk(pace=0)\npanel = chat.panel(language='en')\npanel")
    lab.save(page)
    empty = (lab.notebooks / "panel.ipynb").stat().st_size
    panel.ask("Is it kept?")
    panel.wait_for_answers(1)
    panel.ask("And is this kept?")
    panel.wait_for_answers(2)
    text = text_of(panel, 1).inner_text()
    static = page.locator(STATIC)
    expect(static.locator("audio")).to_have_count(2)
    expect(static.first).to_be_hidden()  # the live panel is the better one
    lab.save(page)
    assert 'src="data:audio/mpeg' in static_html(lab)

    lab.shut_down_kernels()
    lab.open(page, "panel.ipynb")
    seconds = assert_static_conversation(page, text)
    failed = page.get_by_text("Error displaying widget")
    expect(failed).to_have_count(1)
    expect(failed).to_be_hidden()  # what the widget showed is all there
    lab.screenshot(page, "panel-kept")
    size = (lab.notebooks / "panel.ipynb").stat().st_size
    assert (size - empty) / (2 * seconds) < 10_000

    write_untrusted_copy(lab, "panel.ipynb", "untrusted.ipynb")
    lab.open(page, "untrusted.ipynb")
    assert_static_conversation(page, text)
    expect(page.locator(STATIC).last).not_to_contain_text("jp-OutputArea")
    lab.screenshot(page, "panel-kept-untrusted")

    converted = tmp_path / "panel.html"
    html, _ = HTMLExporter().from_notebook_node(lab.read_notebook("panel.ipynb"))
    converted.write_text(html, encoding="utf-8")
    asked: list[str] = []
    page.on("request", note := lambda request: asked.append(request.url))
    page.goto(converted.as_uri(), wait_until="domcontentloaded")
    assert_static_conversation(page, text)
    page.remove_listener("request", note)
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:", *CDNS))]
    lab.screenshot(page, "panel-nbconvert")


CDNS = (
    "https://cdnjs.cloudflare.com/",
    "https://cdn.jsdelivr.net/npm/",
    "https://unpkg.com/",
)
"""Where a page of nbconvert gets its own parts; without them it does without formulas."""


def assert_static_conversation(page: Page, text: str) -> float:
    """Fail unless the kept conversation is seen and its last player plays; return its seconds."""
    static = page.locator(STATIC).last
    expect(static).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    expect(static).to_contain_text("Is it kept?")
    expect(static).to_contain_text(" ".join(text.split()))
    players = page.locator(f"{STATIC} audio")
    expect(players).to_have_count(2)
    seconds: float = players.last.evaluate(PLAY)
    return seconds


PLAY = """async (audio) => {
  audio.muted = true;
  await audio.play();
  await new Promise((resolve) => {
    const look = () => (audio.currentTime > 0 ? resolve() : setTimeout(look, 50));
    look();
  });
  audio.pause();
  return audio.duration;
}"""


FACTS = """
import hashlib, json
def facts(chat):
    return json.dumps([
        [reply.text, reply.question[0].text, [dict(reply.usage.input), dict(reply.usage.output)],
         reply.audio.seconds,
         hashlib.sha256(reply.pcm).hexdigest()] for reply in chat.replies])
"""


@pytest.mark.parametrize("storage", ["mp3", "wav"])
def test_from_notebook_a_conversation_goes_on(lab, page, storage):
    show = f"panel = chat.panel(language='en', storage={storage!r})\npanel"
    make = f"chat = talk(pace=0, max_tokens=12)\n{show}"
    panel = open_panel(lab, page, make, later=[FACTS + "print(facts(chat))"])
    panel.ask("Before")
    panel.wait_for_answers(1)
    expect(page.locator(f"{STATIC} audio")).to_have_count(1)
    before = json.loads(run(lab, page, 2))
    lab.save(page)
    shutil.copy(lab.notebooks / "panel.ipynb", lab.notebooks / "kept.ipynb")

    again = "chat = omni.Chat.from_notebook('kept.ipynb', connection=standing_in(pace=0))\n"
    panel = open_panel(lab, page, again + "chat.panel(language='en')", FACTS + "print(facts(chat))")
    after = json.loads(lab.printed(page, 2))
    assert [reply[:3] for reply in after] == [reply[:3] for reply in before]
    assert abs(after[0][3] - before[0][3]) < 0.1
    if storage == "wav":
        assert after == before
    panel.wait_for_answers(1)
    expect(text_of(panel, 0)).to_have_text(before[0][0])
    panel.ask("And now?")
    panel.wait_for_answers(2)
    assert len(json.loads(run(lab, page, 2))) == 2


def test_saving_proposes_a_free_name_and_asks_before_it_replaces(lab, page):
    target = lab.notebooks / "talk.json"
    target.write_text("a person's own")
    panel = open_panel(lab, page, QUICK)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)

    def save_as(name: str | None) -> None:
        panel.button("More").click()
        panel.root.get_by_role("menuitem", name="Save…").click()
        field = panel.root.get_by_label("File name")
        expect(field).to_have_value("talk-2.json")
        if name is not None:
            field.fill(name)
        panel.button("Save").click()

    save_as("talk")
    expect(panel.root.get_by_text("talk.json exists and holds something else")).to_be_visible()
    panel.button("Cancel").click()
    assert target.read_text() == "a person's own"
    save_as(None)
    expect(panel.root.get_by_text("Saved as talk-2.json")).to_be_visible()
    save_as("talk.json")
    panel.button("Replace").click()
    expect(panel.root.get_by_text("Saved as talk.json")).to_be_visible()
    assert len(json.loads(target.read_text("utf-8"))["replies"]) == 1
