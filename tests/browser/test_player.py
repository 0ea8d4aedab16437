"""The AudioPlayer in a real JupyterLab: what is shown, and every sample that is heard."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from .lab import Lab, Tap, assert_same_speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SAMPLE_RATE = 24000

SETUP = """
import contextvars, random, threading, time
import numpy as np
from IPython.display import HTML, display
from omni_nb.views.player import AudioPlayer

def noise(seconds, seed=5):
    random_numbers = np.random.default_rng(seed)
    samples = random_numbers.integers(-32768, 32767, int(24000 * seconds)).astype("<i2")
    samples[samples == 0] = 1
    return samples.tobytes()

def feed(player, speech, speed=1.0, jitter=0.0, piece_seconds=0.2):
    \"\"\"Let speech arrive piece by piece, each up to `jitter` seconds late, in order.\"\"\"
    late, size, heap = random.Random(1), int(24000 * piece_seconds) * 2, bytearray()
    start, due = time.time(), 0
    for number, offset in enumerate(range(0, len(speech), size)):
        due = max(due, number * piece_seconds / speed + late.uniform(0, jitter))
        time.sleep(max(0, start + due - time.time()))
        heap += speech[offset:offset + size]
        player.update("word " * (number + 1), heap)

def in_background(function, *arguments):
    threading.Thread(target=contextvars.copy_context().run, args=(function, *arguments)).start()

def static_answer(player):
    return {"text/html": f"<p class='static'>Answer {player.tail_html}</p>", "text/plain": "Answer"}
"""


def noise(seconds: float, seed: int = 5) -> NDArray[np.int64]:
    """The same samples as in the notebook."""
    samples = np.random.default_rng(seed).integers(-32768, 32767, int(SAMPLE_RATE * seconds))
    samples[samples == 0] = 1
    return samples.astype("<i2").astype(np.int64)


def open_notebook(lab: Lab, page: Page, *cells: str) -> None:
    """Open a notebook of these cells, with SETUP run as cell 0."""
    lab.write_notebook("player.ipynb", [SETUP, *cells])
    lab.open(page, "player.ipynb")
    lab.run_cell(page, 0)


LIVE = """
player = AudioPlayer(prebuffer_seconds={prebuffer}, close_when_done=False); display(player)
def answer():
    feed(player, noise(3), speed={speed}, jitter={jitter})
    player.finish()
in_background(answer)
"""


@pytest.mark.alone
@pytest.mark.parametrize(
    ("speed", "jitter", "prebuffer"),
    [(1.0, 0.0, 0.3), (2.0, 0.0, 0.3), (1.0, 0.25, 0.5)],
    ids=["real-time", "twice-as-fast", "jitter"],
)
def test_speech_is_heard_sample_for_sample_without_a_gap(
    lab: Lab, page: Page, tap: Tap, speed: float, jitter: float, prebuffer: float
) -> None:
    live = LIVE.format(speed=speed, jitter=jitter, prebuffer=prebuffer)
    open_notebook(lab, page, live, "print(player.report)")
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Speaking")
    expect(page.locator(".omni-player-state")).to_have_text("Done", timeout=10_000)
    tap.wait_for_silence()
    assert_same_speech(tap.heard(), noise(3))
    lab.run_cell(page, 2)
    report = lab.printed(page, 2)
    assert "state='done'" in report
    assert "underruns=0" in report
    first_heard_at = float(re.findall(r"first_heard_at=([\d.]+)", report)[0])
    assert abs(first_heard_at - tap.heard().started_at) < 0.25


@pytest.mark.alone
def test_speech_of_a_blocking_cell_is_heard_while_it_runs(lab: Lab, page: Page, tap: Tap) -> None:
    blocking = """
