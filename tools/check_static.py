"""Build the browser side anew and compare it with what is committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[1] / "omni_nb" / "static"


def main() -> int:
    """Compare; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        committed = Path(shutil.copytree(STATIC, Path(folder) / "static"))
        subprocess.run(["npm", "run", "--silent", "build"], check=True)
        built = {path.name: path.read_bytes() for path in STATIC.iterdir()}
        kept = {path.name: path.read_bytes() for path in committed.iterdir()}
    differing = sorted(
        name for name in built.keys() | kept.keys() if built.get(name) != kept.get(name)
    )
    if differing:
        print(
            f"omni_nb/static/ is not what js/ builds: {', '.join(differing)}.\n"
            "It has been built anew: look at it and commit it.",
            file=sys.stderr,
        )
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
