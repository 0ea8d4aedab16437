"""Pace: at most so many requests and tokens a minute, for all askers together."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omni_nb.errors import RequestError, brief

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_SECONDS: Final = 60.0
FIRST_PAUSE_SECONDS: Final = 5.0
MOST_PAUSE_SECONDS: Final = 60.0
SLOWER: Final = 0.7
FASTER: Final = 1.05
SLOWEST: Final = 0.1


@dataclass(slots=True)
class Place:
    """A request's place: when it was given, and the tokens that it takes."""

    at: float
    tokens: int


class Pace:
    """Give out places to send a request, under one lock.

    Never two within ``60 / rpm`` seconds, so never more than ``rpm`` in any minute, nor more
    than ``tpm`` tokens. A request that alone has more tokens waits until it is alone.

    Parameters
    ----------
    rpm, tpm
        Requests and tokens a minute; None: no limit.
    clock, sleep
        Tell the time, and wait on a condition that somebody may notify; for tests.

    Examples
    --------
    >>> pace = Pace(60, 100_000)
    >>> pace.turn(1_500).tokens
    1500
    """

    def __init__(
        self,
        rpm: float | None = None,
        tpm: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        for name, given in (("rpm", rpm), ("tpm", tpm)):
            if given is not None and (
                isinstance(given, bool) or not isinstance(given, (int, float)) or not given > 0
            ):
                raise RequestError(f"{name} is how many a minute, more than 0, not {brief(given)}.")
        self.rpm, self.tpm = rpm, tpm
        self._clock, self._sleep = clock, sleep
        self._changed = threading.Condition()
        self._given: deque[Place] = deque()
        self._last: float | None = None
        self._share = 1.0  # of the rate; less after a refusal
        self._paused_at = self._paused_until = float("-inf")
        self._refusals = 0
        self._waiting = 0

    @property
    def is_used_up(self) -> bool:
        """Whether askers wait for a place: more of them would not be faster."""
        return self._waiting > 0

    @property
    def paused_seconds(self) -> float | None:
        """How much longer all wait because the service asked for it; None: they do not."""
        left = self._paused_until - self._clock()
        return left if left > 0 else None

    def turn(self, tokens: int = 0, is_over: Callable[[], bool] = lambda: False) -> Place | None:
        """Wait for a place, and take it; None: ``is_over`` said that nobody needs it."""
        with self._changed:
            self._waiting += 1
            try:
                while not is_over():
                    now = self._clock()
                    seconds = self._free_at(tokens, now) - now
                    if seconds <= 0:
                        place = Place(now, tokens)
                        self._given.append(place)
                        self._last = now
                        return place
                    self._sleep(self._changed, seconds)
            finally:
                self._waiting -= 1
        return None

    def settle(self, place: Place, tokens: int) -> None:
        """Count the tokens that a request has taken instead of those that were expected."""
        with self._changed:
            place.tokens = tokens
            self._changed.notify_all()

    def wake(self) -> None:
        """Have those who wait ask again whether they are needed."""
        with self._changed:
            self._changed.notify_all()

    def refused(self, place: Place, asked_seconds: float | None = None) -> None:
        """Pause for all: the service said that it is too much.

        Requests that were sent before the pause began are of the same storm: they do not make
        it longer, unless the service asks for it.
        """
        with self._changed:
            now = self._clock()
            place.tokens = 0  # nothing was taken
            if place.at >= self._paused_at and now >= self._paused_until:
                self._refusals += 1
                self._share = max(SLOWEST, self._share * SLOWER)
                longest = min(MOST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (self._refusals - 1))
                seconds = longest * random.uniform(0.75, 1.0)
                self._paused_at = now
                self._paused_until = now + (seconds if asked_seconds is None else asked_seconds)
            elif asked_seconds is not None:
                self._paused_until = max(self._paused_until, now + asked_seconds)

    def went_well(self, place: Place) -> None:
        """Come slowly back to the full rate: an answer came."""
        with self._changed:
            if place.at >= self._paused_at:
                self._refusals = 0
                self._share = min(1.0, self._share * FASTER)

    def _free_at(self, tokens: int, now: float) -> float:
        """Return when the next place is free; no earlier than it was for the one before."""
        free = max(now, self._paused_until)
        if self.rpm is not None and self._last is not None:
            free = max(free, self._last + WINDOW_SECONDS / (self.rpm * self._share))
        while self._given and self._given[0].at <= now - WINDOW_SECONDS:
            self._given.popleft()
        if self.tpm is None:
            self._given.clear()
            return free
        left = self.tpm * self._share - sum(place.tokens for place in self._given) - tokens
        for place in self._given:
            if left >= 0:
                break
            left += place.tokens
            free = max(free, place.at + WINDOW_SECONDS)
        return free
