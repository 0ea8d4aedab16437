"""Run the benchmarks and print one table: ``python -m tests.benchmarks [name ...]``."""

from __future__ import annotations

import argparse
import sys
import time

from . import (
    cpu,
    explorers,
    first_sound,
    import_time,
    many,
    notebook_size,
    panel,
    probing,
    soak,
    tokens,
    tools,
    traffic,
    upload,
)
from .table import table

BENCHMARKS = {
    "cpu": cpu.run,
    "import": import_time.run,
    "traffic": traffic.run,
    "notebook": notebook_size.run,
    "upload": upload.run,
    "probing": probing.run,
    "tokens": tokens.run,
    "soak": soak.run,
    "explorers": explorers.run,
    "sound": first_sound.run,
    "panel": panel.run,
    "tools": tools.run,
    "many": many.run,
}


def main() -> None:
    """Run what the command line names, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    known = ", ".join(BENCHMARKS)
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of: {known}")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {known}")
    rows = []
    for name in names:
        started = time.perf_counter()
        rows += BENCHMARKS[name]()
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
