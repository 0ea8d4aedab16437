"""Write a conversation as one HTML page that needs nothing else and fetches nothing."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Final

from omni_nb.archive.outputs import shareable
from omni_nb.media.parts import join_text
from omni_nb.render.html import HTML, tag
from omni_nb.render.mathml import typeset
from omni_nb.render.palette import MUTED, PAGE, TEXT
from omni_nb.render.transcript import transcript_html
from omni_nb.words import language_of, plural, words

if TYPE_CHECKING:
    from omni_nb.archive.document import Archive
    from omni_nb.media.clip import Storage

_LONGEST_TITLE: Final = 60
_POLICY: Final = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
_STYLE: Final = Template(
    """\
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  padding: 1.5rem clamp(0.75rem, 4vw, 2rem) 3rem;
  max-width: 50rem;
  background: var(--omni-page);
  color: $text;
  font: 1rem/1.6 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 0.25rem; }
footer, header p { color: $muted; font-size: 0.85rem; margin: 0; }
header { margin-bottom: 1.25rem; }
footer { margin-top: 2rem; }
p { margin: 0.5em 0; }
a { color: var(--omni-link); }
img, audio { max-width: 100%; }
math[display="block"] { overflow-x: auto; }
mtd[columnalign="right"] { text-align: right; }
mtd[columnalign="left"] { text-align: left; }
.omni-transcript { max-width: none !important; padding: 0 !important; }
.omni-code-keyword { color: var(--omni-keyword); }
.omni-code-string { color: var(--omni-string); }
.omni-code-comment { color: var(--omni-comment); opacity: 1 !important; }
:focus-visible { outline: 2px solid var(--omni-link); outline-offset: 2px; }
@media print { audio { display: none; } }
"""
).substitute(text=TEXT, muted=MUTED)


def export_html(archive: Archive, *, storage: Storage = "mp3", title: str | None = None) -> bytes:
    """Return a conversation as a page: no script, no key, no request to anywhere.

    Parameters
    ----------
    storage
        How the speech is kept: ``"mp3"``, ``"opus"`` or ``"wav"``.
    title
        The page's title; by default the first words of the first question.

    Examples
    --------
    >>> from omni_nb.archive.document import Archive
    >>> page = export_html(Archive("qwen-omni-turbo", ("text",)), title="Cats & dogs")
    >>> b"<title>Cats &amp; dogs</title>" in page
    True
    """
    archive = shareable(archive)
    language = language_of(archive.replies[0].question if archive.replies else ())
    names = words("page", language)
    models = list(dict.fromkeys(reply.model for reply in archive.replies)) or [archive.model]
    count = len(archive.replies)
    about = names["about"].format(models=", ".join(models), count=count, s=plural(count))
    title = title or export_title(archive)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        HTML(f"<style>\n{_theme()}{_STYLE}</style>"),
    )
    body = tag(
        "body",
        tag("header", tag("h1", title, dir="auto"), tag("p", about)),
        tag("main", typeset(transcript_html(archive.replies, storage=storage, language=language))),
        tag("footer", names["made"]),
    )
    page = tag("html", head, body, lang=words("language", language)["tag"])
    # half of a surrogate pair, as a broken stream may end with, is no UTF-8
    return f"<!doctype html>\n{page}\n".encode("utf-8", "replace")


def export_title(archive: Archive) -> str:
    """Return the first words of a conversation."""
    said = " ".join(join_text(archive.replies[0].question).split()) if archive.replies else ""
    if len(said) > _LONGEST_TITLE:
        said = f"{said[:_LONGEST_TITLE].rstrip()}…"
    return said or archive.model


def _theme() -> str:
    """Return the page's colours, light and dark, as CSS variables."""
    light, dark = (
        "".join(f"  {name}: {values[number]};\n" for name, values in PAGE.items())
        for number in (0, 1)
    )
    return (
        f":root {{\n  color-scheme: light dark;\n{light}}}\n"
        f"@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"
    )
