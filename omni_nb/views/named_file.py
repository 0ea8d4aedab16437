"""Say how to send a file whose path was written as the text of a question."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from omni_nb.errors import MediaError
from omni_nb.media.parts import TextPart
from omni_nb.media.paths import path_of
from omni_nb.media.probe import kind_of
from omni_nb.media.sources import RemoteSource, open_source
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omni_nb.media.parts import Part
    from omni_nb.words import Language

_LONGEST = 260
"""Characters: no longer text is taken for a path."""


def named_file_text(parts: Iterable[Part], language: Language, *, key: str = "file") -> str:
    """Say how to send a file that a text names; "" where no text is the path of a medium.

    Parameters
    ----------
    parts
        The question.
    key
        The key of the words in the section ``session``.
    """
    for part in parts:
        if isinstance(part, TextPart) and (kind := _kind_at(part.text.strip())):
            return words("session", language)[key].format(path=part.text.strip(), kind=kind)
    return ""


def _kind_at(text: str) -> str | None:
    """Return which kind of medium a text names as its whole; None of any other text."""
    if not os.path.splitext(text)[1] or len(text) > _LONGEST or "\n" in text or not _is_file(text):
        return None
    try:
        source = open_source(text, kind="media")
        return None if source is None or isinstance(source, RemoteSource) else kind_of(source)
    except MediaError:
        return None


def _is_file(text: str) -> bool:
    try:
        return path_of(text).is_file()
    except (OSError, RuntimeError, ValueError):  # what no file can be called
        return False
