"""Read a conversation from a JSON file, refusing what is not as it was written."""

from __future__ import annotations

import json
import math
import os
import wave
from copy import copy
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, get_args

from omni_nb.archive.document import (
    CHAT,
    ERROR,
    LATER,
    PARTS,
    PLAYBACK,
    REPLY,
    ROUND,
    SCHEMA_VERSION,
    STRING,
    USAGE,
    Archive,
    media_folder,
)
from omni_nb.errors import AnswerError, MediaError, OmniError, RequestError, ServiceError, brief
from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.media.compressed import MOST_SAMPLES
from omni_nb.media.parts import ImagePart, ImageURLPart
from omni_nb.media.paths import open_regular, path_of, why
from omni_nb.media.sampling import Sampling
from omni_nb.media.text import well_formed
from omni_nb.rules.counts import MOST, count_of
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.pricing import Usage, priced_region
from omni_nb.turns.history import Trimming, call_messages
from omni_nb.turns.reply import Reply
from omni_nb.turns.round import Round
from omni_nb.turns.timing import Arrival, Playback
from omni_nb.turns.tool_results import ToolCall
from omni_nb.wire.request import Call, Message, Request, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from omni_nb.errors import ReplyError
    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource

_ASIDE: Final[Mapping[str, Any]] = {"others": list, "branches": list}
_KINDS: Final[Mapping[str, Any]] = {
    "str": str,
    "int": int,
    "float": float | int,
    "bool": bool,
}
_MOST_BYTES: Final = 512 * 2**20

_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "width": (1, 2**31),
    "height": (1, 2**31),
    "seconds": (0, 1e7),
    "sample_rate": (0, 2**31),
    "channels": (0, 2**16),
    "fps": (0, 1e6),
    "total_frames": (0, 1e9),
}
"""What the numbers of a part can be, by their names."""


def read(path: str | os.PathLike[str]) -> Archive:
    """Read a file that `omni_nb.archive.writer.write` made, comparing media with their hashes.

    Raises
    ------
    RequestError
        The file is no saved conversation, or of a schema that this version does not know.
    MediaError
        A medium beside it is missing or altered.
    """
    shown = brief(os.fsdecode(path))
    try:
        source = path_of(path).absolute()  # its media stay in use
        return Reader(media_folder(source)).archive(parsed(source))
    except OmniError:
        raise
    except (OSError, RuntimeError) as error:
        if isinstance(error, RecursionError):
            raise RequestError(f"{shown} is nested too deeply to be a conversation.") from None
        raise RequestError(f"The conversation {shown} cannot be read: {why(error)}.") from error
    except (UnusableError, ValueError) as error:
        raise RequestError(
            f"{shown} is not a whole conversation that omni_nb saved: {error}"
        ) from error


class UnusableError(Exception):
    """A document that is not as it was written."""


