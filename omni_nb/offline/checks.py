"""Read a chat request and check it by the documented rules.

The texts of the refusals are the service's own where they are published; where
the documentation has only the rule, the words are ours and name the parameter the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from omni_nb.offline.contents import ReadPart as ReadPart
from omni_nb.offline.contents import Turn as Turn
from omni_nb.offline.contents import read_text, read_turn, short
from omni_nb.offline.formats import Format, read_format
from omni_nb.offline.input_tokens import count_tokens
from omni_nb.offline.items import Item, Items
from omni_nb.offline.refusals import INVALID
from omni_nb.offline.refusals import Refusal as Refusal
from omni_nb.offline.tools import (
    Result,
    Toolbox,
    billed,
    check_rounds,
    read_results,
    read_toolbox,
    shows_results,
    texts_of_calls,
)
from omni_nb.rules.catalog import ModelFacts, find_model


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request that passed every check.

    Attributes
    ----------
    model
        As the client wrote it; ``facts`` may be those of an alias.
    turns
        The user's messages, oldest first; the last one is the question.
    voice
        None when only text is asked for.
    input_tokens
        By modality; one that does not occur is missing. A medium at a URL counts 0 tokens: it
        is never fetched, so its size is unknown, and the answer says so.
    thinks
        Whether reasoning comes before the answer.
    searches
        Whether a web search was asked for.
    is_instructed
        Whether there is a system message.
    toolbox
        The tools that may be called.
    results
        What tools returned since the question.
    shows_results
        Whether the last turn is no question, but has the media of results.
    format
        How the answer is written in JSON; None: in words.
    """

    model: str
    facts: ModelFacts
    turns: tuple[Turn, ...]
    voice: str | None
    include_usage: bool
    max_tokens: int
    input_tokens: Mapping[str, int]
    thinks: bool = False
    searches: bool = False
    is_instructed: bool = False
    toolbox: Toolbox = field(default_factory=Toolbox)
    results: tuple[Result, ...] = ()
    shows_results: bool = False
    format: Format | None = None


def read_request(
    body: bytes | bytearray,
    *,
    keeps_schema: bool = False,
    find: Callable[[str], Item | None] | None = None,
) -> ChatRequest:
    """Read and check the body of a chat completion; slow when it holds large media.

    Parameters
    ----------
    body
        JSON. The large media of a ``bytearray`` are taken out of it, to use memory once.
    keeps_schema
        The server takes the schema of an answer beside media, as the documented one does not.
    find
        Finds media in the store (`omni_nb.offline.items.Items`).

    Raises
    ------
    Refusal
        A documented rule is broken.
    """
    with Items(find) as items:
        held = body if isinstance(body, bytearray) else bytearray(body)
        items.lift(held)
        return _read(_json_object(held), items, keeps_schema=keeps_schema)


def _read(asked: Mapping[str, Any], items: Items, *, keeps_schema: bool) -> ChatRequest:
    facts = _model(asked)
    _check_stream(asked)
    thinks = _thinks(asked, facts)
    searches = _searches(asked, facts)
    voice = _voice(asked, facts, thinks=thinks)
    max_tokens = _max_tokens(asked, facts)
    toolbox = read_toolbox(asked, facts, thinks=thinks)
    messages = _messages(asked, facts)
    turns = tuple(read_turn(m, facts, items) for m in messages if m.get("role") == "user")
    others = [text for m in messages if m.get("role") != "user" for text in _texts(m, items)]
    others += [*billed(toolbox), *(text for m in messages for text in texts_of_calls(m))]
    options = asked.get("stream_options")
    return ChatRequest(
        model=asked["model"],
        facts=facts,
        turns=turns,
        voice=voice,
        include_usage=isinstance(options, Mapping) and options.get("include_usage") is True,
        max_tokens=max_tokens,
        input_tokens=_input_tokens(turns, others, facts, thinks=thinks),
        thinks=thinks,
        searches=searches,
        is_instructed=any(m.get("role") in _INSTRUCTING for m in messages),
        toolbox=toolbox,
        results=read_results(messages),
        shows_results=shows_results(messages[-2:]),
        format=read_format(asked, messages, keeps_schema=keeps_schema),
    )


_INSTRUCTING: Final = ("system", "developer")


