"""Several turns, saved and taken up again, as the service receives them."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest

from omni_nb.chat.conversation import Conversation
from omni_nb.media.clip import AudioClip
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret

pytestmark = pytest.mark.once

HUM = AudioClip(array("h", [int(9000 * math.sin(n / 9)) for n in range(48_000)]).tobytes())


@pytest.fixture
def service(standin) -> Connection:
    return Connection(Endpoint(standin.base_url, Secret(standin.api_key)))


def ask(chat: Conversation, *content, **media):
    with chat.stream(*content, **media) as stream:
        for _ in stream:
            pass
    return stream.reply


def test_turns_over_different_media_are_sent_as_the_documentation_has_them(standin, service):
    chat = Conversation(
        "qwen-omni-turbo", connection=service, system="You are a helpful assistant."
    )
    first = ask(chat, "这段音频在说什么", audio=HUM)
    second = ask(chat, "图中描绘的是什么景象?", image=np.zeros((60, 80, 3), "uint8"))
    third = ask(chat, "有什么不同?")
    messages = standin.requests[-1]["messages"]
    assert [message["role"] for message in messages] == [
        "system",
        *["user", "assistant"] * 2,
        "user",
    ]
    assert [part["type"] for part in messages[1]["content"]] == ["input_audio", "text"]
    assert [part["type"] for part in messages[3]["content"]] == ["image_url", "text"]
    assert [messages[2]["content"], messages[4]["content"]] == [first.text, second.text]
    assert third.finish_reason == "stop"


def test_system_as_turns_is_accepted_with_speech(standin, service):
    chat = Conversation(
        "qwen-omni-turbo",
        voice="Cherry",
        system="You are a cat.",
        system_as_turns=True,
        connection=service,
    )
    assert ask(chat, "Who are you?").audio
    roles = [message["role"] for message in standin.requests[-1]["messages"]]
    assert roles == ["user", "assistant", "user"]


def test_a_saved_conversation_goes_on_with_the_same_history(standin, service, tmp_path):
    chat = Conversation("qwen-omni-turbo", voice="Cherry", connection=service)
    answer = ask(chat, "What do you hear?", audio=HUM)
    path = chat.save(tmp_path / "talk.json")
    loaded = Conversation.load(path, connection=service)
    assert loaded.replies[0].audio == answer.audio
    assert loaded.usage == chat.usage
    ask(chat, "And now?")
    ask(loaded, "And now?")
    before, after = standin.requests[-2:]
    assert after == before


def test_trimmed_media_are_not_sent(standin, service):
    chat = Conversation("qwen-omni-turbo", connection=service)
    ask(chat, "What do you hear?", audio=HUM)
    heavy = ask(chat, "And now?")
    report = chat.trim(keep=0)
    chat.undo()
    light = ask(chat, "And now?")
    assert "input_audio" not in str(standin.requests[-1])
    assert heavy.usage.input["audio"] == report.before.tokens["audio"]
    assert "audio" not in light.usage.input


def test_an_edited_question_is_asked_in_a_branch(standin, service):
    chat = Conversation("qwen-omni-turbo", connection=service)
    ask(chat, "What do you hear?", audio=HUM)
    ask(chat, "And now?")
    branch = chat.fork(at=0)
    ask(branch, *chat.reworded(0, "How long is it?"))
    sent = standin.requests[-1]["messages"]
    assert [part["type"] for part in sent[0]["content"]] == ["input_audio", "text"]
    assert sent[0]["content"][1]["text"] == "How long is it?"
    assert [len(chat.replies), len(branch.replies)] == [2, 1]