player = AudioPlayer(); handle = display(player, display_id=True)
feed(player, noise(3), speed=1.5)
player.finish()
handle.update(static_answer(player), raw=True)
print("ended at", time.time())
"""
    open_notebook(lab, page, blocking)
    lab.run_cell(page, 1)
    tap.wait_for_silence()
    assert_same_speech(tap.heard(), noise(3))
    ended_at = float(lab.printed(page, 1).split()[-1])
    assert tap.heard().started_at < ended_at - 1


def test_a_late_packet_makes_one_gap_that_is_counted_and_nothing_is_lost(
    lab: Lab, page: Page, tap: Tap
) -> None:
    stall = """
player = AudioPlayer(prebuffer_seconds=0.1, close_when_done=False); display(player)
speech = noise(2)
def answer():
    player.update("one", speech[:48000])
    while player.report is None:  # until it sounds
        time.sleep(0.01)
    time.sleep(1.5)
    player.update("one two", speech)
    player.finish()
in_background(answer)
"""
    open_notebook(lab, page, stall, "print(player.report)")
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Done", timeout=10_000)
    tap.wait_for_silence()
    samples = tap.heard().samples
    np.testing.assert_array_equal(samples[samples != 0], noise(2))
    gap_seconds = np.count_nonzero(samples == 0) / SAMPLE_RATE
    assert 0.3 < gap_seconds < 0.9
    lab.run_cell(page, 2)
    report = lab.printed(page, 2)
    assert "underruns=1" in report
    assert float(re.findall(r"gap_seconds=([\d.]+)", report)[0]) == pytest.approx(
        gap_seconds, abs=0.001
    )


@pytest.mark.every_browser
def test_text_grows_in_steps_and_stays_text(lab: Lab, page: Page) -> None:
    typing = """
player = AudioPlayer(header_html="<b>Q</b>"); display(player)
steps = threading.Semaphore(0)
def answer():
    for text in ["One <img src=x onerror='window.broken = 1'>", " two 🐱", " three", " corrected"]:
        steps.acquire()
        player.update(before[0] + text if text != " corrected" else "One 猫 end")
        before[0] += text
before = [""]
in_background(answer)
"""
    open_notebook(lab, page, typing, "steps.release()")
    lab.run_cell(page, 1)
    captions = page.locator(".omni-player-captions")
    expect(page.locator(".omni-player-state")).to_have_text("Thinking…")
    expect(page.locator(".omni-player-header b")).to_have_text("Q")
    markup = "One <img src=x onerror='window.broken = 1'>"
    for text in [markup, f"{markup} two 🐱", f"{markup} two 🐱 three", "One 猫 end"]:
        lab.run_cell(page, 2)
        expect(captions).to_have_text(text)
    expect(page.locator(".omni-player-state")).to_have_text("Answering…")
    assert page.locator(".omni-player-captions img").count() == 0
    assert page.evaluate("() => window.broken") is None
    assert captions.evaluate("(element) => element.childNodes.length") == 1


def test_what_is_selected_stays_selected_while_text_arrives(lab: Lab, page: Page) -> None:
    open_notebook(
        lab, page, "player = AudioPlayer(); display(player); player.update('abc def')", MORE_TEXT
    )
    lab.run_cell(page, 1)
    captions = page.locator(".omni-player-captions")
    expect(captions).to_have_text("abc def")
    captions.evaluate(
        "(element) => getSelection().setBaseAndExtent(element.firstChild, 4, element.firstChild, 7)"
    )
    lab.run_cell(page, 2)
    expect(captions).to_have_text("abc def ghi")
    assert page.evaluate("() => getSelection().toString()") == "def"


MORE_TEXT = "player.update('abc def ghi')"

TAIL = """
player = AudioPlayer(); handle = display(player, display_id=True)
player.update("All at once.", bytearray(noise(4)))
player.finish()
handle.update(static_answer(player), raw=True)
"""


def test_the_tail_plays_out_after_the_static_answer_has_replaced_the_view(
    lab: Lab, page: Page, tap: Tap
) -> None:
    open_notebook(lab, page, TAIL, "print(player.report, player.comm)")
    lab.run_cell(page, 1)
    expect(page.locator(".omni-tail-button")).to_be_visible()
    assert page.locator(".omni-player").count() == 0
    lab.screenshot(page, "player-tail")
    expect(page.locator(".omni-tail-button")).to_have_count(0, timeout=10_000)
    tap.wait_for_silence()
    assert_same_speech(tap.heard(), noise(4))
    lab.run_cell(page, 2)
    assert "state='done'" in lab.printed(page, 2)
    assert lab.printed(page, 2).endswith("None\n"), "the widget is closed when its sound is over"


def test_a_widget_that_is_not_replaced_stays_and_is_closed_when_it_leaves(
    lab: Lab, page: Page
) -> None:
    short = """
