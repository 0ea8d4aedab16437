"""What a piece of media is: read from its header, without decoding it."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

from omni_nb.errors import MediaError

_EXIF_ORIENTATION: Final = 0x0112


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """MIME type and displayed size (pixels) of an image."""

    mime: str
    width: int
    height: int


def probe_image(data: bytes, *, name: str) -> ImageFacts:
    """Read the facts of an image from its header.

    Raises
    ------
    MediaError
        The bytes are not an image that Pillow knows, or it has too many pixels to be safe.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> Image.new("RGB", (20, 10)).save(file := io.BytesIO(), "PNG")
    >>> probe_image(file.getvalue(), name="dot.png")
    ImageFacts(mime='image/png', width=20, height=10)
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged headers and large pictures: judged below
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                turned = image.format != "TIFF" and image.getexif().get(_EXIF_ORIENTATION, 1) >= 5
                mime = Image.MIME.get(image.format or "", "")
    except UnidentifiedImageError:
        raise MediaError(
            f"{name!r} is not an image that Pillow can read (it starts with {data[:8]!r}). "
            "PNG, JPEG, WEBP, GIF, BMP and TIFF work."
        ) from None
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name!r} is too large to be a picture: {error}") from None
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The header of the image {name!r} is damaged: {error}.") from error
    if not mime:
        raise MediaError(f"{name!r} is an image with no MIME type; save it as PNG or JPEG.")
    return ImageFacts(mime, *((height, width) if turned else (width, height)))
