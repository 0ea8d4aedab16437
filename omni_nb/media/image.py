"""Make image parts of a message."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from omni_nb.errors import MediaError
from omni_nb.media import heic
from omni_nb.media.drawn import draw, encoded, flat
from omni_nb.media.probe import kind_of, probe_image
from omni_nb.media.shown import Shown
from omni_nb.media.sources import (
    LocalSource,
    RemoteSource,
    described,
    embed,
    open_source,
    read_all,
)

if TYPE_CHECKING:
    from omni_nb.media.probe import ImageFacts
    from omni_nb.media.sources import Embed, HeldSource

THUMBNAIL_PIXELS = 240


@dataclass(frozen=True, slots=True)
class ImagePart(Shown):
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

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it: a data URL."""
        url = embed(LocalSource(self.data, self.name), self.mime)
        return {"type": "image_url", "image_url": {"url": url}}

    def thumbnail(self, pixels: int = THUMBNAIL_PIXELS) -> bytes | None:
        """Return a small JPEG of the image, or None when it cannot be decoded."""
        from PIL import Image, ImageOps

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(self.data)) as image:
                    image.draft("RGB", (pixels * 2, pixels * 2))
                    image.thumbnail((pixels * 2, pixels * 2))
                    small = flat(ImageOps.exif_transpose(image))
        except Exception:  # a damaged image is the service's to judge; we only show less
            return None
        small.thumbnail((pixels, pixels))
        return encoded(small, "JPEG", quality=70)


@dataclass(frozen=True, slots=True)
class ImageURLPart(Shown):
    """An image at a public URL. The service fetches it; we know nothing more of it."""

    url: str
    modality: ClassVar[str] = "image"

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return RemoteSource(self.url).name

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it."""
        return {"type": "image_url", "image_url": {"url": self.url}}


def image(given: Any) -> ImagePart | ImageURLPart:
    """Make an image part of a file, a URL or an object that shows an image.

    Parameters
    ----------
    given
        A path, URL, data URL, bytes, binary file object, PIL image, array of shape (h, w),
        (h, w, 1), (h, w, 3) or (h, w, 4), matplotlib Figure, or any object that has
        ``_repr_png_``. Arrays are ``uint8`` 0–255, ``bool``, or floats 0–1. A phone's HEIC photo
        is sent as JPEG (``pip install "omni_nb[heic]"``). A URL is passed on as it is; the
        service fetches it.

    Raises
    ------
    MediaError
        The input is not an image, or cannot be read. The message says what was given.

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
            f"An image cannot be made of {described(given)}. Accepted: a path, URL, data URL, "
            "bytes, file object, PIL image, array, matplotlib Figure, or an object with _repr_png_."
        )
    if isinstance(source, RemoteSource):
        return ImageURLPart(source.url)
    facts = _probed(source)
    if facts.mime == heic.MIME:
        source = heic.as_jpeg(source)
        facts = _probed(source)
    return ImagePart(read_all(source), facts.mime, facts.width, facts.height, source.name)


def _probed(source: HeldSource) -> ImageFacts:
    try:
        with source.open() as file:
            return probe_image(file, name=source.name)
    except MediaError:
        kind = kind_of(source)
        if kind in ("audio", "video"):
            raise MediaError(f"{source.name!r} is no image; pass it as {kind}=.") from None
        raise
