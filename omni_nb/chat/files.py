"""Keeping: a conversation that is put away, given away, and taken up again."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.archive.document import Archive, media_folder
from omni_nb.archive.export import notebook_file
from omni_nb.archive.notebook import read_notebook
from omni_nb.archive.page import export_html
from omni_nb.archive.reader import read
from omni_nb.archive.writer import write
from omni_nb.errors import RequestError
from omni_nb.media.folder import replacing
from omni_nb.turns.branches import Branching

if TYPE_CHECKING:
    import os
    from typing import Self

    from omni_nb.media.clip import Storage
    from omni_nb.turns.budget import Budget
    from omni_nb.turns.connection import Connection


class Keeping(Branching):
    """What of a conversation is written to files, and read from them."""

    model: str
    modalities: tuple[str, ...]
    voice: str | None
    system: str | None
    system_as_turns: bool
    options: dict[str, Any]
    _purse: Budget

    if TYPE_CHECKING:

        @classmethod
        def _of(cls, archive: Archive, connection: Connection | None) -> Self:
            """Return a conversation that goes on from one at rest."""
            ...

    def document(self) -> Archive:
        """Return the conversation at rest: its settings and its replies."""
        return Archive(
            model=self.model,
            modalities=self.modalities,
            voice=self.voice,
            system=self.system,
            system_as_turns=self.system_as_turns,
            options=self.options,
            trimming=self.trimming,
            replies=tuple(self.replies),
            branches=self.branches,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the conversation to a JSON file, and its media to a folder beside it.

        ``talk.json`` keeps its media in ``talk_media/``, each file once, named by its
        content. Nothing of the connection is written: no key, no address. An answer that
        still streams is kept as far as it came.

        Raises
        ------
        MediaError
            A file that was sent is gone or has changed since.
        RequestError
            The file cannot be written.
        """
        return write(self.document(), path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, connection: Connection | None = None) -> Self:
        """Read a conversation that was saved; it goes on where it was.

        Parameters
        ----------
        path
            The JSON file; its media folder is beside it and stays there, in use.
        connection
            Who answers from now on; by default the notebook's (`connect`).

        Raises
        ------
        RequestError
            It is no saved conversation, or of a newer schema than this version knows.
        MediaError
            A medium is missing or has changed.
        """
        return cls._of(read(path), connection)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go on with a saved conversation in the place of this one, which is set aside.

        Parameters
        ----------
        path
            The JSON file of `save`, or a notebook (`from_notebook`). Who answers stays.

        Raises
        ------
        RequestError, MediaError
            As for `load`; this conversation is then as it was.
        """
        is_notebook = Path(path).suffix == ".ipynb"
        other = (type(self).from_notebook if is_notebook else type(self).load)(path)
        self.clear()
        self.model, self.modalities, self.voice = other.model, other.modalities, other.voice
        self.system, self.system_as_turns = other.system, other.system_as_turns
        self.options = other.options
        self.replies[:] = other.replies
        self._aside = [*other._aside, *self._aside]
        self.trimming = other.trimming
        self._purse.remember(dict.fromkeys((*other.replies, *chain(*other._aside))))

    @classmethod
    def from_notebook(
        cls,
        path: str | os.PathLike[str],
        *,
        chat: str | int | None = None,
        connection: Connection | None = None,
    ) -> Self:
        """Read a conversation out of a saved notebook's outputs; it goes on where it was.

        Everything is there: questions and answers, speech, usage and cost. Speech, and a WAV of a
        question, is as the notebook keeps it, exact with ``storage="wav"``. A picture, sound or
        video of more than a megabyte is looked for where it was and beside the notebook; where it
        is gone, a line of words takes its place.

        Parameters
        ----------
        path
            The notebook, saved with its outputs.
        chat
            Which conversation of several: its place in the notebook from 0, or the id that the
            error lists when there is no such; by default the last.
        connection
            Who answers from now on; by default the notebook's (`connect`).

        Raises
        ------
        RequestError
            It is no notebook, or it holds no such conversation.

        Examples
        --------
        >>> import tempfile
        >>> from omni_nb.chat.conversation import Conversation
        >>> chat = Conversation("qwen-omni-turbo")
        >>> for _ in chat.stream("Who are you?"): pass
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = Conversation.from_notebook(chat.export(f"{folder}/talk.ipynb"))
        >>> again.messages == chat.messages
        True
        """
        return cls._of(read_notebook(path, chat), connection)

    def export(
        self, path: str | os.PathLike[str], *, storage: Storage = "mp3", title: str | None = None
    ) -> Path:
        """Write the conversation for other people: as a page, or as a notebook.

        ``talk.html`` is one file that needs nothing else: no script, no network.
        ``talk.ipynb`` asks the questions again when it is run, and shows the recorded answers;
        media of the questions are beside it in ``talk_media/``. Neither has a key, an address
        of a service or a folder of this machine in it.

        Parameters
        ----------
        path
            The file; its ending says which.
        storage
            How the speech is kept: ``"mp3"``, ``"opus"`` or ``"wav"``.
        title
            Of the page; by default the first words of the first question.

        Raises
        ------
        MediaError
            A file that was sent is gone or has changed since.
        RequestError
            The ending is another, or the file cannot be written.
        """
        target = Path(path).expanduser()
        form = target.suffix.lower().removeprefix(".")
        if form not in ("html", "ipynb"):
            raise RequestError(
                f"A conversation is exported as .html or .ipynb, not as {target.name!r}; "
                "save() writes .json."
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            data = (
                export_html(self.document(), storage=storage, title=title)
                if form == "html"
                else notebook_file(self.document(), storage=storage, folder=media_folder(target))
            )
            with replacing(target) as file:
                file.write(data)
        except (OSError, TypeError) as error:
            raise RequestError(
                f"The conversation cannot be exported to {str(path)!r}: {error}."
            ) from error
        return target

    def exported(self, form: Literal["html", "ipynb"], *, storage: Storage = "mp3") -> bytes:
        """Return the conversation as one file to download; see `export`.

        A notebook has the media of up to a megabyte in it, and says where larger ones go.

        Examples
        --------
        >>> from omni_nb.chat.conversation import Conversation
        >>> Conversation("qwen-omni-turbo").exported("html")[:15]
        b'<!doctype html>'
        """
        if form == "html":
            return export_html(self.document(), storage=storage)
        return notebook_file(self.document(), storage=storage)
