"""Check inputs against a model's documented limits, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError, RequestError, brief, warn
from omni_nb.media.parts import (
    AudioPart,
    FramesPart,
    ImagePart,
    TextPart,
    VideoPart,
)
from omni_nb.media.sources import data_url_length
from omni_nb.rules.catalog import known_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.rules.catalog import ModelFacts

_NAMED = 3
_SHRINK = "omni.shrink(part) brings it under the limits."


def check_parts(parts: Sequence[Part], facts: ModelFacts) -> None:
    """Check the content of one user message; what is refused names models that take it.

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
    _check(_check_message, parts, facts)


def without_base64(facts: ModelFacts) -> ModelFacts:
    """Return the facts of a model that is sent large media by their addresses.

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> without_base64(find_model("qwen3-omni-flash")).limits.base64_bytes is None
    True
    """
    return replace(facts, limits=replace(facts.limits, base64_bytes=None))


def check_part(part: Part, facts: ModelFacts) -> None:
    """Check one part against the limits; raises `MediaError`."""
    _check(_check_part, part, facts)


def _check(check: Callable[[Any, ModelFacts], None], given: Any, facts: ModelFacts) -> None:
    """Check something; where the model does not take it, name models that do."""
    try:
        check(given, facts)
    except (MediaError, RequestError) as error:
        others = _others(check, given, facts, getattr(error, "limits", ()))
        raise type(error)(f"{error}{others}", hint=error.hint) from None


def _others(
    check: Callable[[Any, ModelFacts], None], given: Any, facts: ModelFacts, limits: Sequence[str]
) -> str:
    """Say which models take what this one refuses, or are known to have no such limit."""
    take: list[str] = []
    unlimited: list[str] = []
    for other in known_models():
        try:
            check(given, other)
        except (MediaError, RequestError):
            continue
        is_known = all(getattr(other.limits, limit) is not None for limit in limits)
        (take if is_known else unlimited).append(other.name)
    if take:
        return f" {_listed(take[:_NAMED])} {'takes' if len(take) == 1 else 'take'} it."
    if unlimited:
        return f" No such limit is published for {_listed(unlimited[:_NAMED])}."
    return ""


def _by(error: MediaError | RequestError, *limits: str) -> MediaError | RequestError:
    """Note the limits by which something is refused."""
    error.__dict__["limits"] = limits
    return error


def _check_message(parts: Sequence[Part], facts: ModelFacts) -> None:
    _check_kinds(parts, facts)
    _check_counts(parts, facts)
    for part in parts:
        _check_part(part, facts)


