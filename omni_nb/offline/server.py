"""Run the stand-in as a server on loopback, in its own thread."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import RequestError
from omni_nb.offline.behaviour import Behaviour

if TYPE_CHECKING:
    from uvicorn import Server

    from omni_nb.offline.app import Activity

PACE_VARIABLE: Final = "OMNI_NB_STAND_IN_PACE"
_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 20
_STOP_SECONDS: Final = 5


class StandIn:
    """A running stand-in service. Made by `start` or `shared`; also a context manager.

    Attributes
    ----------
    base_url : str
        What a client takes as its base URL.
    api_key : str
        The only key it accepts. Not in the repr, which a notebook may save.
    port : int
    behaviour : Behaviour
    activity : Activity
        Counts of its requests.
    """

    def __init__(
        self, listening: socket.socket, behaviour: Behaviour, api_key: str, remember: int
    ) -> None:
        self.port: int = listening.getsockname()[1]
        self.base_url = f"http://{_HOST}:{self.port}/compatible-mode/v1"
        self.api_key = api_key
        self.behaviour = behaviour
        self._process = os.getpid()
        self._listening = listening
        self._server, self.activity = _prepare(api_key, behaviour, remember)
        self._thread = threading.Thread(target=self._run, name="omni-nb stand-in", daemon=True)
        self._thread.start()
        self._wait_until_ready()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "stopped"
        return f"<StandIn {self.base_url}, {state}>"

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether this process serves it."""
        return self._process == os.getpid() and self._thread.is_alive()

    @property
    def active_requests(self) -> int:
        """The number of answers under way."""
        return self.activity.active

    @property
    def requests(self) -> list[Any]:
        """The bodies of the latest requests, oldest first; as many as ``remember`` said."""
        return [json.loads(body) for body in list(self.activity.requests)]

    def stop(self) -> None:
        """Stop the server and the answers under way. Calling it twice does no harm."""
        if self._process != os.getpid():
            return
        self._server.should_exit = self._server.force_exit = True
        if self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS)
        self._listening.close()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(self._server.serve(sockets=[self._listening]))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OSError("The stand-in service did not start.")
            time.sleep(0.002)


def start(
    behaviour: Behaviour | None = None,
    *,
    port: int = 0,
    api_key: str | None = None,
    remember: int = 0,
) -> StandIn:
    """Start a stand-in service, and wait until it is ready.

    Parameters
    ----------
    behaviour
        Its pace, and the faults that a test asks for; by default speech in real time.
    port
        A port of this machine; 0 takes a free one.
    api_key
        The key it accepts; by default a random one.
    remember
        How many request bodies it keeps for `StandIn.requests`.

    Raises
    ------
    OSError
        The port is in use or not allowed.
    ValueError
        The port is no port.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"A port is a number from 0 to 65535, not {port}.")
    listening = socket.create_server((_HOST, port), backlog=128)
    try:
        key = api_key or f"sk-stand-in-{secrets.token_hex(12)}"
        return StandIn(listening, behaviour or Behaviour(), key, remember)
    except BaseException:
        listening.close()
        raise


def shared() -> StandIn:
    """Return the stand-in of this process, started on first use.

    It speaks in real time, unless the variable ``OMNI_NB_STAND_IN_PACE`` says otherwise: where
    nobody listens, such as a build of executed notebooks, 0 is as fast as possible.
    """
    global _shared
    with _lock:
        if _shared is None or not _shared.is_running:
            _shared = start(_behaviour())
            atexit.register(_shared.stop)
        return _shared


def _behaviour() -> Behaviour:
    given = os.environ.get(PACE_VARIABLE, "1")
    try:
        return Behaviour(pace=float(given))
    except ValueError:
        raise RequestError(
            f"{PACE_VARIABLE} is {given!r}; it takes a number: 1 for real time, 2 for twice as "
            "fast, 0 for as fast as possible."
        ) from None


_lock = threading.Lock()
_shared: StandIn | None = None


def _forget_after_fork() -> None:
    """Drop the server in a child process, which has neither its thread nor its port."""
    global _lock, _shared
    _lock = threading.Lock()
    if _shared is not None:
        _shared._listening.close()
        _shared = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


def _prepare(api_key: str, behaviour: Behaviour, remember: int) -> tuple[Server, Activity]:
    """Return the configured server; the slow imports wait for its first use."""
    import uvicorn

    from omni_nb.offline.app import Activity, build_app

    activity = Activity(requests=deque(maxlen=remember))
    config = uvicorn.Config(
        build_app(api_key, behaviour, activity),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,  # leave the logging of the notebook alone
        log_level="critical",
        access_log=False,
        # Since Python 3.12.1 a server waits for its connections to close; `stop` does not.
        timeout_graceful_shutdown=0,
        timeout_keep_alive=30,
    )
    return uvicorn.Server(config), activity
