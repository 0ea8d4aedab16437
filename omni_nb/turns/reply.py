"""Reply: one answer, growing while it streams and kept even when the stream breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from omni_nb.media.captions import Captions, captions_of
from omni_nb.media.clip import SPEECH_SAMPLE_RATE, AudioClip
from omni_nb.media.shown import Shown
from omni_nb.rules.pricing import Usage, priced_region, total_cost
from omni_nb.turns.account import Account
from omni_nb.turns.round import Round
from omni_nb.turns.timing import Arrival, Heard, Playback, Timing
from omni_nb.wire.events import AudioDelta, TextDelta, TranscriptDelta

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from omni_nb.errors import ReplyError
    from omni_nb.media.parts import Part
    from omni_nb.rules.estimate import Estimate
    from omni_nb.rules.pricing import Cost
    from omni_nb.turns.tool_results import ToolCall
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
    rounds : tuple of Round
        The requests that were sent for the answer, the last of which is the answer itself.
        There is one but where tools are called, or an answer did not fit its form.
    parsed : object
        The answer as a value of the form that was asked for (``response_format=``); None
        without a form, and where the answer does not fit it.
    region : str or None
        Whose prices count; None: the cost is unknown.
    is_stand_in : bool
        Whether the offline stand-in answered, not a model.
    error : ReplyError or None
        Why the stream broke, or why the answer cannot be used.
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
        self,
        request: Request,
        *,
        region: str | None = None,
        is_stand_in: bool = False,
        first: Request | None = None,
    ) -> None:
        self.request = request
        self.region = region
        self.is_stand_in = is_stand_in
        self.error: ReplyError | None = None
        self.parsed: Any = None
        self.is_finished = False
        self.sent_at: float | None = None
        self.wait: Wait | None = None
        self.playback: Playback | None = None
        self._rounds: tuple[Round, ...] = (self._round(first or request),)
        self._ended: str | None = None
        self._arrivals: list[Arrival] = []
        self._total_seconds: float | None = None

    @classmethod
    def restored(
        cls,
        request: Request,
        *,
        rounds: Iterable[Round] = (),
        text: str,
        reasoning: str,
        refusal: str = "",
        pcm: bytes,
        usage: Usage | None,
        finish_reason: str | None,
        error: ReplyError | None,
        region: str | None,
        is_stand_in: bool,
        sent_at: float | None,
        total_seconds: float | None,
        arrivals: Iterable[Arrival],
        playback: Playback | None,
        parsed: Any = None,
        problems: tuple[str, ...] = (),
    ) -> Reply:
        """Return an answer as it was when it was saved; nothing more will come."""
        reply = cls(request, region=region, is_stand_in=is_stand_in)
        last = reply._rounds[-1]
        last.fill(text=text, reasoning=reasoning, refusal=refusal, pcm=pcm)
        last.usage, last.problems = usage, problems
        reply._rounds = (*rounds, last)
        reply.error, reply._ended, reply.parsed = error, finish_reason, parsed
        reply.sent_at, reply.playback = sent_at, playback
        reply._arrivals, reply._total_seconds = list(arrivals), total_seconds
        reply.is_finished = True
        if error is not None:
            error.reply = reply
        return reply

    def feed(self, event: Event, *, seconds: float = 0.0) -> None:
        """Take one event, ``seconds`` after the request was sent."""
        self._rounds[-1].feed(event)
        match event:
            case TextDelta(text) | TranscriptDelta(text):
                self._arrivals.append(Arrival(seconds, "text", len(text)))
            case AudioDelta(pcm):
                self._arrivals.append(Arrival(seconds, "audio", len(pcm) / 2 / SPEECH_SAMPLE_RATE))

    def go_on(self, request: Request, estimate: Estimate | None = None) -> None:
        """Begin another round: its answer takes the place of the one before."""
        following = self._round(request)
        following.estimate = estimate
        self._rounds = (*self._rounds, following)

    def _round(self, request: Request) -> Round:
        region = priced_region(self.region, is_stand_in=self.is_stand_in)
        return Round(request, region=region)

    def finish(
        self,
        *,
        seconds: float | None = None,
        error: ReplyError | None = None,
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
            self.error, self._ended = error, "error"
        elif stopped is not None:
            self._ended = stopped
        self.is_finished = True

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The requests that were sent for the answer, with what came of each."""
        return self._rounds

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended; None while it streams or where the service gave no reason."""
        last = self._rounds[-1]
        if self._ended is None and not self.is_finished and (last.calls or self._is_prelude):
            return None  # another round follows
        return self._ended or last.finish_reason

    @property
    def _is_prelude(self) -> bool:
        """Whether the round that streams is one for tools, before a spoken answer."""
        asked, now = self.request.modalities, self._rounds[-1].request.modalities
        return asked != now and not self.is_finished

    @property
    def estimate(self) -> Estimate | None:
        """The tokens and the cost of the question, estimated before it was sent."""
        return self._rounds[0].estimate

    @estimate.setter
    def estimate(self, estimate: Estimate | None) -> None:
        self._rounds[0].estimate = estimate

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model called, of all rounds, with what they returned."""
        return tuple(call for one in self._rounds for call in one.tool_calls)

    @property
    def attempts(self) -> int:
        """How often the answer was asked for: again when it did not fit its form."""
        return 1 + sum(bool(one.problems) for one in self._rounds[:-1])

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the answer does not fit its form; empty when it does."""
        return self._rounds[-1].problems

    @property
    def text(self) -> str:
        """What the model said, as text or as the transcript of its speech."""
        return "" if self._is_prelude else self._rounds[-1].text

    @property
    def reasoning(self) -> str:
        """The model's thinking, kept apart from its answer."""
        return self._rounds[-1].reasoning

    @property
    def refusal(self) -> str:
        """The words with which the model declined, which are in ``text``, too; else ``""``."""
        return self._rounds[-1].refusal

    @property
    def pcm(self) -> bytearray:
        """The speech so far, mono PCM16."""
        return self._rounds[-1].pcm

    @property
    def audio(self) -> AudioClip | None:
        """Every sample of the speech, or None when there is none."""
        return AudioClip(bytes(self.pcm), SPEECH_SAMPLE_RATE) if self.pcm else None

    @property
    def captions(self) -> Captions | None:
        """Which word is heard when, estimated; None where there is no speech.

        Where the answer goes on or was ended, its text is longer than its speech: what is not
        heard begins and ends with the speech.
        """
        clip = self.audio
        is_whole = self.is_finished and self.finish_reason in ("stop", None)
        return captions_of(self.text, clip, is_whole=is_whole) if clip else None

    @property
    def heard(self) -> Heard | None:
        """What was heard of the answer until its end or Stop; None while no browser has said so.

        The report comes a moment after the speech is over.
        """
        captions, playback = self.captions, self.playback
        if captions is None or playback is None or playback.heard_seconds is None:
            return None
        seconds = playback.heard_seconds
        words = (word.text for word in captions.words if (word.start + word.end) / 2 < seconds)
        return Heard("".join(words), seconds)

    @property
    def question(self) -> tuple[Part, ...]:
        """The parts of the question."""
        return self.request.question

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.request.model

    @property
    def usage(self) -> Usage | None:
        """Tokens by modality, as the service counted them, of all rounds; None without a count."""
        counted = [one.usage for one in self._rounds if one.usage is not None]
        return sum(counted, Usage()) if len(counted) == len(self._rounds) else None

    @property
    def cost(self) -> Cost | None:
        """What the answer cost; None when it is not known.

        For the stand-in it is what a model would have cost at the default region's prices.
        """
        return total_cost(one.cost for one in self._rounds)

    @property
    def usage_so_far(self) -> Usage:
        """The service's count; until it comes, and where none came, our rules' count.

        A request that was refused, or broke before anything came, has used nothing.
        """
        return sum((one.usage_so_far for one in self._counted), Usage())

    @property
    def cost_so_far(self) -> Cost | None:
        """The cost while the answer streams and after it was cut short; None when not known.

        With the service's count it is ``cost``; without, our rules' count is priced.
        """
        counted = [one.cost_so_far for one in self._counted]
        if len(counted) < len(self._rounds):
            counted.append(self._rounds[-1].price(Usage()))
        return total_cost(counted)

    @property
    def account(self) -> Account:
        """Estimated against billed, by modality: where our rules and the service differ."""
        has_unknown = any(one.estimate is None or one.estimate.has_unknown for one in self._rounds)
        by_rules = [one.by_rules() for one in self._rounds]
        priced = total_cost(
            one.price(counted) for one, counted in zip(self._rounds, by_rules, strict=True)
        )
        return Account(
            model=self.model,
            estimated=sum(by_rules, Usage()),
            billed=self.usage,
            estimated_cost=None if has_unknown else priced,
            billed_cost=self.cost,
            has_unknown=has_unknown,
            is_stand_in=self.is_stand_in,
            question=self.question,
        )

    @property
    def _counted(self) -> tuple[Round, ...]:
        """The rounds that cost something: one that was refused did not."""
        last = self._rounds[-1]
        has_failed_empty = self.error is not None and not (last.has_come or last.usage)
        return self._rounds[:-1] if has_failed_empty else self._rounds

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
