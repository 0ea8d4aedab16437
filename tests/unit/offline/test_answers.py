"""What the stand-in says."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from omni_nb.media.parts import AudioURLPart, ImageURLPart, TextPart, VideoURLPart
from omni_nb.offline.answers import answer, thoughts
from omni_nb.offline.audio import MeasuredAudio
from omni_nb.offline.checks import ChatRequest, Turn
from omni_nb.offline.image import MeasuredImage
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo
from omni_nb.rules.catalog import find_model

PICTURE = MeasuredImage(
    width=640,
    height=480,
    brightness=0.8,
    contrast=0.1,
    colors=(("blue", 0.58), ("green", 0.37)),
    brightest=(0, 2),
)
SPEECH = MeasuredAudio(
    seconds=3.21,
    sample_rate=16_000,
    channels=1,
    loudness=-19.4,
    is_silent=False,
    is_speech_like=True,
)
VIDEO = MeasuredVideo(
    seconds=5.0,
    width=1280,
    height=720,
    fps=29.97,
    sampled=(PICTURE, PICTURE),
    change=0.1,
    audio=SPEECH,
)


def conversation(
    *turns: Any, voice: str | None = "Cherry", model: str = "qwen-omni-turbo", **changes: Any
) -> ChatRequest:
    facts = find_model(model)
    assert facts is not None
    return ChatRequest(
        model=model,
        facts=facts,
        turns=tuple(
            Turn(tuple(TextPart(p) if isinstance(p, str) else p for p in parts))
            for parts in (turn if isinstance(turn, tuple) else (turn,) for turn in turns)
        ),
        voice=voice,
        include_usage=False,
        max_tokens=2048,
        input_tokens={},
        **changes,
    )


def say(*turns: Any, voice: str | None = "Cherry", **changes: Any) -> str:
    return answer(conversation(*turns, voice=voice, **changes)).text


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


def test_a_sound_is_described_by_its_measures() -> None:
    said = say(("What is this?", SPEECH))

    for words in ("3.2 seconds", "moderately loud", "like speech", "16000", "mono", "81 tokens"):
        assert words in said
    assert "about -19 dBFS" in say(("What is this?", SPEECH), voice=None)
    assert "3.2秒" in say(("这是什么", SPEECH))
    assert "有人说话" in say(("这是什么", SPEECH), voice=None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_speech_like": False}, "does not sound like speech"),
        ({"is_speech_like": False, "tone_hz": 440.2}, "steady tone of about 440 hertz"),
        ({"is_silent": True, "is_speech_like": False, "loudness": -90.0}, "nothing to hear"),
        ({"loudness": -5.0}, "loud"),
        ({"loudness": -45.0}, "very quiet"),
        ({"channels": 2}, "stereo"),
        ({"channels": 6}, "several channels"),
    ],
)
def test_each_sound_is_described_as_what_it_is(changes: dict[str, Any], words: str) -> None:
    assert words in say(("What is this?", dataclasses.replace(SPEECH, **changes)))


def test_a_video_is_described_with_its_sound_apart() -> None:
    said = say(("What happens?", VIDEO))

    for words in (
        *("5 seconds", "1280 by 720", "30 frames a second", "3602 tokens"),
        *("blue about 58%", "something moves", "like speech", "81 tokens on top"),
    ):
        assert words in said
    assert "no sound" in say(("What happens?", dataclasses.replace(VIDEO, audio=None)))
    assert "没有声音" in say(("发生了什么", dataclasses.replace(VIDEO, audio=None)))


@pytest.mark.parametrize(
    ("change", "words"),
    [(0.0, "nothing moves"), (0.05, "something moves"), (0.9, "much of the picture changes")],
)
def test_a_video_is_said_to_move_or_not(change: float, words: str) -> None:
    assert words in say(("What happens?", dataclasses.replace(VIDEO, change=change)))


def test_a_video_that_ends_in_another_colour_is_said_to() -> None:
    red = dataclasses.replace(PICTURE, colors=(("red", 1.0),))

    said = say(("What happens?", dataclasses.replace(VIDEO, sampled=(PICTURE, red))))

    assert "begins mostly blue and ends mostly red" in said


def test_frames_are_counted_compared_and_weighed() -> None:
    squares = [bytes([level] * 432) for level in (0, 100, 200, 250)]
    seen = [dataclasses.replace(PICTURE, squares=colors) for colors in squares]

    said = say(("What happens?", MeasuredFrames(tuple(seen))))

    for words in ("4 pictures", "640 by 480", "784 tokens", "much of the picture changes"):
        assert words in said


def test_frames_of_different_sizes_and_at_urls_are_said_to_be() -> None:
    small = dataclasses.replace(PICTURE, width=64, squares=bytes(432))
    large = dataclasses.replace(PICTURE, squares=bytes(432))
    remote = ImageURLPart("https://a/b.png")

    said = say(("What happens?", MeasuredFrames((small, large, remote, remote))))

    assert "different sizes" in said
    assert "2 pictures out on the web" in said


@pytest.mark.parametrize("voice", ["Cherry", None])
@pytest.mark.parametrize(
    "part", [AudioURLPart("https://a/b.mp3", "mp3"), VideoURLPart("https://a")]
)
def test_what_is_at_a_url_is_said_not_to_have_been_fetched(part: Any, voice: str | None) -> None:
    assert "not fetch" in say(("What is it?", part), voice=voice).replace("n't", " not")
    assert "取" in say(("这是什么", part), voice=voice)


@pytest.mark.parametrize("voice", ["Cherry", None])
def test_one_of_a_thing_is_not_said_to_be_many(voice: str | None) -> None:
    sound = dataclasses.replace(SPEECH, seconds=1.0)
    video = dataclasses.replace(VIDEO, seconds=1.0, fps=1.0)
    said = say(("Listen", sound, video, MeasuredFrames((PICTURE,))), voice=voice)

    assert "1 second" in said
    assert "1 frame " in said
    assert "1 picture " in said
    assert not re.search(r"\b1 \w+s\b", said)
    assert "a list of 1 picture." in say(
        ("Look", MeasuredFrames((PICTURE,))), "And now?", voice=voice
    )


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("Explain `numpy.lib.stride_tricks.sliding_window_view` to me", "Explain numpy.lib"),
        ("Solve $x^2$ and then $\\frac{1}{1 + x + x^2} = 3$ for me", "Solve $x^2$ and then \\frac"),
        ("```python print('hello, hello, hello, hello')```", "python print"),
        ("$$\\int_0^1 x \\, dx$$ and what more than that?", "$$\\int_0^1 x \\, dx$$ and what"),
        ("`one` and `two` and more than forty letters", "`one` and `two` and"),
    ],
)
def test_a_quote_that_is_cut_leaves_no_code_or_formula_open(question: str, quoted: str) -> None:
    said = say(question, voice=None)
    assert f'Your question was "{quoted}' in said
    assert said.count("$") % 2 == said.count("`") % 2 == 0


def test_earlier_turns_are_remembered_with_their_media() -> None:
    said = say(("Listen", SPEECH), ("Look", PICTURE), ("Watch", VIDEO), "And now?")

    assert "in turn 1 you sent a 3.2-second sound" in said
    assert "in turn 2 you sent a picture of 640 by 480 pixels" in said
    assert "in turn 3 you sent a 5-second video" in said
    assert "第1轮你发过一段3.2秒的声音" in say(("听", SPEECH), "然后呢")


def test_of_many_turns_and_many_media_the_latest_are_named() -> None:
    said = say(*[("Look", *[PICTURE] * 5)] * 5, "And now?")

    assert "in turn 1 you" not in said
    assert "in turn 5 you sent" in said
    assert "and 2 more" in said


def test_a_model_whose_token_rule_is_unknown_is_said_to_have_none() -> None:
    said = say(("What is it?", PICTURE, SPEECH, VIDEO), model="qwen3.8-omni-flash", voice=None)

    assert said.count("an unknown number of") == 4


def test_a_system_message_is_said_to_be_ignored_where_the_model_does_so() -> None:
    assert "system message" in say("Hello", is_instructed=True)
    assert "system message" not in say("Hello", is_instructed=True, voice=None)
    assert "system message" not in say("Hello", is_instructed=True, model="qwen3-omni-flash")
    assert "系统消息" in say("你好", is_instructed=True)


def test_a_search_is_said_not_to_have_happened() -> None:
    assert "didn't search" in say("Hello", searches=True)
    assert "没有搜" in say("你好", searches=True)


def test_thoughts_name_what_there_is_to_think_about() -> None:
    thought = thoughts(conversation(("What is this?", SPEECH), voice=None))

    assert "3 words and a 3.2-second sound" in thought
    assert "no model" in thought
    assert "没有别的内容" in thoughts(conversation("你好", voice=None))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("你是谁", "omni_nb里的离线模拟服务"),
        ("Who are you?", "inside omni_nb"),
        ("12*34等于几？", "408"),
        ("What is 7 ÷ 2?", "3.5"),
        ("Repeat after me: the cat sat.", "the cat sat"),
        ("谢谢你", "不客气"),
        ("one two three", "3 words."),
        ("Hi", 'You said "Hi", that makes 1 word.'),
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


@pytest.mark.parametrize("voice", ["Cherry", None])
def test_the_names_of_classes_are_not_spoken(voice: str | None) -> None:
    said = say("Speak for 60 seconds", voice=voice)

    assert not re.search(r"[a-z][A-Z]", said), said
