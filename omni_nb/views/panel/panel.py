"""ChatPanel: type, drop, talk; read and hear the answer as it comes."""

from __future__ import annotations

import mimetypes
import uuid
from typing import TYPE_CHECKING, Any

from omni_nb.chat.files import is_anothers
from omni_nb.errors import OmniError, RequestError, brief
from omni_nb.media.clip import check_storage
from omni_nb.media.parts import TextPart
from omni_nb.media.paths import path_of
from omni_nb.render.labels import seconds_text
from omni_nb.rules.options import unknown_option
from omni_nb.turns.connection import current_connection
from omni_nb.turns.history import reworded
from omni_nb.views.deltas import whole_samples
from omni_nb.views.guard import Guard
from omni_nb.views.named_file import named_file_text
from omni_nb.views.panel.composer import Composer
from omni_nb.views.panel.header import cost_text, header_of
from omni_nb.views.panel.inbox import Inbox, require, speech_pieces
from omni_nb.views.panel.queue import Queue, QueuedQuestion
from omni_nb.views.panel.saved_form import SavedForm
from omni_nb.views.panel.settings import AUTO, PanelSettings
from omni_nb.views.panel.sync import Sync
from omni_nb.views.panel.talk import Talk
from omni_nb.views.player import PlaybackReport
from omni_nb.views.stages import PREBUFFER_SECONDS, check_prebuffer
from omni_nb.views.widget import Shown
from omni_nb.words import check_language, languages, plural, words

if TYPE_CHECKING:
    from pathlib import Path

    from omni_nb.chat.conversation import Conversation
    from omni_nb.media.clip import Storage
    from omni_nb.turns.reply import Reply
    from omni_nb.views.panel.protocol import Header, Message
    from omni_nb.words import Language


