"""What is on disk outlives the process, and what was cut or is none of ours does no harm."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from omni_nb.errors import RequestError
from omni_nb.many.journal import Journal, Line
from omni_nb.rules.pricing import Cost, Usage

KEYS = [f"{n:064x}" for n in range(10)]
HEADER = {"run": "q", "question": "What?", "model": "m"}


def line(n: int, **given) -> Line:
    return Line(KEYS[n], "q", n, f"{n}.wav", "done", attempts=1, **given)


def written(folder, *lines: Line) -> Journal:
    journal = Journal(folder)
    journal.open()
    journal.begin(HEADER)
    for one in lines:
        journal.finish(one)
    journal.close()
    return journal


def test_a_line_is_read_as_it_was_written(tmp_path):
    usage = Usage({"text": 3}, {"audio": 5}, reasoning=2)
    cost = Cost({"text in": Decimal("0.0004"), "audio out": Decimal("0.05")}, "CNY")
    whole = line(
        1, text="你好 \ud83d\ude00 \u2028 \n", usage=usage, cost=cost, seconds=1.5, error="no"
    )
    written(tmp_path, whole)
    journal = Journal(tmp_path).refresh()
    read = journal.find(KEYS[1])
    assert read.usage == usage
    assert read.cost == cost
    assert (read.name, read.seconds, read.error) == ("1.wav", 1.5, "no")
    assert "你好" in read.text
    assert journal.tally("q").cost == cost


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_torn_line_is_none_and_is_cut_off_before_the_next(tmp_path, cut):
    written(tmp_path, line(0), line(1))
    file = tmp_path / "rows.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    journal = Journal(tmp_path).refresh()
    assert KEYS[0] in journal
    assert KEYS[1] not in journal
    journal.open()
    journal.finish(line(2))
    journal.close()
    assert all(json.loads(one) for one in file.read_text("utf-8").splitlines())
    assert list(Journal(tmp_path).refresh().entries) == [KEYS[0], KEYS[2]]


def test_lines_that_are_none_of_ours_are_passed_over(tmp_path):
    written(tmp_path, line(0))
    with (tmp_path / "rows.jsonl").open("ab") as file:
        for hostile in (
            *("null", "[]", "{}", "{", "\x00\xff", "[" * 100_000, '{"sent": 3}', '{"moved": "x"}'),
            '{"status": "done", "key": "../../etc", "row": 1}',
            f'{{"status": "done", "key": "{KEYS[3]}", "row": -1}}',
            f'{{"status": "done", "key": "{KEYS[4]}", "row": 4, "text": 5, "audio": "../x.wav",'
            ' "usage": {"input": {"text": "many"}}, "cost": {"a": "NaN"}, "currency": "CNY"}',
            '{"run": 3, "question": "?"}',
        ):
            file.write(hostile.encode("utf-8", "replace") + b"\n")
    journal = Journal(tmp_path).refresh()
    assert list(journal.entries) == [KEYS[0], KEYS[4]]
    odd = journal.find(KEYS[4])
    assert (odd.text, odd.audio, odd.cost) == ("", None, None)


def test_a_row_whose_sound_is_gone_or_cut_is_asked_again(tmp_path):
    (tmp_path / "audio").mkdir()
    sound = tmp_path / "audio" / f"{'0' * 16}.wav"
    sound.write_bytes(bytes(100))
    written(tmp_path, line(1, audio=f"audio/{sound.name}", audio_bytes=100))
    journal = Journal(tmp_path).refresh()
    assert journal.answer(KEYS[1]) is not None
    sound.write_bytes(bytes(99))
    assert journal.answer(KEYS[1]) is None
    sound.unlink()
    assert journal.answer(KEYS[1]) is None


def test_what_was_on_its_way_is_named(tmp_path):
    journal = Journal(tmp_path)
    journal.open()
    for n in range(4):
        journal.send(KEYS[n], n, 1.0)
    journal.finish(line(1))
    journal.unsend(KEYS[2])
    journal.close()
    assert Journal(tmp_path).refresh().lost == {KEYS[0]: 0, KEYS[3]: 3}


def test_a_folder_has_one_run_and_says_whose(tmp_path):
    code = (
        "import sys, pathlib; from omni_nb.many.journal import Journal\n"
        "held = Journal(pathlib.Path(sys.argv[1])); held.open(); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RequestError, match=f"process {other.pid} on"):
            Journal(tmp_path).open()
        other.kill()
        other.wait()
        mine = Journal(tmp_path)
        mine.open()  # given back with its process
    with pytest.raises(RequestError, match="in this very process"):
        Journal(tmp_path).open()
    mine.close()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match=r"cannot be written: .*into="):
        Journal(tmp_path / "file" / "answers").open()


def test_of_a_full_disk_nothing_half_written_stays(tmp_path, monkeypatch):
    journal = written(tmp_path, line(0))
    journal.open()
    write = os.write
    monkeypatch.setattr(
        os, "write", lambda to, data: write(to, data[:7] if to == journal._number else data)
    )
    with pytest.raises(OSError, match="No space left") as full:
        journal.finish(line(1))
    assert full.value.errno == errno.ENOSPC
    monkeypatch.undo()
    journal.finish(line(2))
    journal.close()
    assert list(Journal(tmp_path).refresh().entries) == [KEYS[0], KEYS[2]]
