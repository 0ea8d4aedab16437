"""Make image parts of a message."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from omni_nb.errors import MediaError
from omni_nb.media.drawn import draw, encoded, jpeg, lossless
from omni_nb.media.pixels import MOST_PIXELS, PLAIN_MODES, flat, normal, opened_image, small
from omni_nb.media.probe import kind_of, probe_image
from omni_nb.media.sampling import Sampling, keys_of, sampling_of
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
    import PIL.Image

    from omni_nb.media.probe import ImageFacts
    from omni_nb.media.sources import Embed, HeldSource

THUMBNAIL_PIXELS = 240

_SENT: Final = frozenset({"BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"})
"""What services read (spec, "支持的图像"), if its pixels are plain; the rest is converted."""
_LOSSY: Final = frozenset({"AVIF", "HEIF", "JPEG", "JPEG2000", "WEBP"})


@dataclass(frozen=True, slots=True)
class ImagePart(Shown):
    """An image that we hold: its bytes, MIME type and displayed size (pixels)."""

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    name: str = "image"
    sampling: Sampling | None = field(default=None, repr=False)
    modality: ClassVar[str] = "image"

    @property
    def total_bytes(self) -> int:
        """The size of the image file."""
        return len(self.data)

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it: a data URL."""
        url = embed(LocalSource(self.data, self.name), self.mime)
        return {"type": "image_url", "image_url": {"url": url}, **keys_of(self.sampling)}

    def thumbnail(self, pixels: int = THUMBNAIL_PIXELS) -> bytes | None:
        """Return a small JPEG of the image, or None when it cannot be decoded."""
        try:
            made = small(self.data, pixels)
        except Exception:  # a damaged image is the service's to judge; we only show less
            return None
        return encoded(made, "JPEG", quality=70)


@dataclass(frozen=True, slots=True)
class ImageURLPart(Shown):
    """An image at a public URL. The service fetches it; we know nothing more of it."""

    url: str
    sampling: Sampling | None = field(default=None, repr=False)
    modality: ClassVar[str] = "image"

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return RemoteSource(self.url).name

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it."""
        return {"type": "image_url", "image_url": {"url": self.url}, **keys_of(self.sampling)}


def image(
    given: Any, *, min_pixels: int | None = None, max_pixels: int | None = None
) -> ImagePart | ImageURLPart:
    """Make an image part of a file, a URL or an object that shows an image.

    Parameters
    ----------
    given
        A path, URL, data URL, bytes, binary file object, PIL image, array of shape (h, w),
        (h, w, 1), (h, w, 3) or (h, w, 4), matplotlib Figure, or any object that has
        ``_repr_png_``. Arrays are ``uint8`` 0–255, ``bool``, or floats 0–1; the mode of a PIL
        image says what its values mean, so that gray of 16 bits or of floats is scaled. A PNG,
        JPEG, WEBP, GIF, BMP or TIFF file is sent as it is, unless its pixels are gray of more
        than 8 bits or CMYK; any other is sent as PNG or JPEG, and the name of the part says so.
        A phone's HEIC photo is one of the others (``pip install "omni_nb[heic]"``). A photo that
        a camera stored on its side is sent upright, for not every program turns it. A URL is
        passed on as it is; the service fetches it.
    min_pixels, max_pixels
        The smallest and the largest area that the service scales the image to, such as
        ``max_pixels=448 * 448`` to spend fewer tokens on it; a DashScope service heeds them.

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
    part = given if isinstance(given, (ImagePart, ImageURLPart)) else _image(given)
    sampling = sampling_of(min_pixels=min_pixels, max_pixels=max_pixels)
    return replace(part, sampling=sampling) if sampling else part


def _image(given: Any) -> ImagePart | ImageURLPart:
    source = open_source(given, kind="image") or draw(given)
    if source is None:
        raise MediaError(
            f"An image cannot be made of {described(given)}. Accepted: a path, URL, data URL, "
            "bytes, file object, PIL image, array, matplotlib Figure, or an object with _repr_png_."
        )
    if isinstance(source, RemoteSource):
        return ImageURLPart(source.url)
    facts = _probed(source)
    if facts.total_pages > 1:
        raise MediaError(
            f"{source.name!r} has {facts.total_pages} pages; an image is one. Pass the file as "
            "frames=, or one page of it as a PIL image."
        )
    data = read_all(source)
    as_it_is = ImagePart(data, facts.mime, facts.width, facts.height, source.name)
    is_read_alike = facts.form in _SENT and facts.mode in PLAIN_MODES
    is_large = facts.width * facts.height > MOST_PIXELS  # `shrink` brings it to plain pixels
    if facts.form in _SENT and (is_large or (is_read_alike and not facts.is_turned)):
        return as_it_is
    try:
        return _converted(data, facts, source.name)
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        if is_read_alike:  # a damaged image is the service's to judge
            return as_it_is
        raise MediaError(f"The image {source.name!r} cannot be decoded: {error}.") from error


def _converted(data: bytes, facts: ImageFacts, name: str) -> ImagePart:
    """Return an image upright, as PNG or JPEG; its name says so where its kind has changed."""
    with opened_image(io.BytesIO(data)) as image:
        if facts.form in _LOSSY and image.mode != "P" and "A" not in image.mode:
            made = normal(image) if image.mode == "L" else flat(image)
            file, form = jpeg(made, **_as_coarse_as(image)), "JPEG"
        else:
            made = normal(image)
            file = lossless(made)
            form = "JPEG" if file.startswith(b"\xff\xd8") else "PNG"
    if facts.form not in _SENT:
        name = f"{name} ({facts.form}, sent as {form})"
    elif facts.mode not in PLAIN_MODES:
        name = f"{name} ({facts.form} of mode {facts.mode}, sent as {form})"
    return ImagePart(file, f"image/{form.lower()}", *made.size, name)


def _as_coarse_as(image: PIL.Image.Image) -> dict[str, Any]:
    """Return how to save a JPEG again about as large as it was: by its own tables."""
    from PIL.JpegImagePlugin import get_sampling

    tables = getattr(image, "quantization", None)
    if not tables or image.mode not in ("L", "RGB"):
        return {"quality": 95}
    return {"qtables": tables, "subsampling": get_sampling(image)}


def _probed(source: HeldSource) -> ImageFacts:
    try:
        with source.open() as file:
            return probe_image(file, name=source.name)
    except MediaError:
        kind = kind_of(source)
        if kind in ("audio", "video"):
            raise MediaError(f"{source.name!r} is no image; pass it as {kind}=.") from None
        raise
