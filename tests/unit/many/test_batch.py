"""Rows in batches: what is sent, what is kept on disk, and what becomes of each row."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.errors import RequestError, ServiceError
from omni_nb.many import batch as many_batch
from omni_nb.many.batch import (
    CHAT_SECONDS,
    CHAT_URL,
    STATE,
    Answered,
    BatchCrew,
    Job,
    Told,
    answered,
    chat_connection,
    check,
    is_half_price,
    keys_of,
    line_of,
    read_state,
    write_state,
)
from omni_nb.media.parts import TextPart, image
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import StandIn, start
from omni_nb.turns.connection import connect
from omni_nb.wire.batches import Batches
from omni_nb.wire.endpoint import Endpoint, Secret
from omni_nb.wire.request import Message, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def asks(text: str = "Who are you?", model: str = "qwen-omni-turbo", **changes: Any) -> Request:
    return Request(model, (Message("user", (TextPart(text),)),), **changes)


def rows(*keys: str) -> list[tuple[str, Request]]:
    return [(key, asks(f"Question {key}?")) for key in keys]


class Clock(threading.Event):
    """An event whose waiting takes no time: the clock is turned by hand."""

    def __init__(self, after: int | None = None) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._after = after

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        if self._after is not None and len(self.waits) >= self._after:
            self.set()
        return super().wait(0.005)


class Run:
    """What a run does with a crew: it keeps what comes."""

    def __init__(self, folder: Path, standin: StandIn, fault: str = "none") -> None:
        self.answers: dict[str, Answered] = {}
        self.told: list[Told] = []
        self.stopping, self.leaving = Clock(), Clock()
        self.service = Faulty(Endpoint(standin.base_url, Secret(standin.api_key)))
        self.crew = BatchCrew(
            folder, self.service, self.keep, self.stopping, self.leaving, self.told.append
        )

    def keep(self, answer: Answered) -> None:
        assert answer.key not in self.answers
        self.answers[answer.key] = answer

    def ask(self, *keys: str) -> str:
        """Ask, and say what came: the keys of the answered rows, and after a bar of the failed."""
        self.crew.ask(rows(*keys))
        return self.summary()

    def summary(self) -> str:
        kinds = [
            "".join(sorted(key for key, one in self.answers.items() if bool(one.error) is failed))
            for failed in (False, True)
        ]
        return "|".join(kinds)


class Killed(BaseException):
    """The process ends here."""


class Faulty(Batches):
    """The service, where the process can be killed at a call."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.calls: list[str] = []
        self.killed_after = ""
        self.lost_after = ""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in ("upload", "begin", "get", "named", "cancel", "delete", "download"):
            return found

        def noted(*given: Any, **named: Any) -> Any:
            self.calls.append(name)
            brought = found(*given, **named)
            if name == self.killed_after:
                self.killed_after = ""
                raise Killed
            if name == self.lost_after:
                self.lost_after = ""
                raise ServiceError("No answer from there: the connection was reset")
            return brought

        return noted


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with start(Behaviour(pace=0)) as running:
        yield running


@pytest.fixture(scope="module", params=["some_failed", "lost", "status_0", "expired", "shuffled"])
def faulty(request: pytest.FixtureRequest) -> Iterator[tuple[str, StandIn]]:
    with start(Behaviour(pace=0, fault=f"batch_{request.param}")) as running:
        yield request.param, running


@pytest.fixture
def run(tmp_path: Path, standin: StandIn) -> Run:
    return Run(tmp_path, standin)


def test_every_row_gets_its_answer(run: Run):
    assert run.ask("a", "b", "c") == "abc|"
    assert "Question b?" in run.answers["b"].text
    usage = run.answers["b"].usage
    assert usage is not None
    assert usage.total > 10
    half, whole = (usage.cost("qwen-omni-turbo", batch=batch) for batch in (True, False))
    assert half is not None
    assert whole is not None
    assert half.total * 2 == whole.total
    assert run.answers["b"].request_id
    assert run.told[0] == Told("validating")
    assert run.told[-1] == Told("completed", 3, 3, 0)
    assert all("progress" not in told.trouble for told in run.told)


