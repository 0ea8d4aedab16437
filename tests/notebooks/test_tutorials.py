"""Every tutorial is run as a reader would: first as it is, then with its exercises solved.

A tutorial has its solutions in `solutions/`, under its own name: a dict SOLUTIONS with the code of
each exercise by the id of its cell. A Chinese twin may share those of the English one.
"""

from __future__ import annotations

import ast
import json
import re
import runpy
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient

import omni_nb
import omni_nb.types
from tests.nursery import KERNEL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"
SOLUTIONS = Path(__file__).parent / "solutions"
TUTORIALS = (
    "01_quickstart",
    "02_text_and_speech",
    "03_images",
    "04_audio",
    "05_video",
    "06_conversations",
    "07_chat_panel",
    "08_tokens_and_money",
    "09_under_the_hood",
    "10_when_things_fail",
    "11_data_and_tools",
    "12_many",
    "zh/01_quickstart",
    "zh/07_chat_panel",
    "zh/08_tokens_and_money",
    "zh/11_data_and_tools",
    "zh/12_many",
)
NOT_YET, DONE = ("Not yet", "还没有"), ("Done", "完成")
PROMISE = re.compile(r"you\s+will\b|你将")

PATHS = [*sorted(NOTEBOOKS.glob("*.ipynb")), *sorted(NOTEBOOKS.glob("zh/*.ipynb"))]
TWINS = [path for path in PATHS if path.parent.name == "zh"]


def name_of(path: Path) -> str:
    return path.relative_to(NOTEBOOKS).with_suffix("").as_posix()


each_tutorial = pytest.mark.parametrize("path", PATHS, ids=name_of)


def test_the_tutorials_are_complete():
    assert {name_of(path) for path in PATHS} == set(TUTORIALS)


@each_tutorial
def test_a_tutorial_runs_and_its_exercises_can_be_solved(path, tmp_path, monkeypatch):
    monkeypatch.setenv("OMNI_NB_STAND_IN_PACE", "0")
    client = client_for(nbformat.read(path, 4), tmp_path)
    with client.setup_kernel():
        run(client)
        assert_fit_to_save(client, tmp_path)
        assert_exercises_can_be_solved(client, solutions_of(path))
    assert_fit_to_save(client, tmp_path)


def test_the_quickstart_runs_on_servers_of_other_kinds(tmp_path):
    """One after the other in one kernel, as somebody would who tries them."""
    path = NOTEBOOKS / "01_quickstart.ipynb"
    client = client_for(nbformat.read(path, 4), tmp_path)
    with client.setup_kernel():
        for dialect in ("openai", "vllm-omni", "sglang-omni"):
            client.nb = nbformat.read(path, 4)
            connected = CONNECTED.format(dialect=dialect)
            client.nb.cells.insert(0, nbformat.v4.new_code_cell(connected))
            run(client)
            assert_fit_to_save(client, tmp_path)
            answers = [html for html in shown(client.nb) if "omni-reply" in html]
            assert ["<audio " in html for html in answers] == [False, True, False, False], dialect
            assert dialect in client.nb.cells[0].outputs[0].data["text/plain"]
            assert_exercises_can_be_solved(client, solutions_of(path))


CONNECTED = """
import omni_nb as omni
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start

standin = start(Behaviour(pace=0, dialect="{dialect}"))
omni.connect(standin.base_url, api_key=standin.api_key, dialect="{dialect}")
"""


@each_tutorial
def test_a_tutorial_is_written_as_the_others_are(path):
    ids = [cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    assert len(set(ids)) == len(ids)  # reading would give the second one another
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    first, *_ = cells = notebook.cells
    assert first.cell_type == "markdown"
    title, _, promise = first.source.partition("\n")
    assert re.match(r"# \S", title)
    assert PROMISE.search(promise), "the first cell says what one will be able to do"
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert not [cell.id for cell in code if "raises-exception" in tags(cell)]
    asked = [cells[exercise].id for exercise, _ in exercises(notebook)]
    assert asked in (["exercise-1", "exercise-2"], ["exercise-1", "exercise-2", "exercise-3"])
    assert solutions_of(path).keys() == set(asked)


@each_tutorial
def test_a_tutorial_uses_public_names_alone(path):
    code = "\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code")
    public = {"omni_nb": omni_nb.__all__, "omni_nb.types": omni_nb.types.__all__}
    for module, names in re.findall(r"^from (omni_nb\S*) import (.+)$", code, re.M):
        assert {name.split()[0] for name in names.split(",")} <= {*public[module]}
    assert "omni_nb." not in code.replace("from omni_nb.types import", "")
    assert {*re.findall(r"\bomni\.(\w+)", code)} <= {*omni_nb.__all__}


