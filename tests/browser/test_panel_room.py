"""The panel keeps its place: many pictures, little height, long questions, a first question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .axe import assert_accessible
from .panel import PANEL, Panel, open_panel
from .servers import TIMEOUT_MILLISECONDS
from .test_panel_media import SHOW, attach, facts, png
from .widths import assert_fits

if TYPE_CHECKING:
    from playwright.sync_api import Locator

TEN = """
import PIL.Image, PIL.ImageDraw
def picture(number):
    size = [(640, 480), (300, 600), (800, 300)][number % 3]
    image = PIL.Image.new("RGB", size, (20 * number, 90, 200 - 15 * number))
    PIL.ImageDraw.Draw(image).ellipse((40, 60, 300, 290), fill=(240, 20 * number, 60))
    image.save(f"picture-{{number}}.png")
    return omni.image(f"picture-{{number}}.png")
chat = talk(voice=None, pace=0)
for _ in chat.stream(*map(picture, range(10)), "What do they show?"):
    pass
panel = chat.panel(language={language!r})
panel
"""


def box(of: Locator) -> dict[str, float]:
    """Where an element stands in the window."""
    found: dict[str, float] | None = of.bounding_box()
    assert found is not None
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ten_pictures_are_a_grid_that_opens(lab, page, language):
    panel = open_panel(lab, page, TEN.format(language=language))
    question = panel.turns.first.locator(".omni-panel-question")
    pictures = question.locator(".omni-panel-question-chips img")
    more = question.locator(".omni-panel-question-more")
    shown = pictures.locator("visible=true")
    expect(shown).to_have_count(4, timeout=TIMEOUT_MILLISECONDS)
    expect(more).to_have_text({"en": "+6 more", "zh": "还有 6 个"}[language])
    bubble = question.locator(".omni-panel-bubble")
    for width, height in [(400, 320), (1200, 200)]:
        page.set_viewport_size({"width": width, "height": 900})
        lab.narrow(page, width)
        lab.screenshot(page, f"grid-folded-{language}-{width}", selector=PANEL)
        assert box(bubble)["height"] < height
    more.press("Enter")
    expect(shown).to_have_count(10)
    for theme in ["light", "dark"]:
        lab.theme(page, theme)
        for width in [400, 1200]:
            page.set_viewport_size({"width": width, "height": 900})
            lab.narrow(page, width)
            lab.screenshot(page, f"grid-{language}-{theme}-{width}", selector=PANEL)
            assert_fits(page, PANEL)
            part = box(bubble)["width"] / box(panel.root)["width"]
            assert part <= (0.7 if width > 400 else 0.85)
            assert len({round(box(one)["width"]) for one in pictures.all()}) == 1
        assert_accessible(page, PANEL)
    lab.theme(page, "light")
    expect(more).to_have_attribute("aria-expanded", "true")
    more.press("Enter")
    expect(shown).to_have_count(4)


def test_what_is_attached_are_equal_tiles_with_a_whole_price(lab, page, tmp_path):
    panel = open_panel(lab, page, SHOW)
    attach(panel, tmp_path, a_png=png(0.1), b_png=png(0.5), a_long_name_of_a_photo_png=png(0.9))
    for width in [400, 700, 1200]:
        page.set_viewport_size({"width": width, "height": 800})
        lab.narrow(page, width)
        lab.screenshot(page, f"chips-{width}", selector=PANEL)
        assert_fits(page, PANEL)
        assert len({round(box(one)["width"]) for one in panel.chips.all()}) == 1
        for one in panel.chips.all():
            price = facts(one).get_by_text(re.compile("CNY"))
            assert price.evaluate("(text) => text.getClientRects().length") == 1


LONG = """
chat = talk(voice=None, pace=0, max_tokens=300)
for number in range(6):
    lines = range(40 if number else 3)
    text = "\\n".join(f"Line {{line}} of question {{number}}." for line in lines)
    for _ in chat.stream(text):
        pass
