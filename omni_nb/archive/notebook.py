"""Read a conversation from the outputs of a saved notebook.

Every answer knows which one came before it. So a conversation is named by its last answer, the one
that no other goes on from, and its turns may be in any outputs of the notebook.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omni_nb.archive.document import REPLY, Archive
from omni_nb.archive.notebook_media import KeptFiles, Nothing, as_sent, decoded, players
from omni_nb.archive.outputs import NAME, SCHEMA_VERSION
from omni_nb.archive.reader import (
    Reader,
    UnusableError,
    fields_of,
    parsed,
    read_settings,
    recorded,
    restored,
)
from omni_nb.errors import MediaError, OmniError, RequestError, brief, warn
from omni_nb.media.parts import TextPart, join_text
from omni_nb.media.paths import path_of, why
from omni_nb.media.sources import decode_data_url
from omni_nb.rules.counts import count_of
from omni_nb.turns.history import in_words, opening, turns
from omni_nb.wire.request import Message
from omni_nb.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from omni_nb.media.parts import Part
    from omni_nb.turns.reply import Reply

_BLOCK: Final[Mapping[str, Any]] = {
    "schema_version": int,
    "chat": dict,
    "first": int,
    "after": str | None,
    "replies": list,
    "media": dict,
    "files": dict,
}
_KIND: Final = {
    **{name: kind for name, kind in REPLY.items() if name not in ("messages", "speech")},
    "id": str,
    "question": list,
    "samples": int,
}


def read_notebook(path: str | os.PathLike[str], chat: str | int | None = None) -> Archive:
    """Read a conversation from a notebook that was saved with its outputs.

    A medium that is neither in the notebook nor beside it is replaced by a line of words, with
    one warning that names all of them. Nothing but the notebook's own folder is looked into.

    Parameters
    ----------
    chat
        Which of several: the id of its last answer, or its place in the notebook, from 0; by
        default the last. With an id that is not there the error lists what there is.

    Raises
    ------
    RequestError
        The file is no notebook, holds no such conversation, or was written by a later version.
    """
    shown = brief(os.fsdecode(path))
    try:
        source = path_of(path).absolute()
        return _Outputs(parsed(source), source.parent).archive(chat, source.name)
    except OmniError:
        raise
    except (UnusableError, ValueError, TypeError, RecursionError) as error:
        raise RequestError(
            f"{shown} is no notebook with answers that omni_nb saved: {error}"
        ) from error
    except (OSError, RuntimeError) as error:
        raise RequestError(f"The notebook {shown} cannot be read: {why(error)}.") from error


@dataclass(frozen=True)
class _Block:
    """The metadata of an output, and the speech that its HTML holds."""

    record: Mapping[str, Any]
    replies: Sequence[Mapping[str, Any]]
    speech: Mapping[str, str] = field(repr=False)

    def before(self, number: int) -> str | None:
        """Return the id of the answer that a turn goes on from."""
        after: str | None = self.replies[number - 1]["id"] if number else self.record["after"]
        return after


_CODER_BYTES: Final = 2 * 4096
_Place: TypeAlias = tuple[_Block, int]
"""Where an answer is: its output, and its number there."""


class _Outputs:
    """The conversations in the outputs of a notebook."""

    def __init__(self, notebook: Any, folder: Path) -> None:
        self._blocks = list(_blocks(notebook))
        self._folder = folder
        # the last output of an answer counts, and one with its speech before one without
        self._places: dict[str, _Place] = {}
        for block in self._blocks:
            for number, reply in enumerate(block.replies):
                known = self._places.pop(reply["id"], None)
                has_spoken = known is not None and reply["id"] in known[0].speech
                is_silent = reply["id"] not in block.speech
                self._places[reply["id"]] = (
                    known if known and has_spoken and is_silent else (block, number)
                )

    def archive(self, chat: str | int | None, name: str) -> Archive:
        last = self._last(chat, name)
        head, number = self._places[last]
        expected = head.record["first"] + number + 1
        chain = self._chain(last)
        if len(chain) < expected:
            warn(
                f"{expected - len(chain)} of {expected} turns of this conversation are not in "
                f"{name!r}: their outputs were cleared or deleted. It goes on without them."
            )
        settings = read_settings(head.record["chat"])
        opened = opening(settings["system"], as_turns=settings["system_as_turns"])
        reader = _NotebookReader(self._blocks, self._folder)
        replies = reader.replies(chain, opened)
        reader.report(name)
        return Archive(**settings, replies=tuple(replies))

    def _last(self, chat: str | int | None, name: str) -> str:
        """Return the id of the last answer of the conversation that is wanted."""
        continued = {block.before(number) for block, number in self._places.values()}
        chats = [one for one in self._places if one not in continued]
        if not chats:
            raise RequestError(
                f"{name!r} holds no answers to go on from: it has none, or its outputs were "
                "cleared. Save the notebook with its outputs, or run its cells again."
            )
        if chat is None:
            return chats[-1]
        if isinstance(chat, int) and -len(chats) <= chat < len(chats):
            return chats[chat]
        if chat in chats:
            return str(chat)
        known = "; ".join(f"{place}: {self._described(one)}" for place, one in enumerate(chats))
        raise RequestError(f"There is no conversation {brief(chat)} in {name!r}. It has {known}.")

    def _described(self, last: str) -> str:
        chain = self._chain(last)
        words = _words_of(chain[0][0].replies[chain[0][1]])
        return f"{last!r} ({len(chain)} turn{plural(len(chain))}, {words!r})"

    def _chain(self, last: str) -> list[_Place]:
        """Return where each turn is, oldest first."""
        chain: dict[str, _Place] = {}
        after: str | None = last
        while after is not None and after in self._places and after not in chain:
            block, number = chain[after] = self._places[after]
            after = block.before(number)
        return [*chain.values()][::-1]


def _words_of(reply: Mapping[str, Any]) -> str:
    parts = [part for part in reply["question"] if isinstance(part, dict)]
    words = " ".join(str(part["text"]) for part in parts if "text" in part)
    return f"{words[:40]}…" if len(words) > 40 else words


def _blocks(notebook: Any) -> Iterator[_Block]:
    """Yield the outputs of a notebook that omni_nb wrote, in their order."""
    cells = fields_of(notebook, {"cells": list})["cells"]
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else ():
            metadata = output.get("metadata") if isinstance(output, dict) else None
            if isinstance(metadata, dict) and NAME in metadata:
                block = _block(metadata[NAME], output.get("data"))
                if block.replies:
                    yield block


def _block(record: Any, data: Any) -> _Block:
    version = fields_of(record, {"schema_version": int})["schema_version"]
    if version != SCHEMA_VERSION:
        raise RequestError(
            f"This notebook's answers were saved with schema_version {version}; this omni_nb knows "
            f"{SCHEMA_VERSION}. Update omni_nb to read them."
        )
    values = fields_of(record, _BLOCK)
    replies = [fields_of(reply, _KIND) for reply in values["replies"]]
    if any(
        count_of(number) is None for number in [values["first"], *(r["samples"] for r in replies)]
    ):
        raise UnusableError("'first' and 'samples' are counts.")
    html = data.get("text/html", "") if isinstance(data, dict) else ""
    sources = players("".join(html) if isinstance(html, list) else str(html))
    speaking = [reply["id"] for reply in replies if reply["samples"]]
    # players that are not those of the answers would speak for others
    speech = dict(zip(speaking, sources, strict=True)) if len(sources) == len(speaking) else {}
    return _Block(values, replies, speech)


class _NotebookReader:
    def __init__(self, blocks: Sequence[_Block], folder: Path) -> None:
        self._reader = Reader(KeptFiles([block.record for block in blocks], folder))
        self._describer = Reader(Nothing())
        self._missing: dict[str, None] = {}
        self._silent = 0

    def replies(self, chain: Sequence[_Place], opened: tuple[Message, ...]) -> list[Reply]:
        """Return the replies, each asked with those before it."""
        made: list[Reply] = []
        for block, number in chain:
            values = block.replies[number]
            question = Message("user", self._question(values["question"]))
            request = recorded(values, (*opened, *turns(made), question))
            rounds = self._reader.rounds(values, request)
            made.append(restored(values, request, self._speech(values, block), rounds))
        return made

    def report(self, name: str) -> None:
        """Warn once of everything that is missing."""
        if self._missing:
            warn(
                f"{name!r} does not hold {', '.join(map(brief, self._missing))}, and there is no "
                "such file beside it: the conversation goes on with a line of words in place of "
                "each. Put the files beside the notebook to have them."
            )
        if self._silent:
            warn(
                f"The speech of {self._silent} answer{plural(self._silent)} is not in {name!r}, "
                "the text is. Save the notebook with its outputs as they were shown."
            )

    def _question(self, records: Sequence[Any]) -> tuple[Part, ...]:
        parts = [self._part(record) for record in records]
        described = in_words([part for part, _ in parts])
        return tuple(
            part if is_here else words
            for (part, is_here), words in zip(parts, described, strict=True)
        )

    def _part(self, record: Any) -> tuple[Part, bool]:
        try:
            return as_sent(self._reader.part(record)), True
        except MediaError:
            part = self._describer.part(record)
            name = join_text([part]) if isinstance(part, TextPart) else part.name
            self._missing[name] = None
            return part, False

    def _speech(self, values: Mapping[str, Any], block: _Block) -> bytes:
        total = 2 * values["samples"]
        source = block.speech.get(values["id"])
        try:
            pcm = decoded(decode_data_url(source)) if total and source else b""
        except MediaError:
            pcm = b""
        self._silent += bool(total and not pcm)
        # a coder's last frame may be short of a few samples; what claims more is as it decodes
        return pcm[:total].ljust(min(total, len(pcm) + _CODER_BYTES), b"\0") if pcm else b""
