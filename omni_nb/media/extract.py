"""Extract samples and frames from audio and video files with PyAV."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError
from omni_nb.media.clip import AudioClip
from omni_nb.media.resample import Resampler, mixed, pcm16
from omni_nb.media.tracks import READERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import PIL.Image

    from omni_nb.media.sources import HeldSource

INPUT_SAMPLE_RATE = 16_000
"""Samples per second that are enough for speech; what the models themselves take."""

_ATTACHED_PICTURE = 0x400  # ffmpeg's mark of the cover of an album


def draw_frames(
    source: HeldSource, count: int, *, most_pixels: int | None = None, roughly: bool = False
) -> tuple[PIL.Image.Image, ...]:
    """Draw evenly spaced frames from a video, upright and in order.

    The video is cut into ``count`` slices of equal time, and the frame that is shown in the
    middle of each slice is drawn: so each frame stands for as much of the video as any other,
    and the black frame that many videos begin or end with is not one of them. No frame is
    drawn twice, even where it stands still for longer than a slice.

    Parameters
    ----------
    source
        The video file.
    count
        How many frames.
    most_pixels
        Scale the frames down to at most so many pixels (width × height).
    roughly
        Take the nearest key frames before, if there are at least half as many of them: several
        times as quick, for a preview.

    Raises
    ------
    MediaError
        The file is not a video, cannot be decoded, or has fewer frames than asked for.

    Notes
    -----
    All packets are read once without decoding them, because headers are often silent or wrong
    about the number of frames. Then the decoder jumps over whatever no drawn frame needs.
    """
    if count < 1:
        raise MediaError(f"Draw 1 frame or more, not {count}.")
    with opened(source) as container:
        stream = video_stream(container, source.name)
        timeline = _read_timeline(container, stream)
        total = len(timeline.shown)
        if count > total:
            raise MediaError(
                f"The video {source.name!r} has {total} frames; {count} cannot be drawn from it."
            )
        moments = timeline.middles(count)
        moments = timeline.keys_before(moments) if roughly else moments
        frames = _frames_at(container, stream, moments, timeline.keys)
        try:
            return tuple(_image(frame, most_pixels) for frame in frames)
        except _SeekError:
            pass
    with opened(source) as container:  # from the start, in one go
        stream = video_stream(container, source.name)
        frames = _frames_at(container, stream, moments, keys=())
        return tuple(_image(frame, most_pixels) for frame in frames)


def read_audio(
    source: HeldSource,
    *,
    sample_rate: int = INPUT_SAMPLE_RATE,
    most_seconds: float = math.inf,
) -> AudioClip:
    """Decode a file's first audio track to mono.

    Parameters
    ----------
    source
        An audio file, or a video with an audio track.
    sample_rate
        Samples per second of the clip.
    most_seconds
        Stop after so much of it.

    Raises
    ------
    MediaError
        The file has no audio, or none that can be decoded. Of a damaged file the audio before
        the damage is returned.
    """
    with opened(source) as container:
        if not container.streams.audio:
            raise MediaError(f"There is no sound track in {source.name!r}.")
        most_bytes = None if math.isinf(most_seconds) else 2 * int(most_seconds * sample_rate)
        pcm = bytearray()
        for piece in _mono_pieces(container, container.streams.audio[0], sample_rate):
            pcm += piece
            if most_bytes is not None and len(pcm) >= most_bytes:
                break
    if not pcm:
        raise MediaError(f"The sound of {source.name!r} cannot be decoded.")
    return AudioClip(bytes(pcm[:most_bytes]), sample_rate)


@contextmanager
def opened(source: HeldSource) -> Iterator[Any]:
    """Open a source as a PyAV container; what ffmpeg cannot read raises `MediaError`."""
    import av

    with source.open() as file:
        try:
            options = {"format_whitelist": READERS}
            with av.open(file, container_options=options, metadata_errors="ignore") as container:
                yield container
        except (av.error.FFmpegError, ValueError) as error:
            if isinstance(error, MediaError):
                raise
            raise MediaError(f"{source.name!r} cannot be decoded: {error}.") from error


def video_stream(container: Any, name: str) -> Any:
    """Return the first video track; the cover of an album is none."""
    for stream in container.streams.video:
        if not stream.disposition & _ATTACHED_PICTURE:
            stream.thread_type = "AUTO"
            return stream
    raise MediaError(f"There is no video track in {name!r}.")


def decoded(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield the frames of some streams; damaged packets are left out."""
    import av

    for packet in packets(container, *streams):
        if not has_decoder(packet):
            continue
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def has_decoder(packet: Any) -> bool:
    """Return whether a packet has a decoder; without one PyAV before 18 ends the process."""
    return packet.stream.codec_context is not None


