"""What docs/hosts.md says of each host is what tests prove, and no more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import hosts
from tests.hosts import CHROMIUM, FIREFOX, HOSTS, NOT_THERE, READ, Mark
from tools.hosts import BEGIN, END, PAGE, states, table, with_table


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> list[Mark]:
    return hosts.marks(tmp_path_factory.mktemp("marks"))


def test_the_table_is_what_the_marked_tests_prove(marked):
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, table(marked)) == page, "after `make test`: make hosts"


def test_nothing_that_is_tested_is_called_impossible_or_only_read(marked):
    tested = {place for place, state in states(marked).items() if state == "tested"}
    assert not tested & NOT_THERE
    assert not tested & READ.keys()


def test_a_row_says_what_is_tested_built_read_and_unknown():
    marked = [
        Mark("Colab", "text", "a"),
        Mark("Colab", "speech", "b", by_construction=True),
        Mark("Colab", "kept", "c", by_construction=True),
        Mark("Colab", "text", "d", by_construction=True),
    ]
    row = next(line for line in table(marked).splitlines() if line.startswith("| Colab"))
    assert row == "| Colab | tested | built, read | built | read | ? | ? |"


def test_the_rest_of_the_page_stays():
    page = f"Before\n{BEGIN}\nold\n{END}\nAfter\n"
    assert with_table(page, "new") == f"Before\n{BEGIN}\n\nnew\n\n{END}\nAfter\n"


def item(*marks: pytest.Mark, browser: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        nodeid="test_x.py::test_y",
        iter_markers=lambda name: (mark for mark in marks if mark.name == name),
        get_closest_marker=lambda name: next((m for m in marks if m.name == name), None),
        config=SimpleNamespace(getoption=lambda _, default: browser or default),
    )


@pytest.mark.parametrize(
    "words", [("Emacs", "text"), ("Colab", "smell"), ("Colab",)], ids=["host", "feature", "none"]
)
def test_a_mark_that_has_no_place_in_the_table_is_refused(words):
    with pytest.raises(ValueError, match="is not in the table: the hosts are JupyterLab 4"):
        [*hosts.marks_of(item(pytest.mark.host(*words).mark))]


def test_the_last_run_of_a_test_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(hosts, "REPORT", tmp_path / "build" / "hosts.jsonl")
    assert hosts.results() == {}
    text, speech = (Mark(HOSTS[0], name, "test_x.py::test_y") for name in ("text", "speech"))
    both = item(pytest.mark.host(HOSTS[0], "text", "speech").mark)
    hosts.note_result(item(), has_passed=True)
    hosts.note_result(both, has_passed=False)
    assert hosts.results() == {text: False, speech: False}
    hosts.note_result(both, has_passed=True)
    assert hosts.results() == {text: True, speech: True}


def test_a_test_in_short_proves_something_of_the_one_it_ran_in(tmp_path, monkeypatch):
    monkeypatch.setattr(hosts, "REPORT", tmp_path / "build" / "hosts.jsonl")
    marks = (pytest.mark.host(CHROMIUM, "text").mark, pytest.mark.in_short.mark)
    hosts.note_result(item(*marks), has_passed=True)
    assert [mark.host for mark in hosts.results()] == [CHROMIUM]
    hosts.note_result(item(*marks, browser="firefox"), has_passed=True)
    assert [mark.host for mark in hosts.results()] == [CHROMIUM, FIREFOX]
