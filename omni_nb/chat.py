"""A conversation: it asks, and its history is its replies."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any

from omni_nb.connection import current_connection
from omni_nb.errors import ServiceError
from omni_nb.media.parts import TextPart, as_images, as_parts
from omni_nb.models.catalog import find_model
from omni_nb.models.pricing import Usage, total_cost
from omni_nb.reply import Reply
from omni_nb.wire.client import EventStream
from omni_nb.wire.request import DEFAULT_MODEL, Message, Request, choose_modalities

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from omni_nb.connection import Connection
    from omni_nb.models.pricing import Cost
    from omni_nb.wire.events import Event


class ReplyStream:
    """The events of one answer, for ``for`` or ``async for``; `reply` grows meanwhile.

    Leaving the loop early ends the request. Use ``with`` where the stream may be dropped
    in the middle: a request that nobody reads goes on being billed.

    Attributes
    ----------
    reply : Reply
        The answer so far.
    """

    def __init__(self, reply: Reply, connection: Connection) -> None:
        self.reply = reply
        self._source = EventStream(connection.endpoint, reply.request)
        self._events = self._feed()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    async def __aiter__(self) -> AsyncIterator[Event]:
        try:
            while (event := await asyncio.to_thread(next, self._events, None)) is not None:
                yield event
        finally:
            self.stop()

    def __enter__(self) -> ReplyStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the answer now, from any thread; what has arrived stays in `reply`."""
        self._source.stop()
        if not self.reply.is_finished:
            self.reply.finish(seconds=self._source.elapsed_seconds, is_interrupted=True)

    def _feed(self) -> Iterator[Event]:
        reply, source = self.reply, self._source
        try:
            for event in source:
                if reply.is_finished:  # stopped from another thread
                    break
                reply.sent_at = source.sent_at
                reply.feed(event, seconds=source.elapsed_seconds)
                yield event
        except ServiceError as error:
            if not reply.is_finished:
                error.reply = reply
                reply.finish(seconds=source.elapsed_seconds, error=error)
                raise
        except GeneratorExit:
            self.stop()
            raise
        if not reply.is_finished:
            reply.finish(seconds=source.elapsed_seconds, is_interrupted=source.is_stopped)


class Conversation:
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
    connection
        A service of its own; by default the notebook's (`connect`).
    options
        More fields of every request's body, such as ``max_tokens=200``.

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
        connection: Connection | None = None,
        **options: Any,
    ) -> None:
        self.model = model
        self.modalities, self.voice = choose_modalities(modalities, voice, model)
        self.system = system
        self.connection = connection
        self.options = options
        self.replies: list[Reply] = []
        self._warn_of_system_message()

    def stream(self, prompt: Any = None, *content: Any, image: Any = None) -> ReplyStream:
        """Ask, and return the events of the answer as they come.

        Parameters
        ----------
        prompt, *content
            Text as ``str``, or anything that can only be one thing: a ``Path`` or PIL image,
            an array, a Figure, a part.
        image
            One picture or a list of them: also a path or URL as ``str``.

        Raises
        ------
        MediaError, RequestError
            Something is not allowed; nothing was sent.
        ServiceError
            While iterating: the service refused or broke off.
        """
        parts = (*as_images(image), *as_parts([prompt, *content]))
        history = (*self._history(), Message("user", parts))
        request = Request(self.model, history, self.modalities, self.voice, self.options)
        connection = self.connection or current_connection()
        reply = Reply(request, region=connection.region, is_stand_in=connection.is_stand_in)
        self.replies.append(reply)
        return ReplyStream(reply, connection)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation as the service would take it; answers are text only."""
        return [message.payload() for message in self._history()]

    @property
    def usage(self) -> Usage:
        """The tokens of all replies, as far as the service counted them."""
        return sum((reply.usage for reply in self.replies if reply.usage), Usage())

    @property
    def cost(self) -> Cost | None:
        """What all replies cost; None when the cost of one is unknown."""
        return total_cost(reply.cost for reply in self.replies)

    def _history(self) -> tuple[Message, ...]:
        """What the model will read: every turn that got an answer, whole or broken."""
        turns = [
            message
            for reply in self.replies
            if reply.text
            for message in (
                Message("user", reply.question),
                Message("assistant", (TextPart(reply.text),)),
            )
        ]
        return (Message("system", (TextPart(self.system),)), *turns) if self.system else (*turns,)

    def _warn_of_system_message(self) -> None:
        facts = find_model(self.model)
        if (
            self.system
            and "audio" in self.modalities
            and facts
            and not facts.system_message_with_audio
        ):
            warnings.warn(
                f"{self.model} ignores the system message when it speaks. What works: open the "
                "conversation with a question and answer that set the scene, or ask for text only.",
                stacklevel=3,
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {self.model}, {len(self.replies)} replies>"