player = AudioPlayer(); display(player)
player.update("No sound."); player.finish()
"""
    is_closed = "time.sleep(0.2); print(player.comm is None)"
    open_notebook(lab, page, short, is_closed)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Done")
    lab.run_cell(page, 2)
    assert lab.printed(page, 2) == "False\n"
    expect(page.locator(".omni-player-captions")).to_have_text("No sound.")
    page.locator(".omni-player").click()
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-cell-output'); }")
    expect(page.locator(".omni-player")).to_have_count(0)
    lab.run_cell(page, 2)
    assert lab.printed(page, 2) == "True\n"


def test_a_static_answer_that_comes_before_the_end_keeps_the_sound(
    lab: Lab, page: Page, tap: Tap
) -> None:
    swapped = TAIL.replace("player.finish()\n", "") + "time.sleep(0.1)\nplayer.finish()\n"
    open_notebook(lab, page, swapped)
    lab.run_cell(page, 1)
    tap.wait_for_silence()
    assert_same_speech(tap.heard(), noise(4))


def test_the_button_of_the_tail_stops_the_sound(lab: Lab, page: Page, tap: Tap) -> None:
    open_notebook(lab, page, TAIL, "print(player.report)")
    lab.run_cell(page, 1)
    page.locator(".omni-tail-button").click()
    clicked_at = time.time()
    expect(page.locator(".omni-tail-button")).to_have_count(0)
    assert_silent_soon_after(tap, clicked_at)
    lab.run_cell(page, 2)
    assert "state='stopped'" in lab.printed(page, 2)


def assert_silent_soon_after(tap: Tap, moment: float) -> None:
    """At most half a second was heard after `moment`, though there was more."""
    tap.wait_for_silence(1.5)
    heard = tap.heard()
    assert heard.ended_at < moment + 0.5
    assert len(heard.samples) < 3.5 * SAMPLE_RATE


@pytest.mark.parametrize(
    "leave",
    ["notebook:run-cell", "notebook:clear-cell-output", "notebook:delete-cell"],
)
def test_the_tail_falls_silent_when_the_answer_leaves_the_page(
    lab: Lab, page: Page, tap: Tap, leave: str
) -> None:
    once = f"if 'player' in globals(): raise SystemExit\n{TAIL}"
    open_notebook(lab, page, once)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-tail-button")).to_be_visible()
    page.evaluate("(command) => { window.jupyterapp.commands.execute(command); }", leave)
    expect(page.locator(".static")).to_have_count(0)
    tap.wait_for_silence(2)
    heard_seconds = len(tap.heard().samples) / SAMPLE_RATE
    assert heard_seconds < 3


def test_the_sound_stops_when_the_view_goes_before_the_end(lab: Lab, page: Page, tap: Tap) -> None:
    endless = "player = AudioPlayer(); display(player); player.update('All at once.', noise(6))"
    open_notebook(lab, page, endless)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Speaking")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-cell-output'); }")
    expect(page.locator(".omni-player")).to_have_count(0)
    left_at = time.time()
    tap.wait_for_silence(1.5)
    assert tap.heard().ended_at < left_at + 1


@pytest.mark.every_browser
def test_the_sound_card_rests_between_answers_and_wakes_up(lab: Lab, page: Page, tap: Tap) -> None:
    answer = """
