"""Serve the temporary store for media: its policy, its door, and its ``oss://`` addresses."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from omni_nb.offline.contents import short
from omni_nb.offline.items import Item
from omni_nb.offline.refusals import INVALID, Refusal
from omni_nb.offline.responses import json_response
from omni_nb.offline.uploads import copied, received
from omni_nb.rules.catalog import find_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from omni_nb.offline.behaviour import Behaviour

MOST_MEGABYTES: Final = 1024
POLICY_SECONDS: Final = 300
KEPT_SECONDS: Final = 48 * 3600
_BUCKET: Final = "dashscope-instant"
_NOT_RESOLVED: Final = (
    f"{INVALID}The provided URL does not appear to be valid. Ensure it is correctly formatted."
)
_RESOLVES: Final = "x-dashscope-ossresourceresolve"


@dataclass(frozen=True, slots=True)
class Kept:
    """A medium in the store, until nobody has it."""

    file: BinaryIO
    total_bytes: int
    ends_at: float
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __del__(self) -> None:
        self.file.close()

    def item(self) -> Item:
        """Return the medium with a file of its own: several requests may read at once."""
        with self._lock:
            return Item(copied(self.file), self.total_bytes, 0)


class Deposit:
    """The store: takes what comes with a policy, and gives it to requests that ask for it.

    Parameters
    ----------
    now
        The time; tests turn the clock by hand.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._policies: dict[str, tuple[str, float]] = {}
        self._kept: dict[str, Kept] = {}

    async def policy(self, request: Request, request_id: str, behaviour: Behaviour) -> Response:
        """Tell where and how a medium for a model may be stored."""
        query = request.query_params
        if query.get("action") != "getPolicy":
            raise Refusal(f"There is no action {short(query.get('action'))}: getPolicy")
        if find_model(query.get("model", "")) is None:
            raise Refusal(f"Model not exist: {short(query.get('model'))}", code="InvalidParameter")
        directory = f"{_BUCKET}/{secrets.token_hex(16)}/{time.strftime('%Y-%m-%d')}"
        signature = secrets.token_urlsafe(20)
        self._policies[signature] = (directory, self._now() + POLICY_SECONDS)
        said = {"conditions": [["starts-with", "$key", directory]]}
        data = {
            "policy": base64.b64encode(json.dumps(said).encode()).decode(),
            "signature": signature,
            "upload_dir": directory,
            "upload_host": f"{request.url.scheme}://{request.url.netloc}/store",
            "expire_in_seconds": POLICY_SECONDS,
            "max_file_size_mb": MOST_MEGABYTES,
            "capacity_limit_mb": 999999999,
            "oss_access_key_id": "stand-in",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return json_response({"request_id": request_id, "data": data}, request_id)

    async def store(self, request: Request) -> Response:
        """Take a file; the store is no part of the service, and speaks XML."""
        if "authorization" in request.headers:
            return _refused(400, "InvalidArgument", "The store takes a signature, not a key.")
        try:
            async with received(request, MOST_MEGABYTES * 2**20) as form:
                if wrong := self._wrong_with(form.fields):
                    return _refused(403, "AccessDenied", wrong)
                file = await run_in_threadpool(copied, form.file)
        except Refusal as refusal:
            return _refused(400, "EntityTooLarge", refusal.message)
        ends_at = self._now() + KEPT_SECONDS
        self._kept[f"oss://{form.fields['key']}"] = Kept(file, file.seek(0, 2), ends_at)
        return Response(status_code=200)

    def finder(self, headers: Mapping[str, str]) -> Callable[[str], Item | None]:
        """Return how a request finds what is in the store: only with its header."""
        resolves = headers.get(_RESOLVES) == "enable"

        def find(url: str) -> Item | None:
            kept = self._kept.get(url)
            if not resolves:
                raise Refusal(_NOT_RESOLVED)
            return kept.item() if kept is not None and kept.ends_at > self._now() else None

        return find

    def forget_all(self) -> None:
        """Lose everything, as after 48 hours."""
        self._kept.clear()

    def _wrong_with(self, fields: Mapping[str, str]) -> str:
        directory, ends_at = self._policies.get(fields.get("Signature", ""), ("", 0.0))
        if not directory:
            return "The signature is not known."
        if ends_at <= self._now():
            return "Invalid according to Policy: Policy expired."
        key = fields.get("key", "")
        if not key.startswith(f"{directory}/"):
            return "Invalid according to Policy: the key does not start with the directory."
        if f"oss://{key}" in self._kept:
            return "The object already exists."
        return ""


def _refused(status: int, code: str, message: str) -> Response:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(text, status_code=status, media_type="application/xml")
