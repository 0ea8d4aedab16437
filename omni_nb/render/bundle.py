"""Render every shown value as HTML and as text."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from omni_nb.media.captions import Captions
from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import PART_TYPES
from omni_nb.media.text import plain
from omni_nb.render.account import account_table
from omni_nb.render.captions import captions_html, captions_text
from omni_nb.render.estimate import comparison_table, estimate_table
from omni_nb.render.model_table import models_html, models_text
from omni_nb.render.parts import part_html, part_text
from omni_nb.render.player import clip_html
from omni_nb.render.quota import quota_html, quota_text
from omni_nb.render.reply import reply_html, reply_text
from omni_nb.render.request import request_html, request_text
from omni_nb.render.timing import timing_table
from omni_nb.render.trim import trim_html, trim_text
from omni_nb.render.usage import cost_table, usage_table, weight_html, weight_text
from omni_nb.rules.catalog import ModelTable
from omni_nb.rules.estimate import Comparison, Estimate
from omni_nb.rules.pricing import Cost, Usage
from omni_nb.rules.quota import Quota
from omni_nb.rules.weigh import Weight
from omni_nb.turns.account import Account
from omni_nb.turns.reply import Reply
from omni_nb.turns.timing import Timing
from omni_nb.turns.trim import TrimReport
from omni_nb.wire.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.media.shown import Shown
    from omni_nb.render.tables import Table


def bundle_of(value: Shown) -> dict[str, str]:
    """Return a value as ``text/html`` and ``text/plain``, with no widget in it.

    Examples
    --------
    >>> from omni_nb.rules.pricing import Usage
    >>> sorted(bundle_of(Usage({"text": 3})))
    ['text/html', 'text/plain']
    """
    return {"text/html": html_of(value), "text/plain": text_of(value)}


@singledispatch
def table_of(value: object) -> Table:
    """Return the table that a value is shown as."""
    raise TypeError(f"{type(value).__name__} is not shown as a table")


@singledispatch
def html_of(value: object) -> str:
    """Return a value as HTML that needs no kernel and no JavaScript."""
    return table_of(value).html()


def text_of(value: object) -> str:
    """Return a value as text that is fit for a terminal."""
    return plain(raw_text_of(value))


@singledispatch
def raw_text_of(value: object) -> str:
    """Return a value as text, as it is; `text_of` makes it fit for a terminal."""
    return str(table_of(value))


_TABLES: tuple[tuple[type, Callable[..., Table]], ...] = (
    (Account, account_table),
    (Comparison, comparison_table),
    (Cost, cost_table),
    (Estimate, estimate_table),
    (Timing, timing_table),
    (Usage, usage_table),
)
_RENDERERS: tuple[tuple[type, Callable[..., str], Callable[..., str]], ...] = (
    (AudioClip, clip_html, repr),
    (Captions, captions_html, captions_text),
    (ModelTable, models_html, models_text),
    (Quota, quota_html, quota_text),
    (Reply, reply_html, reply_text),
    (Request, request_html, request_text),
    (TrimReport, trim_html, trim_text),
    (Weight, weight_html, weight_text),
    *((kind, part_html, part_text) for kind in PART_TYPES),
)
for _kind, _table in _TABLES:
    table_of.register(_kind, _table)
for _kind, _html, _text in _RENDERERS:
    html_of.register(_kind, _html)
    raw_text_of.register(_kind, _text)
