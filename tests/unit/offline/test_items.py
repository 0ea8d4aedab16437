"""Large media, lifted out of a request's body."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import MediaError
from omni_nb.offline import items
from omni_nb.offline.items import Items


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "LARGE", 64)
    monkeypatch.setattr(items, "_PIECE", 16)


def data_url(data: bytes, mime: str = "") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def lifted(asked: Any, held: Items) -> Any:
    body = bytearray(json.dumps(asked).encode())
    held.lift(body)
    return json.loads(body)


@given(st.binary(min_size=60, max_size=300), st.sampled_from(["", "video/mp4"]))
def test_what_is_lifted_is_what_was_sent(data: bytes, mime: str) -> None:
    with Items() as held:
        found = lifted({"url": data_url(data, mime), "text": "héllo"}, held)
        item = held.open(found["url"])

        assert held.holds(found["url"])
        assert item.file.read() == data
        assert item.total_bytes == len(data)
        assert item.base64_bytes == len(base64.b64encode(data))
        assert found["text"] == "héllo"


def test_several_are_kept_apart_and_small_ones_left_where_they_are() -> None:
    with Items() as held:
        found = lifted([data_url(b"a" * 90), data_url(b"small"), data_url(b"b" * 90)], held)

        read = [held.open(url).file.read() for url in found]
        assert read == [b"a" * 90, b"small", b"b" * 90]
        assert [held.holds(url) for url in found] == [True, False, True]


def test_the_body_shrinks_in_place() -> None:
    body = bytearray(json.dumps({"url": data_url(bytes(3000))}).encode())

    with Items() as held:
        held.lift(body)

    assert len(body) < 100


@pytest.mark.parametrize(
    "url",
    [
        "data:;base64," + "§" * 100,
        "data:;base64," + "A" * 90 + "%3D%3D",
        "data:;base64," + "A" * 50 + "\n" + "A" * 50,
        "data:;base64," + "A" * 97,
        "data:," + "words" * 40,
        "data:" + "x" * 300 + ";base64," + "A" * 100,
        'data:;base64,AA"AA' + "A" * 100,
    ],
    ids=["symbols", "percent", "line", "odd", "words", "long head", "quote"],
)
def test_what_is_not_plain_base64_stays_in_the_body(url: str) -> None:
    with Items() as held:
        assert lifted({"url": url}, held) == {"url": url}


def test_a_data_url_that_a_text_speaks_of_stays_in_the_text() -> None:
    asked = {"text": f'He wrote "{data_url(bytes(90))}" and left.'}

    with Items() as held:
        assert lifted(asked, held) == asked


def test_base64_without_its_padding_is_taken() -> None:
    data = bytes(range(100))

    with Items() as held:
        found = lifted({"url": data_url(data).rstrip("=")}, held)

        assert held.holds(found["url"])
        assert held.open(found["url"]).file.read() == data


def test_an_unfinished_body_is_left_for_the_json_reader() -> None:
    body = bytearray(b'{"url": "data:;base64,' + b"A" * 200)

    with Items() as held:
        held.lift(body)

    assert len(body) > 200


def test_a_client_cannot_guess_the_mark_of_another_medium() -> None:
    with Items() as held:
        lifted([data_url(bytes(90))], held)

        with pytest.raises(MediaError):
            held.open("omni-item:0")


def test_the_files_are_closed_with_the_request() -> None:
    with Items() as held:
        item = held.open(lifted([data_url(bytes(90))], held)[0])

    assert item.file.closed
