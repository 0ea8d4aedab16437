"""Store large media at the service for two days, and send their ``oss://`` addresses.

The service's temporary upload: a policy is asked for with the key; the file goes to the store
with what the policy says, and without the key; the request names its address. The documentation
says that it is for tests and for development, not for many requests at once, and gives it for
Beijing. For sound, ``input_audio`` with such an address is UNVERIFIED.
"""

from __future__ import annotations

import mimetypes
import re
import secrets
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from omni_nb.errors import MediaError, ServiceError
from omni_nb.media.folder import source_digest
from omni_nb.media.sources import FileSource, data_url_length
from omni_nb.media.text import one_line
from omni_nb.rules.catalog import find_model
from omni_nb.rules.counts import count_of
from omni_nb.wire.advice import advised
from omni_nb.wire.client import called, sent_without_key
from omni_nb.wire.endpoint import is_loopback
from omni_nb.wire.failures import beginning_of
from omni_nb.wire.said import error_from, json_or_text, words_of
from omni_nb.wire.upload import has_changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.media.sources import HeldSource
    from omni_nb.wire.endpoint import Endpoint

MOST_EMBEDDED: Final = 10_485_760
"""Characters of a data URL that every model is known to take, where it has no limit of its own."""

KEPT_SECONDS: Final = 47 * 3600.0
"""How long an address is used; the service deletes the file after 48 hours."""

_SAFETY: Final = 0.8
_MOST_WORD: Final = 8192
_MOST_REMEMBERED: Final = 10_000
_XML_WORDS: Final = re.compile(r"<(Code|Message)>([^<]{1,500})<")


@dataclass(frozen=True, slots=True, repr=False)
class Policy:
    """What the service lets be stored, and where; its signature is in no repr."""

    host: str
    directory: str
    fields: tuple[tuple[str, str], ...]
    most_bytes: int | None
    ends_at: float

    def __repr__(self) -> str:
        return f"<Policy for {self.host}>"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file at the service: its address, and until when that is used."""

    url: str
    ends_at: float


class Deposit:
    """The media that an account has stored for a model: each content once.

    Parameters
    ----------
    endpoint, model
        Whose they are; another model may not read them.
    now
        The time; tests turn the clock by hand.
    """

    def __init__(
        self, endpoint: Endpoint, model: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._endpoint, self._model, self._now = endpoint, model, now
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._stored: dict[str, Stored] = {}
        self._policy: Policy | None = None

    def takes(self, source: HeldSource, mime: str) -> bool:
        """Return whether a medium is stored: only what is too large to be sent as base64.

        Examples
        --------
        >>> from omni_nb.media.sources import LocalSource
        >>> from omni_nb.wire.endpoint import Endpoint, Secret
        >>> deposit = Deposit(Endpoint("http://localhost/v1", Secret("none")), "qwen-omni-turbo")
        >>> [deposit.takes(LocalSource(bytes(n), "noise"), "audio/wav") for n in (9, 9_000_000)]
        [False, True]
        """
        facts = find_model(self._model)
        most = facts.limits.base64_bytes if facts else None
        return data_url_length(source.total_bytes, mime) >= (most or MOST_EMBEDDED)

    def stored(
        self, source: HeldSource, mime: str, note: Callable[[int, int], None]
    ) -> tuple[str, bool]:
        """Return the address of a medium, and whether it was remembered from an earlier request.

        Parameters
        ----------
        source, mime
            The medium, which is stored if it is not.
        note
            Called with the sent and the total bytes; what it raises ends the upload.

        Raises
        ------
        MediaError
            The file is gone or has changed, or is larger than the service stores.
        ServiceError
            The service or its store refused, in its own words.
        """
        digest = source_digest(source)
        with self._lock:
            lock = self._locks.setdefault(digest, threading.Lock())
        with lock:  # who asks with the same content waits, and uses what the first one stored
            known = self._stored.get(digest)
            if known is not None and known.ends_at > self._now():
                return known.url, True
            ends_at = self._now() + KEPT_SECONDS
            url = self._uploaded(source, mime, note)
            if len(self._stored) >= _MOST_REMEMBERED:
                self._stored.clear()
            self._stored[digest] = Stored(url, ends_at)
            return url, False

    def forget(self, urls: set[str]) -> None:
        """Forget addresses that the service cannot fetch: they are stored anew."""
        for digest, known in list(self._stored.items()):
            if known.url in urls:
                self._stored.pop(digest, None)

    def _uploaded(self, source: HeldSource, mime: str, note: Callable[[int, int], None]) -> str:
        policy = self._current_policy()
        if policy.most_bytes is not None and source.total_bytes > policy.most_bytes:
            raise MediaError(
                f"{source.name!r} has {source.total_bytes / 2**20:.0f} MB; the service stores at "
                f"most {policy.most_bytes / 2**20:.0f} MB. Pass a public URL of it, or "
                "omni.shrink(part) brings it under the limits.",
                hint="shrink",
            )
        # A name of its own: that of the file would tell what is on this computer.
        name = f"{secrets.token_hex(16)}{_ending(source, mime)}"
        key = f"{policy.directory}/{name}"
        with source.open() as file:
            fields = [*policy.fields, ("key", key), ("success_action_status", "200")]
            reading = Reading(file, source, note)
            status, said = sent_without_key(
                policy.host, dict(fields), (name, reading, mime or _UNTYPED)
            )
        if status != 200:
            raise _refused(status, said, policy.host)
        return f"oss://{key}"

    def _current_policy(self) -> Policy:
        with self._lock:
            if self._policy is None or self._policy.ends_at <= self._now():
                self._policy = self._asked_policy()
            return self._policy

    def _asked_policy(self) -> Policy:
        """Ask for a policy, with the key, at the service's own host."""
        pieces = urlsplit(self._endpoint.base_url)
        url = f"{pieces.scheme}://{pieces.netloc}/api/v1/uploads"
        query = {"action": "getPolicy", "model": self._model}

        def asked(client: Any) -> bytes:
            import openai

            stream = client.get(
                url,
                cast_to=object,
                stream=True,
                stream_cls=openai.Stream[object],
                options={"params": query},
            )
            try:
                return beginning_of(stream.response)
            finally:
                stream.response.close()

        told = json_or_text(self._endpoint.hide_in_bytes(called(self._endpoint, asked)))
        return read_policy(told, self._now(), is_here=is_loopback(url))


