"""A conversation with each kind of server, over HTTP: the same answer, sample by sample."""

from __future__ import annotations

import io
import struct
from functools import cache

import pytest
from PIL import Image

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import RequestError, ServiceError
from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import AudioPart, FramesPart, ImagePart, VideoURLPart
from omni_nb.media.sources import LocalSource
from omni_nb.offline import stream as stand_in_stream
from omni_nb.offline.behaviour import SERVER_DIALECTS, Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret

pytestmark = pytest.mark.once

MODEL = "qwen-omni-turbo"
OTHERS = [dialect for dialect in SERVER_DIALECTS if dialect != "dashscope"]


def sound(seconds: float) -> AudioPart:
    """A square wave as a WAV file."""
    pcm = struct.pack("<16h", *[4000] * 8, *[-4000] * 8) * int(seconds * 1500)
    source = LocalSource(AudioClip(pcm).to_wav(), "beep.wav")
    return AudioPart(source, "wav", "audio/wav", seconds, 24000, 1, "beep.wav")


def picture() -> ImagePart:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "PNG")
    return ImagePart(file.getvalue(), "image/png", 64, 48, "teal.png")


QUESTIONS = {
    "words": ["Who are you?"],
    "a picture": [picture(), "What is this?"],
    "a sound": [sound(1.5), "What do you hear?"],
    # above the size from which media are spliced into the body while it is sent
    "a long sound": [sound(8), "What do you hear?"],
}


@pytest.fixture(autouse=True)
def speech_that_is_always_the_same(monkeypatch):
    """The synthesizer keeps a state of its own; the same sentence is said once and kept."""
    monkeypatch.setattr(stand_in_stream, "speak", SPEAK)


SPEAK = cache(stand_in_stream.speak)


@pytest.fixture(scope="module")
def standins():
    running = {name: start(Behaviour(pace=0, dialect=name), remember=9) for name in SERVER_DIALECTS}
    yield running
    for standin in running.values():
        standin.stop()


def connected(standin, dialect: str | None = None) -> Connection:
    spoken = dialect or standin.behaviour.dialect.removesuffix("-next")
    return Connection(Endpoint(standin.base_url, Secret(standin.api_key), spoken))


def conversation(standin, *, voice="Cherry", model=MODEL, dialect=None, **options) -> Conversation:
    return Conversation(model, voice=voice, connection=connected(standin, dialect), **options)


def ask(chat: Conversation, *question):
    with chat.stream(*question) as stream:
        for _ in stream:
            pass
    return stream.reply


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("dialect", OTHERS)
def test_every_server_gives_the_same_answer_sample_by_sample(standins, dialect, question):
    expected = ask(conversation(standins["dashscope"]), *question)
    reply = ask(conversation(standins[dialect]), *question)
    assert reply.text == expected.text
    assert reply.text
    assert reply.pcm == expected.pcm
    assert reply.audio.seconds > 1
    assert (reply.finish_reason, reply.error) == ("stop", None)
    assert abs(reply.usage.total - expected.usage.total) <= 8


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_written_answer_is_the_same_everywhere(standins, dialect):
    expected = ask(conversation(standins["dashscope"], voice=None), "Who are you?")
    reply = ask(conversation(standins[dialect], voice=None), "Who are you?")
    assert (reply.text, reply.audio, reply.finish_reason) == (expected.text, None, "stop")
    assert reply.usage.total == expected.usage.total


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_second_turn_remembers_the_first(standins, dialect):
    chats = [conversation(standins[name], voice=None) for name in ("dashscope", dialect)]
    for chat in chats:
        ask(chat, picture(), "What is this?")
    expected, reply = (ask(chat, "And why?") for chat in chats)
    if dialect == "sglang-omni":  # its media have no place, so they are taken for the last turn's
        assert "turn 2" in reply.text.lower()
    else:
        assert reply.text == expected.text


