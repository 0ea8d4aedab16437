"""Wait for what another thread does, instead of hoping that it has been done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.offline.app import Activity
    from omni_nb.offline.server import StandIn


def wait_until(
    condition: Callable[[], object], seconds: float = 10, *, pause_seconds: float = 0.005
) -> bool:
    """Return whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not (is_true := bool(condition())) and time.monotonic() < deadline:
        time.sleep(pause_seconds)
    return is_true


def settled(standin: StandIn) -> Activity:
    """Return the counts once no answer is under way.

    The stand-in counts an answer after its last byte: a client that has read that byte may be
    sooner than the count.
    """
    assert wait_until(lambda: standin.active_requests == 0), "an answer is still under way"
    return standin.activity
