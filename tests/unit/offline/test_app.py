"""The stand-in over HTTP, byte by byte: keys, errors, faults and clients that leave."""

from __future__ import annotations

import asyncio
import base64
import binascii
import http.client
import json
import logging
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.offline import app
from omni_nb.offline.behaviour import FAULTS, Behaviour
from omni_nb.offline.faults import BODY_FAULTS, HTTP_FAULTS, encode_stream
from omni_nb.offline.server import start
from tests.media_files import video_file
from tests.waiting import settled, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from omni_nb.offline.server import StandIn

SPOKEN = {
    "model": "qwen-omni-turbo",
    "messages": [{"role": "user", "content": "Who are you?"}],
    "stream": True,
    "stream_options": {"include_usage": True},
    "modalities": ["text", "audio"],
    "audio": {"voice": "Cherry", "format": "wav"},
}
PATH = "/compatible-mode/v1/chat/completions"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with start(Behaviour(pace=0), remember=1) as running:
        yield running


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    broke: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[str]:
        text = self.body.decode().replace("\r\n", "\n")
        return [e.removeprefix("data: ") for e in text.split("\n\n") if e.startswith("data: ")]

    @property
    def chunks(self) -> list[Any]:
        return [json.loads(event) for event in self.events if event != "[DONE]"]

    @property
    def audio(self) -> list[str]:
        return [
            choice["delta"]["audio"]["data"]
            for chunk in self.chunks
            for choice in chunk["choices"]
            if "data" in choice["delta"].get("audio", {})
        ]


def request(
    standin: StandIn,
    body: Any = SPOKEN,
    *,
    path: str = PATH,
    method: str = "POST",
    key: str | None = None,
    behaviour: str = "",
    timeout: float = 30,
) -> Answer:
    connection, response = opened(
        standin, body, path=path, method=method, key=key, behaviour=behaviour, timeout=timeout
    )
    headers = {name.lower(): value for name, value in response.getheaders()}
    pieces, broke = [], False
    try:
        while piece := response.read1(65536):
            pieces.append(piece)
    except (http.client.HTTPException, OSError):
        broke = True
    connection.close()
    return Answer(response.status, headers, b"".join(pieces), broke)


def opened(
    standin: StandIn,
    body: Any,
    *,
    path: str = PATH,
    method: str = "POST",
    key: str | None = None,
    behaviour: str = "",
    timeout: float = 30,
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=timeout)
    headers = {"Authorization": f"Bearer {standin.api_key if key is None else key}"}
    if behaviour:
        headers["x-omni-behaviour"] = behaviour
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, data if method == "POST" else None, headers)
    return connection, connection.getresponse()


# Keys and errors


@pytest.mark.parametrize("key", ["", "sk-wrong", "é"])
def test_a_wrong_key_is_refused_in_the_documented_body(standin: StandIn, key: str) -> None:
    answer = request(standin, key=key)

    assert answer.status == 401
    assert answer.json == {
        "error": {
            "code": "invalid_api_key",
            "param": None,
            "message": "Incorrect API key provided. ",
            "type": "invalid_request_error",
        },
        "request_id": answer.headers["x-request-id"],
    }


def test_the_models_need_the_key_too(standin: StandIn) -> None:
    assert request(standin, path="/v1/models", method="GET", key="no").status == 401
    assert request(standin, path="/v1/models", method="GET").json["data"]


def test_one_model_can_be_asked_for(standin: StandIn) -> None:
    path = "/compatible-mode/v1/models/"

    known = request(standin, path=f"{path}qwen-omni-turbo-latest", method="GET")
    unknown = request(standin, path=f"{path}gpt-5", method="GET")

    assert known.json["id"] == "qwen-omni-turbo-latest"
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "model_not_found")


def test_a_refusal_has_the_documented_body_and_its_id_in_the_header(standin: StandIn) -> None:
    before = standin.activity.refused

    answer = request(standin, SPOKEN | {"stream": False})

    assert answer.status == 400
    assert answer.json["error"]["code"] == "invalid_parameter_error"
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert standin.activity.refused == before + 1


