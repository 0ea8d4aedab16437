"""Sending a large video: CPU and peak memory of the client, ours against the documentation's way.

Each way is a fresh process; the receiver is another one, that only counts.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from .process import run_python, running_server
from .table import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

MEGABYTE = 1_000_000
REPEATS = {10: 5, 100: 3}
GOAL_CPU = 0.5
GOAL_MEMORY = 0.1
LARGEST_MEGABYTES = 150
"""The largest video of qwen-omni-turbo; the documentation's way needs a gigabyte for it."""


def run() -> list[Row]:
    """Send noise of several sizes, in both ways by turns; the largest only in ours."""
    with running_server("tests.benchmarks.sink_server") as base_url:
        rows = [
            row
            for megabytes, repeats in REPEATS.items()
            for row in _compare(megabytes, repeats, base_url)
        ]
        return [*rows, _largest(base_url)]


def _compare(megabytes: int, repeats: int, base_url: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = _noise(Path(folder), megabytes)
        pairs = [
            (_measured("ours", path, base_url), _measured("documented", path, base_url))
            for _ in range(repeats)
        ]
    cpu, memory = (
        [median(one[name] for one in column) for column in zip(*pairs, strict=True)]
        for name in ("cpu_seconds", "peak_bytes")
    )
    name = f"of sending {megabytes} MB (base64 in an f-string)"
    return [
        Row(f"CPU {name}", 1000 * cpu[0], 1000 * cpu[1], "ms", goal=GOAL_CPU),
        Row(f"Peak memory {name}", memory[0] / MEGABYTE, memory[1] / MEGABYTE, "MB", GOAL_MEMORY),
    ]


def _largest(base_url: str) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        peak = _measured("ours", _noise(Path(folder), LARGEST_MEGABYTES), base_url)["peak_bytes"]
    name = f"Peak memory of sending {LARGEST_MEGABYTES} MB (size of the file)"
    return Row(name, peak / MEGABYTE, LARGEST_MEGABYTES, "MB", GOAL_MEMORY)


def _measured(way: str, path: Path, base_url: str) -> Mapping[str, float]:
    printed = run_python("-m", "tests.benchmarks.upload_client", way, str(path), base_url)
    measured: Mapping[str, float] = json.loads(printed)
    return measured


def _noise(folder: Path, megabytes: int) -> Path:
    path = folder / "noise.mp4"
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))
    return path
