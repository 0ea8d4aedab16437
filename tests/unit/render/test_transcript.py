from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import ServiceError
from omni_nb.media.parts import ImageURLPart, TextPart
from omni_nb.render.transcript import (
    split_turns,
    transcript_bundle,
    transcript_html,
    transcript_text,
)
from omni_nb.rules.pricing import Usage
from omni_nb.turns.reply import Reply
from omni_nb.wire.events import AudioDelta, TextDelta, UsageReport
from omni_nb.wire.request import Message, Request
from tests.unit.render.test_markdown import Page
from tests.xss import PAYLOADS


def turn(words="Who are you?", text="I am **Omni**.", *media, speech=True, **kwargs) -> Reply:
    modalities = ("text", "audio") if speech else ("text",)
    question = (*media, TextPart(words))
    made = Reply(
        Request("qwen-omni-turbo", (Message("user", question),), modalities, "Cherry"), **kwargs
    )
    made.feed(TextDelta(text), seconds=0.5)
    if speech:
        made.feed(AudioDelta(b"\1\0" * 24000), seconds=0.75)
    made.feed(UsageReport(Usage(input={"text": 5}, output={"text": 3, "audio": 25})), seconds=1)
    made.finish(seconds=1)
    return made


def test_every_turn_has_its_question_answer_player_and_usage():
    replies = [turn(region="beijing"), turn("And the sky?", "- blue", speech=False)]
    html = transcript_html(replies)
    page = Page(html.replace("controls ", 'controls="" '))
    assert page.tags.count("audio") == 1
    for words in ("Who are you?", "And the sky?", "blue", "audio 25", "CNY", "cost: unknown"):
        assert words in page.words
    assert "<strong>Omni</strong>" in html
    assert [v for v in page.values("aria-label") if v.startswith(("Turn", "Conv"))] == [
        "Conversation",
        "Turn 1",
        "Turn 2",
    ]
    assert {"script", "style", "svg", "source", "iframe", "button"}.isdisjoint(page.tags)


def test_what_happened_is_said_and_the_stand_in_once():
    broken, cut = turn(is_stand_in=True), turn(is_stand_in=True)
    broken.finish(error=ServiceError("it broke"))
    cut.finish(stopped="interrupted")
    html = transcript_html([broken, cut])
    assert "it broke" in html
    assert "Interrupted" in html
    assert html.count("no model answered") == 1
    assert "no model answered" not in transcript_html([cut], first=1)


def test_its_labels_are_in_one_language():
    replies = [turn("你是谁?", "我是**小全**。"), turn("And in English?", "Omni.")]
    html = transcript_html(replies)
    assert "第 2 轮" in html
    assert "Turn" not in html
    assert "Turn 10" in transcript_html(replies[:1], language="en", first=9)


@pytest.mark.parametrize("storage", ["mp3", "opus", "wav"])
def test_the_speech_is_kept_as_it_is_asked(storage):
    kind = {"mp3": "audio/mpeg", "opus": "audio/ogg", "wav": "audio/wav"}[storage]
    assert f'src="data:{kind};base64,' in transcript_html([turn()], storage=storage)


def test_the_plain_form_says_the_same():
    lines = transcript_text([turn(), turn("And?", "Yes.", ImageURLPart("https://x/a.jpg"))])
    assert "> Who are you?\nI am **Omni**." in lines
    assert "> image a.jpg · And?\nYes." in lines
    assert transcript_bundle([]) == {"text/html": "", "text/plain": ""}


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_payload_is_harmless(name):
    payload = PAYLOADS[name]
    made = turn(payload, payload, ImageURLPart(f"https://x/{payload}"), speech=False)
    made.finish(error=ServiceError(payload))
    page = Page(transcript_html([made], name=payload))
    assert {"script", "style", "svg", "math", "iframe", "form", "input", "base", "meta"}.isdisjoint(
        page.tags
    )
    assert not [key for key, _ in page.attributes if key.startswith(("on", "data-"))]
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert all(re.match(r"https?://|mailto:", link, re.I) for link in page.values("href"))


@given(st.integers(0, 10_000))
def test_blocks_hold_all_turns_the_oldest_in_the_largest(count):
    sizes = split_turns(count)
    assert sum(sizes) == count
    assert len(sizes) <= 4
    assert sizes == sorted(sizes, reverse=True)
    assert all(sizes)
    assert all(size % 8 ** (3 - place) == 0 for place, size in enumerate(padded(count)))


def padded(count: int) -> list[int]:
    """Return one size for each power of eight."""
    return [
        next((s for s in split_turns(count) if 8**p <= s < 8 ** (p + 1)), 0) for p in (3, 2, 1, 0)
    ]


@given(st.integers(0, 500))
def test_a_new_turn_leaves_larger_blocks_alone(count):
    before, after = split_turns(count), split_turns(count + 1)
    changed = sum(after) - sum(a for a, b in zip(after, before, strict=False) if a == b)
    assert changed <= 8 ** (1 + sum((count + 1) % 8**power == 0 for power in (1, 2, 3)))


def test_what_is_sent_grows_with_n_log_n():
    sent = 0
    for count in range(512):
        before, after = split_turns(count), split_turns(count + 1)
        sent += sum(size for place, size in enumerate(after) if before[place : place + 1] != [size])
    assert sent < 512 * 8 * math.log(512, 8)
