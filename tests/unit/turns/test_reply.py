from __future__ import annotations

import re

import pytest

from omni_nb.errors import ServiceError
from omni_nb.media.parts import ImageURLPart, TextPart
from omni_nb.rules.catalog import register_model
from omni_nb.rules.pricing import Usage
from omni_nb.turns.account import total_account
from omni_nb.turns.estimate import forecast
from omni_nb.turns.reply import Reply
from omni_nb.turns.timing import Arrival, Playback
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)
from omni_nb.wire.request import Message, Request
from tests.shown import html_of
from tests.spoken import ENGLISH, spoken


def reply(*events, **kwargs) -> Reply:
    request = Request(
        "qwen-omni-turbo", (Message("user", (TextPart("Who?"),)),), ("text", "audio"), "Cherry"
    )
    made = Reply(request, **kwargs)
    for second, event in enumerate(events):
        made.feed(event, seconds=float(second))
    return made


def test_events_grow_the_reply():
    usage = Usage(input={"text": 5}, output={"audio": 25})
    made = reply(
        TextDelta("I am "),
        AudioDelta(b"\1\0" * 1200),
        TextDelta("Omni."),
        AudioDelta(b"\2\0" * 1200),
        ReasoningDelta("hm"),
        Finished("length"),
        UsageReport(usage),
        region="beijing",
    )
    assert made.text == "I am Omni."
    assert made.audio.samples.tolist() == [1] * 1200 + [2] * 1200
    assert made.audio.seconds == 0.1
    assert (made.reasoning, made.finish_reason, made.usage) == ("hm", "length", usage)
    assert made.cost == usage.cost("qwen-omni-turbo")
    assert made.timing.first_text_seconds == 0
    assert made.timing.first_audio_seconds == 1
    assert made.timing.arrivals[1] == Arrival(1.0, "audio", 0.05)


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([TextDelta("ab"), TranscriptDelta("ab")], "ab"),
        ([TextDelta("a"), TranscriptDelta("abc")], "abc"),
        ([TextDelta("abc"), TranscriptDelta("c")], "abc"),
        ([TranscriptDelta("abc")], "abc"),
        ([], ""),
    ],
)
def test_text_that_comes_twice_counts_once(events, text):
    assert reply(*events).text == text


def test_a_reply_without_speech_has_no_clip():
    assert reply(TextDelta("hi")).audio is None


def test_the_cost_is_unknown_without_a_region_or_a_count():
    report = UsageReport(Usage(input={"text": 5}, output={"text": 5}))
    assert reply(report).cost is None
    assert reply(region="beijing").cost is None
    assert reply(report, is_stand_in=True).cost is not None


def test_an_error_and_an_interruption_are_kept_apart_from_the_services_words():
    failed, stopped = reply(TextDelta("half")), reply(Finished("stop"))
    error = ServiceError("gone")
    failed.finish(seconds=2.5, error=error)
    stopped.finish(stopped="interrupted")
    assert (failed.finish_reason, failed.error, failed.text) == ("error", error, "half")
    assert failed.timing.total_seconds == 2.5
    assert (stopped.finish_reason, stopped.is_finished) == ("interrupted", True)


def test_the_browsers_report_is_part_of_the_timing():
    made = reply()
    assert made.timing.underruns is None
    made.sent_at = 1000.0
    made.playback = Playback(first_heard_at=1000.5, underruns=1, gap_seconds=0.2)
    assert (made.timing.first_heard_seconds, made.timing.underruns) == (0.5, 1)


def test_what_was_heard_until_stop_are_seconds_and_the_words_by_then():
    clip, starts = spoken(ENGLISH, "Cherry")
    made = reply(TextDelta("".join(ENGLISH)), AudioDelta(clip.pcm))
    made.finish(stopped="interrupted")
    assert made.heard is None
    made.playback = Playback(1000.5, 0, 0.0)
    assert made.heard is None  # it goes on
    at = "".join(ENGLISH).index("Photosynthesis")
    made.playback = Playback(1000.5, 0, 0.0, heard_seconds=starts[at])
    assert made.heard.seconds == starts[at]
    assert made.heard.text.strip().endswith("perhaps tomorrow.")
    assert made.text.startswith(made.heard.text)


