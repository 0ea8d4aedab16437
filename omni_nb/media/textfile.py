"""Text files: a file of text becomes a part that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omni_nb.errors import MediaError
from omni_nb.media.parts import TextPart

if TYPE_CHECKING:
    from pathlib import Path

TEXT_SUFFIXES: Final = (".txt", ".md", ".csv", ".json")
TEXT_BYTES: Final = 200_000
"""The largest text file: some 50,000 tokens, which is more than most models read."""

TOO_LARGE: Final = "text file too large"
NO_TEXT: Final = "no text"


def is_text_file(path: Path) -> bool:
    """Tell by a file's name whether it is one of text.

    Examples
    --------
    >>> from pathlib import Path
    >>> is_text_file(Path("Notes.TXT")), is_text_file(Path("dog.png"))
    (True, False)
    """
    return path.suffix.lower() in TEXT_SUFFIXES


def text_file(path: Path) -> TextPart:
    """Return the text of a file below its name, as the model reads it.

    Raises
    ------
    MediaError
        The file is too large, or not text in UTF-8.
    """
    size = path.stat().st_size
    if size > TEXT_BYTES:
        given, most = f"{size / 1e3:,.0f} kB", f"{TEXT_BYTES / 1e3:,.0f} kB"
        raise MediaError(
            f"{path.name} has {given}; a text file may have {most}. Attach a part of it.",
            hint=TOO_LARGE,
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise MediaError(f"{path.name} is not text in UTF-8. Save it as UTF-8.", hint=NO_TEXT)
    return TextPart(f"{path.name}:\n{text.strip()}\n")