def _check_part(part: Part, facts: ModelFacts) -> None:
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
        raise _by(
            MediaError(
                f"The image {part.name!r} has {part.total_bytes / 2**20:.1f} MB; {facts.name} "
                f"takes at most {limits.image_bytes / 2**20:.0f} MB. Save it as JPEG, or {_SHRINK}",
                hint="shrink",
            ),
            "image_bytes",
        )
    least = limits.image_min_side_pixels
    if least is not None and min(part.width, part.height) < least:
        raise _by(
            MediaError(
                f"The image {part.name!r} is {size}; {facts.name} takes images whose sides are "
                f"both more than {least - 1} pixels. Enlarge it; omni.shrink(part) does.",
                hint="sides",
            ),
            "image_min_side_pixels",
        )
    most = limits.image_max_ratio
    if most is not None and max(part.width, part.height) > most * min(part.width, part.height):
        raise _by(
            MediaError(
                f"The image {part.name!r} is {size}; {facts.name} takes a ratio of at most "
                f"{most}:1. Crop it, or cut it into several images.",
                hint="sides",
            ),
            "image_max_ratio",
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
        raise _by(
            MediaError(
                f"{_counted(part)}; {facts.name} takes at least {least}. "
                "Pass more of them, or single pictures as image=.",
                hint="frames",
            ),
            "frames_min",
        )
    if most is not None and total > most:
        raise _by(
            MediaError(
                f"{_counted(part)}; {facts.name} takes at most {most}. "
                f"Pass one in {-(-total // most)} of them, or {_SHRINK}",
                hint="frames",
            ),
            "frames_max",
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
        raise _by(
            RequestError(
                f"{facts.name} takes text and one other kind of media in a message, not "
                f"{_listed(media)} together. Ask in {_NUMBERS[len(media)]} turns: {turns}.",
                hint="several turns",
            ),
            *(f"{kind}s_max" for kind in media),
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
            raise _by(
                RequestError(
                    f"{facts.name} takes at most {_numbered(most, kind)} in a message, not "
                    f"{len(alike)}. Ask in several turns{_JOINED.get(kind, '')}.",
                    hint="several turns",
                ),
                f"{kind}s_max",
            )
        held = sum(isinstance(part, _HELD) for part in alike)
        if limits.base64_items_max is not None and held > limits.base64_items_max:
            raise _by(
                RequestError(
                    f"{facts.name} takes at most {_numbered(limits.base64_items_max, kind)} in a "
                    f"message that are sent as data, not {held}. Pass URLs, or ask in several "
                    "turns."
                ),
                "base64_items_max",
            )


def _check_bytes(
    part: AudioPart | VideoPart, word: str, most: int | None, facts: ModelFacts
) -> None:
    kind = part.modality
    if most is not None and part.total_bytes > most:
        raise _by(
            MediaError(
                f"The {word} {part.name!r} has {part.total_bytes / 2**20:.1f} MB; {facts.name} "
                f"takes at most {most / 2**20:.0f} MB. {_SHRINK}",
                hint="shrink",
            ),
            f"{kind}_bytes",
        )


def _check_seconds(
    part: AudioPart | VideoPart, word: str, most: int | None, facts: ModelFacts
) -> None:
    kind = part.modality
    if most is not None and part.seconds > most:
        raise _by(
            MediaError(
                f"The {word} {part.name!r} lasts {part.seconds:.2f} s; {facts.name} takes at most "
                f"{most} s. Cut it, or {_SHRINK}",
                hint="too long",
            ),
            f"{kind}_seconds",
        )


def _check_base64(
    part: ImagePart | AudioPart | VideoPart, word: str, mime: str, facts: ModelFacts
) -> None:
    most = facts.limits.base64_bytes
    if most is None:
        return
    length = data_url_length(part.total_bytes, mime)
    if length >= most:
        raise _by(
            MediaError(
                f"The {word} {part.name!r} is {length:,} characters as base64; {facts.name} takes "
                f"fewer than {most:,}. Pass a public URL of it or upload='oss', or {_SHRINK}",
                hint="too large",
            ),
            "base64_bytes",
        )


def check_modalities(modalities: Sequence[str], facts: ModelFacts) -> None:
    """Check the output modalities (spec, "支持的输出模态"); raises `RequestError`."""
    if facts.modalities and sorted(modalities) not in [sorted(known) for known in facts.modalities]:
        accepted = " or ".join(str(list(known)) for known in facts.modalities)
        raise RequestError(
            f"{facts.name} does not answer with modalities={brief(list(modalities))}; it takes "
            f"{accepted}.",
            hint="modalities",
        )


def check_voice(voice: str, facts: ModelFacts) -> None:
    """Check a voice against a closed list (spec, "支持的音频音色"); raises `RequestError`."""
    if facts.voices.closed and voice not in facts.voices.names:
        raise RequestError(
            f"{facts.name} has no voice {brief(voice)}; its voices are "
            f"{_listed(facts.voices.names)}.",
            hint="voice",
        )


def check_effort(options: Mapping[str, Any], facts: ModelFacts) -> None:
    """Check ``reasoning_effort``.

    Raises
    ------
    RequestError
        The model is known not to take this value.

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> check_effort({"reasoning_effort": "low"}, find_model("qwen3.8-omni-flash"))
    """
    names = facts.reasoning_effort.names
    given = options.get("reasoning_effort")
    if names and given is not None and given not in names:
        raise RequestError(
            f"{facts.name} takes no reasoning_effort={brief(given)}; it takes {_listed(names)}."
        )


def warn_of_effort(options: Mapping[str, Any], facts: ModelFacts) -> None:
    """Warn where a model thinks as hard as it can by default, and nothing was chosen.

    Called when a question is asked: an estimate costs nothing.

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> warn_of_effort({"reasoning_effort": "low"}, find_model("qwen3.8-omni-flash"))
    """
    effort = facts.reasoning_effort
    chosen = {"reasoning_effort", "enable_thinking", "thinking_budget"} & options.keys()
    cheaper = effort.names[: effort.names.index(effort.default)] if effort.default else ()
    if not chosen and facts.thinking == "on" and cheaper:
        less = next((name for name in cheaper if name != "none"), cheaper[0])
        warn(
            f"{facts.name} thinks before it answers, by default as hard as it can "
            f"({effort.default!r}), and what it thinks is billed as output. Choose with "
            f"reasoning_effort=, such as {less!r}, or {effort.default!r} if it is meant."
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
