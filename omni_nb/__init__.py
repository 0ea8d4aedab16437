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
    from omni_nb.account import Account
    from omni_nb.chat import Conversation
    from omni_nb.connection import Connection, connect, stand_in
    from omni_nb.errors import BudgetError, MediaError, OmniError, RequestError, ServiceError
    from omni_nb.forecast import Comparison, Estimate, compare, estimate
    from omni_nb.media.clip import AudioClip
    from omni_nb.media.parts import TextPart, as_parts
    from omni_nb.media.pictures import ImagePart, ImageURLPart, image
    from omni_nb.media.sounds import AudioPart, AudioURLPart, audio
    from omni_nb.media.videos import FramesPart, VideoPart, VideoURLPart, frames, video
    from omni_nb.models.catalog import register_model
    from omni_nb.models.money import CNY, USD, Money
    from omni_nb.models.pricing import Cost, Usage
    from omni_nb.models.quota import Quota
    from omni_nb.models.shrink import shrink
    from omni_nb.models.tokens import audio_tokens, frames_tokens, image_tokens, video_tokens
    from omni_nb.render import MODALITY_COLORS
    from omni_nb.reply import Reply, Timing
    from omni_nb.stream import ReplyStream
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
    "Account": "account",
    "AudioClip": "media.clip",
    "AudioPart": "media.sounds",
    "AudioPlayer": "views.player",
    "AudioURLPart": "media.sounds",
    "BudgetError": "errors",
    "CNY": "models.money",
    "Chat": "views.notebook",
    "ChatPanel": "views.panel",
    "Comparison": "forecast",
    "Connection": "connection",
    "Conversation": "chat",
    "Cost": "models.pricing",
    "Estimate": "forecast",
    "FramesPart": "media.videos",
    "ImagePart": "media.pictures",
    "ImageURLPart": "media.pictures",
    "MODALITY_COLORS": "render",
    "MediaError": "errors",
    "Money": "models.money",
    "OmniError": "errors",
    "Quota": "models.quota",
    "Reply": "reply",
    "ReplyStream": "stream",
    "RequestError": "errors",
    "ServiceError": "errors",
    "TextPart": "media.parts",
    "Timing": "reply",
    "USD": "models.money",
    "Usage": "models.pricing",
    "VideoPart": "media.videos",
    "VideoURLPart": "media.videos",
    "as_parts": "media.parts",
    "ask": "views.notebook",
    "ask_async": "views.notebook",
    "audio": "media.sounds",
    "audio_explorer": "views.explorers",
    "audio_tokens": "models.tokens",
    "compare": "forecast",
    "connect": "connection",
    "cost_explorer": "views.explorers",
    "estimate": "forecast",
    "frames": "media.videos",
    "frames_tokens": "models.tokens",
    "image": "media.pictures",
    "image_explorer": "views.explorers",
    "image_tokens": "models.tokens",
    "plot_audio_tokens": "views.plots",
    "plot_cost": "views.plots",
    "plot_image_token_map": "views.plots",
    "plot_image_tokens": "views.plots",
    "plot_timing": "views.plots",
    "plot_video_tokens": "views.plots",
    "register_model": "models.catalog",
    "shrink": "models.shrink",
    "stand_in": "connection",
    "use_chinese_font": "views.plots",
    "video": "media.videos",
    "video_tokens": "models.tokens",
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
    if name == "models":  # the package of the rules, which can be called
        return import_module(f"{__name__}.models")
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
