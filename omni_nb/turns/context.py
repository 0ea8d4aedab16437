"""Compare the tokens of a whole request with the input limit of its model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from omni_nb.errors import RequestError, warn
from omni_nb.rules.catalog import find_model
from omni_nb.rules.tokens import text_tokens
from omni_nb.rules.weigh import Weight, weigh_parts
from omni_nb.words import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omni_nb.wire.request import Message, Request


def weigh_messages(messages: Iterable[Message], model: str) -> Weight:
    """Estimate the tokens of messages.

    Examples
    --------
    >>> from omni_nb.turns.history import opening
    >>> print(weigh_messages(opening("You are a cat.", as_turns=False), "qwen-omni-turbo"))
    about 4 tokens
    """
    sent = list(messages)
    parts = (part for message in sent for part in message.parts)
    called = "".join(call.name + call.arguments for message in sent for call in message.calls)
    return weigh_parts(parts, find_model(model)) + weigh_text(called)


def weigh_text(text: str) -> Weight:
    """Estimate the tokens of a text; nothing of an empty one."""
    return Weight({"text": text_tokens(text)}) if text else Weight()


def weigh_around(request: Request) -> Weight:
    """Estimate what a request sends beside its messages: tools, and the form of the answer."""
    written = [json.dumps(tool.payload(), ensure_ascii=False) for tool in request.tools]
    if request.response_format is not None:
        written.append(request.response_format.instructions(language_of(request.question)))
    return weigh_text("".join(written))


def weigh_request(request: Request) -> Weight:
    """Estimate the tokens of a whole request."""
    return weigh_messages(request.messages, request.model) + weigh_around(request)


def input_limit(model: str, options: Mapping[str, Any]) -> int | None:
    """Return a model's input limit in tokens; None when it is not known.

    Some models take less while they think.

    Examples
    --------
    >>> input_limit("qwen-omni-turbo", {})
    30720
    """
    facts = find_model(model)
    if facts is None:
        return None
    thinks = options.get("enable_thinking", facts.thinking == "on")
    return (thinks and facts.limits.thinking_input_tokens) or facts.limits.input_tokens


def check_context(request: Request) -> Weight:
    """Check a request's estimated tokens against the input limit, and return them.

    The media alone decide: their tokens follow documented rules. The tokens of the text are a
    rough estimate, so with them there is a warning only. What cannot be counted, such as what
    is at a URL, is left to the service.

    Raises
    ------
    RequestError
        The media alone have more tokens than the model takes.
    """
    limit = input_limit(request.model, request.options)
    weight = weigh_request(request)
    if limit is None or weight.total <= limit:
        return weight
    if weight.media <= limit:
        warn(
            f"This request has {weight}, with its words estimated; {request.model} takes "
            f"{limit:,}. The service may refuse it. {_TRIM_ADVICE}",
        )
        return weight
    question = weigh_messages(request.messages[-1:], request.model)
    advice = _TRIM_ADVICE if question.media <= limit else "Send fewer or smaller media in it."
    raise RequestError(
        f"This request has {weight}, {question.total:,} of them in the question; "
        f"{request.model} takes {limit:,}. {advice}"
    )


_TRIM_ADVICE = (
    "chat.trim() sends the media of all turns but the last as words, chat.trim(keep=0) of all; "
    "chat.trim('turns') leaves out the oldest turns."
)
