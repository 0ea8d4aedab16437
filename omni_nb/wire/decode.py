"""From bytes to events: two small machines without I/O, for any pace and any cut."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

from omni_nb.errors import ServiceError
from omni_nb.models.pricing import Usage
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)

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

    Each audio piece is base64-decoded on its own, because joined pieces that carry padding
    lose everything after the first ``=``; a WAV header at the start of a piece is dropped; an
    odd byte waits for the next piece.

    Examples
    --------
    >>> Decoder().decode({"choices": [{"delta": {"content": "Hello"}}]})
    [TextDelta(text='Hello')]
    """

    def __init__(self) -> None:
        self._quartet = ""
        self._bytes = b""

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
                event for choice in chunk.get("choices") or [] for event in self._choice(choice)
            ]
            usage = chunk.get("usage")
            return [*events, UsageReport(Usage.from_payload(usage), usage)] if usage else events
        except (AttributeError, TypeError) as error:
            raise ServiceError(
                f"The service sent a chunk of an unknown shape: {str(chunk)[:120]}.",
                advice="What came before it is kept in .reply.",
            ) from error

    def flush(self) -> list[Event]:
        """Return what was still waiting: base64 that never got its quartet filled.

        An odd last byte is no sample and is dropped.
        """
        rest, self._quartet = self._quartet, ""
        return self._audio(_base64(rest)) if len(rest) > 1 else []

    def _choice(self, choice: Mapping[str, Any]) -> list[Event]:
        delta = choice.get("delta") or {}
        audio = delta.get("audio") or {}
        events: list[Event] = []
        if reasoning := _text(delta, "reasoning_content"):
            events.append(ReasoningDelta(reasoning))
        if content := _text(delta, "content"):
            events.append(TextDelta(content))
        if transcript := _text(audio, "transcript"):
            events.append(TranscriptDelta(transcript))
        if data := _text(audio, "data"):
            events += self._audio(self._piece(data))
        if reason := _text(choice, "finish_reason"):
            events.append(Finished(reason))
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

    def _audio(self, decoded: bytes) -> list[Event]:
        data = self._bytes + _without_wav_header(decoded)
        whole = len(data) - len(data) % 2
        self._bytes = data[whole:]
        return [AudioDelta(data[:whole])] if whole else []


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
            advice="What came before it is kept in .reply.",
        ) from error


def _without_wav_header(data: bytes) -> bytes:
    """Drop a RIFF header: some servers send a whole WAV file in every piece."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    position = 12
    while position + 8 <= len(data):
        name, size = data[position : position + 4], data[position + 4 : position + 8]
        position += 8
        length = int.from_bytes(size, "little")
        if name == b"data":
            # A streamed header does not know its length and says 0 or the largest number.
            known = 0 < length <= len(data) - position
            return data[position : position + length] if known else data[position:]
        position += length + length % 2
    return b""


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
    except ValueError as error:
        raise ServiceError(
            f"The service sent a chunk that is not JSON: {error}. It starts with {data[:60]!r}.",
            advice="What came before it is kept in .reply.",
        ) from error
    if not isinstance(chunk, dict):
        raise ServiceError(f"The service sent a chunk that is no JSON object: {data[:60]!r}.")
    return chunk


def _raise_error_frame(chunk: Mapping[str, Any]) -> None:
    """Errors come inside a 200 stream in two shapes: ``{"error": {...}}`` and flat."""
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
