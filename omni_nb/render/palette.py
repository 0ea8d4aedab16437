"""Colours by name: CSS that fits a light and a dark page.

JupyterLab's variables decide where they are defined, else the colour of the surrounding text. Text
reaches a contrast of 4.5:1 on white and on JupyterLab's dark page. ``js/palette.css`` has the same.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT: Final = "var(--jp-content-font-color1, currentColor)"
MUTED: Final = "var(--jp-content-font-color2, color-mix(in srgb, currentColor 72%, transparent))"
LINE: Final = "var(--jp-border-color2, color-mix(in srgb, currentColor 25%, transparent))"
ACCENT: Final = "var(--jp-brand-color1, #1976d2)"
# JupyterLab's own warning colour has 2.7:1 on white. Mixed with the text's colour it gets darker on
# a light page and lighter on a dark one.
WARN: Final = f"color-mix(in srgb, var(--jp-warn-color1, #e65100) 55%, {TEXT})"
ERROR: Final = f"color-mix(in srgb, var(--jp-error-color1, #d32f2f) 60%, {TEXT})"
# Areas are no text: the page's own colours, which are further apart.
FAILED: Final = "var(--jp-error-color1, #d32f2f)"
STOPPED: Final = "var(--jp-warn-color1, #e65100)"

CSS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text": TEXT,
        "muted": MUTED,
        "line": LINE,
        "accent": ACCENT,
        "warn": WARN,
        "error": ERROR,
    }
)
"""The colours by their names in ``js/palette.css``: ``--omni-text`` and so on."""

MODALITY_COLORS: Final[Mapping[str, str]] = MappingProxyType(
    {"text": "#0072B2", "image": "#E69F00", "audio": "#009E73", "video": "#CC79A7"}
)
"""The colour of each modality, everywhere (Okabe and Ito's, safe for colour-blind readers)."""

LATE: Final = "#D55E00"
"""The colour of what is too late or over a limit: Okabe and Ito's vermilion, of no modality."""

FONT: Final = "var(--jp-content-font-family, system-ui, sans-serif)"

PAGE: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "--jp-content-font-color1": ("#1b1b1b", "#ececec"),
        "--jp-content-font-color2": ("#595959", "#b0b0b0"),
        "--jp-border-color2": ("#d0d0d0", "#4a4a4a"),
        "--jp-layout-color2": ("#f2f2f2", "#2b2b2b"),
        "--omni-page": ("#ffffff", "#181818"),
        "--omni-link": ("#0b57d0", "#9cc2ff"),
        "--omni-keyword": ("#7b2fa0", "#d6a6ee"),
        "--omni-string": ("#a1260d", "#f2a68f"),
        "--omni-comment": ("#4d6b4d", "#9ebd9e"),
    }
)
"""The variables of an exported page, light and dark."""