def test_each_server_is_sent_its_own_form(standins):
    asked = {}
    for name in ("dashscope", *OTHERS):
        ask(conversation(standins[name], voice=None), *QUESTIONS["a sound"])
        asked[name] = standins[name].requests[-1]
    parts = {name: body["messages"][0]["content"] for name, body in asked.items()}
    assert parts["dashscope"][0]["input_audio"]["data"].startswith("data:;base64,UklGR")
    assert parts["openai"][0]["input_audio"]["data"].startswith("UklGR")
    assert parts["vllm-omni"][0]["audio_url"]["url"].startswith("data:audio/wav;base64,UklGR")
    assert parts["sglang-omni"] == "What do you hear?"
    assert asked["sglang-omni"]["audios"][0].startswith("data:audio/wav;base64,UklGR")


@pytest.mark.parametrize("dialect", ["openai", "vllm-omni", "sglang-omni"])
def test_dashscopes_own_form_is_refused_by_the_other_servers(standins, dialect):
    with pytest.raises(ServiceError) as caught:
        ask(conversation(standins[dialect], dialect="dashscope"), *QUESTIONS["a sound"])
    assert caught.value.status_code == 400


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_model_and_voice_of_another_house_are_taken(standins, dialect):
    reply = ask(conversation(standins[dialect], model="gpt-audio", voice="alloy"), "Who are you?")
    assert reply.audio.seconds > 1
    assert reply.cost is None


@pytest.mark.parametrize("dialect", ["vllm-omni", "sglang-omni"])
def test_frames_arrive_as_pictures_in_order(standins, dialect):
    frames = FramesPart((picture(),) * 4)
    reply = ask(conversation(standins[dialect], voice=None), frames, "What happens?")
    expected = ask(conversation(standins["dashscope"], voice=None), *frames.images, "What happens?")
    assert reply.text == expected.text


def test_what_a_server_cannot_be_told_is_never_sent(standins):
    before = len(standins["openai"].requests)
    chat = conversation(standins["openai"])
    with pytest.raises(RequestError, match="OpenAI takes no video"):
        ask(chat, VideoURLPart("https://example.com/a.mp4"), "What happens?")
    assert len(standins["openai"].requests) == before


@pytest.fixture
def server():
    """Start stand-ins that behave as a test needs, and end them after it."""
    running = []

    def begin(**behaviour):
        running.append(start(Behaviour(pace=0, **behaviour)))
        return running[-1]

    yield begin
    for standin in running:
        standin.stop()


def test_openai_may_end_without_a_finish_reason(standins, server):
    expected = ask(conversation(standins["dashscope"]), "Who are you?")
    reply = ask(conversation(server(dialect="openai", fault="no_finish")), "Who are you?")
    assert (reply.text, reply.pcm) == (expected.text, expected.pcm)
    assert (reply.finish_reason, reply.error) == (None, None)


@pytest.mark.parametrize("dialect", OTHERS)
def test_an_answer_that_breaks_off_is_known_and_keeps_what_came(server, dialect):
    """Also where every piece of speech says that it is finished (vLLM-Omni)."""
    with pytest.raises(ServiceError, match="broke off") as caught:
        ask(conversation(server(dialect=dialect, fault="drop", fault_after=14)), "Who are you?")
    assert caught.value.reply.text
    assert caught.value.reply.finish_reason == "error"


@pytest.mark.parametrize("dialect", ["vllm-omni", "vllm-omni-next", "sglang-omni"])
def test_an_answer_that_ends_too_early_without_a_word_is_known(server, dialect):
    chat = conversation(server(dialect=dialect, fault="cut_last_event"))
    with pytest.raises(ServiceError, match="ended without a finish_reason") as caught:
        ask(chat, "Who are you?")
    assert caught.value.reply.pcm


@pytest.mark.parametrize("fault", ["crlf", "comments", "cut_anywhere", "odd_pieces"])
@pytest.mark.parametrize("dialect", OTHERS)
def test_however_the_stream_is_written_the_speech_is_the_same(standins, server, dialect, fault):
    expected = ask(conversation(standins["dashscope"]), "Who are you?")
    reply = ask(conversation(server(dialect=dialect, fault=fault)), "Who are you?")
    assert (reply.text, reply.pcm) == (expected.text, expected.pcm)
