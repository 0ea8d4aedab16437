"""Shown: a value that shows itself, and does not know how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class Shown:
    """Base of every value that shows itself: parts, replies, estimates, accounts, tables.

    It is shown as HTML in a notebook, without a kernel, and as text in a terminal. In a list it is
    one line, its ``repr``. Such a value does not change once it is made, or only by its stream; so
    a deep copy of it is the value itself.
    """

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        # The one import of the package that leads up: how values look is above the values.
        from omni_nb.render.bundle import bundle_of

        return bundle_of(self)

    def __str__(self) -> str:
        from omni_nb.render.bundle import text_of

        return text_of(self)

    def __deepcopy__(self, memo: object) -> Self:
        return self
