"""Completion: what Tab offers on a line of ``%%omni``, in JupyterLab and in a terminal."""

from __future__ import annotations

import inspect
import mimetypes
import os
import re
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_origin

from omni_nb.media.clip import AudioClip
from omni_nb.media.samples import are_samples
from omni_nb.media.sources import display_kind
from omni_nb.rules.catalog import find_model, known_models
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.options import OPTIONS as REQUEST_OPTIONS
from omni_nb.rules.tools import Tool
from omni_nb.views.magics.conversations import USUAL
from omni_nb.views.magics.names import Names, is_medium
from omni_nb.views.magics.options import BY_FLAG, MEDIA, OPTIONS, MagicOption, Word, words_of
from omni_nb.views.notebook import Chat
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omni_nb.views.magics.options import Kind

IDENTIFIER: Final = "omni_nb.magics"

_MAGIC = re.compile(r"\s*(?P<magic>%%omni|%omni|%omni_chat)\s+")
_OPEN_BRACE = re.compile(r"(?<!\{)\{(?P<name>(?:[^\W\d]\w*)?)\Z")
_MODALITIES: Final = {"frames": ("image", "video")}


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand in the place of the last characters before the cursor.

    Attributes
    ----------
    fragment
        The characters that would be replaced.
    words
        What may take their place, best first.
    """

    fragment: str
    words: tuple[str, ...] = ()


def complete(line: str, namespace: dict[str, Any]) -> Completion:
    """Return what may come next on a line that ends at the cursor.

    Examples
    --------
    >>> complete("%%omni --voice C", {}).words
    ('Cherry', 'Chelsie')
    >>> complete("%%omni --vi", {})
    Completion(fragment='--vi', words=('--video',))
    """
    magic = _MAGIC.match(line)
    if magic is None:
        return Completion("")
    rest, names = line[magic.end() :], Names(namespace)
    if brace := _OPEN_BRACE.search(rest):
        return _beginning(brace["name"], names.own)
    words = list(words_of(rest))
    is_new = not words or words[-1].end < len(rest)
    typed = "" if is_new else rest[words.pop().start :]
    if magic["magic"] == "%omni_chat":
        return _of_verbs([word.text for word in words], typed, names)
    return _of_options(words, typed, names, is_cell=magic["magic"] == "%%omni")


def in_prose(line: str, namespace: dict[str, Any]) -> Completion:
    """Return the names that may come next in a question, within a brace."""
    brace = _OPEN_BRACE.search(line)
    return _beginning(brace["name"], Names(namespace).own) if brace else Completion("")


def install(shell: Any) -> None:
    """Let a shell complete lines of the magics; IPython before 8.6 cannot."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:
        return

    def matches(context: Any) -> dict[str, Any]:
        first, _, _ = context.full_text.lstrip().partition("\n")
        is_below = first.startswith("%%omni") and context.cursor_line > 0
        found = (in_prose if is_below else complete)(context.text_until_cursor, shell.user_ns)
        return {
            "completions": [SimpleCompletion(text=word, type="magic") for word in found.words],
            "matched_fragment": found.fragment,
            "suppress": True,
            "ordered": True,
        }

    uninstall(shell)
    shell.Completer.custom_matchers.append(context_matcher(identifier=IDENTIFIER)(matches))