class ChatPanel(Shown, Talk):
    """A conversation as a panel in the notebook.

    Everything that happens in the panel happens in ``chat``, and what a cell does with ``chat``
    appears in the panel. The cell that shows the panel returns at once.

    Parameters
    ----------
    chat
        The conversation; by default a new one that speaks.
    language
        The language of the labels: ``"en"``, ``"zh"``, or ``"auto"`` for that of the page.
    storage
        How the notebook keeps the speech, as for `omni_nb.Chat.ask`.
    prebuffer_seconds
        Seconds of speech to hold back before playing, against an uneven network.

    Attributes
    ----------
    chat
        The conversation.

    Raises
    ------
    RequestError
        The language or the storage is none of these, a number is out of range, or an argument
        has another name.

    Examples
    --------
    >>> panel = ChatPanel()
    >>> panel.chat.voice
    'Cherry'
    >>> panel.close()
    """

    chat: Conversation
    _is_closed = True  # a panel whose making failed is closed by ipywidgets all the same

    def __init__(
        self,
        chat: Conversation | None = None,
        *,
        language: Language = "auto",
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
        **unknown: Any,
    ) -> None:
        from omni_nb.views.notebook import Chat

        for name in unknown:
            names = ("chat", "language", "storage", "prebuffer_seconds")
            raise unknown_option(name, where="ChatPanel()", names=names)
        wanted = language if language == AUTO else check_language(language)
        check_storage(storage)
        check_prebuffer(prebuffer_seconds)
        self.chat = Chat(voice="Cherry") if chat is None else chat
        self._language: Language = "en" if wanted == AUTO else wanted
        panel_id = uuid.uuid4().hex
        self._guard = Guard("the panel failed", self._say_failure)
        self._queue = Queue(self.chat, self._say, lambda: self._language)
        self._sync = Sync(self.chat, self._queue, self._changed)
        self._sync.language = self._language
        self._saved_form = SavedForm(
            self.chat, panel_id, self._saved_form_changed, self._say_failure
        )
        self._settings = PanelSettings(
            self.chat, storage=storage, language=wanted, ask_key=self._ask_key
        )
        self._composer = Composer(self.chat, self.post, self._say, lambda: self._language)
        self._inbox = Inbox(self._handlers(), self.post, lambda: self._language)
        super().__init__(
            self._sync.records,
            self._inbox.take,
            guard=self._guard,
            panel_id=panel_id,
            language="" if wanted == AUTO else wanted,
            prebuffer_seconds=prebuffer_seconds,
            header=self._header(),
            settings=self._settings.state(self._language),
        )
        self._is_closed = False
        self._sync.start(self)

    def close(self) -> None:
        """Close the panel and stop its answer; the conversation and its saved form stay."""
        if self._is_closed:
            return
        self._is_closed = True
        self._queue.close()
        self._sync.close()
        self._inbox.close()
        self._saved_form.close()
        super().close()

    def _ipython_display_(self, **_: Any) -> None:
        self.show_live(words("panel", self._language)["run"])
        self._saved_form.show(self._settings.storage, self._language)

    def __repr__(self) -> str:
        return f"<ChatPanel of {self.chat!r}>"

    # -- what happens ------------------------------------------------------------------------

    def _say(self, kind: str, text: str) -> None:
        self._inbox.say(kind, text)

    def _say_failure(self, name: str) -> None:
        self._say("error", words("panel", self._language)["unexpected"].format(error=name))

    def _changed(self) -> None:
        """Follow turns that have begun, ended or moved: each of these whatever the others do."""
        for follow in (
            lambda: self._saved_form.update(self._settings.storage, self._language),
            lambda: self.show_header(self._header()),
            self._follow_settings,
            self._composer.show,
        ):
            self._guard.run(follow)

    def _saved_form_changed(self) -> None:
        if not self._is_closed:
            self.show_header(self._header())

    def _follow_settings(self) -> None:
        self.show_settings(self._settings.state(self._language))

    def _ask_key(self, service: str) -> None:
        self.asks_key = service

    def _header(self) -> Header:
        return header_of(self.chat, self._language, kept_bytes=self._saved_form.size)

    # -- what the browser asks for -----------------------------------------------------------

    def _handlers(self) -> dict[str, Any]:
        return {
            "hello": self._on_hello,
            "send": self._on_send,
            "stop": lambda message, _: self._on_stop(message["turn"]),
            "cancel": lambda message, _: self._on_cancel(message["turn"]),
            "decide": self._on_decide,
            **self._composer.handlers(),
            "again": self._on_again,
            "edit": self._on_edit,
            "branch": self._on_branch,
            "speech": self._on_speech,
            "code": self._on_code,
            "sample": lambda *_: self._on_sample(),
            "clear": lambda *_: self._on_clear(),
            "save": self._on_save,
            "load": lambda message, _: self._on_load(message["name"]),
            "export": lambda message, _: self._on_export(message["form"]),
            "setting": self._on_setting,
            "key": lambda message, _: self._on_key(message.pop("key", "")),
            "report": self._on_report,
        }

    def _on_hello(self, message: Message, _: Any) -> None:
        if self._settings.language == AUTO and message.get("language") in languages():
            self._speak(message["language"])
        self._sync.answer_hello(message["page"], message.get("have") or {})
        if message.get("reason") == "open":
            self._composer.show_known(message.get("drafts") or [])

    def _speak(self, language: Language) -> None:
        if language != self._language:
            self._language = self._sync.language = language
            self._changed()

    def _on_send(self, message: Message, _: Any) -> None:
        parts = self._composer.take(message["draft"], message["text"])
        if said := named_file_text(parts, self._language, key="file in the panel"):
            self._say("info", said)
        self._ask(parts, message["page"])
        self._composer.show(message["draft"])

    def _ask(self, parts: Any, page: str, *, replaces: Reply | None = None) -> None:
        self._queue.ask(QueuedQuestion(uuid.uuid4().hex[:12], tuple(parts), page, replaces))
        self._sync.hurry()

    def _on_stop(self, turn: str) -> None:
        self._queue.stop(turn)
        self._sync.hurry()

    def _on_decide(self, message: Message, _: Any) -> None:
        self._queue.decide(message["turn"], message["call"], allowed=message["allowed"] is True)
        self._sync.hurry()

    def _on_cancel(self, turn: str) -> None:
        self._queue.cancel(turn)
        self._sync.hurry()

    def _on_again(self, message: Message, _: Any) -> None:
        if (refused := self._queue.cancel(message["turn"])) is not None:
            self._ask(refused.parts, message["page"], replaces=refused.replaces)
            return
        reply = require(self._sync.reply(message["turn"]), self._language)
        self._ask(reply.question, message["page"], replaces=reply)

    def _on_edit(self, message: Message, _: Any) -> None:
        if (refused := self._queue.cancel(message["turn"])) is not None:
            parts = reworded(refused.parts, (TextPart(message["text"]),))
            self._ask(parts, message["page"], replaces=refused.replaces)
            return
        reply = require(self._sync.reply(message["turn"]), self._language)
        parts = reworded(reply.question, (TextPart(message["text"]),))
        self._ask(parts, message["page"], replaces=reply)

    def _on_branch(self, message: Message, _: Any) -> None:
        reply = require(self._sync.reply(message["turn"]), self._language)
        turn = self.chat.replies.index(reply)
        versions = self.chat.versions(turn)
        version = versions.index(reply) + int(message["step"])
        self.chat.switch(turn, min(max(0, version), len(versions) - 1))
        self._sync.hurry()

    def _on_speech(self, message: Message, _: Any) -> None:
        reply = require(self._sync.reply(message["turn"]), self._language)
        pcm = bytes(reply.pcm[: whole_samples(reply.pcm)])
        for offset, piece in speech_pieces(pcm, int(message["offset"])):
            head = {"type": "speech", "turn": message["turn"], "offset": offset}
            sizes = {"pcm_bytes": len(piece), "total_bytes": len(pcm)}
            self.post({**head, **sizes}, piece)

    def _on_code(self, message: Message, _: Any) -> None:
        request = require(self._sync.reply(message["turn"]), self._language).request
        connection = self.chat.connection or current_connection()
        where = (
            {}
            if connection.is_stand_in
            else {"base_url": connection.base_url, "dialect": connection.dialect}
        )
        self.post(
            {
                "type": "code",
                "turn": message["turn"],
                "python": request.as_python(**where),
                "node": request.as_node(**where),
                "curl": request.as_curl(**where),
            }
        )

    def _on_sample(self) -> None:
        names = words("panel", self._language)
        if "audio" not in self.chat.modalities:
            raise RequestError(names["no voice"])
        self.post({"type": "sample", "state": "asked", "words": ""})
        other = self.chat.fork(at=0)  # a fork pays from the same budget
        other.use(system="")
        try:
            with other.stream(names["sample"]) as stream:
                for _ in stream:
                    pass
        except OmniError as error:
            said = names["sample failed"].format(reason=error)
            self.post({"type": "sample", "state": "failed", "words": said})
            return
        reply = stream.reply
        seconds = seconds_text(reply.audio.seconds if reply.audio else 0.0)
        said = names["sample of"].format(
            voice=self.chat.voice, seconds=seconds, cost=cost_text(reply, self._language)
        )
        pcm = bytes(reply.pcm[: whole_samples(reply.pcm)])
        self.post({"type": "sample", "state": "here", "words": said}, pcm)

    def _on_clear(self) -> None:
        names, had = words("panel", self._language), len(self.chat.replies)
        self.chat.clear()
        self._queue.forget_refused()
        self._say("info", names["cleared" if had else "cleared nothing"])
        self._sync.hurry()

    def _on_save(self, message: Message, _: Any) -> None:
        path = _named(message["name"], {".json"})
        if is_anothers(path, self.chat.file) and message.get("replaces") is not True:
            self.post({"type": "exists", "name": str(path), "page": message["page"]})
            return
        self.chat.save(path)
        self._say("info", words("panel", self._language)["saved"].format(name=path.name))
        self.show_header(self._header())

    def _on_load(self, name: str) -> None:
        path = _named(name, {".json", ".ipynb"})
        self.chat.resume(path)
        count = len(self.chat.replies)
        said = words("panel", self._language)["loaded"].format(
            name=path.name, count=count, s=plural(count)
        )
        self._say("info", said)
        self._follow_settings()
        self.show_header(self._header())
        self._sync.hurry()

    def _on_export(self, form: str) -> None:
        name = f"talk.{'ipynb' if form == 'ipynb' else 'html'}"
        data = self.chat.exported(
            "ipynb" if form == "ipynb" else "html", storage=self._settings.storage
        )
        mime = "application/x-ipynb+json" if form == "ipynb" else mimetypes.types_map[".html"]
        self.post({"type": "file", "name": name, "mime": mime}, data)

    def _on_setting(self, message: Message, _: Any) -> None:
        self._settings.change(message["name"], message["value"])
        self._follow_language()
        self._changed()

    def _follow_language(self) -> None:
        """Let the page speak the language that was chosen; for ``"auto"`` it says which."""
        wanted = self._settings.language
        self.language = "" if wanted == AUTO else wanted
        if self.language:
            self._language = self._sync.language = self.language

    def _on_key(self, key: str) -> None:
        if not key.strip():
            self._settings.cancel_key()
        elif self._settings.use_key(key.strip()):
            self._say("info", words("panel", self._language)["key taken"])
        self._changed()

    def _on_report(self, message: Message, _: Any) -> None:
        reply = self._sync.reply(message["turn"])
        if reply is not None and message.get("first_heard_at") is not None:
            reply.playback = PlaybackReport.of(message).playback


def _named(name: str, endings: set[str]) -> Path:
    """Return the file that a person names; one without such an ending is a .json.

    Raises
    ------
    RequestError
        No file can have that name.
    """
    try:
        path = path_of(name.strip() or "talk.json")
        return path if path.suffix in endings else path.with_name(f"{path.name}.json")
    except (ValueError, RuntimeError) as error:
        raise RequestError(f"{brief(name)} is no name of a file: {error}.") from None
