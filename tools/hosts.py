"""Write the table of hosts in docs/hosts.md from the report of the tests that have run.

``python -m tools.hosts`` after the tests; tests/hosts.py says which of them prove something of a
host. One that has not passed since the report was begun is named, and the page stays as it is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hosts import FEATURES, HOSTS, NOT_THERE, READ, REPOSITORY, Mark, marks, results

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = REPOSITORY / "docs" / "hosts.md"
BEGIN = "<!-- `make hosts` writes from here, out of the tests that have passed, -->"
END = "<!-- to here. -->"
TESTED, BUILT, READ_ONLY, NOT_HERE, UNKNOWN = "tested", "built", "read", "–", "?"


def main() -> int:
    """Write the table; return 1 where a marked test has not passed."""
    with tempfile.TemporaryDirectory() as folder:
        marked = marks(Path(folder))
    passed = results()
    if missing := sorted({mark.test for mark in marked if not passed.get(mark)}):
        print("These have not passed since the report was begun:", *missing, sep="\n  ")
        return 1
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(page, table(marked)), encoding="utf-8")
    return 0


def table(marked: Iterable[Mark]) -> str:
    """Return the table of what these tests prove, and of what is only read or not known."""
    cells = states(marked)
    head = ["Host", *FEATURES.values()]
    rows = [[host, *(cells[host, feature] for feature in FEATURES)] for host in HOSTS]
    lines = [head, ["---"] * len(head), *rows]
    said = [f"- {host}, {FEATURES[name].lower()}: {text}." for (host, name), text in READ.items()]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([table, "", "What was read:", "", *said])


def states(marked: Iterable[Mark]) -> dict[tuple[str, str], str]:
    """Return what each host's features are in the table."""
    proofs = [*marked]
    tested = {(mark.host, mark.feature) for mark in proofs if not mark.by_construction}
    built = {(mark.host, mark.feature) for mark in proofs} - tested

    def state(place: tuple[str, str]) -> str:
        if place in tested:
            return TESTED
        said = [BUILT] * (place in built) + [READ_ONLY] * (place in READ)
        return ", ".join(said) or (NOT_HERE if place in NOT_THERE else UNKNOWN)

    return {(host, feature): state((host, feature)) for host in HOSTS for feature in FEATURES}


def with_table(page: str, table: str) -> str:
    """Return a page with this table in its place."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
