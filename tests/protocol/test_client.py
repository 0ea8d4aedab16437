"""Our client against a real server, on every version of the SDK that we support.

`nox -s protocol` runs this folder once per version; see noxfile.py.
"""

from __future__ import annotations

import contextlib
import gc
import http.server
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

import omni_nb as omni
from omni_nb.errors import ServiceError
from omni_nb.media.parts import TextPart
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, EventStream, Secret
from omni_nb.wire.request import Message, Request
from tests.waiting import settled, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TURBO, FLASH = "qwen-omni-turbo", "qwen3-omni-flash"
KEY = "sk-a-secret-that-nobody-may-see"


@pytest.fixture
def server():
    """Start stand-ins that behave as a test needs, and end them after it."""
    running = []

    def begin(**behaviour):
        standin = start(Behaviour(**{"pace": 0, **behaviour}), api_key=KEY)
        running.append(standin)
        return standin

    yield begin
    for standin in running:
        standin.stop()


def connection(standin, key: str = KEY) -> Connection:
    return Connection(Endpoint(standin.base_url, Secret(key)))


def chat(standin, model=TURBO, voice="Cherry", key=KEY, **options) -> omni.Chat:
    return omni.Chat(model, voice=voice, connection=connection(standin, key), **options)


def ask(talk: omni.Chat, question: str = "你是谁"):
    with talk.stream(question) as stream:
        for _ in stream:
            pass
    return stream.reply


@pytest.mark.parametrize("model", [TURBO, FLASH])
@pytest.mark.parametrize("voice", [None, "Cherry"])
def test_both_generations_answer_with_text_speech_and_usage(server, model, voice):
    reply = ask(chat(server(), model, voice))
    assert "离线模拟服务" in reply.text
    assert reply.finish_reason == "stop"
    assert reply.is_finished
    assert set(reply.usage.output) == ({"text", "audio"} if voice else {"text"})
    if voice:
        per_second = 25 if model == TURBO else 12.5
        assert abs(reply.audio.seconds - reply.usage.output["audio"] / per_second) < 0.1
        assert reply.audio.sample_rate == 24000
    else:
        assert reply.audio is None


@pytest.mark.parametrize(
    "fault",
    ["wav_chunks", "odd_pieces", "padded_pieces", "both_texts", "crlf", "comments", "cut_anywhere"],
)
def test_however_the_stream_is_written_the_answer_is_the_same(server, fault):
    plain, odd = ask(chat(server())), ask(chat(server(fault=fault)))
    assert odd.text == plain.text
    # The synthesizer keeps a state of its own: two runs are almost as long, not bit for bit.
    assert abs(len(odd.pcm) - len(plain.pcm)) < 4800
    assert abs(odd.usage.total - plain.usage.total) <= 2
    assert abs(odd.audio.seconds * 25 - odd.usage.output["audio"]) <= 1
    assert not any(map(odd.pcm[:44].__contains__, [b"RIFF", b"WAVE"]))


@pytest.mark.parametrize("fault", ["no_done", "no_usage", "no_finish"])
def test_one_sign_of_the_end_is_enough(server, fault):
    reply = ask(chat(server(fault=fault)))
    assert reply.error is None
    assert (reply.usage is None) == (fault == "no_usage")
    assert reply.finish_reason == (None if fault == "no_finish" else "stop")


@pytest.mark.parametrize("fault", ["drop", "garbage", "flat_error", "error_frame"])
def test_an_answer_that_breaks_off_is_an_error_that_keeps_what_came(server, fault):
    talk = chat(server(fault=fault, fault_after=8))
    with pytest.raises(ServiceError) as caught:
        ask(talk)
    reply = caught.value.reply
    assert reply is talk.replies[0]
    assert reply.text
    assert (reply.finish_reason, reply.is_finished) == ("error", True)
    if fault.endswith(("flat_error", "error_frame")):
        assert caught.value.message == "Output data may contain inappropriate content."
        assert caught.value.code == "data_inspection_failed"
        assert caught.value.request_id
        assert "rephrase" in caught.value.advice
    assert talk.messages[-1] == {"role": "assistant", "content": reply.text}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("json_body", "application/json instead of a stream"),
        ("html_body", "text/html.* instead of a stream"),
        ("empty_body", "broke off: the stream ended without a finish_reason"),
    ],
)
def test_an_answer_that_is_no_stream_is_not_taken_for_an_empty_one(server, fault, words):
    talk = chat(server(fault=fault))
    with pytest.raises(ServiceError, match=words):
        ask(talk)
    assert talk.messages == []


def test_a_cut_last_event_costs_only_itself(server):
    reply = ask(chat(server(fault="cut_last_event")))
    assert (reply.finish_reason, reply.usage) == ("stop", None)


