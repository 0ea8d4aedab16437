"""Events of an answer's stream, one class for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from omni_nb.rules.pricing import Usage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More written text (``delta.content``)."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta(TextDelta):
    """More of the text with which the model declines (``delta.refusal``)."""


@dataclass(frozen=True, slots=True)
class TranscriptDelta:
    """More of the text of the speech (``delta.audio.transcript``)."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's thinking (``delta.reasoning_content`` or ``delta.reasoning``)."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a tool call (``delta.tool_calls``).

    Attributes
    ----------
    index
        Which call of the round it is, counted from 0.
    id, name
        The call's id and the tool's name, each once; ``""`` where they have come or come later.
    arguments
        The next characters of the arguments, which together are JSON.
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """More speech: whole samples of mono PCM16."""

    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The service's count of tokens, with the raw object it came as."""

    usage: Usage
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the answer, and why the service stopped (``"stop"``, ``"length"``, ...)."""

    finish_reason: str


Event: TypeAlias = (
    "TextDelta | RefusalDelta | TranscriptDelta | ReasoningDelta | ToolCallDelta | AudioDelta | "
    "UsageReport | Finished"
)
