"""The files that a program reads: the media of its request, and where they are."""

from __future__ import annotations

import mimetypes
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omni_nb.media.audio import AudioPart
from omni_nb.media.image import ImagePart
from omni_nb.media.sources import FileSource, LocalSource
from omni_nb.media.video import FramesPart, VideoPart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource
    from omni_nb.wire.request import Request

_FILE_NAME = re.compile(r"\w[\w .()-]*\.\w{2,5}")


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a request the bytes of a medium are, with their modality and file ending."""

    expression: str
    modality: str
    ending: str


class Files:
    """The files of a program.

    Attributes
    ----------
    tokens
        File names by the token that stands for each file's base64 in the request's body.
    unsaved
        Expressions by the names of the files that are to be written first.
    """

    def __init__(self, request: Request) -> None:
        self.tokens: dict[str, str] = {}
        self.unsaved: dict[str, str] = {}
        self._locations = dict(_locations(request))
        self._names: dict[object, str] = {}

    def __bool__(self) -> bool:
        return bool(self.tokens)

    def embed(self, source: HeldSource, mime: str) -> str:
        """Return a data URL with a token in the place of the base64; an `Embed`."""
        key = source.path if isinstance(source, FileSource) else id(source.data)
        name = self._names.get(key) or self._names.setdefault(key, self._new_name(source))
        token = f"omni-file-{secrets.token_hex(16)}"  # no text of a person can be taken for it
        self.tokens[token] = name
        return f"data:{mime};base64,{token}"

    def free_name(self, name: str) -> str:
        """Return this name, or one like it that no file of the program has."""
        path, number, taken = Path(name), 1, {Path(one).name for one in self._names.values()}
        while name in taken:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        return name

    def _new_name(self, source: HeldSource) -> str:
        if isinstance(source, FileSource):
            return str(source.path)
        location = self._locations.get(id(source.data), Location("...", "file", "bin"))
        is_file = _FILE_NAME.fullmatch(source.name)
        usual = f"{location.modality}.{location.ending}"
        name = self.free_name(source.name if is_file else usual)
        self.unsaved[name] = location.expression
        return name


def _locations(request: Request) -> Iterator[tuple[int, Location]]:
    asked = "reply.request"
    for index, message in enumerate(request.messages):
        if message.calls:  # what a tool returns may not be in the question's request
            asked = "reply.rounds[-1].request"
        for number, part in enumerate(message.parts):
            yield from _locations_of(part, f"{asked}.messages[{index}].parts[{number}]")


def _locations_of(part: Part, where: str) -> Iterator[tuple[int, Location]]:
    match part:
        case ImagePart():
            yield id(part.data), Location(f"{where}.data", "image", _ending(part.mime))
        case AudioPart(source=LocalSource() as source):
            yield id(source.data), Location(f"{where}.source.data", "audio", part.format)
        case VideoPart(source=LocalSource() as source):
            yield id(source.data), Location(f"{where}.source.data", "video", _ending(part.mime))
        case FramesPart():
            for number, image in enumerate(part.images):
                yield from _locations_of(image, f"{where}.images[{number}]")


def _ending(mime: str) -> str:
    known = mimetypes.guess_extension(mime, strict=False)
    return known[1:] if known else mime.rpartition("/")[2].removeprefix("x-")
