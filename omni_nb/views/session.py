"""The session a person works in: a notebook kernel, marimo, or a plain interpreter."""

from __future__ import annotations

import logging
import os
import sys
import threading
import weakref
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from omni_nb.archive.outputs import block_metadata
from omni_nb.render.many import run_bundle
from omni_nb.render.reply import reply_bundle
from omni_nb.turns.reply import Reply
from omni_nb.views import marimo
from omni_nb.views.named_file import named_file_text
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omni_nb.chat.conversation import Conversation
    from omni_nb.many.run import Run
    from omni_nb.media.clip import Storage
    from omni_nb.views.debounce import Debounce
    from omni_nb.views.player import AudioPlayer

log = logging.getLogger("omni_nb")


class Session:
    """A session: its shell, the replies that were shown, and the hints that were given.

    Attributes
    ----------
    shell
        IPython's shell of a Jupyter kernel; None in marimo, a terminal or a plain interpreter.
    """

    def __init__(self, shell: Any = None) -> None:
        self.shell = shell
        self._is_hinted = False
        self._cell: int | None = None
        self._shown: weakref.WeakSet[Reply | Run] = weakref.WeakSet()
        self._stages: weakref.WeakKeyDictionary[Run, object] = weakref.WeakKeyDictionary()
        self._kept: weakref.WeakKeyDictionary[Reply, Mapping[str, str]] = (
            weakref.WeakKeyDictionary()
        )
        self._players: weakref.WeakSet[AudioPlayer] = weakref.WeakSet()
        self._due: weakref.WeakSet[Debounce] = weakref.WeakSet()
        self._chats: weakref.WeakKeyDictionary[Reply, weakref.ref[Conversation]] = (
            weakref.WeakKeyDictionary()
        )
        if shell is not None:
            displays = shell.display_formatter.ipython_display_formatter
            displays.for_type(Reply, self._display_once)
            displays.for_type_by_name("omni_nb.many.run", "Run", self._display_run_once)
            shell.events.register("post_run_cell", self._end_cell)

    @property
    def has_cells(self) -> bool:
        """Whether a cell runs that shows things: of a Jupyter kernel, or of marimo."""
        return self.shell is not None or marimo.is_here()

    @property
    def hears_pages(self) -> bool:
        """Whether what a page says may arrive while a cell runs; marimo takes it afterwards."""
        return self.shell is not None

    @property
    def is_attended(self) -> bool:
        """Whether a page may show the running cell while it runs.

        `jupyter execute`, papermill and nbconvert run a notebook by nbclient, which says of each
        cell that nobody can type into it (``allow_stdin``). So does Voilà, which has a page all the
        same; its kernels know the server by the name that CGI has for it.
        """
        if self.shell is None or "SERVER_SOFTWARE" in os.environ:
            return True
        parent: Any = getattr(self.shell, "get_parent", dict)() or {}
        content = parent.get("content") or {}
        return content.get("allow_stdin", True) is not False

    def typed(self) -> list[str]:
        """Return what pages have sent as if somebody had typed it while the cell runs.

        Messages of stdin reach every kernel that runs a cell. Only the kernel's own thread may read
        them, and only while nothing else asks for input.
        """
        kernel: Any = getattr(self.shell, "kernel", None)
        socket = getattr(kernel, "stdin_socket", None)
        if socket is None or threading.current_thread() is not threading.main_thread():
            return []
        found = []
        while (message := kernel.session.recv(socket)[1]) is not None:
            if isinstance(value := message["content"].get("value"), str):
                found.append(value)
        return found

    def at_end_of_cells(self, call: Debounce) -> None:
        """Make a call on the thread of each cell, this and those to come, when the cell has run.

        Where nobody attends, what another thread shows is in no cell: nbclient drops it.
        """
        self._due.add(call)

    def _end_cell(self, _result: object = None) -> None:
        for call in list(self._due):
            call.run()

    def show(self, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> Any:
        """Display a MIME bundle in the running cell; returns the handle to update it."""
        if self.shell is None and marimo.is_here():
            marimo.show_replies_as(self._as_kept)
            return marimo.Display(bundle)
        from IPython.display import display

        return display(  # type: ignore[no-untyped-call]
            dict(bundle), metadata=dict(metadata or {}), raw=True, display_id=True
        )

    def note_player(self, player: AudioPlayer) -> None:
        """Remember a player, and close those before it that no page shows or will show."""
        for before in [each for each in self._players if each.is_abandoned]:
            self._players.discard(before)
            before.close()
        self._players.add(player)

    def note_run(self, run: Run, stage: object) -> None:
        """Remember that this cell shows a run, and keep its stage as long as the run."""
        self._stages[run] = stage
        if self.shell is not None:
            self._shown_here().add(run)

    def note_turn(self, chat: Conversation, reply: Reply) -> None:
        """Remember the chat of a reply, whose output keeps what `from_notebook` needs."""
        self._chats[reply] = weakref.ref(chat)

    def keep(
        self, handle: Any, reply: Reply, storage: Storage, *, tail_id: str | None = None
    ) -> None:
        """Replace a display by the reply's static form, which the notebook keeps.

        Nothing that is seen needs the metadata: a host may leave out those of an update, as VS Code
        has (microsoft/vscode-jupyter#8621), and `Chat.from_notebook` alone reads them.
        """
        bundle = reply_bundle(
            reply,
            storage=storage,
            tail_id=tail_id,
            hint=self.hint(reply),
            aside=named_file_text(reply.question, language_of(reply.question)),
        )
        handle.update(bundle, metadata=self._metadata(reply, storage), raw=True)
        if self.shell is None:
            self._kept[reply] = bundle
        else:
            self._shown_here().add(reply)
        if reply.error is not None:
            reply.error.note_shown(words("reply", language_of(reply.question))["shown above"])

    def hint(self, reply: Reply) -> str:
        """Say how to get a real model; once a session, and only for the stand-in."""
        if self._is_hinted or not reply.is_stand_in:
            return ""
        self._is_hinted = True
        from omni_nb.offline.voice import has_speech

        names = words("session", language_of(reply.question))
        return names["key"] if has_speech() else f"{names['key']} {names['voice']}"

    def _display_once(self, reply: Reply) -> None:
        """Show a reply that is a cell's value, unless that cell has just shown it."""
        if reply not in self._shown_here():
            self.show(reply_bundle(reply), self._metadata(reply))

    def _display_run_once(self, run: Run) -> None:
        """Show a run that is a cell's value, unless that cell shows it already."""
        if run not in self._shown_here():
            self.show(run_bundle(run))

    def _as_kept(self, reply: Reply) -> Mapping[str, str]:
        """Return what a cell shows of a reply already, or would show."""
        return self._kept.get(reply) or reply_bundle(reply)

    def _metadata(self, reply: Reply, storage: Storage = "mp3") -> dict[str, Any]:
        """Return what `Chat.from_notebook` reads; nothing for a reply that has no conversation."""
        chat = self._chats[reply]() if reply in self._chats else None
        if chat is None or reply not in chat.replies:
            return {}
        start = chat.replies.index(reply)
        try:
            document = chat.document()
            return block_metadata(document, start=start, stop=start + 1, storage=storage)
        except Exception:  # an answer must not be lost because it cannot be read back
            log.exception("omni_nb: this answer's output cannot be read back from the notebook")
            return {}

    def _shown_here(self) -> weakref.WeakSet[Reply | Run]:
        """Return the replies and runs that were shown in the running cell."""
        if self._cell != self.shell.execution_count:
            self._cell, self._shown = self.shell.execution_count, weakref.WeakSet()
        return self._shown


@lru_cache(maxsize=1)
def session() -> Session:
    """Return this process's session; a plain Python process never imports IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return Session(shell if hasattr(shell, "kernel") else None)
