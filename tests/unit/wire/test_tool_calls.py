"""Pieces of tool calls, as each kind of server cuts them."""

from __future__ import annotations

import pytest

from omni_nb.errors import ServiceError
from omni_nb.wire.decode import Decoder
from omni_nb.wire.events import TextDelta, ToolCallDelta
from omni_nb.wire.tool_calls import MOST_ARGUMENT_CHARACTERS, MOST_CALLS, CallJoiner

NEW = object()


def piece(index=NEW, call_id=None, name=None, arguments=None):
    made = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return made if index is NEW else {"index": index, **made}


def joined(*chunks):
    """Join chunks, each a list of pieces, to (id, name, arguments) of every call."""
    joiner, calls = CallJoiner(), {}
    for chunk in chunks:
        for delta in joiner.add(chunk):
            call = calls.setdefault(delta.index, ["", "", ""])
            for place, text in enumerate((delta.id, delta.name, delta.arguments)):
                call[place] += text
    assert list(calls) == list(range(len(calls)))
    return [tuple(call) for call in calls.values()]


ONE = [("call_1", "now", '{"a": 1}')]
TWO = [("call_1", "now", '{"a": 1}'), ("call_2", "then", '{"b": 2}')]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param(  # the service's page on function calling
            [[piece(0, "call_1", "now")], [piece(0, "call_1", None, '{"a": 1}')]], ONE, id="omni"
        ),
        pytest.param(
            [[piece(0, "call_1", "now", '{"a"')], [piece(0, "", None, ": 1}")]],
            ONE,
            id="text model",
        ),
        pytest.param(
            [[piece(0, "call_1", "now", "")], [piece(0, "", "", '{"a": 1}')]], ONE, id="native"
        ),
        pytest.param(
            [[piece(0, "call_1", "now", '{"a"')], [piece(0, "call_1", "now", ": 1}")]],
            ONE,
            id="id and name again",
        ),
        pytest.param(
            [[piece(0, "", "now", '{"a"')], [piece(0, "call_1", "", ": 1}")]], ONE, id="late id"
        ),
        pytest.param([[piece("0", "call_1", "now", '{"a": 1}')]], ONE, id="index as text"),
        pytest.param(
            [
                [piece(0, "call_1", "now", '{"a"'), piece(1, "call_2", "then", '{"b"')],
                [piece(1, "", None, ": 2}"), piece(0, "", None, ": 1}")],
            ],
            TWO,
            id="interleaved",
        ),
        pytest.param(
            [[piece(7, "call_1", "now", '{"a": 1}')], [piece(3, "call_2", "then", '{"b": 2}')]],
            TWO,
            id="indexes with holes",
        ),
        pytest.param(  # AstrBot#6661
            [[piece(NEW, "call_1", "now", '{"a"')], [piece(NEW, "call_1", None, ": 1}")]],
            ONE,
            id="no index, same id",
        ),
        pytest.param(
            [[piece(NEW, "call_1", "now", '{"a"')], [piece(NEW, None, None, ": 1}")]],
            ONE,
            id="no index, no id",
        ),
        pytest.param(
            [
                [piece(NEW, "call_1", "now", '{"a": 1}')],
                [piece(NEW, "call_2", "then", '{"b": 2}')],
            ],
            TWO,
            id="no index, two calls one by one",
        ),
        pytest.param(
            [[piece(NEW, None, "now", '{"a": 1}'), piece(NEW, None, "then", '{"b": 2}')]],
            [("", "now", '{"a": 1}'), ("", "then", '{"b": 2}')],
            id="no index, no id, by place",
        ),
        pytest.param(  # dashscope 2.0.2: without indexes each chunk may be all so far
            [
                [piece(None, "call_1", "now", '{"a"')],
                [piece(None, "call_1", "now", '{"a": 1}')],
                [
                    piece(None, "call_1", "now", '{"a": 1}'),
                    piece(None, "call_2", "then", '{"b": 2}'),
                ],
            ],
            TWO,
            id="snapshots",
        ),
        pytest.param(  # sglang#6310
            [[piece(0, "call_1", "now", '{"a": 1}')], [piece(0, "call_2", "then", '{"b": 2}')]],
            TWO,
            id="two calls with one index",
        ),
        pytest.param(
            [[piece(0, "call_1", "now", {"a": 1})]], [("call_1", "now", '{"a": 1}')], id="an object"
        ),
        pytest.param(
            [[{"index": 0, "id": "call_1", "function": None}]], [("call_1", "", "")], id="bare"
        ),
    ],
)
def test_pieces_are_joined_to_calls(chunks, expected):
    assert joined(*chunks) == expected


@pytest.mark.parametrize(
    "value", [{}, "x", [1], [{"function": "f"}], [piece(0, 5)], [piece(0, "a", "b", 7)]]
)
def test_what_is_no_piece_fails_alone(value):
    chunk = {"choices": [{"delta": {"content": "Hello", "tool_calls": value or {"a": 1}}}]}
    events = Decoder(has_tools=True).decode(chunk)
    assert next(events) == TextDelta("Hello")
    with pytest.raises(ServiceError, match="unknown shape"):
        next(events)


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(number, f"call_{number}", "now") for number in range(MOST_CALLS + 1)],
        [piece(0, "call_1", "now", "x" * (MOST_ARGUMENT_CHARACTERS + 1))],
    ],
)
def test_calls_are_bounded(pieces):
    with pytest.raises(ServiceError, match="The service sent"):
        joined(pieces)


def test_half_a_character_of_a_name_is_none():
    assert joined([piece(0, "call_\ud83d", "now", "{}")]) == [("call_\ufffd", "now", "{}")]


def decoded(*texts, kind="content"):
    decoder, seen = Decoder(has_tools=True), ""
    chunks = [{"choices": [{"delta": {"content": text}}]} for text in texts]
    if kind == "transcript":
        chunks = [{"choices": [{"delta": {"audio": {"transcript": text}}}]} for text in texts]
    failure = None
    try:
        for chunk in chunks:
            for event in decoder.decode(chunk):
                seen += event.text
        for event in decoder.flush():
            seen += event.text
    except ServiceError as error:
        failure = error
    return seen, failure


@pytest.mark.parametrize("kind", ["content", "transcript"])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_call_that_leaks_into_the_text_is_not_passed_on(kind, size):
    text = 'Sure. <tool_call>{"name": "now"}</tool_call>'
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    seen, failure = decoded(*pieces, kind=kind)
    assert seen == "Sure. "
    assert "tool call" in str(failure)
    assert failure.advice


@pytest.mark.parametrize(
    "text", ["a < b", "<tool", "x <tool_calls>"[:9], "<", "<tools> and <tool_kit>"]
)
def test_what_only_looks_like_the_beginning_of_a_call_is_passed_on(text):
    assert decoded(*text) == (text, None)


def test_without_tools_text_may_speak_of_calls():
    chunk = {"choices": [{"delta": {"content": "Qwen writes <tool_call>."}}]}
    assert list(Decoder().decode(chunk)) == [TextDelta("Qwen writes <tool_call>.")]


def test_a_call_is_an_event_beside_text_and_finish():
    chunk = {
        "choices": [
            {
                "delta": {
                    "content": "Let me look.",
                    "tool_calls": [piece(0, "call_1", "now", "{}")],
                },
                "finish_reason": "tool_calls",
            }
        ]
    }
    kinds = [type(event).__name__ for event in Decoder(has_tools=True).decode(chunk)]
    assert kinds == ["TextDelta", "ToolCallDelta", "Finished"]
    assert ToolCallDelta(0, "call_1", "now", "{}") in list(Decoder().decode(chunk))
