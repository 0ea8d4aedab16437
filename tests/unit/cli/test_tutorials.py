"""Tutorials in a folder of one's own: what is copied, renewed, asked about and kept."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from omni_nb.cli import tutorials
from omni_nb.cli.terminal import CommandError
from omni_nb.cli.tutorials import RECORD, copy_tutorials, travelling

NAME = "01_quickstart.ipynb"
CHINESE = f"zh/{NAME}"


class Person:
    """Someone at a terminal who always gives the same answer, or nobody."""

    def __init__(self, answer: bool | None = None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, name: str) -> bool | None:
        self.asked.append(name)
        return self.answer


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Where the tutorials come from; there may be newer ones."""
    folder = tmp_path / "package"
    (folder / "zh").mkdir(parents=True)
    (folder / NAME).write_bytes(b"one")
    (folder / CHINESE).write_bytes("一".encode())
    monkeypatch.setattr(tutorials, "_home", lambda: folder)
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "my lessons" / "omni"


def test_the_tutorials_of_this_package_are_the_notebooks_of_the_repository() -> None:
    notebooks = Path(__file__).parents[3] / "notebooks"
    here = {path.relative_to(notebooks).as_posix() for path in notebooks.glob("[0-9]*.ipynb")}
    here |= {path.relative_to(notebooks).as_posix() for path in notebooks.glob("zh/*.ipynb")}
    assert NAME in here
    assert here == set(travelling())


def test_they_come_out_of_the_wheel_when_they_are_in_it(tmp_path, monkeypatch) -> None:
    package = tmp_path / "site-packages" / "omni_nb"
    (package / "tutorials").mkdir(parents=True)
    monkeypatch.setattr(tutorials.omni_nb, "__file__", str(package / "__init__.py"))
    with pytest.raises(CommandError, match=r"no tutorials.*pip install"):
        travelling()
    (package / "tutorials" / NAME).write_bytes(b"wheel")
    assert travelling() == {NAME: b"wheel"}


def test_what_jupyter_leaves_beside_them_does_not_travel(home) -> None:
    (home / ".ipynb_checkpoints").mkdir()
    (home / ".ipynb_checkpoints" / NAME).write_bytes(b"old")
    (home / "answer.wav").write_bytes(b"RIFF")
    assert set(travelling()) == {NAME, CHINESE}


def test_a_folder_is_made_and_filled_and_then_left_alone(home, folder) -> None:
    assert set(copy_tutorials(folder, Person()).values()) == {"new"}
    assert (folder / NAME).read_bytes() == b"one"
    assert (folder / CHINESE).read_text(encoding="utf-8") == "一"
    before = (folder / RECORD).stat().st_mtime_ns
    assert set(copy_tutorials(folder, Person()).values()) == {"unchanged"}
    assert (folder / RECORD).stat().st_mtime_ns == before


def test_a_read_only_original_becomes_a_copy_that_can_be_saved(home, folder) -> None:
    (home / NAME).chmod(0o444)
    copy_tutorials(folder, Person())
    assert (folder / NAME).stat().st_mode & 0o200


def test_an_older_copy_that_nobody_changed_is_renewed(home, folder) -> None:
    copy_tutorials(folder, Person())
    (home / NAME).write_bytes(b"two")
    somebody = Person(answer=False)
    assert copy_tutorials(folder, somebody) == {NAME: "renewed", CHINESE: "unchanged"}
    assert (folder / NAME).read_bytes() == b"two"
    assert somebody.asked == []


def test_what_was_changed_is_not_asked_about_while_nothing_is_newer(home, folder) -> None:
    copy_tutorials(folder, Person())
    (folder / NAME).write_bytes(b"mine")
    somebody = Person(answer=True)
    assert copy_tutorials(folder, somebody)[NAME] == "kept"
    assert (folder / NAME).read_bytes() == b"mine"
    assert somebody.asked == []


