"""Export a conversation as a notebook: cells ask the questions, outputs show the answers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omni_nb.archive.outputs import block_metadata, place_beside, shareable
from omni_nb.archive.page import export_title
from omni_nb.archive.writer import suffix_of
from omni_nb.errors import MediaError
from omni_nb.media.folder import source_digest
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    TextPart,
    VideoPart,
)
from omni_nb.media.sampling import keys_of
from omni_nb.media.sources import LocalSource, read_all
from omni_nb.render.parts import EMBEDDED_BYTES
from omni_nb.render.reply import reply_bundle
from omni_nb.rules.options import OF_TOOLS, OPTIONS
from omni_nb.wire.literals import PYTHON, Writer
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omni_nb.archive.document import Archive
    from omni_nb.media.clip import Storage
    from omni_nb.media.folder import MediaFolder
    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource
    from omni_nb.turns.reply import Reply

_KINDS: Final = ("image", "audio", "video", "frames")


def export_notebook(
    archive: Archive, *, storage: Storage = "mp3", folder: MediaFolder | None = None
) -> dict[str, Any]:
    """Return a conversation as a notebook (nbformat 4.5).

    Parameters
    ----------
    storage
        How the speech of the answers is kept.
    folder
        Where the media of the questions are written, beside the notebook. Without one, for a
        notebook that is sent alone, those of up to a megabyte are in its first cell; of a larger
        one the cell says which file to put there.

    Raises
    ------
    MediaError
        A medium is gone or has changed, and is to be written to the folder.

    Examples
    --------
    >>> from omni_nb.archive.document import Archive
    >>> notebook = export_notebook(Archive("qwen-omni-turbo", ("text",)))
    >>> print(notebook["cells"][1]["source"])
    import omni_nb as omni
    <BLANKLINE>
    chat = omni.Chat("qwen-omni-turbo")
    """
    archive = shareable(archive)
    media = _Media(folder)
    forms = _Forms()
    asked = [media.call(reply, forms.named(reply)) for reply in archive.replies]
    language = language_of(archive.replies[0].question if archive.replies else ())
    about = words("export", language)["about"]
    heading = " ".join(export_title(archive).translate(_MARKS).split())
    cells = [
        _markdown("about", f"# {heading}\n\n{about}"),
        _code("chat", f"import omni_nb as omni\n\n{_about_tools(archive)}{_chat_call(archive)}"),
    ]
    if forms.helper:
        cells.append(_code("forms", forms.helper))
    if media.helper:
        cells.append(_code("media", media.helper, is_folded=True))
    for number, (reply, source) in enumerate(zip(archive.replies, asked, strict=True)):
        if number and _how(reply) != _how(archive.replies[number - 1]):
            source = f"{_use_call(reply)}\n{source}"
        metadata = block_metadata(
            archive, start=number, stop=number + 1, folder=folder, is_shared=True
        )
        cells.append(_code(f"turn-{number + 1}", source, [_output(reply, storage, metadata)]))
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": cells,
    }


def notebook_file(
    archive: Archive, *, storage: Storage = "mp3", folder: MediaFolder | None = None
) -> bytes:
    """Return `export_notebook` as a file."""
    notebook = export_notebook(archive, storage=storage, folder=folder)
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


_MARKS: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#$|~&"})
"""What is Markdown or HTML in a heading is words here."""


def _chat_call(archive: Archive) -> str:
    """Write the call that makes the chat as it was at its first turn."""
    model, modalities, voice = archive.model, archive.modalities, archive.voice
    if archive.replies:
        model, modalities, voice = _how(archive.replies[0])
    given = dict(_changed(modalities, voice))
    if archive.system:
        given["system"] = archive.system
    if archive.system_as_turns:
        given["system_as_turns"] = True
    options = {n: v for n, v in archive.options.items() if n not in OF_TOOLS}
    named = {n: v for n, v in options.items() if n in OPTIONS}
    if extra := {n: v for n, v in options.items() if n not in named}:
        given["extra"] = extra
    return f"chat = omni.Chat({_arguments(model, {**given, **named})})"


def _about_tools(archive: Archive) -> str:
    """Say which functions the model had: they are a person's code, and in no file."""
    offered = {tool.name for reply in archive.replies for tool in reply.request.tools}
    called = {call.name for reply in archive.replies for call in reply.tool_calls}
    names = ", ".join(sorted(offered | {name for name in called if name.isidentifier()}))
    if not names:
        return ""
    return (
        f"# The model had tools: {names}.\n"
        "# Functions are not exported. Define them in a cell above, and pass them as tools=[...].\n"
    )


