"""Read the content of a user's message part by part, and measure its media."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omni_nb.errors import MediaError
from omni_nb.media.parts import AudioURLPart, ImageURLPart, TextPart, VideoURLPart
from omni_nb.media.sampling import Sampling, sampling_of
from omni_nb.offline.audio import MeasuredAudio, measure_audio
from omni_nb.offline.image import MeasuredImage, measure_image
from omni_nb.offline.refusals import INVALID, Refusal
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo, measure_video

if TYPE_CHECKING:
    from omni_nb.offline.items import Item, Items
    from omni_nb.rules.catalog import Limits, ModelFacts

URLPart = ImageURLPart | AudioURLPart | VideoURLPart
Medium: TypeAlias = MeasuredImage | MeasuredAudio | MeasuredVideo | MeasuredFrames | URLPart
ReadPart: TypeAlias = TextPart | Medium

_VIDEO_RULE: Final = f"{INVALID}The video modality input does not meet the requirements because: "
_TOO_LARGE: Final = "Multimodal file size is too large"
_KINDS: Final = {
    "image_url": "image",
    "input_audio": "audio",
    "video_url": "video",
    "video": "video",
}
_TURN_MARKS: Final = "<|im_end|>\n<|im_start|>"


@dataclass(frozen=True, slots=True)
class Turn:
    """The parts of one message of the user."""

    parts: tuple[ReadPart, ...]

    @property
    def text(self) -> str:
        """The text of the message."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def media(self) -> tuple[Medium, ...]:
        """The media of the message, in order."""
        return tuple(part for part in self.parts if not isinstance(part, TextPart))

    @property
    def images(self) -> tuple[MeasuredImage | ImageURLPart, ...]:
        """The images of the message, in order."""
        return tuple(part for part in self.parts if isinstance(part, (MeasuredImage, ImageURLPart)))


def read_turn(message: Mapping[str, Any], facts: ModelFacts, items: Items) -> Turn:
    """Read a user's message by the rules of a model.

    Raises
    ------
    Refusal
        A documented rule is broken.
    """
    content = message.get("content")
    if isinstance(content, str):
        return Turn((read_text({"text": content}, items),))
    if not isinstance(content, list) or not content:
        raise Refusal("Input should be a string or a list of parts: messages.content")
    if not all(isinstance(part, dict) for part in content):
        raise Refusal("Input should be a list of parts with a type: messages.content")
    _check_kinds([part.get("type") for part in content], facts)
    reader = _Reader(facts, items)
    return Turn(tuple(reader.read(part) for part in content))


def read_text(part: Mapping[str, Any], items: Items) -> TextPart:
    """Read a text part."""
    text = part.get("text")
    if not isinstance(text, str):
        raise Refusal("Input should be a valid string: messages.content.text")
    if items.holds(text):
        raise Refusal(_TOO_LARGE)
    if _TURN_MARKS in text:  # reported with no words but the code
        raise Refusal(f"{INVALID}The text holds the marks between messages: messages.content.text")
    return TextPart(text)


def _check_kinds(types: list[Any], facts: ModelFacts) -> None:
    for kind in types:
        if not isinstance(kind, str) or kind not in {"text", *_KINDS}:
            raise Refusal(
                f"Invalid value: {short(kind)}. "
                "Supported values are: 'text','image_url','video_url' and 'video'."
            )
    media = Counter(_KINDS[kind] for kind in types if kind != "text")
    if unknown := [kind for kind in media if kind not in facts.inputs]:
        raise Refusal(f"{facts.name} does not take {' and '.join(unknown)}: messages.content")
    if facts.one_medium_per_message and len(media) > 1:
        raise Refusal(
            f"A user message of {facts.name} takes text and one other modality, not "
            f"{' and '.join(sorted(media))} together: messages.content"
        )
    for kind, count in media.items():
        most = _most(kind, facts)
        if most is not None and count > most:
            raise Refusal(
                f"A user message of {facts.name} takes at most {most} {kind}, not {count}: "
                "messages.content"
            )


def _most(kind: str, facts: ModelFacts) -> int | None:
    """Return how many media of a kind a message takes: one audio or video on older models."""
    known: int | None = getattr(facts.limits, f"{kind}s_max", None)
    single = facts.one_medium_per_message and kind != "image"
    return known if known is not None else 1 if single else None


