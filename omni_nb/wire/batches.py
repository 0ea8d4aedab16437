"""Upload files, begin batches and fetch their results, by the SDK's own calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import ServiceError
from omni_nb.media.folder import replacing
from omni_nb.media.text import one_line
from omni_nb.rules.counts import count_of
from omni_nb.wire.advice import advised
from omni_nb.wire.client import called
from omni_nb.wire.said import error_from, json_or_text, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from openai import OpenAI

    from omni_nb.wire.dialects import Dialect
    from omni_nb.wire.endpoint import Endpoint

ENDPOINT: Final = "/v1/chat/completions"
WINDOW: Final = "24h"
MOST_NAME: Final = 100
"""Characters of a batch's name."""

FINAL: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""The states after which nothing changes."""

MOST_RESULT_BYTES: Final = 4 * 2**30
"""Of a larger file of results the rest is not read: 50,000 answers have some 100 MB."""

_MOST_BYTES: Final = 4 * 2**20
_MOST_ERRORS: Final = 20
_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, as the service tells of it.

    Attributes
    ----------
    id, status
        Its id, and a state: ``"validating"``, ``"in_progress"``, ...; one of `FINAL` at the end.
    input_file, output_file, error_file
        The ids of its files; None while there is none.
    total, completed, failed
        Its requests, and those that are answered.
    problem
        What is wrong with the file, in the service's words; ``""`` when nothing is.
    code
        The code of that.
    """

    id: str
    status: str
    input_file: str | None = None
    output_file: str | None = None
    error_file: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    problem: str = ""
    code: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more."""
        return self.status in FINAL

    @classmethod
    def from_payload(cls, told: object) -> Batch:
        """Read what the service tells of a batch.

        Raises
        ------
        ServiceError
            It tells of something else.

        Examples
        --------
        >>> Batch.from_payload({"id": "batch_1", "status": "failed", "errors": {"data": [
        ...     {"code": "model_not_found", "message": "No such model.", "line": 3}]}}).problem
        'No such model. (model_not_found, line 3)'
        """
        if not isinstance(told, dict) or not isinstance(told.get("status"), str):
            raise _strange(told, "a batch")
        counts = told.get("request_counts")
        counts = counts if isinstance(counts, dict) else {}
        errors = _errors(told.get("errors"))
        code = errors[0].get("code") if errors else None
        return cls(
            _id(told.get("id"), told, "a batch"),
            one_line(told["status"]),
            input_file=_id_or_none(told.get("input_file_id")),
            output_file=_id_or_none(told.get("output_file_id")),
            error_file=_id_or_none(told.get("error_file_id")),
            total=count_of(counts.get("total")) or 0,
            completed=count_of(counts.get("completed")) or 0,
            failed=count_of(counts.get("failed")) or 0,
            problem="; ".join(map(_words_of_fault, errors)),
            code=code if isinstance(code, str) else None,
        )


class Batches:
    """The files and batches of an account.

    Every method may raise `ServiceError`, with the service's own words. None tries again: a
    batch that was begun twice would be paid twice.

    Parameters
    ----------
    endpoint
        Where to ask.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def dialect(self) -> Dialect:
        """How the service there wants its requests written."""
        return self._endpoint.dialect

    def upload(self, path: Path) -> str:
        """Upload a file of requests, and return its id; it is read while it is sent."""
        with path.open("rb") as file:
            told = self._told(
                lambda files: files.create(file=(path.name, file), purpose="batch"), "files"
            )
        found = told.get("id") if isinstance(told, dict) else None
        return _id(found, told, "a file")

    def begin(self, input_file: str, *, name: str, description: str = "") -> Batch:
        """Begin a batch over an uploaded file."""
        metadata = {"ds_name": name} | ({"ds_description": description} if description else {})
        told = self._told(
            lambda batches: batches.create(
                input_file_id=input_file,
                endpoint=ENDPOINT,
                completion_window=WINDOW,
                metadata=metadata,
            ),
            "batches",
        )
        return Batch.from_payload(told)

    def get(self, id: str) -> Batch:
        """Return how far a batch is."""
        return Batch.from_payload(self._told(lambda batches: batches.retrieve(id), "batches"))

    def named(self, name: str) -> list[Batch]:
        """Return the batches of exactly this name, the newest first."""
        told = self._told(lambda batches: batches.list(extra_query={"ds_name": name}), "batches")
        found = told.get("data") if isinstance(told, dict) else None
        if not isinstance(found, list):
            raise _strange(told, "a list of batches")
        return [Batch.from_payload(one) for one in found if _name_of(one) == name]

    def cancel(self, id: str) -> Batch:
        """Ask for the end of a batch; what is answered is kept and billed."""
        return Batch.from_payload(self._told(lambda batches: batches.cancel(id), "batches"))

    def delete(self, file: str) -> None:
        """Delete a file."""
        self._told(lambda files: files.delete(file), "files")

    def download(self, file: str, path: Path) -> None:
        """Fetch a file; at its path is all of it or nothing.

        Raises
        ------
        OSError
            It cannot be written.
        """
        with replacing(path, tidies=False) as written:
            self._fetch(file, written.write)

    def _fetch(self, file: str, write: Callable[[bytes], object]) -> None:
        unwritten: list[OSError] = []  # a full disk is no fault of the network

        def fetched(client: OpenAI) -> None:
            total = 0
            with client.files.with_streaming_response.content(file) as response:
                for block in response.iter_bytes():
                    total += len(block)
                    if total > MOST_RESULT_BYTES:
                        raise ServiceError(
                            f"The file of results has more than {MOST_RESULT_BYTES:,} bytes.",
                            **advised("unexpected"),
                        )
                    try:
                        write(block)
                    except OSError as error:
                        unwritten.append(error)
                        return

        called(self._endpoint, fetched)
        if unwritten:
            raise unwritten[0]

    def _told(self, ask: Callable[[Any], Any], of: str) -> Any:
        """Return the JSON that the service answers with, or the text that is none."""

        def asked(client: OpenAI) -> bytes:
            body = b""
            with ask(getattr(client, of).with_streaming_response) as response:
                for block in response.iter_bytes():
                    body += block
                    if len(body) > _MOST_BYTES:
                        break
            return body

        return json_or_text(self._endpoint.hide_in_bytes(called(self._endpoint, asked)))


