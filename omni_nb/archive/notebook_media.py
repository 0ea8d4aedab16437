"""Find the media that a notebook keeps: in metadata, in players, in files beside it."""

from __future__ import annotations

import base64
import binascii
import io
import wave
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from omni_nb.archive.outputs import is_file_with
from omni_nb.errors import MediaError, brief
from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.media.compressed import MOST_SAMPLES, decompressed
from omni_nb.media.parts import AudioPart
from omni_nb.media.resample import RATES
from omni_nb.media.samples import wav_file
from omni_nb.media.sources import FileSource, LocalSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource


def players(html: str) -> list[str]:
    """Return the data URLs of the players in some HTML, in their order.

    Examples
    --------
    >>> players('<audio src="data:audio/wav;base64,AA=="></audio>')
    ['data:audio/wav;base64,AA==']
    """
    return _Players(html).sources


class _Players(HTMLParser):
    """The data URLs of an output's players, in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") or ""
        if tag == "audio" and source.startswith("data:"):
            self.sources.append(source)


class KeptFiles:
    """Find media in the metadata of outputs and beside the notebook; a `Finder`."""

    def __init__(self, records: Sequence[Mapping[str, Any]], folder: Path) -> None:
        media = [kept for record in records for kept in _words(record["media"])]
        # of several copies the largest: it may be the exact one
        self._media = dict(sorted(media, key=lambda kept: len(kept[1])))
        self._files = {name: path for record in records for name, path in _words(record["files"])}
        self._folder = folder

    def find(self, name: str, shown_as: str) -> HeldSource:
        """Return a medium; raises `MediaError` when it is nowhere."""
        if name in self._media:
            try:
                data = base64.b64decode(self._media[name], validate=True)
            except binascii.Error as error:
                raise MediaError(f"{brief(shown_as)} in the notebook is damaged.") from error
            return LocalSource(data, shown_as)
        if path := self._files.get(name):
            digest = name.partition(".")[0]
            for place in _beside(self._folder, path):
                if is_file_with(place, digest):
                    status = place.stat()
                    return FileSource(
                        place.absolute(), shown_as, status.st_size, status.st_mtime_ns
                    )
        raise MediaError(f"{brief(shown_as)} is neither in the notebook nor beside it.")


def _beside(folder: Path, path: str) -> list[Path]:
    """Return where a file may be: at its path in the notebook's folder, or there by its name.

    A path that leads out of the folder is not followed: a notebook that somebody sent does not
    say which files of this machine are read.
    """
    leads_out = any(
        shape.anchor or ".." in shape.parts
        for shape in (PurePosixPath(path), PureWindowsPath(path))
    )
    return [
        folder / below for below in ([] if leads_out else [path]) + [PureWindowsPath(path).name]
    ]


class Nothing:
    """Find nothing; a `Finder` for parts that are only described."""

    def find(self, name: str, shown_as: str) -> HeldSource:
        """Return an empty medium of that name."""
        return LocalSource(b"", shown_as)


def _words(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in record.items() if isinstance(value, str))


def as_sent(part: Part) -> Part:
    """Return a part as it was sent: a WAV that was compressed is a WAV again.

    Raises
    ------
    MediaError
        What was kept cannot be decoded.
    """
    if not (isinstance(part, AudioPart) and part.format == "wav"):
        return part
    if not isinstance(part.source, LocalSource) or not _is_compressed(part.source.data):
        return part
    rate, total = part.sample_rate, round(part.seconds * part.sample_rate)
    if not 0 < rate < RATES.stop:
        raise MediaError(f"{brief(part.name)} cannot have {rate:,} samples a second.")
    # a coder may add some at the end
    pcm = decompressed(part.source.data, rate, most_samples=min(total, MOST_SAMPLES))
    source = LocalSource(wav_file(pcm, rate, 1), part.source.name)
    return replace(part, source=source, seconds=len(pcm) / 2 / rate, channels=1)


def _is_compressed(data: bytes) -> bool:
    return data.startswith((b"ID3", b"OggS"))  # as `AudioClip` writes MP3 and Opus


def decoded(data: bytes) -> bytes:
    """Return speech as samples, a WAV's exactly; raises `MediaError` when it cannot be read."""
    if data.startswith(b"RIFF"):
        try:
            with wave.open(io.BytesIO(data)) as reader:
                if reader.getparams()[:3] == (1, 2, SPEECH_SAMPLE_RATE):
                    return bytes(reader.readframes(reader.getnframes()))
        except (wave.Error, EOFError) as error:
            raise MediaError(f"This speech cannot be decoded: {error}.") from error
    return decompressed(data, SPEECH_SAMPLE_RATE)
