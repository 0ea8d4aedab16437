"""Shrink an input to a model's limits, and report what that changed."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError, RequestError, brief
from omni_nb.media import parts as media_parts
from omni_nb.media.parts import PART_TYPES, AudioPart, FramesPart, ImagePart, VideoPart
from omni_nb.media.pixels import MOST_PIXELS
from omni_nb.media.probe import kind_of
from omni_nb.media.samples import are_samples
from omni_nb.media.smaller import (
    PADDING_SECONDS,
    smaller_audio,
    smaller_image,
    smaller_video,
)
from omni_nb.media.sources import RemoteSource, open_source, read_all
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.limits import check_part
from omni_nb.rules.tokens import image_tokens
from omni_nb.rules.weigh import weigh

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from omni_nb.media.parts import Part
    from omni_nb.rules.facts import ModelFacts

    Shrinkable: TypeAlias = ImagePart | AudioPart | VideoPart | FramesPart

_DATA_URL_HEAD_BYTES = 64  # "data:image/jpeg;base64," and some room
_MEGABYTE = 2**20


def shrink(
    given: Any,
    *,
    model: str = "qwen-omni-turbo",
    max_seconds: float | None = None,
    say: Callable[[str], object] = print,
) -> Shrinkable:
    """Shrink an image, audio, video or frames to a model's limits.

    * An image becomes a JPEG of the size to which the model scales it anyway; one that is too
      small is enlarged. So does one of more than 89 megapixels, which many programs refuse to
      decode.
    * Audio becomes an MP3 of 16 kHz mono. Audio that is too long is cut 0.1 s before the
      model's limit: an encoder adds up to that at the ends, and a service may count it.
    * A video becomes an MP4 of at most 10 frames per second and of the size to which the
      model scales frames anyway, cut where it is too long; its audio 0.1 s before that.
    * Of too many frames, as many as the model takes are kept, evenly spaced.

    What is within the limits is returned as it is. Nothing else in omni_nb changes an input, but
    `image` does those that services do not read alike.

    Parameters
    ----------
    given
        A part, or what `image`, `audio`, `video` or `frames` take: a path, bytes, a PIL
        image, an array, ``(samples, sample_rate)``, a list of images, ... The content of a
        file tells its kind.
    model
        The model whose limits hold.
    max_seconds
        Cut audio or a video to so many seconds, even where the model takes more: then exactly.
    say
        Called with one line: what was changed, what that saves in bytes and tokens, and why
        audio is cut before the limit.

    Returns
    -------
    ImagePart, AudioPart, VideoPart or FramesPart
        To be passed on: ``omni.ask("...", audio=omni.shrink("talk.wav"))``.

    Raises
    ------
    RequestError
        The model is not known, or ``max_seconds`` is not more than 0.
    MediaError
        The input cannot be read, or is beyond what shrinking can do: too elongated, too few
        frames, at a URL.

    Examples
    --------
    >>> import numpy as np
    >>> part = shrink(np.zeros((4, 6, 3), dtype="uint8"))  # doctest: +ELLIPSIS
    shrink: image 'array 6×4': 6 × 4 pixels, ... → 17 × 11 pixels, ... tokens
    >>> shrink(part, say=lambda line: None) is part
    True
    """
    facts = _facts(model)
    if max_seconds is not None and not max_seconds > 0:
        raise RequestError(f"max_seconds is more than 0, not {max_seconds}.")
    part = _part(given)
    made = _within(part, facts, max_seconds)
    check_part(made, facts)  # shrinking does not help what is too elongated or has too few frames
    say(f"{_report(part, made, facts)}{_cut_early(part, made, facts)}")
    return made


def _facts(model: str) -> ModelFacts:
    facts = find_model(model)
    if facts is None:
        known = ", ".join(facts.name for facts in known_models())
        raise RequestError(f"The limits of the model {brief(model)} are not known. Known: {known}.")
    return facts


def _part(given: Any) -> Shrinkable:
    part = given if isinstance(given, PART_TYPES) else _part_of(given)
    if isinstance(part, (ImagePart, AudioPart, VideoPart, FramesPart)):
        return part
    if url := getattr(part, "url", None):
        raise MediaError(
            f"What is at {url} is fetched by the service, not by us, so it cannot be shrunk. "
            "Download it, and pass the file."
        )
    raise MediaError("A text cannot be shrunk; pass a picture, a sound, a video or frames.")


def _part_of(given: Any) -> Part:
    """Make a part of anything, by its type and content."""
    if isinstance(given, (list, tuple)) and not are_samples(given):
        return media_parts.frames(given)
    source = open_source(given, kind="media")
    if isinstance(source, RemoteSource):
        return media_parts.ImageURLPart(source.url)
    if source is None:
        return media_parts.image(given) if given is None else media_parts.as_parts(given)[0]
    kind = kind_of(source)
    if kind is None:
        raise MediaError(f"{source.name!r} is no image, sound or video that can be read.")
    make: Callable[[Any], Part] = getattr(media_parts, kind)
    # a file object has been read to its end by now
    return make(read_all(source) if hasattr(given, "read") else given)


def _within(part: Shrinkable, facts: ModelFacts, max_seconds: float | None) -> Shrinkable:
    match part:
        case ImagePart():
            return _image(part, facts)
        case AudioPart():
            return _audio(part, facts, max_seconds)
        case VideoPart():
            return _video(part, facts, max_seconds)
        case FramesPart():
            return _frames(part, facts)


def _image(part: ImagePart, facts: ModelFacts) -> ImagePart:
    most_bytes = _most_bytes(facts, facts.limits.image_bytes)
    least, shorter = facts.limits.image_min_side_pixels or 1, min(part.width, part.height)
    if shorter < least:
        sides = (math.ceil(side * least / shorter) for side in (part.width, part.height))
        return smaller_image(part, *sides, most_bytes=most_bytes)
    is_decodable = part.width * part.height <= MOST_PIXELS
    if is_decodable and (most_bytes is None or part.total_bytes <= most_bytes):
        return part
    return smaller_image(part, *_seen_size(part, facts, least), most_bytes=most_bytes)


def _seen_size(part: ImagePart, facts: ModelFacts, least: int) -> tuple[int, int]:
    """Return the size to which the model scales an image, where that is smaller."""
    if facts.tokens is None:
        return part.width, part.height
    seen = image_tokens(part.width, part.height, model=facts)
    if seen.resized_width * seen.resized_height >= part.width * part.height:
        return part.width, part.height
    return max(least, seen.resized_width), max(least, seen.resized_height)


def _audio(part: AudioPart, facts: ModelFacts, max_seconds: float | None) -> AudioPart:
    most_bytes = _most_bytes(facts, facts.limits.audio_bytes)
    seconds = _smallest(facts.limits.audio_seconds, max_seconds)
    if part.seconds <= seconds and part.total_bytes <= (most_bytes or math.inf):
        return part
    most_seconds = _smallest(facts.limits.audio_seconds)
    return smaller_audio(part, seconds, most_seconds=most_seconds, most_bytes=most_bytes)


def _video(part: VideoPart, facts: ModelFacts, max_seconds: float | None) -> VideoPart:
    most_bytes = _most_bytes(facts, facts.limits.video_bytes)
    seconds = _smallest(facts.limits.video_seconds, max_seconds)
    longest = max(part.seconds, part.heard_seconds if max_seconds is not None else 0)
    if longest <= seconds and part.total_bytes <= (most_bytes or math.inf):
        return part
    rules = facts.tokens
    most_pixels = (
        rules.video.area_max * rules.image_pixels_per_side**2 if rules and rules.video else None
    )
    return smaller_video(
        part,
        seconds,
        most_seconds=_smallest(facts.limits.video_seconds),
        most_pixels=most_pixels,
        most_bytes=most_bytes,
    )


def _frames(part: FramesPart, facts: ModelFacts) -> FramesPart:
    total = len(part.images)
    count = min(total, facts.limits.frames_max or total)
    kept = [part.images[math.floor((number + 0.5) * total / count)] for number in range(count)]
    made = tuple(_image(i, facts) if isinstance(i, ImagePart) else i for i in kept)
    return part if made == part.images else dataclasses.replace(part, images=made)


def _most_bytes(facts: ModelFacts, limit: int | None) -> int | None:
    """Return the largest file size (bytes): what the model takes, and what base64 allows."""
    base64 = facts.limits.base64_bytes
    raw = None if base64 is None else (base64 - _DATA_URL_HEAD_BYTES) // 4 * 3
    known = [bound for bound in (limit, raw) if bound is not None]
    return min(known) if known else None


def _smallest(*bounds: float | None) -> float:
    return min((bound for bound in bounds if bound is not None), default=math.inf)


def _report(part: Shrinkable, made: Shrinkable, facts: ModelFacts) -> str:
    head = f"shrink: {_kind(part)} {part.name!r}"
    before, after = weigh(part, facts), weigh(made, facts)
    if made is part:
        return f"{head} is within the limits of {facts.name} and stays as it is: {_size(part)}"
    tokens = (
        "tokens unknown"
        if before.has_unknown or after.has_unknown
        else f"{before.total:,} → {after.total:,} tokens"
    )
    return f"{head}: {_size(part)} → {_size(made)}; {tokens}"


def _cut_early(part: Shrinkable, made: Shrinkable, facts: ModelFacts) -> str:
    """Say why audio ends before the limit of its model."""
    limit = facts.limits.audio_seconds
    if limit is None or not (isinstance(part, AudioPart) and isinstance(made, AudioPart)):
        return ""
    most = limit - PADDING_SECONDS
    if made is part or made.seconds == part.seconds or not most - 0.001 < made.seconds < limit:
        return ""
    return (
        f"; cut {limit - made.seconds:.1f} s before the limit of {limit:g} s, for what an MP3 adds "
        "at its ends"
    )


def _kind(part: Shrinkable) -> str:
    return "frames" if isinstance(part, FramesPart) else part.modality


def _size(part: Shrinkable) -> str:
    match part:
        case ImagePart():
            return f"{part.width} × {part.height} pixels, {_bytes(part.total_bytes)}"
        case AudioPart():
            return f"{part.seconds:.1f} s, {_bytes(part.total_bytes)}"
        case VideoPart():
            pixels = f"{part.width} × {part.height} pixels, {part.fps:.3g} frames per second"
            return f"{part.seconds:.1f} s, {pixels}, {_bytes(part.total_bytes)}"
        case FramesPart():
            held = [image for image in part.images if isinstance(image, ImagePart)]
            total = sum(image.total_bytes for image in held)
            return f"{len(part.images)} frames, {_bytes(total)}"


def _bytes(count: int) -> str:
    return f"{count / _MEGABYTE:.2f} MB" if count >= _MEGABYTE / 100 else f"{count:,} bytes"
