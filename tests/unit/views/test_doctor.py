"""`doctor_cell`: what it says with a page that answers, with one that does not, and with none."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from omni_nb.errors import RequestError
from omni_nb.views import doctor
from omni_nb.views.doctor import PING_BYTES, Doctor, doctor_cell
from omni_nb.views.session import Session

FOUND = {
    "type": "found",
    "milliseconds": 3.6,
    "sent_bytes": PING_BYTES,
    "came_bytes": PING_BYTES,
    "sound": "running",
    "sample_rate": 24_000,
    "devices": "yes",
    "browser": "Chromium 156",
    "host": "JupyterLab 4.6.6",
}


class Handle:
    """A display that may be updated once."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self.first, self.last, self.is_updated = bundle, bundle, threading.Event()

    def update(self, bundle: dict[str, Any], **_: object) -> None:
        self.last = bundle
        self.is_updated.set()


class Notebook(Session):
    """A notebook that somebody looks at, or nobody."""

    def __init__(self, *, is_attended: bool) -> None:
        super().__init__()
        self.shell = SimpleNamespace(kernel=SimpleNamespace(_supports_kernel_subshells=True))
        self.is_here = is_attended
        self.handles: list[Handle] = []

    @property
    def is_attended(self) -> bool:
        return self.is_here

    def show(self, bundle: Any, metadata: Any = None) -> Handle:
        self.handles.append(Handle(dict(bundle)))
        return self.handles[-1]


@pytest.fixture
def opened(monkeypatch) -> list[Doctor]:
    """The widgets that were made, whose messages go nowhere."""
    made: list[Doctor] = []

    class Kept(Doctor):
        def __init__(self) -> None:
            super().__init__()
            self.sent: list[Any] = []
            made.append(self)

        def send(self, content: Any, buffers: Any = None) -> None:
            self.sent.append((content, buffers))

    monkeypatch.setattr(doctor, "Doctor", Kept)
    return made


def notebook(monkeypatch, *, is_attended: bool = True) -> Notebook:
    here = Notebook(is_attended=is_attended)
    monkeypatch.setattr(doctor, "session", lambda: here)
    return here


def report(monkeypatch, opened, *, language: str = "en", **found: Any) -> str:
    """The report of a page that has found this."""
    here = notebook(monkeypatch)
    doctor_cell(language=language)
    opened[0]._handle_custom_msg({**FOUND, **found}, [])
    (handle,) = here.handles
    assert handle.is_updated.wait(20)
    assert set(handle.last) == {"text/html", "text/plain"}
    return handle.last["text/plain"]


def test_what_a_page_has_found_takes_the_place_of_the_widget(monkeypatch, opened):
    said = report(monkeypatch, opened)
    assert said.startswith("omni_nb ")
    assert ", subshells, Python 3." in said
    assert said.endswith(
        "· Page: JupyterLab 4.6.6, Chromium 156"
        " · Messages: there and back in 4 ms, not while a cell runs · Buffers: arrive whole"
        " · Sound: may be heard, 24000 Hz · Microphone, camera: may be asked for"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"came_bytes": 0}, "Buffers: do not reach the page: an answer is heard when"),
        ({"sent_bytes": 0, "came_bytes": 0}, "reach the kernel: nothing can be attached; do not"),
        ({"sound": "suspended"}, "Sound: may be heard after a click or a key, 24000 Hz"),
        ({"sound": "none", "sample_rate": 0}, "Sound: none in this browser ·"),
        ({"devices": "embedded"}, "camera: no: what shows this notebook gives it none"),
        ({"devices": "insecure"}, "camera: no: only on https pages"),
        ({"devices": "?"}, "camera: ?"),
        ({"host": "", "browser": ""}, "Page: unknown host, unknown browser ·"),
        ({"milliseconds": "fast"}, "there and back in 0 ms"),
        ({"host": "x" * 100}, f"Page: {'x' * 40}, "),
    ],
)
def test_what_is_missing_is_said(monkeypatch, opened, found, said):
    assert said in report(monkeypatch, opened, **found)


def test_it_speaks_chinese(monkeypatch, opened):
    said = report(monkeypatch, opened, language="zh")
    assert "· 消息: 往返 4 毫秒，单元格运行时不能送达 · 缓冲区: 完整送达 ·" in said


def test_what_a_page_says_is_no_html(monkeypatch, opened):
    here = notebook(monkeypatch)
    doctor_cell()
    opened[0]._handle_custom_msg({**FOUND, "host": "<img src=x onerror=boom()>"}, [])
    assert here.handles[0].is_updated.wait(20)
    assert "<img" not in here.handles[0].last["text/html"]


def test_a_ping_comes_back_with_its_buffer_and_says_on_which_thread(opened):
    examined = doctor.Doctor()
    ping = {"type": "ping", "number": 3}
    examined._handle_custom_msg(ping, [memoryview(bytes(PING_BYTES))])
    examined._handle_custom_msg(ping, [])
    assert examined.sent == [
        ({"type": "pong", "number": 3, "bytes": PING_BYTES}, [bytes(PING_BYTES)]),
        ({"type": "pong", "number": 3, "bytes": 0}, None),
    ]
    assert not examined.is_beside
    beside = threading.Thread(target=examined._handle_custom_msg, args=(ping, []))
    beside.start()
    beside.join()
    assert examined.is_beside


def test_a_page_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch, opened):
    monkeypatch.setattr(doctor, "PATIENCE_SECONDS", 0.01)
    here = notebook(monkeypatch)
    doctor_cell(language="en")
    assert here.handles[0].is_updated.wait(20)
    assert "none has answered within" in here.handles[0].last["text/plain"]


def test_where_nobody_looks_on_no_page_is_asked(monkeypatch, opened):
    here = notebook(monkeypatch, is_attended=False)
    doctor_cell(language="en")
    assert opened == []
    assert "nobody looks on" in here.handles[0].first["text/plain"]
    assert set(here.handles[0].first) == {"text/html", "text/plain"}


def test_an_unknown_language_is_refused():
    with pytest.raises(RequestError, match="language is"):
        doctor_cell(language="fr")
