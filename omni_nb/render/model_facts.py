"""Write a model's facts in words, as rows of the table of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from omni_nb.render.labels import money_text, region_name, tokens_text
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from omni_nb.rules.facts import ModelFacts
    from omni_nb.words import Language

    Read: TypeAlias = Callable[[ModelFacts, Language], str | None]
    Write: TypeAlias = Callable[[Any, Language], str]
    Row: TypeAlias = tuple[str, Read]


class Sourced(Protocol):
    """Facts with their source and date."""

    @property
    def source(self) -> str:
        """Where the facts were read."""

    @property
    def date(self) -> str:
        """When the facts were read, as YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that share a source.

    Attributes
    ----------
    title, rows
        Keys of ``words("models", language)``; a row's function returns None for what is unknown.
    region
        The region of the prices.
    """

    title: str
    sourced: Callable[[ModelFacts], Sourced | None]
    rows: tuple[Row, ...]
    region: str = ""

    def heading(self, language: Language) -> str:
        """Return the section's heading."""
        return words("models", language)[self.title].format(
            region=region_name(self.region, language)
        )


def sections_of(models: Iterable[ModelFacts]) -> tuple[Section, ...]:
    """Return the sections that show these models: one of prices for each region that has any."""
    regions = dict.fromkeys(region for facts in models for region in facts.prices)
    fixed = (SUMMARY, _ABILITIES, _LIMITS, _RATES, _EFFORTS, _VOICES, _TOKENS, _VIDEO)
    return (*fixed, *map(_prices, regions))


def _quantity(table: Callable[[ModelFacts], Any], name: str, write: Write) -> Read:
    """Return a row's function for a number in a table; None where either is missing."""

    def read(facts: ModelFacts, language: Language) -> str | None:
        value = getattr(table(facts), name, None)
        return None if value is None else write(value, language)

    return read


def _counted(key: str) -> Write:
    return lambda count, language: words("models", language)[key].format(count=count)


def _count(number: int, _: Language) -> str:
    return f"{number:,}"


def _size(total_bytes: int, language: Language) -> str:
    for unit, name in ((2**30, "GB"), (2**20, "MB")):
        if total_bytes >= unit:
            return f"{total_bytes / unit:g} {name}"
    return words("models", language)["bytes"].format(count=total_bytes)


