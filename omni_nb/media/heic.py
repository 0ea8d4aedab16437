"""Open HEIC, the format of phones' photos, where pillow-heif is installed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from omni_nb.errors import MediaError
from omni_nb.media.drawn import encoded, flat
from omni_nb.media.sources import LocalSource

if TYPE_CHECKING:
    from omni_nb.media.sources import HeldSource

MIME: Final = "image/heif"
"""What Pillow calls a HEIC photo."""

HINT: Final = "heic"
_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_JPEG_QUALITY: Final = 90


def is_heic(head: bytes) -> bool:
    r"""Return whether a file that begins so is a HEIC photo.

    Examples
    --------
    >>> is_heic(b"\0\0\0\x1cftypheic\0\0\0\0mif1heic")
    True
    """
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS and b"avif" not in head


def enable(name: str) -> None:
    """Have Pillow open HEIC.

    Raises
    ------
    MediaError
        Pillow-heif is not installed.
    """
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise MediaError(
            f"{name!r} is a HEIC photo, which Pillow opens with pillow-heif: pip install "
            '"omni_nb[heic]". Or save it as JPEG.',
            hint=HINT,
        ) from None
    register_heif_opener()


def as_jpeg(source: HeldSource) -> LocalSource:
    """Return a HEIC photo as JPEG, upright and in its own colours; services take no HEIC.

    Raises
    ------
    MediaError
        The photo is damaged.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a photo of many pixels is the limits' to judge
            with source.open() as file, Image.open(file) as photo:
                # upright already: pillow-heif turns it as it decodes
                profile = photo.info.get("icc_profile") if photo.mode == "RGB" else None
                data = encoded(flat(photo), "JPEG", quality=_JPEG_QUALITY, icc_profile=profile)
    except MediaError:
        raise
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The HEIC photo {source.name!r} is damaged: {error}.") from error
    return LocalSource(data, source.name)
