"""Hosts and features: what the tests prove of each, for the table in docs/hosts.md.

A test that proves features of a host says so::

    @pytest.mark.host("JupyterLab 4, Chromium", "text", "speech")

A test of JupyterLab in Chromium that is marked ``every_browser`` and ``in_short`` proves the same
of Firefox when it has run there (``--browser firefox -m in_short``).

``by_construction=True`` says that the host itself was not there: the test runs in Chromium with
what this host withholds taken away. Which of them passed is appended to ``build/hosts.jsonl``, a
line a test; ``python -m tools.hosts`` writes the table from it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = Path(__file__).resolve().parents[1]
REPORT = REPOSITORY / "build" / "hosts.jsonl"
LIST = "OMNI_NB_LIST_HOSTS"
"""Names the file that `marks` is told the marked tests in."""

FEATURES = {
    "text": "Text while it comes",
    "speech": "Speech while it comes",
    "kept": "What stays",
    "panel": "Panel",
    "devices": "Microphone, camera",
    "explorers": "Explorers",
}

HEADLESS = "`jupyter execute`, `nbconvert --execute`, papermill"
SAVED_PAGE = "Page of `nbconvert --to html`"
TERMINAL = "Terminal, plain Python"
CHROMIUM, FIREFOX = "JupyterLab 4, Chromium", "JupyterLab 4, Firefox"
HOSTS = (
    CHROMIUM,
    FIREFOX,
    "JupyterLab 4, WebKit",
    "JupyterLab's /doc, Chromium",
    "jupyter-collaboration, Chromium",
    "Notebook 7, Chromium",
    "nbclassic, Chromium",
    "Voilà, Chromium",
    "marimo, Chromium",
    HEADLESS,
    SAVED_PAGE,
    TERMINAL,
    "VS Code",
    "Colab",
)

READ: Mapping[tuple[str, str], str] = {
    ("VS Code", "devices"): "none: microsoft/vscode#119127, #323602",
    ("VS Code", "kept"): "microsoft/vscode-jupyter#8621 (closed) is not met: nothing that is shown "
    "depends on the metadata of an update",
    ("Colab", "speech"): "buffers may be missing: googlecolab/colab-cdn-widget-manager#8, #33",
    ("Colab", "panel"): "as for speech",
}
"""What is known from elsewhere only, with its source."""

NOT_THERE = frozenset(
    {
        *((HEADLESS, feature) for feature in ("text", "speech", "devices")),
        *((SAVED_PAGE, feature) for feature in ("text", "speech", "devices")),
        *((TERMINAL, feature) for feature in FEATURES if feature != "text"),
        ("Voilà, Chromium", "kept"),
        ("marimo, Chromium", "explorers"),
    }
)
"""What a host cannot have, so that nobody waits for a test of it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A test that proves a feature of a host."""

    host: str
    feature: str
    test: str
    by_construction: bool = False


def marks_of(item: Any) -> Iterator[Mark]:
    """Yield what a collected test proves.

    Raises
    ------
    ValueError
        A host or a feature has no line in the table.
    """
    for mark in item.iter_markers("host"):
        host, *features = mark.args
        if host not in HOSTS or not features or not FEATURES.keys() >= set(features):
            raise ValueError(
                f"{item.nodeid}: host({', '.join(map(repr, mark.args))}) is not in the table: "
                f"the hosts are {', '.join(HOSTS)}; the features are {', '.join(FEATURES)}."
            )
        is_everywhere = host == CHROMIUM and item.get_closest_marker("in_short")
        for name in (host, FIREFOX) if is_everywhere else (host,):
            for feature in features:
                yield Mark(name, feature, item.nodeid, mark.kwargs.get("by_construction", False))


def note_result(item: Any, *, has_passed: bool) -> None:
    """Append a test's result to the report; several processes may do so at once."""
    is_firefox = item.config.getoption("--browser", "") == "firefox"
    if not (marks := [mark for mark in marks_of(item) if (mark.host == FIREFOX) == is_firefox]):
        return
    REPORT.parent.mkdir(exist_ok=True)
    lines = [json.dumps({**asdict(mark), "has_passed": has_passed}) for mark in marks]
    written = ("\n".join(lines) + "\n").encode()
    file = os.open(REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, written)  # in one piece, so that no other process's line is in it
    finally:
        os.close(file)


def list_marks(items: list[Any]) -> None:
    """Write what the collected tests prove to the file that the environment names, if it does.

    Raises
    ------
    ValueError
        A host or a feature has no line in the table.
    """
    marks = [asdict(mark) for item in items for mark in marks_of(item)]
    if name := os.environ.get(LIST):
        Path(name).write_text(json.dumps(marks), encoding="utf-8")


def marks(folder: Path) -> list[Mark]:
    """Collect the marked tests in a process of their own, and return what they prove.

    Parameters
    ----------
    folder
        A place for the list.
    """
    listed = folder / "hosts.json"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    # All 7,000 would take half a minute.
    files = Path(__file__).parent.rglob("test_*.py")
    marked = [str(path) for path in files if "mark.host(" in path.read_text(encoding="utf-8")]
    ended = subprocess.run(
        [*command, "-m", "host", *sorted(marked)],
        cwd=REPOSITORY,
        env={**os.environ, LIST: str(listed)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"the tests could not be collected:\n{ended.stdout[-3000:]}")
    return [Mark(**mark) for mark in json.loads(listed.read_text(encoding="utf-8"))]


def results() -> dict[Mark, bool]:
    """Read the report: whether each test passed when it ran last."""
    if not REPORT.exists():
        return {}
    said = map(json.loads, REPORT.read_text(encoding="utf-8").splitlines())
    return {
        Mark(**{name: value for name, value in line.items() if name != "has_passed"}): line[
            "has_passed"
        ]
        for line in said
    }
