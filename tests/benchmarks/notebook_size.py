"""Bytes that a spoken answer adds to the saved notebook, per second of speech."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

from .kernel import ONLY_ERRORS, SETUP
from .process import REPOSITORY, plain_environment
from .table import Row

GOAL_KILOBYTES = 10
CELLS = (
    SETUP,
    'reply = omni.ask("Speak for 60 seconds.", voice="Cherry", connection=standing_in(pace=0))',
    "Audio(reply.audio.samples, rate=reply.audio.sample_rate)",
    "print(reply.audio.seconds)",
)


def run() -> list[Row]:
    """Execute a notebook with an answer, and with the same clip as IPython shows it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    folder = {"metadata": {"path": str(REPOSITORY)}}
    client = NotebookClient(notebook, resources=folder, extra_arguments=list(ONLY_ERRORS))
    client.execute(env=plain_environment())
    _, answer, audio, printed = notebook.cells
    seconds = float(printed.outputs[0]["text"])
    name = "Notebook bytes per second of speech (IPython's Audio)"
    ours, theirs = (_kilobytes(cell) / seconds for cell in (answer, audio))
    return [Row(name, ours, theirs, "kB/s", goal=GOAL_KILOBYTES, goal_of="value")]


def _kilobytes(cell: nbformat.NotebookNode) -> float:
    """The size of a notebook of this executed cell alone."""
    return len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()) / 1000
