"""Check Jupyter: its applications, kernels, widgets and subshells."""

from __future__ import annotations

import re
import shutil
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_nb.cli.doctor.finding import Finding
from omni_nb.cli.doctor.packages import fits, install, installed, required
from omni_nb.cli.terminal import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.version import Version

_LAB = "JupyterLab"
_WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
_MEANWHILE = "The stop button in the notebook's toolbar always works."
_ADD_KERNEL = "python -m ipykernel install --user --name omni"
_ANY_PYTHON = ("python", "python3")  # Jupyter takes its own for these
_ANSWERS_ON_MAIN = (7, 4)  # ipykernel sends a widget's messages where the widget was made
_SETTINGS = "@jupyterlab/apputils-extension/kernels-settings"


def findings() -> Iterator[Finding]:
    """Check JupyterLab, the other applications, the kernel and the widgets."""
    yield _lab()
    yield from filter(None, (_other_lab(), _widgets()))
    yield _others()
    yield _kernel()
    yield from filter(None, (_other_kernel(), _subshells()))


def _lab() -> Finding:
    here, tested = installed("jupyterlab"), required("jupyterlab", extra="lab")
    if here is None:
        advice = "For `omni-nb lab`: " + install("omni-nb[lab]")
        return Finding(_LAB, "not installed in this Python", "note", advice)
    if not fits(here, tested):
        advice = install(f"jupyterlab{tested}")
        return Finding(_LAB, f"{here}; omni_nb is tested with {tested}", "warning", advice)
    return Finding(_LAB, str(here))


def _other_lab() -> Finding | None:
    """Find a JupyterLab of another Python that comes first on the path."""
    command = shutil.which("jupyter-lab")
    if command is None or Path(command).parent == Path(sys.executable).parent:
        return None
    said = f"`jupyter lab` starts the JupyterLab of another Python: {short(Path(command))}"
    if installed("jupyterlab"):
        return Finding(
            "On the path", said, "note", "`omni-nb lab` starts the JupyterLab of this Python."
        )
    advice = f"Install anywidget in that Python, and add this one as a kernel: {_ADD_KERNEL}"
    return Finding("On the path", said, "note", advice)


def _widgets() -> Finding | None:
    """Find the widgets' JavaScript; without it a player is a line of text."""
    if installed("jupyterlab") is None:
        return None
    folders = [Path(path) for path in import_module("jupyter_core.paths").jupyter_path()]
    missing = [
        name
        for name in _WIDGETS
        if not any((folder / "labextensions" / name).is_dir() for folder in folders)
    ]
    if not missing:
        return Finding("Widgets", "JupyterLab finds ipywidgets and anywidget")
    advice = install("--force-reinstall", "jupyterlab_widgets", "anywidget")
    return Finding("Widgets", f"JupyterLab does not find {', '.join(missing)}", "warning", advice)


def _others() -> Finding:
    found = [
        f"{name} {here}"
        for name, package in (("Notebook", "notebook"), ("Voila", "voila"))
        if (here := installed(package))
    ]
    return Finding(
        "Other apps",
        ", ".join(found) or "neither Notebook nor Voila is installed; neither is needed",
    )


def _kernel() -> Finding:
    here = installed("ipykernel")
    if here is None:
        said = "ipykernel is not installed: no notebook can run in this Python"
        return Finding("Kernel", said, "warning", install("ipykernel"))
    return Finding("Kernel", f"ipykernel {here}")


def _other_kernel() -> Finding | None:
    """Find a kernel named python3 that runs another Python."""
    if find_spec("jupyter_client") is None:
        return None
    kernelspec: Any = import_module("jupyter_client.kernelspec")
    try:
        program = kernelspec.KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (kernelspec.NoSuchKernel, OSError, ValueError, IndexError):
        return None
    if program in _ANY_PYTHON or _is_ours(Path(program)):
        return None
    said = f"the kernel 'python3' runs another Python: {short(Path(program))}"
    advice = f"If that Python lacks omni_nb, add a kernel and choose it: {_ADD_KERNEL}"
    return Finding("Other kernel", said, "warning", advice)


def _is_ours(python: Path) -> bool:
    """Return whether a program is this Python; a virtual environment's is a link to another."""
    return python.parent.resolve() == Path(sys.executable).parent.resolve()


def _subshells() -> Finding | None:
    """Check whether widgets' messages arrive while a cell runs."""
    if (here := installed("ipykernel")) is None:
        return None
    if reason := _no_subshells(here):
        said = f"no ({reason}): a panel's buttons wait until a running cell has ended"
        return Finding("Subshells", said, "note", _MEANWHILE)
    if here.release >= _ANSWERS_ON_MAIN:
        said = "yes; but a panel's buttons may wait while a cell without `await` runs"
        return Finding("Subshells", said, "note", _MEANWHILE)
    return Finding("Subshells", "yes: a panel's buttons work while a cell runs")


def _no_subshells(ipykernel: Version) -> str:
    """Return why comm messages wait for a running cell, or ``""``."""
    if ipykernel.major < 7:
        return f"ipykernel {ipykernel} has no subshells"
    if (here := installed("jupyterlab")) is None:
        return ""
    paths: Any = import_module("jupyter_core.paths")
    schemas = [Path(p) / "lab" / "schemas" / f"{_SETTINGS}.json" for p in paths.jupyter_path()]
    if not any("commsOverSubshells" in _text(path) for path in schemas):
        return f"JupyterLab {here} does not use subshells"
    chosen = Path(paths.jupyter_config_dir()) / "lab" / "user-settings"
    settings = _text(chosen / f"{_SETTINGS}.jupyterlab-settings")
    is_off = re.search(r"^\s*\"commsOverSubshells\"\s*:\s*\"disabled\"", settings, re.M)
    return "turned off in JupyterLab's settings" if is_off else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
