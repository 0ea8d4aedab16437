"""Fingerprint: the hash of what the service gets for a row."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from omni_nb.media.folder import source_digest
from omni_nb.media.sources import FileSource

if TYPE_CHECKING:
    from omni_nb.media.sources import HeldSource
    from omni_nb.wire.request import Request

SHORT = 12


class Fingerprints:
    """Hash requests: the bytes of media count, not their names, paths or times.

    The same request again gets another hash, by its number, so that each has its own answer.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> from omni_nb.wire.request import Message, Request
    >>> request = Request("qwen-omni-turbo", (Message("user", (TextPart("Hello"),)),))
    >>> made = Fingerprints()
    >>> made.key_of(request) == made.key_of(request), made.key_of(request) == key(request, 2)
    (False, True)
    """

    def __init__(self) -> None:
        self._digests: dict[tuple[str, int, int], str] = {}
        self._seen: dict[str, int] = {}

    def key_of(self, request: Request) -> str:
        """Return the hash of a request, and of how often it has been seen."""
        return self.number(self.hash_of(request))

    def number(self, plain: str) -> str:
        """Return the hash of a request, of its plain hash and how often that has been seen."""
        occurrence = self._seen.get(plain, 0)
        self._seen[plain] = occurrence + 1
        return numbered(plain, occurrence)

    def hash_of(self, request: Request) -> str:
        """Return the hash of a request, the same each time."""

        def embedded(source: HeldSource, mime: str) -> str:
            return f"sha256:{self._digest(source)};{mime}"

        payload = request.payload(embedded)
        written = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    def _digest(self, source: HeldSource) -> str:
        if not isinstance(source, FileSource):
            return source_digest(source)
        name = (str(source.path), source.total_bytes, source.modified_ns)
        if name not in self._digests:
            self._digests[name] = source_digest(source)
        return self._digests[name]


def numbered(plain: str, occurrence: int) -> str:
    """Return the hash of the same request for the next time."""
    return hashlib.sha256(f"{plain}#{occurrence}".encode()).hexdigest() if occurrence else plain


def key(request: Request, occurrence: int = 0) -> str:
    """Return the hash of one request alone."""
    return numbered(Fingerprints().hash_of(request), occurrence)
