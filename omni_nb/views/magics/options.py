"""The options of ``%%omni``: what they are called, and how a line of them is read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeAlias

from IPython.core.error import UsageError

from omni_nb.rules.options import OPTIONS as REQUEST_OPTIONS
from omni_nb.views.magics.template import field_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind: TypeAlias = str
"""``"model"``, ``"voice"``, ``"text"``, ``"image"``, ``"audio"``, ``"video"``, ``"frames"``,
``"format"``, ``"tool"``, ``"chat"``, ``"to"``, ``"dry"``, or the name of an option of the
request."""


@dataclass(frozen=True, slots=True)
class MagicOption:
    """An option: its spellings, what comes after it, and how often."""

    kind: Kind
    flags: tuple[str, ...]
    value: str = ""
    takes: Literal["nothing", "one", "several"] = "one"
    is_repeatable: bool = False

    @property
    def flag(self) -> str:
        """The option's full spelling."""
        return self.flags[-1]


OPTIONS = (
    MagicOption("model", ("-m", "--model"), "MODEL"),
    MagicOption("voice", ("--voice",), "VOICE"),
    MagicOption("text", ("--text",), takes="nothing"),
    MagicOption("image", ("--image",), "IMAGE", is_repeatable=True),
    MagicOption("audio", ("--audio",), "AUDIO", is_repeatable=True),
    MagicOption("video", ("--video",), "VIDEO", is_repeatable=True),
    MagicOption("frames", ("--frames",), "IMAGE...", takes="several"),
    MagicOption("format", ("--format",), "NAME"),
    MagicOption("tool", ("--tool",), "NAME", is_repeatable=True),
    MagicOption("chat", ("--chat",), "NAME"),
    MagicOption("to", ("--to",), "VAR"),
    MagicOption("dry", ("--dry-run",), takes="nothing"),
    *(
        MagicOption(
            name,
            tuple(dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}"))),
            option.kind.upper(),
            takes="nothing" if option.kind == "switch" else "one",
            is_repeatable=option.kind == "stop",
        )
        for name, option in REQUEST_OPTIONS.items()
    ),
)
BY_FLAG: Mapping[str, MagicOption] = {flag: option for option in OPTIONS for flag in option.flags}
MEDIA: tuple[Kind, ...] = ("image", "audio", "video", "frames")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line: its text without the quotes around it, and where it is.

    Attributes
    ----------
    is_open
        Whether its quote is not closed.
    """

    text: str
    start: int
    end: int
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The options of a line, and what comes after them.

    Attributes
    ----------
    values
        What was given to the options, as it was typed.
    rest
        What comes after the options.
    has_end
        ``--`` said where the options end.
    """

    values: Mapping[Kind, list[str]] = field(default_factory=dict)
    rest: str = ""
    has_end: bool = False

    def one(self, kind: Kind) -> str | None:
        """Return the value of an option that is given once at most."""
        values = self.values.get(kind)
        return values[0] if values else None

    def has(self, kind: Kind) -> bool:
        """Return whether the option was given."""
        return kind in self.values


def read_line(line: str) -> Given:
    """Read the options at the beginning of a line.

    Raises
    ------
    UsageError
        There is no such option, it has no value, or two exclude each other.

    Examples
    --------
    >>> given = read_line('--voice Cherry --image "my dog.jpg" What is this?')
    >>> given.one("voice"), given.values["image"], given.rest
    ('Cherry', ['my dog.jpg'], 'What is this?')
    """
    values: defaultdict[Kind, list[str]] = defaultdict(list)
    words = list(words_of(line))
    while words:
        word = words.pop(0)
        if word.text == "--" or not _is_flag(line, word):
            rest = line[word.end :] if word.text == "--" else line[word.start :]
            return _checked(Given(values, rest.strip(), word.text == "--"))
        flag, equals, value = _closed(line, word).text.partition("=")
        option = _option(flag)
        if option.kind in values and not option.is_repeatable:
            raise UsageError(f"{option.flag} is given twice.")
        if equals and option.takes == "nothing":
            raise UsageError(f"{option.flag} takes no value, and was given {value!r}.")
        values[option.kind] += [value] if equals else _values(line, words, option)
    return _checked(Given(values))


def words_of(line: str) -> Iterator[Word]:
    r"""Return the words of a line; quotes and ``{expressions}`` hold blanks together.

    A quote counts where a word or a value begins, so that ``What's`` is a word.

    Examples
    --------
    >>> [word.text for word in words_of('--image="my dog.jpg" {plots["day 1"]} What\'s odd?')]
    ['--image=my dog.jpg', '{plots["day 1"]}', "What's", 'odd?']
    """
    place = 0
    while place < len(line):
        if line[place].isspace():
            place += 1
        else:
            word = _word_at(line, place)
            yield word
            place = word.end


def _word_at(line: str, start: int) -> Word:
    text, quote, place = "", "", start
    while place < len(line) and (quote or not line[place].isspace()):
        character = line[place]
        found = field_at(line, place) if character == "{" else None
        if found:
            text, place = text + line[place : found[1]], found[1]
            continue
        if character == quote:
            quote = ""
        elif character in "\"'" and not quote and (place == start or line[place - 1] == "="):
            quote = character
        else:
            text += character
        place += 1
    return Word(text, start, place, is_open=bool(quote))


def _is_flag(line: str, word: Word) -> bool:
    return line[word.start] == "-" and len(word.text) > 1


def _option(flag: str) -> MagicOption:
    option = BY_FLAG.get(flag)
    if option is None:
        near = get_close_matches(flag, BY_FLAG, n=1)
        meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(BY_FLAG)}."
        raise UsageError(
            f"There is no option {flag}. {meant} A question that begins with - comes after --."
        )
    return option


def _values(line: str, words: list[Word], option: MagicOption) -> list[str]:
    """Take the values of an option off the words that come after it."""
    if option.takes == "nothing":
        return []
    taken: list[str] = []
    while words and not _is_flag(line, words[0]) and not (taken and option.takes == "one"):
        taken.append(_closed(line, words.pop(0)).text)
    if not taken:
        raise UsageError(f"{option.flag} needs a value: {option.flag} {option.value}.")
    return taken


def _closed(line: str, word: Word) -> Word:
    if word.is_open:
        raise UsageError(f"The quote of {line[word.start : word.end]} is not closed.")
    return word


def _checked(given: Given) -> Given:
    if given.has("text") and given.has("voice"):
        raise UsageError("--voice asks for speech and --text for none: give one of them.")
    if given.has("format") and given.has("voice"):
        raise UsageError("--format asks for data, which nobody reads aloud: leave out --voice.")
    return given