def packets(container: Any, *streams: Any) -> Iterator[Any]:
    """Yield the packets of some streams, up to the end or to damage beyond reading."""
    import av

    try:
        yield from container.demux(*streams)
    except av.error.FFmpegError:
        return


@dataclass(frozen=True, slots=True)
class _Timeline:
    """The times at which a video's frames are shown, in units of its time base and in order.

    Attributes
    ----------
    shown
        A time for each frame.
    keys
        Those of the key frames, which decode without any other.
    end
        When the last one disappears.
    """

    shown: tuple[int, ...]
    keys: tuple[int, ...]
    end: int

    def middles(self, count: int) -> list[int]:
        """Return the time of the frame in the middle of each of ``count`` slices, none twice."""
        start = self.shown[0]
        slice_length = (self.end - start) / count
        last, chosen = -1, []
        for number in range(count):
            place = bisect_right(self.shown, start + (number + 0.5) * slice_length) - 1
            still_to_come = count - 1 - number
            last = min(max(place, last + 1), len(self.shown) - 1 - still_to_come)
            chosen.append(self.shown[last])
        return chosen

    def keys_before(self, moments: list[int]) -> list[int]:
        """Return the keys at or before some times; or the times, where many share a key."""
        places = {bisect_right(self.keys, moment) - 1 for moment in moments} - {-1}
        if len(places) < min(len(moments), max(3, len(moments) // 2)):
            return moments
        return [self.keys[place] for place in sorted(places)]


def _read_timeline(container: Any, stream: Any) -> _Timeline:
    shown, keys, length = [], [], 0
    for packet in packets(container, stream):
        time = packet.dts if packet.pts is None else packet.pts
        if time is None or not packet.size or packet.is_discard:
            continue
        shown.append(time)
        length = packet.duration or length
        if packet.is_keyframe:
            keys.append(time)
    shown.sort()
    if len(shown) > 1:
        length = length or (shown[-1] - shown[0]) // (len(shown) - 1)
    return _Timeline(tuple(shown), tuple(sorted(keys)), shown[-1] + (length or 1) if shown else 0)


class _SeekError(Exception):
    """A seek went to another place than the one asked for."""


def _frames_at(
    container: Any, stream: Any, moments: Sequence[int], keys: Sequence[int]
) -> Iterator[Any]:
    """Yield the frame of each moment, or the next undamaged one."""
    frames = decoded(container, stream)
    frame, here = None, None
    for moment in moments:
        is_jump = bool(keys) and (here is None or _is_key_between(keys, here, moment))
        if is_jump:
            _seek(container, stream, moment)
            frames = decoded(container, stream)
            here = None
        while here is None or here < moment:
            following = next(frames, None)
            if is_jump and (following is None or _time(following) > moment):
                raise _SeekError
            if following is None:
                break
            frame, here, is_jump = following, _time(following), False
        if frame is None:
            raise ValueError("none of its frames is whole")  # `opened` says which file
        yield frame


def _is_key_between(keys: Sequence[int], here: int, there: int) -> bool:
    """Return whether a seek to ``there`` skips anything."""
    return bisect_right(keys, there) > bisect_left(keys, here + 1)


def _seek(container: Any, stream: Any, moment: int) -> None:
    import av

    try:
        container.seek(moment, stream=stream)
    except av.error.FFmpegError as error:
        raise _SeekError from error


def _time(frame: Any) -> int:
    time = frame.dts if frame.pts is None else frame.pts
    if time is None:
        raise _SeekError
    return int(time)


def _image(frame: Any, most_pixels: int | None) -> PIL.Image.Image:
    """Return a frame as it is shown: scaled, and turned as its camera was held."""
    factor = 1.0
    if most_pixels is not None:
        factor = min(1.0, math.sqrt(most_pixels / (frame.width * frame.height)))
    width, height = (max(1, round(side * factor)) for side in (frame.width, frame.height))
    image: PIL.Image.Image = frame.to_image(width=width, height=height)
    return image.rotate(rotation(frame), expand=True) if rotation(frame) else image


def rotation(frame: Any) -> int:
    """Return the degrees, counterclockwise, by which a frame is turned to be shown."""
    return int(frame.rotation)


def _mono_pieces(container: Any, stream: Any, sample_rate: int) -> Iterator[bytes]:
    """Yield the PCM16 of an audio track, piece by piece."""
    resampler = Resampler(sample_rate)
    for frame in chain(decoded(container, stream), [None]):
        for piece in resampler.resample(frame):
            yield pcm16(mixed(piece))
