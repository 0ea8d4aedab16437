"""Endpoint: where requests go, and the key they go with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_nb.wire.dialects import Dialect


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
        return text.replace(self.__value, "[key]") if self.__value else text

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
    """Where requests go, the key they go with, and how the server there wants them written."""

    base_url: str
    key: Secret
    dialect: Dialect = "dashscope"
