"""Bring images to the same pixels, whatever they come as: upright, of 8 bits, in RGB or gray.

A file, its bytes, a PIL image of it and each frame of it give the same picture. The rule for gray
of more than 8 bits:

* 16 bits (``I;16``): black is 0 and white 65535.
* 32 bits (``I``): as they are up to 255; up to 65535 as 16 bits; else from the least to the
  greatest value.
* Floats (``F``): from 0 to 1, or as they are from 1 to 255; else from the least to the greatest.

Arrays of numbers do not say what they mean, as the mode of an image does; so they are taken only
where there is one meaning: ``uint8``, ``bool`` and floats from 0 to 1.
"""

from __future__ import annotations

import io
import threading
import warnings
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import PIL.Image

MOST_PIXELS: Final = 89_478_485
"""An image of more pixels is decoded only to be made smaller: Pillow warns of it."""

PLAIN_MODES: Final = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})
"""Pillow's names of the pixels that every program reads alike."""

EXIF_NAMES: Final = frozenset({"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"})
"""Where Pillow keeps what says how an image is turned."""

EXIF_ORIENTATION: Final = 0x0112
_SUBFILE_TYPE: Final = 254  # a tag of TIFF 6.0
_BOMB_FACTOR: Final = 1.25  # with Pillow's own factor of 2: up to 223 megapixels, as phones make
_STRIP_PIXELS: Final = 2**22
_ROWS_AT_ONCE: Final = 256
_OPENING = threading.Lock()


@contextmanager
def opened_image(file: BinaryIO) -> Iterator[PIL.Image.Image]:
    """Open an image, also one of 200 megapixels, without Pillow's warnings.

    Pillow raises what its readers happen to raise.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged headers and large images
        with open_image(file) as image:
            yield image


def open_image(file: BinaryIO) -> PIL.Image.Image:
    """Return an image of which only the header is read."""
    from PIL import Image

    try:
        return Image.open(file)
    except Image.DecompressionBombError:
        with _raised_limit():
            return Image.open(file)


def _load(image: PIL.Image.Image) -> None:
    """Decode an image; Pillow looks at the size of some formats once more."""
    from PIL import Image

    most = Image.MAX_IMAGE_PIXELS
    is_beyond = most is not None and image.width * image.height > 2 * most
    with _raised_limit() if is_beyond else nullcontext():
        image.load()


@contextmanager
def _raised_limit() -> Iterator[None]:
    """Raise Pillow's limit for a moment; it is one for all threads."""
    from PIL import Image

    with _OPENING:
        usual = Image.MAX_IMAGE_PIXELS
        if usual is not None:
            Image.MAX_IMAGE_PIXELS = int(usual * _BOMB_FACTOR)
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = usual


def pages_of(image: PIL.Image.Image) -> list[int]:
    """Return the numbers of the pictures in a file of pages, or in an animation.

    What a camera adds to a JPEG, and smaller copies of a page in a TIFF file, are none. The image
    is at its first page afterwards.
    """
    if image.format in ("JPEG", "MPO"):
        return [0]
    try:
        total = int(getattr(image, "n_frames", 1))
        if image.format != "TIFF" or total == 1:
            return list(range(total))
        pages = [number for number in range(total) if not _is_smaller_copy(image, number)]
        image.seek(0)
    except Exception:  # a damaged or closed file: reading its pixels will say so
        return [0]
    return pages or [0]


def _is_smaller_copy(image: Any, number: int) -> bool:
    image.seek(number)
    return bool(image.tag_v2.get(_SUBFILE_TYPE, 0) & 1)


