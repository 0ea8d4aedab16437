"""Whatever fails at whatever turn, the panel shows the next ones, and says so once."""

from __future__ import annotations

import itertools
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import omni_nb as omni
from omni_nb.media.parts import TextPart
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import connection_of
from omni_nb.views.panel import ChatPanel, sync
from omni_nb.views.panel.inbox import Inbox
from omni_nb.views.panel.queue import Queue, QueuedQuestion
from omni_nb.views.panel.sync import Sync
from omni_nb.views.panel.talk import Talk
from omni_nb.wire.events import TextDelta
from tests.begun import begun
from tests.panel_browser import FakeBrowser, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omni_nb.turns.reply import Reply


class Page:
    """A page at the end of a sync: it keeps what it is sent, and loses what it is told to.

    Attributes
    ----------
    is_lost
        Called with each message: whether sending it fails.
    """

    def __init__(self, is_lost: Callable[[dict[str, Any]], bool] = lambda _: False) -> None:
        self.is_lost = is_lost
        self.texts: dict[str, str] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self.notices: list[str] = []

    def post(self, message: dict[str, Any], _buffer: bytes | None = None) -> None:
        if self.is_lost(message):
            raise OSError("the connection is gone")
        match message["type"]:
            case "notice":
                self.notices.append(message["text"])
            case "delta":
                text = self.texts.get(message["turn"], "")
                assert message["text_offset"] <= len(text)
                self.texts[message["turn"]] = text[: message["text_offset"]] + message["text"]
            case "end":
                self.records[message["turn"]] = message["record"]
            case "turns":
                for record in message["records"]:
                    self.records[record["turn"]] = record
                    self.texts[record["turn"]] = record["text"]


def begin(chat: omni.Chat, text: str = "") -> Reply:
    reply = begun(chat.stream("What is this?")).reply
    if text:
        reply.feed(TextDelta(text))
    return reply


def answer(chat: omni.Chat, text: str) -> Reply:
    reply = begin(chat, text)
    reply.finish(seconds=1.0)
    return reply


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> omni.Chat:
    monkeypatch.setattr(sync, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(sync, "IDLE_LOOK_SECONDS", 0.005)
    return omni.Chat()


@pytest.fixture
def watch(chat: omni.Chat) -> Iterator[Callable[..., Sync]]:
    made: list[Sync] = []

    def begin_watching(page: Any, on_change: Callable[[], None] = lambda: None) -> Sync:
        made.append(watching := Sync(chat, Queue(chat, lambda *_: None), on_change))
        watching.start(page)
        return watching

    yield begin_watching
    for watching in made:
        watching.close()


def counts(values: Any, count: int) -> bool:
    return len(values) == count


def seen(page: Page, text: str) -> bool:
    """Whether an answer is shown as over, with its text."""
    return any(
        page.texts.get(turn) == text and record["state"] == "over"
        for turn, record in list(page.records.items())
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["turns", "delta", "end", None])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_sender_that_raises_at_any_turn_loses_nothing(chat, watch, kind, count, after, caplog):
    """`count` messages of a kind are lost, after so many that were not."""
    lost = itertools.count()
    page = Page(lambda m: kind in {None, m["type"]} and after <= next(lost) < after + count)
    watch(page)
    for number in range(4):
        reply = begin(chat, "one ")
        until(partial(counts, page.records, number + 1))
        reply.feed(TextDelta(f"and {number}"))
        reply.finish(seconds=1.0)
        until(partial(seen, page, f"one and {number}"))
    failures = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(failures) <= 1, "the same failure is said once"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_record_that_raises_is_said_and_the_others_are_shown(
    chat, watch, place, monkeypatch, caplog
):
    real, bad = sync.record_of_reply, f"answer {place}"

    def record(reply: Reply, *values: Any, **more: Any) -> Any:
        if reply.text == bad:
            raise TypeError("sequence item 0: expected str instance, int found")
        return real(reply, *values, **more)

    monkeypatch.setattr(sync, "record_of_reply", record)
    page = Page()
    watch(page)
    for number in range(3):
        answer(chat, f"answer {number}")
    until(lambda: len(page.records) == 3)
    notes = {page.texts[turn]: record["note"] for turn, record in page.records.items()}
    assert notes.pop(bad) == (
        "This turn cannot be shown (TypeError). The kernel's log has the details."
    )
    assert set(notes.values()) == {""}
    answer(chat, "the next")
    until(lambda: seen(page, "the next"))
    assert caplog.text.count("the panel's sync failed") == 1


def test_what_can_never_be_sent_keeps_nothing_else_from_the_page(chat, watch, caplog):
    page = Page(lambda m: "poison" in str(m))
    watch(page)
    answer(chat, "before")
    until(lambda: seen(page, "before"))
    answer(chat, "poison")
    live = begin(chat, "after")
    until(lambda: "after" in page.texts.values())
    live.feed(TextDelta(" it"))
    live.finish(seconds=1.0)
    until(lambda: seen(page, "after it"))
    assert caplog.text.count("the panel's sync failed") == 1
    until(lambda: page.notices)
    assert page.notices == [
        "Something went wrong inside omni_nb (OSError). The kernel's log has the details."
    ]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["_turns", "_state", "_count_siblings", "_speaks", "_open"])
