"""Convert arrays of samples to PCM16 and WAV."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard

from omni_nb.errors import MediaError, brief
from omni_nb.media.sources import described

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LEAST_RATE = 1000
_WAV_BYTES_MAX = 2**32 - 1024
"""A WAV file writes its size in 32 bits."""


def are_samples(given: object) -> TypeGuard[tuple[Any, Any]]:
    """Return whether ``given`` can only be meant as ``(samples, sample_rate)``.

    So are a list of samples, and the two in the other order, for which `checked_rate` has a hint;
    but with a rate that sound has: other numbers may be anything.
    """
    if not (isinstance(given, tuple) and len(given) == 2):
        return False
    first, second = given
    if getattr(first, "ndim", 0) in (1, 2) and _is_number(second):
        return True
    samples, rate = (first, second) if _is_number(second) else (second, first)
    return _is_number(rate) and rate >= _LEAST_RATE and _is_row(samples)


def as_pcm16(samples: Any) -> npt.NDArray[np.int16]:
    """Return samples as int16 of shape (n, channels).

    Parameters
    ----------
    samples
        Floats from -1 to 1, int16, int32 or uint8, of shape (n,), (n, 1) or (n, 2); also
        (1, n) and (2, n) where n is more than 2.

    Raises
    ------
    MediaError
        The samples are of another type or shape, beyond their range, or none at all.

    Examples
    --------
    >>> import numpy as np
    >>> as_pcm16(np.array([0.0, 0.5, -1.0])).ravel().tolist()
    [0, 16384, -32768]
    """
    import numpy as np

    try:
        array = np.asarray(samples)
    except Exception as error:  # an object's __array__ may raise anything
        raise MediaError(f"{described(samples)} cannot be read as samples: {error}.") from error
    array = _upright(array)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype == np.int16:
        return np.ascontiguousarray(array, np.int16)
    if array.dtype == np.int32:
        upper: npt.NDArray[np.int16] = (array >> 16).astype(np.int16)
        return upper
    if array.dtype == np.uint8:
        louder: npt.NDArray[np.int16] = (array.astype(np.int16) - 128) * np.int16(256)
        return louder
    if np.issubdtype(array.dtype, np.floating):
        return _from_floats(array)
    raise MediaError(
        f"Samples of {array.dtype} are ambiguous. Accepted: floats from -1 to 1, int16, int32 or "
        "uint8."
    )


def checked_rate(sample_rate: Any) -> int:
    """Return a sample rate as an int; raise `MediaError` for any other value."""
    if _is_number(sample_rate) and 0 < sample_rate < 2**31 and sample_rate == int(sample_rate):
        return int(sample_rate)
    hint = ""
    if getattr(sample_rate, "ndim", 0) or _is_row(sample_rate):
        hint = (
            " The samples come first: (samples, sample_rate); scipy.io.wavfile.read gives "
            "them the other way round."
        )
    given = brief(sample_rate) if _is_number(sample_rate) else described(sample_rate)
    raise MediaError(
        "A sample rate is a whole number of samples per second, such as 16000; this is "
        f"{given}.{hint}"
    )


def wav_file(pcm: bytes | bytearray, sample_rate: int, channels: int = 1) -> bytes:
    """Return a WAV file of little-endian PCM16; raise `MediaError` when it is too long."""
    file = io.BytesIO()
    write_wav(file, pcm, sample_rate, channels)
    return file.getvalue()


def write_wav(file: BinaryIO, pcm: bytes | bytearray, sample_rate: int, channels: int = 1) -> None:
    """Write a WAV file of little-endian PCM16, without a copy of it in memory; as `wav_file`."""
    if len(pcm) > _WAV_BYTES_MAX:
        raise MediaError(
            f"{len(pcm) / 2**30:.1f} GB of samples are more than a WAV file holds (4 GB). Cut them."
        )
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(pcm)


def _is_number(value: object) -> bool:
    import numpy as np

    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_row(value: Any) -> bool:
    """Return whether a value is an array of samples, or a list of numbers or of rows of them."""
    for _ in range(2):
        if isinstance(value, (list, tuple)) and value and not _is_number(value[0]):
            value = value[0]
    is_list = isinstance(value, (list, tuple)) and bool(value) and _is_number(value[0])
    return is_list or getattr(value, "ndim", 0) in (1, 2)


def _upright(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array in the shape (n, channels)."""
    if not array.size:
        raise MediaError(f"There is nothing to hear: no samples, in an array of {array.shape}.")
    if array.ndim == 1:
        return array.reshape(-1, 1)
    if array.ndim == 2 and array.shape[1] <= 2:
        return array
    if array.ndim == 2 and array.shape[0] <= 2:  # so there are more than 2 columns
        columns: np.ndarray[Any, Any] = array.T
        return columns
    raise MediaError(
        f"An array of shape {array.shape} is no sound. Accepted: (samples,), or (samples, 2) for "
        "stereo; mix more channels down, such as samples.mean(axis=1)."
    )


def _from_floats(array: np.ndarray[Any, Any]) -> npt.NDArray[np.int16]:
    import numpy as np

    low, high = float(array.min()), float(array.max())
    if not (low >= -1 and high <= 1):  # also true for NaN
        raise MediaError(
            f"Float samples are from -1 to 1; these go from {low:g} to {high:g}. Scale them, such "
            "as samples / abs(samples).max(), or clip them."
        )
    # PCM16 divided by 32768, as most readers give it, comes back exactly
    wide = np.rint(array.astype(np.float64) * 32768)
    pcm: npt.NDArray[np.int16] = np.minimum(wide, 32767).astype(np.int16)
    return pcm
