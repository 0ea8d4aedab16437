"""litellm, run for real against the stand-in, in the environment of `nox -s clients`.

Both of its ways to the service: as any compatible server, and as the provider that it knows.
"""

from __future__ import annotations

import asyncio
import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from tests.waiting import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omni_nb.offline.server import StandIn

    Ask = Callable[..., Any]

try:
    import litellm
except ModuleNotFoundError:
    pytest.fail("litellm has an environment of its own: run `nox -r -s clients`.", pytrace=False)

litellm.suppress_debug_info = True  # it prints where to report its faults

WORDS = "offline stand-in"
SPEECH = {"modalities": ["text", "audio"], "audio": {"voice": "Cherry", "format": "wav"}}
PROVIDERS = ["openai", "dashscope"]


@pytest.fixture(scope="module")
def service() -> Iterator[StandIn]:
    with start(Behaviour(pace=0), remember=1) as standin:
        yield standin


def asked(service: StandIn, model: str = "openai/qwen-omni-turbo", **more: Any) -> dict[str, Any]:
    return {
        "model": model,
        "api_base": service.base_url,
        "api_key": service.api_key,
        "messages": [{"role": "user", "content": "Who are you?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_retries": 0,
        **more,
    }


def behaving(behaviour: str) -> dict[str, Any]:
    return {"extra_headers": {"x-omni-behaviour": behaviour}}


def deltas(chunks: list[Any]) -> list[Any]:
    return [chunk.choices[0].delta for chunk in chunks if chunk.choices]


def text_of(chunks: list[Any]) -> str:
    return "".join(delta.content or "" for delta in deltas(chunks))


def png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "saddlebrown").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("model", ["qwen-omni-turbo", "qwen3-omni-flash"])
def test_a_text_arrives_with_its_end_and_its_usage(
    service: StandIn, provider: str, model: str
) -> None:
    chunks = list(litellm.completion(**asked(service, f"{provider}/{model}")))

    assert WORDS in text_of(chunks)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    usage = chunks[-1].usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens_details.text_tokens == usage.prompt_tokens > 0
    assert usage.completion_tokens_details.text_tokens == usage.completion_tokens > 20


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("model", "has_content"), [("qwen-omni-turbo", False), ("qwen3-omni-flash", True)]
)
def test_speech_arrives_and_is_joined(
    service: StandIn, provider: str, model: str, has_content: bool
) -> None:
    chunks = list(litellm.completion(**asked(service, f"{provider}/{model}", **SPEECH)))

    audio = [delta.audio for delta in deltas(chunks) if getattr(delta, "audio", None)]
    pieces = [piece["data"] for piece in audio if piece.get("data")]
    pcm = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    assert len(pcm) > 24_000 * 2 * 5
    transcript = "".join(piece.get("transcript") or "" for piece in audio)
    assert WORDS in (text_of(chunks) if has_content else transcript)
    assert bool(transcript) is not has_content

    whole = litellm.stream_chunk_builder(chunks)
    message = whole.choices[0].message
    assert base64.b64decode(message.audio.data, validate=True) == pcm
    assert (message.content or "") + message.audio.transcript == text_of(chunks) + transcript
    assert whole.usage.completion_tokens_details.audio_tokens > 0
    assert whole.choices[0].finish_reason == "stop"


def test_what_was_thought_arrives(service: StandIn) -> None:
    thinking = asked(service, "openai/qwen3-omni-flash", extra_body={"enable_thinking": True})
    chunks = list(litellm.completion(**thinking))
    thought = "".join(getattr(d, "reasoning_content", None) or "" for d in deltas(chunks))
    assert thought
    assert WORDS in text_of(chunks)
    assert chunks[-1].usage.completion_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_image_is_seen_and_counted(service: StandIn, provider: str) -> None:
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png()}"}},
        {"type": "text", "text": "What is this?"},
    ]
    question = asked(service, f"{provider}/qwen-omni-turbo")
    question["messages"] = [{"role": "user", "content": content}]
    chunks = list(litellm.completion(**question))
    assert "brown" in text_of(chunks)
    assert chunks[-1].usage.prompt_tokens_details.image_tokens == 393
    (sent,) = service.requests
    assert sent["messages"] == question["messages"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"api_key": "sk-wrong"}, "AuthenticationError", "Incorrect API key provided."),
        (behaving("fault=401"), "AuthenticationError", "error-code#apikey-error"),
        ({"stream": False, "stream_options": None}, "BadRequestError", "only support stream mode"),
        (SPEECH | {"audio": {"voice": "Tina"}}, "BadRequestError", "'Ethan' or 'Chelsie'"),
        ({"messages": []}, "BadRequestError", "[] is too short"),
        (behaving("fault=inspection"), "BadRequestError", "may contain inappropriate content"),
        (behaving("fault=429"), "RateLimitError", "You exceeded your current requests list."),
        (behaving("fault=500"), "InternalServerError", "An internal error has occured"),
        (behaving("fault=503"), "ServiceUnavailableError", "Model is unavailable"),
    ],
)
def test_a_refusal_is_its_exception_with_the_words_of_the_service(
    service: StandIn, provider: str, changes: dict[str, Any], kind: str, words: str
) -> None:
    with pytest.raises(getattr(litellm, kind)) as caught:
        list(litellm.completion(**asked(service, f"{provider}/qwen-omni-turbo", **changes)))
    assert words in str(caught.value)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_unknown_model_is_not_found(service: StandIn, provider: str) -> None:
    with pytest.raises(litellm.NotFoundError, match="The model nope does not exist"):
        litellm.completion(**asked(service, f"{provider}/nope"))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("error_frame", "Output data may contain inappropriate content."),
        ("search_frame", "This model does not support enable_search."),
        ("drop", "Connection error"),
    ],
)
def test_a_stream_that_breaks_off_is_an_error(service: StandIn, fault: str, words: str) -> None:
    with pytest.raises(litellm.exceptions.MidStreamFallbackError, match=words):
        list(litellm.completion(**asked(service, **behaving(f"fault={fault}"))))
    assert settled(service).active == 0


@pytest.mark.parametrize("fault", ["crlf", "comments", "cut_anywhere", "odd_pieces", "both_texts"])
def test_other_ways_to_write_a_stream_are_read(service: StandIn, fault: str) -> None:
    chunks = list(
        litellm.completion(
            **asked(service, "openai/qwen3-omni-flash", **SPEECH, **behaving(f"fault={fault}"))
        )
    )
    assert WORDS in text_of(chunks)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("options", [{}, SPEECH], ids=["text", "speech"])
def test_nothing_is_under_way_after_an_answer_was_left(
    service: StandIn, provider: str, options: dict[str, Any]
) -> None:
    question = asked(service, f"{provider}/qwen-omni-turbo", **options, **behaving("pace=1"))

    async def leave() -> None:
        stream = await litellm.acompletion(**question)
        count = 0
        async for _ in stream:
            count += 1
            if count == 3:
                break
        await stream.aclose()
        assert await asyncio.to_thread(settled, service)

    before = settled(service).cancelled
    asyncio.run(leave())
    assert settled(service).cancelled == before + 1
