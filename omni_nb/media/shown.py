"""Shown: a part that shows itself in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from omni_nb.media.parts import Part


class Shown:
    """Base of the parts: each shows what is in it and its facts."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from omni_nb.render.parts import part_html  # display knows all parts, so it comes later

        return part_html(cast("Part", self))
