"""Markdown of answers, as it stays in notebooks and exports: right, and harmless."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.render.formulas import formula_html, words_html
from omni_nb.render.markdown import markdown_html
from tests.xss import PAYLOADS

TAGS = {
    *("p", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "img", "em", "strong", "s", "span"),
}
ATTRIBUTES = {
    *("dir", "style", "href", "target", "rel", "title", "alt", "src", "class", "tabindex"),
    *("role", "start"),
}
STYLES = {
    *("background", "border", "border-collapse", "border-left", "border-radius", "font-family"),
    *("font-size", "font-style", "font-weight", "line-height", "margin", "max-width", "opacity"),
    *("overflow-wrap", "overflow-x", "padding", "padding-left", "text-align", "white-space"),
}


class Page(HTMLParser):
    """Tags, attributes and words of HTML; fails where tags do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.words, self.typeset = [], [], "", ""
        self._open = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.typeset += "\0"
        if tag not in {"img", "br", "hr"}:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in {"img", "br", "hr"}
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        self.typeset += "\0"

    def handle_data(self, data):
        self.words += data
        self.typeset += "" if {"code", "pre"} & set(self._open) else data

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def assert_harmless(html: str) -> None:
    page = Page(html)
    assert set(page.tags) <= TAGS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    for link in page.values("href"):
        assert re.match(r"(https?://|mailto:)", link, re.IGNORECASE)
    for source in page.values("src"):
        assert re.match(r"data:image/(png|jpeg|gif|webp);base64,", source, re.IGNORECASE)
    for style in page.values("style"):
        assert {pair.partition(":")[0] for pair in style.split(";") if pair} <= STYLES
        assert "url(" not in style
    for shown in page.values("class"):
        assert shown.startswith("omni-code-") or shown == "omni-formula"
    assert not re.search(r"\\(href|class|style|html|require|includegraphics)", typeset(page))