def test_another_path_and_another_method_get_the_documented_body(standin: StandIn) -> None:
    elsewhere = request(standin, path="/v1/embeddings")
    get = request(standin, method="GET")

    assert (elsewhere.status, elsewhere.json["error"]["code"]) == (404, "not_found")
    assert (get.status, get.json["error"]["code"]) == (405, "method_not_allowed")


def test_a_large_video_is_measured_and_its_sound_counted_apart(standin: StandIn) -> None:
    """Padded as a file may be, so that it is large without being long."""
    padding = b"\x00" * 12_000_000
    box = (len(padding) + 8).to_bytes(4, "big") + b"free" + padding
    data = base64.b64encode(video_file("mp4-faststart", seconds=2) + box).decode()
    part = {"type": "video_url", "video_url": {"url": f"data:;base64,{data}"}}
    messages = [{"role": "user", "content": [part, {"type": "text", "text": "What is it?"}]}]

    answer = request(standin, SPOKEN | {"messages": messages, "modalities": ["text"]})

    given = answer.chunks[-1]["usage"]["prompt_tokens_details"]
    assert given == {"text_tokens": 3, "video_tokens": 282, "audio_tokens": 51}
    assert standin.requests[-1]["messages"] == messages


def test_a_body_that_is_too_large_is_refused(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MOST_BODY_BYTES", 1000)

    answer = request(standin, b"x" * 2000)

    assert "too large" in answer.json["error"]["message"]


def test_a_bug_of_ours_is_a_documented_500_and_is_logged(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(body: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "read_request", fail)
    with caplog.at_level(logging.ERROR):
        answer = request(standin)

    assert (answer.status, answer.json["error"]["code"]) == (500, "internal_error")
    assert "bug of omni_nb" in caplog.text


def test_a_question_with_broken_characters_is_answered(standin: StandIn) -> None:
    body = SPOKEN | {"messages": [{"role": "user", "content": "\ud800<b>\x00\u2028hi"}]}

    answer = request(standin, json.dumps(body).encode())

    assert answer.status == 200
    assert answer.events[-1] == "[DONE]"


# The stream


def test_the_stream_has_the_documented_shape_field_by_field(standin: StandIn) -> None:
    answer = request(standin)
    role, *middle, finish, usage = answer.chunks

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert list(role) == [
        *("choices", "object", "usage", "created", "system_fingerprint", "model", "id")
    ]
    assert role["choices"] == [
        {
            "delta": {"content": "", "role": "assistant"},
            "index": 0,
            "logprobs": None,
            "finish_reason": None,
        }
    ]
    assert finish["choices"] == [
        {"finish_reason": "stop", "delta": {"content": ""}, "index": 0, "logprobs": None}
    ]
    assert (finish["usage"], usage["choices"]) == (None, [])
    for chunk in middle:
        assert list(chunk["choices"][0]) == ["delta", "finish_reason", "index", "logprobs"]
        assert list(chunk["choices"][0]["delta"]) == ["audio"]
    uuid = role["id"].removeprefix("chatcmpl-")
    sound = next(
        chunk["choices"][0]["delta"]["audio"]
        for chunk in middle
        if "data" in chunk["choices"][0]["delta"]["audio"]
    )
    assert sound["id"] == f"audio_{uuid}"
    assert sound["expires_at"] == role["created"]
    assert {(c["id"], c["created"], c["model"]) for c in answer.chunks} == {
        (role["id"], role["created"], "qwen-omni-turbo")
    }
    assert answer.events[-1] == "[DONE]"


def test_an_alias_is_answered_under_the_name_that_was_asked_for(standin: StandIn) -> None:
    answer = request(standin, SPOKEN | {"model": "qwen-omni-turbo-2025-01-19"})

    assert answer.chunks[0]["model"] == "qwen-omni-turbo-2025-01-19"


def test_chinese_is_written_as_it_is(standin: StandIn) -> None:
    body = SPOKEN | {"messages": [{"role": "user", "content": "你好"}], "modalities": ["text"]}

    answer = request(standin, body)

    assert "拟".encode() in answer.body
    assert b"\\u" not in answer.body


def test_thoughts_come_first_in_the_documented_shape_and_are_counted(standin: StandIn) -> None:
    body = SPOKEN | {
        "model": "qwen3-omni-flash",
        "modalities": ["text"],
        "enable_thinking": True,
    }

    role, *middle, finish, usage = request(standin, body).chunks

    deltas = [chunk["choices"][0]["delta"] for chunk in middle]
    thinking = ["reasoning_content" in delta for delta in deltas]
    assert role["choices"][0]["delta"] == {
        "content": None,
        "role": "assistant",
        "reasoning_content": "",
    }
    assert list(middle[0]["choices"][0]) == ["finish_reason", "logprobs", "delta", "index"]
    assert thinking == sorted(thinking, reverse=True)
    assert all(delta["content"] is None for delta in deltas if "reasoning_content" in delta)
    assert "rules" in "".join(delta.get("reasoning_content", "") for delta in deltas)
    assert "stand-in" in "".join(delta["content"] or "" for delta in deltas)
    assert finish["choices"][0]["delta"] == {"content": "", "reasoning_content": None}
    made = usage["usage"]["completion_tokens_details"]
    assert set(made) == {"reasoning_tokens", "text_tokens"}
    assert usage["usage"]["completion_tokens"] == sum(made.values())


def test_max_tokens_cut_the_answer_off_with_length(standin: StandIn) -> None:
    whole = request(standin).chunks
    short = request(standin, SPOKEN | {"max_tokens": 8}).chunks

    assert short[-2]["choices"][0]["finish_reason"] == "length"
    assert 6 <= short[-1]["usage"]["completion_tokens_details"]["text_tokens"] <= 8
    assert len(short) < len(whole) / 2


@pytest.mark.parametrize("spoken", [True, False])
def test_an_answer_can_be_asked_to_be_long(standin: StandIn, spoken: bool) -> None:
    messages = [{"role": "user", "content": "Speak for 30 seconds"}]
    modalities = ["text", "audio"] if spoken else ["text"]

    answer = request(standin, SPOKEN | {"messages": messages, "modalities": modalities})

    if spoken:
        seconds = sum(len(base64.b64decode(piece)) for piece in answer.audio) / 48_000
        assert 30 <= seconds < 38
    else:
        words = "".join(c["choices"][0]["delta"]["content"] for c in answer.chunks[:-1]).split()
        assert 60 < len(words) < 110


def test_each_event_is_sent_when_it_is_made_and_not_with_the_next() -> None:
    """Held back by one, the first sound would come 0.2 s late at pace 1."""
    made: list[int] = []

    async def chunks() -> AsyncIterator[dict[str, Any]]:
        for number in range(4):
            made.append(number)
            yield {"choices": [{"delta": {}, "finish_reason": None}], "number": number}

    async def run() -> None:
        expected = 0
        async for _ in encode_stream(chunks(), Behaviour(), "id"):
            if expected < 4:
                assert made == list(range(expected + 1))
            expected += 1

    asyncio.run(run())


# Clients that leave


@pytest.mark.parametrize("behaviour", ["pace=1", "pace=0;fault=stall"])
def test_a_client_that_leaves_ends_its_answer(standin: StandIn, behaviour: str) -> None:
    before = settled(standin).cancelled
    connection, response = opened(standin, SPOKEN, behaviour=behaviour)
    response.read1(100)
    assert wait_until(lambda: standin.active_requests == 1)

    response.close()
    connection.close()

    assert settled(standin).cancelled == before + 1


UPLOADS = {
    "nothing of it": (b"", 1000),
    "half of a JSON": (b'{"model": "qwen-omni-turbo", "mess', 1000),
    "a megabyte of more": (b'{"a": "' + b"x" * 1_000_000, 50_000_000),
    "all but a byte": (b"x" * 999, 1000),
}


@pytest.mark.parametrize("is_reset", [False, True])
@pytest.mark.parametrize(("sent", "promised"), UPLOADS.values(), ids=UPLOADS)
def test_a_client_that_leaves_while_it_uploads_is_no_bug_of_ours(
    standin: StandIn, sent: bytes, promised: int, is_reset: bool, caplog: pytest.LogCaptureFixture
) -> None:
    before = settled(standin).cancelled
    head = (
        f"POST /compatible-mode/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {standin.api_key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {promised}\r\n\r\n"
    )
    with caplog.at_level(logging.DEBUG):
        connection = socket.create_connection(("127.0.0.1", standin.port), timeout=10)
        connection.sendall(head.encode() + sent)
        if is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert wait_until(lambda: standin.activity.cancelled == before + 1)
        answer = request(standin)

    assert answer.status == 200
    assert "bug" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_whole_answer_counts_as_completed(standin: StandIn) -> None:
    before = settled(standin).completed

    request(standin)

    assert settled(standin).completed == before + 1


# Behaviour, chosen by the request


@pytest.mark.parametrize(
    "header", ["fault=nope", "pace", "speed=1", "pace=fast", "pace=-1", "pace=nan"]
)
def test_a_behaviour_that_does_not_exist_is_refused(standin: StandIn, header: str) -> None:
    answer = request(standin, behaviour=header)

    assert answer.status == 400
    assert answer.json["error"]["message"]


def test_the_chunk_length_can_be_chosen(standin: StandIn) -> None:
    pieces = request(standin, behaviour="chunk_seconds=0.5; pace=0").audio

    assert {len(base64.b64decode(piece)) for piece in pieces[:-1]} == {24_000}


def test_the_sound_of_a_request_is_the_same_in_any_piece(standin: StandIn) -> None:
    """Joined before decoding (the documentation's way 1) or decoded one by one."""
    pieces = request(standin).audio

    joined = base64.b64decode("".join(pieces))

    assert joined == b"".join(base64.b64decode(piece) for piece in pieces)
    assert not any("=" in piece for piece in pieces[:-1])


def test_the_same_request_gets_the_same_sound(standin: StandIn) -> None:
    assert request(standin).audio == request(standin).audio


# Faults


@pytest.mark.parametrize("fault", sorted(HTTP_FAULTS))
def test_an_http_fault_has_its_status_and_the_documented_body(standin: StandIn, fault: str) -> None:
    answer = request(standin, behaviour=f"fault={fault}")

    status, code, kind, message = HTTP_FAULTS[fault]
    assert answer.status == status
    assert answer.json["error"] == {
        "code": code,
        "param": None,
        "message": message,
        "type": kind,
    }
    assert answer.json["request_id"]


@pytest.mark.parametrize("fault", sorted(BODY_FAULTS))
def test_a_body_fault_is_200_without_events(standin: StandIn, fault: str) -> None:
    answer = request(standin, behaviour=f"fault={fault}")

    assert (answer.status, answer.events) == (200, [])


def test_drop_ends_the_connection_in_the_middle(standin: StandIn) -> None:
    before = settled(standin).broken

    answer = request(standin, behaviour="fault=drop;fault_after=9")

    assert answer.broke
    assert len(answer.events) == 9
    assert settled(standin).broken == before + 1


def test_stall_keeps_the_connection_and_says_nothing_more(standin: StandIn) -> None:
    answer = request(standin, behaviour="fault=stall", timeout=0.5)

    assert answer.broke
    assert len(answer.events) == 6


def test_garbage_is_an_event_that_is_no_json(standin: StandIn) -> None:
    answer = request(standin, behaviour="fault=garbage")

    json.loads(answer.events[-2])
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(answer.events[-1])


def test_errors_inside_a_stream_come_in_both_shapes(standin: StandIn) -> None:
    framed = request(standin, behaviour="fault=error_frame")
    flat = request(standin, behaviour="fault=flat_error")

    assert framed.status == flat.status == 200
    assert framed.chunks[-1]["error"]["code"] == "data_inspection_failed"
    assert flat.chunks[-1]["code"] == "data_inspection_failed"
    assert "[DONE]" not in framed.events + flat.events


def test_a_refused_search_can_come_inside_a_stream(standin: StandIn) -> None:
    answer = request(standin, behaviour="fault=search_frame")

    assert answer.status == 200
    assert [chunk["error"]["message"] for chunk in answer.chunks] == [
        "This model does not support enable_search."
    ]


def test_a_stream_can_lack_its_end(standin: StandIn) -> None:
    no_done = request(standin, behaviour="fault=no_done")
    no_usage = request(standin, behaviour="fault=no_usage")
    no_finish = request(standin, behaviour="fault=no_finish")
    cut = request(standin, behaviour="fault=cut_last_event")

    assert no_done.chunks[-1]["usage"]
    assert "[DONE]" not in no_done.events
    assert not any(chunk["usage"] for chunk in no_usage.chunks)
    assert not any(c["finish_reason"] for chunk in no_finish.chunks for c in chunk["choices"])
    assert not cut.broke
    assert not cut.body.endswith(b"\n")


def test_an_empty_answer_has_no_text_and_no_sound(standin: StandIn) -> None:
    answer = request(standin, behaviour="fault=empty_answer")

    assert [len(chunk["choices"]) for chunk in answer.chunks] == [1, 1, 0]
    assert answer.audio == []


def test_wav_chunks_are_complete_files(standin: StandIn) -> None:
    pieces = request(standin, behaviour="fault=wav_chunks").audio

    assert all(base64.b64decode(piece).startswith(b"RIFF") for piece in pieces)


def test_odd_pieces_cut_a_sample_and_padded_ones_need_padding(standin: StandIn) -> None:
    odd = request(standin, behaviour="fault=odd_pieces").audio
    padded = request(standin, behaviour="fault=padded_pieces").audio

    assert len(base64.b64decode(odd[0])) % 2 == 1
    assert padded[0].endswith("=")
    with pytest.raises(binascii.Error):  # what is made of it otherwise depends on the Python
        base64.b64decode("".join(padded), validate=True)


def test_both_texts_come_together(standin: StandIn) -> None:
    deltas = [
        choice["delta"]
        for chunk in request(standin, behaviour="fault=both_texts").chunks
        for choice in chunk["choices"]
    ]

    content = "".join(delta.get("content", "") for delta in deltas)
    assert content
    assert content == "".join(delta.get("audio", {}).get("transcript", "") for delta in deltas)


@pytest.mark.parametrize("fault", ["crlf", "comments", "cut_anywhere"])
def test_the_same_stream_can_be_written_in_other_ways(standin: StandIn, fault: str) -> None:
    usual, other = request(standin), request(standin, behaviour=f"fault={fault}")

    assert [c["choices"] for c in other.chunks if "audio_" not in str(c)] == [
        c["choices"] for c in usual.chunks if "audio_" not in str(c)
    ]
    assert (b"\r\n" in other.body) == (fault == "crlf")
    assert (b": keep-alive" in other.body) == (fault == "comments")


WARM = {
    "model": "qwen3-omni-flash",
    "messages": [{"role": "user", "content": "How warm is it in Hangzhou?"}],
    "stream": True,
    "stream_options": {"include_usage": True},
    "modalities": ["text"],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather now.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        }
    ],
}
CALL_FAULTS = [fault for fault in FAULTS if fault.startswith("call_")]
JSON_FAULTS = [fault for fault in FAULTS if fault.startswith("json_") and fault != "json_body"]


