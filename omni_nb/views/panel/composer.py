"""Keep the drafts of a panel: their words, their attachments, and the files on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omni_nb.errors import OmniError
from omni_nb.media.parts import TextPart
from omni_nb.render.errors import error_text
from omni_nb.turns.connection import current_connection
from omni_nb.turns.estimate import priced_region
from omni_nb.views.panel.drafts import Draft, draft_words, item_records
from omni_nb.views.panel.inbox import require
from omni_nb.views.panel.uploads import ReceivedFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.chat.conversation import Conversation
    from omni_nb.media.parts import Part
    from omni_nb.views.panel.protocol import Message
    from omni_nb.views.panel.uploads import ReceivedFile
    from omni_nb.words import Language


class Composer:
    """The drafts of a panel, by the ids that the browser gave them.

    Parameters
    ----------
    chat
        The conversation.
    post
        Sends a message to the browser.
    say
        Called with a kind (``"info"``) and words.
    language
        Returns the language of the words.
    """

    def __init__(
        self,
        chat: Conversation,
        post: Callable[[Message], None],
        say: Callable[[str, str], None],
        language: Callable[[], Language],
    ) -> None:
        self._chat = chat
        self._post = post
        self._say = say
        self._language = language
        self._drafts: dict[str, Draft] = {}
        self._files = ReceivedFiles()

    def handlers(self) -> dict[str, Callable[[Message, Any], None]]:
        """Return what handles the browser's messages, by their ``type``."""
        return {
            "draft": self._on_draft,
            "upload": self._on_upload,
            "remove": self._on_remove,
            "shrink": self._on_shrink,
        }

    def take(self, key: str, text: str) -> tuple[Part, ...]:
        """Return the question that a draft has become; the draft is empty then.

        Raises
        ------
        MediaError, RequestError
            The model does not take the question; the draft stays.
        """
        draft = self._drafts.get(key, Draft())
        draft.text = text
        self._chat.estimate(*draft.parts)  # the rules, before it waits for its turn
        self._drafts.pop(key, None)
        for attachment in draft.attachments:  # from now on their files belong to the question
            self._files.let_go(attachment.key)
        return draft.parts

    def show(self, *keys: str) -> None:
        """Send the tokens and cost of drafts, which depend on the history and on who answers."""
        for key in keys or list(self._drafts):
            self._post({"type": "draft", "draft": key, **self._state(self._drafts.get(key))})

    def show_known(self, keys: list[str]) -> None:
        """Show those of some drafts that are known here."""
        if known := [key for key in keys if key in self._drafts]:
            self.show(*known)

    def _draft(self, key: str) -> Draft:
        return self._drafts.setdefault(key, Draft())

    def _on_draft(self, message: Message, _: Any) -> None:
        self._draft(message["draft"]).text = message["text"]
        self.show(message["draft"])

    def _on_upload(self, message: Message, piece: Any) -> None:
        key = message["upload"]
        try:
            file = self._files.take(message, piece, self._language())
            if file.is_whole:
                self._attach(message["draft"], key, file)
            self._post_piece(key, file.received)
        except (OmniError, OSError) as error:
            self._files.forget(key)
            self._post_piece(key, 0, str(error))

    def _post_piece(self, upload: str, received: int, error: str = "") -> None:
        self._post({"type": "piece", "upload": upload, "received": received, "error": error})

    def _attach(self, key: str, upload: str, file: ReceivedFile) -> None:
        draft = self._draft(key)
        if all(attachment.key != upload for attachment in draft.attachments):
            draft.attach(upload, file.path, self._language())
            self.show(key)

    def _on_remove(self, message: Message, _: Any) -> None:
        self._draft(message["draft"]).remove(message["item"])
        self._files.forget(message["item"])
        self.show(message["draft"])

    def _on_shrink(self, message: Message, _: Any) -> None:
        draft = require(self._drafts.get(message["draft"]), self._language())
        self._say("info", draft.shrink(message["item"], self._chat.model))
        self.show(message["draft"])

    def _state(self, draft: Draft | None) -> Message:
        """Return what the browser shows of a draft."""
        draft, language = draft or Draft(), self._language()
        connection = self._chat.connection or current_connection()
        items = item_records(draft, self._chat, priced_region(connection), language)
        is_refused = any(item["refusal"] for item in items)
        said, share = "", None
        if not is_refused:
            try:
                made = self._chat.estimate(*(draft.parts or (TextPart("?"),)))
                history = self._chat.weight.total
                said = draft_words(draft, made, history, language, is_free=connection.is_stand_in)
                share = made.share
            except OmniError as error:
                said = error_text(error, language)
                is_refused = bool(draft.parts)
        is_sendable = bool(draft.parts) and not is_refused
        return {"items": items, "words": said, "share": share, "is_sendable": is_sendable}
