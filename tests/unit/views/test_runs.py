"""How a run is watched: in a widget, a display, a line, or nowhere; how it is stopped."""

from __future__ import annotations

import io
import json
import re
import threading
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from omni_nb.media.clip import AudioClip
from omni_nb.media.image import image
from omni_nb.render.html import HTML
from omni_nb.render.tables import text_width
from omni_nb.views import run_stages
from omni_nb.views.run_stages import (
    DisplayStage,
    LineStage,
    SilentStage,
    ViewStage,
    choose_run_stage,
)
from omni_nb.views.run_view import RunView
from omni_nb.views.run_watch import show_run, watch_beside, watch_run
from omni_nb.views.session import Session
from tests.runs import Now, Run, row


class Clock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Handle:
    def __init__(self, bundle: Any) -> None:
        self.bundles = [dict(bundle)]
        self.is_over = threading.Event()

    def update(self, bundle: Any, **_: object) -> None:
        self.bundles.append(dict(bundle))
        if "omni-streaming" not in bundle["text/html"]:
            self.is_over.set()


class Notebook(Session):
    """A notebook that somebody looks at, or nobody."""

    def __init__(self, *, is_attended: bool = True) -> None:
        super().__init__()
        self.shell = SimpleNamespace(execution_count=1)
        self.is_here = is_attended
        self.handles: list[Handle] = []
        self.keys: list[str] = []

    @property
    def is_attended(self) -> bool:
        return self.is_here

    def show(self, bundle: Any, metadata: Any = None) -> Handle:
        self.handles.append(Handle(bundle))
        return self.handles[-1]

    def typed(self) -> list[str]:
        keys, self.keys = self.keys, []
        return keys


class Stage(SilentStage):
    """A stage that does something at each look."""

    def __init__(self, *looks: Any) -> None:
        self.looks, self.stops, self.said = list(looks), 0, []

    def open(self, run: Any) -> None:
        self.said.append("open")

    def look(self, run: Any) -> None:
        self.looks.pop(0)(run, self)

    def close(self, run: Any) -> None:
        self.said.append(run.progress.state)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def end(run: Run, _: object) -> None:
    run.end()


def test_a_run_is_shown_until_it_is_over():
    run, stage = Run(), Stage(end)
    watch_run(run, stage)
    assert stage.said == ["open", "done"]
    assert run.stops == []


def test_the_first_interrupt_lets_what_is_on_its_way_finish():
    run, stage = Run(), Stage(interrupt, end)
    watch_run(run, stage)
    assert run.stops == [False]
    assert stage.said == ["open", "done"]


def test_the_second_interrupt_ends_what_is_on_its_way():
    run, stage = Run(), Stage(interrupt, interrupt)
    watch_run(run, stage)
    assert run.stops == [False, True]
    assert stage.said == ["open", "stopped"]


def test_somebody_who_goes_on_interrupting_gets_the_cell_back(monkeypatch):
    run, stage = Run(), Stage(interrupt, interrupt, interrupt)
    monkeypatch.setattr(run, "stop", lambda now=False: run.stops.append(now))  # it hangs
    with pytest.raises(KeyboardInterrupt):
        watch_run(run, stage)
    assert run.stops == [False, True, True]
    assert stage.said == ["open", "running"]


def test_a_stage_s_own_stop_counts_once():
    def press(_: Run, stage: Stage) -> None:
        stage.stops += 1

    def nothing(*_: object) -> None: ...

    run, stage = Run(), Stage(press, nothing, nothing, press)
    watch_run(run, stage)
    assert run.stops == [False, True]


def test_what_cannot_be_shown_ends_no_run():
    run = Run()

    def fail(*_: object) -> None:
        raise ValueError("no page")

    stage = Stage(fail, fail, end)
    watch_run(run, stage)
    assert stage.said == ["open", "done"]


def test_an_interrupt_while_it_is_first_shown_is_no_exception():
    run, stage = Run(), Stage(end)
    stage.open = interrupt  # type: ignore[method-assign]
    watch_run(run, stage)
    assert run.stops == [False]
    assert stage.said == ["done"]


def test_a_run_that_is_not_started_is_shown_once():
    run, stage = Run(Now(state="ready")), Stage()
    show_run(run, stage)
    assert stage.said == ["open", "ready"]