def test_nothing_is_left_at_the_service_and_no_state_on_disk(run: Run, tmp_path: Path):
    run.ask("a")
    (path,) = tmp_path.iterdir()
    assert path.name.endswith(".output.jsonl")
    assert run.service.calls[-2:] == ["delete", "delete"]


def test_the_account_is_asked_less_and_less_often(run: Run):
    run.ask("a")
    waits = run.stopping.waits
    assert waits == [min(60, 2 * 1.5**n) for n in range(len(waits))]


def test_no_rows_no_batch(run: Run):
    assert run.ask() == "|"
    assert run.service.calls == []


def test_faults_of_rows_are_those_rows_alone(faulty: tuple[str, StandIn], tmp_path: Path):
    fault, standin = faulty
    run = Run(tmp_path, standin)
    found = run.ask(*"abcdef")
    errors = {key: one.error for key, one in run.answers.items() if one.error}
    expected = {
        "some_failed": ("acdf|be", "inappropriate content"),
        "lost": ("acdf|be", "neither in its results nor"),
        "status_0": ("acdf|be", "neither an answer nor a reason (status 0)"),
        "expired": ("abc|def", "time was up"),
        "shuffled": ("abcdef|", ""),
    }[fault]
    assert found == expected[0]
    assert all(expected[1] in (error or "") for error in errors.values())
    assert all(f"Question {key}?" in one.text for key, one in run.answers.items() if not one.error)
    if fault == "some_failed":
        assert run.answers["b"].code == "data_inspection_failed"


def test_a_refused_file_ends_the_run_in_the_services_words(tmp_path: Path):
    with start(Behaviour(pace=0, fault="batch_model")) as standin:
        run = Run(tmp_path, standin)
        with pytest.raises(ServiceError, match="qwen-omni-turbo is not supported by the Batch API"):
            run.ask("a", "b")
        assert run.answers == {}
        assert list(tmp_path.iterdir()) == []  # the next start begins anew


def test_a_service_that_stumbles_is_asked_again(tmp_path: Path):
    with start(Behaviour(pace=0, fault="batch_poll_500")) as standin:
        run = Run(tmp_path, standin)
        assert run.ask("a") == "a|"
    assert [bool(told.trouble) for told in run.told[:4]] == [False, True, True, False]
    assert "internal error" in run.told[1].trouble


@pytest.mark.parametrize("moment", ["upload", "begin", "get", "download", "delete"])
def test_a_run_that_is_killed_goes_on_with_its_batch(tmp_path: Path, standin: StandIn, moment: str):
    before = standin.activity.batched
    run = Run(tmp_path, standin)
    run.service.killed_after = moment
    with pytest.raises(Killed):
        run.ask("a", "b")
    second = Run(tmp_path, standin)
    second.answers = run.answers if moment == "delete" else {}
    second.crew.deliver = lambda one: second.answers.update({one.key: one})
    assert second.ask("a", "b", "c") == "abc|"
    assert standin.activity.batched - before == 3, "a row was paid twice"
    assert not (tmp_path / STATE).exists()


def test_a_batch_whose_begin_lost_its_answer_is_found_by_its_name(run: Run, standin: StandIn):
    before = standin.activity.batched
    run.service.lost_after = "begin"
    assert run.ask("a") == "a|"
    assert run.service.calls.count("begin") == 1
    assert standin.activity.batched - before == 1


def test_a_refusal_before_the_batch_began_leaves_nothing(tmp_path: Path):
    with start(Behaviour(pace=0, fault="arrearage")) as standin:
        run = Run(tmp_path, standin)
        with pytest.raises(ServiceError, match="good standing"):
            run.ask("a")
        with pytest.raises(ServiceError, match="good standing"):
            run.ask("a")


def test_stopping_cancels_and_keeps_what_was_answered(tmp_path: Path):
    with start(Behaviour(pace=0, batch_seconds=3600)) as standin:
        run = Run(tmp_path, standin)
        run.stopping._after = 2
        assert run.ask("a", "b") == "|"
        assert run.told[-1].status == "cancelled"
        assert read_state(tmp_path) == []


