"""Names: what the words of a magic mean in the notebook's namespace."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from omni_nb.errors import MediaError, brief
from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import PART_TYPES, TextPart
from omni_nb.media.probe import kind_of
from omni_nb.media.samples import are_samples
from omni_nb.media.sources import RemoteSource, display_kind, open_source
from omni_nb.media.text import one_line
from omni_nb.turns.reply import Reply
from omni_nb.views.magics.template import Field, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omni_nb.views.magics.template import Piece

_IPYTHONS = {"In", "Out", "exit", "get_ipython", "open", "quit"}
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_CALLED = re.compile(r"([^\W\d]\w*)(\.[^\W\d]\w*)*\s*[\[(].*[\])]")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")

# A name in a sentence, not a piece of a path, a call or another word; the bounds are those of
# ASCII because Chinese is written without blanks.
_MENTIONED = re.compile(
    rf"(?<![A-Za-z0-9_.\"'/\\-])({_NAME})(?![A-Za-z0-9_\"'/\\(=-]|\.[A-Za-z0-9_])"
)


class Names(Mapping[str, Any]):
    """The variables that a magic sees: those of the notebook, and of the function it is in.

    Examples
    --------
    >>> names = Names({"price": 4.5, "day": "Monday"})
    >>> names.filled(["On ", Field("day"), " it costs ", Field("price", ".2f"), "."])
    'On Monday it costs 4.50.'
    """

    def __init__(self, notebook: dict[str, Any], local: Mapping[str, Any] | None = None) -> None:
        self._notebook = notebook
        self._local = notebook if local is None else local

    def __getitem__(self, name: str) -> Any:
        return self._local[name] if name in self._local else self._notebook[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._notebook, **self._local})

    def __len__(self) -> int:
        return len({**self._notebook, **self._local})

    @property
    def own(self) -> list[str]:
        """The names that a person has given, sorted."""
        return sorted(name for name in self if name[:1] != "_" and name not in _IPYTHONS)

    def value(self, field: Field) -> Any:
        """Return the value of an expression.

        Raises
        ------
        UsageError
            The expression has no value here. The message says what to do.
        """
        try:
            return eval(field.source.strip(), self._notebook, self._local)
        except NameError as error:
            name = getattr(error, "name", None) or field.source
            raise UsageError(
                f"{{{field.source}}}: there is no {name!r} in this notebook.{self._near(name)} "
                f"{_AS_IT_IS.format(field.source)}"
            ) from None
        except Exception as error:
            raise UsageError(
                f"{{{field.source}}} was computed with this notebook's variables and raised "
                f"{type(error).__name__}: {error}. {_AS_IT_IS.format(field.source)}"
            ) from None

    def filled(self, pieces: Iterable[Piece]) -> str:
        """Return the text with the values of its expressions.

        Raises
        ------
        UsageError
            An expression has no value, or one that cannot be written so.
        """
        return "".join(
            piece if isinstance(piece, str) else self.written(piece, self.value(piece))
            for piece in pieces
        )

    def written(self, field: Field, value: Any) -> str:
        """Return a value as words: as `print` would write it, an answer as what it said."""
        value = value.text if isinstance(value, Reply) else value
        try:
            return format(value, field.format) if field.format else str(value)
        except Exception as error:
            raise UsageError(
                f"{{{field.source}{':' * bool(field.format)}{field.format}}} cannot be written "
                f"as text: {type(error).__name__}: {error}."
            ) from None

    def medium(self, given: str, flag: str) -> Any:
        """Return what was given to an option for media: a variable, a value, a path or URL.

        Parameters
        ----------
        given
            As it was typed: a name, ``{expression}``, a path (also with ``*``) or a URL, with
            expressions in it.
        flag
            The option, for errors.

        Raises
        ------
        UsageError
            ``given`` names a variable and a file, or neither.
        """
        pieces = read_value(given)
        if field := _only_field(pieces):
            return self.value(field)
        text = self.filled(pieces)
        is_file = _is_file(text)
        if text.isidentifier() and text in self:
            if is_file:
                raise UsageError(
                    f"{flag} {text}: there is a variable and a file of this name. Write "
                    f"{{{text}}} for the variable, ./{text} for the file."
                )
            return self[text]
        if not is_file and text.isidentifier() and not Path(text).exists():
            raise UsageError(
                f"{flag} {text}: there is neither a variable nor a file of this name."
                f"{self._near(text)}"
            )
        called = _CALLED.fullmatch(text)
        if called and called[1] in self and _matching(text) == text and not is_file:
            raise UsageError(
                f"{flag} {text}: an expression stands in braces, as in {flag} {{{text}}}."
            )
        if not is_file and _DOTTED.fullmatch(text) and text.partition(".")[0] in self:
            return self._attribute(text)
        return _matching(text)

    def named(self, given: str, flag: str) -> Any:
        """Return the object that an option names: ``Clip``, ``shapes.Clip``, ``list[Clip]``.

        Raises
        ------
        UsageError
            There is no such object. The message says which name is near.
        """
        field = _only_field(read_value(given))
        source = field.source if field else given
        try:
            return eval(source.strip(), self._notebook, self._local)
        except NameError as error:
            name = getattr(error, "name", None) or source
            raise UsageError(
                f"{flag} {brief(source)}: there is no {name!r} in this notebook."
                f"{self._near(name)} Define it in a cell above."
            ) from None
        except Exception as error:
            said = one_line(f"{type(error).__name__}: {error}", 200)
            raise UsageError(
                f"{flag} takes the name of an object of this notebook; {brief(source)} raised "
                f"{said}."
            ) from None

    def media_of(self, word: str) -> Any:
        """Return the image, figure or clip that a word on the line of ``%%omni`` names.

        Raises
        ------
        UsageError
            The word names none.
        """
        field = _only_field(read_value(word))
        is_name = word.isidentifier() and word in self
        value = self.value(field) if field else self[word] if is_name else None
        if not is_attachable(value):
            near = "" if field or is_name else self._near(word)
            raise UsageError(
                f"{word!r} on this line is neither an option nor the name of a picture, figure or "
                f"clip.{near} The question itself begins on the line below."
            )
        return value

    def mentioned(self, words: str) -> list[Any]:
        """Return the images, figures and clips whose names are words of a text, each once.

        Examples
        --------
        >>> clip = AudioClip(bytes(4), 24000)
        >>> Names({"clip": clip, "x": 1}).mentioned("x is said in clip, not in clip.wav") == [clip]
        True
        """
        found = dict.fromkeys(match[1] for match in _MENTIONED.finditer(words))
        return [self[name] for name in found if name in self and is_medium(self[name])]

    def _near(self, name: str) -> str:
        near = get_close_matches(name, self.own, n=1)
        return f" Did you mean {near[0]!r}?" if near else ""

    def _attribute(self, dotted: str) -> Any:
        """Return ``reply.audio``; what has no such attribute may be the name of a file."""
        name, *attributes = dotted.split(".")
        value = self[name]
        for attribute in attributes:
            try:
                value = getattr(value, attribute)
            except AttributeError:
                return dotted
        return value


_AS_IT_IS = "Define it first, or write {{{{{0}}}}} to send the braces and not a value."


def _only_field(pieces: Sequence[Piece]) -> Field | None:
    """Return the expression that is all there is; its value need not become text."""
    match pieces:
        case [Field(format="") as field]:
            return field
    return None


def is_medium(value: Any) -> bool:
    """Return whether an object can only be an image, a figure or a clip.

    An array, a path or a list may be something else as well.
    """
    if isinstance(value, (AudioClip, *PART_TYPES)):
        return not isinstance(value, TextPart)
    return display_kind(value) is not None or _is_drawn(value)


def is_attachable(value: Any) -> bool:
    """Return whether a value is attached rather than written into the text.

    Images, figures, clips, ``(samples, sample_rate)``, the path of a media file, and lists of
    these.
    """
    if are_samples(value) or is_medium(value):
        return True
    if isinstance(value, (list, tuple)):
        return bool(value) and all(is_attachable(one) for one in value)
    return isinstance(value, Path) and _is_media_file(value)


def _is_drawn(value: Any) -> bool:
    kinds = (("PIL.Image", "Image"), ("matplotlib.figure", "Figure"))
    found = (getattr(sys.modules.get(module), name, None) for module, name in kinds)
    return isinstance(value, tuple(kind for kind in found if kind is not None))


def _is_media_file(path: Path) -> bool:
    if not _is_file(str(path)):
        return False
    try:
        source = open_source(path, kind="media")
    except MediaError:  # empty, or not to be read: its name is all that can be said
        return False
    if source is None or isinstance(source, RemoteSource):
        return False
    return kind_of(source) is not None


def _is_file(text: str) -> bool:
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _matching(text: str) -> str | Sequence[str]:
    """Return the files that a pattern names, in the order of their names and numbers."""
    if "://" in text or not any(mark in text for mark in "*?[") or _is_file(text):
        return text
    found = glob.glob(str(Path(text).expanduser()))
    return sorted(found, key=_by_numbers) or text


def _by_numbers(path: str) -> list[tuple[int, str]]:
    pieces = re.split(r"(\d+)", path)
    return [(int(one), "") if one.isdigit() else (-1, one) for one in pieces]
