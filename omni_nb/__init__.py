"""omni_nb: ask omni models in a notebook, and watch and hear the answer as it comes.

>>> import omni_nb as omni
>>> reply = omni.ask("Who are you?", show=False)
>>> reply.finish_reason
'stop'

The names below are the public ones; they are imported on first use, so that importing the
package itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_nb.chat.conversation import Conversation
    from omni_nb.errors import BudgetError, MediaError, OmniError, RequestError, ServiceError
    from omni_nb.media.audio import AudioPart, AudioURLPart, audio
    from omni_nb.media.clip import AudioClip
    from omni_nb.media.image import ImagePart, ImageURLPart, image
    from omni_nb.media.parts import TextPart, as_parts
    from omni_nb.media.video import FramesPart, VideoPart, VideoURLPart, frames, video
    from omni_nb.render.palette import MODALITY_COLORS
    from omni_nb.rules.catalog import models, register_model
    from omni_nb.rules.estimate import Comparison, Estimate
    from omni_nb.rules.money import CNY, USD, Money
    from omni_nb.rules.pricing import Cost, Usage
    from omni_nb.rules.quota import Quota
    from omni_nb.rules.shrink import shrink
    from omni_nb.rules.tokens import audio_tokens, frames_tokens, image_tokens, video_tokens
    from omni_nb.turns.account import Account
    from omni_nb.turns.connection import Connection, connect, stand_in
    from omni_nb.turns.estimate import compare, estimate
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.stream import ReplyStream
    from omni_nb.turns.timing import Timing
    from omni_nb.views.explorers import audio_explorer, cost_explorer, image_explorer
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
    "Account": "turns.account",
    "AudioClip": "media.clip",
    "AudioPart": "media.audio",
    "AudioPlayer": "views.player",
    "AudioURLPart": "media.audio",
    "BudgetError": "errors",
    "CNY": "rules.money",
    "Chat": "views.notebook",
    "ChatPanel": "views.panel",
    "Comparison": "rules.estimate",
    "Connection": "turns.connection",
    "Conversation": "chat.conversation",
    "Cost": "rules.pricing",
    "Estimate": "rules.estimate",
    "FramesPart": "media.video",
    "ImagePart": "media.image",
    "ImageURLPart": "media.image",
    "MODALITY_COLORS": "render.palette",
    "MediaError": "errors",
    "Money": "rules.money",
    "OmniError": "errors",
    "Quota": "rules.quota",
    "Reply": "turns.reply",
    "ReplyStream": "turns.stream",
    "RequestError": "errors",
    "ServiceError": "errors",
    "TextPart": "media.parts",
    "Timing": "turns.timing",
    "USD": "rules.money",
    "Usage": "rules.pricing",
    "VideoPart": "media.video",
    "VideoURLPart": "media.video",
    "as_parts": "media.parts",
    "ask": "views.notebook",
    "ask_async": "views.notebook",
    "audio": "media.audio",
    "audio_explorer": "views.explorers",
    "audio_tokens": "rules.tokens",
    "compare": "turns.estimate",
    "connect": "turns.connection",
    "cost_explorer": "views.explorers",
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
    "Account",
    "AudioClip",
    "AudioPart",
    "AudioPlayer",
    "AudioURLPart",
    "BudgetError",
    "Chat",
    "ChatPanel",
    "Comparison",
    "Connection",
    "Conversation",
    "Cost",
    "Estimate",
    "FramesPart",
    "ImagePart",
    "ImageURLPart",
    "MediaError",
    "Money",
    "OmniError",
    "Quota",
    "Reply",
    "ReplyStream",
    "RequestError",
    "ServiceError",
    "TextPart",
    "Timing",
    "Usage",
    "VideoPart",
    "VideoURLPart",
    "as_parts",
    "ask",
    "ask_async",
    "audio",
    "audio_explorer",
    "audio_tokens",
    "compare",
    "connect",
    "cost_explorer",
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


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("omni-nb")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """Give IPython the magics ``%%omni``, ``%omni`` and ``%omni_chat``: ``%load_ext omni_nb``."""
    from omni_nb.views.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again: ``%unload_ext omni_nb``."""
    from omni_nb.views.magics import unload

    unload(shell)