def _use_call(reply: Reply) -> str:
    model, modalities, voice = _how(reply)
    given = {"modalities": list(modalities), **({"voice": voice} if voice else {})}
    return f"chat.use({_arguments(model, given)})"  # which keeps what is not given


def _how(reply: Reply) -> tuple[str, tuple[str, ...], str | None]:
    request = reply.request
    speaks = "audio" in request.modalities
    return request.model, tuple(request.modalities), request.voice if speaks else None


def _changed(modalities: Sequence[str], voice: str | None) -> dict[str, Any]:
    if "audio" in modalities and voice:
        return {"voice": voice}  # which asks for speech
    return {"modalities": list(modalities)} if "audio" in modalities else {}


def _arguments(model: str, given: dict[str, Any]) -> str:
    writer = Writer(PYTHON)
    named = (f"{name}={writer.value(value)}" for name, value in given.items())
    return _listed([writer.text(model), *named])


@dataclass
class _Forms:
    """The forms of the answers, and what the cells call them."""

    _held: dict[str, dict[str, Any]] = field(default_factory=dict)

    def named(self, reply: Reply) -> str:
        """Return the expression of an answer's form; empty where the answer is words."""
        wanted = reply.request.response_format
        if wanted is None:
            return ""
        schema = wanted.record()["schema"]
        name, number = wanted.name, 1
        while self._held.setdefault(name, schema) != schema:
            number += 1
            name = f"{wanted.name}-{number}"
        return f"forms[{_quoted(name)}]"

    @property
    def helper(self) -> str:
        """The cell that holds the forms; empty where there are none."""
        if not self._held:
            return ""
        return (
            "# The forms of the answers, as JSON schemas: reply.parsed is then plain data.\n"
            f"forms = {Writer(PYTHON).value(self._held)}"
        )


