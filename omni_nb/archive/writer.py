"""Write a conversation to a JSON file: every message and every medium once."""

from __future__ import annotations

import json
import mimetypes
import os
from dataclasses import asdict, fields
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol

from omni_nb.archive.document import ERROR, PARTS, SCHEMA_VERSION, media_folder
from omni_nb.errors import AnswerError, OmniError, RequestError, brief
from omni_nb.media.folder import replacing, sweep
from omni_nb.media.parts import AudioPart
from omni_nb.media.paths import path_of, why
from omni_nb.media.sampling import Sampling
from omni_nb.media.sources import FileSource, LocalSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from omni_nb.archive.document import Archive
    from omni_nb.errors import ReplyError
    from omni_nb.media.clip import AudioClip
    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.round import Round
    from omni_nb.wire.request import Message

_ENDINGS: Final = mimetypes.MimeTypes()  # Python's own table: the machine's may differ
_PART_NAMES: Final = {kind: name for name, kind in PARTS.items()}


def write(archive: Archive, path: str | os.PathLike[str]) -> Path:
    """Write the file and its media; what was there stays until all of it is written.

    Raises
    ------
    MediaError
        A medium is gone or has changed since it was sent.
    RequestError
        The file cannot be written, or an option is not JSON.

    Examples
    --------
    >>> import tempfile
    >>> from omni_nb.archive.document import Archive
    >>> from omni_nb.archive.reader import read
    >>> chat = Archive("qwen-omni-turbo", ("text",), system="You are a cat.")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(write(chat, f"{folder}/talk.json")) == chat
    True
    """
    try:
        target = path_of(path)
        media = media_folder(target)
        writer = DocumentWriter(media)
        document = json.dumps(writer.document(archive), ensure_ascii=False, allow_nan=False)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            # Half of a surrogate pair, as a broken stream may end with, is no UTF-8; Python's
            # escape of it is JSON's.
            file.write(document.encode("utf-8", "backslashreplace"))
        sweep(media.path)
    except OmniError:
        raise
    except (OSError, TypeError, ValueError, RuntimeError) as error:
        raise RequestError(
            f"The conversation cannot be saved to {brief(os.fsdecode(path))}: {why(error)}."
        ) from error
    return target


class Keeper(Protocol):
    """Anything that can keep media."""

    def keep(self, source: HeldSource, suffix: str) -> str:
        """Keep a source and return the name by which it is found."""
        ...


class DocumentWriter:
    """Make records of an archive, with the media in a `Keeper`."""

    def __init__(self, folder: Keeper) -> None:
        self._folder = folder
        self._messages: dict[Message, int] = {}
        self._kept: dict[tuple[HeldSource, str], str] = {}

    def document(self, archive: Archive) -> dict[str, Any]:
        """Return the whole document."""
        line = dict.fromkeys(archive.replies)
        others = [r for r in dict.fromkeys(chain(*archive.branches)) if r not in line]
        numbers = {reply: number for number, reply in enumerate((*line, *others))}
        replies = [self._reply(reply) for reply in archive.replies]
        aside = [self._reply(reply) for reply in others]
        return {
            "schema_version": SCHEMA_VERSION,
            "chat": settings(archive),
            "messages": [self._message(message) for message in self._messages],
            "replies": replies,
            "others": aside,
            "branches": [[numbers[reply] for reply in line] for line in archive.branches],
        }

    def _reply(self, reply: Reply) -> dict[str, Any]:
        numbers = [
            self._messages.setdefault(message, len(self._messages))
            for message in reply.request.messages
        ]
        return {
            "messages": numbers,
            **answer(reply, self.part),
            "speech": self._speech(reply.audio) if reply.audio else None,
        }

    def _message(self, message: Message) -> dict[str, Any]:
        return {
            "role": message.role,
            "parts": [self.part(part) for part in message.parts],
            **({"calls": [asdict(call) for call in message.calls]} if message.calls else {}),
            **({"call_id": message.call_id} if message.call_id else {}),
        }

    def _speech(self, clip: AudioClip) -> str:
        return self._folder.keep(LocalSource(clip.to_wav(), "speech"), ".wav")

    def part(self, part: Part) -> dict[str, Any]:
        """Return the record of a part; its media are with the keeper."""
        values = {
            field.name: self._value(getattr(part, field.name), part)
            for field in fields(part)
            if field.name != "sampling" or getattr(part, field.name) is not None
        }
        return {"type": _PART_NAMES[type(part)], **values}

    def _value(self, value: Any, part: Part) -> Any:
        match value:
            case bytes():
                return self._keep(LocalSource(value, getattr(part, "name", "")), suffix_of(part))
            case LocalSource() | FileSource():
                return self._keep(value, suffix_of(part))
            case Sampling():
                return value.payload()
            case tuple():
                return [self.part(item) for item in value]
            case _:
                return value

    def _keep(self, source: HeldSource, suffix: str) -> str:
        if (source, suffix) not in self._kept:
            self._kept[source, suffix] = self._folder.keep(source, suffix)
        return self._kept[source, suffix]


