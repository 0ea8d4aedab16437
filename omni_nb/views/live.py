"""Show an answer while it streams: one thread reads it, the cell's own shows it.

One thread reads the network; the cell's thread looks at the growing reply on a clock and lets a
stage show what is new. Nothing else paints, so an output can only land in the right cell, and the
stop button of the notebook (■) reaches us as a ``KeyboardInterrupt`` between two looks.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import threading
from typing import TYPE_CHECKING, Any

from omni_nb.views.decisions import asked_call
from omni_nb.views.guard import Guard
from omni_nb.views.session import session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omni_nb.turns.reply import Reply
    from omni_nb.turns.stream import ReplyStream
    from omni_nb.views.stages import Stage

LOOK_SECONDS = 0.05


def watch(stream: ReplyStream, stage: Stage) -> Reply:
    """Read a stream to its end while the stage shows it; ■ ends it and keeps what came.

    Raises
    ------
    ServiceError
        After the stage has shown what had arrived.
    """
    stream.can_ask = stage.can_ask
    stream.begin()  # what is refused now is refused before anything is shown
    reader = _Reader(stream)
    with _shown(stream, stage) as look:
        reader.start()
        try:
            while reader.is_reading(LOOK_SECONDS):
                look()
        except KeyboardInterrupt:
            stream.stop()
    return reader.result()


async def watch_async(stream: ReplyStream, stage: Stage) -> Reply:
    """Do the same as `watch` without holding up the event loop.

    In a notebook ■ cancels the cell's task; as in `watch` the reply is returned. Elsewhere
    a cancellation goes on, after the stream has been stopped.
    """
    stream.can_ask = stage.can_ask
    stream.begin()
    reader = _Reader(stream)
    with _shown(stream, stage) as look:
        reader.start()
        try:
            while reader.is_reading(0):
                await asyncio.sleep(LOOK_SECONDS / 2)
                look()
        except (asyncio.CancelledError, KeyboardInterrupt) as interrupt:
            stream.stop()
            if not session().has_cells:
                raise
            _uncancel(interrupt)
    return reader.result()


class _Reader:
    """The thread that reads a stream, and what became of it."""

    def __init__(self, stream: ReplyStream) -> None:
        self._stream = stream
        self._error: BaseException | None = None
        self._news = threading.Event()
        run = contextvars.copy_context().run  # ipykernel routes output by context
        self._thread = threading.Thread(target=run, args=(self._read,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_reading(self, seconds: float) -> bool:
        """Wait for news, at most ``seconds``; False when the stream has ended."""
        self._news.wait(seconds)
        self._news.clear()
        return self._thread.is_alive()

    def result(self) -> Reply:
        if self._error is not None:
            raise self._error
        return self._stream.reply

    def _read(self) -> None:
        try:
            for _ in self._stream:
                self._news.set()
        except BaseException as error:  # raised again on the cell's thread
            self._error = error
        finally:
            self._news.set()


@contextlib.contextmanager
def _shown(stream: ReplyStream, stage: Stage) -> Iterator[Callable[[], None]]:
    """Open the stage, and close it on the last state whatever happens in between.

    What cannot be shown ends no answer: it is paid for, and it is in the reply.
    """
    guard = Guard("an answer could not be shown")

    def show(step: Callable[..., None], *values: Any) -> None:
        try:
            step(*values)
        except BrokenPipeError:  # nobody reads the output any more
            raise
        except Exception as error:
            guard.note(error)

    def look() -> None:
        if stage.is_stop_requested:
            stream.stop()
        show(stage.look_at_upload, stream.reply, stream.upload)
        show(stage.look, stream.reply)
        show(ask)

    def ask() -> None:
        place, calls = asked_call(stream.reply), stream.reply.tool_calls
        allowed = stage.decision(place, calls[place]) if place is not None else None
        if place is not None and allowed is not None:
            stream.decide(calls[place].id, allowed)

    with contextlib.ExitStack() as leaving:
        leaving.callback(stream.stop)  # also where the stage cannot be opened
        show(stage.open, stream.reply)
        leaving.callback(show, stage.close, stream.reply)
        leaving.callback(stream.stop)
        yield look


def _uncancel(interrupt: BaseException) -> None:
    """Treat a cancellation as the notebook's stop button."""
    task = asyncio.current_task()
    if isinstance(interrupt, asyncio.CancelledError) and task and sys.version_info >= (3, 11):
        task.uncancel()
