"""What every value that shows itself has in common."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from decimal import Decimal

import pytest

from omni_nb import CNY, audio, estimate, video
from omni_nb.media.clip import AudioClip
from omni_nb.rules.catalog import find_model
from omni_nb.rules.estimate import Comparison
from omni_nb.rules.pricing import Cost, Usage
from omni_nb.rules.weigh import Weight
from omni_nb.turns.timing import Timing
from tests.media_files import video_file

TIMING = Timing(0.1, 0.2, 1.0, (), 0.3)


@pytest.mark.parametrize(
    ("make", "name", "instead"),
    [
        (lambda: video(video_file("mp4")), "has_sound", "use has_audio"),
        (lambda: TIMING, "first_sound_seconds", "use first_heard_seconds"),
        (lambda: AudioClip(b"", 24000), "player_html", r"to_file\(storage\) has its bytes"),
        (lambda: estimate("Hello"), "table", r"str\(\) has it as text"),
    ],
)
def test_an_attribute_that_is_gone_names_what_takes_its_place(make, name, instead):
    with pytest.raises(AttributeError, match=rf"\.{name} is gone: .*{instead}"):
        getattr(make(), name)


def test_any_other_attribute_is_missing_as_ever():
    with pytest.raises(AttributeError, match="'Timing' object has no attribute 'colour'"):
        _ = TIMING.colour


def test_a_deep_copy_is_the_value_itself():
    part = audio(([0.0] * 1600, 16000))
    assert copy.deepcopy([part])[0] is part
    assert not hasattr(CNY(1), "table")


@pytest.mark.parametrize(
    "value",
    [
        Usage({"text": 3}, {"audio": 4}, reasoning=2),
        Cost({"text in": Decimal("0.1")}, "CNY"),
        Weight({"text": 3}, has_unknown=True),
        Comparison((), {"gpt": "unknown"}),
        estimate("Hello", answer_tokens=3),
        find_model("qwen3-omni-flash"),
        TIMING,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_goes_to_another_process_and_does_not_change_there(value):
    """As what workers elsewhere give back; pickle takes no mapping that cannot be changed."""
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    mappings = [
        name
        for name in ("input", "amounts", "tokens", "refusals", "prices")
        if isinstance(getattr(again, name, None), Mapping)
    ]
    for name in mappings:
        with pytest.raises(TypeError):
            getattr(again, name)["new"] = 1
