"""Explorers: what an image, a sound and an answer weigh and cost, to be tried out by hand."""

from omni_nb.views.explorers.audio import audio_explorer
from omni_nb.views.explorers.cost import cost_explorer
from omni_nb.views.explorers.image import image_explorer

__all__ = ["audio_explorer", "cost_explorer", "image_explorer"]