def parsed(path: Path) -> Any:
    """Return the content of a JSON file: its text is well-formed, its numbers are numbers.

    Raises
    ------
    OSError
        The file cannot be read, or is none.
    ValueError
        The file is no JSON, or too large to be read at once.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES / 2**20:.0f} MB")
        text = file.read().decode("utf-8-sig")
    document = json.loads(text, parse_float=_finite, parse_constant=_finite)
    return _well_formed(document) if "\\u" in text else document


def _finite(written: str) -> float | None:
    """Return a number; of NaN and of what no number is large enough for, None."""
    number = float(written)
    return number if math.isfinite(number) else None


def _well_formed(value: Any) -> Any:
    """Join the halves of surrogate pairs in a document; a lone one becomes U+FFFD."""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list):
        return [_well_formed(item) for item in value]
    if isinstance(value, dict):
        return {text_of(name): _well_formed(item) for name, item in value.items()}
    return value


class Finder(Protocol):
    """Anything that can find media again."""

    def find(self, name: str, shown_as: str) -> HeldSource:
        """Return what was kept under a name."""
        ...


class Reader:
    """Make values from records, with the media of a `Finder`."""

    def __init__(self, folder: Finder) -> None:
        self._folder = folder
        self._found: dict[tuple[str, str], HeldSource] = {}

    def archive(self, document: Any) -> Archive:
        """Return the whole conversation."""
        check_version(document)
        whole = fields_of(document, {"chat": dict, "messages": list, "replies": list})
        aside = fields_of({"others": [], "branches": [], **document}, _ASIDE)
        messages = [self._message(record) for record in whole["messages"]]
        replies = tuple(self._reply(record, messages) for record in whole["replies"])
        others = tuple(self._reply(record, messages) for record in aside["others"])
        every = (*replies, *others)
        return Archive(
            **read_settings(whole["chat"]),
            replies=replies,
            branches=tuple(_line(numbers, every) for numbers in aside["branches"]),
        )

    def _message(self, record: Any) -> Message:
        values = fields_of(
            record, {"role": str, "parts": list, "calls": list | None, "call_id": STRING}
        )
        if values["role"] not in get_args(Role):
            raise UnusableError(f"there is no role {brief(values['role'])}.")
        calls = [
            Call(**fields_of(call, dict.fromkeys(("id", "name", "arguments"), str)))
            for call in values["calls"] or ()
        ]
        parts = tuple(self.part(part) for part in values["parts"])
        return Message(values["role"], parts, tuple(calls), values["call_id"] or "")

    def part(self, record: Any) -> Part:
        """Return a part."""
        name = fields_of(record, {"type": str})["type"]
        if name not in PARTS:
            raise UnusableError(f"there is no part of type {brief(name)}.")
        shown_as = record.get("name")
        values = {
            field.name: self._value(record, field.name, field.type, str(shown_as or name))
            for field in fields(PARTS[name])
            if field.name in record or field.name not in LATER
        }
        return PARTS[name](**values)

    def _value(self, record: Any, name: str, annotation: Any, shown_as: str) -> Any:
        if annotation in _KINDS:
            return _in_range(name, fields_of(record, {name: _KINDS[annotation]})[name])
        if name == "sampling":
            return _sampling(fields_of(record, {name: dict})[name])
        if annotation.startswith("tuple"):
            images = tuple(self.part(item) for item in fields_of(record, {name: list})[name])
            if not all(isinstance(image, (ImagePart, ImageURLPart)) for image in images):
                raise UnusableError("frames are images.")
            return images
        source = self._find(fields_of(record, {name: str})[name], shown_as)
        return _content(source) if annotation == "bytes" else source

    def _reply(self, record: Any, messages: list[Message]) -> Reply:
        values = fields_of(record, REPLY)
        numbers = values["messages"]
        if not all(type(n) is int and 0 <= n < len(messages) for n in numbers):
            given = brief(numbers)
            raise UnusableError(f"'messages' of a reply counts to {len(messages)}, not {given}.")
        if not numbers or messages[numbers[-1]].role != "user":
            raise UnusableError("a reply has no question.")
        request = recorded(values, tuple(messages[number] for number in numbers))
        pcm = self._speech(values["speech"]) if values["speech"] else b""
        return restored(values, request, pcm, self.rounds(values, request))

    def rounds(self, values: Mapping[str, Any], request: Request) -> list[Round]:
        """Return the rounds of a reply before its last."""
        made: list[Round] = []
        region = priced_region(values["region"], is_stand_in=values["is_stand_in"])
        for record in values["rounds"] or ():
            held = fields_of(record, ROUND)
            one = Round(request, region=region)
            one.fill(text=held["text"], reasoning=held["reasoning"])
            one.usage = _read_usage(held["usage"]) if held["usage"] else None
            one.finish_reason = code_of(held["finish_reason"])
            one.problems = strings(held["problems"])
            one.tool_calls = tuple(self._call(call) for call in held["tool_calls"])
            made.append(one)
            if one.tool_calls:
                request = _followed(request, call_messages(one))
        return made

    def _call(self, record: Any) -> ToolCall:
        images = fields_of(record, {"parts": list})["parts"]
        try:
            call = ToolCall.from_record(record)
        except RequestError as error:
            raise UnusableError(str(error)) from error
        return replace(call, parts=tuple(self.part(image) for image in images))

    def _speech(self, name: str) -> bytes:
        source = self._find(name, "speech")
        try:
            with source.open() as file, wave.open(file, "rb") as reader:
                # a header may claim more than there is, and a file may be of any size
                samples = min(reader.getnframes(), source.total_bytes // 2)
                is_speech = reader.getparams()[:3] == (1, 2, SPEECH_SAMPLE_RATE)
                if not is_speech or samples > MOST_SAMPLES:
                    raise UnusableError(f"{brief(name)} is not speech of an answer.")
                return reader.readframes(samples)
        except (wave.Error, EOFError) as error:
            raise UnusableError(f"{brief(name)} is not speech of an answer.") from error

    def _find(self, name: str, shown_as: str) -> HeldSource:
        if (name, shown_as) not in self._found:
            self._found[name, shown_as] = self._folder.find(name, shown_as)
        return self._found[name, shown_as]


def _sampling(record: Mapping[str, Any]) -> Sampling:
    try:
        return Sampling(**record)
    except (MediaError, TypeError) as error:
        raise UnusableError(f"'sampling' of a part: {error}") from None


def _line(numbers: Any, replies: Sequence[Reply]) -> tuple[Reply, ...]:
    """Return a line that was set aside."""
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number < len(replies) for number in numbers
    ):
        raise UnusableError(f"'branches' counts replies to {len(replies)}, not {brief(numbers)}.")
    return tuple(replies[number] for number in numbers)


def read_settings(record: Any) -> dict[str, Any]:
    """Return how a conversation asks, as arguments of an `Archive`."""
    chat = fields_of(record, CHAT)
    trimming = fields_of(chat["trimming"], {"turns": int, "media": int})
    if any(count_of(number) is None for number in trimming.values()):
        raise UnusableError("'trimming' counts turns.")
    return chat | {"modalities": strings(chat["modalities"]), "trimming": Trimming(**trimming)}


def recorded(values: Mapping[str, Any], messages: tuple[Message, ...]) -> Request:
    """Return a request that was sent once: a record is not checked against today's rules."""
    request = Request("", messages[-1:])
    for name, value in [
        ("model", values["model"]),
        ("messages", messages),
        ("modalities", strings(values["modalities"])),
        ("voice", values["voice"]),
        ("options", values["options"]),
        ("response_format", _read_format(values.get("response_format"))),
    ]:
        object.__setattr__(request, name, value)
    return request


