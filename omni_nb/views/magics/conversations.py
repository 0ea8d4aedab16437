"""Conversations: the chats that magics ask, which are variables of the notebook.

What is asked goes on from cell to cell, as people expect of cells below each other. A chat is an
ordinary `omni_nb.Chat` in a variable, so that everything else works with it: ``lesson.panel()``,
``lesson.cost``, ``lesson.save(...)``; nothing is kept in a second place.
"""

from __future__ import annotations

import keyword
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from omni_nb.errors import OmniError
from omni_nb.turns.history import turns
from omni_nb.views.notebook import Chat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.rules.options import Options

USUAL = "_omni_chat"
"""The variable of the conversation that is asked when none is named."""


def find_chat(name: str, names: Mapping[str, Any]) -> Chat | None:
    """Return the chat of a name; None when there is none yet.

    Raises
    ------
    UsageError
        The name cannot be a variable, or is one of something else.
    """
    checked_name(name, "--chat")
    if name not in names:
        return None
    chat = names[name]
    if not isinstance(chat, Chat):
        raise UsageError(
            f"--chat {name}: this variable is of type {type(chat).__name__}. Give the name of an "
            "omni_nb.Chat, or a new name for a new conversation."
        )
    return chat


def checked_name(name: str, flag: str) -> str:
    """Return a name that a variable can have; raises `UsageError`."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(
            f"{flag} takes the name of a variable, such as {flag} answer, not {name!r}."
        )
    return name


def change(
    chat: Chat,
    *,
    model: str | None,
    voice: str | None,
    is_text: bool,
    tools: Sequence[Any] | None,
    options: Options,
) -> None:
    """Change who answers from now on, and how; what is not given stays.

    Raises
    ------
    RequestError
        The model does not answer like that, or an option has another type; the chat is then
        as it was.
    """
    wanted = ("text",) if is_text else None
    if model or voice or wanted or tools or options:
        chat.use(model, voice=voice, modalities=wanted, tools=tools, **options)


def check_is_text(chat: Chat, flag: str) -> None:
    """Refuse data of a conversation that speaks; raises `UsageError`."""
    if "audio" in chat.modalities:
        raise UsageError(
            f"{flag} asks for data, which nobody reads aloud, and this conversation speaks "
            f"({chat.voice}): add --text, or ask another one with --chat NAME."
        )


@contextmanager
def unless_refused(chat: Chat) -> Iterator[None]:
    """Give a chat its settings back when an error comes before any answer or call has.

    A mistyped model would else be asked by the next cell again.
    """
    before, count = chat.settings, len(chat.replies)
    try:
        yield
    except (OmniError, UsageError):
        if not any(reply.text or reply.tool_calls for reply in chat.replies[count:]):
            chat.settings = before
        raise


def sent_parts(chat: Chat | None) -> Sequence[Part]:
    """Return the parts of the questions that the model will read again."""
    if chat is None:
        return ()
    messages = turns(chat.replies, chat.trimming)
    return [part for message in messages if message.role == "user" for part in message.parts]