@pytest.fixture
def messages(monkeypatch) -> list[dict[str, Any]]:
    """What widgets send to pages."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(RunView, "_send", lambda _, message, buffers=None: sent.append(message))
    return sent


def test_a_widget_gets_at_most_five_messages_a_second(messages):
    clock, run = Clock(), Run()
    stage = ViewStage(Notebook(), clock)
    stage.open(run)
    messages.clear()
    for step in range(128):  # for two seconds
        run.progress = Now(done=120 + step)
        clock.seconds = step / 64
        stage.look(run)
    assert 5 <= len(messages) <= 10
    assert {message["method"] for message in messages} == {"update"}


def test_what_does_not_change_is_not_sent(messages):
    clock, run = Clock(), Run()
    stage = ViewStage(Notebook(), clock)
    stage.open(run)
    messages.clear()
    for _ in range(10):
        clock.seconds += 1
        stage.look(run)
    assert messages == []


def test_the_last_rows_have_a_picture_of_what_they_are_about_or_of_their_answer(messages, tmp_path):
    speech = AudioClip(b"\1\0" * 24_000, 24_000).save(tmp_path / "a.wav")
    run = Run(Now(latest=(row(2), row(1, audio=speech), row(0, audio=tmp_path / "b"))))
    run.subjects[2] = image(np.zeros((40, 60, 3), np.uint8))
    stage, view = view_of(Notebook(), run)
    alts = re.findall(r'<img[^>]*alt="([^"]*)"', view.aside_html)
    assert len(alts) == 2
    made = [view.aside_html]
    run.subjects.clear()  # a picture is made once
    stage._clock._due_at = 0.0
    stage.look(run)
    assert view.aside_html == made[0]


def test_a_look_that_takes_long_is_followed_by_a_longer_pause(messages, monkeypatch):
    clock = Clock()
    stage, run = ViewStage(Notebook(), clock), Run()
    stage.open(run)

    def slow(*_: object) -> HTML:
        clock.seconds += 1
        return HTML("")

    monkeypatch.setattr(run_stages, "_glance", slow)
    looks = []
    for place in range(120):
        run.progress = Now(done=place, latest=(row(place),))
        before = clock.seconds
        stage.look(run)
        if clock.seconds > before:
            looks.append(before)
        clock.seconds += 0.1
    assert len(looks) >= 3
    assert all(later - sooner >= 5 for sooner, later in pairwise(looks))


def test_the_widget_gives_way_to_a_result_without_a_widget(messages):
    here, run = Notebook(), Run(Now(latest=(row(3),)))
    stage = ViewStage(here, Clock())
    stage.open(run)
    run.end(done=300, left=0)
    stage.close(run)
    (handle,) = here.handles
    assert "application/vnd.jupyter.widget-view+json" in handle.bundles[0]
    assert set(handle.bundles[-1]) == {"text/html", "text/plain"}
    assert "300 of 300" in handle.bundles[-1]["text/html"]


def view_of(here: Notebook, run: Run) -> tuple[ViewStage, RunView]:
    stage = ViewStage(here, Clock())
    stage.open(run)
    view = stage._view
    assert view is not None
    return stage, view


def pressed(view: RunView, **changes: Any) -> dict[str, Any]:
    return {"type": "stop", "run_id": view.run_id, "now": False, **changes}


def test_stop_is_heard_as_a_message_and_as_if_typed_and_counts_once(messages):
    here, run = Notebook(), Run()
    stage, view = view_of(here, run)
    assert (stage.stops, view.stop) == (0, "Stop")
    view._handle_custom_msg(pressed(view), [])
    here.keys.append(json.dumps(pressed(view)))
    assert stage.stops == 1
    run.stop()
    stage.look(run)
    assert (view.stops, view.stop) == (1, "End those on the way, too")
    here.keys.append(json.dumps(pressed(view, now=True)))
    assert stage.stops == 2


@pytest.mark.parametrize(
    "typed",
    [
        *("yes", "[1]", "{}", "[" * 100_000, '{"type": "stop"}', '{"type": ["stop"], "run_id": 3}'),
        '{"type": "stop", "run_id": "other", "now": true}',
    ],
    ids=range(7),
)
def test_what_is_typed_for_others_stops_nothing(messages, typed):
    here, run = Notebook(), Run()
    stage, _ = view_of(here, run)
    here.keys.append(typed)
    assert stage.stops == 0


def test_a_widget_is_closed_when_no_page_shows_it_any_more(messages):
    stage, view = view_of(Notebook(), Run())
    view._handle_custom_msg({"type": "unseen"}, [])
    assert view.comm is not None
    stage.close(Run(Now(state="done")))
    view._handle_custom_msg({"type": "unseen"}, [])
    assert view.comm is None


def test_a_cell_that_shows_a_run_shows_it_once(monkeypatch):
    here, run = Notebook(), Run()
    DisplayStage(here, 1, is_waited_for=True, now=Clock()).open(run)
    here._display_run_once(run)  # type: ignore[arg-type]
    assert len(here.handles) == 1
    here.shell.execution_count = 2
    here._display_run_once(run)  # type: ignore[arg-type]
    assert len(here.handles) == 2


def test_where_nobody_looks_a_display_is_painted_every_ten_seconds():
    here, run, clock = Notebook(is_attended=False), Run(), Clock()
    stage = DisplayStage(here, 10, is_waited_for=True, now=clock)
    stage.open(run)
    for _ in range(100):
        clock.seconds += 0.35
        stage.look(run)
    run.end()
    stage.close(run)
    (handle,) = here.handles
    assert len(handle.bundles) == 1 + 3 + 1
    assert handle.is_over.is_set()


def test_where_nobody_looks_a_run_beside_is_painted_at_the_end_of_cells():
    here, run = Notebook(is_attended=False), Run()
    stage = DisplayStage(here, 10, is_waited_for=False, now=Clock())
    stage.open(run)
    stage.look(run)
    run.end(done=300, left=0)
    stage.close(run)
    (handle,) = here.handles
    assert len(handle.bundles) == 1
    del stage
    here._end_cell()
    here._end_cell()
    assert len(handle.bundles) == 2
    assert "300 of 300" in handle.bundles[-1]["text/html"]


def test_a_run_beside_the_notebook_lands_in_its_own_display(messages):
    here, run = Notebook(), Run()
    watch_beside(run, ViewStage(here))  # type: ignore[arg-type]
    assert len(here.handles) == 1
    run.end(done=300, left=0)
    assert here.handles[0].is_over.wait(20)


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_rewrites_itself(monkeypatch):
    err, clock = Terminal(), Clock()
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setenv("COLUMNS", "50")
    run, stage = Run(question="说了什么？", language="zh"), LineStage(clock)
    for step in range(16):
        clock.seconds = step / 16
        stage.look(run)
    run.end(done=300, left=0)
    stage.close(run)
    *rewritten, last, rest = err.getvalue().replace("\n", "\r\n").split("\r")
    assert rest == "\n"
    assert 4 <= len(rewritten) - 1 <= 5
    assert all(line.startswith("\x1b[2K") and line.endswith("…") for line in rewritten[1:])
    assert max(map(text_width, rewritten)) <= 49 + len("\x1b[2K")
    assert "已回答 300 / 300" in last


def test_a_file_has_a_line_every_ten_seconds(monkeypatch):
    err, clock = io.StringIO(), Clock()
    monkeypatch.setattr("sys.stderr", err)
    run, stage = Run(), LineStage(clock)
    stage.open(run)
    for number in range(70):
        clock.seconds += 0.5
        run.progress = Now(done=number)
        stage.look(run)
    run.end()
    stage.close(run)
    assert err.getvalue().count("\n") == 3 + 1
    assert "\r" not in err.getvalue()


def test_an_interpreter_without_an_output_is_no_error(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    stage = LineStage(Clock())
    stage.look(Run())  # type: ignore[arg-type]
    stage.close(Run())  # type: ignore[arg-type]


def test_the_stage_is_that_of_the_place(monkeypatch):
    def chosen(here: Session, show: bool | None = None) -> type:
        monkeypatch.setattr(run_stages, "session", lambda: here)
        return type(choose_run_stage(show, is_waited_for=True))

    assert chosen(Notebook()) is ViewStage
    assert chosen(Notebook(is_attended=False)) is DisplayStage
    assert chosen(Session()) is LineStage
    assert chosen(Notebook(), show=False) is SilentStage
