"""Bring decoded audio to one sample rate, with every channel that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

RATES: Final = range(1_000, 768_001)
"""Samples per second of sound; on what damaged files claim, ffmpeg's resampler would hang."""

_BLOCKS_PER_SECOND: Final = 4  # a codec's own frames would be many, and each costs some time


class Resampler:
    """Bring the frames of an audio track to floats of one sample rate.

    The track may change its rate, its format or its channels on the way, as a podcast does where
    an advertisement was put in.

    Notes
    -----
    The samples of all channels come interleaved, in the layout that the frame names: PyAV reads
    past the end of frames that hold 8 channels or more apart, and ffmpeg mixes down by rules that
    leave channels out (the one for low frequencies) or refuse (a layout without a name).
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._kind: tuple[str, str, int] | None = None
        self._channels = 0
        self._resampler: Any = None

    def resample(self, frame: Any) -> Iterator[Samples]:
        """Yield what is ready, as arrays (samples, channels) of -1 to 1; None yields the rest.

        Raises
        ------
        MediaError
            The frame has a sample rate or a number of channels that no sound has.
        """
        kind = None if frame is None else _kind(frame)
        if kind != self._kind:
            if self._resampler is not None:
                yield from self._arrays(None)
            self._resampler = None if frame is None else self._made(frame)
            self._kind = kind
        if frame is not None:
            frame.pts = None  # gaps in the file's times would upset the resampler
            yield from self._arrays(frame)

    def _made(self, frame: Any) -> Any:
        import av

        if frame.sample_rate not in RATES:
            raise MediaError(f"{frame.sample_rate:,} samples per second are no sound.")
        self._channels = frame.layout.nb_channels
        return av.AudioResampler(
            format="flt",
            layout=frame.layout,
            rate=self._sample_rate,
            frame_size=max(1, self._sample_rate // _BLOCKS_PER_SECOND),
        )

    def _arrays(self, frame: Any) -> Iterator[Samples]:
        import av
        import numpy as np

        try:
            pieces = self._resampler.resample(frame)
        except av.FFmpegError as error:  # more channels than ffmpeg can handle, 64
            raise MediaError(
                f"Sound of {self._channels} channels cannot be read: {error}. Mix it down."
            ) from error
        for piece in pieces:
            samples = piece.to_ndarray().reshape(-1, self._channels)
            # Floats of a damaged file are beyond full scale, or no numbers.
            yield np.clip(np.nan_to_num(samples), -1, 1)


def mixed(samples: Samples) -> Samples:
    """Return the mean of all channels: each of them is heard, also one that speaks alone."""
    mono: Samples = samples.mean(axis=1, dtype=samples.dtype)
    return mono


def pcm16(samples: Samples) -> bytes:
    """Return floats of -1 to 1 as little-endian PCM16; PCM16 itself comes back exactly."""
    import numpy as np

    pcm: bytes = np.minimum(np.floor(samples * 32768 + 0.5), 32767).astype("<i2").tobytes()
    return pcm


def _kind(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate
