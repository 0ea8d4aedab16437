"""A conversation: it asks, and its history is its replies."""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING, Any

from omni_nb.chat.files import Keeping
from omni_nb.errors import RequestError, warn
from omni_nb.media.parts import as_media, as_parts
from omni_nb.rules.catalog import find_model
from omni_nb.rules.limits import check_modalities, check_voice
from omni_nb.rules.pricing import Usage, total_cost
from omni_nb.turns import history
from omni_nb.turns.account import total_account
from omni_nb.turns.branches import place_of
from omni_nb.turns.budget import Budget
from omni_nb.turns.connection import current_connection
from omni_nb.turns.context import check_context, input_limit, weigh_messages
from omni_nb.turns.estimate import forecast, forecast_each, priced_region
from omni_nb.turns.history import Trimming
from omni_nb.turns.reply import Reply
from omni_nb.turns.stream import ReplyStream, check_timeout
from omni_nb.turns.trim import trim
from omni_nb.wire.dialects import check_dialect
from omni_nb.wire.request import DEFAULT_MODEL, Message, Request, choose_modalities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from omni_nb.archive.document import Archive
    from omni_nb.media.parts import Part
    from omni_nb.rules.estimate import Estimate
    from omni_nb.rules.money import Money
    from omni_nb.rules.pricing import Cost
    from omni_nb.rules.quota import Quota
    from omni_nb.rules.weigh import Weight
    from omni_nb.turns.account import Account
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.trim import TrimPolicy, TrimReport

_OF_CONNECT = {"api_key", "base_url", "dialect", "region"}


