"""JupyterLab in a session of Binder as a page shows it, and what that page asks the network for."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.lab import Lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .hub import Hub

SIZE: Final = (1200, 900)
TALLEST: Final = 16_000  # Chromium paints no more


class Session(Lab):
    """The notebooks of a `Hub`'s session; the server itself is the hub's."""

    name = "JupyterLab at Binder"

    def __init__(self, hub: Hub) -> None:
        self.url = hub.url
        self._hub = hub
        self._narrow_pages = set()

    def _load(self, page: Page, path: str) -> None:
        page.goto(self._hub.link(f"lab/tree/{path}"))

    def cells(self, page: Page) -> list[dict[str, Any]]:
        """The cells of the notebook in front: ``id``, ``type``, ``source``, ``is_trusted``."""
        cells: list[dict[str, Any]] = page.evaluate(CELLS)
        return cells

    def run_cells(self, page: Page, notebook: str, indices: range) -> None:
        """Run these cells in order until one shows an error; say which, and what it says."""
        cells = self.cells(page)
        for index in indices:
            if cells[index]["type"] == "code":
                where = f"{notebook}, cell {index} (id {cells[index]['id']})"
                self._run_cell(page, index, where)

    def _run_cell(self, page: Page, index: int, where: str) -> None:
        try:
            self.run_cell(page, index)
        except PlaywrightTimeout as error:
            raise AssertionError(f"{where} did not end") from error
        for output in self.outputs(page, index):
            if output["output_type"] == "error":
                raise AssertionError(f"{where} failed:\n" + "\n".join(output["traceback"]))
            assert output.get("name") != "stderr", f"{where} complains:\n{output['text']}"

    def execute(self, page: Page, code: str) -> None:
        """Execute this in the kernel of the notebook in front, outside of its cells."""
        page.evaluate(EXECUTE, code)

    def show_all(self, page: Page, notebook: str) -> None:
        """Make the page as high as the notebook, see that every widget is there; a screenshot."""
        page.set_viewport_size({"width": SIZE[0], "height": TALLEST})
        try:
            page.wait_for_function(IS_ALL_HERE, timeout=20_000)
            page.set_viewport_size({"width": SIZE[0], "height": page.evaluate(BOTTOM)})
            page.wait_for_function(f"() => ({MISSING})().length === 0", timeout=20_000)
        except PlaywrightTimeout:
            missing = page.evaluate(MISSING)
            raise AssertionError(f"{notebook} shows no widget in: {json.dumps(missing)}") from None
        finally:
            name = "-".join(PurePath(notebook).with_suffix("").parts[1:])
            self.screenshot(page, f"binder/{name}")
            page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})

    def total_bytes(self) -> int:
        """The memory of the server and its kernels, as the status bar shows it to the person."""
        used: int = self._hub.get("api/metrics/v1")["rss"]
        return used


class Witness:
    """What a page asks for, and what goes wrong in it."""

    def __init__(self, page: Page, origin: str) -> None:
        self.urls: list[str] = []
        self.complaints: list[str] = []
        self._origin = origin.partition("://")[2]
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("websocket", lambda socket: self.urls.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def elsewhere(self) -> list[str]:
        """The addresses that are not the proxy's."""
        asked = [url.partition("://")[2].partition("/")[0] for url in self.urls if "://" in url]
        return sorted({host for host in asked if host != self._origin})


CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(({ model }) => ({
  id: model.id, type: model.type, source: model.sharedModel.source,
  is_trusted: model.type !== "code" || model.trusted,
}))"""

EXECUTE = """async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  await kernel.requestExecute({ code, silent: true }).done;
}"""

# JupyterLab leaves out of the page what is out of sight.
IS_ALL_HERE = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.outerNode.scrollTop = 0;
  return notebook.widgets.every(({ node }) => node.isConnected && node.clientHeight > 0)
    && [...notebook.node.querySelectorAll("img")].every(({ complete }) => complete);
}"""

BOTTOM = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  return Math.ceil(cells.at(-1).node.getBoundingClientRect().bottom) + 60;
}"""

# What the document has and the page has not.
MISSING = """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap((cell) => {
  const outputs = cell.model.type === "code" ? cell.model.outputs.toJSON() : [];
  return outputs.flatMap(({ data }, index) => {
    const { node } = cell.outputArea.widgets[index];
    const isWidget = "application/vnd.jupyter.widget-view+json" in (data ?? {});
    const isMissing = isWidget && !node.querySelector(".jupyter-widgets, .omni-panel");
    return isMissing ? [{ cell: cell.model.id, shows: node.textContent }] : [];
  });
})"""
