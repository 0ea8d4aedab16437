"""Receive a form with a file in it, and keep the file in a temporary one."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from omni_nb.offline.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one file.

    Attributes
    ----------
    fields
        The texts of the form; those before the file alone, as the store reads them.
    name
        The file's name.
    file
        Its bytes, until the form is closed.
    """

    fields: Mapping[str, str]
    name: str
    file: BinaryIO


@contextlib.asynccontextmanager
async def received(request: Request, most_bytes: int) -> AsyncIterator[Form]:
    """Receive a form.

    Raises
    ------
    Refusal
        It is none, has no file, or is too large.
    """
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most_bytes + 64 * 1024:
        raise Refusal(f"The file is larger than {most_bytes} bytes.", status=413)
    try:
        async with request.form(max_files=1) as form:
            fields: dict[str, str] = {}
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    size = await run_in_threadpool(value.file.seek, 0, 2)
                    if size > most_bytes:
                        raise Refusal(f"The file is larger than {most_bytes} bytes.", status=413)
                    yield Form(fields, value.filename or "", value.file)
                    return
                fields[name] = value
    except HTTPException as error:
        raise Refusal(f"The form cannot be read: {error.detail}") from None
    raise Refusal("The form has no file: file")


def copied(file: BinaryIO) -> BinaryIO:
    """Return a copy that stays: the form's own file ends with the request."""
    copy = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=2**20))  # noqa: SIM115 - stays
    file.seek(0)
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy
