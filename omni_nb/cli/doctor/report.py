"""Write findings as lines for a terminal and as JSON for an issue."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.cli.doctor.finding import Finding, Topic

_STATE_WIDTH = len("warning")
_NAME_WIDTH = len("Other kernel")
_NARROWEST, _WIDEST = 60, 100


def as_text(topic: Topic) -> str:
    """Return a topic as aligned lines, in ASCII: a terminal may know nothing else.

    Examples
    --------
    >>> from omni_nb.cli.doctor.finding import Finding, Topic
    >>> print(as_text(Topic("Audio", (Finding("Voice", "hums", "note", "pip install x"),))))
    Audio
      note     Voice         hums
                             -> pip install x
    """
    width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    return "\n".join([topic.name, *(_lines(finding, width) for finding in topic.findings)])


def conclusion(topics: Sequence[Topic]) -> str:
    """Return the last line: whether omni_nb can answer."""
    found = [finding.state for topic in topics for finding in topic.findings]
    problems, warnings = found.count("problem"), found.count("warning")
    counted = " and ".join(
        f"{number} {name}{'' if number == 1 else 's'}"
        for number, name in ((problems, "problem"), (warnings, "warning"))
        if number
    )
    if problems:
        return f"omni_nb cannot answer yet: {counted}, see above."
    return f"omni_nb can answer{f', with {counted}' if counted else ''}."


def can_answer(topics: Sequence[Topic]) -> bool:
    """Return whether no finding is a problem."""
    return all(finding.state != "problem" for topic in topics for finding in topic.findings)


def as_json(topics: Sequence[Topic]) -> str:
    """Return all topics as JSON, in ASCII."""
    report = {
        "can_answer": can_answer(topics),
        "conclusion": conclusion(topics),
        "topics": {topic.name: [*map(asdict, topic.findings)] for topic in topics},
    }
    return json.dumps(report, indent=2)


def _lines(finding: Finding, width: int) -> str:
    head = f"  {finding.state:{_STATE_WIDTH}}  {finding.name:{_NAME_WIDTH}}  "
    said = _wrapped(finding.said, head, " " * len(head), width)
    if not finding.advice:
        return said
    margin = " " * len(head)
    return f"{said}\n{_wrapped(finding.advice, f'{margin}-> ', f'{margin}   ', width)}"


def _wrapped(text: str, first: str, others: str, width: int) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
