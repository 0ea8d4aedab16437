"""Measure an image: size, brightness, colours and where it is brightest."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from omni_nb.errors import MediaError
from omni_nb.media.pixels import MOST_PIXELS, decode_small
from omni_nb.media.probe import probe_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from omni_nb.media.sampling import Sampling

    Pixels = npt.NDArray[np.float64]

SIDE: Final = 60
"""An image is measured in this many rows and columns."""
_SQUARES: Final = 12  # and compared in this many
_NOTICED: Final = 0.06 * 255
_DECODERS = threading.BoundedSemaphore(2)  # a large image takes 300 MB while it is decoded


@dataclass(frozen=True, slots=True)
class MeasuredImage:
    """What was measured of an image.

    Attributes
    ----------
    width, height
        The displayed size (pixels).
    brightness, contrast
        Mean and standard deviation of the light, 0–1.
    colors
        Main colours with their share (0–1), largest first.
    brightest
        Row and column, 0–2 each, of the brightest ninth; None when all are alike.
    squares
        Mean colours of 12 × 12 squares, a byte per channel, to compare images by.
    sampling
        How closely the request says to look; None where it does not.
    """

    width: int
    height: int
    brightness: float
    contrast: float
    colors: tuple[tuple[str, float], ...]
    brightest: tuple[int, int] | None
    squares: bytes = field(default=b"", repr=False)
    sampling: Sampling | None = None


def measure_image(data: bytes) -> MeasuredImage:
    """Measure an image.

    Raises
    ------
    MediaError
        The image cannot be decoded, or is too large to be decoded safely.
    """
    facts = probe_image(data, name="image")
    if facts.width * facts.height > MOST_PIXELS:
        raise MediaError(
            f"{facts.width} × {facts.height} pixels are too many to decode safely; omni.shrink() "
            "makes the image smaller.",
            hint="shrink",
        )
    with _DECODERS:
        pixels = _pixels(data)
    return measure_pixels(pixels, facts.width, facts.height)


def measure_pixels(pixels: Pixels, width: int, height: int) -> MeasuredImage:
    """Measure an image of ``width`` × ``height``, scaled to `SIDE` × `SIDE` RGB of 0–1."""
    light: Pixels = pixels @ [0.299, 0.587, 0.114]
    return MeasuredImage(
        width,
        height,
        brightness=float(light.mean()),
        contrast=float(light.std()),
        colors=_main_colors(pixels),
        brightest=_brightest(light),
        squares=_squares(pixels),
    )


def difference(first: MeasuredImage, second: MeasuredImage) -> float:
    """Return the share (0–1) of squares whose colours differ between two images."""
    import numpy as np

    one, other = (
        np.frombuffer(image.squares, np.uint8).reshape(-1, 3).astype(float)
        for image in (first, second)
    )
    return float((np.abs(one - other).max(axis=1) > _NOTICED).mean())


def main_colors(images: Sequence[MeasuredImage]) -> tuple[tuple[str, float], ...]:
    """Return the main colours of several images together, with their mean share."""
    names = {name for image in images for name, _ in image.colors}
    means = {
        name: sum(dict(image.colors).get(name, 0.0) for image in images) / len(images)
        for name in names
    }
    shares = sorted(means.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple((name, share) for name, share in shares[:3] if share >= 0.1)


def _pixels(data: bytes) -> Pixels:
    """Decode to a small RGB array of 0–1, on white where the image is transparent."""
    import numpy as np
    from PIL import Image

    try:
        small = decode_small(data, 4 * SIDE, 4 * SIDE).resize((SIDE, SIDE), Image.Resampling.BOX)
        return np.asarray(small, dtype=np.float64) / 255
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The image cannot be decoded: {error}.") from error


def _squares(pixels: Pixels) -> bytes:
    import numpy as np

    size = SIDE // _SQUARES
    means = pixels.reshape(_SQUARES, size, _SQUARES, size, 3).mean(axis=(1, 3))
    squares: bytes = np.rint(means * 255).astype(np.uint8).tobytes()
    return squares


def _main_colors(pixels: Pixels) -> tuple[tuple[str, float], ...]:
    """Return at most three colours that cover a tenth or more of the image."""
    import numpy as np

    names, counts = np.unique(_color_names(pixels.reshape(-1, 3)), return_counts=True)
    shares = sorted(zip(counts / counts.sum(), names, strict=True), reverse=True)
    return tuple((str(name), float(share)) for share, name in shares[:3] if share >= 0.1)


def _color_names(pixels: Pixels) -> npt.NDArray[np.str_]:
    import numpy as np

    high, low = pixels.max(axis=1), pixels.min(axis=1)
    spread = high - low
    saturation = np.divide(spread, high, out=np.zeros_like(high), where=high > 0)
    hue = _hue(pixels, high, spread)
    rules = [
        (high < 0.2, "black"),
        ((saturation < 0.15) & (high > 0.85), "white"),
        (saturation < 0.15, "gray"),
        (((hue < 15) | (hue >= 330)) & (saturation < 0.5) & (high > 0.7), "pink"),
        ((hue < 15) | (hue >= 345), "red"),
        ((hue < 48) & (high < 0.62), "brown"),
        (hue < 42, "orange"),
        (hue < 70, "yellow"),
        (hue < 165, "green"),
        (hue < 195, "cyan"),
        (hue < 258, "blue"),
        (hue < 300, "purple"),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], default="pink")


def _hue(pixels: Pixels, high: Pixels, spread: Pixels) -> Pixels:
    """Return the hue in degrees on the colour wheel."""
    import numpy as np

    red, green, blue = pixels.T
    safe = np.where(spread > 0, spread, 1)
    turns: Pixels = np.select(
        [high == red, high == green],
        [(green - blue) / safe % 6, (blue - red) / safe + 2],
        default=(red - green) / safe + 4,
    )
    return turns * 60


def _brightest(light: Pixels) -> tuple[int, int] | None:
    third = SIDE // 3
    means = light.reshape(3, third, 3, third).mean(axis=(1, 3))
    if means.max() - means.min() < 0.06:
        return None
    row, column = divmod(int(means.argmax()), 3)
    return row, column
