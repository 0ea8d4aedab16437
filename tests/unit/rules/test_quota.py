"""Free tokens count down, and say so when few and when none are left."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import RequestError
from omni_nb.rules.pricing import Usage
from omni_nb.rules.quota import Quota
from tests.shown import html_of


def usage(tokens: int) -> Usage:
    return Usage(input={"text": tokens})


def said(quota: Quota, *tokens: int) -> list[str]:
    """What the quota warns of while answers of so many tokens come."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for count in tokens:
            quota.spend(usage(count))
    return [str(warning.message) for warning in caught]


def test_every_modality_counts_in_and_out():
    quota = Quota(1000)
    quota.spend(Usage(input={"text": 10, "image": 20}, output={"text": 30, "audio": 40}))
    assert (quota.spent, quota.left, quota.is_used_up) == (100, 900, False)


def test_it_warns_once_at_80_percent():
    quota = Quota(1000, "qwen-omni-turbo")
    assert said(quota, 799) == []
    assert said(quota, 1) == [
        "The quota of qwen-omni-turbo is used to 80 %: 200 of 1,000 tokens left."
    ]
    assert said(quota, 100, 99) == []


def test_it_warns_once_when_nothing_is_left():
    quota = Quota(1000)
    [message] = said(quota, 1000)
    assert message.startswith("The quota is used up: 1,000 of 1,000 tokens. What follows is billed")
    assert said(quota, 5) == []
    assert (quota.spent, quota.left, quota.is_used_up) == (1005, 0, True)


def test_the_last_tokens_are_left_until_they_are_used():
    quota = Quota(1000)
    said(quota, 999)
    assert (quota.left, quota.is_used_up) == (1, False)


@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**6), max_size=20))
def test_it_warns_at_most_twice_and_counts_right(tokens, answers):
    quota = Quota(tokens)
    messages = said(quota, *answers)
    assert quota.spent == sum(answers)
    assert quota.left == max(0, tokens - sum(answers))
    assert [("used up" in message) for message in messages] in ([], [False], [True], [False, True])
    assert bool(messages) == (sum(answers) * 100 >= 80 * tokens)
    assert any("used up" in message for message in messages) == quota.is_used_up


def test_the_warning_points_to_the_persons_line():
    with pytest.warns(UserWarning, match="used up") as caught:
        Quota(5).spend(usage(9))
    assert caught[0].filename == __file__


def test_chats_on_several_threads_may_share_one():
    quota = Quota(10**9)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(2000):
            threads.submit(quota.spend, usage(3))
    assert quota.spent == 6000


@pytest.mark.parametrize("tokens", [0, -1, 1.5, "many", None])
def test_what_is_no_number_of_tokens_is_refused(tokens):
    with pytest.raises(RequestError, match="whole number of tokens"):
        Quota(tokens)


def test_it_shows_itself_in_a_line():
    quota = Quota(1_000_000, "<b>")
    quota.spend(usage(2500))
    assert repr(quota) == "<Quota <b>: 997,500 of 1,000,000 tokens left>"
    assert repr(Quota(5)) == "<Quota: 5 of 5 tokens left>"
    shown = html_of(quota)
    assert "&lt;b&gt;: 997,500 of 1,000,000 tokens left" in shown
    assert 'value="997500"' in shown
