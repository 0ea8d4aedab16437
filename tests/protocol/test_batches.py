"""The documentation's flow of a batch, by the plain SDK against the stand-in."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

from omni_nb.offline import batch_lines
from omni_nb.offline.batch_lines import read_lines
from omni_nb.offline.batches import OVER, Job
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.files import FileStore
from omni_nb.offline.uploads import copied
from tests.waiting import wait_until

if TYPE_CHECKING:
    from omni_nb.offline.server import StandIn

URL = "/v1/chat/completions"


def line(custom_id: str, text: str = "Who are you?", **changes: Any) -> dict[str, Any]:
    body = {"model": "qwen-omni-turbo", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "method": "POST", "url": URL, "body": body | changes}


def written(lines: list[Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in lines).encode()


def client(standin: StandIn, behaviour: str = "") -> openai.OpenAI:
    return openai.OpenAI(
        api_key=standin.api_key,
        base_url=standin.base_url,
        max_retries=0,
        default_headers={"x-omni-behaviour": behaviour},
    )


def begun(service: openai.OpenAI, lines: list[Any], **changes: Any) -> Any:
    file = service.files.create(file=("questions.jsonl", written(lines)), purpose="batch")
    asked: dict[str, Any] = {"endpoint": URL, "completion_window": "24h"} | changes
    return service.batches.create(input_file_id=file.id, **asked)


def over(service: openai.OpenAI, batch: Any) -> Any:
    latest = [batch]

    def is_over() -> bool:
        latest[0] = service.batches.retrieve(batch.id)
        return latest[0].status in OVER

    wait_until(is_over)
    return latest[0]


def results(service: openai.OpenAI, file_id: str | None) -> list[Any]:
    if file_id is None:
        return []
    return [json.loads(text) for text in service.files.content(file_id).text.splitlines()]


def test_the_documented_flow_answers_every_line(standin: StandIn):
    service = client(standin)
    batch = begun(service, [line("a"), line("b", "What is a batch?")], metadata={"ds_name": "two"})
    assert (batch.status, batch.output_file_id) == ("validating", None)
    done = over(service, batch)
    assert (done.status, done.errors, done.error_file_id) == ("completed", None, None)
    assert dict(done.request_counts) == {"total": 2, "completed": 2, "failed": 0}
    found = {one["custom_id"]: one for one in results(service, done.output_file_id)}
    assert sorted(found) == ["a", "b"]
    assert found["a"]["error"] is None
    answer = found["b"]["response"]["body"]
    assert "stand-in" in answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] > 10


@pytest.mark.once  # openai 1.55 cannot list with pydantic 2.11
def test_files_are_listed_told_of_and_deleted(standin: StandIn):
    service = client(standin)
    file = service.files.create(file=("some.jsonl", b"{}\n"), purpose="batch")
    assert service.files.retrieve(file.id).filename == "some.jsonl"
    assert file.id in [one.id for one in service.files.list()]
    assert service.files.content(file.id).content == b"{}\n"
    assert service.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError, match="No such File object"):
        service.files.content(file.id)


@pytest.mark.once  # openai 1.55 cannot list with pydantic 2.11
def test_a_batch_is_found_by_its_name_and_its_state(standin: StandIn):
    service = client(standin)
    batch = begun(service, [line("a")], metadata={"ds_name": "found-by-name"})
    over(service, batch)
    for query, ids in (
        ({"ds_name": "found-by-name"}, [batch.id]),
        ({"ds_name": "by-name", "status": "completed,expired"}, [batch.id]),
        ({"ds_name": "found-by-name", "status": "failed"}, []),
        ({"ds_name": "found-by-name", "create_after": "20990101000000"}, []),
    ):
        assert [one.id for one in service.batches.list(extra_query=query)] == ids


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"endpoint": "/v1/embeddings"}, "endpoint"),
        ({"completion_window": "23h"}, "completion_window"),
        ({"completion_window": "337h"}, "completion_window"),
        ({"metadata": {"ds_name": "n" * 101}}, "ds_name"),
        ({"metadata": {"ds_description": "n" * 201}}, "ds_description"),
    ],
)
def test_a_batch_that_breaks_a_rule_is_refused(standin: StandIn, changes: Any, words: str):
    with pytest.raises(openai.BadRequestError, match=words):
        begun(client(standin), [line("a")], **changes)


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([line("a"), line("a")], "duplicate_custom_id", 2),
        ([line("a"), line("b", model="qwen3.5-omni-plus")], "mismatched_model", 2),
        ([line("a"), line("b", enable_thinking=False)], "mismatched_model", 2),
        ([line("a", model="qwen3-omni-flash")], "model_not_found", None),
        ([line("a") | {"url": "/v1/chat/ds-test"}], "mismatched_test_url", 1),
        ([line("a", model="batch-test-model")], "mismatched_test_url", 1),
        ([line("a") | {"custom_id": 7}], "missing_custom_id", 1),
        ([line("a") | {"method": "GET"}], "invalid_method", 1),
        ([line("a") | {"body": []}], "invalid_body", 1),
        (["text"], "invalid_json_line", 1),
        ([], "empty_file", None),
    ],
)
def test_a_file_with_a_wrong_line_fails_as_a_whole(lines: Any, code: str, number: int | None):
    _, faults = read_lines(written(lines).splitlines(), URL)
    assert [(fault.code, fault.line) for fault in faults] == [(code, number)]


def test_the_limits_of_a_file_are_checked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_lines, "MOST_LINES", 3)
    monkeypatch.setattr(batch_lines, "MOST_LINE_BYTES", 500)
    many = written([line(str(n)) for n in range(4)]).splitlines()
    assert [fault.code for fault in read_lines(many, URL)[1]] == ["too_many_requests"]
    assert read_lines(many[:3], URL)[1] == []
    long = written([line("a", "long " * 100)]).splitlines()
    assert [fault.code for fault in read_lines(long, URL)[1]] == ["line_too_large"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stream": True}, "not streamed"),
        ({"modalities": ["text", "audio"]}, "text only"),
        ({"messages": []}, "too short"),
    ],
)
def test_a_line_that_breaks_a_rule_fails_alone(standin: StandIn, changes: Any, words: str):
    service = client(standin)
    done = over(service, begun(service, [line("bad", **changes), line("good")]))
    assert (done.status, done.request_counts.failed) == ("completed", 1)
    assert [one["custom_id"] for one in results(service, done.output_file_id)] == ["good"]
    (bad,) = results(service, done.error_file_id)
    assert (bad["custom_id"], bad["response"]["body"]) == ("bad", None)
    assert words in bad["error"]["message"]


def test_the_model_for_tests_answers_at_its_own_address(standin: StandIn):
    service, url = client(standin), "/v1/chat/ds-test"
    asked = line("a", model="batch-test-model") | {"url": url}
    done = over(service, begun(service, [asked], endpoint=url))
    assert done.request_counts.completed == 1


@pytest.mark.parametrize(
    ("fault", "status", "answered", "failed", "counts"),
    [
        ("batch_model", "failed", "", "", (0, 0, 0)),
        ("batch_some_failed", "completed", "acdf", "be", (6, 4, 2)),
        ("batch_lost", "completed", "acdf", "", (6, 4, 0)),
        ("batch_status_0", "completed", "acdf", "be", (6, 6, 0)),
        ("batch_expired", "expired", "abc", "", (6, 3, 0)),
        ("batch_shuffled", "completed", "fedcba", "", (6, 6, 0)),
    ],
)
def test_faults_do_as_they_say(
    standin: StandIn, fault: str, status: str, answered: str, failed: str, counts: Any
):
    service = client(standin, f"fault={fault}")
    done = over(service, begun(service, [line(name) for name in "abcdef"]))
    assert done.status == status
    ids = [
        "".join(one["custom_id"] for one in results(service, file))
        for file in (done.output_file_id, done.error_file_id)
    ]
    assert ids == [answered, failed]
    told = done.request_counts
    assert (told.total, told.completed, told.failed) == counts


def test_questions_for_the_state_may_fail(standin: StandIn):
    service = client(standin, "fault=batch_poll_500")
    batch = begun(service, [line("a")])
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            service.batches.retrieve(batch.id)
    assert over(service, batch).status == "completed"


def test_a_service_that_refuses_refuses_files_and_batches_too(standin: StandIn):
    service = client(standin, "fault=429")
    with pytest.raises(openai.RateLimitError):
        service.files.create(file=("some.jsonl", b"{}\n"), purpose="batch")
    with pytest.raises(openai.RateLimitError):
        service.batches.list()


def test_a_cancelled_batch_keeps_what_it_has(standin: StandIn):
    service = client(standin, "batch_seconds=3600")
    batch = begun(service, [line("a")])
    assert service.batches.cancel(batch.id).status == "cancelling"
    assert over(service, batch).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="Cannot cancel"):
        service.batches.cancel(batch.id)


def test_a_batch_goes_through_the_documented_states():
    states: list[tuple[str, float, int]] = []

    async def watched() -> None:
        async def sleep(seconds: float) -> None:
            states.append((job.status, seconds, job.described()["request_counts"]["completed"]))

        files = FileStore()
        with io.BytesIO(written([line("a"), line("b")])) as raw:
            file = files.add("some.jsonl", "batch", copied(raw))
        asked = {"endpoint": URL, "completion_window": "24h", "hours": 24, "metadata": None}
        job = Job(file, files, asked, Behaviour(pace=0, batch_seconds=100), sleep=sleep)
        await job.run()
        states.append((job.status, 0, 2))

    asyncio.run(watched())
    assert states == [
        ("validating", 10, 0),
        ("in_progress", 40, 0),
        ("in_progress", 40, 1),
        ("finalizing", 10, 2),
        ("completed", 0, 2),
    ]


@pytest.mark.parametrize(
    ("name", "purpose", "words"),
    [("a.txt", "batch", "jsonl"), ("a.jsonl", "assistants", "purpose")],
)
def test_other_files_are_refused(standin: StandIn, name: str, purpose: Any, words: str):
    with pytest.raises(openai.BadRequestError, match=words):
        client(standin).files.create(file=(name, b"{}"), purpose=purpose)
