"""Packages: what is installed, against what this package requires."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from omni_nb.cli.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)[^;<>=]*(>=\s*(?P<least>[\d.]+))?[^;]*(;(?P<when>.*))?"
)
_OLDER_PYTHON = re.compile(r"python_version\s*<\s*[\"'](\d+)\.(\d+)[\"']")
_EXTRA = re.compile(r"extra\s*==\s*[\"']([\w-]+)[\"']")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package, its lowest version, and the extra that asks for it (``""``: all of us)."""

    name: str
    least: str
    extra: str = ""

    @property
    def installed(self) -> str | None:
        """The version that is here, or None."""
        return installed(self.name)

    @property
    def is_met(self) -> bool:
        """Whether it is here, and new enough."""
        here = self.installed
        return here is not None and release(here) >= release(self.least)

    def __str__(self) -> str:
        return f"{self.name}>={self.least}" if self.least else self.name


def findings() -> Iterator[Finding]:
    """Compare what is installed with what is required."""
    wanted = [need for need in requirements() if not need.extra]
    if not wanted:
        yield Finding("Required", "not known: omni_nb is not installed as a package", "note")
        return
    unmet = [need for need in wanted if not need.is_met]
    here = ", ".join(f"{need.name} {need.installed}" for need in wanted if need.is_met)
    yield Finding("Required", f"{len(wanted) - len(unmet)} of {len(wanted)}: {here}")
    if unmet:
        seen = ", ".join(f"{need} (here: {need.installed or 'none'})" for need in unmet)
        yield Finding("Missing", seen, "problem", install(*map(str, unmet)))


def requirements() -> list[Requirement]:
    """Return what our own metadata requires of this Python; nothing where we have none."""
    try:
        lines = requires("omni-nb") or []
    except PackageNotFoundError:
        return []
    return [need for line in lines if (need := _requirement(line)) is not None]


def least(name: str) -> str:
    """Return the lowest version of a package that any part of us takes, or ``""``."""
    return next((need.least for need in requirements() if need.name == name), "")


def installed(name: str) -> str | None:
    """Return the version of a package that is here, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version, to compare: equal ones are equal, however long.

    Examples
    --------
    >>> release("4.10.0") > release("4.9rc1"), release("4.0") == release("4")
    (True, True)
    """
    numbers = re.match(r"(?:\d+!)?(\d+(?:\.\d+)*)", text)
    found = [int(number) for number in numbers[1].split(".")] if numbers else []
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def install(*packages: str) -> str:
    """Return the line that installs packages here.

    Examples
    --------
    >>> print(install("--upgrade", "av>=14"))
    python -m pip install --upgrade "av>=14"
    """
    quoted = (f'"{word}"' if re.search(r"[<>\[]", word) else word for word in packages)
    return f"python -m pip install {' '.join(quoted)}"


def _requirement(line: str) -> Requirement | None:
    """Read a line of the metadata; None where it is of no concern to this Python or to us."""
    found = _REQUIREMENT.fullmatch(line.strip())
    if found is None or found["name"] == "omni-nb":
        return None
    when = found["when"] or ""
    older = _OLDER_PYTHON.search(when)
    if older and sys.version_info >= (int(older[1]), int(older[2])):
        return None
    extra = _EXTRA.search(when)
    return Requirement(found["name"], found["least"] or "", extra[1] if extra else "")
