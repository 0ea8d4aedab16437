"""The README followed to the letter, in a fresh clone, by somebody who has Python and git."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
HEADING = "Try it"
QUICKSTART = "01_quickstart.ipynb"
TOKEN = "rehearsal"
OURS = ("DASHSCOPE_", "OPENAI_", "OMNI_NB_", "JUPYTER", "PYTEST", "PYTHON", "COV", "VIRTUAL_ENV")
"""Variables of whoever runs the tests; a new user has none of them."""

LATER = re.compile(r"git clone |cd |make test\b")
"""The clone is here already, and the tests run this."""


def commands(readme: str) -> list[str]:
    """What the README has a new user type, line by line."""
    section = re.search(rf"^## {HEADING}$(.*?)(?=^## |\Z)", readme, re.M | re.S)
    assert section, f"README.md has no heading '## {HEADING}'"
    blocks = re.findall(r"^```sh\n(.*?)^```$", section[1], re.M | re.S)
    lines = [re.sub(r"(^|\s+)#.*", "", line).strip() for line in "".join(blocks).splitlines()]
    return [line for line in lines if line and not LATER.match(line)]


def test_what_is_typed_is_read_from_the_readme() -> None:
    readme = (
        "## Try it\n```sh\ngit clone x\npip install y  # words\n\n```\n```python\nno\n```\n## B\n"
    )
    assert commands(f"## A\n```sh\nno\n```\n{readme}```sh\nno\n```\n") == ["pip install y"]


@pytest.mark.timeout(900)
def test_a_new_user_comes_from_the_readme_to_the_quickstart(walk: Walk) -> None:
    walk.wait_for_lab()
    assert f"Copied the tutorials to {walk.clone / 'omni_nb-tutorials'}." in walk.said()
    original = json.loads((walk.clone / "notebooks" / QUICKSTART).read_text(encoding="utf-8"))
    served = walk.api(f"api/contents/{QUICKSTART}")["content"]
    assert [source(cell) for cell in served["cells"]] == [source(c) for c in original["cells"]]
    assert walk.front_page().endswith(f"/lab/tree/{QUICKSTART}")
    travelled = {entry["name"] for entry in walk.api("api/contents")["content"]}
    assert {path.name for path in (walk.clone / "notebooks").iterdir()} <= travelled

    report = walk.doctor()
    assert report["can_answer"] is True
    package = next(f for f in report["topics"]["Machine"] if f["name"] == "omni_nb")
    assert re.search(r"[\\/]site-packages[\\/]omni_nb$", package["said"])  # a wheel, no clone
    assert {f["state"] for f in report["topics"]["Audio"]} == {"ok"}
    files = next(f for f in report["topics"]["Machine"] if f["name"] == "Files")
    assert files["state"] == "ok", files

    walk.api("api/shutdown", method="POST")
    assert walk.finish() == 0, walk.said()
    assert (walk.clone / "build" / QUICKSTART).is_file(), walk.said()


def _clone(target: Path, settings: Path) -> None:
    """Clone this repository, whoever owns its files."""
    settings.write_text("[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings)}
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True, env=environment)


class Walk:
    """One shell that runs the README's lines in a fresh clone, in their order."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "omni_nb"
        _clone(self.clone, folder / "gitconfig")
        self._venv = folder / "venv"
        self._log = folder / "said.txt"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        lines = commands((self.clone / "README.md").read_text(encoding="utf-8"))
        assert any(line.startswith("omni-nb lab") for line in lines), lines
        assert any(line.startswith("make demo") for line in lines), lines
        self._environment = environment(folder)
        with self._log.open("wb") as log:
            self._shell = subprocess.Popen(
                ["sh", "-ex", "-c", "\n".join(map(self._nobody_looks, lines))],
                cwd=self.clone,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _nobody_looks(self, line: str) -> str:
        """The line as the README has it, with what spares a browser and an open end."""
        if line.startswith("omni-nb lab"):
            port = self.url.rsplit(":", 1)[1].strip("/")
            return f'echo "$VIRTUAL_ENV" >{self._venv}\n{line} --no-browser --port {port}'
        return f"{line} SERVE=0" if line.startswith("make demo") else line

    def said(self) -> str:
        """The end of what the shell has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def wait_for_lab(self) -> None:
        """Wait until JupyterLab answers, or the shell has ended without it."""
        while True:
            assert self._shell.poll() is None, self.said()
            try:
                self.api("api/status")
            except OSError:
                time.sleep(0.2)
            else:
                return

    def api(self, path: str, method: str = "GET") -> dict[str, Any]:
        """Ask JupyterLab's server."""
        with self._open(path, method) as answer:
            content = answer.read()
        answered: dict[str, Any] = json.loads(content) if content else {}
        return answered

    def front_page(self) -> str:
        """Where one comes who opens the URL that is printed."""
        with self._open("", "GET") as page:
            assert b"jupyter-config-data" in page.read()
            address: str = page.url.split("?")[0]
            return address

    def _open(self, path: str, method: str) -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        return urllib.request.urlopen(request, timeout=30)

    def doctor(self) -> dict[str, Any]:
        """What `omni-nb doctor` says in the environment that the README made."""
        command = Path(self._venv.read_text().strip()) / "bin" / "omni-nb"
        done = self._run([str(command), "doctor", "--json"])
        assert done.returncode == 0, done.stdout + done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.clone.parent,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def finish(self) -> int:
        """Wait for the last line; return the shell's exit code."""
        return self._shell.wait()

    def close(self) -> None:
        """End what still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.wait()


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    """A new user who has begun."""
    walking = Walk(tmp_path)
    yield walking
    walking.close()


def environment(folder: Path) -> dict[str, str]:
    """The variables of a new user: pip's settings and cache are the machine's."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    python = str(Path(sys.executable).resolve().parent)
    venv = str(Path(sys.prefix))
    path = [entry for entry in os.environ["PATH"].split(os.pathsep) if not entry.startswith(venv)]
    return {
        **theirs,
        "PATH": os.pathsep.join([python, *path]),
        "PIP_REQUIRE_VIRTUALENV": "1",  # nothing is installed beside the README's environment
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_COMPILE": "0",
        "PIP_QUIET": "2",
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_PORT_RETRIES": "0",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "IPYTHONDIR": str(folder / "ipython"),
        "OMNI_NB_STAND_IN_PACE": "0",  # nobody listens
    }


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])
