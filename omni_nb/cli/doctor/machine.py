"""Check the machine: Python, the system, its environment, and this package."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import omni_nb
from omni_nb.cli.doctor.finding import Finding
from omni_nb.cli.terminal import CommandError, short
from omni_nb.cli.tutorials import packaged_tutorials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLACES: Mapping[str, str] = {
    "BINDER_SERVICE_HOST": "Binder",
    "JUPYTERHUB_API_URL": "JupyterHub",
    "COLAB_RELEASE_TAG": "Colab",
    "KAGGLE_KERNEL_RUN_TYPE": "Kaggle",
    "CODESPACES": "Codespaces",
    "WSL_DISTRO_NAME": "WSL",
    "SSH_CONNECTION": "SSH",
    "CONDA_PREFIX": "conda",
}
"""Surroundings to name in a report, by the variable that each of them sets."""

_SCRIPTS = ("player.js", "panel.js", "filedrop.js")


def findings() -> Iterator[Finding]:
    """Check Python, the system and the package's files."""
    yield _python()
    yield Finding("System", platform.platform() + _surroundings())
    yield _package()
    yield _files()


def _python() -> Finding:
    kind = "virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    bits = "64 bit" if sys.maxsize > 2**32 else "32 bit"
    said = f"{platform.python_version()} ({platform.python_implementation()}, {bits}, {kind})"
    return Finding("Python", f"{said} at {short(Path(sys.executable))}")


def _surroundings() -> str:
    places = [name for variable, name in _PLACES.items() if os.environ.get(variable)]
    return f" ({', '.join(places)})" if places else ""


def _package() -> Finding:
    place = short(Path(omni_nb.__file__).parent)
    try:
        return Finding("omni_nb", f"{version('omni-nb')} at {place}")
    except PackageNotFoundError:
        advice = (
            "Kernels started elsewhere do not find omni_nb; in the clone: python -m pip install ."
        )
        return Finding("omni_nb", f"not installed, but run from {place}", "warning", advice)


def _files() -> Finding:
    """Check the package's files that are not Python; a broken installation lacks some."""
    static = Path(omni_nb.__file__).parent / "static"
    missing = [name for name in _SCRIPTS if not (static / name).is_file()]
    try:
        tutorials = f"{len(packaged_tutorials())} tutorials"
    except CommandError:
        missing.append("the tutorials")
    if not missing:
        return Finding("Files", f"the browser's JavaScript and {tutorials} are here")
    advice = "Install omni_nb again: python -m pip install --force-reinstall --no-deps omni-nb"
    return Finding("Files", f"missing: {', '.join(missing)}", "warning", advice)
