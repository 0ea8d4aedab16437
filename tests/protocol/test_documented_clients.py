"""Each text and image example of the documentation, sent for real by the clients it names.

The examples are those of 文本输入, 图片+文本输入, 多轮对话 (with text, as audio is not served yet),
解析输出的Base64 编码的音频数据 (way 1 and way 2) and 输入 Base64 编码的本地文件 (图片).
"""

from __future__ import annotations

import base64
import io
import json
import wave
from typing import TYPE_CHECKING, Any

import openai
import pytest
from PIL import Image

from omni_nb.rules.catalog import find_model
from tests.protocol.documented import CLIENT_PARAMETERS, Heard, ask_python_sdk, run_curl, run_node

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.offline.server import StandIn

SYSTEM = {
    "role": "system",
    "content": [{"type": "text", "text": "You are a helpful assistant."}],
}
DOG_AND_GIRL = (
    "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20241022/emyrja/"
    "dog_and_girl.jpeg"
)


def eagle_png() -> str:
    """The documentation's eagle.png: a picture of our own, base64 as the example encodes it."""
    picture = Image.new("RGB", (640, 480), "skyblue")
    picture.paste("saddlebrown", (200, 150, 440, 330))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def documented(messages: list[Any], *, spoken: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "model": "qwen-omni-turbo",
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "modalities": ["text", "audio"] if spoken else ["text"],
        **({"audio": {"voice": "Cherry", "format": "wav"}} if spoken else {}),
        **more,
    }


def with_image(url: str) -> dict[str, Any]:
    return {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": "图中描绘的是什么景象?"},
        ],
    }