def test_of_an_answer_without_speech_nothing_was_heard():
    made = reply(TextDelta("Hello"))
    made.playback = Playback(None, 0, 0.0, 0.0)
    assert (made.heard, made.captions) == (None, None)


def test_a_repr_is_one_line_and_says_who_answered():
    made = reply(TextDelta("word " * 50), AudioDelta(bytes(48000)), is_stand_in=True)
    assert len(repr(made)) < 160
    assert "stand-in for qwen-omni-turbo" in repr(made)
    assert "1.0 s of speech, streaming" in repr(made)


def metered(*events, question=(TextPart("Who?"),), model="qwen-omni-turbo", **kwargs) -> Reply:
    made = Reply(
        Request(model, (Message("user", question),), ("text", "audio"), "Cherry"),
        **{"region": "beijing"} | kwargs,
    )
    made.estimate = forecast(made.request, region="beijing")
    for event in events:
        made.feed(event)
    return made


def test_while_it_streams_its_usage_and_cost_are_counted_by_our_rules():
    made = metered(TextDelta("Hello, world"), AudioDelta(bytes(48_000 * 2)))
    assert (made.usage, made.cost) == (None, None)
    assert made.usage_so_far == Usage(input={"text": 1}, output={"text": 3, "audio": 50})
    assert made.cost_so_far == made.usage_so_far.cost("qwen-omni-turbo")


def test_the_services_count_replaces_ours_as_soon_as_it_comes():
    billed = Usage(input={"text": 20}, output={"text": 9, "audio": 51})
    made = metered(TextDelta("Hello"), AudioDelta(bytes(48_000)), UsageReport(billed))
    assert made.usage_so_far == billed
    assert made.cost_so_far == made.cost


def test_what_has_failed_before_anything_came_has_used_nothing():
    made = metered()
    assert made.usage_so_far.total == 1
    made.finish(error=ServiceError("no"))
    assert made.usage_so_far == Usage()
    assert made.cost_so_far.total == 0
    half = metered(TextDelta("Hello"))
    half.finish(error=ServiceError("gone"))
    assert half.cost_so_far.total > 0


def test_a_cost_so_far_with_anything_unknown_in_it_is_unknown():
    link = ImageURLPart("https://a.example/1.png")
    assert metered(AudioDelta(bytes(48_000)), question=(link,)).cost_so_far is None
    assert metered(AudioDelta(bytes(48_000)), region=None).cost_so_far is None
    assert reply(AudioDelta(bytes(48_000)), region="beijing").cost_so_far is None
    prices = {"beijing": {"currency": "CNY", "text_in": "1", "text_out": "1", "audio_out": "1"}}
    register_model("speaks-without-rules", prices=prices)
    unruled = metered(AudioDelta(bytes(48_000)), model="speaks-without-rules")
    assert unruled.cost_so_far is None, "its speech cannot be counted"


def test_the_account_shows_where_our_count_and_the_services_differ():
    billed = Usage(input={"text": 20}, output={"text": 9, "audio": 51})
    made = metered(TextDelta("Hello"), AudioDelta(bytes(48_000 * 2)), UsageReport(billed))
    assert dict(made.account.differences) == {"text in": 19, "text out": 7, "audio out": 1}
    text = str(made.account)
    assert re.search(r"audio out +50 +51 +\+1 \(\+2 %\) +0\.0025 +0\.00255", text)
    assert "free" in text
    assert html_of(made.account).startswith("<div")


def test_an_account_without_the_services_count_has_no_difference():
    account = metered(TextDelta("Hello")).account
    assert (account.billed, dict(account.differences)) == (None, {})
    assert "unknown" in str(account)


def test_an_account_of_many_answers_leaves_out_and_names_those_without_a_count():
    billed = UsageReport(Usage(input={"text": 2}, output={"text": 3}))
    whole, cut = metered(TextDelta("Hello"), billed), metered(TextDelta("Hel"))
    account = total_account([whole.account, whole.account, cut.account])
    assert dict(account.differences) == {"text in": 2, "text out": 2}
    assert account.billed_cost == whole.cost + whole.cost
    assert "3 answers" in str(account)
    assert "1 answer without the service's token count" in str(account)


def test_an_account_is_in_the_language_of_the_question_and_escaped():
    made = metered(question=(TextPart("你是谁?"),), model="<b>")
    html = html_of(made.account)
    assert "估算与计费，&lt;b&gt;" in html
