"""Render audio and video as a player that needs no kernel and no JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from omni_nb.render.html import HTML, data_url, style, tag
from omni_nb.words import language_here, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omni_nb.media.clip import AudioClip, Storage

_STYLES: Final[Mapping[str, str]] = {
    "audio": "width:100%;max-width:32em;height:2.5em",
    "video": "max-width:min(100%,32em);max-height:20em",
}
_MIME: Final[Mapping[Storage, str]] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
}


def player_html(kind: Literal["audio", "video"], data: bytes, mime: str, name: str) -> HTML:
    """Return an ``<audio>`` or ``<video>`` element with its data in it.

    The source is an attribute of the element itself: JupyterLab strips it from ``<source>`` when
    a notebook is not trusted.
    """
    return tag(
        kind,
        class_=f"omni-{kind}",
        controls=True,
        preload="metadata",
        aria_label=name,
        title=name,
        style=style(_STYLES[kind], "display:block"),
        src=data_url(data, mime),
    )


def clip_html(clip: AudioClip, storage: Storage = "mp3", name: str | None = None) -> HTML:
    """Return a clip as a player; ``name`` is what screen readers call it.

    Examples
    --------
    >>> from omni_nb.media.clip import AudioClip
    >>> 'controls preload="metadata" aria-label="Hello"' in clip_html(
    ...     AudioClip(bytes(4800)), name="Hello"
    ... )
    True
    """
    name = name or words("reply", language_here())["speech"]
    return player_html("audio", clip.to_file(storage), _MIME[storage], name)
