"""Write the stand-in's answers: measurements and counts, in the question's language."""

from __future__ import annotations

import json
import operator
import re
import unicodedata
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omni_nb.offline.descriptions import Describer
from omni_nb.offline.phrases import LESSONS, PHRASES, Language, Register, fill
from omni_nb.offline.voice import CJK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from omni_nb.offline.checks import ChatRequest

Part = TypeVar("Part")
QUOTED_CHARACTERS: Final = 40
MOST_SECONDS: Final = 180
_TURNS_REMEMBERED: Final = 3
_RESULTS_SAID: Final = 5
_RESULT_CHARACTERS: Final = 160
_RESULT_PARTS: Final = 8
_READ_CHARACTERS: Final = 2000  # a question longer than this is quoted and counted, not searched


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences to say in this order.

    Attributes
    ----------
    seconds
        Stop when the speech is about this long; None: say them all.
    is_cut
        Whether the text ends as if it had reached the most tokens.
    """

    sentences: tuple[str, ...]
    seconds: float | None = None
    is_cut: bool = False

    @property
    def text(self) -> str:
        """All sentences, joined."""
        return "".join(self.sentences)


def answer(request: ChatRequest) -> Answer:
    """Return the answer to a request; equal requests get equal answers."""
    writer = _AnswerWriter(request)
    seconds = None if request.results else _asked_seconds(writer.question)
    said = list(writer.opening())
    if request.results:
        said += writer.results()
    else:
        said += writer.lesson(seconds) if seconds else writer.body()
    return Answer(_spaced(said, writer.language), seconds)


def announcement(request: ChatRequest, name: str) -> Answer:
    """Return what is said before a tool is called."""
    return Answer((_AnswerWriter(request).announcement(name),))


def thoughts(request: ChatRequest) -> str:
    """Return the reasoning before the answer, on models that think."""
    return _AnswerWriter(request).thoughts()


def language_of(text: str) -> Language:
    """Return the language to answer a text in."""
    return "zh" if re.search(f"[{CJK}]", text) else "en"


class _AnswerWriter:
    """The sentences of one answer to a request."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self.turns = request.turns
        self.question = request.turns[-1].text
        self.language = language_of(self._latest_text())
        register: Register = "spoken" if request.voice else "written"
        self._phrases = PHRASES[self.language, register]
        self._describer = Describer(request.facts, self.language, register)

    def opening(self) -> Iterator[str]:
        if len(self.turns) > 1:
            yield self._say("again")
            return
        yield self._say("intro")
        is_ignored = self._request.voice and not self._request.facts.system_message_with_audio
        if is_ignored and self._request.is_instructed:
            yield self._say("ignored")

    def body(self) -> Iterator[str]:
        media = self.turns[-1].media
        if not media:
            yield self._echo()
        if len(self.turns) > 1:
            yield self._recall()
        yield from self._memory()
        if self._request.searches:
            yield self._say("searched")
        yield from self._useful()
        yield from self._describer.describe(media)
        if len(self.turns) == 1 and not media:
            yield self._say("close")

    def results(self) -> Iterator[str]:
        """Yield what the tools returned; of many, the first ones."""
        results = self._request.results
        for result in results[:_RESULTS_SAID]:
            phrase = "failed" if result.failed else "returned"
            value = result.value["error"] if result.failed else result.value
            words = _in_words(value, self.language) or self._say("nothing")
            yield self._say(phrase, name=_quote(result.name), result=words)
        if more := len(results[_RESULTS_SAID:]):
            yield self._say("more_results", count=more)
        if self._request.shows_results:
            yield from self._describer.describe(self.turns[-1].media)

    def announcement(self, name: str) -> str:
        return self._say("calling", name=_quote(name))

    def thoughts(self) -> str:
        count = _count(self.question, self.language)
        named = self._describer.name(self.turns[-1].media)
        return self._say("thoughts", count=count, media=named)

    def lesson(self, seconds: int) -> list[str]:
        """Return enough sentences for the time asked for, and more: voices differ in speed."""
        count = 3 + seconds // 2
        return [self._say("long", seconds=seconds), *islice(cycle(LESSONS[self.language]), count)]

    def _latest_text(self) -> str:
        """Return the latest text: a question without any takes the language of the turn before."""
        return next((turn.text for turn in reversed(self.turns) if turn.text.strip()), "")

    def _say(self, phrase: str, **facts: object) -> str:
        return fill(self._phrases[phrase], facts)

    def _echo(self) -> str:
        quote = _quote(self.question)
        if not quote:
            return self._say("silent")
        return self._say("echo", quote=quote, count=_count(self.question, self.language))

    def _recall(self) -> str:
        previous = _quote(self.turns[-2].text)
        turn = len(self.turns)
        return (
            self._say("turn", turn=turn, previous=previous)
            if previous
            else self._say("turn_silent", turn=turn)
        )

    def _memory(self) -> Iterator[str]:
        """Yield what media the latest turns had."""
        earlier = [
            (number, turn.media)
            for number, turn in enumerate(self.turns[:-1], start=1)
            if turn.media
        ]
        for number, media in earlier[-_TURNS_REMEMBERED:]:
            yield self._say("memory", turn=number, what=self._describer.name(media))

    def _useful(self) -> Iterator[str]:
        question = self.question[:_READ_CHARACTERS]
        for pattern, phrase in _TOPICS:
            if re.search(pattern, question, re.IGNORECASE):
                yield self._say(phrase)
        if found := _sum(question):
            yield self._say("sum", sum=found[0], result=found[1])
        asked = re.search(_REPEAT, question, re.IGNORECASE)
        if asked and (words := _quote(asked[1]).rstrip("。.!！?？")):
            yield self._say("repeat", words=words)


