"""Check the key and address in the environment, and which service they choose."""

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
"""Regions with omni models that speak; see `omni_nb.turns.connection.REGIONS`."""

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_PLACEHOLDER = re.compile(r"(sk-)?[xX*.\u2026]+|.*your.*|.*[<>].*", re.I)
_EXAMPLE = REGIONS["singapore"]
_EXPORT = f"export {KEY_VARIABLE}=sk-..."


def findings() -> Iterator[Finding]:
    """Check the key, the address, and the service that would answer."""
    key, url = os.environ.get(KEY_VARIABLE), os.environ.get(URL_VARIABLE)
    yield key_finding(key)
    if url:
        yield url_finding(url, has_key=bool(key))
    _, answers = who_answers()
    yield answers


def who_answers() -> tuple[Connection | None, Finding]:
    """Return the connection that a cell would use, or None, and a finding."""
    try:
        connection = current_connection()
    except (RequestError, OSError) as error:
        # The error cites the address, and what is none may be a key in the wrong place.
        is_wrong = _wrong_address(os.environ.get(URL_VARIABLE) or _EXAMPLE) is not None
        said = "nobody, because of the address above" if is_wrong else str(error)
        advice = "Until that is solved the stand-in answers, by omni.connect('offline')."
        return None, Finding("Who answers", said, "problem", advice)
    if connection.is_stand_in:
        advice = "For a model set a key before Jupyter starts, or call omni.connect(ask_key=True)."
        said = "the stand-in on this machine; it is no model"
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
    """Check a key without showing it.

    Examples
    --------
    >>> key_finding("sk-abcdef").said
    'DASHSCOPE_API_KEY is set (sk-...)'
    """
    if not key:
        said = "is not set" if key is None else "is set but empty, which counts as not set"
        return Finding("Key", f"{KEY_VARIABLE} {said}", "note")
    trouble = _trouble(key)
    if trouble:
        said, advice = trouble
        return Finding("Key", f"{KEY_VARIABLE} {said}", "problem", advice)
    shown = "sk-..." if key.strip().startswith("sk-") else "not shown"
    if key != key.strip():
        said = f"is set ({shown}), with white space around it"
        advice = f"omni_nb leaves the white space out, other programs may send it: {_EXPORT}"
        return Finding("Key", f"{KEY_VARIABLE} {said}", "note", advice)
    return Finding("Key", f"{KEY_VARIABLE} is set ({shown})")


def _trouble(key: str) -> tuple[str, str] | None:
    """Return why a key is unusable and what to do, without a character of the key."""
    inner = key.strip()
    if not inner:
        return "is blank", f"Set a key, or remove the variable: unset {KEY_VARIABLE}"
    if inner.lower().startswith(("http://", "https://")):
        return "holds an address", f"Put the address into {URL_VARIABLE}, and a key here."
    if inner[0] in _QUOTES or inner[-1] in _QUOTES:
        return "has quotes around it, which would be sent, too", f"Remove the quotes: {_EXPORT}"
    if inner.lower().startswith("bearer"):
        return "begins with 'Bearer'", f"Remove that word: {_EXPORT}"
    if inner.split() != [inner]:
        return "has white space inside, perhaps a line break", f"Copy the key again: {_EXPORT}"
    if not (inner.isascii() and inner.isprintable()):
        return "has characters that no key has", f"Copy the key again: {_EXPORT}"
    if _PLACEHOLDER.fullmatch(inner):
        return "holds a placeholder, not a key", f"Set your own key: {_EXPORT}"
    return None


def url_finding(url: str, *, has_key: bool) -> Finding:
    """Check the address; a mistake is a problem where a key is set, too.

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
        advice = f"Set {KEY_VARIABLE}, too (any word, where the server needs no key)."
        return Finding("Address", f"{said}, but is not used without a key", "warning", advice)
    path = urlsplit(url.strip()).path.rstrip("/")
    if path.endswith("/chat/completions"):
        advice = "Remove /chat/completions: omni_nb adds it."
        return Finding("Address", f"{said}, with the path of a request", "warning", advice)
    if _is_dashscope(url) and not path.endswith("/compatible-mode/v1"):
        advice = "The path of the compatible service is /compatible-mode/v1."
        return Finding("Address", f"{said}, with the path of another service", "warning", advice)
    return Finding("Address", said)


def _wrong_address(url: str) -> tuple[str, str] | None:
    """Return why an address is unusable, without its text, which may be a key."""
    example = f"An address looks like this: {_EXAMPLE}"
    if not re.match(r"\s*https?://", url, re.I):
        return "is not an address: it does not begin with https://", example
    try:
        missing_key(url.strip())
    except RequestError:
        return "is not a valid address", f"Give no user, no password, no odd port. {example}"
    return None


def _is_dashscope(url: str) -> bool:
    return (urlsplit(url.strip()).hostname or "").endswith(".aliyuncs.com")