def uninstall(shell: Any) -> None:
    """Undo `install`."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != IDENTIFIER]


def _of_options(words: Sequence[Word], typed: str, names: Names, *, is_cell: bool) -> Completion:
    """Complete a line of options."""
    flag, equals, value = typed.partition("=")
    option = _pending(words)
    if equals and flag in BY_FLAG:
        return _of_values(BY_FLAG[flag], value, words, names)
    if option and not typed.startswith("-"):
        return _of_values(option, typed, words, names)
    if not is_cell and any(not _is_flag(word) for word in _after_values(words)):
        return Completion("")  # within the question
    media = [name for name in names.own if is_medium(names[name])] if is_cell else []
    flags = _flags(words, every=typed.startswith("-"))
    return _beginning(typed, [*flags, *media])


def _of_values(option: MagicOption, typed: str, words: Sequence[Word], names: Names) -> Completion:
    """Complete the value of an option."""
    match option.kind:
        case "model":
            models = known_models()
            aliases = [alias for facts in models for alias in facts.aliases]
            return _beginning(typed, [*(facts.name for facts in models), *aliases])
        case "voice":
            facts = find_model(_model(words, names))
            return _beginning(typed, facts.voices.names if facts else ())
        case "chat":
            return _beginning(typed, _chats(names))
        case "format":
            return _beginning(typed, [name for name in names.own if _is_form(names[name])])
        case "tool":
            return _beginning(typed, [name for name in names.own if _is_function(names[name])])
        case kind if kind in MEDIA:
            variables = [name for name in names.own if _suits(names[name], kind)]
            own = _beginning(typed, variables).words
            paths = _paths(typed, kind)
            return Completion(paths.fragment, (*own, *paths.words))
    return Completion(typed)


def _of_verbs(words: Sequence[str], typed: str, names: Names) -> Completion:
    """Complete a line of ``%omni_chat``."""
    if not words:
        return _beginning(typed, ("reset", "show", "save"))
    if words == ["save"]:
        return _paths(typed, "")
    return _beginning(typed, _chats(names))


def _pending(words: Sequence[Word]) -> MagicOption | None:
    """Return the option that waits for a value after these words."""
    option, has_value = None, False
    for word in words:
        if _is_flag(word):
            flag, equals, _ = word.text.partition("=")
            option, has_value = (None if equals else BY_FLAG.get(flag)), False
            option = option if option and option.takes != "nothing" else None
        elif option and option.takes == "one" and has_value:
            option = None
        else:
            has_value = True
    return option if option and not (has_value and option.takes == "one") else None


def _after_values(words: Sequence[Word]) -> Iterator[Word]:
    """Go through the words that are no value of an option."""
    for number, word in enumerate(words):
        if _is_flag(word) or _pending(words[:number]) is None:
            yield word


def _is_flag(word: Word) -> bool:
    return word.text.startswith("-") and len(word.text) > 1


def _flags(words: Sequence[Word], *, every: bool) -> list[str]:
    """Return the options that may still be given; those of the request when asked for."""
    given = {word.text.partition("=")[0] for word in words}
    return [
        flag
        for option in OPTIONS
        for flag in reversed(option.flags)
        if (option.is_repeatable or not given.intersection(option.flags))
        and (option.kind not in REQUEST_OPTIONS or (every and "_" not in flag))
    ]


def _model(words: Sequence[Word], names: Names) -> str:
    """Return the model that will be asked."""
    texts = [word.text for word in words]
    given = dict(pairwise(texts))
    chosen = given.get("--model") or given.get("-m")
    if chosen:
        return chosen
    chat = given.get("--chat", USUAL)
    found = names.get(chat)
    return found.model if isinstance(found, Chat) else DEFAULT_MODEL


def _chats(names: Names) -> list[str]:
    return [name for name in names.own if isinstance(names[name], Chat)]


def _is_function(value: Any) -> bool:
    return isinstance(value, (Tool, partial)) or inspect.isroutine(value)


def _is_form(value: Any) -> bool:
    """Return whether a variable looks like a type or schema of an answer: one with fields."""
    if isinstance(value, AnswerFormat) or get_origin(value) is not None:
        return True
    if isinstance(value, dict):
        return "type" in value or "properties" in value
    if not isinstance(value, type):
        return False
    fields = ("__dataclass_fields__", "model_fields", "__members__", "__required_keys__")
    return any(getattr(value, name, None) for name in fields)


def _suits(value: Any, kind: Kind) -> bool:
    """Return whether a variable may be given to an option for media."""
    if isinstance(value, Path):
        return _is_of_kind(value.name, kind)
    if are_samples(value):
        return kind == "audio"
    if is_medium(value):
        return _modality(value) in _MODALITIES.get(kind, (kind,))
    return hasattr(type(value), "ndim") and hasattr(type(value), "dtype") and kind != "audio"


def _modality(value: Any) -> str:
    if isinstance(value, AudioClip):
        return "audio"
    return display_kind(value) or str(getattr(value, "modality", "image"))


def _is_of_kind(name: str, kind: str) -> bool:
    guessed = mimetypes.guess_type(name)[0] or ""
    return not kind or guessed.partition("/")[0] in _MODALITIES.get(kind, (kind,))


def _paths(typed: str, kind: str) -> Completion:
    """Return the folders and the files of a kind; in quotes where a name has blanks."""
    quote = typed[:1] if typed[:1] in ("'", '"') else ""
    fragment = typed[len(quote) :]
    folder, beginning = os.path.split(fragment)
    found = []
    for path in _listed(Path(folder or ".").expanduser()):
        is_hidden = path.name.startswith(".") and not beginning.startswith(".")
        if path.name.startswith(beginning) and not is_hidden:
            whole = os.path.join(folder, path.name)
            if path.is_dir():
                found.append(f"{whole}/")
            elif _is_of_kind(path.name, kind):
                found.append(whole)
    are_quoted = [
        f'"{one}"' if not quote and " " in one and not one.endswith("/") else one for one in found
    ]
    return Completion(fragment, tuple(are_quoted))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _beginning(typed: str, words: Sequence[str]) -> Completion:
    """Return those of the words that begin as it was typed."""
    return Completion(typed, tuple(word for word in words if word.startswith(typed)))
