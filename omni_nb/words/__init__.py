"""Look up the sentences that people read, by key and language: `en.json`, `zh.json`.

Python reads the files here; the JavaScript has its sections of them bundled in. Another language is
another file: its ``language`` section says by which letters its questions are recognised.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from omni_nb.errors import RequestError, brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Language: TypeAlias = str
"""The name of a file here: ``"en"`` or ``"zh"``."""

LANGUAGE_VARIABLE = "OMNI_NB_LANGUAGE"
_LOCALE_VARIABLES = (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")
_FALLBACK: Language = "en"


@lru_cache(maxsize=64)
def words(section: str, language: Language) -> Mapping[str, str]:
    """Return the words of a section in a language.

    Placeholders have names, for `str.format`; ``{s}`` is the ending of `plural`.

    Examples
    --------
    >>> words("labels", "en")["count"].format(count=1200, s=plural(1200))
    '1,200 tokens'
    """
    return MappingProxyType(_document(language)[section])


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """Return the available languages.

    Examples
    --------
    >>> languages()
    ('en', 'zh')
    """
    names = (file.name for file in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def check_language(language: object) -> Language:
    """Return a language that is available.

    Raises
    ------
    RequestError
        The language is none of those available.

    Examples
    --------
    >>> check_language("zh")
    'zh'
    """
    if isinstance(language, str) and language in languages():
        return language
    accepted = " or ".join(map(repr, languages()))
    raise RequestError(f"language is {accepted}, not {brief(language)}.")


def language_of(parts: Iterable[object]) -> Language:
    """Return the language of a question: Chinese where its text has Chinese characters.

    Parameters
    ----------
    parts
        The parts of the question, or strings; what has no text says nothing.

    Examples
    --------
    >>> language_of(["图中描绘的是什么景象?"]), language_of(["What is in this image?"])
    ('zh', 'en')
    """
    text = "".join(part if isinstance(part, str) else getattr(part, "text", "") for part in parts)
    return next((name for name, rule in _letters() if rule.search(text)), _FALLBACK)


def language_here() -> Language:
    """Return the language of this machine, for values without a question.

    ``OMNI_NB_LANGUAGE`` decides, then the locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``), else
    English.
    """
    named = next(filter(None, map(os.environ.get, _LOCALE_VARIABLES)), "")
    language = re.split(r"[-_.@]", named)[0].lower()
    return language if language in languages() else _FALLBACK


def plural(count: float) -> str:
    """Return the plural ending of an English noun, for the ``{s}`` of the words.

    Examples
    --------
    >>> [f"{count} gap{plural(count)}" for count in (0, 1, 2)]
    ['0 gaps', '1 gap', '2 gaps']
    """
    return "" if count == 1 else "s"


@lru_cache(maxsize=8)
def _document(language: Language) -> dict[str, Any]:
    text = files(__package__).joinpath(f"{language}.json").read_text("utf-8")
    return dict(json.loads(text))


@lru_cache(maxsize=1)
def _letters() -> tuple[tuple[Language, re.Pattern[str]], ...]:
    """Return the patterns of the languages that have letters of their own."""
    rules = ((name, words("language", name)["letters"]) for name in languages())
    return tuple((name, re.compile(rule)) for name, rule in rules if rule)
