"""The chat that shows itself: `Chat`, `ask` and `ask_async`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omni_nb.chat import Conversation
from omni_nb.views.live import watch, watch_async
from omni_nb.views.stages import PREBUFFER_SECONDS, choose_stage
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.connection import Connection
    from omni_nb.render import Storage
    from omni_nb.reply import Reply


class Chat(Conversation):
    """A conversation that is seen and heard: `ask` streams into the cell and speaks.

    The parameters are those of `omni_nb.chat.Conversation`; its ``stream``, ``replies``,
    ``messages``, ``usage`` and ``cost`` work without a notebook.

    Examples
    --------
    >>> chat = Chat("qwen-omni-turbo")
    >>> reply = chat.ask("Who are you?", show=False)
    >>> reply.finish_reason
    'stop'
    """

    def ask(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
    ) -> Reply:
        """Ask, show the answer as it comes, and return it.

        Parameters
        ----------
        prompt, *content, image
            The question, as `Conversation.stream` takes it.
        show
            False: silent. By default the answer streams into the notebook's cell and is
            heard in the browser; outside a notebook its text goes to standard output.
        storage
            How the notebook keeps the speech: ``"mp3"`` (about 7 kB of notebook per
            second) or ``"wav"`` (64 kB, every sample). ``reply.audio`` has every sample
            either way.
        prebuffer_seconds
            Speech held back before it sounds, against an uneven network; 0 is soonest.

        Returns
        -------
        Reply
            Also when it was interrupted (■): then with what had arrived.

        Raises
        ------
        MediaError, RequestError
            Something is not allowed; nothing was sent.
        ServiceError
            The service refused or broke off; ``.reply`` holds what had arrived.
        """
        stream = self.stream(prompt, *content, image=image)
        stage = choose_stage(
            stream.reply, show=show, storage=storage, prebuffer_seconds=prebuffer_seconds
        )
        return watch(stream, stage)

    async def ask_async(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
    ) -> Reply:
        """Do the same as `ask` under ``await``: other tasks go on meanwhile."""
        stream = self.stream(prompt, *content, image=image)
        stage = choose_stage(
            stream.reply, show=show, storage=storage, prebuffer_seconds=prebuffer_seconds
        )
        return await watch_async(stream, stage)


def ask(
    prompt: Any = None,
    *content: Any,
    image: Any = None,
    model: str = DEFAULT_MODEL,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    connection: Connection | None = None,
    show: bool | None = None,
    storage: Storage = "mp3",
    prebuffer_seconds: float = PREBUFFER_SECONDS,
    **options: Any,
) -> Reply:
    """Ask one question and show the answer as it comes; see `Chat` and `Chat.ask`.

    Examples
    --------
    >>> reply = ask("Who are you?", show=False)
    >>> reply.usage.output["text"] > 0
    True
    """
    chat = Chat(
        model, voice=voice, modalities=modalities, system=system, connection=connection, **options
    )
    return chat.ask(
        prompt,
        *content,
        image=image,
        show=show,
        storage=storage,
        prebuffer_seconds=prebuffer_seconds,
    )


async def ask_async(
    prompt: Any = None,
    *content: Any,
    image: Any = None,
    model: str = DEFAULT_MODEL,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    connection: Connection | None = None,
    show: bool | None = None,
    storage: Storage = "mp3",
    prebuffer_seconds: float = PREBUFFER_SECONDS,
    **options: Any,
) -> Reply:
    """Do the same as `ask` under ``await``, also at a notebook's top level."""
    chat = Chat(
        model, voice=voice, modalities=modalities, system=system, connection=connection, **options
    )
    return await chat.ask_async(
        prompt,
        *content,
        image=image,
        show=show,
        storage=storage,
        prebuffer_seconds=prebuffer_seconds,
    )
