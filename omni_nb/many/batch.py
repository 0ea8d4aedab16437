"""Ask rows by the Batch API: in a file, at half the price, answered within a day.

A run's folder holds, beside its rows, ``batch.json``: the batches that were begun and are not
read yet. It is on disk before the service is asked for anything, so that a run that dies at any
moment is gone on with: a batch whose id was not written yet is found by its name.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal

from omni_nb.errors import RequestError, ServiceError
from omni_nb.media.folder import replacing
from omni_nb.media.sources import embed
from omni_nb.media.text import one_line
from omni_nb.rules.catalog import find_model
from omni_nb.rules.pricing import Usage
from omni_nb.turns.connection import REGIONS, Connection
from omni_nb.wire.batches import ENDPOINT
from omni_nb.wire.dialects import body_for
from omni_nb.wire.said import error_from, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Protocol

    from omni_nb.wire.batches import Batch, Batches
    from omni_nb.wire.dialects import Dialect
    from omni_nb.wire.request import Request

    class Waiting(Protocol):
        """What a `threading.Event` has; tests turn the clock by hand."""

        def is_set(self) -> bool:
            """Return whether it was set."""
            ...

        def wait(self, timeout: float | None = None) -> bool:
            """Wait until it is set, at most so long."""
            ...


MOST_LINES: Final = 50_000
MOST_FILE_BYTES: Final = 500 * 1000 * 1000
MOST_LINE_BYTES: Final = 6 * 1000 * 1000
"""The documented limits; megabytes are taken for the smaller kind."""

STATE: Final = "batch.json"
CHAT_URL: Final = "https://batch.dashscope.aliyuncs.com/compatible-mode/v1"
CHAT_SECONDS: Final = 3600.0

_MOST_STATE_BYTES: Final = 1_000_000
_MOST_RESULT_BYTES: Final = 64 * 2**20  # of one line
_PASSING: Final = frozenset({None, 408, 409, 425, 429})
_FIRST_PAUSE, _MOST_PAUSE, _GROWTH = 2.0, 60.0, 1.5
_SOON_PAUSE, _SOON_MOST = 0.02, 1.0  # the stand-in has no limit of questions a minute
_ID: Final = re.compile(r'\{"custom_id": ("(?:[^"\\]|\\.)*")')
_UNKNOWN: Final = (
    "This folder has begun the batch {name} at another service or with another account: connect to "
    "that one. Only if its answers are not wanted any more, delete batch.json."
)
_NAME: Final = re.compile(r"omni-nb-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Answered:
    """What a batch brought for one row.

    Attributes
    ----------
    key
        The row's key, its ``custom_id``.
    text, reasoning
        What the model said, and thought.
    finish_reason
        Why the answer ended.
    usage
        The tokens; None when the service told none.
    error, code
        What went wrong, in the service's words where it has any; None when nothing did.
    request_id
        The service's id of the request.
    was_sent
        Whether the service got the row: else it cannot have been billed.
    """

    key: str
    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    error: str | None = None
    code: str | None = None
    request_id: str | None = None
    was_sent: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """How far a batch is.

    Attributes
    ----------
    status
        The service's word: ``"validating"``, ``"in_progress"``, ...
    total, completed, failed
        Its requests, and those that are answered.
    trouble
        Why the service cannot be asked just now; ``""``: it can.
    """

    status: str
    total: int = 0
    completed: int = 0
    failed: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A batch that was begun, as it stands in the folder.

    Attributes
    ----------
    name
        Its name at the service, by which it is found when its id is not known.
    file
        The name of the file with its requests, in the run's folder.
    id
        The service's id.
    """

    name: str
    file: str
    id: str | None = None


def check(request: Request) -> None:
    """Check that a request can be asked in a batch.

    Raises
    ------
    RequestError
        It asks for speech, calls tools, or needs the service's store.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> from omni_nb.wire.request import Message, Request
    >>> check(Request("qwen-omni-turbo", (Message("user", (TextPart("Who are you?"),)),)))
    """
    if "audio" in request.modalities:
        raise RequestError(
            "A batch answers in text only: leave out voice=, or leave out batch= to be answered "
            "with speech at once."
        )
    if request.tools:
        raise RequestError(
            "A batch calls no tools, because nobody is there to run them: leave out tools= or "
            "batch=."
        )
    if request.upload is not None:
        raise RequestError(
            f"A batch is read hours later, and whether it may hold {request.upload}:// addresses "
            "is not documented: pass public URLs, omni.shrink(...) media, or leave out upload=."
        )