def test_who_keeps_theirs_is_asked_again_when_there_is_something_newer_still(home, folder) -> None:
    copy_tutorials(folder, Person())
    (folder / CHINESE).write_bytes(b"mine")
    for newer, asked in ((b"two", [CHINESE]), (b"two", []), (b"three", [CHINESE])):
        (home / CHINESE).write_bytes(newer)
        somebody = Person(answer=False)
        assert copy_tutorials(folder, somebody)[CHINESE] == "kept"
        assert somebody.asked == asked
    assert (folder / CHINESE).read_bytes() == b"mine"


def test_who_agrees_gets_the_newer_one(home, folder) -> None:
    copy_tutorials(folder, Person())
    (folder / NAME).write_bytes(b"mine")
    (home / NAME).write_bytes(b"two")
    assert copy_tutorials(folder, Person(answer=True))[NAME] == "replaced"
    assert (folder / NAME).read_bytes() == b"two"
    assert copy_tutorials(folder, Person())[NAME] == "unchanged"


def test_where_nobody_answers_it_is_kept_and_asked_about_next_time(home, folder) -> None:
    copy_tutorials(folder, Person())
    (folder / NAME).write_bytes(b"mine")
    (home / NAME).write_bytes(b"two")
    assert copy_tutorials(folder, Person())[NAME] == "unasked"
    assert (folder / NAME).read_bytes() == b"mine"
    somebody = Person(answer=False)
    copy_tutorials(folder, somebody)
    assert somebody.asked == [NAME]


@pytest.mark.parametrize("record", [None, b"{", b"[]", b'{"copied": 1}', b"\xff"])
def test_a_file_that_we_do_not_know_is_not_written_over(record, home, folder) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"somebody's")
    if record is not None:
        (folder / RECORD).write_bytes(record)
    assert copy_tutorials(folder, Person()) == {NAME: "unasked", CHINESE: "new"}
    assert (folder / NAME).read_bytes() == b"somebody's"


def test_a_copy_that_was_thrown_away_comes_anew(home, folder) -> None:
    copy_tutorials(folder, Person())
    (folder / NAME).unlink()
    assert copy_tutorials(folder, Person())[NAME] == "new"
    assert (folder / NAME).read_bytes() == b"one"


def test_a_link_is_replaced_and_what_it_leads_to_stays(home, folder, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere.ipynb"
    copy_tutorials(folder, Person())
    elsewhere.write_bytes(b"one")
    (folder / NAME).unlink()
    (folder / NAME).symlink_to(elsewhere)
    (home / NAME).write_bytes(b"two")
    assert copy_tutorials(folder, Person())[NAME] == "renewed"
    assert elsewhere.read_bytes() == b"one"


def test_the_record_is_for_people_too(home, folder) -> None:
    copy_tutorials(folder, Person())
    record = json.loads((folder / RECORD).read_text())
    assert "yours" in record["about"]
    assert set(record["copied"]) == {NAME, CHINESE}


@pytest.mark.parametrize("below", [".", "deep/er"])
def test_a_file_in_the_way_is_named_with_what_to_do(below, home, tmp_path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(CommandError, match=r"notes\.txt is a file.*omni-nb lab FOLDER"):
        copy_tutorials(file / below, Person())
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "x"), r"omni cannot be written.*lab ~/omni_nb-tutorials$"),
        (OSError(errno.ENOSPC, "x"), r"omni cannot be used \(No space.*omni-nb lab FOLDER"),
        (OSError(errno.EROFS, "x"), r"omni cannot be used \(Read-only.*omni-nb lab FOLDER"),
    ],
)
def test_a_folder_that_takes_nothing_is_one_line_and_changes_nothing(
    error, said, home, folder, monkeypatch
) -> None:
    copy_tutorials(folder, Person())
    (home / NAME).write_bytes(b"two")

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(tutorials.os, "replace", refuse)
    with pytest.raises(CommandError, match=said):
        copy_tutorials(folder, Person())
    assert (folder / NAME).read_bytes() == b"one"
