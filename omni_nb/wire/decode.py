"""Decode a stream without I/O: bytes into chunks, and chunks into events.

Everything here yields what is good before it raises for what is bad.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import ServiceError
from omni_nb.media.text import TextJoiner, one_line
from omni_nb.rules.pricing import Usage
from omni_nb.wire.advice import advised
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)
from omni_nb.wire.said import code_of, error_from, is_error, json_or_text, words_of
from omni_nb.wire.tool_calls import CallJoiner, LeakGuard, leaked
from omni_nb.wire.wav import AudioReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from omni_nb.wire.events import Event

MOST_EVENT_BYTES: Final = 8 * 1024 * 1024
"""The largest event: two minutes of speech in one piece. A service may send any number of them."""

_MOST_STRANGE_BYTES: Final = 64 * 1024
_UNITS = re.compile(r"[^=]+=*")
_PASSED_OVER: Final = frozenset({b"", b"id", b"retry"})


class SSEDecoder:
    """Cut a server-sent event stream into chunks.

    Written here because the SDK hides what we must know: whether ``[DONE]`` came, whether the
    last event was whole, and what else the service sent.

    Parameters
    ----------
    hide
        Takes secrets out of a line before anything is made of it.

    Attributes
    ----------
    is_done : bool
        ``[DONE]`` has come; what follows it is ignored.
    has_events : bool
        A field of an event has come.
    strange : bytes
        Lines that belong to no event, as a body that is no event stream has them.
    """

    def __init__(self, hide: Callable[[bytes], bytes] = bytes) -> None:
        self.is_done = False
        self.has_events = False
        self.strange = b""
        self._hide = hide
        self._is_first = True
        self._ended_in_cr = False
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0

    def decode(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """Take any piece of the stream; yield the chunks that it completes.

        Raises
        ------
        ServiceError
            A chunk is not a JSON object, or an event is larger than `MOST_EVENT_BYTES`.
        """
        if self._ended_in_cr and piece.startswith(b"\n"):  # a CR LF that was cut in two
            piece = piece[1:]
        if piece:
            self._ended_in_cr = piece.endswith(b"\r")
        for line in piece.splitlines(keepends=True):
            bare = line.rstrip(b"\r\n")
            is_whole = len(bare) < len(line)
            if self._line or not is_whole:
                self._hold(self._line, bare)
                bare = self._held() if is_whole else bare
            if is_whole:
                yield from self._take_line(bare)

    def flush(self) -> Iterator[dict[str, Any]]:
        """Take the end of the stream: an event that lacks only its blank line still counts."""
        if self._line:
            yield from self._take_line(self._held())
        yield from self._take_line(b"")

    def _held(self) -> bytes:
        line, self._line = b"".join(self._line), []
        self._size -= len(line)
        return line

    def _hold(self, pieces: list[bytes], piece: bytes) -> None:
        pieces.append(piece)
        self._size += len(piece)
        if self._size > MOST_EVENT_BYTES:
            self._line, self._data = [], []
            raise ServiceError(
                f"The service sent an event of more than {MOST_EVENT_BYTES >> 20} MB.",
                **advised("kept"),
            )

    def _take_line(self, line: bytes) -> Iterator[dict[str, Any]]:
        if self._is_first:
            line, self._is_first = line.removeprefix(b"\xef\xbb\xbf"), False
        if not line:
            yield from self._end_event()
            return
        line = self._hide(line)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name in (b"data", b"error"):  # llama.cpp's server names a field "error"
            self.has_events = True
            self._name = name if name == b"error" else self._name
            self._hold(self._data, value)
        elif name == b"event":
            self.has_events = True
            self._name = value.strip()
        elif name not in _PASSED_OVER:
            self.strange = (self.strange + line + b"\n")[:_MOST_STRANGE_BYTES]

    def _end_event(self) -> Iterator[dict[str, Any]]:
        name, data = self._name, b"\n".join(self._data).strip()
        self._name, self._data, self._size = b"", [], 0
        self.is_done = self.is_done or data == b"[DONE]"
        if self.is_done or not data:
            return
        if name == b"error":
            said = json_or_text(data)
            yield said if isinstance(said, dict) and "error" in said else {"error": said}
        else:
            yield _json_object(data)


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

    Parameters
    ----------
    has_tools
        Whether the request offered tools: a call that leaks into the text ends the answer then.

    Attributes
    ----------
    has_choice : bool
        A choice has come: the answer has begun.
    is_complete : bool
        A ``finish_reason`` of the whole answer has come.
    said : str
        What the service said in chunks that are no part of an answer, shortened.

    Examples
    --------
    >>> list(Decoder().decode({"choices": [{"delta": {"content": "Hello"}}]}))
    [TextDelta(text='Hello')]
    >>> list(Decoder().decode({"modality": "audio", "choices": [{"delta": {"content": "AQI="}}]}))
    [AudioDelta()]
    """

    def __init__(self, *, has_tools: bool = False) -> None:
        self.has_choice = False
        self.is_complete = False
        self.said = ""
        self._calls = CallJoiner()
        guarded = _GUARDED if has_tools else ()
        self._guards: dict[type[Event], LeakGuard] = {kind: LeakGuard() for kind in guarded}
        self._quartet = ""
        self._audio = AudioReader()
        self._texts = {kind: TextJoiner() for kind in _TEXT_KINDS}
        self._at_end: dict[type, Event] = {}

    def decode(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        """Yield the events of one chunk: all that can be read, before what cannot is raised.

        Raises
        ------
        ServiceError
            The chunk is an error of the service inside a stream, its audio is not base64, or
            it is no chunk at all.
        """
        modality = chunk.get("modality")
        failures: list[ServiceError] = []
        for read in self._readers(chunk):
            try:
                for event in read:
                    if not isinstance(event, _ENDS):
                        yield event
                    elif modality:
                        self._hold_back(event)
                    else:
                        yield self._noted(event)
            except ServiceError as error:
                failures.append(error)
            except (AttributeError, TypeError, ValueError, RecursionError):
                failures.append(
                    ServiceError(
                        "The service sent a chunk of an unknown shape: "
                        f"{one_line(str(chunk)[:1000], 120)}.",
                        **advised("kept"),
                    )
                )
        if is_error(chunk):
            raise error_from(chunk)
        if failures:
            raise failures[0]

    def flush(self) -> Iterator[Event]:
        """Yield what was still waiting at the end of the stream.

        That is half a character, base64 whose last quartet was never filled, the last samples
        of a conversion, and what vLLM-Omni says of the end. Half a last sample is dropped.

        Raises
        ------
        ServiceError
            The last of the audio is not base64; everything else was yielded.
        """
        for kind, joiner in self._texts.items():
            text, guard = joiner.flush(), self._guards.get(kind)
            if guard is not None:
                text = guard.add(text) + guard.flush()
            if text:
                yield kind(text)
        rest, self._quartet = self._quartet, ""
        failure: ServiceError | None = None
        pcm = b""
        try:
            pcm = self._audio.read(_base64(rest)) if len(rest) > 1 else b""
        except ServiceError as error:
            failure = error
        yield from _speech(pcm + self._audio.flush())
        ends, self._at_end = list(self._at_end.values()), {}
        yield from ends
        if failure is not None:
            raise failure

    def _readers(self, chunk: Mapping[str, Any]) -> Iterator[Iterator[Event]]:
        """Yield a reader for each part of a chunk: one that fails takes no other with it."""
        choices = chunk.get("choices") or []
        if not isinstance(choices, list):
            yield _fail(TypeError("choices"))
            choices = []
        for choice in choices:
            if not isinstance(choice, dict):
                yield _fail(TypeError("choice"))
            elif choice.get("index") in (None, 0, "0"):  # another index is another answer
                self.has_choice = True
                yield from self._choice(choice, chunk.get("modality") == "audio")
        if usage := chunk.get("usage"):
            yield self._usage(usage)
        if chunk and "choices" not in chunk and not usage and not is_error(chunk):
            self.said = self.said or words_of(chunk)

    def _choice(self, choice: Mapping[str, Any], is_speech: bool) -> Iterator[Iterator[Event]]:
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            yield _fail(TypeError("delta"))
            delta = {}
        audio = delta.get("audio") or {}
        if not isinstance(audio, dict):
            yield _fail(TypeError("audio"))
            audio = {}
        content, data = delta.get("content"), audio.get("data")
        if is_speech:
            content, data = None, content or data
        if thinking := delta.get("reasoning_content") or delta.get("reasoning"):
            yield self._text(ReasoningDelta, thinking)
        for kind, value in (
            (TextDelta, content),
            (RefusalDelta, delta.get("refusal")),
            (TranscriptDelta, audio.get("transcript")),
        ):
            if value is not None and value != "":
                yield self._text(kind, value)
        if pieces := delta.get("tool_calls"):
            yield self._calls.add(pieces)
        if data:
            yield self._pieces(data)
        reason = code_of(choice.get("finish_reason"))
        if choice.get("error") or reason == "error":
            yield _fail(error_from(choice if choice.get("error") else _ENDED_IN_ERROR))
        elif reason:
            yield iter([Finished(reason)])

    def _text(self, kind: type[_Text], value: object) -> Iterator[Event]:
        text = self._texts[kind].add(_text(value))
        guard = self._guards.get(kind)
        if guard is not None:
            text = guard.add(text)
        if text:
            yield kind(text)
        if guard is not None and guard.has_leaked:
            raise leaked()

    def _pieces(self, value: object) -> Iterator[Event]:
        if not isinstance(value, str):
            raise TypeError("audio data")
        yield from _speech(self._audio.read(self._piece(value)))

    def _usage(self, value: object) -> Iterator[Event]:
        if isinstance(value, dict):
            usage = Usage.from_payload(value)
            if usage.total or any(name in value for name in _TOTALS):
                yield UsageReport(usage, value)

    def _hold_back(self, event: Event) -> None:
        """Hold the latest usage and finish_reason of a modality back until the end."""
        if isinstance(event, Finished) and event.finish_reason == "stop":
            self._at_end.setdefault(Finished, event)  # another modality's "length" says more
        else:
            self._at_end[type(event)] = event

    def _noted(self, event: Event) -> Event:
        """Note an end of the whole answer, which takes the place of that of a modality."""
        self._at_end.pop(type(event), None)
        self.is_complete |= isinstance(event, Finished)
        return event

    def _piece(self, data: str) -> bytes:
        """Decode one piece; a quartet cut in two is completed by the next piece.

        Padding ends a unit wherever it stands: what follows it starts a new quartet.
        """
        if not self._quartet and len(data) % 4 == 0:
            with contextlib.suppress(binascii.Error, ValueError):  # the usual piece, at once
                return base64.b64decode(data, validate=True)
        units: list[str] = _UNITS.findall(self._quartet + "".join(data.split()))
        self._quartet = ""
        if units and not units[-1].endswith("="):
            last = units.pop()
            whole = len(last) - len(last) % 4
            units.append(last[:whole])
            self._quartet = last[whole:]
        return b"".join(_base64(unit) for unit in units)


_ENDS: Final = (Finished, UsageReport)
_Text = TextDelta | TranscriptDelta | ReasoningDelta | RefusalDelta
_TEXT_KINDS: Final = (ReasoningDelta, TextDelta, RefusalDelta, TranscriptDelta)
_GUARDED: Final = (TextDelta, TranscriptDelta)
_ENDED_IN_ERROR: Final = {"message": "The service ended its answer with finish_reason 'error'."}
_TOTALS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")


def _fail(error: Exception) -> Iterator[Event]:
    """Return a reader that fails."""
    return map(_raise, (error,))


def _raise(error: Exception) -> Event:
    raise error


def _speech(pcm: bytes) -> Iterable[Event]:
    return [AudioDelta(pcm)] if pcm else []


def _text(value: object) -> str:
    """Return text that comes as a string or as a list of parts."""
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, list):
        raise TypeError(f"text is {type(value).__name__}")
    parts = [part.get("text", "") if isinstance(part, dict) else part for part in value]
    return "".join(parts)


def _base64(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError(
            f"A piece of the answer's audio is not base64: {one_line(str(error))}.",
            **advised("kept"),
        ) from None


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        start = one_line(data[:60].decode("utf-8", "replace"))
        raise ServiceError(
            f"The service sent a chunk that is not JSON: {one_line(str(error))}. "
            f"It starts with {start!r}.",
            **advised("kept"),
        ) from None
    if not isinstance(chunk, dict):
        start = one_line(data[:60].decode("utf-8", "replace"))
        raise ServiceError(
            f"The service sent a chunk that is no JSON object: {start!r}.", **advised("kept")
        )
    return chunk