def test_leaving_while_a_batch_is_cancelled_leaves_it_for_the_next_start(tmp_path: Path):
    with start(Behaviour(pace=0, batch_seconds=3600)) as standin:
        run = Run(tmp_path, standin)

        def stop_then_leave(told: Told) -> None:
            (run.leaving if run.stopping.is_set() else run.stopping).set()

        run.crew.tell = stop_then_leave
        run.service.__dict__["cancel"] = lambda _: None  # a service that takes its time
        run.ask("a", "b")
        assert run.service.calls[-2:] == ["cancel", "get"]
        (job,) = read_state(tmp_path)
        assert job.id is not None
        assert keys_of(tmp_path / job.file) == ["a", "b"]
        second = Run(tmp_path, standin)
        second.service.cancel(job.id)

        def stop_the_second(told: Told) -> None:
            if told.status == "validating":
                second.stopping.set()

        second.crew.tell = stop_the_second
        assert second.ask("a", "b") == "|"
        assert second.service.calls.count("begin") == 1, "cancelled rows are asked anew"


def test_leaving_alone_cancels_nothing(tmp_path: Path):
    with start(Behaviour(pace=0, batch_seconds=3600)) as standin:
        run = Run(tmp_path, standin)
        run.crew.tell = lambda _: run.leaving.set()
        run.ask("a")
        assert "cancel" not in run.service.calls
        left = Run(tmp_path, standin)
        left.leaving.set()
        left.stopping.set()  # as of `Run.stop(now=True)` before the crew has looked once
        left.ask("a")
        assert "cancel" not in left.service.calls
        second = Run(tmp_path, standin)
        second.stopping.set()
        second.ask("a")
        assert second.service.calls[:2] == ["cancel", "get"]


def test_another_account_is_said_and_nothing_is_forgotten(run: Run, tmp_path: Path):
    write_state(tmp_path, [Job("omni-nb-0123456789abcdef", "omni-nb-0123456789abcdef.jsonl", "b1")])
    with pytest.raises(ServiceError, match="No such Batch") as caught:
        run.ask("a")
    assert "delete batch.json" in "".join(getattr(caught.value, "__notes__", []))
    assert len(read_state(tmp_path)) == 1


def test_a_row_over_the_limit_of_a_line_fails_alone(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(many_batch, "MOST_LINE_BYTES", 400)
    run.crew.ask([("a", asks("long " * 100)), *rows("b")])
    assert run.summary() == "b|a"
    assert run.answers["a"].code == "line_too_large"
    assert not run.answers["a"].was_sent


def test_rows_that_fit_no_batch_begin_none(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(many_batch, "MOST_LINE_BYTES", 10)
    assert run.ask("a", "b") == "|ab"
    assert run.service.calls == []


@pytest.mark.parametrize(("limit", "most"), [("MOST_LINES", 2), ("MOST_FILE_BYTES", 450)])
def test_more_rows_than_a_file_takes_are_several_batches(
    run: Run, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
):
    monkeypatch.setattr(many_batch, limit, most)
    assert run.ask(*"abcde") == "abcde|"
    assert run.service.calls.count("begin") == 3


def test_a_line_is_text_that_is_not_streamed():
    body = json.loads(line_of("k", asks(options={"temperature": 0.5})))["body"]
    assert body == {
        "model": "qwen-omni-turbo",
        "messages": [{"role": "user", "content": "Who are you?"}],
        "modalities": ["text"],
        "temperature": 0.5,
    }


def test_a_model_that_thinks_is_told_not_to_unless_it_was_asked_to():
    thinking = asks(model="qwen3.8-omni-flash")
    assert json.loads(line_of("k", thinking))["body"]["enable_thinking"] is False
    chosen = replace(thinking, options={"enable_thinking": True})
    assert json.loads(line_of("k", chosen))["body"]["enable_thinking"] is True
    assert "enable_thinking" not in json.loads(line_of("k", asks()))["body"]


def test_media_travel_as_base64_or_as_their_urls(run: Run):
    remote = image("https://example.com/dog.jpg")
    request = Request("qwen-omni-turbo", (Message("user", (remote, TextPart("What?"))),))
    assert "https://example.com/dog.jpg" in line_of("k", request).decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modalities": ("text", "audio"), "voice": "Cherry"}, "leave out voice="),
        ({"tools": ("a tool",)}, "leave out tools="),
    ],
)
def test_what_a_batch_cannot_do_is_refused_with_the_way_out(changes: Any, words: str):
    request = asks()
    for name, value in changes.items():
        object.__setattr__(request, name, value)
    with pytest.raises(RequestError, match=words):
        check(request)


