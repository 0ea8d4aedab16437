"""Interleave the text and speech of an answer, each piece with its time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omni_nb.media.clip import SPEECH_SAMPLE_RATE
from omni_nb.offline.voice import CJK
from omni_nb.rules.tokens import text_tokens

if TYPE_CHECKING:
    from typing import TypeAlias

_LEAD_SECONDS: Final = 0.25  # text comes this much before the speech of its sentence
_TEXT_SHARE: Final = 0.8  # ... and is complete before that part of the sentence is spoken
_PIECES_PER_SECOND: Final = 25  # of an answer without speech
_BYTES_PER_SECOND: Final = 2 * SPEECH_SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text, due ``at`` seconds after the start of the speech."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of PCM, due when its first sample should play."""

    at: float
    pcm: bytes


Piece: TypeAlias = "Words | Speech"


class Interleaver:
    """Cut sentences and their speech into pieces, in the order in which they are due.

    Attributes
    ----------
    text : str
        Text taken so far.

    Examples
    --------
    >>> interleaver = Interleaver(9600)
    >>> [type(piece).__name__ for piece in interleaver.add("Hi there.", bytes(9600))]
    ['Words', 'Speech', 'Words']
    """

    def __init__(self, chunk_bytes: int) -> None:
        self.text = ""
        self._chunk_bytes = chunk_bytes
        self._waiting = b""
        self._sent_bytes = 0
        self._words_at = 0.0

    @property
    def seconds(self) -> float:
        """Duration of the speech taken so far."""
        return (self._sent_bytes + len(self._waiting)) / _BYTES_PER_SECOND

    def add(self, sentence: str, pcm: bytes) -> list[Piece]:
        """Take a sentence; return its pieces, except speech that does not fill a chunk."""
        words = self._words(sentence, len(pcm) / _BYTES_PER_SECOND)
        self._waiting += pcm
        self.text += sentence
        pieces: list[Piece] = [*words, *self._chunks()]
        return sorted(pieces, key=lambda piece: piece.at)

    def flush(self) -> list[Piece]:
        """Return the speech that did not fill a chunk."""
        rest, self._waiting = self._waiting, b""
        return [self._speech(rest)] if rest else []

    def _words(self, sentence: str, seconds: float) -> list[Piece]:
        pieces = split_text(sentence)
        if seconds:
            start = max(self._words_at, self.seconds - _LEAD_SECONDS)
            step = seconds * _TEXT_SHARE / max(1, len(pieces))
        else:
            start, step = self._words_at, 1 / _PIECES_PER_SECOND
        self._words_at = start + step * len(pieces)
        return [Words(start + step * number, text) for number, text in enumerate(pieces)]

    def _chunks(self) -> list[Piece]:
        pieces: list[Piece] = []
        while len(self._waiting) >= self._chunk_bytes:
            piece, self._waiting = (
                self._waiting[: self._chunk_bytes],
                self._waiting[self._chunk_bytes :],
            )
            pieces.append(self._speech(piece))
        return pieces

    def _speech(self, pcm: bytes) -> Speech:
        at = self._sent_bytes / _BYTES_PER_SECOND
        self._sent_bytes += len(pcm)
        return Speech(at, pcm)


def split_text(sentence: str) -> list[str]:
    """Split a text into deltas: word by word, or one to three Chinese characters.

    Examples
    --------
    >>> split_text("Hi there, 你好呀我是模拟服务。")
    ['Hi', ' there,', ' ', '你', '好呀', '我是模', '拟', '服务', '。']
    """
    pieces: list[str] = []
    for run in re.findall(rf"[{CJK}]+|\s*[^\s{CJK}]+|\s+", sentence):
        pieces += _by_characters(run) if re.match(f"[{CJK}]", run) else [run]
    return pieces


def _by_characters(run: str) -> list[str]:
    pieces, place, size = [], 0, 1
    while place < len(run):
        pieces.append(run[place : place + size])
        place, size = place + size, size % 3 + 1
    return pieces


def shorten(text: str, tokens: int) -> str:
    """Return as much of a text as ``tokens`` allow."""
    kept = ""
    for piece in split_text(text):
        if text_tokens(kept + piece) > tokens:
            return kept
        kept += piece
    return kept
