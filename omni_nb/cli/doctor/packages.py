"""Check the installed packages against what omni_nb requires."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from omni_nb.cli.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator


def findings() -> Iterator[Finding]:
    """Compare the installed packages with the required ones."""
    needs = requirements()
    if not needs:
        yield Finding("Required", "unknown: omni_nb is not installed as a package", "note")
        return
    met, unmet = [], {}
    for need in needs:
        here = installed(need.name)
        if fits(here, need.specifier):
            met.append(f"{need.name} {here}")
        else:
            unmet[f"{need.name}{need.specifier}"] = here
    yield Finding("Required", f"{len(met)} of {len(needs)}: {', '.join(met)}")
    if unmet:
        seen = ", ".join(f"{need} (installed: {here or 'none'})" for need, here in unmet.items())
        yield Finding("To install", seen, "problem", install(*unmet))


def requirements(extra: str = "") -> list[Requirement]:
    """Return what omni_nb's metadata requires for this Python; nothing without metadata."""
    try:
        needs = map(Requirement, requires("omni-nb") or [])
    except PackageNotFoundError:
        return []
    return [need for need in needs if not need.marker or need.marker.evaluate({"extra": extra})]


def required(name: str, *, extra: str) -> SpecifierSet:
    """Return the versions of a package that an extra requires; any where unknown."""
    known = (need.specifier for need in requirements(extra) if need.name == name)
    return next(known, SpecifierSet())


def installed(name: str) -> Version | None:
    """Return the installed version of a package; None also where its metadata is broken."""
    try:
        return Version(version(name))
    except (PackageNotFoundError, InvalidVersion, TypeError, KeyError):
        return None  # what an interrupted pip leaves has no version: None, or no such key


def fits(here: Version | None, versions: SpecifierSet) -> bool:
    """Return whether a package is installed in one of these versions, pre-releases among them."""
    return here is not None and versions.contains(here, prereleases=True)


def install(*packages: str) -> str:
    """Return the command that installs packages.

    Examples
    --------
    >>> print(install("--upgrade", "av>=14"))
    python -m pip install --upgrade "av>=14"
    """
    quoted = (f'"{word}"' if re.search(r"[<>\[]", word) else word for word in packages)
    return f"python -m pip install {' '.join(quoted)}"
