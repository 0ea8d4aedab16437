"""The house: one ladder of rooms, and nothing of a kind outside the room that it has.

import-linter proves the imports that it can see (pyproject.toml); here is what it cannot: modules
that are imported by name, what lies at the top, and letters and markup in the wrong place.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from pathlib import Path

import pytest

import omni_nb

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "omni_nb"
MODULES = sorted(PACKAGE.rglob("*.py"))
LADDER = [
    "cli",
    "views",
    "many",
    "chat",
    "archive",
    "render",
    "turns",
    "offline",
    "wire",
    "rules",
    "media",
    "words",
]
TOP = {"__init__.py", "__main__.py", "errors.py", "types.py", "py.typed", "static"}
THE_LATE_IMPORT = ("media/shown.py", "omni_nb.render.bundle")
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(module: str) -> str:
    """The room of ``omni_nb.room.module`` or of a path in the package."""
    return re.split(r"[./]", module.removeprefix("omni_nb."))[0]


def imported(tree: ast.AST) -> list[str]:
    """Every module of ours that a tree imports: at the top, late, for types, or by a string."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides where it leads"
            found.append(node.module or "")
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            found += [a.value for a in node.args if isinstance(a, ast.Constant)]
    return [str(name) for name in found if str(name).startswith("omni_nb.")]


def test_nothing_else_lies_at_the_top():
    found = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert found - TOP <= set(LADDER)
    assert set(LADDER) - found <= {"many"}


def test_the_contract_has_the_same_ladder():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    ladder = next(c for c in settings["contracts"] if c["type"] == "layers")
    assert [name.strip("()") for name in ladder["layers"]] == ["__main__", *LADDER, "errors"]
    assert ladder["ignore_imports"] == ["omni_nb.media.shown -> omni_nb.render.bundle"]
    assert "exclude_type_checking_imports" not in settings


@pytest.mark.parametrize("path", [p for p in MODULES if named(p) not in TOP], ids=named)
def test_a_module_imports_only_from_rooms_below(path):
    below = [*LADDER, "errors"][LADDER.index(room(named(path))) :]
    climbed = [m for m in imported(ast.parse(path.read_text())) if room(m) not in below]
    assert [m for m in climbed if (named(path), m) != THE_LATE_IMPORT] == []


def test_errors_knows_nobody():
    assert imported(ast.parse((PACKAGE / "errors.py").read_text())) == []


def test_one_module_escapes_html():
    with_html = [
        named(p)
        for p in MODULES
        if re.search(r"\bhtml\.escape|import html\b|from html import", p.read_text())
    ]
    assert with_html == ["render/html.py"]


def test_one_module_has_the_colours():
    """As text they stand in the palette; matplotlib's and the explorers' drawings have shades."""
    with_colours = [
        named(p)
        for p in MODULES
        if re.search(
            r"#[0-9a-fA-F]{6}\b|var\(--jp-(content-font-color|border|warn|error|brand)",
            p.read_text(),
        )
    ]
    assert [n for n in with_colours if not n.startswith("views/plots/")] == ["render/palette.py"]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_chinese_stands_in_words_and_in_docstrings_alone(path):
    if room(named(path)) in {"offline", "words"}:
        return
    docs = docstring_lines(ast.parse(path.read_text()))
    with path.open("rb") as file:
        found = [
            token.start[0]
            for token in tokenize.tokenize(file.readline)
            if CHINESE.search(token.string) and token.start[0] not in docs
        ]
    assert found == []


def docstring_lines(tree: ast.AST) -> set[int]:
    """The lines of docstrings, those of attributes included."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def test_the_ladder_test_sees_what_climbs():
    """Each way to import is seen; a test that saw none would pass for ever."""
    code = """
from typing import TYPE_CHECKING
from importlib import import_module
if TYPE_CHECKING:
    from omni_nb.views.live import watch
def late():
    import omni_nb.chat.conversation
    return import_module("omni_nb.render.reply")
"""
    assert imported(ast.parse(code)) == [
        "omni_nb.views.live",
        "omni_nb.chat.conversation",
        "omni_nb.render.reply",
    ]


def test_every_public_name_comes_from_a_room():
    homes = set(map(room, omni_nb._HOMES.values()))
    assert homes <= {*LADDER, "errors"}