def typeset(page: Page) -> str:
    """Return what MathJax would take for formulas; it does not look across tags."""
    return "".join(
        re.findall(r"\$[^\0]+?\$|\\\([^\0]+?\\\)|\\\[[^\0]+?\\\]|\\begin\{[^\0]*", page.typeset)
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_payload_is_harmless(name):
    for around in ("{}", "> {}", "- a\n- {}", "|a|\n|-|\n|{}|", "**{}", "$x${}$", "```{}\n```"):
        html = markdown_html(around.replace("{}", PAYLOADS[name]))
        assert_harmless(html)
        # and where it was cut
        assert_harmless(markdown_html(PAYLOADS[name][: len(PAYLOADS[name]) // 2]))


@given(st.text(alphabet="ab *_`#[]()!<>&\"'$\\|-\n~:/.htpsdaimg,;=0{}", max_size=80))
def test_whatever_is_written_is_harmless(text):
    assert_harmless(markdown_html(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One", "<h4 "),
        ("## Two", "<h5 "),
        ("###### Six", "<h6 "),
        ("a\nb", "a<br />\nb"),
        ("~~gone~~", "<s>gone</s>"),
        ("**你好**。", "<strong>你好</strong>。"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("`a $b$ c`", "a $b$ c</code>"),
        ("3. three", '<ol start="3" dir="auto">'),
    ],
)
def test_markdown_is_read(text, html):
    assert html in markdown_html(text)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[a](https://x.example/b)", ["https://x.example/b"]),
        ("<https://x.example>", ["https://x.example"]),
        ("see https://x.example/a_b_c. Then", ["https://x.example/a_b_c"]),
        ("(https://x.example/a)", ["https://x.example/a"]),
        ("看https://x.example/a。", ["https://x.example/a"]),
        ("[https://x.example](https://y.example)", ["https://y.example"]),
        ("<someone@x.example>", ["mailto:someone@x.example"]),
        ("[a](javascript:alert(1)) [b](file:///etc) [c](data:image/png;base64,AA==)", []),
        ("[a](../x.html) [b](#c) `https://x.example`", []),
    ],
)
def test_only_pages_and_mail_are_links(text, links):
    page = Page(markdown_html(text))
    assert page.values("href") == links
    assert page.values("target") == ["_blank"] * len(links)
    assert page.values("rel") == ["noopener noreferrer"] * len(links)


def test_what_is_no_link_stays_as_it_was_written():
    text = "[a](javascript:alert(1)) ![b](file:///etc/b.png)"
    assert Page(markdown_html(text)).words.strip() == text


def test_a_remote_picture_is_a_link_and_one_that_is_here_is_shown():
    page = Page(markdown_html("![a <b>](https://x.example/a.png) ![c](data:image/gif;base64,R0lG)"))
    assert page.values("src") == ["data:image/gif;base64,R0lG"]
    assert page.values("href") == ["https://x.example/a.png"]
    assert "a <b>" in page.words
    assert "img" not in Page(markdown_html("![a](data:image/svg+xml;base64,AA==)")).tags
    inside = Page(markdown_html("[![a](https://x.example/a.png)](https://y.example)"))
    assert inside.values("href") == ["https://y.example"]


@pytest.mark.parametrize(
    "formula",
    [
        "$x_1 * y_2 * z_3$",
        "$$a_b^{c} * d * e$$",
        r"\(a_b * c_d * e\)",
        r"\[ x * y * z \]",
        r"$\{1, 2\}$",
        r"$\frac{a}{b} \\ c$",
        "$a$",
        "$$\na\n- b\n= c\n# d\n$$",
        "\\[\na * b\n\n* c\n\\]",
        "\\[\n1. x\n\\]",
    ],
)
@pytest.mark.parametrize("around", ["{}", "So: {} *is* it", "- {}"])
def test_a_formula_comes_through_as_it_was_written(formula, around):
    if "\n" in formula:
        around, formula = ("{}", formula) if around[0] != "-" else ("{}\n\nafter", formula)
    html = markdown_html(around.format(formula))
    assert formula in Page(html).typeset


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "US$ 3 and US$ 4",
        r"\$x\$ and \$y\$",
        "a $ b $ c",
        "**$a** b $",
    ],
)
def test_money_is_no_formula(text):
    assert typeset(Page(markdown_html(text))) == ""


def test_words_beside_formulas_are_safe_too():
    assert words_html(r"<b> $x<y$ $\href{a}{b}$ $5") == (
        r'&lt;b&gt; <span class="omni-formula">$x&lt;y$</span> '
        r"<code>$\href{a}{b}$</code> <span>$</span>5"
    )
    shown = formula_html(r"$\leftarrow \Delta$")
    assert shown == r'<span class="omni-formula">$\leftarrow \Delta$</span>'


def test_a_table_scrolls_and_keeps_its_alignment():
    html = markdown_html("|a|b|\n|:-|-:|\n|1|2|")
    assert html.startswith('<div tabindex="0" role="group" style="overflow-x:auto')
    assert html.count("text-align:right") == 2


def test_code_is_marked_by_weight_and_slant_and_kept_to_the_letter():
    code = "def f(x):  # <b>\n\treturn 'x'\n"
    html = markdown_html(f"```python\n{code}```")
    assert Page(html).words.strip("\n") == code.strip("\n")
    assert '<span class="omni-code-keyword" style="font-weight:600">def</span>' in html
    assert "color:" not in html
    for language in ("", "nonsense", '"><script>', "python title=x"):
        assert Page(markdown_html(f"```{language}\n{code}```")).words.strip("\n") == code.strip(
            "\n"
        )


@pytest.mark.slow
@pytest.mark.timeout(120)  # what grows with the square would take far longer
@pytest.mark.parametrize(
    "piece", ["$", "\\(", "\\[ a ", "$a ", "$$\n", "[", "*a ", "https://a", "> ", "`", "|a", "- \n"]
)
def test_hostile_answers_come_to_an_end(piece):
    text = (piece * 50_000)[:50_000] + "\n\nThe end."
    assert "The end." in markdown_html(text)
    assert "The end." in words_html(text)