def test_whatever_step_of_a_look_raises_the_next_look_shows_all(
    chat, watch, part, monkeypatch, caplog
):
    page, real = Page(), getattr(Sync, part)
    failures = iter(range(3))

    def step(self: Sync, *values: Any) -> Any:
        if next(failures, None) is not None:
            raise ZeroDivisionError
        return real(self, *values)

    watching = watch(page)
    monkeypatch.setattr(Sync, part, step)
    answer(chat, "one")
    until(lambda: seen(page, "one"))
    answer(chat, "two")
    until(lambda: seen(page, "two"))
    assert caplog.text.count("ZeroDivisionError") <= 1
    assert watching.records()[1]["text"] == "two"


def test_what_follows_the_turns_may_fail_and_is_told_again(chat, watch):
    told: list[int] = []

    def on_change() -> None:
        told.append(1)
        if len(told) < 3:
            raise ValueError("no header")

    page = Page()
    watch(page, on_change)
    for number in range(4):
        answer(chat, f"{number}")
        until(partial(seen, page, f"{number}"))
    until(lambda: len(told) >= 3)
    until(lambda: page.notices)
    assert len(page.notices) == 1


# -- the inbox -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["send", "edit", "again", "setting", "draft", "stop"])
@pytest.mark.parametrize("lost", [1, 2, 5])
def test_a_page_that_cannot_be_answered_ends_no_inbox(kind, lost):
    done, failures, posted = threading.Event(), iter(range(lost)), []

    def post(message: dict[str, Any]) -> None:
        if next(failures, None) is not None:
            raise OSError("the connection is gone")
        posted.append(message)

    def fail(*_: object) -> None:
        raise ValueError("no")

    inbox = Inbox({kind: fail, "last": lambda *_: done.set()}, post, lambda: "en")
    for number in range(4):
        inbox.take({"type": kind, "id": str(number)}, None)
    inbox.take({"type": "last"}, None)
    assert done.wait(10)
    inbox.close()


@pytest.mark.parametrize(
    ("kind", "count"), [("hello", 1), ("draft", 1), ("report", 1), ("send", 5)]
)
def test_what_a_page_asks_by_itself_fails_with_one_notice(kind, count, caplog):
    posted: list[dict[str, Any]] = []
    done = threading.Event()
    handlers = {kind: lambda *_: 1 / 0, "last": lambda *_: done.set()}
    inbox = Inbox(handlers, posted.append, lambda: "zh")
    for number in range(5):
        inbox.take({"type": kind, "id": str(number)}, None)
    inbox.take({"type": "last"}, None)
    assert done.wait(10)
    inbox.close()
    notices = [message["text"] for message in posted if message["type"] == "notice"]
    assert notices == ["omni_nb 内部出错（ZeroDivisionError）。详情见内核日志。"] * count
    assert caplog.text.count("the panel failed at a message") == 1