def _duration(seconds: int, language: Language) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= unit and seconds % unit == 0:
            return words("models", language)[name].format(count=seconds // unit)
    return words("models", language)["seconds"].format(count=seconds)


def _also_called(facts: ModelFacts, language: Language) -> str | None:
    if not facts.aliases:
        return "–"
    names = words("labels", language)["list"].join(facts.aliases)
    return words("models", language)["closed"].format(count=len(facts.aliases), names=names)


def _takes(facts: ModelFacts, language: Language) -> str | None:
    labels = words("labels", language)
    return labels["list"].join(labels[name] for name in facts.inputs)


def _kinds(facts: ModelFacts, language: Language) -> str | None:
    return words("models", language)["one other" if facts.one_medium_per_message else "no limit"]


def _answers(facts: ModelFacts, language: Language) -> str | None:
    names, labels = words("models", language), words("labels", language)
    spoken = {"text": labels["text"], "audio": labels["speech"]}
    ways = (names["and"].join(spoken.get(m, m) for m in each) for each in facts.modalities)
    return names["or"].join(ways) or None


def _thinks(facts: ModelFacts, language: Language) -> str | None:
    return words("models", language)[f"thinking {facts.thinking}"]


def _searches(facts: ModelFacts, language: Language) -> str | None:
    return words("models", language)["yes" if facts.search else "not documented"]


def _tools(facts: ModelFacts, language: Language) -> str | None:
    if facts.tools is None:
        return None
    return words("models", language)["yes" if facts.tools else "not documented"]


def _structured(facts: ModelFacts, language: Language) -> str | None:
    return words("models", language)[facts.structured]


def _efforts(facts: ModelFacts, language: Language) -> str | None:
    return words("labels", language)["list"].join(facts.reasoning_effort.names) or None


def _default_effort(facts: ModelFacts, language: Language) -> str | None:
    return facts.reasoning_effort.default or None


def _regions(facts: ModelFacts, language: Language) -> str | None:
    named = (region_name(region, language) for region in facts.regions)
    return words("labels", language)["list"].join(named) or None


def _voices(facts: ModelFacts, language: Language) -> str | None:
    names, voices = words("models", language), facts.voices
    if not voices.names:
        return None if facts.speaks or not facts.modalities else names["no speech"]
    listed = words("labels", language)["list"].join(voices.names)
    return names["closed" if voices.closed else "open"].format(
        count=len(voices.names), names=listed
    )


def _default_voice(facts: ModelFacts, language: Language) -> str | None:
    return facts.voices.names[0] if facts.voices.names else _voices(facts, language)


def _if_thinking(read: Read) -> Read:
    return lambda facts, language: (
        words("models", language)["does not think"]
        if facts.thinking == "no"
        else read(facts, language)
    )


SUMMARY = Section(
    "which",
    lambda facts: facts,
    (
        ("takes", _takes),
        ("answers with", _answers),
        ("tools", _tools),
        ("structured", _structured),
        ("search", _searches),
    ),
)
"""Which model can do what: the rest is for those who want to know more."""

_ABILITIES = Section(
    "abilities",
    lambda facts: facts,
    (("also called", _also_called), ("kinds", _kinds), ("thinks", _thinks), ("regions", _regions)),
)


def _limit(label: str, name: str, write: Write) -> Row:
    return (label, _quantity(lambda facts: facts.limits, name, write))


_LIMITS = Section(
    "limits",
    lambda facts: facts.limits,
    (
        _limit("context", "context_tokens", tokens_text),
        _limit("input", "input_tokens", tokens_text),
        (
            "input thinking",
            _if_thinking(_quantity(lambda f: f.limits, "thinking_input_tokens", tokens_text)),
        ),
        _limit("output", "output_tokens", tokens_text),
        _limit("images max", "images_max", _count),
        _limit("image bytes", "image_bytes", _size),
        _limit("image side", "image_min_side_pixels", _counted("pixels")),
        _limit("image ratio", "image_max_ratio", _counted("ratio")),
        _limit("audios max", "audios_max", _count),
        _limit("audio bytes", "audio_bytes", _size),
        _limit("audio seconds", "audio_seconds", _duration),
        _limit("videos max", "videos_max", _count),
        _limit("video bytes", "video_bytes", _size),
        _limit("video seconds", "video_seconds", _duration),
        _limit("frames min", "frames_min", _count),
        _limit("frames max", "frames_max", _count),
        _limit("base64 bytes", "base64_bytes", _size),
        _limit("base64 max", "base64_items_max", _count),
    ),
)

_RATES = Section(
    "rates",
    lambda facts: facts.rates,
    (
        ("requests", _quantity(lambda facts: facts.rates, "requests_per_minute", _count)),
        ("tokens a minute", _quantity(lambda facts: facts.rates, "tokens_per_minute", _count)),
    ),
)

_EFFORTS = Section(
    "efforts",
    lambda facts: facts.reasoning_effort,
    (("efforts known", _if_thinking(_efforts)), ("effort default", _if_thinking(_default_effort))),
)

_VOICES = Section(
    "voices",
    lambda facts: facts.voices,
    (("default voice", _default_voice), ("names", _voices)),
)


def _rule(label: str, name: str, write: Write) -> Row:
    return (label, _quantity(lambda facts: facts.tokens, name, write))


_TOKENS = Section(
    "tokens",
    lambda facts: facts.tokens,
    (
        _rule("token side", "image_pixels_per_side", _counted("square")),
        _rule("image least", "image_tokens_min", tokens_text),
        _rule("image most", "image_tokens_max", tokens_text),
        _rule("image marks", "image_marks", tokens_text),
        _rule("second in", "audio_per_second_in", _counted("rate")),
        _rule("second out", "audio_per_second_out", _counted("rate")),
    ),
)


def _video_rule(label: str, name: str, write: Write) -> Row:
    return (label, _quantity(lambda f: f.tokens and f.tokens.video, name, write))


_VIDEO = Section(
    "video",
    lambda facts: facts.tokens and facts.tokens.video,
    (
        _video_rule("fps", "frames_per_second", _count),
        _video_rule("video frames min", "frames_min", _count),
        _video_rule("video frames max", "frames_max", _count),
        _video_rule("frames per token", "frames_per_token", _count),
        _video_rule("frame least", "area_min", tokens_text),
        _video_rule("frame most", "area_max", tokens_text),
        _video_rule("all frames", "area_total", tokens_text),
        _video_rule("video marks", "marks", tokens_text),
    ),
)


def _prices(region: str) -> Section:
    def row(label: str, name: str) -> Row:
        return (label, lambda facts, language: _price(facts, region, name, language))

    return Section(
        "prices",
        lambda facts: facts.prices.get(region),
        (
            row("text in", "text_in"),
            row("image in", "image_in"),
            row("audio in", "audio_in"),
            row("video in", "video_in"),
            row("text out", "text_out"),
            row("text out after media", "text_out_after_media"),
            row("audio out", "audio_out"),
            row("batch", "batch_factor"),
        ),
        region,
    )


def _price(facts: ModelFacts, region: str, name: str, language: Language) -> str | None:
    prices = facts.prices.get(region)
    amount = getattr(prices, name, None)
    if prices is None or amount is None:
        return None
    return (
        f"{amount:f}" if name == "batch_factor" else money_text(amount, prices.currency, language)
    )
