"""Make video parts of a message, of files and of lists of frames."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from omni_nb.errors import MediaError, brief
from omni_nb.media.drawn import encoded, flat
from omni_nb.media.image import image
from omni_nb.media.probe import probe_video
from omni_nb.media.shown import Shown
from omni_nb.media.sources import RemoteSource, described, embed, open_source, read_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    import PIL.Image

    from omni_nb.media.image import ImagePart, ImageURLPart
    from omni_nb.media.sources import Embed, HeldSource

FRAMES_DRAWN = 8
"""How many frames are drawn from a file by default."""

_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class VideoPart(Shown):
    """A video that we hold: its file, and what was measured of it.

    Attributes
    ----------
    seconds, fps, total_frames
        Duration, average frames per second and how many frames there are.
    width, height
        Displayed size in pixels.
    has_audio
        Whether it has an audio track.
    """

    source: HeldSource = field(repr=False)
    mime: str
    seconds: float
    width: int
    height: int
    fps: float
    total_frames: int
    has_audio: bool
    name: str = "video"
    modality: ClassVar[str] = "video"

    @property
    def total_bytes(self) -> int:
        """The size of the file."""
        return self.source.total_bytes

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "视频+文本输入")."""
        return {"type": "video_url", "video_url": {"url": embed(self.source, "")}}


@dataclass(frozen=True, slots=True)
class VideoURLPart(Shown):
    """A video at a public URL. The service fetches it; we know nothing more of it."""

    url: str
    modality: ClassVar[str] = "video"

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return RemoteSource(self.url).name

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "视频+文本输入")."""
        return {"type": "video_url", "video_url": {"url": self.url}}


@dataclass(frozen=True, slots=True)
class FramesPart(Shown):
    """A video as a list of its frames, in order."""

    images: tuple[ImagePart | ImageURLPart, ...]
    name: str = "frames"
    modality: ClassVar[str] = "video"

    def __repr__(self) -> str:
        count = "1 frame" if len(self.images) == 1 else f"{len(self.images)} frames"
        return f"<FramesPart {self.name}: {count}>"

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "图片列表形式")."""
        urls = [image.payload(embed)["image_url"]["url"] for image in self.images]
        return {"type": "video", "video": urls}


def video(given: Any) -> VideoPart | VideoURLPart:
    """Make a video part of a video file.

    Parameters
    ----------
    given
        A path, URL, data URL, bytes, binary file object or an ``IPython.display.Video``; mp4,
        mov, mkv, avi, webm, flv, wmv or 3gp, whatever its name. A large file is read only when
        it is sent. A URL is passed on as it is; the service fetches it.

    Raises
    ------
    MediaError
        The input is not a video file, or cannot be read. The message says what was given.

    Examples
    --------
    >>> video("https://example.com/walk.mp4").name
    'walk.mp4'
    """
    if isinstance(given, (VideoPart, VideoURLPart)):
        return given
    source = open_source(given, kind="video")
    if source is None:
        raise MediaError(
            f"A video cannot be made of {described(given)}. Accepted: a path, URL, data URL, "
            "bytes, file object or IPython Video; a list or array of pictures is frames=."
        )
    if isinstance(source, RemoteSource):
        return VideoURLPart(source.url)
    facts = probe_video(source)
    return VideoPart(
        source,
        facts.mime,
        facts.seconds,
        facts.width,
        facts.height,
        facts.fps,
        facts.total_frames,
        facts.has_audio,
        source.name,
    )


def frames(given: Any, count: int | None = None) -> FramesPart:
    """Make a video part of its frames: images in order.

    Parameters
    ----------
    given
        A list of anything that `image` takes, an array of shape (n, h, w, 3) or (n, h, w), or
        a video file or animation as a path, data URL, bytes, file object or `VideoPart`.
    count
        How many evenly spaced frames are drawn from a file; 8 when not given.

    Raises
    ------
    MediaError
        The input is none of these, or one of its frames is no image.

    Examples
    --------
    >>> import numpy as np
    >>> len(frames(np.zeros((4, 20, 20, 3), "uint8")).images)
    4
    """
    if isinstance(given, FramesPart):
        return given
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise MediaError(f"count= is a number of frames, 1 or more; this is {brief(count)}.")
    listed = _listed(given)
    if listed is None:
        return _drawn(given, count)
    if count is not None:
        raise MediaError("count= is for a video file; pick from a list yourself, as in list[::2].")
    if not len(listed):
        raise MediaError("There are no frames: the list is empty.")
    return FramesPart(tuple(image(frame) for frame in listed))


def _listed(given: Any) -> Sequence[Any] | None:
    """Return the frames of a list or an array; None for anything else."""
    if isinstance(given, (list, tuple)):
        return given
    shape = getattr(given, "shape", None)
    if not isinstance(shape, tuple):
        return None
    if len(shape) == 4 or (len(shape) == 3 and shape[2] > 4):
        listed: Sequence[Any] = given
        return listed
    raise MediaError(
        f"An array of shape {shape} is no list of frames. Accepted: (frames, height, width, 3) or "
        "(frames, height, width); one picture is image=."
    )


def _drawn(given: Any, count: int | None) -> FramesPart:
    source = given.source if isinstance(given, VideoPart) else open_source(given, kind="video")
    if source is None or isinstance(source, RemoteSource):
        raise MediaError(
            f"Frames cannot be drawn from {described(given)}. Accepted: a list of pictures, an "
            "array (n, h, w, 3), or a video file; a URL is not fetched here, pass it as video=."
        )
    drawn = _from_animation(source, count) or _from_video(source, count)
    parts = [image(encoded(frame, "JPEG", quality=_JPEG_QUALITY)) for frame in drawn]
    return FramesPart(tuple(parts), source.name)


def _from_video(source: HeldSource, count: int | None) -> Sequence[PIL.Image.Image]:
    from omni_nb.media.extract import draw_frames

    total = probe_video(source).total_frames  # says what the file is when it is no video
    return draw_frames(source, _checked_count(count, total, source.name))


def _from_animation(source: HeldSource, count: int | None) -> Sequence[PIL.Image.Image]:
    """Return evenly spaced frames of an animated GIF, WEBP or PNG; none of anything else."""
    from PIL import Image

    with source.open() as file:
        head = file.read(12)
    if not (head.startswith((b"GIF8", b"\x89PNG")) or head[8:12] == b"WEBP"):
        return ()
    try:
        with Image.open(io.BytesIO(read_all(source))) as moving:
            total = getattr(moving, "n_frames", 1)
            if total == 1:
                return ()
            wanted = _checked_count(count, total, source.name)
            return [_image_at(moving, place * total // wanted) for place in range(wanted)]
    except MediaError:
        raise
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The animation {source.name!r} is damaged: {error}.") from error


def _image_at(moving: PIL.Image.Image, place: int) -> PIL.Image.Image:
    moving.seek(place)
    return flat(moving)


def _checked_count(count: int | None, total: int, name: str) -> int:
    if count is None:
        return min(FRAMES_DRAWN, total)
    if count > total:
        raise MediaError(f"{name!r} has {total} frames; {count} cannot be drawn from it.")
    return count