def _name_of(told: object) -> str | None:
    metadata = told.get("metadata") if isinstance(told, dict) else None
    return metadata.get("ds_name") if isinstance(metadata, dict) else None


def _id_or_none(value: object) -> str | None:
    """Return an id that may stand in an address, or None."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _id(value: object, told: object, expected: str) -> str:
    found = _id_or_none(value)
    if found is None:
        raise _strange(told, expected)
    return found


def _errors(told: object) -> list[Mapping[str, Any]]:
    found = told.get("data") if isinstance(told, dict) else told
    if not isinstance(found, list):
        return []
    return [one for one in found[:_MOST_ERRORS] if isinstance(one, dict)]


def _words_of_fault(fault: Mapping[str, Any]) -> str:
    """Return the service's words of one fault, with its code and line."""
    line = count_of(fault.get("line"))
    code = fault.get("code")
    place = [one_line(code)] if isinstance(code, str) and code else []
    place += [f"line {line}"] if line is not None else []
    words = words_of(fault.get("message")) or "The service reported an error without words."
    return f"{words} ({', '.join(place)})" if place else words


def _strange(told: object, expected: str) -> ServiceError:
    """Return the error of an answer that is something else."""
    if isinstance(told, dict) and (told.get("error") or told.get("message")):
        return error_from(told)
    said = one_line(words_of(told), 120)
    return ServiceError(
        f"The service answered with something that is not {expected}: {said!r}",
        **advised("base url"),
    )
