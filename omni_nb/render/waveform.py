"""Draw audio as a waveform image: its peaks over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.drawn import encoded

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

COLOR: Final = (0, 158, 115)
"""The colour of audio everywhere in omni_nb; visible on white and on black."""

_WIDTH: Final = 240  # pixels
_HEIGHT: Final = 40


def waveform(samples: npt.NDArray[np.int16]) -> bytes:
    r"""Draw the peaks of audio as a transparent PNG of 240 × 40 pixels, less than a kilobyte.

    Quiet audio is drawn as high as loud audio, up to 20 times (26 dB); below that it looks as
    quiet as it is.

    Examples
    --------
    >>> import numpy as np
    >>> waveform(np.zeros(100, "int16"))[:4]
    b'\x89PNG'
    """
    import numpy as np
    from PIL import Image

    peaks = _peaks(samples)
    heights = np.maximum(1, np.rint(peaks / max(0.05, float(peaks.max())) * _HEIGHT / 2))
    rows = np.abs(np.arange(_HEIGHT) - (_HEIGHT - 1) / 2)
    image = Image.fromarray((rows[:, None] < heights).astype(np.uint8))
    image.putpalette([0, 0, 0, *COLOR])
    return encoded(image, "PNG", transparency=0, optimize=True)


def _peaks(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Return the largest amplitude (0–1) of each column."""
    import numpy as np

    if not samples.size:
        return np.zeros(_WIDTH)
    starts = np.linspace(0, samples.size, _WIDTH, endpoint=False).astype(int)
    loud: Any = np.maximum(
        np.maximum.reduceat(samples, starts).astype(float),
        -np.minimum.reduceat(samples, starts).astype(float),
    )
    peaks: npt.NDArray[np.float64] = loud / 32768
    return peaks
