"""Runs against the stand-in: what each failure does, and that nothing is paid twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import wave
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from omni_nb.errors import BudgetError, MediaError, RequestError
from omni_nb.many import journal as journals
from omni_nb.many.asking import make_run
from omni_nb.many.pace import Pace
from omni_nb.many.run import Run
from omni_nb.media.clip import AudioClip
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.rules.money import CNY
from omni_nb.turns.connection import Connection
from omni_nb.turns.estimate import estimate
from omni_nb.wire.client import Endpoint, Secret

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once


def connected(server, **given) -> Connection:
    return Connection(Endpoint(server.base_url, Secret(server.api_key)), is_stand_in=True, **given)


def rows(count: int) -> list[dict[str, int]]:
    return [{"n": n} for n in range(count)]


def asked(server, folder, count=12, **given) -> Run:
    wanted = {"rows": rows(count), "into": folder, "connection": connected(server), **given}
    run = make_run(wanted.pop("prompt", "Count to {n}."), **wanted)
    run.start()
    assert run.wait(60)
    return run


@contextmanager
def serving(remember=0, **behaviour):
    with start(Behaviour(pace=0, **behaviour), remember=remember) as server:
        yield server


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """What waits for the clock, waits no time."""
    monkeypatch.setattr("omni_nb.many.pace.FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("omni_nb.many.crew._MOST_BACK_OFF_SECONDS", 0.01)


def states(run: Run) -> list[str]:
    return [result.state for result in run]


def test_every_row_is_answered_in_its_place_with_its_sound_beside_it(tmp_path):
    with serving() as server:
        run = asked(server, tmp_path, voice="Cherry")
        assert states(run) == ["done"] * 12
        for n, result in enumerate(run):
            assert f"Count to {n}." in result.text
            with wave.open(str(result.audio)) as sound:
                assert sound.getnframes() / sound.getframerate() == pytest.approx(result.seconds)
        assert server.activity.completed == 12
        assert run.cost.total == sum(result.cost.total for result in run)
        again = Run.open(tmp_path)
        assert [r.text for r in again] == [r.text for r in run]
        assert server.api_key not in (tmp_path / "rows.jsonl").read_text("utf-8")


def test_rows_that_are_added_or_moved_cost_only_what_is_new(tmp_path):
    with serving() as server:
        asked(server, tmp_path, 6)
        run = asked(server, tmp_path, rows=rows(8)[::-1])
        assert (server.activity.completed, run.progress.reused) == (8, 6)
        assert "Count to 7." in run[0].text
        assert "Count to 0." in Run.open(tmp_path)[7].text


def test_identical_rows_have_an_answer_each(tmp_path):
    with serving() as server:
        asked(server, tmp_path, rows=rows(1) * 3)
        assert server.activity.completed == 3
        assert asked(server, tmp_path, rows=rows(1) * 4).progress.reused == 3
        assert server.activity.completed == 4


def test_another_question_in_the_folder_is_said_before_it_is_asked(tmp_path):
    with serving() as server:
        asked(server, tmp_path, 3)
        other = make_run(
            "Count down from {n}.", rows=rows(3), into=tmp_path, connection=connected(server)
        )
        assert other.note == (
            "0 of 3 answers in this folder fit this question: 3 rows would be asked."
        )
        chinese = make_run(
            "从 {n} 倒数。", rows=iter(rows(9)), into=tmp_path, connection=connected(server)
        )
        assert "3 个回答没有一个对应这个问题，所有行都要重新提问" in chinese.note
        other.start()
        other.wait()
        assert asked(server, tmp_path, 3).progress.reused == 3  # nothing was deleted


@pytest.mark.parametrize("fault", ["429", "burst", "throttling", "quota_tokens", "rate_limit"])
def test_too_many_requests_cost_no_row_its_turn(tmp_path, fault):
    with serving(fault=fault, fault_first=9) as server:
        run = asked(server, tmp_path, at_once=4)
        assert states(run) == ["done"] * 12
        assert server.activity.refused == 9


def test_the_pause_that_the_service_asks_for_reaches_the_pace(tmp_path, monkeypatch):
    said, refused = [], Pace.refused
    monkeypatch.setattr(
        Pace, "refused", lambda pace, place, seconds: said.append(seconds) or refused(pace, place)
    )
    with serving(fault="429", fault_first=1, retry_after=17) as server:
        run = asked(server, tmp_path, 3, at_once=1)
        assert states(run) == ["done"] * 3
        assert (said, sum(result.attempts for result in run)) == ([17], 4)


def test_a_tool_is_called_in_each_row_and_its_rounds_are_billed(tmp_path):
    seen = []

    def weather(city: str) -> dict:
        """Return the weather. city: its name."""
        seen.append(city)
        return {"celsius": 21}

    cities = [{"city": name} for name in ("Hangzhou", "Rome", "Oslo")]
    with serving(remember=9) as server:
        run = asked(
            server,
            tmp_path,
            at_once=1,
            prompt="How warm is it in {city}? Use weather.",
            rows=cities,
            tools=[weather],
            model="qwen3-omni-flash",
            voice="Cherry",
        )
        assert sorted(seen) == ["Hangzhou", "Oslo", "Rome"]
        modalities = [" ".join(body["modalities"]) for body in server.requests]
        assert modalities == ["text", "text", "text audio"] * 3, "it calls, has done, speaks"
        assert all("celsius 21" in result.text and result.seconds > 1 for result in run)
        assert all(result.usage.input_total > 3 * 40 for result in run)


@pytest.mark.parametrize("fault", ["500", "503", "empty_body", "timeout"])
def test_what_may_pass_is_tried_three_times(tmp_path, fault):
    with serving(fault=fault) as server:
        run = asked(server, tmp_path, 2)
        assert states(run) == ["failed"] * 2
        assert [result.attempts for result in run] == [3, 3]
    with serving(fault=fault, fault_first=2) as server:
        assert states(asked(server, tmp_path, 1)) == ["done"]


@pytest.mark.parametrize("fault", ["401", "403", "arrearage", "model_not_supported"])
def test_what_would_fail_every_row_stops_the_run(tmp_path, fault):
    with serving(fault=fault) as server:
        run = asked(server, tmp_path)
        assert run.progress.state == "failed"
        assert states(run).count("failed") == 0
        assert run.problem
        assert server.activity.refused <= 2
        assert make_run("?", rows=rows(1), into=tmp_path).progress.on_way_lost == ()


def test_a_row_that_is_refused_fails_alone_and_ten_alike_stop_the_run(tmp_path):
    with serving(fault="inspection", fault_first=3) as server:
        run = asked(server, tmp_path, at_once=1)
        assert states(run) == ["failed"] * 3 + ["done"] * 9
        assert "inappropriate content" in run[0].error
        assert run.progress.failures[0][1:] == (3, (0, 1, 2))
        run.again()
        assert states(run) == ["done"] * 12
        assert run.progress.failures == ()
    with serving(fault="inspection") as server:
        run = asked(server, tmp_path / "other", 30, at_once=1)
        assert states(run).count("failed") == 10
        assert "10 rows in a row" in run.problem
        assert run.progress.left == 20


def test_rows_that_have_failed_are_asked_after_the_others(tmp_path):
    """Else ten that always fail, at the front, would stop every start before it came further."""
    with serving(fault="inspection", fault_first=15) as server:
        run = asked(server, tmp_path, 30, at_once=1)
        assert states(run) == ["failed"] * 10
        run = asked(server, tmp_path, 30, at_once=1)
        assert states(run) == ["done"] * 10 + ["failed"] * 5 + ["done"] * 15
        assert states(run.again()) == ["done"] * 30


def test_speech_that_cannot_be_encoded_is_kept_as_it_came(tmp_path, monkeypatch):
    with serving() as server:
        encode = AudioClip.to_file

        def broken(clip, storage):
            if storage == "mp3":
                raise OSError("the encoder failed")
            return encode(clip, storage)

        monkeypatch.setattr(AudioClip, "to_file", broken)
        run = asked(server, tmp_path, 2, voice="Cherry", storage="mp3")
        assert states(run) == ["done"] * 2
        with wave.open(str(run[0].audio)) as sound:
            assert sound.getnframes() / sound.getframerate() == pytest.approx(run[0].seconds)


def test_an_answer_that_breaks_off_is_kept_and_asked_again_later(tmp_path):
    with serving(fault="drop", fault_first=1) as server:
        run = asked(server, tmp_path, 3, at_once=1)
        assert states(run) == ["stopped", "done", "done"]
        assert run[0].text
        assert run[0].cost is not None or not run.is_stand_in
        run.start()
        run.wait()
        assert states(run) == ["done"] * 3


def test_a_medium_that_cannot_be_used_fails_its_row_alone(tmp_path):
    good = tmp_path / "good.wav"
    with wave.open(str(good), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16_000))
    bad = tmp_path / "a folder with 'quotes' 你好"
    bad.mkdir()
    (bad / "bad.wav").write_bytes(b"RIFFnothing")
    with serving() as server:
        run = make_run(
            "What is said?",
            audio=[bad / "bad.wav", good, bad / "gone.wav", good],
            into=tmp_path / "answers",
            connection=connected(server),
        )
        run.start()
        run.wait(60)
        assert states(run) == ["failed", "done", "failed", "done"]
        assert [result.attempts for result in run] == [0, 1, 0, 1]
        assert run[2].name == "gone.wav"


def test_a_lost_sound_file_is_asked_for_again(tmp_path):
    with serving() as server:
        run = asked(server, tmp_path, 3, voice="Cherry")
        run[1].audio.unlink()
        again = asked(server, tmp_path, 3, voice="Cherry")
        assert server.activity.completed == 4
        assert again[1].audio.is_file()


def test_a_moved_folder_goes_on(tmp_path):
    with serving() as server:
        asked(server, tmp_path / "one", 3, voice="Cherry")
        (tmp_path / "one").rename(tmp_path / "two")
        run = asked(server, tmp_path / "two", 3, voice="Cherry")
        assert server.activity.completed == 3
        assert run[0].audio.is_file()


def test_a_full_disk_stops_the_run_and_loses_no_answer(tmp_path, monkeypatch):
    with serving() as server:
        run = make_run(
            "Count to {n}.", rows=rows(20), into=tmp_path, connection=connected(server), at_once=4
        )
        finish = journals.Journal.finish
        kept = threading.Semaphore(5)

        def full(journal, line):
            if not kept.acquire(blocking=False):
                raise OSError(28, "No space left on device")
            finish(journal, line)

        monkeypatch.setattr(journals.Journal, "finish", full)
        run.start()
        run.wait(60)
        assert "No space left" in run.problem
        served = server.activity.completed
        assert served <= 5 + 4
        monkeypatch.setattr(journals.Journal, "finish", finish)
        run.start()
        run.wait(60)
        assert states(run) == ["done"] * 20
        assert server.activity.completed == 20


def test_a_generator_is_read_no_further_than_it_is_asked(tmp_path):
    made = []

    def numbers():
        for n in range(1_000):
            made.append(n)
            yield f"Count to {n}."

    with serving(fault="401") as server:
        run = make_run(numbers(), into=tmp_path, connection=connected(server))
        assert len(made) <= 5
        run.start()
        run.wait(60)
        assert len(made) <= 8
        assert run.progress.total is None


def test_a_run_stops_and_goes_on(tmp_path):
    with start(Behaviour(pace=1)) as server:
        run = make_run(
            "Count to {n}.", rows=rows(6), into=tmp_path, connection=connected(server),
            voice="Cherry", at_once=3,
        )  # fmt: skip
        run.start()
        while server.activity.active < 3:
            run.wait(0.01)
        run.stop(now=True)
        assert run.wait(30)
        assert run.progress.state == "stopped"
        assert states(run)[:3] == ["stopped"] * 3
        with pytest.raises(IndexError):
            run[5]


def test_32_askers_do_not_pass_a_budget_together(tmp_path):
    with serving() as server:
        connection = connected(server, region="beijing")
        first = asked(server, tmp_path / "one", 1, voice="Cherry", connection=connection)
        each = first.cost.total
        run = asked(
            server, tmp_path / "many", 64, voice="Cherry", connection=connection,
            at_once=32, budget=CNY(each * 10),
        )  # fmt: skip
        assert run.progress.state == "failed"
        assert 1 <= run.progress.done <= 11
        assert run.cost.total <= each * 11
        assert f"{run.progress.left} rows are left, which would cost about" in run.problem
        assert server.activity.completed == 1 + run.progress.done


def test_a_budget_counts_what_earlier_starts_have_spent(tmp_path):
    with serving() as server:
        connection = connected(server, region="beijing")
        spent = asked(server, tmp_path, 4, connection=connection).cost.total
        run = asked(server, tmp_path, 8, connection=connection, budget=CNY(spent))
        assert run.progress.done == 4
        assert server.activity.completed == 4


def test_half_the_price_is_enough_where_half_is_paid(tmp_path):
    prompt = "word " * 4_000
    nobody = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none")), region="beijing")
    model = "qwen-omni-turbo"
    whole = estimate(prompt, model=model, region="beijing").cost.total
    given = {
        "into": tmp_path,
        "budget": CNY(whole * Decimal("0.6")),
        "connection": nobody,
        "model": model,
    }
    with pytest.raises(BudgetError, match="would pass the budget"):
        make_run(prompt, **given)
    assert make_run(prompt, batch="file", **given).progress.state == "ready"


def test_an_unknown_price_with_a_budget_is_refused_at_once(tmp_path):
    with pytest.raises(RequestError, match="budget"):
        make_run(
            "Hello", into=tmp_path, budget=CNY(1),
            connection=Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none"))),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rows": [{"a": 1}], "prompt": "{b}"}, "no column 'b'"),
        ({"rows": [{"a": 1}], "prompt": "{"}, "single"),
        ({"image": [1, 2], "audio": [1], "prompt": "?"}, "image has 2 rows and audio has 1"),
        ({"rows": [], "prompt": "?"}, "no rows"),
        ({"rows": 5, "prompt": "?"}, "a table"),
        ({"prompt": "?", "at_once": 0}, "at_once"),
        ({"prompt": "?", "on": 5}, "submit"),
        ({"prompt": "?", "tools": [print], "approve": True}, "approve=True"),
        ({"prompt": "?", "options": {"tempratur": 1}}, "temperature"),
    ],
)
def test_what_cannot_be_asked_is_refused_before(tmp_path, given, words):
    with pytest.raises((RequestError, MediaError), match=words):
        make_run(given.pop("prompt"), into=tmp_path, **given)


def test_threads_of_somebody_else_ask_too(tmp_path, monkeypatch):
    with serving() as server, ThreadPoolExecutor(4) as pool:
        monkeypatch.setattr("omni_nb.many.elsewhere.current_connection", lambda: connected(server))
        run = asked(server, tmp_path, on=pool, voice="Cherry")
        assert states(run) == ["done"] * 12
        assert server.activity.completed == 12
        assert asked(server, tmp_path, on=pool, voice="Cherry").progress.reused == 12


def test_processes_ask_too_and_what_none_has_begun_is_stopped_not_failed(tmp_path, monkeypatch):
    with (
        start(Behaviour(pace=1)) as server,
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        monkeypatch.setenv("DASHSCOPE_BASE_URL", server.base_url)
        monkeypatch.setenv("DASHSCOPE_API_KEY", server.api_key)
        run = make_run(
            "Count to {n}.", rows=rows(6), into=tmp_path, connection=connected(server), on=pool,
            at_once=6,
        )  # fmt: skip
        run.start()
        while server.activity.active < 1:
            assert not run.wait(0.01), run.problem
        run.stop(now=True)
        assert run.wait(30)
        assert set(states(run)) == {"done", "stopped"}, [r.error for r in run]
        run.start()
        assert run.wait(60)
        assert states(run) == ["done"] * 6
        assert server.activity.completed == 6


def test_a_run_that_is_left_as_it_begins_ends_what_is_sent_after_all(tmp_path):
    with start(Behaviour(pace=1)) as server:
        run = make_run("Count to 9.", into=tmp_path, connection=connected(server), voice="Cherry")
        sending = run.sending

        def left(row):
            run.stop(now=True)  # the answer is not on its way yet, and is not held back any more
            return sending(row)

        run.sending = left
        run.start()
        assert run.wait(30)
        assert states(run) == ["stopped"]
        assert server.activity.completed == 0


@pytest.mark.slow
def test_a_killed_worker_of_dask_costs_nothing_that_its_journal_has(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    with start(Behaviour(pace=8)) as server:
        monkeypatch.setenv("DASHSCOPE_BASE_URL", server.base_url)
        monkeypatch.setenv("DASHSCOPE_API_KEY", server.api_key)
        here = Connection(Endpoint(server.base_url, Secret("sk-of-this-process")))
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=2, dashboard_address=None, silence_logs=50
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            run = make_run(
                "Count to {n}.", rows=rows(16), into=tmp_path, connection=here, at_once=4,
                voice="Cherry", on=client,
            )  # fmt: skip
            run.start()
            while run.progress.done < 5:
                assert not run.wait(0.02), run.problem
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
            assert run.wait(60)
            assert states(run) == ["done"] * 16, run.problem
        lines = [
            json.loads(one)
            for file in tmp_path.glob("rows-*.jsonl")
            for one in file.read_text("utf-8").splitlines()
        ]
        done = [line["key"] for line in lines if line.get("status") == "done"]
        assert len(done) == len(set(done)) == 16
        assert server.activity.completed <= 16 + 2  # what was on its way on the one that died
        written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))
        assert server.api_key.encode() not in written
        assert b"sk-of-this-process" not in written


def test_what_a_worker_gets_has_neither_key_nor_bytes(tmp_path):
    sound = tmp_path / "a.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(256)) * 60)
    submitted = []

    class Pool:
        def submit(self, work, task):
            submitted.append(pickle.dumps((work, task)))
            future: Future[object] = Future()
            future.set_exception(RuntimeError("no worker"))
            return future

    connection = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("sk-secret-of-mine")))
    run = make_run(
        "What is said?", audio=[sound], into=tmp_path / "answers", connection=connection, on=Pool()
    )
    run.start()
    run.wait(30)
    assert "no worker" in run[0].error
    (data,) = submitted
    assert b"sk-secret-of-mine" not in data
    assert bytes(range(256)) not in data
    assert len(data) < 4_000


# -- killed ----------------------------------------------------------------------------------

PROGRAM = """
import json, sys
from omni_nb.many.asking import make_run
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret
url, key, folder, count = sys.argv[1:]
connection = Connection(Endpoint(url, Secret(key)), is_stand_in=True)
run = make_run("Count to {n}.", rows=[{"n": n} for n in range(int(count))], into=folder,
               connection=connection, voice="Cherry", at_once=8)
