"""Build HTML; the only module that escapes."""

from __future__ import annotations

import base64
from html import escape, unescape


class HTML(str):
    """Text that is HTML already. Made by `tag`, `join` and what sanitises; never from input."""

    __slots__ = ()

    def _marimo_serialize_(self) -> str:
        return str(self)  # marimo's encoder knows str, and writes its subclasses as {}


def tag(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> HTML:
    """Return an element; children that are not `HTML`, and every attribute, are escaped.

    Parameters
    ----------
    name
        The element's name; ``img``, ``br`` and the like have no end.
    *children
        Its content: `HTML` as it is, text escaped, None left out.
    **attributes
        ``aria_label`` is written ``aria-label``, ``class_`` is written ``class``. None and False
        leave an attribute out; True writes its name alone.

    Examples
    --------
    >>> tag("p", "1 < 2", tag("br"), class_="note", title='"quoted"')
    '<p class="note" title="&quot;quoted&quot;">1 &lt; 2<br></p>'
    """
    opened = f"<{name}{''.join(_attribute(n, v) for n, v in attributes.items())}>"
    return HTML(opened if name in _VOID else f"{opened}{join(*children)}</{name}>")


def unescaped(html: str) -> str:
    """Return the text of HTML without tags, as it was before it was escaped.

    Examples
    --------
    >>> unescaped(tag("b", "1 < 2")[3:-4])
    '1 < 2'
    """
    return unescape(html)


def join(*children: str | None) -> HTML:
    """Return children joined; text among them is escaped.

    Examples
    --------
    >>> join(tag("b", "A"), " & ", None, "B")
    '<b>A</b> &amp; B'
    """
    return HTML("".join(map(_safe, children)))


def escaped(text: str) -> HTML:
    """Return text as HTML.

    Examples
    --------
    >>> escaped("<script>")
    '&lt;script&gt;'
    """
    return HTML(escape(text))


def data_url(data: bytes, mime: str) -> str:
    """Return bytes as a data URL.

    Examples
    --------
    >>> data_url(b"abc", "image/png")
    'data:image/png;base64,YWJj'
    """
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def style(*rules: str) -> str:
    """Return the rules that are not empty as one ``style``.

    Examples
    --------
    >>> style("color:red", "", "margin:0")
    'color:red;margin:0'
    """
    return ";".join(filter(None, rules))


_VOID = frozenset({"br", "col", "hr", "img", "input", "meta", "source"})


def _safe(child: str | None) -> str:
    if child is None:
        return ""
    return child if isinstance(child, HTML) else escape(child)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.removesuffix("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'
