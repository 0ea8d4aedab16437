"""Estimate the tokens of a message before it is sent, by modality."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.media.parts import AudioPart, FramesPart, ImagePart, TextPart, VideoPart
from omni_nb.media.shown import Shown, reduced
from omni_nb.rules.tokens import (
    audio_tokens,
    frames_tokens,
    image_tokens,
    text_tokens,
    video_tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omni_nb.media.parts import Part
    from omni_nb.media.sampling import Sampling
    from omni_nb.rules.facts import ModelFacts


@dataclass(frozen=True, slots=True)
class Weight(Shown):
    """An estimate of tokens, by modality.

    Attributes
    ----------
    tokens
        What could be counted, named as in `Usage.input`.
    has_unknown
        Whether something could not be counted, such as an image at a URL; then ``total`` is
        too small by an unknown amount.

    Examples
    --------
    >>> (Weight({"text": 3}) + Weight({"text": 2, "image": 66})).total
    71
    """

    tokens: Mapping[str, int] = field(default_factory=dict)
    has_unknown: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", MappingProxyType(dict(self.tokens)))

    __reduce__ = reduced

    @property
    def total(self) -> int:
        """All tokens that could be counted."""
        return sum(self.tokens.values())

    @property
    def text(self) -> int:
        """The tokens of the text: a rough estimate, the service's tokenizer is not public."""
        return self.tokens.get("text", 0)

    @property
    def media(self) -> int:
        """The tokens of the media, by the model's documented rules."""
        return self.total - self.text

    def __add__(self, other: Weight) -> Weight:
        names = dict.fromkeys((*self.tokens, *other.tokens))
        return Weight(
            {name: self.tokens.get(name, 0) + other.tokens.get(name, 0) for name in names},
            self.has_unknown or other.has_unknown,
        )

    def __str__(self) -> str:
        tokens = "token" if self.total == 1 else "tokens"
        return f"{'at least' if self.has_unknown else 'about'} {self.total:,} {tokens}"

    def __repr__(self) -> str:
        unknown = ", has_unknown=True" if self.has_unknown else ""
        return f"Weight({dict(self.tokens)}{unknown})"


UNKNOWN = Weight(has_unknown=True)


def weigh(part: Part, facts: ModelFacts | None) -> Weight:
    """Estimate the tokens of one part.

    Parameters
    ----------
    part
        Any part. What is at a URL is not fetched, so its tokens are unknown.
    facts
        The model's facts. Without them, or without the rule for this part, the tokens are
        unknown; the estimate of a text needs no facts.

    Examples
    --------
    >>> from omni_nb.rules.catalog import find_model
    >>> weigh(TextPart("Who are you?"), find_model("qwen-omni-turbo"))
    Weight({'text': 3})
    """
    if isinstance(part, TextPart):
        return Weight({"text": text_tokens(part.text)})
    try:
        return UNKNOWN if facts is None else _by_rule(part, _looked(part, facts))
    except RequestError:  # the model has no such rule, or none for so little
        return UNKNOWN


def weigh_parts(parts: Iterable[Part], facts: ModelFacts | None) -> Weight:
    """Estimate the tokens of many parts: a message's, or all of a conversation's.

    The service adds some tokens of its own around every message, and its count of a text
    differs from our estimate; compare with ``reply.usage``.

    Examples
    --------
    >>> weigh_parts([TextPart("Who?"), TextPart("你是谁")], None).total
    4
    """
    return sum((weigh(part, facts) for part in parts), Weight())


def _by_rule(part: Part, facts: ModelFacts) -> Weight:
    match part:
        case ImagePart():
            return Weight({"image": image_tokens(part.width, part.height, model=facts).tokens})
        case AudioPart():
            return Weight({"audio": audio_tokens(part.seconds, model=facts)})
        case VideoPart():
            return _video(part, facts)
        case FramesPart():
            return _frames(part, facts)
        case _:
            return UNKNOWN


def _looked(part: Part, facts: ModelFacts) -> ModelFacts:
    sampling: Sampling | None = getattr(part, "sampling", None)
    return looking(facts, sampling, is_image=isinstance(part, ImagePart))


def looking(facts: ModelFacts, sampling: Sampling | None, *, is_image: bool) -> ModelFacts:
    """Return a model's facts with what a part says of how closely to look in its rules.

    Examples
    --------
    >>> from omni_nb.media.sampling import Sampling
    >>> from omni_nb.rules.catalog import find_model
    >>> facts = looking(find_model("qwen-omni-turbo"), Sampling(max_pixels=28 * 28), is_image=True)
    >>> facts.tokens.image_tokens_max
    1
    """
    rules = facts.tokens
    if sampling is None or rules is None:
        return facts
    square = rules.image_pixels_per_side**2
    if is_image:
        least, most = _area(sampling, square, rules.image_tokens_min, rules.image_tokens_max)
        changed = replace(rules, image_tokens_min=least, image_tokens_max=most)
        return replace(facts, tokens=changed)
    if (video := rules.video) is None:
        return facts
    least, most = _area(sampling, square, video.area_min, video.area_max)
    looked = replace(
        video,
        frames_per_second=sampling.fps or video.frames_per_second,
        area_min=least,
        area_max=most,
    )
    return replace(facts, tokens=replace(rules, video=looked))


def _area(sampling: Sampling, square: int, least: int, most: int) -> tuple[int, int]:
    """Return the smallest and the largest area in tokens: those given go before the model's."""
    if sampling.max_pixels:
        most = max(1, sampling.max_pixels // square)
    if sampling.min_pixels:
        least = -(-sampling.min_pixels // square)
    return (min(least, most), most) if sampling.max_pixels else (least, max(least, most))


def _video(part: VideoPart, facts: ModelFacts) -> Weight:
    """Return the tokens of frames and audio, apart as in the usage."""
    seen = video_tokens(part.width, part.height, part.seconds, part.fps, model=facts).tokens
    heard = {"audio": audio_tokens(part.heard_seconds, model=facts)} if part.has_audio else {}
    return Weight({"video": seen, **heard})


def _frames(part: FramesPart, facts: ModelFacts) -> Weight:
    sizes = [(image.width, image.height) for image in part.images if isinstance(image, ImagePart)]
    if len(sizes) < len(part.images):
        return UNKNOWN
    return Weight({"video": frames_tokens(sizes, model=facts).tokens})