TEXT = documented([{"role": "user", "content": "你是谁"}])
TEXT_WITH_SYSTEM = documented(
    [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "你是谁?"},
    ]
)
IMAGE_URL = documented([SYSTEM, with_image(DOG_AND_GIRL)])
IMAGE_BASE64 = documented([SYSTEM, with_image(f"data:image/png;base64,{eagle_png()}")])
TURNS = documented(
    [
        SYSTEM,
        {"role": "user", "content": [{"type": "text", "text": "阿里云是什么?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "一家云计算公司"}]},
        {"role": "user", "content": [{"type": "text", "text": "介绍一下这家公司?"}]},
    ],
    spoken=False,
)


@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
@pytest.mark.parametrize(
    ("request_body", "words"),
    [
        pytest.param(TEXT, ["离线模拟服务", "你是谁"], id="text"),
        pytest.param(TEXT_WITH_SYSTEM, ["离线模拟服务", "你是谁?"], id="text with system message"),
        pytest.param(IMAGE_URL, ["离线模拟服务", "没有去取"], id="image by URL"),
        pytest.param(
            IMAGE_BASE64,
            ["离线模拟服务", "宽640像素", "高480像素", "蓝色", "棕色"],
            id="image by base64",
        ),
    ],
)
def test_a_spoken_example_gives_transcript_sound_and_usage(
    standin: StandIn, ask: Callable[..., Heard], request_body: dict[str, Any], words: list[str]
) -> None:
    heard = ask(standin, request_body)

    assert all(word in heard.transcript for word in words), heard.transcript
    assert heard.content == ""
    assert not any("data" in d["audio"] and "transcript" in d["audio"] for d in audio(heard))
    assert heard.way_1 == heard.way_2
    assert wav_seconds(heard.way_1) == pytest.approx(spoken_seconds(heard), abs=1 / 25)
    assert wav_seconds(heard.way_1) > 5
    assert heard.deltas[0] == {"content": "", "role": "assistant"}
    assert heard.chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert len({chunk["id"] for chunk in heard.chunks}) == 1


@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
def test_the_multi_turn_example_gives_text_that_remembers(
    standin: StandIn, ask: Callable[..., Heard]
) -> None:
    heard = ask(standin, TURNS)

    assert "第2轮" in heard.content
    assert "阿里云是什么?" in heard.content
    assert heard.transcript == ""
    assert heard.way_1 == b""
    assert "audio_tokens" not in heard.usage["completion_tokens_details"]


@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
def test_newer_models_send_the_text_of_speech_as_content(
    standin: StandIn, ask: Callable[..., Heard]
) -> None:
    heard = ask(standin, TEXT | {"model": "qwen3-omni-flash"})

    assert "离线模拟服务" in heard.content
    assert heard.transcript == ""
    assert heard.way_1 == heard.way_2
    assert wav_seconds(heard.way_1) == pytest.approx(spoken_seconds(heard), abs=1 / 12.5)


@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
def test_image_tokens_follow_the_documented_rule(
    standin: StandIn, ask: Callable[..., Heard]
) -> None:
    seen = ask(standin, IMAGE_BASE64).usage
    unseen = ask(standin, IMAGE_URL).usage

    assert seen["prompt_tokens_details"]["image_tokens"] == 393  # 640 × 480, by the spec's code
    assert seen["total_tokens"] == seen["prompt_tokens"] + seen["completion_tokens"]
    assert "image_tokens" not in unseen["prompt_tokens_details"]


@pytest.mark.parametrize("ask", CLIENT_PARAMETERS)
def test_without_stream_options_there_is_no_usage_chunk(
    standin: StandIn, ask: Callable[..., Heard]
) -> None:
    request_body = {key: value for key, value in TEXT.items() if key != "stream_options"}

    heard = ask(standin, request_body)

    assert all(chunk["choices"] and not chunk.get("usage") for chunk in heard.chunks)


def test_the_python_sdk_sees_the_documented_error_without_stream(standin: StandIn) -> None:
    client = openai.OpenAI(api_key=standin.api_key, base_url=standin.base_url, max_retries=0)

    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model="qwen-omni-turbo", messages=[{"role": "user", "content": "你是谁"}]
        )

    assert caught.value.code == "invalid_parameter_error"
    assert "only support stream mode" in str(caught.value)
    assert caught.value.request_id == caught.value.response.json()["request_id"]


def test_the_node_sdk_sees_the_documented_error_for_a_wrong_voice(standin: StandIn) -> None:
    heard = run_node(standin, TEXT | {"audio": {"voice": "Tina", "format": "wav"}})

    assert heard["error"]["status"] == 400
    assert "'Cherry', 'Serena', 'Ethan' or 'Chelsie'" in heard["error"]["message"]
    assert heard["error"]["requestID"]


def test_curl_sees_the_documented_error_for_an_unknown_model(standin: StandIn) -> None:
    body = json.loads(run_curl(standin, TEXT | {"model": "qwen-omni-nope"}))

    assert body["error"] == {
        "code": "model_not_found",
        "param": None,
        "message": "The model qwen-omni-nope does not exist or you do not have access to it.",
        "type": "invalid_request_error",
    }
    assert body["request_id"]


@pytest.mark.once  # openai 1.55 cannot list anything with pydantic 2.11
def test_the_python_sdk_lists_the_models_of_the_catalog(standin: StandIn) -> None:
    client = openai.OpenAI(api_key=standin.api_key, base_url=standin.base_url, max_retries=0)

    names = [model.id for model in client.models.list()]

    assert {"qwen-omni-turbo", "qwen-omni-turbo-latest", "qwen3-omni-flash"} <= set(names)


def test_the_stand_in_kept_what_the_client_sent(standin: StandIn) -> None:
    ask_python_sdk(standin, TEXT_WITH_SYSTEM)

    assert standin.requests[-1] == TEXT_WITH_SYSTEM


def audio(heard: Heard) -> list[dict[str, Any]]:
    return [delta for delta in heard.deltas if delta.get("audio")]


def wav_seconds(pcm: bytes) -> float:
    """Write the WAV as the example does and read its duration back."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(24000)
        writer.writeframes(pcm)
    file.seek(0)
    with wave.open(file, "rb") as reader:
        return reader.getnframes() / reader.getframerate()


def spoken_seconds(heard: Heard) -> float:
    """The duration that the usage says, by the model's tokens per second."""
    facts = find_model(heard.chunks[0]["model"])
    assert facts is not None
    assert facts.tokens is not None
    spoken: int = heard.usage["completion_tokens_details"]["audio_tokens"]
    return spoken / float(facts.tokens.audio_per_second_out)
