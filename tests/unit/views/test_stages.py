"""Where an answer is shown: the terminal, and a text cell on its clock."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest

import omni_nb as omni
from omni_nb.media.parts import TextPart
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import connection_of
from omni_nb.turns.estimate import forecast
from omni_nb.turns.reply import Reply
from omni_nb.turns.tool_results import ToolCall
from omni_nb.views import live, stages
from omni_nb.views.session import Session
from omni_nb.wire.events import AudioDelta, ReasoningDelta, TextDelta, TranscriptDelta
from omni_nb.wire.request import Message, Request
from tests.begun import begun


def reply(*events, modalities=("text",)) -> Reply:
    request = Request(
        "qwen-omni-turbo", (Message("user", (TextPart("Who?"),)),), modalities, "Cherry"
    )
    made = Reply(request, is_stand_in=True)
    for event in events:
        made.feed(event)
    return made


@pytest.mark.host("Terminal, plain Python", "text")
def test_in_plain_python_the_text_streams_to_standard_output():
    code = (
        "import omni_nb as omni, sys\n"
        "r = omni.ask('Who are you?', voice='Ethan', max_tokens=12)\n"
        "omni.ask('And you?', max_tokens=9)\n"
        "sys.stderr.write('\\n' + r.text)\n"
        "assert 'IPython' not in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = run.stdout.splitlines()
    hint, *cut, _, said = run.stderr.split("\n")
    assert cut == ["The answer reached the token limit and was cut off."] * 2
    assert first == said.rstrip()
    assert second
    assert "DASHSCOPE_API_KEY" in hint


@pytest.fixture
def here():
    with start(Behaviour(pace=0)) as standin:
        yield connection_of(standin)


@pytest.mark.parametrize("is_async", [False, True])
def test_ask_and_ask_async_return_the_same(here, capsys, is_async):
    def ask():
        if is_async:
            return asyncio.run(omni.ask_async("Who are you?", connection=here))
        return omni.ask("Who are you?", connection=here)

    answer = ask()
    assert answer.finish_reason == "stop"
    assert capsys.readouterr().out == answer.text + "\n"


def test_a_cancelled_ask_goes_on_being_cancelled_outside_a_notebook(here):
    chat = omni.Chat(connection=here)

    async def ask():
        await asyncio.wait_for(chat.ask_async("Speak for 60 seconds.", show=False), 0.0001)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(ask())
    assert chat.replies[0].is_finished


def test_what_is_silent_prints_nothing(here, capsys):
    omni.ask("Who are you?", connection=here, show=False)
    assert capsys.readouterr() == ("", "")


def test_the_terminal_prints_each_delta_once(capsys):
    stage, made = stages.TerminalStage(Session()), reply(TextDelta("I am"))
    stage.look(made)
    stage.look(made)
    made.feed(TextDelta(" Omni."))
    stage.close(made)
    assert capsys.readouterr().out == "I am Omni.\n"


def test_the_terminal_starts_a_line_when_the_fuller_text_takes_over(capsys):
    stage, made = stages.TerminalStage(Session()), reply(TextDelta("I "))
    stage.look(made)
    made.feed(TranscriptDelta("You hear me"))
    stage.close(made)
    assert capsys.readouterr().out == "I \nYou hear me\n"


def test_the_terminal_is_told_once_that_a_stand_in_answers(capsys):
    here = Session()
    for _ in range(2):
        stages.TerminalStage(here).open(reply())
    assert capsys.readouterr().err.count("DASHSCOPE_API_KEY") == 1


class Handle:
    """Counts what a cell's display is told."""

    def __init__(self) -> None:
        self.bundles: list[dict] = []

    def update(self, bundle, *, raw: bool) -> None:
        assert raw
        self.bundles.append(bundle)


