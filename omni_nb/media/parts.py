"""The parts of a message: text and images, and the doors that make them."""

from __future__ import annotations

import io
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from omni_nb.errors import MediaError
from omni_nb.media.probe import probe_image
from omni_nb.media.sources import LocalSource, RemoteSource, encode_data_url, open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    import numpy as np
    import PIL.Image
    from matplotlib.figure import Figure

THUMBNAIL_PIXELS = 240
_PNG_TOO_LARGE_BYTES = 10 * 1024 * 1024


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
            with warnings.catch_warnings(), Image.open(io.BytesIO(self.data)) as image:
                warnings.simplefilter("ignore")
                image.draft("RGB", (pixels * 2, pixels * 2))
                image.thumbnail((pixels * 2, pixels * 2))
                small = _flat(ImageOps.exif_transpose(image))
        except Exception:  # a damaged picture is the service's to judge; we only show less
            return None
        small.thumbnail((pixels, pixels))
        return _encoded(small, "JPEG", quality=70)


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
    source = open_source(given, kind="image") or _drawn(given)
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


def _drawn(given: Any) -> LocalSource | None:
    """Draw an object that is a picture in memory."""
    for recognised, draw in _DRAWERS:
        if recognised(given):
            return draw(given)
    return None


def _is_pil_image(given: object) -> TypeGuard[PIL.Image.Image]:
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(given, pil.Image)


def _is_figure(given: object) -> TypeGuard[Figure]:
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(given, figure.Figure)


def _is_array(given: object) -> TypeGuard[np.ndarray[Any, Any]]:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(given, numpy.ndarray)


def _has_png(given: object) -> bool:
    return callable(getattr(given, "_repr_png_", None))


def _from_pil(given: PIL.Image.Image) -> LocalSource:
    name = PurePath(getattr(given, "filename", "") or "").name
    width, height = given.size
    if not width or not height:
        raise MediaError(f"This PIL image has no pixels: {width} × {height}.")
    return LocalSource(_lossless(given), name or f"PIL image {width}×{height}")


def _from_figure(given: Figure) -> LocalSource:
    file = io.BytesIO()
    given.savefig(file, format="png", bbox_inches="tight")
    return LocalSource(file.getvalue(), "figure")


def _from_array(given: np.ndarray[Any, Any]) -> LocalSource:
    from PIL import Image

    pixels = _pixels(given)
    height, width = pixels.shape[:2]
    return LocalSource(_lossless(Image.fromarray(pixels)), f"array {width}×{height}")


def _from_repr_png(given: Any) -> LocalSource:
    data = given._repr_png_()
    data = data[0] if isinstance(data, tuple) else data  # (data, metadata) is allowed by IPython
    if isinstance(data, str):  # IPython also takes base64 text
        return LocalSource(_base64_png(data), type(given).__name__)
    if not isinstance(data, bytes) or not data:
        raise MediaError(f"_repr_png_ of this {type(given).__name__} gave no PNG.")
    return LocalSource(data, type(given).__name__)


def _base64_png(text: str) -> bytes:
    from omni_nb.media.sources import decode_data_url

    return decode_data_url(f"data:image/png;base64,{text}")


_DRAWERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], LocalSource]], ...] = (
    (_is_pil_image, _from_pil),
    (_is_array, _from_array),
    (_is_figure, _from_figure),
    (_has_png, _from_repr_png),
)


def _pixels(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Bring an array to uint8 of a shape that Pillow takes."""
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
        "or floats from 0 to 1."
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


def _lossless(picture: PIL.Image.Image) -> bytes:
    """PNG; a picture whose PNG no service would take becomes JPEG of quality 95."""
    savable = picture if picture.mode in _PNG_MODES else picture.convert("RGB")
    png = _encoded(savable, "PNG", compress_level=3)
    if len(png) <= _PNG_TOO_LARGE_BYTES or "A" in savable.mode:
        return png
    return _encoded(_flat(savable), "JPEG", quality=95)


_PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}


def _encoded(picture: PIL.Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def _flat(picture: PIL.Image.Image) -> PIL.Image.Image:
    """RGB on white: what a page shows where a picture is transparent."""
    from PIL import Image

    if "A" not in picture.mode and "transparency" not in picture.info:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


def _describe(given: object) -> str:
    kind = type(given)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"{name} of length {len(given)}" if isinstance(given, (dict, set)) else f"{name}"


def join_text(parts: Iterable[Part]) -> str:
    """Return the words of a message, without its media."""
    return "\n".join(part.text for part in parts if isinstance(part, TextPart))
