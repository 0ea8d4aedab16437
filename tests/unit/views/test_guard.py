"""A worker outlives whatever its turns raise, and says each failure once."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

import omni_nb as omni
from omni_nb.errors import MediaError, ServiceError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import connection_of
from omni_nb.views import live
from omni_nb.views.debounce import Debounce
from omni_nb.views.guard import MOST_PAUSE_SECONDS, Guard, words_of
from omni_nb.views.player import AudioPlayer
from omni_nb.views.stages import SilentStage
from tests.waiting import wait_until


class Unprintable(Exception):
    def __str__(self) -> str:
        raise TypeError("not even its words")


ERRORS = [
    ValueError("no"),
    KeyError("turn"),
    RecursionError(),
    MemoryError(),
    UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
    MediaError("no file"),
    ServiceError("no answer"),
    Unprintable(),
    OSError(28, "No space left on device"),
]


def failing(error: BaseException):
    def turn(*_: object) -> None:
        raise error

    return turn


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_a_turn_raises_the_next_is_run_and_it_is_said_once(error, caplog):
    said: list[str] = []
    guard, done = Guard("the test failed", said.append), []
    turn = failing(error)
    for _ in range(50):
        assert not guard.run(turn)
    assert guard.run(done.append, 1)
    assert done == [1]
    assert said == [type(error).__name__]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "the test failed, and goes on" in caplog.text


def test_failures_of_another_kind_or_place_are_said_too():
    said: list[str] = []
    guard = Guard("the test failed", said.append)
    for _ in range(3):
        guard.run(failing(ValueError("one")))
        guard.run(lambda: [][0])
        guard.run(lambda: {}["a"])
    assert said == ["ValueError", "IndexError", "KeyError"]


def test_what_cannot_be_said_now_is_said_later():
    said: list[str] = []
    is_heard = False

    def say(name: str) -> None:
        if not is_heard:
            raise OSError("nobody listens")
        said.append(name)

    guard = Guard("the test failed", say)
    guard.run(failing(ValueError("no")))
    guard.run(print)
    assert said == []
    is_heard = True
    guard.run(print)
    guard.run(print)
    assert said == ["ValueError"]


def test_the_log_has_the_place_and_not_the_words(caplog):
    Guard("the test failed").run(failing(ValueError("sk-secret-0123456789")))
    assert "test_guard.py" in caplog.text
    assert "sk-secret" not in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_no_failure(error):
    with pytest.raises(error):
        Guard("the test failed").run(failing(error()))


def test_after_failures_in_a_row_there_is_a_longer_and_longer_rest():
    guard = Guard("the test failed")
    pauses = []
    for _ in range(40):
        guard.run(failing(ValueError()))
        pauses.append(guard.pause_seconds)
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[-1] == MOST_PAUSE_SECONDS
    guard.run(print)
    assert guard.pause_seconds == 0


def test_an_error_without_words_has_its_name():
    assert words_of(Unprintable()) == "Unprintable"


# -- the loops -------------------------------------------------------------------------------


def test_a_call_that_waits_and_fails_is_said_and_the_next_is_made(caplog):
    done = threading.Event()
    calls = iter([failing(ValueError("no")), done.set])
    waiting = Debounce(0.001, lambda: next(calls)())
    waiting.ask()
    assert wait_until(lambda: "a call that waited failed" in caplog.text)
    waiting.ask()
    assert done.wait(10)


def test_a_player_takes_the_message_after_one_that_is_nonsense(caplog):
    player = AudioPlayer()
    for nonsense in (
        {"type": "report"},
        {"type": "hello", "reason": "open"},
        {"type": "report", "state": "done", "is_shown": False},
    ):
        player._handle_custom_msg(nonsense, [])
    player._handle_custom_msg({"type": "stop"}, [])
    assert player.stop_requested.is_set()
    assert caplog.text.count("the player failed at a message") == 2, "each kind once"
    player.close()


class BrokenStage(SilentStage):
    """A display that fails in some of its steps."""

    def __init__(self, *steps: str, error: Exception | None = None) -> None:
        for step in steps:
            setattr(self, step, failing(error or ValueError("the display is broken")))


@pytest.fixture
def here():
    # Slow enough to be looked at while it comes.
    with start(Behaviour(pace=1, lead_seconds=0)) as standin:
        yield connection_of(standin)


STEPS = ("open", "look_at_upload", "look", "close")


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("steps", [*((step,) for step in STEPS), STEPS], ids="+".join)
def test_an_answer_outlives_its_display(here, steps, is_async, caplog):
    chat, stage = omni.Chat(connection=here, max_tokens=8), BrokenStage(*steps)
    stream = chat.stream("Who are you?")
    shown = asyncio.run(live.watch_async(stream, stage)) if is_async else None
    reply = shown or live.watch(stream, stage)
    assert reply.finish_reason in {"stop", "length"}
    assert reply.text
    assert caplog.text.count("an answer could not be shown") == len(caplog.records) > 0
    assert len(caplog.records) <= len(steps)
    assert chat.ask("And you?", show=False).text


def test_a_reader_that_is_gone_ends_the_answer(here):
    chat = omni.Chat(connection=here)
    with pytest.raises(BrokenPipeError):
        live.watch(chat.stream("Who?"), BrokenStage("close", error=BrokenPipeError()))
    assert chat.replies[0].is_finished
