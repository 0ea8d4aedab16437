"""The advice for errors whose words might mislead; every documented row: test_errors.py."""

from __future__ import annotations

import pytest

from omni_nb.wire.advice import advice_for


def test_a_429_is_not_judged_by_its_words():
    advice = advice_for(429, None, "Unauthorized: enable_search, Failed to download")
    assert "wait" in advice


@pytest.mark.parametrize("words", ["FAILED TO DOWNLOAD it", "Download the media resource ..."])
def test_words_count_in_any_case(words):
    assert "public" in advice_for(400, None, words)


def test_what_we_know_nothing_of_gets_no_advice():
    assert advice_for(400, "invalid_parameter_error", "Something new.") is None
    assert advice_for(None, None, "") is None
