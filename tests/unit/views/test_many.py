"""What `ask_many` does with a run: begin it or not, wait for it or not, show it or not."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import omni_nb as omni
from omni_nb.many.asking import make_run
from omni_nb.views import many
from omni_nb.views.many import ask_many
from tests.runs import Now, Run


@pytest.fixture
def made(monkeypatch) -> list[tuple[Run, dict[str, Any]]]:
    """The runs that are made in place of real ones, over as soon as they begin."""
    runs: list[tuple[Run, dict[str, Any]]] = []

    class Begun(Run):
        def start(self) -> None:
            super().start()
            self.end()

    def make(prompt: Any, **given: Any) -> Run:
        run = Begun(Now(state="ready", done=0))
        del given["options"]
        runs.append((run, {"prompt": prompt, **given}))
        return run

    monkeypatch.setattr(many, "make_run", make)
    return runs


def with_note(made: list[Any], monkeypatch) -> None:
    """Let the folder's answers fit nothing."""
    make = many.make_run

    def noted(prompt: Any, **given: Any) -> Any:
        run = make(prompt, **given)
        run.note = "0 of 5,000 answers in this folder fit this question."
        return run

    monkeypatch.setattr(many, "make_run", noted)


def test_a_run_is_begun_waited_for_and_returned(made):
    run = ask_many("What?", rows=[{}], show=False)
    assert [one for one, _ in made] == [run]
    assert run.starts == 1


@pytest.mark.parametrize("wait", [True, False])
def test_with_start_false_nothing_is_asked(made, wait):
    assert ask_many("What?", rows=[{}], start=False, wait=wait, show=False).starts == 0


def test_where_no_answer_fits_nothing_is_asked_unless_said(made, monkeypatch, capsys):
    with_note(made, monkeypatch)
    assert ask_many("What?", rows=[{}]).starts == 0
    assert "0 of 5,000 answers in this folder fit" in capsys.readouterr().err
    assert ask_many("What?", rows=[{}], start=True, show=False).starts == 1


def test_every_argument_reaches_the_run(made):
    own = {"show", "wait", "start"}
    names = inspect.signature(make_run).parameters.keys() - {"prompt", "options"}
    assert names == inspect.signature(ask_many).parameters.keys() - own - {"prompt", "options"}
    given = {name: object() for name in names}
    ask_many("What?", temperature=0.5, show=False, **given)
    (_, passed), *_ = made
    assert passed == {"prompt": "What?", **given}


def test_every_argument_is_explained():
    said = ask_many.__doc__ or ""
    head, _, _ = said.partition("Returns\n")
    for name in inspect.signature(ask_many).parameters.keys() - {"options"}:
        assert f"{name}\n" in head or f"{name}, " in head or f", {name}" in head, name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"wait": "no"}, "wait is True or False, not 'no'"),
        ({"wait": None}, "wait is True or False, not None"),
        ({"start": 1}, "start is True or False or None, not 1"),
        ({"show": "no"}, "show is True or False, not 'no'"),
        ({"row": []}, "Did you mean rows=?"),
        ({"quota": 3}, "quota is not an option of ask_many()"),
    ],
)
def test_a_wrong_argument_is_refused_before_a_run_is_made(made, given, said):
    with pytest.raises(omni.RequestError) as raised:
        ask_many("What?", **given)
    assert said in str(raised.value)
    assert made == []


def test_a_run_that_cannot_begin_is_not_shown(made, monkeypatch, capsys):
    make = many.make_run

    def held(prompt: Any, **given: Any) -> Any:
        run = make(prompt, **given)
        monkeypatch.setattr(run, "start", lambda: (_ for _ in ()).throw(OSError("disk full")))
        return run

    monkeypatch.setattr(many, "make_run", held)
    with pytest.raises(OSError, match="disk full"):
        ask_many("What?", rows=[{}])
    assert capsys.readouterr().err == ""