_TOPICS: Final = (
    (r"你是谁|你叫什么|who are you|your name", "who"),
    (r"你会什么|你能做什么|帮助|what can you do|\bhelp\b", "help"),
    (r"谢谢|多谢|thank", "thanks"),
)
_REPEAT: Final = r"(?:repeat after me|say after me|跟我[念读说])\s*[:：,，]?\s*(.+)"
_SPEAK: Final = r"(?:speak|talk|say|tell|read|narrate|count|说|讲|念|读|聊)"
_LONG: Final = (
    (rf"{_SPEAK}\D{{0,60}}?(\d{{1,4}})[\s-]*(?:seconds?|secs?|s\b|秒)", 1),
    (rf"{_SPEAK}\D{{0,60}}?(\d{{1,3}})[\s-]*(?:minutes?|mins?|分钟)", 60),
    (r"(?:speak|talk|narrate) for (?:about )?(?:a|one) minute|[说讲念读聊]上?一分钟", 60),
)


def _asked_seconds(question: str) -> int | None:
    """Return how long the answer is to be, or None when the question does not say."""
    for pattern, seconds in _LONG:
        if found := re.search(pattern, question[:_READ_CHARACTERS], re.IGNORECASE):
            number = int(found[1]) if found.re.groups else 1
            return max(1, min(MOST_SECONDS, number * seconds))
    return None


def _sum(question: str) -> tuple[str, str] | None:
    found = re.search(_SUM, question)
    if not found:
        return None
    left, sign, right = int(found[1]), found[2], int(found[3])
    if sign in "/÷" and right == 0:
        return None
    return f"{left} {sign} {right}", f"{_OPERATORS[sign](left, right):.10g}"


_SUM: Final = (  # not a date, a version or a telephone number
    r"(?<![\d./-])(\d{1,9})\s*([-+*/×÷])\s*(\d{1,9})(?=\s*(?:[=?？。]|\.?$|等于|是多少))"
)
_OPERATORS: Final[dict[str, Callable[[int, int], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "×": operator.mul,
    "/": operator.truediv,
    "÷": operator.truediv,
}


def _in_words(value: Any, language: Language) -> str:
    """Return a JSON value as words: an object's names with their values, a list's items."""
    comma = "，" if language == "zh" else ", "
    match value:
        case dict():
            parts = [f"{name} {_in_words(part, language)}" for name, part in _some(value.items())]
        case list():
            parts = [_in_words(part, language) for part in _some(value)]
        case str():
            return _quote(value, _RESULT_CHARACTERS).rstrip("。.")
        case _:
            return json.dumps(value)
    return _quote(comma.join(parts), _RESULT_CHARACTERS)


def _some(parts: Iterable[Part]) -> list[Part]:
    return list(islice(parts, _RESULT_PARTS))


def _quote(text: str, most: int = QUOTED_CHARACTERS) -> str:
    """Return the start of a text as plain words: no control characters, one line, few characters.

    A mark of code or of a formula whose end is cut off goes, too: it would reach into the words
    after it.
    """
    start = text[: 20 * most]
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in start)
    words = " ".join(plain.split())
    if len(words) <= most and len(start) == len(text):
        return words
    return _without_open_mark(words[:most]).rstrip() + "…"


def _without_open_mark(words: str) -> str:
    opened: re.Match[str] | None = None
    for mark in re.finditer(r"`+|\$+", words):
        if opened is None:
            opened = mark
        elif mark[0] == opened[0]:
            opened = None
    return words if opened is None else words[: opened.start()] + words[opened.end() :]


def _count(text: str, language: Language) -> int:
    """Count the characters of a Chinese text, the words of an English one."""
    return len("".join(text.split())) if language == "zh" else len(text.split())


def _spaced(sentences: Sequence[str], language: Language) -> tuple[str, ...]:
    """Return sentences ready to join: English ones with the space between them."""
    if language == "zh":
        return tuple(sentences)
    return (*(f"{sentence} " for sentence in sentences[:-1]), sentences[-1])
