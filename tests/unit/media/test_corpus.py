"""Damaged files of every kind through the public door: an answer, or an error with words."""

from __future__ import annotations

import io
import random
import resource
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import omni_nb as omni
from tests.media_files import audio_file, frame_pixels, video_file
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MUTANTS = 50
GUARD_SECONDS = 30
MOST_BYTES = 512 << 20
"""Above what the whole file needs: a header may claim billions of pixels or samples."""


def peak_bytes() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def still(form: str) -> bytes:
    Image.fromarray(frame_pixels(0.5)).save(file := io.BytesIO(), form)
    return file.getvalue()


def moving(form: str) -> bytes:
    pictures = [Image.fromarray(frame_pixels(n / 4, 48, 32)) for n in range(5)]
    pictures[0].save(file := io.BytesIO(), form, save_all=True, append_images=pictures[1:])
    return file.getvalue()


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "WAV": ("audio", lambda: audio_file("wav", seconds=0.5, channels=2)),
    "MP3": ("audio", lambda: audio_file("mp3", seconds=0.5)),
    "M4A": ("audio", lambda: audio_file("m4a", seconds=0.5)),
    "MP4": ("video", lambda: video_file("mp4", seconds=1.2)),
    "WebM": ("video", lambda: video_file("webm", seconds=1.2)),
    "PNG": ("image", lambda: still("PNG")),
    "JPEG": ("image", lambda: still("JPEG")),
    "WEBP": ("image", lambda: still("WEBP")),
    "GIF": ("frames", lambda: moving("GIF")),
    "TIFF": ("frames", lambda: moving("TIFF")),
}
LENGTHS = (0, 1, 0x7F, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutant(data: bytes, dice: random.Random) -> bytes:
    """Return a file with bytes flipped, lengths changed, pieces lost or doubled, or a cut end.

    Most of what a format can lie about stands near its start.
    """
    made = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 5, 20])):
        place = dice.randrange(dice.choice([min(len(made), 120), len(made)]))
        match dice.randrange(5):
            case 0:
                made[place] ^= 1 << dice.randrange(8)
            case 1:
                made[place : place + 4] = dice.choice(LENGTHS).to_bytes(
                    4, dice.choice(["little", "big"])
                )
            case 2:
                made[place : place + dice.randrange(1, 40)] = b""
            case 3:
                made[place:place] = made[place : place + dice.randrange(1, 400)]
            case _:
                made[place] = dice.randrange(256)
    if dice.random() < 0.25:
        del made[dice.randrange(len(made)) :]
    return bytes(made) or b"\0"


@contextmanager
def guarded() -> Iterator[None]:
    """Turn an endless wait into a failure, where signals are to be had."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_: Any) -> None:
        raise TimeoutError(f"it took more than {GUARD_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(GUARD_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.slow
@pytest.mark.filterwarnings("error")  # nothing of Pillow's and ffmpeg's reaches a notebook
@pytest.mark.parametrize("form", FILES)
def test_a_damaged_file_is_answered_or_refused_in_words(form: str, tmp_path: Path) -> None:
    kind, make = FILES[form]
    whole, dice = make(), random.Random(form)
    here = omni.connect("offline")
    chat = omni.Chat(modalities=["text"], connection=here)
    key = here.server.api_key
    chat.ask("Hi", **{kind: whole}, show=False)  # imports and buffers that stay
    chat.clear()
    threads, most_bytes = threading.active_count(), peak_bytes() + MOST_BYTES
    answered = 0
    for _ in range(MUTANTS):
        given = mutant(whole, dice)
        try:
            with guarded():
                reply = chat.ask("What is it?", **{kind: given}, show=False)
                part = reply.request.messages[-1].parts[0]
                assert part._repr_mimebundle_()["text/html"]
                assert key not in repr(part) + str(reply._repr_mimebundle_())
        except omni.OmniError as error:
            assert 20 < len(str(error)) < 1000
            assert key not in str(error) + repr(error.args)
        else:
            answered += 1
            assert reply.text
            assert reply.finish_reason == "stop"
        chat.clear()
    assert answered > 0
    assert chat.ask("Still there?", **{kind: whole}, show=False).text
    path = chat.save(tmp_path / "chat.json")
    loaded = omni.Chat.load(path)
    assert [reply.text for reply in loaded.replies] == [reply.text for reply in chat.replies]
    assert repr(loaded.replies[0].request.messages) == repr(chat.replies[0].request.messages)
    assert key not in path.read_text("utf-8")
    assert wait_until(lambda: threading.active_count() <= threads)
    assert peak_bytes() < most_bytes
