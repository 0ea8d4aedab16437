"""The stand-in as another server: what it takes, refuses and sends."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from omni_nb.media.clip import AudioClip
from omni_nb.offline.behaviour import SERVER_DIALECTS, Behaviour
from omni_nb.offline.checks import read_request
from omni_nb.offline.dialect_chunks import in_dialect
from omni_nb.offline.dialects import MODEL, documented
from omni_nb.offline.refusals import Refusal
from omni_nb.offline.stream import Pacer, answer_chunks

TURBO = "qwen-omni-turbo"
DATA = "UklGRg=="
WAV_URL = f"data:audio/wav;base64,{DATA}"
MP3_URL = f"data:audio/mpeg;base64,{DATA}"
OTHERS = [d for d in SERVER_DIALECTS if d != "dashscope"]
VLLM = ["vllm-omni", "vllm-omni-next"]


def asked(content="Who are you?", **fields) -> dict:
    return {"model": TURBO, "messages": [{"role": "user", "content": content}], **fields}


def translated(dialect: str, content="Who are you?", **fields) -> dict:
    return json.loads(documented(json.dumps(asked(content, **fields)).encode(), dialect))


def parts(dialect: str, *given: dict, **fields) -> list:
    return translated(dialect, list(given), **fields)["messages"][-1]["content"]


def sound(data: str, form: str) -> dict:
    return {"type": "input_audio", "input_audio": {"data": data, "format": form}}


def link(kind: str, url: str) -> dict:
    return {"type": kind, kind: {"url": url}}


@pytest.mark.parametrize("dialect", OTHERS)
@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"messages": 3}', b"\xff"])
def test_what_is_no_request_is_left_for_the_checks_behind(dialect, body):
    assert documented(body, dialect) == body


@pytest.mark.parametrize("dialect", SERVER_DIALECTS)
@pytest.mark.parametrize(
    "messages", [[], [3], [{"role": "user"}], [{"role": "user", "content": ["x", {}, None]}]]
)
def test_broken_messages_are_refused_and_not_a_bug(dialect, messages):
    body = json.dumps(asked(stream=True) | {"messages": messages}).encode()
    with pytest.raises(Refusal):
        read_request(bytearray(documented(body, dialect)))


def test_dashscopes_body_is_not_touched():
    body = b'{ "model":  "m" }'
    assert documented(body, "dashscope") is body


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_model_without_rules_has_those_of_one_with_open_voices(dialect):
    assert translated(dialect, model="gpt-audio")["model"] == MODEL
    assert translated(dialect)["model"] == TURBO


def test_openais_sound_gets_its_head_back():
    assert parts("openai", sound(DATA, "mp3")) == [sound(f"data:;base64,{DATA}", "mp3")]
    speech = translated("openai", audio={"voice": "Cherry", "format": "pcm16"})["audio"]
    assert speech == {"voice": "Cherry", "format": "wav"}


@pytest.mark.parametrize("dialect", VLLM)
def test_vllms_sound_is_a_url_part_that_names_its_type(dialect):
    assert parts(dialect, link("audio_url", MP3_URL)) == [sound(MP3_URL, "mp3")]
    assert parts(dialect, link("audio_url", "https://x.com/a.FLAC?b.c")) == [
        sound("https://x.com/a.FLAC?b.c", "flac")
    ]
    assert parts(dialect, sound(DATA, "wav")) == [sound(f"data:;base64,{DATA}", "wav")]


def test_sglangs_lists_become_parts_of_the_last_question():
    picture, video = "data:image/png;base64,AA==", "data:video/mp4;base64,AA=="
    body = translated(
        "sglang-omni", "What?", audios=[WAV_URL], images=[picture, picture], videos=[video]
    )
    assert body["messages"][-1]["content"] == [
        {"type": "text", "text": "What?"},
        link("image_url", picture),
        link("image_url", picture),
        sound(WAV_URL, "wav"),
        link("video_url", video),
    ]
    assert not {"audios", "images", "videos"} & body.keys()


@pytest.mark.parametrize(
    ("dialect", "content", "fields", "words"),
    [
        ("openai", [sound(WAV_URL, "wav")], {}, "without a head"),
        ("openai", [sound("https://x.com/a.wav", "wav")], {}, "without a head"),
        ("openai", [sound(DATA, "flac")], {}, "wav, mp3"),
        ("openai", [link("video_url", WAV_URL)], {}, "'video_url'. Accepted: text, image_url"),
        ("openai", "Hi", {"audio": {"voice": "Cherry", "format": "wav"}}, "pcm16"),
        ("openai", "Hi", {"enable_search": True}, "enable_search"),
        ("vllm-omni", [link("audio_url", f"data:;base64,{DATA}")], {}, "Incorrect padding"),
        ("vllm-omni", [link("video_url", f"data:;base64,{DATA}")], {}, "Incorrect padding"),
        ("vllm-omni", [link("image_url", f"data:;base64,{DATA}")], {}, "Incorrect padding"),
        ("vllm-omni", [sound(WAV_URL, "wav")], {}, "Incorrect padding"),
        ("vllm-omni", [{"type": "video", "video": [DATA]}], {}, "Unknown part type: video"),
        ("sglang-omni", [sound(WAV_URL, "wav")], {}, "'input_audio' goes into the lists"),
        ("sglang-omni", "Hi", {"audios": WAV_URL}, "audios is a list"),
        ("sglang-omni", "Hi", {"images": [3]}, "images is a list"),
        ("sglang-omni", "Hi", {"images": [DATA], "messages": []}, "no(ne| user)"),
    ],
)
def test_what_only_dashscope_takes_is_refused(dialect, content, fields, words):
    with pytest.raises(Refusal, match=words):
        translated(dialect, content, **fields)


def answered(dialect: str, *, voice: str | None = "Cherry", usage=True) -> list[dict]:
    speech = {"modalities": ["text", "audio"], "audio": {"voice": voice}} if voice else {}
    options = {"stream": True, "stream_options": {"include_usage": usage}}
    request = read_request(bytearray(json.dumps(asked(**speech, **options)).encode()))
    behaviour = Behaviour(pace=0, dialect=dialect)

    async def collected() -> list[dict]:
        chunks = answer_chunks(request, behaviour, Pacer(behaviour))
        return [chunk async for chunk in in_dialect(chunks, dialect, request)]

    return asyncio.run(collected())


def deltas(chunks: list[dict]) -> list[dict]:
    return [choice["delta"] for chunk in chunks for choice in chunk["choices"]]


def test_openai_sends_the_transcript_and_ends_the_sound_with_its_expiry():
    chunks = answered("openai")
    first, *others = [d for d in deltas(chunks) if "transcript" in d.get("audio", {})]
    assert set(first["audio"]) == {"id", "transcript"}
    assert all(d.keys() == {"audio"} and d["audio"].keys() == {"transcript"} for d in others)
    first, *others = [d for d in deltas(chunks) if "data" in d.get("audio", {})]
    assert first["role"] == "assistant"
    assert all(d == {"audio": {"data": d["audio"]["data"]}} for d in others)
    assert not any(d.get("content") for d in deltas(chunks))
    *_, expiry, finish, usage = chunks
    assert set(deltas([expiry])[0]["audio"]) == {"expires_at"}
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []


@pytest.mark.parametrize(("dialect", "is_each"), [("vllm-omni", True), ("vllm-omni-next", False)])
def test_vllm_sends_speech_as_content_of_its_own_modality(dialect, is_each):
    chunks = answered(dialect)
    assert {chunk["modality"] for chunk in chunks} == {"text", "audio"}
    sounds = [chunk for chunk in chunks if chunk["modality"] == "audio"]
    files = [base64.b64decode(delta["content"]) for delta in deltas(sounds)]
    assert [file[:4] == b"RIFF" for file in files] == [True, *[is_each] * (len(files) - 1)]
    reasons = {chunk["choices"][0]["finish_reason"] for chunk in sounds}
    assert reasons == ({"stop"} if is_each else {None})
    assert not any("audio" in delta for delta in deltas(chunks))
    assert all(chunk["choices"] for chunk in chunks)
    assert all(
        set(chunk["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
        for chunk in sounds
    )
    # what was counted last is what DashScope would have counted
    assert abs(sounds[-1]["usage"]["total_tokens"] - counted(answered("dashscope"))) <= 8


def counted(chunks: list[dict]) -> int:
    return next(c["usage"]["total_tokens"] for c in reversed(chunks) if c["usage"])


@pytest.mark.parametrize("dialect", VLLM)
def test_vllms_written_answer_ends_with_a_usage_of_its_own(dialect):
    *_, finish, usage = answered(dialect, voice=None)
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert not any(name.endswith("details") for name in usage["usage"])


def test_sglang_sends_whole_files_and_counts_in_the_last_choice():
    chunks = answered("sglang-omni")
    sounds = [d["audio"] for d in deltas(chunks) if "audio" in d]
    assert all(base64.b64decode(sound["data"]).startswith(b"RIFF") for sound in sounds)
    assert all(sound["id"].startswith("audio-") for sound in sounds)
    *others, last = chunks
    assert last["choices"][0] == {
        "index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop",
    }  # fmt: skip
    assert last["usage"]["total_tokens"] > 0
    assert all(chunk["choices"] for chunk in others)
    assert answered("sglang-omni", usage=False)[-1]["usage"] is None


def test_a_header_of_unknown_length_is_still_a_wav_header():
    chunk = next(c for c in answered("vllm-omni-next") if c["modality"] == "audio")
    file = base64.b64decode(deltas([chunk])[0]["content"])
    assert file[4:8] == file[40:44] == b"\xff\xff\xff\xff"
    assert file[8:40] == AudioClip(b"").to_wav()[8:40]


def test_the_dialect_can_be_chosen_by_a_request():
    assert Behaviour().with_header("dialect=sglang-omni").dialect == "sglang-omni"
    with pytest.raises(ValueError, match=r"'klingon'.*dashscope, openai"):
        Behaviour(dialect="klingon")
