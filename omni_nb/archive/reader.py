"""Read a conversation from a JSON file, refusing what is not as it was written."""

from __future__ import annotations

import json
import wave
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, get_args

from omni_nb.archive.document import (
    CHAT,
    ERROR,
    LATER,
    PARTS,
    PLAYBACK,
    REPLY,
    SCHEMA_VERSION,
    USAGE,
    Archive,
    media_folder,
)
from omni_nb.errors import OmniError, RequestError, ServiceError
from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.media.parts import ImagePart, ImageURLPart
from omni_nb.rules.pricing import Usage
from omni_nb.turns.history import Trimming
from omni_nb.turns.reply import Reply
from omni_nb.turns.timing import Arrival, Playback
from omni_nb.wire.request import Message, Request, Role

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource

_ASIDE: Final[Mapping[str, Any]] = {"others": list, "branches": list}
_LATER: Final = frozenset({"audio_seconds"})
"""Fields of parts that files of earlier versions lack."""
_KINDS: Final[Mapping[str, Any]] = {
    "str": str,
    "int": int,
    "float": float | int,
    "bool": bool,
}


def read(path: str | os.PathLike[str]) -> Archive:
    """Read a file that `omni_nb.archive.writer.write` made, comparing media with their hashes.

    Raises
    ------
    RequestError
        The file is no saved conversation, or of a schema that this version does not know.
    MediaError
        A medium beside it is missing or altered.
    """
    source = Path(path).expanduser().absolute()  # its media stay in use
    try:
        document = json.loads(source.read_text("utf-8"))
        return Reader(media_folder(source)).archive(document)
    except OmniError:
        raise
    except OSError as error:
        raise RequestError(f"The conversation {str(path)!r} cannot be read: {error}.") from error
    except (UnusableError, ValueError, RecursionError) as error:
        raise RequestError(
            f"{str(path)!r} is not a whole conversation that omni_nb saved: {error}"
        ) from error


class UnusableError(Exception):
    """A document that is not as it was written."""


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
        values = fields_of(record, {"role": str, "parts": list})
        if values["role"] not in get_args(Role):
            raise UnusableError(f"there is no role {values['role']!r}.")
        return Message(values["role"], tuple(self.part(part) for part in values["parts"]))

    def part(self, record: Any) -> Part:
        """Return a part."""
        name = fields_of(record, {"type": str})["type"]
        if name not in PARTS:
            raise UnusableError(f"there is no part of type {name!r}.")
        shown_as = record.get("name")
        values = {
            field.name: self._value(record, field.name, field.type, str(shown_as or name))
            for field in fields(PARTS[name])
            if field.name in record or field.name not in _LATER
        }
        return PARTS[name](**values)

    def _value(self, record: Any, name: str, annotation: Any, shown_as: str) -> Any:
        if annotation in _KINDS:
            return fields_of(record, {name: _KINDS[annotation]})[name]
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
        if not all(isinstance(n, int) and 0 <= n < len(messages) for n in numbers):
            raise UnusableError(f"'messages' of a reply counts to {len(messages)}, not {numbers}.")
        if not numbers or messages[numbers[-1]].role != "user":
            raise UnusableError("a reply has no question.")
        request = recorded(values, tuple(messages[number] for number in numbers))
        return restored(
            values, request, self._speech(values["speech"]) if values["speech"] else b""
        )

    def _speech(self, name: str) -> bytes:
        source = self._find(name, "speech")
        try:
            with source.open() as file, wave.open(file, "rb") as reader:
                if reader.getparams()[:3] != (1, 2, SPEECH_SAMPLE_RATE):
                    raise UnusableError(f"{name!r} is not speech of an answer.")
                return reader.readframes(reader.getnframes())
        except (wave.Error, EOFError) as error:
            raise UnusableError(f"{name!r} is not speech of an answer.") from error

    def _find(self, name: str, shown_as: str) -> HeldSource:
        if (name, shown_as) not in self._found:
            self._found[name, shown_as] = self._folder.find(name, shown_as)
        return self._found[name, shown_as]


def _line(numbers: Any, replies: Sequence[Reply]) -> tuple[Reply, ...]:
    """Return a line that was set aside."""
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number < len(replies) for number in numbers
    ):
        raise UnusableError(f"'branches' counts replies to {len(replies)}, not {numbers}.")
    return tuple(replies[number] for number in numbers)


def read_settings(record: Any) -> dict[str, Any]:
    """Return how a conversation asks, as arguments of an `Archive`."""
    chat = fields_of(record, CHAT)
    trimming = fields_of(chat["trimming"], {"turns": int, "media": int})
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
    ]:
        object.__setattr__(request, name, value)
    return request


def restored(values: Mapping[str, Any], request: Request, pcm: bytes) -> Reply:
    """Return a reply from the checked values of its record."""
    error, usage, playback = values["error"], values["usage"], values["playback"]
    return Reply.restored(
        request,
        text=values["text"],
        reasoning=values["reasoning"],
        refusal=values.get("refusal") or "",
        pcm=pcm,
        finish_reason=values["finish_reason"],
        error=ServiceError(**fields_of(error, ERROR)) if error else None,
        usage=_read_usage(usage) if usage else None,
        region=values["region"],
        is_stand_in=values["is_stand_in"],
        sent_at=values["sent_at"],
        total_seconds=values["total_seconds"],
        arrivals=[_arrival(piece) for piece in values["arrivals"]],
        playback=Playback(**fields_of(playback, PLAYBACK)) if playback else None,
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
        if name not in record or not isinstance(record[name], kind):
            raise UnusableError(f"{name!r} is missing or not of its type.")
    return {name: record[name] for name in kinds}


def strings(values: list[Any]) -> tuple[str, ...]:
    """Return values that are all words, refusing others."""
    if not all(isinstance(value, str) for value in values):
        raise UnusableError(f"expected words, not {values}.")
    return tuple(values)


def _read_usage(record: Any) -> Usage:
    values = fields_of(record, USAGE)
    counts = [*values["input"].values(), *values["output"].values()]
    if not all(isinstance(count, int) for count in counts):
        raise UnusableError("'usage' counts tokens.")
    return Usage(**values)


def _arrival(piece: Any) -> Arrival:
    match piece:
        case [float() | int(), "text" | "audio", float() | int()]:
            return Arrival(*piece)
    raise UnusableError(f"'arrivals' has {piece!r}.")


def _content(source: HeldSource) -> bytes:
    with source.open() as file:
        return file.read()
