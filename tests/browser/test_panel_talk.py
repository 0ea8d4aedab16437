"""The panel as a person uses it: asking, stopping, going back, keeping; seen in a JupyterLab."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .panel import open_panel

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .lab import Lab

SHOW = "chat = talk()\npanel = chat.panel(language='en')\npanel"
QUICK = "chat = talk(pace=0, max_tokens=12)\npanel = chat.panel(language='en')\npanel"
WRITTEN = "chat = talk(voice=None, pace=0)\npanel = chat.panel(language='en')\npanel"


def run(lab: Lab, page: Page, index: int) -> str:
    """Run a cell and return what it prints."""
    lab.run_cell(page, index)
    return lab.printed(page, index)


@pytest.mark.host("JupyterLab 4, Chromium", "panel")
@pytest.mark.every_browser
@pytest.mark.in_short
def test_a_question_is_typed_sent_and_answered_and_the_last_one_recalled(lab, page):
    panel = open_panel(lab, page, WRITTEN, "print(len(chat.replies))")
    panel.box.press_sequentially("Who are you,")
    panel.box.press("Shift+Enter")
    panel.box.press_sequentially("and what can you do?")
    assert panel.box.input_value() == "Who are you,\nand what can you do?"
    panel.box.press("Enter")
    panel.wait_for_answers(1)
    expect(panel.answers.last).to_contain_text("stand-in")
    assert panel.box.input_value() == ""
    panel.box.press("ArrowUp")
    assert panel.box.input_value() == "Who are you,\nand what can you do?"
    assert run(lab, page, 2) == "1\n"


def test_enter_that_confirms_a_chinese_candidate_does_not_send(lab, page):
    panel = open_panel(lab, page, WRITTEN)
    panel.box.focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    confirm = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **confirm})
    session.send("Input.insertText", {"text": "你"})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **confirm})
    expect(panel.box).to_have_value("你")
    expect(panel.turns).to_have_count(0)
    page.wait_for_timeout(500)  # Safari confirms after the end: an Enter just then does not count
    panel.box.press("Enter")
    panel.wait_for_answers(1)


@pytest.mark.every_browser
def test_an_answer_grows_as_markdown_with_code_tables_and_formulas(lab, page):
    # The stand-in says again what it was told: between quotation marks, as one line.
    panel = open_panel(
        lab,
        page,
        WRITTEN,
        "reply = chat.ask('Show me', show=False)\n"
        "reply.rounds[-1].fill(text='''# A title\n\n| a | b |\n|---|---|\n| 1 | $x^2$ |\n\n"
        "```python\nprint('hello')\n```\n''')\n"
        "other = chat.panel(language='en')\nother",
    )
    answer = page.locator(".omni-panel").last.locator(".omni-panel-text")
    expect(answer.locator("table td math")).to_have_count(1)
    expect(answer.locator("pre code .omni-code-string")).to_have_text("'hello'")
    answer.get_by_role("button", name="Copy").first.click()
    expect(answer.get_by_role("button", name="Copied").first).to_be_visible()
    assert panel.turns.count() == 1


@pytest.mark.every_browser
@pytest.mark.in_short
def test_stop_ends_network_sound_and_bill_and_keeps_what_came(lab, page, tap):
    panel = open_panel(
        lab,
        page,
        "chat = talk(pace=1, max_tokens=300)\npanel = chat.panel(language='en')\npanel",
        "reply = chat.replies[0] if chat.replies else None\n"
        "print(reply and (reply.finish_reason, reply.audio.seconds, bool(reply.cost_so_far)))",
    )
    panel.ask("Tell me everything that you can do.")
    tap.wait_for_sound()
    panel.button("Stop").click()
    panel.wait_for_answers(1)
    expect(panel.answers.first.get_by_role("note")).to_contain_text("Interrupted")
    tap.wait_for_silence()
    printed = run(lab, page, 2)
    assert "interrupted" in printed
    seconds = float(re.findall(r"[\d.]+", printed)[0])
    assert 0 < seconds < 15
    assert "True" in printed
    page.wait_for_timeout(500)  # the bill would go on
    assert run(lab, page, 2) == printed


def test_a_second_question_waits_and_can_be_taken_back(lab, page):
    panel = open_panel(
        lab, page, "chat = talk(pace=1, max_tokens=20)\npanel = chat.panel(language='en')\npanel"
    )
    panel.ask("One")
    expect(panel.turns).to_have_count(1)
    panel.ask("Two")
    panel.ask("Three")
    expect(panel.turns).to_have_count(3)
    expect(panel.turns.nth(1)).to_contain_text("Waits for its turn")
    panel.turns.nth(2).get_by_role("button", name="Take this question back").click()
    expect(panel.turns).to_have_count(2)
    panel.wait_for_answers(2)


def test_a_question_is_edited_and_both_branches_stay_within_reach(lab, page):
    panel = open_panel(lab, page, QUICK, "print([r.question[0].text for r in chat.replies])")
    panel.ask("First words")
    panel.wait_for_answers(1)
    panel.ask("And then?")
    panel.wait_for_answers(2)
    turn = panel.turns.first
    turn.hover()
    turn.get_by_role("button", name="Edit the question").click()
    edit = turn.get_by_label("The edited question")
    expect(edit).to_have_value("First words")
    edit.fill("Second words")
    edit.press("Enter")
    expect(panel.turns).to_have_count(1)
    panel.wait_for_answers(1)
    expect(panel.turns.first).to_contain_text("Second words")
    expect(panel.turns.first).to_contain_text("2 of 2")
    assert "Second words" in run(lab, page, 2)
    panel.turns.first.get_by_role("button", name="Previous version").click()
    expect(panel.turns).to_have_count(2)
    expect(panel.turns.first).to_contain_text("First words")
    assert run(lab, page, 2).strip() == "['First words', 'And then?']"


def test_asking_again_makes_a_branch(lab, page):
    panel = open_panel(lab, page, QUICK)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    panel.turns.first.get_by_role("button", name="Ask again").click()
    expect(panel.turns.first).to_contain_text("2 of 2")
    expect(panel.turns).to_have_count(1)


def test_an_answer_shows_its_request_as_code(lab, page):
    panel = open_panel(lab, page, WRITTEN)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    panel.turns.first.get_by_role("button", name="Show as code").click()
    program = panel.turns.first.get_by_role("tabpanel")
    expect(program).to_contain_text("from openai import OpenAI")
    python = panel.turns.first.get_by_role("tab", name="Python")
    python.focus()
    python.press("ArrowRight")
    expect(program).to_contain_text('import OpenAI from "openai"')
    panel.turns.first.get_by_role("tab", name="curl").click()
    expect(program).to_contain_text("curl")


def test_what_a_cell_asks_appears_in_the_panel_and_what_the_panel_asks_in_the_chat(lab, page, tap):
    panel = open_panel(
        lab,
        page,
        "chat = talk(pace=0, max_tokens=12)\npanel = chat.panel(language='en')\npanel",
        "reply = chat.ask('From a cell', show=False)",
        "print(panel.chat.replies[-1].question[0].text, panel.chat.replies[-1].audio.seconds > 1)",
    )
    expect(panel.turns).to_have_count(1)
    expect(panel.turns.first).to_contain_text("From a cell")
    assert tap.is_silent()
    panel.ask("From the panel")
    panel.wait_for_answers(2)
    assert run(lab, page, 3) == "From the panel True\n"


def test_the_settings_change_the_chat_and_follow_it(lab, page):
    panel = open_panel(
        lab,
        page,
        QUICK,
        "print(chat.model, chat.voice, chat.modalities, chat.system, chat.budget)",
        "chat.use(voice='Chelsie')\nchat.ask('Hi', show=False)",
    )
    settings = panel.open_settings()
    expect(settings.get_by_label("Voice", exact=True)).to_have_value("Chelsie")
    system = settings.get_by_label("System message")
    expect(system).to_be_disabled()
    expect(settings).to_contain_text("ignores a system message when it speaks")
    settings.get_by_label("Text", exact=True).check(force=True)
    expect(system).to_be_enabled()
    system.fill("You are a cat.")
    settings.get_by_label("Budget (CNY)").fill("2")
    settings.get_by_label("Budget (CNY)").press("Enter")
    settings.get_by_label("Model").select_option("qwen3-omni-flash")
    expect(panel.root.locator(".omni-panel-who")).to_have_text("qwen3-omni-flash")
    settings.get_by_label("Budget (CNY)").fill("much")
    settings.get_by_label("Budget (CNY)").press("Enter")
    expect(settings.get_by_role("alert").filter(has_text="'much'")).to_be_visible()
    expect(settings.get_by_label("Budget (CNY)")).to_have_value("much")
    settings.get_by_label("Budget (CNY)").fill("2")
    page.keyboard.press("Escape")
    expect(panel.button("Settings")).to_be_focused()
    printed = run(lab, page, 2)
    assert printed.startswith("qwen3-omni-flash")
    assert "('text',) You are a cat. 2" in printed


def test_the_language_is_chosen_and_the_settings_stay_open(lab, page):
    panel = open_panel(lab, page, QUICK)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    panel.box.fill("half a question")
    language = panel.open_settings().get_by_label("Language")
    language.focus()
    language.select_option(label="中文")
    chosen = panel.settings.get_by_label("语言", exact=True)
    expect(chosen).to_be_focused()
    expect(chosen).to_have_value("zh")
    expect(panel.root.locator(".omni-panel-total")).to_contain_text("1 个回答")
    expect(panel.box).to_have_value("half a question")
    panel.wait_for_answers(1)


def test_the_conversation_is_saved_cleared_loaded_and_exported(lab, page):
    panel = open_panel(lab, page, QUICK)
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    words = panel.answers.first.locator(".omni-panel-text").inner_text()

    def choose(item: str) -> None:
        panel.button("More").or_(panel.button("Conversation menu")).first.click()
        panel.root.get_by_role("menuitem", name=item).click()

    choose("Save…")
    panel.root.get_by_label("File name").press("Enter")
    expect(panel.root).to_contain_text("Saved as talk.json")
    saved = json.loads((lab.notebooks / "talk.json").read_text("utf-8"))
    assert saved["replies"][0]["text"]
    choose("Clear…")
    panel.root.get_by_role("button", name="Clear", exact=True).click()
    expect(panel.turns).to_have_count(0)
    choose("Load…")
    panel.root.get_by_label("File name").press("Enter")
    expect(panel.turns).to_have_count(1)
    expect(panel.answers.first.locator(".omni-panel-text")).to_have_text(words)
    for item, ending in [("Export as HTML page", ".html"), ("Export as notebook", ".ipynb")]:
        with page.expect_download() as download:
            choose(item)
        assert download.value.suggested_filename.endswith(ending)
        content = Path(download.value.path()).read_text("utf-8")
        assert "stand-in" in content


def test_a_key_is_asked_for_in_a_password_field_and_is_nowhere_in_the_notebook(lab, page):
    key = "sk-0123456789-not-to-be-seen"
    panel = open_panel(lab, page, QUICK, "print(chat.connection.region, repr(chat.connection))")
    settings = panel.open_settings()
    settings.get_by_label("Service").select_option(label="DashScope · Singapore")
    field = panel.root.get_by_label("API key for DashScope")
    assert field.get_attribute("type") == "password"
    field.fill(key)
    field.press("Enter")
    expect(field).not_to_be_visible()
    expect(panel.root).to_contain_text("saved nowhere")
    assert run(lab, page, 2).startswith("singapore")
    lab.save(page)
    assert key not in (lab.notebooks / "panel.ipynb").read_text("utf-8")
    assert key not in page.content()


def test_a_refused_question_comes_back_into_the_box(lab, page):
    panel = open_panel(
        lab,
        page,
        WRITTEN,
        "chat.model = 'qwen-omni-turbo'\nchat.options['enable_thinking'] = True",
    )
    panel.ask("Who are you?")
    expect(panel.root).to_contain_text("does not think")
    expect(panel.box).to_have_value("Who are you?")
    expect(panel.turns).to_have_count(0)


def test_two_panels_of_two_chats_do_not_mix(lab, page):
    panel = open_panel(
        lab,
        page,
        "one, two = talk(pace=2, max_tokens=15), talk(pace=2, max_tokens=15)\n"
        "from IPython.display import display\n"
        "display(one.panel(language='en'))\ndisplay(two.panel(language='en'))",
        "print([[r.question[0].text for r in chat.replies] for chat in (one, two)])",
    )
    other = type(panel)(page, 1).wait_until_here()
    panel.ask("To one")
    other.ask("To two")
    panel.wait_for_answers(1)
    other.wait_for_answers(1)
    expect(panel.turns).to_contain_text(["To one"])
    expect(other.turns).to_contain_text(["To two"])
    assert run(lab, page, 2) == "[['To one'], ['To two']]\n"


def test_there_is_one_stop_and_escape_stops_but_first_what_is_open(lab, page, tap):
    panel = open_panel(
        lab, page, "chat = talk(pace=1, max_tokens=300)\npanel = chat.panel(language='en')\npanel"
    )
    stop = panel.button("Stop")
    panel.ask("Tell me everything that you can do.")
    tap.wait_for_sound()
    expect(stop).to_have_count(1)
    panel.open_settings()
    page.keyboard.press("Escape")
    expect(panel.settings).to_be_hidden()
    panel.button("More").click()
    panel.root.get_by_role("menuitem", name="Save…").click()
    page.keyboard.press("Escape")
    expect(panel.root.locator(".omni-panel-name")).to_have_count(0)
    expect(panel.root.locator("article[aria-busy=true]")).to_have_count(1)
    panel.box.press("Escape")
    panel.wait_for_answers(1)
    expect(panel.answers.first.get_by_role("note")).to_contain_text("Interrupted")
    tap.wait_for_silence()
    expect(stop).to_have_count(0)


def test_stop_silences_an_answer_that_is_complete_and_still_spoken(lab, page, tap):
    panel = open_panel(
        lab, page, "chat = talk(pace=0, max_tokens=300)\npanel = chat.panel(language='en')\npanel"
    )
    panel.ask("Please speak for 20 seconds.")
    panel.wait_for_answers(1)
    tap.wait_for_sound()
    panel.button("Stop").click()
    tap.wait_for_silence()
    expect(panel.button("Stop")).to_have_count(0)
    expect(panel.button("Send")).to_be_focused()
