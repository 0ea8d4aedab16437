"""What is asked about: lists, folders, globs, tables, generators."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from omni_nb.errors import MediaError, RequestError
from omni_nb.many.rows import Rows


def prompts(rows: Rows) -> list[str]:
    return [row.prompt for row in rows]


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_rows_of_a_generator_are_each_there_once(count):
    rows = Rows("Is {n} even?", table=({"n": n} for n in range(count)))
    assert rows.total is None
    assert len(list(rows.peek(100))) == min(count, 5)
    assert prompts(rows) == [f"Is {n} even?" for n in range(count)]
    assert rows.total == count


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "dicts"])
def test_tables_of_every_library_are_the_same_rows(library):
    data = {"name": ["Ann", "李"], "file": ["a.wav", "b/c.wav"]}
    if library == "dicts":
        table = [
            dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)
        ]
    else:
        module = importlib.import_module(library)
        table = (module.DataFrame if library != "pyarrow" else module.table)(data)
    rows = list(Rows("{{{name}}}?", table=table, audio="file"))
    assert [row.prompt for row in rows] == ["{Ann}?", "{李}?"]
    assert [row.media["audio"] for row in rows] == ["a.wav", "b/c.wav"]
    assert [row.name for row in rows] == ["a.wav", "c.wav"]


def test_a_folder_and_a_glob_are_their_files_as_people_count(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("10.wav", "2.wav", "1.txt", "deep/3.wav", "a b 你好.MP3"):
        (tmp_path / name).write_bytes(b"x")
    assert [row.name for row in Rows("?", audio=tmp_path)] == ["2.wav", "10.wav", "a b 你好.MP3"]
    assert [row.name for row in Rows("?", audio=str(tmp_path / "**/*.wav"))] == [
        *("2.wav", "10.wav", "3.wav")
    ]
    with pytest.raises(MediaError, match="no video file"):
        Rows("?", video=tmp_path)
    with pytest.raises(MediaError, match="no file"):
        Rows("?", audio=str(tmp_path / "*.ogg"))


def test_one_medium_beside_a_column_is_in_each_row():
    rows = list(Rows("?", image="https://a.example/1.png", audio=["a.wav", ["b.wav", "c.wav"]]))
    assert [row.media["image"] for row in rows] == ["https://a.example/1.png"] * 2
    assert rows[1].media["audio"] == ["b.wav", "c.wav"]


def test_columns_of_arrays_are_rows_and_samples_are_one_medium():
    objects = np.array(["a.wav", "b.wav"], dtype=object)
    assert Rows("?", audio=objects).total == 2
    assert Rows("?", audio=(np.zeros(800), 8000)).total == 1
    assert Rows("?", image=np.zeros((4, 4, 3), "uint8")).total == 1


def test_a_prompt_may_be_one_for_each_row_and_braces_are_text_without_a_table():
    assert prompts(Rows(["a {x}", "b"])) == ["a {x}", "b"]
    assert prompts(Rows("{x}")) == ["{x}"]


def test_a_missing_word_is_empty_and_a_missing_medium_is_none():
    rows = list(Rows("<{a}>", table=[{"a": None, "f": None}, {"a": float("nan")}], audio="f"))
    assert [row.prompt for row in rows] == ["<>", "<>"]
    assert "audio" not in rows[0].media


def test_a_generator_that_ends_early_says_so():
    rows = Rows("?", image=iter(["a"]), audio=iter(["b", "c"]))
    with pytest.raises(RequestError, match="image ended after 1 rows"):
        list(rows)


def test_fifty_thousand_rows_are_made_one_at_a_time():
    opened = []

    class Paths(list):
        def __iter__(self):
            for item in super().__iter__():
                opened.append(item)
                yield item

    rows = iter(Rows("?", audio=Paths(str(n) for n in range(50_000))))
    next(rows)
    assert len(opened) <= 1
