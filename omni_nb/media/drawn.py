"""Encode images in memory as files: PIL images, arrays, Figures, anything with a PNG."""

from __future__ import annotations

import io
import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeGuard

from omni_nb.errors import MediaError
from omni_nb.media.pixels import flat, normal
from omni_nb.media.sources import LocalSource, decode_data_url

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import PIL.Image

_PNG_TOO_LARGE_BYTES = 10 * 1024 * 1024


def draw(given: Any) -> LocalSource | None:
    """Return an object's image file, or None when it is no image.

    Raises
    ------
    MediaError
        The object is of a kind that we know, but has no image.
    """
    for is_recognised, drawn in _DRAWERS:
        if is_recognised(given):
            return drawn(given)
    return None


def is_pil_image(given: object) -> TypeGuard[PIL.Image.Image]:
    """Return whether something is a PIL image, without importing Pillow."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(given, pil.Image)


def is_figure(given: object) -> bool:
    """Return whether something is a matplotlib Figure, without importing matplotlib."""
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(given, figure.Figure)


def _is_array(given: object) -> TypeGuard[np.ndarray[Any, Any]]:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(given, numpy.ndarray)


def _has_png(given: object) -> bool:
    return callable(getattr(given, "_repr_png_", None))


def _from_pil(given: PIL.Image.Image) -> LocalSource:
    name = PurePath(str(getattr(given, "filename", "") or "")).name
    width, height = given.size
    if not width or not height:
        raise MediaError(f"This PIL image has no pixels: {width} × {height}.")
    name = name or f"PIL image {width}×{height}"
    try:
        return LocalSource(lossless(normal(given)), name)
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(
            f"The image {name!r} cannot be read: {error}. It is closed, or its file is cut "
            "short. Open it again, or pass the path of the file.",
            hint="unreadable",
        ) from error


def _from_figure(given: Any) -> LocalSource:
    file = io.BytesIO()
    given.savefig(file, format="png", bbox_inches="tight")
    return LocalSource(file.getvalue(), "figure")


def _from_array(given: np.ndarray[Any, Any]) -> LocalSource:
    from PIL import Image

    pixels = _pixels(given)
    height, width = pixels.shape[:2]
    return LocalSource(lossless(Image.fromarray(pixels)), f"array {width}×{height}")


def _from_repr_png(given: Any) -> LocalSource:
    data = given._repr_png_()
    data = data[0] if isinstance(data, tuple) else data  # (data, metadata) is allowed by IPython
    if isinstance(data, str):  # IPython also takes base64 text
        return LocalSource(_base64_png(data), type(given).__name__)
    if not isinstance(data, bytes) or not data:
        raise MediaError(f"_repr_png_ of this {type(given).__name__} gave no PNG.")
    return LocalSource(data, type(given).__name__)


def _base64_png(text: str) -> bytes:
    return decode_data_url(f"data:image/png;base64,{text}")


_DRAWERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], LocalSource]], ...] = (
    (is_pil_image, _from_pil),
    (_is_array, _from_array),
    (is_figure, _from_figure),
    (_has_png, _from_repr_png),
)


def _pixels(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array as uint8 of a shape that Pillow takes."""
    import numpy as np

    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if (
        array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] not in (3, 4))
        or not array.size
    ):
        raise MediaError(
            f"An array of shape {array.shape} is not a picture. Accepted: (height, width), "
            "(height, width, 1), (height, width, 3) for RGB or (height, width, 4) for RGBA."
        )
    if array.dtype == np.uint8:
        contiguous: np.ndarray[Any, Any] = np.ascontiguousarray(array)
        return contiguous
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if np.issubdtype(array.dtype, np.floating):
        return _from_floats(array)
    raise MediaError(
        f"An array of {array.dtype} is ambiguous as a picture. Accepted: uint8 (0–255), bool, "
        "or floats from 0 to 1; gray of 16 bits as PIL.Image.fromarray(array)."
    )


def _from_floats(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # also true for NaN
        raise MediaError(
            f"A float array is a picture when its values are from 0 to 1; these go from {low:g} "
            f"to {high:g}. Scale it, or pass a matplotlib Figure of it."
        )
    pixels: np.ndarray[Any, Any] = np.rint(array * 255).astype(np.uint8)
    return pixels


def lossless(image: PIL.Image.Image) -> bytes:
    """Return a `normal` image as PNG, or as JPEG where its PNG is too large to send."""
    png = encoded(image, "PNG", compress_level=3)
    if len(png) <= _PNG_TOO_LARGE_BYTES or "A" in image.mode or "transparency" in image.info:
        return png
    return jpeg(flat(image), quality=95)


def jpeg(image: PIL.Image.Image, **options: Any) -> bytes:
    """Return a `flat` image as JPEG, with its colour profile."""
    return encoded(image, "JPEG", icc_profile=image.info.get("icc_profile"), **options)


def encoded(image: PIL.Image.Image, form: str, **options: Any) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
