"""What an answer waits for, an upload or the service: in a cell, in the widget, in a terminal."""

from __future__ import annotations

import html.parser

import pytest

import omni_nb as omni
from omni_nb.media.parts import TextPart
from omni_nb.turns.connection import connection_to
from omni_nb.turns.reply import Reply
from omni_nb.views import stages
from omni_nb.views.session import Session
from omni_nb.views.upload import upload_html, upload_text, worth_showing
from omni_nb.wire.events import TextDelta
from omni_nb.wire.request import Message, Request
from omni_nb.wire.retry import Wait
from omni_nb.wire.upload import UploadProgress
from tests.cases import streams

QUICK = UploadProgress(50, 100, 0.9)
SLOW = UploadProgress(12_300_000, 150_000_000, 2.0)
SLOWER = UploadProgress(75_000_000, 150_000_000, 9.0)
DONE = UploadProgress(150_000_000, 150_000_000, 20.0)


def reply(question: str = "What <b>happens</b>?") -> Reply:
    return Reply(Request("a-model-of-nobody", (Message("user", (TextPart(question),)),)))


class Handle:
    def __init__(self) -> None:
        self.bundles: list[dict] = []

    def update(self, bundle, *, raw: bool) -> None:
        self.bundles.append(bundle)


class Player:
    header_html = ""


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("sent", "total", "seconds_left", "language", "words"),
    [
        (12_300_000, 150_000_000, 8.4, "en", "12.3 of 150 MB · 8 s left"),
        (0, 150_000_000, None, "en", "0.0 of 150 MB"),
        (149_960_000, 150_000_000, 0.2, "en", "150 of 150 MB · 0 s left"),
        (1_000_000, 2_500_000, 150, "en", "1.0 of 2.5 MB · 2 min left"),
        (12_300_000, 150_000_000, 8.4, "zh", "12.3 / 150 MB · 剩余 8 秒"),
        (300_000, 900_000, 600, "zh", "300 / 900 kB · 剩余 10 分钟"),
    ],
)
def test_the_words_tell_bytes_and_time(sent, total, seconds_left, language, words):
    assert upload_text(sent, total, seconds_left, language) == words


def test_the_bar_can_be_read_by_a_screen_reader():
    found = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append(dict(attributes))

    Reader().feed(upload_html(30_000_000, 120_000_000, 8, "zh"))
    bar = next(attributes for attributes in found if attributes.get("role") == "progressbar")
    assert (bar["aria-valuenow"], bar["aria-valuemin"], bar["aria-valuemax"]) == ("25", "0", "100")
    assert bar["aria-label"] == "正在上传"
    assert bar["aria-valuetext"] == "30.0 / 120 MB · 剩余 8 秒"
    assert any("width:25%" in attributes.get("style", "") for attributes in found)


def test_only_a_slow_upload_under_way_is_shown():
    assert [worth_showing(upload) for upload in (None, QUICK, DONE)] == [None] * 3
    assert worth_showing(SLOW) is SLOW


def test_a_text_cell_shows_a_slow_upload_and_then_the_answer(clock):
    stage, made = stages.TextStage(Session(), "mp3"), reply()
    handle = stage._handle = Handle()
    for upload in (None, QUICK, SLOW, SLOW, SLOWER, DONE, DONE):
        stage.look_at_upload(made, upload)
        clock[0] += 0.2
    shown = [bundle["text/plain"] for bundle in handle.bundles]
    assert shown == [
        "Sending: 12.3 of 150 MB · 22 s left",
        "Sending: 75.0 of 150 MB · 9 s left",
        "…",
    ]
    assert "progressbar" in handle.bundles[0]["text/html"]
    assert "What &lt;b&gt;happens&lt;/b&gt;?" in handle.bundles[0]["text/html"]
    assert "progressbar" not in handle.bundles[-1]["text/html"]
    made.feed(TextDelta("A cat."))
    clock[0] += 1
    stage.look(made)
    assert handle.bundles[-1]["text/plain"] == "A cat."