def line_of(key: str, request: Request, dialect: Dialect = "dashscope") -> bytes:
    """Return the line of a batch file that asks a request: text, not streamed.

    Where the model thinks unless it is told not to, it is told so.

    Examples
    --------
    >>> from omni_nb.media.parts import TextPart
    >>> from omni_nb.wire.request import Message, Request
    >>> request = Request("qwen-omni-turbo", (Message("user", (TextPart("Who are you?"),)),))
    >>> sorted(json.loads(line_of("1", request))["body"])
    ['messages', 'modalities', 'model']
    """
    check(request)
    body = {
        name: value
        for name, value in body_for(request, dialect, embed).items()
        if name not in ("stream", "stream_options")
    }
    facts = find_model(request.model)
    if facts is not None and facts.thinking == "on":
        body.setdefault("enable_thinking", False)
    asked = {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(asked, ensure_ascii=False).encode() + b"\n"


@dataclass(slots=True)
class BatchCrew:
    """Asks rows in batches, one after another, and hands on what comes.

    Parameters
    ----------
    folder
        The run's folder.
    service
        The files and batches of the account.
    deliver
        Is called with each answer, and returns when it is safely kept.
    tell
        Is called with how far the batch is.
    stopping
        Set: the batch is cancelled, and what it has answered is still fetched.
    leaving
        Set: nothing is waited for any more. The next run goes on with the batch.
    is_quick
        Whether to ask often how far it is: the stand-in.
    """

    folder: Path
    service: Batches
    deliver: Callable[[Answered], None]
    stopping: Waiting
    leaving: Waiting
    tell: Callable[[Told], None] = lambda _: None
    is_quick: bool = False
    _jobs: list[Job] = field(default_factory=list, init=False)

    def ask(self, rows: Iterable[tuple[str, Request]]) -> None:
        """Fetch what earlier batches bring, then ask the rows that they do not have.

        Parameters
        ----------
        rows
            The rows without an answer, each with its key; taken one at a time.

        Raises
        ------
        ServiceError
            The service refuses the batch, in its own words; no row is marked as failed.
        RequestError, OSError
            The folder cannot be read or written.
        """
        self._jobs = read_state(self.folder)
        had = {key for job in list(self._jobs) for key in self._finish(job)}
        left: Iterator[tuple[str, Request]]
        left = ((key, request) for key, request in rows if key not in had)
        while not (self.stopping.is_set() or self.leaving.is_set()):
            first = next(left, None)
            if first is None:
                return
            job, left = self._written(chain([first], left))
            if job is not None:
                self._finish(self._begun(job))

    def _written(
        self, rows: Iterator[tuple[str, Request]]
    ) -> tuple[Job | None, Iterator[tuple[str, Request]]]:
        """Write the file of a batch; return it with the rows that did not fit."""
        name = f"omni-nb-{secrets.token_hex(8)}"
        job = Job(name, f"{name}.jsonl")
        total_bytes = count = 0
        with (self.folder / job.file).open("wb") as file:
            for key, request in rows:
                line = line_of(key, request, self.service.dialect)
                if len(line) > MOST_LINE_BYTES:
                    self.deliver(_too_long(key, len(line)))
                    continue
                if total_bytes + len(line) > MOST_FILE_BYTES:
                    rows = chain([(key, request)], rows)
                    break
                file.write(line)
                total_bytes, count = total_bytes + len(line), count + 1
                if count == MOST_LINES:
                    break
            file.flush()
            os.fsync(file.fileno())
        if not count:
            (self.folder / job.file).unlink()
            return None, rows
        return job, rows

    def _begun(self, job: Job) -> Job:
        """Upload the file and begin the batch; its name is on disk before, its id after."""
        self._note(job)
        file = self.service.upload(self.folder / job.file)
        try:
            told = self.service.begin(file, name=job.name, description="omni_nb ask_many")
        except ServiceError as error:
            if not _may_pass(error):
                self._forget(job)
                self._delete(file)
                raise
            # The answer was lost, which says nothing of the batch.
            found = self._found(job)
            if found is None:
                raise
            told = found
        job = replace(job, id=told.id)
        self._note(job)
        self._tell(told)
        return job

    def _finish(self, job: Job) -> list[str]:
        """Wait for a batch, and hand on all that it brings; return the keys of the rows it has."""
        keys = keys_of(self.folder / job.file)
        if job.id is None:
            found = self._found(job)
            if found is None:
                self._forget(job)
                return []
            job = replace(job, id=found.id)
            self._note(job)
        told = self._awaited(job)
        if told is None:
            return keys
        if told.status == "failed":
            self._forget(job)
            self._delete(told.input_file)
            raise ServiceError(told.problem or f"The batch {told.id} has failed.", code=told.code)
        had = self._hand_on(job, told, keys)
        for file in (told.input_file, told.output_file, told.error_file):
            self._delete(file)  # else the questions could be read in the account's list of files
        self._forget(job)
        return had

    def _found(self, job: Job) -> Batch | None:
        """Return a batch by its name, where its id was not written before the run died."""
        found = self.service.named(job.name)
        return found[0] if found else None

    def _awaited(self, job: Job) -> Batch | None:
        """Wait until a batch is over; None: it is not, and nobody waits any more."""
        assert job.id is not None
        pause, most = (_SOON_PAUSE, _SOON_MOST) if self.is_quick else (_FIRST_PAUSE, _MOST_PAUSE)
        told, is_cancelled = Told("validating"), False
        while True:
            try:
                is_left = self.leaving.is_set()
                if self.stopping.is_set() and not is_left and not is_cancelled:
                    self._cancel(job.id)
                    is_cancelled = True
                batch = self.service.get(job.id)
            except ServiceError as error:
                if not _may_pass(error):
                    error.note(_UNKNOWN.format(name=job.name) if error.status_code == 404 else "")
                    raise
                told = replace(told, trouble=str(error))
                self.tell(told)
            else:
                told = self._tell(batch)
                if batch.is_over:
                    return batch
            (self.leaving if self.stopping.is_set() else self.stopping).wait(pause)
            if self.leaving.is_set():
                return None
            pause = min(pause * _GROWTH, most)

    def _cancel(self, id: str) -> None:
        """Cancel a batch; one that is over just now refuses, and is as good."""
        try:
            self.service.cancel(id)
        except ServiceError as error:
            if _may_pass(error):
                raise

    def _tell(self, batch: Batch) -> Told:
        told = Told(batch.status, batch.total, batch.completed, batch.failed)
        self.tell(told)
        return told

    def _hand_on(self, job: Job, batch: Batch, keys: list[str]) -> list[str]:
        """Hand on results and errors, and name the rows that are in neither.

        Returns
        -------
        list
            The keys of all rows; of a cancelled batch those that it had answered.
        """
        waiting = dict.fromkeys(keys)
        for kind, file in (("output", batch.output_file), ("error", batch.error_file)):
            if file is None:
                continue
            path = self.folder / f"{job.name}.{kind}.jsonl"
            self.service.download(file, path)
            for told in _lines(path):
                key = told.get("custom_id")
                if isinstance(key, str) and key in waiting:
                    del waiting[key]
                    self.deliver(answered(key, told))
        if batch.status == "cancelled":
            return [key for key in keys if key not in waiting]
        for key in waiting:
            self.deliver(_lost(key, batch))
        return keys

    def _note(self, job: Job) -> None:
        """Write a batch into the state on disk, in the place of itself."""
        self._jobs = [one for one in self._jobs if one.name != job.name] + [job]
        write_state(self.folder, self._jobs)

    def _forget(self, job: Job) -> None:
        self._jobs = [one for one in self._jobs if one.name != job.name]
        write_state(self.folder, self._jobs)
        (self.folder / job.file).unlink(missing_ok=True)

    def _delete(self, file: str | None) -> None:
        """Delete a file of the account; one that stays does no harm."""
        if file is not None:
            with suppress(ServiceError):
                self.service.delete(file)


def answered(key: str, told: Mapping[str, Any]) -> Answered:
    """Read a line of results or of errors.

    Examples
    --------
    >>> answered("a", {"response": {"status_code": 200, "body": {"choices": [
    ...     {"finish_reason": "stop", "message": {"content": "Yes."}}]}}}).text
    'Yes.'
    >>> answered("a", {"response": {"status_code": 0, "body": None}, "error": None}).error
    'The service gave neither an answer nor a reason (status 0).'
    """
    response = told.get("response")
    response = response if isinstance(response, dict) else {}
    body = response.get("body")
    body = body if isinstance(body, dict) else {}
    status = response.get("status_code")
    id = response.get("request_id")
    made = Answered(key, request_id=one_line(id) or None if isinstance(id, str) else None)
    wrong = told.get("error") or body.get("error")
    message, reason = _message(body)
    if wrong:
        error = error_from({"error": wrong})
        return replace(made, error=error.message, code=error.code)
    if message is None or status != 200:
        said = words_of(body) if body and message is None else ""
        shown = one_line(str(status)) if isinstance(status, int) else "unknown"
        words = said or f"The service gave neither an answer nor a reason (status {shown})."
        return replace(made, error=words)
    usage = body.get("usage")
    return replace(
        made,
        text=_text(message.get("content")),
        reasoning=_text(message.get("reasoning_content")),
        finish_reason=reason,
        usage=Usage.from_payload(usage) if isinstance(usage, dict) else None,
    )


def keys_of(path: Path) -> list[str]:
    """Return the keys of the rows in a file that was written for a batch, in its order."""
    keys: list[str] = []
    try:
        with path.open("rb") as file:
            while head := file.readline(4096):
                found = _ID.match(head.decode("utf-8", "replace"))
                if found:
                    keys.append(json.loads(found[1]))
                while head and not head.endswith(b"\n"):
                    head = file.readline(2**20)
    except FileNotFoundError:
        return []
    return keys


def read_state(folder: Path) -> list[Job]:
    """Return the batches that were begun in a folder, and are not read yet.

    Raises
    ------
    RequestError
        The file is none of ours.
    """
    path = folder / STATE
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_MOST_STATE_BYTES))
        jobs = [_job(one) for one in told["jobs"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RequestError(
            f"{str(path)!r} cannot be read as the batches of a run. Restore it from a copy; or "
            "delete it, and batches that were begun and not read are lost, though paid."
        ) from None
    return jobs


def write_state(folder: Path, jobs: list[Job]) -> None:
    """Write the batches of a folder, whole or not at all."""
    path = folder / STATE
    if not jobs:
        path.unlink(missing_ok=True)
        return
    told = {"v": 1, "jobs": [{"name": j.name, "file": j.file, "id": j.id} for j in jobs]}
    with replacing(path, tidies=False) as file:
        file.write(json.dumps(told, indent=1).encode())


def chat_connection(connection: Connection) -> Connection:
    """Return where ``batch="chat"`` asks: the same calls at another address, at half the price.

    UNVERIFIED. The page of "Batch Chat" says: Beijing only, qwen3.5-omni-plus among its models,
    an answer after up to 3600 s. It does not say whether an answer may be streamed there, as
    omni models have to be asked, nor how many questions a minute it takes.

    Raises
    ------
    RequestError
        The service has no such address.
    """
    if connection.is_stand_in:
        return connection
    if connection.region != "beijing":
        raise RequestError(
            f"batch='chat' is documented for the region beijing alone, not for "
            f"{connection.region or connection.base_url}: connect('beijing'), or leave out batch=."
        )
    url = connection.base_url if connection.base_url != REGIONS["beijing"] else CHAT_URL
    endpoint = replace(connection.endpoint, base_url=url, silence_seconds=CHAT_SECONDS)
    return replace(connection, endpoint=endpoint)


def is_half_price(kind: Literal["live", "batch", "chat"]) -> bool:
    """Return whether a kind of run is priced as a batch (`Usage.cost`, ``batch=``)."""
    return kind != "live"


def _job(told: Any) -> Job:
    name, file, id = told["name"], told["file"], told["id"]
    if not _NAME.fullmatch(name) or file != f"{name}.jsonl":
        raise ValueError(name)
    if id is not None and not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,199}", id, re.ASCII):
        raise ValueError(id)
    return Job(name, file, id)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects in a file of results; what is none is passed over."""
    with path.open("rb") as file:
        while line := file.readline(_MOST_RESULT_BYTES):
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(told, dict):
                yield told


def _message(body: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str | None]:
    """Return the message of an answer, and why it ended."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    return (
        message if isinstance(message, dict) else None,
        one_line(reason) if isinstance(reason, str) else None,
    )


def _text(content: Any) -> str:
    """Return the text of a message, which may be in parts."""
    if isinstance(content, list):
        content = "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _too_long(key: str, total_bytes: int) -> Answered:
    return Answered(
        key,
        error=f"The row has {total_bytes / 1e6:.1f} MB as a line of a batch; at most "
        f"{MOST_LINE_BYTES / 1e6:.0f} MB are taken. Pass a public URL, omni.shrink(...) it, or "
        "leave out batch=.",
        code="line_too_large",
        was_sent=False,
    )


def _lost(key: str, batch: Batch) -> Answered:
    if batch.status == "expired":
        words = "The batch's time was up before this row was answered. again() asks it anew."
        return Answered(key, error=words, code="batch_expired")
    words = (
        f"The batch {batch.id} is over, and this row is neither in its results nor among its "
        "errors. again() asks it anew."
    )
    return Answered(key, error=words, code="batch_lost")


def _may_pass(error: ServiceError) -> bool:
    """Return whether the next question may be answered: the network, a limit, a fault there."""
    return error.status_code in _PASSING or (error.status_code or 0) >= 500
