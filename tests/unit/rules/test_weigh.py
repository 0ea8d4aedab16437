"""What a message weighs: by modality, and unknown where nothing tells."""

from __future__ import annotations

import pytest

from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
    VideoURLPart,
)
from omni_nb.media.sources import LocalSource
from omni_nb.rules.catalog import find_model
from omni_nb.rules.weigh import Weight, weigh, weigh_parts
from tests.shown import in_ipython

TURBO, FLASH = find_model("qwen-omni-turbo"), find_model("qwen3-omni-flash")
TEXT_ONLY = find_model("qwen3.8-omni-flash")
IMAGE = ImagePart(b"", "image/png", 640, 480)
SOUND = AudioPart(
    source=LocalSource(b"", "a.wav"),
    format="wav",
    mime="audio/wav",
    seconds=10.0,
    sample_rate=16_000,
    channels=1,
)


def video(seconds: float = 5.0, has_audio: bool = True) -> VideoPart:
    return VideoPart(
        source=LocalSource(b"", "v.mp4"),
        mime="video/mp4",
        seconds=seconds,
        width=1280,
        height=720,
        fps=30.0,
        total_frames=round(seconds * 30),
        has_audio=has_audio,
    )


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (TextPart("你好 Qwen"), {"text": 4}),
        (IMAGE, {"image": 393}),
        (SOUND, {"audio": 250}),
        (video(), {"video": 3602, "audio": 125}),
        (video(has_audio=False), {"video": 3602}),
        (FramesPart((IMAGE,) * 4), {"video": 784}),
    ],
)
def test_a_part_weighs_by_its_models_rules(part, tokens):
    assert weigh(part, TURBO) == Weight(tokens)


def test_the_same_part_weighs_differently_on_another_model():
    assert weigh(SOUND, FLASH).total == 125


@pytest.mark.parametrize(
    "part",
    [
        ImageURLPart("https://example.org/a.png"),
        AudioURLPart("https://example.org/a.mp3", "mp3"),
        VideoURLPart("https://example.org/a.mp4"),
        FramesPart((IMAGE, ImageURLPart("https://example.org/a.png"))),
        video(seconds=0.2),
    ],
)
def test_what_cannot_be_weighed_is_unknown_not_nothing(part):
    weight = weigh(part, TURBO)
    assert weight.has_unknown
    assert dict(weight.tokens) == {}


@pytest.mark.parametrize("facts", [None, TEXT_ONLY])
def test_without_rules_only_words_are_estimated(facts):
    assert weigh(IMAGE, facts).has_unknown
    assert weigh_parts([TextPart("hello world!")], facts) == Weight({"text": 3})


def test_many_parts_add_up_by_modality():
    weight = weigh_parts([TextPart("abcd"), IMAGE, IMAGE, video()], TURBO)
    assert dict(weight.tokens) == {"text": 1, "image": 786, "video": 3602, "audio": 125}
    assert (weight.total, weight.media, weight.text) == (4514, 4513, 1)
    assert str(weight) == "about 4,514 tokens"


def test_one_unknown_part_makes_the_sum_a_lower_bound():
    weight = weigh_parts([IMAGE, ImageURLPart("https://example.org/a.png")], TURBO)
    assert (weight.total, weight.has_unknown) == (393, True)
    assert str(weight) == "at least 393 tokens"
    assert repr(weight) == "Weight({'image': 393}, has_unknown=True)"


def test_nothing_weighs_nothing():
    assert weigh_parts([], TURBO) == Weight()
    assert Weight().total == 0


def test_a_weight_shows_itself_in_words():
    assert (
        in_ipython(Weight({"text": 1500, "image": 393}))
        == "about 1,893 tokens: text 1,500, image 393"
    )
    assert in_ipython(Weight({"text": 0, "image": 393}, True)) == "at least 393 tokens: image 393"
    assert in_ipython(Weight()) == "about 0 tokens"
    assert str(Weight({"text": 1})) == "about 1 token"
    assert in_ipython([Weight({"text": 3})]) == "[Weight({'text': 3})]"
