"""The chat panel: `ChatPanel`, and what it is made of."""

from omni_nb.views.panel.panel import ChatPanel

__all__ = ["ChatPanel"]
