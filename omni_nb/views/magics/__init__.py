"""The magics `%%omni`, `%omni` and `%omni_chat`: `%load_ext omni_nb`."""

from omni_nb.views.magics.magic import OmniMagics, load, unload

__all__ = ["OmniMagics", "load", "unload"]
