"""Whether somebody looks on, and what of a widget stays where nobody does."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import ipywidgets
import pytest

from omni_nb.views import debounce, widget
from omni_nb.views.debounce import Debounce
from omni_nb.views.session import Session
from omni_nb.views.widget import ShownBox


def session_of(parent: object = None, **shell: object) -> Session:
    """A session whose running cell came with this message."""
    here = Session()
    here.shell = SimpleNamespace(get_parent=lambda: parent, **shell)
    return here


@pytest.mark.parametrize(
    ("parent", "is_attended"),
    [
        ({"content": {"allow_stdin": False}}, False),
        ({"content": {"allow_stdin": True}}, True),
        ({"content": {"data": {}}}, True),  # a message of a widget: a page has sent it
        ({}, True),
        (None, True),
    ],
)
def test_only_who_says_that_nobody_can_type_is_taken_for_headless(monkeypatch, parent, is_attended):
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    assert session_of(parent).is_attended == is_attended


def test_a_server_with_a_page_of_its_own_and_other_shells_are_attended(monkeypatch):
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    plain, strange = Session(), Session()
    strange.shell = SimpleNamespace()
    assert (plain.is_attended, strange.is_attended) == (True, True)
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert session_of({"content": {"allow_stdin": False}}).is_attended


@pytest.fixture
def headless(monkeypatch):
    """A session in which nobody looks on."""
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    here = session_of({"content": {"allow_stdin": False}})
    for module in (widget, debounce):
        monkeypatch.setattr(module, "session", lambda: here)
    return here


class Box(ShownBox):
    """A box that makes its children itself, and lets another thread make a widget meanwhile."""

    def __init__(self) -> None:
        self.inner = ipywidgets.Text()
        thread = threading.Thread(target=self._make_elsewhere)
        thread.start()
        thread.join()
        super().__init__([self.inner])

    def _make_elsewhere(self) -> None:
        self.elsewhere = ipywidgets.Text()


def test_no_page_hears_of_a_box_and_what_it_makes_and_of_others_as_before(headless):
    before, box, after = ipywidgets.Text(), Box(), ipywidgets.Text()
    unheard = {type(part.comm) for part in (box, box.layout, box.inner, box.inner.layout)}
    heard = {type(part.comm) for part in (before, box.elsewhere, after)}
    assert len(unheard) == len(heard) == 1
    assert unheard != heard
    box.inner.value = "changed where nobody sees it"
    box.close()


def test_a_call_is_made_at_the_end_of_each_cell_and_on_its_thread(headless):
    calls = []
    call = Debounce(0.01, lambda: calls.append(threading.current_thread()))
    headless._end_cell()
    assert calls == [], "nobody has asked for it"
    call.ask()
    call.ask()
    assert calls == []
    headless._end_cell()
    headless._end_cell()
    assert calls == [threading.current_thread()] * 2
    del call
    headless._end_cell()
    assert len(calls) == 2


def test_a_call_that_fails_ends_no_cell(headless, caplog):
    failing = Debounce(0.01, lambda: [][0])
    failing.ask()
    headless._end_cell()
    assert "IndexError" in caplog.text