class Conversation(Keeping):
    """Several turns with one model, without a notebook: `omni_nb.Chat` also shows them.

    Parameters
    ----------
    model
        The model's name.
    voice
        The voice of the answers; asks for speech.
    modalities
        ``["text"]`` or ``["text", "audio"]``; by default speech when a voice is given.
    system
        A system message. Qwen-omni-turbo ignores it when it speaks (spec, "支持的输出模态").
    system_as_turns
        Send the system message's words as a question that the model agreed to, in front of
        all others: what the service's own FAQ advises where it ignores system messages.
    connection
        A service of its own; by default the notebook's (`connect`).
    budget
        What the conversation may cost, with the branches made of it (`fork`), such as
        ``omni.CNY(1)``. Checked before a request, with the estimate of its input; a warning
        comes at 80 %; an answer that passes it while it streams is stopped, and what came is
        kept. Where a price is not known a budget cannot be kept, so nothing is sent. It is
        not saved with the conversation, and may be changed at any time.
    timeout
        Seconds that an answer may take, from the sending of the question to its end; then it
        is stopped, and what came is kept. By default the service is waited for (10 seconds
        for a connection, 300 for the next piece). May be changed at any time.
    quota
        A count of tokens to take every answer off (`omni_nb.Quota`); also of several chats.
    extra, **options
        More fields of every request's body, such as ``max_tokens=200``, ``enable_thinking=True``
        or ``enable_search=True``; ``extra={...}`` takes those whose names are taken here.

    Attributes
    ----------
    replies : list of Reply
        Every answer with its question, oldest first. Where a method takes a turn, it is a
        place here: ``replies[0]`` is the first.
    trimming : Trimming
        What of the oldest turns is no longer sent (`trim`).

    Examples
    --------
    >>> chat = Conversation("qwen-omni-turbo")
    >>> with chat.stream("Who are you?") as stream:
    ...     words = "".join(event.text for event in stream if hasattr(event, "text"))
    >>> words == chat.replies[0].text
    True
    """

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
        extra: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        options |= extra or {}
        if misplaced := sorted(_OF_CONNECT & options.keys()):
            raise RequestError(f"{', '.join(misplaced)} belongs to connect(), not to a chat.")
        self.model = model
        self.modalities, self.voice = choose_modalities(modalities, voice, model)
        self.system = system
        self.system_as_turns = system_as_turns
        self.connection = connection
        self.options = options
        self.replies: list[Reply] = []
        self.trimming = Trimming()
        self._aside = []
        self._purse = Budget(budget, quota)
        self.timeout = timeout
        self._warn_of_system_message()

    def stream(
        self,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
    ) -> ReplyStream:
        """Ask, and return the events of the answer as they come.

        Parameters
        ----------
        prompt, *content
            Text as ``str``, or anything that can only be one thing: a ``Path`` or PIL image,
            an array, a Figure, a part.
        image
            One picture or a list of them: also a path or URL as ``str``.
        audio, video
            A sound or a video: a path, URL, bytes, and what the doors `omni_nb.audio` and
            `omni_nb.video` take.
        frames
            A video as a list of its pictures.

        Raises
        ------
        MediaError, RequestError
            Something is not allowed, or the whole weighs more than the model takes; nothing
            was sent.
        BudgetError
            The request would pass the budget; nothing was sent.
        ServiceError
            While iterating: the service refused or broke off.
        """
        check_timeout(self.timeout)
        media = as_media(image=image, audio=audio, video=video, frames=frames)
        request = self.request_of((*media, *as_parts([prompt, *content])))
        weight = check_context(request)
        connection = self.connection or current_connection()
        check_dialect(request, connection.dialect)
        reply = Reply(request, region=connection.region, is_stand_in=connection.is_stand_in)
        reply.estimate = forecast(request, region=priced_region(connection), weight=weight)
        self._purse.check(reply.estimate)
        self.replies.append(reply)
        return ReplyStream(reply, connection, self._purse, self.timeout)

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
    ) -> Estimate:
        """Estimate the next question with all that is sent with it. Nothing is sent.

        The arguments are those of `stream`, and the assumed answer as for
        `omni_nb.estimate`.

        Examples
        --------
        >>> chat = Conversation("qwen-omni-turbo", system="You are a cat.")
        >>> chat.estimate("Who are you?").tokens
        7
        """
        media = as_media(image=image, audio=audio, video=video, frames=frames)
        return forecast(
            self.request_of((*media, *as_parts([prompt, *content]))),
            region=priced_region(self.connection or current_connection()),
            answer_seconds=answer_seconds,
            answer_tokens=answer_tokens,
        )

    @property
    def budget(self) -> Money | None:
        """What the conversation and its branches may cost together; None: no limit."""
        return self._purse.budget

    @budget.setter
    def budget(self, budget: Money | None) -> None:
        self._purse.budget = budget

    @property
    def quota(self) -> Quota | None:
        """The count of tokens that every answer is taken off."""
        return self._purse.quota

    @quota.setter
    def quota(self, quota: Quota | None) -> None:
        self._purse.quota = quota

    def fork(self, at: int | None = None) -> Self:
        """Return a conversation of its own that has the first replies of this one.

        Parameters
        ----------
        at
            How many replies it begins with; all by default. As in a slice, a negative number
            counts from the end: -1 leaves out the last. An answer that still streams is left
            out.

        Examples
        --------
        >>> chat = Conversation("qwen-omni-turbo")
        >>> chat.fork() is chat
        False
        """
        branch = copy.copy(self)
        branch.options = copy.deepcopy(self.options)
        # Replies are shared: a finished one is a record.
        branch.replies = [reply for reply in self.replies[:at] if reply.is_finished]
        branch.trimming = self.trimming.within(len(branch.replies))
        branch._aside = []
        return branch

    def use(
        self,
        model: str | None = None,
        *,
        voice: str | None = None,
        modalities: Sequence[str] | None = None,
        system: str | None = None,
        system_as_turns: bool | None = None,
    ) -> None:
        """Change who answers from now on, and how; what is not given stays where it fits.

        Parameters
        ----------
        model, voice, modalities
            As for a new conversation. A voice that the model does not have gives way to its
            first.
        system, system_as_turns
            The system message; ``""`` takes it away.

        Raises
        ------
        RequestError
            The model does not answer like that.

        Examples
        --------
        >>> chat = Conversation("qwen-omni-turbo", voice="Cherry")
        >>> chat.use("qwen3.5-omni-flash")
        >>> chat.voice
        'Tina'
        """
        model = model or self.model
        facts = find_model(model)
        wanted = tuple(modalities or self.modalities)
        if facts and facts.modalities and not facts.speaks and modalities is None:
            wanted = ("text",)
        kept = voice or self.voice
        if facts and facts.voices.names and voice is None and kept not in facts.voices.names:
            kept = None
        wanted, kept = choose_modalities(wanted, kept, model)
        if facts is not None:
            check_modalities(wanted, facts)
            if kept and "audio" in wanted:
                check_voice(kept, facts)
        self.model, self.modalities, self.voice = model, wanted, kept
        if system_as_turns is not None:
            self.system_as_turns = system_as_turns
        if system is not None:
            self.system = system or None

    def reworded(
        self,
        turn: int,
        prompt: Any = None,
        *content: Any,
        image: Any = None,
        audio: Any = None,
        video: Any = None,
        frames: Any = None,
        of: Sequence[Reply] | None = None,
    ) -> tuple[Part, ...]:
        """Return the question of a turn with new words, new media, or both.

        What is not given stays as it was. Nothing is sent: to edit an earlier question, ask
        it in a fork.

        Parameters
        ----------
        turn
            Its place, counted from 0 as in ``replies[turn]``; -1 is the last.
        prompt, *content, image, audio, video, frames
            What changes, as `stream` takes it.
        of
            The line that the turn is in: by default ``replies``, else one of `branches`.

        Raises
        ------
        RequestError
            There is no such turn.

        Examples
        --------
        >>> chat = Conversation("qwen-omni-turbo")
        >>> for _ in chat.stream("Who are you?"): pass
        >>> branch = chat.fork(at=0)
        >>> for _ in branch.stream(*chat.reworded(0, "What can you do?")): pass
        >>> [len(chat.replies), branch.messages[0]["content"]]
        [1, 'What can you do?']
        """
        line = self.replies if of is None else of
        question = line[place_of(turn, line)].question
        media = as_media(image=image, audio=audio, video=video, frames=frames)
        return history.reworded(question, (*media, *as_parts([prompt, *content])))

    def undo(self, turns: int = 1) -> list[Reply]:
        """Take the last turns back, and return them: nothing that was answered is lost.

        Raises
        ------
        RequestError
            There are fewer turns.
        """
        if not 0 <= turns <= len(self.replies):
            raise RequestError(
                f"undo() takes 0 to {len(self.replies)} turns of this conversation, not {turns}."
            )
        kept = len(self.replies) - turns
        removed = self.replies[kept:]
        del self.replies[kept:]
        self.trimming = self.trimming.within(kept)
        return removed

    def trim(self, policy: TrimPolicy = "media", *, keep: int | None = None) -> TrimReport:
        """Make the history lighter, and say what it no longer sends and what that saves.

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
            The policy is unknown, or ``"turns"`` needs ``keep`` because the model's limit is not
            known.

        Examples
        --------
        >>> Conversation("qwen-omni-turbo").trim().dropped
        ()
        """
        limit = input_limit(self.model, self.options)
        report = trim(self.replies, self.trimming, policy, keep=keep, model=self.model, limit=limit)
        self.trimming = report.trimming
        return report

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation as the service would take it; answers are text only."""
        return [message.payload() for message in self._history()]

    @property
    def weight(self) -> Weight:
        """What is sent with the next question, before the question itself, estimated."""
        return weigh_messages(self._history(), self.model)

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

    def request_of(self, question: tuple[Part, ...]) -> Request:
        """Return the request that would ask this after all that went before; nothing is sent.

        Raises
        ------
        MediaError, RequestError
            The model does not take it.
        """
        return Request(
            self.model,
            (*self._history(), Message("user", question)),
            self.modalities,
            self.voice,
            copy.deepcopy(self.options),  # a record: later changes are not of this request
        )

    def _history(self) -> tuple[Message, ...]:
        """Return what the model will read."""
        opening = history.opening(self.system, as_turns=self.system_as_turns)
        return (*opening, *history.turns(self.replies, self.trimming))

    def _warn_of_system_message(self) -> None:
        facts = find_model(self.model)
        if (
            self.system
            and not self.system_as_turns
            and "audio" in self.modalities
            and facts
            and not facts.system_message_with_audio
        ):
            warn(
                f"{self.model} ignores the system message when it speaks. What works: "
                "system_as_turns=True sends its words as a question and answer in front, or ask "
                "for text only.",
            )

    def __repr__(self) -> str:
        trimmed = f", {self.trimming}" if self.trimming != Trimming() else ""
        replies = "1 reply" if len(self.replies) == 1 else f"{len(self.replies)} replies"
        return f"<{type(self).__name__} with {self.model}, {replies}{trimmed}>"

    @classmethod
    def _of(cls, archive: Archive, connection: Connection | None) -> Self:
        made = cls(
            archive.model,
            voice=archive.voice,
            modalities=archive.modalities,
            connection=connection,
        )
        # set here, not there: of the system message a conversation warns once
        made.system, made.system_as_turns = archive.system, archive.system_as_turns
        made.options = dict(archive.options)
        made.replies = list(archive.replies)
        made._aside = list(archive.branches)
        made.trimming = archive.trimming
        every = list(dict.fromkeys((*made.replies, *chain(*made._aside))))
        for reply, estimate in zip(every, forecast_each(every), strict=True):
            reply.estimate = estimate
        made._purse.remember(every)
        return made
