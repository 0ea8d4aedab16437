"""The parts of a message: text and images, and the doors that make them."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from omni_nb.errors import MediaError
from omni_nb.media.drawn import draw, encoded, flat
from omni_nb.media.probe import probe_image
from omni_nb.media.sources import RemoteSource, encode_data_url, open_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias


THUMBNAIL_PIXELS = 240


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words."""

    text: str
    modality: ClassVar[str] = "text"

    def payload(self) -> dict[str, Any]:
        """Return the content part as the service takes it."""
        return {"type": "text", "text": self.text}


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image that we hold: its bytes, MIME type and displayed size (pixels)."""

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    name: str = "image"
    modality: ClassVar[str] = "image"

    @property
    def total_bytes(self) -> int:
        """The size of the image file."""
        return len(self.data)

    def payload(self) -> dict[str, Any]:
        """Return the content part as the service takes it: a data URL."""
        return {"type": "image_url", "image_url": {"url": encode_data_url(self.data, self.mime)}}

    def thumbnail(self, pixels: int = THUMBNAIL_PIXELS) -> bytes | None:
        """Return a small JPEG of the picture, or None when it cannot be decoded."""
        from PIL import Image, ImageOps

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(self.data)) as image:
                    image.draft("RGB", (pixels * 2, pixels * 2))
                    image.thumbnail((pixels * 2, pixels * 2))
                    small = flat(ImageOps.exif_transpose(image))
        except Exception:  # a damaged picture is the service's to judge; we only show less
            return None
        small.thumbnail((pixels, pixels))
        return encoded(small, "JPEG", quality=70)


@dataclass(frozen=True, slots=True)
class ImageURLPart:
    """An image at a public URL. The service fetches it; we know nothing more of it."""

    url: str
    modality: ClassVar[str] = "image"

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return RemoteSource(self.url).name

    def payload(self) -> dict[str, Any]:
        """Return the content part as the service takes it."""
        return {"type": "image_url", "image_url": {"url": self.url}}


Part: TypeAlias = "TextPart | ImagePart | ImageURLPart"
PART_TYPES = (TextPart, ImagePart, ImageURLPart)


def image(given: Any) -> ImagePart | ImageURLPart:
    """Make an image part of anything that is a picture.

    Parameters
    ----------
    given
        A path, URL, data URL, bytes, binary file object, PIL image, array of shape (h, w),
        (h, w, 1), (h, w, 3) or (h, w, 4), matplotlib Figure, or any object that has
        ``_repr_png_``. Arrays are ``uint8`` 0–255, ``bool``, or floats 0–1. A URL is passed
        on as it is; the service fetches it.

    Raises
    ------
    MediaError
        It is not a picture, or cannot be read. The message says what was given.

    Examples
    --------
    >>> import numpy as np
    >>> image(np.zeros((30, 40, 3), dtype="uint8"))
    ImagePart(mime='image/png', width=40, height=30, name='array 40×30')
    """
    if isinstance(given, (ImagePart, ImageURLPart)):
        return given
    source = open_source(given, kind="image") or draw(given)
    if source is None:
        raise MediaError(
            f"An image cannot be made of {_describe(given)}. Accepted: a path, URL, data URL, "
            "bytes, file object, PIL image, array, matplotlib Figure, or an object with _repr_png_."
        )
    if isinstance(source, RemoteSource):
        return ImageURLPart(source.url)
    facts = probe_image(source.data, name=source.name)
    return ImagePart(source.data, facts.mime, facts.width, facts.height, source.name)


def as_parts(given: Any) -> tuple[Part, ...]:
    """Turn what a person passed into parts: one door for everything.

    A ``str`` is always text: paths and URLs come through `image`. Lists and tuples are
    flattened.

    Raises
    ------
    MediaError
        Something in it cannot be a part; the message names its type.

    Examples
    --------
    >>> as_parts(["What is this?", "And why?"])
    (TextPart(text='What is this?'), TextPart(text='And why?'))
    """
    if given is None:
        return ()
    if isinstance(given, PART_TYPES):
        return (given,)
    if isinstance(given, str):
        return (TextPart(given),)
    if isinstance(given, (list, tuple)):
        return tuple(part for item in given for part in as_parts(item))
    return (image(given),)


def as_images(given: Any) -> tuple[Part, ...]:
    """Turn the ``image=`` argument, one picture or a list of them, into parts."""
    if given is None:
        return ()
    many = given if isinstance(given, (list, tuple)) else [given]
    return tuple(image(item) for item in many)


def _describe(given: object) -> str:
    kind = type(given)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"{name} of length {len(given)}" if isinstance(given, (dict, set)) else f"{name}"


def join_text(parts: Iterable[Part]) -> str:
    """Return the words of a message, without its media."""
    return "\n".join(part.text for part in parts if isinstance(part, TextPart))