player = AudioPlayer(close_when_done=False); display(player)
player.update("One second.", noise(1)); player.finish()
"""
    open_notebook(lab, page, answer, answer)
    lab.run_cell(page, 1)
    page.wait_for_function("() => window.__omniTaps[0].context.state === 'suspended'")
    lab.run_cell(page, 2)
    expect(page.locator(".omni-player-state").nth(1)).to_have_text("Done")
    tap.wait_for_silence(1.2)
    assert page.evaluate("() => window.__omniTaps.length") == 1
    samples = tap.heard().samples
    np.testing.assert_array_equal(samples[samples != 0], np.concatenate([noise(1), noise(1)]))


def test_the_tail_falls_silent_when_the_saved_sound_is_played(
    lab: Lab, page: Page, tap: Tap
) -> None:
    with_audio = TAIL.replace(
        "handle.update(static_answer(player), raw=True)",
        """
import base64, io, wave
file = io.BytesIO()
with wave.open(file, "wb") as sound:
    sound.setnchannels(1); sound.setsampwidth(2); sound.setframerate(24000)
    sound.writeframes(bytes(48000))
source = "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode()
html = f"<div><p>{player.tail_html}</p><audio controls src='{source}'></audio></div>"
handle.update({"text/html": html, "text/plain": ""}, raw=True)""",
    )
    open_notebook(lab, page, with_audio)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-tail-button")).to_be_visible()
    page.locator("audio").evaluate("(audio) => audio.play()")
    expect(page.locator(".omni-tail-button")).to_have_count(0)
    assert_silent_soon_after(tap, time.time())


def test_an_interrupted_answer_falls_silent_at_once(lab: Lab, page: Page, tap: Tap) -> None:
    interrupted = """
player = AudioPlayer(close_when_done=False); display(player)
player.update("All at once.", bytearray(noise(4)))
time.sleep(1)
player.finish(stopped=True)
print(time.time())
"""
    open_notebook(lab, page, interrupted)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Stopped")
    stopped_at = float(lab.printed(page, 1))
    tap.wait_for_silence(1.5)
    assert stopped_at - 1 < tap.heard().ended_at < stopped_at + 0.5


def test_stop_reaches_a_stream_in_the_background(lab: Lab, page: Page, tap: Tap) -> None:
    stoppable = """
player = AudioPlayer(); handle = display(player, display_id=True)
def answer():
    player.update("All at once.", bytearray(noise(4)))
    stopped = player.stop_requested.wait(20)
    player.finish(stopped=stopped)
    html = f"<p class='static'>stopped: {stopped}</p>"
    handle.update({"text/html": html, "text/plain": ""}, raw=True)
in_background(answer)
"""
    open_notebook(lab, page, stoppable)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Speaking")
    page.get_by_role("button", name="Stop", exact=True).click()
    clicked_at = time.time()
    expect(page.locator(".static")).to_have_text("stopped: True")
    tap.wait_for_silence(1.5)
    assert tap.heard().ended_at < clicked_at + 0.5


def test_stop_interrupts_a_cell_that_blocks_the_kernel(lab: Lab, page: Page) -> None:
    blocking = """
player = AudioPlayer(); display(player)
player.update("All at once.", bytearray(noise(4)))
try:
    time.sleep(30)
except KeyboardInterrupt:
    player.finish(stopped=True)
    print("interrupted")
