"""The advice for errors whose words might mislead; every documented row: test_errors.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omni_nb.wire import advice
from omni_nb.wire.advice import advice_for, advised
from omni_nb.words import languages, words


def test_a_429_is_not_judged_by_its_words():
    key = advice_for(429, None, "Unauthorized: enable_search, Failed to download")
    assert "wait" in advised(key)["advice"]


@pytest.mark.parametrize("words", ["FAILED TO DOWNLOAD it", "Download the media resource ..."])
def test_words_count_in_any_case(words):
    assert "public" in advised(advice_for(400, None, words))["advice"]


def test_what_we_know_nothing_of_gets_no_advice():
    assert advice_for(400, "invalid_parameter_error", "Something new.") == ""
    assert advised(advice_for(None, None, ""))["advice"] is None


def test_every_key_has_its_words_in_every_language():
    by_words = dict(advice._BY_WORDS)
    keys = {*advice._BY_CODE.values(), *by_words.values(), *advice._BY_STATUS.values()}
    for language in languages():
        assert keys <= words("advice", language).keys()


def test_every_hint_of_the_package_has_its_words():
    package = Path(advice.__file__).parents[1]
    said = "".join(path.read_text() for path in package.rglob("*.py"))
    hints = set(re.findall(r'hint="([^"]+)"|advised\("([^"]+)"\)', said))
    found = {hint for pair in hints for hint in pair if hint}
    assert len(found) > 12
    assert found <= words("advice", "zh").keys()
