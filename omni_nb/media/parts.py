"""Turn whatever a person passes into the parts of a message."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

from omni_nb.errors import MediaError
from omni_nb.media.audio import AudioPart, AudioURLPart, audio
from omni_nb.media.clip import AudioClip
from omni_nb.media.image import ImagePart, ImageURLPart, image
from omni_nb.media.probe import kind_of
from omni_nb.media.samples import are_samples
from omni_nb.media.shown import Shown
from omni_nb.media.sources import RemoteSource, display_kind, embed, open_source
from omni_nb.media.text import well_formed
from omni_nb.media.video import FramesPart, VideoPart, VideoURLPart, frames, video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from omni_nb.media.sources import Embed

__all__ = [
    "PART_TYPES",
    "AudioPart",
    "AudioURLPart",
    "FramesPart",
    "ImagePart",
    "ImageURLPart",
    "Part",
    "TextPart",
    "VideoPart",
    "VideoURLPart",
    "as_media",
    "as_parts",
    "audio",
    "frames",
    "image",
    "join_text",
    "parts_of",
    "video",
]


@dataclass(frozen=True, slots=True)
class TextPart(Shown):
    """The text of a message."""

    text: str
    modality: ClassVar[str] = "text"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", well_formed(self.text))

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it."""
        return {"type": "text", "text": self.text}


Part: TypeAlias = (
    "TextPart | ImagePart | ImageURLPart | AudioPart | AudioURLPart "
    "| VideoPart | VideoURLPart | FramesPart"
)
PART_TYPES = (
    TextPart,
    ImagePart,
    ImageURLPart,
    AudioPart,
    AudioURLPart,
    VideoPart,
    VideoURLPart,
    FramesPart,
)
_MAKERS: dict[str, Callable[[Any], Part]] = {
    "image": image,
    "audio": audio,
    "video": video,
    "frames": frames,
}


def as_parts(given: Any) -> tuple[Part, ...]:
    """Turn anything that a person passes into parts.

    A ``str`` is always text: paths and URLs come through `image`, `audio`, `video` or
    `frames`. A ``Path`` is an image, audio or a video by its content; ``(samples,
    sample_rate)`` is audio, and an array (n, h, w, 3) is frames. Other lists and tuples are
    flattened.

    Raises
    ------
    MediaError
        Something in the input cannot be a part; the message names its type.

    Examples
    --------
    >>> as_parts(["What is this?", "And why?"])
    (TextPart(text='What is this?'), TextPart(text='And why?'))
    """
    if given is None:
        return ()
    if isinstance(given, PART_TYPES):
        return (given,)
    if isinstance(given, str):
        return (TextPart(given),)
    if isinstance(given, (list, tuple)) and not are_samples(given):
        return tuple(part for item in given for part in as_parts(item))
    return (_as_part(given),)


def as_media(
    *, image: Any = None, audio: Any = None, video: Any = None, frames: Any = None
) -> tuple[Part, ...]:
    """Turn the media keywords of a question into parts; each takes one, or a list of its kind.

    ``frames`` takes one list, the frames of one video. `omni_nb.rules.limits.check_parts` checks
    how many the model takes.

    Raises
    ------
    MediaError
        One of the media is not of its kind.

    Examples
    --------
    >>> [part.modality for part in as_media(image=["https://a.example/1.png"])]
    ['image']
    """
    return (
        *(_MAKERS["image"](item) for item in _many(image)),
        *(_MAKERS["audio"](item) for item in _many(audio)),
        *(_MAKERS["video"](item) for item in _many(video)),
        *(() if frames is None else (_MAKERS["frames"](frames),)),
    )


def parts_of(prompt: Any, content: Sequence[Any] = (), **media: Any) -> tuple[Part, ...]:
    """Return the parts of a question: its media first, then the rest.

    Parameters
    ----------
    prompt, content
        What `as_parts` takes.
    **media
        ``image=``, ``audio=``, ``video=`` and ``frames=``, as `as_media` takes them.

    Raises
    ------
    MediaError
        Something in the question cannot be a part.

    Examples
    --------
    >>> parts_of("What is this?", image="https://a.example/1.png")[1]
    TextPart(text='What is this?')
    """
    return (*as_media(**media), *as_parts([prompt, *content]))


def join_text(parts: Iterable[Part]) -> str:
    """Return the text of a message, without its media."""
    return "\n".join(part.text for part in parts if isinstance(part, TextPart))


def _many(given: Any) -> Iterable[Any]:
    if given is None:
        return ()
    return given if isinstance(given, (list, tuple)) and not are_samples(given) else (given,)


def _as_part(given: Any) -> Part:
    """Make a part of an object that can only be one thing."""
    if isinstance(given, AudioClip) or are_samples(given):
        return audio(given)
    if isinstance(given, PathLike):
        return _from_path(given)
    if getattr(given, "ndim", 0) == 4:
        return frames(given)
    return _MAKERS[display_kind(given) or "image"](given)


def _from_path(path: PathLike[str]) -> Part:
    source = open_source(path, kind="media")
    kind = None if source is None or isinstance(source, RemoteSource) else kind_of(source)
    if kind is None:
        raise MediaError(
            f"{str(path)!r} is no image, sound or video that can be read, or it is cut short. "
            "Text goes in as a str: Path(...).read_text().",
            hint="unreadable",
        )
    return _MAKERS[kind](path)
