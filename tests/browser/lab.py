"""A real JupyterLab in a real Chromium, for tests that do what a person does.

`Lab` starts the server and drives pages, `launch_chromium` finds a browser, `Tap` reads what came
out of the loudspeaker. The fixtures are in ``conftest.py``. Nothing here waits for time: everything
waits for a condition, with a timeout that fails the test.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import nbformat
import numpy as np
from playwright.sync_api import Browser, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

from tools.chromium import NAMES, installed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[2]
SCREENSHOTS = REPOSITORY / "build" / "screenshots"
TAP_SCRIPT = Path(__file__).with_name("tap.js")
KERNEL_NAME = "omni-tests"
TIMEOUT_MILLISECONDS = 60_000
SPEECH_SAMPLE_RATE = 24_000
MOST_MISSING_FRAMES = 128

CHROMIUM_FLAGS = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
FREE_AUTOPLAY_FLAG = "--autoplay-policy=no-user-gesture-required"

Theme = Literal["dark", "light"]


def launch_chromium(
    playwright: Playwright, *, is_autoplay_free: bool = True, flags: Sequence[str] = ()
) -> Browser:
    """Start a headless Chromium.

    Looks at ``$CHROMIUM``, then for the usual names on the path, then for Playwright's download.

    Parameters
    ----------
    is_autoplay_free
        Let pages sound without a click. ``False`` leaves the browser's own rule in force. Note that
        ``page.evaluate`` counts as a click; `evaluate_untouched` does not.
    flags
        More command line flags, e.g. ``--use-file-for-fake-audio-capture=/x.wav``.

    Raises
    ------
    RuntimeError
        When there is no browser.
    """
    arguments = [*CHROMIUM_FLAGS, *([FREE_AUTOPLAY_FLAG] if is_autoplay_free else []), *flags]
    try:
        return playwright.chromium.launch(
            executable_path=installed(), headless=True, args=arguments
        )
    except PlaywrightError as error:
        raise RuntimeError(
            f"no Chromium: set CHROMIUM, install one of {', '.join(NAMES)}, "
            f"or run `playwright install chromium` ({error})"
        ) from error


def evaluate_untouched(page: Page, expression: str) -> Any:
    """Evaluate JavaScript in the page without a person's touch (`page.evaluate` counts as one)."""
    session = page.context.new_cdp_session(page)
    try:
        answer = session.send(
            "Runtime.evaluate",
            {
                "expression": expression,
                "returnByValue": True,
                "awaitPromise": True,
                "userGesture": False,
            },
        )
    finally:
        session.detach()
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


class Lab:
    """A JupyterLab server with its own configuration, and the ways to drive its pages.

    Its kernel is the Python that runs pytest, with this repository importable and no API key in its
    environment. Everything it writes is below ``folder``; notebooks are in ``folder/notebooks``.

    Parameters
    ----------
    folder
        An empty directory, e.g. from ``tmp_path_factory``.
    environment
        More variables for the server and its kernels.
    """

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        self._write_kernel()
        self._write_settings()
        self._log = folder / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._process = self._start(environment or {})
        self._wait_until_it_answers()

    # -- the server ------------------------------------------------------------------------------

    def _write_kernel(self) -> None:
        folder = self.folder / "data" / "kernels" / KERNEL_NAME
        folder.mkdir(parents=True)
        specification = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python (tests)",
            "language": "python",
            "env": {"PYTHONPATH": str(REPOSITORY)},
        }
        (folder / "kernel.json").write_text(json.dumps(specification))

    def _write_settings(self) -> None:
        folder = self.folder / "settings" / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        (folder / "notification.jupyterlab-settings").write_text(json.dumps(quiet))

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.notebooks,
            "ServerApp.password": "",
            "ServerApp.disable_check_xsrf": True,
            "IdentityProvider.token": "",
            "LabApp.expose_app_in_browser": True,
            "LabApp.workspaces_dir": self.folder / "workspaces",
            "LabApp.user_settings_dir": self.folder / "settings",
            "LabApp.extension_manager": "readonly",
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command,
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
                raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self._request("api/status")
        except OSError:
            return False
        return True

    def _request(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            content: bytes = response.read()
            return content

    def shut_down_kernels(self) -> None:
        """End all kernels, so that one test leaves nothing to the next."""
        for kernel in json.loads(self._request("api/kernels")):
            self._request(f"api/kernels/{kernel['id']}", method="DELETE")

    def close(self) -> None:
        """Stop the server and its kernels."""
        if self._process.poll() is None and self._answers():
            self.shut_down_kernels()
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
        """Read the notebook as it is on disk; `save` first."""
        return nbformat.read(self.notebooks / name, as_version=4)

    # -- the page --------------------------------------------------------------------------------

    def open(self, page: Page, name: str) -> None:
        """Bring this notebook to the front, alone, and wait until its kernel is idle.

        A page that shows JupyterLab already is used again; its recording starts anew.
        """
        if page.evaluate("() => Boolean(window.jupyterapp)"):
            self.close_documents(page)
            page.evaluate(OPEN, name)
        else:
            page.goto(f"{self.url}lab/tree/{name}?reset")
        self.wait_until_ready(page)
        page.wait_for_function("() => (window.__omniSilentSeconds() ?? 9) > 1.2")
        page.evaluate("() => window.__omniTaps.forEach(({ blocks }) => { blocks.length = 0; })")

    def close_documents(self, page: Page) -> None:
        """Close everything that is open, without asking and without saving."""
        page.evaluate(CLOSE_DOCUMENTS)

    def wait_until_ready(self, page: Page) -> None:
        """Wait until the notebook in front has an idle kernel, e.g. after ``page.reload()``."""
        page.wait_for_function(IS_READY, timeout=TIMEOUT_MILLISECONDS)

    def run_cell(self, page: Page, index: int, *, wait: bool = True) -> None:
        """Run one cell as Shift+Enter would, and wait until it has ended."""
        page.evaluate(RUN_CELL, index)
        if wait:
            self.wait_for_cell(page, index)

    def wait_for_cell(self, page: Page, index: int) -> None:
        """Wait until the last run of this cell has ended."""
        page.wait_for_function(
            "(index) => window.__omniRuns[index] === 'ended'",
            arg=index,
            timeout=TIMEOUT_MILLISECONDS,
        )

    def outputs(self, page: Page, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell, from the document's model: cells out of sight have no text."""
        outputs: list[dict[str, Any]] = page.evaluate(OUTPUTS, index)
        return outputs

    def printed(self, page: Page, index: int) -> str:
        """What a cell has printed; fails when it raised."""
        outputs = self.outputs(page, index)
        errors = [output for output in outputs if output["output_type"] == "error"]
        assert not errors, "\n".join(errors[0]["traceback"])
        return "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")

    def save(self, page: Page) -> None:
        """Save the notebook in front."""
        page.evaluate(
            "() => window.jupyterapp.commands.execute('docmanager:save').then(() => null)"
        )

    def theme(self, page: Page, theme: Theme) -> None:
        """Change to JupyterLab's dark or light theme."""
        name = f"JupyterLab {theme.capitalize()}"
        page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        is_light = "true" if theme == "light" else "false"
        page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg=is_light
        )

    def screenshot(self, page: Page, name: str, *, selector: str | None = None) -> Path:
        """Write ``build/screenshots/<name>.png`` of the page, or of one element."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        target = page.locator(selector).first if selector else page
        target.screenshot(path=path)
        return path


CLOSE_DOCUMENTS = """() => {
  for (const document of [...(window.jupyterapp?.shell.widgets("main") ?? [])]) document.dispose();
}"""

OPEN = """async (name) => {
  window.__omniRuns = {};
  await window.jupyterapp.commands.execute("docmanager:open", { path: name });
}"""

IS_READY = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.status === "idle";
}"""

