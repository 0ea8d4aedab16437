"""Synthesise speech with espeak-ng through ctypes; needs the extra ``voice``."""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

# Numbers of espeak-ng's speak_lib.h.
_END_OF_EVENTS, _WORD = 0, 1
_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_UTF8: Final = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_BELOW_CLIPPING: Final = 60  # some variants clip inside espeak at its usual volume of 100

Language = Literal["cmn", "en-us"]

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Timbre:
    """A voice in espeak's terms: variant, pitch and range 0–100, rate in words per minute."""

    variant: str
    pitch: int
    range: int
    rate: int


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Where a word lies in its text, by characters, and when it begins."""

    at: int
    length: int
    seconds: float


class Espeak:
    """The espeak-ng library: its state is global, so one instance and one lock for every call."""

    def __init__(self) -> None:
        import espeakng_loader  # type: ignore[import-untyped, unused-ignore]

        data = espeakng_loader.get_data_path()
        self._variants = frozenset(os.listdir(Path(data) / "voices" / "!v"))
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Synth.argtypes = _SYNTH_ARGUMENTS
        self.sample_rate: int = self._library.espeak_Initialize(
            _SYNCHRONOUS, 0, os.fsencode(data), _DO_NOT_EXIT
        )
        if self.sample_rate <= 0:
            raise OSError(f"espeak_Initialize failed ({self.sample_rate}) with the data of {data}.")

    def speak(self, text: str, language: Language, timbre: Timbre) -> bytes:
        """Return ``text`` as mono PCM16 of `sample_rate`."""
        return self.speak_timed(text, language, timbre)[0]

    def speak_timed(
        self, text: str, language: Language, timbre: Timbre
    ) -> tuple[bytes, tuple[SpokenWord, ...]]:
        """Return ``text`` as mono PCM16 of `sample_rate`, and when each word begins."""
        pieces: list[bytes] = []
        words: list[SpokenWord] = []

        def collect(samples: int | None, count: int, events: Any) -> int:
            if samples and count > 0:
                pieces.append(ctypes.string_at(samples, count * 2))
            for event in takewhile(lambda one: one.type != _END_OF_EVENTS, events or ()):
                if event.type == _WORD:
                    at, seconds = event.text_position - 1, event.audio_position / 1_000
                    words.append(SpokenWord(at, event.length, seconds))
            return 0

        callback = _CALLBACK(collect)  # must live as long as espeak may call it
        with _lock:
            self._library.espeak_SetSynthCallback(callback)
            self._choose(language, timbre)
            self._synthesise(text)
            self._library.espeak_SetSynthCallback(_CALLBACK())
        return b"".join(pieces), tuple(words)

    def _choose(self, language: Language, timbre: Timbre) -> None:
        # espeak silently accepts a variant that does not exist, so look ourselves.
        known = timbre.variant in self._variants
        name = f"{language}+{timbre.variant}" if known else language
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise OSError(f"espeak has no voice {name!r}.")
        for parameter, value in (
            (_RATE, timbre.rate),
            (_VOLUME, _BELOW_CLIPPING),
            (_PITCH, timbre.pitch),
            (_RANGE, timbre.range),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)

    def _synthesise(self, text: str) -> None:
        data = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        status = self._library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8, None, None)
        if status != 0:
            raise OSError(f"espeak_Synth failed ({status}).")


class _Event(ctypes.Structure):
    """espeak_EVENT."""

    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))
_SYNTH_ARGUMENTS: Final[list[Any]] = [
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_uint,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.c_void_p,
    ctypes.c_void_p,
]


def load_espeak() -> Espeak | None:
    """Return espeak-ng, or None where it is missing or does not load."""
    with _lock:
        return _load()


@lru_cache(maxsize=1)
def _load() -> Espeak | None:
    try:
        return Espeak()
    except (ImportError, OSError, AttributeError):
        return None


def _forget_after_fork() -> None:
    """Replace the lock in a child process: another thread may have been in the library."""
    global _lock
    _lock = threading.Lock()
    _load.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