def test_the_services_store_is_not_for_batches():
    with pytest.raises(RequestError, match="oss://"):
        check(replace(asks(), upload="oss"))


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"response": None},
        {"response": []},
        {"response": {"status_code": 200, "body": None}},
        {"response": {"status_code": 200, "body": {"choices": []}}},
        {"response": {"status_code": 200, "body": {"choices": [None]}}},
        {"response": {"status_code": 200, "body": {"choices": [{"message": "no"}]}}},
        {"response": {"status_code": "200", "body": {"choices": [{"message": {}}]}}},
        {"response": {"status_code": 500, "body": {"message": "broken"}}},
        {"response": {"status_code": 200, "body": {"error": {"message": "broken"}}}},
        {"response": {"status_code": 400, "body": None}, "error": {"code": 7, "message": []}},
        {"error": "words alone"},
    ],
)
def test_a_line_without_an_answer_is_an_error_with_words(told: Any):
    read = answered("k", told)
    assert read.error
    assert read.text == ""


def test_strange_answers_do_no_harm():
    message = {"content": [{"text": "a"}, {"text": 3}, 7, {"text": "\ud800b"}]}
    body = {"choices": [{"message": message, "finish_reason": 3}], "usage": []}
    read = answered("k", {"response": {"status_code": 200, "body": body, "request_id": [1]}})
    assert (read.text, read.finish_reason, read.usage) == ("a?b", None, None)
    assert read.request_id is None


@pytest.mark.parametrize(
    "written",
    [
        *("", "[]", "{}", '{"jobs": 3}', "[" * 100_000),
        '{"jobs": [{"name": "../x", "file": "../x.jsonl", "id": null}]}',
        '{"jobs": [{"name": "omni-nb-0123456789abcdef", "file": "/etc/passwd", "id": null}]}',
    ],
)
def test_a_state_that_is_not_ours_is_refused(tmp_path: Path, written: str):
    (tmp_path / STATE).write_text(written)
    with pytest.raises(RequestError, match=r"batch\.json"):
        read_state(tmp_path)


def test_keys_are_read_without_the_media(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    keys = ["a", 'quoted " and \\', "Ж"]
    path.write_bytes(b"".join(line_of(key, asks("x" * 10_000)) for key in keys) + b"broken\n")
    assert keys_of(path) == keys
    assert keys_of(tmp_path / "none.jsonl") == []


def test_strange_lines_of_results_are_passed_over(run: Run, tmp_path: Path):
    real = run.service.download

    def download(file: str, path: Path) -> None:
        real(file, path)
        lines = path.read_bytes()
        path.write_bytes(b'\n{"custom_id": []}\n7\nnull\n{broken\n' + lines + lines + b'{"custom_')

    run.service.__dict__["download"] = download
    assert run.ask("a", "b") == "ab|"


def test_batch_chat_has_its_own_address_in_beijing_alone():
    beijing = connect_without_choosing("https://dashscope.aliyuncs.com/compatible-mode/v1")
    chat = chat_connection(beijing)
    assert (chat.base_url, chat.endpoint.silence_seconds) == (CHAT_URL, CHAT_SECONDS)
    assert chat.endpoint.key == beijing.endpoint.key
    singapore = connect_without_choosing("https://dashscope-intl.aliyuncs.com/compatible-mode/v1")
    with pytest.raises(RequestError, match="beijing alone, not for singapore"):
        chat_connection(singapore)
    own = connect_without_choosing("http://localhost:8000/v1")
    with pytest.raises(RequestError, match="localhost"):
        chat_connection(own)
    assert [is_half_price(kind) for kind in ("live", "batch", "chat")] == [False, True, True]


def connect_without_choosing(url: str) -> Any:
    with connect(base_url=url, api_key="sk-not-a-key") as connection:
        return connection