@pytest.mark.parametrize(
    ("change", "status", "code", "advice"),
    [
        ({"key": "sk-wrong"}, 401, "invalid_api_key", "region"),
        ({"model": "nope"}, 404, "model_not_found", "name"),
    ],
)
def test_a_refusal_keeps_the_services_words_and_adds_advice(server, change, status, code, advice):
    with pytest.raises(ServiceError) as caught:
        ask(chat(server(), **change))
    error = caught.value
    assert (error.status_code, error.code) == (status, code)
    assert error.request_id
    assert advice in error.advice
    assert error.reply.finish_reason == "error"
    assert str(error).splitlines() == [
        f"{error.message.strip()} (HTTP {status}, {code}, request id {error.request_id})",
        error.advice,
    ]


@pytest.mark.parametrize(("fault", "tries"), [("403", 1), ("429", 3), ("500", 3)])
def test_only_what_may_pass_is_tried_again_and_never_after_the_first_byte(server, fault, tries):
    standin = server(fault=fault)
    with pytest.raises(ServiceError) as caught:
        ask(chat(standin))
    assert caught.value.status_code == int(fault)
    assert caught.value.advice
    assert standin.activity.refused == tries


def test_nothing_is_sent_twice_once_an_answer_began(server):
    standin = server(fault="drop")
    with pytest.raises(ServiceError):
        ask(chat(standin))
    seen = settled(standin)
    assert (seen.broken, seen.completed) == (1, 0)


def test_no_server_is_an_error_that_names_the_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", Secret(KEY))
    request = Request(TURBO, (Message("user", (TextPart("?"),)),))
    with pytest.raises(ServiceError, match=f"No answer from http://127.0.0.1:{port}/v1"):
        list(EventStream(endpoint, request))


@pytest.mark.parametrize("how", ["stop", "break", "with"])
def test_ending_early_ends_the_request_and_keeps_what_came(server, how):
    standin = server(pace=1)
    talk = chat(standin)
    stream = talk.stream("说30秒")
    if how == "with":
        with stream:
            next(iter(stream))
    for event in stream if how != "with" else ():
        if isinstance(event, object) and stream.reply.pcm:
            if how == "stop":
                stream.stop()
            else:
                break
    settled(standin)
    reply = talk.replies[0]
    assert (reply.finish_reason, reply.is_finished, reply.error) == ("interrupted", True, None)
    assert len(reply.pcm) < 24000 * 2 * 10
    assert stream.reply is reply


@pytest.mark.parametrize("fault", ["stall", "none"])
def test_stop_wakes_a_reader_that_waits_for_the_network(server, fault):
    standin = server(fault=fault, pace=0.1)
    stream = chat(standin).stream("你是谁")
    ended = threading.Event()

    def read():
        for _ in stream:
            pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    assert wait_until(lambda: bool(stream.reply.text))
    stream.stop()
    assert ended.wait(5)
    assert stream.reply.finish_reason == "interrupted"
    settled(standin)


def test_an_answer_that_was_stopped_in_a_silence_ended_at_the_stop(server):
    stream = chat(server(fault="stall")).stream("你是谁")
    silence = 0.2
    with stream:
        events = iter(stream)
        while not stream.reply.text:
            next(events)
        time.sleep(silence)
    timing = stream.reply.timing
    assert timing.total_seconds >= timing.arrivals[-1].seconds + silence


@pytest.mark.parametrize("fault", ["stall", "none"])
def test_an_answer_that_takes_too_long_is_stopped_and_kept(server, fault):
    standin = server(fault=fault, pace=0.1)
    talk = chat(standin, timeout=2)
    reply = ask(talk, "说30秒")
    assert (reply.finish_reason, reply.error) == ("timeout", None)
    assert reply.text
    assert reply.audio.seconds < 20
    settled(standin)
    assert ask(chat(server(), timeout=200)).finish_reason == "stop"


def test_a_time_limit_counts_while_nothing_is_answered_at_all():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", Secret(KEY))
        reply = ask(omni.Chat(TURBO, connection=Connection(there), timeout=0.5))
    assert (reply.finish_reason, reply.text, reply.error) == ("timeout", "", None)


def test_a_time_limit_counts_while_a_refusal_is_asked_again(server):
    standin = server(fault="rate_limit")
    reply = ask(chat(standin, timeout=0.1))
    assert (reply.finish_reason, reply.error) == ("timeout", None)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "30", float("inf"), True])
