"""Libraries of Node.js that people put above the service, run for real against the stand-in.

The stream helper of the SDK builds the whole answer out of the chunks; the AI SDK checks each
chunk against a schema. Each runs as one process, which lives on while the stand-in is looked at.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from tests.protocol.node_programs import NodeProgram, running
from tests.waiting import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.offline.server import StandIn

TEXT = {"modalities": ["text"]}
SPEECH = {"modalities": ["text", "audio"], "audio": {"voice": "Cherry", "format": "wav"}}
WORDS = "offline stand-in"
IN_REAL_TIME = "pace=1"
REWRITTEN = ["crlf", "comments", "cut_anywhere", "odd_pieces", "padded_pieces", "both_texts"]


@pytest.fixture(scope="module")
def service() -> Iterator[StandIn]:
    """A stand-in that nobody else asks: its counts are those of the test."""
    with start(Behaviour(pace=0), remember=1) as standin:
        yield standin


@pytest.fixture(scope="module")
def helper(service: StandIn) -> Iterator[NodeProgram]:
    with running("stream_helper.mjs", service) as program:
        yield program


@pytest.fixture(scope="module")
def ai_sdk(service: StandIn) -> Iterator[NodeProgram]:
    with running("ai_sdk.mjs", service) as program:
        yield program


def asked(model: str = "qwen-omni-turbo", **options: Any) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [{"role": "user", "content": "Who are you?"}],
        "stream_options": {"include_usage": True},
        **options,
    }


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "saddlebrown").save(file, "PNG")
    return file.getvalue()


def whole_quartets(data: str) -> bytes:
    return base64.b64decode(data, validate=True)


# The stream helper of the SDK


@pytest.mark.parametrize("model", ["qwen-omni-turbo", "qwen3-omni-flash", "qwen3.5-omni-flash"])
def test_the_stream_helper_of_node_puts_a_text_together(helper: NodeProgram, model: str) -> None:
    heard = helper.ask(request=asked(model, **TEXT))

    (choice,) = heard["completion"]["choices"]
    assert WORDS in heard["content"]
    assert heard["content"] == "".join(heard["pieces"]) == heard["snapshot"]
    assert heard["content"] == choice["message"]["content"]
    assert (choice["message"]["role"], choice["finish_reason"]) == ("assistant", "stop")
    assert heard["usage"] == heard["completion"]["usage"]
    assert "audio" not in choice["message"]
    assert heard["events"]["content.delta"] > 20
    assert "error" not in heard["events"]
    assert all(
        heard["events"][name] == 1
        for name in ("connect", "content.done", "message", "finalContent", "totalUsage", "end")
    )


@pytest.mark.parametrize(
    ("model", "has_content"), [("qwen-omni-turbo", False), ("qwen3-omni-flash", True)]
)
def test_the_stream_helper_of_node_joins_speech_and_its_text(
    helper: NodeProgram, model: str, has_content: bool
) -> None:
    heard = helper.ask(request=asked(model, **SPEECH))

    message = heard["completion"]["choices"][0]["message"]
    said = heard["content"] if has_content else message["audio"]["transcript"]
    assert WORDS in said
    assert bool(heard["content"]) is has_content
    pcm = whole_quartets(message["audio"]["data"])  # joined as text: no piece may end with "="
    assert len(pcm) > 24_000 * 2 * 5
    assert len(pcm) % 2 == 0
    assert message["audio"]["id"] == heard["completion"]["id"].replace("chatcmpl-", "audio_")
    assert heard["usage"]["completion_tokens_details"]["audio_tokens"] > 0


@pytest.mark.parametrize("fault", REWRITTEN)
def test_the_stream_helper_of_node_reads_other_ways_to_write_a_stream(
    helper: NodeProgram, fault: str
) -> None:
    heard = helper.ask(request=asked("qwen3-omni-flash", **SPEECH), behaviour=f"fault={fault}")
    assert WORDS in heard["content"]
    assert heard["completion"]["choices"][0]["finish_reason"] == "stop"


def test_the_stream_helper_of_node_keeps_what_was_thought(helper: NodeProgram) -> None:
    heard = helper.ask(request=asked("qwen3-omni-flash", enable_thinking=True))
    assert WORDS in heard["content"]
    assert heard["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


@pytest.mark.parametrize("stop", ["abort", "break"])
@pytest.mark.parametrize("spoken", [False, True], ids=["text", "speech"])
def test_nothing_is_under_way_after_the_stream_helper_of_node_was_stopped(
    helper: NodeProgram, service: StandIn, stop: str, spoken: bool
) -> None:
    before = settled(service).cancelled
    request = asked(**SPEECH if spoken else TEXT)

    heard = helper.ask(request=request, behaviour=IN_REAL_TIME, stopAfter=3, stop=stop)

    assert settled(service).cancelled == before + 1
    assert helper.is_running  # so it was not its end that closed the connection
    assert "finalChatCompletion" not in heard["events"]
    if stop == "abort":
        assert heard["error"]["isAbort"]
        assert heard["events"]["abort"] == 1
    assert WORDS in helper.ask(request=asked())["content"]


@pytest.mark.parametrize(
    ("change", "behaviour", "status", "code", "words"),
    [
        ({"model": "nope"}, "", 404, "model_not_found", "The model nope does not exist"),
        ({**SPEECH, "audio": {"voice": "Tina"}}, "", 400, "invalid_parameter_error", "'Chelsie'"),
        ({"max_tokens": 0}, "", 400, "invalid_parameter_error", "Range of max_tokens"),
        ({}, "fault=401", 401, "invalid_api_key", "Incorrect API key provided."),
        ({}, "fault=429", 429, "limit_requests", "You exceeded your current requests list."),
        ({}, "fault=error_frame", None, "data_inspection_failed", "inappropriate content"),
        ({}, "fault=search_frame", None, "invalid_parameter_error", "enable_search"),
    ],
)
def test_the_stream_helper_of_node_says_what_the_service_said(
    helper: NodeProgram,
    change: dict[str, Any],
    behaviour: str,
    status: int | None,
    code: str,
    words: str,
) -> None:
    error = helper.ask(request=asked() | change, behaviour=behaviour)["error"]
    assert (error["status"], error["code"]) == (status, code)
    assert words in error["message"]
    assert not error["isAbort"]


# The AI SDK


@pytest.mark.parametrize("model", ["qwen-omni-turbo", "qwen3-omni-flash", "qwen3.5-omni-flash"])
def test_the_ai_sdk_of_node_takes_every_chunk_of_a_text(ai_sdk: NodeProgram, model: str) -> None:
    heard = ai_sdk.ask(model=model, prompt="Who are you?", options=TEXT)

    assert heard["errors"] == []
    assert WORDS in heard["text"]
    assert heard["finishReason"] == "stop"
    counts = heard["raw"][-1]["usage"]
    assert heard["usage"]["inputTokens"] == counts["prompt_tokens"] > 0
    assert heard["usage"]["outputTokens"] == counts["completion_tokens"] > 20
    assert heard["usage"]["totalTokens"] == counts["total_tokens"]
    assert [heard["parts"][name] for name in ("text-start", "text-end", "finish")] == [1, 1, 1]


@pytest.mark.parametrize("model", ["qwen-omni-turbo", "qwen3-omni-flash"])
def test_the_ai_sdk_of_node_takes_every_chunk_of_speech(ai_sdk: NodeProgram, model: str) -> None:
    heard = ai_sdk.ask(model=model, prompt="Who are you?", options=SPEECH)

    assert heard["errors"] == []
    assert heard["finishReason"] == "stop"
    deltas = [choice["delta"] for chunk in heard["raw"] for choice in chunk["choices"]]
    spoken = [delta["audio"] for delta in deltas if "audio" in delta]  # it has no part of its own
    said = heard["text"] + "".join(audio.get("transcript", "") for audio in spoken)
    assert WORDS in said
    pieces = [whole_quartets(audio["data"]) for audio in spoken if "data" in audio]
    assert sum(map(len, pieces)) > 24_000 * 2 * 5


def test_the_ai_sdk_of_node_hears_what_was_thought(ai_sdk: NodeProgram) -> None:
    heard = ai_sdk.ask(
        model="qwen3-omni-flash", prompt="Who are you?", options={"enable_thinking": True}
    )
    assert heard["errors"] == []
    assert heard["reasoning"]
    assert WORDS in heard["text"]
    assert heard["usage"]["outputTokenDetails"]["reasoningTokens"] > 0


@pytest.mark.parametrize("fault", REWRITTEN)
def test_the_ai_sdk_of_node_reads_other_ways_to_write_a_stream(
    ai_sdk: NodeProgram, fault: str
) -> None:
    heard = ai_sdk.ask(
        model="qwen3-omni-flash",
        prompt="Who are you?",
        options=SPEECH,
        behaviour=f"fault={fault}",
    )
    assert heard["errors"] == []
    assert WORDS in heard["text"]


@pytest.mark.parametrize("dialect", ["openai", "vllm-omni", "sglang-omni"])
def test_the_ai_sdk_of_node_takes_every_chunk_of_other_servers(
    ai_sdk: NodeProgram, dialect: str
) -> None:
    heard = ai_sdk.ask(
        model="any", prompt="Who are you?", options=TEXT, behaviour=f"dialect={dialect}"
    )
    assert heard["errors"] == []
    assert WORDS in heard["text"]
    assert heard["finishReason"] == "stop"
    assert heard["usage"]["totalTokens"] > 20


def test_the_ai_sdk_of_node_asks_in_turns_about_an_image(
    ai_sdk: NodeProgram, service: StandIn
) -> None:
    shown = {"type": "image", "image": base64.b64encode(png()).decode()}
    heard = ai_sdk.ask(
        model="qwen-omni-turbo",
        system="Be brief.",
        messages=[
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [{"type": "text", "text": "Good day."}]},
            {"role": "user", "content": [{"type": "text", "text": "What is this?"}, shown]},
        ],
    )
    assert heard["errors"] == []
    assert "brown" in heard["text"]
    assert heard["raw"][-1]["usage"]["prompt_tokens_details"]["image_tokens"] == 393
    (sent,) = service.requests
    assert [message["role"] for message in sent["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert sent["messages"][-1]["content"][-1]["image_url"]["url"].startswith("data:image/png;")


def test_sound_of_the_ai_sdk_of_node_is_refused_as_the_service_does(ai_sdk: NodeProgram) -> None:
    sound = {"type": "file", "mediaType": "audio/wav", "data": base64.b64encode(b"RIFF").decode()}
    heard = ai_sdk.ask(model="qwen-omni-turbo", messages=[{"role": "user", "content": [sound]}])
    (error,) = heard["errors"]  # it sends base64 without the head of a data URL
    assert error["status"] == 400
    assert "The provided URL does not appear to be valid." in error["message"]


@pytest.mark.parametrize("options", [TEXT, SPEECH], ids=["text", "speech"])
def test_nothing_is_under_way_after_the_ai_sdk_of_node_was_stopped(
    ai_sdk: NodeProgram, service: StandIn, options: dict[str, Any]
) -> None:
    before = settled(service).cancelled
    heard = ai_sdk.ask(
        model="qwen-omni-turbo",
        prompt="Who are you?",
        options=options,
        behaviour=IN_REAL_TIME,
        stopAfter=6,
    )
    assert settled(service).cancelled == before + 1
    assert ai_sdk.is_running
    assert heard["parts"]["abort"] == 1
    assert "finish" not in heard["parts"]


@pytest.mark.parametrize(
    ("model", "behaviour", "status", "is_retryable", "words"),
    [
        ("nope", "", 404, False, "The model nope does not exist"),
        ("qwen-omni-turbo", "fault=401", 401, False, "Incorrect API key provided."),
        ("qwen-omni-turbo", "fault=429", 429, True, "You exceeded your current requests list."),
        ("qwen-omni-turbo", "fault=503", 503, True, "Model is unavailable"),
    ],
)
def test_the_ai_sdk_of_node_says_what_the_service_said(
    ai_sdk: NodeProgram,
    model: str,
    behaviour: str,
    status: int,
    is_retryable: bool,
    words: str,
) -> None:
    (error,) = ai_sdk.ask(model=model, prompt="Who are you?", behaviour=behaviour)["errors"]
    assert (error["status"], error["isRetryable"]) == (status, is_retryable)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("error_frame", "Output data may contain inappropriate content."),
        ("search_frame", "This model does not support enable_search."),
        ("garbage", "JSON parsing failed"),
        ("drop", "Failed to process successful response"),
    ],
)
def test_the_ai_sdk_of_node_hears_that_a_stream_broke_off(
    ai_sdk: NodeProgram, service: StandIn, fault: str, words: str
) -> None:
    heard = ai_sdk.ask(model="qwen-omni-turbo", prompt="Who?", behaviour=f"fault={fault}")
    assert words in heard["errors"][0]["message"]
    assert heard.get("finishReason") != "stop"
    assert settled(service).active == 0
