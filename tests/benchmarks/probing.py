"""The time to measure what a file is, per format: ours against decoding it.

Headers lie about durations, so a bare ``av.open`` is no baseline: it is quick and wrong. Decoding
everything is the plain way to be right; we count packets. A minute of sound, ten seconds of
video; files on disk that have just been written, so in the cache.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import av

from omni_nb.media.parts import audio, video
from tests.media_files import AUDIO_FORMATS, VIDEO_FORMATS, audio_file, video_file

from .table import Row

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1
REPEATS = 7
SOUND_SECONDS = 60
VIDEO_SECONDS = 10


def run() -> list[Row]:
    """Probe a file of every format."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sounds = [_sound_row(form, place / form) for form in AUDIO_FORMATS]
        return sounds + [_video_row(form, place / f"{form} video") for form in VIDEO_FORMATS]


def _sound_row(form: str, path: Path) -> Row:
    path.write_bytes(audio_file(form, seconds=SOUND_SECONDS))
    return _compare(f"Probe {SOUND_SECONDS} s of {form} (decoding it)", audio, path)


def _video_row(form: str, path: Path) -> Row:
    path.write_bytes(video_file(form, seconds=VIDEO_SECONDS, width=320, height=240, fps=25))
    return _compare(f"Probe {VIDEO_SECONDS} s of {form} video (decoding it)", video, path)


def _compare(name: str, probe: Callable[[Path], object], path: Path) -> Row:
    pairs = [(_milliseconds(probe, path), _milliseconds(_decoded, path)) for _ in range(REPEATS)]
    ours, decoding = (median(column) for column in zip(*pairs, strict=True))
    return Row(name, ours, decoding, "ms", goal=GOAL)


def _decoded(path: Path) -> float:
    with av.open(str(path)) as container:
        return max(float(frame.time or 0) for frame in container.decode())


def _milliseconds(probe: Callable[[Path], object], path: Path) -> float:
    started = time.perf_counter()
    probe(path)
    return 1000 * (time.perf_counter() - started)
