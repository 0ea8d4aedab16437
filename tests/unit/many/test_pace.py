"""Never more than the service takes, with a clock turned by hand and 32 askers."""

from __future__ import annotations

import threading
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import pytest

from omni_nb.errors import RequestError
from omni_nb.many.pace import Pace, Place

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """A clock that is turned to the next moment somebody waits for, when all wait."""

    def __init__(self, askers: int) -> None:
        self.now = 1000.0
        self._askers, self._waiting = askers, dict[int, float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, changed: threading.Condition, seconds: float) -> None:
        me = threading.get_ident()
        self._waiting[me] = self.now + seconds
        if len(self._waiting) == self._askers:
            self._turn(changed)
        else:
            while me in self._waiting:
                changed.wait(5)

    def leave(self, changed: threading.Condition) -> None:
        with changed:
            self._askers -= 1
            if self._waiting and len(self._waiting) == self._askers:
                self._turn(changed)

    def _turn(self, changed: threading.Condition) -> None:
        self.now = min(self._waiting.values())
        self._waiting.clear()
        changed.notify_all()


def given(
    rpm: float | None,
    tpm: float | None,
    *,
    askers: int = 32,
    each: int = 8,
    tokens: int = 0,
    then: Callable[[Pace, Place], object] = lambda pace, place: None,
) -> list[Place]:
    """The places that so many askers got, in their order."""
    clock = Clock(askers)
    pace = Pace(rpm, tpm, clock=clock, sleep=lambda changed, seconds: clock.sleep(changed, seconds))
    places: list[Place] = []

    def ask() -> None:
        for _ in range(each):
            place = pace.turn(tokens)
            assert place is not None
            places.append(place)
            then(pace, place)
        clock.leave(pace._changed)

    threads = [threading.Thread(target=ask) for _ in range(askers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(places) == askers * each
    return sorted(places, key=lambda place: place.at)


@pytest.mark.parametrize("rpm", [60, 600, 7.5])
def test_32_askers_never_send_two_within_their_share_of_a_minute(rpm):
    places = given(rpm, None)
    apart = [after.at - before.at for before, after in pairwise(places)]
    assert min(apart) >= 60 / rpm - 1e-9
    for first in places:
        assert sum(first.at <= one.at < first.at + 60 for one in places) <= ceil(rpm)


def test_tokens_of_any_minute_are_not_more_than_the_limit():
    places = given(None, 10_000, tokens=1_500, each=3)
    for first in places:
        assert sum(p.tokens for p in places if first.at <= p.at < first.at + 60) <= 10_000
    assert places[-1].at - places[0].at < 60 * 17  # and no more is waited than that asks for


def test_tokens_are_counted_as_they_were_in_the_end():
    places = given(None, 10_000, tokens=1_000, each=2, then=lambda pace, p: pace.settle(p, 4_000))
    for first in places[:-1]:
        in_the_minute = [p for p in places if first.at <= p.at < first.at + 60]
        assert sum(p.tokens for p in in_the_minute[:-1]) <= 10_000 + 32 * 3_000
    later = [p for p in places if p.at > places[0].at]
    for first in later:
        assert sum(p.tokens for p in later if first.at <= p.at < first.at + 60) <= 12_000


def test_a_request_larger_than_the_limit_is_sent_alone():
    places = given(None, 1_000, tokens=5_000, askers=3, each=2)
    assert all(after.at - before.at >= 60 for before, after in pairwise(places))


def test_a_storm_of_refusals_is_one_pause():
    now = 0.0
    pace = Pace(None, None, clock=lambda: now)
    storm = [pace.turn() for _ in range(32)]
    now = 1.0
    for place in storm:
        pace.refused(place)
    assert 3.75 <= pace.paused_seconds <= 5.0
    now = 10.0
    again = pace.turn()
    pace.refused(again)
    assert 7.5 <= pace.paused_seconds <= 10.0


def test_nobody_sends_while_all_pause():
    refused = []

    def refuse_first(pace: Pace, place: Place) -> None:
        if not refused:
            refused.append(place.at)
            pace.refused(place, asked_seconds=20.0)

    places = given(60, None, each=2, then=refuse_first)
    during = [p for p in places if refused[0] < p.at < refused[0] + 20]
    assert during == []


def test_what_the_service_asks_for_is_obeyed_by_all():
    now = 0.0
    pace = Pace(clock=lambda: now)
    first, second = pace.turn(), pace.turn()
    pace.refused(first, asked_seconds=30)
    pace.refused(second, asked_seconds=45)
    assert pace.paused_seconds == 45


def test_after_a_refusal_the_rate_comes_slowly_back():
    now = 0.0
    pace = Pace(60, clock=lambda: now)
    place = pace.turn()
    pace.refused(place, asked_seconds=1)
    now = 2.0
    after = pace.turn()
    assert pace._free_at(0, now) - after.at == pytest.approx(1 / 0.7)
    for _ in range(20):
        pace.went_well(after)
    assert pace._free_at(0, now) - after.at == pytest.approx(1)


def test_who_is_not_needed_any_more_gets_no_place():
    pace = Pace(1)
    assert pace.turn() is not None
    is_over = threading.Event()
    got: list[Place | None] = []
    thread = threading.Thread(target=lambda: got.append(pace.turn(0, is_over.is_set)))
    thread.start()
    while not pace.is_used_up:
        pass
    is_over.set()
    pace.wake()
    thread.join(5)
    assert got == [None]


@pytest.mark.parametrize("wrong", [0, -1, True, "60", float("nan")])
def test_a_rate_that_is_none_is_refused(wrong):
    with pytest.raises(RequestError, match="a minute"):
        Pace(wrong)
