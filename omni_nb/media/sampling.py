"""How closely a service looks at an image or a video: frames a second, and pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from omni_nb.errors import MediaError, brief

_MOST_FPS: Final = 240
_MOST_PIXELS: Final = 2**31


@dataclass(frozen=True, slots=True)
class Sampling:
    """How closely to look at one medium; None: as the model does by itself.

    Attributes
    ----------
    fps
        How many frames of each second of a video.
    min_pixels, max_pixels
        The smallest and the largest area that an image, or a frame, is scaled to.

    Examples
    --------
    >>> Sampling(max_pixels=200_704).payload()
    {'max_pixels': 200704}
    """

    fps: float | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None

    def __post_init__(self) -> None:
        fps = self.fps
        if fps is not None and not (_is_number(fps) and 0 < fps <= _MOST_FPS):
            raise MediaError(
                f"fps is how many frames a second are looked at, over 0 and up to {_MOST_FPS}; "
                f"this is {brief(fps)}."
            )
        for name in ("min_pixels", "max_pixels"):
            pixels = getattr(self, name)
            is_whole = isinstance(pixels, int) and not isinstance(pixels, bool)
            if pixels is not None and not (is_whole and 1 <= pixels <= _MOST_PIXELS):
                raise MediaError(
                    f"{name} is an area in pixels, such as 448 * 448; this is {brief(pixels)}."
                )
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise MediaError(
                f"min_pixels={self.min_pixels} is more than max_pixels={self.max_pixels}."
            )

    def payload(self) -> dict[str, Any]:
        """Return the keys of a content part, beside its URL."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in named.items() if value is not None}


def sampling_of(**given: Any) -> Sampling | None:
    """Return how closely to look; None where nothing is given.

    Raises
    ------
    MediaError
        A value is out of its range.

    Examples
    --------
    >>> sampling_of(fps=None), sampling_of(fps=1)
    (None, Sampling(fps=1, min_pixels=None, max_pixels=None))
    """
    return Sampling(**given) if any(value is not None for value in given.values()) else None


def keys_of(sampling: Sampling | None) -> dict[str, Any]:
    """Return the keys of a content part that say how closely to look."""
    return sampling.payload() if sampling else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
