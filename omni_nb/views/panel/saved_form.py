"""SavedForm: the conversation as plain HTML beside the panel, which the notebook saves.

A saved notebook without its kernel cannot show a widget. So the panel has a second output with the
whole conversation, which the live panel hides. It is cut into blocks, each with a display of its
own: a new turn changes the last block, not all of it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from omni_nb.archive.outputs import block_metadata
from omni_nb.errors import OmniError
from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import AudioPart
from omni_nb.render.html import HTML, tag
from omni_nb.render.transcript import split_turns, transcript_bundle
from omni_nb.views.debounce import Debounce
from omni_nb.views.guard import Guard
from omni_nb.views.session import session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from omni_nb.chat.conversation import Conversation
    from omni_nb.media.clip import Storage
    from omni_nb.turns.reply import Reply
    from omni_nb.words import Language

    Block: TypeAlias = tuple[int, tuple[Reply, ...]]

SETTLED_SECONDS = 0.2
QUICK_SECONDS = 60.0
"""How much speech is encoded while the cell runs, in about a second; more comes after it."""

_LEAST = (512, 64, 8, 1)
"""How many turns a block of each display has at least; the oldest come first."""

_NO_ERROR = (
    "<style>.jp-OutputArea-child:not(:has(> .jp-OutputArea-output > *))"
    ":has(+ .jp-OutputArea-child .{}){{display:none}}</style>"
)
"""Where a panel was, JupyterLab says "Error displaying widget": not when this shows all of it."""

log = logging.getLogger("omni_nb")


class SavedForm:
    """The saved form of a panel's conversation.

    Parameters
    ----------
    chat, panel_id
        The conversation, and the id of its panel.
    on_write
        Called after the saved form was updated.
    on_failure
        Called with the name of an error that kept a part of it from being written.

    Attributes
    ----------
    size
        How many bytes the saved form takes in the notebook.
    """

    def __init__(
        self,
        chat: Conversation,
        panel_id: str,
        on_write: Callable[[], None],
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        self.size = 0
        self._chat = chat
        self._on_write = on_write
        self._class = f"omni-kept-{panel_id}"
        self._handles: list[list[Any]] = []
        self._shown: dict[int, object] = {}
        self._sizes: dict[int, int] = {}
        self._how: tuple[Storage, Language] = ("mp3", "en")
        self._guard = Guard("the panel's saved form could not be written", on_failure)
        self._later = Debounce(SETTLED_SECONDS, self._write, self._guard)
        self._lock = threading.Lock()

    def show(self, storage: Storage, language: Language) -> None:
        """Display the saved form in the running cell."""
        from IPython.display import display

        with self._lock:
            self._how = (storage, language)
            is_quick = self._is_quick()
            blocks = self._blocks() if is_quick else {}
            handles = []
            for place in range(len(_LEAST)):
                data, metadata = self._made_or_empty(place, blocks)
                handles.append(
                    display(  # type: ignore[no-untyped-call]
                        data, metadata=metadata, raw=True, display_id=True
                    )
                )
                self._shown[place] = self._key(blocks.get(place))
            self._handles.append([handle for handle in handles if handle is not None])
        if not (is_quick and session().is_attended):
            self._later.ask()

    def _is_quick(self) -> bool:
        replies = list(self._chat.replies)
        spoken = [part for reply in replies for part in (reply.audio, *reply.question)]
        clips = [part for part in spoken if isinstance(part, (AudioClip, AudioPart))]
        return sum(clip.seconds for clip in clips) <= QUICK_SECONDS

    def update(self, storage: Storage, language: Language) -> None:
        """Update the saved form in a moment."""
        self._how = (storage, language)
        if self._handles:
            self._later.ask()

    def close(self) -> None:
        """Update the saved form for the last time."""
        self._later.cancel()
        if self._handles:
            self._guard.run(self._write)

    def _write(self) -> None:
        with self._lock:
            blocks = self._blocks()
            for place in range(len(_LEAST)):
                self._guard.run(self._replace, place, blocks.get(place))
        self._on_write()

    def _replace(self, place: int, block: Block | None) -> None:
        """Write a block anew if it has changed; the others are written whatever becomes of it."""
        if (key := self._key(block)) == self._shown.get(place):
            return
        data, metadata = self._made(place, block)
        for handles in self._handles:
            if place < len(handles):
                handles[place].update(data, metadata=metadata, raw=True)
        self._shown[place] = key

    def _blocks(self) -> dict[int, Block]:
        """Cut the finished turns into blocks, by the display that shows each."""
        replies = [reply for reply in list(self._chat.replies) if reply.is_finished]
        blocks, first = {}, 0
        for size in split_turns(len(replies)):
            place = next(n for n, least in enumerate(_LEAST) if size >= least)
            blocks[place] = (first, tuple(replies[first : first + size]))
            first += size
        return blocks

    def _key(self, block: Block | None) -> object:
        return (block, self._how)

    def _made_or_empty(
        self, place: int, blocks: Mapping[int, Block]
    ) -> tuple[Mapping[str, str], Mapping[str, Any]]:
        try:
            return self._made(place, blocks.get(place))
        except Exception as error:  # the panel itself can be shown
            self._guard.note(error)
            return self._made(place, None)

    def _made(self, place: int, block: Block | None) -> tuple[Mapping[str, str], Mapping[str, Any]]:
        storage, language = self._how
        first, replies = block or (0, ())
        bundle = transcript_bundle(replies, storage=storage, language=language, first=first)
        instead = HTML(_NO_ERROR.format(self._class)) if replies else None
        html = tag("div", HTML(bundle["text/html"]), instead, class_=self._class)
        metadata = self._metadata(first, len(replies), storage) if replies else {}
        self._sizes[place] = len(html) if replies else 0
        self.size = sum(self._sizes.values())
        return {"text/html": html, "text/plain": bundle["text/plain"]}, metadata

    def _metadata(self, first: int, count: int, storage: Storage) -> Mapping[str, Any]:
        """Return what a saved notebook needs to go on; nothing when a medium is gone."""
        try:
            archive = self._chat.document()
            finished = tuple(reply for reply in archive.replies if reply.is_finished)
            archive = replace(archive, replies=finished)
            return block_metadata(archive, start=first, stop=first + count, storage=storage)
        except OmniError as error:
            log.warning("omni_nb: this turn cannot be taken up from the notebook: %s", error)
            return {}
