"""No text that a model, a file or a service brings commands a terminal."""

from __future__ import annotations

import io
import re
import sys
import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import ServiceError
from omni_nb.media.parts import ImageURLPart, TextPart
from omni_nb.media.text import plain
from omni_nb.render.bundle import bundle_of, text_of
from omni_nb.render.reply import progress_text, reply_bundle, reply_text
from omni_nb.render.transcript import transcript_bundle
from omni_nb.turns.reply import Reply
from omni_nb.views import stages
from omni_nb.views.session import Session
from omni_nb.wire.events import ReasoningDelta, TextDelta, TranscriptDelta
from omni_nb.wire.request import Message, Request

COMMANDS = {
    "clear the screen": "\x1b[2J\x1b[H",
    "set the title": "\x1b]0;owned\x07",
    "set the clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "a link": "\x1b]8;;https://example.com\x1b\\here\x1b]8;;\x1b\\",
    "colour": "\x1b[31mred",
    "C1 CSI": "\x9b31mred",
    "C1 OSC": "\x9d0;owned\x9c",
    "DCS": "\x1bP+q544e\x1b\\",
    "bell": "\x07",
    "back": "safe\b\b\b\bevil",
    "over the line": "safe\revil",
    "delete": "a\x7f",
    "shift out": "\x0e\x0f",
    "form feed": "\x0c\x0b",
    "nul": "\0",
    "next line": "\x85",
    "half a character": "\ud83d",
}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def reply(text: str, *, spoken: bool = False) -> Reply:
    question = (TextPart(f"Who? {text}"), ImageURLPart(f"https://x/{text}.png"))
    made = Reply(Request("qwen-omni-turbo", (Message("user", question),)))
    made.feed(ReasoningDelta(text))
    made.feed(TranscriptDelta(text) if spoken else TextDelta(text))
    return made


def finished(text: str) -> Reply:
    made = reply(text)
    made.finish(seconds=1, error=ServiceError(text, advice=text))
    return made


DOORS = {
    "a reply": lambda text: reply_text(finished(text)),
    "str": lambda text: str(finished(text)),
    "the bundle of a reply": lambda text: bundle_of(finished(text))["text/plain"],
    "the output of a cell": lambda text: reply_bundle(finished(text))["text/plain"],
    "while it streams": lambda text: progress_text(reply(text)),
    "a conversation": lambda text: transcript_bundle([finished(text)])["text/plain"],
    "a part": lambda text: text_of(ImageURLPart(f"https://x/{text}.png")),
    "a request": lambda text: text_of(finished(text).request),
    "a transcript": lambda text: str(reply(text, spoken=True)),
    "repr": lambda text: repr(finished(text)),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_no_control_character_comes_through(door, command):
    shown = door(f"before {command} after")
    assert not CONTROL.search(shown)
    assert "before" in shown
    assert "after" in shown
    shown.encode()


@given(st.text())
def test_whatever_is_written_what_stays_is_the_same(text):
    shown = plain(text)
    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}} <= {"\n", "\t"}
    assert plain(shown) == shown
    assert re.sub("[\u2400-\u2421\ufffd]", "", shown) == re.sub(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2400-\u2421\ufffd\ud800-\udfff]", "", text
    )


def test_lines_and_tabs_and_signs_stay():
    text = "a\tb\n中文 😀 e\u0301 ‮ ␛"
    assert plain(text) == text
    assert plain("a\r\nb") == "a\nb"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_terminal_is_streamed_to_without_commands(command, size, capsys):
    stage, text = stages.TerminalStage(Session()), f"before {command} after"
    made = reply("")
    for start in range(0, len(text), size):
        made.feed(TextDelta(text[start : start + size]))
        stage.look(made)
    made.finish(seconds=1)
    stage.close(made)
    out = capsys.readouterr().out
    assert not CONTROL.search(out)
    assert out == plain(text) + "\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-8"])
def test_an_output_that_cannot_write_a_character_writes_a_sign(encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    stage, made = stages.TerminalStage(Session()), reply("")
    made.feed(TextDelta("Hi 😀 中 \ud83d\x1b[2J!"))
    made.finish(seconds=1)
    stage.close(made)
    sys.stdout.flush()
    assert b"\x1b" not in raw.getvalue()
    assert raw.getvalue().startswith(b"Hi ")
    assert raw.getvalue().rstrip().endswith(b"!")


ENDINGS = {
    "interrupted": "Interrupted: this is what had arrived.",
    "timeout": "Stopped: the timeout is reached. This is what had arrived.",
    "budget": "Stopped: the budget is spent. This is what had arrived.",
}


@pytest.mark.parametrize(("stopped", "said"), ENDINGS.items(), ids=ENDINGS)
def test_a_terminal_is_told_why_an_answer_is_not_complete(stopped, said, capsys):
    stage, made = stages.TerminalStage(Session()), reply("I am")
    made.finish(seconds=1, stopped=stopped)
    stage.close(made)
    assert capsys.readouterr() == ("I am\n", said + "\n")


def test_a_terminal_is_told_nothing_of_a_complete_answer(capsys):
    stage, made = stages.TerminalStage(Session()), reply("I am")
    made.finish(seconds=1)
    stage.close(made)
    assert capsys.readouterr() == ("I am\n", "")


def test_a_magic_prints_no_commands(capsys):
    from omni_nb.views.magics import magic

    magic._say("\x1b[2Jx")
    assert capsys.readouterr().out == "␛[2Jx\n"


def test_the_text_of_a_cell_that_streams_has_no_commands():
    handle = SimpleNamespace(bundles=[])
    handle.update = lambda bundle, raw: handle.bundles.append(bundle)
    here = Session()
    here.show = lambda bundle: handle
    stage, made = stages.TextStage(here, "mp3"), reply("\x1b[2Jx")
    stage.open(made)
    stage.look(made)
    assert handle.bundles[-1]["text/plain"] == "␛[2Jx"
