"""The models we know: their facts, read from ``models.toml``."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser, published for Python 3.10
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Modality = Literal["text", "image", "audio", "video"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model accepts. ``None``: nobody has published the limit.

    Sizes are bytes, durations seconds, sides pixels; ``frames_*`` count the images of a
    video that is sent as a list.
    """

    context_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    image_bytes: int | None = None
    image_min_side_pixels: int | None = None
    image_max_ratio: int | None = None
    audio_bytes: int | None = None
    audio_seconds: int | None = None
    video_bytes: int | None = None
    video_seconds: int | None = None
    frames_min: int | None = None
    frames_max: int | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of a model; with ``closed`` the list is complete, else it is a hint."""

    names: tuple[str, ...] = ()
    closed: bool = False
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The numbers of a model's token rules (`omni_nb.models.tokens` applies them)."""

    image_pixels_per_side: int
    image_tokens_min: int
    image_tokens_max: int
    image_marks: int
    image_side_floor: bool
    audio_per_second_in: Decimal
    audio_per_second_out: Decimal
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
    """All we know of one model.

    Attributes
    ----------
    modalities
        The allowed values of the request's ``modalities``; empty when unknown.
    one_medium_per_message
        Whether a user message may carry text and at most one other kind of media.
    answer_text
        Where the text of a spoken answer is: ``"transcript"`` (inside ``delta.audio``) or
        ``"content"``.
    prices
        Prices by region.
    """

    name: str
    aliases: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("text",)
    modalities: tuple[tuple[str, ...], ...] = ()
    one_medium_per_message: bool = False
    system_message_with_audio: bool = True
    answer_text: Literal["transcript", "content"] = "content"
    limits: Limits = field(default_factory=Limits)
    voices: Voices = field(default_factory=Voices)
    tokens: TokenRules | None = None
    prices: Mapping[str, Prices] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    date: str = ""

    @property
    def speaks(self) -> bool:
        """Whether the model is known to answer with speech."""
        return any("audio" in modalities for modalities in self.modalities)


def find_model(name: str) -> ModelFacts | None:
    """Return the facts of a model by its name or an alias, or None when we know none.

    Examples
    --------
    >>> find_model("qwen-omni-turbo-latest").name
    'qwen-omni-turbo'
    """
    return _by_name().get(name)


def known_models() -> tuple[ModelFacts, ...]:
    """Return the facts of every model in ``models.toml``, in its order."""
    return tuple({facts.name: facts for facts in _by_name().values()}.values())


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, ModelFacts]:
    document = tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
    models = [_facts(name, table) for name, table in document.items()]
    return MappingProxyType({name: m for m in models for name in (m.name, *m.aliases)})


def _facts(name: str, table: dict[str, Any]) -> ModelFacts:
    rest = {key: table[key] for key in table.keys() - _TABLES}
    rest = {key: _frozen(value) for key, value in rest.items()}
    prices = {region: Prices(**_decimals(row)) for region, row in table["prices"].items()}
    return ModelFacts(
        name=name,
        limits=Limits(**table["limits"]),
        voices=Voices(**{key: _frozen(value) for key, value in table["voices"].items()}),
        tokens=TokenRules(**_decimals(table["tokens"])),
        prices=MappingProxyType(prices),
        **rest,
    )


_TABLES = {"limits", "voices", "tokens", "prices"}
_NOT_NUMBERS = {"currency", "source", "date"}


def _decimals(table: dict[str, Any]) -> dict[str, Any]:
    """Numbers written as strings become exact decimals."""
    from decimal import Decimal

    return {
        key: Decimal(value) if isinstance(value, str) and key not in _NOT_NUMBERS else value
        for key, value in table.items()
    }


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
