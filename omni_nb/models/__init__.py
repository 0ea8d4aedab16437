"""RULES: what each model accepts, how its tokens are counted and what they cost."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omni_nb.models.table import ModelTable


class _Models(ModuleType):
    """A package that can also be called: ``omni.models()`` is public, and is its name."""

    def __call__(self, *names: str) -> ModelTable:
        """Show what is known of the models; see `omni_nb.models.table.models`."""
        from omni_nb.models.table import models

        return models(*names)


# A function in the package's place would hide omni_nb.models.catalog and the others from
# `import ... as` and from pickles, so the module itself becomes callable (Python's reference,
# "Customizing module attribute access").
sys.modules[__name__].__class__ = _Models
