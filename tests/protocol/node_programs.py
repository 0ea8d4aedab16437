"""Programs of Node.js that ask the stand-in what they are given, a line of JSON each, and stay."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.documented import CLIENTS, program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.offline.server import StandIn


class NodeProgram:
    """A running program; what it asked stays under way, or not, while it lives."""

    def __init__(self, process: subprocess.Popen[str], complaints: Any) -> None:
        self._process = process
        self._complaints = complaints

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask(self, **question: Any) -> Any:
        """Send a line, and return what the program answers in one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its complaint says why
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(self._complaint())
        return json.loads(line)

    def _complaint(self) -> str:
        self._process.wait(20)
        self._complaints.seek(0)
        said: str = self._complaints.read()
        if "ERR_MODULE_NOT_FOUND" in said:
            return "A client of Node.js is not installed: run `npm ci` in the repository's root."
        return f"The program ended with {self._process.returncode}: {said}"


@contextmanager
def running(name: str, standin: StandIn) -> Iterator[NodeProgram]:
    """Start a program of ``clients``; it ends with the lines that it is given."""
    service = {"DASHSCOPE_API_KEY": standin.api_key, "DASHSCOPE_BASE_URL": standin.base_url}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
        subprocess.Popen(
            [program("node"), str(CLIENTS / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
            env={**os.environ, **service},
        ) as process,
    ):
        try:
            yield NodeProgram(process, complaints)
        finally:
            try:
                process.communicate(timeout=20)
            finally:
                process.kill()