def _json_object(body: bytearray) -> Mapping[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"The request body is not valid JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Refusal(f"The request body is a JSON object, not {type(asked).__name__}.")
    return asked


def _model(asked: Mapping[str, Any]) -> ModelFacts:
    name = asked.get("model")
    facts = find_model(name) if isinstance(name, str) else None
    if facts is None:
        raise Refusal(
            f"The model {short(name)} does not exist or you do not have access to it.",
            status=404,
            code="model_not_found",
        )
    return facts


def _check_stream(asked: Mapping[str, Any]) -> None:
    if asked.get("stream") is not True:
        raise Refusal(
            "This model only support stream mode, please enable the stream parameter to access "
            "the model. "
        )


def _thinks(asked: Mapping[str, Any], facts: ModelFacts) -> bool:
    """Return whether to think first: as asked, or as the model does by default."""
    wanted = asked.get("enable_thinking")
    if facts.thinking == "no":
        if wanted:
            raise Refusal(f"The model {facts.name} does not support enable_thinking.")
        return False
    if wanted is not None and not isinstance(wanted, bool):
        raise Refusal("Input should be a valid boolean: parameters.enable_thinking")
    return facts.thinking == "on" if wanted is None else wanted


def _searches(asked: Mapping[str, Any], facts: ModelFacts) -> bool:
    wanted = bool(asked.get("enable_search"))
    if wanted and not facts.search:
        raise Refusal("This model does not support enable_search.")
    return wanted


def _voice(asked: Mapping[str, Any], facts: ModelFacts, *, thinks: bool) -> str | None:
    """Return the voice to speak with, or None when only text is asked for."""
    modalities = asked.get("modalities") or ["text"]
    _check_modalities(modalities, facts)
    if "audio" not in modalities:
        return None
    if thinks:
        raise Refusal(
            f"{facts.name} answers with text only while enable_thinking is true: "
            "parameters.modalities"
        )
    audio = asked.get("audio")
    if audio is not None and not isinstance(audio, Mapping):
        raise Refusal("Input should be an object with voice and format: parameters.audio")
    if (audio or {}).get("format", "wav") != "wav":
        raise Refusal("Input should be 'wav': parameters.audio.format")
    return _known_voice((audio or {}).get("voice"), facts)


def _check_modalities(modalities: Any, facts: ModelFacts) -> None:
    known = [sorted(words) for words in facts.modalities] or [["text"]]
    if _is_words(modalities) and sorted(modalities) in known:
        return
    if _is_words(modalities) and "audio" in modalities and not facts.speaks:
        raise Refusal(f"{facts.name} does not support the modalities {json.dumps(modalities)}")
    listed = " or ".join(json.dumps(words) for words in facts.modalities or [["text"]])
    raise Refusal(f"Input should be {listed}: parameters.modalities")


def _known_voice(voice: Any, facts: ModelFacts) -> str:
    names = facts.voices.names
    if voice is None:
        return names[0] if names else "Cherry"
    if not isinstance(voice, str) or not voice.strip():
        raise Refusal("Input should be a valid string: parameters.audio.voice")
    if facts.voices.closed and voice not in names:
        listed = ", ".join(f"'{name}'" for name in names[:-1]) + f" or '{names[-1]}'"
        raise Refusal(f"Input should be {listed}: parameters.audio.voice")
    if voice in _REFUSED_VOICES and facts.name.startswith("qwen3.5-omni"):
        raise Refusal(f"Voice '{voice}' is not supported")
    return voice


_REFUSED_VOICES: Final = ("Cherry",)  # of an open list, the one that is known


def _max_tokens(asked: Mapping[str, Any], facts: ModelFacts) -> int:
    most = facts.limits.output_tokens or 2048
    given = asked.get("max_completion_tokens") or asked.get("max_tokens")
    if given is None:
        return most
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise Refusal(f"Range of max_tokens should be [1, {most}]")
    return given


def _messages(asked: Mapping[str, Any], facts: ModelFacts) -> Sequence[Mapping[str, Any]]:
    messages = asked.get("messages")
    if messages == []:
        raise Refusal("[] is too short")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise Refusal("Input should be a list of messages: messages")
    for message in messages:
        if message.get("role") not in ("system", "developer", "user", "assistant", "tool"):
            raise Refusal(
                f"{short(message.get('role'))} is not one of system, user, assistant, tool: "
                "messages.role"
            )
    check_rounds(messages, facts)
    has_question = any(message["role"] == "user" for message in messages)
    if messages[-1]["role"] not in ("user", "tool") or not has_question:
        raise Refusal(
            "list index out of range", status=500, code="internal_error", type="internal_error"
        )
    return messages


def _texts(message: Mapping[str, Any], items: Items) -> list[str]:
    """Return the text of a system or assistant message, which may hold nothing else."""
    role, content = message["role"], message.get("content")
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else [content]
    if not all(isinstance(p, dict) and p.get("type") == "text" for p in parts):
        raise Refusal(f"A message of the role {role} takes text only: messages.content")
    return [read_text(part, items).text for part in parts]


def _input_tokens(
    turns: Sequence[Turn], others: Sequence[str], facts: ModelFacts, *, thinks: bool
) -> Mapping[str, int]:
    counted = count_tokens(turns, others, facts)
    total, most = sum(counted.values()), facts.limits.input_tokens
    if thinks:
        most = facts.limits.thinking_input_tokens or most
    if not total and not any(turn.media for turn in turns):
        raise Refusal(f"Range of input length should be [1, {most or 'xxx'}]")
    if most is not None and total > most:
        raise Refusal(f"{INVALID}Range of input length should be [1, {most}]")
    return counted


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
