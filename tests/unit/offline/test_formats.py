"""How the answer is asked for: as words, or as JSON by a schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omni_nb.offline.checks import Refusal, read_request
from omni_nb.offline.formats import Format
from tests.unit.offline.test_checks import AUDIO, asked, read, text

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
OTHER = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
WRITTEN = f"What?\n\nAnswer with JSON that fits this JSON schema: {json.dumps(SCHEMA)}"
OBJECT = {"type": "json_object"}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}


def format_of(*contents: Any, keeps_schema: bool = False, **changes: Any) -> Format | None:
    """Return the format of a conversation: the user's messages and the answers take turns."""
    messages = [
        {"role": ("user", "assistant")[place % 2], "content": content}
        for place, content in enumerate(contents)
    ]
    body = asked(model="qwen3.5-omni-plus", messages=messages, modalities=["text"], audio=None)
    return read_request(json.dumps(body | changes).encode(), keeps_schema=keeps_schema).format


def test_an_answer_is_words_unless_json_is_asked_for() -> None:
    assert format_of("What is JSON?") is None
    assert format_of("What is a JSON schema?") is None
    assert format_of(f"What is {json.dumps(SCHEMA)}?") is None
    assert format_of("What?", response_format={"type": "text"}) is None


def test_a_schema_is_in_the_request_or_in_the_question() -> None:
    assert format_of("What?", response_format=BY_SCHEMA) == Format(SCHEMA)
    assert format_of(WRITTEN) == Format(SCHEMA)
    assert format_of(WRITTEN, response_format=OBJECT) == Format(SCHEMA)
    assert format_of([AUDIO, text(WRITTEN)]) == Format(SCHEMA)
    assert format_of("What, as JSON?", response_format=OBJECT) == Format()


def test_a_schema_of_an_earlier_question_is_over() -> None:
    assert format_of(WRITTEN, '{"a": 1}', "Thanks!") is None
    assert format_of(WRITTEN, '{"a": "1"}', "Thanks!") == Format(SCHEMA, is_repair=True)


def test_an_answer_that_does_not_fit_is_repaired() -> None:
    for broken in ('{"a": "1"}', '{"a": ', "```json\n{}\n```"):
        assert format_of(WRITTEN, broken, "Mend it.") == Format(SCHEMA, is_repair=True)
        assert format_of("?", broken, WRITTEN) == Format(SCHEMA, is_repair=True)
        repair = format_of("?", broken, "Mend it.", response_format=BY_SCHEMA)
        assert repair == Format(SCHEMA, is_repair=True)


def test_an_answer_in_words_is_none_to_repair() -> None:
    assert format_of("Hello", "Hi there, what shall we try?", WRITTEN) == Format(SCHEMA)


def test_media_lower_the_schema_of_a_request_without_a_word() -> None:
    lowered = format_of([AUDIO, text("What?")], response_format=BY_SCHEMA)

    assert lowered == Format()
    assert format_of(
        [AUDIO, text("What?")], response_format=BY_SCHEMA, keeps_schema=True
    ) == Format(SCHEMA)


def test_the_schema_of_the_request_counts_before_that_of_the_question() -> None:
    other = {"type": "json_schema", "json_schema": {"name": "b", "schema": OTHER}}

    assert format_of(WRITTEN, response_format=other) == Format(OTHER)


def test_json_must_be_mentioned() -> None:
    with pytest.raises(Refusal) as refused:
        format_of("What?", response_format=OBJECT)

    assert refused.value.message == (
        "<400> InternalError.Algo.InvalidParameter: 'messages' must contain the word 'json' in "
        "some form, to use 'response_format' of type 'json_object'."
    )
    assert format_of([text("As Json?")], response_format=OBJECT) == Format()


@pytest.mark.parametrize(
    "given",
    [
        "json_object",
        {"type": "xml"},
        {},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"name": "a"}},
        {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "cat"}}},
    ],
)
def test_another_format_is_refused(given: Any) -> None:
    with pytest.raises(Refusal, match="response_format"):
        format_of("As JSON?", response_format=given)


def test_a_system_message_may_have_the_schema() -> None:
    system = {"role": "system", "content": WRITTEN}
    question = {"role": "user", "content": "What?"}
    body = asked(messages=[system, question], modalities=["text"], audio=None)

    assert read(body).format == Format(SCHEMA)
