"""Count the input tokens of a request by modality, by the model's own rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.media.parts import TextPart
from omni_nb.offline.audio import MeasuredAudio
from omni_nb.offline.image import MeasuredImage
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo
from omni_nb.rules.tokens import (
    audio_tokens,
    frames_tokens,
    image_tokens,
    text_tokens,
    video_tokens,
)
from omni_nb.rules.weigh import looking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.offline.contents import ReadPart, Turn
    from omni_nb.rules.catalog import ModelFacts


def count_tokens(
    turns: Sequence[Turn], others: Sequence[str], facts: ModelFacts
) -> Mapping[str, int]:
    """Count the tokens of a conversation; a modality without any is missing.

    Parameters
    ----------
    turns
        The user's messages.
    others
        The text of all other messages.
    """
    counted: Counter[str] = Counter(text=sum(map(text_tokens, others)))
    for turn in turns:
        for part in turn.parts:
            counted.update(part_tokens(part, facts))
    return {modality: tokens for modality, tokens in counted.items() if tokens}


def part_tokens(part: ReadPart, facts: ModelFacts) -> dict[str, int]:
    """Count the tokens of a part by modality: the audio of a video apart from its frames.

    A medium at a URL counts as nothing, for it is not fetched; neither does one whose rule is
    not published.
    """
    try:
        return _counted(part, _looked(part, facts))
    except RequestError:
        return {}


def _looked(part: ReadPart, facts: ModelFacts) -> ModelFacts:
    if isinstance(part, (MeasuredImage, MeasuredVideo)):
        return looking(facts, part.sampling, is_image=isinstance(part, MeasuredImage))
    return facts


def _counted(part: ReadPart, model: ModelFacts) -> dict[str, int]:
    match part:
        case TextPart():
            return {"text": text_tokens(part.text)}
        case MeasuredImage():
            return {"image": image_tokens(part.width, part.height, model=model).tokens}
        case MeasuredAudio():
            return {"audio": audio_tokens(part.seconds, model=model)}
        case MeasuredVideo():
            seen = {"video": _image_tokens(part, model)}
            return seen | ({"audio": _track_tokens(part.audio, model)} if part.audio else {})
        case MeasuredFrames():
            sizes = [(image.width, image.height) for image in part.measured]
            return {"video": frames_tokens(sizes, model=model).tokens} if sizes else {}
        case _:
            return {}


def _track_tokens(audio: MeasuredAudio, model: ModelFacts) -> int:
    return audio_tokens(audio.decoded_seconds or audio.seconds, model=model)


def _image_tokens(video: MeasuredVideo, model: ModelFacts) -> int:
    try:
        return video_tokens(video.width, video.height, video.seconds, video.fps, model=model).tokens
    except RequestError:  # shorter than the rule's first frames: the audio still counts
        return 0
