"""What a client asked for, read and checked by the documented rules.

The texts of the refusals are the service's own where they are published (facts.md §3); where
the documentation has only the rule, the words are ours and name the parameter the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from omni_nb.errors import MediaError
from omni_nb.media.parts import ImageURLPart, TextPart
from omni_nb.media.sources import decode_data_url
from omni_nb.models.catalog import ModelFacts, find_model
from omni_nb.models.tokens import image_tokens, text_tokens
from omni_nb.offline.pictures import Picture, look_at

_PREFIX: Final = "<400> InternalError.Algo.InvalidParameter: "


class Refusal(Exception):
    """A request that the service does not take: HTTP status, error code, type and message."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "invalid_parameter_error",
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.type = message, status, code, type


ReadPart = TextPart | ImageURLPart | Picture


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user said and showed in one message."""

    parts: tuple[ReadPart, ...]

    @property
    def text(self) -> str:
        """The words of the message."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def pictures(self) -> tuple[Picture | ImageURLPart, ...]:
        """The images of the message, in order."""
        return tuple(part for part in self.parts if not isinstance(part, TextPart))


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
        By modality; one that does not occur is missing. An image at a URL counts 0 tokens: it
        is never fetched, so its size is unknown, and the answer says so.
    """

    model: str
    facts: ModelFacts
    turns: tuple[Turn, ...]
    voice: str | None
    include_usage: bool
    max_tokens: int
    input_tokens: Mapping[str, int]


def read_request(body: bytes) -> ChatRequest:
    """Read and check the body of a chat completion; slow when it holds large images.

    Raises
    ------
    Refusal
        A documented rule is broken.
    """
    asked = _json_object(body)
    facts = _model(asked)
    _check_stream(asked)
    _check_switches(asked, facts)
    voice = _voice(asked, facts)
    max_tokens = _max_tokens(asked, facts)
    messages = _messages(asked)
    turns = tuple(_turn(m, facts) for m in messages if m.get("role") == "user")
    others = [text for m in messages if m.get("role") != "user" for text in _texts(m)]
    options = asked.get("stream_options")
    return ChatRequest(
        model=asked["model"],
        facts=facts,
        turns=turns,
        voice=voice,
        include_usage=isinstance(options, Mapping) and options.get("include_usage") is True,
        max_tokens=max_tokens,
        input_tokens=_input_tokens(turns, others, facts),
    )


def _json_object(body: bytes) -> Mapping[str, Any]:
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
            f"The model {_short(name)} does not exist or you do not have access to it.",
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


def _check_switches(asked: Mapping[str, Any], facts: ModelFacts) -> None:
    if asked.get("enable_search"):
        raise Refusal("This model does not support enable_search.")
    if asked.get("enable_thinking"):
        raise Refusal(f"The model {facts.name} does not support enable_thinking.")


def _voice(asked: Mapping[str, Any], facts: ModelFacts) -> str | None:
    """The voice to speak with, or None when only text is asked for."""
    modalities = asked.get("modalities") or ["text"]
    known = [sorted(words) for words in facts.modalities] or [["text"]]
    if not _is_words(modalities) or sorted(modalities) not in known:
        listed = " or ".join(json.dumps(list(words)) for words in facts.modalities)
        raise Refusal(f"Input should be {listed}: parameters.modalities")
    if "audio" not in modalities:
        return None
    audio = asked.get("audio")
    if audio is not None and not isinstance(audio, Mapping):
        raise Refusal("Input should be an object with voice and format: parameters.audio")
    if (audio or {}).get("format", "wav") != "wav":
        raise Refusal("Input should be 'wav': parameters.audio.format")
    return _known_voice((audio or {}).get("voice"), facts)


def _known_voice(voice: Any, facts: ModelFacts) -> str:
    names = facts.voices.names
    if voice is None:
        return names[0]
    if not isinstance(voice, str) or not voice.strip():
        raise Refusal("Input should be a valid string: parameters.audio.voice")
    if facts.voices.closed and voice not in names:
        listed = ", ".join(f"'{name}'" for name in names[:-1]) + f" or '{names[-1]}'"
        raise Refusal(f"Input should be {listed}: parameters.audio.voice")
    return voice


def _max_tokens(asked: Mapping[str, Any], facts: ModelFacts) -> int:
    most = facts.limits.output_tokens or 2048
    given = asked.get("max_completion_tokens") or asked.get("max_tokens")
    if given is None:
        return most
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise Refusal(f"Range of max_tokens should be [1, {most}]")
    return given


def _messages(asked: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    messages = asked.get("messages")
    if messages == []:
        raise Refusal("[] is too short")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise Refusal("Input should be a list of messages: messages")
    for message in messages:
        if message.get("role") not in ("system", "developer", "user", "assistant"):
            raise Refusal(
                f"{_short(message.get('role'))} is not one of system, user, assistant: "
                "messages.role"
            )
    if messages[-1]["role"] != "user":
        raise Refusal(
            "list index out of range", status=500, code="internal_error", type="internal_error"
        )
    return messages


def _texts(message: Mapping[str, Any]) -> list[str]:
    """The words of a system or assistant message, which may hold nothing else."""
    role, content = message["role"], message.get("content")
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else [content]
    if not all(isinstance(p, dict) and p.get("type") == "text" for p in parts):
        raise Refusal(f"A message of the role {role} takes text only: messages.content")
    return [_read_text(part, None).text for part in parts]


def _turn(message: Mapping[str, Any], facts: ModelFacts) -> Turn:
    content = message.get("content")
    if isinstance(content, str):
        return Turn((TextPart(content),))
    if not isinstance(content, list) or not content:
        raise Refusal("Input should be a string or a list of parts: messages.content")
    if not all(isinstance(part, dict) for part in content):
        raise Refusal("Input should be a list of parts with a type: messages.content")
    _check_media([part.get("type") for part in content], facts)
    return Turn(tuple(_READERS[part["type"]](part, facts) for part in content))


def _check_media(types: Sequence[Any], facts: ModelFacts) -> None:
    for kind in types:
        if not isinstance(kind, str) or kind not in {**_READERS, **_LATER}:
            raise Refusal(
                f"Invalid value: {_short(kind)}. "
                "Supported values are: 'text','image_url','video_url' and 'video'."
            )
    media = {_LATER.get(kind, "image") for kind in types if kind != "text"}
    if facts.one_medium_per_message and len(media) > 1:
        raise Refusal(
            f"A user message of {facts.name} takes text and one other modality, not "
            f"{' and '.join(sorted(media))} together: messages.content"
        )
    if later := [kind for kind in types if kind in _LATER]:
        raise Refusal(
            f"This version of the omni_nb stand-in takes text and images only; the part "
            f"'{later[0]}' is for a real service (or a later version)."
        )


def _read_text(part: Mapping[str, Any], facts: ModelFacts | None) -> TextPart:
    text = part.get("text")
    if not isinstance(text, str):
        raise Refusal("Input should be a valid string: messages.content.text")
    return TextPart(text)


def _read_image(part: Mapping[str, Any], facts: ModelFacts) -> ImageURLPart | Picture:
    holder = part.get("image_url")
    url = holder.get("url") if isinstance(holder, Mapping) else None
    if not isinstance(url, str):
        raise Refusal("Input should be an object with a url: messages.content.image_url")
    head = url[:8].lower()
    if head.startswith(("http://", "https://")):
        return ImageURLPart(url)
    if not head.startswith("data:"):
        raise Refusal(
            f"{_PREFIX}The provided URL does not appear to be valid. "
            "Ensure it is correctly formatted."
        )
    file_bytes = (len(url) - url.find(",") - 1) * 3 // 4
    if facts.limits.image_bytes is not None and file_bytes > facts.limits.image_bytes + 2:
        raise Refusal("Multimodal file size is too large")
    return _look(url, facts)


def _look(url: str, facts: ModelFacts) -> Picture:
    try:
        picture = look_at(decode_data_url(url))
    except MediaError as error:
        raise Refusal("Failed to decode the image during the data inspection.") from error
    sides, limits = sorted((picture.width, picture.height)), facts.limits
    too_small = sides[0] < (limits.image_min_side_pixels or 1)
    if too_small or sides[1] > sides[0] * (limits.image_max_ratio or sides[1]):
        raise Refusal(f"{_PREFIX}The image length and width do not meet the model restrictions.")
    return picture


# A kind of part that the stand-in takes has a reader; one it does not take yet, its medium.
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], ModelFacts], ReadPart]]] = {
    "text": _read_text,
    "image_url": _read_image,
}
_LATER: Final = {"input_audio": "audio", "video": "video", "video_url": "video"}


def _input_tokens(
    turns: Sequence[Turn], others: Sequence[str], facts: ModelFacts
) -> Mapping[str, int]:
    texts = [*others, *(part.text for t in turns for part in t.parts if isinstance(part, TextPart))]
    seen = [p for turn in turns for p in turn.pictures if isinstance(p, Picture)]
    counted = {
        "text": sum(map(text_tokens, texts)),
        "image": sum(image_tokens(p.width, p.height, model=facts.name).tokens for p in seen),
    }
    most = facts.limits.input_tokens
    if not sum(counted.values()) and not any(turn.pictures for turn in turns):
        raise Refusal("Range of input length should be [1, " + f"{most}]")
    if most is not None and sum(counted.values()) > most:
        raise Refusal(f"{_PREFIX}Range of input length should be [1, {most}]")
    return {modality: tokens for modality, tokens in counted.items() if tokens}


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