"""
    open_notebook(lab, page, blocking)
    lab.run_cell(page, 1, wait=False)
    expect(page.locator(".omni-player-state")).to_have_text("Speaking")
    page.get_by_role("button", name="Stop", exact=True).press("Enter")
    lab.wait_for_cell(page, 1)
    assert lab.printed(page, 1) == "interrupted\n"
    assert len(lab.outputs(page, 0)) == 0, "Enter ran nothing else"


def test_mute_silences_and_lets_the_time_run_on(lab: Lab, page: Page, tap: Tap) -> None:
    open_notebook(lab, page, TAIL.replace("handle.update(static_answer(player), raw=True)", ""))
    lab.run_cell(page, 1)
    mute = page.get_by_role("button", name="Mute", exact=True)
    mute.click()
    muted_at = time.time()
    expect(mute).to_have_attribute("aria-pressed", "true")
    tap.wait_for_silence(1)
    assert tap.heard().ended_at < muted_at + 0.5
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "false")
    tap.wait_for_sound()
    tap.wait_for_silence(1.2)
    assert tap.heard().ended_at > muted_at + 1
    assert len(tap.heard().samples) <= 4 * SAMPLE_RATE


def test_two_answers_do_not_talk_over_each_other(lab: Lab, page: Page, tap: Tap) -> None:
    two = """
first, second = AudioPlayer(close_when_done=False), AudioPlayer(close_when_done=False)
display(first, second)
first.update("first", noise(2, seed=1)); second.update("second", noise(1, seed=2))
second.finish(); first.finish()
"""
    open_notebook(lab, page, two)
    lab.run_cell(page, 1)
    states = page.locator(".omni-player-state")
    expect(states.nth(1)).to_have_text("Waiting to speak")
    expect(states.nth(1)).to_have_text("Speaking", timeout=10_000)
    expect(states.nth(0)).to_have_text("Done")
    tap.wait_for_silence(1)
    samples = tap.heard().samples
    np.testing.assert_array_equal(
        samples[samples != 0], np.concatenate([noise(2, seed=1), noise(1, seed=2)])
    )


def test_the_next_answer_speaks_when_the_one_before_is_stopped(
    lab: Lab, page: Page, tap: Tap
) -> None:
    two = """
first, second = AudioPlayer(close_when_done=False), AudioPlayer(close_when_done=False)
display(first, second)
first.update("first", noise(20, seed=1)); second.update("second", noise(1, seed=2))
second.finish(); first.finish()
"""
    open_notebook(lab, page, two)
    lab.run_cell(page, 1)
    states = page.locator(".omni-player-state")
    expect(states.nth(1)).to_have_text("Waiting to speak")
    page.get_by_role("button", name="Stop", exact=True).first.click()
    expect(states.nth(0)).to_have_text("Stopped")
    expect(states.nth(1)).to_have_text("Done", timeout=10_000)
    tap.wait_for_silence(1)
    np.testing.assert_array_equal(tap.heard().samples[-SAMPLE_RATE:], noise(1, seed=2))


def test_only_the_page_that_shows_the_answer_speaks(lab: Lab, page: Page, tap: Tap) -> None:
    open_notebook(lab, page, TAIL)
    window = page.context.browser.new_page()
    Tap(window).install()
    lab.open(window, "player.ipynb")
    lab.run_cell(page, 1)
    expect(page.locator(".omni-tail-button")).to_be_visible()
    tap.wait_for_silence()
    assert_same_speech(tap.heard(), noise(4))
    assert Tap(window).is_silent()


def test_a_console_on_the_same_kernel_does_not_say_it_again(lab: Lab, page: Page, tap: Tap) -> None:
    open_notebook(lab, page, TAIL)
    page.evaluate(OPEN_CONSOLE)
    expect(page.locator(".jp-CodeConsole-promptCell")).to_be_visible(timeout=20_000)
    page.wait_for_function(BACK_TO_THE_NOTEBOOK)
    lab.run_cell(page, 1)
    tap.wait_for_silence(2)
    assert_same_speech(tap.heard(), noise(4))


OPEN_CONSOLE = """() => {
  const { commands, shell } = window.jupyterapp;
  window.notebookId = shell.currentWidget.id;
  commands.execute("notebook:create-console");
}"""

BACK_TO_THE_NOTEBOOK = """() => {
  const { shell } = window.jupyterapp;
  shell.activateById(window.notebookId);
  return shell.currentWidget.id === window.notebookId;
}"""


def test_a_lost_packet_is_repaired_after_the_cell_has_ended(lab: Lab, page: Page, tap: Tap) -> None:
    lossy = """
