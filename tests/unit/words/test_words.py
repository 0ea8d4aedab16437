"""Every language says the same: the keys, the placeholders, and some rules of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest

import omni_nb.words
from omni_nb.words import languages

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(omni_nb.words.__file__).parent
JAVASCRIPT = ("player", "composer", "conversation")
"""The sections that are bundled into the scripts."""
ENDING = "s"
"""The placeholder of an English plural, which not every language has."""


def flattened(words: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Give every sentence with its path, such as ``composer.kinds.image``."""
    for key, value in words.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def sentences(language: str) -> dict[str, str]:
    """Return every sentence of a language by its path."""
    return dict(flattened(json.loads((FOLDER / f"{language}.json").read_text("utf-8"))))


def placeholders(sentence: str) -> set[str]:
    """Return the names of the values that a sentence has places for."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None} - {ENDING}


LANGUAGES = {language: sentences(language) for language in languages()}
ENGLISH = LANGUAGES["en"]


def test_there_are_english_and_chinese() -> None:
    assert {"en", "zh"} <= LANGUAGES.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys(language: str) -> None:
    assert LANGUAGES[language].keys() == ENGLISH.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_placeholders(language: str) -> None:
    found = {path: placeholders(said) for path, said in LANGUAGES[language].items()}
    assert found == {path: placeholders(said) for path, said in ENGLISH.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_placeholder_has_a_name(language: str) -> None:
    for path, said in LANGUAGES[language].items():
        assert not any(name == "" or name[0].isdigit() for name in placeholders(said)), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scripts_fill_in_values_as_they_are(language: str) -> None:
    for path, said in LANGUAGES[language].items():
        if path.startswith(JAVASCRIPT):
            plain = {f"{{{name}}}" for name in placeholders(said)}
            assert set(re.findall(r"\{[^}]*\}?|\}", said)) == plain, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_unsaid(language: str) -> None:
    empty = {path for path, said in LANGUAGES[language].items() if not said.strip()}
    # English has no letters of its own, and Chinese no gap between its words.
    assert empty <= {"language.letters", "labels.gap"}


def test_chinese_has_its_own_colon_and_its_own_word_for_the_stand_in() -> None:
    for path, said in LANGUAGES["zh"].items():
        assert not re.search(r"[\u3400-\u9fff]:", said), path
        assert "替身" not in said, path
