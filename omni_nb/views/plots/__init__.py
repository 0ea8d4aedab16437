"""Plots of tokens, money and time: matplotlib, one `Axes` in or made, the same one out.

Every plot takes ``ax=``; without it a figure of a fitting size is made. Nothing is shown by force,
and only ``use_chinese_font`` changes anything global. Plots of more than one panel keep them inside
the one Axes: ``ax.child_axes`` has them, in the order that the docstring says.
"""

from __future__ import annotations

from omni_nb.views.plots.audio import plot_audio_tokens
from omni_nb.views.plots.fonts import use_chinese_font
from omni_nb.views.plots.image import plot_image_tokens
from omni_nb.views.plots.image_map import plot_image_token_map
from omni_nb.views.plots.money import plot_cost
from omni_nb.views.plots.timing import plot_timing
from omni_nb.views.plots.video import plot_video_tokens

__all__ = [
    "plot_audio_tokens",
    "plot_cost",
    "plot_image_token_map",
    "plot_image_tokens",
    "plot_timing",
    "plot_video_tokens",
    "use_chinese_font",
]
