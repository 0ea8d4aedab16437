"""The shapes in which the calls of tools are streamed."""

from __future__ import annotations

from typing import Any

import pytest

from omni_nb.offline.call_chunks import call_deltas, within
from omni_nb.offline.calls import Call

CALLS = [Call("weather", '{"city": "Hangzhou"}'), Call("clock", "{}")]
IDS = ["call_a", "call_b"]
SHAPES = [
    *("none", "call_pieces", "call_native", "call_repeated", "call_interleaved", "call_no_id"),
    *("call_no_index", "call_wrong_index", "call_surplus_brace"),
]


def pieces(fault: Any = "none", **options: Any) -> list[dict[str, Any]]:
    return [piece for delta in call_deltas(CALLS, IDS, fault, **options) for piece in delta]


def test_the_documented_shape_has_the_id_twice_and_a_space_before_the_arguments() -> None:
    assert pieces()[:2] == [
        {
            "index": 0,
            "id": "call_a",
            "type": "function",
            "function": {"name": "weather", "arguments": None},
        },
        {
            "index": 0,
            "id": "call_a",
            "type": "function",
            "function": {"name": None, "arguments": ' {"city": "Hangzhou"}'},
        },
    ]


@pytest.mark.parametrize("fault", ["none", "call_pieces", "call_native", "call_interleaved"])
def test_pieces_joined_by_their_index_are_the_calls(fault: str) -> None:
    joined: dict[int, list[str]] = {}
    for piece in pieces(fault):
        held = joined.setdefault(piece["index"], ["", "", ""])
        held[0] = held[0] or piece["id"]
        held[1] = held[1] or piece["function"].get("name") or ""
        held[2] += piece["function"]["arguments"] or ""

    assert [tuple(held) for held in joined.values()] == [
        ("call_a", "weather", CALLS[0].arguments if fault != "none" else f" {CALLS[0].arguments}"),
        ("call_b", "clock", "{}" if fault != "none" else " {}"),
    ]


def test_each_shape_is_what_its_name_says() -> None:
    assert [p["id"] for p in pieces("call_pieces")] == ["call_a", "", "call_b"]
    assert pieces("call_pieces")[1]["function"]["name"] is None
    assert "name" not in pieces("call_native")[1]["function"]
    assert [p["id"] for p in pieces("call_repeated")] == ["call_a", "call_a", "call_b"]
    assert pieces("call_repeated")[1]["function"]["name"] == "weather"
    assert [p["index"] for p in pieces("call_interleaved")] == [0, 1, 0]
    assert {p["id"] for p in pieces("call_no_id")} == {""}
    assert not any("index" in p for p in pieces("call_no_index"))
    assert {p["index"] for p in pieces("call_wrong_index")} == {0}
    assert pieces("call_null_arguments")[1]["function"]["arguments"] is None
    assert pieces("call_empty_arguments")[1]["function"]["arguments"] == ""
    assert pieces("call_surplus_brace")[1]["function"]["arguments"].endswith("}}")


def test_other_servers_send_id_and_name_once() -> None:
    later = pieces(dialect="openai")[1]

    assert later == {"index": 0, "function": {"arguments": later["function"]["arguments"]}}


def test_calls_are_cut_by_tokens() -> None:
    assert within(CALLS, 100) == (CALLS, True)
    assert within(CALLS, 1) == ([], False)
    cut, is_whole = within(CALLS, 5)
    assert (len(cut), is_whole) == (1, False)
    assert CALLS[0].arguments.startswith(cut[0].arguments)
