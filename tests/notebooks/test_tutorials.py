"""Every tutorial runs in a fresh kernel, with no key and no network."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_tutorials():
    assert "01_quickstart.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_runs_and_stays_small(path, tmp_path, monkeypatch):
    monkeypatch.setenv("OMNI_NB_STAND_IN_PACE", "0")
    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    answers = [o for o in shown if "omni-reply" in str(o.get("data", {}).get("text/html", ""))]
    asked = "".join(c.source for c in notebook.cells if c.cell_type == "code").count("ask(")
    assert len(answers) == asked - (1 if "MediaError" in str(notebook) else 0)
    assert not [output for output in shown if output["output_type"] == "error"]
    assert not [output for output in shown if output.get("name") == "stderr"]
    assert len(json.dumps(notebook)) < 1_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_is_committed_without_outputs(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
