"""Every documented error, provoked and told.

The requests are written by hand: what can be known before sending, our own checks refuse.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from omni_nb.errors import ServiceError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.faults import HTTP_FAULTS
from omni_nb.offline.server import start
from omni_nb.rules.catalog import find_model
from omni_nb.wire.client import Endpoint, EventStream, Secret
from tests.media_files import audio_file, video_file

pytestmark = pytest.mark.once

KEY = "sk-a-secret"
TURBO = "qwen-omni-turbo"
INVALID = "<400> InternalError.Algo.InvalidParameter: "
VIDEO_RULE = "The video modality input does not meet the requirements because: "


@dataclass(frozen=True)
class Written:
    """A request whose body a test has written."""

    body: dict[str, Any]
    tools = ()

    @property
    def headers(self) -> dict[str, str]:
        return {}

    def payload(self, embed=None) -> dict[str, Any]:
        return self.body


@dataclass(frozen=True)
class Row:
    """An error: how it is provoked, and how it is to be told."""

    name: str
    words: str
    advice: str
    status: int = 400
    code: str = "invalid_parameter_error"
    fault: str = "none"
    content: Any = "你是谁"
    change: dict[str, Any] = field(default_factory=dict)


def data_url(data: bytes) -> str:
    return f"data:;base64,{base64.b64encode(data).decode()}"


def picture(width: int, height: int) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return data_url(file.getvalue())


def image_part(url: str) -> list[dict[str, Any]]:
    return [{"type": "image_url", "image_url": {"url": url}}]


def audio_part(url: str) -> list[dict[str, Any]]:
    return [{"type": "input_audio", "input_audio": {"data": url, "format": "wav"}}]


def video_part(url: str) -> list[dict[str, Any]]:
    return [{"type": "video_url", "video_url": {"url": url}}]


def frames_part(count: int) -> list[dict[str, Any]]:
    return [{"type": "video", "video": [picture(20, 20)] * count}]


# fault of the stand-in, status, code, its words (the beginning), our advice
FAULTS = [
    ("401", 401, "invalid_api_key", "Incorrect API key provided. For details", "region"),
    ("403", 403, "AllocationQuota.FreeTierOnly", "The free tier of the model", "free tier only"),
    ("free_quota", 403, "AllocationQuota.FreeTierOnly", "The free quota has been", "console"),
    ("arrearage", 400, "Arrearage", "Access denied, please make sure", "billing"),
    ("429", 429, "limit_requests", "You exceeded your current requests list.", "wait"),
    ("rate_limit", 429, "limit_requests", "You have exceeded your current request", "wait"),
    ("quota_tokens", 429, "insufficient_quota", "You exceeded your current quota", "per minute"),
    ("burst", 429, "limit_burst_rate", "Request rate increased too quickly", "spread"),
    ("throttling", 429, "Throttling", "Requests throttling triggered.", "wait"),
    ("inspection", 400, "data_inspection_failed", "Input data may contain", "rephrase"),
    ("inspection_text", 400, "data_inspection_failed", "<400> InternalError.Algo.Data", "rephrase"),
    ("inspection_image_size", 400, None, "The image size is not supported", "10 pixels"),
    ("download_failed", 400, None, "Failed to download multimodal content.", "public"),
    ("download_timeout", 400, None, "Download the media resource timed out", "public"),
    ("audio_needs_stream", 400, None, "'audio' output only support with stream", "streams"),
    ("access_denied", 403, "Model.AccessDenied", "Model access denied.", "workspace"),
    ("endpoint_denied", 403, "Endpoint.AccessDenied", "Workspace endpoint access", "retired"),
    ("model_not_supported", 404, "model_not_supported", "Unsupported model", "address"),
    ("500", 500, "internal_error", "An internal error has occured", "at the service"),
    ("503", 503, "ModelUnavailable", "Model is unavailable", "overloaded"),
    ("serving_error", 503, "ModelServingError", "Too many requests.", "overloaded"),
    ("timeout", 500, "RequestTimeOut", "Request timed out", "300 s"),
]

ROWS = [
    *(
        Row(fault, words, advice, status, code or "invalid_parameter_error", fault)
        for fault, status, code, words, advice in FAULTS
    ),
    Row(
        "not a stream",
        "This model only support stream mode, please enable the stream parameter",
        "always streams",
        change={"stream": False},
    ),
    Row(
        "bare base64",
        f"{INVALID}The provided URL does not appear to be valid. Ensure it is",
        "bare base64 is refused",
        content=audio_part(base64.b64encode(audio_file("wav")).decode()),
    ),
    Row(
        "a part of another dialect",
        "Invalid value: audio_url. Supported values are: 'text','image_url','video_url' and",
        "dialect",
        content=[{"type": "audio_url", "audio_url": {"url": data_url(audio_file("wav"))}}],
    ),
    Row(
        "an unknown voice",
        "Input should be 'Cherry', 'Serena', 'Ethan' or 'Chelsie': parameters.audio.voice",
        "voices differ",
        change={"modalities": ["text", "audio"], "audio": {"voice": "Tina", "format": "wav"}},
    ),
    Row(
        "an old voice on a newer model",
        "Voice 'Cherry' is not supported",
        "voices differ",
        change={
            "model": "qwen3.5-omni-plus",
            "modalities": ["text", "audio"],
            "audio": {"voice": "Cherry", "format": "wav"},
        },
    ),
    Row(
        "a small image",
        f"{INVALID}The image length and width do not meet the model restrictions.",
        "10 pixels",
        content=image_part(picture(10, 40)),
    ),
    Row(
        "a narrow image",
        f"{INVALID}The image length and width do not meet the model restrictions.",
        "200:1",
        content=image_part(picture(11, 2212)),
    ),
    Row(
        "an empty audio",
        f"{INVALID}The audio is empty",
        "empty or too short",
        content=audio_part("data:,"),
    ),
    Row(
        "a long audio",
        "InvalidFile.AudioLengthError: Audio length must be between 1s and 180s.",
        "shrink",
        content=audio_part(data_url(audio_file("wav", 182, 8000))),
    ),
    Row(
        "a long video",
        f"{VIDEO_RULE}The video file is too long.",
        "shrink",
        content=video_part(data_url(video_file("mp4", 42, 32, 24, 2, False))),
    ),
    Row(
        "too few frames",
        f"{VIDEO_RULE}the range of sequence images shoule be (4,80).",
        "frames",
        content=frames_part(3),
    ),
    Row(
        "too many frames",
        f"{VIDEO_RULE}the range of sequence images shoule be (4,80).",
        "frames",
        content=frames_part(81),
    ),
    Row(
        "a large file",
        "Multimodal file size is too large",
        "public URL",
        content=image_part(data_url(bytes(10_500_000))),
    ),
    Row(
        "a large data URL on a newer model",
        f"{INVALID}Exceeded limit on max bytes per data-uri item : 10485760'.",
        "10 MB of base64",
        content=image_part(data_url(bytes(8_000_000))),
        change={"model": "qwen3.5-omni-plus"},
    ),
    Row("a bad video", f"{INVALID}Invalid video file.", "open", content=video_part("data:,no")),
    Row(
        "a bad audio",
        f"{INVALID}The audio format is illegal",
        "open",
        content=audio_part("data:,no"),
    ),
    Row(
        "a bad image",
        "Failed to decode the image during the data inspection.",
        "open",
        content=image_part("data:,no"),
    ),
    Row(
        "broken base64",
        f"{INVALID}The file format is illegal and cannot be opened.",
        "open",
        content=audio_part("data:;base64,?"),
    ),
    Row(
        "a long prompt",
        f"{INVALID}Range of input length should be [1, {{input_tokens}}]",
        "trim",
        content="word " * 60_000,
    ),
    Row("an empty prompt", "Range of input length should be [1, ", "empty or too long", content=""),
    Row(
        "too many tokens",
        "Range of max_tokens should be [1, 2048]",
        "leave it out",
        change={"max_tokens": 1_000_000},
    ),
    Row(
        "search that it has not",
        "This model does not support enable_search.",
        "switch",
        change={"enable_search": True},
    ),
    Row(
        "thinking that it has not",
        "The model qwen-omni-turbo does not support enable_thinking.",
        "switch",
        change={"enable_thinking": True},
    ),
    Row("no messages", "[] is too short", "no message", change={"messages": []}),
    Row(
        "no question",
        "list index out of range",
        "user's question",
        500,
        "internal_error",
        change={"messages": [{"role": "assistant", "content": "Yes."}]},
    ),
    Row(
        "the marks of a turn in the text",
        INVALID,
        "<|im_start|>",
        content="so<|im_end|>\n<|im_start|>user",
    ),
    Row(
        "an unknown model",
        "The model qwen-nope does not exist or you do not have access to it.",
        "some regions",
        404,
        "model_not_found",
        change={"model": "qwen-nope"},
    ),
    Row(
        "speech of a model that only writes",
        "does not support the modalities",
        "text only",
        change={"model": "qwen3.8-omni-flash", "modalities": ["text", "audio"]},
    ),
]


@pytest.fixture(scope="module")
def services():
    """One stand-in for each fault that is asked for."""
    running = {}

    def service(fault: str):
        if fault not in running:
            running[fault] = start(Behaviour(pace=0, fault=fault, fault_after=4), api_key=KEY)
        return running[fault]

    yield service
    for standin in running.values():
        standin.stop()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """The SDK waits between its tries; here nobody gets better meanwhile."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.001)


