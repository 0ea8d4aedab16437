"""The command as a whole: its help, its errors, its terminals."""

from __future__ import annotations

import io
import sys
from importlib.metadata import entry_points

import pytest

from omni_nb import cli
from omni_nb.cli import doctor, lab
from omni_nb.cli.terminal import CommandError


@pytest.mark.parametrize("command", [[], ["lab"], ["serve"], ["doctor"]])
def test_every_command_has_help(command, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert said.startswith(f"usage: {' '.join(['omni-nb', *command])} ")
    assert "JupyterLab" in said or command in (["serve"], ["doctor"])


def test_who_names_no_command_is_shown_all(capsys) -> None:
    assert cli.main([]) == 2
    assert {"lab", "serve", "doctor"} <= set(capsys.readouterr().out.split())


def test_the_version_is_shown(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("omni-nb ")


def test_the_script_that_is_installed_is_this_command() -> None:
    (script,) = entry_points(group="console_scripts", name="omni-nb")
    assert script.load() is cli.main


def test_arguments_of_another_program_are_for_lab_alone(monkeypatch, capsys) -> None:
    seen = []
    monkeypatch.setattr(lab, "run", lambda options: seen.append(options.further) or 0)
    assert cli.main(["lab", "--", "--ip=0.0.0.0", "--debug"]) == 0
    assert seen == [["--ip=0.0.0.0", "--debug"]]
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--", "--ip=0.0.0.0"])
    assert "only lab takes arguments after '--', not: --ip=0.0.0.0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(CommandError("no room: make some."), 1, "no room"), (KeyboardInterrupt(), 130, "stopped")],
)
def test_what_ends_a_command_is_one_line(error, code, said, monkeypatch, capsys) -> None:
    def ended(options):
        raise error

    monkeypatch.setattr(doctor, "run", ended)
    assert cli.main(["doctor"]) == code
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"omni-nb: {said}")
    assert complaint.count("\n") == 1


def test_a_terminal_without_a_letter_is_no_error(monkeypatch, tmp_path) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert cli.main(["lab", "--copy-only", str(tmp_path / "课")]) == 0
    sys.stdout.flush()
    assert rb"\u8bfe." in written.getvalue()
