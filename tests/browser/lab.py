"""A real JupyterLab and a real Notebook 7, for tests that do what a person does.

`Lab` and `Notebook7` start the server and drive its pages; ``servers.py`` has what they share with
Voilà. The fixtures are in ``conftest.py``. Nothing here waits for time: everything waits for a
condition, with a timeout that fails the test.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from .chromium import launch_chromium
from .servers import (
    POLL_MILLISECONDS,
    REPOSITORY,
    SCREENSHOTS,
    TIMEOUT_MILLISECONDS,
    Server,
)
from .tap import Heard, Tap, assert_same_speech

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.sync_api import Page

__all__ = [
    "REPOSITORY",
    "SCREENSHOTS",
    "Heard",
    "Lab",
    "Notebook7",
    "Tap",
    "Theme",
    "Together",
    "assert_same_speech",
    "launch_chromium",
]

Theme = Literal["dark", "light"]

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # JupyterLab forgets a kernel that takes longer than a second to complete.
    "completer-extension/manager": {"providerTimeout": 20_000},
}

# Installed for a test of their own; a server has none of them unless its class names them.
GUESTS = {
    "jupyter_server_fileid": (),
    "jupyter_server_ydoc": ("@jupyter/collaboration-extension", "@jupyter/docprovider-extension"),
    "nbclassic": (),
}
"""Server extensions, each with what it brings to JupyterLab's page."""


class Jupyter(Server):
    """A Jupyter server and the ways to drive the notebook that is in front in a page."""

    status_path = "api/status"
    module = ""
    application = ""
    guests: frozenset[str] = frozenset()

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        for name, values in SETTINGS.items():
            path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        absent = [page for name in GUESTS.keys() - self.guests for page in GUESTS[name]]
        path = folder / "config" / "labconfig" / "page_config.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"disabledExtensions": dict.fromkeys(absent, True)}))
        super().__init__(folder, environment=environment)

    # -- the server ------------------------------------------------------------------------------

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.notebooks,
            "ServerApp.password": "",
            "ServerApp.disable_check_xsrf": True,
            "IdentityProvider.token": "",
            f"{self.application}.expose_app_in_browser": True,
            f"{self.application}.workspaces_dir": self.folder / "workspaces",
            f"{self.application}.user_settings_dir": self.folder / "settings",
            "LabApp.extension_manager": "readonly",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        guests = [
            f"--ServerApp.jpserver_extensions={name}={name in self.guests}" for name in GUESTS
        ]
        return [self.module, "--no-browser", "--allow-root", *arguments, *guests]

    def shut_down_kernels(self) -> None:
        """End all kernels, so that one test leaves nothing to the next."""
        for kernel in json.loads(self._request("api/kernels")):
            self._request(f"api/kernels/{kernel['id']}", method="DELETE")

    def close(self) -> None:
        """Stop the server and its kernels."""
        if self._process.poll() is None and self._answers():
            self.shut_down_kernels()
        super().close()

    # -- the page --------------------------------------------------------------------------------

    def wait_until_ready(self, page: Page) -> None:
        """Wait until the notebook in front has an idle kernel, e.g. after ``page.reload()``."""
        page.wait_for_function(IS_READY, timeout=TIMEOUT_MILLISECONDS, polling=POLL_MILLISECONDS)

    def reload(self, page: Page) -> None:
        """Load the page again, also while a cell runs; wait until the kernel is connected again.

        What is not saved is lost. Wait with `wait_until_ready` for the end of what was running:
        `wait_for_cell` knows nothing of it any more.
        """
        path = page.evaluate(PATH)
        self._load(page, path)
        page.wait_for_function(IS_CONNECTED, arg=path, timeout=TIMEOUT_MILLISECONDS)

    def _load(self, page: Page, path: str) -> None:
        """Load the page anew, with this notebook in it and no other."""
        raise NotImplementedError

    def restart_kernel(self, page: Page) -> None:
        """Restart the kernel, as after the answer to JupyterLab's question; wait until it is idle.

        The outputs of the cells stay where they are.
        """
        page.evaluate(RESTART)
        self.wait_until_ready(page)

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
            polling=POLL_MILLISECONDS,
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


