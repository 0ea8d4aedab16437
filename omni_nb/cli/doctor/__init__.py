"""Run the command ``omni-nb doctor``: check all that an answer needs."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from omni_nb.cli.doctor.finding import REPORT, Finding, Topic
from omni_nb.cli.doctor.report import as_json, as_text, can_answer, conclusion
from omni_nb.cli.doctor.secrets import masked
from omni_nb.cli.terminal import add_command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from omni_nb.cli.terminal import Commands

_TOPICS = {
    "Machine": "machine",
    "Packages": "packages",
    "Jupyter": "jupyter",
    "Service": "service",
    "Network": "network",
    "Audio": "standin",
    "Browser": "browser",
}
"""Topics in their order, each with its module, imported late: it may lack a package."""


def add_to(commands: Commands) -> None:
    """Add the command and its options."""
    doctor = add_command(
        commands,
        "doctor",
        run,
        summary="check key, network, audio, browser and versions, and say what to do",
        details="No key is shown or sent, and nothing is billed. "
        "Exit code 0: omni_nb can answer; 1: it cannot yet, because of the problems named.",
    )
    doctor.add_argument("--json", action="store_true", help="the same as JSON, for a bug report")


def run(options: argparse.Namespace) -> int:
    """Check every topic and print the findings; return the exit code."""
    topics = []
    for topic in look():
        topics.append(topic)
        if not options.json:
            print(f"{as_text(topic)}\n", flush=True)
    print(as_json(topics) if options.json else conclusion(topics))
    return 0 if can_answer(topics) else 1


def look() -> Iterator[Topic]:
    """Check one topic after the other; no finding has a secret in it."""
    for name, module in _TOPICS.items():
        yield Topic(name, tuple(map(_without_secrets, _findings(module))))


def _findings(module: str) -> Iterator[Finding]:
    """Yield a module's findings; an exception in it is a finding, too."""
    try:
        yield from import_module(f"{__name__}.{module}").findings()
    except ModuleNotFoundError as error:
        said = f"this check needs the Python module {error.name}, which is not installed"
        yield Finding("Check", said, "problem", "python -m pip install omni-nb")
    except Exception as error:
        said = f"this check failed: {type(error).__name__}: {error}"
        yield Finding("Check", said, "warning", REPORT)


def _without_secrets(finding: Finding) -> Finding:
    said, advice = (masked(text, os.environ) for text in (finding.said, finding.advice))
    return replace(finding, said=said, advice=advice)
