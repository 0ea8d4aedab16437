"""Make text well-formed Unicode: what is not cannot be sent, saved or shown."""

from __future__ import annotations


def well_formed(text: str) -> str:
    r"""Return a text whose halves of surrogate pairs are joined; a lone half becomes U+FFFD.

    Examples
    --------
    >>> well_formed("\ud83d\udc4b") == "\U0001f44b"
    True
    >>> well_formed("a\ud83d") == "a\ufffd"
    True
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
