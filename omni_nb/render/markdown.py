r"""Convert the Markdown of an answer to HTML for a saved notebook or an exported page.

The HTML shows with no kernel and no script, also in a JupyterLab that does not trust the notebook:
inline styles only, no ``<style>``, SVG or MathML. Raw HTML is words, only links a person may
follow are links, and nothing is fetched. Formulas stay as they were written, because the page
that shows them typesets ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]`` by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from omni_nb.render.formulas import plain_html, read_formulas
from omni_nb.render.html import HTML, escaped, join, style, tag
from omni_nb.render.palette import LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_LINKS: Final = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_IMAGES: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[\w+/=%-]+", re.IGNORECASE)
_BARE: Final = re.compile(r"https?://[^\s<>\"'`|\\]+", re.IGNORECASE)
# What ends a sentence rather than an address: also in Chinese.
_AFTER: Final = ".,:;!?)]}*_~\u3002\uff0c\uff1a\uff1b\uff01\uff1f\uff09\u3011\u300d\u300f"

_SHADE = "var(--jp-layout-color2, rgba(127, 127, 127, 0.12))"
_MONO = "font-family:var(--jp-code-font-family, ui-monospace, monospace);font-size:0.92em"
_SIZES: Final = {"h4": "1.2em", "h5": "1.1em", "h6": "1em"}

_LINES_HIGHLIGHTED: Final = 400
"""Longer code is shown plain: a lexer must not hold up a notebook."""

_MOST_CHARACTERS: Final = 100_000
_MOST_TAGS: Final = 15_000
_SLICE_CHARACTERS: Final = 20_000
_LONGEST_LINE: Final = 2_000

_WORDS_OF: Final = {"Keyword": "keyword", "Comment": "comment", "Literal.String": "string"}
_STYLES: Final = {"keyword": "font-weight:600", "comment": "font-style:italic;opacity:0.85"}
# By weight and slant: no colour has enough contrast on a light and a dark page alike. The page
# may colour the classes.


@lru_cache(maxsize=256)
def markdown_html(text: str) -> HTML:
    r"""Return Markdown as HTML that is safe to show and to keep.

    Examples
    --------
    >>> markdown_html("It is **bold**, <b>this</b> is not.")
    '<p dir="auto">It is <strong>bold</strong>, &lt;b&gt;this&lt;/b&gt; is not.</p>\n'
    """
    return HTML(_reader().render(text))


@lru_cache(maxsize=64)
def beginning_html(text: str) -> tuple[HTML, str]:
    r"""Return an answer as HTML, and the rest of it that is not in the HTML.

    There is a rest where the answer has more than 100,000 characters, or would have more than
    15,000 tags, which make a page slow. It begins on a line of its own, where one is near.

    Examples
    --------
    >>> beginning_html("Short.")
    ('<p dir="auto">Short.</p>\n', '')
    """
    most = _MOST_CHARACTERS
    while True:
        end = place_to_cut(text, most)
        shown = markdown_html(text[:end])
        tags = shown.count("<")
        if tags <= _MOST_TAGS:
            return shown, text[end:]
        most = int(0.9 * end * _MOST_TAGS / tags)


def slices_of(text: str) -> Iterator[str]:
    """Yield the slices of a long text in which a page lays it out."""
    start = 0
    while start < len(text):
        end = start + place_to_cut(text[start : start + _SLICE_CHARACTERS + 1], _SLICE_CHARACTERS)
        yield text[start:end]
        start = end


def place_to_cut(text: str, most: int) -> int:
    r"""Return where a text can be cut: at the beginning of a line, if one is near.

    Examples
    --------
    >>> place_to_cut("one\ntwo", 5), place_to_cut("onetwo", 5), place_to_cut("one", 5)
    (4, 5, 3)
    """
    if len(text) <= most:
        return len(text)
    line = text.rfind("\n", 0, most) + 1
    return line if line and most - line < _LONGEST_LINE else most


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.enable(["table", "strikethrough"])
    reader.validateLink = _may_be_shown  # type: ignore[method-assign]
    reader.use(read_formulas)
    reader.core.ruler.push("omni_links", _finish_links)
    reader.core.ruler.push("omni_styles", _style_blocks)
    rules: dict[str, Any] = {
        "text": _text_html,
        "image": _image_html,
        "fence": _fence_html,
        "code_block": _fence_html,
        "code_inline": _code_html,
        "table_open": _table_html,
        "table_close": _table_html,
    }
    for name, rule in rules.items():
        reader.add_render_rule(name, rule)
    return reader


def _may_be_shown(url: str) -> bool:
    return bool(_LINKS.match(url.strip()) or _IMAGES.fullmatch(url.strip()))


def _finish_links(state: Any) -> None:
    """Make links of bare addresses, and words of links to anything but a page."""
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = _linked(block.children)


def _linked(tokens: Sequence[Token]) -> list[Token]:
    done: list[Token] = []
    opened: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            opened.append(bool(_LINKS.match(href)))
            if opened[-1]:
                token.attrs |= {"target": "_blank", "rel": "noopener noreferrer"}
                token.attrs.setdefault("title", href)
                done.append(token)
        elif token.type == "link_close":
            done += [token] if opened.pop() else []
        elif token.type == "text" and not opened:
            done += _with_bare_links(token)
        else:
            done.append(token)
    return done


def _with_bare_links(token: Token) -> list[Token]:
    from markdown_it.token import Token

    pieces: list[Token] = []
    end = 0
    for found in _BARE.finditer(token.content):
        address = found[0].rstrip(_AFTER)
        if not _LINKS.match(address):
            continue
        attrs: dict[str, str | int | float] = {
            "href": address,
            "target": "_blank",
            "rel": "noopener noreferrer",
        }
        pieces += [
            Token("text", "", 0, content=token.content[end : found.start()]),
            Token("link_open", "a", 1, attrs=attrs),
            Token("text", "", 0, content=address),
            Token("link_close", "a", -1),
        ]
        end = found.start() + len(address)
    return [*pieces, Token("text", "", 0, content=token.content[end:])]


def _style_blocks(state: Any) -> None:
    """Set the direction and style of blocks, and put headings below the page's own."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"
        if token.nesting != 1:
            continue
        if token.tag in ("p", "ul", "ol", "blockquote", "th", "td") or token.tag in _SIZES:
            token.attrSet("dir", "auto")
        if token.tag in _SIZES:
            token.attrSet("style", f"font-size:{_SIZES[token.tag]};margin:0.8em 0 0.3em")
        elif token.tag == "blockquote":
            framed = f"border-left:3px solid {LINE};margin:0.5em 0;padding-left:0.75em"
            token.attrSet("style", framed)
        elif token.tag in ("th", "td"):
            aligned = f"{token.attrGet('style') or 'text-align:start'};"
            token.attrSet("style", f"{aligned}border:1px solid {LINE};padding:0.25em 0.6em")


