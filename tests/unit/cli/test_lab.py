"""``omni-nb lab``: which folder, what is said, and JupyterLab as it is started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from omni_nb import cli
from omni_nb.cli import lab, tutorials
from omni_nb.cli.lab import DEFAULT_FOLDER, jupyterlab

NAME = "01_quickstart.ipynb"


class Became(Exception):
    """What this process would have become."""


@pytest.fixture(autouse=True)
def small_home(tmp_path, monkeypatch) -> Path:
    """One tutorial, a place of its own, and a process that stays what it is."""

    def become(program: str, command: list[str]) -> None:
        raise Became(program, command)

    home = tmp_path / "package"
    home.mkdir()
    (home / NAME).write_bytes(b"{}")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tutorials, "_home", lambda: home)
    monkeypatch.setattr(lab.os, "execv", become)
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    return home


def became(*arguments: str) -> list[str]:
    with pytest.raises(Became) as ended:
        cli.main(["lab", *arguments])
    program, command = ended.value.args
    assert program == command[0] == sys.executable
    return command[1:]


def test_it_becomes_jupyterlab_on_the_quickstart(capsys) -> None:
    command = became()
    folder = Path.cwd() / DEFAULT_FOLDER
    assert command[:2] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={folder}" in command
    assert f"--LabApp.default_url=/lab/tree/{NAME}" in command
    assert "--no-browser" not in command
    assert (folder / NAME).is_file()
    assert capsys.readouterr().out.splitlines() == [
        f"Copied the tutorials to {folder}.",
        "Starting JupyterLab; end it with Ctrl+C.",
    ]


def test_kernels_are_of_this_python(monkeypatch) -> None:
    monkeypatch.delenv("JUPYTER_PREFER_ENV_PATH")
    became()
    assert os.environ["JUPYTER_PREFER_ENV_PATH"] == "1"


@pytest.mark.parametrize("given", ["my talks/omni", "{here}/课 1", "~/talks", "a/../talks/"])
def test_a_folder_is_taken_as_it_was_meant(given, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(Path.cwd()))
    monkeypatch.setenv("USERPROFILE", str(Path.cwd()))
    command = became(given.format(here=Path.cwd()))
    name = given.replace("{here}", "").replace("a/../", "").strip("~/")
    assert f"--ServerApp.root_dir={Path.cwd() / name}" in command
    assert (Path.cwd() / name / NAME).is_file()


def test_a_folder_with_tutorials_is_opened_as_it_is(capsys) -> None:
    became()
    Path(DEFAULT_FOLDER, NAME).write_bytes(b"mine")
    capsys.readouterr()
    assert f"--ServerApp.root_dir={Path.cwd() / DEFAULT_FOLDER}" in became()
    said = capsys.readouterr().out.splitlines()[0]
    assert said.startswith(f"Using the tutorials in {Path.cwd() / DEFAULT_FOLDER} as they are")
    assert "--fresh makes a new copy" in said
    assert Path(DEFAULT_FOLDER, NAME).read_bytes() == b"mine"


def test_the_first_tutorial_that_is_there_is_opened(small_home) -> None:
    (small_home / "02.ipynb").write_bytes(b"{}")
    became()
    Path(DEFAULT_FOLDER, NAME).unlink()
    assert "--LabApp.default_url=/lab/tree/02.ipynb" in became()


def test_a_fresh_copy_goes_beside_what_is_there(capsys) -> None:
    cli.main(["lab", "--copy-only"])
    Path(DEFAULT_FOLDER, NAME).write_bytes(b"mine")
    for number in (2, 3):
        folder = Path.cwd() / f"{DEFAULT_FOLDER}-{number}"
        assert f"--ServerApp.root_dir={folder}" in became("--fresh")
        assert f"Copied the tutorials to {folder}." in capsys.readouterr().out
        assert (folder / NAME).read_bytes() == b"{}"
    assert Path(DEFAULT_FOLDER, NAME).read_bytes() == b"mine"


def test_a_fresh_copy_of_a_folder_that_is_not_there_is_that_folder() -> None:
    assert f"--ServerApp.root_dir={Path.cwd() / 'talks'}" in became("talks", "--fresh")


def test_a_fresh_copy_from_inside_the_tutorials_goes_beside_them(monkeypatch) -> None:
    became()
    monkeypatch.chdir(DEFAULT_FOLDER)
    assert f"--ServerApp.root_dir={Path.cwd()}-2" in became("--fresh")


def test_in_a_folder_that_has_them_already_it_stays_there(monkeypatch) -> None:
    became()
    monkeypatch.chdir(DEFAULT_FOLDER)
    assert f"--ServerApp.root_dir={Path.cwd()}" in became()
    assert not Path(DEFAULT_FOLDER).exists()


def test_options_go_to_jupyterlab_and_the_last_word_is_the_persons() -> None:
    command = became("--no-browser", "--port", "9999", "--", "--log-level=DEBUG", "--ip=0.0.0.0")
    assert {"--no-browser", "--port=9999", "--ip=0.0.0.0"} <= set(command)
    assert [option for option in command if "log-level" in option] == ["--log-level=DEBUG"]


@pytest.mark.parametrize(("user", "is_allowed"), [(0, True), (1000, False)])
def test_root_is_told_to_jupyterlab(user, is_allowed, monkeypatch) -> None:
    monkeypatch.setattr(lab.os, "geteuid", lambda: user, raising=False)
    assert ("--allow-root" in jupyterlab(Path("talks"), NAME, [])) == is_allowed


def test_without_jupyterlab_it_says_what_to_install_and_can_still_copy(monkeypatch, capsys) -> None:
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    assert cli.main(["lab"]) == 1
    assert "pip install 'omni-nb[lab]'" in capsys.readouterr().err
    assert not Path(DEFAULT_FOLDER).exists()
    assert cli.main(["lab", "--copy-only"]) == 0
    assert Path(DEFAULT_FOLDER, NAME).is_file()


def test_a_folder_that_cannot_be_used_is_one_line_and_exit_code_1(capsys) -> None:
    Path("notes.txt").write_text("mine")
    assert cli.main(["lab", "."]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"{Path.cwd()} holds other files" in said.err
