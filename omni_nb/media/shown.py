"""Show a value in a notebook and a terminal, by what `omni_nb.render` makes of it."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from omni_nb.errors import no_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self


class Shown:
    """Base of every value that shows itself: parts, replies, estimates, accounts, tables.

    Such a value shows as HTML in a notebook, without a kernel, and as text in a terminal; in a list
    as one line, its ``repr``. It does not change once it is made, or only by its stream; so a deep
    copy of it is the value itself.
    """

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        # The one import of the package that leads up: rendering is above the values.
        from omni_nb.render.bundle import bundle_of

        return bundle_of(self)

    if not TYPE_CHECKING:  # for a type checker, an attribute that is not declared is an error

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, _GONE)

    def __str__(self) -> str:
        from omni_nb.render.bundle import text_of

        return text_of(self)

    def __deepcopy__(self, memo: object) -> Self:
        return self


def reduced(value: Any) -> tuple[type, tuple[Any, ...]]:
    """Return how pickle makes a frozen dataclass again; its ``__reduce__``.

    Its mappings are made unchangeable by its ``__post_init__``, and pickle does not take them so.
    """
    given = (getattr(value, field.name) for field in fields(value))
    return type(value), tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in given)


_GONE = {
    "has_sound": "use has_audio",
    "first_sound_seconds": "use first_heard_seconds",
    "player_html": "a clip shows its player, and to_file(storage) has its bytes",
    "table": "the value shows its table, and str() has it as text",
    "language": "a value is shown in the language of its question",
}
"""Attributes removed after 0.1, and what takes their place; named for one release."""
