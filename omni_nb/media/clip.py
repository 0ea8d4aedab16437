"""Hold speech as PCM16, and save it as WAV, MP3 or Opus."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from omni_nb.errors import RequestError, brief
from omni_nb.media.compressed import BITS_PER_SECOND, compressed
from omni_nb.media.folder import save_by_ending
from omni_nb.media.samples import as_pcm16, checked_rate, wav_file
from omni_nb.media.shown import Shown

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

Storage = Literal["mp3", "opus", "wav"]
"""How a notebook keeps speech: MP3 plays everywhere, Opus is smaller, WAV is exact."""


def check_storage(storage: object) -> Storage:
    """Return a storage format that exists.

    Raises
    ------
    RequestError
        The storage is none of the three.

    Examples
    --------
    >>> check_storage("opus")
    'opus'
    """
    if storage in get_args(Storage):
        return cast("Storage", storage)
    accepted = ", ".join(map(repr, get_args(Storage)))
    raise RequestError(f"storage is one of {accepted}, not {brief(storage)}.")


SPEECH_SAMPLE_RATE = 24_000
"""Samples per second of the service's speech (spec, "解析输出的Base64 编码的音频数据")."""

_ENDINGS: Mapping[str, Storage] = {".mp3": "mp3", ".opus": "opus", ".ogg": "opus", ".wav": "wav"}


@dataclass(frozen=True, slots=True)
class AudioClip(Shown):
    """Mono PCM16 audio (little-endian) with its samples per second.

    Examples
    --------
    >>> clip = AudioClip(bytes(48000), sample_rate=24000)
    >>> clip.seconds, clip.samples.shape
    (1.0, (24000,))
    """

    pcm: bytes = field(repr=False)
    sample_rate: int = SPEECH_SAMPLE_RATE

    def __repr__(self) -> str:
        return f"<AudioClip {self.seconds:.2f} s, {self.sample_rate} Hz>"

    @classmethod
    def from_samples(cls, samples: Any, sample_rate: int) -> AudioClip:
        """Make a clip of an array; stereo is mixed to mono.

        Parameters
        ----------
        samples
            Floats from -1 to 1, int16, int32 or uint8, of shape (n,) or (n, 2).
        sample_rate
            Samples per second.

        Raises
        ------
        MediaError
            The samples are of another type or shape, or beyond their range.

        Examples
        --------
        >>> import numpy as np
        >>> AudioClip.from_samples(np.zeros((8000, 2)), 16000)
        <AudioClip 0.50 s, 16000 Hz>
        """
        rate = checked_rate(sample_rate)
        pcm = as_pcm16(samples)
        mono = pcm[:, 0] if pcm.shape[1] == 1 else pcm.mean(axis=1).round()
        return cls(mono.astype("<i2").tobytes(), rate)

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """The samples, int16, shape (n,)."""
        import numpy as np

        return np.frombuffer(self.pcm, "<i2").astype(np.int16, copy=False)

    @property
    def seconds(self) -> float:
        """The duration."""
        return len(self.pcm) / 2 / self.sample_rate

    def to_wav(self) -> bytes:
        """Return a WAV file: every sample as it is."""
        return wav_file(self.pcm, self.sample_rate)

    def to_mp3(self, bits_per_second: int = BITS_PER_SECOND["mp3"]) -> bytes:
        """Return an MP3 file, small enough for a notebook (5 kB per second)."""
        return compressed(self.pcm, self.sample_rate, "mp3", bits_per_second)

    def to_opus(self, bits_per_second: int = BITS_PER_SECOND["opus"]) -> bytes:
        """Return an Ogg Opus file: smaller than MP3, and not for every version of Safari.

        Examples
        --------
        >>> clip = AudioClip(bytes(480_000))
        >>> len(clip.to_opus()) < len(clip.to_mp3()) < len(clip.to_wav())
        True
        """
        return compressed(self.pcm, self.sample_rate, "opus", bits_per_second)

    def to_file(self, storage: Storage) -> bytes:
        """Return a file in a storage format."""
        match check_storage(storage):
            case "wav":
                return self.to_wav()
            case "opus":
                return self.to_opus()
            case "mp3":
                return self.to_mp3()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the clip to a file; its ending names the format: wav, mp3, opus or ogg.

        Raises
        ------
        MediaError
            The file has another ending, or cannot be written.
        """
        forms = {ending: partial(self.to_file, form) for ending, form in _ENDINGS.items()}
        return save_by_ending(path, forms, "a clip", ".wav, .mp3, .opus or .ogg")
