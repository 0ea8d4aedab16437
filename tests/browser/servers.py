"""What the servers of the tests share: a process, its own configuration, notebooks on disk.

`Server` is JupyterLab, Notebook 7 (``lab.py``) and Voilà (``voila.py``) without their pages.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from tests.nursery import KERNEL_NAME, write_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playwright.sync_api import Page

REPOSITORY = Path(__file__).resolve().parents[2]
SCREENSHOTS = REPOSITORY / "build" / "screenshots"
TIMEOUT_MILLISECONDS = 60_000
POLL_MILLISECONDS = 50  # Playwright's own, at each frame, would keep the page painting


class Server:
    """A server with its own configuration on a free port.

    Its kernel is the Python that runs pytest, with this repository importable and no API key in its
    environment. Everything it writes is below ``folder``; notebooks are in ``folder/notebooks``.

    Parameters
    ----------
    folder
        An empty directory, e.g. from ``tmp_path_factory``.
    environment
        More variables for the server and its kernels.
    """

    name = "server"
    status_path = ""
    kernel_title = "Python (tests)"

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        write_kernel(folder / "data", self.kernel_title)
        self._log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process = self._start(environment or {})
        self._wait_until_it_answers()

    # -- the process -----------------------------------------------------------------------------

    def _command(self) -> list[str]:
        """Return the module to run, and its arguments."""
        raise NotImplementedError

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *self._command()],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(environment),
                start_new_session=True,
            )

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        ours = {
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        theirs = {
            name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")
        }
        return {**theirs, **ours, **more}

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + TIMEOUT_MILLISECONDS / 1000
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self._request(self.status_path)
        except OSError:
            return False
        return True

    def _request(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            content: bytes = response.read()
            return content

    def close(self) -> None:
        """Stop the server and its kernels."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    # -- notebooks on disk -----------------------------------------------------------------------

    def write_notebook(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={
                "kernelspec": {
                    "name": KERNEL_NAME,
                    "display_name": "Python (tests)",
                    "language": "python",
                }
            },
        )
        path = self.notebooks / name
        nbformat.write(notebook, path)
        return path

    def read_notebook(self, name: str) -> nbformat.NotebookNode:
        """Read the notebook as it is on disk; save it first."""
        return nbformat.read(self.notebooks / name, as_version=4)

    # -- the page --------------------------------------------------------------------------------

    def narrow(self, page: Page, width: int) -> None:
        """Make the page as wide as this and as high as it is, e.g. 320 for a phone."""
        size = page.viewport_size or {"width": 1000, "height": 800}
        page.set_viewport_size({"width": width, "height": size["height"]})

    def screenshot(self, page: Page, name: str, *, selector: str | None = None) -> Path:
        """Write ``build/screenshots/<name>.png`` of the page, or of one element."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        target = page.locator(selector).first if selector else page
        target.screenshot(path=path)
        return path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