panel = chat.panel(language={language!r})
panel
"""


def assert_seen_whole(panel: Panel) -> None:
    """Fail when the panel or its question's field leaves the window of the notebook."""
    place, around = box(panel.root), box(panel.page.locator(".jp-WindowedPanel-outer").first)
    assert around["y"] <= place["y"]
    assert place["y"] + place["height"] <= around["y"] + around["height"]
    expect(panel.box).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_panel_is_never_higher_than_its_window(lab, page, language):
    panel = open_panel(lab, page, LONG.format(language=language))
    more = panel.button({"en": "More room", "zh": "放大"}[language])
    less = panel.button({"en": "Less room", "zh": "还原"}[language])
    for width, height in [(1200, 1000), (1200, 600), (400, 640)]:
        page.set_viewport_size({"width": width, "height": height})
        lab.narrow(page, width)
        panel.root.evaluate("(panel) => panel.scrollIntoView({ block: 'center' })")
        assert_seen_whole(panel)
        before = box(panel.root)["height"]
        more.click()
        assert_seen_whole(panel)
        assert box(panel.root)["height"] >= before
        lab.screenshot(page, f"room-{language}-{width}-{height}")
        less.click()
        assert box(panel.root)["height"] == pytest.approx(before, abs=1)
    panel.open_settings()
    panel.root.evaluate("(panel) => panel.scrollIntoView({ block: 'center' })")
    assert_seen_whole(panel)
    assert_accessible(page, PANEL)


def test_a_long_question_folds_and_its_field_is_in_sight(lab, page):
    panel = open_panel(lab, page, LONG.format(language="en"))
    page.set_viewport_size({"width": 1000, "height": 700})
    panel.root.evaluate("(panel) => panel.scrollIntoView({ block: 'center' })")
    asked = panel.turns.last.locator(".omni-panel-question")
    whole = asked.get_by_role("button", name="Show all")
    folded = box(asked)["height"]
    whole.click()
    assert box(asked)["height"] > 2 * folded
    asked.get_by_role("button", name="Show less").click()
    assert box(asked)["height"] == pytest.approx(folded, abs=1)
    expect(panel.turns.first.get_by_role("button", name="Show all")).to_be_hidden()
    for turn in [panel.turns.last, panel.turns.nth(2)]:
        turn.locator(".omni-panel-question").hover()
        turn.locator(".omni-panel-edit").click()
        form = turn.locator(".omni-panel-edit-form")
        expect(form.locator("textarea")).to_be_focused()
        expect(form).to_be_in_viewport(ratio=0.99)
        seen, field = box(panel.root.locator(".omni-panel-scroller")), box(form)
        assert seen["y"] <= field["y"] + 1
        assert field["y"] + field["height"] <= seen["y"] + seen["height"] + 1
        page.keyboard.press("Escape")


EMPTY = """
chat = talk(voice={voice!r}, pace=0, model={model!r})
panel = chat.panel(language={language!r})
panel
"""
STARTS = [
    ("qwen-omni-turbo", "Cherry", "en", ["picture", "recording", "story"], "read to you"),
    ("qwen-omni-turbo", None, "zh", ["图片", "录音", "彩虹"], "边生成边显示"),
    ("of-text", None, "en", ["rainbow", "quiz", "bat"], "drop in text files"),
]


@pytest.mark.parametrize(("model", "voice", "language", "starts", "said"), STARTS)
def test_an_empty_panel_offers_what_its_chat_can_do(
    lab, page, model, voice, language, starts, said
):
    new = "" if model != "of-text" else "omni.register_model('of-text', inputs=['text'])\n"
    show = EMPTY.format(model=model, voice=voice, language=language)
    panel = open_panel(lab, page, new + show)
    hint = panel.root.locator(".omni-panel-hint")
    expect(hint).to_contain_text(said)
    examples = hint.get_by_role("button")
    expect(examples).to_contain_text(starts)
    for theme in ["dark", "light"]:
        lab.theme(page, theme)
        page.set_viewport_size({"width": 400, "height": 800})
        lab.narrow(page, 400)
        lab.screenshot(page, f"empty-{model}-{language}-{theme}", selector=PANEL)
        assert_fits(page, PANEL)
        assert_accessible(page, PANEL)
    chosen = examples.last.inner_text()
    examples.last.press("Enter")
    expect(panel.box).to_have_value(chosen)
    expect(panel.box).to_be_focused()
    assert panel.turns.count() == 0
    panel.box.press("Enter")
    panel.wait_for_answers(1)
    expect(hint).to_be_hidden()
