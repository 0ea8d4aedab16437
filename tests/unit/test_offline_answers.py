"""What the stand-in says."""

from __future__ import annotations

from typing import Any

import pytest

from omni_nb.media.parts import ImageURLPart, TextPart
from omni_nb.models.catalog import find_model
from omni_nb.offline.answers import answer
from omni_nb.offline.checks import ChatRequest, Turn
from omni_nb.offline.pictures import Picture

PICTURE = Picture(
    width=640,
    height=480,
    brightness=0.8,
    contrast=0.1,
    colors=(("blue", 0.58), ("green", 0.37)),
    brightest=(0, 2),
)


def conversation(*turns: Any, voice: str | None = "Cherry") -> ChatRequest:
    facts = find_model("qwen-omni-turbo")
    assert facts is not None
    return ChatRequest(
        model="qwen-omni-turbo",
        facts=facts,
        turns=tuple(
            Turn(tuple(TextPart(p) if isinstance(p, str) else p for p in parts))
            for parts in (turn if isinstance(turn, tuple) else (turn,) for turn in turns)
        ),
        voice=voice,
        include_usage=False,
        max_tokens=2048,
        input_tokens={},
    )


def say(*turns: Any, voice: str | None = "Cherry") -> str:
    return answer(conversation(*turns, voice=voice)).text


def test_the_same_request_gets_the_same_words() -> None:
    assert say("你好", ("看", PICTURE)) == say("你好", ("看", PICTURE))


def test_the_first_turn_says_that_no_model_is_talking() -> None:
    assert "没有模型" in say("你好")
    assert "no model" in say("Hello")
    assert "no model" in say("Hello", voice=None)


def test_later_turns_stay_honest_without_saying_it_all_again() -> None:
    later = say("Hello", "And now?")

    assert "stand-in" in later
    assert "no model" not in later


def test_the_language_follows_the_question() -> None:
    assert "你说的是" in say("What is 你好?")
    assert "You said" in say("What is this?")


def test_a_picture_alone_is_answered_in_the_language_spoken_before() -> None:
    assert "像素" in say("你好", (PICTURE,))
    assert "pixels" in say("Hello", (PICTURE,))


def test_spoken_answers_are_colloquial_and_written_ones_formal() -> None:
    assert "呀" in say("你好")
    assert "您" in say("你好", voice=None)
    assert "呀" not in say("你好", voice=None)


def test_a_later_turn_recalls_the_question_before() -> None:
    said = say("First words", "Second words", "Third words")

    assert "turn number 3" in said
    assert "Second words" in said
    assert "First words" not in said


def test_a_picture_is_described_by_its_measures() -> None:
    said = say(("What is this?", PICTURE))

    for word in ("640 by 480", "landscape", "393 tokens", "bright", "soft contrast"):
        assert word in said
    assert "blue about 58%, green about 37%" in said
    assert "brightest at the top right" in said


def test_every_picture_is_described_and_many_are_summed_up() -> None:
    two = say(("看", PICTURE, PICTURE))
    five = say(("看", *[PICTURE] * 5))

    assert "第一张图" in two
    assert "第二张图" in two
    assert "另外2张" in five


def test_a_picture_by_url_is_said_not_to_have_been_looked_at() -> None:
    assert "didn't fetch it" in say(("What is this?", ImageURLPart("https://a/dog.png")))
    assert "没有去取" in say(("这是什么", ImageURLPart("https://a/dog.png")))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("你是谁", "替身服务"),
        ("Who are you?", "inside omni_nb"),
        ("12*34等于几？", "408"),
        ("What is 7 ÷ 2?", "3.5"),
        ("Repeat after me: the cat sat.", "the cat sat"),
        ("谢谢你", "不客气"),
        ("one two three", "3 words"),
        ("一二三四", "4个字"),
    ],
)
def test_a_few_questions_get_a_useful_answer(question: str, expected: str) -> None:
    assert expected in say(question)


@pytest.mark.parametrize("question", ["5/0", "2023-01-02", "1.5+2", "on 1/2/2026?", "v1-2 of it"])
def test_what_is_no_sum_is_not_summed_up(question: str) -> None:
    assert "makes" not in say(question).replace("that makes", "")


def test_a_hostile_question_is_quoted_short_and_plain() -> None:
    hostile = "\x00\x1b[31m<img src=x onerror=alert(1)>\u202e\ud800{0}{quote}%s\n" * 2000

    said = say(hostile)

    assert len(said) < 400
    assert said.isprintable()


@pytest.mark.parametrize(
    ("question", "seconds"),
    [
        ("Speak for 60 seconds", 60),
        ("请说60秒", 60),
        ("讲2分钟故事", 120),
        ("Talk for a minute", 60),
        ("Tell me a story of 30-second length", 30),
        ("Speak for 9999 seconds", 180),
        ("The race took 60 seconds", None),
    ],
)
def test_a_question_may_ask_for_a_duration(question: str, seconds: int | None) -> None:
    assert answer(conversation(question)).seconds == seconds


def test_sentences_join_to_the_text_with_their_spaces() -> None:
    said = answer(conversation("Hello"))

    assert "".join(said.sentences) == said.text
    assert "  " not in said.text
    assert ". You said" in said.text
