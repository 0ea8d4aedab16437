"""Archive: a saved conversation, and the fields of its JSON document.

``talk.json`` holds ``schema_version``, ``chat`` (the settings), ``messages`` (each once),
``replies`` (each with the numbers of the messages it was asked with), and of the lines that were
set aside ``others`` (the replies that are in none but those) and ``branches`` (each line as the
numbers of its replies, those of ``others`` counted on); ``talk_media/`` holds images, audio,
videos and the answers' speech. Nothing of the connection is saved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.folder import MediaFolder
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
    VideoURLPart,
)
from omni_nb.turns.history import Trimming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omni_nb.media.parts import Part
    from omni_nb.turns.reply import Reply

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Archive:
    """A conversation as it is saved: settings, replies, and the lines that were set aside."""

    model: str
    modalities: tuple[str, ...]
    voice: str | None = None
    system: str | None = None
    system_as_turns: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    trimming: Trimming = field(default_factory=Trimming)
    replies: tuple[Reply, ...] = ()
    branches: tuple[tuple[Reply, ...], ...] = ()


def media_folder(path: Path) -> MediaFolder:
    """Return the folder beside a conversation's file that holds its media.

    It is beside the file itself, also where the path is a link to it.
    """
    file = Path(os.path.realpath(path)) if path.is_symlink() else path
    return MediaFolder(file.with_name(f"{file.stem}_media"))


# The names of the document, each with the types it may have: the writer takes its names from
# here, and the reader checks them. A value without which an answer is still an answer may be
# anything: the reader makes it absent where it is not as it should be.

PARTS: Final[Mapping[str, type[Part]]] = {
    "text": TextPart,
    "image": ImagePart,
    "image_url": ImageURLPart,
    "audio": AudioPart,
    "audio_url": AudioURLPart,
    "video": VideoPart,
    "video_url": VideoURLPart,
    "frames": FramesPart,
}

STRING: Final = str | None
ANYTHING: Final = object
CHAT: Final[Mapping[str, Any]] = {
    "model": str,
    "modalities": list,
    "voice": STRING,
    "system": STRING,
    "system_as_turns": bool,
    "options": dict,
    "trimming": dict,
}
REPLY: Final[Mapping[str, Any]] = {
    "messages": list,
    "model": str,
    "modalities": list,
    "voice": STRING,
    "options": dict,
    "text": str,
    "reasoning": str,
    "refusal": STRING,
    "speech": STRING,
    "finish_reason": ANYTHING,
    "error": dict | None,
    "usage": dict | None,
    "region": STRING,
    "is_stand_in": bool,
    "sent_at": ANYTHING,
    "total_seconds": ANYTHING,
    "arrivals": list,
    "playback": dict | None,
    "rounds": list | None,
    "parsed": ANYTHING,
    "response_format": dict | None,
    "problems": list | None,
}
ROUND: Final[Mapping[str, Any]] = {
    "text": str,
    "reasoning": str,
    "finish_reason": ANYTHING,
    "usage": dict | None,
    "problems": list,
    "tool_calls": list,
}
LATER: Final = frozenset(
    {"refusal", "audio_seconds", "sampling", "calls", "call_id"}
    | {"rounds", "parsed", "response_format", "problems", "heard_seconds"}
)
"""The names that 0.1 did not write: a file may lack them."""
ERROR: Final[Mapping[str, Any]] = {
    "message": ANYTHING,
    "status_code": ANYTHING,
    "code": ANYTHING,
    "request_id": ANYTHING,
    "advice": ANYTHING,
}
USAGE: Final[Mapping[str, Any]] = {
    "input": dict,
    "output": dict,
    "input_total": ANYTHING,
    "output_total": ANYTHING,
    "reasoning": ANYTHING,
}
PLAYBACK: Final[Mapping[str, Any]] = {
    "first_heard_at": ANYTHING,
    "underruns": ANYTHING,
    "gap_seconds": ANYTHING,
    "heard_seconds": ANYTHING,
}
