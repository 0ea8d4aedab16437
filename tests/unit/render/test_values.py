"""Data as a table: everything is words, nothing is without end."""

from __future__ import annotations

import sys

import pytest

from omni_nb.render.values import MOST_CHARACTERS, MOST_ROWS, short, value_html, value_text
from tests.unit.render.test_reply import EVIL, Page

DEEP: list = []
for _ in range(900):
    DEEP = [DEEP, 1]
HOSTILE = {
    "evil": {EVIL: EVIL},
    "evil rows": [{EVIL: EVIL}, {"b": [EVIL]}],
    "evil text": EVIL,
    "deep": DEEP,
    "wide": {str(n): n for n in range(10_000)},
    "many columns": [{str(n): {"a": {"b": n}} for n in range(1000)} for _ in range(50)],
    "many rows": [{"a": [[{"b": n}]]} for n in range(10_000)],
    "long": ["x" * 1_000_000],
    "a number without end": {"n": 10 ** (sys.get_int_max_str_digits() + 1)},
    "no numbers": [float("nan"), float("inf"), None, True],
    "half a character": {"\ud83d": "\ud83d", "bell": "\x07\x1b[2J"},
    "columns that are none": {"columns": "abc", "rows": 3},
    "rows that are no rows": {"columns": [1, None], "rows": [1, {"a": 2}, [1, 2, 3], []]},
    "a table that is more": {"columns": ["a"], "rows": [[1]], "other": 2},
    "empty": {},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_data_is_bounded_and_escaped(name):
    html = value_html(HOSTILE[name])
    page = Page(html)
    assert len(html) < 1_000_000
    assert {"script", "img"}.isdisjoint(page.tags)
    assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on")]
    html.encode("utf-8")
    assert len(value_text(HOSTILE[name])) < 20_000


def test_an_object_has_its_fields_and_a_list_of_objects_its_columns():
    page = Page(value_html({"speakers": 1, "language": "zh"}))
    assert page.tags.count("th") == page.tags.count("td") == 2
    rows = value_html([{"a": 1}, {"b": 2, "a": 3}])
    assert Page(rows).tags.count("th") == 2
    assert Page(rows).tags.count("td") == 4
    assert ("scope", "col") in Page(rows).attributes


def test_what_is_nested_is_folded_and_short_lists_are_not():
    html = value_html({"people": [{"name": "A"}], "words": ["a", "b"]}, "en")
    assert html.count("<details>") == 1
    assert "1 item<" in html
    assert "[&quot;a&quot;, &quot;b&quot;]" in html


def test_what_is_left_out_is_said_in_the_language():
    rows = [{"a": number} for number in range(MOST_ROWS + 5)]
    assert "… 5 more" in value_html(rows, "en")
    assert "另有 5 项" in value_html(rows, "zh")
    assert len(value_html("x" * 10 * MOST_CHARACTERS)) < 2 * MOST_CHARACTERS


def test_a_table_of_a_tool_is_shown_as_one():
    told = {"columns": ["a", "b"], "rows": [[1, 2]], "left_out": "9 of 10 rows"}
    page = Page(value_html(told))
    assert page.tags.count("td") == 2
    assert "9 of 10 rows" in page.words


def test_short_is_one_line():
    assert short({"a": "b\nc"}) == '{"a": "b\\nc"}'
    assert short("a\nb") == "a b"
