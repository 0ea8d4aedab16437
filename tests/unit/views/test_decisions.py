"""A person decides on a tool's call: in a terminal, in a cell's widget, in a panel."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import pytest

import omni_nb as omni
from omni_nb.errors import AnswerError, RequestError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import connection_of
from omni_nb.turns.stream import ReplyStream
from omni_nb.turns.tool_results import ToolCall
from omni_nb.views import stages
from omni_nb.views.decisions import arguments_text, is_yes, question_text
from omni_nb.views.panel import ChatPanel
from omni_nb.views.session import Session
from tests.panel_browser import FakeBrowser, until

if TYPE_CHECKING:
    from omni_nb.views.player import AudioPlayer

ASK = "Call weather: how warm is it in Hangzhou?"
NOT_ALLOWED = "The person did not allow this call."


class Weather:
    """A tool that counts its calls, and waits where it is told to."""

    def __init__(self) -> None:
        self.cities: list[str] = []

    def tool(self) -> Any:
        def weather(city: str) -> dict:
            """The weather now. city: its name in English."""
            self.cities.append(city)
            return {"degrees": 21}

        return weather


@pytest.fixture
def weather():
    return Weather()


@pytest.fixture
def chat(weather):
    with start(Behaviour(pace=0)) as service:
        here = connection_of(service)
        yield omni.Chat("qwen3-omni-flash", tools=[weather.tool()], approve=True, connection=here)


@pytest.fixture
def allowed_calls(monkeypatch):
    """What was allowed, before anything comes of it."""
    allowed, decide = [], ReplyStream.decide

    def note(stream: ReplyStream, call_id: str, is_allowed: Any) -> None:
        if is_allowed is not False:
            allowed.append((call_id, is_allowed))
        decide(stream, call_id, is_allowed)

    monkeypatch.setattr(ReplyStream, "decide", note)
    return allowed


# -- nobody can be asked ---------------------------------------------------------------------


@pytest.mark.parametrize("show", [None, False])
@pytest.mark.parametrize("is_async", [False, True])
def test_where_nobody_can_be_asked_nothing_is_sent(chat, show, is_async, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    monkeypatch.delattr(sys, "ps1", raising=False)

    def ask():
        return asyncio.run(chat.ask_async(ASK, show=show)) if is_async else chat.ask(ASK, show=show)

    with pytest.raises(RequestError, match="nobody can be asked here"):
        ask()
    assert not chat.replies


def cell(*, allow_stdin: bool = True) -> Session:
    shell = MagicMock(execution_count=1)
    shell.get_parent.return_value = {"content": {"allow_stdin": allow_stdin}}
    shell.kernel.session.recv.return_value = (None, None)
    return Session(shell)


@pytest.mark.parametrize(("allow_stdin", "kind"), [(True, "SpeechStage"), (False, "TextStage")])
def test_a_cell_asks_by_a_widget_where_a_page_attends(chat, allow_stdin, kind, monkeypatch):
    monkeypatch.setattr(stages, "session", lambda: cell(allow_stdin=allow_stdin))
    stream = chat.stream(ASK)
    shown = {"show": None, "storage": "mp3", "prebuffer_seconds": 0.3}
    stage = stages.choose_stage(stream.reply, asks=stream.asks_a_person, **shown)
    assert type(stage).__name__ == kind
    assert stage.can_ask == allow_stdin
    assert isinstance(stages.choose_stage(stream.reply, **shown), stages.TextStage)


# -- a terminal ------------------------------------------------------------------------------


@pytest.fixture
def typing(monkeypatch):
    """Standard input of a terminal, to which text is typed."""
    master, slave = os.openpty()
    with os.fdopen(slave, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield lambda text: os.write(master, text)
    os.close(master)


@pytest.mark.parametrize(
    ("typed", "cities"),
    [(b"yes\n", ["Hangzhou"]), (b"Y\n", ["Hangzhou"]), (b"\n", []), (b"no\n", []), (b"\x04", [])],
)
def test_a_terminal_asks_and_only_a_yes_allows(chat, weather, typing, typed, cities, capsys):
    typing(typed)
    reply = chat.ask(ASK)
    assert weather.cities == cities
    (call,) = reply.tool_calls
    assert call.error == (None if cities else NOT_ALLOWED)
    said = capsys.readouterr()
    assert said.out == f"{reply.text}\n"
    assert said.err.count("May this tool be called? weather(city='Hangzhou')") == 1


def test_a_timeout_ends_the_waiting_in_a_terminal(chat, weather, typing):
    chat.timeout = 0.5
    reply = chat.ask(ASK)
    assert (reply.finish_reason, weather.cities) == ("timeout", [])


def test_what_is_asked_commands_no_terminal():
    call = ToolCall("1", "a", {"b": "\x1b[2J\x07", "c": "x" * 99_999})
    said = stages.printable(question_text(call, "en"), sys.stderr)
    assert "\x1b" not in said
    assert len(said) < 5_000


def test_what_is_asked_cannot_be_turned_around_or_be_hidden():
    call = ToolCall("1", "a", {"b": "x\u202ey", "c": "\u2067z", "d": "杭州\n"})
    assert arguments_text(call) == 'b = "x\\u202ey"\nc = "\\u2067z"\nd = "杭州\\n"'
    assert arguments_text(ToolCall("1", "a", {"b": "x" * 99_999})).endswith("…")


def test_a_chinese_yes_counts():
    assert [is_yes(said, "zh") for said in ("是", "允许", "yes", "不", "")] == [True] * 3 + [
        False
    ] * 2


# -- a cell's widget -------------------------------------------------------------------------


class Page:
    """A cell whose page shows the player."""

    def __init__(self, chat, monkeypatch, question: str = ASK) -> None:
        self.question = question
        self.session = cell()
        self.session.show = lambda bundle: MagicMock()
        self.session.keep = lambda *_, **__: None
        self.typed: list[str] = []
        self.session.typed = lambda: [self.typed.pop()] if self.typed else []
        self.players: list[AudioPlayer] = []
        self.session.note_player = self.players.append
        monkeypatch.setattr(stages, "session", lambda: self.session)
        self.chat, self.reply = chat, None
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()
        self.player = until(lambda: next(iter(self.players), None))

    def ask(self) -> None:
        self.reply = self.chat.ask(self.question)

    def message(self, allowed: bool | None, call: int = 0) -> dict[str, Any]:
        return {
            "type": "decide",
            "call": call,
            "allowed": allowed,
            "tail_id": self.player.tail_id,
        }

    def over(self):
        self.thread.join(30)
        return self.reply


@pytest.fixture
def page(chat, monkeypatch):
    return Page(chat, monkeypatch)


@pytest.mark.parametrize("road", ["comm", "typed"])
@pytest.mark.parametrize("allowed", [True, False])
def test_a_click_in_a_cell_decides(page, weather, allowed, road):
    asked = until(lambda: page.player.asks)
    assert asked == {"call": 0, "name": "weather", "arguments": 'city = "Hangzhou"'}
    for message in (page.message(None), page.message(allowed)):
        if road == "comm":
            page.player._handle_custom_msg(message, [])
        else:
            page.typed.insert(0, json.dumps(message))
    assert page.over().tool_calls[0].error == (None if allowed else NOT_ALLOWED)
    assert weather.cities == ["Hangzhou"] * allowed
    assert page.player.asks is None
    assert "weather" in page.player.header_html


def test_a_cell_says_which_tools_run(monkeypatch):
    goes_on = threading.Event()

    def slow(city: str) -> int:
        "The weather now. city: its name in English."
        goes_on.wait(30)
        return len(city)

    with start(Behaviour(pace=0)) as service:
        here = connection_of(service)
        chat = omni.Chat("qwen3-omni-flash", tools=[slow], approve=True, connection=here)
        page = Page(chat, monkeypatch, "Call slow: how warm is it in Hangzhou?")
        until(lambda: page.player.asks)
        assert page.player.calling == ""
        page.player._handle_custom_msg(page.message(allowed=True), [])
        until(lambda: page.player.calling == "slow")
        goes_on.set()
        page.over()
    assert page.player.calling == ""


@pytest.mark.parametrize("form", [None, list[int]])
def test_the_page_knows_whether_data_comes(chat, monkeypatch, form):
    chat.response_format = form
    page = Page(chat, monkeypatch)
    until(lambda: page.player.asks)
    page.player._handle_custom_msg(page.message(allowed=False), [])
    page.over()
    assert page.player.is_data == (form is not None)


@pytest.mark.parametrize(
    "message",
    [
        {"allowed": "yes"},
        {"allowed": 1},
        {"call": 1},
        {"call": "0"},
        {"call": [0]},
        {"tail_id": "another widget"},
        {"type": "decision"},
    ],
)
def test_what_is_no_decision_allows_nothing(allowed_calls, page, weather, message):
    until(lambda: page.player.asks)
    page.typed += ["[" * 9999, "yes", "null", json.dumps({**page.message(True), **message})]
    until(lambda: not page.typed or not page.thread.is_alive())
    page.player._handle_custom_msg({"type": "stop"}, [])
    assert page.over().finish_reason == "interrupted"
    assert weather.cities == allowed_calls == []


def test_a_page_that_cannot_be_heard_is_asked_at_the_kernel_s_prompt(chat, weather, monkeypatch):
    asked = []
    monkeypatch.setattr(stages, "UNHEARD_SECONDS", 0)
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or "yes")
    page = Page(chat, monkeypatch)
    page.over()
    assert weather.cities == ["Hangzhou"]
    assert len(asked) == 1


@pytest.mark.parametrize("error", [EOFError, RuntimeError])
def test_a_prompt_that_cannot_be_answered_means_no(chat, weather, monkeypatch, error):
    monkeypatch.setattr(stages, "UNHEARD_SECONDS", 0)
    monkeypatch.setattr("builtins.input", MagicMock(side_effect=error))
    assert Page(chat, monkeypatch).over().tool_calls[0].error == NOT_ALLOWED
    assert weather.cities == []


def test_a_decision_counts_for_its_call_alone():
    """Services give an id twice: what is said of one call says nothing of the next."""
    made = []

    def clear(folder: str) -> str:
        """Empty a folder. folder: its name."""
        made.append(folder)
        return "done"

    with start(Behaviour(pace=0, fault="call_no_id")) as service:
        here = connection_of(service)
        chat = omni.Chat("qwen3-omni-flash", tools=[clear], approve=True, connection=here)
        stream = chat.stream("Call clear with the folder a.")
        stream.can_ask = True
        stream.decide("call_0", allowed=True)  # before it is asked
        reader = threading.Thread(target=lambda: list(stream), daemon=True)
        reader.start()
        calls = stream.reply.rounds[0]
        until(lambda: any(call.state != "running" for call in calls.tool_calls))
        stream.stop()
        reader.join(30)
    assert made == []


# -- a panel ---------------------------------------------------------------------------------


@pytest.fixture
def browser(monkeypatch):
    return FakeBrowser(monkeypatch)


@pytest.fixture
def panel(browser, chat):
    shown = ChatPanel(chat, language="en")
    yield shown
    shown.close()


def asked_in(browser: FakeBrowser, panel: ChatPanel) -> dict[str, Any]:
    browser.say(panel, type="send", draft="d", text=ASK)

    def asked() -> Any:
        several = [record for message in browser.of("turns") for record in message["records"]]
        return next((record for record in several if record["asks"]), None)

    return until(asked)


def last(panel: ChatPanel) -> Any:
    return until(lambda: panel.chat.replies[-1].is_finished and panel.chat.replies[-1])


@pytest.mark.parametrize("allowed", [True, False])
def test_a_click_in_the_panel_decides(browser, panel, weather, allowed):
    record = asked_in(browser, panel)
    assert record["asks"]["arguments"] == 'city = "Hangzhou"'
    assert "waits for a decision" in record["calls_html"]
    browser.say(panel, type="decide", turn=record["turn"], call=0, allowed=allowed)
    assert last(panel).tool_calls[0].error == (None if allowed else NOT_ALLOWED)
    assert weather.cities == ["Hangzhou"] * allowed
    end = until(lambda: [r for r in all_records(browser) if r["state"] == "over"])[-1]
    assert end["asks"] is None
    assert "<details" in end["calls_html"]


def test_a_panel_says_which_tools_run(browser):
    goes_on = threading.Event()

    def weather(city: str) -> int:
        "The weather now. city: its name in English."
        goes_on.wait(30)
        return len(city)

    with start(Behaviour(pace=0)) as service:
        here = connection_of(service)
        chat = omni.Chat("qwen3-omni-flash", tools=[weather], connection=here)
        panel = ChatPanel(chat, language="en")
        browser.say(panel, type="send", draft="d", text=ASK)
        until(lambda: any(record["calling"] == "weather" for record in all_records(browser)))
        goes_on.set()
        end = until(lambda: [r for r in all_records(browser) if r["state"] == "over"])[-1]
        panel.close()
    assert end["calling"] == ""


def all_records(browser: FakeBrowser) -> list[dict[str, Any]]:
    several = [record for message in browser.of("turns") for record in message["records"]]
    return several + [message["record"] for message in browser.of("end")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"turn": "other"},
        {"call": 1},
        {"call": -1},
        {"call": None},
        {"allowed": "yes"},
        {"allowed": 1},
    ],
)
def test_what_is_no_decision_allows_nothing_in_the_panel(
    browser, panel, weather, allowed_calls, wrong
):
    record = asked_in(browser, panel)
    message = {"type": "decide", "turn": record["turn"], "call": 0, "allowed": True, **wrong}
    browser.say(panel, **message)
    browser.say(panel, type="stop", turn=record["turn"])
    last(panel)
    assert weather.cities == allowed_calls == []


def test_closing_the_panel_ends_the_waiting(browser, panel, weather):
    asked_in(browser, panel)
    panel.close()
    assert last(panel).finish_reason == "interrupted"
    assert weather.cities == []


def test_a_turn_that_cannot_be_used_says_so_once(browser):
    with start(Behaviour(pace=0, fault="json_unfit_always")) as service:
        shown = ChatPanel(omni.Chat(response_format=list[int], connection=connection_of(service)))
        browser.say(shown, type="send", draft="d", text="Count.")
        until(lambda: shown.chat.replies and shown.chat.replies[-1].is_finished)
        assert isinstance(shown.chat.replies[-1].error, AnswerError)
        end = until(lambda: [r for r in all_records(browser) if r["state"] == "over"])[-1]
        shown.close()
    assert "cannot be used" in end["note"]
    assert (end["is_data"], end["answer_html"]) == (True, "")
    assert browser.of("notice") == []


def test_the_panel_shows_data_as_a_table_in_place_of_its_text(browser):
    with start(Behaviour(pace=0)) as service:
        shown = ChatPanel(omni.Chat(response_format=list[int], connection=connection_of(service)))
        browser.say(shown, type="send", draft="d", text="Count.")
        end = until(lambda: [r for r in all_records(browser) if r["state"] == "over"])[-1]
        shown.close()
    assert "omni-value" in end["answer_html"]
    assert "filled the form" in end["facts_html"]


def test_what_is_typed_is_read_on_the_main_thread_alone():
    session, read = cell(), []
    several = iter([(b"", {"content": {"value": "a"}}), (b"", {"content": {"value": 3}})])
    session.shell.kernel.session.recv = lambda _: next(several, (None, None))
    elsewhere = threading.Thread(target=lambda: read.append(session.typed()))
    elsewhere.start()
    elsewhere.join()
    assert read == [[]]
    assert session.typed() == ["a"]
    assert Session(SimpleNamespace(events=MagicMock(), display_formatter=MagicMock())).typed() == []
