"""Endpoint: where requests go, and the key they go with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.wire.dialects import Dialect


SILENCE_SECONDS: Final = 300.0
"""The service gives up a request after 300 s (its page of error codes, ``RequestTimeOut``)."""

SHORTEST_SECRET: Final = 8
"""A shorter key is not looked for in what a service says."""


class Secret:
    """An API key that no repr, traceback or pickle shows."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the key, for the one place that sends it."""
        return self.__value

    def hide_in(self, text: str) -> str:
        """Return ``text`` without the key, in case a service echoed it."""
        return text.replace(self.__value, "[key]") if self._is_secret else text

    def hide_in_bytes(self, data: bytes) -> bytes:
        """Return ``data`` without the key, as `hide_in` does."""
        return data.replace(self.__value.encode(), b"[key]") if self._is_secret else data

    @property
    def _is_secret(self) -> bool:
        """Whether it is hidden: "none" and "EMPTY" are no secrets, and stand in many texts."""
        return len(self.__value) >= SHORTEST_SECRET

    def __repr__(self) -> str:
        return "[key]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.reveal()

    def __hash__(self) -> int:
        return hash(self.__value)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("A key is not pickled: connect again where it is needed.")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, the key they go with, and how the server there wants them written.

    The query of an address (``?api-version=1``) goes with every request; it may hold a key, so
    it is kept like one.

    ``silence_seconds`` is how long nothing may come before the service is given up.
    """

    base_url: str
    key: Secret
    dialect: Dialect = "dashscope"
    query: Secret = field(default_factory=lambda: Secret(""))
    silence_seconds: float = SILENCE_SECONDS

    def hide_in(self, text: str) -> str:
        """Return ``text`` without the key and without the values of the query."""
        for secret in _secrets(self):
            text = secret.hide_in(text)
        return text

    def hide_in_bytes(self, data: bytes) -> bytes:
        """Return ``data`` without the key and without the values of the query."""
        return self.hider()(data)

    def hider(self) -> Callable[[bytes], bytes]:
        """Return `hide_in_bytes` for many lines: what is secret is looked up once."""
        secrets = _secrets(self)

        def hide(data: bytes) -> bytes:
            for secret in secrets:
                data = secret.hide_in_bytes(data)
            return data

        return hide

    def queries(self) -> list[tuple[str, str]]:
        """Return the names and values of the query that belongs to the address."""
        return parse_qsl(self.query.reveal(), keep_blank_values=True)


@lru_cache(maxsize=16)
def _secrets(endpoint: Endpoint) -> tuple[Secret, ...]:
    """Return what no message may show; each line of every answer is searched for it."""
    return (endpoint.key, *(Secret(value) for _, value in endpoint.queries()))


def is_loopback(url: str) -> bool:
    """Return whether an address is of this machine, as people write it.

    Examples
    --------
    >>> is_loopback("http://localhost:8000/v1"), is_loopback("https://example.com/v1")
    (True, False)
    """
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
