"""Serve batches: many questions in a file, answered within a day."""

from __future__ import annotations

import asyncio
import io
import json
import re
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from omni_nb.offline.batch_lines import (
    CHAT_URL,
    TEST_URL,
    Fault,
    answered,
    read_lines,
    spoiled,
    unsupported,
)
from omni_nb.offline.contents import short
from omni_nb.offline.faults import HTTP_FAULTS, spoils
from omni_nb.offline.files import page
from omni_nb.offline.refusals import Refusal
from omni_nb.offline.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from omni_nb.offline.batch_lines import Line
    from omni_nb.offline.behaviour import Behaviour
    from omni_nb.offline.files import FileStore, StoredFile

OVER: Final = frozenset({"completed", "failed", "expired", "cancelled"})
MOST_NAME: Final = 100
MOST_DESCRIPTION: Final = 200
_SHARES: Final = {"validating": 0.1, "in_progress": 0.8, "finalizing": 0.1}
"""How a batch's time goes by."""
_LEAST_HOURS: Final = 24
_MOST_HOURS: Final = 336
_MOST_BODY_BYTES: Final = 64 * 1024
REFUSED_POLLS: Final = 2
"""How many questions for the state fail by the fault ``batch_poll_500``."""
_TIMES: Final = (
    *("created_at", "in_progress_at", "expires_at", "finalizing_at", "completed_at"),
    *("failed_at", "expired_at", "cancelling_at", "cancelled_at"),
)


