"""Counting the tokens of many pictures: ours against the documentation's function.

A million sizes as two arrays, against its rule in a loop, with and without its two ``print``; and
a folder of pictures, against its function as it is. It prints to nowhere.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
import time
import tracemalloc
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from omni_nb.media.probe import probe_images
from omni_nb.rules.tokens import image_tokens

from .table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MODEL = "qwen-omni-turbo"
SIZES = 1_000_000
LONGEST_SIDE = 8000
GOAL_MANY = 1 / 50
PICTURES = 10_000
DISTINCT = 400
GOAL_FOLDER = 1
FORMATS = {"JPEG": ".jpg", "PNG": ".png"}
REPEATS = 7
MEGABYTE = 1_000_000


def run() -> list[Row]:
    """Count a million sizes, then a folder of each format."""
    return [*_many(), *(_folder(form, suffix) for form, suffix in FORMATS.items())]


def documented(height: int, width: int, say: Callable[[str], object] | None = None) -> int:
    """The function of the documentation, "图片转换为 Token 数的规则", once the picture is open."""
    h_bar, w_bar = round(height / 28) * 28, round(width / 28) * 28
    min_pixels, max_pixels = 28 * 28 * 4, 1280 * 28 * 28
    if h_bar * w_bar > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        h_bar = math.floor(height / beta / 28) * 28
        w_bar = math.floor(width / beta / 28) * 28
    elif h_bar * w_bar < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        h_bar = math.ceil(height * beta / 28) * 28
        w_bar = math.ceil(width * beta / 28) * 28
    if say:
        say(f"缩放后的图像尺寸为:高度为{h_bar},宽度为{w_bar}")
    tokens = int((h_bar * w_bar) / (28 * 28)) + 2
    if say:
        say(f"图像的Token数为{tokens}")
    return tokens


def documented_file(path: Path) -> int:
    """The function of the documentation for a file."""
    image = Image.open(path)
    return documented(image.height, image.width, print)


def _many() -> list[Row]:
    numbers = np.random.default_rng(0)
    width, height = numbers.integers(11, LONGEST_SIDE, (2, SIZES))
    pairs = list(zip(height.tolist(), width.tolist(), strict=True))

    def ours() -> Sequence[int]:
        return image_tokens(width, height, model=MODEL).tokens

    def looped() -> Sequence[int]:
        with _nowhere():
            return [documented(*size, print) for size in pairs]

    def silent() -> Sequence[int]:
        return [documented(*size) for size in pairs]

    assert np.array_equal(ours(), looped()), "the two disagree"
    name = f"of {SIZES:,} sizes of pictures (documentation's function in a loop"
    memory = (_megabytes(way) for way in (ours, silent))
    return [
        Row(f"CPU of the tokens {name})", *_timed(ours, looped), "ms", goal=GOAL_MANY),
        Row(f"CPU of the tokens {name}, without its print)", *_timed(ours, silent), "ms"),
        Row(f"Peak memory {name})", *memory, "MB"),
    ]


def _folder(form: str, suffix: str) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        paths = _images(Path(folder), form, suffix)

        def ours() -> Sequence[int]:
            sizes = np.array([(facts.width, facts.height) for facts in probe_images(paths)])
            return image_tokens(sizes[:, 0], sizes[:, 1], model=MODEL).tokens

        def opened() -> Sequence[int]:
            with _nowhere():
                return [documented_file(path) for path in paths]

        assert np.array_equal(ours(), opened()), "the two disagree"
        times = _timed(ours, opened)
    return Row(
        f"CPU of the tokens of a folder of {PICTURES:,} {form} (documentation's function)",
        *times,
        "ms",
        goal=GOAL_FOLDER,
    )


def _images(folder: Path, form: str, suffix: str) -> list[Path]:
    """Some pictures of random sizes, and names enough: links, so that the disk stays small."""
    numbers = random.Random(0)
    for number in range(DISTINCT):
        size = numbers.randint(11, 1200), numbers.randint(11, 1200)
        Image.linear_gradient("L").resize(size).convert("RGB").save(
            folder / f"{number}{suffix}", form
        )
    paths = [folder / f"{number}{suffix}" for number in range(PICTURES)]
    for number, path in enumerate(paths[DISTINCT:]):
        os.link(paths[number % DISTINCT], path)
    return paths


@contextmanager
def _nowhere() -> Iterator[None]:
    """What is printed goes to nowhere."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        yield


def _timed(ours: Callable[[], object], theirs: Callable[[], object]) -> list[float]:
    """CPU milliseconds of both, run by turns."""
    pairs = [(_milliseconds(ours), _milliseconds(theirs)) for _ in range(REPEATS)]
    return [median(column) for column in zip(*pairs, strict=True)]


def _milliseconds(count: Callable[[], object]) -> float:
    started = time.process_time()
    count()
    return 1000 * (time.process_time() - started)


def _megabytes(count: Callable[[], object]) -> float:
    tracemalloc.start()
    count()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MEGABYTE
