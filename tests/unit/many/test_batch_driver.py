"""A run whose rows are in batches: stopped, left, and gone on with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.many.asking import make_run
from omni_nb.many.batch import Job, line_of, read_state, write_state
from omni_nb.many.run import Run
from omni_nb.media.parts import TextPart
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import StandIn, start
from omni_nb.turns.connection import connection_of
from omni_nb.wire.batches import Batches
from omni_nb.wire.request import Message, Request
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def slow() -> Iterator[StandIn]:
    with start(Behaviour(pace=0, batch_seconds=86_400)) as running:
        yield running


@pytest.fixture(scope="module")
def quick() -> Iterator[StandIn]:
    with start(Behaviour(pace=0)) as running:
        yield running


def made(standin: StandIn, folder: Path, **changes: Any) -> Run:
    asked: dict[str, Any] = {"rows": [{"n": n} for n in range(3)], "batch": "file"} | changes
    return make_run("What is {n}?", into=folder, connection=connection_of(standin), **asked)


def begun(run: Run, folder: Path) -> str:
    """Start a run, and return the id of its batch once that is on disk."""
    run.start()
    assert wait_until(lambda: any(job.id for job in read_state(folder)))
    found = read_state(folder)[0].id
    assert found is not None
    return found


def left_behind(standin: StandIn, folder: Path) -> str:
    """Begin a batch that an earlier run has left in the folder; return its id."""
    job = Job("omni-nb-0123456789abcdef", "omni-nb-0123456789abcdef.jsonl")
    request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who are you?"),)),))
    (folder / job.file).write_bytes(line_of("a row of another day", request))
    service = Batches(connection_of(standin).endpoint)
    batch = service.begin(service.upload(folder / job.file), name=job.name)
    write_state(folder, [replace(job, id=batch.id)])
    return batch.id


def test_every_row_is_answered_at_half_the_price(quick: StandIn, tmp_path: Path):
    run = made(quick, tmp_path)
    run.start()
    assert run.wait(20)
    progress = run.progress
    assert (progress.state, progress.done, progress.failed) == ("done", 3, 0)
    assert ["What is 1" in row.text for row in run] == [False, True, False]
    whole = sum(row.usage.cost("qwen-omni-turbo").total for row in run if row.usage)  # type: ignore[union-attr]
    assert run.cost is not None
    assert run.cost.total * 2 == whole
    assert read_state(tmp_path) == []
    assert [row.text for row in Run.open(tmp_path)] == [row.text for row in run]


def test_the_same_run_again_asks_nothing_and_another_row_alone(quick: StandIn, tmp_path: Path):
    first = made(quick, tmp_path)
    first.start()
    assert first.wait(20)
    before = quick.activity.batched
    again = made(quick, tmp_path, rows=[{"n": n} for n in (9, 2, 1, 0)])
    again.start()
    assert again.wait(20)
    assert (again.progress.done, again.progress.reused) == (4, 3)
    assert quick.activity.batched - before == 1


def test_rows_that_fail_are_named_and_asked_again(tmp_path: Path):
    with start(Behaviour(pace=0, fault="batch_lost")) as standin:
        run = made(standin, tmp_path)
        run.start()
        assert run.wait(20)
        assert [row.place for row in run.failed] == [1]
        assert "neither in its results nor" in (run.failed[0].error or "")
        assert run.again().progress.failed == 0  # it is the first line of its batch now
        assert run.progress.done == 3


def test_a_refused_batch_stops_the_run_and_no_row_fails(tmp_path: Path):
    with start(Behaviour(pace=0, fault="batch_model")) as standin:
        run = made(standin, tmp_path)
        run.start()
        assert run.wait(20)
        progress = run.progress
        assert (progress.state, progress.failed, progress.left) == ("failed", 0, 3)
        assert "is not supported by the Batch API" in progress.problem


def test_stopping_cancels_the_batch_and_its_rows_wait(slow: StandIn, tmp_path: Path):
    run = made(slow, tmp_path)
    id = begun(run, tmp_path)
    run.stop()
    assert run.wait(20)
    assert (run.progress.state, run.progress.left) == ("stopped", 3)
    assert Batches(connection_of(slow).endpoint).get(id).status == "cancelled"


def test_stopping_twice_waits_for_nothing(slow: StandIn, tmp_path: Path):
    run = made(slow, tmp_path)
    begun(run, tmp_path)
    run.stop(now=True)
    assert run.wait(20)
    assert (run.progress.state, run.progress.done, run.progress.left) == ("stopped", 0, 3)


def test_a_run_stopped_before_its_thread_begins_cancels_the_batch(slow: StandIn, tmp_path: Path):
    id = left_behind(slow, tmp_path)
    run = made(slow, tmp_path)
    driver: Any = run._plan.driver  # type: ignore[union-attr]
    work = driver.work

    def late(run: Run) -> None:
        run.stop()
        work(run)

    driver.work = late
    run.start()
    assert run.wait(20), "the batch is waited for"
    assert Batches(connection_of(slow).endpoint).get(id).status == "cancelled"


def test_a_row_of_an_earlier_run_is_kept_though_nobody_asks_it_now(quick: StandIn, tmp_path: Path):
    left_behind(quick, tmp_path)
    run = made(quick, tmp_path)
    run.start()
    assert run.wait(20)
    assert (run.progress.done, len(run)) == (3, 3)
    assert "a row of another day" in (tmp_path / "rows.jsonl").read_text()
