"""Make text fit for a terminal: no character in it commands one."""

from __future__ import annotations

import re
from typing import Final

_COMMANDING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""C0 but for tab and line feed, DEL, C1, and halves of characters, which cannot be written."""

_PICTURES: Final = 0x2400
_PICTURE_OF_DELETE: Final = "\u2421"
_REPLACEMENT: Final = "\ufffd"


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
    return _COMMANDING.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\r":
        return ""
    if character < " ":
        return chr(_PICTURES + ord(character))
    return _PICTURE_OF_DELETE if character == "\x7f" else _REPLACEMENT
