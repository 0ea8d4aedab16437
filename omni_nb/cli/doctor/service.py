"""Service: the key and address in the environment, and who would answer with them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from omni_nb.cli.doctor.finding import Finding
from omni_nb.cli.doctor.secrets import address
from omni_nb.errors import RequestError
from omni_nb.turns.connection import (
    KEY_VARIABLE,
    REGIONS,
    URL_VARIABLE,
    current_connection,
    missing_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omni_nb.cli.doctor.finding import State
    from omni_nb.turns.connection import Connection

SPEAKING_REGIONS = ("beijing", "singapore")
"""Where omni models that speak are; see `omni_nb.turns.connection.REGIONS`."""

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_PLACEHOLDER = re.compile(r"(sk-)?[xX*.\u2026]+|.*your.*|.*[<>].*", re.I)
_EXAMPLE = REGIONS["singapore"]
_EXPORT = f"export {KEY_VARIABLE}=sk-..."


def findings() -> Iterator[Finding]:
    """Look at the variables, then ask who would answer."""
    key, url = os.environ.get(KEY_VARIABLE), os.environ.get(URL_VARIABLE)
    yield key_finding(key)
    if url:
        yield url_finding(url, has_key=bool(key))
    _, answers = who_answers()
    yield answers


def who_answers() -> tuple[Connection | None, Finding]:
    """Return the connection that a cell would use, or None and why there is none."""
    try:
        connection = current_connection()
    except (RequestError, OSError) as error:
        # The error cites the address, and what is none may be a key in the wrong place.
        is_wrong = _wrong_address(os.environ.get(URL_VARIABLE) or _EXAMPLE) is not None
        said = "nobody: see the address above" if is_wrong else str(error)
        advice = "Until then omni.connect('offline') answers with the stand-in."
        return None, Finding("Who answers", said, "problem", advice)
    if connection.is_stand_in:
        advice = "For a model: a key before Jupyter starts, or omni.connect(ask_key=True)."
        said = "the stand-in on this machine, no model"
        return connection, Finding("Who answers", said, "note", advice)
    where = f"DashScope {connection.region}" if connection.region else "a compatible server"
    said = f"{where} at {address(connection.base_url)}"
    if connection.region and connection.region not in SPEAKING_REGIONS:
        advice = f"Models that speak are in {' and '.join(SPEAKING_REGIONS)} only."
        return connection, Finding("Who answers", said, "warning", advice)
    advice = ""
    if connection.region:
        advice = f"A key works in its own region only: see {URL_VARIABLE}, or connect(region=...)."
    return connection, Finding("Who answers", said, "ok", advice)


def key_finding(key: str | None) -> Finding:
    """Look at a key without showing it.

    Examples
    --------
    >>> key_finding("sk-abcdef").said
    'DASHSCOPE_API_KEY is set (sk-...)'
    """
    if not key:
        said = "is not set" if key is None else "is set, but empty: as if it were not"
        return Finding("Key", f"{KEY_VARIABLE} {said}", "note")
    trouble = _trouble(key)
    if trouble:
        said, advice = trouble
        return Finding("Key", f"{KEY_VARIABLE} {said}", "problem", advice)
    shown = "sk-..." if key.strip().startswith("sk-") else "not shown"
    if key != key.strip():
        said = f"is set ({shown}), with white space around it"
        advice = f"It is left away here; other programs send it: {_EXPORT}"
        return Finding("Key", f"{KEY_VARIABLE} {said}", "note", advice)
    return Finding("Key", f"{KEY_VARIABLE} is set ({shown})")


def _trouble(key: str) -> tuple[str, str] | None:
    """Return what makes a key unusable, and what to do; never a character of it."""
    inner = key.strip()
    if not inner:
        return "is blank", f"Give the key, or none at all: unset {KEY_VARIABLE}"
    if inner.lower().startswith(("http://", "https://")):
        return "holds an address", f"The address goes into {URL_VARIABLE}, the key here."
    if inner[0] in _QUOTES or inner[-1] in _QUOTES:
        return "has quotes in it, which are sent along", f"Leave them away: {_EXPORT}"
    if inner.lower().startswith("bearer"):
        return "begins with 'Bearer'", f"Leave that word away: {_EXPORT}"
    if inner.split() != [inner]:
        return "has white space inside, perhaps a line break", f"Copy it again: {_EXPORT}"
    if not (inner.isascii() and inner.isprintable()):
        return "has characters that are in no key", f"Copy it again: {_EXPORT}"
    if _PLACEHOLDER.fullmatch(inner):
        return "holds a placeholder", f"Put your own key there: {_EXPORT}"
    return None


def url_finding(url: str, *, has_key: bool) -> Finding:
    """Look at the address; a mistake in it is a problem where a key makes it count.

    Examples
    --------
    >>> url_finding("http://localhost:8000/v1", has_key=True).said
    'DASHSCOPE_BASE_URL is http://localhost:8000'
    """
    if (trouble := _wrong_address(url)) is not None:
        said, advice = trouble
        state: State = "problem" if has_key else "warning"
        return Finding("Address", f"{URL_VARIABLE} {said}", state, advice)
    said = f"{URL_VARIABLE} is {address(url.strip())}"
    if not has_key:
        advice = f"Set {KEY_VARIABLE} beside it (any word where none is needed)."
        return Finding("Address", f"{said}, but without a key it does not count", "warning", advice)
    path = urlsplit(url.strip()).path.rstrip("/")
    if path.endswith("/chat/completions"):
        advice = "Leave /chat/completions away: it is added."
        return Finding("Address", f"{said}, with a request's path", "warning", advice)
    if _is_dashscope(url) and not path.endswith("/compatible-mode/v1"):
        advice = "The path of the compatible service is /compatible-mode/v1."
        return Finding("Address", f"{said}, with another service's path", "warning", advice)
    return Finding("Address", said)


def _wrong_address(url: str) -> tuple[str, str] | None:
    """Return why an address is none: never with its words, which may be a key."""
    example = f"It looks like {_EXAMPLE}"
    if not re.match(r"\s*https?://", url, re.I):
        return "is no address: it does not begin with https://", example
    try:
        missing_key(url.strip())
    except RequestError:
        return "is no address that can be asked", f"No user, password or odd port in it. {example}"
    return None


def _is_dashscope(url: str) -> bool:
    return (urlsplit(url.strip()).hostname or "").endswith(".aliyuncs.com")
