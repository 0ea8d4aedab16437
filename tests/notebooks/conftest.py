"""A real kernel, without a browser: what a cell's outputs are.

The kernels of ``kernel`` and ``fresh_kernel`` take it that somebody looks on, as in JupyterLab.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.nursery import KERNEL_NAME, write_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

SETUP = """
import omni_nb as omni

def standing_in(**behaviour):
    global standin
    here = omni.stand_in(**{"pace": 0, **behaviour})
    standin = here.server
    return here

quick = standing_in()
"""


class Kernel:
    """A running kernel; `run` gives the outputs of a cell as a notebook would save them."""

    def __init__(self, client: NotebookClient) -> None:
        self.client = client

    def run(self, source: str, *, may_fail: bool = False) -> list[dict[str, Any]]:
        """Execute a cell and return its outputs."""
        cell = nbformat.v4.new_code_cell(source)
        self.client.nb.cells.append(cell)
        self.client.allow_errors = may_fail
        self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        return list(cell.outputs)

    def printed(self, source: str) -> str:
        """Execute a cell and return what it printed."""
        return "".join(o["text"] for o in self.run(source) if o["output_type"] == "stream").strip()


@pytest.fixture(scope="session", autouse=True)
def no_key() -> Iterator[None]:
    """No test of this folder may find a key."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("DASHSCOPE_", "OPENAI_"))]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Here are the kernels called KERNEL_NAME."""
    folder = tmp_path_factory.mktemp("jupyter")
    write_kernel(folder, "Python (tests)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield


@pytest.fixture
def fresh_kernel() -> Iterator[Kernel]:
    """A kernel of its own."""
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=120, kernel_name=KERNEL_NAME)
    with client.setup_kernel():
        client.kc.allow_stdin = True
        yield Kernel(client)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel for all tests of a module, with SETUP run."""
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=120, kernel_name=KERNEL_NAME)
    with client.setup_kernel():
        client.kc.allow_stdin = True
        running = Kernel(client)
        running.run(SETUP)
        yield running
