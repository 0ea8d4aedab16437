"""What the names of properties suggest."""

from __future__ import annotations

from typing import Any

import pytest

from omni_nb.offline.filler import fit
from omni_nb.offline.hints import Hints
from omni_nb.rules.catalog import find_model
from tests.unit.offline.test_answers import PICTURE, SPEECH, VIDEO


def hints(*media: Any, question: str = "What is it?", language: Any = "en") -> Hints:
    facts = find_model("qwen3-omni-flash")
    assert facts is not None
    return Hints(question, media, language, facts)


MEASURED = [
    ("width", PICTURE, 640),
    ("image_height", PICTURE, 480),
    ("imageHeight", PICTURE, 480),
    ("宽度", PICTURE, 640),
    ("brightness", PICTURE, 0.8),
    ("colours", PICTURE, ["blue", "green"]),
    ("main_color", PICTURE, ["blue", "green"]),
    ("orientation", PICTURE, "landscape"),
    ("seconds", SPEECH, 3.21),
    ("duration_ms", SPEECH, 3210.0),
    ("时长", SPEECH, 3.21),
    ("sampleRate", SPEECH, 16_000),
    ("channels", SPEECH, 1),
    ("speakers", SPEECH, 1),
    ("is_silent", SPEECH, False),
    ("fps", VIDEO, 29.97),
    ("sample_rate", VIDEO, 16_000),
    ("language", SPEECH, "en"),
    ("media_type", VIDEO, "video"),
]


@pytest.mark.parametrize(("name", "medium", "value"), MEASURED)
def test_a_name_suggests_what_was_measured(name: str, medium: Any, value: Any) -> None:
    assert hints(medium).of(name, "", None)[0] == value


def test_a_description_suggests_where_the_name_does_not() -> None:
    assert hints(SPEECH).of("x", "how many seconds it lasts", None)[0] == 3.21


def test_nothing_is_measured_of_what_is_not_there() -> None:
    assert hints(SPEECH).of("width", "", None) == ["unknown"]
    assert hints(PICTURE).of("seconds", "", None) == ["unknown"]


def test_a_summary_is_made_of_measures_in_the_language_of_the_question() -> None:
    assert "640 × 480" in hints(PICTURE).of("summary", "", None)[0]
    assert "宽 640 像素" in hints(PICTURE, language="zh").of("摘要", "", None)[0]


def test_the_choice_that_the_question_names_is_suggested() -> None:
    asked = hints(question="Is it a cat or a dog? I say Dog.")

    assert asked.of("animal", "", None, ["bird", "dog"])[:1] == ["dog"]
    assert hints(PICTURE).of("language", "", None, ["zh", "en"])[0] == "en"


CLIP = {
    "type": "object",
    "properties": {
        "speakers": {"type": "integer"},
        "language": {"enum": ["zh", "en", "other"]},
        "summary": {"type": "string", "description": "one sentence"},
        "seconds": {"type": "integer", "minimum": 0},
        "width": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
    },
    "required": ["speakers", "language", "summary", "seconds", "width"],
}


def test_a_schema_is_filled_with_measures_that_fit() -> None:
    value = fit(CLIP, hints(SPEECH))

    assert value["speakers"] == 1
    assert value["language"] == "en"
    assert value["seconds"] == 3
    assert value["summary"].startswith("This sound lasts 3.2 seconds")


def test_a_measure_that_does_not_fit_is_not_taken() -> None:
    assert fit({"properties": {"width": {"maximum": 100, "type": "integer"}}}, hints(PICTURE)) == {
        "width": 0
    }


def test_a_list_has_an_item_for_each_medium_with_its_own_measures() -> None:
    item = {"type": "object", "properties": {"seconds": {"type": "number"}}}
    schema = {"$defs": {"item": item}, "type": "array", "items": {"$ref": "#/$defs/item"}}

    assert fit(schema, hints(SPEECH, VIDEO)) == [{"seconds": 3.21}, {"seconds": 5.0}]


def test_a_list_of_words_takes_those_that_fit() -> None:
    schema = {"properties": {"colors": {"type": "array", "items": {"enum": ["green", "red"]}}}}

    assert fit(schema, hints(PICTURE)) == {"colors": ["green"]}


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_an_open_object_has_what_was_measured(schema: Any) -> None:
    value = fit(schema, hints(PICTURE))

    assert (value["width"], value["height"], value["colors"]) == (640, 480, ["blue", "green"])
    assert fit(schema, hints()) == {"question": "What is it?"}
