r"""Keep formulas in an answer as they are, for the page to typeset.

JupyterLab and nbconvert typeset what stands between ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]``
in any words on the page. So a formula must come through Markdown unchanged, words that are no
formula must not look like one, and a formula that may do more than draw is code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from omni_nb.render.html import HTML, escaped, join, tag
from omni_nb.render.tex import only_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

IGNORED: Final = "mathjax_ignore tex2jax_ignore"
"""Classes of an element in which nothing is typeset."""
FORMULA: Final = "omni-formula"
"""The class of an element that holds a formula and nothing else."""

_LONGEST: Final = 2_000
_INLINE: Final = (
    re.compile(r"\$\$(?!\$)(?:[^$\\]|\\.){1,2000}\$\$", re.DOTALL),
    # as in pandoc: no space inside, no digit behind, so that $5 and $10 stay money
    re.compile(r"\$(?![\s$])(?:[^$\\\n]|\\[^\n]){1,1000}(?<!\s)\$(?![\d$])"),
    re.compile(r"\\\((?:[^\\]|\\[^()]){1,2000}\\\)", re.DOTALL),
    re.compile(r"\\\[(?:[^\\]|\\[^\[\]]){1,2000}\\\]", re.DOTALL),
)
_ANY: Final = re.compile("|".join(f"(?:{rule.pattern})" for rule in _INLINE), re.DOTALL)
_LONGEST_WORDS: Final = 20_000  # beyond them no formula is looked for
_BLOCK: Final = {"$$": "$$", "\\[": "\\]"}


def plain_html(words: str) -> HTML:
    r"""Return words as HTML that no page takes for a formula.

    A formula is looked for in words that no tag interrupts.

    Examples
    --------
    >>> plain_html("$5 & $10")
    '<span>$</span>5 &amp; <span>$</span>10'
    """
    safe = escaped(words).replace("$", "<span>$</span>")
    return HTML(re.sub(r"\\(?=[()\[\]]|begin|end)", r"<span>\\</span>", safe))


def words_html(words: str) -> HTML:
    r"""Return plain words as HTML whose formulas the page typesets, and nothing else.

    Examples
    --------
    >>> words_html("Is $x > 1$ for $5?")
    'Is <span class="omni-formula">$x &gt; 1$</span> for <span>$</span>5?'
    """
    pieces: list[HTML] = []
    end = 0
    for found in _ANY.finditer(words[:_LONGEST_WORDS]):
        pieces += [plain_html(words[end : found.start()]), formula_html(found[0])]
        end = found.end()
    pieces.append(plain_html(words[end:_LONGEST_WORDS]))
    rest = words[max(end, _LONGEST_WORDS) :]
    return join(*pieces, tag("span", rest, class_=IGNORED) if rest else None)


def formula_html(formula: str) -> HTML:
    r"""Return a formula as it was written, or as code where it may do more than draw.

    Examples
    --------
    >>> formula_html("$a < b$")
    '<span class="omni-formula">$a &lt; b$</span>'
    >>> formula_html(r"$\href{https://example.com}{x}$")
    '<code>$\\href{https://example.com}{x}$</code>'
    """
    return tag("span", formula, class_=FORMULA) if only_draws(formula) else tag("code", formula)


def read_formulas(reader: MarkdownIt) -> None:
    """Add the rules for formulas to a Markdown reader."""
    reader.inline.ruler.before("escape", "omni_formula", _inline)
    reader.block.ruler.before(
        "fence", "omni_formula", _block, {"alt": ["paragraph", "blockquote", "list"]}
    )
    reader.add_render_rule("omni_formula", _formula)
    reader.add_render_rule("omni_formula_block", _formula_block)


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    end = min(state.posMax, state.pos + _LONGEST)
    found = next((f for rule in _INLINE if (f := rule.match(state.src, state.pos, end))), None)
    if found is None:
        return _skip_dollars(state, silent)
    if not silent:
        state.push("omni_formula", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _skip_dollars(state: StateInline, silent: bool) -> bool:
    """Read dollar signs that begin no formula as words, the second of two as well."""
    end = state.pos
    while end < state.posMax and state.src[end] == "$":
        end += 1
    if end == state.pos:
        return False
    if not silent:
        state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a formula on lines of its own, which are no list, heading or emphasis."""
    if state.is_code_block(start):
        return False
    lines = [_line(state, start)]
    close = _BLOCK.get(lines[0][:2])
    if close is None or (lines[0][2:].strip() and close in lines[0][2:]):
        return False  # on one line, where words may follow: the inline rule's
    for number in range(start + 1, end):
        if state.sCount[number] < state.blkIndent or sum(map(len, lines)) > _LONGEST:
            return False
        lines.append(_line(state, number))
        if close in lines[-1]:
            break
    else:
        return False
    if lines[-1].rstrip().endswith(close) is False:
        return False
    if not silent:
        token = state.push("omni_formula_block", "", 0)
        token.content, token.map = "\n".join(lines).rstrip(), [start, start + len(lines)]
    state.line = start + len(lines)
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _formula(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    return formula_html(tokens[place].content)


def _formula_block(
    self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any
) -> str:
    formula = formula_html(tokens[place].content)
    return f"{tag('p', formula, dir='auto', style='overflow-x:auto;white-space:pre-wrap')}\n"
