"""Convert the frames and the audio of a video for a smaller copy of it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from omni_nb.media.extract import INPUT_SAMPLE_RATE, rotation
from omni_nb.media.resample import Resampler, mixed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.media.resample import Samples

_BT709 = 1  # the number of the matrix, in ffmpeg as in ITU-T H.273
_LIMITED = 1  # the range of video: black is 16, white 235
_AAC_FRAME_SAMPLES = 1024


class VideoConverter:
    """Convert a video's frames: upright, scaled, at most ``fps`` a second, up to an end.

    Parameters
    ----------
    seconds
        Where to cut.
    shown_seconds
        Where the last frame disappears; it may be shown for long.

    Attributes
    ----------
    places, total_frames
        How long that is, in units of ``1 / fps``, and how many frames were taken.
    """

    def __init__(
        self, fps: Fraction, size: tuple[int, int], seconds: float, shown_seconds: float
    ) -> None:
        self.fps, self.size = fps, size
        self.places = self.total_frames = 0
        self.is_ended = False
        self._most_places = max(1, int(min(seconds * fps, 2**31)))
        self._shown_places = min(self._most_places, round(shown_seconds * fps))
        self._start: float | None = None
        self._latest: Any = None

    def convert(self, frame: Any) -> Iterator[Any]:
        """Yield the frame to encode, if it is one; None ends the video."""
        if frame is None:
            yield from self._last_again()
            return
        if frame.time is None:
            return
        self._start = frame.time if self._start is None else self._start
        place = math.floor((frame.time - self._start) * self.fps + Fraction(1, 100))
        self.is_ended = place >= self._most_places
        if self.places <= place and not self.is_ended:
            yield self._made(frame, place)

    def _last_again(self) -> Iterator[Any]:
        """Yield the last frame at the place where it disappears, if it is shown for long."""
        if self._latest is not None and self.places < self._shown_places - 1:
            yield self._made(self._latest, self._shown_places - 1)

    def _made(self, frame: Any, place: int) -> Any:
        self.places, self._latest = place + 1, frame
        self.total_frames += 1
        made = _scaled(frame, *self.size)
        made.pts, made.time_base = place, 1 / self.fps
        return made


def _scaled(frame: Any, width: int, height: int) -> Any:
    """Return a frame upright and scaled, in YUV of the matrix and range that it names."""
    import av
    import numpy as np

    turns = rotation(frame) // 90 % 4
    if not turns:
        return _planar(frame, width, height, "yuv420p")
    lying = (height, width) if turns % 2 else (width, height)
    planes = _planar(frame, *lying, "yuv444p").to_ndarray()
    turned = np.ascontiguousarray(np.rot90(planes, turns, axes=(1, 2)))
    return av.VideoFrame.from_ndarray(turned, "yuv444p").reformat(width, height, "yuv420p")


def _planar(frame: Any, width: int, height: int, form: str) -> Any:
    if frame.format.is_rgb:
        colors = {"dst_colorspace": _BT709, "dst_color_range": _LIMITED}
    elif frame.color_range:
        colors = {"src_color_range": frame.color_range, "dst_color_range": frame.color_range}
    else:
        colors = {}
    return frame.reformat(width, height, form, **colors)


def name_colors(given: Any, made: Any) -> None:
    """Name in one codec the matrix, range, primaries and curve that another one names."""
    if given.format is not None and given.format.is_rgb:  # `_planar` chooses
        made.colorspace, made.color_range = _BT709, _LIMITED
    else:
        made.colorspace, made.color_range = given.colorspace, given.color_range
    made.color_primaries, made.color_trc = given.color_primaries, given.color_trc


class AudioConverter:
    """Convert the frames of an audio track: 16 kHz mono, up to an end."""

    def __init__(self, seconds: float) -> None:
        import av

        self.is_ended = False
        self._most_samples = max(0.0, seconds) * INPUT_SAMPLE_RATE
        self._samples = 0
        self._resampler = Resampler(INPUT_SAMPLE_RATE)
        self._waiting = av.AudioFifo()

    def convert(self, frame: Any) -> Iterator[Any]:
        """Yield the pieces to encode now; None ends the track."""
        for samples in self._resampler.resample(frame):
            self._waiting.write(_mono_frame(samples))
        while piece := self._waiting.read(_AAC_FRAME_SAMPLES, partial=frame is None):
            self.is_ended = self._samples + piece.samples > self._most_samples
            if self.is_ended:
                return
            piece.pts, piece.time_base = self._samples, Fraction(1, INPUT_SAMPLE_RATE)
            self._samples += piece.samples
            yield piece


def _mono_frame(samples: Samples) -> Any:
    import av

    frame = av.AudioFrame.from_ndarray(mixed(samples).reshape(1, -1), "fltp", "mono")
    frame.sample_rate = INPUT_SAMPLE_RATE
    return frame
