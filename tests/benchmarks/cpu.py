"""CPU of the client for a spoken answer: our line against the documentation's loop.

Both read the same answer from the same loopback server, which sends it in one burst, and both
write the words to nowhere. Each is run as the body of a function and as a notebook's cell, whose
names are globals: there the documentation's ``+=`` on a string copies all speech so far.
"""

from __future__ import annotations

import json
from statistics import median

from .burst_server import AUDIO_EVENTS
from .process import run_python, running_server
from .table import Row

GOAL = 0.5
REPEATS = {"function": 7, "cell": 3}


def run() -> list[Row]:
    """Measure both loops in both places."""
    with running_server("tests.benchmarks.burst_server") as base_url:
        return [_compare(place, repeats, base_url) for place, repeats in REPEATS.items()]


def _compare(place: str, repeats: int, base_url: str) -> Row:
    pairs = [
        (_milliseconds("ours", place, base_url), _milliseconds("documented", place, base_url))
        for _ in range(repeats)
    ]
    ours, documented = (median(column) for column in zip(*pairs, strict=True))
    name = f"CPU of {2 * AUDIO_EVENTS:,} events, in a {place} (documentation's loop)"
    return Row(name, ours, documented, "ms", goal=GOAL)


def _milliseconds(loop: str, place: str, base_url: str) -> float:
    printed = run_python("-m", "tests.benchmarks.cpu_client", loop, place, base_url)
    return 1000 * float(json.loads(printed)["cpu_seconds"])
