"""The chat that shows itself: `Chat`, `ask` and `ask_async`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omni_nb.chat.conversation import Conversation
from omni_nb.views.live import watch, watch_async
from omni_nb.views.session import session
from omni_nb.views.stages import PREBUFFER_SECONDS, choose_stage
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal, Self

    from omni_nb.media.clip import Storage
    from omni_nb.rules.money import Money
    from omni_nb.rules.quota import Quota
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply
    from omni_nb.views.panel import ChatPanel


class Chat(Conversation):
    """A conversation that is seen and heard: `ask` streams into the cell and speaks.

    The parameters are those of `omni_nb.chat.conversation.Conversation`; its ``stream``,
    ``replies``, ``messages``, ``usage`` and ``cost`` work without a notebook.

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
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
    ) -> Reply:
        """Ask, show the answer as it comes, and return it.

        Parameters
        ----------
        prompt, *content, image, audio, video, frames
            The question, as `Conversation.stream` takes it.
        show
            False: silent. By default the answer streams into the notebook's cell and is
            heard in the browser; outside a notebook its text goes to standard output.
        storage
            How the notebook keeps the speech: ``"mp3"`` (about 7 kB of notebook per second;
            plays everywhere), ``"opus"`` (about 4 kB; not in every version of Safari) or
            ``"wav"`` (64 kB, every sample). ``reply.audio`` has every sample either way. What
            the notebook keeps of a question that is WAV or samples follows it, too; sent is
            every sample.
        prebuffer_seconds
            Speech held back before it sounds, against an uneven network; 0 is soonest.

        Returns
        -------
        Reply
            Also when it was interrupted (■), passed the budget or took too long: then with what
            had arrived.

        Raises
        ------
        MediaError, RequestError
            Something is not allowed; nothing was sent.
        BudgetError
            It would pass the chat's budget; nothing was sent.
        ServiceError
            The service refused or broke off; ``.reply`` holds what had arrived.
        """
        stream = self.stream(prompt, *content, image=image, audio=audio, video=video, frames=frames)
        session().note_turn(self, stream.reply)
        stage = choose_stage(
            stream.reply, show=show, storage=storage, prebuffer_seconds=prebuffer_seconds
        )
        try:
            return watch(stream, stage)
        finally:
            stream.settle()

    def panel(
        self,
        *,
        locale: Literal["auto", "en", "zh"] = "auto",
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
    ) -> ChatPanel:
        """Return this conversation as a panel to type, drop and talk in (`omni_nb.ChatPanel`)."""
        from omni_nb.views.panel import ChatPanel

        return ChatPanel(self, locale=locale, storage=storage, prebuffer_seconds=prebuffer_seconds)

    async def ask_async(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
    ) -> Reply:
        """Do the same as `ask` under ``await``: other tasks go on meanwhile."""
        stream = self.stream(prompt, *content, image=image, audio=audio, video=video, frames=frames)
        session().note_turn(self, stream.reply)
        stage = choose_stage(
            stream.reply, show=show, storage=storage, prebuffer_seconds=prebuffer_seconds
        )
        try:
            return await watch_async(stream, stage)
        finally:
            stream.settle()

    def edit(
        self,
        turn: int,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
    ) -> Self:
        """Ask an earlier question anew, in a new chat; this one stays as it was.

        Parameters
        ----------
        turn
            Its place, counted from 0 as in ``replies[turn]``; -1 is the last. Later turns are
            not in the new chat.
        prompt, *content, image, audio, video, frames
            What changes: new words, new media, or both. What is not given stays.
        show, storage, prebuffer_seconds
            As for `ask`.

        Returns
        -------
        Chat
            The new chat; its last reply is the new answer.

        Examples
        --------
        >>> chat = Chat()
        >>> reply = chat.ask("Who are you?", show=False)
        >>> other = chat.edit(0, "What can you do?", show=False)
        >>> [chat.messages[0]["content"], other.messages[0]["content"]]
        ['Who are you?', 'What can you do?']
        """
        question = self.reworded(
            turn, prompt, *content, image=image, audio=audio, video=video, frames=frames
        )
        branch = self.fork(at=turn)
        branch.ask(*question, show=show, storage=storage, prebuffer_seconds=prebuffer_seconds)
        return branch


def ask(
    prompt: Any = None,
    *content: Any,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    frames: Any = None,
    model: str = DEFAULT_MODEL,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    system_as_turns: bool = False,
    connection: Connection | None = None,
    budget: Money | None = None,
    quota: Quota | None = None,
    timeout: float | None = None,
    extra: Mapping[str, Any] | None = None,
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
        model,
        voice=voice,
        modalities=modalities,
        system=system,
        system_as_turns=system_as_turns,
        connection=connection,
        budget=budget,
        quota=quota,
        timeout=timeout,
        extra=extra,
        **options,
    )
    return chat.ask(
        prompt,
        *content,
        image=image,
        audio=audio,
        video=video,
        frames=frames,
        show=show,
        storage=storage,
        prebuffer_seconds=prebuffer_seconds,
    )


async def ask_async(
    prompt: Any = None,
    *content: Any,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    frames: Any = None,
    model: str = DEFAULT_MODEL,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    system_as_turns: bool = False,
    connection: Connection | None = None,
    budget: Money | None = None,
    quota: Quota | None = None,
    timeout: float | None = None,
    extra: Mapping[str, Any] | None = None,
    show: bool | None = None,
    storage: Storage = "mp3",
    prebuffer_seconds: float = PREBUFFER_SECONDS,
    **options: Any,
) -> Reply:
    """Do the same as `ask` under ``await``, also at a notebook's top level."""
    chat = Chat(
        model,
        voice=voice,
        modalities=modalities,
        system=system,
        system_as_turns=system_as_turns,
        connection=connection,
        budget=budget,
        quota=quota,
        timeout=timeout,
        extra=extra,
        **options,
    )
    return await chat.ask_async(
        prompt,
        *content,
        image=image,
        audio=audio,
        video=video,
        frames=frames,
        show=show,
        storage=storage,
        prebuffer_seconds=prebuffer_seconds,
    )
