"""Files and batches by our client: what a service may say, and what a person reads of it."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.errors import ServiceError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.wire import batches
from omni_nb.wire.batches import Batch, Batches
from omni_nb.wire.endpoint import Endpoint, Secret
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omni_nb.offline.server import StandIn


@pytest.fixture(scope="module")
def refusing() -> Iterator[StandIn]:
    with start(Behaviour(pace=0, fault="arrearage")) as running:
        yield running


def of(standin: StandIn) -> Batches:
    return Batches(Endpoint(standin.base_url, Secret(standin.api_key)))


def questions(folder: Path, *ids: str) -> Path:
    path = folder / "questions.jsonl"
    body = {"model": "qwen-omni-turbo", "messages": [{"role": "user", "content": "Who are you?"}]}
    path.write_text(
        "".join(
            json.dumps(
                {"custom_id": id, "method": "POST", "url": batches.ENDPOINT, "body": body},
            )
            + "\n"
            for id in ids
        )
    )
    return path


def test_a_batch_is_begun_followed_and_fetched(standin: StandIn, tmp_path: Path):
    service = of(standin)
    begun = service.begin(service.upload(questions(tmp_path, "a", "b")), name="omni-nb-abc")
    assert (begun.status, begun.is_over) == ("validating", False)
    wait_until(lambda: service.get(begun.id).is_over)
    done = service.get(begun.id)
    assert (done.status, done.total, done.completed, done.failed) == ("completed", 2, 2, 0)
    assert [found.id for found in service.named("omni-nb-abc")] == [begun.id]
    assert service.named("omni-nb") == []  # the service finds by a part of the name, too
    service.download(done.output_file or "", tmp_path / "results.jsonl")
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["custom_id"] for line in lines] == ["a", "b"]
    service.delete(done.input_file or "")
    with pytest.raises(ServiceError, match="No such File"):
        service.delete(done.input_file or "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["questions.jsonl", "results.jsonl"]


def test_the_services_refusal_is_shown_unchanged_and_without_the_key(refusing: StandIn):
    with pytest.raises(ServiceError) as caught:
        of(refusing).get("batch_1")
    assert caught.value.code == "Arrearage"
    assert "make sure your account is in good standing" in caught.value.message
    shown = "".join(traceback.format_exception(caught.value))
    assert refusing.api_key not in shown
    assert caught.value.__cause__ is None


def test_a_service_that_is_not_there_is_said(tmp_path: Path):
    with start(Behaviour(pace=0)) as standin:
        service = of(standin)
    with pytest.raises(ServiceError, match="No answer from"):
        service.upload(questions(tmp_path, "a"))


def test_a_file_is_fetched_whole_or_not_at_all(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    service = of(standin)
    file = service.upload(questions(tmp_path, "a"))
    monkeypatch.setattr(batches, "MOST_RESULT_BYTES", 10)
    with pytest.raises(ServiceError, match="more than 10 bytes"):
        service.download(file, tmp_path / "results.jsonl")
    with pytest.raises(FileNotFoundError):
        service.download(file, tmp_path / "gone" / "results.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["questions.jsonl"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "not a batch"),
        ("<html>", "not a batch"),
        ([], "not a batch"),
        ({}, "not a batch"),
        ({"id": "batch_1"}, "not a batch"),
        ({"id": "batch_1", "status": 3}, "not a batch"),
        ({"id": "../files", "status": "completed"}, "not a batch"),
        ({"id": "..", "status": "completed"}, "not a batch"),
        ({"error": {"message": "no"}}, "no"),
    ],
)
def test_what_is_no_batch_is_refused(told: Any, words: str):
    with pytest.raises(ServiceError, match=words):
        Batch.from_payload(told)


def test_strange_fields_of_a_batch_do_no_harm():
    told = {
        "id": "batch_1",
        "status": "in_progress\x1b[31m",
        "output_file_id": "a/../b",
        "error_file_id": 7,
        "request_counts": {"total": -1, "completed": "3", "failed": []},
        "errors": {"data": [7, {"code": [], "message": None, "line": "x"}]},
    }
    read = Batch.from_payload(told)
    assert "\x1b" not in read.status
    assert (read.output_file, read.error_file, read.is_over) == (None, None, False)
    assert (read.total, read.completed, read.failed) == (0, 3, 0)
    assert read.problem == "The service reported an error without words."
    for counts in ([], "x", None):
        assert Batch.from_payload(told | {"request_counts": counts, "errors": counts}).total == 0