def settings(archive: Archive) -> dict[str, Any]:
    """Return the record of a conversation's settings."""
    return {
        "model": archive.model,
        "modalities": archive.modalities,
        "voice": archive.voice,
        "system": archive.system,
        "system_as_turns": archive.system_as_turns,
        "options": dict(archive.options),
        "trimming": asdict(archive.trimming),
    }


def answer(reply: Reply, part: Callable[[Part], Any]) -> dict[str, Any]:
    """Return the record of a reply, without its messages and speech; ``part`` writes its images."""
    request, timing, wanted = reply.request, reply.timing, reply.request.response_format
    is_parsed = reply.is_finished and reply.error is None and not reply.problems
    *earlier, last = reply.rounds
    return {
        "model": request.model,
        "modalities": request.modalities,
        "voice": request.voice,
        "options": dict(request.options),
        "text": reply.text,
        "reasoning": reply.reasoning,
        # an answer that still streams is saved as one that did not get further
        "finish_reason": reply.finish_reason if reply.is_finished else "interrupted",
        "error": _error(reply.error) if reply.error else None,
        "usage": last.usage.record() if last.usage else None,
        "region": reply.region,
        "is_stand_in": reply.is_stand_in,
        "sent_at": reply.sent_at,
        "total_seconds": timing.total_seconds,
        "arrivals": [[piece.seconds, piece.kind, piece.size] for piece in timing.arrivals],
        "playback": asdict(reply.playback) if reply.playback else None,
        **({"refusal": reply.refusal} if reply.refusal else {}),
        **({"rounds": [_round(one, part) for one in earlier]} if earlier else {}),
        **({"response_format": wanted.record()} if wanted else {}),
        **({"parsed": wanted.as_data(reply.parsed)} if wanted and is_parsed else {}),
        **({"problems": list(reply.problems)} if reply.problems else {}),
    }


def _round(one: Round, part: Callable[[Part], Any]) -> dict[str, Any]:
    """Return the record of a round before the last, whose request is made of those before it."""
    return {
        "text": one.text,
        "reasoning": one.reasoning,
        "finish_reason": one.finish_reason,
        "usage": one.usage.record() if one.usage else None,
        "problems": list(one.problems),
        "tool_calls": [
            {**call.record(), "parts": [part(image) for image in call.parts]}
            for call in one.tool_calls
        ],
    }


def _error(error: ReplyError) -> dict[str, Any]:
    """Return the record of an error; one of the answer's form is known by its problems."""
    problems = {"problems": list(error.problems)} if isinstance(error, AnswerError) else {}
    return _named(error, ERROR) | problems


def _named(value: object, kinds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in kinds}


def suffix_of(part: Part) -> str:
    """Return the file ending of a part, by which a file browser knows it."""
    if isinstance(part, AudioPart):
        return f".{part.format}"
    return _ENDINGS.guess_extension(getattr(part, "mime", ""), strict=False) or ""
