"""Inbox: handle the browser's messages one by one, on a thread of its own.

Widget messages arrive on the kernel's main thread or on a subshell's, and may arrive while a cell
runs. So they are queued here and handled in order. Two things do not wait in that queue:
``stop``, what a person decides, and the ``ack`` that tells the browser that the kernel listens.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from typing import TYPE_CHECKING, Any

from omni_nb.errors import OmniError, RequestError, noted_warnings
from omni_nb.render.errors import error_text
from omni_nb.views.guard import Guard
from omni_nb.views.panel.protocol import PIECE_BYTES
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.views.panel.protocol import Message
    from omni_nb.words import Language

_AT_ONCE = frozenset({"stop", "cancel", "decide"})
_ACKED_WHEN_DONE = frozenset({"send", "edit", "again", "setting"})
_OF_ITSELF = frozenset({"hello", "draft", "report", "upload", "speech"})
"""What a page sends without a click, again and again: the same failure is said once."""


class Inbox:
    """Handle the browser's messages in order.

    Parameters
    ----------
    handlers
        By the messages' ``type``: called with the message and its buffer. Errors are shown.
    post
        Sends a message to the browser.
    language
        Returns the language of the words.
    """

    def __init__(
        self,
        handlers: dict[str, Callable[[Message, Any], None]],
        post: Callable[[Message], None],
        language: Callable[[], Language],
    ) -> None:
        self._handlers = handlers
        self._post = post
        self._language = language
        self._guard = Guard("the panel failed at a message")
        self._waiting: queue.SimpleQueue[tuple[Message, Any] | None] = queue.SimpleQueue()
        run = contextvars.copy_context().run  # ipykernel 7.0 sends comms by context
        threading.Thread(target=run, args=(self._work,), name="omni_nb inbox", daemon=True).start()

    def take(self, message: Message, buffer: bytes | memoryview | None) -> None:
        """Take a message from whatever thread it arrives on."""
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in self._handlers:
            return
        if kind not in _ACKED_WHEN_DONE and (of := message.get("id")):
            self._answer({"type": "ack", "of": of, "is_taken": True})
        if kind in _AT_ONCE:
            self._handle(message, buffer)
        else:
            self._waiting.put((message, buffer))

    def say(self, kind: str, text: str) -> None:
        """Show a notice in the panel."""
        self._post(_notice(kind, text))

    def close(self) -> None:
        """Take no more messages."""
        self._waiting.put(None)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            self._guard.run(self._handle, *one)

    def _handle(self, message: Message, buffer: Any) -> None:
        kind, is_taken = message["type"], False
        try:
            with noted_warnings() as said:
                self._handlers[kind](message, buffer)
            is_taken = True
            for warning in said:
                self._answer(_notice("warning", warning))
        except OmniError as error:
            self._answer(_notice("error", error_text(error, self._language())))
        except Exception as error:  # the next message can still be handled
            is_new = self._guard.note(error, is_said=True)
            if is_new or kind not in _OF_ITSELF:
                names = words("panel", self._language())
                said_of = names["unexpected"].format(error=type(error).__name__)
                self._answer(_notice("error", said_of))
        finally:
            if kind in _ACKED_WHEN_DONE and (of := message.get("id")):
                self._answer({"type": "ack", "of": of, "is_taken": is_taken})

    def _answer(self, message: Message) -> None:
        """Send an answer; one that cannot be sent ends nothing, the page asks again."""
        self._guard.run(self._post, message)


def _notice(kind: str, text: str) -> Message:
    return {"type": "notice", "kind": kind, "text": text}


def speech_pieces(pcm: bytes, offset: int) -> list[tuple[int, bytes]]:
    """Cut speech from an offset on into pieces that a message can carry.

    Examples
    --------
    >>> speech_pieces(b"abcd", 2)
    [(2, b'cd')]
    """
    starts = range(max(0, offset), len(pcm), PIECE_BYTES)
    return [(start, pcm[start : start + PIECE_BYTES]) for start in starts]


def require(found: Any, language: Language) -> Any:
    """Return what was found, refusing None.

    Raises
    ------
    RequestError
        Nothing was found: what was asked for is not there any more.
    """
    if found is None:
        raise RequestError(words("panel", language)["gone"])
    return found
