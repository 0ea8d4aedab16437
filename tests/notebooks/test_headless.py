"""A notebook that runs where nobody looks: it keeps what was said, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

from omni_nb import Chat
from tests.nursery import KERNEL_NAME

if TYPE_CHECKING:
    from pathlib import Path

SETUP = """
import omni_nb as omni
quick = omni.stand_in(pace=0)
chat = omni.Chat(voice="Cherry", connection=quick, max_tokens=12)
"""
PANEL = "panel = chat.panel(language='en')\npanel"
ASKED = (
    'chat.ask("Who are you?");',
    'chat.ask("And what can you do?", show=False);',
    'await chat.ask_async("Good. Why?")',
    'with chat.stream("One more.") as stream:\n    for _ in stream: pass',
)
COMMANDS = {
    "jupyter execute": ("jupyter", "execute", "--output=ran", "talk.ipynb"),
    "nbconvert": (
        *("nbconvert", "--to", "notebook", "--execute"),
        *("--output", "ran.ipynb", "talk.ipynb"),
    ),
    "papermill": ("papermill", "--no-progress-bar", "talk.ipynb", "ran.ipynb"),
}


def ran(folder: Path, command: str, *cells: str) -> nbformat.NotebookNode:
    """Run a notebook of these cells by a command of `COMMANDS`; return what it saved."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, *cells)],
        metadata={"kernelspec": {"name": KERNEL_NAME, "display_name": "", "language": "python"}},
    )
    nbformat.write(notebook, folder / "talk.ipynb")
    module, *arguments = COMMANDS[command]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(folder / "ran.ipynb", as_version=4)


def html_of(cell: nbformat.NotebookNode) -> str:
    """The HTML of all outputs of a cell, which need no widget."""
    data = [output["data"] for output in cell.outputs]
    assert all(set(one) == {"text/html", "text/plain"} for one in data)
    return "".join("".join(one["text/html"]) for one in data)


@pytest.mark.host("`jupyter execute`, `nbconvert --execute`, papermill", "panel")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_panel_has_every_turn_whoever_asked_and_whenever(tmp_path: Path, command: str) -> None:
    notebook = ran(tmp_path, command, ASKED[0], PANEL, *ASKED[1:])
    panel = html_of(notebook.cells[2])
    assert panel.count("<audio ") == 4
    for question in ("Who are you?", "And what can you do?", "Good. Why?", "One more."):
        assert question in panel
    assert "widgets" not in notebook.metadata
    again = Chat.from_notebook(tmp_path / "ran.ipynb")
    assert [reply.is_finished for reply in again.replies] == [True] * 4
    assert all(reply.audio.seconds > 0.5 for reply in again.replies)


def test_what_is_undone_leaves_the_panel_too(tmp_path: Path) -> None:
    notebook = ran(tmp_path, "jupyter execute", PANEL, ASKED[0], ASKED[1], "chat.undo();")
    panel = html_of(notebook.cells[1])
    assert panel.count("<audio ") == 1
    assert "And what can you do?" not in panel


def test_a_long_conversation_is_whole_though_it_is_slow_to_write(tmp_path: Path) -> None:
    asks = (
        "chat.use(max_tokens=2000)\n"
        "for _ in range(3): chat.ask('Speak for 25 seconds.', show=False)"
    )
    notebook = ran(tmp_path, "jupyter execute", asks, PANEL)
    assert html_of(notebook.cells[2]).count("<audio ") == 3


@pytest.mark.host("`jupyter execute`, `nbconvert --execute`, papermill", "explorers")
def test_an_explorer_follows_what_later_cells_change(tmp_path: Path) -> None:
    make = "explorer = omni.image_explorer()\nexplorer"
    wide = "explorer.width.value = 640"
    first, second = (
        html_of(ran(tmp_path, "jupyter execute", *cells).cells[1])
        for cells in ((make,), (make, wide))
    )
    assert "640" in second
    assert "640" not in first


def test_the_doctor_says_that_nobody_looks_on(tmp_path: Path) -> None:
    notebook = ran(tmp_path, "jupyter execute", "omni.doctor_cell(language='en')")
    assert "nobody looks on" in html_of(notebook.cells[1])
    assert "widgets" not in notebook.metadata


@pytest.mark.host("`jupyter execute`, `nbconvert --execute`, papermill", "kept")
def test_five_spoken_answers_are_small_and_wait_for_no_page(tmp_path: Path) -> None:
    spoken = 'omni.ask("Who are you?", voice="Cherry", max_tokens=12, connection=quick)'
    notebook = ran(tmp_path, "jupyter execute", *[spoken] * 5)
    assert [html_of(cell).count("<audio ") for cell in notebook.cells[1:]] == [1] * 5
    assert "widgets" not in notebook.metadata
    assert len(json.dumps(notebook)) < 130_000
