"""Be where pillow-heif is not installed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import pytest


def forget_pillow_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take pillow-heif away, also from Pillow, which keeps a format that it has learnt."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(Image, "ID", [form for form in Image.ID if form != "HEIF"])
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
