"""May this model take it? Every documented rule that can be checked before sending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import ImagePart, TextPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.models.catalog import ModelFacts


def check_parts(parts: Sequence[Part], facts: ModelFacts) -> None:
    """Check the content of one user message.

    Raises
    ------
    RequestError
        The message is empty, or mixes media that the model takes one at a time
        (spec, "支持的输入模态").
    MediaError
        A part breaks a limit of the model (spec, "图片+文本输入").
    """
    if all(isinstance(part, TextPart) and not part.text.strip() for part in parts):
        raise RequestError("There is nothing to ask: the message has no text and no media.")
    media = list(dict.fromkeys(part.modality for part in parts if part.modality != "text"))
    unknown = [modality for modality in media if modality not in facts.inputs]
    if unknown:
        raise RequestError(
            f"{facts.name} does not take {_listed(unknown)}; it takes {_listed(facts.inputs)}."
        )
    if facts.one_medium_per_message and len(media) > 1:
        raise RequestError(
            f"{facts.name} takes text and one other kind of media in a message, not "
            f"{_listed(media)} together. Ask in two turns: {media[0]} first, then {media[1]}."
        )
    for part in parts:
        if isinstance(part, ImagePart):
            check_image(part, facts)


def check_image(part: ImagePart, facts: ModelFacts) -> None:
    """Check an image's file size (bytes), sides (pixels) and ratio; raises `MediaError`."""
    limits, size = facts.limits, f"{part.width} × {part.height} pixels"
    if limits.image_bytes is not None and part.total_bytes > limits.image_bytes:
        raise MediaError(
            f"The image {part.name!r} has {part.total_bytes / 2**20:.1f} MB; {facts.name} takes at "
            f"most {limits.image_bytes / 2**20:.0f} MB. Make it smaller or save it as JPEG."
        )
    least = limits.image_min_side_pixels
    if least is not None and min(part.width, part.height) < least:
        raise MediaError(
            f"The image {part.name!r} is {size}; {facts.name} takes images whose sides are both "
            f"more than {least - 1} pixels. Enlarge it."
        )
    most = limits.image_max_ratio
    if most is not None and max(part.width, part.height) > most * min(part.width, part.height):
        raise MediaError(
            f"The image {part.name!r} is {size}; {facts.name} takes a ratio of at most {most}:1. "
            "Crop it, or cut it into several images."
        )


def check_modalities(modalities: Sequence[str], facts: ModelFacts) -> None:
    """Check the output modalities (spec, "支持的输出模态"); raises `RequestError`."""
    if facts.modalities and sorted(modalities) not in [sorted(known) for known in facts.modalities]:
        accepted = " or ".join(str(list(known)) for known in facts.modalities)
        raise RequestError(
            f"{facts.name} does not answer with modalities={list(modalities)}; it takes {accepted}."
        )


def check_voice(voice: str, facts: ModelFacts) -> None:
    """Check a voice against a closed list (spec, "支持的音频音色"); raises `RequestError`."""
    if facts.voices.closed and voice not in facts.voices.names:
        raise RequestError(
            f"{facts.name} has no voice {voice!r}; its voices are {_listed(facts.voices.names)}."
        )


def _listed(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last
