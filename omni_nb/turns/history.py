"""History: what the model will read of a conversation, made of its replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omni_nb.media.parts import (
    AudioPart,
    FramesPart,
    ImagePart,
    TextPart,
    VideoPart,
)
from omni_nb.wire.request import Call, Message
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.round import Round
    from omni_nb.words import Language


@dataclass(frozen=True, slots=True)
class Trimming:
    """What of a conversation's oldest turns is no longer sent; its replies keep all of it.

    Attributes
    ----------
    turns
        How many of the first turns are not sent at all.
    media
        Of how many of the first turns the media are sent as a line of words each.
    """

    turns: int = 0
    media: int = 0

    def __str__(self) -> str:
        first = "first turn" if self.turns == 1 else f"first {self.turns} turns"
        left_out = f"{first} not sent" if self.turns else ""
        in_words = f"media of the first {self.media} sent as words" if self.media else ""
        return ", ".join(filter(None, (left_out, in_words))) or "everything is sent"

    def within(self, turns: int) -> Trimming:
        """Return the trimming of the first ``turns`` turns: later ones are new."""
        return Trimming(min(self.turns, turns), min(self.media, turns))


def opening(system: str | None, *, as_turns: bool) -> tuple[Message, ...]:
    """Return the messages that carry the system message.

    A system message, or the same words as a question that the model agreed to: a service
    that ignores the system message when it speaks reads those (its own FAQ).

    Examples
    --------
    >>> [message.role for message in opening("You are a cat.", as_turns=True)]
    ['user', 'assistant']
    """
    if not system:
        return ()
    said = (TextPart(system),)
    if not as_turns:
        return (Message("system", said),)
    agreed = words("history", language_of(said))["agreed"]
    return (Message("user", said), Message("assistant", (TextPart(agreed),)))


def turns(replies: Sequence[Reply], trimming: Trimming = Trimming()) -> tuple[Message, ...]:
    """Return the messages of every answered turn, as the model reads them.

    Of the tools that a turn called it reads the calls and the results, and of an answer that did
    not fit its form at first only what came in the end.
    """
    return tuple(
        message
        for number, reply in enumerate(replies)
        if reply.text and number >= trimming.turns
        for message in _turn(reply, number < trimming.media)
    )


def _turn(reply: Reply, is_in_words: bool) -> Iterator[Message]:
    yield Message("user", in_words(reply.question) if is_in_words else reply.question)
    for one in reply.rounds:
        if one.tool_calls:
            yield from call_messages(one, with_images=not is_in_words)
    yield Message("assistant", (TextPart(reply.text),))


def call_messages(one: Round, *, with_images: bool = True) -> tuple[Message, ...]:
    """Return the messages of a round's calls and their results, as the model reads them.

    An assistant message with the calls, a tool message for each in the order of the calls (the
    service's page on function calling), and a user message with the images that tools returned,
    because tool messages carry text only.
    """
    calls = tuple(Call(call.id, call.name, call.written) for call in one.tool_calls)
    said = (TextPart(one.text),) if one.text else ()
    images = tuple(part for call in one.tool_calls for part in call.parts)
    return (
        Message("assistant", said, calls=calls),
        *(Message("tool", (TextPart(call.told),), call_id=call.id) for call in one.tool_calls),
        *((Message("user", images),) if images and with_images else ()),
    )


def in_words(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Replace media by a line of words each, in the question's language.

    Examples
    --------
    >>> from omni_nb.media.parts import ImageURLPart
    >>> in_words((ImageURLPart("https://example.com/dog.jpg"), TextPart("What is this?")))[0]
    TextPart(text='[image dog.jpg, sent earlier]')
    """
    language = language_of(parts)
    earlier = words("history", language)["earlier"]
    return tuple(
        part
        if isinstance(part, TextPart)
        else TextPart(earlier.format(medium=describe(part, language)))
        for part in parts
    )


def describe(part: Part, language: Language = "en") -> str:
    """Say in a few words what a medium is.

    Examples
    --------
    >>> describe(ImagePart(b"", "image/png", 640, 480, "dog.png"))
    'image dog.png, 640×480'
    """
    if isinstance(part, TextPart):
        return part.text
    names = words("history", language)
    kind = names[part.modality]
    name = " ".join(part.name.split())
    match part:
        case ImagePart():
            facts = [f"{part.width}×{part.height}"]
        case AudioPart():
            facts = [f"{part.seconds:.1f} s"]
        case VideoPart():
            facts = [f"{part.seconds:.1f} s", f"{part.width}×{part.height}"]
        case FramesPart():
            facts = [names["count"].format(count=len(part.images))]
        case _:
            facts = []
    return words("labels", language)["comma"].join([f"{kind} {name}", *facts])


def reworded(question: Sequence[Part], given: Sequence[Part]) -> tuple[Part, ...]:
    """Return a question with new words, new media, or both; what is not given stays.

    Examples
    --------
    >>> from omni_nb.media.parts import ImageURLPart
    >>> dog = ImageURLPart("https://example.com/dog.jpg")
    >>> reworded((dog, TextPart("What is this?")), (TextPart("Where is this?"),)) == (
    ...     dog,
    ...     TextPart("Where is this?"),
    ... )
    True
    """
    chosen = [
        [part for part in given if isinstance(part, TextPart) == is_text]
        or [part for part in question if isinstance(part, TextPart) == is_text]
        for is_text in (False, True)
    ]
    return tuple(part for parts in chosen for part in parts)
