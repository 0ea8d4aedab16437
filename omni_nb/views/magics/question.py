"""Make the question of a magic: the media of its options, its text and what that names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from IPython.core.error import UsageError

from omni_nb.media.parts import TextPart, as_media, as_parts
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.options import OPTIONS
from omni_nb.views.magics.names import is_attachable
from omni_nb.views.magics.options import words_of
from omni_nb.views.magics.template import read_prose, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.rules.options import Options
    from omni_nb.views.magics.names import Names
    from omni_nb.views.magics.options import Given


def line_question(given: Given, names: Names, sent: Sequence[Part]) -> tuple[Part, ...]:
    """Return the question of ``%omni``, which comes after the options.

    Parameters
    ----------
    given
        The line that was read.
    names
        What its words mean.
    sent
        The parts that the conversation has already.

    Raises
    ------
    UsageError
        There is no question, or one of its expressions has no value.
    MediaError
        Something cannot be attached.
    """
    if given.has("frames") and not given.rest and not given.has_end:
        raise UsageError(
            "Where the frames end and the question begins is not said: put -- between them, "
            "%omni --frames a.png b.png -- What happens?"
        )
    return _question(_attached(given, names), _unquoted(given.rest), names, sent)


def cell_question(given: Given, cell: str, names: Names, sent: Sequence[Part]) -> tuple[Part, ...]:
    """Return the question of ``%%omni``, which is below its line; see `line_question`."""
    named = [names.media_of(word.text) for word in words_of(given.rest)]
    return _question((*_attached(given, names), *as_parts(named)), cell, names, sent)


def request_options(given: Given, names: Names) -> Options:
    """Return the options of the request that a line gives, such as ``--temperature 0.2``.

    Raises
    ------
    UsageError
        A value is not of its option's kind.
    """
    found: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        values = given.values.get(name)
        if values is None:
            continue
        if option.kind == "switch":
            found[name] = True
            continue
        texts = [names.filled(read_value(value)) for value in values]
        if option.kind in ("text", "stop"):
            found[name] = texts if option.kind == "stop" else texts[0]
            continue
        if option.kind == "choice" and not texts[0].startswith("{"):
            found[name] = _chosen(texts[0])
            continue
        try:
            found[name] = json.loads(texts[0])
        except ValueError:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} takes a {option.kind}, not {texts[0]!r}.") from None
    return cast("Options", found)


def _chosen(word: str) -> str | dict[str, Any]:
    """Return a choice of tools: one of the service's words, or the name of a tool."""
    if word in ("auto", "none", "required"):
        return word
    return {"type": "function", "function": {"name": word}}


def tools_given(given: Given, names: Names) -> list[Any] | None:
    """Return the functions that ``--tool`` names; None where the line names none."""
    values = [names.named(value, "--tool") for value in given.values.get("tool", ())]
    return _flat(values) or None


def format_given(given: Given, names: Names) -> AnswerFormat | None:
    """Return the form of the answer that ``--format`` names; None where the line names none.

    Raises
    ------
    UsageError, RequestError
        There is no such name, or it is neither a type that JSON can have nor a schema.
    """
    value = given.one("format")
    return None if value is None else AnswerFormat.of(names.named(value, "--format"))


def _attached(given: Given, names: Names) -> tuple[Part, ...]:
    """Return what the options attach."""
    parts: list[Part] = []
    for kind in ("image", "audio", "video"):
        for value in given.values.get(kind, ()):
            parts += as_media(**{kind: names.medium(value, f"--{kind}")})
    frames = [names.medium(value, "--frames") for value in given.values.get("frames", ())]
    if frames:
        parts += as_media(frames=frames[0] if len(frames) == 1 else _flat(frames))
    return tuple(parts)


def _question(
    attached: tuple[Part, ...], prose: str, names: Names, sent: Sequence[Part]
) -> tuple[Part, ...]:
    """Return the parts of a question: media first, then the text."""
    text, parts = "", list(attached)
    for piece in read_prose(prose.strip()):
        if isinstance(piece, str):
            text += piece
            continue
        value = names.value(piece)
        if not piece.format and is_attachable(value):
            parts += as_parts(value)
            text += piece.source.strip()  # so that the sentence can still be read
        else:
            text += names.written(piece, value)
    if not parts:  # whoever attaches by hand uses the words as words
        parts += _mentioned(prose, names, sent)
    if not text and not parts:
        raise UsageError("There is no question. `%%omni?` shows how to ask.")
    return (*parts, *([TextPart(text)] if text else []))


def _mentioned(prose: str, names: Names, sent: Sequence[Part]) -> Iterable[Part]:
    """Return what the text names, without what the conversation has already."""
    words = "".join(piece for piece in read_prose(prose) if isinstance(piece, str))
    return [part for part in as_parts(names.mentioned(words)) if part not in sent]


def _unquoted(text: str) -> str:
    """Return a text without the quotes around all of it."""
    quote = text[:1]
    is_quoted = len(text) > 1 and quote in "\"'" and text.endswith(quote) and text.count(quote) == 2
    return text[1:-1] if is_quoted else text


def _flat(given: list[Any]) -> list[Any]:
    return [
        one for value in given for one in (value if isinstance(value, (list, tuple)) else [value])
    ]
