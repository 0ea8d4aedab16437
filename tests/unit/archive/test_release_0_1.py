"""What release 0.1 saved is read: a conversation with its media, and a notebook as it was run.

``data/`` was written by that release. The conversation has an image, a spoken question whose
branch was left, settings that changed on the way and media that are no longer sent; the notebook
has two questions in cells and the panel of their chat.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from omni_nb import Chat
from omni_nb.turns.history import Trimming

DATA = Path(__file__).parent / "data"
TALK, LESSON = DATA / "talk_0_1.json", DATA / "lesson_0_1.ipynb"


@pytest.fixture
def talk() -> Chat:
    return Chat.load(TALK)


def asked(replies) -> list[str]:
    return [reply.question[-1].text for reply in replies]


def test_a_conversation_has_its_turns_its_media_and_its_settings(talk):
    assert asked(talk) == ["What is in this picture?", "And which colours has it?", "谢谢！"]
    image = talk[0].question[0]
    assert (image.name, image.width, image.height) == ("ramp.png", 64, 48)
    (file,) = (DATA / "talk_0_1_media").glob("*.png")
    assert image.data == file.read_bytes()
    assert (talk.model, talk.modalities, talk.system) == (
        "qwen3-omni-flash",
        ("text",),
        "You are a cat.",
    )
    assert talk.system_as_turns
    assert dict(talk.options) == {"temperature": 0.5}
    assert talk.trimming == Trimming(media=2)


def test_its_replies_are_complete(talk):
    spoken = talk[1]
    assert (spoken.text, spoken.finish_reason) == ("Okay, it's still me, the", "length")
    assert spoken.usage.input == {"text": 30, "image": 6}
    assert spoken.audio.seconds == pytest.approx(1.831875)
    assert spoken.timing.first_audio_seconds > 0
    assert spoken.is_stand_in
    assert talk[2].audio is None


def test_the_branch_that_was_left_is_a_version_to_go_back_to(talk):
    assert asked(talk.versions(1)) == ["And what is its size?", "And which colours has it?"]
    talk.switch(1, 0)
    assert asked(talk) == ["What is in this picture?", "And what is its size?"]


def test_it_is_gone_on_with_and_saved_anew(talk, tmp_path):
    reply = talk.ask("And now?", show=False)
    assert reply.finish_reason == "stop"
    again = Chat.load(talk.save(tmp_path / "talk.json"))
    assert asked(again) == asked(talk)
    assert [reply.account.estimated for reply in again] == [
        reply.account.estimated for reply in talk
    ]


def test_a_file_of_that_release_is_written_as_it_was(talk, tmp_path):
    """The file that is saved has the fields that were read, for readers of either release."""
    saved = json.loads(talk.save(tmp_path / "talk.json").read_text("utf-8"))
    assert saved == json.loads(TALK.read_text("utf-8"))


def test_a_notebook_has_the_conversation_of_its_cells_and_its_panel():
    chat = Chat.from_notebook(LESSON)
    assert asked(chat) == ["Say: hello.", "And again?"]
    assert chat[0].question[0].name == "ramp.png"
    assert [reply.audio.seconds > 1 for reply in chat] == [True, True]
    assert chat[0].text == "Hi there, I'm the offline"


def test_a_notebook_that_was_copied_elsewhere_is_read_too(tmp_path):
    chat = Chat.from_notebook(shutil.copy(LESSON, tmp_path / "lesson.ipynb"))
    assert len(chat) == 2