@pytest.mark.parametrize("kind", [5, None, ["send"], {"a": 1}, "nonsense"])
def test_a_message_of_no_type_is_passed_over(kind):
    posted: list[dict[str, Any]] = []
    inbox = Inbox({"send": print}, posted.append, lambda: "en")
    inbox.take({"type": kind, "id": "1"}, None)
    inbox.close()
    assert posted == []


# -- the queue -------------------------------------------------------------------------------


@pytest.fixture
def here() -> Iterator[Any]:
    with start(Behaviour(pace=0)) as standin:
        yield connection_of(standin)


def question(name: str) -> QueuedQuestion:
    return QueuedQuestion(name, (TextPart(name),), "page")


@pytest.mark.parametrize("step", ["stream", "replies", "say"])
def test_a_question_that_fails_is_refused_and_the_next_is_asked(here, step, monkeypatch):
    chat = omni.Chat(connection=here, max_tokens=8)
    failures, said = iter(range(1)), []

    def once(*_: object, **__: object) -> None:
        if next(failures, None) is not None:
            raise ZeroDivisionError("inside")

    def say(kind: str, words: str) -> None:
        if step == "say":
            once()
        said.append((kind, words))

    queue = Queue(chat, say)
    if step == "stream":
        real = chat.stream
        monkeypatch.setattr(chat.__class__, "stream", lambda _, *v, **m: once() or real(*v, **m))
    elif step == "replies":
        real_replies = type(chat).replies
        monkeypatch.setattr(
            type(chat), "replies", property(lambda self: once() or real_replies.fget(self))
        )
    else:
        monkeypatch.setattr(queue, "_answer", lambda _: once() or 1 / 0)
        queue.ask(question("lost"))
        until(lambda: queue.waiting[0].refusal)
        monkeypatch.undo()
    for name in ("One", "Two"):
        queue.ask(question(name))
    until(lambda: any(r.question[0].text == "Two" and r.is_finished for r in chat.replies))
    for waiting in queue.waiting:
        assert waiting.refusal.startswith("ZeroDivisionError")
    queue.close()


# -- the panel as a whole --------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 4, 9, 16])
def test_a_panel_whose_page_loses_messages_goes_on(here, lost, monkeypatch):
    browser, failures = FakeBrowser(monkeypatch), iter(range(lost))
    send = Talk.send

    def unreliable(self: Talk, content: dict[str, Any], buffers: Any = None) -> None:
        if next(failures, None) is not None:
            raise OSError("the connection is gone")
        send(self, content, buffers)

    monkeypatch.setattr(Talk, "send", unreliable)
    panel = ChatPanel(omni.Chat(connection=here, max_tokens=8), language="en")
    for number in range(1, 4):
        browser.say(panel, type="send", draft="d", text="Who are you?")
        until(lambda count=number: len(panel.chat.replies) == count)
        until(lambda: panel.chat.replies[-1].is_finished)
    texts = {reply.text for reply in panel.chat.replies}
    until(lambda: texts <= shown_in(browser))
    panel.close()


def shown_in(browser: FakeBrowser) -> set[str]:
    """The texts that a page puts together."""
    texts: dict[str, str] = {}
    for message, _ in list(browser.sent):
        if message["type"] == "turns":
            texts |= {record["turn"]: record["text"] for record in message["records"]}
        elif message["type"] == "delta":
            text = texts.get(message["turn"], "")
            texts[message["turn"]] = text[: message["text_offset"]] + message["text"]
    return set(texts.values())


@pytest.mark.parametrize("part", ["_saved_form", "_settings", "_composer"])
def test_a_part_of_the_panel_that_fails_keeps_no_other_from_following(here, part, monkeypatch):
    browser = FakeBrowser(monkeypatch)
    panel = ChatPanel(omni.Chat(connection=here, max_tokens=8), language="en")
    name = {"_saved_form": "update", "_settings": "state", "_composer": "show"}[part]
    monkeypatch.setattr(getattr(panel, part), name, lambda *_: 1 / 0)
    panel.chat.ask("Who are you?", show=False)
    until(lambda: "1 answer" in panel.header["total"])
    until(lambda: any("ZeroDivisionError" in m["text"] for m in browser.of("notice")))
    monkeypatch.undo()
    panel.close()
