"""Streams that services and proxies really send (tests/cases/streams.py), and their siblings."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import omni_nb as omni
from omni_nb.errors import OmniError, RequestError, ServiceError
from omni_nb.render.bundle import bundle_of
from omni_nb.turns.connection import connection_to
from omni_nb.wire.endpoint import SHORTEST_SECRET
from tests.cases import streams
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import ThreadingHTTPServer
    from pathlib import Path

    from omni_nb.turns.reply import Reply

KEY = "sk-sentinel-0123456789"
DONE = streams.DONE
HELLO = streams.chunk("Hello")


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    running = streams.start()
    yield running
    running.shutdown()


@pytest.fixture
def asked(
    server: ThreadingHTTPServer, tmp_path: Path
) -> Callable[..., tuple[Reply, ServiceError | None]]:
    """Ask at a case; everything that a reply can become is made of it, and the chat goes on."""

    def ask(case: str, **options: Any) -> tuple[Reply, ServiceError | None]:
        address = f"http://127.0.0.1:{server.server_port}"
        there = connection_to(f"{address}/{case}/v1", api_key=KEY)
        chat, error = omni.Chat("a-model", connection=there), None
        try:
            chat.ask("Hi", show=False, **options)
        except ServiceError as caught:
            error = caught
        (reply,) = chat.replies
        assert reply.is_finished
        assert_nothing_shows_the_key(chat, error)
        assert_it_is_saved_as_it_is(chat, tmp_path / "talk.json")
        chat.connection = connection_to(f"{address}/good/v1", api_key=KEY)
        assert chat.ask("And now?", show=False).text == "Hello world"
        return reply, error

    return ask


@pytest.fixture
def served(
    asked: Callable[..., tuple[Reply, ServiceError | None]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Reply, ServiceError | None]]:
    """Ask at a case that the test makes: a body and its head."""

    def ask(body: bytes, **head: Any) -> tuple[Reply, ServiceError | None]:
        monkeypatch.setitem(streams.BODIES, "made", (body, head))
        return asked("made")

    return ask


def assert_nothing_shows_the_key(chat: omni.Chat, error: ServiceError | None) -> None:
    shown = [
        repr(chat),
        *map(str, bundle_of(chat[0]).values()),
        *map(str, bundle_of(chat[0].account).values()),
    ]
    if error is not None:
        shown += [str(error), repr(error), repr(error.args), repr(vars(error))]
        shown += ["".join(error._render_traceback_())]
        assert error.__cause__ is None
        assert error.__context__ is None
    assert not [text for text in shown if KEY in text]


def assert_it_is_saved_as_it_is(chat: omni.Chat, path: Path) -> None:
    chat.save(path)
    assert KEY not in path.read_text("utf-8")
    (kept,), (reply,) = omni.Chat.load(path).replies, chat.replies
    for name in ("text", "reasoning", "finish_reason", "usage", "refusal"):
        assert getattr(kept, name) == getattr(reply, name), name
    assert kept.pcm == reply.pcm
    assert (kept.error is None) == (reply.error is None)
    if kept.error is not None:
        assert str(kept.error) == str(reply.error)


# The cases


def test_an_answer_as_it_should_be(asked):
    reply, error = asked("good")
    assert (reply.text, reply.finish_reason, error) == ("Hello world", "stop", None)
    assert reply.usage.total == 15


@pytest.mark.parametrize(
    ("case", "words", "kept"),
    [
        ("error_number", "no such model (HTTP 404)", ""),
        ("error_object", 'no such model (HTTP 400, {"a": 1})', ""),
        ("frame_number", "upstream failed (502)", "Hello"),
        ("frame_detail", "quota exceeded", ""),
        ("frame_detail_late", "worker died", "Hello"),
        ("one_bad_event", "not JSON", "Hello world"),
        ("half_bad_chunk", "not base64", "Hello world"),
        ("usage_each_then_cut", "broke off", "Hello wor"),
    ],
)
def test_what_went_wrong_is_said_and_what_came_is_kept(asked, case, words, kept):
    reply, error = asked(case)
    assert words in error.headline
    assert (reply.text, reply.finish_reason, error.reply is reply) == (kept, "error", True)


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("emoji_in_halves", "Hi \N{GRINNING FACE}!"),
        ("content_as_parts", "Hello"),
        ("reasoning", "42"),
        ("refusal", "I cannot help with that."),
        ("usage_float", "Hello"),
        ("usage_details_text", "Hello"),
        ("type_in_capitals", "Hello world"),
        ("byte_order_mark", "Hello world"),
        ("cut_after_finish", "Hello world"),
    ],
)
def test_what_is_right_in_another_form_is_right(asked, case, text):
    reply, error = asked(case)
    assert (reply.text, reply.finish_reason, error) == (text, "stop", None)


def test_a_refusal_and_thinking_are_known_as_such(asked):
    assert asked("refusal")[0].refusal == "I cannot help with that."
    assert asked("good")[0].refusal == ""
    assert asked("reasoning")[0].reasoning == "Let me think."


def test_counts_are_whole_numbers(asked):
    assert (asked("usage_float")[0].usage.input_total, asked("usage_float")[0].usage.total) == (
        12,
        17,
    )
    assert asked("usage_details_text")[0].usage.output == {"audio": 5}


def test_a_wav_header_that_is_cut_is_no_sound(asked):
    assert asked("wav_header_cut")[0].pcm == streams.PCM


def test_an_echoed_key_is_hidden_in_every_field(asked):
    _, error = asked("key_echoed")
    assert (error.code, error.request_id) == ("bad [key]", "r-[key]")


@pytest.mark.parametrize("how", ["timeout", "stop"])
def test_a_wait_that_the_service_asks_for_ends_with_the_time_or_with_stop(server, how):
    there = connection_to(f"http://127.0.0.1:{server.server_port}/wait_20_seconds/v1")
    seconds = 0.3 if how == "timeout" else None
    stream = omni.Chat("a-model", connection=there, timeout=seconds).stream("Hi")
    waits = []
    if how == "stop":

        def stop() -> None:
            wait_until(lambda: stream.reply.wait)
            waits.append(stream.reply.wait)
            stream.stop()

        threading.Thread(target=stop).start()
    started = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - started < 15, "it did not wait for the 20 seconds"
    assert stream.reply.finish_reason == ("timeout" if how == "timeout" else "interrupted")
    if how == "stop":
        assert (waits[0].seconds, waits[0].is_asked) == (20, True)


# Their siblings: what comes is read by us, whatever the SDK

WRONG = [404, 4.5, True, ["a", 1], {"a": {"b": 1}}, "x\x1b]0;evil\x07", "y" * 100_000, None, ""]


@pytest.mark.once
@pytest.mark.once
@pytest.mark.parametrize("name", ["code", "type", "message", "param", "request_id"])
@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("place", ["status", "frame"])
def test_a_field_of_any_type_is_an_error_in_words(served, name, value, place):
    body = {"error": {"message": "no", "code": "c"} | {name: value}, "request_id": value}
    if place == "status":
        reply, error = served(json.dumps(body).encode(), status=400, type="application/json")
    else:
        reply, error = served(streams.stream(HELLO, body, done=False))
    assert reply.text == ("Hello" if place == "frame" else "")
    assert error.message
    assert len(str(error)) < 5_000
    assert "\x1b" not in str(error)
    assert isinstance(error.code, str | None)
    assert isinstance(error.request_id, str | None)


@pytest.mark.once
@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"error": "no luck"}, "no luck"),
        ({"error": {"msg": "no luck"}}, "no luck"),
        ({"errors": [{"message": "no luck"}, {"message": "at all"}]}, "no luck; at all"),
        ({"detail": [{"loc": ["body", "n"], "msg": "no luck"}]}, "no luck"),
        ({"detail": {"error": {"message": "no luck"}}}, "no luck"),
        ({"object": "error", "message": "no luck", "code": 400}, "no luck"),
        ({"error_code": 17, "error_msg": "no luck"}, "no luck (17)"),
        ({"error": {"code": 500}}, "500"),
        ({"choices": [{"index": 0, "delta": {}, "error": {"message": "no luck"}}]}, "no luck"),
        ({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}, "error"),
    ],
)
@pytest.mark.parametrize("has_name", [False, True], ids=["data", "event: error"])
@pytest.mark.parametrize("is_late", [False, True], ids=["first", "late"])
def test_an_error_in_any_envelope_is_an_error(served, frame, words, has_name, is_late):
    body = (streams.event(HELLO) if is_late else b"") + b"event: error\n" * has_name
    reply, error = served(body + streams.event(frame) + DONE)
    assert words in error.headline
    assert reply.text == ("Hello" if is_late else "")


@pytest.mark.once
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"event: error\ndata: quota exceeded\n\n", "quota exceeded"),
        (b'error: {"message": "no luck"}\n\n', "no luck"),
        (b'{"error": {"message": "no luck"}}', "no luck"),
        (b'{"status": "broken"}', "broken"),
        (b"upstream connect error", "upstream connect error"),
        (b"<html><title>502 Bad Gateway</title>", "502 Bad Gateway"),
        (b'message: {"text": "Hi"}\n\n', "Hi"),
        (streams.event({"type": "queued", "place": 3}) + DONE, "queued"),
        (DONE, "stream"),
        (b"", "stream"),
        (b": ping\n\n" * 50, "stream"),
        (b"data: [1, 2]\n\n", "no JSON object"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "not JSON"),
        (b'data: {"choices": ' + b"[" * 50_000 + b"]" * 50_000 + b"}\n\n", ""),
    ],
    ids=range(14),
)
@pytest.mark.parametrize("kind", ["text/event-stream", "text/plain", "application/json"])
def test_what_is_no_answer_is_an_error_with_its_words(served, body, words, kind):
    reply, error = served(body, type=kind)
    assert (reply.text, reply.finish_reason) == ("", "error")
    assert words in error.message


@pytest.mark.once
@pytest.mark.parametrize(
    "kind", ["", "text/plain", "TEXT/EVENT-STREAM", "application/octet-stream"]
)
@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"], ids=["LF", "CRLF", "CR"])
def test_a_good_stream_is_one_whatever_it_is_called(served, kind, end):
    body = streams.stream(*streams.GOOD).replace(b"\n\n", end)
    reply, error = served(body, type=kind)
    assert (reply.text, error) == ("Hello world", None)


@pytest.mark.once
def test_a_message_beside_a_usage_is_no_error(served):
    count = streams.COUNT | {"message": "Success", "code": 200}
    reply, error = served(streams.stream(HELLO, streams.END, count))
    assert (reply.text, reply.usage.total, error) == ("Hello", 15, None)


@pytest.mark.once
@pytest.mark.parametrize("said", [{"type": "ping"}, {"code": 0, "message": "Success"}, {}])
def test_a_chunk_that_says_nothing_is_passed_over(served, said):
    reply, error = served(streams.stream(HELLO, said, streams.END))
    assert (reply.text, error) == ("Hello", None)


@pytest.mark.once
def test_what_was_said_on_the_way_is_in_the_message_of_a_cut_answer(served):
    warning = {"type": "warning", "text": "the worker goes to sleep"}
    _, error = served(streams.stream(HELLO, warning, done=False))
    assert "broke off" in error.message
    assert "the worker goes to sleep" in error.message


@pytest.mark.once
def test_choices_of_another_index_are_other_answers(served):
    other = {"choices": [{"index": 1, "delta": {"content": "Bonjour"}, "finish_reason": "stop"}]}
    both = streams.chunk(" world")["choices"] + other["choices"]
    reply, error = served(streams.stream(HELLO, other, {"choices": both}, done=False))
    assert reply.text == "Hello world"
    assert "broke off" in error.message, "the end of another answer is not the end of this one"


@pytest.mark.once
@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": value, "completion_tokens": 5}
        for value in (float("nan"), float("inf"), -3, 10**15, "many", [1], {"a": 1}, None, True)
    ]
    + ["5", [5], 5, True, {"total_tokens": 5}, {"prompt_tokens_details": 5, "prompt_tokens": 3}]
    + [{"prompt_tokens": 3, "prompt_tokens_details": {"smell_tokens": 3, "text_tokens": "x"}}],
    ids=lambda usage: str(usage)[:40],
)
def test_a_usage_that_is_none_costs_no_answer(served, usage):
    reply, error = served(
        streams.stream(HELLO, streams.END, {"choices": [], "usage": usage}).replace(
            b"Infinity", b"1e999"
        )
    )
    assert (reply.text, reply.finish_reason, error) == ("Hello", "stop", None)
    for counts in () if reply.usage is None else (reply.usage.input, reply.usage.output):
        assert all(type(count) is int and count >= 0 for count in counts.values())
    str(bundle_of(reply.account))


@pytest.mark.once
@pytest.mark.parametrize("name", ["content", "reasoning_content", "transcript", "refusal"])
@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["a\ud83d", "\ude00b"], "a\N{GRINNING FACE}b"),
        (["a\ud83d", "b"], "a\ufffdb"),
        (["a", "\ude00b"], "a\ufffdb"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83d", "\ude00\ud83d", "\ude00"], "\N{GRINNING FACE}" * 2),
    ],
)
def test_half_a_character_is_joined_or_replaced(served, name, pieces, whole):
    if name == "transcript":
        chunks = [streams.chunk(audio={"transcript": piece}) for piece in pieces]
    else:
        chunks = [streams.chunk(delta={name: piece}) for piece in pieces]
    reply, error = served(streams.stream(*chunks, streams.END))
    said = reply.reasoning if name == "reasoning_content" else reply.text
    assert (said, error) == (whole, None)


@pytest.mark.once
def test_a_persons_own_half_character_is_replaced(asked, server):
    there = connection_to(f"http://127.0.0.1:{server.server_port}/good/v1")
    chat = omni.Chat("a-model", connection=there, system="s\ud83d")
    assert chat.ask("Hi \ud83d", show=False).text == "Hello world"
    assert chat.messages[-2]["content"] == "Hi \ufffd"


@pytest.mark.once
@pytest.mark.parametrize("piece", ["not base64", "last quartet"])
def test_bad_audio_costs_neither_text_nor_the_end(served, piece):
    data = "!!!!" if piece == "not base64" else base64.b64encode(streams.PCM).decode() + "A*"
    chunks = (streams.chunk("Hi", audio={"data": data}), streams.END, streams.COUNT)
    reply, error = served(streams.stream(*chunks[:1], done=False))
    assert (reply.text, reply.finish_reason) == ("Hi", "error")
    assert "not base64" in error.message
    reply, _ = served(streams.stream(*chunks))
    assert reply.text == "Hi"
    if piece == "last quartet":
        assert (reply.pcm, reply.usage.total) == (streams.PCM, 15)


@pytest.mark.once
def test_an_event_without_end_is_refused_before_it_fills_the_memory(served):
    _, error = served(streams.event(HELLO) + b"data: " + b"x" * (9 << 20))
    assert "more than 8 MB" in error.message


@pytest.mark.once
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_speech_of_another_rate_is_heard_at_its_own_speed(served, rate):
    head = streams.wav(bytes(2 * rate), rate)
    cut = [head[:7], head[7:40], head[40:]]
    reply, _ = served(streams.speech(*map(streams.b64, cut)))
    assert reply.audio.seconds == pytest.approx(1, abs=0.01)


MPEG_FRAME = b"\xff\xfb\x90\x64" + bytes(413)


@pytest.mark.once
@pytest.mark.parametrize(
    ("file", "name"),
    [(MPEG_FRAME * 3, "MP3"), (b"\x1aE\xdf\xa3" + bytes(90), "WebM"), (b"OggS" + bytes(90), "Ogg")],
)
def test_a_file_of_another_kind_is_no_sound(served, file, name):
    reply, error = served(streams.speech(streams.b64(file)))
    assert f"as {name} files" in error.message
    assert not reply.pcm


# The way there


@pytest.mark.once
@pytest.mark.parametrize(
    "place", ["code", "type", "message", "request_id", "finish_reason", "late"]
)
def test_the_key_is_hidden_wherever_it_is_echoed(served, place):
    error = {"message": "m", "code": "c", "type": "t"}
    if place == "finish_reason":
        reply, _ = served(streams.stream(HELLO, streams.chunk("", KEY)))
        assert reply.finish_reason == "[key]"
    elif place == "late":
        served(streams.stream(HELLO, {"error": error | {"message": KEY}}, done=False))
    elif place == "request_id":
        body = {"error": error, "request_id": KEY}
        served(json.dumps(body).encode(), status=400, type="application/json")
    else:
        body = {"error": error | {place: KEY}}
        _, caught = served(json.dumps(body).encode(), status=400, type="application/json")
        assert "[key]" in str(caught) or place == "type"


@pytest.mark.once
@pytest.mark.parametrize("key", ["none", "x", "EMPTY"])
def test_a_short_key_is_no_secret_and_garbles_nothing(server, key):
    assert len(key) < SHORTEST_SECRET
    body = (b'{"error": {"message": "none of x is EMPTY"}}', {"status": 400})
    streams.BODIES["short"] = body
    there = connection_to(f"http://127.0.0.1:{server.server_port}/short/v1", api_key=key)
    with pytest.raises(ServiceError, match="none of x is EMPTY"):
        omni.ask("Hi", model="a-model", connection=there, show=False)


@pytest.mark.once
@pytest.mark.parametrize("key", ["“sk-0123456789”", "sk-01234\N{EN DASH}56789", "sk-0123\n456789"])
def test_a_key_that_no_header_takes_is_refused_without_being_shown(key):
    with pytest.raises(RequestError, match="cannot be sent") as caught:
        connection_to("http://127.0.0.1:9/v1", api_key=key)
    assert "0123" not in str(caught.value)


@pytest.mark.once
@pytest.mark.parametrize(
    "address",
    [
        "https:/user:hunter22@host/v1",
        "https:user:hunter22@host/v1",
        "user:hunter22@host/v1",
        "//user:hunter22@host/v1",
        "https:///user:hunter22@host/v1",
        "gopher://host/v1?api_key=hunter22",
        "host/v1?api_key=hunter22",
    ],
)
def test_an_address_with_a_slip_does_not_repeat_its_secret(address):
    with pytest.raises(RequestError) as caught:
        connection_to(address)
    assert "hunter22" not in str(caught.value)


def test_the_query_of_an_address_is_sent_and_not_shown(server, monkeypatch):
    seen = []
    answer = streams.Handler.do_POST

    def note(handler: streams.Handler) -> None:
        seen.append(handler.path)
        handler.path = handler.path.partition("?")[0]
        answer(handler)

    monkeypatch.setattr(streams.Handler, "do_POST", note)
    address = f"http://127.0.0.1:{server.server_port}/good/v1?api_key=hunter22&v=1"
    there = connection_to(address)
    reply = omni.ask("Hi", model="a-model", connection=there, show=False)
    assert reply.text == "Hello world"
    assert seen == ["/good/v1/chat/completions?api_key=hunter22&v=1"]
    assert "hunter22" not in repr(there) + repr(there.endpoint) + there.base_url


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_to_another_host_is_refused_with_both_named(server, monkeypatch, status):
    def move(handler: streams.Handler) -> None:
        handler.send_response(status)
        handler.send_header("Location", "http://elsewhere.example/v1/chat/completions")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    monkeypatch.setattr(streams.Handler, "do_POST", move)
    there = connection_to(f"http://127.0.0.1:{server.server_port}/x/v1", api_key=KEY)
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1 .* another host, elsewhere\.example"):
        omni.ask("Hi", model="a-model", connection=there, show=False)


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirection_within_a_host_is_followed_where_the_question_stays_whole(
    server, monkeypatch, status
):
    answer = streams.Handler.do_POST

    def move(handler: streams.Handler) -> None:
        if handler.path.startswith("/old/"):
            handler.rfile.read(int(handler.headers["content-length"]))
            handler.send_response(status)
            handler.send_header("Location", "/good/v1/chat/completions")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        else:
            answer(handler)

    monkeypatch.setattr(streams.Handler, "do_POST", move)
    there = connection_to(f"http://127.0.0.1:{server.server_port}/old/v1", api_key=KEY)
    chat = omni.Chat("a-model", connection=there)
    if status == 307:
        assert chat.ask("Hi", show=False).text == "Hello world"
    else:
        with pytest.raises(ServiceError, match="loses its body"):
            chat.ask("Hi", show=False)


@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, "SOCKS"),
        ({"HTTP_PROXY": "127.0.0.1:9"}, ""),
        ({"HTTP_PROXY": "ftp://user:hunter22@127.0.0.1:9"}, "PROXY"),
        ({"HTTP_PROXY": "http://user:hunter22@127.0.0.1:bad"}, ""),
        ({"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "::1,[fe80::1]"}, ""),
    ],
)
def test_whatever_a_proxy_does_is_an_error_that_says_what_to_do(monkeypatch, variables, advice):
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    there = connection_to(f"http://192.0.2.{len(str(variables))}/v1", api_key=KEY)
    chat = omni.Chat("a-model", connection=there, timeout=30)
    with pytest.raises(OmniError) as caught:
        chat.ask("Hi", show=False)
    assert chat[0].finish_reason == "error"
    assert advice in caught.value.advice
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_certificate_that_the_environment_trusts_counts_on_this_machine_too(
    server, tmp_path, monkeypatch, is_trusted
):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    files = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    private = streams.start()
    private.socket = context.wrap_socket(private.socket, server_side=True)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    there = connection_to(f"https://localhost:{private.server_port}/good/v1?{is_trusted}")
    try:
        if is_trusted:
            reply = omni.ask("Hi", model="a-model", connection=there, show=False)
            assert reply.text == "Hello world"
        else:
            with pytest.raises(ServiceError, match="CERTIFICATE_VERIFY_FAILED"):
                omni.ask("Hi", model="a-model", connection=there, show=False)
    finally:
        private.shutdown()


def test_a_failure_that_nobody_foresaw_is_an_error_in_words(asked, monkeypatch):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nobody")

    monkeypatch.setattr("omni_nb.wire.decode.Decoder.flush", fail)
    with pytest.raises(ServiceError, match=r"ZeroDivisionError: by nobody \(test_cases.py, fail\)"):
        asked("good")
