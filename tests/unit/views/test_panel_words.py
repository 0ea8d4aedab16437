"""What the panel says of an answer is true: how it ended, when, and how many there are."""

from __future__ import annotations

import re
from typing import Any

import pytest

import omni_nb as omni
from omni_nb.errors import ServiceError
from omni_nb.media.parts import TextPart
from omni_nb.turns.connection import connection_to
from omni_nb.turns.reply import Reply
from omni_nb.views.panel.header import header_of
from omni_nb.views.panel.queue import QueuedQuestion
from omni_nb.views.panel.records import record_of_failure, record_of_question, record_of_reply
from omni_nb.views.panel.settings import PanelSettings
from omni_nb.wire.events import AudioDelta, Finished, TextDelta
from omni_nb.wire.request import Message, Request
from tests.begun import begun


def made(
    text: str = "I am", *, seconds: float = 1.5, reason: str | None = None, **end: Any
) -> Reply:
    reply = Reply(Request("qwen-omni-turbo", (Message("user", (TextPart("?"),)),)))
    if text:
        reply.feed(TextDelta(text), seconds=seconds)
    if reason:
        reply.feed(Finished(reason))
    reply.finish(seconds=seconds, **end)
    return reply


def record(reply: Reply, language: str = "en") -> dict[str, Any]:
    return record_of_reply(reply, "t", question=None, siblings=(0, 1), language=language)


ENDED = {
    "complete": made(reason="stop"),
    "interrupted": made(stopped="interrupted"),
    "timeout": made(stopped="timeout"),
    "budget": made(stopped="budget"),
    "error": made(error=ServiceError("no", status_code=500)),
    "length": made(reason="length"),
    "content_filter": made(reason="content_filter"),
}


@pytest.mark.parametrize("ending", ENDED)
@pytest.mark.parametrize(
    ("language", "complete", "ended"),
    [("en", "complete after 1.5 s", "ended after 1.5 s"), ("zh", "1.5 秒后完成", "1.5 秒后结束")],
)
def test_only_what_is_complete_is_called_so(ending, language, complete, ended):
    shown = record(ENDED[ending], language)
    assert shown["ending"] == ending
    assert bool(shown["note"]) == (ending != "complete")
    assert (complete in shown["facts_html"]) == (ending == "complete")
    assert (ended in shown["facts_html"]) == (ending != "complete")


def test_what_was_never_sent_took_no_time():
    facts = record(made("", seconds=0.0, error=ServiceError("no", hint="network")))["facts_html"]
    assert "after" not in facts


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.04])
def test_a_quick_answer_took_some_time(seconds):
    facts = record(made(seconds=seconds))["facts_html"]
    assert f"complete after {seconds:g} s" in facts
    assert not re.search(r"after 0(\.0)? s", facts)


def test_a_question_that_waits_has_no_ending_and_one_that_was_refused_was_not_sent():
    waiting = QueuedQuestion("t", (TextPart("?"),), "page")
    assert record_of_question(waiting, "en")["ending"] == ""
    waiting.refusal = "no"
    assert record_of_question(waiting, "en")["ending"] == "refused"


class Broken:
    """A reply of which nothing can be read."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(name)


def test_every_record_has_the_same_fields():
    options = {"siblings": (0, 1), "language": "en"}
    waiting = QueuedQuestion("t", (TextPart("?"),), "page")
    for shown in (
        record_of_question(waiting, "en"),
        record_of_failure(waiting, "t", "ValueError", **options),
        record_of_failure(made(), "t", "ValueError", **options),
        record_of_failure(Broken(), "t", "ValueError", **options),
    ):
        assert shown.keys() == record(made()).keys()
    assert record_of_failure(made("so"), "t", "X", **options)["text"] == "so"


# -- the header ------------------------------------------------------------------------------


@pytest.fixture
def chat() -> omni.Chat:
    return omni.Chat(voice="Cherry", connection=connection_to("offline"))


def total(chat: omni.Chat, language: str = "en") -> str:
    return header_of(chat, language, kept_bytes=0)["total"]


def test_an_answer_is_counted_when_there_is_one(chat):
    assert total(chat) == ""
    reply = begun(chat.stream("Who?")).reply
    assert total(chat) == ""
    reply.feed(TextDelta("I am"))
    assert total(chat) == "", "it still comes"
    reply.finish(seconds=1.0)
    assert total(chat).startswith("1 answer · ")
    second = begun(chat.stream("And?")).reply
    assert total(chat).startswith("1 answer · ")
    second.feed(AudioDelta(bytes(4800)))
    second.finish(seconds=1.0, stopped="interrupted")
    assert total(chat).startswith("2 answers · ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_without_an_answer_is_none(chat, language):
    begun(chat.stream("Who?")).reply.finish(error=ServiceError("no", status_code=400))
    assert not re.search(r"answer|回答", total(chat, language))


@pytest.mark.parametrize(
    ("language", "text", "speech"),
    [
        ("en", "answers here with text.", "answers here with text + speech."),
        ("zh", "这里以文本回答。", "这里以文本 + 语音回答。"),
    ],
)
def test_the_settings_say_how_this_panel_answers(chat, language, text, speech):
    settings = PanelSettings(chat, storage="mp3", language=language, ask_key=lambda _: None)
    assert speech in settings.state(language)["notes"]["model"]
    chat.use(modalities=["text"])
    assert text in settings.state(language)["notes"]["model"]
