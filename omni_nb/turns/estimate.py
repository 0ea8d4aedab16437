"""Estimate the tokens and the cost of a question, before anything is sent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import parts_of
from omni_nb.rules import pricing
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.estimate import Comparison, Estimate
from omni_nb.rules.options import check_extra, check_options
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import audio_tokens
from omni_nb.rules.weigh import Weight
from omni_nb.turns.connection import current_connection
from omni_nb.turns.context import input_limit, weigh_around, weigh_messages, weigh_request
from omni_nb.turns.line import Line
from omni_nb.turns.settings import Settings
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from typing_extensions import Unpack

    from omni_nb.rules.options import Options
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply
    from omni_nb.wire.request import Message, Request


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
    system_as_turns: bool = False,
    region: str | None = None,
    answer_seconds: float | None = None,
    answer_tokens: int | None = None,
    tools: Sequence[Any] | None = None,
    response_format: Any = None,
    extra: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> Estimate:
    """Estimate the tokens and the cost of a question. Nothing is sent.

    Parameters
    ----------
    prompt, *content
        Text, or anything that can only be one thing, as `omni_nb.ask` takes it.
    image, audio, video, frames
        The media, as `omni_nb.ask` takes them. What is at a URL is not fetched: its tokens are
        unknown.
    model
        The model's name.
    voice
        Asks for speech; which voice it is costs the same.
    modalities
        ``["text"]`` or ``["text", "audio"]``; by default speech when a voice is given.
    system, system_as_turns
        The system message, and whether its words are sent as a question and answer.
    region
        Whose prices count; by default the connection's, Beijing's for the stand-in.
    answer_seconds
        Assume so much speech in the answer. By default the answer is not priced: its length is
        not known, and the table says what a second of it costs.
    answer_tokens
        Assume a written answer of so many tokens.
    temperature, top_p, top_k, seed, stop, presence_penalty, frequency_penalty, repetition_penalty
        Checked as for `omni_nb.ask`; they change no estimate.
    max_tokens, max_completion_tokens, enable_search, search_options
        Checked as for `omni_nb.ask`; they change no estimate.
    enable_thinking, thinking_budget, reasoning_effort
        Some models take in less while they think.
    vl_high_resolution_images, use_multichannel
        Checked as for `omni_nb.ask`; how many tokens they add is not published.
    tools, response_format
        As for `omni_nb.ask`: the model reads what they are.
    tool_choice, parallel_tool_calls
        Checked as for `omni_nb.ask`; they change no estimate.
    extra
        More fields of the request's body.

    Returns
    -------
    Estimate
        Shown as a table; ``.tokens``, ``.cost``, ``.share`` and ``.speech_price`` are numbers.

    Raises
    ------
    MediaError, RequestError
        The question is not allowed, or the assumption is not of an answer of its kind.

    Examples
    --------
    >>> made = estimate("Who are you?", region="beijing")
    >>> dict(made.usage.input), str(made.cost), f"{made.share:.4f}"
    ({'text': 3}, '0.0000012 CNY', '0.0001')
    >>> import numpy as np
    >>> estimate("What is this?", image=np.zeros((480, 640, 3), "uint8")).usage.input["image"]
    393
    """
    given = check_options(options, where="estimate()", names=_ARGUMENTS)
    settings = Settings.chosen(
        model,
        voice=voice,
        modalities=modalities,
        system=system,
        system_as_turns=system_as_turns,
        options={**given, **check_extra(extra)},
        tools=tools,
        response_format=response_format,
    )
    parts = parts_of(prompt, content, image=image, audio=audio, video=video, frames=frames)
    return forecast(
        settings.request(Line(), parts),
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
    system_as_turns: bool = False,
    region: str | None = None,
    answer_seconds: float | None = None,
    answer_tokens: int | None = None,
    tools: Sequence[Any] | None = None,
    response_format: Any = None,
    extra: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> Comparison:
    """Estimate the same question for several models, side by side. Nothing is sent.

    Parameters
    ----------
    models
        The names of the models; by default all that are known (`omni_nb.models`).
    prompt, *content, image, audio, video, frames, modalities, system, system_as_turns, extra
        The question, as for `estimate`. A model that does not take it is shown with the reason.
    voice
        Asks for speech; whose it is costs the same, so each model speaks with its own.
    region, answer_seconds, answer_tokens, tools, response_format
        As for `estimate`.
    **options
        The options of `omni_nb.ask`.

    Returns
    -------
    Comparison
        Shown as a table; ``.estimates`` has an `Estimate` for each model that takes the
        question, ``.refusals`` the reasons of the others.

    Raises
    ------
    MediaError
        A medium cannot be used.
    RequestError
        ``models`` is no list of names, an option has another name or type, or all models refuse
        the question for one and the same reason.

    Examples
    --------
    >>> made = compare("Who are you?", models=["qwen-omni-turbo", "qwen3-omni-flash"])
    >>> [one.tokens for one in made.estimates]
    [3, 3]
    """
    given = check_options(options, where="compare()", names=("models", *_ARGUMENTS))
    if models is not None and (isinstance(models, str) or not all(map(_is_name, models))):
        raise RequestError(f"models is a list of names, such as ['{DEFAULT_MODEL}'].")
    parts = parts_of(prompt, content, image=image, audio=audio, video=video, frames=frames)
    wanted = modalities or (("text", "audio") if voice else None)
    prices = region or priced_region(current_connection())
    made: list[Estimate] = []
    refusals: dict[str, str] = {}
    refused: MediaError | RequestError
    for model in models or [facts.name for facts in known_models()]:
        try:
            settings = Settings.chosen(
                model,
                voice=None if _has_voices(model) else voice,
                modalities=wanted,
                system=system,
                system_as_turns=system_as_turns,
                options={**given, **check_extra(extra)},
                tools=tools,
                response_format=response_format,
            )
            made.append(
                forecast(
                    settings.request(Line(), parts),
                    region=prices,
                    answer_seconds=answer_seconds,
                    answer_tokens=answer_tokens,
                )
            )
        except (MediaError, RequestError) as error:
            refusals[model] = str(error)
            refused = error
    if not made and len(refusals) > 1 and len(set(refusals.values())) == 1:
        raise refused  # it is none of the models: said once
    return Comparison(tuple(made), refusals, parts)


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
        weight = weigh_request(request)
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
        question=request.question,
    )


def forecast_each(replies: Sequence[Reply]) -> list[Estimate]:
    """Estimate the requests of saved replies, counting each message once."""
    weights: dict[tuple[int, str], Weight] = {}

    def weight_of(message: Message, model: str) -> Weight:
        key = (id(message), model)
        if key not in weights:
            weights[key] = weigh_messages([message], model)
        return weights[key]

    return [
        forecast(
            reply.request,
            region=pricing.priced_region(reply.region, is_stand_in=reply.is_stand_in),
            weight=_sum(weight_of(message, reply.model) for message in reply.request.messages)
            + weigh_around(reply.request),
        )
        for reply in replies
    ]


def priced_region(connection: Connection) -> str | None:
    """Return the region whose prices count for what a connection asks."""
    return pricing.priced_region(connection.region, is_stand_in=connection.is_stand_in)


def _sum(weights: Iterable[Weight]) -> Weight:
    """Add up many estimates; `sum` would make as many new ones on the way."""
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


def _is_name(model: object) -> bool:
    return isinstance(model, str)


_ARGUMENTS = (
    *("image", "audio", "video", "frames", "model", "voice", "modalities"),
    *("system", "system_as_turns", "region", "answer_seconds", "answer_tokens", "extra"),
    *("tools", "response_format"),
)
