"""A conversation as one HTML file that needs nothing else and asks nobody anything."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from omni_nb.archive.outputs import shareable
from omni_nb.media.parts import join_text
from omni_nb.render.reply import language_of, plural
from omni_nb.render.transcript import transcript_html

if TYPE_CHECKING:
    from omni_nb.archive.document import Archive
    from omni_nb.media.clip import Storage

_LONGEST_TITLE: Final = 60
_POLICY: Final = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
_STYLE: Final = """\
:root {
  color-scheme: light dark;
  --jp-content-font-color1: #1b1b1b;
  --jp-content-font-color2: #595959;
  --jp-border-color2: #d0d0d0;
  --jp-layout-color2: #f2f2f2;
  --jp-warn-color1: #8f4700;
  --omni-page: #ffffff;
  --omni-link: #0b57d0;
  --omni-keyword: #7b2fa0;
  --omni-string: #a1260d;
  --omni-comment: #4d6b4d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --jp-content-font-color1: #ececec;
    --jp-content-font-color2: #b0b0b0;
    --jp-border-color2: #4a4a4a;
    --jp-layout-color2: #2b2b2b;
    --jp-warn-color1: #ffb870;
    --omni-page: #181818;
    --omni-link: #9cc2ff;
    --omni-keyword: #d6a6ee;
    --omni-string: #f2a68f;
    --omni-comment: #9ebd9e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  padding: 1.5rem clamp(0.75rem, 4vw, 2rem) 3rem;
  max-width: 50rem;
  background: var(--omni-page);
  color: var(--jp-content-font-color1);
  font: 1rem/1.6 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 0.25rem; }
footer, header p { color: var(--jp-content-font-color2); font-size: 0.85rem; margin: 0; }
header { margin-bottom: 1.25rem; }
footer { margin-top: 2rem; }
p { margin: 0.5em 0; }
a { color: var(--omni-link); }
img, audio { max-width: 100%; }
.omni-transcript { max-width: none !important; padding: 0 !important; }
.omni-code-keyword { color: var(--omni-keyword); }
.omni-code-string { color: var(--omni-string); }
.omni-code-comment { color: var(--omni-comment); opacity: 1 !important; }
:focus-visible { outline: 2px solid var(--omni-link); outline-offset: 2px; }
@media print { audio { display: none; } }
"""
_MADE: Final = {
    "en": ("A conversation with {}, {} turn{s}", "Made with omni_nb."),
    "zh": ("与 {} 的对话，共 {} 轮", "由 omni_nb 制作。"),
}


def export_html(archive: Archive, *, storage: Storage = "mp3", title: str | None = None) -> bytes:
    """Return a conversation as a page: no script, no key, no request to anywhere.

    Parameters
    ----------
    storage
        How the speech is kept: ``"mp3"``, ``"opus"`` or ``"wav"``.
    title
        By default the first words of the first question.

    Examples
    --------
    >>> from omni_nb.archive.document import Archive
    >>> page = export_html(Archive("qwen-omni-turbo", ("text",)), title="Cats & dogs")
    >>> b"<title>Cats &amp; dogs</title>" in page
    True
    """
    archive = shareable(archive)
    language = language_of(archive.replies[0].question if archive.replies else ())
    models = list(dict.fromkeys(reply.model for reply in archive.replies)) or [archive.model]
    about, made = _MADE[language]
    count = len(archive.replies)
    said = about.format(", ".join(models), count, s=plural(count))
    title = escape(title or export_title(archive))
    talk = transcript_html(archive.replies, storage=storage, language=language)
    page = (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1 dir="auto">{title}</h1>\n'
        f"<p>{escape(said)}</p></header>\n"
        f"<main>\n{talk}\n</main>\n<footer>{made}</footer>\n</body>\n</html>\n"
    )
    # half of a surrogate pair, as a broken stream may end with, is no UTF-8
    return page.encode("utf-8", "replace")


def export_title(archive: Archive) -> str:
    """Return the first words of a conversation."""
    words = " ".join(join_text(archive.replies[0].question).split()) if archive.replies else ""
    if len(words) > _LONGEST_TITLE:
        words = f"{words[:_LONGEST_TITLE].rstrip()}…"
    return words or archive.model