class Reading:
    """A file that is read for an upload: each block is noted, and a change is an error."""

    def __init__(self, file: Any, source: HeldSource, note: Callable[[int, int], None]) -> None:
        self._file, self._source, self._note = file, source, note

    def read(self, size: int = -1) -> bytes:
        """Return the next block."""
        self._note(self._file.tell(), self._source.total_bytes)
        block: bytes = self._file.read(size)
        if has_changed(self._file, self._source):
            raise MediaError(f"The file {self._source.name!r} has changed while it was sent.")
        return block

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place: the HTTP library measures the file, and may send it again."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """Return the place."""
        return int(self._file.tell())


def read_policy(told: object, now: float, *, is_here: bool = False) -> Policy:
    """Read what the service answers when it is asked for a policy.

    Parameters
    ----------
    told
        The decoded JSON.
    now
        The time.
    is_here
        Whether the service is on this machine: then its store may be, too, without TLS.

    Raises
    ------
    ServiceError
        It is no policy.
    """
    data = told.get("data") if isinstance(told, dict) else None
    if not isinstance(data, dict):
        raise _no_policy(told)
    words = {name: data.get(name) for name in (*_FORM.values(), "upload_host", "upload_dir")}
    if not all(isinstance(word, str) and 0 < len(word) <= _MOST_WORD for word in words.values()):
        raise _no_policy(told)
    host = str(words["upload_host"])
    try:
        pieces = urlsplit(host)
        is_local = is_here and is_loopback(host)
    except ValueError:
        raise _no_policy(told) from None
    if not pieces.hostname or "@" in pieces.netloc:
        raise _no_policy(told)
    if pieces.scheme != "https" and not (is_local and pieces.scheme == "http"):
        raise ServiceError(
            f"The service names a store without https, {one_line(host, 80)!r}: media are not sent "
            "there.",
            **advised("unexpected"),
        )
    most, seconds = count_of(data.get("max_file_size_mb")), count_of(data.get("expire_in_seconds"))
    return Policy(
        host,
        str(words["upload_dir"]).strip("/"),
        tuple((field, str(words[name])) for field, name in _FORM.items()),
        None if most is None else most * 2**20,
        now + _SAFETY * (seconds or 0),
    )


_FORM: Final = {
    "OSSAccessKeyId": "oss_access_key_id",
    "Signature": "signature",
    "policy": "policy",
    "x-oss-object-acl": "x_oss_object_acl",
    "x-oss-forbid-overwrite": "x_oss_forbid_overwrite",
}
"""The fields of the form that a file is stored with, and the names that the policy has for them."""


@lru_cache(maxsize=64)
def deposit_of(endpoint: Endpoint, model: str) -> Deposit:
    """Return the one deposit of an account and model, which remembers what is stored."""
    return Deposit(endpoint, model)


def _ending(source: HeldSource, mime: str) -> str:
    """Return how the name of a medium ends, which tells the service what it is."""
    name = source.path.name if isinstance(source, FileSource) else source.name
    found = _ENDING.search(name)
    if found is not None:
        return found[0].lower()
    if known := mimetypes.guess_extension(mime, strict=False):
        return known
    with source.open() as file:
        head = file.read(12)
    return next((ending for magic, ending in _MAGIC.items() if re.match(magic, head, re.S)), "")


_UNTYPED: Final = "application/octet-stream"
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{2,4}$")
_MAGIC: Final = {
    rb"RIFF....WAVE": ".wav",
    rb"RIFF....AVI ": ".avi",
    rb"ID3|\xff[\xe2-\xff]": ".mp3",
    rb"....ftyp": ".mp4",
    rb"fLaC": ".flac",
    rb"OggS": ".ogg",
    rb"\x1aE\xdf\xa3": ".mkv",
}
"""How sounds and videos begin that have no name."""


def _no_policy(told: object) -> ServiceError:
    if isinstance(told, dict) and (told.get("error") or told.get("message")):
        return error_from(told)
    return ServiceError(
        "The service did not say where media may be stored, so upload='oss' cannot be used here: "
        f"{one_line(words_of(told), 120)!r}",
        **advised("base url"),
    )


def _refused(status: int, said: bytes, host: str) -> ServiceError:
    """Return the error of a store that does not take a file, in its own words."""
    text = said.decode("utf-8", "replace")
    found = dict(_XML_WORDS.findall(text))
    return ServiceError(
        one_line(found.get("Message") or text or "no words", 500),
        status_code=status,
        code=one_line(found["Code"]) if "Code" in found else None,
        advice=f"The store {urlsplit(host).hostname} did not take the file.",
    )