def _followed(request: Request, messages: tuple[Message, ...]) -> Request:
    """Return the request of a record that follows another, with messages after its own."""
    made = copy(request)
    object.__setattr__(made, "messages", (*request.messages, *messages))
    return made


def restored(
    values: Mapping[str, Any], request: Request, pcm: bytes, rounds: Sequence[Round] = ()
) -> Reply:
    """Return a reply from the checked values of its record."""
    error, usage, playback = values["error"], values["usage"], values["playback"]
    return Reply.restored(
        request,
        rounds=rounds,
        parsed=values.get("parsed"),
        problems=strings(values.get("problems") or []),
        text=values["text"],
        reasoning=values["reasoning"],
        refusal=values.get("refusal") or "",
        pcm=pcm,
        finish_reason=code_of(values["finish_reason"]),
        error=_read_error(error) if error else None,
        usage=_read_usage(usage) if usage else None,
        region=values["region"],
        is_stand_in=values["is_stand_in"],
        sent_at=_seconds_of(values["sent_at"]),
        total_seconds=_seconds_of(values["total_seconds"]),
        arrivals=[_arrival(piece) for piece in values["arrivals"]],
        playback=_read_playback(playback) if playback else None,
    )


def check_version(document: Any) -> None:
    """Refuse what a later omni_nb wrote."""
    version = fields_of(document, {"schema_version": int})["schema_version"]
    if version != SCHEMA_VERSION:
        raise RequestError(
            f"This conversation was saved with schema_version {version}; this omni_nb knows "
            f"{SCHEMA_VERSION}. Update omni_nb to read it."
        )