def normal(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image upright, in one of `PLAIN_MODES`, transparent where it was.

    Its colour profile stays in ``info`` where it is one of these pixels.
    """
    _load(image)  # a TIFF file is turned by Pillow
    turn = _turn(image)
    made = _plain(image)
    if turn is None:
        return made
    made = made.transpose(turn)
    made.info = {name: value for name, value in made.info.items() if name not in EXIF_NAMES}
    return made


def flat(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image as RGB and upright, on white where it is transparent, as on a page."""
    return _on_white(normal(image))


def decode_small(data: bytes, width: int, height: int) -> PIL.Image.Image:
    """Decode an image as `flat` does, of ``width`` × ``height`` or more where it is so large.

    A JPEG is decoded at a fraction of its size. Of any other image one strip at a time is made
    RGB, so that 200 megapixels fit in the memory of a small machine.
    """
    with opened_image(io.BytesIO(data)) as image:
        side = max(width, height) * 2
        image.draft("RGB", (side, side))
        _load(image)
        turn = _turn(image)
        factor = min(image.size) // max(1, min(width, height))
        made = _reduced(image, factor) if factor > 1 else _on_white(_plain(image))
        return made if turn is None else made.transpose(turn)


def small(data: bytes, pixels: int) -> PIL.Image.Image:
    """Return an image that fits in a square of so many pixels, as `flat` does."""
    made = decode_small(data, pixels, pixels)
    made.thumbnail((pixels, pixels))
    return in_srgb(made) or made


def in_srgb(image: PIL.Image.Image) -> PIL.Image.Image | None:
    """Return an image with the colours of its profile as sRGB; None without a good profile."""
    profile: Any = image.info.get("icc_profile")
    if not _is_profile_of(image, profile):
        return None
    try:
        from PIL import ImageCms

        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except Exception:  # a damaged profile, or a Pillow without the library for them
        return None
    if made is not None:
        made.info.pop("icc_profile", None)
    return made


def _reduced(image: PIL.Image.Image, factor: int) -> PIL.Image.Image:
    """Return an image as RGB on white, its sides divided by ``factor``, not turned."""
    from PIL import Image

    image = _eight_bits(image)
    rows = max(1, _STRIP_PIXELS // (image.width * factor)) * factor
    height = -(-image.height // factor)
    made = Image.new("RGB", (-(-image.width // factor), height))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        made.paste(_on_white(_plain(strip)).reduce(factor), (0, top // factor))
    if profile := image.info.get("icc_profile"):
        made.info["icc_profile"] = profile
    return _with_its_profile(made)


def _turn(image: PIL.Image.Image) -> PIL.Image.Transpose | None:
    """Return how an image is turned to stand upright, by its EXIF data or XMP."""
    from PIL.Image import Transpose

    try:
        orientation: Any = image.getexif().get(EXIF_ORIENTATION)
    except Exception:  # damaged data say nothing
        return None
    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)


def _plain(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image in one of `PLAIN_MODES`."""
    image = _eight_bits(image)
    match image.mode:
        case mode if mode in PLAIN_MODES:
            made = image
        case "CMYK" | "LAB":
            made = in_srgb(image) or _from_lab(image) or image.convert("RGB")
        case "RGBa" | "PA":
            made = image.convert("RGBA")
        case "La":
            made = image.convert("LA")
        case _:
            made = image.convert("RGB")
    return _with_its_profile(made)


def _from_lab(image: PIL.Image.Image) -> PIL.Image.Image | None:
    if image.mode != "LAB":
        return None
    from PIL import ImageCms

    profiles = (ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"))
    return ImageCms.profileToProfile(image, *profiles, outputMode="RGB")


def _with_its_profile(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image without a colour profile of other pixels, such as one of CMYK."""
    profile = image.info.get("icc_profile")
    if profile is None or _is_profile_of(image, profile):
        return image
    made = image.copy()
    del made.info["icc_profile"]
    return made


def _is_profile_of(image: PIL.Image.Image, profile: Any) -> bool:
    spaces = {"L": b"GRAY", "LA": b"GRAY", "1": b"GRAY", "CMYK": b"CMYK", "LAB": b"Lab "}
    return isinstance(profile, bytes) and profile[16:20] == spaces.get(image.mode, b"RGB ")


def _on_white(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image of `PLAIN_MODES` as RGB."""
    from PIL import Image

    if image.mode in ("LA", "RGBA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        made = Image.alpha_composite(white, clear).convert("RGB")
    else:
        made = image.convert("RGB")
    made.info = {}
    if _is_profile_of(made, profile := image.info.get("icc_profile")):
        made.info["icc_profile"] = profile
    return made


def _eight_bits(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return gray of more than 8 bits as ``L``, or as ``LA`` where a value is transparent."""
    import numpy as np
    from PIL import Image

    if image.mode[:1] not in ("I", "F"):
        return image
    deep = np.asarray(image)
    low, high = _range(deep, image.mode)
    gray = np.empty(deep.shape, np.uint8)
    for top in range(0, len(deep), _ROWS_AT_ONCE):  # large images: no second copy in floats
        rows = np.nan_to_num(deep[top : top + _ROWS_AT_ONCE].astype(np.float64), nan=low)
        scaled = (np.clip(rows, low, high) - low) * (255 / (high - low))
        gray[top : top + _ROWS_AT_ONCE] = np.rint(scaled)
    made = Image.fromarray(gray)
    clear = image.info.get("transparency")
    made.info = {name: value for name, value in image.info.items() if name != "transparency"}
    if isinstance(clear, (int, float)):
        made.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
    return made


def _range(deep: npt.NDArray[Any], mode: str) -> tuple[float, float]:
    """Return the values that are black and white; see the rule at the top of this module."""
    import numpy as np

    if mode.startswith("I;16"):
        return 0.0, 65535.0
    finite = deep[np.isfinite(deep)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    usual = (1.0, 255.0) if mode.startswith("F") else (255.0, 65535.0)
    for white in usual:
        if low >= 0 and high <= white:
            return 0.0, white
    return (low, high) if high > low else (low - 1, low + 1)
