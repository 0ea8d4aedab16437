"""Make video parts of a message, of files and of lists of frames."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from omni_nb.errors import MediaError, brief
from omni_nb.media.drawn import is_pil_image, jpeg
from omni_nb.media.image import ImagePart, image
from omni_nb.media.pixels import flat, opened_image, pages_of
from omni_nb.media.probe import probe_video
from omni_nb.media.sampling import Sampling, keys_of, sampling_of
from omni_nb.media.shown import Shown
from omni_nb.media.sources import RemoteSource, described, embed, open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    import PIL.Image

    from omni_nb.media.image import ImageURLPart
    from omni_nb.media.sources import Embed, HeldSource

FRAMES_DRAWN = 8
"""How many frames are drawn from a file by default."""

_PAGES_MAX = 2048  # the most frames of a model in models.toml
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class VideoPart(Shown):
    """A video that we hold: its file, and what was measured of it.

    Attributes
    ----------
    seconds, fps, total_frames
        Duration of the frames, how many a second on average and how many there are.
    width, height
        Displayed size in pixels.
    has_audio
        Whether it has an audio track.
    audio_seconds
        Duration of the audio track once it is decoded, which may be longer or shorter than that
        of the frames; 0 where it was not measured.
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
    audio_seconds: float = 0.0
    sampling: Sampling | None = field(default=None, repr=False)
    modality: ClassVar[str] = "video"

    @property
    def heard_seconds(self) -> float:
        """How long its audio lasts; where it was not measured, as long as its frames."""
        return (self.audio_seconds or self.seconds) if self.has_audio else 0.0

    @property
    def total_bytes(self) -> int:
        """The size of the file."""
        return self.source.total_bytes

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "视频+文本输入")."""
        url = embed(self.source, "")
        return {"type": "video_url", "video_url": {"url": url}, **keys_of(self.sampling)}


@dataclass(frozen=True, slots=True)
class VideoURLPart(Shown):
    """A video at a public URL. The service fetches it; we know nothing more of it."""

    url: str
    sampling: Sampling | None = field(default=None, repr=False)
    modality: ClassVar[str] = "video"

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return RemoteSource(self.url).name

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "视频+文本输入")."""
        return {"type": "video_url", "video_url": {"url": self.url}, **keys_of(self.sampling)}


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


def video(
    given: Any,
    *,
    fps: float | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
) -> VideoPart | VideoURLPart:
    """Make a video part of a video file.

    Parameters
    ----------
    given
        A path, URL, data URL, bytes, binary file object or an ``IPython.display.Video``; mp4,
        mov, mkv, avi, webm, flv, wmv or 3gp, whatever its name. A large file is read only when
        it is sent. A URL is passed on as it is; the service fetches it.
    fps
        How many frames of each second the service looks at, such as 0.5 of a long talk; fewer
        cost fewer tokens. A DashScope service heeds this and the next.
    min_pixels, max_pixels
        The smallest and the largest area that it scales a frame to.

    Raises
    ------
    MediaError
        The input is not a video file, or cannot be read. The message says what was given.

    Examples
    --------
    >>> video("https://example.com/walk.mp4").name
    'walk.mp4'
    """
    part = given if isinstance(given, (VideoPart, VideoURLPart)) else _video(given)
    sampling = sampling_of(fps=fps, min_pixels=min_pixels, max_pixels=max_pixels)
    return replace(part, sampling=sampling) if sampling else part


def _video(given: Any) -> VideoPart | VideoURLPart:
    source = open_source(given, kind="video")
    if source is None:
        raise MediaError(
            f"A video cannot be made of {described(given)}. Accepted: a path, URL, data URL, "
            "bytes, file object or IPython Video; a list or array of pictures is frames=."
        )
    if isinstance(source, RemoteSource):
        return VideoURLPart(source.url)
    return measured_video(source)


def measured_video(source: HeldSource) -> VideoPart:
    """Return the part of a video file.

    Raises
    ------
    MediaError
        The file is no video that services know.
    """
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
        facts.audio_seconds,
    )


def frames(given: Any, count: int | None = None) -> FramesPart:
    """Make a video part of its frames: images in order.

    Parameters
    ----------
    given
        A list of anything that `image` takes, an array of shape (n, h, w, 3) or (n, h, w), or
        a video file or animation, or a file of several pages, as a path, data URL, bytes, file
        object, `VideoPart` or PIL image.
    count
        How many evenly spaced frames are drawn from a file. When not given, 8 of a video, and
        all pictures of an animation or of several pages.

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
    if is_pil_image(given):
        return _of_pil_image(given, count)
    source = given.source if isinstance(given, VideoPart) else open_source(given, kind="video")
    if source is None or isinstance(source, RemoteSource):
        raise MediaError(
            f"Frames cannot be drawn from {described(given)}. Accepted: a list of pictures, an "
            "array (n, h, w, 3), or a video file; a URL is not fetched here, pass it as video=."
        )
    return FramesPart(_from_animation(source, count) or _from_video(source, count), source.name)


def _of_pil_image(given: PIL.Image.Image, count: int | None) -> FramesPart:
    name = PurePath(str(getattr(given, "filename", "") or "")).name or "PIL image"
    shown, pages = given.tell(), pages_of(given)
    if len(pages) == 1:
        raise MediaError(f"{name!r} is one picture; pass it as image=, or frames= a list of them.")
    try:
        return FramesPart(_drawn_pages(given, pages, count, name), name)
    finally:
        with suppress(Exception):  # a damaged file may not find back
            given.seek(shown)


def _from_video(source: HeldSource, count: int | None) -> tuple[ImagePart, ...]:
    from omni_nb.media.extract import draw_frames

    total = probe_video(source).total_frames  # says what the file is when it is no video
    wanted = (
        min(FRAMES_DRAWN, total) if count is None else _checked_count(count, total, source.name)
    )
    return tuple(map(_frame, draw_frames(source, wanted)))


def _from_animation(source: HeldSource, count: int | None) -> tuple[ImagePart, ...]:
    """Return the pictures of an animation or of a file of several pages; none of anything else."""
    with source.open() as file, ExitStack() as stack:
        try:
            moving = stack.enter_context(opened_image(file))
        except Exception:  # no image
            return ()
        pages = pages_of(moving)
        return () if len(pages) == 1 else _drawn_pages(moving, pages, count, source.name)


def _drawn_pages(
    moving: PIL.Image.Image, pages: list[int], count: int | None, name: str
) -> tuple[ImagePart, ...]:
    """Return all pages of an image, or ``count``, evenly spaced."""
    total = len(pages)
    if count is None and total > _PAGES_MAX:
        raise MediaError(
            f"{name!r} has {total:,} pictures, more than any model takes ({_PAGES_MAX:,}). "
            "Pass omni.frames(file, count=...) for some of them, evenly spaced."
        )
    wanted = total if count is None else _checked_count(count, total, name)
    try:
        return tuple(_page(moving, pages[n * total // wanted]) for n in range(wanted))
    except Exception as error:  # Pillow's readers raise what their formats happen to raise
        raise MediaError(f"The pictures of {name!r} cannot be read: {error}.") from error


def _page(moving: PIL.Image.Image, number: int) -> ImagePart:
    moving.seek(number)
    return _frame(flat(moving))


def _frame(drawn: PIL.Image.Image) -> ImagePart:
    return ImagePart(jpeg(drawn, quality=_JPEG_QUALITY), "image/jpeg", *drawn.size)


def _checked_count(count: int, total: int, name: str) -> int:
    if count > total:
        raise MediaError(f"{name!r} has {total} frames; {count} cannot be drawn from it.")
    return count
