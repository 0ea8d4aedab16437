"""AudioClip: speech as PCM16, and the ways to hear, keep and measure it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.errors import MediaError
from omni_nb.media.samples import as_pcm16, checked_rate, wav_file

if TYPE_CHECKING:
    import os

    import numpy as np
    import numpy.typing as npt

SPEECH_SAMPLE_RATE = 24_000
"""Samples per second of the service's speech (spec, "解析输出的Base64 编码的音频数据")."""

MP3_BITS_PER_SECOND = 40_000
_PLAYER_STYLE = "width:100%;max-width:32em;height:2.5em"
_MIME = {"mp3": "audio/mpeg", "wav": "audio/wav"}


@dataclass(frozen=True, slots=True)
class AudioClip:
    """Mono PCM16 (little-endian) with its sample rate in samples per second.

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
        pcm = as_pcm16(samples)
        mono = pcm[:, 0] if pcm.shape[1] == 1 else pcm.mean(axis=1).round()
        return cls(mono.astype("<i2").tobytes(), checked_rate(sample_rate))

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

    def to_mp3(self, bits_per_second: int = MP3_BITS_PER_SECOND) -> bytes:
        """Return an MP3 file, small enough to live in a notebook (5 kB per second)."""
        import av

        file = io.BytesIO()
        with av.open(file, "w", format="mp3") as container:
            stream = container.add_stream("libmp3lame", rate=self.sample_rate, layout="mono")
            stream.bit_rate = bits_per_second
            frame = av.AudioFrame.from_ndarray(self.samples.reshape(1, -1), "s16", "mono")
            frame.sample_rate = self.sample_rate
            for piece in (*_resampled(frame, stream), None):
                container.mux(stream.encode(piece))
        return file.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the clip to a file; the ending ``.wav`` or ``.mp3`` names the format.

        Raises
        ------
        MediaError
            The ending is another.
        """
        target = Path(path).expanduser()
        form = target.suffix.lower().removeprefix(".")
        if form not in _MIME:
            raise MediaError(f"Save a clip as .wav or .mp3, not as {target.name!r}.")
        target.write_bytes(self.to_wav() if form == "wav" else self.to_mp3())
        return target

    def player_html(self, storage: Literal["mp3", "wav"] = "mp3", *, label: str = "Speech") -> str:
        """Return an ``<audio>`` element that needs no kernel and no JavaScript.

        The source sits on the tag itself: JupyterLab strips it from ``<source>`` when a
        notebook is not trusted.
        """
        data = self.to_wav() if storage == "wav" else self.to_mp3()
        source = f"data:{_MIME[storage]};base64,{base64.b64encode(data).decode('ascii')}"
        return (
            f'<audio class="omni-audio" controls preload="metadata" aria-label="{label}" '
            f'title="{label}" style="{_PLAYER_STYLE}" src="{source}"></audio>'
        )

    def _repr_html_(self) -> str:
        return self.player_html()


def _resampled(frame: Any, stream: Any) -> list[Any]:
    """Bring a frame to the sample format and the frame size that the encoder wants."""
    import av

    resampler = av.AudioResampler(
        format=stream.format,
        layout="mono",
        rate=frame.sample_rate,
        frame_size=stream.frame_size or None,
    )
    return [*resampler.resample(frame), *resampler.resample(None)]
