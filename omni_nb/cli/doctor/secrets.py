"""Hide keys, passwords and secret variables in a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "[hidden]"
_SHORTEST = 4  # shorter secrets are part of too many other words

_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW", re.I)
_KEY = re.compile(r"\b(sk|pk|ak)-(?=\w)[^\s\"'`,;]+")
_USER = re.compile(r"(?<=//)[^/\s\"']*@")


def masked(text: str, environment: Mapping[str, str]) -> str:
    """Return a text with keys, passwords and secret variables hidden.

    Examples
    --------
    >>> masked("401 for sk-1234 at http://me:pass@host/v1", {})
    '401 for sk-[hidden] at http://[hidden]@host/v1'
    """
    for secret in sorted(_secrets(environment), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _KEY.sub(rf"\1-{HIDDEN}", text)
    return _USER.sub(f"{HIDDEN}@", text)


def address(url: str) -> str:
    """Return a URL's scheme, host and port; the rest may be secret.

    Examples
    --------
    >>> address("http://me:pass@proxy:8080/x?token=1")
    'http://proxy:8080'
    """
    try:
        pieces = urlsplit(url if "//" in url else f"//{url}")
        host, port = pieces.hostname, pieces.port
    except ValueError:
        return HIDDEN
    scheme = f"{pieces.scheme}://" if pieces.scheme else ""
    host = f"[{host}]" if host and ":" in host else host
    return f"{scheme}{host}:{port}" if port else f"{scheme}{host}"


def _secrets(environment: Mapping[str, str]) -> set[str]:
    """Return the values of secret variables, whole and in pieces: an error may cite either."""
    values = [value for name, value in environment.items() if _NAME.search(name)]
    pieces = {piece for value in values for piece in (value, *value.split(), value.strip("\"' "))}
    return {piece for piece in pieces if len(piece) >= _SHORTEST}
