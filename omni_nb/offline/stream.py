"""Stream an answer sentence by sentence, each piece when it is due."""

from __future__ import annotations

import asyncio
import random
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.offline.answers import thoughts
from omni_nb.offline.call_chunks import call_deltas, within
from omni_nb.offline.chunks import ChunkWriter
from omni_nb.offline.interleave import Interleaver, Words, shorten
from omni_nb.offline.plans import plan
from omni_nb.offline.voice import speak
from omni_nb.rules.tokens import text_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from omni_nb.offline.answers import Answer
    from omni_nb.offline.behaviour import Behaviour
    from omni_nb.offline.checks import ChatRequest

_ODD_BYTES: Final = {
    "odd_pieces": 3,  # whole base64 quartets, but half a sample at the end of a piece
    "padded_pieces": 2,  # whole samples, but base64 that needs "=" at the end of a piece
}
_READ_SECONDS_PER_TOKEN: Final = 0.27  # the length of an answer without speech


class Pacer:
    """Wait until a piece is due; tests may replace clock and sleep."""

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._pace = behaviour.pace
        self._lead_seconds = behaviour.lead_seconds
        self._jitter_seconds = behaviour.jitter_seconds
        self._random = random.Random(0)
        self._now, self._sleep = now, sleep
        self._start: float | None = None

    async def until(self, at: float) -> None:
        """Wait for the moment ``at`` seconds after the first piece, as fast as the pace says.

        Being late does not add up: the next piece is due by the clock, not by the last one.
        """
        if self._start is None:
            self._start = self._now()
        late = self._random.uniform(0, self._jitter_seconds)
        ahead = max(0.0, at - self._lead_seconds)
        due = self._start + ahead / self._pace if self._pace else self._start
        await self._sleep(max(0.0, due + late - self._now()))

    def restart(self) -> None:
        """Count the time from the next piece."""
        self._start = None


async def answer_chunks(
    request: ChatRequest, behaviour: Behaviour, pacer: Pacer
) -> AsyncIterator[dict[str, Any]]:
    """Yield the chunks of the answer to ``request``."""
    writer = ChunkWriter(request, behaviour.fault)
    interleaver = Interleaver(chunk_bytes(behaviour))
    yield writer.role()
    planned = await run_in_threadpool(plan, request, behaviour.fault)
    said = planned.said
    thought = thoughts(request) if request.thinks else ""
    async for words in _paced(thought, pacer):
        yield writer.thought(words)
    reason = "length" if said.is_cut else "stop"
    for sentence in said.sentences:
        part = shorten(sentence, request.max_tokens - text_tokens(interleaver.text))
        for piece in interleaver.add(part, await _speech(part, request)):
            await pacer.until(piece.at)
            yield writer.piece(piece)
        if part != sentence:
            reason = "length"
            break
        if _is_long_enough(said, interleaver, request):
            break
    for piece in interleaver.flush():
        await pacer.until(piece.at)
        yield writer.piece(piece)
    left = request.max_tokens - text_tokens(interleaver.text)
    calls, is_whole = within(planned.calls, left)
    if calls:
        reason = _call_reason(behaviour, is_whole=is_whole)
    for pieces in call_deltas(
        calls, writer.call_ids(len(calls)), behaviour.fault, behaviour.dialect
    ):
        yield writer.called(pieces)
    yield writer.finish(reason)
    if request.include_usage:
        told = "".join(call.name + call.arguments for call in calls)
        yield writer.usage(interleaver.text + told, interleaver.seconds, thought)


def _call_reason(behaviour: Behaviour, *, is_whole: bool) -> str:
    if not is_whole:
        return "length"
    return "stop" if behaviour.fault == "call_finish_stop" else "tool_calls"


def chunk_bytes(behaviour: Behaviour) -> int:
    """Return the bytes of speech in a chunk: whole samples and base64 quartets, but for faults.

    The documentation's way 1 joins the base64 of all chunks and decodes once; that needs
    multiples of 3 bytes.
    """
    samples = behaviour.chunk_seconds * SPEECH_SAMPLE_RATE
    return max(6, round(samples / 3) * 6) + _ODD_BYTES.get(behaviour.fault, 0)


async def _paced(text: str, pacer: Pacer) -> AsyncIterator[str]:
    """Yield a text without speech, piece by piece; the time of what follows starts anew."""
    for piece in Interleaver(1).add(text, b""):
        if isinstance(piece, Words):
            await pacer.until(piece.at)
            yield piece.text
    pacer.restart()


async def _speech(text: str, request: ChatRequest) -> bytes:
    """Return a sentence as speech, from a worker thread: it takes about 10 ms.

    A thread of starlette's: asyncio's own refuse work while the interpreter shuts down.
    """
    if request.voice is None or not text.strip():
        return b""
    return await run_in_threadpool(_spoken, text, request.voice)


@lru_cache(maxsize=32)
def _spoken(text: str, voice: str) -> bytes:
    """Return speech, the same for equal text: espeak's voices vary at random."""
    return speak(text, voice)


def _is_long_enough(said: Answer, interleaver: Interleaver, request: ChatRequest) -> bool:
    if said.seconds is None:
        return False
    if request.voice:
        return interleaver.seconds >= said.seconds
    return text_tokens(interleaver.text) * _READ_SECONDS_PER_TOKEN >= said.seconds
