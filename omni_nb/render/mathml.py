r"""Typeset the formulas of a page that has no script: as MathML, which every browser shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import tostring

from omni_nb.render.formulas import FORMULA
from omni_nb.render.html import HTML, tag, unescaped

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FORMULA: Final = re.compile(rf'<span class="{FORMULA}">(.*?)</span>', re.DOTALL)
_MARKS: Final = {"$$": "block", "\\[": "block", "\\(": "inline", "$": "inline"}
# Environments that are parts of a formula, by those that are whole ones and look the same.
_ALIKE: Final = {"aligned": "align*", "align": "align*", "equation": "split", "dcases": "cases"}
_ENVIRONMENT: Final = re.compile(r"(\\(?:begin|end)\s*)\{(\w+)\}")


def typeset(html: HTML) -> HTML:
    """Return HTML with its formulas as MathML; one that is not understood is code.

    Examples
    --------
    >>> from omni_nb.render.formulas import words_html
    >>> typeset(words_html("So $x < 1$."))[:47]
    'So <math display="inline"><mrow><mi>x</mi><mo>&'
    """
    return HTML(_FORMULA.sub(lambda found: formula_mathml(unescaped(found[1])), html))


def formula_mathml(formula: str) -> HTML:
    r"""Return a formula between its marks as MathML, or as code.

    Examples
    --------
    >>> formula_mathml(r"\(\unknown\)")
    '<code>\\(\\unknown\\)</code>'
    """
    from latex2mathml.converter import convert_to_element

    mark = next(mark for mark in _MARKS if formula.startswith(mark))
    inner = formula[len(mark) : -len(mark)].strip()
    inner = _ENVIRONMENT.sub(lambda f: f"{f[1]}{{{_ALIKE.get(f[2], f[2])}}}", inner)
    try:
        made = convert_to_element(inner, display=_MARKS[mark])
    except Exception:  # its parser raises of every kind
        return tag("code", formula)
    if not _is_understood(made):
        return tag("code", formula)
    del made.attrib["xmlns"]  # HTML knows it
    return HTML(tostring(made, encoding="unicode", short_empty_elements=False))


def _is_understood(made: Element) -> bool:
    """Return whether nothing is left as it was written; resolve what the library escaped."""
    for element in made.iter():
        element.text = unescaped(element.text) if element.text else None
        is_left = element.text == "&" or (element.text or "").startswith("\\")
        if is_left and element.tag != "mtext":
            return False
        if "linebreak" in element.attrib:  # no browser breaks a line there
            return False
    return True
