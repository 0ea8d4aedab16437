"""A stream leaves no thread behind, whatever becomes of it."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from omni_nb.chat.conversation import Conversation
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import connection_of
from tests.begun import begun
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def here():
    with start(Behaviour(pace=0, fault="stall")) as standin:
        yield connection_of(standin)


def stopped_before_it_was_read(stream):
    begun(stream).stop()
    assert list(stream) == []


def stopped_and_never_read(stream):
    begun(stream).stop()


def left_with_its_block(stream):
    with begun(stream):
        pass


def left_in_the_loop(stream):
    for _ in stream:
        break


def dropped(stream):
    next(iter(stream))


def stopped_while_it_is_read(stream):
    for _ in stream:
        stream.stop()


def watchers() -> int:
    return sum(thread.name == "omni_nb timeout" for thread in threading.enumerate())


@pytest.mark.parametrize(
    "end",
    [
        stopped_before_it_was_read,
        stopped_and_never_read,
        left_with_its_block,
        left_in_the_loop,
        dropped,
        stopped_while_it_is_read,
    ],
)
def test_nobody_watches_the_time_of_an_answer_that_has_ended(here, end):
    before = watchers()
    stream = Conversation(connection=here, timeout=1000).stream("Who are you?")
    end(stream)
    assert stream.reply.is_finished
    assert wait_until(lambda: watchers() <= before), "its thread waits for ever"


def test_a_stream_that_is_over_goes_at_once_with_what_it_held():
    """Of thousands of answers those of the last minutes would stay until the collector comes."""
    gc.collect()
    gc.disable()
    try:
        with start(Behaviour(pace=0)) as standin:
            chat = Conversation("qwen-omni-turbo", connection=connection_of(standin))
            stream = chat.stream("Who are you?")
            for _ in stream:
                pass
        there = weakref.ref(stream)
        del stream
        assert there() is None
    finally:
        gc.enable()
