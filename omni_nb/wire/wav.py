"""Convert speech as servers send it, WAV or bare samples, to mono PCM16 of 24 000 Hz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omni_nb.errors import ServiceError
from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.wire.advice import advised

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SAMPLE_FORMATS = {(_PCM, 8): "u8", (_PCM, 16): "s16", (_PCM, 32): "s32", (_FLOAT, 32): "flt"}
_OTHER_FILES = {
    b"ID3\x02\x00": "MP3",
    b"ID3\x03\x00": "MP3",
    b"ID3\x04\x00": "MP3",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"\x1aE\xdf\xa3": "WebM",
    b"#!AMR": "AMR",
    b"caff": "CAF",
}
_MOST_HEADER_BYTES = 64 * 1024
# ISO 11172-3 and 13818-3, layer III: kilobits a second, and hertz of version 1.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_FREQUENCIES = (44_100, 48_000, 32_000)


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """The format of samples.

    Attributes
    ----------
    kind
        1 for whole numbers, 3 for floating point, as in a WAV header.
    """

    sample_rate: int = SPEECH_SAMPLE_RATE
    channels: int = 1
    bits: int = 16
    kind: int = _PCM

    def __str__(self) -> str:
        kind = {_PCM: "", _FLOAT: " floating point"}.get(self.kind, f", kind {self.kind}")
        return f"{self.sample_rate:,} Hz, {self.channels} channels, {self.bits} bit{kind}"


SPEECH = AudioFormat()


class AudioReader:
    """Convert speech piece by piece to whole samples of mono PCM16 of 24 000 Hz.

    A piece may be bare samples, as DashScope and OpenAI send them, or a WAV file: some
    servers send one in every piece, others a header in the first piece only, so a header
    counts until the next one. A header may be cut over several pieces. Speech in another
    format is converted, without a gap between pieces. A sample cut in two waits for the next
    piece.

    Examples
    --------
    >>> reader = AudioReader()
    >>> [len(reader.read(piece)) for piece in (bytes(3), bytes(2), bytes(1))]
    [2, 2, 2]
    """

    def __init__(self) -> None:
        self._format = SPEECH
        self._header = b""  # the beginning of a WAV file, until its samples begin
        self._waiting = b""
        self._is_first = True
        self._resampler: Any = None

    def read(self, piece: bytes) -> bytes:
        """Return the samples that this piece completes.

        Raises
        ------
        ServiceError
            The piece is a file of another kind, or of samples that we cannot convert.
        """
        before, samples = b"", self._header + piece
        self._header = b""
        if _may_be_wav(samples):
            found = read_wav(samples)
            if found is None and len(samples) <= _MOST_HEADER_BYTES:
                self._header = samples
                return b""
            form, samples = found or (None, b"")
            if form is not None and form != self._format:
                before = self.flush()
                self._format = form
        elif name := _other_file(samples, is_first=self._is_first):
            raise ServiceError(
                f"The service sent its speech as {name} files; omni_nb reads WAV and bare PCM16.",
                **advised("audio format"),
            )
        self._is_first = False
        return before + self._convert(samples)

    def flush(self) -> bytes:
        """Return what a conversion still held; a sample that never became whole is dropped."""
        self._waiting = self._header = b""
        resampler, self._resampler = self._resampler, None
        return _bytes_of(resampler.resample(None)) if resampler is not None else b""

    def _convert(self, samples: bytes) -> bytes:
        data = self._waiting + samples
        size = max(1, self._format.channels * self._format.bits // 8)
        whole = len(data) - len(data) % size
        self._waiting = data[whole:]
        if self._format == SPEECH or not whole:
            return data[:whole]
        return self._resampled(data[:whole])

    def _resampled(self, samples: bytes) -> bytes:
        import av
        import numpy as np

        given = self._format
        name = _SAMPLE_FORMATS.get((given.kind, given.bits))
        if (
            name is None
            or given.channels not in (1, 2)
            or not 4_000 <= given.sample_rate <= 384_000
        ):
            raise ServiceError(
                f"The service sent its speech as WAV of {given}, which omni_nb cannot convert.",
                **advised("wav kinds"),
            )
        dtype = {"u8": "u1", "s16": "<i2", "s32": "<i4", "flt": "<f4"}[name]
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(samples, dtype).reshape(1, -1),
            format=name,
            layout="mono" if given.channels == 1 else "stereo",
        )
        frame.sample_rate = given.sample_rate
        if self._resampler is None:
            self._resampler = av.AudioResampler("s16", "mono", SPEECH_SAMPLE_RATE)
        return _bytes_of(self._resampler.resample(frame))


def read_wav(file: bytes) -> tuple[AudioFormat | None, bytes] | None:
    """Return the format and the samples of a WAV file, or of the start of one.

    The format is None where the file does not say it; the whole is None where the samples have
    not begun.
    """
    form: AudioFormat | None = None
    position = 12
    while position + 8 <= len(file):
        name = file[position : position + 4]
        length = _number(file[position + 4 : position + 8])
        position += 8
        if name == b"fmt ":
            form = _read_format(file[position : position + length])
        if name == b"data":
            # A streamed header does not know its length and says 0 or the largest number.
            known = 0 < length <= len(file) - position
            return form, file[position : position + length] if known else file[position:]
        position += length + length % 2
    return None


def _may_be_wav(start: bytes) -> bool:
    """Return whether samples begin with a WAV header, or with what may become one."""
    return b"RIFF".startswith(start[:4]) and b"WAVE".startswith(start[8:12]) and bool(start)


def _other_file(start: bytes, *, is_first: bool) -> str:
    """Return the kind of file that samples are instead; "" for bare samples."""
    if name := next((name for magic, name in _OTHER_FILES.items() if start.startswith(magic)), ""):
        return name
    if start[4:8] == b"ftyp":
        return "MP4"
    return "MP3" if is_first and _is_mpeg(start) else ""


def _is_mpeg(start: bytes) -> bool:
    """Return whether two frames of MPEG audio, layer III, follow one another."""
    length = _frame_bytes(start)
    return bool(length) and bool(_frame_bytes(start[length:]))


def _frame_bytes(head: bytes) -> int:
    """Return the length of the MPEG frame that begins here; 0 for none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, rate, frequency = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or frequency == 3:
        return 0
    is_first_version = version == 3
    kilobits = (_RATES_1 if is_first_version else _RATES_2)[rate]
    hertz = _FREQUENCIES[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if is_first_version else 72) * kilobits * 1000 // hertz + (head[2] >> 1 & 1)


def _read_format(fields: bytes) -> AudioFormat | None:
    if len(fields) < 16:
        return None
    kind = _number(fields[:2])
    if kind == _EXTENSIBLE and len(fields) >= 26:
        kind = _number(fields[24:26])
    return AudioFormat(
        sample_rate=_number(fields[4:8]),
        channels=_number(fields[2:4]),
        bits=_number(fields[14:16]),
        kind=kind,
    )


def _bytes_of(frames: list[Any]) -> bytes:
    return b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in frames)


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")
