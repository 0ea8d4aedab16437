"""Sync: send the browser what is new in the conversation, on a clock.

The conversation is only watched: whoever asks, the panel or a cell, the answer appears.
"""

from __future__ import annotations

import contextvars
import threading
import time
import uuid
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from omni_nb.render.reply import meter_text
from omni_nb.turns.reply import Reply
from omni_nb.views.deltas import Sent, common_length, whole_samples
from omni_nb.views.guard import LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS, Guard
from omni_nb.views.panel.records import record_of_failure, record_of_question, record_of_reply
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from omni_nb.chat.conversation import Conversation
    from omni_nb.views.panel.protocol import TurnRecord
    from omni_nb.views.panel.queue import Queue, QueuedQuestion
    from omni_nb.views.panel.talk import Talk
    from omni_nb.words import Language

    Turn: TypeAlias = tuple[str, Reply | QueuedQuestion]

LOOK_SECONDS = 0.05
IDLE_LOOK_SECONDS = 0.25
METER_SECONDS = 1.0
_ALONE = (0, 1)


class Sync:
    """Keep the browser's view of a conversation up to date.

    Parameters
    ----------
    chat, queue
        The conversation, and the questions that wait.
    on_change
        Called, on a thread of its own, after turns began, ended or moved.
    """

    def __init__(self, chat: Conversation, queue: Queue, on_change: Callable[[], None]) -> None:
        self.language: Language = "en"
        self._chat = chat
        self._queue = queue
        self._on_change = on_change
        self._talk: Talk | None = None
        self._ids: WeakKeyDictionary[Reply, str] = WeakKeyDictionary()
        self._live: dict[str, _Live] = {}
        self._order: list[str] = []
        self._shown: dict[str, object] = {}
        self._begun: set[str] = set()
        self._counted: object = None
        self._siblings: dict[str, tuple[int, int]] = {}
        self._unsent: set[str] = set()
        self._unsent_until = self._unsent_pause = 0.0
        self._guard = Guard("the panel's sync failed", self._say_failure)
        self._lock = threading.RLock()
        self._news = threading.Event()
        self._is_closed = False

    def start(self, talk: Talk) -> None:
        """Start watching, on a thread of its own."""
        self._talk = talk
        with self._lock:
            self._guard.run(self._look)
        run = contextvars.copy_context().run  # ipykernel 7.0 sends comms by context
        threading.Thread(target=run, args=(self._work,), name="omni_nb sync", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._is_closed = True
        self._news.set()

    def hurry(self) -> None:
        """Look now: something has been asked."""
        self._news.set()

    def records(self) -> list[TurnRecord]:
        """Return all turns with their whole texts."""
        with self._lock, self._queue.lock:
            return [self._record(turn, item) for turn, item in self._turns()]

    def reply(self, turn: str) -> Reply | None:
        """Return the reply of a turn that is part of the conversation now."""
        return next((r for r in list(self._chat.replies) if self._ids.get(r) == turn), None)

    def answer_hello(self, page: str, have: Mapping[str, Sequence[int]]) -> None:
        """Send a page what it lacks: ``have`` maps a turn to its text length, bytes, and end."""
        with self._lock, self._queue.lock:
            self._turn()
            turns = self._turns()
            lacking = [(turn, item) for turn, item in turns if not self._has(have, turn, item)]
            self._post_turns(turns, [turn for turn, _ in lacking], page=page)
            for turn, _ in turns:
                if (live := self._live.get(turn)) is not None:
                    had = have.get(turn, (0, 0))
                    offset = min(int(had[1]), live.sent.total_bytes)
                    self._post_delta(turn, live, pcm_offset=offset)

    def _has(
        self, have: Mapping[str, Sequence[int]], turn: str, item: Reply | QueuedQuestion
    ) -> bool:
        """Return whether a page needs no record of a turn: then deltas, or nothing, will do."""
        had = have.get(turn)
        if had is None or not isinstance(item, Reply):
            return False
        return bool(had[2]) == item.is_finished and int(had[0]) == len(item.text)

    def _work(self) -> None:
        while not self._is_closed:
            pause = 0.0 if self._guard.run(self._turn) else self._guard.pause_seconds
            self._news.wait(pause or (LOOK_SECONDS if self._live else IDLE_LOOK_SECONDS))
            self._news.clear()

    def _turn(self) -> None:
        with self._lock, self._queue.lock:
            is_changed = self._look()
        if is_changed:
            self._guard.run(self._on_change)

    def _look(self) -> bool:
        """Send what is new; return whether turns began, ended or moved."""
        try:
            return self._send_news()
        except Exception:
            # Nobody knows how far it came: the next look sends every turn once more.
            self._order, self._shown = [], {}
            raise

    def _send_news(self) -> bool:
        self._try_unsent_again()
        turns = self._turns()
        order = [turn for turn, _ in turns]
        self._count_siblings(order)
        states = {turn: self._state(turn, item) for turn, item in turns}
        changed = [turn for turn in order if states[turn] != self._shown.get(turn)]
        is_changed = bool(changed) or order != self._order
        self._order, self._shown = order, states
        self._begin_quick_ones(turns, changed)
        ended = self._end(turns, changed)
        begun = [turn for turn in changed if turn not in ended]
        for turn, item in turns:
            if turn in begun:
                self._open(turn, item)
        self._live = {turn: live for turn, live in self._live.items() if turn in states}
        if is_changed and (begun or not ended):
            self._post_turns(turns, begun)
        for turn, live in self._live.items():
            self._guard.run(self._post_due, turn, live)
        return is_changed

    def _post_due(self, turn: str, live: _Live) -> None:
        if live.sent.is_due(live.reply):
            self._post_delta(turn, live)

    def _try_unsent_again(self) -> None:
        """Take for new what could not be sent, after a pause."""
        if self._unsent and time.monotonic() >= self._unsent_until:
            for turn in self._unsent:
                self._shown.pop(turn, None)
            self._unsent.clear()

    def _begin_quick_ones(self, turns: Sequence[Turn], changed: Sequence[str]) -> None:
        """Let answers be spoken that were over before they were first seen."""
        for turn, item in turns:
            if not isinstance(item, Reply) or turn in self._begun:
                continue
            self._begun.add(turn)
            if item.is_finished and turn in changed and self._speaks(item):
                record = {
                    **self._record(turn, item),
                    "state": "answering",
                    "ending": "",
                    "is_stopped": False,
                }
                if self._guard.run(
                    self._post, {"type": "turns", "order": self._order, "records": [record]}
                ):
                    self._live[turn] = live = _Live(item, speaks=True)
                    live.sent.text, live.sent.reasoning = item.text, item.reasoning

    def _end(self, turns: Sequence[Turn], changed: Sequence[str]) -> list[str]:
        """Close the answers that are over: what came last, then the end."""
        ended = []
        for turn, item in turns:
            if turn in changed and turn in self._live and isinstance(item, Reply):
                if not item.is_finished:
                    continue
                # What cannot be ended so is sent as a whole.
                if self._guard.run(self._post_end, turn, item, self._live.pop(turn)):
                    ended.append(turn)
        return ended

    def _post_end(self, turn: str, item: Reply, live: _Live) -> None:
        self._post_delta(turn, live)
        record = self._record(turn, item, has_text=False)
        self._post({"type": "end", "turn": turn, "record": record})

    def _open(self, turn: str, item: Reply | QueuedQuestion) -> None:
        """Note from where on an answer's deltas go, or that there are no more."""
        if not isinstance(item, Reply) or item.is_finished:
            self._live.pop(turn, None)
        elif turn not in self._live:
            self._live[turn] = _Live(item, speaks=self._speaks(item))

    def _speaks(self, reply: Reply) -> bool:
        """Return whether a page of the panel speaks a reply; a cell that asks does so itself."""
        return self._queue.asked(reply) is not None and "audio" in reply.request.modalities

    def _turns(self) -> list[Turn]:
        replies = [(self._id(reply), reply) for reply in list(self._chat.replies)]
        return [*replies, *((question.turn, question) for question in self._queue.waiting)]

    def _id(self, reply: Reply) -> str:
        if reply not in self._ids:
            question = self._queue.asked(reply)
            self._ids[reply] = question.turn if question else uuid.uuid4().hex[:12]
        return self._ids[reply]

    def _state(self, turn: str, item: Reply | QueuedQuestion) -> object:
        """Return what of a turn makes a new record necessary when it changes."""
        if isinstance(item, Reply):
            underruns = item.playback.underruns if item.playback else 0
            calls = tuple(call.state for call in item.tool_calls)
            siblings = self._siblings.get(turn, _ALONE)
            return (item.is_finished, siblings, underruns, calls, self.language)
        return (item.refusal, self.language)

    def _count_siblings(self, order: Sequence[str]) -> None:
        """Count the branches at each turn anew, when something of that has changed."""
        now = (tuple(order), self._chat.branches)
        if now != self._counted:
            self._counted = now
            replies = self._chat.replies if self._chat.branches else ()
            found = ((reply, self._chat.versions(place)) for place, reply in enumerate(replies))
            self._siblings = {
                self._id(reply): (versions.index(reply), len(versions)) for reply, versions in found
            }

    def _record(
        self, turn: str, item: Reply | QueuedQuestion, *, has_text: bool = True
    ) -> TurnRecord:
        """Return a turn's record; of one that cannot be shown, a record that says so."""
        try:
            if not isinstance(item, Reply):
                return record_of_question(item, self.language)
            return record_of_reply(
                item,
                turn,
                question=self._queue.asked(item),
                siblings=self._siblings.get(turn, _ALONE),
                language=self.language,
                has_text=has_text,
            )
        except Exception as error:  # the turns beside it can be shown
            self._guard.note(error, is_said=True)
            siblings, name = self._siblings.get(turn, _ALONE), type(error).__name__
            return record_of_failure(
                item, turn, name, siblings=siblings, language=self.language, has_text=has_text
            )

    def _post_turns(self, turns: Sequence[Turn], changed: Sequence[str], page: str = "") -> None:
        records = [self._record(turn, item) for turn, item in turns if turn in changed]
        message: dict[str, object] = {"type": "turns", "order": [turn for turn, _ in turns]}
        message |= {"page": page} if page else {}
        if self._guard.run(self._post, {**message, "records": records}):
            self._unsent_pause = 0.0
            return self._note_sent(records)
        # One of them may be to blame: each by itself, and what is left once more later.
        for record in records:
            if self._guard.run(self._post, {**message, "records": [record]}):
                self._note_sent([record])
            else:
                self._unsent.add(record["turn"])
        self._unsent_pause = min(2 * self._unsent_pause, MOST_PAUSE_SECONDS) or LEAST_PAUSE_SECONDS
        self._unsent_until = time.monotonic() + self._unsent_pause
        return None

    def _note_sent(self, records: Sequence[TurnRecord]) -> None:
        for record in records:
            if (live := self._live.get(record["turn"])) is not None:
                live.sent.text = record["text"] or ""
                live.sent.reasoning = record["reasoning"] or ""

    def _post_delta(self, turn: str, live: _Live, *, pcm_offset: int | None = None) -> None:
        """Send what is new; from ``pcm_offset`` on, to a page that lacks more of the speech."""
        reply, sent, language = live.reply, live.sent, self.language
        text, reasoning = reply.text, reply.reasoning
        text_offset = common_length(sent.text, text)
        reasoning_offset = common_length(sent.reasoning, reasoning)
        start = sent.total_bytes if pcm_offset is None else pcm_offset
        total_bytes = max(sent.total_bytes, whole_samples(reply.pcm)) if sent.speaks else 0
        # A copy: a memoryview would forbid the other thread to append.
        pcm = bytes(reply.pcm[start:total_bytes]) if sent.speaks else b""
        is_text_new = (text, reasoning) != (sent.text, sent.reasoning)
        if not (pcm or is_text_new):
            return
        message = {
            "type": "delta",
            "turn": turn,
            "text_offset": text_offset,
            "text": text[text_offset:],
            "reasoning_offset": reasoning_offset,
            "reasoning": reasoning[reasoning_offset:],
            "pcm_offset": start,
            "pcm_bytes": len(pcm),
        }
        if not sent.speaks and live.is_meter_due():
            message["meter"] = meter_text(reply, language)
        self._post(message, pcm)
        sent.note(text, reasoning, total_bytes)  # last: what could not be sent is sent again

    def _say_failure(self, name: str) -> None:
        said = words("panel", self.language)["unexpected"].format(error=name)
        self._post({"type": "notice", "kind": "error", "text": said})

    def _post(self, message: dict[str, object], buffer: bytes = b"") -> None:
        if self._talk is not None:
            self._talk.post(message, buffer or None)


class _Live:
    """An answer that grows, and what the browser has been sent of it."""

    def __init__(self, reply: Reply, *, speaks: bool) -> None:
        self.reply = reply
        self.sent = Sent(speaks)
        self._metered_at = 0.0

    def is_meter_due(self) -> bool:
        now = time.monotonic()
        if now - self._metered_at < METER_SECONDS:
            return False
        self._metered_at = now
        return True
