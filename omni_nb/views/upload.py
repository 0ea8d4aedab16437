"""Show what an answer waits for, in a cell and in a terminal: an upload, or the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.labels import labelled
from omni_nb.render.palette import ACCENT, LINE, MUTED
from omni_nb.render.reply import CARD, question_html, wait_text
from omni_nb.wire.retry import Wait
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.parts import Part
    from omni_nb.wire.upload import UploadProgress
    from omni_nb.words import Language

SHOWN_AFTER_SECONDS = 1.0
REPAINT_SECONDS = 0.25

_TRACK = style(
    "height:6px;max-width:24em;border-radius:3px;overflow:hidden", f"background-color:{LINE}"
)
_BAR = style("height:6px;border-radius:3px", f"background-color:{ACCENT}")
_WORDS = f"color:{MUTED};font-size:0.85em"


def worth_showing(
    upload: UploadProgress | None, wait: Wait | None = None
) -> UploadProgress | Wait | None:
    """Return what takes long: a wait before the next try, or an upload that still goes on."""
    if wait is not None:
        return wait if wait.seconds >= SHOWN_AFTER_SECONDS else None
    if upload is None or upload.is_done or upload.seconds < SHOWN_AFTER_SECONDS:
        return None
    return upload


def upload_text(sent: int, total: int, seconds_left: float | None, language: Language) -> str:
    """Say how far an upload has come.

    Examples
    --------
    >>> upload_text(12_300_000, 150_000_000, 8.2, "en")
    '12.3 of 150 MB · 8 s left'
    >>> upload_text(200_000, 400_000, 200, "zh")
    '200 / 400 kB · 剩余 3 分钟'
    """
    names = words("upload", language)
    unit, size = ("MB", 1e6) if total >= 1e6 else ("kB", 1e3)
    shown = names["bytes"].format(sent=_short(sent / size), total=_short(total / size), unit=unit)
    if seconds_left is None:
        return shown
    is_long = seconds_left >= 90
    left = seconds_left / 60 if is_long else seconds_left
    return f"{shown} · {names['minutes' if is_long else 'seconds'].format(left=round(left))}"


def upload_html(sent: int, total: int, seconds_left: float | None, language: Language) -> HTML:
    """Return a progress bar with its words, in inline styles and without JavaScript."""
    said = upload_text(sent, total, seconds_left, language)
    label = words("upload", language)["sending"]
    percent = min(100, 100 * sent // max(total, 1))
    bar = tag(
        "div",
        tag("div", style=style(f"width:{percent}%", _BAR)),
        role="progressbar",
        aria_label=label,
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=percent,
        aria_valuetext=said,
        style=_TRACK,
    )
    line = tag("div", labelled(label, said, language), style=_WORDS)
    return tag("div", bar, line, class_="omni-upload", style="margin:0.25em 0")


def uploading_html(
    question: Sequence[Part], now: UploadProgress | Wait, language: Language
) -> HTML:
    """Return a question and what it waits for, as HTML."""
    if isinstance(now, Wait):
        said = tag("div", wait_text(now, language), class_="omni-wait", role="status", style=_WORDS)
    else:
        said = upload_html(now.sent_bytes, now.total_bytes, now.seconds_left, language)
    return join(question_html(question, language), said)


def uploading_bundle(
    question: Sequence[Part], upload: UploadProgress | Wait, language: Language
) -> dict[str, str]:
    """Return the same as a MIME bundle for a cell."""
    html = uploading_html(question, upload, language)
    return {
        "text/html": tag("div", html, class_="omni-reply omni-streaming", style=CARD),
        "text/plain": uploading_line(upload, language),
    }


def uploading_line(upload: UploadProgress | Wait, language: Language) -> str:
    """Return what a question waits for, as one line for a terminal."""
    if isinstance(upload, Wait):
        return wait_text(upload, language)
    said = upload_text(upload.sent_bytes, upload.total_bytes, upload.seconds_left, language)
    return labelled(words("upload", language)["sending"], said, language)


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 99.95 else f"{number:.0f}"
