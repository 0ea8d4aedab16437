"""Serve files: what a client uploads for a batch, and what came of it."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from omni_nb.offline.contents import short
from omni_nb.offline.refusals import Refusal
from omni_nb.offline.responses import json_response
from omni_nb.offline.uploads import copied, received

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from omni_nb.offline.behaviour import Behaviour

MOST_FILE_BYTES: Final = 500 * 1024 * 1024
MOST_FILES: Final = 10_000
_BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept, until nobody has it."""

    id: str
    name: str
    purpose: str
    created_at: int
    total_bytes: int
    file: BinaryIO = field(repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes; several may read at once."""
        place = 0
        while True:
            with self._lock:
                self.file.seek(place)
                block = self.file.read(_BLOCK_BYTES)
            if not block:
                return
            yield block
            place += len(block)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, without their ends."""
        rest = b""
        for block in self.blocks():
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def __del__(self) -> None:
        self.file.close()

    def described(self) -> dict[str, Any]:
        """Return the file as the service tells of it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.total_bytes,
            "created_at": self.created_at,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


class FileStore:
    """The files of the stand-in, in memory or in temporary files; gone when it stops."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def add(self, name: str, purpose: str, file: BinaryIO) -> StoredFile:
        """Keep a file, which is the store's own from now on."""
        if len(self._files) >= MOST_FILES:
            raise Refusal(f"There are {MOST_FILES} files already: delete some of them.")
        id = f"file-{purpose}-{uuid.uuid4().hex}"
        total_bytes = file.seek(0, 2)
        kept = self._files[id] = StoredFile(id, name, purpose, int(time.time()), total_bytes, file)
        return kept

    def get(self, id: object) -> StoredFile:
        """Return a file.

        Raises
        ------
        Refusal
            There is none of this id.
        """
        found = self._files.get(id) if isinstance(id, str) else None
        if found is None:
            raise Refusal(f"No such File object: {short(id)}", status=404, code="not_found")
        return found

    def delete(self, id: str) -> None:
        """Forget a file; whoever reads it can read on."""
        self.get(id)
        del self._files[id]

    def newest(self) -> list[StoredFile]:
        """Return all files, the newest first."""
        return list(self._files.values())[::-1]


class FileRoutes:
    """What the stand-in answers under ``/v1/files``."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    async def upload(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Keep a file."""
        async with received(request, MOST_FILE_BYTES) as form:
            purpose = form.fields.get("purpose")
            if purpose != "batch":
                raise Refusal(f"The stand-in keeps files for purpose 'batch', not {purpose!r}.")
            if not form.name.lower().endswith(".jsonl"):
                raise Refusal(f"A batch file is a .jsonl file, not {short(form.name)!r}: file")
            file = await run_in_threadpool(copied, form.file)
        return json_response(self._store.add(form.name, purpose, file).described(), request_id)

    async def list(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Return a page of the files, the newest first."""
        files = [file.described() for file in self._store.newest()]
        return json_response(page(files, request), request_id)

    async def get(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Tell of a file."""
        return json_response(self._asked(request).described(), request_id)

    async def content(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Send the bytes of a file."""
        return StreamingResponse(
            self._asked(request).blocks(),
            media_type="application/octet-stream",
            headers={"x-request-id": request_id},
        )

    async def delete(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Forget a file."""
        file = self._asked(request)
        self._store.delete(file.id)
        return json_response({"object": "file", "deleted": True, "id": file.id}, request_id)

    def _asked(self, request: Request) -> StoredFile:
        return self._store.get(request.path_params["file"])


def page(found: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    """Return the page of a list that a request asks for by ``after`` and ``limit``."""
    limit, after = request.query_params.get("limit", "20"), request.query_params.get("after")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise Refusal("Range of limit should be [1, 100]")
    ids = [one["id"] for one in found]
    start = ids.index(after) + 1 if after in ids else 0
    shown = found[start : start + int(limit)]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + len(shown) < len(found),
    }
