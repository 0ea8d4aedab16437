"""``omni-nb doctor``: looks at everything an answer needs, and says what to do."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from omni_nb.cli.doctor.finding import Finding, Topic
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
"""What is looked at, in this order, and the module that looks: each may lack what it needs."""


def add_to(commands: Commands) -> None:
    """Add the command and its options."""
    doctor = add_command(
        commands,
        "doctor",
        run,
        summary="check key, network, audio, browser and versions, and say what to do",
        details="No key is shown, none is sent, and nothing is billed. "
        "Exit code 0: an answer can be had; 1: see the problems.",
    )
    doctor.add_argument("--json", action="store_true", help="the same as JSON, for a bug report")


def run(options: argparse.Namespace) -> int:
    """Look, and say what was seen; return the exit code."""
    topics = []
    for topic in look():
        topics.append(topic)
        if not options.json:
            print(f"{as_text(topic)}\n", flush=True)
    print(as_json(topics) if options.json else conclusion(topics))
    return 0 if can_answer(topics) else 1


def look() -> Iterator[Topic]:
    """Look at one topic after the other; no secret is in what was found."""
    for name, module in _TOPICS.items():
        yield Topic(name, tuple(map(_without_secrets, _findings(module))))


def _findings(module: str) -> Iterator[Finding]:
    """Yield a module's findings; what breaks it is a finding, too."""
    try:
        yield from import_module(f"{__name__}.{module}").findings()
    except Exception as error:
        said = f"could not be looked at: {type(error).__name__}: {error}"
        yield Finding("This", said, "warning", "Please report it.")


def _without_secrets(finding: Finding) -> Finding:
    said, advice = (masked(text, os.environ) for text in (finding.said, finding.advice))
    return replace(finding, said=said, advice=advice)