player = AudioPlayer(close_when_done=False); display(player)
speech, send = noise(3), player.send
def lose(*arguments, **named): player.send = send
for number in range(1, 16):
    if number == 6:
        player.send = lose
    player.update("word " * number, speech[:number * 9600])
player.finish()
"""
    open_notebook(lab, page, lossy)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-captions")).to_have_text(re.compile(r"^(word ?){15}$"))
    expect(page.locator(".omni-player-state")).to_have_text("Done", timeout=10_000)
    tap.wait_for_silence()
    samples = tap.heard().samples
    np.testing.assert_array_equal(samples[samples != 0], noise(3))


def test_a_last_packet_that_is_lost_is_noticed_by_its_length(
    lab: Lab, page: Page, tap: Tap
) -> None:
    lossy = """
player = AudioPlayer(close_when_done=False); display(player)
speech, send = noise(2), player.send
player.update("one", speech[:48000])
player.send = lambda *arguments, **named: None
player.update("one two", speech)
player.send = send
player.finish()
"""
    open_notebook(lab, page, lossy)
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-captions")).to_have_text("one two")
    expect(page.locator(".omni-player-state")).to_have_text("Done", timeout=10_000)
    tap.wait_for_silence()
    samples = tap.heard().samples
    np.testing.assert_array_equal(samples[samples != 0], noise(2))


def test_a_page_that_is_reloaded_after_the_end_says_nothing(lab: Lab, page: Page, tap: Tap) -> None:
    hello = """
