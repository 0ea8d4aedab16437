"""Find a font with Chinese letters among those that are installed."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from omni_nb.errors import warn
from omni_nb.words import check_language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from omni_nb.words import Language

CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",  # matplotlib before 3.11 sees only the first font of a collection
    "Noto Sans CJK TC",
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
    "Arial Unicode MS",
    "Droid Sans Fallback",
)
"""Fonts with simplified Chinese, those of Linux, macOS and Windows, the best first."""


def checked_language(language: Language) -> Language:
    """Return the language in which labels can be written here; English where no font is found.

    Raises
    ------
    RequestError
        ``language`` is neither ``"en"`` nor ``"zh"``.

    Examples
    --------
    >>> checked_language("en")
    'en'
    """
    check_language(language)
    if language == "zh" and chinese_font() is None:
        warn(
            "The labels are in English: matplotlib finds no font with Chinese letters here. "
            "Install one, such as Noto Sans CJK, and restart the kernel."
        )
        return "en"
    return language


def chinese_font() -> str | None:
    """Return the name of an installed font that has Chinese letters, or None.

    A font that the person chose (``rcParams["font.sans-serif"]``) comes before ours.
    """
    from matplotlib import rcParams

    return _first_with_chinese((*rcParams["font.family"], *rcParams["font.sans-serif"]))


def use_chinese_font() -> str | None:
    """Let matplotlib draw Chinese words from now on, where a font for them is installed.

    Our own plots do so by themselves. In others (titles, questions) a letter that the usual font
    does not have comes from the Chinese one, and the rest looks as before.

    Returns
    -------
    str or None
        The name of the font; None where there is none, and nothing has changed.

    Examples
    --------
    >>> from matplotlib import rc_context
    >>> with rc_context():  # afterwards all is as it was
    ...     font = use_chinese_font()
    """
    from matplotlib import rcParams

    font = chinese_font()
    if font is not None and font not in rcParams["font.family"]:
        rcParams["font.family"] = [*rcParams["font.family"], font]
    return font


def with_chinese(ax: Axes) -> Axes:
    """Let every text of a plot fall back to a Chinese font for what its own does not have."""
    from matplotlib.text import Text

    if (font := chinese_font()) is None:
        return ax
    for text in ax.findobj(Text):
        if isinstance(text, Text) and font not in (family := text.get_fontfamily()):
            text.set_fontfamily([*family, font])
    return ax


@lru_cache(maxsize=8)
def _first_with_chinese(chosen: tuple[str, ...]) -> str | None:
    found = _first_listed(chosen)
    if found is None and _add_unlisted():
        found = _first_listed(chosen)
    return found


def _first_listed(chosen: Iterable[str]) -> str | None:
    from matplotlib.font_manager import fontManager

    paths = {font.name: font.fname for font in reversed(fontManager.ttflist)}
    names = (name for name in (*chosen, *CHINESE_FONTS) if name in paths)
    return next((name for name in names if _has_chinese(paths[name])), None)


def _add_unlisted() -> bool:
    """Add fonts that were installed after matplotlib made its list, which it keeps for ever."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    listed = {font.fname for font in fontManager.ttflist}
    files = [file for file in findSystemFonts() if _is_promising(file) and file not in listed]
    for file in files:
        with suppress(OSError, RuntimeError):  # a font that cannot be read is not for us
            fontManager.addfont(file)
    return bool(files)


def _is_promising(file: str) -> bool:
    name = PurePath(file).name.lower()
    return any(part in name for part in _FILES) and "bold" not in name


_FILES = (
    "cjk",
    "notosanssc",
    "sourcehan",
    "pingfang",
    "hiragino",
    "heiti",
    "msyh",
    "simhei",
    "wqy",
)


_CHINESE_LETTER = "\u8d39"


def _has_chinese(path: str) -> bool:
    from matplotlib.font_manager import get_font

    return get_font(path).get_char_index(ord(_CHINESE_LETTER)) != 0
