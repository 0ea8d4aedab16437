"""Measure a video: duration, size, colours, movement and audio track."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from omni_nb.errors import MediaError
from omni_nb.media.counter import TrackCounter
from omni_nb.media.extract import rotation
from omni_nb.media.pixels import MOST_PIXELS
from omni_nb.offline.audio import AudioMeter, MeasuredAudio
from omni_nb.offline.containers import frames, opened, packets
from omni_nb.offline.image import SIDE, MeasuredImage, difference, measure_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.parts import ImageURLPart
    from omni_nb.media.sampling import Sampling

_EVERY_FRAME_PIXELS: Final = 200_000_000  # decode all frames up to here: 9 s of 720p
_KEY_FRAME_PIXELS: Final = 2 * _EVERY_FRAME_PIXELS  # then key frames, up to here
_STILL_CODECS: Final = frozenset({"bmp", "gif", "mjpeg", "png", "tiff", "webp"})
_MOST_SAMPLED: Final = 24
_SAMPLING_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class MeasuredVideo:
    """What was measured of a video.

    Attributes
    ----------
    seconds, fps
        Of its frames: how long they last, and how many a second on average.
    width, height
        Displayed size in pixels.
    sampled
        Some of its frames, in order.
    change
        The largest share (0–1) of the image that differs from one sampled frame to the next.
    audio
        Its audio track, if it has one.
    sampling
        How closely the request says to look; None where it does not.
    """

    seconds: float
    width: int
    height: int
    fps: float
    sampled: tuple[MeasuredImage, ...]
    change: float
    audio: MeasuredAudio | None
    sampling: Sampling | None = None


@dataclass(frozen=True, slots=True)
class MeasuredFrames:
    """A video given as a list of its frames; those at a URL are not measured."""

    images: tuple[MeasuredImage | ImageURLPart, ...]

    @property
    def measured(self) -> tuple[MeasuredImage, ...]:
        """The frames that are not at a URL."""
        return tuple(image for image in self.images if isinstance(image, MeasuredImage))

    @property
    def change(self) -> float:
        """The largest share (0–1) of the image that differs from one frame to the next."""
        return largest_change(self.measured)


def measure_video(file: BinaryIO) -> MeasuredVideo:
    """Measure a video.

    All of the file is read, so its duration is what is there and not what the header says;
    but only the start is decoded whole, and of the rest the key frames.

    Raises
    ------
    MediaError
        The video cannot be decoded, has no frames, or frames too large to be decoded safely.
    """
    with opened(file) as container:
        video = _VideoMeter(_video_stream(container))
        audio = AudioMeter(container.streams.audio[0]) if container.streams.audio else None
        for packet in packets(container, *(meter.stream for meter in (video, audio) if meter)):
            if packet.stream.index == video.stream.index:
                video.add(packet)
            elif audio:
                audio.add(packet)
        track = audio.result(container.format.name) if audio else None
        return video.result(track if track and track.seconds else None)


def _video_stream(container: Any) -> Any:
    """Return the video stream; rather not one that may be the cover of an album."""
    streams = list(container.streams.video)
    if not streams:
        raise MediaError("The file has no picture.")
    return min(streams, key=lambda stream: stream.codec_context.name in _STILL_CODECS)


def largest_change(images: Sequence[MeasuredImage]) -> float:
    """Return the largest `difference` from one image to the next."""
    return max((difference(first, second) for first, second in pairwise(images)), default=0.0)


class _VideoMeter:
    """Measure a video stream packet by packet: time them all, sample some frames."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._counter = TrackCounter(stream)
        self._decoded_pixels = 0
        self._sampled: list[tuple[float, MeasuredImage]] = []
        self._step = _SAMPLING_SECONDS
        self._size = (0, 0)
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            raise MediaError("The picture is too large to be decoded safely.")

    def add(self, packet: Any) -> None:
        self._counter.add(packet)
        if self._decoded_pixels >= _KEY_FRAME_PIXELS:
            return
        if self._decoded_pixels >= _EVERY_FRAME_PIXELS:
            self.stream.codec_context.skip_frame = "NONKEY"
        for frame in frames(packet):
            self._decoded_pixels += frame.width * frame.height
            self._sample(frame)

    def result(self, audio: MeasuredAudio | None) -> MeasuredVideo:
        if not self._sampled:
            raise MediaError("No picture of the video can be decoded.")
        track = self._counter.track("")
        if track.total_packets == 1 and self.stream.codec_context.name in _STILL_CODECS:
            raise MediaError("The file has a cover, but no moving picture.")
        sampled = tuple(image for _, image in self._sampled)
        width, height = self._size
        return MeasuredVideo(
            seconds=track.seconds,
            width=width,
            height=height,
            fps=track.total_packets / track.seconds if track.seconds > 0 else 0.0,
            sampled=sampled,
            change=largest_change(sampled),
            audio=audio,
        )

    def _sample(self, frame: Any) -> None:
        """Keep frames that are a step apart; when there are many, every other one."""
        moment = frame.time or 0.0
        if self._sampled and moment < self._sampled[-1][0] + self._step:
            return
        if frame.width * frame.height > MOST_PIXELS:
            raise MediaError("The picture is too large to be decoded safely.")
        small = frame.reformat(width=SIDE, height=SIDE, format="rgb24").to_ndarray()
        is_turned = rotation(frame) % 180 == 90
        sides = (frame.width, frame.height)
        self._size = sides[::-1] if is_turned else sides
        self._sampled.append((moment, measure_pixels(small.astype(float) / 255, *self._size)))
        if len(self._sampled) > _MOST_SAMPLED:
            self._sampled = self._sampled[::2]
            self._step *= 2