class Cell(Session):
    """A session whose displays are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.handle = Handle()

    def show(self, bundle) -> Handle:
        self.handle.bundles.append(bundle)
        return self.handle

    def keep(self, handle, reply, storage, *, tail_id=None) -> None:
        handle.update({"kept": reply.text}, raw=True)


@pytest.mark.parametrize(("storage", "head"), [("mp3", b"ID3"), ("opus", b"Ogg"), ("wav", b"RIF")])
def test_the_sound_of_a_question_is_kept_as_the_answer_is(storage, head):
    shell, kept = MagicMock(), []
    session, chat = Session(shell), omni.Chat()
    made = begun(chat.stream("What is this?", audio=(np.zeros(16_000), 16_000))).reply
    session.note_turn(chat, made)
    made.finish(seconds=1.0)
    handle = SimpleNamespace(update=lambda bundle, metadata, raw: kept.append(metadata))
    session.keep(handle, made, storage)
    (data,) = kept[0]["omni_nb"]["media"].values()
    assert base64.b64decode(data).startswith(head)


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    return now


def test_a_text_cell_repaints_ten_times_a_second_and_always_the_last_state(clock):
    cell, made = Cell(), reply()
    stage = stages.TextStage(cell, "mp3")
    stage.open(made)
    for number in range(100):
        made.feed(TextDelta(f"{number} "))
        stage.look(made)
        clock[0] += 0.01
    stage.close(made)
    assert 10 <= len(cell.handle.bundles) <= 13
    assert cell.handle.bundles[-1] == {"kept": made.text}


def test_a_call_of_a_tool_is_repainted_with_each_state(clock):
    cell, made = Cell(), reply()
    stage = stages.TextStage(cell, "mp3")
    stage.open(made)
    for state in ("running", "running", "done"):
        made.rounds[0].tool_calls = (ToolCall("1", "weather", {}, told="fine", state=state),)
        stage.look(made)
        clock[0] += 1
    _, running, done = cell.handle.bundles
    assert running["text/plain"] == "weather() …\n…"
    assert done["text/plain"] == "weather() → fine\n…"


def test_the_terminal_writes_calls_and_a_new_round_on_lines_of_their_own(capsys):
    stage, made = stages.TerminalStage(Session()), reply(TextDelta("Let me look."))
    stage.look(made)
    made.rounds[0].tool_calls = (ToolCall("1", "weather", {}, told="fine"),)
    stage.look(made)
    stage.look(made)
    made.go_on(made.request)
    stage.look(made)
    made.feed(TextDelta("It is fine."))
    stage.close(made)
    said = capsys.readouterr()
    assert said.out == "Let me look.\nIt is fine.\n"
    assert said.err == "weather() → fine\n"


def test_thinking_is_repainted_too(clock):
    cell, made = Cell(), reply()
    stage = stages.TextStage(cell, "mp3")
    stage.open(made)
    made.feed(ReasoningDelta("Is it a cat?"))
    stage.look(made)
    assert "Is it a cat?" in cell.handle.bundles[-1]["text/html"]


def test_a_long_text_is_repainted_less_often(clock):
    cell, made = Cell(), reply(TextDelta("word " * 20_000))
    stage = stages.TextStage(cell, "mp3")
    stage.open(made)
    for _ in range(100):
        made.feed(TextDelta("!"))
        stage.look(made)
        clock[0] += 0.1
    assert len(cell.handle.bundles) <= 4


class Player:
    """Takes the place of the widget."""

    tail_id = "t"

    def __init__(self) -> None:
        self.packets: list[tuple[int, int]] = []

    def update(self, text, pcm) -> None:
        self.packets.append((len(text), len(pcm)))

    def finish(self, *, stopped) -> None:
        self.packets.append((-1, int(stopped)))


def test_the_first_sound_goes_at_once_and_words_ride_with_the_speech(clock):
    made, stage = reply(modalities=("text", "audio")), stages.SpeechStage(Cell(), "mp3", 0.3)
    player = stage._player = Player()
    stage._handle = Handle()
    made.feed(TextDelta("a"))
    stage.look(made)
    made.feed(AudioDelta(bytes(9600)))
    stage.look(made)
    assert player.packets == [(1, 0), (1, 9600)]
    made.feed(TextDelta("b"))
    for step in (0.2, 0.2, 0.2):
        clock[0] += step
        stage.look(made)
    assert player.packets[2:] == [(2, 9600)]
    made.feed(AudioDelta(bytes(9600)))
    stage.look(made)
    assert len(player.packets) == 3, "packets keep their distance"
    made.finish(stopped="interrupted")
    stage.close(made)
    assert player.packets[3:] == [(2, 19200), (-1, 1)]


@pytest.mark.parametrize("speaks", [True, False])
def test_the_hint_says_how_to_get_speech_where_there_is_none(monkeypatch, speaks):
    monkeypatch.setattr("omni_nb.offline.voice.has_speech", lambda: speaks)
    assert ("pip install 'omni-nb[voice]'" in Session().hint(reply())) != speaks


def test_the_widget_gets_the_price_to_count_with_and_only_when_it_is_known():
    made = reply(modalities=("text", "audio"))
    assert stages.price_of(made) is None
    made.estimate = forecast(made.request, region="beijing")
    price = stages.price_of(made)
    assert price == {
        "per_second": 0.00125,
        "input": 4e-07,
        "currency": "CNY",
        "is_hypothetical": True,
    }
    made.estimate = forecast(made.request, region=None)
    assert stages.price_of(made) is None


class Shut:
    """A stage that cannot be opened, such as a terminal that has gone."""

    can_ask = False

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def open(self, _reply: Reply) -> None:
        raise self._error


@pytest.mark.parametrize("error", [BrokenPipeError(), KeyboardInterrupt()])
@pytest.mark.parametrize("is_async", [False, True])
def test_an_answer_that_could_not_be_shown_is_finished_all_the_same(here, error, is_async):
    chat = omni.Chat(connection=here)
    stream = chat.stream("Who are you?")

    def watch() -> Reply:
        if is_async:
            return asyncio.run(live.watch_async(stream, Shut(error)))
        return live.watch(stream, Shut(error))

    with pytest.raises(type(error)):
        watch()
    assert stream.reply.finish_reason == "interrupted"
    chat.clear()
    assert chat.ask("Who are you?", show=False).finish_reason == "stop"
