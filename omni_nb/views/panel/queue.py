"""Queue: one question after the other; those that wait, and the one that is being answered.

Questions are asked on a thread of their own, so that the cell returns and every widget message
finds a free kernel. Whoever watches `chat.replies` sees the answer grow.
"""

from __future__ import annotations

import contextvars
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from omni_nb.errors import OmniError, ReplyError, noted_warnings
from omni_nb.views.decisions import asked_call
from omni_nb.views.guard import Guard, words_of
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.chat.conversation import Conversation
    from omni_nb.media.parts import Part
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.stream import ReplyStream
    from omni_nb.words import Language

LOOK_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class QueuedQuestion:
    """A question that waits for its turn.

    Attributes
    ----------
    turn
        The question's id in the browser, which its reply takes over.
    parts
        What is asked.
    page
        Where it was asked, and so where the answer is spoken.
    replaces
        The reply in whose place it is asked anew; a branch begins there.
    refusal
        Why the question was not sent; a refused one stays until somebody takes it away.
    """

    turn: str
    parts: tuple[Part, ...]
    page: str
    replaces: Reply | None = None
    refusal: str = ""


class Queue:
    """Ask the questions of a panel, one after the other.

    Parameters
    ----------
    chat
        The conversation.
    say
        Called with a kind (``"warning"``, ``"error"``) and words.
    language
        Returns the language of the words.

    Attributes
    ----------
    lock
        Held while a question becomes a reply: who holds it sees each of them once.
    """

    def __init__(
        self,
        chat: Conversation,
        say: Callable[[str, str], None],
        language: Callable[[], Language] = lambda: "en",
    ) -> None:
        self.lock = threading.RLock()
        self._chat = chat
        self._say = say
        self._language = language
        self._guard = Guard("the panel's queue failed", self._say_failure)
        self._waiting: list[QueuedQuestion] = []
        self._asked: WeakKeyDictionary[Reply, QueuedQuestion] = WeakKeyDictionary()
        self._stream: ReplyStream | None = None
        self._news = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> tuple[QueuedQuestion, ...]:
        """The questions that are not answered yet."""
        return tuple(self._waiting)

    def asked(self, reply: Reply) -> QueuedQuestion | None:
        """Return the question of a reply that was asked here; None when a cell asked."""
        return self._asked.get(reply)

    def ask(self, question: QueuedQuestion) -> None:
        """Queue a question, to be asked when all before it are answered."""
        with self.lock:
            self._waiting.append(question)
            if self._thread is None:
                run = contextvars.copy_context().run  # ipykernel 7.0 sends comms by context
                self._thread = threading.Thread(
                    target=run, args=(self._work,), name="omni_nb queue", daemon=True
                )
                self._thread.start()
        self._news.set()

    def cancel(self, turn: str) -> QueuedQuestion | None:
        """Take a question back that still waits, or was refused, and return it."""
        with self.lock:
            found = next((one for one in self._waiting if one.turn == turn), None)
            if found is not None:
                self._waiting.remove(found)
            return found

    def forget_refused(self) -> None:
        """Take back what was refused."""
        with self.lock:
            self._waiting = [question for question in self._waiting if not question.refusal]

    def stop(self, turn: str | None = None) -> None:
        """End the answer that is being given, now, if it is this turn's."""
        stream = self._stream
        asked = self._asked.get(stream.reply) if stream is not None else None
        if stream is not None and (turn is None or (asked is not None and asked.turn == turn)):
            stream.stop()

    def decide(self, turn: str, place: int, *, allowed: bool) -> None:
        """Decide on the call of a tool that waits for that; on no other that comes after it."""
        stream = self._stream
        asked = self._asked.get(stream.reply) if stream is not None else None
        if stream is None or asked is None or asked.turn != turn:
            return
        if asked_call(stream.reply) == place:
            stream.decide(stream.reply.tool_calls[place].id, allowed)

    def close(self) -> None:
        """Ask no more; the answer that is being given ends."""
        self._is_closed = True
        self._news.set()
        self.stop()

    def _work(self) -> None:
        while not self._is_closed:
            if not self._guard.run(self._turn):
                time.sleep(self._guard.pause_seconds)

    def _turn(self) -> None:
        """Ask the next question, when nothing else is being answered; or wait for one."""
        ready = [question for question in self.waiting if not question.refusal]
        if not ready:
            self._news.wait()
            self._news.clear()
        elif all(reply.is_finished for reply in self._chat.replies):
            self._ask(ready[0])
        else:
            time.sleep(LOOK_SECONDS)  # a cell asks

    def _ask(self, question: QueuedQuestion) -> None:
        try:
            with noted_warnings() as said:
                self._answer(question)
        except ReplyError:
            pass  # its reply says so
        except OmniError as error:
            self._refuse(question, str(error))
        except Exception as error:  # the next question can still be asked
            self._guard.note(error, is_said=True)
            self._refuse(question, words_of(error))
        for warning in said:
            self._say("warning", warning)

    def _answer(self, question: QueuedQuestion) -> None:
        with self.lock:
            if question not in self._waiting:
                return
            replies, replaced = self._chat.replies, question.replaces
            at = replies.index(replaced) if replaced in replies else None
            stream = self._chat.stream(*question.parts, at=at)
            stream.can_ask = True
            self._asked[stream.reply] = question
            stream.begin()
            self._waiting.remove(question)
            self._stream = stream
        try:
            with stream:
                for _ in stream:
                    pass
        finally:
            self._stream = None

    def _refuse(self, question: QueuedQuestion, why: str) -> None:
        with self.lock:
            if question in self._waiting:
                question.refusal = why
                return
        self._say("error", why)

    def _say_failure(self, name: str) -> None:
        self._say("error", words("panel", self._language())["unexpected"].format(error=name))
