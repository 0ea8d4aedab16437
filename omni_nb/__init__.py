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
    from omni_nb.chat import Conversation, ReplyStream
    from omni_nb.connection import Connection, connect
    from omni_nb.errors import BudgetError, MediaError, OmniError, RequestError, ServiceError
    from omni_nb.media.clip import AudioClip
    from omni_nb.media.parts import ImagePart, ImageURLPart, TextPart, as_parts, image
    from omni_nb.models.pricing import Cost, Usage
    from omni_nb.models.tokens import audio_tokens, image_tokens
    from omni_nb.reply import Reply, Timing
    from omni_nb.views.notebook import Chat, ask, ask_async
    from omni_nb.views.player import AudioPlayer

_HOMES = {
    "AudioClip": "media.clip",
    "AudioPlayer": "views.player",
    "BudgetError": "errors",
    "Chat": "views.notebook",
    "Connection": "connection",
    "Conversation": "chat",
    "Cost": "models.pricing",
    "ImagePart": "media.parts",
    "ImageURLPart": "media.parts",
    "MediaError": "errors",
    "OmniError": "errors",
    "Reply": "reply",
    "ReplyStream": "chat",
    "RequestError": "errors",
    "ServiceError": "errors",
    "TextPart": "media.parts",
    "Timing": "reply",
    "Usage": "models.pricing",
    "as_parts": "media.parts",
    "ask": "views.notebook",
    "ask_async": "views.notebook",
    "audio_tokens": "models.tokens",
    "connect": "connection",
    "image": "media.parts",
    "image_tokens": "models.tokens",
}

__all__ = [  # sorted; a test compares it with _HOMES
    "AudioClip",
    "AudioPlayer",
    "BudgetError",
    "Chat",
    "Connection",
    "Conversation",
    "Cost",
    "ImagePart",
    "ImageURLPart",
    "MediaError",
    "OmniError",
    "Reply",
    "ReplyStream",
    "RequestError",
    "ServiceError",
    "TextPart",
    "Timing",
    "Usage",
    "as_parts",
    "ask",
    "ask_async",
    "audio_tokens",
    "connect",
    "image",
    "image_tokens",
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
