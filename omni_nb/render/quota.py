"""Render what is left of a quota, with a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.html import HTML, join, tag
from omni_nb.render.labels import labelled
from omni_nb.words import language_here, words

if TYPE_CHECKING:
    from omni_nb.rules.quota import Quota
    from omni_nb.words import Language


def quota_text(quota: Quota, language: Language | None = None) -> str:
    """Write how many tokens are left.

    Examples
    --------
    >>> from omni_nb.rules.quota import Quota
    >>> quota_text(Quota(1_000_000, "qwen-omni-turbo"), "en")
    'qwen-omni-turbo: 1,000,000 of 1,000,000 tokens left'
    """
    language = language or language_here()
    left = words("quota", language)["left"].format(left=quota.left, tokens=quota.tokens)
    return labelled(quota.name, left, language) if quota.name else left


def quota_html(quota: Quota, language: Language | None = None) -> HTML:
    """Return a quota as HTML with a bar, without kernel or JavaScript."""
    bar = tag(
        "meter",
        min=0,
        max=quota.tokens,
        value=quota.left,
        low=quota.low,
        aria_hidden="true",
    )
    return join(bar, " ", quota_text(quota, language))