@dataclass
class _Media:
    """The media of the questions, and what the cells call them."""

    folder: MediaFolder | None
    _held: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _absent: list[str] = field(default_factory=list)

    def call(self, reply: Reply, form: str = "") -> str:
        """Return the cell that asks a question, in the form of the expression ``form``."""
        given = [f"response_format={form}"] if form else []
        return f"chat.ask({_listed([*self._arguments(reply.question), *given])})"

    @property
    def helper(self) -> str:
        """The cell that holds the media; empty where there are none."""
        lines = [
            f"# Put the file {name} beside this notebook: it is too large to be in it."
            for name in self._absent
        ]
        if self._held:
            entries = "".join(
                f"    {_quoted(name)}: b64decode(\n        {_quoted(data)}\n    ),\n"
                for name, data in self._held.items()
            )
            lines += ["# The media of the questions.", "from base64 import b64decode", ""]
            lines.append(f"media = {{\n{entries}}}")
        return "\n".join(lines)

    def _arguments(self, parts: Sequence[Part]) -> list[str]:
        """Write parts as keywords where that keeps their order, else one after the other."""
        texts = [part for part in parts if isinstance(part, TextPart)]
        media = [part for part in parts if not isinstance(part, TextPart)]
        ordered = [*sorted(media, key=lambda part: _KINDS.index(_kind(part))), *texts]
        is_usual = ordered == list(parts) and sum(_kind(part) == "frames" for part in media) <= 1
        if not is_usual:
            return [self._bare(part) for part in parts]
        given = [_quoted(part.text) for part in texts]
        for kind in _KINDS:
            if own := [self._expression(part) for part in media if _kind(part) == kind]:
                given.append(f"{kind}={own[0] if len(own) == 1 else f'[{_listed(own)}]'}")
        return given

    def _bare(self, part: Part) -> str:
        if isinstance(part, TextPart):
            return _quoted(part.text)
        written = self._expression(part)
        return written if written.startswith("omni.") else f"omni.{_kind(part)}({written})"

    def _expression(self, part: Part) -> str:
        written = self._plain(part)
        if keys := keys_of(getattr(part, "sampling", None)):
            named = (f"{name}={value!r}" for name, value in keys.items())
            return f"omni.{part.modality}({_listed([written, *named])})"
        return written

    def _plain(self, part: Part) -> str:
        match part:
            case ImagePart():
                return self._source(LocalSource(part.data, part.name), suffix_of(part))
            case AudioPart() | VideoPart():
                return self._source(part.source, suffix_of(part))
            case FramesPart():
                return f"[{_listed([self._expression(image) for image in part.images])}]"
            case TextPart():
                return _quoted(part.text)
            case AudioURLPart() if not _says_format(part):
                return f"omni.audio({_quoted(part.url)}, format={_quoted(part.format)})"
            case _:
                return _quoted(part.url)

    def _source(self, source: HeldSource, suffix: str) -> str:
        if self.folder is not None:
            return _quoted(place_beside(self.folder, source, suffix))
        name = self._name(source, suffix)
        if source.total_bytes > EMBEDDED_BYTES or not self._is_held(source, name):
            if name not in self._absent:
                self._absent.append(name)
            return _quoted(name)
        return f"media[{_quoted(name)}]"

    def _is_held(self, source: HeldSource, name: str) -> bool:
        try:
            self._held.setdefault(name, base64.b64encode(read_all(source)).decode("ascii"))
        except MediaError:  # a file that is gone
            return False
        return True

    def _name(self, source: HeldSource, suffix: str) -> str:
        """Return a name that no other medium has."""
        try:
            key = source_digest(source)
        except MediaError:
            key = repr(source)
        if key not in self._names:
            plain = " ".join(Path(source.name.replace("\\", "/")).name.split())
            stem, ending = Path(plain).stem or "file", Path(plain).suffix or suffix
            name, number = f"{stem}{ending}", 1
            while name in self._names.values():
                number += 1
                name = f"{stem}-{number}{ending}"
            self._names[key] = name
        return self._names[key]


def _kind(part: Part) -> str:
    return "frames" if isinstance(part, FramesPart) else part.modality


def _says_format(part: AudioURLPart) -> bool:
    """Return whether `omni_nb.audio` would make the same part of the URL alone."""
    from omni_nb.media.audio import audio

    try:
        return audio(part.url) == part
    except MediaError:
        return False


def _listed(entries: Iterable[str]) -> str:
    """Write arguments on one line, or on a line each where they are long."""
    written = list(entries)
    if sum(map(len, written)) + 2 * len(written) <= 80:
        return ", ".join(written)
    return "\n" + "".join(f"    {entry.replace(chr(10), chr(10) + '    ')},\n" for entry in written)


def _quoted(text: str) -> str:
    return Writer(PYTHON).text(text)


def _markdown(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _whole(source)}


def _code(
    name: str, source: str, outputs: list[dict[str, Any]] | None = None, *, is_folded: bool = False
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"jupyter": {"source_hidden": True}} if is_folded else {},
        "execution_count": None,
        "source": _whole(source),
        "outputs": outputs or [],
    }


def _output(reply: Reply, storage: Storage, metadata: dict[str, Any]) -> dict[str, Any]:
    bundle = reply_bundle(reply, storage=storage)
    data = {kind: _whole(text) for kind, text in bundle.items()}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def _whole(text: str) -> str:
    """Replace half of a surrogate pair: a broken stream may end with one, and it is no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
