"""A file whose path is written as the text of a question is told how to be sent."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import omni_nb as omni
from omni_nb.media.parts import TextPart
from omni_nb.turns.reply import Reply
from omni_nb.views.named_file import named_file_text
from omni_nb.views.session import Session
from omni_nb.wire.request import Message, Request
from tests import media_files

if TYPE_CHECKING:
    from pathlib import Path

PNG = omni.image(np.zeros((40, 40, 3), "uint8")).data
QUESTION = TextPart("What is this?")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my dog.png").write_bytes(PNG)
    (tmp_path / "hum.wav").write_bytes(media_files.audio_file("wav"))
    (tmp_path / "walk.mp4").write_bytes(media_files.video_file("mp4"))
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "photo").write_bytes(PNG)
    (tmp_path / "folder.png").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("my dog.png", 'image="my dog.png"'),
        (" hum.wav\n", 'audio="hum.wav"'),
        ("./walk.mp4", 'video="./walk.mp4"'),
        ("~/hum.wav", 'audio="~/hum.wav"'),
        ("{folder}/my dog.png", 'image="{folder}/my dog.png"'),
    ],
)
def test_a_path_of_a_medium_is_told_how_to_be_sent(text, call, folder):
    text, call = text.format(folder=folder), call.format(folder=folder)
    for parts in ([TextPart(text)], [QUESTION, TextPart(text)]):
        assert call in named_file_text(parts, "en")
        assert call in named_file_text(parts, "zh")
    assert text.strip() in named_file_text([TextPart(text)], "en", key="file in the panel")


@pytest.mark.parametrize(
    "text",
    [
        "What is in my dog.png?",
        "my cat.png",
        "notes.txt",
        "photo",
        "folder.png",
        "",
        "a\0b.png",
        "x.png" * 99,
        "my dog.png\nWhat is this?",
        "https://example.com/my dog.png",
        "~nobody-here/a.png",
    ],
)
def test_any_other_text_is_a_text(text):
    assert named_file_text([TextPart(text)], "en") == ""


class Handle:
    def update(self, bundle, **_) -> None:
        self.bundle = bundle


def test_a_cell_shows_one_grey_line_below_the_question():
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("hum.wav"),)),))
    reply = Reply(request)
    reply.finish()
    session, handle = Session(), Handle()
    session.shell = type("Shell", (), {"execution_count": 1})()
    session.keep(handle, reply, "mp3")
    html = handle.bundle["text/html"]
    assert html.count("omni-aside") == 1
    assert html.index("omni-question") < html.index("omni-aside") < html.index("omni-text")
    assert "audio=&quot;hum.wav&quot;" in html


def test_a_terminal_says_it_beside_the_answer():
    code = "import omni_nb; omni_nb.ask('hum.wav')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'To send the file: audio="hum.wav".' in done.stderr
    assert "To send" not in done.stdout


def test_an_export_for_others_says_nothing_of_the_files_here(tmp_path):
    chat = omni.Chat()
    chat.ask("hum.wav", show=False)
    for name in ("talk.html", "talk.ipynb"):
        assert "To send" not in chat.export(tmp_path / name).read_text("utf-8")