print(json.dumps(run.progress.on_way_lost), flush=True)
run.start()
run.wait()
print(repr(run), flush=True)
"""


def killed_and_resumed(folder: Path, *, count: int, kills: int) -> None:
    """Kill a run at random moments; then every row is there once, and all that is lost is named."""
    chance = random.Random(15)
    with serving() as server:
        command = [sys.executable, "-c", PROGRAM, server.base_url, server.api_key, str(folder)]
        named = 0
        for at in range(kills + 1):
            with subprocess.Popen(
                [*command, str(count)], stdout=subprocess.PIPE, text=True
            ) as running:
                said = json.loads(running.stdout.readline())
                if at < kills:
                    upto = server.activity.completed + chance.randrange(1, 2 * count // kills + 2)
                    while server.activity.completed < upto and running.poll() is None:
                        pass
                    os.kill(running.pid, signal.SIGKILL)
                running.wait()
            named += len(said)
        lines = [json.loads(one) for one in (folder / "rows.jsonl").read_text("utf-8").splitlines()]
        sent = [line["sent"] for line in lines if "sent" in line]
        done = [line["key"] for line in lines if line.get("status") == "done"]
        assert len(done) == len(set(done)) == count
        unfinished = len(sent) - len(done)
        assert unfinished <= min(named, 8 * kills), "all that was on its way is named"
        assert server.activity.completed <= count + named
        activity = server.activity
        assert activity.completed + activity.cancelled <= len(sent)
        assert len(done) <= activity.completed
        run = Run.open(folder)
        assert states(run) == ["done"] * count
        for result in run:
            with wave.open(str(result.audio)) as sound:
                assert sound.getnframes() / sound.getframerate() == pytest.approx(result.seconds)


@pytest.mark.slow
def test_a_run_killed_at_random_moments_pays_for_each_row_once(tmp_path):
    times = int(os.environ.get("OMNI_NB_KILLS", "3"))
    killed_and_resumed(tmp_path, count=20 * times if times < 16 else 300, kills=times)
