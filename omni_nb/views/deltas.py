"""Deltas of a growing answer: what was not sent yet, and when to send it.

Text is counted by code points, speech by bytes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omni_nb.turns.reply import Reply

BYTES_PER_SAMPLE = 2
TEXT_PACKET_SECONDS = 0.1
SPEECH_PACKET_SECONDS = 0.15
WORDS_PACKET_SECONDS = 0.5


@dataclass(slots=True)
class Sent:
    """How much of an answer a page has been sent.

    Attributes
    ----------
    speaks
        Whether the page is sent the speech, too.
    text, reasoning, total_bytes
        What was sent.
    """

    speaks: bool = True
    text: str = ""
    reasoning: str = ""
    total_bytes: int = 0
    _sent_at: float = 0.0

    def is_due(self, reply: Reply) -> bool:
        """Return whether to send now: the first speech at once, text by itself more rarely.

        A packet's envelope is as large as 15 ms of speech, so once the answer speaks its text
        waits for the next speech.
        """
        new_bytes = whole_samples(reply.pcm) - self.total_bytes if self.speaks else 0
        if new_bytes and not self.total_bytes:
            return True
        seconds = TEXT_PACKET_SECONDS
        if self.total_bytes:
            seconds = SPEECH_PACKET_SECONDS if new_bytes else WORDS_PACKET_SECONDS
        return time.monotonic() - self._sent_at >= seconds

    def note(self, text: str, reasoning: str, total_bytes: int) -> None:
        """Note what has been sent now."""
        self.text, self.reasoning, self.total_bytes = text, reasoning, total_bytes
        self._sent_at = time.monotonic()


def common_length(old: str, new: str) -> int:
    """Return how many characters two texts have in common at their start.

    Examples
    --------
    >>> common_length("a cat", "a car")
    4
    """
    if new.startswith(old):
        return len(old)
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def whole_samples(pcm: bytes | bytearray) -> int:
    """Return the length of the whole samples, in bytes."""
    return len(pcm) - len(pcm) % BYTES_PER_SAMPLE
