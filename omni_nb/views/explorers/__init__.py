"""Explorers: widgets to try out the tokens and cost of images, audio and answers."""

from omni_nb.views.explorers.audio import audio_explorer
from omni_nb.views.explorers.cost import cost_explorer
from omni_nb.views.explorers.image import image_explorer

__all__ = ["audio_explorer", "cost_explorer", "image_explorer"]
