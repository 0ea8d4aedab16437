"""Kernels that need no time to start: forked from a process that has imported what they import.

A test's kernel spends most of its CPU seconds on imports that are the same every time: ipykernel,
the openai SDK, numpy, matplotlib. The kernels of a specification with `argv` come out of one
process per pytest process, the nursery (``house.py``), which has imported them and nothing of this
project. In all other respects each is a new ipykernel: its own process, session, environment,
working directory and output. Kernels that start as everybody's do are in ``tests/rehearsal`` and
``tests/binder``.

The process that Jupyter starts (``door.py``) waits for the kernel and hands its signals on; when it
dies, the kernel does, too.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
KERNEL_NAME = "omni-tests"


def write_kernel(data_directory: Path, title: str) -> None:
    """Write the specification of these kernels where a Jupyter with this data directory looks."""
    folder = data_directory / "kernels" / KERNEL_NAME
    folder.mkdir(parents=True)
    specification = {
        "argv": argv(),
        "display_name": title,
        "language": "python",
        "env": {"PYTHONPATH": str(REPOSITORY)},
    }
    (folder / "kernel.json").write_text(json.dumps(specification))


def argv() -> list[str]:
    """Return the command of these kernels; start the nursery of this process if there is none."""
    path, _ = _house()
    return [sys.executable, "-I", "-S", str(HERE / "door.py"), path, "{connection_file}"]


@cache
def _house() -> tuple[str, subprocess.Popen[bytes]]:
    """Start the nursery; return its socket, and the process, which ends with its input."""
    folder = tempfile.mkdtemp(prefix="omni-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = f"{folder}/nursery"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()  # who comes early waits
        process = subprocess.Popen(
            [sys.executable, str(HERE / "house.py"), str(listener.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            env={
                **os.environ,
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                "PYDEVD_DISABLE_FILE_VALIDATION": "1",
                "PYTHONPATH": str(REPOSITORY),
            },
        )
    return path, process
