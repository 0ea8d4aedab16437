"""Values as source text: JSON-like values written in Python, JavaScript and JSON.

What a person typed becomes a literal that means exactly that; what cannot be seen, such as a
control character or a mark that turns the direction of the text, is written as an escape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = 76
"""A value up to this long stays on one line."""

_JOINERS = "\u200c\u200d"  # of emoji and of some scripts: unseen, but harmless
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Style:
    """How a language writes values.

    Attributes
    ----------
    words
        True, False and None.
    has_bare_keys
        ``{ role: "user" }`` rather than ``{"role": "user"}``.
    ends_with_comma
        Whether the last of several lines has a comma.
    wide_escape
        How a character beyond U+FFFF is escaped; None: as two surrogates.
    """

    indent: str
    words: tuple[str, str, str]
    has_bare_keys: bool = False
    ends_with_comma: bool = True
    wide_escape: str | None = None


PYTHON = Style("    ", ("True", "False", "None"), wide_escape="\\U{:08x}")
JAVASCRIPT = Style("  ", ("true", "false", "null"), has_bare_keys=True)
JSON = Style("  ", ("true", "false", "null"), ends_with_comma=False)


@dataclass(frozen=True, slots=True)
class Writer:
    r"""Write values as source text, in the style of a language.

    Attributes
    ----------
    calls
        Expressions by the token that stands for each in a text: they are written as they are.

    Examples
    --------
    >>> Writer(JAVASCRIPT).value({"role": "user", "ok": True})
    '{ role: "user", ok: true }'
    >>> print(Writer(PYTHON).text('a "b"\n\u202e'))
    "a \"b\"\n\u202e"
    >>> print(Writer(PYTHON, {"[1]": 'encoded("a.mp4")'}).text("data:;base64,[1]"))
    "data:;base64," + encoded("a.mp4")
    """

    style: Style
    calls: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: Any, depth: int = 0) -> str:
        """Return a value as source text, on one line where it is short.

        Parameters
        ----------
        value
            Strings, numbers, booleans, None, and lists and mappings of them.
        depth
            How far the line that it begins on is indented.
        """
        if value is None or isinstance(value, bool):
            return self.style.words[2 if value is None else int(not value)]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            entries = [
                f"{self._key(name)}: {self.value(one, depth + 1)}" for name, one in value.items()
            ]
            return self._enclosed("{}", entries, depth)
        if isinstance(value, (list, tuple)):
            return self._enclosed("[]", [self.value(one, depth + 1) for one in value], depth)
        return json.dumps(value)

    def text(self, text: str) -> str:
        """Return a text in double quotes, and what `calls` says for its tokens."""
        pieces = [piece for piece in split(text, self.calls) if piece] or [""]
        return " + ".join(self.calls.get(piece) or self._quoted(piece) for piece in pieces)

    def _enclosed(self, brackets: str, entries: Sequence[str], depth: int) -> str:
        style, inner = self.style, ", ".join(entries)
        if len(inner) + len(style.indent) * depth <= SHORT and "\n" not in inner:
            space = " " if style.has_bare_keys and entries and brackets == "{}" else ""
            return f"{brackets[0]}{space}{inner}{space}{brackets[1]}"
        margin = "\n" + style.indent * (depth + 1)
        last = "," if style.ends_with_comma else ""
        lines = f",{margin}".join(entries)
        return f"{brackets[0]}{margin}{lines}{last}\n{style.indent * depth}{brackets[1]}"

    def _key(self, name: str) -> str:
        is_bare = self.style.has_bare_keys and _NAME.fullmatch(name)
        return name if is_bare else self._quoted(name)

    def _quoted(self, text: str) -> str:
        written = json.dumps(text, ensure_ascii=False)
        return "".join(
            one if one.isprintable() or one in _JOINERS else self._escape(one) for one in written
        )

    def _escape(self, character: str) -> str:
        if ord(character) > 0xFFFF and self.style.wide_escape:
            return self.style.wide_escape.format(ord(character))
        return json.dumps(character)[1:-1]


def split(text: str, tokens: Mapping[str, str]) -> list[str]:
    """Return the pieces of a text: what is between the tokens, and the tokens.

    Examples
    --------
    >>> split("a-b", {"-": "minus"})
    ['a', '-', 'b']
    """
    if not tokens:
        return [text]
    return re.split(f"({'|'.join(map(re.escape, tokens))})", text)