class Lab(Jupyter):
    """A JupyterLab server; see `Server` for what it is given."""

    name = "JupyterLab"
    module = "jupyterlab"
    application = "LabApp"

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self._narrow_pages: set[Page] = set()
        super().__init__(folder, environment=environment)

    def open(self, page: Page, name: str) -> None:
        """Bring this notebook to the front, alone, and wait until its kernel is idle.

        A page that shows JupyterLab already is used again; its recording starts anew.
        """
        page.bring_to_front()  # behind another tab of Firefox it would not look for its kernel
        if page.evaluate("() => Boolean(window.jupyterapp)"):
            self.close_documents(page)
            page.evaluate(OPEN, name)
        else:
            self._load(page, name)
        self.wait_until_ready(page)
        page.wait_for_function(
            "() => (window.__omniSilentSeconds() ?? 9) > 1.2", polling=POLL_MILLISECONDS
        )
        page.evaluate("() => window.__omniTaps.forEach(({ blocks }) => { blocks.length = 0; })")

    def close_documents(self, page: Page) -> None:
        """Close everything that is open, without asking and without saving."""
        page.evaluate(CLOSE_DOCUMENTS)

    def _load(self, page: Page, path: str) -> None:
        # Without the reset, what was open comes back in its own time, and in front.
        page.goto(f"{self.url}lab/tree/{path}?reset")

    def narrow(self, page: Page, width: int) -> None:
        """Make the page as wide as this, and close the side bars until `widen`."""
        super().narrow(page, width)
        page.evaluate(NARROW)
        self._narrow_pages.add(page)

    def widen(self, page: Page) -> None:
        """Show what `narrow` has closed in this page, if it has; the page keeps its size."""
        if page in self._narrow_pages:
            page.evaluate(WIDEN)
            self._narrow_pages.discard(page)


class Together(Lab):
    """A JupyterLab with jupyter-collaboration: everybody's page shows one document.

    The document is the server's, which also saves it.
    """

    name = "jupyter-collaboration"
    guests = frozenset({"jupyter_server_fileid", "jupyter_server_ydoc"})

    def _command(self) -> list[str]:
        # Else it would be in the folder that the tests were started from.
        return [*super()._command(), f"--SQLiteYStore.db_path={self.folder / 'ystore.db'}"]


class Notebook7(Jupyter):
    """A Notebook 7 server; see `Server` for what it is given.

    A page shows one notebook, so each `open` loads the page.
    """

    name = "Notebook 7"
    module = "notebook"
    application = "JupyterNotebookApp"

    def open(self, page: Page, name: str) -> None:
        """Load this notebook, and wait until its kernel is idle."""
        self._load(page, name)
        self.wait_until_ready(page)

    def _load(self, page: Page, path: str) -> None:
        page.goto(f"{self.url}notebooks/{path}")

    def close_documents(self, page: Page) -> None:
        """Leave the notebook, without saving."""
        page.goto("about:blank")


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

PATH = "() => window.jupyterapp.shell.currentWidget.context.path"

IS_CONNECTED = """(path) => {
  const document = window.jupyterapp?.shell.currentWidget;
  const kernel = document?.sessionContext?.session?.kernel;
  const isReady = document?.context?.path === path && document.sessionContext.isReady;
  return isReady && kernel?.connectionStatus === "connected";
}"""

RESTART = """async () => {
  await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
}"""

# JupyterLab's side bars are the rows of icons; the panels are beside them.
NARROW = """() => {
  const { shell } = window.jupyterapp;
  for (const side of ["left", "right"]) {
    if (shell.isSideTabBarVisible(side)) shell.toggleSideTabBarVisibility(side);
  }
  shell.collapseLeft();
  shell.collapseRight();
}"""

WIDEN = """() => {
  const { shell } = window.jupyterapp;
  for (const side of ["left", "right"]) {
    if (!shell.isSideTabBarVisible(side)) shell.toggleSideTabBarVisibility(side);
  }
  shell.expandLeft();
}"""