def fields_of(record: Any, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named values of a record, each of its kind."""
    if not isinstance(record, dict):
        raise UnusableError(f"expected an object with {', '.join(kinds)}.")
    record = dict.fromkeys(LATER & kinds.keys()) | record
    for name, kind in kinds.items():
        if name not in record or not _is(record[name], kind):
            raise UnusableError(f"{name!r} is missing or not of its type.")
    return {name: record[name] for name in kinds}


def strings(values: list[Any]) -> tuple[str, ...]:
    """Return values that are all words, refusing others."""
    if not all(isinstance(value, str) for value in values):
        raise UnusableError(f"expected words, not {brief(values)}.")
    return tuple(values)


def _is(value: Any, kind: Any) -> bool:
    """Return whether a value is of a kind; True and False are no numbers."""
    is_flag = isinstance(value, bool) and kind is not object
    return kind is bool if is_flag else isinstance(value, kind)


def _in_range(name: str, value: Any) -> Any:
    """Return a value of a part, refusing a number that no file has."""
    least, most = _RANGES.get(name, (-math.inf, math.inf))
    if name in _RANGES and not least <= value <= most:
        raise UnusableError(f"{name!r} is from {least:g} to {most:g}, not {brief(value)}.")
    return value


def _read_error(record: Any) -> ReplyError:
    values = fields_of(record, ERROR)
    if "problems" in record:
        problems = strings(fields_of(record, {"problems": list})["problems"])
        return AnswerError(text_of(values["message"]), problems=problems)
    status = count_of(values["status_code"])
    return ServiceError(
        text_of(values["message"]),
        status_code=status if status and status < 1000 else None,
        code=code_of(values["code"]),
        request_id=code_of(values["request_id"]),
        advice=code_of(values["advice"]),
    )


def _read_usage(record: Any) -> Usage:
    return Usage.from_record(fields_of(record, USAGE))


def _read_format(record: Any) -> AnswerFormat | None:
    """Return the form of an answer; its values are plain data from now on."""
    try:
        return AnswerFormat.from_record(record) if record else None
    except RequestError:
        return None


def _read_playback(record: Any) -> Playback | None:
    values = fields_of(record, PLAYBACK)
    underruns, gap = count_of(values["underruns"]), _seconds_of(values["gap_seconds"])
    if underruns is None or gap is None:
        return None
    first, heard = (_seconds_of(values[name]) for name in ("first_heard_at", "heard_seconds"))
    return Playback(first, underruns, gap, heard)


def _arrival(piece: Any) -> Arrival:
    match piece:
        case [seconds, "text" | "audio" as kind, size]:
            at, much = _seconds_of(seconds), _seconds_of(size)
            if at is not None and much is not None:
                return Arrival(at, kind, much)
    raise UnusableError(f"'arrivals' has {brief(piece)}.")


def text_of(value: Any) -> str:
    """Return a text as well-formed Unicode; of anything else its JSON."""
    if not isinstance(value, str):
        return "" if value is None else json.dumps(value, ensure_ascii=False)
    return well_formed(value)


def code_of(value: Any) -> str | None:
    """Return a code, an id or a reason as words; None of what is neither words nor a number."""
    if isinstance(value, str):
        return text_of(value)
    return None if isinstance(value, bool) or not isinstance(value, int) else str(value)


def _seconds_of(value: Any) -> float | None:
    """Return a duration or a time in seconds; None of what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 <= value <= MOST else None


def _content(source: HeldSource) -> bytes:
    with source.open() as file:
        return file.read()
