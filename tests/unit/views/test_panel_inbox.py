"""What the browser asks for is worked off in order; what ends an answer does not wait."""

from __future__ import annotations

import queue
import threading

import pytest

from omni_nb.errors import RequestError
from omni_nb.views.panel.inbox import Inbox

SECONDS = 10


class Desk:
    """An inbox whose questions take until they are told to end."""

    def __init__(self) -> None:
        self.done: queue.Queue[str] = queue.Queue()
        self.posted: queue.Queue[dict] = queue.Queue()
        self.may_end = threading.Event()
        handlers = {
            "send": self.send,
            "stop": lambda message, _: self.done.put(message["type"]),
            "cancel": lambda message, _: self.done.put(message["type"]),
            "settings": lambda message, _: self.done.put(message["type"]),
            "again": self.refuse,
        }
        self.inbox = Inbox(handlers, self.posted.put, lambda: "en")

    def send(self, *_) -> None:
        self.done.put("asked")
        assert self.may_end.wait(SECONDS)
        self.done.put("answered")

    def refuse(self, *_) -> None:
        raise RequestError("Not so.")


@pytest.fixture
def desk():
    made = Desk()
    yield made
    made.may_end.set()
    made.inbox.close()


@pytest.mark.parametrize("kind", ["stop", "cancel"])
def test_what_ends_an_answer_is_handled_before_what_waits(desk, kind):
    desk.inbox.take({"type": "send", "id": "1"}, None)
    assert desk.done.get(timeout=SECONDS) == "asked"
    desk.inbox.take({"type": "settings", "id": "2"}, None)
    desk.inbox.take({"type": kind, "id": "3"}, None)
    assert desk.done.get_nowait() == kind
    desk.may_end.set()
    assert [desk.done.get(timeout=SECONDS) for _ in range(2)] == ["answered", "settings"]


def test_a_question_is_acknowledged_when_it_is_done_and_all_else_at_once(desk):
    desk.inbox.take({"type": "send", "id": "1"}, None)
    desk.inbox.take({"type": "settings", "id": "2"}, None)
    assert desk.posted.get_nowait() == {"type": "ack", "of": "2", "is_taken": True}
    desk.may_end.set()
    assert desk.posted.get(timeout=SECONDS) == {"type": "ack", "of": "1", "is_taken": True}


def test_a_question_that_is_refused_is_said_and_the_next_is_handled(desk):
    desk.inbox.take({"type": "again", "id": "1"}, None)
    desk.inbox.take({"type": "settings"}, None)
    said = desk.posted.get(timeout=SECONDS)
    assert (said["type"], said["kind"]) == ("notice", "error")
    assert "Not so." in said["text"]
    assert desk.posted.get(timeout=SECONDS) == {"type": "ack", "of": "1", "is_taken": False}
    assert desk.done.get(timeout=SECONDS) == "settings"


def test_what_nobody_knows_is_passed_over(desk):
    desk.inbox.take({"type": "dance", "id": "1"}, None)
    desk.inbox.take({"type": "settings"}, None)
    assert desk.done.get(timeout=SECONDS) == "settings"
    assert desk.posted.empty()
