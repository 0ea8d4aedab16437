"""Text as Unicode knows it: whoever wrote it, what is stored can be encoded."""

from __future__ import annotations

import re

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""C0 but for tab and line feed, DEL, C1, and halves of characters, which cannot be written."""

_PICTURES = 0x2400
_PICTURE_OF_DELETE = "\u2421"
_REPLACEMENT = "\ufffd"
_HIGH = range(0xD800, 0xDC00)


def well_formed(text: str) -> str:
    r"""Return text without surrogates: two halves become their character, a lone one U+FFFD.

    A string with a surrogate cannot be encoded, so it can be neither sent nor saved.

    Parameters
    ----------
    text
        Any string; JSON and JavaScript can hold half a character.

    Examples
    --------
    >>> well_formed("Hi \ud83d\ude00 \ud83d!") == "Hi \U0001f600 \ufffd!"
    True
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def plain(text: str) -> str:
    r"""Return text whose control characters are visible signs that a terminal does not obey.

    A model's text, a file's name or a service's message may hold escape sequences, which clear the
    screen, set the clipboard or write what was never said. Line feeds and tabs stay; a carriage
    return, which would write over the line, is left out.

    Examples
    --------
    >>> plain("\x1b[2Jgone\x07\r\nnext\x9b")
    '␛[2Jgone␇\nnext�'
    """
    return _CONTROLS.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\r":
        return ""
    if character < " ":
        return chr(_PICTURES + ord(character))
    return _PICTURE_OF_DELETE if character == "\x7f" else _REPLACEMENT


def shortened(text: str, most: int) -> str:
    """Return text of at most so many characters, without control characters.

    Examples
    --------
    >>> shortened("a longer text", most=8)
    'a longe…'
    """
    shown = plain(well_formed(text[: 2 * most]))
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def one_line(text: str, most: int = 200) -> str:
    r"""Return text for a line of a message: without control characters, and shortened.

    Examples
    --------
    >>> one_line("a\x1b[31m b\n\n c"), one_line("too long", most=4)
    ('a [31m b c', 'too…')
    """
    line = " ".join(_CONTROLS.sub(" ", well_formed(text[: 4 * most])).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


class TextJoiner:
    r"""Join text that comes in pieces, where a piece may end within a character.

    Services that cut by UTF-16 send the two halves of an emoji one after the other.

    Examples
    --------
    >>> joiner = TextJoiner()
    >>> [joiner.add(piece) for piece in ("Hi \ud83d", "\ude00!")] == ["Hi ", "\U0001f600!"]
    True
    """

    def __init__(self) -> None:
        self._half = ""

    def add(self, piece: str) -> str:
        """Return what is whole; half a character at the end waits for the next piece."""
        if not piece:
            return ""
        text, self._half = self._half + piece, ""
        if ord(text[-1]) in _HIGH:
            text, self._half = text[:-1], text[-1]
        return well_formed(text)

    def flush(self) -> str:
        """Return what still waits, as U+FFFD."""
        rest, self._half = self._half, ""
        return well_formed(rest)
