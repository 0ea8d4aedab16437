"""Describe what the doctor has found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "problem"]
"""``"problem"``: omni_nb cannot answer before the problem is solved; ``"note"``: good to know."""

REPORT = "Please report this, with `omni-nb doctor --json`."


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, what was found, and advice where there is something to do."""

    name: str
    said: str
    state: State = "ok"
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """Findings that belong together."""

    name: str
    findings: tuple[Finding, ...]
