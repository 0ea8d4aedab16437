"""A formula is typeset only where it does nothing but draw."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.render.formulas import formula_html, words_html
from omni_nb.render.markdown import markdown_html
from omni_nb.render.tex import only_draws

DEFINING = [
    r"\def\frac{x}",
    r"\gdef\frac{x}",
    r"\edef\frac{x}",
    r"\xdef\frac{x}",
    r"\let\frac=x",
    r"\futurelet\frac x",
    r"\global\let\frac=x",
    r"\newcommand{\frac}{x}",
    r"\renewcommand{\frac}{x}",
    r"\providecommand{\frac}{x}",
    r"\newcommand*{\frac}{x}",
    r"\DeclareRobustCommand{\frac}{x}",
    r"\DeclareMathOperator{\frac}{x}",
    r"\DeclareMathOperator*{\frac}{x}",
    r"\DeclarePairedDelimiter{\frac}{x}{y}",
    r"\DeclarePairedDelimiters{\frac}{x}{y}",
    r"\DeclarePairedDelimiterX{\frac}[1]{x}{y}{z}",
    r"\newtheorem{frac}{x}",
    r"\newenvironment{pmatrix}{x}{y}",
    r"\renewenvironment{pmatrix}{x}{y}",
    r"\NewDocumentCommand{\frac}{m}{x}",
    r"\RenewDocumentCommand{\frac}{m}{x}",
    r"\newcounter{x}",
    r"\newlength{\x}",
    r"\Newextarrow{\frac}{5,10}{0x21C0}",
    r"\definecolor{red}{rgb}{1,1,1}",
    r"\mathchardef\frac=1",
    r"\catcode`\x=13",
    r"\expandafter\def\csname frac\endcsname{x}",
    r"\csname def\endcsname\frac{x}",
    r"\@ifnextchar{x}{y}{z}",
    r"\makeatletter",
    r"\label{x}",
    r"\ref{x}",
    r"\eqref{x}",
]
ACTING = [
    r"\href{https://example.com}{x}",
    r"\url{https://example.com}",
    r"\includegraphics{https://example.com/x.png}",
    r"\require{html}",
    r"\class{x}{y}",
    r"\cssId{x}{y}",
    r"\id{x}{y}",
    r"\style{color:red}{x}",
    r"\htmlClass{x}{y}",
    r"\htmlId{x}{y}",
    r"\htmlStyle{color:red}{x}",
    r"\htmlData{x=y}{z}",
    r"\data{x=y}{z}",
    r"\unicode{x41}",
    r"\unicode[serif]{x41}",
    r"\char65",
    r"\symbol{65}",
    r"\bbox[url(x)]{y}",
    r"\mmlToken{mi}[style='x']{y}",
    r"\toggle{x}{y}\endtoggle",
    r"\mathtip{x}{y}",
    r"\texttip{x}{y}",
    r"\tooltip{x}{y}",
    r"\action{x}{y}",
    r"\special{x}",
    r"\input{x}",
    r"\include{x}",
    r"\write18{x}",
    r"\begin{html}x\end{html}",
    r"\begin {filecontents} x \end{filecontents}",
    r"\begin\x{pmatrix}",
    r"\begin",
]
MOVING = [
    r"\kern-99em x",
    r"\mkern-99mu x",
    r"\hspace{-99em}x",
    r"\hskip-99em x",
    r"\vspace{-99em}x",
    r"\raise99em x",
    r"\raisebox{99em}{x}",
    r"\lower99em x",
    r"\moveleft99em x",
    r"\rule{99em}{99em}",
    r"\llap{x}",
    r"\rlap{x}",
    r"\mathllap{x}",
    r"\Space{99em}{99em}{99em}",
]
DRAWING = [
    "x",
    r"\frac{a}{b} \\ c",
    r"\{1, 2\} \; \, \! \| \_ \% \$ \# \&",
    r"\sum_{i=1}^{n} x_i^2 \leq \int_0^\infty e^{-x}\,dx",
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    r"\begin{align*} a &= b \\ c &= d \end{align*}",
    r"\begin{cases} x & \text{if } y \\ 0 & \text{otherwise} \end{cases}",
    r"\left( \frac{\partial f}{\partial x} \right)_{x = 0}",
    r"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
    r"\operatorname*{arg\,max}_\theta \mathcal{L}(\theta)",
    r"\mathbb{E}_{x \sim p}\left[\log p_{\boldsymbol{\theta}}(x)\right]",
    r"\boxed{\vec{F} = m\vec{a}} \quad \hat{H}\,\psi = E\,\psi",
    r"\ce{2H2 + O2 -> 2H2O}",
    r"\color{red}{x} \textcolor{blue}{y}",
    r"\underbrace{a + b}_{c} \overset{!}{=} d \tag{1}",
    r"\forall \epsilon > 0 \; \exists \delta > 0 : |x - a| < \delta \implies |f(x) - L| < \epsilon",
    r"\left\lVert \mathbf{w} \right\rVert_2 \in \mathbb{R}^{n \times m}",
]


@pytest.mark.parametrize("command", [*DEFINING, *ACTING, *MOVING])
def test_what_may_do_more_than_draw_is_code(command):
    for around in ("{}", "x + {}", r"\text{{{}}}", r"\text{{so $ {} $}}"):
        for signs in ("$ $", "$$ $$", r"\( \)", r"\[ \]"):
            begin, end = signs.split()
            formula = f"{begin}{around.format(command)}{end}"
            assert not only_draws(formula)
            assert formula_html(formula).startswith("<code>")


@pytest.mark.parametrize("command", [*DEFINING, *ACTING, *MOVING])
@pytest.mark.parametrize("show", [markdown_html, words_html])
def test_no_page_finds_it_in_an_answer_or_a_question(command, show):
    html = show(f"So ${command}$ it is")
    assert f"<code>${command}$</code>" in html.replace("&#x27;", "'").replace("&#39;", "'")


@pytest.mark.parametrize("formula", DRAWING)
def test_what_draws_is_left_for_the_page(formula):
    assert only_draws(f"${formula}$")
    assert formula_html(f"$${formula}$$").startswith('<span class="omni-formula">$$')


@given(st.from_regex(r"\\[A-Za-z@]{1,12}", fullmatch=True))
def test_a_command_that_nobody_knows_is_code(command):
    if only_draws(command):
        assert only_draws(command * 2)
    else:
        assert formula_html(f"$a {command} b$").startswith("<code>")
