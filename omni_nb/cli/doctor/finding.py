"""Finding: one thing that was looked at, what was seen, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "problem"]
"""``"problem"``: no answer can be had before it is solved; ``"note"``: good to know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and one line of advice where there is something to do."""

    name: str
    said: str
    state: State = "ok"
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """Findings that belong together."""

    name: str
    findings: tuple[Finding, ...]
