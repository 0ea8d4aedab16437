"""Inbox: handle the browser's messages one by one, on a thread of its own.

Widget messages arrive on the kernel's main thread or on a subshell's, and may arrive while a cell
runs. So they are queued here and handled in order. Two things do not wait in that queue:
``stop``, and the ``ack`` that tells the browser that the kernel listens.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
from typing import TYPE_CHECKING, Any

from omni_nb.errors import OmniError, RequestError, noted_warnings
from omni_nb.render.errors import error_text
from omni_nb.views.panel.protocol import PIECE_BYTES
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.views.panel.protocol import Message
    from omni_nb.words import Language

log = logging.getLogger("omni_nb")

_AT_ONCE = frozenset({"stop", "cancel"})
_ACKED_WHEN_DONE = frozenset({"send", "edit", "again"})


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
        self._waiting: queue.SimpleQueue[tuple[Message, Any] | None] = queue.SimpleQueue()
        run = contextvars.copy_context().run  # ipykernel 7.0 sends comms by context
        threading.Thread(target=run, args=(self._work,), name="omni_nb inbox", daemon=True).start()

    def take(self, message: Message, buffer: bytes | memoryview | None) -> None:
        """Take a message from whatever thread it arrives on."""
        kind = message.get("type")
        if kind not in self._handlers:
            return
        if kind not in _ACKED_WHEN_DONE and (of := message.get("id")):
            self._post({"type": "ack", "of": of, "is_taken": True})
        if kind in _AT_ONCE:
            self._handle(message, buffer)
        else:
            self._waiting.put((message, buffer))

    def say(self, kind: str, text: str) -> None:
        """Show a notice in the panel."""
        self._post({"type": "notice", "kind": kind, "text": text})

    def close(self) -> None:
        """Take no more messages."""
        self._waiting.put(None)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            self._handle(*one)

    def _handle(self, message: Message, buffer: Any) -> None:
        is_taken = False
        try:
            with noted_warnings() as said:
                self._handlers[message["type"]](message, buffer)
            for warning in said:
                self.say("warning", warning)
            is_taken = True
        except OmniError as error:
            self.say("error", error_text(error, self._language()))
        except Exception as error:  # the next message can still be handled
            log.error("omni_nb: the panel failed at %r: %s", message["type"], _named(error))
            self.say(
                "error", words("panel", self._language())["unexpected"].format(error=_named(error))
            )
        if message["type"] in _ACKED_WHEN_DONE and (of := message.get("id")):
            self._post({"type": "ack", "of": of, "is_taken": is_taken})


def _named(error: BaseException) -> str:
    return type(error).__name__


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
