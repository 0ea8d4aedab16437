"""What is new of a growing answer since it was last sent: text by code points, speech by bytes."""

from __future__ import annotations

BYTES_PER_SAMPLE = 2


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
    """Return the length without a last byte whose other half has not arrived."""
    return len(pcm) - len(pcm) % BYTES_PER_SAMPLE