def test_a_time_limit_that_is_none_is_refused_before_anything_is_sent(server, timeout):
    with pytest.raises(omni.RequestError, match="timeout is the seconds that an answer may take"):
        chat(server(), timeout=timeout)
    talk = chat(server())
    with pytest.raises(omni.RequestError, match="timeout is the seconds"):
        talk.timeout = timeout


@contextlib.contextmanager
def asking_to_wait(seconds: int) -> Iterator[tuple[str, list[str]]]:
    """A server that refuses everything and asks to come again later; its address and requests."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            body = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
            self.send_response(429)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", str(seconds))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/v1", asked
        httpd.shutdown()


@pytest.mark.parametrize("how", ["stop", "timeout"])
def test_stop_and_the_time_limit_wake_a_wait_before_the_next_try(how):
    with asking_to_wait(50) as (url, asked):
        there = Connection(Endpoint(url, Secret(KEY)))
        talk = omni.Chat(TURBO, connection=there, timeout=0.5 if how == "timeout" else None)
        stream = talk.stream("你是谁")
        ended = threading.Event()
        threading.Thread(target=lambda: (list(stream), ended.set()), daemon=True).start()
        assert wait_until(lambda: len(asked) == 1)
        if how == "stop":
            stream.stop()
        assert ended.wait(20), "it waits for the service's 50 seconds"
    assert len(asked) == 1
    assert stream.reply.finish_reason == {"stop": "interrupted"}.get(how, how)


def test_a_service_that_asks_to_wait_is_asked_again_after_that():
    with asking_to_wait(0) as (url, asked):
        there = Connection(Endpoint(url, Secret(KEY)))
        with pytest.raises(ServiceError, match="slow down"):
            ask(omni.Chat(TURBO, connection=there))
    assert len(asked) == 3


def test_who_asks_to_wait_for_minutes_is_not_waited_for():
    with asking_to_wait(600) as (url, asked):
        there = Connection(Endpoint(url, Secret(KEY)))
        with pytest.raises(ServiceError, match="slow down"):
            ask(omni.Chat(TURBO, connection=there))
    assert len(asked) == 1


def python(code: str) -> str:
    """Run a program in a fresh process that has no key; return what it says."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DASHSCOPE", "OPENAI"))}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**environment, "OMNI_NB_STAND_IN_PACE": "1"},
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_time_limit_begins_when_the_request_is_sent():
    """Not while libraries are imported and the stand-in starts: nothing was sent yet."""
    said = python(
        "import omni_nb as omni\n"
        "reply = omni.ask('Who are you?', timeout=0.5, show=False)\n"
        "print(bool(reply.text), reply.finish_reason in ('stop', 'timeout'))"
    )
    assert said.split() == ["True", "True"]


@pytest.mark.parametrize("where", ["in the loop", "while it waits"])
def test_ctrl_c_in_a_bare_loop_leaves_a_finished_reply_with_what_came(where):
    """The stream has a name here, as where a person looks at ``stream.reply`` in the loop."""
    seconds = 0 if where == "in the loop" else 0.3
    said = python(f"""
import signal, threading, time, os
import omni_nb as omni

interrupt = threading.Timer({seconds}, lambda: os.kill(os.getpid(), signal.SIGINT))
chat = omni.Chat("qwen-omni-turbo", voice="Cherry")
try:
    stream = chat.stream("Speak for 30 seconds.")
    for event in stream:
        if len(stream.reply.text) > 3 and not interrupt.ident:
            interrupt.start()
            time.sleep(30 if {seconds == 0} else 0)
except KeyboardInterrupt:
    pass
reply = chat[-1]
print(len(chat), reply.is_finished, reply.finish_reason, len(reply.text) > 3)
""")
    assert said.split() == ["1", "True", "interrupted", "True"]


def test_a_stream_that_is_dropped_in_the_middle_is_finished(server):
    standin = server(pace=1)
    talk = chat(standin)
    events = iter(talk.stream("说30秒"))
    next(events)
    del events
    gc.collect()
    settled(standin)
    assert [(r.finish_reason, r.is_finished) for r in talk] == [("interrupted", True)]


def test_the_first_of_two_stops_names_the_answer(server):
    """A person's stop just before the time is over stays a person's, and the other way round."""
    for first, second in (("interrupted", "timeout"), ("timeout", "interrupted")):
        stream = chat(server(pace=1)).stream("说30秒")
        next(events := iter(stream))
        stream._stop(first)
        stream._stop(second)
        assert list(events) == []
        assert stream.reply.finish_reason == first


