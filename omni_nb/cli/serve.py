"""Run the command ``omni-nb serve``: the stand-in service for any client."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

from omni_nb.cli.terminal import add_command, fail
from omni_nb.offline.behaviour import SERVER_DIALECTS, Behaviour
from omni_nb.offline.server import StandIn, start
from omni_nb.offline.voice import has_speech

if TYPE_CHECKING:
    import argparse

    from omni_nb.cli.terminal import Commands


def add_to(commands: Commands) -> None:
    """Add the command and its options."""
    serve = add_command(commands, "serve", run, summary="run the stand-in service until Ctrl+C")
    serve.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1; 0 (default): a free one"
    )
    serve.add_argument(
        "--pace",
        type=float,
        default=1.0,
        help="1 (default): speech in real time; 2: twice as fast; 0: as fast as possible",
    )
    serve.add_argument(
        "--dialect",
        choices=SERVER_DIALECTS,
        default="dashscope",
        help="the kind of server that the stand-in speaks as (default: dashscope)",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl+C; return the exit code."""
    try:
        standin = start(Behaviour(pace=options.pace, dialect=options.dialect), port=options.port)
    except OSError as error:
        return fail(f"cannot serve on port {options.port}: {os.strerror(error.errno or 0)}")
    except ValueError as error:
        return fail(str(error))
    with standin:
        stopped = threading.Event()
        for name in ("SIGINT", "SIGTERM"):
            signal.signal(getattr(signal, name), lambda *_: stopped.set())
        print(_how_to_use(standin), flush=True)
        while standin.is_running and not stopped.wait(0.2):
            pass
    return 0


def _how_to_use(standin: StandIn) -> str:
    voice = (
        ""
        if has_speech()
        else "\nVoice:    a hum without words; for real speech: pip install 'omni-nb[voice]'"
    )
    return f"""The omni_nb stand-in service is running (no model, nothing leaves this machine).
Base URL: {standin.base_url}
API key:  {standin.api_key}{voice}{_how_to_connect(standin)}

export DASHSCOPE_BASE_URL={standin.base_url}
export DASHSCOPE_API_KEY={standin.api_key}
curl -N $DASHSCOPE_BASE_URL/chat/completions -H "Authorization: Bearer $DASHSCOPE_API_KEY" \\
  -H "Content-Type: application/json" -d '{_EXAMPLE}'

Ctrl+C stops the stand-in."""


def _how_to_connect(standin: StandIn) -> str:
    """Return how a client names the dialect, which no address tells."""
    dialect = standin.behaviour.dialect.removesuffix("-next")
    if dialect == "dashscope":
        return ""
    return (
        f"\n\nomni.connect({standin.base_url!r}, api_key={standin.api_key!r}, dialect={dialect!r})"
    )


_EXAMPLE = (
    '{"model":"qwen-omni-turbo","messages":[{"role":"user","content":"Who are you?"}],'
    '"stream":true,"stream_options":{"include_usage":true},"modalities":["text"]}'
)