RUN_CELL = """(index) => {
  const { shell, commands } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  const runs = (window.__omniRuns ??= {});
  runs[index] = "running";
  commands.execute("notebook:run-cell").finally(() => { runs[index] = "ended"; });
}"""

OUTPUTS = (
    "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out of the loudspeaker between the first and the last sample that is not zero.

    Attributes
    ----------
    samples
        As 16 bit integers, exact when the page plays 16 bit sound at its own rate.
    sample_rate
        Of the page's audio context.
    started_at, ended_at
        Unix seconds, to within a block of the sound card (tens of milliseconds).
    """

    samples: NDArray[np.int64]
    sample_rate: int
    started_at: float
    ended_at: float


def assert_same_speech(heard: Heard, speech: NDArray[np.int64]) -> None:
    """Fail unless what was heard is what was sent: every sample once, in order, without a gap.

    One render quantum may be missing: browser or recorder lost one in 1 of 54 runs.
    """
    assert heard.sample_rate == SPEECH_SAMPLE_RATE
    sounding = np.flatnonzero(speech)
    speech = speech[sounding[0] : sounding[-1] + 1]
    missing = len(speech) - len(heard.samples)
    length = min(len(speech), len(heard.samples))
    different = np.flatnonzero(heard.samples[:length] != speech[:length])
    where = f"{missing} of {len(speech)} frames are missing; different from {different[:1]} on"
    assert 0 <= missing <= MOST_MISSING_FRAMES, where
    if len(different):
        first = int(different[0])
        assert missing > 0, where
        np.testing.assert_array_equal(heard.samples[first:], speech[first + missing :])


class Tap:
    """Reads what a page has sent to the loudspeaker; needs `install` before the page loads."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def install(self) -> None:
        """Record from the next page load on."""
        self._page.add_init_script(path=TAP_SCRIPT)

    def wait_for_sound(self) -> None:
        """Wait until something is being heard; the recording is a second behind the loudspeaker."""
        self._page.wait_for_function(
            "() => (window.__omniSilentSeconds() ?? 1) < 0.3", timeout=TIMEOUT_MILLISECONDS
        )

    def wait_for_silence(self, seconds: float = 0.6) -> None:
        """Wait until something has been heard and then nothing for `seconds`."""
        self._page.wait_for_function(
            "(seconds) => window.__omniSilentSeconds() > seconds",
            arg=seconds,
            timeout=TIMEOUT_MILLISECONDS,
        )

    def is_silent(self) -> bool:
        """Whether nothing was ever heard."""
        return self._page.evaluate("() => window.__omniSilentSeconds()") is None

    def heard(self) -> Heard:
        """Everything that was heard; more than one audio context is an error."""
        recordings = [
            data for data in self._page.evaluate("() => window.__omniTapData()") if data["frames"]
        ]
        assert len(recordings) == 1, f"{len(recordings)} audio contexts have sounded, not one"
        return _read_recording(recordings[0])


def _read_recording(data: Mapping[str, Any]) -> Heard:
    blocks = np.frombuffer(base64.b64decode(data["samples"]), "<f4").reshape(-1, 128)
    first_frame = data["frames"][0]
    track = np.zeros(data["frames"][-1] - first_frame + 128)
    for frame, block in zip(data["frames"], blocks, strict=True):
        track[frame - first_frame : frame - first_frame + 128] = block
    # A source whose start is no exact frame in floating point begins one frame early, inaudibly.
    samples = np.round(track * 32768).astype(np.int64)
    sounding = np.flatnonzero(samples)
    samples = samples[sounding[0] : sounding[-1] + 1]
    return Heard(samples, int(data["sampleRate"]), data["times"][0], data["times"][-1])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
