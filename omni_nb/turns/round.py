"""Round: one request of an answer, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.media.text import well_formed
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import audio_tokens, text_tokens
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
    UsageReport,
)
from omni_nb.wire.request import Call

if TYPE_CHECKING:
    from omni_nb.rules.estimate import Estimate
    from omni_nb.rules.pricing import Cost
    from omni_nb.turns.tool_results import ToolCall
    from omni_nb.wire.events import Event
    from omni_nb.wire.request import Request


class Round:
    """One request of an answer, and what came of it.

    Most answers have one round. One more follows when the model calls tools, when an answer
    that tools were used for is to be spoken, and when an answer does not fit its form.

    Attributes
    ----------
    request : Request
        What was sent.
    estimate : Estimate or None
        The tokens and the cost of the request, estimated before it was sent.
    usage : Usage or None
        Tokens by modality, as the service counted them; None without a count.
    finish_reason : str or None
        The service's own word for why the round ended.
    tool_calls : tuple of ToolCall
        The tools that the model called, with what they returned.
    problems : tuple of str
        Why the answer does not fit its form.
    """

    def __init__(self, request: Request, *, region: str | None = None) -> None:
        self.request = request
        self.estimate: Estimate | None = None
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.tool_calls: tuple[ToolCall, ...] = ()
        self.problems: tuple[str, ...] = ()
        self.pcm = bytearray()
        self._region = region
        self._content: list[str] = []
        self._transcript: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[list[str]] = []  # id, name, arguments

    def fill(self, *, text: str, reasoning: str = "", refusal: str = "", pcm: bytes = b"") -> None:
        """Take what came of a round that was saved."""
        self._content, self._reasoning, self._refusal = [text], [reasoning], [refusal]
        self.pcm = bytearray(pcm)

    def feed(self, event: Event) -> None:
        """Take one event.

        Speech that nobody asked for is left out where tools are offered: it would be that of a
        call.
        """
        match event:
            case TextDelta(text):
                if isinstance(event, RefusalDelta):
                    self._refusal.append(text)
                self._content.append(text)
            case TranscriptDelta(text):
                self._transcript.append(text)
            case ReasoningDelta(text):
                self._reasoning.append(text)
            case ToolCallDelta(index, call_id, name, arguments):
                self._calls += [["", "", ""] for _ in range(len(self._calls), index + 1)]
                for place, piece in enumerate((call_id, name, arguments)):
                    self._calls[index][place] += piece
            case AudioDelta(pcm):
                if "audio" in self.request.modalities or not self.request.tools:
                    self.pcm += pcm
            case UsageReport(usage):
                self.usage = usage
            case Finished(finish_reason):
                self.finish_reason = finish_reason

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls as the model wrote them; one without an id gets one."""
        return tuple(
            Call(call_id or f"call_{place}", name, well_formed(arguments))
            for place, (call_id, name, arguments) in enumerate(self._calls)
        )

    @property
    def text(self) -> str:
        """What the model said.

        Services send it as text, as the speech's transcript, or as both, one of them with
        holes: it is the longer of the two, never their sum.
        """
        content, transcript = "".join(self._content), "".join(self._transcript)
        return content if len(content) >= len(transcript) else transcript

    @property
    def reasoning(self) -> str:
        """The model's thinking, kept apart from its answer."""
        return "".join(self._reasoning)

    @property
    def refusal(self) -> str:
        """The words with which the model declined, which are in ``text``, too; else ``""``."""
        return "".join(self._refusal)

    @property
    def has_come(self) -> bool:
        """Whether anything of the round has come."""
        return bool(self._calls or self.text or self.pcm or self.reasoning)

    @property
    def cost(self) -> Cost | None:
        """What the round cost; None when it is not known."""
        return self.price(self.usage) if self.usage else None

    @property
    def usage_so_far(self) -> Usage:
        """The service's count; until it comes, and where none came, our rules' count."""
        return self.by_rules() if self.usage is None else self.usage

    @property
    def cost_so_far(self) -> Cost | None:
        """The cost while the round streams and after it was cut short; None when not known."""
        if (billed := self.cost) is not None:
            return billed
        counted = self.by_rules()
        is_input_known = self.estimate is not None and not self.estimate.has_unknown
        is_speech_known = not self.pcm or "audio" in counted.output
        return self.price(counted) if is_input_known and is_speech_known else None

    def by_rules(self) -> Usage:
        """Count by our rules: the input as it was estimated, the output as it has arrived."""
        seconds = len(self.pcm) / 2 / SPEECH_SAMPLE_RATE
        called = "".join(name + arguments for _, name, arguments in self._calls)
        text = text_tokens(self.text) + text_tokens(self.reasoning) + text_tokens(called)
        output = {"text": text, "audio": self._speech_tokens(seconds)}
        return Usage(
            input=self.estimate.usage.input if self.estimate else {},
            output={name: count for name, count in output.items() if count},
        )

    def price(self, usage: Usage) -> Cost | None:
        """Price tokens as this round's."""
        return usage.cost(self.request.model, region=self._region) if self._region else None

    def _speech_tokens(self, seconds: float) -> int:
        try:
            return audio_tokens(seconds, model=self.request.model, output=True)
        except RequestError:  # the model's rule is not known
            return 0

    def __repr__(self) -> str:
        called = ", ".join(call.name for call in self.calls)
        did = f"calls {called}" if called else f"{len(self.text)} characters"
        return f"<Round of {self.request.model}: {did}, {self.finish_reason or 'streaming'}>"
