"""Every value shows itself as a table of its own, in English and in Chinese."""

from __future__ import annotations

from decimal import Decimal

import pytest

import omni_nb as omni
from omni_nb.media.parts import ImagePart, TextPart
from omni_nb.rules.pricing import Cost, Usage, total_cost
from omni_nb.rules.weigh import Weight
from omni_nb.turns.timing import Timing
from omni_nb.wire.request import Message, Request
from tests.shown import html_of, in_ipython, text_of

USAGE = Usage({"text": 1500, "image": 66}, {"audio": 25}, reasoning=7)
COST = Cost({"text in": Decimal("0.0006"), "audio out": Decimal("0.0512")}, "CNY")
TIMING = Timing(0.41, 0.52, 2.5, (), 0.61, 2, 0.25)
EVIL = "<script>alert(1)</script>"


def request(words: str) -> Request:
    image = ImagePart(b"x" * 5000, "image/png", 64, 48, f"{EVIL}.png")
    return Request("qwen-omni-turbo", (Message("user", (image, TextPart(words))),))


VALUES = {
    "usage": (USAGE, ["Tokens", "text in", "1,500", "total"], ["文本输入", "1,500", "合计"]),
    "cost": (COST, ["Cost", "audio out", "0.0512", "CNY"], ["费用", "音频输出", "0.0512", "合计"]),
    "timing": (
        TIMING,
        ["first text", "0.41", "end of the answer", "2.50"],
        ["首个文本", "0.41", "语音中断 2 次"],
    ),
    "weight": (Weight({"text": 3}), ["about 3 tokens"], ["约 3 Token"]),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_value_speaks_the_language_that_was_chosen(name, language, monkeypatch):
    monkeypatch.setenv("OMNI_NB_LANGUAGE", language)
    value, english, chinese = VALUES[name]
    for shown in (html_of(value), text_of(value), in_ipython(value)):
        for word in english if language == "en" else chinese:
            assert word in shown


@pytest.mark.parametrize("name", VALUES)
def test_in_a_list_a_value_is_one_line(name):
    value, *_ = VALUES[name]
    assert "\n" not in repr(value)
    assert repr([value]) == f"[{value!r}]"


@pytest.mark.parametrize(
    ("question", "title"), [("What is this?", "The request"), ("这是什么？", "请求（媒体已缩略）")]
)
def test_a_request_shows_its_body_with_media_as_words(question, title):
    html, text = html_of(request(question)), text_of(request(question))
    for shown in (html, text):
        assert title in shown
        assert question in shown
        assert "5,000 bytes" in shown
    assert EVIL not in html
    assert len(text) < 1500


def test_a_reply_and_a_chat_are_asked_for_each_of_them():
    chat = omni.Chat(voice="Cherry")
    reply = chat.ask("Who are you?", show=False)
    for value in (reply.usage, reply.cost, reply.timing, reply.request, chat.usage, chat.cost):
        assert html_of(value).startswith(("<div", "<table"))
        assert text_of(value).strip()


def test_usages_and_costs_are_summed():
    other = Usage({"text": 1}, {"text": 4})
    both = sum([USAGE, other])
    assert (both.input["text"], both.input["image"], both.output) == (
        1501,
        66,
        {"audio": 25, "text": 4},
    )
    assert both.reasoning == 7
    assert sum([COST, COST]).total == 2 * COST.total
    assert sum([COST]) == COST
    assert total_cost([COST, None]) is None