player = AudioPlayer(close_when_done=False); display(player)
heard, receive = [], player._receive
player.on_msg(lambda widget, message, buffers: heard.append(message))
player.update("All at once.", noise(1))
player.finish()
"""
    open_notebook(
        lab, page, hello, "print([m for m in heard if m['type'] == 'hello'], player.report.state)"
    )
    lab.run_cell(page, 1)
    expect(page.locator(".omni-player-state")).to_have_text("Done", timeout=10_000)
    lab.save(page)
    page.reload()
    lab.wait_until_ready(page)
    expect(page.locator(".omni-player-state")).to_have_text("Stopped", timeout=10_000)
    lab.run_cell(page, 2)
    assert "'open'" in lab.printed(page, 2)
    time.sleep(1.5)  # time is the subject: longer than the delay of the tap
    assert tap.is_silent()


STATES = """
setInterval(() => {
  const state = document.querySelector(".omni-player-state")?.textContent;
  if (state && state !== window.__omniState) console.info(`state: ${window.__omniState = state}`);
}, 20);
const waiting = setInterval(() => {
  const notebook = window.jupyterapp?.shell.currentWidget;
  if (notebook?.sessionContext?.session?.kernel?.status !== "idle") return;
  clearInterval(waiting);
  window.jupyterapp.commands.execute("notebook:run-all-cells");
}, 100);
"""
SLOW_SOUND_CARD = """
const { resume } = AudioContext.prototype;
AudioContext.prototype.resume = async function () {
  await AudioContext.prototype.suspend.call(this);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return resume.call(this);
};
"""

REFUSAL = """
const { resume, suspend } = AudioContext.prototype;
const { play } = HTMLMediaElement.prototype;
let isTouched = false;
const touch = new Promise((resolve) => addEventListener("pointerdown", resolve, true));
touch.then(() => (isTouched = true));
AudioContext.prototype.resume = async function () {
  if (!isTouched) await suspend.call(this);
  await touch;
  return resume.call(this);
};
HTMLMediaElement.prototype.play = async function () {
  if (!isTouched) throw new DOMException("nobody has touched the page", "NotAllowedError");
  return play.call(this);
};
"""


@contextmanager
def untouched(lab: Lab, browser: Browser, *scripts: str) -> Iterator[tuple[Page, list[str]]]:
    """A page in which an answer speaks that nobody has touched, and the states that it shows.

    It says them itself: to be asked by the test counts as a touch.
    """
    page = browser.new_context().new_page()
    states: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.text.startswith("state: "):
            states.append(message.text.removeprefix("state: "))

    page.on("console", note)
    lab.write_notebook("untouched.ipynb", [SETUP, TAIL.replace("handle.update", "#")])
    for script in (STATES, *scripts):
        page.add_init_script(script)
    page.goto(f"{lab.url}lab/tree/untouched.ipynb?reset")
    yield page, states
    page.close()
    lab.shut_down_kernels()


def wait_for_state(page: Page, states: list[str], state: str) -> None:
    """Wait until the page has shown this state."""
    while state not in states:
        page.wait_for_event("console", timeout=30_000)


@pytest.mark.every_browser
@pytest.mark.in_short
def test_without_a_click_the_page_asks_for_one(
    lab: Lab, browser_name: str, launch: Callable[..., Browser]
) -> None:
    browser = launch(is_autoplay_free=False)
    # Playwright itself touches each page of Firefox as it loads: there the refusal is played.
    scripts = [REFUSAL] if browser_name == "firefox" else []
    with untouched(lab, browser, *scripts) as (page, states):
        wait_for_state(page, states, "Click anywhere to hear")
        assert "Speaking" not in states
        page.mouse.click(500, 5)
        wait_for_state(page, states, "Speaking")
    browser.close()


def test_a_slow_sound_card_is_no_reason_to_ask_for_a_click(lab: Lab, browser: Browser) -> None:
    with untouched(lab, browser, SLOW_SOUND_CARD) as (page, states):
        wait_for_state(page, states, "Speaking")
    assert "Click anywhere to hear" not in states


@pytest.mark.parametrize(
    ("name", "theme", "width", "language"),
    [
        ("light", "light", 1000, "en"),
        ("dark", "dark", 1000, "en"),
        ("narrow", "light", 500, "en"),
        ("chinese", "dark", 700, "zh"),
    ],
)
def test_the_live_view_fits_and_has_its_labels(
    lab: Lab, page: Page, name: str, theme: str, width: int, language: str
) -> None:
    words = {
        "en": "A tabby cat sits in the window and looks at a bird. " * 3,
        "zh": "一只花猫坐在窗台上，看着外面的小鸟。" * 4,
    }
    shown = f"""
question = "<p>dog.jpg · What is in this picture?</p>"
player = AudioPlayer(language={language!r}, header_html=question); display(player)
player.update({words[language]!r}, bytearray(noise(6)))
"""
    open_notebook(lab, page, shown)
    lab.theme(page, "dark" if theme == "dark" else "light")
    page.evaluate(
        "() => window.jupyterapp.commands.execute('application:toggle-left-area').then(() => null)"
    )
    lab.run_cell(page, 1)
    page.set_viewport_size({"width": width, "height": 700})
    expect(page.locator(".omni-player-state")).to_have_text(
        {"en": "Speaking", "zh": "正在朗读"}[language]
    )
    buttons = page.locator(".omni-player .omni-button:visible")
    expect(buttons).to_have_text({"en": ["Mute", "Stop"], "zh": ["静音", "停止"]}[language])
    view = page.locator(".omni-player")
    assert view.evaluate("(element) => element.scrollWidth <= element.clientWidth")
    lab.screenshot(page, f"player-{name}", selector=".omni-player")
    lab.screenshot(page, f"player-{name}-page")
