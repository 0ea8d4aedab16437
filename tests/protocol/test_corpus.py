"""Streams that nobody planned: whatever comes, it is an answer or an error in words."""

from __future__ import annotations

import copy
import gzip
import random
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import omni_nb as omni
from omni_nb.errors import OmniError, ServiceError
from omni_nb.render.bundle import bundle_of
from omni_nb.turns.connection import connection_to
from tests.cases import streams
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once  # what comes is read by us, whatever the SDK

KEY = "sk-sentinel-0123456789"
COUNT = 300
MOST_BYTES = 16 << 20

DETAILS = {"text_tokens": 3, "audio_tokens": 2}
USAGE = streams.USAGE | {"completion_tokens_details": DETAILS, "prompt_tokens_details": DETAILS}
HALF = len(streams.PCM) // 2
SPOKEN = [
    streams.chunk("", delta={"role": "assistant"}),
    streams.chunk("Hi \ud83d"),
    streams.chunk("\ude00 there", audio={"transcript": "Hi", "data": streams.b64(streams.PCM)}),
    streams.chunk(audio={"data": streams.b64(streams.wav(streams.PCM)[:HALF])}),
    streams.chunk(None, delta={"reasoning_content": "Hm."}),
    streams.chunk("", "stop"),
    {"choices": [], "usage": USAGE, "id": "chatcmpl-1", "model": "a-model"},
]
VLLM = [
    streams.chunk("Hello", modality="text"),
    streams.chunk("", "stop", modality="text"),
    streams.chunk(streams.b64(streams.wav(streams.PCM)), modality="audio"),
    {**streams.chunk("", "stop", modality="audio"), "usage": USAGE},
]
FAILING = [streams.chunk("Hi"), {"error": {"code": "c", "message": "m"}, "request_id": "r"}]
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        10**30,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "x",
        KEY,
        "\ud83d",
        "\x1b[2J",
    ),
    *([], [[]], {}, {"a": {"b": [1]}}, ["x", {"text": "y"}], "A" * 5000, "=" * 9, "UklGRg=="),
]


def mutated(seed: int) -> bytes:
    """Return a stream with some of its fields, its order, its bytes or its end changed."""
    chance = random.Random(seed)
    chunks = copy.deepcopy(chance.choice([SPOKEN, VLLM, FAILING, list(streams.GOOD)]))
    for _ in range(chance.randint(0, 3)):
        change = chance.choice([replaced, replaced, replaced, added, shuffled, doubled])
        change(chunks, chance)
    end = chance.choice(["\n\n", "\r\n\r\n", "\r\r"])
    body = b"".join(streams.event(chunk, end) for chunk in chunks)
    body += streams.DONE * chance.randint(0, 1)
    if chance.random() < 0.3:
        body = body[: chance.randrange(len(body))]
    if chance.random() < 0.2:
        data = bytearray(body)
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        body = bytes(data)
    return body


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def replaced(chunks: list[Any], chance: random.Random) -> None:
    holder, key = chance.choice(list(places(chunks)))
    holder[key] = chance.choice(VALUES)


def added(chunks: list[Any], chance: random.Random) -> None:
    holders = [holder for holder, _ in places(chunks) if isinstance(holder, dict)]
    names = ("error", "detail", "message", "usage", "choices", "refusal", "audio", "modality")
    if holders:
        chance.choice(holders)[chance.choice(names)] = chance.choice(VALUES)


def shuffled(chunks: list[Any], chance: random.Random) -> None:
    chance.shuffle(chunks)