def _text_html(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    return plain_html(tokens[place].content)


def _code_html(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    shaded = style(_MONO, f"background:{_SHADE}", "border-radius:3px;padding:0.1em 0.3em")
    return tag("code", tokens[place].content, style=shaded)


def _image_html(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    """Return an image that the answer holds; one that is elsewhere is a link, not loaded."""
    token = tokens[place]
    source = str(token.attrGet("src") or "")
    words = self.renderInlineAsText(token.children or [], options, env)
    if _IMAGES.fullmatch(source):
        return tag("img", alt=words, src=source, style="max-width:100%")
    shown = plain_html(f"🖼 {words or source}")
    if not _LINKS.match(source) or _is_in_link(tokens, place):
        return shown
    return tag("a", shown, href=source, target="_blank", rel="noopener noreferrer", title=source)


def _is_in_link(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a link is open here: links do not nest."""
    kinds = [token.type for token in tokens[:place]]
    return kinds.count("link_open") > kinds.count("link_close")


def _fence_html(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    token = tokens[place]
    language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
    shaded = style(
        _MONO,
        f"background:{_SHADE}",
        "border-radius:4px;padding:0.6em 0.8em;margin:0.5em 0",
        "overflow-x:auto;white-space:pre;line-height:1.45",
    )
    code = tag("code", _highlighted(token.content, language), style="background:none;padding:0")
    return f"{tag('pre', code, dir='ltr', tabindex=0, style=shaded)}\n"


def _table_html(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    """Return a table in a box that scrolls where the table is wider than the page."""
    if tokens[place].nesting < 0:
        return "</table></div>\n"
    return (
        '<div tabindex="0" role="group" style="overflow-x:auto;max-width:100%;margin:0.5em 0">'
        '<table style="border-collapse:collapse;overflow-wrap:normal">\n'
    )


def _highlighted(code: str, language: str) -> HTML:
    lexer = _lexer(language) if code.count("\n") <= _LINES_HIGHLIGHTED else None
    if lexer is None:
        return escaped(code)
    pieces = groupby(lexer.get_tokens(code), lambda piece: _kind(piece[0]))
    return join(*(_piece_html("".join(words for _, words in run), kind) for kind, run in pieces))


def _piece_html(words: str, kind: str) -> HTML:
    if not kind:
        return escaped(words)
    return tag("span", words, class_=f"omni-code-{kind}", style=_STYLES.get(kind))


def _kind(token: Any) -> str:
    name = ".".join(token)
    return next((kind for start, kind in _WORDS_OF.items() if name.startswith(start)), "")


@lru_cache(maxsize=32)
def _lexer(language: str) -> Any:
    """Return a lexer of pygments, which came with IPython, or None."""
    try:
        from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
        from pygments.util import ClassNotFound  # type: ignore[import-untyped]
    except ImportError:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
