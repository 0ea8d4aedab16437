"""Forecast: what a question will weigh and cost, before anything is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import as_media, as_parts
from omni_nb.render.estimate import comparison_table, estimate_table
from omni_nb.render.reply import language_of
from omni_nb.render.tables import Tabled
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.money import EXACT, plain
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import audio_tokens
from omni_nb.rules.weigh import Weight
from omni_nb.turns.connection import current_connection
from omni_nb.turns.context import input_limit, weigh_messages
from omni_nb.turns.history import opening
from omni_nb.wire.request import DEFAULT_MODEL, Message, Request, choose_modalities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from omni_nb.media.parts import Part
    from omni_nb.render.reply import Language
    from omni_nb.render.tables import Table
    from omni_nb.rules.pricing import Cost
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply


@dataclass(frozen=True, slots=True)
class Estimate(Tabled):
    """What a question weighs and costs, estimated before it is sent.

    Media follow the documented rules. Text is an honest guess: one token per CJK character,
    one per four others; expect the service's count to differ by a third either way. How long
    the answer gets nobody knows, so ``usage.output`` is what was assumed, or empty.

    Attributes
    ----------
    model, region, modalities
        Who is asked, whose prices count (None: unknown), and what is to be answered.
    usage : Usage
        The input, estimated; the output, as assumed.
    has_unknown : bool
        Whether something could not be weighed, such as a picture at a URL: the tokens are
        then a lower bound, and the cost is unknown.
    input_limit : int or None
        How many tokens the model takes in.
    answer_seconds : float or None
        The assumed speech of the answer.
    language
        Of the labels: Chinese for a question with Chinese characters.

    Examples
    --------
    >>> made = estimate("Tell me a story.", voice="Cherry", answer_seconds=60)
    >>> made.tokens, made.usage.output["audio"], str(made.cost)
    (4, 1500, '0.0750016 CNY')
    """

    model: str
    region: str | None
    modalities: tuple[str, ...]
    usage: Usage
    has_unknown: bool = False
    input_limit: int | None = None
    answer_seconds: float | None = None
    language: Language = field(default="en", repr=False)

    @property
    def tokens(self) -> int:
        """The tokens of the input, as far as they could be weighed."""
        return self.usage.input_total

    @property
    def share(self) -> float | None:
        """The input over the model's limit: 1 is full; None when that is not known."""
        return self.tokens / self.input_limit if self.input_limit else None

    @property
    def cost(self) -> Cost | None:
        """What the input costs, and the answer if one was assumed; None when not known."""
        if self.has_unknown or self.region is None:
            return None
        return self.usage.cost(self.model, region=self.region)

    @property
    def speech_price(self) -> Decimal | None:
        """What a second of the answer's speech costs; None when not known."""
        return speech_price(self.model, self.region)

    def table(self) -> Table:
        """Return what is shown."""
        return estimate_table(self)


