"""Rewrite the documented chunks as other servers write them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.clip import SPEECH_SAMPLE_RATE, AudioClip
from omni_nb.rules.tokens import audio_tokens, text_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from omni_nb.offline.behaviour import ServerDialect
    from omni_nb.offline.checks import ChatRequest

    Chunk = dict[str, Any]

_UNKNOWN_LENGTH: Final = b"\xff\xff\xff\xff"


async def in_dialect(
    chunks: AsyncIterator[Chunk], dialect: ServerDialect, request: ChatRequest
) -> AsyncIterator[Chunk]:
    """Yield the chunks of an answer as a kind of server writes them."""
    if dialect == "dashscope":
        async for chunk in chunks:
            yield chunk
        return
    writer = _WRITERS[dialect](request)
    async for chunk in chunks:
        for written in writer.write(chunk):
            yield written
    for written in writer.flush():
        yield written


class _Writer:
    """What all servers share: a method for each kind of chunk."""

    def __init__(self, request: ChatRequest) -> None:
        self._is_spoken = request.voice is not None

    def write(self, chunk: Chunk) -> list[Chunk]:
        """Return what this server sends for one documented chunk."""
        if not chunk["choices"]:
            return self._usage(chunk)
        choice = chunk["choices"][0]
        delta = choice["delta"]
        audio = delta.get("audio") or {}
        if choice["finish_reason"]:
            return self._finish(chunk, choice["finish_reason"])
        if "role" in delta:
            return [_with(chunk, delta)]
        if "data" in audio:
            return [self._audio(chunk, base64.b64decode(audio["data"]))]
        if text := delta.get("content") or audio.get("transcript"):
            return [self._words(chunk, text)]
        return [chunk]

    def flush(self) -> list[Chunk]:
        """Return the chunks that the end of the stream completes."""
        return []

    def _words(self, chunk: Chunk, text: str) -> Chunk:
        return _with(chunk, {"content": text})

    def _audio(self, chunk: Chunk, data: bytes) -> Chunk:
        raise NotImplementedError

    def _finish(self, chunk: Chunk, reason: str) -> list[Chunk]:
        return [_with(chunk, {}, reason)]

    def _usage(self, chunk: Chunk) -> list[Chunk]:
        return [chunk]


class _OpenAI(_Writer):
    """The transcript is the text; the id comes once; speech ends with its ``expires_at``."""

    def __init__(self, request: ChatRequest) -> None:
        super().__init__(request)
        self._has_id = self._has_audio = False

    def _words(self, chunk: Chunk, text: str) -> Chunk:
        if not self._is_spoken:
            return _with(chunk, {"content": text})
        if self._has_id:
            return _with(chunk, {"audio": {"transcript": text}})
        self._has_id = True
        return _with(
            chunk, {"content": None, "audio": {"id": _audio_id(chunk), "transcript": text}}
        )

    def _audio(self, chunk: Chunk, data: bytes) -> Chunk:
        audio = {"data": _base64(data)}
        if self._has_audio:
            return _with(chunk, {"audio": audio})
        self._has_audio = True
        first = {"role": "assistant", "content": None, "refusal": None}
        return _with(chunk, {**first, "audio": {"id": _audio_id(chunk), **audio}})

    def _finish(self, chunk: Chunk, reason: str) -> list[Chunk]:
        ended = _with(chunk, {"audio": {"expires_at": chunk["created"] + 3600}})
        return [*([ended] if self._has_audio else []), _with(chunk, {}, reason)]


class _VLLMOmni(_Writer):
    """Speech is the content of chunks whose ``modality`` is audio: a whole WAV file in each."""

    _audio_finish: str | None = "stop"

    def __init__(self, request: ChatRequest) -> None:
        super().__init__(request)
        self._request = request
        self._text = ""
        self._audio_bytes = 0

    def write(self, chunk: Chunk) -> list[Chunk]:
        """Return the chunk with its modality; what is not speech is text."""
        return [{"modality": "text", **written} for written in super().write(chunk)]

    def _words(self, chunk: Chunk, text: str) -> Chunk:
        self._text += text
        return super()._words(chunk, text)

    def _audio(self, chunk: Chunk, data: bytes) -> Chunk:
        content = self._file(data)
        self._audio_bytes += len(data)
        written = _with(chunk, {"content": _base64(content)}, self._audio_finish)
        return written | {"modality": "audio", "usage": self._usage_so_far()}

    def _file(self, pcm: bytes) -> bytes:
        return AudioClip(pcm).to_wav()

    def _usage(self, chunk: Chunk) -> list[Chunk]:
        """Return the usage of an answer without speech; with speech the counts came with it."""
        return [] if self._audio_bytes else [chunk | {"usage": _without_details(chunk["usage"])}]

    def _usage_so_far(self) -> Mapping[str, int]:
        seconds = self._audio_bytes / 2 / SPEECH_SAMPLE_RATE
        given = sum(self._request.input_tokens.values())
        spoken = audio_tokens(seconds, model=self._request.facts.name, output=True)
        made = text_tokens(self._text) + spoken
        return {
            "prompt_tokens": given,
            "completion_tokens": made,
            "total_tokens": given + made,
        }


class _VLLMOmniNext(_VLLMOmni):
    """vLLM-Omni with one WAV header, in the first piece, which cannot know the length."""

    _audio_finish = None

    def _file(self, pcm: bytes) -> bytes:
        if self._audio_bytes:
            return pcm
        header = AudioClip(b"").to_wav()
        return header[:4] + _UNKNOWN_LENGTH + header[8:40] + _UNKNOWN_LENGTH + pcm


class _SGLangOmni(_Writer):
    """A whole WAV file in every piece of speech; the usage is in the last choice's chunk."""

    def __init__(self, request: ChatRequest) -> None:
        super().__init__(request)
        self._last: list[Chunk] = []

    def flush(self) -> list[Chunk]:
        """Return the last choice, which waited for its usage."""
        return self._last

    def _audio(self, chunk: Chunk, data: bytes) -> Chunk:
        name = f"audio-{chunk['id'].removeprefix('chatcmpl-')}"
        return _with(chunk, {"audio": {"id": name, "data": _base64(AudioClip(data).to_wav())}})

    def _finish(self, chunk: Chunk, reason: str) -> list[Chunk]:
        self._last = super()._finish(chunk, reason)
        return []

    def _usage(self, chunk: Chunk) -> list[Chunk]:
        self._last = [last | {"usage": chunk["usage"]} for last in self._last]
        return []


_WRITERS: Final[Mapping[str, Callable[[ChatRequest], _Writer]]] = {
    "openai": _OpenAI,
    "vllm-omni": _VLLMOmni,
    "vllm-omni-next": _VLLMOmniNext,
    "sglang-omni": _SGLangOmni,
}


def _with(chunk: Chunk, delta: dict[str, Any], reason: str | None = None) -> Chunk:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {**chunk, "choices": [choice]}


def _without_details(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {name: count for name, count in usage.items() if not name.endswith("_details")}


def _audio_id(chunk: Chunk) -> str:
    return f"audio_{chunk['id'].removeprefix('chatcmpl-')}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
