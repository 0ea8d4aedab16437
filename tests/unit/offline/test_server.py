"""The stand-in as a process and a thread: starting, sharing, stopping, and the command."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from omni_nb.errors import RequestError
from omni_nb.offline import server
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import PACE_VARIABLE, StandIn, shared, start

if TYPE_CHECKING:
    from collections.abc import Iterator


def models(standin: StandIn) -> int:
    """The HTTP status of asking for the models."""
    return status(standin.base_url, standin.api_key)


def status(base_url: str, api_key: str) -> int:
    asked = urllib.request.Request(
        f"{base_url}/models", headers={"Authorization": f"Bearer {api_key}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return int(answer.status)


def test_it_is_ready_when_start_returns() -> None:
    with start() as standin:
        assert models(standin) == 200


def test_it_listens_on_loopback_alone() -> None:
    with start() as standin:
        assert standin._listening.getsockname()[0] == "127.0.0.1"


def test_two_of_them_have_their_own_port_and_key() -> None:
    with start() as one, start() as other:
        assert one.port != other.port
        with pytest.raises(urllib.error.HTTPError, match="401"):
            status(one.base_url, other.api_key)


def test_the_key_is_in_no_repr() -> None:
    with start() as standin:
        assert standin.api_key not in repr(standin)
        assert standin.base_url in repr(standin)


def test_it_starts_inside_a_running_event_loop() -> None:
    async def cell() -> int:
        with start() as standin:
            return await asyncio.to_thread(models, standin)

    assert asyncio.run(cell()) == 200


def test_stop_ends_it_and_frees_the_port_even_in_the_middle_of_an_answer() -> None:
    standin = start()
    body = {
        "model": "qwen-omni-turbo",
        "messages": [{"role": "user", "content": "Speak for 60 seconds"}],
        "stream": True,
        "modalities": ["text", "audio"],
    }
    asked = urllib.request.Request(
        f"{standin.base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {standin.api_key}"},
    )
    answer = urllib.request.urlopen(asked, timeout=10)
    answer.read1(10)

    standin.stop()
    standin.stop()

    assert not standin.is_running
    answer.close()
    with socket.create_server(("127.0.0.1", standin.port)):
        pass


def test_a_port_in_use_is_an_error_at_once() -> None:
    with start() as standin, pytest.raises(OSError, match="in use"):
        start(port=standin.port)


def test_a_fixed_port_and_key_are_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with start(port=port, api_key="sk-mine") as standin:
        assert standin.base_url == f"http://127.0.0.1:{port}/compatible-mode/v1"
        assert status(standin.base_url, "sk-mine") == 200


@pytest.fixture
def no_shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(server, "_shared", None)
    yield
    if server._shared is not None:
        server._shared.stop()


def test_threads_share_one(no_shared: None) -> None:
    found: list[StandIn] = []
    threads = [threading.Thread(target=lambda: found.append(shared())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_the_shared_one_comes_back_after_it_was_stopped(no_shared: None) -> None:
    first = shared()
    first.stop()

    assert shared() is not first
    assert models(shared()) == 200


@pytest.mark.parametrize(("given", "pace"), [(None, 1), ("0", 0), ("2.5", 2.5)])
def test_a_variable_sets_the_pace_of_the_shared_one(
    no_shared: None, monkeypatch: pytest.MonkeyPatch, given: str | None, pace: float
) -> None:
    monkeypatch.delenv(PACE_VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(PACE_VARIABLE, given)

    assert shared().behaviour.pace == pace


@pytest.mark.parametrize("given", ["", "fast", "-1", "nan"])
def test_a_pace_that_is_none_is_refused(
    no_shared: None, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(PACE_VARIABLE, given)

    with pytest.raises(RequestError, match="as fast as possible"):
        shared()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_gets_its_own_and_speaks() -> None:
    script = """
import os
from omni_nb.offline.server import shared
from omni_nb.offline.voice import speak
parent = shared()
speak("Hello", "Cherry")
child = os.fork()
if not child:
    own = shared()
    ok = own.port != parent.port and not parent.is_running and len(speak("Hello", "Cherry")) > 0
    own.stop()
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert parent.is_running
"""
    python(script)


def test_leaving_in_the_middle_of_an_answer_is_quick_and_quiet() -> None:
    script = """
import json, urllib.request
from omni_nb.offline.server import shared
standin = shared()
body = {"model": "qwen-omni-turbo", "stream": True, "modalities": ["text", "audio"],
        "messages": [{"role": "user", "content": "Speak for 60 seconds"}]}
answer = urllib.request.urlopen(urllib.request.Request(
    standin.base_url + "/chat/completions", json.dumps(body).encode(),
    {"Authorization": "Bearer " + standin.api_key}))
answer.read1(10)
"""
    started = time.monotonic()
    assert python(script) == ""
    assert time.monotonic() - started < 20  # the answer itself would take 60 s


def test_importing_the_stand_in_is_cheap() -> None:
    script = """
import sys
import omni_nb.offline, omni_nb.offline.server, omni_nb.cli
heavy = {"starlette", "uvicorn", "numpy", "av", "PIL", "espeakng_loader", "openai", "IPython"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    python(script)


def python(script: str) -> str:
    """Run a script in a fresh process; return what it complained about."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_behaviour_is_checked_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="no fault 'nope'"):
        Behaviour(fault="nope")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="chunk_seconds is from"):
        Behaviour(chunk_seconds=0)
