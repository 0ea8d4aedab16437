"""omni_nb: ask omni models in a notebook, and watch and hear the answer as it comes.

>>> import omni_nb as omni
>>> reply = omni.ask("Who are you?", show=False)
>>> reply.finish_reason
'stop'

The names below are the public ones; they are imported on first use, so that importing the
package itself is quick. Types for annotations are in `omni_nb.types`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_nb.errors import (
        AnswerError,
        BudgetError,
        MediaError,
        OmniError,
        RequestError,
        ServiceError,
    )
    from omni_nb.many.run import Run
    from omni_nb.media.audio import audio
    from omni_nb.media.clip import AudioClip
    from omni_nb.media.image import image
    from omni_nb.media.parts import as_parts
    from omni_nb.media.video import frames, video
    from omni_nb.render.palette import MODALITY_COLORS
    from omni_nb.rules.catalog import models, register_model
    from omni_nb.rules.money import CNY, USD
    from omni_nb.rules.pricing import Usage
    from omni_nb.rules.quota import Quota
    from omni_nb.rules.shrink import shrink
    from omni_nb.rules.tokens import audio_tokens, frames_tokens, image_tokens, video_tokens
    from omni_nb.turns.connection import connect, stand_in
    from omni_nb.turns.estimate import compare, estimate
    from omni_nb.views.doctor import doctor_cell
    from omni_nb.views.explorers import audio_explorer, cost_explorer, image_explorer
    from omni_nb.views.many import ask_many
    from omni_nb.views.notebook import Chat, ask, ask_async
    from omni_nb.views.panel import ChatPanel
    from omni_nb.views.player import AudioPlayer
    from omni_nb.views.plots import (
        plot_audio_tokens,
        plot_cost,
        plot_image_token_map,
        plot_image_tokens,
        plot_timing,
        plot_video_tokens,
        use_chinese_font,
    )

_HOMES = {
    "AudioClip": "media.clip",
    "AudioPlayer": "views.player",
    "BudgetError": "errors",
    "CNY": "rules.money",
    "Chat": "views.notebook",
    "ChatPanel": "views.panel",
    "MODALITY_COLORS": "render.palette",
    "MediaError": "errors",
    "OmniError": "errors",
    "Quota": "rules.quota",
    "RequestError": "errors",
    "AnswerError": "errors",
    "Run": "many.run",
    "ServiceError": "errors",
    "USD": "rules.money",
    "Usage": "rules.pricing",
    "as_parts": "media.parts",
    "ask": "views.notebook",
    "ask_async": "views.notebook",
    "ask_many": "views.many",
    "audio": "media.audio",
    "audio_explorer": "views.explorers",
    "audio_tokens": "rules.tokens",
    "compare": "turns.estimate",
    "connect": "turns.connection",
    "cost_explorer": "views.explorers",
    "doctor_cell": "views.doctor",
    "estimate": "turns.estimate",
    "frames": "media.video",
    "frames_tokens": "rules.tokens",
    "image": "media.image",
    "image_explorer": "views.explorers",
    "image_tokens": "rules.tokens",
    "models": "rules.catalog",
    "plot_audio_tokens": "views.plots",
    "plot_cost": "views.plots",
    "plot_image_token_map": "views.plots",
    "plot_image_tokens": "views.plots",
    "plot_timing": "views.plots",
    "plot_video_tokens": "views.plots",
    "register_model": "rules.catalog",
    "shrink": "rules.shrink",
    "stand_in": "turns.connection",
    "use_chinese_font": "views.plots",
    "video": "media.video",
    "video_tokens": "rules.tokens",
}

__all__ = [  # a test compares it with _HOMES
    "CNY",
    "MODALITY_COLORS",
    "USD",
    "AnswerError",
    "AudioClip",
    "AudioPlayer",
    "BudgetError",
    "Chat",
    "ChatPanel",
    "MediaError",
    "OmniError",
    "Quota",
    "RequestError",
    "Run",
    "ServiceError",
    "Usage",
    "as_parts",
    "ask",
    "ask_async",
    "ask_many",
    "audio",
    "audio_explorer",
    "audio_tokens",
    "compare",
    "connect",
    "cost_explorer",
    "doctor_cell",
    "estimate",
    "frames",
    "frames_tokens",
    "image",
    "image_explorer",
    "image_tokens",
    "models",
    "plot_audio_tokens",
    "plot_cost",
    "plot_image_token_map",
    "plot_image_tokens",
    "plot_timing",
    "plot_video_tokens",
    "register_model",
    "shrink",
    "stand_in",
    "use_chinese_font",
    "video",
    "video_tokens",
]

_GONE = {"Conversation": "Chat"}
"""Names removed in this release, and what takes their place."""


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("omni-nb")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_instead_of(name)}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def _instead_of(name: str) -> str:
    """Return what takes the place of a name that was public in 0.1."""
    if name in _GONE:
        return f": use omni_nb.{_GONE[name]} in its place"
    if name[:1].isupper() and name in import_module(f"{__name__}.types").__all__:
        return f": it is in omni_nb.types, from omni_nb.types import {name}"
    return ""


def __dir__() -> list[str]:
    return [*__all__, "__version__", "types"]


def _complete_values() -> None:
    """Let Tab complete ``voice="`` and ``model="`` where IPython runs."""
    if "IPython" in sys.modules:
        from omni_nb.views.completion import install_here

        install_here()


_complete_values()


def load_ipython_extension(shell: Any) -> None:
    """Add the magics ``%%omni``, ``%omni`` and ``%omni_chat`` to IPython: ``%load_ext omni_nb``."""
    from omni_nb.views.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Remove the magics: ``%unload_ext omni_nb``."""
    from omni_nb.views.magics import unload

    unload(shell)
