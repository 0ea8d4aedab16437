"""Every documented error, provoked over HTTP: by a mistake where one can be
made, and by asking for it where only the service's side can go wrong."""

from __future__ import annotations

import base64
import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from tests.media_files import audio_file, video_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.offline.server import StandIn

INVALID = "<400> InternalError.Algo.InvalidParameter: "
WRONG = "invalid_parameter_error"
HELP = "For details, see: https://help.aliyun.com/zh/model-studio/error-code"


def data_url(data: bytes) -> str:
    return f"data:;base64,{base64.b64encode(data).decode()}"


def sending(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}], **changes}


def audio(url: str) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": url, "format": "wav"}}


def film(data: bytes) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": data_url(data)}}


def image(data: bytes) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(data)}}


LONG = "x" * 7_900_000
SPEECH = {"modalities": ["text", "audio"]}
MISTAKES: dict[str, tuple[dict[str, Any], tuple[int, str, str]]] = {
    "no stream": (
        {"stream": False},
        (
            400,
            WRONG,
            "This model only support stream mode, please enable the stream parameter to access "
            "the model. ",
        ),
    ),
    "bare base64": (
        sending(audio(base64.b64encode(audio_file("wav")).decode())),
        (
            400,
            WRONG,
            f"{INVALID}The provided URL does not appear to be valid. "
            "Ensure it is correctly formatted.",
        ),
    ),
    "audio_url": (
        sending({"type": "audio_url", "audio_url": {"url": "https://a/b.mp3"}}),
        (
            400,
            WRONG,
            "Invalid value: audio_url. Supported values are: 'text','image_url','video_url' and "
            "'video'.",
        ),
    ),
    "unknown voice": (
        SPEECH | {"audio": {"voice": "Nobody", "format": "wav"}},
        (
            400,
            WRONG,
            "Input should be 'Cherry', 'Serena', 'Ethan' or 'Chelsie': parameters.audio.voice",
        ),
    ),
    "old voice": (
        SPEECH | {"model": "qwen3.5-omni-flash", "audio": {"voice": "Cherry", "format": "wav"}},
        (400, WRONG, "Voice 'Cherry' is not supported"),
    ),
    "empty sound": (sending(audio("data:;base64,")), (400, WRONG, f"{INVALID}The audio is empty")),
    "long sound": (
        sending(audio(data_url(audio_file("mp3", seconds=182, sample_rate=8000)))),
        (
            400,
            WRONG,
            "InvalidFile.AudioLengthError: Audio length must be between 1s and 180s.",
        ),
    ),
    "long video": (
        sending(film(video_file("mp4", seconds=42, fps=2, has_audio=False))),
        (
            400,
            WRONG,
            f"{INVALID}The video modality input does not meet the requirements because: "
            "The video file is too long.",
        ),
    ),
    "three frames": (
        sending({"type": "video", "video": ["https://a/b.png"] * 3}),
        (
            400,
            WRONG,
            f"{INVALID}The video modality input does not meet the requirements because: "
            "the range of sequence images shoule be (4,80).",
        ),
    ),
    "base64 too long": (
        sending(film(LONG.encode()), model="qwen3.5-omni-flash"),
        (400, WRONG, f"{INVALID}Exceeded limit on max bytes per data-uri item : 10485760'."),
    ),
    "file too large": (
        sending(audio(data_url(bytes(10_485_761)))),
        (400, WRONG, "Multimodal file size is too large"),
    ),
    "no video": (sending(film(b"words")), (400, WRONG, f"{INVALID}Invalid video file.")),
    "no sound": (
        sending(audio(data_url(b"words"))),
        (400, WRONG, f"{INVALID}The audio format is illegal and cannot be opened."),
    ),
    "broken base64": (
        sending(audio("data:;base64,§")),
        (400, WRONG, f"{INVALID}The file format is illegal and cannot be opened."),
    ),
    "no picture": (
        sending(image(b"words")),
        (400, WRONG, "Failed to decode the image during the data inspection."),
    ),
    "long text": (
        {"messages": [{"role": "user", "content": "字" * 40_000}]},
        (400, WRONG, f"{INVALID}Range of input length should be [1, 30720]"),
    ),
    "max_tokens": (
        {"max_tokens": 10_000},
        (400, WRONG, "Range of max_tokens should be [1, 2048]"),
    ),
    "search": (
        {"enable_search": True},
        (400, WRONG, "This model does not support enable_search."),
    ),
    "thinking": (
        {"enable_thinking": True},
        (400, WRONG, "The model qwen-omni-turbo does not support enable_thinking."),
    ),
    "no messages": ({"messages": []}, (400, WRONG, "[] is too short")),
    "last message": (
        {"messages": [{"role": "assistant", "content": "Hi"}]},
        (500, "internal_error", "list index out of range"),
    ),
    "unknown model": (
        {"model": "gpt-5"},
        (
            404,
            "model_not_found",
            "The model gpt-5 does not exist or you do not have access to it.",
        ),
    ),
    "speech of a model that writes": (
        SPEECH | {"model": "qwen3.8-omni-flash"},
        (
            400,
            WRONG,
            'qwen3.8-omni-flash does not support the modalities ["text", "audio"]',
        ),
    ),
}
FREE = "AllocationQuota.FreeTierOnly"
FAULTS: dict[str, tuple[int, str, str]] = {
    "401": (401, "invalid_api_key", f"Incorrect API key provided. {HELP}#apikey-error"),
    "403": (403, FREE, "The free tier of the model has been exhausted. If you wish to continue"),
    "free_quota": (403, FREE, "The free quota has been exhausted. To continue accessing"),
    "429": (429, "limit_requests", "You exceeded your current requests list."),
    "rate_limit": (429, "limit_requests", "You have exceeded your current request limit. For"),
    "quota_tokens": (429, "insufficient_quota", "You exceeded your current quota, please check"),
    "burst": (429, "limit_burst_rate", "Request rate increased too quickly"),
    "throttling": (429, "Throttling", "Requests throttling triggered."),
    "inspection": (
        400,
        "data_inspection_failed",
        "Input data may contain inappropriate content.",
    ),
    "inspection_text": (
        400,
        "data_inspection_failed",
        "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain",
    ),
    "inspection_image_size": (
        400,
        WRONG,
        "The image size is not supported for the data inspection.",
    ),
    "download_failed": (400, WRONG, "Failed to download multimodal content."),
    "download_timeout": (400, WRONG, "Download the media resource timed out"),
    "audio_needs_stream": (400, WRONG, "'audio' output only support with stream=true"),
    "arrearage": (
        400,
        "Arrearage",
        "Access denied, please make sure your account is in good standing.",
    ),
    "access_denied": (403, "Model.AccessDenied", "Model access denied."),
    "endpoint_denied": (403, "Endpoint.AccessDenied", "Workspace endpoint access denied."),
    "model_not_supported": (404, "model_not_supported", "Unsupported model"),
    "500": (500, "internal_error", "An internal error has occured"),
    "503": (503, "ModelUnavailable", "Model is unavailable, please try again later."),
    "serving_error": (503, "ModelServingError", "Too many requests. Your requests are being"),
    "timeout": (500, "RequestTimeOut", "Request timed out, please try again later."),
}


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with start(Behaviour(pace=0)) as running:
        yield running


def ask(
    standin: StandIn, changes: dict[str, Any], behaviour: str = ""
) -> tuple[int, dict[str, Any]]:
    body = {
        "model": "qwen-omni-turbo",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    } | changes
    headers = {"Authorization": f"Bearer {standin.api_key}", "x-omni-behaviour": behaviour}
    connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=30)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_the_documented_error(standin: StandIn, name: str) -> None:
    changes, expected = MISTAKES[name]

    status, answer = ask(standin, changes)

    error = answer["error"]
    assert (status, error["code"], error["message"]) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_what_only_the_service_can_get_wrong_is_asked_for(standin: StandIn, fault: str) -> None:
    status, code, words = FAULTS[fault]

    answered, answer = ask(standin, {}, f"fault={fault}")

    assert (answered, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"].startswith(words)
    assert answer["request_id"]