def called(answer: Answer) -> list[Any]:
    deltas = [choice["delta"] for chunk in answer.chunks for choice in chunk["choices"]]
    return [piece for delta in deltas for piece in delta.get("tool_calls") or []]


def finish(answer: Answer) -> Any:
    return next(c["finish_reason"] for chunk in answer.chunks[::-1] for c in chunk["choices"])


def test_a_call_is_streamed_as_documented(standin: StandIn) -> None:
    answer = request(standin, WARM)

    name, arguments = called(answer)
    assert (name["function"]["name"], name["function"]["arguments"]) == ("weather", None)
    assert json.loads(arguments["function"]["arguments"]) == {"city": "Hangzhou"}
    assert arguments["function"]["arguments"].startswith(" ")
    assert name["id"] == arguments["id"] != ""
    last, usage = answer.chunks[-2:]
    assert last["choices"][0]["delta"] == {"content": None, "tool_calls": None}
    assert finish(answer) == "tool_calls"
    assert usage["usage"]["completion_tokens_details"]["text_tokens"] == 7


def test_a_call_is_not_spoken(standin: StandIn) -> None:
    spoken = WARM | {"modalities": ["text", "audio"], "audio": {"voice": "Cherry", "format": "wav"}}

    assert called(request(standin, spoken))
    assert not request(standin, spoken).audio
    assert request(standin, spoken, behaviour="fault=call_read_aloud").audio


