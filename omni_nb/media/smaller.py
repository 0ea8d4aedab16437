"""Make smaller copies of image, audio and video parts."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError
from omni_nb.media.audio import AudioPart
from omni_nb.media.converters import AudioConverter, VideoConverter, name_colors
from omni_nb.media.drawn import jpeg
from omni_nb.media.extract import (
    INPUT_SAMPLE_RATE,
    decoded,
    opened,
    read_audio,
    video_stream,
)
from omni_nb.media.image import ImagePart
from omni_nb.media.pixels import decode_small
from omni_nb.media.sources import LocalSource
from omni_nb.media.video import measured_video

if TYPE_CHECKING:
    import PIL.Image

    from omni_nb.media.sources import HeldSource
    from omni_nb.media.video import VideoPart

INPUT_FRAMES_PER_SECOND = 10
"""More than enough for models that take two frames of each second (models.toml)."""
_LEAST_FPS = 2
"""Places for frames in each second, also of a video whose frames are few or stand still."""

_JPEG_QUALITIES = (90, 80, 65, 50)
_AUDIO_BITS = (64_000, 48_000, 32_000, 24_000, 16_000, 8_000)  # per second; what MP3 has at 16 kHz
_VIDEO_BITS = 4_000_000  # per second, at most
_TRACK_BITS = 48_000  # per second, of a video's audio

PADDING_SECONDS = 0.1
"""What an encoder adds at the ends of audio, and a service may count: 0.07 to 0.11 s in an MP3 of
16 kHz."""


def smaller_image(part: ImagePart, width: int, height: int, *, most_bytes: int | None) -> ImagePart:
    """Return an image as a JPEG of ``width`` × ``height`` pixels, upright, on white.

    Where that is not small enough, its quality is lowered, and then its size.

    Raises
    ------
    MediaError
        The image cannot be decoded, or cannot be made so small.
    """
    image = _decoded_image(part, width, height)
    while min(width, height) >= 1:
        scaled = image.resize((width, height))
        for quality in _JPEG_QUALITIES:
            data = jpeg(scaled, quality=quality)
            if most_bytes is None or len(data) <= most_bytes:
                return ImagePart(data, "image/jpeg", width, height, part.name, part.sampling)
        width, height = width // 2, height // 2
    raise MediaError(f"The image {part.name!r} cannot be made smaller than {most_bytes:,} bytes.")


def smaller_audio(
    part: AudioPart, seconds: float, *, most_seconds: float = math.inf, most_bytes: int | None
) -> AudioPart:
    """Return the first ``seconds`` of audio as an MP3 of 16 kHz mono.

    Its bit rate is 64 kbit/s, or what the bytes allow.

    Parameters
    ----------
    part
        The audio.
    seconds
        How much of it.
    most_seconds
        How long the file may last, with what its encoder adds; audio that is cut is cut
        `PADDING_SECONDS` before it at the latest.
    most_bytes
        The largest file.

    Raises
    ------
    MediaError
        The audio cannot be decoded, or so much of it cannot be made so small.
    """
    is_cut = seconds < part.seconds
    end = min(seconds, most_seconds - PADDING_SECONDS) if is_cut else math.inf
    clip = read_audio(part.source, most_seconds=end)
    fitting = [b for b in _AUDIO_BITS if most_bytes is None or b / 8 * clip.seconds < most_bytes]
    for bits in fitting:
        data = clip.to_mp3(bits)
        if most_bytes is None or len(data) <= most_bytes:
            return AudioPart(
                LocalSource(data, part.name),
                format="mp3",
                mime="audio/mpeg",
                seconds=clip.seconds,
                sample_rate=clip.sample_rate,
                channels=1,
                name=part.name,
            )
    raise MediaError(
        f"{clip.seconds:.0f} seconds of the sound {part.name!r} do not fit in {most_bytes:,} bytes "
        "at any bit rate. Pass a smaller max_seconds."
    )


def smaller_video(
    part: VideoPart,
    seconds: float,
    *,
    most_seconds: float = math.inf,
    most_pixels: int | None,
    most_bytes: int | None,
) -> VideoPart:
    """Return the first ``seconds`` of a video as an MP4 of at most 10 frames per second.

    Parameters
    ----------
    part
        The video.
    seconds
        How much of it.
    most_seconds
        How long the file may last; its audio is cut `PADDING_SECONDS` before it at the latest.
    most_pixels
        The largest frame, as width × height.
    most_bytes
        The largest file.

    Raises
    ------
    MediaError
        The video cannot be decoded, or so much of it cannot be made so small.
    """
    fps = Fraction(max(_LEAST_FPS, min(part.fps, INPUT_FRAMES_PER_SECOND))).limit_denominator(1001)
    size = _even_size(part.width, part.height, most_pixels)
    bits = float(_VIDEO_BITS)
    shown, heard = min(seconds, part.seconds), min(seconds, part.heard_seconds)
    if most_bytes is not None:
        bits = min(bits, (most_bytes * 8 * 0.9 - _TRACK_BITS * heard) / shown)
    for _ in range(4):
        if bits < 1000:
            break
        video = VideoConverter(fps, size, seconds, shown)
        audio = AudioConverter(min(seconds, most_seconds - PADDING_SECONDS))
        data = _encoded_video(part.source, video, audio, int(bits))
        if most_bytes is None or len(data) <= most_bytes:
            return measured_video(LocalSource(data, part.name))
        bits *= 0.8 * most_bytes / len(data)
    raise MediaError(
        f"{max(shown, heard):.0f} seconds of the video {part.name!r} do not fit in "
        f"{most_bytes:,} bytes. Pass a smaller max_seconds."
    )


def _encoded_video(
    source: HeldSource, video: VideoConverter, audio: AudioConverter, bits: int
) -> bytes:
    """Return an MP4 of the converted frames of a video, with its audio if it has any."""
    import av

    file = io.BytesIO()
    with opened(source) as given, av.open(file, "w", format="mp4") as made:
        streams = [video_stream(given, source.name), *given.streams.audio[:1]]
        pictures = _add_video(made, video, bits)
        name_colors(streams[0].codec_context, pictures.codec_context)
        converters: dict[str, tuple[Any, Any]] = {"video": (video, pictures)}
        if len(streams) > 1:
            converters["audio"] = (audio, _add_audio(made))
        for frame in decoded(given, *streams):
            converter, track = converters["video" if isinstance(frame, av.VideoFrame) else "audio"]
            for piece in converter.convert(frame):
                made.mux(track.encode(piece))
            if all(converter.is_ended for converter, _ in converters.values()):
                break
        if not video.total_frames:
            raise MediaError(f"None of the frames of {source.name!r} can be decoded.")
        for converter, track in converters.values():
            for piece in (*converter.convert(None), None):
                made.mux(track.encode(piece))
    return file.getvalue()


def _add_video(made: Any, video: VideoConverter, bits: int) -> Any:
    """Add an H.264 track, or an MPEG-4 one where this ffmpeg has no H.264."""
    import av

    most = {"maxrate": str(bits), "bufsize": str(bits)}
    options = {"crf": "23", "preset": "veryfast", **most}
    try:
        track = made.add_stream("libx264", rate=video.fps, options=options)
    except (ValueError, av.error.FFmpegError):
        track = made.add_stream("mpeg4", rate=video.fps)
        track.bit_rate = bits
    track.width, track.height = video.size
    track.pix_fmt = "yuv420p"
    return track


def _add_audio(made: Any) -> Any:
    track = made.add_stream("aac", rate=INPUT_SAMPLE_RATE, layout="mono")
    track.bit_rate = _TRACK_BITS
    return track


def _even_size(width: int, height: int, most_pixels: int | None) -> tuple[int, int]:
    """Return the size scaled down to ``most_pixels``; H.264 wants even sides."""
    factor = 1.0
    if most_pixels is not None:
        factor = min(1.0, math.sqrt(most_pixels / (width * height)))
    sides = (max(2, math.floor(side * factor / 2) * 2) for side in (width, height))
    return next(sides), next(sides)


def _decoded_image(part: ImagePart, width: int, height: int) -> PIL.Image.Image:
    try:
        return decode_small(part.data, width, height)
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The image {part.name!r} cannot be decoded: {error}.") from error
