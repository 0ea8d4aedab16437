"""A dry run: what a question would weigh, cost and send; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from omni_nb.render.reply import CARD
from omni_nb.turns.connection import current_connection
from omni_nb.turns.context import check_context
from omni_nb.turns.estimate import forecast, priced_region
from omni_nb.wire.dialects import body_for
from omni_nb.wire.literals import JSON, Writer

if TYPE_CHECKING:
    from omni_nb.media.parts import Part
    from omni_nb.media.sources import HeldSource
    from omni_nb.turns.estimate import Estimate
    from omni_nb.views.notebook import Chat

_TITLES: Final = {
    "en": "The request, without its key and with media shortened",
    "zh": "请求（不含密钥，媒体已缩略）",
}


@dataclass(frozen=True, slots=True)
class DryRun:
    """The estimate of a question, and the request that would be sent.

    Attributes
    ----------
    estimate : Estimate
        What it would weigh and cost.
    request : str
        The HTTP request as text. The key is not in it, and of each medium only its size.
    """

    estimate: Estimate
    request: str

    def __str__(self) -> str:
        title = _TITLES[self.estimate.language]
        return f"{self.estimate}\n\n{title}:\n\n{self.request}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show it in IPython, and as a notebook's text/plain."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        title = _TITLES[self.estimate.language]
        return (
            f'<div class="omni-dry-run" style="{CARD}">{self.estimate._repr_html_()}'
            f'<details open style="margin-top:0.5em"><summary>{title}</summary>'
            '<pre style="max-height:24em;overflow:auto;white-space:pre-wrap;font-size:0.85em">'
            f"{escape(self.request)}</pre></details></div>"
        )


def dry_run(chat: Chat, question: tuple[Part, ...]) -> DryRun:
    """Return what asking a chat this question would send.

    Raises
    ------
    MediaError, RequestError
        It is not allowed, as it would not be when it is asked.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> from omni_nb.views.notebook import Chat
    >>> made = dry_run(Chat(), (TextPart("Who are you?"),))
    >>> made.estimate.tokens, '"content": "Who are you?"' in made.request
    (3, True)
    """
    request = chat.request_of(question)
    weight = check_context(request)
    connection = chat.connection or current_connection()
    body = body_for(request, connection.dialect, _shortened)
    return DryRun(
        forecast(request, region=priced_region(connection), weight=weight),
        f"POST {connection.base_url}/chat/completions\n"
        "Authorization: Bearer …\n"
        "Content-Type: application/json\n\n"
        f"{Writer(JSON).value(body)}",
    )


def _shortened(source: HeldSource, mime: str) -> str:
    """Return a data URL with words in the place of its base64; an `Embed`."""
    return f"data:{mime};base64,… ({source.total_bytes:,} bytes of {source.name})"