@each_tutorial
def test_a_tutorial_speaks_of_names_that_are_there(path):
    cells = nbformat.read(path, 4).cells
    said = "\n".join(re.sub(r"\]\([^)]*\)", "", c.source) for c in cells)
    ours = [(omni_nb, r"\bomni\.(\w+)"), (omni_nb.Chat, r"(?<!client\.)\b[cC]hat\.(\w+)")]
    for owner, mention in ours:
        assert not [name for name in re.findall(mention, said) if not hasattr(owner, name)]


@each_tutorial
def test_a_link_to_another_tutorial_leads_to_it(path):
    said = "\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown")
    links = re.findall(r"\]\(([^)\s]+\.ipynb)\)", said)
    assert not [link for link in links if not (path.parent / link).is_file()]


@pytest.mark.parametrize("path", TWINS, ids=name_of)
def test_a_twin_differs_in_words_alone(path):
    cells, others = (nbformat.read(p, 4).cells for p in (path, NOTEBOOKS / path.name))
    assert [c.id for c in cells] == [c.id for c in others]
    assert [(c.cell_type, tags(c)) for c in cells] == [(c.cell_type, tags(c)) for c in others]
    for cell, other in zip(cells, others, strict=True):
        if cell.cell_type == "code":
            assert shape(cell.source) == shape(other.source), cell.id


def client_for(notebook: NotebookNode, folder: Path) -> NotebookClient:
    """Return a client whose kernel will run in a folder."""
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=120, kernel_name=KERNEL_NAME, resources=resources)


def run(client: NotebookClient) -> None:
    """Run every cell; each check says that its exercise is still to do."""
    for index, cell in enumerate(client.nb.cells):
        client.execute_cell(cell, index)
    for _, check in exercises(client.nb):
        assert printed(client.nb.cells[check]).startswith(NOT_YET)


def assert_exercises_can_be_solved(client: NotebookClient, solutions: dict[str, str]) -> None:
    """Each solution, in the place of its exercise, satisfies its check."""
    cells = client.nb.cells
    for exercise, check in exercises(client.nb):
        cells[exercise].source = solutions[cells[exercise].id]
        client.execute_cell(cells[exercise], exercise)
        client.execute_cell(cells[check], check)
        assert printed(cells[check]).startswith(DONE), printed(cells[check])


def assert_fit_to_save(client: NotebookClient, folder: Path) -> None:
    """The notebook is small, nothing went wrong, and it tells nothing of the machine."""
    # JupyterLab saves the cells alone; nbclient's copy has each widget's JavaScript, too.
    assert len(json.dumps(client.nb.cells, ensure_ascii=False).encode()) < 1_000_000
    client.set_widgets_metadata()
    outputs = list(outputs_of(client.nb))
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    said = ENCODED.sub("", json.dumps([outputs, client.nb.metadata], ensure_ascii=False))
    homes = {Path.home(), Path(tempfile.gettempdir()), REPOSITORY, Path(sys.prefix), folder}
    places = "|".join(re.escape(str(home)) for home in homes if home != Path("/"))
    assert re.findall(rf"(?<![\w.])(?:{places})(?!\w)[^\"\s]*", said) == []
    assert re.findall(r"(?<!\w)sk-\w[\w-]{7,}", said) == [], "a key"


ENCODED = re.compile(r"[A-Za-z0-9+/=]{200,}")  # media: any short word may be in them


def exercises(notebook: NotebookNode) -> list[tuple[int, int]]:
    """The places of each exercise and of its check."""
    asked, checks = (
        [index for index, cell in enumerate(notebook.cells) if tag in tags(cell)]
        for tag in ("exercise", "check")
    )
    pairs = list(zip(asked, checks, strict=True))
    for exercise, check in pairs:
        assert exercise < check
        number = notebook.cells[exercise].id.removeprefix("exercise-")
        assert notebook.cells[check].id == f"check-{number}"
    return pairs


def solutions_of(path: Path) -> dict[str, str]:
    own = SOLUTIONS / f"{name_of(path)}.py"
    found = own if own.is_file() else SOLUTIONS / f"{path.stem}.py"
    solutions: dict[str, str] = runpy.run_path(str(found))["SOLUTIONS"]
    return solutions


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def outputs_of(notebook: NotebookNode) -> Iterator[Any]:
    return (output for cell in notebook.cells for output in cell.get("outputs", []))


def shown(notebook: NotebookNode) -> list[str]:
    return [html for o in outputs_of(notebook) if (html := o.get("data", {}).get("text/html"))]


def printed(cell: NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def shape(source: str) -> str:
    """Code without its words: texts, and the arguments that choose a language."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    return ast.dump(Wordless().visit(tree), indent=1)


class Wordless(ast.NodeTransformer):
    """Takes the words out of code."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """Other words are in another order."""
        values = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
        return ast.JoinedStr(sorted((self.visit(value) for value in values), key=ast.dump))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        kept = [word for word in node.keywords if word.arg != "language"]
        return self.generic_visit(ast.Call(node.func, node.args, kept))
