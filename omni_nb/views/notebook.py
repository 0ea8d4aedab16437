"""Ask and show the answer in a notebook: `Chat`, `ask` and `ask_async`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import OmniError
from omni_nb.media.clip import check_storage
from omni_nb.render.errors import advice_text
from omni_nb.rules.options import check_options
from omni_nb.turns.rounds import MOST_ROUNDS
from omni_nb.views.live import watch, watch_async
from omni_nb.views.session import session
from omni_nb.views.stages import PREBUFFER_SECONDS, check_prebuffer, check_show, choose_stage
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typing_extensions import Self, Unpack

    from omni_nb.media.clip import Storage
    from omni_nb.rules.money import Money
    from omni_nb.rules.options import Options
    from omni_nb.rules.quota import Quota
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.rounds import Approve
    from omni_nb.turns.stream import ReplyStream
    from omni_nb.views.panel import ChatPanel
    from omni_nb.views.stages import Stage


class Chat(Conversation):
    """Several turns with one model, seen and heard: `ask` streams into the cell and speaks.

    Parameters
    ----------
    model
        The model's name; `omni_nb.models` lists those that are known, any other is sent as it
        is.
    voice
        The voice of the answers, such as ``"Cherry"``; asks for speech.
    modalities
        ``["text"]`` or ``["text", "audio"]``; by default speech when a voice is given.
    system
        A system message: how the model should answer. Qwen-omni-turbo ignores it when it
        speaks (spec, "支持的输出模态").
    system_as_turns
        Send the system message's words as a question that the model agreed to, in front of
        all others: what the service's own FAQ advises where it ignores system messages.
    connection
        A service of its own (`omni_nb.connect`, `omni_nb.stand_in`). By default the notebook's
        at the first question; the chat keeps it, and ``chat.connection = ...`` changes it.
    budget
        What the chat may cost, together with its forks, such as ``omni.CNY(1)``. Checked
        before a request, with the estimate of its input; a warning comes at 80 %; an answer
        that passes it while it streams is stopped, and what came is kept. Where a price is
        not known a budget cannot be kept, so nothing is sent. It is not saved with the chat.
    quota
        A count of tokens to take every answer off (`omni_nb.Quota`); also of several chats.
    timeout
        Seconds that an answer may take, from the sending of the question to its end; then it
        is stopped, and what came is kept. By default the service is waited for (10 seconds
        for a connection, 300 for the next piece).
    tools
        Functions that the model may call: plain ones and coroutines, with annotations and a
        docstring, from which the model learns what they do. They run in threads of this
        process; the calls of one round at the same time.
    approve
        Who decides on each call: by default nobody, so pass functions of your own; True asks
        the person, with buttons; a function takes a `ToolCall` and returns True or False.
    max_rounds
        How many times the model may call tools for one question before it has to answer.
    response_format
        The form of the answers (`ask`).
    temperature, top_p, top_k, seed, stop, presence_penalty, frequency_penalty, repetition_penalty
        How words are chosen, and where an answer ends.
    max_tokens, max_completion_tokens
        The longest answer, in tokens.
    enable_thinking, thinking_budget, reasoning_effort
        Think before the answer, and how long; text answers only.
    enable_search, search_options
        Let the model search the web, and how.
    vl_high_resolution_images, use_multichannel
        Look at images in more detail; hear the channels of audio apart.
    tool_choice, parallel_tool_calls
        Whether a tool has to be called at first, and which; whether several are at once.
    extra
        Fields of the request's body that omni_nb does not know, as a dict.
    upload
        ``"oss"``: large local files are stored at the service for two days (`ask`). It is not
        saved with the chat.

    Attributes
    ----------
    replies : tuple of Reply
        Every answer with its question, oldest first: ``len(chat)``, ``chat[-1]`` and
        ``for reply in chat`` work on it. Where a method takes a turn, it is a place here,
        counted from 0.

    Raises
    ------
    RequestError
        The model does not answer like that, or an option has another name or type: the
        message says which name was meant.

    Examples
    --------
    >>> chat = Chat("qwen-omni-turbo", temperature=0.2)
    >>> reply = chat.ask("Who are you?", show=False)
    >>> reply.finish_reason, len(chat), chat[-1] is reply
    ('stop', 1, True)
    """

    def ask(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        response_format: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
        **unknown: Any,
    ) -> Reply:
        """Ask, show the answer as it comes, and return it.

        Parameters
        ----------
        prompt, *content
            Text as ``str``, or anything that can only be one thing: a ``Path`` or PIL image,
            an array, a Figure, a part.
        image
            One image or a list of them: a path or URL as ``str``, bytes, a PIL image, an
            array, a Figure.
        audio, video
            Audio or a video, or a list: a path, URL, bytes, and what `omni_nb.audio` and
            `omni_nb.video` take, such as ``(samples, sample_rate)``.
        frames
            A video as a list of its images.
        response_format
            The form of the answer: a pydantic model, dataclass, TypedDict, ``list[...]``,
            ``Literal``, ``Enum`` or a JSON schema as a dict; by default the chat's.
            ``reply.parsed`` is then its value. It is checked here, whatever the service says it
            enforces; an answer that does not fit is asked for once more.
        show
            False: silent. By default the answer streams into the notebook's cell and is
            heard in the browser; outside a notebook its text goes to standard output.
        storage
            How the notebook keeps the speech: ``"mp3"`` (about 7 kB of notebook per second;
            plays everywhere), ``"opus"`` (about 4 kB; not in every version of Safari) or
            ``"wav"`` (64 kB, every sample). ``reply.audio`` has every sample either way. WAV
            or samples of a question are kept in the same way; every sample is sent.
        prebuffer_seconds
            Seconds of speech to hold back before playing, against an uneven network; 0 is
            soonest.

        Returns
        -------
        Reply
            Also when the answer was interrupted (■), passed the budget or took too long: then
            with what had arrived.

        Raises
        ------
        MediaError, RequestError
            Something is not allowed; nothing was sent.
        BudgetError
            The question would pass the chat's budget; nothing was sent.
        ServiceError
            The service refused or broke off; ``.reply`` holds what had arrived.
        AnswerError
            The answer does not have its form, or calls tools that are not there; ``.reply``
            holds it, ``.problems`` says what is wrong.

        Examples
        --------
        >>> import numpy as np
        >>> reply = Chat(voice="Cherry").ask(
        ...     "What is in this image?", image=np.zeros((64, 64, 3), "uint8"), show=False
        ... )
        >>> reply.audio.seconds > 1
        True
        """
        with advised(prompt, *content):
            media = {"image": image, "audio": audio, "video": video, "frames": frames}
            shown = {"show": show, "storage": storage, "prebuffer_seconds": prebuffer_seconds}
            stream, stage = self._staged(
                (prompt, *content), media, shown, unknown, response_format=response_format
            )
            try:
                return watch(stream, stage)
            finally:
                stream.settle()

    async def ask_async(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        response_format: Any = None,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
        **unknown: Any,
    ) -> Reply:
        """Do the same as `ask` under ``await``: other tasks go on meanwhile.

        Parameters
        ----------
        prompt, *content, image, audio, video, frames, response_format
            As for `ask`.
        show, storage, prebuffer_seconds
            As for `ask`.

        Returns
        -------
        Reply
            As for `ask`, and so are the errors.

        Examples
        --------
        >>> import asyncio
        >>> asyncio.run(Chat().ask_async("Who are you?", show=False)).finish_reason
        'stop'
        """
        with advised(prompt, *content):
            media = {"image": image, "audio": audio, "video": video, "frames": frames}
            shown = {"show": show, "storage": storage, "prebuffer_seconds": prebuffer_seconds}
            stream, stage = self._staged(
                (prompt, *content), media, shown, unknown, response_format=response_format
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
        in_place: bool = False,
        show: bool | None = None,
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
        **unknown: Any,
    ) -> Self:
        """Edit an earlier question, and ask it again.

        Parameters
        ----------
        turn
            The turn's place, counted from 0 as in ``chat[turn]``; -1 is the last.
        prompt, *content, image, audio, video, frames
            What changes: new words, new media, or both. What is not given stays.
        in_place
            Ask in this chat: the old answer and what followed are set aside, in reach by
            `versions` and `switch`. By default a new chat asks, and this one stays as it was.
        show, storage, prebuffer_seconds
            As for `ask`.

        Returns
        -------
        Chat
            The chat that asked; its last reply is the new answer.

        Raises
        ------
        MediaError, RequestError, ServiceError
            As for `ask`. What is refused before it is sent changes nothing.

        Examples
        --------
        >>> chat = Chat()
        >>> reply = chat.ask("Who are you?", show=False)
        >>> other = chat.edit(0, "What can you do?", show=False)
        >>> [chat.messages[0]["content"], other.messages[0]["content"]]
        ['Who are you?', 'What can you do?']
        >>> chat.edit(0, "What can you see?", in_place=True, show=False) is chat
        True
        >>> len(chat), len(chat.versions(0))
        (1, 2)
        """
        with advised(prompt, *content):
            media = {"image": image, "audio": audio, "video": video, "frames": frames}
            shown = {"show": show, "storage": storage, "prebuffer_seconds": prebuffer_seconds}
            question = self.reworded(turn, prompt, *content, **media)
            asking = self if in_place else self.fork(at=turn)
            at = turn if in_place else None
            stream, stage = asking._staged(question, {}, shown, unknown, at=at)
            try:
                watch(stream, stage)
            finally:
                stream.settle()
            return asking

    def panel(
        self,
        *,
        language: str = "auto",
        storage: Storage = "mp3",
        prebuffer_seconds: float = PREBUFFER_SECONDS,
        **unknown: Any,
    ) -> ChatPanel:
        """Return this chat as a panel to type, drop and talk in.

        Parameters
        ----------
        language
            The language of the labels: ``"en"``, ``"zh"``, or ``"auto"`` for that of the page.
        storage, prebuffer_seconds
            As for `ask`.

        Returns
        -------
        ChatPanel
            A widget; its ``close()`` ends it.

        Raises
        ------
        RequestError
            The language or the storage is unknown, or a number is out of range.

        Examples
        --------
        >>> panel = Chat(voice="Cherry").panel(language="en")
        >>> panel.close()
        """
        from omni_nb.views.panel import ChatPanel

        return ChatPanel(
            self,
            language=language,
            storage=storage,
            prebuffer_seconds=prebuffer_seconds,
            **unknown,
        )

    def _staged(
        self,
        content: tuple[Any, ...],
        media: Mapping[str, Any],
        shown: Mapping[str, Any],
        unknown: Mapping[str, Any],
        *,
        at: int | None = None,
        response_format: Any = None,
    ) -> tuple[ReplyStream, Stage]:
        """Check everything that can be refused, and return the stream and its stage."""
        self._check_question(unknown, "ask()", names=shown)
        check_show(shown["show"])
        check_storage(shown["storage"])
        check_prebuffer(shown["prebuffer_seconds"])
        stream = self.stream(*content, **media, at=at, response_format=response_format)
        session().note_turn(self, stream.reply)
        return stream, choose_stage(stream.reply, asks=stream.asks_a_person, **shown)


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
    tools: Sequence[Any] | None = None,
    approve: Approve = False,
    max_rounds: int = MOST_ROUNDS,
    response_format: Any = None,
    extra: Mapping[str, Any] | None = None,
    upload: Literal["oss"] | None = None,
    show: bool | None = None,
    storage: Storage = "mp3",
    prebuffer_seconds: float = PREBUFFER_SECONDS,
    **options: Unpack[Options],
) -> Reply:
    """Ask one question, show the answer as it comes, and return it.

    Parameters
    ----------
    prompt, *content
        Text as ``str``, or anything that can only be one thing: a ``Path`` or PIL image, an
        array, a Figure, a part.
    image
        One image or a list of them: a path or URL as ``str``, bytes, a PIL image, an array,
        a Figure.
    audio, video
        Audio or a video, or a list: a path, URL, bytes, and what `omni_nb.audio` and
        `omni_nb.video` take, such as ``(samples, sample_rate)``.
    frames
        A video as a list of its images.
    model
        The model's name; `omni_nb.models` lists those that are known, any other is sent as it
        is.
    voice
        The voice of the answer, such as ``"Cherry"``; asks for speech.
    modalities
        ``["text"]`` or ``["text", "audio"]``; by default speech when a voice is given.
    system
        A system message: how the model should answer.
    system_as_turns
        Send the system message's words as a question that the model agreed to.
    connection
        A service of its own (`omni_nb.connect`); by default the notebook's.
    budget
        What the answer may cost, such as ``omni.CNY("0.1")``; it is stopped there.
    quota
        A count of tokens to take the answer off (`omni_nb.Quota`).
    timeout
        Seconds that the answer may take, from the sending of the question to its end.
    tools
        Functions that the model may call, such as ``[weather]``: plain ones and coroutines, with
        annotations and a docstring, from which the model learns what they do.
    approve
        Who decides on each call: by default nobody, so pass functions of your own; True asks
        you, with buttons; a function takes a `ToolCall` and returns True or False.
    max_rounds
        How many times the model may call tools before it has to answer.
    response_format
        The form of the answer: a pydantic model, dataclass, TypedDict, ``list[...]``, ``Literal``
        or JSON schema. ``reply.parsed`` is then its value, checked here.
    temperature, top_p, top_k, seed, stop, presence_penalty, frequency_penalty, repetition_penalty
        How words are chosen, and where the answer ends.
    max_tokens, max_completion_tokens
        The longest answer, in tokens.
    enable_thinking, thinking_budget, reasoning_effort
        Think before the answer, and how long; text answers only.
    enable_search, search_options
        Let the model search the web, and how.
    vl_high_resolution_images, use_multichannel
        Look at images in more detail; hear the channels of audio apart.
    tool_choice, parallel_tool_calls
        Whether a tool has to be called at first, and which; whether several are at once.
    extra
        Fields of the request's body that omni_nb does not know, as a dict.
    upload
        ``"oss"``: a local file that is too large to be sent as base64 (10,485,760 characters of
        it) is stored at the service, which deletes it after 48 hours, and sent by its address;
        the same content is stored once. All else is sent as ever. Documented for Beijing, for
        tests and development; for sound not verified.
    show
        False: silent. By default the answer streams into the notebook's cell and is heard in
        the browser; outside a notebook its text goes to standard output.
    storage
        How the notebook keeps the speech: ``"mp3"``, ``"opus"`` (smaller) or ``"wav"`` (every
        sample).
    prebuffer_seconds
        Seconds of speech to hold back before playing, against an uneven network; 0 is soonest.

    Returns
    -------
    Reply
        The answer with its ``text``, ``audio``, ``usage``, ``cost``, ``timing`` and
        ``finish_reason``; also when it was interrupted, with what had arrived.

    Raises
    ------
    MediaError, RequestError
        Something is not allowed; nothing was sent.
    BudgetError
        The question would pass the budget; nothing was sent.
    ServiceError
        The service refused or broke off; ``.reply`` holds what had arrived.
    AnswerError
        The answer does not have its form, or calls tools that are not there; ``.reply`` holds
        it, ``.problems`` says what is wrong.

    Examples
    --------
    >>> reply = ask("Who are you?", show=False)
    >>> reply.usage.output["text"] > 0
    True
    >>> import numpy as np
    >>> image = np.zeros((64, 64, 3), "uint8")
    >>> reply = ask("What is in this image?", image=image, voice="Cherry", show=False)
    >>> reply.audio.seconds > 1
    True
    """
    with advised(prompt, *content):
        check_options(options, where="ask()", names=_ARGUMENTS)
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
            tools=tools,
            approve=approve,
            max_rounds=max_rounds,
            response_format=response_format,
            extra=extra,
            upload=upload,
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
    tools: Sequence[Any] | None = None,
    approve: Approve = False,
    max_rounds: int = MOST_ROUNDS,
    response_format: Any = None,
    extra: Mapping[str, Any] | None = None,
    upload: Literal["oss"] | None = None,
    show: bool | None = None,
    storage: Storage = "mp3",
    prebuffer_seconds: float = PREBUFFER_SECONDS,
    **options: Unpack[Options],
) -> Reply:
    """Do the same as `ask` under ``await``, also at a notebook's top level.

    Other tasks go on meanwhile.

    Parameters
    ----------
    prompt, *content, image, audio, video, frames, model, voice, modalities, system
        As for `ask`.
    system_as_turns, connection, budget, quota, timeout, tools, approve, max_rounds
        As for `ask`.
    response_format, extra, upload, show, storage, prebuffer_seconds
        As for `ask`.
    **options
        The options of `ask`.

    Returns
    -------
    Reply
        As for `ask`, and so are the errors.

    Examples
    --------
    >>> import asyncio
    >>> asyncio.run(ask_async("Who are you?", show=False)).finish_reason
    'stop'
    """
    with advised(prompt, *content):
        check_options(options, where="ask_async()", names=_ARGUMENTS)
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
            tools=tools,
            approve=approve,
            max_rounds=max_rounds,
            response_format=response_format,
            extra=extra,
            upload=upload,
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


@contextmanager
def advised(*question: Any) -> Iterator[None]:
    """Put the advice in the language of a question below an error that leaves it."""
    try:
        yield
    except OmniError as error:
        language = language_of(question)
        if language != "en":
            error.note(advice_text(error, language))
        raise


_ARGUMENTS = (
    *("image", "audio", "video", "frames", "model", "voice", "modalities"),
    *("system", "system_as_turns", "connection", "budget", "quota", "timeout", "extra"),
    *("tools", "approve", "max_rounds", "response_format", "show", "storage", "prebuffer_seconds"),
)
