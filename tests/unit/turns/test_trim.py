"""What is trimmed from the history, and what the report says of it."""

from __future__ import annotations

import pytest

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import RequestError, ServiceError
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
)
from omni_nb.media.sources import LocalSource
from omni_nb.turns.connection import Connection
from omni_nb.turns.history import describe, in_words
from omni_nb.turns.trim import Dropped
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.events import TextDelta
from tests.begun import begun

TURBO = "qwen-omni-turbo"
NOBODY = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none")))
DOG = ImagePart(b"a dog", "image/png", 640, 480, "dog.png")  # 393 tokens
SOUND = AudioPart(LocalSource(b"RIFF", "hm.wav"), "wav", "audio/wav", 2.0, 16000, 1, "hm.wav")
FILM = VideoPart(
    LocalSource(b"film", "film.mp4"), "video/mp4", 5.0, 1280, 720, 30.0, 150, False, "film.mp4"
)


def answer(chat: Conversation, *question, text: str = "Yes.") -> None:
    reply = begun(chat.stream(*question)).reply
    reply.feed(TextDelta(text))
    reply.finish()


@pytest.fixture
def chat() -> Conversation:
    """Three turns: a picture, a sound, and a picture again."""
    made = Conversation(TURBO, connection=NOBODY)
    answer(made, DOG, "What is this?", text="A dog.")
    answer(made, SOUND, "And this?", text="A hum.")
    answer(made, DOG, "And now?", text="A dog again.")
    return made


def contents(chat: Conversation) -> list:
    return [message["content"] for message in chat.messages if message["role"] == "user"]


def test_earlier_media_become_words_and_the_newest_stay(chat):
    report = chat.trim()
    first, second, third = contents(chat)
    assert first == "[image dog.png, 640×480, sent earlier]\nWhat is this?"
    assert second == "[audio hm.wav, 2.0 s, sent earlier]\nAnd this?"
    assert third[0]["type"] == "image_url"
    assert chat.messages[1]["content"] == "A dog."
    assert report.dropped == (Dropped(0, (DOG,)), Dropped(1, (SOUND,)))
    assert "  replies[0]: image dog.png, 640×480\n  replies[1]: audio hm.wav, 2.0 s\n" in str(
        report
    )


def test_the_replies_keep_what_was_shown(chat):
    chat.trim(keep=0)
    assert [reply.question[0] for reply in chat.replies] == [DOG, SOUND, DOG]
    assert all(isinstance(content, str) for content in contents(chat))


def test_the_report_says_what_that_saves(chat):
    report = chat.trim()
    assert report.before.media == 393 + 50 + 393
    assert report.after.media == 393
    assert report.tokens_saved == report.before.total - report.after.total > 393
    assert "replies[0]: image dog.png" in str(report)
    assert f"{report.after.total:,} tokens; before, about {report.before.total:,}" in str(report)


def test_the_chat_says_that_it_is_trimmed(chat):
    assert "sent" not in repr(chat)
    chat.trim()
    assert "media of the first 2 sent as words" in repr(chat)


def test_trimming_twice_drops_nothing_more_and_a_new_turn_is_whole(chat):
    chat.trim()
    again = chat.trim()
    assert (again.dropped, again.tokens_saved) == ((), 0)
    assert "Nothing more" in str(again)
    answer(chat, DOG, "Once more?")
    assert [isinstance(content, list) for content in contents(chat)] == [False, False, True, True]


def test_whole_turns_are_dropped_from_the_oldest(chat):
    report = chat.trim("turns", keep=1)
    assert [content[1]["text"] for content in contents(chat)] == ["And now?"]
    assert report.dropped == (
        Dropped(0, (DOG, TextPart("What is this?"))),
        Dropped(1, (SOUND, TextPart("And this?"))),
    )
    assert "  replies[0]: image dog.png, 640×480 · What is this?\n" in str(report)


def test_turns_are_dropped_until_half_of_the_limit_is_free():
    chat = Conversation(TURBO, connection=NOBODY)
    for number in range(6):
        answer(chat, FramesPart((ImagePart(b"f", "image/png", 1280, 720),) * 10), f"{number}")
    each = chat.trim("nothing").before.media // 6
    report = chat.trim("turns")
    left = len(contents(chat))
    assert 0 < left < 6
    assert report.after.total <= 30720 // 2 < report.after.total + each
    assert chat.trim("turns").dropped == ()


def test_what_was_dropped_stays_dropped_until_all_is_sent_again(chat):
    chat.trim(keep=0)
    chat.trim("turns", keep=1)
    dropped = chat.messages
    assert chat.trim(keep=2).dropped == chat.trim("turns", keep=2).dropped == ()
    assert chat.messages == dropped


def test_everything_can_be_sent_again(chat):
    before = chat.messages
    chat.trim(keep=0)
    chat.trim("turns", keep=1)
    assert chat.messages != before
    assert "whole history" in str(chat.trim("nothing"))
    assert chat.messages == before


def test_a_refused_question_is_not_the_newest_turn(chat):
    refused = begun(chat.stream("Hm?")).reply
    refused.finish(error=ServiceError("no"))
    chat.trim()
    assert isinstance(contents(chat)[-1], list)


def test_undo_and_fork_forget_the_trimming_of_turns_that_are_gone(chat):
    chat.trim(keep=0)
    branch = chat.fork(at=1)
    chat.undo(3)
    for each, whole in ((chat, [True]), (branch, [False, True])):
        answer(each, DOG, "What is this?")
        assert [isinstance(content, list) for content in contents(each)] == whole


def test_an_unknown_model_is_trimmed_by_number_only():
    chat = Conversation("someone-elses-model", connection=NOBODY)
    answer(chat, DOG, "What is this?")
    answer(chat, "And?")
    with pytest.raises(RequestError, match="keep="):
        chat.trim("turns")
    report = chat.trim()
    assert "before, at least" in str(report)
    assert contents(chat)[0].startswith("[image dog.png")


@pytest.mark.parametrize("wrong", [{"policy": "all"}, {"keep": -1}])
def test_what_trim_does_not_know_is_refused(chat, wrong):
    with pytest.raises(RequestError, match=r"trim\(\) takes 'media'|keep="):
        chat.trim(**wrong)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (FILM, "video film.mp4, 5.0 s, 1280×720"),
        (FramesPart((DOG, DOG), "walk"), "video walk, 2 frames"),
        (AudioURLPart("https://example.com/a/hm.mp3", "mp3"), "audio hm.mp3"),
        (ImagePart(b"", "image/png", 1, 2, "two\nlines.png"), "image two lines.png, 1×2"),
    ],
)
def test_every_medium_has_words(part, words):
    assert describe(part) == words


def test_a_chinese_question_has_chinese_words():
    question = (ImageURLPart("https://example.com/dog.jpg"), TextPart("这是什么？"))
    assert in_words(question)[0] == TextPart("[之前发送的图片 dog.jpg]")
