"""A model's facts in words: the rows of the table of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from omni_nb.rules.facts import ModelFacts

    Row: TypeAlias = tuple[str, Callable[[ModelFacts], str | None]]


class Sourced(Protocol):
    """Facts that say where and when they were read."""

    @property
    def source(self) -> str:
        """Where."""

    @property
    def date(self) -> str:
        """When, as YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that share a source. A row's function returns None for what is unknown."""

    title: str
    sourced: Callable[[ModelFacts], Sourced | None]
    rows: tuple[Row, ...]


def sections_of(models: Iterable[ModelFacts]) -> tuple[Section, ...]:
    """Return the sections that show these models: one of prices for each region that has any."""
    regions = dict.fromkeys(region for facts in models for region in facts.prices)
    return (_MODEL, _LIMITS, _VOICES, _TOKENS, _VIDEO, *map(_prices, regions))


def _quantity(table: Callable[[ModelFacts], Any], name: str, say: Callable[[Any], str]) -> Any:
    """Read a number of one of the tables and say it; None where either is missing."""

    def read(facts: ModelFacts) -> str | None:
        value = getattr(table(facts), name, None)
        return None if value is None else say(value)

    return read


def _tokens(count: int) -> str:
    return f"{count:,} tokens"


def _count(number: int) -> str:
    return f"{number:,}"


def _size(total_bytes: int) -> str:
    for unit, name in ((2**30, "GB"), (2**20, "MB")):
        if total_bytes >= unit:
            return f"{total_bytes / unit:g} {name}"
    return f"{total_bytes:,} bytes"


def _duration(seconds: int) -> str:
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _answers(facts: ModelFacts) -> str | None:
    spoken = {"text": "text", "audio": "speech"}
    ways = (" and ".join(spoken.get(m, m) for m in modalities) for modalities in facts.modalities)
    return "; ".join(ways) or None


def _names(facts: ModelFacts) -> str | None:
    if not facts.voices.names:
        return None if facts.speaks or not facts.modalities else "no speech"
    names = ", ".join(facts.voices.names)
    return f"{len(facts.voices.names)}{'' if facts.voices.closed else ' or more'}: {names}"


def _if_it_thinks(say: Callable[[ModelFacts], str | None]) -> Callable[[ModelFacts], str | None]:
    return lambda facts: "does not think" if facts.thinking == "no" else say(facts)


_THINKING = {"no": "no", "off": "yes, off by default", "on": "yes, on by default"}

_MODEL = Section(
    "Abilities",
    lambda facts: facts,
    (
        (
            "also called",
            lambda facts: (
                f"{len(facts.aliases)}: {', '.join(facts.aliases)}" if facts.aliases else "–"
            ),
        ),
        ("takes", lambda facts: ", ".join(facts.inputs)),
        (
            "kinds in one message",
            lambda f: "text and one other" if f.one_medium_per_message else "no limit known",
        ),
        ("answers with", _answers),
        ("thinks", lambda facts: _THINKING[facts.thinking]),
        ("searches the web", lambda facts: "yes" if facts.search else "not documented"),
        ("regions", lambda facts: ", ".join(facts.regions) or None),
    ),
)


def _limit(label: str, name: str, say: Callable[[Any], str]) -> Row:
    return (label, _quantity(lambda facts: facts.limits, name, say))


_LIMITS = Section(
    "Limits",
    lambda facts: facts.limits,
    (
        _limit("context", "context_tokens", _tokens),
        _limit("input", "input_tokens", _tokens),
        (
            "input while thinking",
            _if_it_thinks(_quantity(lambda f: f.limits, "thinking_input_tokens", _tokens)),
        ),
        _limit("output", "output_tokens", _tokens),
        _limit("images in a message", "images_max", _count),
        _limit("an image", "image_bytes", _size),
        _limit("shortest side", "image_min_side_pixels", lambda pixels: f"{pixels} pixels"),
        _limit("longest ratio", "image_max_ratio", lambda ratio: f"{ratio}:1"),
        _limit("sounds in a message", "audios_max", _count),
        _limit("a sound's size", "audio_bytes", _size),
        _limit("a sound's length", "audio_seconds", _duration),
        _limit("videos in a message", "videos_max", _count),
        _limit("a video's size", "video_bytes", _size),
        _limit("a video's length", "video_seconds", _duration),
        _limit("frames at least", "frames_min", _count),
        _limit("frames at most", "frames_max", _count),
        _limit("a base64 string", "base64_bytes", _size),
        _limit("of a kind as base64", "base64_items_max", _count),
    ),
)

_VOICES = Section(
    "Voices",
    lambda facts: facts.voices,
    (
        ("default", lambda f: f.voices.names[0] if f.voices.names else _names(f)),
        ("names", _names),
    ),
)


def _rule(label: str, name: str, say: Callable[[Any], str]) -> Row:
    return (label, _quantity(lambda facts: facts.tokens, name, say))


_TOKENS = Section(
    "Tokens",
    lambda facts: facts.tokens,
    (
        _rule("a token of an image", "image_pixels_per_side", lambda n: f"{n} × {n} pixels"),
        _rule("an image at least", "image_tokens_min", _tokens),
        _rule("an image at most", "image_tokens_max", _tokens),
        _rule("marks around an image", "image_marks", _tokens),
        _rule("a second of sound in", "audio_per_second_in", lambda n: f"{n} tokens"),
        _rule("a second of speech out", "audio_per_second_out", lambda n: f"{n} tokens"),
    ),
)


def _seen(label: str, name: str, say: Callable[[Any], str]) -> Row:
    return (label, _quantity(lambda f: f.tokens and f.tokens.video, name, say))


_VIDEO = Section(
    "Tokens of a video",
    lambda facts: facts.tokens and facts.tokens.video,
    (
        _seen("frames of a second", "frames_per_second", _count),
        _seen("frames at least", "frames_min", _count),
        _seen("frames at most", "frames_max", _count),
        _seen("frames that share tokens", "frames_per_token", _count),
        _seen("a frame at least", "area_min", _tokens),
        _seen("a frame at most", "area_max", _tokens),
        _seen("all frames at most", "area_total", _tokens),
        _seen("marks around a video", "marks", _tokens),
    ),
)


def _prices(region: str) -> Section:
    def row(label: str, name: str) -> Row:
        return (label, lambda facts: _price(facts, region, name))

    return Section(
        f"Prices in {region}, per million tokens",
        lambda facts: facts.prices.get(region),
        (
            row("text in", "text_in"),
            row("image in", "image_in"),
            row("audio in", "audio_in"),
            row("video in", "video_in"),
            row("text out", "text_out"),
            row("text out after media", "text_out_after_media"),
            row("speech out", "audio_out"),
            row("batch, times", "batch_factor"),
        ),
    )


def _price(facts: ModelFacts, region: str, name: str) -> str | None:
    prices = facts.prices.get(region)
    amount = getattr(prices, name, None)
    if prices is None or amount is None:
        return None
    return f"{amount:f}" if name == "batch_factor" else f"{amount:f} {prices.currency}"
