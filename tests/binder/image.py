"""What repo2docker would make of this repository, made without Docker.

`Plan` is what repo2docker itself reads out of ``binder/``. `Image` takes its steps in a fresh
virtual environment. Three things differ from an image: conda's packages come from PyPI, in the same
versions; Python is the one that runs the tests; what only root can do (``apt.txt``) is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import repo2docker
from repo2docker.app import Repo2Docker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY: Final = Path(__file__).parents[2]
BUILD_PACKS: Final = Path(repo2docker.__file__).parent / "buildpacks"


@dataclass(frozen=True, slots=True)
class Plan:
    """What repo2docker makes of a repository.

    Attributes
    ----------
    build_pack
        The name of the one that it detects.
    python_version
        Of the image, e.g. ``"3.11"``.
    base
        The packages that are there before ours are installed, as pip calls them.
    locked
        The version of each package that these bring, as conda calls them.
    before_copy, after_copy
        ``(user, script)`` of the steps out of ``binder/``, before and after the files are there.
    at_last
        The scripts of the repository that run when all is there.
    """

    build_pack: str
    python_version: str
    base: tuple[str, ...]
    locked: Mapping[str, str]
    before_copy: tuple[tuple[str, str], ...]
    after_copy: tuple[tuple[str, str], ...]
    at_last: tuple[str, ...]


def read_plan(repository: Path) -> Plan:
    """Ask repo2docker what it would do with this folder."""
    application = Repo2Docker()
    with _working_in(repository):  # where its build packs look
        made = (make(base_image=application.base_image) for make in application.buildpacks)
        pack = next(pack for pack in made if pack.detect())
        pack.platform = application.platform
        lock = next(name for name in pack.get_build_script_files() if name.endswith(".lock"))
        environment = f"conda/environment.py-{pack.python_version}.yml"
        return Plan(
            build_pack=type(pack).__name__,
            python_version=pack.python_version,
            base=_base((BUILD_PACKS / environment).read_text()),
            locked=_locked((BUILD_PACKS / lock).read_text()),
            before_copy=_steps(pack.get_preassemble_scripts()),
            after_copy=_steps(pack.get_assemble_scripts()),
            at_last=tuple(pack.get_post_build_scripts()),
        )


def tracked(repository: Path = REPOSITORY) -> list[str]:
    """Return the files that git knows: Binder gets no others."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (repository / name).exists()]


class Image:
    """The repository and its environment, as a session of Binder finds them.

    Parameters
    ----------
    folder
        An empty directory; what is built lies below it.

    Attributes
    ----------
    home
        The repository, which is also the person's home.
    prefix
        The environment.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.prefix = folder / "environment"
        for name in tracked():
            target = self.home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target, follow_symlinks=False)
        self.plan = read_plan(self.home)

    def build(self) -> None:
        """Take every step that repo2docker would take.

        Raises
        ------
        RuntimeError
            A step failed; it says which, and what it printed.
        """
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.prefix], check=True)
        pins = self.prefix / "base.txt"
        pins.write_text("".join(f"{name}=={v}\n" for name, v in self.plan.locked.items()))
        pip = f"{sys.executable} -m pip --python {self.prefix} install -q -c {pins}"
        self._run(f"{pip} {' '.join(self.plan.base)}", self._installing)
        for user, script in (*self.plan.before_copy, *self.plan.after_copy):
            if user != "root":
                # Nobody counts the bytes of a layer here, and others have downloaded the same.
                self._run(script.replace(" --no-cache-dir", " -q"), self._installing)
        for script in self.plan.at_last:
            self._run(f"chmod +x {script} && ./{script}", self.environment)

    def total_bytes(self) -> int:
        """Return what the environment weighs on disk."""
        files = (path for path in self.prefix.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files if not path.is_symlink())

    @property
    def environment(self) -> dict[str, str]:
        """The variables in a session: those of the image, and nothing of this machine's."""
        path = f"{self.prefix / 'bin'}:{os.environ['PATH']}"
        return {
            "HOME": str(self.home),
            "REPO_DIR": str(self.home),
            "NB_PYTHON_PREFIX": str(self.prefix),
            "KERNEL_PYTHON_PREFIX": str(self.prefix),
            "PATH": path,
            "LANG": "C.UTF-8",
        }

    @property
    def _installing(self) -> dict[str, str]:
        """The same, with what this machine's pip is told: where packages are, and its cache."""
        home = Path.home()
        theirs = {name: value for name, value in os.environ.items() if _is_for_pip(name)}
        folders = {"XDG_CONFIG_HOME": home / ".config", "XDG_CACHE_HOME": home / ".cache"}
        return {**theirs, **{name: str(path) for name, path in folders.items()}, **self.environment}

    def _run(self, script: str, environment: Mapping[str, str]) -> None:
        command = ["bash", "-c", script]
        done = subprocess.run(
            command, cwd=self.home, env=dict(environment), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{script}\nended with {done.returncode}:\n{done.stderr[-3000:]}")


def _base(environment: str) -> tuple[str, ...]:
    """Return what the environment names, under PyPI's names; its Python and node are ours here."""
    names = re.findall(r"^- ([\w-]+)==", environment, re.MULTILINE)
    return ("pip", *(name.removesuffix("-singleuser") for name in names))


def _locked(lock: str) -> dict[str, str]:
    """Return the version of every package in a list of conda's URLs, under PyPI's names."""
    files = re.findall(r"/([a-zA-Z][\w.-]+?)(?:\.conda|\.tar\.bz2)#", lock)
    parts = [name.rsplit("-", 2) for name in files]
    plain = [(name, version) for name, version, _ in parts if re.fullmatch(r"\d[\d.]*", version)]
    return {name.removesuffix("-base").removesuffix("-core"): version for name, version in plain}


def _steps(scripts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((user, script.strip()) for user, script in scripts)


def _is_for_pip(name: str) -> bool:
    return name.startswith("PIP_") or name.lower().endswith(("_proxy", "ssl_cert_file"))


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
