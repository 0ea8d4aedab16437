"""Reply: one answer, growing while it streams and kept even when the stream breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from omni_nb.errors import RequestError
from omni_nb.media.clip import SPEECH_SAMPLE_RATE, AudioClip
from omni_nb.media.shown import Shown
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import audio_tokens, text_tokens
from omni_nb.turns.account import Account
from omni_nb.turns.timing import Arrival, Playback, Timing
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from omni_nb.errors import ServiceError
    from omni_nb.media.parts import Part
    from omni_nb.rules.estimate import Estimate
    from omni_nb.rules.pricing import Cost
    from omni_nb.wire.events import Event
    from omni_nb.wire.request import Request
    from omni_nb.wire.retry import Wait


Stopped: TypeAlias = Literal["interrupted", "budget", "timeout"]
"""Why we ended an answer before the service did."""


class Reply(Shown):
    """One answer: text, speech, usage and how it came.

    A reply grows while it streams; `feed` is the only way in. Nothing that arrived is lost when
    the stream breaks or is interrupted: ``finish_reason`` then says ``"error"``,
    ``"interrupted"`` (by the person), ``"budget"`` (spent) or ``"timeout"`` (the time that the
    answer may take was over), else it is the service's own word (``"stop"``, ``"length"``,
    ...), or None while the answer streams or where the service gave none.

    Attributes
    ----------
    request : Request
        What was asked.
    usage : Usage or None
        Tokens by modality, as the service counted them; None without a count.
    region : str or None
        Whose prices count; None: the cost is unknown.
    is_stand_in : bool
        Whether the offline stand-in answered, not a model.
    error : ServiceError or None
        Why the stream broke.
    estimate : Estimate or None
        The tokens and the cost of the request, estimated before it was sent.
    sent_at : float or None
        When the request was sent, in unix seconds.
    is_finished : bool
        Whether nothing more will come.
    wait : Wait or None
        The wait before the request is sent again, while there is one.

    Examples
    --------
    >>> import omni_nb as omni
    >>> reply = omni.ask("Who are you?", voice="Cherry", show=False)
    >>> reply.finish_reason, reply.audio.seconds > 1, reply.usage.total > 0
    ('stop', True, True)
    """

    def __init__(
        self, request: Request, *, region: str | None = None, is_stand_in: bool = False
    ) -> None:
        self.request = request
        self.region = region
        self.is_stand_in = is_stand_in
        self.usage: Usage | None = None
        self.estimate: Estimate | None = None
        self.finish_reason: str | None = None
        self.error: ServiceError | None = None
        self.is_finished = False
        self.sent_at: float | None = None
        self.wait: Wait | None = None
        self.playback: Playback | None = None
        self.pcm = bytearray()
        self._content: list[str] = []
        self._transcript: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._arrivals: list[Arrival] = []
        self._total_seconds: float | None = None

    @classmethod
    def restored(
        cls,
        request: Request,
        *,
        text: str,
        reasoning: str,
        refusal: str = "",
        pcm: bytes,
        usage: Usage | None,
        finish_reason: str | None,
        error: ServiceError | None,
        region: str | None,
        is_stand_in: bool,
        sent_at: float | None,
        total_seconds: float | None,
        arrivals: Iterable[Arrival],
        playback: Playback | None,
    ) -> Reply:
        """Return an answer as it was when it was saved; nothing more will come."""
        reply = cls(request, region=region, is_stand_in=is_stand_in)
        reply._content, reply._reasoning, reply.pcm = [text], [reasoning], bytearray(pcm)
        reply._refusal = [refusal]
        reply.usage, reply.finish_reason, reply.error = usage, finish_reason, error
        reply.sent_at, reply.playback = sent_at, playback
        reply._arrivals, reply._total_seconds = list(arrivals), total_seconds
        reply.is_finished = True
        if error is not None:
            error.reply = reply
        return reply

    def feed(self, event: Event, *, seconds: float = 0.0) -> None:
        """Take one event, ``seconds`` after the request was sent."""
        match event:
            case TextDelta(text):
                if isinstance(event, RefusalDelta):
                    self._refusal.append(text)
                self._content.append(text)
                self._arrivals.append(Arrival(seconds, "text", len(text)))
            case TranscriptDelta(text):
                self._transcript.append(text)
                self._arrivals.append(Arrival(seconds, "text", len(text)))
            case ReasoningDelta(text):
                self._reasoning.append(text)
            case AudioDelta(pcm):
                self.pcm += pcm
                self._arrivals.append(Arrival(seconds, "audio", len(pcm) / 2 / SPEECH_SAMPLE_RATE))
            case UsageReport(usage):
                self.usage = usage
            case Finished(finish_reason):
                self.finish_reason = finish_reason

    def finish(
        self,
        *,
        seconds: float | None = None,
        error: ServiceError | None = None,
        stopped: Stopped | None = None,
    ) -> None:
        """Finish the reply: nothing more will come.

        Parameters
        ----------
        seconds
            How long the answer took after its request was sent.
        error
            Why the stream broke.
        stopped
            Why the answer was ended before the service did.
        """
        self._total_seconds = seconds
        if error is not None:
            self.error, self.finish_reason = error, "error"
        elif stopped is not None:
            self.finish_reason = stopped
        self.is_finished = True

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
    def audio(self) -> AudioClip | None:
        """Every sample of the speech, or None when there is none."""
        return AudioClip(bytes(self.pcm), SPEECH_SAMPLE_RATE) if self.pcm else None

    @property
    def question(self) -> tuple[Part, ...]:
        """The parts of the question."""
        return self.request.question

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.request.model

    @property
    def cost(self) -> Cost | None:
        """What the answer cost; None when it is not known.

        For the stand-in it is what a model would have cost at the default region's prices.
        """
        return self._price(self.usage) if self.usage else None

    @property
    def usage_so_far(self) -> Usage:
        """The service's count; until it comes, and where none came, our rules' count.

        A request that was refused, or broke before anything came, has used nothing.
        """
        if self.usage is not None:
            return self.usage
        return Usage() if self._has_failed_empty else self._by_rules()

    @property
    def cost_so_far(self) -> Cost | None:
        """The cost while the answer streams and after it was cut short; None when not known.

        With the service's count it is ``cost``; without, our rules' count is priced.
        """
        if (billed := self.cost) is not None:
            return billed
        if self._has_failed_empty:
            return self._price(Usage())
        counted = self._by_rules()
        is_input_known = self.estimate is not None and not self.estimate.has_unknown
        is_speech_known = not self.pcm or "audio" in counted.output
        return self._price(counted) if is_input_known and is_speech_known else None

    @property
    def account(self) -> Account:
        """Estimated against billed, by modality: where our rules and the service differ."""
        made, estimated = self.estimate, self._by_rules()
        has_unknown = made is None or made.has_unknown
        return Account(
            model=self.model,
            estimated=estimated,
            billed=self.usage,
            estimated_cost=None if has_unknown else self._price(estimated),
            billed_cost=self.cost,
            has_unknown=has_unknown,
            is_stand_in=self.is_stand_in,
            question=self.question,
        )

    @property
    def _has_failed_empty(self) -> bool:
        return self.error is not None and not (self.text or self.pcm or self.reasoning)

    def _by_rules(self) -> Usage:
        """Count by our rules: the input as it was estimated, the output as it has arrived."""
        seconds = len(self.pcm) / 2 / SPEECH_SAMPLE_RATE
        text = text_tokens(self.text) + text_tokens(self.reasoning)
        output = {"text": text, "audio": self._speech_tokens(seconds)}
        return Usage(
            input=self.estimate.usage.input if self.estimate else {},
            output={name: count for name, count in output.items() if count},
        )

    def _speech_tokens(self, seconds: float) -> int:
        try:
            return audio_tokens(seconds, model=self.model, output=True)
        except RequestError:  # the model's rule is not known
            return 0

    def _price(self, usage: Usage) -> Cost | None:
        region = "beijing" if self.is_stand_in else self.region
        return usage.cost(self.model, region=region) if region else None

    @property
    def timing(self) -> Timing:
        """When the pieces of the answer arrived, and how its speech was heard."""
        first = {arrival.kind: arrival.seconds for arrival in reversed(self._arrivals)}
        heard = self.playback
        return Timing(
            first_text_seconds=first.get("text"),
            first_audio_seconds=first.get("audio"),
            total_seconds=self._total_seconds,
            arrivals=tuple(self._arrivals),
            first_heard_seconds=self._first_heard_seconds(),
            underruns=heard.underruns if heard else None,
            gap_seconds=heard.gap_seconds if heard else None,
        )

    def _first_heard_seconds(self) -> float | None:
        heard_at = self.playback.first_heard_at if self.playback else None
        return None if heard_at is None or self.sent_at is None else heard_at - self.sent_at

    def __repr__(self) -> str:
        words = self.text if len(self.text) <= 60 else f"{self.text[:59]}…"
        speech = f", {self.audio.seconds:.1f} s of speech" if self.audio else ""
        state = self.finish_reason or ("finished" if self.is_finished else "streaming")
        who = "stand-in for " if self.is_stand_in else ""
        return f"<Reply of {who}{self.model}: {words!r}{speech}, {state}>"
