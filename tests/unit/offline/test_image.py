"""What the stand-in measures in a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omni_nb.errors import MediaError
from omni_nb.offline import image
from omni_nb.offline.image import measure_image


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#000000", "black"),
        ("#ffffff", "white"),
        ("#808080", "gray"),
        ("#e01010", "red"),
        ("#ff8c00", "orange"),
        ("#8b4513", "brown"),
        ("#ffe000", "yellow"),
        ("#20a020", "green"),
        ("#20c0c8", "cyan"),
        ("#2040e0", "blue"),
        ("#8020c0", "purple"),
        ("#ffb0c0", "pink"),
    ],
)
def test_a_plain_color_is_named(color: str, name: str) -> None:
    assert measure_image(saved(Image.new("RGB", (50, 40), color))).colors == ((name, 1.0),)


def test_shares_and_the_brightest_part_are_measured() -> None:
    image = Image.new("RGB", (600, 300), "#102080")
    image.paste("#ffffff", (400, 200, 600, 300))

    seen = measure_image(saved(image))

    assert [name for name, _ in seen.colors] == ["blue", "white"]
    assert seen.colors[1][1] == pytest.approx(1 / 9, abs=0.02)
    assert seen.brightest == (2, 2)


def test_an_even_picture_has_no_brightest_part() -> None:
    assert measure_image(saved(Image.new("L", (30, 30), 90))).brightest is None


def test_a_turned_photograph_is_measured_as_displayed() -> None:
    image = Image.new("RGB", (300, 200), "black")
    image.paste("white", (200, 0, 300, 200))  # right as stored; below once turned
    exif = Image.Exif()
    exif[0x0112] = 6

    seen = measure_image(saved(image, "JPEG", exif=exif))

    assert (seen.width, seen.height) == (200, 300)
    assert seen.brightest is not None
    assert seen.brightest[0] == 2


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", (40, 40), (0, 0, 0, 0)),
        Image.new("LA", (40, 40), (0, 0)),
        Image.fromarray(np.full((40, 40), 65535, np.uint16)),
        Image.new("1", (40, 40), 1),
        Image.new("P", (40, 40), 0).convert("P"),
    ],
    ids=["clear", "clear gray", "16 bits", "1 bit", "palette"],
)
def test_unusual_pixels_are_read(image: Image.Image) -> None:
    seen = measure_image(saved(image))

    assert len(seen.colors) == 1
    assert seen.colors[0][0] in ("white", "black")


def test_a_transparent_picture_is_white_paper() -> None:
    assert measure_image(saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0)))).colors == (
        ("white", 1.0),
    )


def test_too_many_pixels_are_refused_before_they_are_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(image, "MOST_PIXELS", 1000)
    monkeypatch.setattr(image, "_pixels", lambda data: pytest.fail("decoded"))

    with pytest.raises(MediaError, match="too many"):
        measure_image(saved(Image.new("L", (40, 40))))


def test_a_truncated_picture_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)

    with pytest.raises(MediaError, match="cannot be decoded"):
        measure_image(saved(Image.fromarray(noise), "JPEG")[:3000])
