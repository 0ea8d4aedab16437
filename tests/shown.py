"""Read what a value shows in a notebook."""

from __future__ import annotations

from typing import Any


def html_of(value: Any) -> str:
    """Return the HTML that a value shows."""
    return str(value._repr_mimebundle_()["text/html"])


def text_of(value: Any) -> str:
    """Return the text that a value shows."""
    return str(value._repr_mimebundle_()["text/plain"])


def in_ipython(value: Any) -> str:
    """Return the text that IPython shows of a value: in a terminal, and as text/plain."""
    from IPython.core.formatters import DisplayFormatter

    return str(DisplayFormatter().format(value)[0]["text/plain"])
