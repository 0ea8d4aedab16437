"""The panel takes media in: attached, dropped, pasted and recorded; as the kernel gets them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Locator, expect

from tests.media_files import audio_file, frame_pixels, video_file

from .conftest import SIZE, Tap, launch_chromium
from .fake_media import RECORDING_SAMPLE_RATE, correlation, microphone_flags, speech_wav
from .files import choose_files
from .panel import Panel, open_panel
from .servers import TIMEOUT_MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

    from .lab import Lab

ATTACH = "Attach images, audio, video or text files"
MICROPHONE = "Hold to talk, or click to start and stop"
CAMERA = "Take a photo with the camera"
SHOW = "chat = talk(voice=None, pace=0)\npanel = chat.panel(language='en')\npanel"
SHORT = """
omni.register_model("short", like="qwen-omni-turbo", limits={"audio_seconds": 2})
chat = talk(voice=None, pace=0, model="short")
panel = chat.panel(language="en")
panel"""
LOOK = """
import hashlib, json
from omni_nb.views.panel.uploads import upload_folder
def described(part):
    if part.modality == "text":
        return part.text
    source = getattr(part, "source", part)
    data = source.data if hasattr(source, "data") else source.path.read_bytes()
    open(f"got-{part.name}", "wb").write(data)
    return [part.modality, part.name, hashlib.sha256(data).hexdigest()]
