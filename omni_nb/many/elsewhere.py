"""Ask rows on other machines: by anything with ``submit``, such as a Dask client or a pool.

The run itself gives out the places and reserves the money, so there is one limiter for all. A
worker gets paths, hashes and options, connects by its own environment, looks into the journal
before it asks, and writes to a file of its own: what it has answered costs nothing twice.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_nb.errors import OmniError, RequestError, noted_warnings
from omni_nb.many.attempt import Attempt, ask_once
from omni_nb.many.crew import Crew
from omni_nb.many.fingerprint import key as key_of
from omni_nb.many.journal import Journal
from omni_nb.many.run import Asked, line_of
from omni_nb.media.parts import parts_of
from omni_nb.media.sources import described
from omni_nb.turns.connection import current_connection
from omni_nb.turns.line import Line
from omni_nb.turns.stream import ReplyStream

if TYPE_CHECKING:
    from omni_nb.many.rows import Row
    from omni_nb.many.run import Run
    from omni_nb.media.clip import Storage
    from omni_nb.turns.settings import Settings


@dataclass(frozen=True, slots=True)
class Task:
    """One row as a worker gets it: words, paths and hashes, and no medium's bytes.

    Attributes
    ----------
    settings
        How it is asked.
    row, plain, key
        What is asked, the hash that its request has to have, and that of its answer.
    folder, run_key, storage
        Where its answer is kept.
    timeout
        The seconds that the answer may take.
    is_stand_in
        Whether the stand-in is meant to answer.
    """

    settings: Settings
    row: Row
    plain: str
    key: str
    folder: str
    run_key: str
    storage: Storage
    timeout: float | None
    is_stand_in: bool


class CrewElsewhere(Crew):
    """Threads that hand their rows to workers, and wait for what comes of them."""

    def __init__(
        self, *given: Any, on: Any, folder: Path, run_key: str, storage: Storage, **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self._on, self._folder, self._run_key, self._storage = on, folder, run_key, storage

    def _is_noted(self, run: Run, asked: Asked) -> bool:
        return True  # the worker does, in its own file

    def _sent(self, run: Run, asked: Asked, stream: ReplyStream) -> Attempt:
        try:
            task = self._task(asked)
            future = _submitted(self._on, task)
        except OmniError as error:
            return _ended(stream, Attempt("failed", error=str(error)))
        try:
            with self._on_way(run, future.cancel):  # what a worker has begun finishes
                attempt = future.result()
        except CancelledError:
            attempt = Attempt("stopped", code="worker_failed")
        except Exception as error:
            words = f"The worker failed: {type(error).__name__}: {error}"[:1_000]
            attempt = Attempt("failed", error=words, code="worker_failed")
        self._budget.remember_costs([attempt.cost] if attempt.cost else [])
        return _ended(stream, attempt)

    def _task(self, asked: Asked) -> Task:
        media = {kind: _portable(kind, item) for kind, item in asked.row.media.items()}
        if not isinstance(asked.row.prompt, str):
            raise RequestError("For workers elsewhere a prompt is words.")
        return Task(
            settings=self._settings,
            row=replace(asked.row, media=media),
            plain=key_of(asked.request),
            key=asked.key,
            folder=str(self._folder),
            run_key=self._run_key,
            storage=self._storage,
            timeout=self._timeout,
            is_stand_in=self._connection.is_stand_in,
        )

    def _keep(self, run: Run, asked: Asked, attempts: list[Attempt], sent: int) -> None:
        if attempts[-1].code == "worker_failed" or not run.keep_if_written(asked):
            run.keep(asked, attempts, sent)


def check_on(on: Any, settings: Settings) -> None:
    """Check who works elsewhere.

    Raises
    ------
    RequestError
        Nothing can be handed to it.
    """
    if on is None:
        return
    if not callable(getattr(on, "submit", None)):
        raise RequestError(
            "on is what has workers elsewhere, with submit(), such as a Dask client or "
            f"concurrent.futures' ProcessPoolExecutor, not {described(on)}."
        )
    if settings.tools:
        raise RequestError(
            "tools are functions of this process, which workers elsewhere do not have: leave out "
            "on=, or tools=."
        )


def ask_task(task: Task) -> Attempt:
    """Ask one row, in a worker; what it has answered already is taken from its journal."""
    with noted_warnings():
        try:
            return _ask(task)
        except OSError as error:
            return Attempt("stop", error=f"A worker cannot write to the folder: {error}")
        except OmniError as error:
            return Attempt("failed", error=str(error)[:1_000], code="worker_failed")


def _ask(task: Task) -> Attempt:
    journal = _journal(task.folder)
    journal.refresh()
    if (line := journal.answer(task.key)) is not None:
        return Attempt("done", text=line.text, usage=line.usage, cost=line.cost)
    connection = current_connection()
    if connection.is_stand_in and not task.is_stand_in:
        return Attempt(
            "stop", error="A worker has no key: set DASHSCOPE_API_KEY where it is started."
        )
    request = task.settings.request(Line(), parts_of(task.row.prompt, **task.row.media))
    if key_of(request) != task.plain:
        return Attempt(
            "failed",
            error=f"The media of {task.row.name} are others on the worker than here.",
            code="worker_failed",
        )
    stream = ReplyStream.asking(request, connection, timeout=task.timeout, tries=1)
    journal.send(task.key, task.row.place, time.time())
    attempt = ask_once(stream)
    if attempt.verdict in ("refused", "refused_tokens", "again", "stop"):
        journal.unsend(task.key)
    else:
        asked = Asked(task.row, task.key, request)
        journal.keep(line_of(task.run_key, asked, [attempt], 1), attempt.pcm, task.storage)
    return replace(attempt, pcm=b"")


_journals: dict[tuple[str, int], Journal] = {}
_making = threading.Lock()


def _journal(folder: str) -> Journal:
    """Return this process's journal in a folder, which it alone appends to."""
    with _making:
        name = (folder, os.getpid())
        if name not in _journals:
            host = re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())[:100]
            made = Journal(Path(folder), f"rows-{host}-{os.getpid()}.jsonl")
            made.open(lock=False)
            _journals[name] = made
        return _journals[name]


def _submitted(on: Any, task: Task) -> Any:
    """Hand a task over, to be run at once and for its effect."""
    is_dask = type(on).__module__.partition(".")[0] == "distributed"
    return on.submit(ask_task, task, **({"pure": False} if is_dask else {}))


def _ended(stream: ReplyStream, attempt: Attempt) -> Attempt:
    """Free what was reserved for a stream that this process does not read."""
    stream.stop()
    stream.settle()
    return attempt


def _portable(kind: str, item: Any) -> Any:
    """Return a medium as a worker can open it: a path of the whole machine, or a URL.

    Raises
    ------
    RequestError
        It is in the memory of this process.
    """
    if isinstance(item, (list, tuple)):
        return [_portable(kind, one) for one in item]
    if isinstance(item, str) and "://" in item[:12]:
        return item
    if isinstance(item, (str, os.PathLike)) and str(item)[:5].lower() != "data:":
        return str(Path(item).expanduser().absolute())
    raise RequestError(
        f"Workers elsewhere open files and URLs; this {kind} is {described(item)} in memory: save "
        "it to a file."
    )
