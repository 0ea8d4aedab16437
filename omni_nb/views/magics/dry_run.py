"""A dry run: a question's tokens, cost and request; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omni_nb.media.shown import Shown
from omni_nb.render.bundle import html_of, raw_text_of
from omni_nb.render.html import HTML, tag
from omni_nb.render.reply import CARD
from omni_nb.render.request import body_text, code_html
from omni_nb.turns.connection import current_connection
from omni_nb.turns.context import check_context
from omni_nb.turns.estimate import forecast, priced_region
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from omni_nb.media.parts import Part
    from omni_nb.rules.estimate import Estimate
    from omni_nb.views.notebook import Chat


@dataclass(frozen=True, slots=True)
class DryRun(Shown):
    """The estimate of a question, and the request that would be sent.

    Attributes
    ----------
    estimate : Estimate
        The tokens and the cost of the question.
    request : str
        The HTTP request as text. The key is not in it, and of each medium only its size.
    """

    estimate: Estimate
    request: str


def dry_run_text(made: DryRun) -> str:
    """Return a dry run as text."""
    return f"{made.estimate}\n\n{_title(made)}\n\n{made.request}"


def dry_run_html(made: DryRun) -> HTML:
    """Return a dry run as HTML: the table, and the request below it."""
    request = tag(
        "details",
        tag("summary", _title(made)),
        code_html(made.request),
        open=True,
        style="margin-top:0.5em",
    )
    estimate = HTML(html_of(made.estimate))
    return tag("div", estimate, request, class_="omni-dry-run", style=CARD)


raw_text_of.register(DryRun, dry_run_text)
html_of.register(DryRun, dry_run_html)


def _title(made: DryRun) -> str:
    return words("dry_run", language_of(made.estimate.question))["title"]


def dry_run(chat: Chat, question: tuple[Part, ...]) -> DryRun:
    """Return what asking a chat this question would send.

    Raises
    ------
    MediaError, RequestError
        The question is not allowed, as it would not be when it is asked.

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
    return DryRun(
        forecast(request, region=priced_region(connection), weight=weight),
        f"POST {connection.base_url}/chat/completions\n"
        "Authorization: Bearer …\n"
        "Content-Type: application/json\n\n"
        f"{body_text(request, connection.dialect)}",
    )