print(json.dumps({
    "asked": [[described(part) for part in reply.question] for reply in chat.replies],
    "files": sorted(path.name for path in upload_folder().rglob("*") if path.is_file()),
}))
"""


def look(lab: Lab, page: Page, index: int = 2) -> dict[str, Any]:
    """What was asked as the kernel has it, and which uploads lie there; from a cell `LOOK`."""
    lab.run_cell(page, index)
    found: dict[str, Any] = json.loads(lab.printed(page, index))
    return found


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def png(place: float = 0.5) -> bytes:
    """Return a picture, which differs by the place of what is in it."""
    file = io.BytesIO()
    PIL.Image.fromarray(frame_pixels(place)).save(file, "PNG")
    return file.getvalue()


def attach(panel: Panel, folder: Path, **files: bytes) -> None:
    """Choose files, ``cat_png=…`` for cat.png, and wait until Python has looked at them."""
    named = [(name.replace("_", "."), content) for name, content in files.items()]
    choose_files(panel.page, panel.button(ATTACH), named, folder)
    for name, _ in named:
        wait_until_seen(chip(panel, name))


def wait_until_seen(chips: Locator, count: int = 1) -> None:
    """Wait until Python has looked at what is attached: on a busy machine the first takes long."""
    seen = chips.locator(".omni-composer-python")
    expect(seen).to_have_count(count, timeout=TIMEOUT_MILLISECONDS)


def chip(panel: Panel, name: str) -> Locator:
    return panel.chips.filter(has=panel.page.get_by_text(name, exact=True))


def facts(of: Locator) -> Locator:
    return of.locator(".omni-composer-facts")


# -- attached ------------------------------------------------------------------------------------


@pytest.mark.every_browser
@pytest.mark.in_short
def test_a_picture_is_attached_shown_weighed_and_asked_with(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    attach(panel, tmp_path, cat_png=png(), dog_png=png(0.9))
    cat = chip(panel, "cat.png")
    assert cat.locator("img").evaluate("(image) => image.decode().then(() => image.width > 20)")
    expect(facts(cat)).to_have_text(re.compile(r"160 × 120 · \d+ bytes · \d+ tokens · [\d.]+ CNY"))
    cat.get_by_role("button", name="Remove cat.png").click()
    expect(panel.chips).to_have_count(1)
    panel.ask("What is this?")
    panel.wait_for_answers(1)
    expect(panel.chips).to_have_count(0)
    shown = panel.turns.first.locator(".omni-panel-question-chips img")
    expect(shown).to_have_attribute("alt", "dog.png")
    assert look(lab, page) == {
        "asked": [[["image", "dog.png", digest(png(0.9))], "What is this?"]],
        "files": ["dog.png"],
    }


def test_the_keyboard_attaches_and_removes(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW)
    (tmp_path / "cat.png").write_bytes(png())
    (tmp_path / "dog.png").write_bytes(png(0.9))
    with page.expect_file_chooser() as chooser:  # early: Playwright needs a moment to listen
        panel.box.focus()
        page.keyboard.press("Tab")
        expect(panel.button(ATTACH)).to_be_focused()
        page.keyboard.press("Enter")
    chooser.value.set_files([tmp_path / "cat.png", tmp_path / "dog.png"])
    wait_until_seen(panel.chips, 2)
    expect(panel.box).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(panel.button("Remove dog.png")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.chips).to_have_count(1)
    expect(panel.button("Remove cat.png")).to_be_focused()
    page.keyboard.press("Space")
    expect(panel.chips).to_have_count(0)
    expect(panel.box).to_be_focused()


def test_a_sound_shows_its_wave_and_plays_in_the_chip_and_a_video_shows_its_frames(
    lab, page, tmp_path
):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    heard, clip = audio_file("wav", seconds=1.5), video_file("mp4", seconds=2)
    attach(panel, tmp_path, tone_wav=heard)
    tone = chip(panel, "tone.wav")
    expect(tone.locator(".omni-composer-python img")).to_have_count(1)
    expect(facts(tone)).to_have_text(re.compile(r"1\.5 s · 48 kB · \d+ tokens · [\d.]+ CNY"))
    player = tone.locator("audio")
    expect(player).to_have_js_property("controls", True)
    player.focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        "(player) => player.currentTime > 0.3 && player.duration > 1.4",
        arg=player.element_handle(),
    )
    panel.ask("What do you hear?")
    panel.wait_for_answers(1)
    attach(panel, tmp_path, clip_mp4=clip)
    moving = chip(panel, "clip.mp4")
    expect(moving.locator("img")).to_have_count(4)
    expect(facts(moving)).to_contain_text("2.0 s · ")
    panel.ask("What do you see?")
    panel.wait_for_answers(2)
    assert look(lab, page)["asked"] == [
        [["audio", "tone.wav", digest(heard)], "What do you hear?"],
        [["video", "clip.mp4", digest(clip)], "What do you see?"],
    ]


# -- dropped and pasted --------------------------------------------------------------------------


def drag(
    page: Page, over: Locator, *, files: Sequence[Path] = (), text: str = "", steps: Sequence[str]
) -> None:
    """Drag files or words from another program over an element, as the system would tell it."""
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    items = [{"mimeType": "text/plain", "data": text}] if text else []
    data = {"items": items, "files": [str(path) for path in files], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for step in steps:
        session.send("Input.dispatchDragEvent", {"type": step, **place, "data": data})
    session.detach()


OPENED = """() => [...window.jupyterapp.shell.widgets("main")]
  .flatMap(({ context }) => context?.path ?? [])"""


def test_files_are_dropped_on_the_panel_and_words_on_the_question(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    places = [tmp_path / "cat.png", tmp_path / "dog.png"]
    for place, where in zip(places, (0.2, 0.8), strict=True):
        place.write_bytes(png(where))
    overlay = panel.root.get_by_text("Drop to attach")
    header = panel.root.locator(".omni-panel-header")
    drag(page, header, files=places, steps=["dragEnter", "dragOver"])
    expect(overlay).to_be_visible()
    drag(page, page.locator("#jp-top-panel"), files=places, steps=["dragOver"])
    expect(overlay).to_be_hidden()
    drag(page, header, files=places, steps=["dragEnter", "dragOver", "drop"])
    wait_until_seen(panel.chips, 2)
    expect(overlay).to_be_hidden()
    drag(page, panel.box, text="What are they?", steps=["dragEnter", "dragOver"])
    expect(overlay).to_be_hidden()
    drag(page, panel.box, text="What are they?", steps=["drop"])
    expect(panel.box).to_have_value("What are they?")
    expect(panel.chips).to_have_count(2)
    panel.box.press("Enter")
    panel.wait_for_answers(1)
    dropped = [["image", f.name, digest(f.read_bytes())] for f in places]
    assert look(lab, page)["asked"] == [[*dropped, "What are they?"]]
    assert page.evaluate(OPENED) == ["panel.ipynb"]
    assert not (lab.notebooks / "cat.png").exists()


def test_a_file_of_the_file_browser_is_dropped_on_the_panel(lab, page):
    (lab.notebooks / "cat & dog.png").write_bytes(png())
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:activate')")
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:refresh')")
    listed = page.locator(".jp-DirListing-item").filter(has_text="cat & dog.png")
    expect(listed).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    panel.box.scroll_into_view_if_needed()
    listed.hover()
    target = panel.box.bounding_box()
    assert target is not None
    page.mouse.down()
    for part in [0.3, 0.6, 1]:
        page.mouse.move(target["x"] + part * target["width"] / 2, target["y"] + 5, steps=4)
    overlay = panel.root.get_by_text("Drop to attach")
    expect(overlay).to_be_visible()
    lab.screenshot(page, "dragged-out-of-the-file-browser")
    page.mouse.up()
    wait_until_seen(panel.chips)
    expect(overlay).to_be_hidden()
    panel.ask("What is this?")
    panel.wait_for_answers(1)
    (asked,) = look(lab, page)["asked"]
    assert [asked[0][0], asked[0][2]] == ["image", digest(png())]
    assert (lab.notebooks / "cat & dog.png").read_bytes() == png()
    assert page.evaluate(OPENED) == ["panel.ipynb"]


COPY = """async (copied) => {
  const item = {};
  for (const [type, base64] of Object.entries(copied)) {
    item[type] = await (await fetch(`data:${type};base64,${base64}`)).blob();
  }
  await navigator.clipboard.write([new ClipboardItem(item)]);
}"""


def copy(page: Page, **content: bytes) -> None:
    """Put a picture (``image_png``) or words (``text_plain``) into the clipboard."""
    from base64 import b64encode

    copied = {kind.replace("_", "/"): b64encode(data).decode() for kind, data in content.items()}
    page.evaluate(COPY, copied)


@pytest.fixture
def clipboard(tabs: BrowserContext) -> Iterator[None]:
    tabs.grant_permissions(["clipboard-read", "clipboard-write"])
    yield
    tabs.clear_permissions()


@pytest.mark.usefixtures("clipboard")
def test_a_picture_is_pasted_as_a_file_and_words_as_words(lab, page):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    copy(page, image_png=png())
    panel.box.press("Control+v")
    wait_until_seen(panel.chips)
    expect(panel.box).to_have_value("")
    copy(page, text_plain=b"What is ")
    panel.box.press("Control+v")
    copy(page, text_plain=b"this?", image_png=png(0.9))  # as an office program copies words
    panel.box.press("Control+v")
    expect(panel.box).to_have_value("What is this?")
    expect(panel.chips).to_have_count(1)
    panel.box.press("Enter")
    panel.wait_for_answers(1)
    (asked,) = look(lab, page)["asked"]
    assert [asked[0][:2], asked[1]] == [["image", "image.png"], "What is this?"]
    got = PIL.Image.open(lab.notebooks / "got-image.png").convert("RGB")
    assert np.array_equal(np.asarray(got), frame_pixels(0.5))  # the clipboard encodes it anew


# -- refused -------------------------------------------------------------------------------------


def test_what_goes_not_together_or_is_too_long_is_refused_in_words_and_shrunk(lab, page, tmp_path):
    panel = open_panel(lab, page, SHORT, later=[LOOK])
    attach(panel, tmp_path, cat_png=png(), tone_wav=audio_file("wav", seconds=1.5))
    tone = chip(panel, "tone.wav")
    expect(tone).to_contain_text("not image and audio together. Ask in two turns")
    expect(tone.get_by_role("button", name="Shrink")).to_be_hidden()
    attach(panel, tmp_path, dog_png=png(0.9))
    said = panel.root.locator(".omni-panel-hidden[role=status]")
    expect(said).to_have_text("dog.png is attached.")
    send = panel.button("Send")
    expect(send).to_have_attribute("aria-disabled", "true")
    send.click(force=True)  # it can be pressed, and says why not
    expect(said).to_contain_text("tone.wav cannot be sent: short takes text and one other kind")
    assert panel.turns.count() == 0
    panel.button("Remove cat.png").click()
    panel.button("Remove dog.png").click()
    expect(tone).not_to_contain_text("together")
    expect(send).to_have_attribute("aria-disabled", "false")
    panel.button("Remove tone.wav").click()

    attach(panel, tmp_path, long_wav=audio_file("wav", seconds=4))
    tone = chip(panel, "long.wav")
    expect(tone).to_contain_text("lasts 4.00 s; short takes at most 2 s")
    tone.get_by_role("button", name="Shrink long.wav").click()
    expect(facts(tone)).to_contain_text("1.9 s")  # an MP3 has whole frames
    expect(tone).not_to_contain_text("at most")
    expect(panel.root).to_contain_text(re.compile("shrink: audio 'long.wav': 4.0 s.* → 1.9 s"))
    panel.ask("What is it?")
    panel.wait_for_answers(1)
    (asked,) = look(lab, page)["asked"]
    assert [asked[0][:2], asked[1]] == [["audio", "long.wav"], "What is it?"]


def test_a_file_that_is_no_medium_says_so_and_holds_nothing_back(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    choose_files(page, panel.button(ATTACH), [("notes.doc", b"Buy milk.")], tmp_path)
    expect(panel.chips).to_contain_text("notes.doc")
    expect(panel.chips.locator(".omni-composer-refusal")).to_contain_text(
        "no image, audio, video or text"
    )
    expect(panel.button("Send")).to_have_attribute("aria-disabled", "true")
    panel.button("Remove notes.doc").click()
    panel.ask("Hello")
    panel.wait_for_answers(1)
    assert look(lab, page)["files"] == []


def test_files_of_text_are_asked_with_by_name_and_a_large_one_is_refused(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    marks = [("marks.csv", b"name,mark\nLi,5\n")]
    choose_files(page, panel.button(ATTACH), marks, tmp_path)
    weighed = re.compile(r"\d+ bytes · \d+ tokens")
    expect(facts(chip(panel, "marks.csv"))).to_have_text(weighed, timeout=TIMEOUT_MILLISECONDS)
    attach(panel, tmp_path, cat_png=png())
    large = [("large.txt", b"word " * 50_000)]
    choose_files(page, panel.button(ATTACH), large, tmp_path)
    refusal = panel.root.locator(".omni-composer-refusal:visible")
    expect(refusal).to_have_text(
        "large.txt has 250 kB; a text file may have 200 kB. Attach a part of it.",
        timeout=TIMEOUT_MILLISECONDS,
    )
    lab.screenshot(page, "text-files", selector=".omni-panel")
    panel.button("Remove large.txt").click()
    panel.ask("Who has the best mark?")
    panel.wait_for_answers(1)
    (asked,) = look(lab, page)["asked"]
    assert asked[0] == "marks.csv:\nname,mark\nLi,5\n"
    assert [asked[1][:2], asked[2]] == [["image", "cat.png"], "Who has the best mark?"]


# -- large, and lost on the way ------------------------------------------------------------------

LARGE_BYTES = 150_000_000
MEMORY = """
import gc, re
gc.collect()
status = open("/proc/self/status").read()
now = int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1]) / 1000
grown, before = now - globals().get("before", now), now
print(grown)
"""
ARRIVED = """
from omni_nb.media.folder import file_digest
drafts = panel._composer._drafts.values()
attachments = [one for draft in drafts for one in draft.attachments]
print(*(file_digest(one.part.source.path) for one in attachments))
"""
WATCH = """() => {
  const shares = (window.__omniShares = []);
  const look = () => {
    const bar = document.querySelector(".omni-composer-chip [role=progressbar]:not([hidden])");
    const share = Number(bar?.getAttribute("aria-valuenow") ?? 0);
    if (share > (shares.at(-1) ?? 0)) shares.push(share);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, attributes: true });
}"""


def large_video(total_bytes: int) -> bytes:
    """Return a real video of this size: players pass over what is in a free box."""
    clip = video_file("mp4", seconds=1)
    padding = total_bytes - len(clip) - 8
    noise = np.random.default_rng(0).bytes(padding)
    return clip + struct.pack(">I4s", padding + 8, b"free") + noise


def test_150_megabytes_arrive_whole_with_progress_and_leave_no_memory_behind(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW, later=[MEMORY, ARRIVED])
    content = large_video(LARGE_BYTES)
    page.evaluate(WATCH)
    attach(panel, tmp_path, small_mp4=video_file("mp4"))  # what is loaded for the first one stays
    panel.button("Remove small.mp4").click()
    lab.run_cell(page, 2)
    choose_files(page, panel.button(ATTACH), [("large.mp4", content)], tmp_path)
    expect(facts(panel.chips)).to_contain_text("150.0 MB · ", timeout=TIMEOUT_MILLISECONDS)
    assert len(page.evaluate("() => window.__omniShares")) > 10
    lab.run_cell(page, 2)
    grown_megabytes = float(lab.printed(page, 2))
    assert grown_megabytes < 40
    lab.run_cell(page, 3)
    assert lab.printed(page, 3).strip() == digest(content)


def test_an_upload_is_cancelled_on_its_way_and_leaves_no_file(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    content = large_video(60_000_000)
    choose_files(page, panel.button(ATTACH), [("large.mp4", content)], tmp_path)
    bar = panel.root.get_by_role("progressbar", name="Uploading large.mp4")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d$"))
    panel.button("Remove large.mp4").click()
    expect(panel.chips).to_have_count(0)
    panel.ask("Hello")
    panel.wait_for_answers(1)
    assert look(lab, page) == {"asked": [["Hello"]], "files": []}


LOSING = f"""
from omni_nb.views.panel.talk import Talk
count, lost, receive = 0, 0, Talk._receive
def losing(self, widget, message, buffers):
    global count, lost
    if message.get("type") == "upload":
        count += 1
        if count % 5 == 0:
            lost += 1
            return
    receive(self, widget, message, buffers)