class _Reader:
    """Read the parts of one message."""

    def __init__(self, facts: ModelFacts, items: Items) -> None:
        self._facts = facts
        self._limits: Limits = facts.limits
        self._items = items
        self._embedded: Counter[str] = Counter()
        self._fetched = 0  # media that came from the store
        self._readers: Mapping[str, Callable[[Mapping[str, Any]], ReadPart]] = {
            "text": lambda part: read_text(part, items),
            "image_url": self._image,
            "input_audio": self._audio,
            "video_url": self._video,
            "video": self._frames,
        }

    def read(self, part: Mapping[str, Any]) -> ReadPart:
        fetched = self._fetched
        found = self._readers[part["type"]](part)
        is_held = isinstance(found, (MeasuredImage, MeasuredAudio, MeasuredVideo))
        if is_held and self._fetched == fetched:
            self._count(_KINDS[part["type"]])
        return found

    def _count(self, kind: str) -> None:
        """Count a medium given as base64, of which fewer are allowed than of URLs."""
        self._embedded[kind] += 1
        most = self._limits.base64_items_max
        if most is not None and self._embedded[kind] > most:
            raise Refusal(
                f"A user message of {self._facts.name} takes at most {most} {kind} as base64: "
                "messages.content"
            )

    def _image(self, part: Mapping[str, Any]) -> MeasuredImage | ImageURLPart:
        url = _inside(part, "image_url", "url")
        if self._is_elsewhere(url):
            return ImageURLPart(url)
        image = replace(self._measured(url), sampling=_sampling(part))
        sides, limits = sorted((image.width, image.height)), self._limits
        too_small = sides[0] < (limits.image_min_side_pixels or 1)
        if too_small or sides[1] > sides[0] * (limits.image_max_ratio or sides[1]):
            raise Refusal(
                f"{INVALID}The image length and width do not meet the model restrictions."
            )
        return image

    def _audio(self, part: Mapping[str, Any]) -> MeasuredAudio | AudioURLPart:
        url = _inside(part, "input_audio", "data")
        form = part["input_audio"].get("format")
        if form is not None and not isinstance(form, str):
            raise Refusal("Input should be a valid string: messages.content.input_audio.format")
        if self._is_elsewhere(url):
            return AudioURLPart(url, form or "")
        item = self._open(url, self._limits.audio_bytes)
        try:
            audio = measure_audio(item.file) if item.total_bytes else None
        except MediaError as error:
            raise Refusal(f"{INVALID}The audio format is illegal and cannot be opened.") from error
        if audio is None or not audio.seconds:
            raise Refusal(f"{INVALID}The audio is empty")
        most = self._limits.audio_seconds
        if most is not None and audio.seconds > most + _LENIENCE:
            raise Refusal(
                f"InvalidFile.AudioLengthError: Audio length must be between 1s and {most}s."
            )
        return audio

    def _video(self, part: Mapping[str, Any]) -> MeasuredVideo | VideoURLPart:
        url = _inside(part, "video_url", "url")
        if self._is_elsewhere(url):
            return VideoURLPart(url)
        item = self._open(url, self._limits.video_bytes)
        try:
            video = measure_video(item.file)
        except MediaError as error:
            raise Refusal(f"{INVALID}Invalid video file.") from error
        most = self._limits.video_seconds
        if most is not None and video.seconds > most + _LENIENCE:
            raise Refusal(f"{_VIDEO_RULE}The video file is too long.")
        return replace(video, sampling=_sampling(part))

    def _frames(self, part: Mapping[str, Any]) -> MeasuredFrames:
        urls = part.get("video")
        if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
            raise Refusal("Input should be a list of URLs: messages.content.video")
        least, most = self._limits.frames_min or 1, self._limits.frames_max
        if len(urls) < least or (most is not None and len(urls) > most):
            raise Refusal(f"{_VIDEO_RULE}the range of sequence images shoule be ({least},{most}).")
        return MeasuredFrames(
            tuple(
                ImageURLPart(url) if self._is_elsewhere(url) else self._measured(url)
                for url in urls
            )
        )

    def _measured(self, url: str) -> MeasuredImage:
        try:
            item = self._open(url, self._limits.image_bytes, _BAD_IMAGE)
            return measure_image(item.file.read())
        except MediaError as error:
            way_out = f" {error}" if error.hint == "shrink" else ""
            raise Refusal(f"{_BAD_IMAGE}{way_out}") from error

    def _open(self, url: str, most_bytes: int | None, message: str | None = None) -> Item:
        """Return the medium of a data URL, of the mark in its place, or of the store."""
        if self._items.is_of_store(url):
            return self._from_store(url, most_bytes)
        if not url[:5].lower() == "data:" and not self._items.holds(url):
            raise Refusal(
                f"{INVALID}The provided URL does not appear to be valid. "
                "Ensure it is correctly formatted."
            )
        try:
            item = self._items.open(url)
        except MediaError as error:
            illegal = f"{INVALID}The file format is illegal and cannot be opened."
            raise Refusal(message or illegal) from error
        most = self._limits.base64_bytes
        if most is not None and item.base64_bytes > most:
            raise Refusal(f"{INVALID}Exceeded limit on max bytes per data-uri item : {most}'.")
        if most_bytes is not None and item.total_bytes > most_bytes:
            raise Refusal(_TOO_LARGE)
        return item

    def _from_store(self, url: str, most_bytes: int | None) -> Item:
        item = self._items.fetch(url)
        if item is None:
            raise Refusal("Failed to download multimodal content.")
        self._fetched += 1
        if most_bytes is not None and item.total_bytes > most_bytes:
            raise Refusal(_TOO_LARGE)
        return item

    def _is_elsewhere(self, url: str) -> bool:
        return _is_remote(url) and not self._items.is_of_store(url)


_BAD_IMAGE: Final = "Failed to decode the image during the data inspection."
_LENIENCE: Final = 0.5
"""Seconds: an encoder's padding makes a file of the longest length a little longer."""


def _sampling(part: Mapping[str, Any]) -> Sampling | None:
    """Read how closely to look at an image or a video, beside its URL."""
    try:
        return sampling_of(**{name: part.get(name) for name in Sampling.__slots__})
    except MediaError as error:
        raise Refusal(f"{INVALID}{error}") from error


def _inside(part: Mapping[str, Any], kind: str, key: str) -> str:
    holder = part.get(kind)
    found = holder.get(key) if isinstance(holder, Mapping) else None
    if not isinstance(found, str):
        raise Refusal(f"Input should be an object with {key}: messages.content.{kind}")
    return found


def _is_remote(url: str) -> bool:
    return url[:8].lower().startswith(("http://", "https://", "oss://"))


def short(value: Any) -> str:
    """Return a value of a request, shortened for a message."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
