"""Tutorials in a folder of one's own: copied once, and never over anything."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omni_nb.cli import tutorials
from omni_nb.cli.terminal import CommandError
from omni_nb.cli.tutorials import copy_tutorials, next_free, packaged_tutorials, tutorials_in

if TYPE_CHECKING:
    from typing import BinaryIO

NAME = "01_quickstart.ipynb"
CHINESE = f"zh/{NAME}"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Where the tutorials come from."""
    folder = tmp_path / "package"
    (folder / "zh").mkdir(parents=True)
    (folder / NAME).write_bytes(b"one")
    (folder / CHINESE).write_bytes("一".encode())
    monkeypatch.setattr(tutorials, "_home", lambda: folder)
    return folder


@pytest.fixture
def folder(home, tmp_path) -> Path:
    """Where one would have them; it is not there yet."""
    return tmp_path / "my lessons" / "omni"


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by its path there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_tutorials_of_this_package_are_the_notebooks_of_the_repository() -> None:
    notebooks = Path(__file__).parents[3] / "notebooks"
    here = {path.relative_to(notebooks).as_posix() for path in notebooks.glob("[0-9]*.ipynb")}
    here |= {path.relative_to(notebooks).as_posix() for path in notebooks.glob("zh/*.ipynb")}
    assert NAME in here
    assert here == set(packaged_tutorials())


def test_they_come_out_of_the_wheel_when_they_are_in_it(tmp_path, monkeypatch) -> None:
    package = tmp_path / "site-packages" / "omni_nb"
    (package / "tutorials").mkdir(parents=True)
    monkeypatch.setattr(tutorials.omni_nb, "__file__", str(package / "__init__.py"))
    with pytest.raises(CommandError, match=r"no tutorials.*pip install"):
        packaged_tutorials()
    (package / "tutorials" / NAME).write_bytes(b"wheel")
    assert packaged_tutorials() == [NAME]


def test_what_jupyter_leaves_beside_them_does_not_travel(home) -> None:
    (home / ".ipynb_checkpoints").mkdir()
    (home / ".ipynb_checkpoints" / NAME).write_bytes(b"old")
    (home / "answer.wav").write_bytes(b"RIFF")
    assert set(packaged_tutorials()) == {NAME, CHINESE}


def test_a_folder_is_made_and_filled(home, folder) -> None:
    assert copy_tutorials(folder) is True
    assert files(folder) == files(home)
    assert tutorials_in(folder) == [NAME, CHINESE]
    assert {path.name for path in folder.iterdir()} == {NAME, "zh"}


def test_an_empty_folder_is_filled(home, folder) -> None:
    folder.mkdir(parents=True)
    assert copy_tutorials(folder) is True
    assert files(folder) == files(home)


@pytest.mark.parametrize("name", [NAME, CHINESE])
def test_where_one_tutorial_is_nothing_is_copied(name, folder) -> None:
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_bytes(b"mine")
    assert copy_tutorials(folder) is False
    assert files(folder) == {name: b"mine"}


def test_a_read_only_original_becomes_a_copy_that_can_be_saved(home, folder) -> None:
    (home / NAME).chmod(0o444)
    copy_tutorials(folder)
    assert (folder / NAME).stat().st_mode & 0o200


def test_other_files_are_left_alone(folder) -> None:
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_bytes(b"mine")
    with pytest.raises(CommandError, match=r"omni holds other files but no tut.*omni-nb lab ~"):
        copy_tutorials(folder)
    assert files(folder) == {"notes.txt": b"mine"}


@pytest.mark.parametrize("target", ["empty", "nowhere", "notes.txt"])
def test_nothing_is_written_through_a_link(target, home, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_bytes(b"mine")
    link = tmp_path / "lessons"
    link.symlink_to(tmp_path / target)
    with pytest.raises(CommandError, match=rf"lessons is a link to .*{target}, where no tut"):
        copy_tutorials(link)
    assert link.is_symlink()
    assert files(tmp_path / "empty") == {}
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("planted", [NAME, "zh", "."])
def test_what_is_planted_while_it_copies_is_not_written_through(
    planted, home, folder, tmp_path, monkeypatch
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "secret").write_bytes(b"mine")

    def plant(source: BinaryIO, target: BinaryIO) -> None:
        target.write(source.read())
        if not (folder / planted).is_symlink():
            if planted == ".":
                folder.rename(folder.with_name("moved"))
                folder.symlink_to(victim)
            else:
                (folder / planted).symlink_to(victim if planted == "zh" else victim / "secret")

    monkeypatch.setattr(tutorials, "copyfileobj", plant)
    with pytest.raises(CommandError, match=r"omni (cannot be used|is a link).*omni-nb lab ~"):
        copy_tutorials(folder)
    assert files(victim) == {"secret": b"mine"}


def test_a_link_that_is_planted_before_the_folder_is_made_is_not_followed(
    home, folder, tmp_path, monkeypatch
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    make = Path.mkdir

    def plant(path: Path, *arguments: object, **options: object) -> None:
        if path == folder:
            folder.symlink_to(victim)
        make(path, *arguments, **options)

    monkeypatch.setattr(tutorials.Path, "mkdir", plant)
    with pytest.raises(CommandError, match="omni-nb lab ~"):
        copy_tutorials(folder)
    assert files(victim) == {}


def test_a_link_to_tutorials_is_opened(folder, tmp_path) -> None:
    copy_tutorials(folder)
    link = tmp_path / "lessons"
    link.symlink_to(folder)
    assert copy_tutorials(link) is False
    assert tutorials_in(link) == [NAME, CHINESE]


def test_the_next_free_name_is_no_folder_file_or_link(folder) -> None:
    assert next_free(folder) == folder
    folder.mkdir(parents=True)
    folder.with_name("omni-2").write_bytes(b"mine")
    folder.with_name("omni-3").symlink_to("nowhere")
    assert next_free(folder) == folder.with_name("omni-4")


@pytest.mark.parametrize("below", [".", "deep/er"])
def test_a_file_in_the_way_is_named_with_what_to_do(below, home, tmp_path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(CommandError, match=r"notes\.txt is not a folder.*omni-nb lab ~"):
        copy_tutorials(file / below)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("place", ["mkdir", "rename"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "x"), r"omni cannot be used \(Permission denied\)"),
        (OSError(errno.ENOSPC, "x"), r"omni cannot be used \(No space left on device\)"),
        (OSError(errno.EROFS, "x"), r"omni cannot be used \(Read-only file system\)"),
    ],
)
def test_a_folder_that_takes_nothing_is_one_line(error, said, place, folder, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(tutorials.Path, place, refuse)
    with pytest.raises(CommandError, match=rf"{said}\. Choose another folder"):
        copy_tutorials(folder)
    assert files(folder) == {}


def test_half_a_copy_is_taken_away_so_that_the_next_one_can_be_made(folder, monkeypatch) -> None:
    written = []

    def disk_is_full(source: BinaryIO, target: BinaryIO) -> None:
        if written:
            raise OSError(errno.ENOSPC, "x")
        written.append(target.write(source.read()))

    with monkeypatch.context() as patch:
        patch.setattr(tutorials, "copyfileobj", disk_is_full)
        with pytest.raises(CommandError, match="No space"):
            copy_tutorials(folder)
    assert list(folder.iterdir()) == []
    assert copy_tutorials(folder) is True
