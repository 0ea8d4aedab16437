"""A real nbclassic: the notebook of before JupyterLab, with widgets loaded by RequireJS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .lab import Jupyter
from .servers import POLL_MILLISECONDS, TIMEOUT_MILLISECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Classic(Jupyter):
    """A JupyterLab server with nbclassic; see `Server` for what it is given.

    The page has no JupyterLab in it: of `Jupyter`'s ways to drive a notebook there are those that
    are here.
    """

    name = "nbclassic"
    module = "jupyterlab"
    application = "LabApp"
    guests = frozenset({"nbclassic"})

    def open(self, page: Page, name: str) -> None:
        """Load this notebook, and wait until its kernel is idle."""
        page.goto(f"{self.url}nbclassic/notebooks/{name}")
        self.wait_until_ready(page)

    def wait_until_ready(self, page: Page) -> None:
        """Wait until the notebook has an idle kernel, and the widgets' code is there."""
        page.wait_for_function(IS_READY, timeout=TIMEOUT_MILLISECONDS, polling=POLL_MILLISECONDS)

    def run_cell(self, page: Page, index: int, *, wait: bool = True) -> None:
        """Run one cell as Shift+Enter would, and wait until it has ended."""
        page.evaluate(RUN_CELL, index)
        if wait:
            self.wait_for_cell(page, index)

    def outputs(self, page: Page, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell, from the document's model."""
        outputs: list[dict[str, Any]] = page.evaluate(
            "(index) => Jupyter.notebook.get_cell(index).output_area.outputs", index
        )
        return outputs

    def save(self, page: Page) -> None:
        """Save the notebook."""
        page.evaluate("() => Jupyter.notebook.save_notebook().then(() => null)")


IS_READY = """() => {
  const notebook = window.Jupyter?.notebook;
  return notebook?._fully_loaded && notebook.kernel?.is_connected()
    && notebook.kernel_busy === false && Boolean(notebook.kernel.widget_manager);
}"""

RUN_CELL = """(index) => {
  const runs = (window.__omniRuns ??= {});
  runs[index] = "running";
  const cell = Jupyter.notebook.get_cell(index);
  const note = (_event, finished) => {
    if (finished.cell !== cell) return;
    Jupyter.notebook.events.off("finished_execute.CodeCell", note);
    runs[index] = "ended";
  };
  Jupyter.notebook.events.on("finished_execute.CodeCell", note);
  Jupyter.notebook.execute_cells([index]);
}"""
