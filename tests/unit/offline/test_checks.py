"""The stand-in's refusals, one by one, and what it reads from a request that it takes."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omni_nb.media.parts import ImageURLPart
from omni_nb.offline.checks import Refusal, read_request
from omni_nb.offline.image import MeasuredImage

TURBO = "qwen-omni-turbo"


def asked(**changes: Any) -> dict[str, Any]:
    body = {
        "model": TURBO,
        "messages": [{"role": "user", "content": "你是谁"}],
        "stream": True,
        "modalities": ["text", "audio"],
        "audio": {"voice": "Cherry", "format": "wav"},
    } | changes
    return {key: value for key, value in body.items() if value is not None}


def showing(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return asked(messages=[{"role": "user", "content": list(parts)}], **changes)


def read(body: Any) -> Any:
    return read_request(json.dumps(body).encode())


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def image(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()


def data_url(data: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def bomb() -> bytes:
    """A PNG of a few bytes that claims 60 000 × 60 000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


PREFIX = "<400> InternalError.Algo.InvalidParameter: "
AUDIO = {"type": "input_audio", "input_audio": {"data": "https://a/welcome.mp3", "format": "mp3"}}
VIDEO = {"type": "video_url", "video_url": {"url": "https://a/b.mp4"}}
REFUSED = {
    # texts that are published
    "not streamed": (
        asked(stream=False),
        "This model only support stream mode, please enable the stream parameter to access "
        "the model. ",
    ),
    "stream left out": (asked(stream=None), "This model only support stream mode"),
    "voice of another model": (
        asked(audio={"voice": "Tina", "format": "wav"}),
        "Input should be 'Cherry', 'Serena', 'Ethan' or 'Chelsie': parameters.audio.voice",
    ),
    "voice of the larger model": (
        asked(model="qwen2.5-omni-7b"),
        "Input should be 'Ethan' or 'Chelsie': parameters.audio.voice",
    ),
    "no messages": (asked(messages=[]), "[] is too short"),
    "bare base64": (
        showing(image(base64.b64encode(png(20, 20)).decode()), text("?")),
        f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted.",
    ),
    "image too small": (
        showing(image(data_url(png(10, 100)))),
        f"{PREFIX}The image length and width do not meet the model restrictions.",
    ),
    "image too long": (
        showing(image(data_url(png(2211, 11)))),
        f"{PREFIX}The image length and width do not meet the model restrictions.",
    ),
    "not an image": (
        showing(image(data_url(b"hello"))),
        "Failed to decode the image during the data inspection.",
    ),
    "base64 that is none": (
        showing(image("data:image/png;base64,§§§")),
        "Failed to decode the image during the data inspection.",
    ),
    "image cut off": (
        showing(image(data_url(png(300, 300)[:-200]))),
        "Failed to decode the image during the data inspection.",
    ),
    "decompression bomb": (
        showing(image(data_url(bomb()))),
        "Failed to decode the image during the data inspection.",
    ),
    "image too large": (
        showing(image("data:image/png;base64," + "A" * 13_981_024)),
        "Multimodal file size is too large",
    ),
    "unknown part": (
        showing({"type": "audio_url", "audio_url": {}}),
        "Invalid value: audio_url. Supported values are: 'text','image_url','video_url' and "
        "'video'.",
    ),
    "max_tokens too large": (asked(max_tokens=2049), "Range of max_tokens should be [1, 2048]"),
    "max_tokens of 0.5": (asked(max_tokens=0.5), "Range of max_tokens should be [1, 2048]"),
    "input too long": (
        showing(text("字" * 30_721)),
        f"{PREFIX}Range of input length should be [1, 30720]",
    ),
    "search": (asked(enable_search=True), "This model does not support enable_search."),
    # rules that are documented without a text: the words are ours
    "no such modality": (asked(modalities=["audio"]), "parameters.modalities"),
    "modalities of text": (asked(modalities="text"), "parameters.modalities"),
    "MP3 asked": (asked(audio={"voice": "Cherry", "format": "mp3"}), "parameters.audio.format"),
    "voice of a number": (asked(audio={"voice": 3}), "parameters.audio.voice"),
    "image and audio": (showing(image("https://a/b.png"), AUDIO), "one other modality"),
    "two sounds": (showing(AUDIO, AUDIO), "at most 1 audio"),
    "two videos": (showing(VIDEO, VIDEO), "at most 1 video"),
    "text with the marks between messages": (showing(text("a<|im_end|>\n<|im_start|>b")), PREFIX),
    "thinking": (
        asked(enable_thinking=True),
        "The model qwen-omni-turbo does not support enable_thinking.",
    ),
    "thinking aloud": (
        asked(model="qwen3-omni-flash", enable_thinking=True),
        "text only while enable_thinking",
    ),
    "thinking of a word": (
        asked(model="qwen3-omni-flash", enable_thinking="yes", modalities=["text"]),
        "parameters.enable_thinking",
    ),
    "voice that one model of an open list refuses": (
        asked(model="qwen3.5-omni-flash"),
        "Voice 'Cherry' is not supported",
    ),
    "speech of a model that only writes": (
        asked(model="qwen3.8-omni-flash"),
        "does not support the modalities",
    ),
    "no words and no media": (
        asked(messages=[{"role": "user", "content": ""}]),
        "Range of input length should be [1, 30720]",
    ),
    "sound of a number": (
        showing({"type": "input_audio", "input_audio": {"data": 3}}),
        "messages.content.input_audio",
    ),
    "format of a number": (
        showing({"type": "input_audio", "input_audio": {"data": "https://a/b", "format": 3}}),
        "input_audio.format",
    ),
    "frames that are no list": (showing({"type": "video", "video": "https://a/b.png"}), "list"),
    "image in an assistant message": (
        asked(
            messages=[
                {"role": "assistant", "content": [image("https://a/b.png")]},
                {"role": "user", "content": "?"},
            ]
        ),
        "takes text only",
    ),
    "unknown role": (asked(messages=[{"role": "robot", "content": "?"}]), "messages.role"),
    "content of a number": (asked(messages=[{"role": "user", "content": 3}]), "messages.content"),
    "image without URL": (showing({"type": "image_url"}), "messages.content.image_url"),
    "a list": ([], "JSON object"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_rule_is_refused_in_the_documented_words(name: str) -> None:
    body, message = REFUSED[name]

    with pytest.raises(Refusal) as caught:
        read(body)

    assert caught.value.status == 400
    assert caught.value.code == "invalid_parameter_error"
    assert message in caught.value.message


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(Refusal) as caught:
        read(asked(model="gpt-5"))

    assert (caught.value.status, caught.value.code) == (404, "model_not_found")


def test_a_last_message_that_is_not_the_users_breaks_the_service_as_documented() -> None:
    with pytest.raises(Refusal) as caught:
        read(asked(messages=[{"role": "assistant", "content": "Hi"}]))

    assert (caught.value.status, caught.value.message) == (500, "list index out of range")


def test_a_body_that_is_not_json_is_refused() -> None:
    with pytest.raises(Refusal, match="not valid JSON"):
        read_request(b'{"model":')


def test_the_smallest_and_the_longest_lawful_images_are_taken() -> None:
    request = read(showing(image(data_url(png(11, 11))), image(data_url(png(2200, 11)))))

    assert [type(picture) for picture in request.turns[0].images] == [MeasuredImage, MeasuredImage]


def test_a_data_url_without_mime_type_is_taken() -> None:
    request = read(showing(image(data_url(png(64, 48), mime=""))))

    picture = request.turns[0].images[0]
    assert (picture.width, picture.height) == (64, 48)


def test_tokens_are_counted_over_the_whole_conversation() -> None:
    request = read(
        asked(
            messages=[
                {"role": "system", "content": "abcd"},
                {"role": "user", "content": [image(data_url(png(640, 480))), text("你好")]},
                {"role": "assistant", "content": [text("好")]},
                {"role": "user", "content": "再见"},
            ]
        )
    )

    assert request.input_tokens == {"text": 1 + 2 + 1 + 2, "image": 393}


def test_an_image_by_url_counts_no_tokens_because_it_is_not_fetched() -> None:
    request = read(showing(image("https://example.com/dog.png"), text("你好")))

    assert request.turns[0].images == (ImageURLPart("https://example.com/dog.png"),)
    assert request.input_tokens == {"text": 2}


def test_speech_without_a_voice_gets_the_models_first() -> None:
    assert read(asked(audio=None)).voice == "Cherry"
    assert read(asked(audio=None, model="qwen2.5-omni-7b")).voice == "Ethan"


def test_a_model_with_an_open_list_takes_any_voice() -> None:
    request = read(asked(model="qwen3-omni-flash", audio={"voice": "Cloned 42", "format": "wav"}))

    assert request.voice == "Cloned 42"


def test_text_is_the_default_and_needs_no_voice() -> None:
    assert read(asked(modalities=None, audio=None)).voice is None


def test_a_model_that_searches_takes_the_switch() -> None:
    assert read(asked(model="qwen3.5-omni-plus", modalities=None, enable_search=True)).searches


def test_thinking_is_a_switch_whose_default_is_the_models() -> None:
    def thinks(model: str, **changes: Any) -> bool:
        return bool(read(asked(model=model, modalities=None, **changes)).thinks)

    assert not thinks("qwen3-omni-flash")
    assert thinks("qwen3-omni-flash", enable_thinking=True)
    assert thinks("qwen3.8-omni-flash")
    assert not thinks("qwen3.8-omni-flash", enable_thinking=False)
    assert not thinks("qwen-omni-turbo", enable_thinking=False)


def test_a_model_that_thinks_takes_less_input() -> None:
    body = asked(
        model="qwen3-omni-flash",
        modalities=None,
        messages=[{"role": "user", "content": "字" * 20_000}],
    )

    assert read(body).input_tokens == {"text": 20_000}
    with pytest.raises(Refusal, match=r"\[1, 16384\]"):
        read(body | {"enable_thinking": True})


def test_a_system_message_with_speech_is_taken_as_the_service_does() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]

    assert len(read(asked(messages=messages)).turns) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("type", "text", "image_url", "url", "role", "content", "voice"),
                    *("input_audio", "data", "format", "video_url", "video"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "messages": json_values | st.lists(json_values, min_size=1, max_size=2),
            "modalities": json_values,
            "audio": json_values,
            "max_tokens": json_values,
            "stream_options": json_values,
            "enable_thinking": json_values,
            "enable_search": json_values,
            "model": json_values,
        },
    )
)
def test_any_json_is_either_taken_or_refused(changes: dict[str, Any]) -> None:
    with contextlib.suppress(Refusal):
        read(asked() | changes)
