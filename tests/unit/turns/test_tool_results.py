"""What a model is told of a tool's result, and how a call is kept."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
from pathlib import PurePosixPath

import matplotlib.figure
import numpy as np
import PIL.Image
import pydantic
import pytest

from omni_nb.errors import RequestError, ServiceError
from omni_nb.media.clip import AudioClip
from omni_nb.turns.tool_results import MOST_CHARACTERS, ToolCall, error_line, told


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date


class Model(pydantic.BaseModel):
    when: datetime.date


class Bad:
    def __str__(self):
        raise ValueError

    def __getattr__(self, name):
        raise ZeroDivisionError


class Frame:
    """A table as pandas has it."""

    def __init__(self, rows, columns, index="RangeIndex"):
        self._rows, self.columns = rows, columns
        self.index, self.iloc, self.shape = type(index, (), {})(), None, (len(rows), len(columns))

    def head(self, count):
        return Frame(self._rows[:count], self.columns)

    def itertuples(self, index, name):
        return iter(self._rows)


DAY = datetime.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, "null"),
        (True, "true"),
        (2.5, "2.5"),
        (float("nan"), '"nan"'),
        ("杭州 is \ud800", "杭州 is �"),
        ({"a": (1, {2}), 3: Colour.RED}, '{"a": [1, [2]], "3": "red"}'),
        (Point(1, DAY), '{"x": 1, "when": "2026-11-30"}'),
        (Model(when=DAY), '{"when": "2026-11-30"}'),
        (collections.namedtuple("Pair", "a b")(1, 2), '{"a": 1, "b": 2}'),
        (decimal.Decimal("1.50"), '"1.50"'),
        (PurePosixPath("/a/b"), '"/a/b"'),
        (b"abc", '"3 bytes"'),
        (np.float32(1.5), "1.5"),
        (np.int64(3), "3"),
        (np.arange(3), "[0, 1, 2]"),
        (np.array([1.0, np.nan]), '[1.0, "nan"]'),
        (
            Frame([(1, "x"), (2, float("nan"))], ["a", "b"]),
            '{"columns": ["a", "b"], "rows": [[1, "x"], [2, null]]}',
        ),
        (Bad(), '"a Bad"'),
        ([Bad()], '["a Bad"]'),
        (10**5000, '"a int"'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_result_is_told_as_text_or_json(result, text):
    made = told(result)
    assert made.text == text
    assert (made.parts, made.is_cut) == ((), False)


def loop():
    made: list = []
    made.append(made)
    return made


def wide():
    made: list = []
    for _ in range(40):
        made = [made, made]
    return made


@pytest.mark.parametrize(
    "result",
    [
        "x" * 20_000,
        ["x" * 20_000],
        list(range(100_000)),
        {n: n for n in range(100_000)},
        range(10**9),
        Frame([(n, "x" * 50) for n in range(10_000)], ["n", "x"]),
        loop(),
        wide(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_long_result_is_cut_and_says_so(result):
    made = told(result)
    assert made.is_cut
    assert len(made.text) <= MOST_CHARACTERS
    assert any(said in made.text for said in ("[cut: ", "left_out", "…"))


def test_of_a_table_whole_rows_are_left_out():
    made = told(Frame([(n, "x" * 50) for n in range(10_000)], ["n", "x"]))
    table = json.loads(made.text)
    assert len(table["rows"]) > 50
    assert table["left_out"] == f"{10_000 - len(table['rows']):,} of 10,000 rows"


def test_images_sounds_and_figures_become_parts_that_the_text_names():
    figure = matplotlib.figure.Figure()
    picture = PIL.Image.new("RGB", (40, 30))
    pixels = np.zeros((20, 30, 3), "uint8")
    made = told({"plot": figure.subplots(), "all": [picture, pixels], "n": 3})
    assert [part.modality for part in made.parts] == ["image"] * 3
    assert [(part.width, part.height) for part in made.parts[1:]] == [(40, 30), (30, 20)]
    said = json.loads(made.text)
    assert said["plot"].startswith("image figure, ")
    assert said["n"] == 3
    clip = AudioClip(b"\0\0" * 24_000)
    assert told(clip).parts[0].modality == "audio"


def test_colours_that_are_few_are_data():
    assert told(np.zeros((2, 1, 3), "uint8")).text == "[[[0, 0, 0]], [[0, 0, 0]]]"


def told_error(error: BaseException, **given) -> str:
    """What a model is told of a call whose function raised this."""
    return ToolCall("call_1", "weather").failed(error_line(error, **given)).told


def test_an_error_is_a_line_without_traceback_and_secrets():
    def hide(text):
        return text.replace("sk-123", "***")

    said = json.loads(told_error(ValueError("key sk-123\nis " + "x" * 9000), hide=hide))
    assert said["error"].startswith("ValueError: key *** is x")
    assert len(said["error"]) < 520
    assert told_error(SystemExit()) == '{"error": "SystemExit"}'
    assert "adv" not in told_error(ServiceError("no", advice="adv"))


def test_a_call_is_kept_as_plain_data():
    call = ToolCall("call_1", "weather", {"city": "杭州"}, object(), None, 0.2, '{"degrees": 21}')
    again = ToolCall.from_record(json.loads(json.dumps(call.record())))
    assert (again.id, again.name, again.arguments) == ("call_1", "weather", {"city": "杭州"})
    assert (again.result, again.seconds, again.told) == ({"degrees": 21}, 0.2, call.told)
    failed = ToolCall("call_2", "weather").failed("ValueError: no")
    assert ToolCall.from_record(failed.record()) == failed


@pytest.mark.parametrize("record", [None, {}, {**ToolCall("a", "b").record(), "told": 3}])
def test_a_record_that_is_none_is_refused(record):
    with pytest.raises(RequestError):
        ToolCall.from_record(record)


def test_a_call_is_a_short_line():
    call = ToolCall("i" * 500, "n" * 500, {"a": "x" * 5000}, ["y" * 5000] * 50)
    assert len(repr(call)) < 260
    assert "error: ValueError" in repr(ToolCall("a", "b", {}, error="ValueError"))
