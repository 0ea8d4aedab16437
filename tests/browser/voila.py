"""A real Voilà: the notebook runs when its page is opened, and only the outputs are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .servers import POLL_MILLISECONDS, TIMEOUT_MILLISECONDS, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .lab import Theme

ICONS = "https://cdn.jsdelivr.net/npm/@fortawesome/"
"""Voilà's own page asks for these icons; without a network they are missing, and nothing else."""


class Voila(Server):
    """A Voilà server for the notebooks of its folder; see `Server` for the rest.

    Widgets need no network: Voilà serves its own manager and the anywidget that is installed beside
    it. There are no cells to run and nothing to save; a kernel lives as long as its page. An error
    in a cell is shown with its traceback.
    """

    name = "Voilà"

    def _command(self) -> list[str]:
        options = {
            "Voila.ip": "127.0.0.1",
            "Voila.port": self.port,
            "Voila.port_retries": 0,
            "VoilaConfiguration.show_tracebacks": True,
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return ["voila", str(self.notebooks), "--no-browser", *arguments]

    def open(self, page: Page, name: str, *, theme: Theme = "light") -> None:
        """Open this notebook in a kernel of its own; wait until every widget is there."""
        page.goto(f"{self.url}voila/render/{name}?theme={theme}")
        self.wait_until_ready(page)

    def reload(self, page: Page) -> None:
        """Load the page again: the notebook runs anew, in another kernel."""
        page.reload()
        self.wait_until_ready(page)

    def wait_until_ready(self, page: Page) -> None:
        """Wait until all cells have run and every widget is there."""
        page.wait_for_function(IS_READY, timeout=TIMEOUT_MILLISECONDS, polling=POLL_MILLISECONDS)

    def close_documents(self, page: Page) -> None:
        """Leave the page; Voilà then ends its kernel."""
        page.goto("about:blank")


IS_READY = """() => {
  const outputs = document.querySelector('script[type="application/vnd.voila.cell-output+json"]');
  const isRendered = !outputs && !document.querySelector("#loading");
  const isConnected = window.jupyterapp?.widgetManager?.kernel?.connectionStatus === "connected";
  const widgets = '[data-mime-type="application/vnd.jupyter.widget-view+json"]';
  return isRendered && isConnected
    && [...document.querySelectorAll(widgets)].every((place) => place.querySelector(".lm-Widget"));
}"""