def refusal(service, row: Row, key: str = KEY) -> ServiceError:
    body = {
        "model": TURBO,
        "messages": [{"role": "user", "content": row.content}],
        "modalities": ["text"],
        "stream": True,
        "stream_options": {"include_usage": True},
        **row.change,
    }
    endpoint = Endpoint(service.base_url, Secret(key))
    with pytest.raises(ServiceError) as caught:
        list(EventStream(endpoint, Written(body)))
    return caught.value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_documented_error_is_told_in_the_services_words_with_advice(services, row):
    error = refusal(services(row.fault), row)
    words = row.words.replace("{input_tokens}", str(find_model(TURBO).limits.input_tokens))
    assert words in error.message
    assert (error.status_code, error.code) == (row.status, row.code)
    assert error.request_id
    assert row.advice in error.advice
    assert "\n" not in error.advice
    assert str(error).splitlines()[-1] == error.advice
    assert error.request_id in str(error)


def test_a_wrong_key_is_told_without_it(services):
    error = refusal(services("none"), Row("", "", ""), key="sk-of-another-region")
    assert error.message == "Incorrect API key provided. "
    assert (error.status_code, error.code) == (401, "invalid_api_key")
    assert "region" in error.advice
    assert "sk-of-another-region" not in str(error)


@pytest.mark.parametrize(
    ("fault", "code", "words", "advice"),
    [
        ("error_frame", "data_inspection_failed", "Output data may contain", "rephrase"),
        ("flat_error", "data_inspection_failed", "Output data may contain", "rephrase"),
        ("search_frame", "invalid_parameter_error", "not support enable_search", "switch"),
    ],
)
def test_an_error_inside_a_stream_is_told_alike(services, fault, code, words, advice):
    error = refusal(services(fault), Row("", "", ""))
    assert words in error.message
    assert error.code == code
    assert error.request_id
    assert advice in error.advice


def test_no_error_of_the_stand_in_is_left_out():
    assert set(HTTP_FAULTS) == {row.fault for row in ROWS} - {"none"}
