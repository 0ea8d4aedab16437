"""Ask, edit, save and load a conversation; its history is its replies."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from omni_nb.archive.document import Archive
from omni_nb.archive.notebook import read_notebook
from omni_nb.archive.reader import read
from omni_nb.archive.writer import write
from omni_nb.chat.files import SavedFile, export_to, exported
from omni_nb.errors import OptionError
from omni_nb.media.parts import parts_of
from omni_nb.rules.options import OPTIONS, OptionDict, check_extra, check_options, unknown_option
from omni_nb.rules.pricing import Usage, total_cost
from omni_nb.turns.account import total_account
from omni_nb.turns.budget import Budget
from omni_nb.turns.connection import check_connection, current_connection
from omni_nb.turns.context import input_limit, weigh_messages
from omni_nb.turns.estimate import forecast, forecast_each, priced_region
from omni_nb.turns.history import Trimming, reworded
from omni_nb.turns.line import Line, place_of
from omni_nb.turns.rounds import MOST_ROUNDS
from omni_nb.turns.settings import Settings, format_of
from omni_nb.turns.stream import ReplyStream, check_timeout
from omni_nb.turns.trim import trim
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

    from typing_extensions import Self, Unpack

    from omni_nb.media.clip import Storage
    from omni_nb.media.parts import Part
    from omni_nb.rules.estimate import Estimate
    from omni_nb.rules.formats import AnswerFormat
    from omni_nb.rules.money import Money
    from omni_nb.rules.options import Options
    from omni_nb.rules.pricing import Cost
    from omni_nb.rules.quota import Quota
    from omni_nb.rules.tools import Tool
    from omni_nb.rules.weigh import Weight
    from omni_nb.turns.account import Account
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.rounds import Approve
    from omni_nb.turns.trim import TrimPolicy, TrimReport
    from omni_nb.wire.request import Request


class Conversation:
    """Several turns with one model; `omni_nb.Chat` also shows them, and explains each argument.

    A conversation has a `Line` of replies, `Settings`, a `Budget` and a connection; each does
    its own work.

    Examples
    --------
    >>> chat = Conversation("qwen-omni-turbo")
    >>> with chat.stream("Who are you?") as stream:
    ...     words = "".join(event.text for event in stream if hasattr(event, "text"))
    >>> words == chat[0].text, len(chat)
    (True, 1)
    """

    _settings: Settings
    _line: Line
    _budget: Budget
    _connection: Connection | None
    _timeout: float | None
    _file: SavedFile | None = None

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        *,
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
        **options: Unpack[Options],
    ) -> None:
        given = check_options(options, where="Chat()", names=_ARGUMENTS)
        self._settings = Settings.chosen(
            model,
            voice=voice,
            modalities=modalities,
            system=system,
            system_as_turns=system_as_turns,
            options={**given, **check_extra(extra)},
            tools=tools,
            approve=approve,
            max_rounds=max_rounds,
            response_format=response_format,
            upload=upload,
        )
        self._line = Line()
        self._budget = Budget(budget, quota)
        self.connection = connection
        self.timeout = timeout

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a misspelt attribute: it would be set, and change nothing."""
        if not name.startswith("_") and not hasattr(type(self), name):
            meant = _meant(name, type(self))
            raise AttributeError(f"A chat has no {name!r} that could be set.{meant}")
        super().__setattr__(name, value)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what takes the place of a name that went with this release."""
            if name in _GONE:
                raise AttributeError(f"chat.{name} is gone: {_GONE[name]}.")
            raise AttributeError(f"A chat has no {name!r}.{_meant(name, type(self))}")

    # -- asking ------------------------------------------------------------------------------

    def stream(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        at: int | None = None,
        response_format: Any = None,
        **unknown: Any,
    ) -> ReplyStream:
        """Ask, and return the events of the answer as they come.

        Nothing is sent before the first event is pulled. Then the reply is in the chat; a
        stream that nobody reads leaves no trace.

        Parameters
        ----------
        prompt, *content
            Text as ``str``, or anything that can only be one thing: a ``Path`` or PIL image,
            an array, a Figure, a part.
        image
            One image or a list of them: also a path or URL as ``str``.
        audio, video
            Audio or a video: a path, URL, bytes, and what `omni_nb.audio` and
            `omni_nb.video` take.
        frames
            A video as a list of its images.
        at
            Ask in the place of this turn, counted from 0 as in ``chat[at]``: that turn and
            what followed are set aside (`versions`) when the request is sent.
        response_format
            The form of this answer, as for `ask`; by default the chat's.

        Raises
        ------
        MediaError, RequestError
            Something is not allowed, or the request has more tokens than the model takes;
            nothing was sent.
        BudgetError
            The request would pass the budget; nothing was sent.
        ServiceError
            While iterating: the service refused or broke off.
        AnswerError
            While iterating: the answer does not have its form, or calls what is not there.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for event in chat.stream("Who are you?"): pass
        >>> chat[-1].finish_reason
        'stop'
        """
        self._check_question(unknown, "stream()")
        media = {"image": image, "audio": audio, "video": video, "frames": frames}
        question = parts_of(prompt, content, **media)
        until = None if at is None else place_of(at, self.replies)
        if until is not None:
            self._line.check_is_free()
        request = self._settings.request(
            self._line, question, until=until, response_format=response_format
        )
        connection = self._connection or current_connection()
        stream = ReplyStream.asking(
            request,
            connection,
            tool_rules=self._settings.tool_rules,
            line=self._line,
            at=until,
            budget=self._budget,
            timeout=self._timeout,
        )
        self._connection = connection
        return stream

    def estimate(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        answer_seconds: float | None = None,
        answer_tokens: int | None = None,
        **unknown: Any,
    ) -> Estimate:
        """Estimate the next question with its history. Nothing is sent.

        Parameters
        ----------
        prompt, *content, image, audio, video, frames
            The question, as `stream` takes it.
        answer_seconds, answer_tokens
            Assume an answer of so much speech, or of so many tokens of text, as for
            `omni_nb.estimate`.

        Raises
        ------
        MediaError, RequestError
            The question is not allowed, or the assumption is not of an answer of its kind.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo", system="You are a cat.")
        >>> chat.estimate("Who are you?").tokens
        7
        """
        self._check_question(unknown, "estimate()")
        media = {"image": image, "audio": audio, "video": video, "frames": frames}
        return forecast(
            self.request_of(parts_of(prompt, content, **media)),
            region=priced_region(self._connection or current_connection()),
            answer_seconds=answer_seconds,
            answer_tokens=answer_tokens,
        )

    def request_of(self, question: tuple[Part, ...]) -> Request:
        """Return the request that would ask a question next; nothing is sent.

        Raises
        ------
        MediaError, RequestError
            The model does not take the question.
        """
        return self._settings.request(self._line, question)

    def _check_question(
        self, unknown: Mapping[str, Any], where: str, names: Iterable[str] = ()
    ) -> None:
        """Refuse what is no part of a question; options are the whole chat's.

        Raises
        ------
        OptionError
            A name is that of an option of the whole chat, or of none.
        """
        for name in unknown:
            if name in OPTIONS or name in _ARGUMENTS:
                once = (
                    f"chat.{name} = ..." if hasattr(type(self), name) else f"chat.use({name}=...)"
                )
                raise OptionError(
                    f"{name} is an option of the whole chat, not of {where}: {once} from the next "
                    f"question on, or Chat(..., {name}=...)."
                )
            known = (*_QUESTION, *names, *_ARGUMENTS, *OPTIONS)
            raise unknown_option(name, where=where, names=known)

    # -- settings ----------------------------------------------------------------------------

    def use(
        self,
        model: str | None = None,
        *,
        voice: str | None = None,
        modalities: Sequence[str] | None = None,
        system: str | None = None,
        system_as_turns: bool | None = None,
        tools: Sequence[Any] | None = None,
        approve: Approve | None = None,
        max_rounds: int | None = None,
        response_format: Any = None,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Change the settings from now on; what is not given stays where it fits.

        Parameters
        ----------
        model, voice, modalities
            As for a new chat: a voice asks for speech. One that was chosen earlier and that the
            new model does not have gives way to its first.
        system, system_as_turns
            The system message (``""`` takes it away), and whether it is sent as a question and
            answer.
        tools, approve, max_rounds
            The functions that the model may call (``[]`` takes them away), who approves a call,
            and how many rounds may call.
        response_format
            The form of the answers; ``chat.response_format = None`` takes it away.
        extra
            More fields of the request's body.
        **options
            Options such as ``temperature=0.2``; None takes one away.

        Raises
        ------
        RequestError
            The model does not answer like that; everything stays as it was.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo", voice="Cherry")
        >>> chat.use("qwen3.5-omni-flash", temperature=0.2)
        >>> chat.voice, dict(chat.options)
        ('Tina', {'temperature': 0.2})
        """
        for name in options:
            if name in _SET_ALONE:
                raise OptionError(f"{name} is set by itself: chat.{name} = ...")
        given = check_options(options, where="use()", names=_ARGUMENTS)
        kept = {name: value for name, value in self.options.items() if name not in options}
        self._settings = self._settings.changed(
            model,
            voice=voice,
            modalities=modalities,
            system=system,
            system_as_turns=system_as_turns,
            options={**kept, **given, **check_extra(extra)},
            tools=tools,
            approve=approve,
            max_rounds=max_rounds,
            response_format=response_format,
        )

    @property
    def settings(self) -> Settings:
        """How the next question is asked; may be put back as it was."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._settings.model

    @model.setter
    def model(self, model: str) -> None:
        self.use(model)

    @property
    def voice(self) -> str | None:
        """The voice of the answers; None where none was chosen. Setting None asks for text."""
        return self._settings.voice

    @voice.setter
    def voice(self, voice: str | None) -> None:
        if voice is None:
            self.use(modalities=["text"])
        else:
            self.use(voice=voice, modalities=["text", "audio"])

    @property
    def modalities(self) -> tuple[str, ...]:
        """``("text",)`` or ``("text", "audio")``."""
        return self._settings.modalities

    @modalities.setter
    def modalities(self, modalities: Sequence[str]) -> None:
        self.use(modalities=modalities)

    @property
    def system(self) -> str | None:
        """The system message."""
        return self._settings.system

    @system.setter
    def system(self, system: str | None) -> None:
        self.use(system=system or "")

    @property
    def system_as_turns(self) -> bool:
        """Whether the system message is sent as a question that the model agreed to."""
        return self._settings.system_as_turns

    @system_as_turns.setter
    def system_as_turns(self, system_as_turns: bool) -> None:
        self.use(system_as_turns=system_as_turns)

    @property
    def options(self) -> MutableMapping[str, Any]:
        """More fields of every request, such as ``chat.options["temperature"] = 0.2``."""
        return self._settings.options

    @options.setter
    def options(self, options: Mapping[str, Any]) -> None:
        given = check_options(options, where="options")
        self._settings = self._settings.changed(options=given)

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The functions that the model may call."""
        return self._settings.tools

    @tools.setter
    def tools(self, tools: Sequence[Any]) -> None:
        self.use(tools=tools)

    @property
    def response_format(self) -> AnswerFormat | None:
        """The form of the answers; None where they are words."""
        return self._settings.response_format

    @response_format.setter
    def response_format(self, response_format: Any) -> None:
        self._settings = replace(self._settings, response_format=format_of(response_format))

    @property
    def connection(self) -> Connection | None:
        """The service that answers; None until the first question takes the notebook's."""
        return self._connection

    @connection.setter
    def connection(self, connection: Connection | None) -> None:
        self._connection = check_connection(connection)

    @property
    def timeout(self) -> float | None:
        """Seconds that an answer may take, from the sending of its question; None: no limit."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: float | None) -> None:
        check_timeout(timeout)
        self._timeout = timeout

    @property
    def budget(self) -> Money | None:
        """What the chat and its forks may cost together; None: no limit."""
        return self._budget.limit

    @budget.setter
    def budget(self, budget: Money | None) -> None:
        self._budget.limit = budget

    @property
    def quota(self) -> Quota | None:
        """The count of tokens that every answer is taken off."""
        return self._budget.quota

    @quota.setter
    def quota(self, quota: Quota | None) -> None:
        self._budget.quota = quota

    # -- replies -----------------------------------------------------------------------------

    @property
    def line(self) -> Line:
        """The replies, those set aside, and what of them is no longer sent."""
        return self._line

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Every answer with its question, oldest first."""
        return self._line.replies

    @property
    def branches(self) -> tuple[tuple[Reply, ...], ...]:
        """The lines of replies that were set aside, oldest first."""
        return self._line.branches

    @property
    def trimming(self) -> Trimming:
        """What of the oldest turns is no longer sent (`trim`)."""
        return self._line.trimming

    def __len__(self) -> int:
        return len(self.replies)

    def __bool__(self) -> bool:
        return True  # a chat without replies is a chat

    def __iter__(self) -> Iterator[Reply]:
        return iter(self.replies)

    @overload
    def __getitem__(self, turn: int) -> Reply: ...
    @overload
    def __getitem__(self, turn: slice) -> tuple[Reply, ...]: ...
    def __getitem__(self, turn: int | slice) -> Reply | tuple[Reply, ...]:
        """Return the reply of a turn, counted from 0; -1 is the last."""
        return self.replies[turn]

    def versions(self, turn: int) -> tuple[Reply, ...]:
        """Return the replies that have stood at a turn, oldest first.

        Parameters
        ----------
        turn
            The turn's place, counted from 0 as in ``chat[turn]``; -1 is the last.

        Raises
        ------
        RequestError
            There is no such turn.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for question in ("Who are you?", "What can you do?"):
        ...     for event in chat.stream(question, at=0 if len(chat) else None): pass
        >>> len(chat), len(chat.versions(0))
        (1, 2)
        """
        return self._line.versions(turn)

    def switch(self, turn: int, version: int) -> None:
        """Switch to another version of a turn, and to what was said after it.

        Parameters
        ----------
        turn
            The turn's place, counted from 0 as in ``chat[turn]``; -1 is the last.
        version
            The version's place in ``versions(turn)``; -1 is the newest.

        Raises
        ------
        RequestError
            There is no such turn or version, or an answer still streams.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for question in ("Who are you?", "What can you do?"):
        ...     for event in chat.stream(question, at=0 if len(chat) else None): pass
        >>> chat.switch(0, 0)
        >>> chat.messages[0]["content"]
        'Who are you?'
        """
        self._line.switch(turn, version)

    def clear(self) -> None:
        """Begin anew; what was said is set aside and stays in `branches`.

        Raises
        ------
        RequestError
            An answer still streams.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for event in chat.stream("Who are you?"): pass
        >>> chat.clear()
        >>> len(chat), len(chat.branches)
        (0, 1)
        """
        self._line.go_to(())

    def undo(self, turns: int = 1) -> tuple[Reply, ...]:
        """Take the last turns back, and return them.

        Parameters
        ----------
        turns
            How many turns are taken back.

        Raises
        ------
        RequestError
            There are fewer turns.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for event in chat.stream("Who are you?"): pass
        >>> len(chat.undo()), len(chat)
        (1, 0)
        """
        return self._line.undo(turns)

    def fork(self, at: int | None = None) -> Self:
        """Return a separate chat with the first replies of this one.

        Parameters
        ----------
        at
            How many replies the new chat begins with; all by default. As in a slice, a negative
            number counts from the end: -1 leaves out the last. An answer that still streams is
            left out.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> chat.fork() is chat
        False
        """
        return self._twin(self._line.fork(at))

    def __copy__(self) -> Self:
        return self._twin(self._line.copy())

    def __deepcopy__(self, memo: object) -> Self:
        return self._twin(self._line.copy())  # replies are records, and budgets are shared

    def _twin(self, line: Line) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._settings = self._settings.copy()
        twin._line = line
        twin._file = None  # two conversations do not share a file
        return twin

    def reworded(
        self,
        turn: int,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
    ) -> tuple[Part, ...]:
        """Return the question of a turn with new words, new media, or both.

        What is not given stays as it was. Nothing is sent.

        Parameters
        ----------
        turn
            The turn's place, counted from 0 as in ``chat[turn]``; -1 is the last.
        prompt, *content, image, audio, video, frames
            What changes, as `stream` takes it.

        Raises
        ------
        RequestError
            There is no such turn.

        Examples
        --------
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for event in chat.stream("Who are you?"): pass
        >>> for event in chat.stream(*chat.reworded(0, "What can you do?"), at=0): pass
        >>> [len(chat), chat.messages[0]["content"]]
        [1, 'What can you do?']
        """
        question = self.replies[place_of(turn, self.replies)].question
        media = {"image": image, "audio": audio, "video": video, "frames": frames}
        return reworded(question, parts_of(prompt, content, **media))

    def trim(self, policy: TrimPolicy = "media", *, keep: int | None = None) -> TrimReport:
        """Send less of the history, and report what that saves.

        ``replies`` keep and show everything; only what the model reads changes.

        Parameters
        ----------
        policy
            ``"media"``: the media of earlier turns are sent as a line of words each, such as
            ``[image dog.jpg, 640×480, sent earlier]``; their answers stay.
            ``"turns"``: the oldest turns are not sent.
            ``"nothing"``: everything is sent again.
        keep
            How many of the newest turns stay whole: by default 1 for ``"media"``, and for
            ``"turns"`` so many that half of what the model takes in is free for the next
            question.

        Raises
        ------
        RequestError
            The policy is unknown, ``keep`` is negative, or ``"turns"`` needs ``keep`` because
            the model's limit is not known.

        Examples
        --------
        >>> import omni_nb as omni
        >>> omni.Chat("qwen-omni-turbo").trim().dropped
        ()
        """
        limit = input_limit(self.model, self.options)
        report = trim(self.replies, self.trimming, policy, keep=keep, model=self.model, limit=limit)
        self._line.trimming = report.trimming
        return report

    # -- tokens and cost ---------------------------------------------------------------------

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation as the service would take it; answers are text only."""
        return [message.payload() for message in self._settings.history(self._line)]

    @property
    def weight(self) -> Weight:
        """The estimated tokens of what is sent before the next question."""
        return weigh_messages(self._settings.history(self._line), self.model)

    @property
    def usage(self) -> Usage:
        """The tokens of all replies, as far as the service counted them."""
        return sum((reply.usage for reply in self.replies if reply.usage), Usage())

    @property
    def cost(self) -> Cost | None:
        """What all replies cost; None when the cost of one is unknown."""
        return total_cost(reply.cost for reply in self.replies)

    @property
    def account(self) -> Account:
        """Estimated against billed, by modality, over all replies."""
        return total_account(reply.account for reply in self.replies)

    # -- files -------------------------------------------------------------------------------

    def document(self) -> Archive:
        """Return the conversation as it is saved: its settings and replies."""
        return Archive(
            model=self.model,
            modalities=self.modalities,
            voice=self.voice,
            system=self.system,
            system_as_turns=self.system_as_turns,
            options=dict(self.options),
            trimming=self.trimming,
            replies=self.replies,
            branches=self.branches,
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the conversation to a JSON file, and its media beside it.

        ``talk.json`` keeps its media in ``talk_media/``, each file once, named by its
        content. Nothing of the connection is written: no key, no address. An answer that
        still streams is kept as far as it came.

        Parameters
        ----------
        path
            The JSON file, such as ``"talk.json"``; an existing one is replaced.

        Raises
        ------
        MediaError
            A file that was sent is gone or has changed since.
        RequestError
            The file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo", system="You are a cat.")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     chat.save(f"{folder}/talk.json").name
        'talk.json'
        """
        target = write(self.document(), path)
        self._file = SavedFile.at(target)
        return target

    @property
    def file(self) -> SavedFile | None:
        """The file that the chat was last saved to or loaded from; None where there is none."""
        return self._file

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, connection: Connection | None = None) -> Self:
        """Load a saved conversation, to go on with it.

        Parameters
        ----------
        path
            The JSON file; its media folder is beside it and stays there, in use.
        connection
            Who answers from now on; by default the notebook's (`connect`).

        Raises
        ------
        RequestError
            The file is no saved conversation, or of a newer schema than this version knows.
        MediaError
            A medium is missing or has changed.

        Examples
        --------
        >>> import tempfile
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo", system="You are a cat.")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Conversation.load(chat.save(f"{folder}/talk.json")).system
        'You are a cat.'
        """
        made = cls._of(read(path), connection)
        made._file = SavedFile.at(path)
        return made

    @classmethod
    def from_notebook(
        cls,
        path: str | os.PathLike[str],
        *,
        chat: str | int | None = None,
        connection: Connection | None = None,
    ) -> Self:
        """Load a conversation from a saved notebook's outputs, to go on with it.

        Everything is there: questions and answers, speech, usage and cost. Speech, and a WAV of a
        question, is as the notebook keeps it, exact with ``storage="wav"``. An image, audio or
        video of more than a megabyte is looked for beside the notebook and in the folders there,
        nowhere else; where it is not, a line of words takes its place.

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
            The file is no notebook, or holds no such conversation.

        Examples
        --------
        >>> import tempfile
        >>> import omni_nb as omni
        >>> chat = omni.Chat("qwen-omni-turbo")
        >>> for event in chat.stream("Who are you?"): pass
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = Conversation.from_notebook(chat.export(f"{folder}/talk.ipynb"))
        >>> again.messages == chat.messages
        True
        """
        return cls._of(read_notebook(path, chat), connection)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go on with a saved conversation; this one is set aside.

        Parameters
        ----------
        path
            The JSON file of `save`, or a notebook (`from_notebook`). Who answers stays.

        Raises
        ------
        RequestError, MediaError
            As for `load`; this conversation is then as it was.

        Examples
        --------
        >>> import tempfile
        >>> import omni_nb as omni
        >>> chat, other = omni.Chat(), omni.Chat(system="You are a cat.")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     chat.resume(other.save(f"{folder}/talk.json"))
        >>> chat.system
        'You are a cat.'
        """
        is_notebook = Path(path).suffix == ".ipynb"
        other = (type(self).from_notebook if is_notebook else type(self).load)(path)
        self._line.take_up(other.line)
        self._settings = other._settings
        self._file = other._file
        self._budget.remember(other.line.every)

    def export(
        self, path: str | os.PathLike[str], *, storage: Storage = "mp3", title: str | None = None
    ) -> Path:
        """Export the conversation for other people, as a page or a notebook.

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
            The page's title; by default the first words of the first question.

        Raises
        ------
        MediaError
            A file that was sent is gone or has changed since.
        RequestError
            The ending or the storage is another, or the file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = Conversation().export(f"{folder}/talk.html", title="Cats & dogs")
        ...     "<h1" in page.read_text("utf-8")
        True
        """
        return export_to(self.document(), path, storage=storage, title=title)

    def exported(self, form: Literal["html", "ipynb"], *, storage: Storage = "mp3") -> bytes:
        """Return the conversation as one file to download; see `export`.

        A notebook has the media of up to a megabyte in it, and says where larger ones go.

        Parameters
        ----------
        form
            ``"html"`` or ``"ipynb"``.
        storage
            How the speech is kept, as for `export`.

        Examples
        --------
        >>> import omni_nb as omni
        >>> omni.Chat("qwen-omni-turbo").exported("html")[:15]
        b'<!doctype html>'
        """
        return exported(self.document(), form, storage=storage)

    def __repr__(self) -> str:
        trimmed = f", {self.trimming}" if self.trimming != Trimming() else ""
        replies = "1 reply" if len(self) == 1 else f"{len(self)} replies"
        return f"<{type(self).__name__} with {self.model}, {replies}{trimmed}>"

    @classmethod
    def _of(cls, archive: Archive, connection: Connection | None) -> Self:
        made = cls(connection=connection)
        # As it was saved: what a model does not take today is refused when it is asked.
        made._settings = Settings(
            archive.model,
            archive.voice,
            archive.modalities,
            archive.system,
            archive.system_as_turns,
            OptionDict(archive.options),
        )
        made._line = Line(archive.replies, aside=archive.branches, trimming=archive.trimming)
        every = made._line.every
        for reply, estimate in zip(every, forecast_each(every), strict=True):
            reply.estimate = estimate
        made._budget.remember(every)
        return made


def _meant(name: str, kind: type[Any]) -> str:
    known = [known for known in dir(kind) if not known.startswith("_")]
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


_GONE = {
    "branch": "chat.edit(turn, ..., in_place=True) asks anew in place, chat.fork(at=...) apart",
    "siblings": "chat.versions(turn) has the replies that have stood at a turn",
    "go_to": "chat.switch(turn, version) goes to another version of a turn",
}
"""What went with this release, and what takes its place."""

_QUESTION = ("image", "audio", "video", "frames")
_ARGUMENTS = (
    *("model", "voice", "modalities", "system", "system_as_turns"),
    *("connection", "budget", "quota", "timeout", "extra"),
    *("tools", "approve", "max_rounds", "response_format", "upload"),
)
_SET_ALONE = frozenset({"connection", "budget", "quota", "timeout"})
