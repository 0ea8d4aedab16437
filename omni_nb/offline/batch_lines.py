"""Read the lines of a batch file, and answer each as the stand-in answers any question."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from omni_nb.offline.checks import read_request
from omni_nb.offline.contents import short
from omni_nb.offline.faults import HTTP_FAULTS
from omni_nb.offline.refusals import Refusal
from omni_nb.offline.stream import Pacer, answer_chunks
from omni_nb.rules.catalog import find_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omni_nb.offline.behaviour import Behaviour
    from omni_nb.offline.behaviour import Fault as BehaviourFault

MOST_LINES: Final = 50_000
MOST_LINE_BYTES: Final = 6 * 1024 * 1024
TEST_MODEL: Final = "batch-test-model"
TEST_URL: Final = "/v1/chat/ds-test"
CHAT_URL: Final = "/v1/chat/completions"
_MOST_TEST_LINES: Final = 100
_MOST_TEST_BYTES: Final = 1024 * 1024
_MOST_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch."""

    custom_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and in which line."""

    code: str
    message: str
    line: int | None = None

    def described(self) -> dict[str, Any]:
        """Return the fault as the service tells of it."""
        return {"code": self.code, "message": self.message, "line": self.line, "param": None}


def read_lines(raw: Iterable[bytes], endpoint: str) -> tuple[list[Line], list[Fault]]:
    """Return the requests of a file, and what is wrong with it: then none is answered."""
    lines: list[Line] = []
    faults: list[Fault] = []
    ids: set[str] = set()
    total_bytes = 0
    kinds: set[tuple[str, Any]] = set()
    for number, text in enumerate(raw, 1):
        total_bytes += len(text) + 1
        if not text.strip():
            continue
        try:
            line = _line(text, endpoint)
        except _Wrong as wrong:
            faults.append(Fault(wrong.code, wrong.message, number))
        else:
            if line.custom_id in ids:
                words = f"The custom_id {short(line.custom_id)!r} is not unique."
                faults.append(Fault("duplicate_custom_id", words, number))
            ids.add(line.custom_id)
            kinds.add((line.body["model"], line.body.get("enable_thinking")))
            if len(kinds) > 1:
                words = "A file has requests of one model, all with or all without thinking."
                faults.append(Fault("mismatched_model", words, number))
            lines.append(line)
        if len(faults) >= _MOST_ERRORS or len(lines) > MOST_LINES:
            break
    return lines, faults or _of_file(lines, total_bytes)


def _of_file(lines: list[Line], total_bytes: int) -> list[Fault]:
    """Return what is wrong with a file whose lines are all right."""
    if not lines:
        return [Fault("empty_file", "The file has no requests.")]
    if len(lines) > MOST_LINES:
        return [Fault("too_many_requests", f"A file has at most {MOST_LINES} requests.")]
    model = lines[0].body["model"]
    if model == TEST_MODEL:
        if len(lines) > _MOST_TEST_LINES or total_bytes > _MOST_TEST_BYTES:
            words = f"A test has at most {_MOST_TEST_LINES} requests and {_MOST_TEST_BYTES} bytes."
            return [Fault("too_many_requests", words)]
        return []
    if not takes_batches(model):
        return [unsupported(model)]
    return []


def unsupported(model: str) -> Fault:
    """Return what is wrong with a file for a model that takes no batches."""
    words = f"The provided model {short(model)} is not supported by the Batch API."
    return Fault("model_not_found", words)


def takes_batches(model: str) -> bool:
    """Return whether a model has a price in batches: only under its own name, and in Beijing."""
    facts = find_model(model)
    prices = facts.prices.get("beijing") if facts and facts.name == model else None
    return prices is not None and prices.batch_factor is not None


class _Wrong(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _line(text: bytes, endpoint: str) -> Line:
    if len(text) > MOST_LINE_BYTES:
        raise _Wrong("line_too_large", f"A line has at most {MOST_LINE_BYTES} bytes.")
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        raise _Wrong("invalid_json_line", "The line is no JSON object.") from None
    if not isinstance(asked, dict):
        raise _Wrong("invalid_json_line", "The line is no JSON object.")
    custom_id, body = asked.get("custom_id"), asked.get("body")
    if not isinstance(custom_id, str) or not custom_id:
        raise _Wrong("missing_custom_id", "The line has no custom_id.")
    if asked.get("method") != "POST":
        raise _Wrong("invalid_method", "The method of a line is POST.")
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise _Wrong("invalid_body", "The body of a line is an object with a model.")
    is_test = body["model"] == TEST_MODEL
    if (asked.get("url") == TEST_URL) is not is_test or (endpoint == TEST_URL) is not is_test:
        words = f"The model {TEST_MODEL}, and no other, has the url and endpoint {TEST_URL}."
        raise _Wrong("mismatched_test_url", words)
    if asked.get("url") != endpoint:
        raise _Wrong("mismatched_url", f"The url of a line is that of the batch, {endpoint}.")
    return Line(custom_id, body)


async def answered(line: Line, behaviour: Behaviour) -> dict[str, Any]:
    """Return the result of a line, or its error: a line that fails lets the others be."""
    request_id = str(uuid.uuid4())
    try:
        body = await _completion(line.body, behaviour)
    except Refusal as refusal:
        return failed(line, refusal, request_id)
    response = {"status_code": 200, "request_id": request_id, "body": body}
    return {"id": request_id, "custom_id": line.custom_id, "response": response, "error": None}


def failed(line: Line, refusal: Refusal, request_id: str) -> dict[str, Any]:
    """Return the error of a line."""
    return {
        "id": request_id,
        "custom_id": line.custom_id,
        "response": {"status_code": refusal.status, "request_id": request_id, "body": None},
        "error": {"code": refusal.code, "message": refusal.message},
    }


def spoiled(line: Line, fault: BehaviourFault) -> dict[str, Any]:
    """Return what a fault makes of a line."""
    status, code, kind, message = HTTP_FAULTS["inspection"]
    result = failed(line, Refusal(message, status=status, code=code, type=kind), str(uuid.uuid4()))
    if fault == "batch_status_0":
        return result | {"response": result["response"] | {"status_code": 0}, "error": None}
    return result


async def _completion(body: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return the whole answer to a body that is not streamed."""
    if body["model"] == TEST_MODEL:
        return _completed(TEST_MODEL, {"content": "This is a test of batches."}, "stop", None)
    if body.get("stream"):
        raise Refusal("A request in a batch is not streamed: parameters.stream")
    if "audio" in (body.get("modalities") or ()):
        raise Refusal("A request in a batch is answered in text only: parameters.modalities")
    streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
    asked = await run_in_threadpool(
        partial(read_request, json.dumps(streamed).encode(), find=lambda _: None)
    )
    quick = replace(behaviour, pace=0, jitter_seconds=0)
    texts = {"content": "", "reasoning_content": ""}
    calls: dict[int, dict[str, Any]] = {}
    reason, usage = "stop", None
    async for chunk in answer_chunks(asked, quick, Pacer(quick)):
        usage = chunk["usage"] or usage
        for choice in chunk["choices"]:
            reason = choice["finish_reason"] or reason
            for name in texts:
                texts[name] += choice["delta"].get(name) or ""
            for call in choice["delta"].get("tool_calls") or ():
                _add_call(calls, call)
    message: dict[str, Any] = {"content": texts["content"]}
    if texts["reasoning_content"]:
        message["reasoning_content"] = texts["reasoning_content"]
    if calls:
        message["tool_calls"] = list(calls.values())
    return _completed(asked.model, message, reason, usage)


def _add_call(calls: dict[int, dict[str, Any]], piece: Mapping[str, Any]) -> None:
    """Add a piece of a call to the calls so far."""
    known = calls.setdefault(
        piece["index"],
        {
            "id": piece["id"],
            "type": "function",
            "index": piece["index"],
            "function": {"name": piece["function"].get("name"), "arguments": ""},
        },
    )
    known["function"]["arguments"] += piece["function"].get("arguments") or ""


def _completed(
    model: str, message: Mapping[str, Any], reason: str, usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}
        ],
        "usage": usage,
    }
