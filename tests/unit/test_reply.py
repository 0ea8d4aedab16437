from __future__ import annotations

import pytest

from omni_nb.errors import ServiceError
from omni_nb.media.parts import TextPart
from omni_nb.models.pricing import Usage
from omni_nb.reply import Arrival, Playback, Reply
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)
from omni_nb.wire.request import Message, Request


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
    stopped.finish(is_interrupted=True)
    assert (failed.finish_reason, failed.error, failed.text) == ("error", error, "half")
    assert failed.timing.total_seconds == 2.5
    assert (stopped.finish_reason, stopped.is_finished) == ("interrupted", True)


def test_the_browsers_report_is_part_of_the_timing():
    made = reply()
    assert made.timing.underruns is None
    made.sent_at = 1000.0
    made.playback = Playback(first_sound_at=1000.5, underruns=1, gap_seconds=0.2)
    assert (made.timing.first_sound_seconds, made.timing.underruns) == (0.5, 1)


def test_a_repr_is_one_line_and_says_who_answered():
    made = reply(TextDelta("word " * 50), AudioDelta(bytes(48000)), is_stand_in=True)
    assert len(repr(made)) < 160
    assert "stand-in for qwen-omni-turbo" in repr(made)
    assert "1.0 s of speech, streaming" in repr(made)
