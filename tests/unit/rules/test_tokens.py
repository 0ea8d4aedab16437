"""The token rules: documented values, and the documented rules worded again."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from omni_nb.errors import RequestError
from omni_nb.rules.catalog import find_model
from omni_nb.rules.tokens import (
    ImageTokens,
    VideoTokens,
    audio_tokens,
    frames_tokens,
    image_rule,
    image_tokens,
    text_tokens,
    video_tokens,
)

TURBO, FLASH, PLUS = "qwen-omni-turbo", "qwen3-omni-flash", "qwen3.5-omni-plus"
SILENT = "qwen3.8-omni-flash"
IMAGE_RULES = {  # side, tokens at least, and the least side after rounding (pixels)
    TURBO: (28, 4, 0),
    "qwen2.5-omni-7b": (28, 4, 0),
    FLASH: (32, 4, 0),
    PLUS: (32, 24, 32),
    "qwen3.5-omni-flash": (32, 24, 32),
}


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
    for model, (side, least, floor) in IMAGE_RULES.items():
        counted = image_tokens(width, height, model=model)
        assert counted.tokens == documented_image(width, height, side, least, floor)
        assert counted.resized_width * counted.resized_height == counted.grid_tokens * side * side


def random_sizes(count: int) -> list[tuple[int, int]]:
    """Sizes of 10 to 20,000 pixels a side with a ratio of up to 200:1, either way."""
    numbers = random.Random(4)
    sizes = []
    while len(sizes) < count:
        longer = round(math.exp(numbers.uniform(math.log(10), math.log(20_000))))
        shorter = round(longer / math.exp(numbers.uniform(0, math.log(200))))
        if shorter >= 10:
            sizes.append(numbers.choice([(longer, shorter), (shorter, longer)]))
    corners = [(10, 10), (20_000, 20_000), (20_000, 100), (100, 20_000), (10, 2000), (2000, 10)]
    return sizes[: count - len(corners)] + corners


def tall_and_small_sizes() -> list[tuple[int, int]]:
    """Every small size, and every half of a square: there the rounding decides."""
    halves = [half * side for side in (14, 16) for half in range(1, 90)]
    return [(w, h) for w in range(1, 80) for h in range(1, 80)] + [
        (w, h) for w in halves for h in halves
    ]


@pytest.mark.slow
@pytest.mark.parametrize("model", IMAGE_RULES)
@pytest.mark.parametrize(
    "sizes", [random_sizes(100_000), tall_and_small_sizes()], ids=["random", "corners"]
)
def test_many_sizes_weigh_exactly_what_the_documented_function_says(model, sizes):
    side, least, floor = IMAGE_RULES[model]
    area = side * side
    expected = [fitted(w, h, side, least * area, 1280 * area, floor) for w, h in sizes]
    counted = image_tokens(*np.array(sizes).T, model=model)
    heights, widths = np.array(expected).T
    assert np.array_equal(counted.resized_width, widths)
    assert np.array_equal(counted.resized_height, heights)
    assert np.array_equal(counted.grid_tokens, widths * heights // area)
    assert np.array_equal(counted.tokens, counted.grid_tokens + 2)
    for place in range(0, len(sizes), 97):
        assert image_tokens(*sizes[place], model=model).tokens == counted.tokens[place]


def test_only_the_older_rule_lets_a_side_vanish():
    assert image_rule(2000, 10, model=TURBO).rounded_height == 0
    assert image_rule(2000, 10, model=PLUS).rounded_height == 32
    assert image_tokens(10**7, 15, model=TURBO).tokens == 2  # shrunk to no row at all


def test_arrays_of_sizes_broadcast():
    width, height = np.arange(1, 301), np.arange(1, 202)[:, None]
    counted = image_tokens(width, height, model=TURBO)
    assert counted.tokens.shape == (201, 300)
    assert counted.tokens.dtype == counted.resized_width.dtype == np.int64
    assert counted.tokens[199, 99] == image_tokens(100, 200, model=TURBO).tokens
    assert image_tokens(480, width, model=TURBO).tokens[:3].tolist() == [46, 33, 28]


@pytest.mark.parametrize("kind", ["uint16", "int32", "uint64", "float32", "float64", "object"])
def test_sizes_may_be_of_any_kind_of_number(kind):
    width, height = np.array([[640, 1920], [28, 12]]).astype(kind), np.array([480, 1080])
    counted = image_tokens(width, height, model=TURBO).tokens
    assert counted.tolist() == [[393, 1224], [19, 21]]


def test_sizes_may_be_strided_read_only_empty_or_without_a_dimension():
    widths = np.broadcast_to(np.arange(1, 50), (3, 49))[:, ::-2]
    assert image_tokens(widths, 640, model=PLUS).tokens.shape == (3, 25)
    assert image_tokens(np.array([], int), 640, model=PLUS).tokens.tolist() == []
    assert image_tokens(np.array(640), np.array(480), model=TURBO).tokens == 393


def test_a_column_of_a_table_is_an_array_of_sizes():
    class Column:  # what pandas and polars have in common
        def __array__(self, dtype=None, copy=None):
            return np.array([640, 1920], dtype)

    assert image_tokens(Column(), 480, model=TURBO).tokens.tolist() == [393, 1175]


def test_a_number_of_numpys_own_is_a_number():
    counted = image_tokens(np.int64(640), np.float64(480), model=TURBO)
    assert counted == ImageTokens(644, 476, 391, 393)
    assert {type(count) for count in (counted.tokens, counted.resized_width)} == {int}


@pytest.mark.parametrize(
    ("width", "height", "message"),
    [
        (np.array([5, 0, -3]), 7, r"not 0 × 7 \(the size at \[1\]\)"),
        (np.array([[5, 6], [7, 8]]), np.array([1, -2]), r"not 6 × -2 \(the size at \[0, 1\]\)"),
        (np.array([5, math.nan]), 7, r"not nan × 7"),
        (np.array([5, math.inf]), 7, r"not inf × 7"),
        (np.array([5, math.inf]), np.array([7, 0]), r"not inf × 0"),
        (np.array([5, 6.5]), 7, r"not 6.5 × 7"),
        (np.array([True]), 7, "whole numbers of pixels, .*: an array of bool has none"),
        (np.array([5, 2**40]), 2**40, r"\[1\]"),
        (np.array(0), 5, "not 0 × 5"),
        (np.array(["a"]), 5, "whole numbers of pixels"),
        (np.array([None]), 5, "not nan × 5"),
        (np.ones(3, int), np.ones(4, int), "broadcast"),
        (6.5, 5, "not 6.5 × 5"),
        (math.nan, 5, "not nan × 5"),
        ("640", 5, "not 640 × 5"),
        (None, 5, "not None × 5"),
        (10**400, 5, "not 1000"),
    ],
)
def test_the_first_size_that_is_none_is_named(width, height, message):
    with pytest.raises(RequestError, match=message):
        image_tokens(width, height, model=TURBO)


def test_a_count_of_one_image_needs_no_numpy():
    code = (
        "import sys; from omni_nb import image_tokens\n"
        "print(image_tokens(640, 480, model='qwen-omni-turbo').tokens, 'numpy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["393", "False"]


@pytest.mark.parametrize(
    ("size", "branch", "rounded", "scale", "grid"),
    [
        ((640, 480), "as it is", (644, 476), 1, (23, 17)),
        ((4000, 3000), "shrunk", (4004, 2996), 0.28919, (41, 30)),
        ((28, 28), "enlarged", (28, 28), 2, (2, 2)),
        ((2000, 10), "enlarged", (1988, 0), 0.39598, (29, 1)),
    ],
)
def test_the_steps_of_the_rule_are_shown(size, branch, rounded, scale, grid):
    rule = image_rule(*size, model=TURBO)
    assert (rule.branch, rule.rounded_width, rule.rounded_height) == (branch, *rounded)
    assert rule.scale == pytest.approx(scale, abs=1e-5)
    assert (rule.columns, rule.rows) == grid
    assert (rule.side, rule.tokens_min, rule.tokens_max, rule.marks) == (28, 4, 1280, 2)


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(sorted(IMAGE_RULES)))
def test_the_steps_lead_to_the_tokens(width, height, model):
    rule, counted = image_rule(width, height, model=model), image_tokens(width, height, model=model)
    assert (rule.tokens, rule.grid_tokens) == (counted.tokens, counted.grid_tokens)
    assert (rule.columns * rule.side, rule.rows * rule.side) == (
        counted.resized_width,
        counted.resized_height,
    )
    squares = rule.rounded_width * rule.rounded_height // rule.side**2
    within = rule.tokens_min <= squares <= rule.tokens_max
    assert within == (rule.branch == "as it is") == (rule.scale == 1 and within)
    cut = {"shrunk": math.floor, "enlarged": math.ceil, "as it is": round}[rule.branch]
    if rule.branch != "shrunk":  # it divides, so that its quotient may differ in the last bit
        assert rule.columns == max(
            cut(width * rule.scale / rule.side), rule.rounded_width // rule.side * within
        )


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
