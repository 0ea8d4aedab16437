"""Strings of a format or a pattern."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, time

import pytest
from pydantic import TypeAdapter

from omni_nb.offline.strings import FORMATS, has_format, of_format, of_pattern

PLACES = [0, 1, 27, 28, 335, 400]


@pytest.mark.parametrize("place", PLACES)
def test_strings_of_a_format_are_read_as_such(place: int) -> None:
    for form, kind in {
        "date": date,
        "date-time": datetime,
        "time": time,
        "uuid": uuid.UUID,
    }.items():
        text = of_format(form, place)
        assert text is not None
        TypeAdapter(kind).validate_json(f'"{text}"')


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_has_another_string_at_every_place(form: str) -> None:
    texts = [of_format(form, place) for place in range(50)]

    assert len(set(texts)) == 50


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}\d{3}$", r"^\w+@\w+\.com$", r"^(yes|no)$", r"^#[0-9a-fA-F]{6}$", r"a|b",
        r"^\d{4}-\d{2}-\d{2}$", r"^[^\s@]+$", r"^.{3,5}$", r"^(?:ab)+$", r"^\S+ \S+$", r"^[^a-z]$",
        r"^\+?[1-9]\d{1,14}$", r"^[\w-]+(\.[\w-]+)*$", r"^$", r"^你好$", r"^(a)\1$", r"^x(?=y)y$",
    ],
)  # fmt: skip
def test_a_string_of_a_pattern_matches_it(pattern: str) -> None:
    for place in range(5):
        text = of_pattern(pattern, place)
        assert text is not None
        assert re.search(pattern, text)


def test_a_string_of_a_pattern_has_the_length_that_is_asked_for() -> None:
    assert of_pattern("^a+$", least=4) == "aaaa"
    assert of_pattern("^a{5}$", most=4) is None
    assert of_pattern("^a{3}$", least=4) is None


def test_a_format_of_the_question_is_recognised() -> None:
    assert has_format("email", "me@example.org")
    assert has_format("uri", "https://example.org")
    assert not has_format("uri", "example")
    assert not has_format("date-time", "yesterday")
