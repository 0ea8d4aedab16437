"""Every example of the documentation: each input by URL and by base64, and several turns.

Our own client must send the documented body; the stand-in must take that body from our client,
from the plain Python SDK, from the Node.js SDK and from curl, and say the same to all of them.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from omni_nb.chat.conversation import Conversation
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret
from tests.media_files import audio_file, frame_pixels, video_file
from tests.protocol.documented import CLIENT_PARAMETERS, Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omni_nb.offline.server import StandIn

pytestmark = pytest.mark.once


def encoded_picture(form: str, width: int, height: int, moment: float = 0.5) -> bytes:
    Image.fromarray(frame_pixels(moment, width, height)).save(file := io.BytesIO(), form)
    return file.getvalue()


FILES = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN"
DOG_URL = f"{FILES}/20241022/emyrja/dog_and_girl.jpeg"
WELCOME_URL = "https://dashscope.oss-cn-beijing.aliyuncs.com/audios/welcome.mp3"
CLIP_URL = f"{FILES}/20241115/cqqkru/1.mp4"
FOOTBALL_URLS = [
    f"{FILES}/20241108/{folder}/football{number}.jpg"
    for number, folder in enumerate(("xzsgiz", "tdescd", "zefdja", "aedbqh"), 1)
]
DOG = encoded_picture("PNG", 640, 480)
WELCOME = audio_file("mp3", seconds=2.0)
CLIP = video_file("mp4", seconds=2.0)
FOOTBALL = [encoded_picture("JPEG", 320, 240, moment) for moment in (0, 0.3, 0.6, 1)]


def data_url(data: bytes, mime: str = "") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def image_part(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def audio_part(url: str) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": url, "format": "mp3"}}


def video_part(url: str) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": url}}


def frames_part(urls: list[str]) -> dict[str, Any]:
    return {"type": "video", "video": urls}


@dataclass(frozen=True)
class Example:
    """What a person passes, the documented content part of it, and words of the answer."""

    name: str
    question: str
    media: Mapping[str, Any] = field(default_factory=dict)
    part: Mapping[str, Any] | None = None
    words: tuple[str, ...] = ()

    @property
    def message(self) -> dict[str, Any]:
        if self.part is None:
            return {"role": "user", "content": self.question}
        text = {"type": "text", "text": self.question}
        return {"role": "user", "content": [self.part, text]}


EXAMPLES = [
    Example("text", "你是谁", words=("离线模拟服务", "你是谁")),
    Example(
        "image by URL",
        "图中描绘的是什么景象?",
        {"image": DOG_URL},
        image_part(DOG_URL),
        ("没有去取",),
    ),
    Example(
        "image by base64",
        "图中描绘的是什么景象?",
        {"image": DOG},
        image_part(data_url(DOG, "image/png")),
        ("640", "480"),
    ),
    Example(
        "audio by URL",
        "这段音频在说什么",
        {"audio": WELCOME_URL},
        audio_part(WELCOME_URL),
        ("没有去取",),
    ),
    Example(
        "audio by base64",
        "这段音频在说什么",
        {"audio": WELCOME},
        audio_part(data_url(WELCOME)),
        ("秒",),
    ),
    Example(
        "frames by URL",
        "描述这个视频的具体过程",
        {"frames": FOOTBALL_URLS},
        frames_part(FOOTBALL_URLS),
        ("没有去取",),
    ),
    Example(
        "frames by base64",
        "描述这个视频的具体过程",
        {"frames": FOOTBALL},
        frames_part([data_url(frame, "image/jpeg") for frame in FOOTBALL]),
        ("4",),
    ),
    Example(
        "video by URL",
        "视频的内容是什么?",
        {"video": CLIP_URL},
        video_part(CLIP_URL),
        ("没有去取",),
    ),
    Example(
        "video by base64",
        "视频的内容是什么?",
        {"video": CLIP},
        video_part(data_url(CLIP)),
        ("秒",),
    ),
]
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
SPOKEN = {"modalities": ["text", "audio"], "audio": {"voice": "Cherry", "format": "wav"}}


def body(messages: list[Any], wanted: Mapping[str, Any] = SPOKEN) -> dict[str, Any]:
    return {
        "model": "qwen-omni-turbo",
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **wanted,
    }


def talk(standin: StandIn, **settings: Any) -> Conversation:
    endpoint = Endpoint(standin.base_url, Secret(standin.api_key))
    return Conversation(connection=Connection(endpoint), **settings)


def ask_ours(chat: Conversation, question: str, **media: Any) -> None:
    for _ in chat.stream(question, **media):
        pass


@each_example
def test_our_client_sends_the_documented_body(standin: StandIn, example: Example) -> None:
    ask_ours(talk(standin, voice="Cherry"), example.question, **example.media)

    assert standin.requests[-1] == body([example.message])


@pytest.mark.slow
@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
@each_example
def test_every_documented_client_hears_what_ours_hears(
    standin: StandIn, ask: Callable[[StandIn, dict[str, Any]], Heard], example: Example
) -> None:
    chat = talk(standin, voice="Cherry")
    ask_ours(chat, example.question, **example.media)
    (reply,) = chat.replies

    heard = ask(standin, body([example.message]))

    assert heard.transcript == reply.text
    assert all(word in reply.text for word in ("离线模拟服务", *example.words)), reply.text
    assert len(heard.way_1) == len(reply.pcm) > 24_000
    assert heard.usage["prompt_tokens"] == reply.usage.input_total


@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
def test_the_example_of_several_turns_over_different_media(
    standin: StandIn, ask: Callable[[StandIn, dict[str, Any]], Heard]
) -> None:
    chat = talk(standin)
    ask_ours(chat, "这段音频在说什么", audio=WELCOME)
    ask_ours(chat, "介绍一下这家公司?")
    ask_ours(chat, "图中是什么?", image=DOG)

    messages = [
        EXAMPLES[4].message,
        {"role": "assistant", "content": chat.replies[0].text},
        {"role": "user", "content": "介绍一下这家公司?"},
        {"role": "assistant", "content": chat.replies[1].text},
        {
            **EXAMPLES[2].message,
            "content": [EXAMPLES[2].part, {"type": "text", "text": "图中是什么?"}],
        },
    ]
    assert standin.requests[-1] == body(messages, {"modalities": ["text"]})
    heard = ask(standin, body(messages, {"modalities": ["text"]}))
    assert heard.content == chat.replies[2].text
    assert "第3轮" in heard.content
    counted = heard.usage["prompt_tokens_details"]
    assert counted["audio_tokens"] == 50
    assert counted["image_tokens"] == 393