def test_stop_wakes_a_reader_after_a_refusal_too(server):
    standin = server(fault="stall")
    endpoint = connection(standin).endpoint

    def stream_of(model: str) -> EventStream:
        return EventStream(endpoint, Request(model, (Message("user", (TextPart("?"),)),)))

    with pytest.raises(ServiceError):  # read to its end: its connection could be used again
        list(stream_of("nope"))
    stream, seen, ended = stream_of(TURBO), threading.Event(), threading.Event()

    def read():
        for _ in stream:
            seen.set()
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    assert seen.wait(5)
    stream.stop()
    assert ended.wait(5)


def test_stopping_before_the_answer_began_sends_no_second_request(server):
    standin = server(pace=1)
    stream = chat(standin).stream("你是谁")
    stream.stop()
    assert list(stream) == []
    assert stream.reply.finish_reason == "interrupted"


def test_async_iteration_gives_the_same_answer(server):
    import asyncio

    async def read():
        stream = chat(server()).stream("你是谁")
        kinds = [type(event).__name__ async for event in stream]
        return stream.reply, kinds

    reply, kinds = asyncio.run(read())
    assert reply.text == ask(chat(server())).text
    assert {"TranscriptDelta", "AudioDelta", "UsageReport", "Finished"} == set(kinds)


def test_cancelling_an_async_reader_ends_the_request(server):
    import asyncio

    standin = server(pace=1)

    async def read():
        stream = chat(standin).stream("说30秒")

        async def consume():
            async for _ in stream:
                pass

        task = asyncio.create_task(consume())
        while not stream.reply.text:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return stream.reply

    assert asyncio.run(read()).finish_reason == "interrupted"
    settled(standin)


def test_several_turns_are_one_conversation(server):
    talk = chat(server())
    first, second = ask(talk, "你是谁"), ask(talk, "再说一遍")
    assert [m["role"] for m in talk.messages] == ["user", "assistant"] * 2
    assert talk.messages[1]["content"] == first.text
    assert "你是谁" in second.text
    assert talk.usage == first.usage + second.usage


class Recorder(http.server.BaseHTTPRequestHandler):
    """Records headers, and refuses."""

    seen: list

    def do_POST(self):
        self.seen.append(dict(self.headers.items()))
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(400)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(f"bad key {KEY}".encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def recorder():
    handler = type("H", (Recorder,), {"seen": []})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/v1", handler.seen
        httpd.shutdown()


def test_no_other_providers_key_organization_or_header_is_sent(recorder, monkeypatch):
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID", "PROJECT", "ADMIN_KEY"):
        monkeypatch.setenv(f"OPENAI_{name}", "theirs")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Theirs: theirs\nAuthorization: Bearer theirs")
    url, seen = recorder
    talk = omni.Chat(TURBO, connection=Connection(Endpoint(url, Secret(KEY))))
    with pytest.raises(ServiceError):
        ask(talk)
    assert "theirs" not in str(seen)
    assert {k.lower(): v for k, v in seen[0].items()}["authorization"] == f"Bearer {KEY}"


STORED = "oss://dashscope-instant/a/b"


@pytest.mark.parametrize("dialect", ["dashscope", "vllm-omni"])
@pytest.mark.parametrize(
    ("media", "is_stored"),
    [
        ({"image": f"{STORED}.jpg"}, True),
        ({"audio": f"{STORED}.mp3"}, True),
        ({"video": STORED.upper()}, True),
        ({"frames": ["https://example.com/1.png", f"{STORED}.png", f"{STORED}.png"]}, True),
        ({"image": "https://example.com/oss://a.jpg"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_url_of_the_services_store_is_sent_as_it_is_with_its_header(
    recorder, media, is_stored, dialect
):
    url, seen = recorder
    chat = omni.Chat("m", connection=Connection(Endpoint(url, Secret(KEY), dialect)))
    with pytest.raises(ServiceError):
        chat.ask(STORED, show=False, **media)
    headers = {name.lower(): value for name, value in seen[0].items()}
    expected = "enable" if is_stored else None
    assert headers.get("x-dashscope-ossresourceresolve") == expected
    sent = json.dumps(chat[-1].request.payload())
    assert all(json.dumps(url)[1:-1] in sent for url in media.values())


def test_the_key_is_in_no_message_traceback_or_repr(recorder):
    url, _ = recorder
    here = Connection(Endpoint(url, Secret(KEY)))
    try:
        ask(omni.Chat(TURBO, connection=here))
    except ServiceError as error:
        below_this_test = error.with_traceback(error.__traceback__.tb_next)
        shown = traceback.TracebackException.from_exception(below_this_test, capture_locals=True)
        assert "bad key [key]" in str(error)
        assert KEY not in "".join(shown.format())
    assert KEY not in repr(here)
    assert KEY not in repr(here.endpoint)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(here)


def test_a_proxy_is_not_asked_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(chat(server())).finish_reason == "stop"
