"""Child processes: fresh interpreters, with no key and no proxy around them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
_FOREIGN = ("DASHSCOPE_", "OPENAI_")


def plain_environment() -> dict[str, str]:
    """The environment without keys and addresses of services; loopback needs no proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "NO_PROXY": "127.0.0.1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def python_with(requirement: str) -> str:
    """Return a Python of its own that has another project, for what it does beside ours."""
    from uv import find_uv_bin  # a peer's Python has none

    uv, folder = find_uv_bin(), REPOSITORY / "build" / "peers" / requirement
    python = str(folder / "bin" / "python")
    if not folder.exists():
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", python, requirement, "psutil"], check=True
        )
    return python


def run_python(*arguments: str, python: str = sys.executable) -> str:
    """Run a fresh Python in the repository to its end; return what it printed."""
    done = subprocess.run(
        [python, *arguments],
        cwd=REPOSITORY,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@contextmanager
def running_server(module: str) -> Iterator[str]:
    """Run a module that serves and prints its port; give its base URL."""
    command = [sys.executable, "-m", module]
    server = subprocess.Popen(
        command, cwd=REPOSITORY, env=plain_environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
    finally:
        server.kill()
        server.communicate()
