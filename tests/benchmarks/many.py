"""A run of many rows against plain threads with the SDK, and what it takes of CPU and memory.

Both ask the same server, a process of its own, which holds each request for half a second. Ours
writes each row and the note before it to disk, and keeps pace, budget and order; the plain threads
do none of it. Wall time of 400 requests, 32 at once: ideally 6.25 s and what starting takes.
Chatlas's `parallel_chat` is asked the same; it wants no stream, so the server answers it at once,
which the service does not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from typing import Any

from .process import python_with, run_python, running_server
from .table import Row

COUNT, AT_ONCE = 400, 32
PEER = "chatlas==0.23.0"
GOAL = 1.15
GOAL_CPU_MILLISECONDS, CPU_BEFORE_MILLISECONDS = 25.0, 33.0
GOAL_MEMORY = 1.1
REPEATS = 3


def run() -> list[Row]:
    """Measure wall time, CPU of a spoken answer, and memory."""
    with running_server("tests.benchmarks.many_server") as base_url:
        pairs = [(_child("ours", base_url), _child("plain", base_url)) for _ in range(REPEATS)]
        ours, plain = (min(one["seconds"] for one in way) for way in zip(*pairs, strict=True))
        peer = min(_child("chatlas", base_url)["seconds"] for _ in range(REPEATS))
        few, many = (_child("spoken", base_url, count) for count in (100, 1_000))
    milliseconds = 1000 * many["cpu_seconds"] / 1_000
    return [
        Row(
            f"{COUNT} rows of 0.5 s, {AT_ONCE} at once (threads with the SDK)",
            ours,
            plain,
            "s",
            goal=GOAL,
        ),
        Row(f"The same ({PEER}, without a stream)", ours, peer, "s", goal=GOAL),
        Row(
            "CPU of a spoken row of 6 s (33 ms by threads, before there were runs)",
            milliseconds,
            CPU_BEFORE_MILLISECONDS,
            "ms",
            goal=GOAL_CPU_MILLISECONDS,
            goal_of="value",
        ),
        Row("Memory of 1,000 spoken rows (of 100)", many["mb"], few["mb"], "MB", goal=GOAL_MEMORY),
    ]


def _child(way: str, base_url: str, count: int = COUNT) -> dict[str, Any]:
    python = {"python": python_with(PEER)} if way == "chatlas" else {}
    printed = run_python("-m", "tests.benchmarks.many", way, base_url, str(count), **python)
    read: dict[str, Any] = json.loads(printed.splitlines()[-1])  # chatlas shows its progress
    return read


def _ours(base_url: str, count: int, voice: str | None) -> None:
    from omni_nb.many.asking import make_run
    from omni_nb.turns.connection import Connection
    from omni_nb.wire.client import Endpoint, Secret

    connection = Connection(Endpoint(base_url, Secret("sk-none")))
    with tempfile.TemporaryDirectory() as folder:
        made = make_run(
            "Count to {n}.",
            rows=({"n": n} for n in range(count)),
            into=folder,
            connection=connection,
            voice=voice,
            at_once=AT_ONCE,
        )
        made.start()
        made.wait()
        assert made.progress.done == count, made.progress


def _plain(base_url: str, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from openai import OpenAI

    client = OpenAI(api_key="sk-none", base_url=base_url)

    def ask(n: int) -> str:
        chunks = client.chat.completions.create(
            model="qwen-omni-turbo",
            messages=[{"role": "user", "content": f"Count to {n}."}],
            modalities=["text"],
            stream=True,
            stream_options={"include_usage": True},
        )
        words = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        return "".join(words)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert len([words for words in pool.map(ask, range(count)) if words]) == count


def _chatlas(base_url: str, count: int) -> None:
    import asyncio

    from chatlas import ChatOpenAICompletions, parallel_chat

    chat = ChatOpenAICompletions(base_url=base_url, model="qwen-omni-turbo", api_key="sk-none")
    prompts = [f"Count to {n}." for n in range(count)]
    chats = asyncio.run(parallel_chat(chat, prompts, max_active=AT_ONCE, rpm=1_000_000))
    assert sum(hasattr(one, "get_last_turn") for one in chats) == count


def main(way: str, base_url: str, count: str) -> None:
    """One way in a fresh process; imports and TLS contexts are paid by two rows before."""
    import psutil

    def work(rows: int) -> None:
        if way == "plain":
            _plain(base_url, rows)
        elif way == "chatlas":
            _chatlas(base_url, rows)
        else:
            _ours(base_url, rows, "Cherry" if way == "spoken" else None)

    work(2)
    started, cpu = time.perf_counter(), time.process_time()
    work(int(count))
    told = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "mb": psutil.Process().memory_info().rss / 2**20,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