class Job:
    """One batch: what was asked for, how far it is, and what came of it.

    Parameters
    ----------
    file, files
        The requests, and where results are kept.
    asked
        The endpoint, completion_window and metadata, checked.
    behaviour
        How long it takes, and what goes wrong.
    note
        Is called with every line that is answered.
    sleep
        Waits; tests turn the clock by hand.
    """

    def __init__(
        self,
        file: StoredFile,
        files: FileStore,
        asked: Mapping[str, Any],
        behaviour: Behaviour,
        *,
        note: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.id = f"batch_{uuid.uuid4()}"
        self.status = "validating"
        self._file, self._files, self._asked = file, files, asked
        self._behaviour, self._note, self._sleep = behaviour, note, sleep
        self._cancelled = asyncio.Event()
        self._errors: list[Fault] = []
        self._counts = {"total": 0, "completed": 0, "failed": 0}
        self._results: dict[str, list[dict[str, Any]]] = {"output": [], "error": []}
        self._result_files: dict[str, str | None] = {"output": None, "error": None}
        self._times: dict[str, int | None] = dict.fromkeys(_TIMES)
        self._times["created_at"] = int(time.time())
        self._times["expires_at"] = int(time.time()) + asked["hours"] * 3600
        self.polls = 0

    async def run(self) -> None:
        """Go through the states to the last."""
        await self._pause(_SHARES["validating"])
        lines, self._errors = await run_in_threadpool(
            read_lines, self._file.lines(), self._asked["endpoint"]
        )
        if self._behaviour.fault == "batch_model":
            self._errors = [unsupported(lines[0].body["model"] if lines else "none")]
        if self._errors:
            self._become("failed")
            return
        self._counts["total"] = len(lines)
        self._become("in_progress")
        ending = await self._answer(lines)
        if ending == "completed":
            self._become("finalizing")
            await self._pause(_SHARES["finalizing"])
        for kind, results in self._results.items():
            self._result_files[kind] = self._kept(kind, results)
        self._become("cancelled" if self._cancelled.is_set() else ending)

    def cancel(self) -> None:
        """Ask for the end: the line that is being answered is the last.

        Raises
        ------
        Refusal
            It is over already.
        """
        if self.status in OVER:
            raise Refusal(f"Cannot cancel a batch with status '{self.status}'.")
        if not self._cancelled.is_set():
            self._become("cancelling")
            self._cancelled.set()

    def described(self) -> dict[str, Any]:
        """Return the batch as the service tells of it."""
        errors = {"object": "list", "data": [fault.described() for fault in self._errors]}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self._asked["endpoint"],
            "errors": errors if self._errors else None,
            "input_file_id": self._file.id,
            "completion_window": self._asked["completion_window"],
            "status": self.status,
            "output_file_id": self._result_files["output"],
            "error_file_id": self._result_files["error"],
            **self._times,
            "request_counts": dict(self._counts),
            "metadata": self._asked["metadata"],
        }

    async def _answer(self, lines: list[Line]) -> str:
        fault = self._behaviour.fault
        for place, line in enumerate(lines):
            await self._pause(_SHARES["in_progress"] / len(lines))
            if self._cancelled.is_set():
                return "cancelled"
            if fault == "batch_expired" and place >= len(lines) // 2:
                return "expired"
            if not spoils(fault, place):
                result = await answered(line, self._behaviour)
            elif fault == "batch_lost":
                continue
            else:
                result = spoiled(line, fault)
            self._note()
            kind = "error" if result["response"]["status_code"] != 200 else "output"
            self._results[kind].append(result)
            # The real service was seen to say "0 failed" of requests that have no status.
            self._counts["failed" if result["error"] else "completed"] += 1
        if fault == "batch_shuffled":
            self._results["output"].reverse()
        return "completed"

    def _kept(self, kind: str, results: list[dict[str, Any]]) -> str | None:
        """Return the id of the file with results; None: there are none of this kind."""
        if not results:
            return None
        lines = "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results)
        file = io.BytesIO(lines.encode("utf-8", "replace"))
        return self._files.add(f"{self.id}_{kind}.jsonl", f"batch_{kind}", file).id

    def _become(self, status: str) -> None:
        if self._cancelled.is_set() and status not in OVER:
            return  # it stays "cancelling" until it is over
        self.status = status
        if f"{status}_at" in self._times:
            self._times[f"{status}_at"] = int(time.time())

    async def _pause(self, share: float) -> None:
        """Wait for a part of the batch's time, or until it is cancelled."""
        sleeping = asyncio.ensure_future(self._sleep(self._behaviour.batch_seconds * share))
        ending = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({sleeping, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, ending):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


class BatchRoutes:
    """What the stand-in answers under ``/v1/batches``."""

    def __init__(self, files: FileStore, note: Callable[[], None]) -> None:
        self._files, self._note = files, note
        self._jobs: dict[str, Job] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def create(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Begin a batch."""
        asked = _asked(await request.body())
        file = self._files.get(asked["input_file_id"])
        job = Job(file, self._files, asked, behaviour, note=self._note)
        self._jobs[job.id] = job
        described = job.described()
        task = asyncio.ensure_future(job.run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return json_response(described, request_id)

    async def get(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Tell how far a batch is."""
        job = self._job(request)
        job.polls += 1
        if behaviour.fault == "batch_poll_500" and job.polls <= REFUSED_POLLS:
            status, code, kind, message = HTTP_FAULTS["500"]
            raise Refusal(message, status=status, code=code, type=kind)
        return json_response(job.described(), request_id)

    async def list(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Return a page of the batches that are asked for, the newest first."""
        found = [job.described() for job in reversed(self._jobs.values())]
        kept = [job for job in found if _is_wanted(job, request.query_params)]
        return json_response(page(kept, request), request_id)

    async def cancel(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """End a batch."""
        job = self._job(request)
        job.cancel()
        return json_response(job.described(), request_id)

    def _job(self, request: Request) -> Job:
        id = request.path_params["batch"]
        if id not in self._jobs:
            raise Refusal(f"No such Batch object: {short(id)}", status=404, code="not_found")
        return self._jobs[id]


def _is_wanted(job: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Return whether a list has a batch: by name, state, file and time, as documented."""
    day = time.strftime("%Y%m%d%H%M%S", time.localtime(job["created_at"]))
    return (
        query.get("ds_name", "") in (job["metadata"] or {}).get("ds_name", "")
        and job["status"] in query.get("status", job["status"]).split(",")
        and job["input_file_id"] in query.get("input_file_ids", job["input_file_id"]).split(",")
        and query.get("create_after", day) <= day <= query.get("create_before", day)
    )


def _asked(body: bytes) -> dict[str, Any]:
    """Read and check what a batch shall be."""
    try:
        asked = json.loads(body[:_MOST_BODY_BYTES])
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise Refusal("The request body is not a JSON object.")
    if asked.get("endpoint") not in (CHAT_URL, TEST_URL):
        raise Refusal(f"Input should be {CHAT_URL!r} or {TEST_URL!r}: endpoint")
    metadata = asked.get("metadata")
    if metadata is not None and not (
        isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values())
    ):
        raise Refusal("Input should be an object of strings: metadata")
    for name, most in (("ds_name", MOST_NAME), ("ds_description", MOST_DESCRIPTION)):
        if len((metadata or {}).get(name, "")) > most:
            raise Refusal(f"A {name} has at most {most} characters: metadata.{name}")
    window = asked.get("completion_window")
    found = re.fullmatch(r"(\d{1,4})([hd])", window) if isinstance(window, str) else None
    hours = int(found[1]) * (24 if found[2] == "d" else 1) if found else 0
    if not _LEAST_HOURS <= hours <= _MOST_HOURS:
        raise Refusal(f"Range of completion_window should be [{_LEAST_HOURS}h, {_MOST_HOURS}h]")
    return {
        "input_file_id": asked.get("input_file_id"),
        "endpoint": asked["endpoint"],
        "completion_window": window,
        "hours": hours,
        "metadata": metadata,
    }
