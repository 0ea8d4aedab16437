"""Draw the images of the explorers, readable on white and on black."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.drawn import encoded
from omni_nb.render.palette import MODALITY_COLORS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import PIL.Image

BOX: Final = (440, 330)
"""The width and height that a grid takes on the page at most, in pixels."""

AUDIO_BOX: Final = (440, 64)
_LEAST_SQUARE: Final = 4  # pixels on the page: finer grids would be a grey haze
_LEAST_SECOND: Final = 6
_LIMIT_COLOR: Final = (213, 94, 0)  # Okabe and Ito's vermilion
_LEFT_OUT_COLOR: Final = (128, 128, 128)


def fitted(columns: int, rows: int) -> tuple[int, int]:
    """Return the size of a grid on the page, in pixels.

    Examples
    --------
    >>> fitted(40, 30), fitted(400, 2)
    ((440, 330), (440, 6))
    """
    scale = min(BOX[0] / columns, BOX[1] / rows)
    return max(6, round(columns * scale)), max(6, round(rows * scale))


def is_fine(columns: int, rows: int) -> bool:
    """Return whether the squares are too small on the page to be drawn."""
    width, height = fitted(columns, rows)
    return min(width / columns, height / rows) < _LEAST_SQUARE


def draw_grid(columns: int, rows: int) -> bytes:
    """Draw the outline of an image and its squares, as a transparent PNG."""
    import numpy as np
    from PIL import Image

    width, height = fitted(columns, rows)
    indices = _lines(columns, rows, width, height).astype(np.uint8)
    image = Image.fromarray(indices)
    color = _color("image")
    image.putpalette([*color, *color])
    return encoded(image, "PNG", transparency=bytes([48, 255]), compress_level=1)


def draw_photo(photo: PIL.Image.Image, columns: int, rows: int, side: int) -> bytes:
    """Draw a photo as coarse as the model sees it, and the squares over it, as a JPEG."""
    import numpy as np
    from PIL import Image

    width, height = fitted(columns, rows)
    seen = photo.resize((min(width, columns * side), min(height, rows * side)))
    pixels = np.array(seen.resize((width, height), Image.Resampling.NEAREST).convert("RGB"))
    pixels[_lines(columns, rows, width, height)] = _color("image")
    return encoded(Image.fromarray(pixels), "JPEG", quality=75, subsampling=0)


def read_photo(thumbnail: bytes | None) -> PIL.Image.Image | None:
    """Open a thumbnail for drawing."""
    from PIL import Image

    return None if thumbnail is None else Image.open(io.BytesIO(thumbnail)).convert("RGB")


def draw_audio(
    seconds: float, counted: float, span: float, *, limit: float | None, peaks: Any = None
) -> bytes:
    """Draw a duration over a scale of ``span`` seconds, as a transparent PNG.

    Parameters
    ----------
    seconds, counted
        How long the audio is (dark), and how long it counts (light), in seconds.
    limit
        Where the model's limit stands, if it is on the scale.
    peaks
        The heights (0–1) of a waveform, one for each pixel from the start on; what lies beyond
        ``seconds`` is drawn in grey.
    """
    import numpy as np
    from PIL import Image

    width, height = AUDIO_BOX
    at = np.arange(width) / width * span
    indices = np.zeros((height, width), np.uint8)
    indices[8:-8, at < counted] = 1
    if width / span >= _LEAST_SECOND:
        starts = (np.arange(1, int(span) + 1) / span * width).astype(int)
        indices[8:-8, starts[starts < width]] = 0
    _fill_audio(indices, at < seconds, peaks)
    if limit is not None and limit < span:
        column = int(limit / span * width)
        indices[:, column : column + 2] = 4
    image = Image.fromarray(indices)
    green = _color("audio")
    image.putpalette([0, 0, 0, *green, *green, *_LEFT_OUT_COLOR, *_LIMIT_COLOR])
    return encoded(image, "PNG", transparency=bytes([0, 64, 255, 160, 255]), compress_level=1)


def peaks_of(waveform: bytes, seconds: float, span: float) -> npt.NDArray[np.float64]:
    """Return the heights of a drawn waveform, spread over its seconds of the scale."""
    import numpy as np
    from PIL import Image

    drawn = np.array(Image.open(io.BytesIO(waveform))) > 0
    heights = drawn.mean(axis=0)
    width = max(1, round(min(1.0, seconds / span) * AUDIO_BOX[0]))
    shown = heights[: max(1, round(len(heights) * min(1.0, span / seconds)))]
    spread: npt.NDArray[np.float64] = shown[np.arange(width) * len(shown) // width]
    return spread


def _fill_audio(
    indices: npt.NDArray[np.uint8], is_heard: npt.NDArray[np.bool_], peaks: Any
) -> None:
    import numpy as np

    height, width = indices.shape
    reach = np.zeros(width)
    if peaks is None:
        reach[is_heard] = 0.25
    else:
        reach[: len(peaks)] = peaks
        reach[is_heard] = np.maximum(reach[is_heard], 1 / height)
    rows = np.abs(np.arange(height) - (height - 1) / 2)
    is_audio = rows[:, None] < reach * height / 2
    indices[is_audio & is_heard] = 2
    indices[is_audio & ~is_heard] = 3


def _lines(columns: int, rows: int, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Return the pixels of the outline, and of the lines between squares that have room."""
    import numpy as np

    marked = np.zeros((height, width), bool)
    marked[[0, -1]] = True
    marked[:, [0, -1]] = True
    if not is_fine(columns, rows):
        marked[(np.arange(rows) * height / rows).astype(int)] = True
        marked[:, (np.arange(columns) * width / columns).astype(int)] = True
    return marked


def _color(modality: str) -> tuple[int, int, int]:
    value = MODALITY_COLORS[modality].lstrip("#")
    return int(value[:2], 16), int(value[2:4], 16), int(value[4:], 16)
