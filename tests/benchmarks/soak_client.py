"""Ask and interrupt for a long time in one process: ``soak_client asks interrupted``.

Prints JSON: what this process and the stand-in's hold after a warm-up, half-way and at the end,
how long a question took in each half, and what the stand-ins have counted.
"""

from __future__ import annotations

import _thread
import asyncio
import gc
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from array import array
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

import omni_nb as omni
from omni_nb.turns.connection import connection_to

from .process import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply

MODEL = "qwen-omni-turbo"
SPEECH = {"voice": "Cherry"}
SHORT = {"max_tokens": 8}
TURNS = 5
SETTLE_SECONDS = 15
WARM_UP = 100


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds while nothing is under way."""

    threads: int
    descriptors: int
    resident_bytes: int
    blocks: int = 0  # of Python's allocator; of this process only


class Asker:
    """Every way to ask and to break off, with chats that live as long as the process."""

    def __init__(self, quick: Connection, stalling: Connection) -> None:
        self._quick, self._stalling = quick, stalling
        self._chats = [
            omni.Chat(MODEL, connection=quick, budget=omni.CNY(1000), **SHORT),
            omni.Chat(MODEL, connection=quick, **SPEECH, **SHORT),
        ]
        self._interrupted = [
            omni.Chat(MODEL, connection=stalling),
            omni.Chat(MODEL, connection=stalling, **SPEECH),
        ]
        self._numbers = np.random.default_rng(0)

    def asks(self) -> list[Callable[[int], Reply]]:
        """The ways to ask; each takes the number of the question."""
        return [
            self._single,
            self._single_spoken,
            self._shown,
            self._about_an_image,
            self._awaited,
            self._in_a_chat,
            self._streamed,
            self._streamed_async,
        ]

    def interruptions(self) -> list[Callable[[int], Reply]]:
        """The ways to break off."""
        return [
            self._stopped,
            self._left,
            self._left_async,
            self._timed_out,
            self._interrupted_in_the_loop,
            self._interrupted_while_it_waits,
            self._cancelled,
            self._dropped,
        ]

    # What comes to its end

    def _single(self, number: int) -> Reply:
        return omni.ask(f"Question {number}", connection=self._quick, show=False, **SHORT)

    def _single_spoken(self, number: int) -> Reply:
        asked = {"connection": self._quick, "show": False, **SPEECH, **SHORT}
        return omni.ask(f"Question {number}", **asked)

    def _shown(self, number: int) -> Reply:
        with redirect_stdout(io.StringIO()):
            return omni.ask(f"Question {number}", connection=self._quick, **SHORT)

    def _about_an_image(self, number: int) -> Reply:
        pixels = self._numbers.integers(0, 255, (64, 64, 3), "uint8")
        asked = {"connection": self._quick, "show": False, **SHORT}
        return omni.ask(f"Question {number}", image=pixels, **asked)

    def _awaited(self, number: int) -> Reply:
        asked = {"connection": self._quick, "show": False, **SPEECH, **SHORT}
        return asyncio.run(omni.ask_async(f"Question {number}", **asked))

    def _in_a_chat(self, number: int) -> Reply:
        return self._chat(number).ask(f"Question {number}", show=False)

    def _streamed(self, number: int) -> Reply:
        stream = self._chat(number).stream(f"Question {number}")
        for _ in stream:
            pass
        return stream.reply

    def _streamed_async(self, number: int) -> Reply:
        stream = self._chat(number).stream(f"Question {number}")

        async def read() -> None:
            async for _ in stream:
                pass

        asyncio.run(read())
        return stream.reply

    def _chat(self, number: int) -> omni.Chat:
        """Return a chat, with its turns taken back now and then; else it keeps them all."""
        chat = self._chats[number // 8 % len(self._chats)]
        if len(chat) >= TURNS:
            chat.undo(len(chat))
        return chat

    # What is broken off, each by other means

    def _stopped(self, number: int) -> Reply:
        stream = self._broken(number).stream("Hello")
        for number_of_event, _ in enumerate(stream):
            if number_of_event == 2:
                threading.Thread(target=stream.stop).start()
        return stream.reply

    def _left(self, number: int) -> Reply:
        stream = self._broken(number).stream("Hello")
        for _ in stream:
            break
        return stream.reply

    def _left_async(self, number: int) -> Reply:
        stream = self._broken(number).stream("Hello")

        async def read() -> None:
            events = aiter(stream)
            await anext(events)
            await events.aclose()

        asyncio.run(read())
        return stream.reply

    def _timed_out(self, number: int) -> Reply:
        chat = self._broken(number)
        chat.timeout = 0.05
        try:
            return chat.ask("Hello", show=False)
        finally:
            chat.timeout = None

    def _interrupted_in_the_loop(self, number: int) -> Reply:
        stream = self._broken(number).stream("Hello")
        with suppress(KeyboardInterrupt):
            for _ in stream:
                raise KeyboardInterrupt
        return stream.reply

    def _interrupted_while_it_waits(self, number: int) -> Reply:
        chat = self._broken(number)

        def interrupt() -> None:
            while not (len(chat) and chat[-1].text):
                time.sleep(0.001)
            _thread.interrupt_main()

        threading.Thread(target=interrupt).start()
        return chat.ask("Hello", show=False)

    def _cancelled(self, number: int) -> Reply:
        chat = self._broken(number)

        async def cancel() -> None:
            task = asyncio.create_task(chat.ask_async("Hello", show=False))
            while not (len(chat) and chat[-1].text):
                await asyncio.sleep(0.001)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        asyncio.run(cancel())
        return chat[-1]

    def _dropped(self, number: int) -> Reply:
        self._broken(number).stream("Hello")  # nobody reads it: it leaves no trace
        stream = self._broken(number).stream("Hello")
        reply, events = stream.reply, iter(stream)
        next(events)
        del stream, events
        gc.collect()
        return reply

    def _broken(self, number: int) -> omni.Chat:
        chat = self._interrupted[number // 8 % len(self._interrupted)]
        chat.undo(len(chat))
        return chat


def soak(asker: Asker, asks: int, interrupted: int) -> Iterator[float]:
    """Ask, and break off now and then; yield the seconds that each question took."""
    ways, ends = asker.asks(), asker.interruptions()
    broken_off = 0
    for number in range(asks):
        started = time.perf_counter()
        reply = ways[number % len(ways)](number)
        seconds = time.perf_counter() - started
        assert reply.finish_reason in ("stop", "length"), reply.finish_reason
        while broken_off * asks < (number + 1) * interrupted:
            reply = ends[broken_off % len(ends)](broken_off)
            assert reply.is_finished
            assert reply.finish_reason in ("interrupted", "timeout"), reply.finish_reason
            broken_off += 1
        del reply
        yield seconds


def held(process: psutil.Process, *, settled: Held | None = None) -> Held:
    """Measure a process; what is just ending is waited for, down to what was ``settled``."""
    gc.collect()
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        blocks = sys.getallocatedblocks() if process.pid == os.getpid() else 0
        memory = process.memory_info().rss
        now = Held(process.num_threads(), process.num_fds(), memory, blocks)
        if settled is None or time.monotonic() > deadline:
            return now
        if now.threads <= settled.threads and now.descriptors <= settled.descriptors:
            return now
        time.sleep(0.05)


def measure(asker: Asker, server: psutil.Process, asks: int, interrupted: int) -> dict[str, Any]:
    """Soak, and measure both processes after a warm-up, half-way and at the end."""
    processes = {"client": psutil.Process(), "server": server}
    marks = {min(WARM_UP, asks // 2), asks // 2, asks}
    seconds = array("d", bytes(8 * asks))  # all of it now: what is measured must not grow with it
    held_by: dict[str, list[Held]] = {name: [] for name in processes}
    for number, one in enumerate(soak(asker, asks, interrupted)):
        seconds[number] = one
        if number + 1 in marks:
            for name, process in processes.items():
                before = held_by[name][0] if held_by[name] else None
                held_by[name].append(held(process, settled=before))
    halves = seconds[: asks // 2], seconds[asks // 2 :]
    return {
        "seconds": [median(half) for half in halves],
        **{name: [asdict(one) for one in held] for name, held in held_by.items()},
    }


def connection(base_url: str, api_key: str) -> Connection:
    """Return a connection whose prices are known, for a budget."""
    return replace(connection_to(base_url, api_key=api_key), is_stand_in=True)


def main(asks: int, interrupted: int) -> None:
    """Soak, and print what was held on the way."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    command = [sys.executable, "-m", "tests.benchmarks.soak_server"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        addresses = json.loads(server.stdout.readline())
        asker = Asker(*(connection(*address) for address in addresses))
        measured = measure(asker, psutil.Process(server.pid), asks, interrupted)
        server.stdin.close()
        activity = json.loads(server.stdout.read())
    print(json.dumps({**measured, "activity": activity}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
