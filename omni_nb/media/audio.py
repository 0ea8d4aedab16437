"""Make audio parts of a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from omni_nb.errors import MediaError
from omni_nb.media.clip import AudioClip
from omni_nb.media.probe import probe_audio
from omni_nb.media.samples import are_samples, as_pcm16, checked_rate, wav_file
from omni_nb.media.shown import Shown
from omni_nb.media.sources import LocalSource, RemoteSource, described, embed, open_source

if TYPE_CHECKING:
    from omni_nb.media.sources import Embed, HeldSource

_FORMATS_BY_ENDING = {
    ".wav": "wav",
    ".mp3": "mp3",
    ".m4a": "m4a",
    ".aac": "aac",
    ".flac": "flac",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".opus": "ogg",
    ".amr": "amr",
    ".3gp": "3gp",
    ".3gpp": "3gp",
}


@dataclass(frozen=True, slots=True)
class AudioPart(Shown):
    """Audio that we hold: its file, and what was measured of it.

    Attributes
    ----------
    format
        The container by its content, as the service names it: ``"wav"``, ``"mp3"``, ...
    mime
        Its MIME type.
    seconds
        The duration of the audio itself, which the file's header may misstate.
    sample_rate, channels
        Samples per second, and channels.
    """

    source: HeldSource = field(repr=False)
    format: str
    mime: str
    seconds: float
    sample_rate: int
    channels: int
    name: str = "audio"
    modality: ClassVar[str] = "audio"

    @property
    def total_bytes(self) -> int:
        """The size of the file."""
        return self.source.total_bytes

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "音频+文本输入")."""
        data = embed(self.source, "")
        return {"type": "input_audio", "input_audio": {"data": data, "format": self.format}}


@dataclass(frozen=True, slots=True)
class AudioURLPart(Shown):
    """Audio at a public URL; ``format`` is what the URL's ending says."""

    url: str
    format: str
    modality: ClassVar[str] = "audio"

    @property
    def name(self) -> str:
        """The file's name, for display."""
        return RemoteSource(self.url).name

    def payload(self, embed: Embed = embed) -> dict[str, Any]:
        """Return the content part as the service takes it (spec, "音频+文本输入")."""
        return {"type": "input_audio", "input_audio": {"data": self.url, "format": self.format}}


def audio(given: Any, *, format: str | None = None) -> AudioPart | AudioURLPart:
    """Make an audio part of a file, a URL or samples.

    Parameters
    ----------
    given
        A path, URL, data URL, bytes, binary file object, ``(samples, sample_rate)``, an
        `AudioClip` or an ``IPython.display.Audio``. Files are wav, mp3, m4a, aac, flac, ogg,
        amr, 3gp or webm, whatever their name. Samples are floats from -1 to 1, int16, int32 or
        uint8, of shape (n,) or (n, 2). A URL is passed on as it is; the service fetches it.
    format
        The format of a URL whose ending does not say it.

    Raises
    ------
    MediaError
        The input is not audio, or cannot be read. The message says what was given.

    Examples
    --------
    >>> import numpy as np
    >>> audio((np.zeros(8000), 16000))
    AudioPart(format='wav', mime='audio/wav', seconds=0.5, sample_rate=16000, channels=1, \
name='samples')
    """
    if isinstance(given, (AudioPart, AudioURLPart)):
        return given
    if isinstance(given, AudioClip):
        return _from_samples(given.samples, given.sample_rate, "clip")
    if are_samples(given) or (isinstance(given, tuple) and len(given) == 2):
        return _from_samples(*given, "samples")
    source = open_source(given, kind="audio")
    if source is None:
        raise MediaError(
            f"A sound cannot be made of {described(given)}. Accepted: a path, URL, data URL, "
            "bytes, file object, (samples, sample_rate), AudioClip or IPython Audio."
        )
    if isinstance(source, RemoteSource):
        return AudioURLPart(source.url, format or _format_of(source))
    facts = probe_audio(source)
    measures = facts.seconds, facts.sample_rate, facts.channels
    return AudioPart(source, facts.format, facts.mime, *measures, source.name)


def _from_samples(samples: Any, sample_rate: Any, name: str) -> AudioPart:
    rate = checked_rate(sample_rate)
    pcm = as_pcm16(samples)
    total, channels = pcm.shape
    wav = wav_file(pcm.astype("<i2", copy=False).tobytes(), rate, channels)
    return AudioPart(LocalSource(wav, name), "wav", "audio/wav", total / rate, rate, channels, name)


def _format_of(source: RemoteSource) -> str:
    ending = PurePosixPath(urlsplit(source.url).path).suffix.lower()
    if ending not in _FORMATS_BY_ENDING:
        raise MediaError(
            f"The URL of {source.name!r} does not say which format the sound has. Pass "
            f'omni.audio(url, format="mp3"), or another of '
            f"{', '.join(dict.fromkeys(_FORMATS_BY_ENDING.values()))}."
        )
    return _FORMATS_BY_ENDING[ending]