def doubled(chunks: list[Any], chance: random.Random) -> None:
    chunks.insert(chance.randrange(len(chunks)), chance.choice(chunks))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the streams are served; everything that an answer needs is imported."""
    server = streams.start()
    there = f"http://127.0.0.1:{server.server_port}"
    for chunks in (SPOKEN, FAILING):
        streams.BODIES["made"] = (streams.stream(*chunks), {})
        asked(there, chat := omni.Chat("a-model"))
        assert_it_can_be_used(there, chat, tmp_path_factory.mktemp("first") / "talk.json")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def asked(address: str, chat: omni.Chat) -> None:
    chat.connection = connection_to(f"{address}/made/v1", api_key=KEY)
    try:
        chat.ask("Hi", show=False)
    except OmniError as error:
        assert str(error).strip()
        assert KEY not in str(error) + repr(vars(error)) + repr(error.args)
        assert error.__context__ is None


@pytest.mark.slow
@pytest.mark.parametrize("part", range(6))
def test_a_mutated_stream_is_an_answer_or_an_error(address, part, monkeypatch, tmp_path):
    threads = threading.active_count()
    tracemalloc.start()
    for seed in range(part * COUNT // 6, (part + 1) * COUNT // 6):
        monkeypatch.setitem(streams.BODIES, "made", (mutated(seed), {}))
        chat = omni.Chat("a-model", timeout=30)
        asked(address, chat)
        assert chat[0].is_finished, seed
        assert chat[0].finish_reason != "timeout", seed
        assert_it_can_be_used(address, chat, tmp_path / f"{seed}.json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_BYTES
    assert wait_until(lambda: threading.active_count() <= threads)


def assert_it_can_be_used(address: str, chat: omni.Chat, path: Path) -> None:
    reply = chat[0]
    looks = map(str, [*bundle_of(reply).values(), *bundle_of(reply.account).values(), reply.timing])
    assert KEY not in "".join([*looks, repr(reply)]).replace(reply.text or "\0", "")
    chat.connection = connection_to(f"{address}/good/v1")
    assert chat.ask("And now?", show=False).text == "Hello world"
    kept = omni.Chat.load(chat.save(path))
    assert KEY not in path.read_text("utf-8")
    for name in ("text", "reasoning", "refusal", "finish_reason", "usage", "pcm"):
        assert getattr(kept[0], name) == getattr(reply, name), name
    assert str(kept[0].error) == str(reply.error)
    assert kept.messages == chat.messages


# Size


@pytest.mark.parametrize("status", [200, 400])
def test_a_body_that_unpacks_to_much_more_is_bounded(address, status, monkeypatch):
    packed = gzip.compress(b'{"error": {"message": "' + b"x" * (300 << 20) + b'"}}', 1)
    answer = streams.Handler.send_response

    def send(handler: streams.Handler, code: int) -> None:
        answer(handler, code)
        handler.send_header("Content-Encoding", "gzip")

    monkeypatch.setattr(streams.Handler, "send_response", send)
    monkeypatch.setitem(streams.BODIES, "made", (packed, {"status": status}))
    there = connection_to(f"{address}/made/v1", api_key=KEY)
    tracemalloc.start()
    with pytest.raises(ServiceError):
        omni.ask("Hi", model="a-model", connection=there, show=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_BYTES


def test_a_packed_answer_is_read_all_the_same(address, monkeypatch):
    answer = streams.Handler.send_response

    def send(handler: streams.Handler, code: int) -> None:
        answer(handler, code)
        handler.send_header("Content-Encoding", "gzip")

    monkeypatch.setattr(streams.Handler, "send_response", send)
    packed = gzip.compress(streams.stream(*streams.GOOD))
    monkeypatch.setitem(streams.BODIES, "made", (packed, {}))
    there = connection_to(f"{address}/made/v1", api_key=KEY)
    assert omni.ask("Hi", model="a-model", connection=there, show=False).text == "Hello world"


def test_a_body_that_is_no_answer_is_not_read_to_its_end(address, monkeypatch):
    monkeypatch.setitem(streams.BODIES, "made", (b"<p>no</p>\n" * (2 << 20), {"type": "text/html"}))
    there = connection_to(f"{address}/made/v1", api_key=KEY)
    tracemalloc.start()
    with pytest.raises(ServiceError, match="text/html"):
        omni.ask("Hi", model="a-model", connection=there, show=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (22 << 20) + MOST_BYTES


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_same_answer_comes_in_pieces_of_any_size(size):
    from omni_nb.wire.decode import Decoder, SSEDecoder

    body = b"\xef\xbb\xbf" + streams.stream(*SPOKEN)
    seen = []
    for step in (len(body), size):
        lines, decoder, events = SSEDecoder(), Decoder(), []
        for start in range(0, len(body), step):
            for chunk in lines.decode(body[start : start + step]):
                events += decoder.decode(chunk)
        seen.append([*events, *decoder.flush()])
    assert seen[0] == seen[1]


def test_the_corpus_has_both_ends(address, monkeypatch):
    ends = set()
    for seed in range(60):
        monkeypatch.setitem(streams.BODIES, "made", (mutated(seed), {}))
        chat = omni.Chat("a-model")
        asked(address, chat)
        ends.add(chat[0].error is None)
    assert ends == {True, False}
