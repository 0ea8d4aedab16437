"""What can be measured in a video: how long, how large, its colours, movement and sound."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from omni_nb.errors import MediaError
from omni_nb.media.extract import rotation
from omni_nb.offline.audio import Ear, HeardAudio
from omni_nb.offline.containers import frames, opened, packets
from omni_nb.offline.image import MOST_PIXELS, SIDE, SeenImage, difference, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.parts import ImageURLPart

_EVERY_FRAME_PIXELS: Final = 200_000_000  # decode all frames up to here: 9 s of 720p
_KEY_FRAME_PIXELS: Final = 2 * _EVERY_FRAME_PIXELS  # then those that stand alone, up to here
_STILL_CODECS: Final = frozenset({"bmp", "gif", "mjpeg", "png", "tiff", "webp"})
_LOOKS: Final = 24
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Video:
    """A video that was watched.

    Attributes
    ----------
    seconds, fps
        Of its pictures: how long they last, and how many a second on average.
    width, height
        Displayed size in pixels.
    looks
        Some of its pictures, in order.
    change
        The largest share (0–1) of the picture that differs from one look to the next.
    sound
        Its sound track, if it has one.
    """

    seconds: float
    width: int
    height: int
    fps: float
    looks: tuple[SeenImage, ...]
    change: float
    audio: HeardAudio | None


@dataclass(frozen=True, slots=True)
class Frames:
    """A video that came as a list of its pictures; those at a URL were not looked at."""

    images: tuple[SeenImage | ImageURLPart, ...]

    @property
    def seen(self) -> tuple[SeenImage, ...]:
        """The pictures that were looked at."""
        return tuple(picture for picture in self.images if isinstance(picture, SeenImage))

    @property
    def change(self) -> float:
        """The largest share (0–1) of the picture that differs from one to the next."""
        return largest_change(self.seen)


def watch(file: BinaryIO) -> Video:
    """Measure a video.

    All of the file is read, so its duration is what is there and not what the header says;
    but only the start is decoded whole, and of the rest the frames that stand alone.

    Raises
    ------
    MediaError
        It cannot be decoded, has no picture, or one that is too large to be decoded safely.
    """
    with opened(file) as container:
        eye = _Eye(_moving(container))
        ear = Ear(container.streams.audio[0]) if container.streams.audio else None
        for packet in packets(container, *(sense.stream for sense in (eye, ear) if sense)):
            if packet.stream.index == eye.stream.index:
                eye.see(packet)
            elif ear:
                ear.hear(packet)
        audio = ear.audio() if ear else None
        return eye.video(audio if audio and audio.seconds else None)


def _moving(container: Any) -> Any:
    """Return the stream of pictures; rather not one that may be the cover of an album."""
    streams = list(container.streams.video)
    if not streams:
        raise MediaError("The file has no picture.")
    return min(streams, key=lambda stream: stream.codec_context.name in _STILL_CODECS)


def largest_change(images: Sequence[SeenImage]) -> float:
    """Return the largest `difference` from one picture to the next."""
    return max((difference(first, second) for first, second in pairwise(images)), default=0.0)


class _Eye:
    """Take the packets of a stream of pictures: time them all, look at some."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._count = 0
        self._start: float | None = None
        self._end = 0.0
        self._decoded_pixels = 0
        self._looks: list[tuple[float, SeenImage]] = []
        self._step = _LOOK_SECONDS
        self._size = (0, 0)
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            raise MediaError("The picture is too large to be decoded safely.")

    def see(self, packet: Any) -> None:
        if packet.size:
            self._time(packet)
        if self._decoded_pixels >= _KEY_FRAME_PIXELS:
            return
        if self._decoded_pixels >= _EVERY_FRAME_PIXELS:
            self.stream.codec_context.skip_frame = "NONKEY"
        for frame in frames(packet):
            self._decoded_pixels += frame.width * frame.height
            self._look(frame)

    def video(self, audio: HeardAudio | None) -> Video:
        if not self._looks:
            raise MediaError("No picture of the video can be decoded.")
        if self._count == 1 and self.stream.codec_context.name in _STILL_CODECS:
            raise MediaError("The file has a cover, but no moving picture.")
        looks = tuple(picture for _, picture in self._looks)
        seconds = round(self._end - (self._start or 0.0), 6)
        width, height = self._size
        return Video(
            seconds=seconds,
            width=width,
            height=height,
            fps=round(self._count / seconds, 3) if seconds > 0 else 0.0,
            looks=looks,
            change=largest_change(looks),
            audio=audio,
        )

    def _time(self, packet: Any) -> None:
        self._count += 1
        moment = packet.dts if packet.dts is not None else packet.pts
        if moment is None:  # a stream without times: count with its own rate
            moment, length = self._end, 1 / float(self.stream.average_rate or 25)
        else:
            moment = float(moment * packet.time_base)
            length = float((packet.duration or 0) * packet.time_base)
        length = length or 1 / float(self.stream.average_rate or 25)
        self._start = moment if self._start is None else min(self._start, moment)
        self._end = max(self._end, moment + length)

    def _look(self, frame: Any) -> None:
        """Keep looks that are a step apart; when there are many, every other one."""
        moment = frame.time or 0.0
        if self._looks and moment < self._looks[-1][0] + self._step:
            return
        if frame.width * frame.height > MOST_PIXELS:
            raise MediaError("The picture is too large to be decoded safely.")
        small = frame.reformat(width=SIDE, height=SIDE, format="rgb24").to_ndarray()
        is_turned = rotation(frame) % 180 == 90
        sides = (frame.width, frame.height)
        self._size = sides[::-1] if is_turned else sides
        self._looks.append((moment, measure(small.astype(float) / 255, *self._size)))
        if len(self._looks) > _LOOKS:
            self._looks = self._looks[::2]
            self._step *= 2
