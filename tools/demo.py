"""Run the quickstart against the stand-in, keep it as notebook and page, open JupyterLab on it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from omni_nb.cli.lab import jupyterlab

ROOT = Path(__file__).parents[1]
KEYS = ("DASHSCOPE_API_KEY", "DASHSCOPE_BASE_URL")


def main() -> int:
    """Run as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "notebook", nargs="?", type=Path, default=ROOT / "notebooks/01_quickstart.ipynb"
    )
    parser.add_argument("--no-serve", action="store_true", help="stop after the run")
    options = parser.parse_args()
    for name in KEYS:  # a demonstration costs nobody anything
        os.environ.pop(name, None)
    executed = ROOT / "build" / options.notebook.name
    executed.parent.mkdir(exist_ok=True)
    try:
        notebook = run(options.notebook, working_folder=executed.parent)
    except CellExecutionError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    nbformat.write(notebook, executed)
    page = executed.with_suffix(".html")
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    print(f"Wrote {executed.relative_to(ROOT)} and {page.relative_to(ROOT)}.", flush=True)
    if not options.no_serve:
        serve(executed)
    return 0


def run(path: Path, *, working_folder: Path) -> nbformat.NotebookNode:
    """Execute a notebook in a fresh kernel, with a line per cell."""
    notebook = nbformat.read(path, 4)
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    print(f"Running {path.name}: {len(code)} cells, the stand-in answers.", flush=True)
    started = time.perf_counter()

    def report(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
        if cell_index in code:
            first = (cell.source.strip().splitlines() or [""])[0]
            number, seconds = code.index(cell_index) + 1, time.perf_counter() - started
            print(f"  [{number:2d}/{len(code)}] {seconds:5.1f} s  {first[:70]}", flush=True)

    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(working_folder)}},
        on_cell_executed=report,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.execute()
    return notebook


def serve(notebook: Path) -> None:
    """Become JupyterLab on the executed copy; it prints its URL."""
    print("Starting JupyterLab; open the URL below, end with Ctrl+C.", flush=True)
    command = jupyterlab(notebook.parent, notebook.name, ["--no-browser"])
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main())