def test_a_spoken_answers_widget_shows_a_slow_upload_below_the_question(clock):
    stage, made = stages.SpeechStage(Session(), "mp3", 0.3), reply("发生了什么?")
    player = stage._player = Player()
    stage.look_at_upload(made, QUICK)
    assert player.header_html == ""
    stage.look_at_upload(made, SLOWER)
    assert "75.0 / 150 MB · 剩余 9 秒" in player.header_html
    assert "发生了什么?" in player.header_html
    stage.look_at_upload(made, DONE)
    assert "progressbar" not in player.header_html
    assert "发生了什么?" in player.header_html


@pytest.mark.parametrize("ends", ["with an answer", "stopped"])
def test_a_terminal_writes_one_line_and_clears_it(clock, capsys, monkeypatch, ends):
    stage, made = stages.TerminalStage(Session()), reply()
    monkeypatch.setattr(stages.sys.stderr, "isatty", lambda: True, raising=False)
    for upload in (QUICK, SLOW, SLOWER):
        stage.look_at_upload(made, upload)
        clock[0] += 1
    if ends == "stopped":
        stage.close(made)
    else:
        stage.look_at_upload(made, DONE)
    written = capsys.readouterr()
    assert written.out == ""
    assert "\n" not in written.err
    assert written.err.split("\r\x1b[2K")[1:] == [
        "Sending: 12.3 of 150 MB · 22 s left",
        "Sending: 75.0 of 150 MB · 9 s left",
        "",
    ]


def test_a_log_file_gets_no_progress(clock, capsys):
    stage = stages.TerminalStage(Session())
    stage.look_at_upload(reply(), SLOW)
    stage.close(reply())
    assert capsys.readouterr().err == ""


ASKED = Wait(seconds=20, is_asked=True)
SOON = Wait(seconds=0.5, is_asked=False)


def test_a_wait_that_the_service_asks_for_is_shown_in_a_cell_until_it_is_over(clock):
    stage, made = stages.TextStage(Session(), "mp3"), reply()
    handle = stage._handle = Handle()
    for made.wait in (SOON, ASKED, None):
        stage.look_at_upload(made, None)
        clock[0] += 1
    assert [bundle["text/plain"] for bundle in handle.bundles] == [
        "The service asks to wait 20 s; then the question is sent again.",
        "…",
    ]
    assert 'role="status"' in handle.bundles[0]["text/html"]
    assert "What &lt;b&gt;happens&lt;/b&gt;?" in handle.bundles[0]["text/html"]


def test_a_spoken_answers_widget_and_a_terminal_say_it_too(clock, capsys, monkeypatch):
    stage, made = stages.SpeechStage(Session(), "mp3", 0.3), reply("发生了什么?")
    player = stage._player = Player()
    made.wait = ASKED
    stage.look_at_upload(made, None)
    assert "服务要求等待 20 秒" in player.header_html
    made.wait = None
    stage.look_at_upload(made, None)
    assert "服务要求等待" not in player.header_html
    monkeypatch.setattr(stages.sys.stderr, "isatty", lambda: True, raising=False)
    terminal = stages.TerminalStage(Session())
    made = reply()
    made.wait = Wait(seconds=3.2, is_asked=False)
    terminal.look_at_upload(made, SLOW)
    assert "the question is sent again in 4 s" in capsys.readouterr().err


def test_a_cell_shows_the_wait_of_a_real_refusal(monkeypatch):
    """The wait goes the whole way: from the service's header into the cell."""
    monkeypatch.setitem(streams.BODIES, "again", (b"{}", {"status": 429, "retry-after": "2"}))
    server, seen = streams.start(), []
    monkeypatch.setattr(
        stages.SilentStage, "look_at_upload", lambda _, reply, __: seen.append(reply.wait)
    )
    there = connection_to(f"http://127.0.0.1:{server.server_port}/again/v1")
    omni.Chat("a-model", connection=there, timeout=0.6).ask("Hi", show=False)
    server.shutdown()
    assert {wait.seconds for wait in seen if wait} == {2}
