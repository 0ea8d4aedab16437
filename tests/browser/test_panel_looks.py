"""Is the panel fit to be seen: contrast and labels, widths, keyboard, announcements, motion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .axe import assert_accessible
from .lively import QUESTIONS
from .panel import PANEL, open_panel
from .servers import TIMEOUT_MILLISECONDS
from .widths import assert_fits

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    from .lab import Lab
    from .panel import Panel

LIVELY = """
from tests.browser.lively import lively
chat = talk(pace=0, max_tokens=200)
lively(chat, {language!r})
chat.connection = standing_in(pace=1)
chat.options["max_tokens"] = 2000
panel = chat.panel(language={language!r})
panel
"""
WHOLE = ".omni-panel { max-height: none !important; }"


def open_lively(lab: Lab, page: Page, language: str) -> Panel:
    """Open a panel with a lively conversation, an answer that comes and a question that waits."""
    panel = open_panel(lab, page, LIVELY.format(language=language))
    expect(panel.turns).to_have_count(4, timeout=TIMEOUT_MILLISECONDS)
    panel.ask(QUESTIONS[language]["live"])
    expect(panel.turns).to_have_count(5, timeout=TIMEOUT_MILLISECONDS)
    panel.ask(QUESTIONS[language]["waiting"])
    expect(panel.turns).to_have_count(6, timeout=TIMEOUT_MILLISECONDS)
    return panel


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_lively_conversation_is_accessible_and_fits(lab, page, language):
    panel = open_lively(lab, page, language)
    style = page.add_style_tag(content=WHOLE)
    for theme in ["light", "dark"]:
        lab.theme(page, theme)
        for width, height in [(320, 4400), (560, 2900), (1400, 2500)]:
            page.set_viewport_size({"width": width, "height": height})
            lab.narrow(page, width)
            lab.screenshot(page, f"panel-{language}-{theme}-{width}", selector=PANEL)
            assert_fits(page, PANEL)
    style.evaluate("(element) => element.remove()")
    open_everything(panel)
    for theme in ["dark", "light"]:
        lab.theme(page, theme)
        panel.root.locator(".omni-panel-more").click()
        assert_accessible(page, PANEL)
        page.keyboard.press("Escape")
    lab.narrow(page, 320)
    assert_fits(page, PANEL)


def open_everything(panel: Panel) -> None:
    """Show code, other words for a question, thoughts, facts, a notice, and the microphone."""
    first, second = panel.turns.nth(0), panel.turns.nth(1)
    thoughts, facts = first.locator("summary").all()
    thoughts.click()
    facts.click()
    expect(first.locator(".omni-facts")).to_contain_text("qwen")
    first.locator(".omni-panel-show-code").click()
    expect(first.locator(".omni-panel-program")).not_to_be_empty(timeout=TIMEOUT_MILLISECONDS)
    second.locator(".omni-panel-edit").click()
    panel.root.locator(".omni-panel-more").click()
    panel.root.locator(".omni-panel-save").click()
    panel.root.locator(".omni-panel-name").press("Enter")
    expect(panel.root.locator(".omni-panel-notice")).to_have_count(1, timeout=TIMEOUT_MILLISECONDS)
    panel.root.locator(".omni-composer-microphone").click()
    expect(panel.root.locator(".omni-composer-recorder[data-state=listening]")).to_be_visible(
        timeout=TIMEOUT_MILLISECONDS
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_settings_are_accessible_and_fit(lab, page, language):
    panel = open_panel(lab, page, QUICK.format(language=language))
    for theme in ["dark", "light"]:
        lab.theme(page, theme)
        assert_accessible(page, PANEL)
    panel.open_settings()
    style = page.add_style_tag(content=ALL_SETTINGS)
    for theme in ["light", "dark"]:
        lab.theme(page, theme)
        for width, height in [(320, 1400), (700, 1000), (1200, 900)]:
            page.set_viewport_size({"width": width, "height": height})
            lab.narrow(page, width)
            lab.screenshot(page, f"settings-{language}-{theme}-{width}", selector=PANEL)
            assert_fits(page, PANEL)
        assert_accessible(page, PANEL)
    lab.theme(page, "light")
    style.evaluate("(element) => element.remove()")


def test_the_settings_are_walked_by_keyboard_and_closed_by_escape(lab, page):
    panel = open_panel(lab, page, QUICK.format(language="en"))
    opener = panel.button("Settings")
    opener.press("Enter")
    settings = panel.settings
    expect(settings.get_by_label("Model")).to_be_focused()
    walked = []
    while page.evaluate(IS_INSIDE, SETTINGS) and len(walked) < 20:
        walked.append(page.evaluate(FOCUSED))
        page.keyboard.press("Tab")
    assert [name for name, _ in walked] == [
        "Model",
        "Text + speech",
        "Voice",
        "Service",
        "Budget (CNY)",
        "Speech kept as",
        "Language",
        "Send it as a first question and answer",
    ]
    assert [name for name, is_marked in walked if not is_marked] == []
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    expect(settings).not_to_be_visible()
    expect(opener).to_be_focused()


def test_the_form_for_a_key_says_where_one_comes_from_and_can_be_left(lab, page):
    no_key = "import os\nos.environ.pop('DASHSCOPE_API_KEY', None)\n"
    panel = open_panel(lab, page, no_key + QUICK.format(language="en"))
    settings = panel.open_settings()
    service = settings.get_by_label("Service")
    before = service.input_value()
    form = settings.locator(".omni-panel-keyform")
    for leave in [lambda: form.get_by_role("button", name="Cancel").click(), escape(form)]:
        service.select_option("singapore")
        expect(form).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
        expect(form).to_contain_text("console of Alibaba Cloud Model Studio")
        for theme in ["dark", "light"]:
            lab.theme(page, theme)
            lab.screenshot(page, f"key-{theme}", selector=PANEL)
            assert_accessible(page, PANEL)
        leave()
        expect(form).to_be_hidden(timeout=TIMEOUT_MILLISECONDS)
        expect(service).to_have_value(before)
        expect(settings).to_be_visible()


def escape(form: Locator) -> Callable[[], None]:
    return lambda: form.locator("input").press("Escape")


def test_the_opened_settings_are_above_the_fold(lab, page):
    panel = open_panel(lab, page, QUICK.format(language="en"))
    page.set_viewport_size({"width": 1000, "height": 600})
    panel.open_settings()
    expect(panel.settings.get_by_label("Model")).to_be_in_viewport()
    expect(panel.settings.get_by_role("button", name="Done")).to_be_in_viewport()


def test_tab_goes_through_everything_and_shows_where_it_is(lab, page):
    panel = open_panel(lab, page, QUICK.format(language="en"))
    panel.ask("Who are you?")
    panel.wait_for_answers(1)
    expect(panel.root.locator(".omni-panel-replay")).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    panel.root.get_by_role("button", name="Hear the voice").focus()
    walked = []
    while page.evaluate(IS_INSIDE, PANEL) and len(walked) < 40:
        walked.append(page.evaluate(FOCUSED))
        page.keyboard.press("Tab")
    names = [name for name, _ in walked]
    assert names == [
        "Hear the voice",
        "Settings",
        "More room",
        "More",
        "Conversation",
        "Edit the question",
        "Copy the question",
        "Play",
        "Position",
        "Download the speech (WAV)",
        said := names[10],
        "Copy the answer",
        "Ask again",
        "Show as code",
        "Your question",
        "Attach images, audio, video or text files",
        "Hold to talk, or click to start and stop",
        "Take a photo with the camera",
        "Send",
    ]
    assert re.match(r"[\d.]+ s of speech · \d+ tokens · ", said)
    assert [name for name, is_marked in walked if not is_marked] == []


def test_the_menu_is_walked_by_arrows(lab, page):
    panel = open_panel(lab, page, QUICK.format(language="en"))
    more = panel.button("More")
    more.focus()
    walked = []
    for key in ["ArrowDown", "ArrowDown", "End", "ArrowDown", "ArrowUp", "Home"]:
        page.keyboard.press(key)
        walked.append(page.evaluate(FOCUSED))
    last = "Export as notebook"
    assert [name for name, _ in walked] == ["Clear…", "Save…", last, "Clear…", last, "Clear…"]
    assert all(is_marked for _, is_marked in walked)
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(panel.root.get_by_role("menu")).not_to_be_visible()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("pace=2, max_tokens=600", r"Answer complete: \d+ seconds of speech\."),
        ("pace=0, max_tokens=12", r"Answer cut off at the token limit\."),
    ],
)
def test_an_answer_is_announced_at_its_start_and_its_end_only(lab, page, options, said):
    chat = QUICK.format(language="en").replace("pace=0, max_tokens=12", options)
    panel = open_panel(lab, page, chat)
    panel.root.evaluate(LISTEN)
    panel.ask("Please speak for 5 seconds.")
    if "pace=2" in options:  # else it may be over before anybody looks
        expect(panel.root.locator("article[aria-busy=true]")).to_have_count(
            1, timeout=TIMEOUT_MILLISECONDS
        )
    panel.wait_for_answers(1)
    expect(panel.root.locator("article[aria-busy=false]")).to_have_count(
        1, timeout=TIMEOUT_MILLISECONDS
    )
    page.wait_for_function("() => window.__omniSaid.length > 1")
    begins, complete = page.evaluate("() => window.__omniSaid")
    assert begins == "The answer begins."
    assert re.fullmatch(said, complete)


def test_nothing_moves_for_who_wants_no_motion(lab, page):
    panel = open_panel(
        lab, page, "chat = talk(pace=1, max_tokens=400)\npanel = chat.panel(language='en')\npanel"
    )
    panel.ask("Please speak for 60 seconds.")
    expect(panel.root.locator("[data-phase=speaking]")).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
    page.emulate_media(reduced_motion="no-preference")
    try:
        assert panel.root.evaluate(MOVING) > 0
    finally:
        page.emulate_media(reduced_motion="reduce")
    assert panel.root.evaluate(MOVING) == 0
    panel.button("Stop").click()


QUICK = """
chat = talk(pace=0, max_tokens=12)
panel = chat.panel(language={language!r})
panel
"""
SETTINGS = ".omni-panel-settings"
ALL_SETTINGS = WHOLE

IS_INSIDE = "(selector) => Boolean(document.activeElement?.closest(selector))"

# The box of the question shows it around itself.
FOCUSED = """() => {
  const element = document.activeElement;
  const isMarked = (one) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
  };
  const name = element.getAttribute("aria-label") || element.labels?.[0]?.textContent
    || element.textContent;
  const box = element.closest(".omni-panel-choice")
    ?? (element.matches(".omni-composer-text") ? element.closest(".omni-composer-box") : element);
  return [name.trim(), element.matches(":focus-visible") && isMarked(box ?? element)];
}"""

LISTEN = """(panel) => {
  window.__omniSaid = [];
  const regions = "[aria-live], [role=status], [role=alert], [role=log]";
  const observer = new MutationObserver((changes) => {
    const spoken = new Set(changes.map(({ target }) => {
      const element = target instanceof Element ? target : target.parentElement;
      return element?.closest(regions);
    }));
    spoken.delete(null);
    spoken.delete(undefined);
    for (const region of spoken) window.__omniSaid.push(region.textContent);
  });
  observer.observe(panel, { subtree: true, childList: true, characterData: true });
}"""

MOVING = "(panel) => panel.getAnimations({ subtree: true }).length"