@pytest.mark.parametrize("fault", CALL_FAULTS)
def test_a_fault_of_calls_changes_the_stream_and_no_more(standin: StandIn, fault: str) -> None:
    answer = request(standin, WARM, behaviour=f"fault={fault}")

    assert answer.status == 200
    assert answer.events[-1] == "[DONE]"
    leaks = fault.startswith("call_in_text")
    assert bool(called(answer)) != leaks
    assert finish(answer) == ("stop" if leaks or fault == "call_finish_stop" else "tool_calls")


@pytest.mark.parametrize("fault", JSON_FAULTS)
def test_a_fault_of_json_changes_the_text_and_no_more(standin: StandIn, fault: str) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    shape = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    asked = {**WARM, "response_format": shape}
    del asked["tools"]

    usual = request(standin, asked)
    answer = request(standin, asked, behaviour=f"fault={fault}")

    assert json.loads(text_of(usual)) == {"a": 0}
    assert text_of(answer) != text_of(usual)
    assert finish(answer) == ("length" if fault == "json_cut" else "stop")


def text_of(answer: Answer) -> str:
    deltas = [choice["delta"] for chunk in answer.chunks for choice in chunk["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize("dialect", ["openai", "vllm-omni", "sglang-omni"])
def test_other_servers_call_as_their_sdk_reads_it(standin: StandIn, dialect: str) -> None:
    answer = request(standin, WARM, behaviour=f"dialect={dialect}")

    first, *later = called(answer)
    assert first["function"]["name"] == "weather"
    assert later
    assert not any("id" in piece or "name" in piece["function"] for piece in later)


def test_other_servers_take_a_schema_beside_media_and_content_null(standin: StandIn) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    rounds = [
        *WARM["messages"],
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "21 degrees"},
    ]
    asked = {**WARM, "messages": rounds}

    assert request(standin, asked).status == 400
    assert "21 degrees" in text_of(request(standin, asked, behaviour="dialect=openai"))
    image = {"type": "image_url", "image_url": {"url": "https://localhost/a.png"}}
    shape = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"const": "so"}}}
    shown = {"role": "user", "content": [image, {"type": "text", "text": "What?"}]}
    seen = {**WARM, "messages": [shown], "response_format": shape}
    assert json.loads(text_of(request(standin, seen))) != "so"
    assert json.loads(text_of(request(standin, seen, behaviour="dialect=vllm-omni"))) == "so"


def test_calls_and_json_are_cut_by_max_tokens(standin: StandIn) -> None:
    call = request(standin, {**WARM, "max_tokens": 4})

    assert finish(call) == "length"
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(called(call)[-1]["function"]["arguments"])
    asked = {**WARM, "response_format": {"type": "json_object"}, "max_tokens": 4, "tools": None}
    asked["messages"] = [{"role": "user", "content": "Answer in JSON."}]
    cut = request(standin, asked)
    assert finish(cut) == "length"
    assert text_of(cut).startswith("{")


def test_every_fault_is_tried_here() -> None:
    tried = {
        *CALL_FAULTS,
        *JSON_FAULTS,
        *("none", "drop", "stall", "garbage", "flat_error", "error_frame", "search_frame"),
        *("no_done", "no_finish", "no_usage", "cut_last_event", "empty_answer"),
        *("wav_chunks", "odd_pieces", "padded_pieces", "both_texts"),
        *("crlf", "comments", "cut_anywhere"),
        *(
            fault for fault in FAULTS if fault.startswith("batch_")
        ),  # tests/protocol/test_batches.py
    }

    assert set(FAULTS) == tried | set(HTTP_FAULTS) | set(BODY_FAULTS)
