"""The token rules: documented values, and the documented rules worded again."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from omni_nb.errors import RequestError
from omni_nb.models.catalog import find_model
from omni_nb.models.tokens import (
    VideoTokens,
    audio_tokens,
    frames_tokens,
    image_tokens,
    text_tokens,
    video_tokens,
)

TURBO, FLASH, PLUS = "qwen-omni-turbo", "qwen3-omni-flash", "qwen3.5-omni-plus"
SILENT = "qwen3.8-omni-flash"


def fitted(width: int, height: int, side: int, least: float, most: float, floor: int):
    """Height and width in pixels, as the documentation words the resizing."""
    h_bar, w_bar = (max(floor, round(x / side) * side) for x in (height, width))
    if h_bar * w_bar > most:
        beta = math.sqrt((height * width) / most)
        return tuple(math.floor(x / beta / side) * side for x in (height, width))
    if h_bar * w_bar < least:
        beta = math.sqrt(least / (height * width))
        return tuple(math.ceil(x * beta / side) * side for x in (height, width))
    return h_bar, w_bar


def documented_image(width: int, height: int, side: int, least: int, floor: int) -> int:
    area = side * side
    h_bar, w_bar = fitted(width, height, side, least * area, 1280 * area, floor)
    return int(h_bar * w_bar / area) + 2


@pytest.mark.parametrize(
    ("height", "width", "turbo", "flash", "plus"),
    [
        (28, 28, 6, 6, 27),
        (100, 100, 18, 11, 27),
        (10, 2000, 31, 31, 64),
        (224, 224, 66, 51, 51),
        (480, 640, 393, 302, 302),
        (1080, 1920, 1224, 1224, 1224),
        (3000, 4000, 1232, 1232, 1232),
    ],
)
def test_images_weigh_what_the_facts_table_says(height, width, turbo, flash, plus):
    counted = [image_tokens(width, height, model=model).tokens for model in (TURBO, FLASH, PLUS)]
    assert counted == [turbo, flash, plus]


@given(st.integers(11, 20_000), st.integers(11, 20_000))
def test_images_weigh_what_the_documented_rule_says(width, height):
    for model, side, least, floor in ((TURBO, 28, 4, 0), (FLASH, 32, 4, 0), (PLUS, 32, 24, 32)):
        counted = image_tokens(width, height, model=model)
        assert counted.tokens == documented_image(width, height, side, least, floor)
        assert counted.resized_width * counted.resized_height == counted.grid_tokens * side * side


@pytest.mark.parametrize(
    ("seconds", "model", "tokens"),
    [
        (0, TURBO, 0),
        (0.2, TURBO, 25),
        (1, TURBO, 25),
        (171.37, TURBO, 4285),
        (6.64, FLASH, 83),
        (10, PLUS, 125),
    ],
)
def test_speech_weighs_by_the_second(seconds, model, tokens):
    assert audio_tokens(seconds, model=model, output=True) == tokens


def test_a_sound_may_weigh_less_going_in_than_coming_out():
    assert audio_tokens(10, model=PLUS) == 70


@pytest.mark.parametrize(
    ("seconds", "model", "frames", "tokens"),
    [
        (5, TURBO, 10, 3602),
        (5, FLASH, 10, 3602),
        (30, TURBO, 60, 15812),
        (30, FLASH, 60, 15812),
        (40, TURBO, 80, 15602),
        (150, FLASH, 128, 16130),
    ],
)
def test_videos_weigh_what_the_facts_table_says(seconds, model, frames, tokens):
    counted = video_tokens(1280, 720, seconds, 30, model=model)
    assert (counted.frames, counted.tokens) == (frames, tokens)


RULES = {  # side; frames at least and at most; smallest, largest and shared area, in tokens
    TURBO: (28, 4, 80, 128, 768, 16384),
    FLASH: (32, 4, 128, 128, 768, 16384),
    PLUS: (32, 2, 2048, 64, 640, 180224),
}


def documented_video(width: int, height: int, total: int, fps: float, model: str) -> VideoTokens:
    """The documented function: which frames, then how large they are."""
    side, fewest, most, *areas = RULES[model]
    smallest, largest, shared = (area * side * side for area in areas)
    duration = total / fps
    whole = duration if duration - int(duration) > 0.5 else int(duration)
    present = math.ceil(whole * fps)
    frames = int(min(max(present / fps * 2, fewest), min(most, total) // 2 * 2, present))
    room = max(min(largest, shared / max(frames, 1) * 2), int(smallest * 1.05))
    h_bar, w_bar = fitted(width, height, side, smallest, room, side)
    tokens = int(math.ceil(frames / 2) * h_bar / side * w_bar / side) + 2
    return VideoTokens(frames, w_bar, h_bar, tokens)


@given(
    st.integers(16, 4000),
    st.integers(16, 4000),
    st.integers(2, 5000),
    st.sampled_from([5, 12.5, 24, 25, 30000 / 1001, 30, 60]),
)
@example(1280, 720, 75, 30)  # 2.5 s: a last half second is left out
@example(1280, 720, 77, 30)
def test_videos_weigh_what_the_documented_function_says(width, height, total, fps):
    assume(total / fps > 1)
    for model in RULES:
        counted = video_tokens(width, height, total / fps, fps, model=model)
        assert counted == documented_video(width, height, total, fps, model)


@pytest.mark.parametrize("seconds", [0.03, 0.5])
def test_a_video_too_short_for_the_rule_is_refused(seconds):
    with pytest.raises(RequestError, match="too short"):
        video_tokens(640, 480, seconds, 30, model=TURBO)


def test_a_long_video_has_smaller_frames_not_more_tokens():
    short, long = (video_tokens(1280, 720, seconds, 30, model=FLASH) for seconds in (30, 150))
    assert long.resized_width < short.resized_width
    assert long.tokens < short.tokens * 1.1


def test_a_list_of_frames_weighs_like_a_video_of_as_many_frames():
    video = video_tokens(1280, 720, 5, 30, model=TURBO)
    assert frames_tokens([(1280, 720)] * 10, model=TURBO) == video


def test_the_largest_frame_of_a_list_decides():
    large = frames_tokens([(1280, 720)] * 4, model=TURBO)
    assert frames_tokens([(64, 64), (1280, 720), (64, 64), (64, 64)], model=TURBO) == large


def test_an_odd_frame_counts_as_a_pair():
    three, four = (frames_tokens([(640, 480)] * count, model=TURBO) for count in (3, 4))
    assert three.tokens == four.tokens


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (lambda: image_tokens(0, 5, model=TURBO), "0 × 5"),
        (lambda: audio_tokens(-1, model=TURBO), "-1"),
        (lambda: audio_tokens(math.nan, model=TURBO), "nan"),
        (lambda: audio_tokens(math.inf, model=TURBO), "inf"),
        (lambda: video_tokens(640, 480, 5, 0, model=TURBO), "0 frames per second"),
        (lambda: video_tokens(640, 480, math.nan, 30, model=TURBO), "nan seconds"),
        (lambda: frames_tokens([], model=TURBO), "one image or more"),
        (lambda: frames_tokens([(0, 4)], model=TURBO), "1 × 1 pixel"),
    ],
)
def test_the_weight_of_what_cannot_be_is_refused(count, message):
    with pytest.raises(RequestError, match=message):
        count()


@pytest.mark.parametrize("model", ["gpt-9", SILENT])
def test_no_rule_is_made_up_for_a_model_that_publishes_none(model):
    for count in (
        lambda: image_tokens(100, 100, model=model),
        lambda: audio_tokens(1, model=model),
        lambda: video_tokens(640, 480, 5, 30, model=model),
        lambda: frames_tokens([(640, 480)], model=model),
    ):
        with pytest.raises(RequestError, match=f"'{model}' are not known"):
            count()


def test_a_model_may_have_rules_for_all_but_video():
    turbo = find_model(TURBO)
    facts = replace(turbo, tokens=replace(turbo.tokens, video=None))
    assert audio_tokens(2, model=facts) == 50
    with pytest.raises(RequestError, match="video token rules of the model 'qwen-omni-turbo'"):
        video_tokens(640, 480, 5, 30, model=facts)


def test_a_texts_estimate_counts_chinese_by_the_character():
    assert text_tokens("你好世界") == 4
    assert text_tokens("hello world!") == 3
