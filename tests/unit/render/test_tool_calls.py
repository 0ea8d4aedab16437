"""Calls of tools in the card: a line each, folded; what a tool has drawn is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from PIL import Image

import omni_nb as omni
from omni_nb.errors import AnswerError
from omni_nb.media.parts import image
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.render.palette import ERROR
from omni_nb.render.reply import progress_html, progress_text, reply_html, reply_text
from omni_nb.render.tool_calls import call_text, calls_html, live_calls_html
from omni_nb.render.transcript import transcript_html
from omni_nb.turns.connection import connection_of
from omni_nb.turns.tool_results import ToolCall
from tests.unit.render.test_reply import EVIL, Page

ASKED = ToolCall("1", "weather", {"city": "Hangzhou"}, state="asked")
DONE = ToolCall("1", "weather", {"city": "Hangzhou"}, told='{"degrees": 21}', seconds=0.2)
FAILED = ASKED.failed("ValueError: no such city")


def here(**behaviour):
    return start(Behaviour(pace=0, **behaviour))


@dataclass
class Clip:
    speakers: int
    summary: str


def test_a_call_is_a_line_in_every_state():
    said = "weather(city='Hangzhou')"
    running = replace(ASKED, state="running")
    assert call_text(ASKED, "en", is_live=True) == f"{said} · waits for a decision"
    assert call_text(running, "en", is_live=True) == f"{said} …"
    for call in (ASKED, running):
        assert call_text(call, "en") == f"{said} · no result: the answer ended before"
    assert call_text(DONE, "en") == f'{said} → {{"degrees": 21}} · 0.2 s'
    assert call_text(FAILED, "zh") == f"{said} 失败：ValueError: no such city"


def test_an_opened_call_has_its_arguments_and_what_the_model_was_told():
    page = Page(calls_html([DONE], "en"))
    assert page.tags.count("details") == page.tags.count("summary") == 1
    assert all(said in page.words for said in ("Arguments", "city", "What the model was told"))
    assert ERROR not in calls_html([DONE], "en")
    assert ERROR in calls_html([FAILED], "en")
    assert "<details" not in live_calls_html([DONE, ASKED], "en")


@pytest.mark.parametrize("render", [calls_html, live_calls_html])
def test_what_a_model_and_a_tool_say_never_runs_and_has_an_end(render):
    evil = ToolCall(EVIL, EVIL, {EVIL: EVIL, "n": [10**6000]}, told=EVIL * 999, error=EVIL)
    unread = replace(evil, arguments=None, written=EVIL * 9999, state="failed")
    for call in (evil, unread, replace(evil, told="[" * 99_999)):
        html = render([call] * 1000, "en")
        page = Page(html)
        assert {"script", "img"}.isdisjoint(page.tags)
        assert len(html) < 3_000_000
        assert "\n" not in call_text(call, "en")
    assert "900 more calls" in html


def test_what_a_tool_has_drawn_is_seen_also_where_the_model_takes_no_images():
    drawn = image(Image.new("RGB", (80, 60), "red"))
    assert "<img" in calls_html([ToolCall("1", "plot", {}, shown=(drawn,))], "en")
    assert "<img" in calls_html([ToolCall("1", "plot", {}, parts=(drawn,))], "en")
    made = ASKED.returned(drawn, takes_images=False)
    assert (made.parts, made.shown) == ((), (drawn,))


def test_the_card_the_transcript_and_the_text_have_the_call():
    def weather(city: str) -> dict:
        """The weather now. city: its name in English."""
        return {"degrees": 21}

    with here() as service:
        chat = omni.Chat("qwen3-omni-flash", tools=[weather], connection=connection_of(service))
        reply = chat.ask("Call weather: how warm is it in Hangzhou?", show=False)
    line = "weather(city='Hangzhou') → {\"degrees\": 21}"
    assert line in reply_text(reply)
    for html in (reply_html(reply), transcript_html([reply])):
        assert line in Page(html).words
    reply.is_finished = False
    reply.rounds[0].tool_calls = (ASKED,)
    assert "waits for a decision" in progress_html(reply)
    assert progress_text(reply).startswith("weather(")


def test_data_is_a_table_with_the_text_a_click_away():
    with here() as service:
        asked = {"response_format": Clip, "connection": connection_of(service), "show": False}
        reply = omni.ask("Describe it.", model="qwen3.5-omni-plus", **asked)
    page = Page(reply_html(reply))
    assert page.tags.count("table") == 1
    assert "As the model wrote it" in page.words
    assert "filled the form" in page.words
    assert reply_text(reply).startswith(f"speakers: {reply.parsed.speakers}\nsummary: ")
    assert "attempts" not in page.words
    assert "filled the form" in Page(transcript_html([reply])).words


def test_problems_are_a_list_and_attempts_are_said():
    with here(fault="json_unfit_always") as service:
        asked = {"response_format": Clip, "connection": connection_of(service), "show": False}
        with pytest.raises(AnswerError) as caught:
            omni.ask("Describe it.", model="qwen3.5-omni-plus", **asked)
    reply = caught.value.reply
    html = reply_html(reply)
    page = Page(html)
    assert page.tags.count("li") == len(caught.value.problems) > 0
    assert all(page.words.count(problem) == 1 for problem in caught.value.problems)
    assert "2 attempts" in page.words
    assert "2 attempts" in reply_text(reply)
    assert "omni-value" not in html
    assert "filled the form" not in page.words


def test_data_that_streams_is_code():
    with here() as service:
        asked = {"response_format": Clip, "connection": connection_of(service)}
        chat = omni.Chat("qwen3.5-omni-plus", **asked)
        with chat.stream("Describe it.") as stream:
            for _ in stream:
                if stream.reply.text:
                    break
            stream.reply.is_finished = False
            assert "monospace" in progress_html(stream.reply)


@pytest.mark.parametrize(("seconds", "said"), [(0.0003, False), (0.2, True), (None, False)])
def test_how_long_a_tool_ran_is_said_where_somebody_waited(seconds, said):
    call = replace(DONE, seconds=seconds)
    assert call_text(call, "en").endswith(" s") == said
