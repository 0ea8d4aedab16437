"""The package as a whole: its names, its import time's causes, its dependencies."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest

import omni_nb
import omni_nb.types

ROOT = Path(__file__).parents[2]
HEAVY = {"PIL", "numpy", "matplotlib", "openai", "IPython", "av", "ipywidgets", "starlette"} | {
    "pydantic",
    "jsonschema",
    "docstring_parser",
}


def test_public_names_are_sorted_complete_and_importable():
    assert sorted(omni_nb.__all__) == sorted(omni_nb._HOMES)  # ruff keeps the order
    assert all(getattr(omni_nb, name) is not None for name in omni_nb.__all__)
    assert set(omni_nb.__all__) <= set(dir(omni_nb))


def test_the_reference_has_every_public_name_once():
    pages = "\n".join(page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md"))
    assert sorted(re.findall(r"^::: omni_nb\.(\w+)$", pages, re.M)) == sorted(omni_nb.__all__)
    types = re.findall(r"^::: omni_nb\.types\.(\w+)$", pages, re.M)
    assert sorted(types) == sorted(omni_nb.types.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    assert not hasattr(omni_nb, "nonsense")


def test_tab_shows_few_names():
    assert len(dir(omni_nb)) <= 48
    assert not set(omni_nb.types.__all__) & set(omni_nb.__all__)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("Conversation", "use omni_nb.Chat"), ("Reply", "from omni_nb.types import Reply")],
)
def test_a_name_that_is_gone_says_what_takes_its_place(name, instead):
    with pytest.raises(AttributeError, match=instead):
        getattr(omni_nb, name)


def test_importing_the_package_imports_nothing_heavy():
    code = f"import sys, omni_nb; print(sorted({HEAVY!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_silent_ask_imports_no_notebook():
    code = (
        "import sys, omni_nb; omni_nb.ask('Hello', show=False)\n"
        "print(sorted({'IPython', 'ipywidgets', 'anywidget', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_version_is_the_changelogs_newest():
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest is not None
    assert omni_nb.__version__ == version("omni-nb") == newest[1]


def test_the_dependencies_are_the_ones_we_decided_on():
    required = [line for line in requires("omni-nb") or [] if "extra ==" not in line]
    assert {re.split(r"[^a-z0-9-]", line)[0] for line in required} == {
        "anywidget",
        "av",
        "comm",
        "docstring-parser",
        "filelock",
        "ipython",
        "ipywidgets",
        "jsonschema",
        "latex2mathml",
        "markdown-it-py",
        "matplotlib",
        "narwhals",
        "numpy",
        "openai",
        "packaging",
        "pillow",
        "pydantic",
        "python-multipart",
        "starlette",
        "tomli",
        "uvicorn",
    }


def test_no_public_name_is_hidden_by_a_module_of_the_same_name():
    code = (
        "import importlib, omni_nb\n"
        "from pkgutil import walk_packages\n"
        "for module in walk_packages(omni_nb.__path__, 'omni_nb.'):\n"
        "    importlib.import_module(module.name)\n"
        "print([n for n in omni_nb.__all__ if type(getattr(omni_nb, n)).__name__ == 'module'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