Talk._receive = losing
{SHOW}"""


def test_a_file_arrives_whole_though_pieces_are_lost(lab, page, tmp_path):
    panel = open_panel(lab, page, LOSING, later=[ARRIVED, "print(lost)"])
    content = large_video(10_000_000)
    choose_files(page, panel.button(ATTACH), [("large.mp4", content)], tmp_path)
    expect(facts(panel.chips)).to_contain_text("10.0 MB · ", timeout=TIMEOUT_MILLISECONDS)
    lab.run_cell(page, 2)
    assert lab.printed(page, 2).strip() == digest(content)
    lab.run_cell(page, 3)
    assert int(lab.printed(page, 3)) >= 2


# -- spoken and photographed ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoken(
    browser_name: str,
    request: pytest.FixtureRequest,
    playwright: Playwright,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Browser, NDArray[np.int16] | None]]:
    """A browser whose microphone hears speech, and what a recording of that should hold.

    Firefox has a tone of its own for it, and takes no file.
    """
    if browser_name == "firefox":
        yield request.getfixturevalue("browser"), None
        return
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    samples = speech_wav(path, 8)
    browser = launch_chromium(playwright, flags=microphone_flags(path))
    yield browser, samples
    browser.close()


@pytest.fixture(scope="module")
def spoken_tab(spoken) -> Page:
    """The page of that browser."""
    return new_tab(spoken[0])


def new_tab(browser: Browser) -> Page:
    tab = browser.new_context(viewport=SIZE).new_page()
    Tap(tab).install()
    return tab


@pytest.fixture
def mic_page(lab, spoken_tab) -> Iterator[Page]:
    """The page of that browser, with no notebook in it."""
    yield spoken_tab
    lab.close_documents(spoken_tab)
    lab.shut_down_kernels()


def wait_until_heard(panel: Panel, seconds: int) -> None:
    """Wait until the recorder shows so many seconds."""
    time = panel.root.locator(".omni-composer-recorder[data-state=listening] .omni-composer-time")
    expect(time).to_have_text(re.compile(rf"^0:0[{seconds}-9]"), timeout=TIMEOUT_MILLISECONDS)


def recorded(lab: Lab, name: str) -> NDArray[np.int16]:
    """The samples of a file that `LOOK` has written; it is what speech models listen to."""
    with wave.open(str(lab.notebooks / f"got-{name}"), "rb") as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        assert form == (1, 2, RECORDING_SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


LEVELS = """() => {
  const levels = (window.__omniLevels = new Set());
  const bar = document.querySelector(".omni-composer-level :last-child");
  new MutationObserver(() => levels.add(bar.style.transform)).observe(bar, { attributes: true });
}"""


@pytest.mark.host("JupyterLab 4, Chromium", "devices")
def test_one_talks_while_the_button_is_held_with_mouse_or_key(lab, mic_page, spoken):
    page, (_, speech) = mic_page, spoken
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    page.evaluate(LEVELS)
    microphone = panel.button(MICROPHONE)
    microphone.hover()
    page.mouse.down()
    wait_until_heard(panel, 2)
    expect(panel.root.get_by_role("group", name="Recording")).to_contain_text("Listening")
    page.mouse.up()
    wait_until_seen(chip(panel, "recording-1.wav"))
    assert len(page.evaluate("() => [...window.__omniLevels]")) > 5
    panel.ask("What do I say?")
    panel.wait_for_answers(1)

    microphone.focus()
    page.keyboard.down("Space")
    wait_until_heard(panel, 1)
    page.keyboard.up("Space")
    wait_until_seen(chip(panel, "recording-2.wav"))
    panel.button("Send").click()
    panel.wait_for_answers(2)
    first, second = look(lab, page)["asked"]
    assert [first[0][0], first[1:], second[0][0]] == ["audio", ["What do I say?"], "audio"]
    for name, seconds in [("recording-1.wav", 2), ("recording-2.wav", 1)]:
        samples = recorded(lab, name)
        assert len(samples) >= seconds * RECORDING_SAMPLE_RATE
        assert correlation(samples, speech) > 0.95


@pytest.mark.host("JupyterLab 4, Chromium", "devices")
@pytest.mark.every_browser
@pytest.mark.in_short
def test_a_click_starts_escape_cancels_and_the_models_rule_ends_a_recording(lab, mic_page):
    page = mic_page
    panel = open_panel(lab, page, SHORT, later=[LOOK])
    microphone = panel.button(MICROPHONE)
    strip = panel.root.locator(".omni-composer-recorder")
    microphone.click()
    wait_until_heard(panel, 1)
    expect(strip).to_contain_text("0:01 of 0:02")
    expect(microphone).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(strip).to_be_hidden()
    expect(microphone).to_have_attribute("aria-pressed", "false")
    expect(panel.chips).to_have_count(0)
    microphone.click()
    expect(strip).to_contain_text("The recording has reached the longest that the model takes")
    wait_until_seen(panel.chips)
    expect(facts(panel.chips)).to_contain_text("2.0 s")
    expect(panel.chips.locator(".omni-composer-refusal")).to_be_hidden()
    panel.button("Send").click()
    panel.wait_for_answers(1)
    assert look(lab, page)["files"] == ["recording-1.wav"]
    samples = recorded(lab, "recording-1.wav")
    assert len(samples) == 2 * RECORDING_SAMPLE_RATE
    assert np.abs(samples).max() > 1000


@pytest.mark.host("JupyterLab 4, Chromium", "devices")
def test_a_snapshot_of_the_camera_is_asked_with(lab, mic_page):
    page = mic_page
    panel = open_panel(lab, page, SHOW, later=[LOOK])
    panel.button(CAMERA).click()
    panel.button("Take the photo").click()
    wait_until_seen(chip(panel, "snapshot-1.jpg"))
    expect(panel.root.locator(".omni-composer-camera")).to_be_hidden()
    panel.ask("What is this?")
    panel.wait_for_answers(1)
    assert look(lab, page)["asked"][0][0][0] == "image"
    taken = PIL.Image.open(lab.notebooks / "got-snapshot-1.jpg")
    assert taken.format == "JPEG"
    assert np.asarray(taken).std() > 10  # the fake camera shows a moving clock on green


@pytest.fixture
def refusing_page(lab: Lab, playwright: Playwright) -> Iterator[Page]:
    """A page that may use neither microphone nor camera."""
    browser = launch_chromium(playwright, is_consent_given=False)
    yield new_tab(browser)
    browser.close()
    lab.shut_down_kernels()


def test_without_permission_it_says_what_to_do(lab, refusing_page):
    panel = open_panel(lab, refusing_page, SHOW)
    panel.button(MICROPHONE).click()
    expect(panel.root).to_contain_text("The microphone is not allowed here. Allow it with the icon")
    panel.button(CAMERA).click()
    expect(panel.root).to_contain_text("The camera is not allowed here. Allow it with the icon")
    expect(panel.chips).to_have_count(0)
    expect(panel.button(MICROPHONE)).to_have_attribute("aria-pressed", "false")


@pytest.mark.host("VS Code", "devices", by_construction=True)
def test_where_the_page_may_not_have_them_it_says_where_to_go(lab, refusing_page):
    refusing_page.add_init_script(NO_DEVICES)
    panel = open_panel(lab, refusing_page, SHOW)
    panel.button(MICROPHONE).click()
    expect(panel.root).to_contain_text("What shows this notebook gives it no microphone")
    panel.button(CAMERA).click()
    expect(panel.root).to_contain_text("What shows this notebook gives it no camera")
    expect(panel.button(CAMERA)).to_have_attribute("aria-pressed", "false")


# What a permissions policy of "microphone=(), camera=()" makes of it, as in VS Code.
NO_DEVICES = """Object.defineProperty(document, "featurePolicy", {
  value: { allowsFeature: (name) => !["microphone", "camera"].includes(name) },
});"""
