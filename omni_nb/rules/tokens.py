"""Token rules: how pixels and seconds become tokens, as documented."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError, brief
from omni_nb.rules.facts import ModelFacts
from omni_nb.rules.grid import Bounds, fit
from omni_nb.rules.images import (
    ImageRule,
    ImageTokenArrays,
    ImageTokens,
    image_rule,
    image_tokens,
    token_rules,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.rules.facts import TokenRules, VideoRules

__all__ = [
    "ImageRule",
    "ImageTokenArrays",
    "ImageTokens",
    "VideoTokens",
    "audio_tokens",
    "frames_tokens",
    "image_rule",
    "image_tokens",
    "text_tokens",
    "video_tokens",
]


@dataclass(frozen=True, slots=True)
class VideoTokens:
    """The tokens of a video's frames, without its audio.

    ``frames`` is how many of them the model looks at, each scaled to ``resized_width`` ×
    ``resized_height`` pixels.
    """

    frames: int
    resized_width: int
    resized_height: int
    tokens: int


def audio_tokens(seconds: float, *, model: str | ModelFacts, output: bool = False) -> int:
    """Count the tokens of audio, in a question or an answer.

    Parameters
    ----------
    seconds
        The duration in seconds.
    model
        A model's name, or its facts.
    output
        True: the speech of an answer; False: audio in a question.

    Raises
    ------
    RequestError
        The model's rule is not known, or the duration is negative or endless.

    Notes
    -----
    Spec, "音频与图片转换为Token数的规则": a fixed number of tokens per second; less than a second
    counts as one second. A started token counts as one (our reading: the documentation does
    not say how fractions are rounded).

    Examples
    --------
    >>> audio_tokens(0.2, model="qwen-omni-turbo")
    25
    """
    if not 0 <= seconds < math.inf:
        raise RequestError(f"A duration is 0 seconds or more, not {seconds}.")
    if seconds == 0:
        return 0
    rules = token_rules(model)
    per_second = rules.audio_per_second_out if output else rules.audio_per_second_in
    return math.ceil(round(max(1.0, seconds) * float(per_second), 6))


def video_tokens(
    width: int, height: int, seconds: float, fps: float, *, model: str | ModelFacts
) -> VideoTokens:
    """Count the tokens of a video's frames; `audio_tokens` counts its audio.

    Parameters
    ----------
    width, height
        The size of the video in pixels.
    seconds, fps
        The duration in seconds, and the video's own frames per second.
    model
        A model's name, or its facts.

    Raises
    ------
    RequestError
        The model's rule is not known, a number is out of range, or the video is too short for
        the rule.

    Notes
    -----
    The function in the documentation of January 2026: two frames of each
    second are looked at, within the model's range; a last half second or less is left out.
    The frames share one area, so a long video has smaller frames. Two frames in a row share
    their tokens; two marks are added.

    Examples
    --------
    >>> video_tokens(1280, 720, 5, 30, model="qwen-omni-turbo")
    VideoTokens(frames=10, resized_width=1008, resized_height=560, tokens=3602)
    """
    if width < 1 or height < 1 or not 0 < seconds < math.inf or not 0 < fps < math.inf:
        raise RequestError(
            "A video has at least 1 × 1 pixel, a duration and frames per second, not "
            f"{width} × {height} pixels, {seconds} seconds and {fps} frames per second."
        )
    video, rules = video_rules(model), token_rules(model)
    frames = _sampled(seconds, fps, video)
    if frames < video.frames_per_token:
        raise RequestError(
            f"The rule of {_name(model)} starts at {video.frames_per_token} frames; a video of "
            f"{seconds:g} seconds with {fps:g} frames per second is too short for it."
        )
    return _video_tokens(frames, width, height, video, rules)


def frames_tokens(sizes: Sequence[tuple[int, int]], *, model: str | ModelFacts) -> VideoTokens:
    """Count the tokens of a list of images sent as a video.

    Parameters
    ----------
    sizes
        The (width, height) of each image, in pixels.
    model
        A model's name, or its facts.

    Raises
    ------
    RequestError
        The model's rule is not known, or there is no image.

    Notes
    -----
    The documentation gives its function for files only (see `video_tokens`). Our reading:
    every image of the list is a frame that is looked at, and the largest image decides the
    size of all of them. The count is therefore an estimate.

    Examples
    --------
    >>> frames_tokens([(640, 480)] * 4, model="qwen-omni-turbo").tokens
    784
    """
    if not sizes or any(side < 1 for size in sizes for side in size):
        raise RequestError("Frames are one image or more, each of at least 1 × 1 pixel.")
    video, rules = video_rules(model), token_rules(model)
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return _video_tokens(len(sizes), width, height, video, rules)


def text_tokens(text: str) -> int:
    """Estimate a text's tokens: one per CJK character, one per four others.

    The service's tokenizer is not public: expect the estimate to be off by a third either
    way. The service's own count replaces it in ``reply.usage``.
    """
    wide = sum(1 for character in text if "\u2e80" <= character <= "\u9fff")
    return wide + math.ceil((len(text) - wide) / 4)


def _sampled(seconds: float, fps: float, video: VideoRules) -> int:
    """Return how many frames are looked at, in the documented order of operations."""
    factor, total = video.frames_per_token, round(seconds * fps)
    duration = total / fps
    least = math.ceil(video.frames_min / factor) * factor
    most = math.floor(min(video.frames_max, total) / factor) * factor
    has_rest = duration - int(duration) > 1 / video.frames_per_second
    present = math.ceil((duration if has_rest else int(duration)) * fps)
    return int(min(max(present / fps * video.frames_per_second, least), most, present))


def _video_tokens(
    frames: int, width: int, height: int, video: VideoRules, rules: TokenRules
) -> VideoTokens:
    factor, side = video.frames_per_token, rules.image_pixels_per_side
    square = side * side
    shared = min(video.area_max * square, video.area_total * square / frames * factor)
    bounds = Bounds(
        side=side,
        least_squares=1,
        pixels_min=video.area_min * square,
        pixels_max=max(shared, int(video.area_min * square * 1.05)),
    )
    found = fit(width, height, bounds)
    return VideoTokens(
        frames=frames,
        resized_width=found.columns * side,
        resized_height=found.rows * side,
        tokens=math.ceil(frames / factor) * found.columns * found.rows + video.marks,
    )


def video_rules(model: str | ModelFacts) -> VideoRules:
    """Return the token rules of a model for videos.

    Raises
    ------
    RequestError
        The model's rules are not known.
    """
    rules = token_rules(model)
    if rules.video is None:
        raise RequestError(
            f"The video token rules of the model {brief(_name(model))} are not known."
        )
    return rules.video


def _name(model: str | ModelFacts) -> str:
    return model.name if isinstance(model, ModelFacts) else model
