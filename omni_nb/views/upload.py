"""The progress of an upload, for a cell and for a terminal."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from omni_nb.render.reply import question_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.render.reply import Language
    from omni_nb.wire.upload import UploadProgress

SHOWN_AFTER_SECONDS = 1.0
REPAINT_SECONDS = 0.25

_LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "sending": "Sending",
        "bytes": "{sent} of {total} {unit}",
        "s": "{} s left",
        "min": "{} min left",
    },
    "zh": {
        "sending": "正在上传",
        "bytes": "{sent} / {total} {unit}",
        "s": "剩余 {} 秒",
        "min": "剩余 {} 分钟",
    },
}
_CARD = (
    "max-width:46em;padding:0.25em 0.25em 0.5em;line-height:1.6;"
    "font-family:var(--jp-content-font-family, system-ui, sans-serif);overflow-wrap:anywhere"
)
_TROUGH = (
    "height:6px;max-width:24em;border-radius:3px;overflow:hidden;"
    "background-color:var(--jp-border-color2, #d0d0d0)"
)
_BAR = "height:6px;border-radius:3px;background-color:var(--jp-brand-color1, #0072B2)"
_WORDS = "color:var(--jp-content-font-color2, #6b6b6b);font-size:0.85em"


def worth_showing(upload: UploadProgress | None) -> UploadProgress | None:
    """Return the progress of an upload that is slow and still goes on; of others None."""
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
    names = _LABELS[language]
    unit, size = ("MB", 1e6) if total >= 1e6 else ("kB", 1e3)
    shown = names["bytes"].format(sent=_short(sent / size), total=_short(total / size), unit=unit)
    if seconds_left is None:
        return shown
    is_long = seconds_left >= 90
    left = seconds_left / 60 if is_long else seconds_left
    return f"{shown} · {names['min' if is_long else 's'].format(round(left))}"


def upload_html(sent: int, total: int, seconds_left: float | None, language: Language) -> str:
    """Return a progress bar with its words, in inline styles and without JavaScript."""
    words = escape(upload_text(sent, total, seconds_left, language))
    label = escape(_LABELS[language]["sending"])
    percent = min(100, 100 * sent // max(total, 1))
    return (
        '<div class="omni-upload" style="margin:0.25em 0">'
        f'<div role="progressbar" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}" aria-valuetext="{words}" style="{_TROUGH}">'
        f'<div style="width:{percent}%;{_BAR}"></div></div>'
        f'<div style="{_WORDS}">{label}: {words}</div></div>'
    )


def uploading_html(question: Sequence[Part], upload: UploadProgress, language: Language) -> str:
    """Return a question on its way: what is asked, and how much of it has been sent."""
    bar = upload_html(upload.sent_bytes, upload.total_bytes, upload.seconds_left, language)
    return f"{question_html(question, language)}{bar}"


def uploading_bundle(
    question: Sequence[Part], upload: UploadProgress, language: Language
) -> dict[str, str]:
    """Return the same as a MIME bundle for a cell."""
    html = uploading_html(question, upload, language)
    return {
        "text/html": f'<div class="omni-reply omni-streaming" style="{_CARD}">{html}</div>',
        "text/plain": uploading_line(upload, language),
    }


def uploading_line(upload: UploadProgress, language: Language) -> str:
    """Return one line for a terminal."""
    words = upload_text(upload.sent_bytes, upload.total_bytes, upload.seconds_left, language)
    return f"{_LABELS[language]['sending']}: {words}"


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 99.95 else f"{number:.0f}"
