"""Open HEIC, the format of phones' photos, where pillow-heif is installed."""

from __future__ import annotations

from typing import Final

from omni_nb.errors import MediaError

HINT: Final = "heic"
_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


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
