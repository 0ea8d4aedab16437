"""Values as source text: what a person typed means the same in the program."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_nb.wire.literals import JAVASCRIPT, JSON, PYTHON, Writer, split

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_python_reads_back_what_was_written(value):
    assert ast.literal_eval(Writer(PYTHON).value(value)) == value


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_json_reads_back_what_was_written(value):
    assert json.loads(Writer(JSON).value(value)) == value


@given(st.text())
def test_javascript_writes_texts_as_json_does(text):
    assert json.loads(Writer(JAVASCRIPT).text(text)) == text


@pytest.mark.parametrize("style", [PYTHON, JAVASCRIPT, JSON])
def test_what_cannot_be_seen_is_written_as_an_escape(style):
    written = Writer(style).text("a\u202eb\x00\u2028\ufeff\n")
    assert written == '"a\\u202eb\\u0000\\u2028\\ufeff\\n"'
    assert Writer(style).text("👩‍👩‍👧 你好") == '"👩‍👩‍👧 你好"'


def test_long_values_are_laid_out_as_a_person_would():
    value = {"role": "user", "content": ["first " * 8, "second " * 6], "a-b": None}
    first, second = (repr(text).replace("'", '"') for text in value["content"])
    assert Writer(JAVASCRIPT).value(value) == (
        f'{{\n  role: "user",\n  content: [\n    {first},\n    {second},\n  ],\n  "a-b": null,\n}}'
    )
    assert json.loads(Writer(JSON).value(value)) == value
    assert Writer(PYTHON).value([]) == "[]"


def test_an_expression_stands_where_its_token_was():
    writer = Writer(PYTHON, {"<1>": "one()", "<2>": "two()"})
    assert writer.text("a<1>b<2>") == '"a" + one() + "b" + two()'
    assert writer.value(["<1>"]) == "[one()]"
    assert split("a<1>", writer.calls) == ["a", "<1>", ""]
