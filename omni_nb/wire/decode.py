"""Decode a stream without I/O: bytes into chunks, and chunks into events."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

from omni_nb.errors import ServiceError
from omni_nb.rules.pricing import Usage
from omni_nb.wire.advice import advised
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)
from omni_nb.wire.wav import AudioReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omni_nb.wire.events import Event

_UNITS = re.compile(r"[^=]+=*")


class SSEDecoder:
    """Cut a server-sent event stream into chunks.

    Written here because the SDK hides what we must know: whether ``[DONE]`` came, and
    whether the last event was whole.

    Attributes
    ----------
    is_done : bool
        ``[DONE]`` has come; what follows it is ignored.
    """

    def __init__(self) -> None:
        self.is_done = False
        self._line: list[bytes] = []
        self._data: list[bytes] = []

    def decode(self, piece: bytes) -> list[dict[str, Any]]:
        """Take any piece of the stream; return the chunks that it completes.

        Raises
        ------
        ServiceError
            A chunk is not a JSON object.
        """
        *whole, rest = piece.split(b"\n")
        chunks: list[dict[str, Any]] = []
        for end in whole:
            self._line.append(end)
            chunks += self._take_line(b"".join(self._line).removesuffix(b"\r"))
            self._line = []
        if rest:
            self._line.append(rest)
        return chunks

    def flush(self) -> list[dict[str, Any]]:
        """Take the end of the stream: an event that lacks only its blank line still counts."""
        return [*self.decode(b"\n"), *self._take_line(b"")] if self._line or self._data else []

    def _take_line(self, line: bytes) -> list[dict[str, Any]]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        if line or not self._data:
            return []
        data, self._data = b"\n".join(self._data), []
        self.is_done = self.is_done or data.strip() == b"[DONE]"
        return [] if self.is_done or not data.strip() else [_json_object(data)]


class Decoder:
    """Turn chunks into events, whichever of the known servers sent them.

    The servers are told apart by the shape of their chunks, never by name:

    * DashScope and OpenAI put base64 of bare PCM16 into ``delta.audio.data``; SGLang-Omni a
      whole WAV file.
    * vLLM-Omni names the ``modality`` of a chunk beside its choices: speech is then base64 of
      a WAV in ``delta.content``. Its ``finish_reason`` ends a piece or a modality, never the
      answer, and its usage is that so far: both count when the stream is over (`flush`).

    Each audio piece is base64-decoded on its own, because joined pieces that carry padding
    lose everything after the first ``=``.

    Examples
    --------
    >>> Decoder().decode({"choices": [{"delta": {"content": "Hello"}}]})
    [TextDelta(text='Hello')]
    >>> Decoder().decode({"modality": "audio", "choices": [{"delta": {"content": "AQIDBA=="}}]})
    [AudioDelta()]
    """

    def __init__(self) -> None:
        self._quartet = ""
        self._audio = AudioReader()
        self._at_end: dict[type, Event] = {}

    def decode(self, chunk: Mapping[str, Any]) -> list[Event]:
        """Return the events of one chunk.

        Raises
        ------
        ServiceError
            The chunk is an error of the service inside a stream, its audio is not base64, or
            it is no chunk at all.
        """
        _raise_error_frame(chunk)
        try:
            events = [
                event
                for choice in chunk.get("choices") or []
                for event in self._choice(choice, chunk)
            ]
            usage = chunk.get("usage")
            if usage:
                events.append(UsageReport(Usage.from_payload(usage), usage))
        except (AttributeError, TypeError) as error:
            raise ServiceError(
                f"The service sent a chunk of an unknown shape: {str(chunk)[:120]}.",
                **advised("kept"),
            ) from error
        return self._held_back(events) if chunk.get("modality") else self._unheld(events)

    def flush(self) -> list[Event]:
        """Return what was still waiting at the end of the stream.

        That is base64 whose last quartet was never filled, the last samples of a conversion,
        and what vLLM-Omni says of the end. Half a last sample is dropped.
        """
        rest, self._quartet = self._quartet, ""
        pcm = self._audio.read(_base64(rest)) if len(rest) > 1 else b""
        ends, self._at_end = list(self._at_end.values()), {}
        return [*_speech(pcm + self._audio.flush()), *ends]

    def _choice(self, choice: Mapping[str, Any], chunk: Mapping[str, Any]) -> list[Event]:
        delta = choice.get("delta") or {}
        audio = delta.get("audio") or {}
        events: list[Event] = []
        content, data = _text(delta, "content"), _text(audio, "data")
        if chunk.get("modality") == "audio":
            content, data = "", content or data
        if reasoning := _text(delta, "reasoning_content"):
            events.append(ReasoningDelta(reasoning))
        if content:
            events.append(TextDelta(content))
        if transcript := _text(audio, "transcript"):
            events.append(TranscriptDelta(transcript))
        if data:
            events += _speech(self._audio.read(self._piece(data)))
        if reason := _text(choice, "finish_reason"):
            events.append(Finished(reason))
        return events

    def _held_back(self, events: list[Event]) -> list[Event]:
        """Hold the latest usage and finish_reason back until the end."""
        live: list[Event] = []
        for event in events:
            match event:
                case Finished("stop"):  # another modality's "length" says more
                    self._at_end.setdefault(Finished, event)
                case Finished() | UsageReport():
                    self._at_end[type(event)] = event
                case _:
                    live.append(event)
        return live

    def _unheld(self, events: list[Event]) -> list[Event]:
        """Forget what was held back: without a modality, an event is of the whole answer."""
        for event in events:
            self._at_end.pop(type(event), None)
        return events

    def _piece(self, data: str) -> bytes:
        """Decode one piece; a quartet cut in two is completed by the next piece.

        Padding ends a unit wherever it stands: what follows it starts a new quartet.
        """
        if not self._quartet and len(data) % 4 == 0:
            with contextlib.suppress(binascii.Error):  # the usual piece, twice as quickly
                return base64.b64decode(data, validate=True)
        units: list[str] = _UNITS.findall(self._quartet + "".join(data.split()))
        self._quartet = ""
        if units and not units[-1].endswith("="):
            last = units.pop()
            whole = len(last) - len(last) % 4
            units.append(last[:whole])
            self._quartet = last[whole:]
        return b"".join(_base64(unit) for unit in units)


def _speech(pcm: bytes) -> list[Event]:
    return [AudioDelta(pcm)] if pcm else []


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key) or ""
    if not isinstance(value, str):
        raise TypeError(f"{key} is {type(value).__name__}")
    return value


def _base64(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError(
            f"A piece of the answer's audio is not base64: {error}.",
            **advised("kept"),
        ) from error


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
    except ValueError as error:
        raise ServiceError(
            f"The service sent a chunk that is not JSON: {error}. It starts with {data[:60]!r}.",
            **advised("kept"),
        ) from error
    if not isinstance(chunk, dict):
        raise ServiceError(f"The service sent a chunk that is no JSON object: {data[:60]!r}.")
    return chunk


def _raise_error_frame(chunk: Mapping[str, Any]) -> None:
    """Raise the error inside a 200 stream, of either shape: ``{"error": {...}}`` or flat."""
    error = chunk.get("error")
    if error is None and "message" in chunk and not chunk.get("choices"):
        error = chunk
    if error is None:
        return
    facts = error if isinstance(error, dict) else {"message": str(error)}
    raise ServiceError(
        str(facts.get("message") or "The service reported an error in its answer."),
        code=facts.get("code") or facts.get("type"),
        request_id=chunk.get("request_id") or facts.get("request_id"),
    )