@dataclass(frozen=True, slots=True)
class Comparison(Tabled):
    """The same question for several models, side by side.

    Attributes
    ----------
    estimates : tuple of Estimate
        One for each model that takes the question.
    refusals : Mapping[str, str]
        The models that do not take it, and why.
    """

    estimates: tuple[Estimate, ...]
    refusals: Mapping[str, str] = field(default_factory=dict)
    language: Language = field(default="en", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", MappingProxyType(dict(self.refusals)))

    def table(self) -> Table:
        """Return what is shown."""
        return comparison_table(self)


def estimate(
    prompt: Any = None,
    *content: Any,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    frames: Any = None,
    model: str = DEFAULT_MODEL,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    region: str | None = None,
    answer_seconds: float | None = None,
    answer_tokens: int | None = None,
) -> Estimate:
    """Estimate the tokens and the cost of a question. Nothing is sent.

    Parameters
    ----------
    prompt, *content, image, audio, video, frames, model, voice, modalities, system
        The question, as `omni_nb.ask` takes it; it is checked by the same rules.
    region
        Whose prices count; by default the connection's, Beijing's for the stand-in.
    answer_seconds
        Assume so much speech in the answer. By default the answer is not priced: how long
        it gets nobody knows, and the table says what a second of it costs.
    answer_tokens
        Assume a written answer of so many tokens.

    Raises
    ------
    MediaError, RequestError
        The question is not allowed, or the assumption is not of an answer of its kind.

    Examples
    --------
    >>> made = estimate("Who are you?", region="beijing")
    >>> dict(made.usage.input), str(made.cost), f"{made.share:.4f}"
    ({'text': 3}, '0.0000012 CNY', '0.0001')
    """
    parts = _parts(prompt, content, image=image, audio=audio, video=video, frames=frames)
    request = _request(parts, model, voice=voice, modalities=modalities, system=system)
    return forecast(
        request,
        region=region or priced_region(current_connection()),
        answer_seconds=answer_seconds,
        answer_tokens=answer_tokens,
    )


def compare(
    prompt: Any = None,
    *content: Any,
    models: Sequence[str] | None = None,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    frames: Any = None,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    region: str | None = None,
    answer_seconds: float | None = None,
    answer_tokens: int | None = None,
) -> Comparison:
    """Estimate the same question for several models, side by side. Nothing is sent.

    Parameters
    ----------
    models
        Their names; by default all that are known (`omni_nb.rules`).
    prompt, *content, image, audio, video, frames, modalities, system
        The question. A model that does not take it is shown with the reason.
    voice
        Asks for speech; whose it is costs the same, so each model speaks with its own.
    region, answer_seconds, answer_tokens
        As for `estimate`.

    Examples
    --------
    >>> made = compare("Who are you?", models=["qwen-omni-turbo", "qwen3-omni-flash"])
    >>> [one.tokens for one in made.estimates]
    [3, 3]
    """
    if isinstance(models, str):
        raise RequestError(f"models is a list of names, such as ['{DEFAULT_MODEL}'].")
    parts = _parts(prompt, content, image=image, audio=audio, video=video, frames=frames)
    wanted = modalities or (("text", "audio") if voice else None)
    region = region or priced_region(current_connection())
    made: list[Estimate] = []
    refusals: dict[str, str] = {}
    for model in models or [facts.name for facts in known_models()]:
        try:
            own = None if _has_voices(model) else voice
            request = _request(parts, model, voice=own, modalities=wanted, system=system)
            made.append(
                forecast(
                    request,
                    region=region,
                    answer_seconds=answer_seconds,
                    answer_tokens=answer_tokens,
                )
            )
        except (MediaError, RequestError) as error:
            refusals[model] = str(error)
    return Comparison(tuple(made), refusals, language_of(parts))


def forecast(
    request: Request,
    *,
    region: str | None,
    answer_seconds: float | None = None,
    answer_tokens: int | None = None,
    weight: Weight | None = None,
) -> Estimate:
    """Estimate a whole request: the conversation so far, and its question."""
    if weight is None:
        weight = weigh_messages(request.messages, request.model)
    usage = Usage(
        input=weight.tokens,
        output=_assumed(request, answer_seconds, answer_tokens),
    )
    return Estimate(
        model=request.model,
        region=region,
        modalities=request.modalities,
        usage=usage,
        has_unknown=weight.has_unknown,
        input_limit=input_limit(request.model, request.options),
        answer_seconds=answer_seconds,
        language=language_of(request.question),
    )


def forecast_each(replies: Sequence[Reply]) -> list[Estimate]:
    """Estimate the requests of a conversation that was saved, weighing each message once."""
    weights: dict[tuple[int, str], Weight] = {}

    def weight_of(message: Message, model: str) -> Weight:
        key = (id(message), model)
        if key not in weights:
            weights[key] = weigh_messages([message], model)
        return weights[key]

    return [
        forecast(
            reply.request,
            region="beijing" if reply.is_stand_in else reply.region,
            weight=_sum(weight_of(message, reply.model) for message in reply.request.messages),
        )
        for reply in replies
    ]


def priced_region(connection: Connection) -> str | None:
    """Return whose prices count; the stand-in shows what a model would cost in Beijing."""
    return "beijing" if connection.is_stand_in else connection.region


def speech_price(model: str, region: str | None) -> Decimal | None:
    """Return what a second of an answer's speech costs; None when that is not known.

    Examples
    --------
    >>> speech_price("qwen-omni-turbo", "beijing")
    Decimal('0.00125')
    """
    facts = find_model(model)
    prices = facts.prices.get(region) if facts and region else None
    if facts is None or facts.tokens is None or prices is None or prices.audio_out is None:
        return None
    million = EXACT.multiply(facts.tokens.audio_per_second_out, prices.audio_out)
    return plain(million.scaleb(-6))


def _parts(prompt: Any, content: Sequence[Any], **media: Any) -> tuple[Part, ...]:
    return (*as_media(**media), *as_parts([prompt, *content]))


def _request(
    parts: tuple[Part, ...],
    model: str,
    *,
    voice: str | None,
    modalities: Sequence[str] | None,
    system: str | None,
) -> Request:
    wanted, chosen = choose_modalities(modalities, voice, model)
    messages = (*opening(system, as_turns=False), Message("user", parts))
    return Request(model, messages, wanted, chosen)


def _sum(weights: Iterable[Weight]) -> Weight:
    """Add many weights up; `sum` would make as many new ones on the way."""
    tokens: Counter[str] = Counter()
    has_unknown = False
    for weight in weights:
        tokens.update(weight.tokens)
        has_unknown |= weight.has_unknown
    return Weight(tokens, has_unknown)


def _has_voices(model: str) -> bool:
    facts = find_model(model)
    return facts is not None and bool(facts.voices.names)


def _assumed(request: Request, seconds: float | None, tokens: int | None) -> dict[str, int]:
    """Return the output that was assumed."""
    speaks = "audio" in request.modalities
    if seconds is not None and not speaks:
        raise RequestError("answer_seconds is of speech: pass voice=, or answer_tokens.")
    if tokens is not None and speaks:
        raise RequestError(
            "answer_tokens is of a written answer; of a spoken one only the speech is billed: "
            "pass answer_seconds."
        )
    if seconds is not None:
        return {"audio": audio_tokens(seconds, model=request.model, output=True)}
    if tokens is None:
        return {}
    if tokens < 0:
        raise RequestError(f"answer_tokens is 0 or more, not {tokens}.")
    return {"text": tokens}
