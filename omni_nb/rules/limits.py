"""Check inputs against a model's documented limits, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import (
    AudioPart,
    FramesPart,
    ImagePart,
    TextPart,
    VideoPart,
)
from omni_nb.media.sources import data_url_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.rules.catalog import ModelFacts

_SHRINK = "omni.shrink(part) brings it under the limits."


def check_parts(parts: Sequence[Part], facts: ModelFacts) -> None:
    """Check the content of one user message.

    Raises
    ------
    RequestError
        The message is empty, has more media than the model takes, or mixes kinds that the
        model takes one at a time (spec, "支持的输入模态").
    MediaError
        A part breaks a limit of the model (spec, "图片+文本输入" and the sections after it).

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> check_parts([TextPart("Who are you?")], find_model("qwen-omni-turbo"))
    """
    if all(isinstance(part, TextPart) and not part.text.strip() for part in parts):
        raise RequestError("There is nothing to ask: the message has no text and no media.")
    _check_kinds(parts, facts)
    _check_counts(parts, facts)
    for part in parts:
        check_part(part, facts)


def check_part(part: Part, facts: ModelFacts) -> None:
    """Check one part against the limits; raises `MediaError`."""
    match part:
        case ImagePart():
            check_image(part, facts)
        case AudioPart():
            check_audio(part, facts)
        case VideoPart():
            check_video(part, facts)
        case FramesPart():
            check_frames(part, facts)


def check_image(part: ImagePart, facts: ModelFacts) -> None:
    """Check an image's file size (bytes), sides (pixels) and ratio; raises `MediaError`."""
    limits, size = facts.limits, f"{part.width} × {part.height} pixels"
    if limits.image_bytes is not None and part.total_bytes > limits.image_bytes:
        raise MediaError(
            f"The image {part.name!r} has {part.total_bytes / 2**20:.1f} MB; {facts.name} takes at "
            f"most {limits.image_bytes / 2**20:.0f} MB. Save it as JPEG, or {_SHRINK}",
            hint="shrink",
        )
    least = limits.image_min_side_pixels
    if least is not None and min(part.width, part.height) < least:
        raise MediaError(
            f"The image {part.name!r} is {size}; {facts.name} takes images whose sides are both "
            f"more than {least - 1} pixels. Enlarge it; omni.shrink(part) does.",
            hint="sides",
        )
    most = limits.image_max_ratio
    if most is not None and max(part.width, part.height) > most * min(part.width, part.height):
        raise MediaError(
            f"The image {part.name!r} is {size}; {facts.name} takes a ratio of at most {most}:1. "
            "Crop it, or cut it into several images.",
            hint="sides",
        )
    _check_base64(part, "image", part.mime, facts)


def check_audio(part: AudioPart, facts: ModelFacts) -> None:
    """Check an audio's file size (bytes) and duration (seconds); raises `MediaError`."""
    _check_bytes(part, "sound", facts.limits.audio_bytes, facts)
    _check_seconds(part, "sound", facts.limits.audio_seconds, facts)
    _check_base64(part, "sound", "", facts)


def check_video(part: VideoPart, facts: ModelFacts) -> None:
    """Check a video's file size (bytes) and duration (seconds); raises `MediaError`."""
    _check_bytes(part, "video", facts.limits.video_bytes, facts)
    _check_seconds(part, "video", facts.limits.video_seconds, facts)
    _check_base64(part, "video", "", facts)


def check_frames(part: FramesPart, facts: ModelFacts) -> None:
    """Check how many frames there are, and each as an image; raises `MediaError`."""
    least, most, total = facts.limits.frames_min, facts.limits.frames_max, len(part.images)
    if least is not None and total < least:
        raise MediaError(
            f"{_counted(part)}; {facts.name} takes at least {least}. "
            "Pass more of them, or single pictures as image=.",
            hint="frames",
        )
    if most is not None and total > most:
        raise MediaError(
            f"{_counted(part)}; {facts.name} takes at most {most}. "
            f"Pass one in {-(-total // most)} of them, or {_SHRINK}",
            hint="frames",
        )
    for frame in part.images:
        if isinstance(frame, ImagePart):
            check_image(frame, facts)


