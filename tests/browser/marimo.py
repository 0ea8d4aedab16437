"""A real marimo: notebooks are Python files, and there is no IPython."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from .servers import Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Page

SETTINGS = """
[display]
theme = "system"
[runtime]
auto_instantiate = true
"""


class Marimo(Server):
    """A marimo editor for the notebooks of its folder; see `Server` for the rest.

    A page that opens a notebook starts a kernel of its own, which runs every cell. The theme is the
    page's.
    """

    name = "marimo"

    def __init__(self, folder: Path, **options: Any) -> None:
        settings = folder / "config" / "marimo" / "marimo.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        super().__init__(folder, **options)

    def _command(self) -> list[str]:
        options = [f"--port={self.port}", "--host=127.0.0.1", "--headless", "--no-token"]
        return ["marimo", "--yes", "edit", str(self.notebooks), *options, "--skip-update-check"]

    def _environment(self, more: dict[str, str]) -> dict[str, str]:  # type: ignore[override]
        folders = {
            f"XDG_{kind}_HOME": str(self.folder / kind.lower())
            for kind in ("CONFIG", "CACHE", "STATE", "DATA")
        }
        return super()._environment({**folders, **more})

    def write_cells(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of these cells; each name is given its value in one cell only."""
        functions = [
            "@app.cell\ndef _():\n" + textwrap.indent(source.strip(), "    ") + "\n    return\n"
            for source in cells
        ]
        path = self.notebooks / name
        path.write_text("\n\n".join(["import marimo\n\napp = marimo.App()", *functions]), "utf-8")
        return path

    def open(self, page: Page, name: str) -> None:
        """Open this notebook in a kernel of its own."""
        page.goto(f"{self.url}?file={name}")

    def shut_down_kernels(self, page: Page) -> None:
        """Leave the page; marimo ends a kernel that no page has after a while."""
        page.goto("about:blank")
