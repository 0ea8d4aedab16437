"""Render the body of a request, with each medium shortened to its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omni_nb.render.html import HTML, style, tag
from omni_nb.render.palette import MUTED
from omni_nb.render.tables import BOX
from omni_nb.wire.dialects import body_for
from omni_nb.wire.literals import JSON, Writer
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from omni_nb.media.sources import HeldSource
    from omni_nb.wire.dialects import Dialect
    from omni_nb.wire.request import Request

_CODE: Final = "max-height:24em;overflow:auto;white-space:pre-wrap;font-size:0.95em;margin:0.25em 0"


def body_text(request: Request, dialect: Dialect = "dashscope") -> str:
    """Return the body of a request as JSON, with sizes in the place of the media's base64.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> from omni_nb.wire.request import Message, Request
    >>> request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who?"),)),))
    >>> '"content": "Who?"' in body_text(request)
    True
    """
    return Writer(JSON).value(body_for(request, dialect, _shortened))


def request_text(request: Request) -> str:
    """Return a request as text."""
    return f"{_title(request)}\n{body_text(request)}"


def request_html(request: Request) -> HTML:
    """Return a request as HTML."""
    title = tag("div", _title(request), style=f"color:{MUTED}")
    body = style(BOX, "max-width:46em", "padding:0.25em")
    return tag("div", title, code_html(body_text(request)), class_="omni-request", style=body)


def code_html(code: str) -> HTML:
    """Return code in a box that scrolls."""
    return tag("pre", code, style=_CODE, tabindex=0)


def _title(request: Request) -> str:
    return words("request", language_of(request.question))["title"]


def _shortened(source: HeldSource, mime: str) -> str:
    """Return a data URL with a size in the place of its base64; an `Embed`."""
    return f"data:{mime};base64,… ({source.total_bytes:,} bytes of {source.name})"
