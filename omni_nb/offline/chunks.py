"""Write the chunks of a streamed answer, with the fields of the documentation's samples."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from omni_nb.media.clip import AudioClip
from omni_nb.offline.interleave import Speech
from omni_nb.rules.tokens import audio_tokens, text_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.offline.behaviour import Fault
    from omni_nb.offline.checks import ChatRequest
    from omni_nb.offline.interleave import Piece, Words


class ChunkWriter:
    """The chunks of one answer, with one id and one time of creation."""

    def __init__(self, request: ChatRequest, fault: Fault = "none") -> None:
        self._request = request
        self._fault = fault
        self._uuid = str(uuid.uuid4())
        self._created = int(time.time())

    def role(self) -> dict[str, Any]:
        """Return the first chunk."""
        delta: dict[str, Any] = {"content": "", "role": "assistant"}
        if self._request.thinks:
            delta = {"content": None, "role": "assistant", "reasoning_content": ""}
        return self._chunk(
            [{"delta": delta, "index": 0, "logprobs": None, "finish_reason": None}],
        )

    def thought(self, text: str) -> dict[str, Any]:
        """Return a chunk of reasoning."""
        delta = {"content": None, "reasoning_content": text}
        return self._chunk(
            [{"finish_reason": None, "logprobs": None, "delta": delta, "index": 0}],
        )

    def piece(self, piece: Piece) -> dict[str, Any]:
        """Return a chunk of text or of speech."""
        delta = self._speech(piece) if isinstance(piece, Speech) else self._words(piece)
        return self._chunk(
            [{"delta": delta, "finish_reason": None, "index": 0, "logprobs": None}],
        )

    def call_ids(self, count: int) -> list[str]:
        """Return ids for calls of tools."""
        return [f"call_{self._uuid.replace('-', '')[:20]}{place}" for place in range(count)]

    def called(self, pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a chunk of tool calls."""
        delta = {"content": None, "tool_calls": pieces}
        return self._chunk(
            [{"delta": delta, "finish_reason": None, "index": 0, "logprobs": None}],
        )

    def finish(self, reason: str) -> dict[str, Any]:
        """Return the last chunk that has a choice."""
        delta: dict[str, Any] = {"content": ""}
        if reason == "tool_calls":
            delta = {"content": None, "tool_calls": None}
        if self._request.thinks:
            delta["reasoning_content"] = None
        choice = {"finish_reason": reason, "delta": delta, "index": 0, "logprobs": None}
        return self._chunk([choice])

    def usage(self, text: str, seconds: float, thoughts: str = "") -> dict[str, Any]:
        """Return the chunk without choices: the tokens of the request and the answer.

        Reasoning is counted beside the text, as in the documentation's sample; its reference of
        "OpenAI compatible Chat" counts it within.
        """
        given = self._request.input_tokens
        spoken = audio_tokens(seconds, model=self._request.facts.name, output=True)
        made = {
            "audio": spoken,
            "reasoning": text_tokens(thoughts),
            "text": text_tokens(text),
        }
        tokens_in, tokens_out = sum(given.values()), sum(made.values())
        counts = {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "completion_tokens_details": {f"{name}_tokens": n for name, n in made.items() if n},
            "prompt_tokens_details": {f"{name}_tokens": n for name, n in given.items() if n},
        }
        return self._chunk([], counts)

    def _words(self, words: Words) -> dict[str, Any]:
        """Return a delta of text: with older models a spoken answer has it in the transcript."""
        transcript = {"audio": {"transcript": words.text}}
        if self._request.voice is None:
            return {"content": words.text}
        if self._fault == "both_texts":
            return {"content": words.text, **transcript}
        return (
            transcript
            if self._request.facts.answer_text == "transcript"
            else {"content": words.text}
        )

    def _speech(self, speech: Speech) -> dict[str, Any]:
        data = AudioClip(speech.pcm).to_wav() if self._fault == "wav_chunks" else speech.pcm
        return {
            "audio": {
                "data": base64.b64encode(data).decode("ascii"),
                "expires_at": self._created,  # the service, too, sends the time of creation
                "id": f"audio_{self._uuid}",
            }
        }

    def _chunk(
        self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {
            "choices": choices,
            "object": "chat.completion.chunk",
            "usage": usage,
            "created": self._created,
            "system_fingerprint": None,
            "model": self._request.model,
            "id": f"chatcmpl-{self._uuid}",
        }


def encode_event(chunk: dict[str, Any]) -> bytes:
    """Return a chunk as a server-sent event."""
    text = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate (legal in a request's JSON) has no UTF-8.
    return b"data: " + text.encode("utf-8", "replace") + b"\n\n"
