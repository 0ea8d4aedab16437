"""Read the facts of media from headers and packets, without decoding them."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from omni_nb.errors import MediaError
from omni_nb.media.heic import HINT, enable, is_heic
from omni_nb.media.pixels import EXIF_NAMES, EXIF_ORIENTATION, open_image, pages_of
from omni_nb.media.resample import RATES
from omni_nb.media.tracks import read_tracks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    from PIL.Image import Image

    from omni_nb.media.sources import HeldSource

_NO_PICTURES: Final = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"})
"""Formats that Pillow opens, and does not draw without other programs."""
_HEAD_BYTES: Final = 64
_AUDIO_MIMES: Final = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "amr": "audio/amr",
    "3gp": "audio/3gpp",
    "webm": "audio/webm",
}
_VIDEO_MIMES: Final = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-wmv",
    "3gp": "video/3gpp",
}


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """MIME type and displayed size (pixels) of an image.

    ``form`` and ``mode`` are Pillow's names of its format and pixels. ``is_turned`` says whether
    the pixels are stored otherwise than they are shown; ``total_pages`` counts the pages of a
    TIFF file.
    """

    mime: str
    width: int
    height: int
    form: str = field(default="", repr=False, compare=False)
    mode: str = field(default="RGB", repr=False, compare=False)
    is_turned: bool = field(default=False, repr=False, compare=False)
    total_pages: int = field(default=1, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """Format as the service names it, MIME type, duration and samples of an audio file."""

    format: str
    mime: str
    seconds: float
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """MIME type, duration, displayed size (pixels), frames and audio of a video file.

    ``audio_seconds`` is how long the audio lasts once it is decoded; 0 without any.
    """

    mime: str
    seconds: float
    width: int
    height: int
    fps: float
    total_frames: int
    has_audio: bool
    audio_seconds: float = 0.0


def probe_image(data: bytes | BinaryIO, *, name: str) -> ImageFacts:
    """Read the facts of an image from its header.

    Raises
    ------
    MediaError
        The bytes are not an image that Pillow knows, or it has too many pixels to be safe.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> Image.new("RGB", (20, 10)).save(file := io.BytesIO(), "PNG")
    >>> probe_image(file.getvalue(), name="dot.png")
    ImageFacts(mime='image/png', width=20, height=10)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged headers and large images: judged below
        return _image_facts(io.BytesIO(data) if isinstance(data, bytes) else data, name)


def probe_images(paths: Iterable[Path]) -> list[ImageFacts]:
    """Read the facts of many image files from their headers, such as those of a folder.

    Raises
    ------
    MediaError
        One of them cannot be read, or is not an image.
    """
    facts = []
    with warnings.catch_warnings():  # once: for each image it would take a fifth of the time
        warnings.simplefilter("ignore")
        for path in paths:
            try:
                with open(path, "rb") as file:
                    facts.append(_image_facts(file, str(path)))
            except OSError as error:
                raise MediaError(f"The image {str(path)!r} cannot be read: {error}.") from error
    return facts


def _image_facts(file: BinaryIO, name: str) -> ImageFacts:
    from PIL import Image, UnidentifiedImageError

    try:
        with _opened(file, name) as image:
            width, height = image.size
            form, mode = image.format or "", image.mode
            form = "JPEG" if form == "MPO" else form
            orientation = 1 if form == "TIFF" else _orientation(image)  # Pillow turns those
            total_pages = len(pages_of(image)) if form == "TIFF" else 1
    except MediaError:
        raise
    except UnidentifiedImageError:
        file.seek(0)
        raise MediaError(
            f"{name!r} is not an image that Pillow can read (it starts with {file.read(8)!r}). "
            "PNG, JPEG, WEBP, GIF, BMP and TIFF work.",
            hint="unreadable",
        ) from None
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name!r} is too large to be a picture: {error}") from None
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The header of the image {name!r} is damaged: {error}.") from error
    if form in _NO_PICTURES:
        raise MediaError(f"{name!r} is no image that services know; save it as PNG or JPEG.")
    mime = Image.MIME.get(form) or f"image/{form.lower()}"
    size = (height, width) if orientation >= 5 else (width, height)
    return ImageFacts(mime, *size, form, mode, orientation != 1, total_pages)


