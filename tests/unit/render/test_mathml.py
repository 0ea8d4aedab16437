r"""Formulas of a page without script: MathML, and never more than that."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.render.formulas import words_html
from omni_nb.render.markdown import markdown_html
from omni_nb.render.mathml import formula_mathml, typeset

from .test_tex import ACTING, DEFINING, DRAWING, MOVING

TABLES = {"mtable", "mtr", "mtd"}
SCRIPTS = {"msub", "msup", "msubsup", "mover", "munder", "munderover", "mmultiscripts"}
MATH = {
    *("mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mprescripts"),
    *("mstyle", "mpadded", "mphantom", "menclose", "none"),
    *TABLES,
    *SCRIPTS,
}


class Page(HTMLParser):
    """A page whose formulas have elements of formulas, and none that acts or is styled."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self._is_in_math = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "math":
            self._is_in_math = True
        elif self._is_in_math:
            assert tag in MATH
            names = {name for name, _ in attrs}
            assert not {name for name in names if name.startswith("on")}
            assert not names & {"href", "src", "style", "class", "id"}

    def handle_endtag(self, tag):
        self._is_in_math = self._is_in_math and tag != "math"

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("$a<b$", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"$\frac{1}{2}$", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>"),
        (r"\(\text{速度} = v\)", "<mtext>速度</mtext>"),
        ("$$\\begin{aligned}a&=b\\\\c&=d\\end{aligned}$$", "<mtd"),
        (r"\[\begin{pmatrix}1&2\\3&4\end{pmatrix}\]", "<mtr><mtd><mn>1</mn></mtd>"),
    ],
)
def test_a_formula_is_mathml(formula, expected):
    made = formula_mathml(formula)
    assert made.startswith("<math ")
    assert expected in made
    assert ('display="block"' in made) == (formula[:2] in ("$$", "\\["))


@pytest.mark.parametrize(
    "formula", [r"$\frac$", r"$a_{$", r"$\ce{H2O}$", "$$a & b$$", r"$\left( x$"]
)
def test_what_is_not_understood_stays_as_it_was_written(formula):
    page = Page(typeset(words_html(formula)))
    assert page.tags == ["code"]
    assert page.words == formula


@pytest.mark.parametrize("formula", DRAWING)
def test_what_draws_is_math_or_code_and_nothing_else(formula):
    page = Page(formula_mathml(f"$${formula}$$"))
    assert page.tags[0] in ("math", "code")


@pytest.mark.parametrize("command", [*DEFINING, *ACTING, *MOVING])
def test_what_may_do_more_than_draw_is_no_math(command):
    assert "<math" not in typeset(markdown_html(f"So ${command}$ it is"))


@pytest.mark.parametrize(
    "words", ["<img src=x onerror=alert(1)>", "&lt;script&gt;", "</math><script>", "a</mtext><b>"]
)
def test_words_in_a_formula_are_words(words):
    page = Page(typeset(words_html(rf"$\text{{{words}}}$")))
    assert {*page.tags} <= {"math", *MATH, "code", "span"}


PIECES = [*"ax12+=<>&_^{}()[]", "\\\\", r"\frac", r"\sqrt", r"\text", r"\color"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_whatever_is_written_gives_a_formula_or_what_was_written(pieces):
    formula = f"${''.join(pieces)}$"
    page = Page(formula_mathml(formula))
    assert page.tags[0] == "math" or (page.tags, page.words) == (["code"], formula)


def test_words_beside_a_formula_stay():
    page = Page(typeset(markdown_html("It costs $5, and $x^2$ is **bold**.")))
    assert page.words == "It costs $5, and x2 is bold.\n"
    assert "math" in page.tags
