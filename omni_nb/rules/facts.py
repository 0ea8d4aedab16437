"""Facts of a model: its limits, voices, token rules and prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from omni_nb.media.shown import reduced

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Modality = Literal["text", "image", "audio", "video"]
Thinking = Literal["no", "off", "on"]
AnswerText = Literal["transcript", "content"]
Structured = Literal["json_object", "json_schema", "prompt"]
Positive: TypeAlias = int  # the rules divide by it
Rate: TypeAlias = float  # the rules divide by it


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a model. ``None``: the limit is not published.

    Sizes are bytes, durations seconds, sides pixels; ``frames_*`` count the images of a
    video that is sent as a list. ``*s_max`` count the media of one user message.

    Attributes
    ----------
    thinking_input_tokens
        The limit that takes the place of ``input_tokens`` while the model thinks.
    base64_bytes
        The longest base64 string that one medium may be sent as.
    base64_items_max
        How many media of one kind may be sent as base64; ``*s_max`` are for URLs.
    """

    context_tokens: int | None = None
    input_tokens: int | None = None
    thinking_input_tokens: int | None = None
    output_tokens: int | None = None
    base64_bytes: int | None = None
    base64_items_max: int | None = None
    images_max: int | None = None
    image_bytes: int | None = None
    image_min_side_pixels: int | None = None
    image_max_ratio: int | None = None
    audios_max: int | None = None
    audio_bytes: int | None = None
    audio_seconds: int | None = None
    videos_max: int | None = None
    video_bytes: int | None = None
    video_seconds: int | None = None
    frames_min: int | None = None
    frames_max: int | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of a model, its default first; with ``closed`` the list is complete.

    A list that is not closed is a hint: the service may take names that are not in it.
    """

    names: tuple[str, ...] = ()
    closed: bool = False
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """How much a minute the service takes of one account. ``None``: not published."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Efforts:
    """The values of the body's ``reasoning_effort``. No names: not published.

    Attributes
    ----------
    names
        The accepted values, from the cheapest to the dearest.
    default
        The one that holds where none is sent.
    """

    names: tuple[str, ...] = ()
    default: str = ""
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class VideoRules:
    """The numbers of a model's video rule (`omni_nb.rules.tokens.video_tokens` applies them).

    Areas are counted in tokens, that is in multiples of ``image_pixels_per_side`` squared.

    Attributes
    ----------
    frames_per_second
        How many frames of each second are looked at.
    frames_min, frames_max
        How many frames are looked at at least and at most.
    frames_per_token
        How many frames in a row share their tokens.
    area_min, area_max
        The smallest and largest area that a frame is scaled to.
    area_total
        The area that all frames together share.
    marks
        Tokens that are added around the frames.
    """

    frames_per_second: Rate
    frames_min: int
    frames_max: Positive
    frames_per_token: Positive
    area_min: int
    area_max: Positive
    area_total: Positive
    marks: int
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The numbers of a model's token rules (`omni_nb.rules.tokens` applies them).

    Attributes
    ----------
    image_side_floor
        Whether a side that rounds to 0 counts as one token (newer models).
    video
        The rule for video; None when it is not published.
    """

    image_pixels_per_side: Positive
    image_tokens_min: int
    image_tokens_max: Positive
    image_marks: int
    image_side_floor: bool
    audio_per_second_in: Decimal
    audio_per_second_out: Decimal
    video: VideoRules | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one region, per million tokens. ``None``: unknown, never 0."""

    currency: str
    text_in: Decimal | None = None
    audio_in: Decimal | None = None
    image_in: Decimal | None = None
    video_in: Decimal | None = None
    text_out: Decimal | None = None
    text_out_after_media: Decimal | None = None
    audio_out: Decimal | None = None
    batch_factor: Decimal | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The facts of one model.

    Attributes
    ----------
    name, aliases
        What requests may call the model.
    inputs
        The kinds of content that a user message may have.
    modalities
        The allowed values of the request's ``modalities``; empty when unknown.
    one_medium_per_message
        Whether a user message may carry text and at most one other kind of media.
    system_message_with_audio
        Whether a system message is heeded when the answer is spoken.
    answer_text
        Where the text of a spoken answer is: ``"transcript"`` (inside ``delta.audio``) or
        ``"content"``.
    thinking
        Whether the model can think before it answers (the body's ``enable_thinking``):
        ``"no"``, or a switch that is ``"off"`` or ``"on"`` by default.
    search
        Whether the model can search the web (the body's ``enable_search``).
    tools
        Whether the model calls tools: False where the service's list of those that do lacks
        it, None when unknown.
    structured
        How the model is asked for JSON: ``"json_object"`` or ``"json_schema"`` as the body's
        ``response_format``, or ``"prompt"``, in words alone.
    regions
        Where the model is offered; empty when unknown.
    limits, voices, tokens
        The model's `Limits`, `Voices` and `TokenRules`; None: the rules are not published.
    rates, reasoning_effort
        The model's `Rates` and `Efforts`.
    prices
        Prices by region.
    source, date
        Where the facts were read, and when.
    """

    name: str
    aliases: tuple[str, ...] = ()
    inputs: tuple[Modality, ...] = ("text",)
    modalities: tuple[tuple[str, ...], ...] = ()
    one_medium_per_message: bool = False
    system_message_with_audio: bool = True
    answer_text: AnswerText = "content"
    thinking: Thinking = "no"
    search: bool = False
    tools: bool | None = None
    structured: Structured = "prompt"
    regions: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    voices: Voices = field(default_factory=Voices)
    tokens: TokenRules | None = None
    rates: Rates = field(default_factory=Rates)
    reasoning_effort: Efforts = field(default_factory=Efforts)
    prices: Mapping[str, Prices] = field(default_factory=dict)
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prices", MappingProxyType(dict(self.prices)))

    __reduce__ = reduced

    @property
    def speaks(self) -> bool:
        """Whether the model is known to answer with speech."""
        return any("audio" in modalities for modalities in self.modalities)