def _opened(file: BinaryIO, name: str) -> Image:
    """Return an image; Pillow learns to read HEIC when the first such photo comes."""
    try:
        return open_image(file)
    except Exception:
        file.seek(0)
        if not is_heic(file.read(_HEAD_BYTES)):
            raise
    enable(name)
    return open_image(file)


def _orientation(image: Image) -> int:
    """Return how the header says that the image is shown: 1 is upright, from 5 on its side."""
    from PIL import Image

    if not EXIF_NAMES & image.info.keys():
        return 1
    # A PNG's own getexif() may decode the whole image, in search of a block behind the pixels.
    orientation = Image.Image.getexif(image).get(EXIF_ORIENTATION, 1)
    return orientation if orientation in range(2, 9) else 1


def probe_audio(source: HeldSource) -> AudioFacts:
    """Measure an audio file, whose header may misstate the duration.

    Raises
    ------
    MediaError
        The file is no audio that services know. The message says what it is instead.
    """
    tracks = read_tracks(source)
    if tracks is None or (tracks.audio is None and tracks.video is None):
        raise _refused(source, "a sound file", _AUDIO_MIMES)
    if tracks.video is not None:
        raise MediaError(f"{source.name!r} is a video; pass it as video=.")
    form = {"mp4": "m4a", "mov": "m4a"}.get(tracks.container, tracks.container)
    if form not in _AUDIO_MIMES:
        raise MediaError(
            f"{source.name!r} is sound in a {form} file. Accepted: {', '.join(_AUDIO_MIMES)}. "
            "Save it as one of them."
        )
    audio = tracks.audio
    if audio is None or not audio.seconds > 0:
        raise MediaError(f"The sound file {source.name!r} has no sound in it.")
    if audio.sample_rate not in RATES:
        raise MediaError(
            f"The header of {source.name!r} claims {audio.sample_rate:,} samples per second; sound "
            f"has {RATES[0]:,} to {RATES[-1]:,}. The file is damaged."
        )
    return AudioFacts(form, _AUDIO_MIMES[form], audio.seconds, audio.sample_rate, audio.channels)


def probe_video(source: HeldSource) -> VideoFacts:
    """Measure a video file by its packets.

    Raises
    ------
    MediaError
        The file is no video that services know. The message says what it is instead.
    """
    tracks = read_tracks(source)
    if tracks is None or (tracks.audio is None and tracks.video is None):
        raise _refused(source, "a video", _VIDEO_MIMES)
    if tracks.video is None:
        raise MediaError(f"{source.name!r} is sound without pictures; pass it as audio=.")
    if tracks.container not in _VIDEO_MIMES:
        raise MediaError(
            f"{source.name!r} is video in a {tracks.container} file. Accepted: "
            f"{', '.join(_VIDEO_MIMES)}. Save it as one of them."
        )
    video = tracks.video
    if not (video.width and video.height and video.seconds > 0):
        raise MediaError(f"The video {source.name!r} is damaged: it has no frames to show.")
    size = (video.height, video.width) if tracks.is_turned else (video.width, video.height)
    return VideoFacts(
        _VIDEO_MIMES[tracks.container],
        video.seconds,
        *size,
        fps=video.total_packets / video.seconds,
        total_frames=video.total_packets,
        has_audio=tracks.audio is not None,
        audio_seconds=tracks.audio.decoded_seconds if tracks.audio else 0.0,
    )


def kind_of(source: HeldSource) -> Literal["image", "audio", "video"] | None:
    """Return what a file is by its content, or None for an unknown kind."""
    if _is_image(source):
        return "image"
    tracks = read_tracks(source, is_glance=True)
    if tracks is None:
        return None
    return "video" if tracks.video else "audio" if tracks.audio else None


def _is_image(source: HeldSource) -> bool:
    with source.open() as file:
        try:
            probe_image(file, name=source.name)
        except MediaError as error:
            return error.hint == HINT
    return True


def _refused(source: HeldSource, expected: str, accepted: dict[str, str]) -> MediaError:
    if _is_image(source):
        return MediaError(
            f"{source.name!r} is an image, not {expected}; pass it as image=, or the pictures of "
            "an animation as frames=."
        )
    with source.open() as file:
        head = file.read(8)
    return MediaError(
        f"{source.name!r} is not {expected} that can be read (it starts with {head!r}), or it is "
        f"cut short. Accepted: {', '.join(accepted)}.",
        hint="unreadable",
    )
