"""Build the sdist and the wheel, check what is in them, and try the wheel where nothing else is."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
TRAVEL = {"omni_nb/": "omni_nb/", "notebooks/": "omni_nb/tutorials/"}
"""The folders whose files go into the wheel, and where they are there."""

SMOKE = """\
import omni_nb
reply = omni_nb.ask("Hello", show=False)
assert reply.text, reply
print(omni_nb.__version__, omni_nb.__file__, reply.text, sep="\\n")
"""
THEIRS = ("DASHSCOPE_", "OPENAI_", "OMNI_NB_", "PYTHON")
"""Variables of whoever releases; who installs the wheel has no key."""


def main() -> int:
    """Build and check as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", default="", help="of the release; it must name the version")
    tag = parser.parse_args().tag
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if tag and tag != f"v{version}":
        return fail([f"the tag is {tag}, but pyproject.toml has version {version}: v{version}"])
    wheel, sdist = build()
    twine = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)]
    subprocess.run(twine, check=True)
    tracked = files_in_git()
    with zipfile.ZipFile(wheel) as archive:
        wrong = wrong_in_wheel(archive.namelist(), tracked)
    with tarfile.open(sdist) as archive:
        wrong += wrong_in_sdist((m.name for m in archive.getmembers() if not m.isdir()), tracked)
    if wrong:
        return fail(wrong)
    said = try_out(wheel)
    if said[0] != version:
        return fail([f"the wheel says that it is {said[0]}, pyproject.toml says {version}"])
    print(f"{wheel.name} answers in a clean environment: {said[2]}")
    return 0


def build() -> tuple[Path, Path]:
    """Build both anew, the wheel out of the sdist; return their paths."""
    shutil.rmtree(DIST, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # steps go to stderr
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    return wheel, sdist


def files_in_git() -> list[str]:
    """Return the files that git knows."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name]


def wrong_in_wheel(names: Iterable[str], tracked: Iterable[str]) -> list[str]:
    """Compare a wheel with git: the package, its data and the tutorials, and nothing else.

    Examples
    --------
    >>> wrong_in_wheel(["omni_nb/a.py", "tests/b.py"], ["omni_nb/a.py", "omni_nb/c.toml"])
    ['not in the wheel: LICENSE', 'not in the wheel: omni_nb/c.toml', 'in the wheel: tests/b.py']
    """
    names = set(names)
    found = {name for name in names if ".dist-info/" not in name}
    wanted = {
        there + name.removeprefix(here)
        for name in tracked
        for here, there in TRAVEL.items()
        if name.startswith(here)
    }
    licence = any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    lost = [*([] if licence else ["LICENSE"]), *sorted(wanted - found)]
    return [
        *(f"not in the wheel: {name}" for name in lost),
        *(f"in the wheel: {name}" for name in sorted(found - wanted)),
    ]


def wrong_in_sdist(names: Iterable[str], tracked: Iterable[str]) -> list[str]:
    """Say which files of an sdist git does not know; ``PKG-INFO`` is made while it is built.

    Examples
    --------
    >>> wrong_in_sdist(["omni_nb-1/PKG-INFO", "omni_nb-1/a.py", "omni_nb-1/key.txt"], ["a.py"])
    ['in the sdist, not in git: key.txt']
    """
    found = {name.partition("/")[2] for name in names}
    return [f"in the sdist, not in git: {n}" for n in sorted(found - {"PKG-INFO", *tracked})]


def try_out(wheel: Path) -> list[str]:
    """Install a wheel with what it brings, as anybody would, and ask; return what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        programs = Path(folder) / "venv" / "bin"
        python = str(programs / "python")

        def run(*command: str) -> str:
            return subprocess.run(
                command,
                cwd=folder,
                env=without_theirs(os.environ),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout

        run(python, "-m", "pip", "--disable-pip-version-check", "install", "-q", str(wheel))
        run(str(programs / "omni-nb"), "--help")
        said = run(python, "-c", SMOKE).splitlines()
        if not Path(said[1]).is_relative_to(Path(folder).resolve()):
            raise RuntimeError(f"not the wheel was tried, but {said[1]}")
        return said


def without_theirs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables without keys and settings.

    Examples
    --------
    >>> without_theirs({"OPENAI_API_KEY": "sk-1", "PATH": "/bin"})
    {'PATH': '/bin'}
    """
    return {name: value for name, value in environment.items() if not name.startswith(THEIRS)}


def fail(reasons: Iterable[str]) -> int:
    """Print reasons; return the exit code."""
    print("\n".join(reasons), file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:  # the command itself has said why
        sys.exit(fail([f"failed: {' '.join(map(str, error.cmd))}"]))