def _check_kinds(parts: Sequence[Part], facts: ModelFacts) -> None:
    media = list(dict.fromkeys(part.modality for part in parts if part.modality != "text"))
    unknown = [modality for modality in media if modality not in facts.inputs]
    if unknown:
        raise RequestError(
            f"{facts.name} does not take {_listed(unknown)}; it takes {_listed(facts.inputs)}."
        )
    if facts.one_medium_per_message and len(media) > 1:
        turns = ", then ".join(media)
        raise RequestError(
            f"{facts.name} takes text and one other kind of media in a message, not "
            f"{_listed(media)} together. Ask in {_NUMBERS[len(media)]} turns: {turns}.",
            hint="several turns",
        )


_NUMBERS = {2: "two", 3: "three"}
_HELD = (ImagePart, AudioPart, VideoPart)
_JOINED = {"audio": ", or join them into one: arrays of the same rate with np.concatenate"}


def _check_counts(parts: Sequence[Part], facts: ModelFacts) -> None:
    limits = facts.limits
    for kind, most in [
        ("image", limits.images_max),
        ("audio", limits.audios_max),
        ("video", limits.videos_max),
    ]:
        alike = [part for part in parts if part.modality == kind]
        if most is not None and len(alike) > most:
            raise RequestError(
                f"{facts.name} takes at most {_numbered(most, kind)} in a message, not "
                f"{len(alike)}. Ask in several turns{_JOINED.get(kind, '')}.",
                hint="several turns",
            )
        held = sum(isinstance(part, _HELD) for part in alike)
        if limits.base64_items_max is not None and held > limits.base64_items_max:
            raise RequestError(
                f"{facts.name} takes at most {_numbered(limits.base64_items_max, kind)} in a "
                f"message that are sent as data, not {held}. Pass URLs, or ask in several turns."
            )


def _check_bytes(
    part: AudioPart | VideoPart, word: str, most: int | None, facts: ModelFacts
) -> None:
    if most is not None and part.total_bytes > most:
        raise MediaError(
            f"The {word} {part.name!r} has {part.total_bytes / 2**20:.1f} MB; {facts.name} takes "
            f"at most {most / 2**20:.0f} MB. {_SHRINK}",
            hint="shrink",
        )


def _check_seconds(
    part: AudioPart | VideoPart, word: str, most: int | None, facts: ModelFacts
) -> None:
    if most is not None and part.seconds > most:
        raise MediaError(
            f"The {word} {part.name!r} lasts {part.seconds:.2f} s; {facts.name} takes at most "
            f"{most} s. Cut it, or {_SHRINK}",
            hint="too long",
        )


def _check_base64(
    part: ImagePart | AudioPart | VideoPart, word: str, mime: str, facts: ModelFacts
) -> None:
    most = facts.limits.base64_bytes
    if most is None:
        return
    length = data_url_length(part.total_bytes, mime)
    if length >= most:
        raise MediaError(
            f"The {word} {part.name!r} is {length:,} characters as base64; {facts.name} takes "
            f"fewer than {most:,}. Pass a public URL of it, or {_SHRINK}",
            hint="too large",
        )


def check_modalities(modalities: Sequence[str], facts: ModelFacts) -> None:
    """Check the output modalities (spec, "支持的输出模态"); raises `RequestError`."""
    if facts.modalities and sorted(modalities) not in [sorted(known) for known in facts.modalities]:
        accepted = " or ".join(str(list(known)) for known in facts.modalities)
        raise RequestError(
            f"{facts.name} does not answer with modalities={list(modalities)}; it takes "
            f"{accepted}.",
            hint="modalities",
        )


def check_voice(voice: str, facts: ModelFacts) -> None:
    """Check a voice against a closed list (spec, "支持的音频音色"); raises `RequestError`."""
    if facts.voices.closed and voice not in facts.voices.names:
        raise RequestError(
            f"{facts.name} has no voice {voice!r}; its voices are {_listed(facts.voices.names)}.",
            hint="voice",
        )


def _numbered(number: int, kind: str) -> str:
    word = {"audio": "sound"}.get(kind, kind)
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _counted(part: FramesPart) -> str:
    """Say how many frames there are; a list of images has no name of its own."""
    name = "" if part.name == FramesPart(()).name else f" {part.name!r}"
    return f"The list of frames{name} has {_numbered(len(part.images), 'frame')}"


def _listed(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last
