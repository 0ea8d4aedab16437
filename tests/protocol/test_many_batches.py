"""Runs by the Batch API and at the address for half the price, against the stand-in."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest

from omni_nb.errors import RequestError
from omni_nb.many.asking import make_run
from omni_nb.many.run import Run
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.rules.money import CNY
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret

pytestmark = pytest.mark.once


@contextmanager
def serving(**behaviour):
    with start(Behaviour(pace=0, **behaviour)) as server:
        yield server


def made(server, folder, count=4, **given) -> Run:
    here = Connection(Endpoint(server.base_url, Secret(server.api_key)), is_stand_in=True)
    wanted = {
        "rows": [{"n": n} for n in range(count)],
        "into": folder,
        "connection": here,
        "batch": "file",
        **given,
    }
    return make_run(wanted.pop("prompt", "Count to {n}."), **wanted)


def over(run: Run) -> Run:
    run.start()
    assert run.wait(60)
    return run


def states(run: Run) -> str:
    return "".join(result.state[0] for result in run)


@pytest.mark.parametrize("batch", ["file", "chat"])
def test_answers_come_at_half_the_price_and_it_is_said_what_is_saved(tmp_path, batch):
    with serving() as server:
        usual = over(made(server, tmp_path / "usual", batch=None))
        run = over(made(server, tmp_path / "half", batch=batch))
    assert states(run) == "dddd"
    assert [result.text for result in run] == [result.text for result in usual]
    assert run.cost.total * 2 == usual.cost.total
    assert run.progress.saved.total == run.cost.total
    assert usual.progress.saved is None
    assert run.kind == {"file": "batch", "chat": "chat"}[batch]


def test_what_is_left_is_estimated_at_half_the_price(tmp_path):
    with serving() as server:
        half, whole = (made(server, tmp_path, batch=b).estimate().cost for b in ("file", None))
        assert half.total * 2 == whole.total
        over(made(server, tmp_path))
        left = made(server, tmp_path).estimate()
    assert (left.rows, left.reused, left.cost.total) == (0, 4, 0)


def test_the_same_call_asks_only_what_is_new(tmp_path):
    with serving() as server:
        over(made(server, tmp_path))
        run = over(made(server, tmp_path, count=6))
        assert server.activity.batched == 6
    assert (states(run), run.progress.reused) == ("dddddd", 4)
    assert len(Run.open(tmp_path)) == 6


def test_rows_that_fail_in_a_batch_are_asked_again(tmp_path):
    with serving(fault="batch_lost") as server:
        run = over(made(server, tmp_path))
    assert states(run).count("f") >= 1
    assert "neither in its results" in run.failed[0].error
    with serving() as server:
        run = over(made(server, tmp_path))
    assert states(run) == "dddd"


def test_a_batch_that_is_refused_stops_the_run_in_the_services_words(tmp_path):
    with serving(fault="batch_model") as server:
        run = over(made(server, tmp_path))
    now = run.progress
    assert now.state == "failed"
    assert "model_not_found" in now.problem
    assert (states(run), now.failed, now.left) == ("wwww", 0, 4)


def test_a_run_that_is_left_finds_its_batch_and_its_rows_again(tmp_path):
    with serving(batch_seconds=3600) as server:
        run = made(server, tmp_path)
        run.start()
        waited = threading.Event()
        while run.progress.batch is None and not run.wait(0):
            waited.wait(0.01)
        run.stop(now=True)
        assert run.wait(60)
        assert (run.progress.state, states(run)) == ("stopped", "wwww")
        assert json.loads((tmp_path / "batch.json").read_text())["jobs"][0]["id"]
    assert not (tmp_path / "rows.jsonl").read_text().count('"status"')


def test_the_answer_of_a_row_that_is_asked_about_no_more_is_kept(tmp_path):
    with serving() as server:
        run = made(server, tmp_path)
        crew = run._plan.driver
        deliver = crew._deliver

        def left(_: object) -> None:
            raise KeyError("the process ends here")

        crew._deliver = left
        over(run)
        assert run.progress.state == "failed"
        crew._deliver = deliver
        fewer = over(made(server, tmp_path, count=2))
        assert server.activity.batched == 4, "nothing was asked anew"
        assert states(fewer) == "dd"
        assert states(over(made(server, tmp_path))) == "dddd"
        assert server.activity.batched == 4, "what nobody asked about was kept"


def test_a_budget_that_the_whole_would_pass_is_kept_before_anything_is_sent(tmp_path):
    with serving() as server:
        cost = made(server, tmp_path).estimate().cost
        run = over(made(server, tmp_path, budget=CNY(cost.total * Decimal("0.9"))))
        assert server.activity.batched == 0
        assert "would cost about" in run.progress.problem
        assert states(over(made(server, tmp_path, budget=CNY(cost.total * 2)))) == "dddd"


def test_an_answer_that_does_not_fit_its_form_has_failed(tmp_path):
    with serving() as server:
        run = over(made(server, tmp_path, response_format=list[int]))
        assert states(run) == "dddd"
        assert all(isinstance(result.parsed, list) for result in run)
    with serving(fault="json_unfit") as server:
        run = over(made(server, tmp_path / "unfit", response_format=list[int]))
    assert {result.state for result in run} <= {"done", "failed"}
    assert all(isinstance(r.parsed, list) == (r.state == "done") for r in run)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batch": "later"}, "batch is 'file'"),
        ({"batch": True}, "batch is 'file'"),
        ({"voice": "Cherry"}, "leave out voice="),
        ({"rpm": 60}, "leave out rpm="),
        ({"at_once": 2}, "leave out rpm="),
        ({"upload": "oss"}, "public URLs"),
        ({"on": ThreadPoolExecutor(1), "batch": "chat"}, "leave out on="),
        ({"tools": [len]}, "leave out tools="),
    ],
)
def test_what_does_not_go_with_a_batch_is_refused_with_the_way_out(tmp_path, given, words):
    with serving() as server, pytest.raises(RequestError, match=words):
        made(server, tmp_path, model="qwen3-omni-flash", **given)
