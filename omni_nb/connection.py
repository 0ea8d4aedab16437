"""connect(): which service answers: DashScope, any compatible server, or the stand-in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from omni_nb.errors import RequestError
from omni_nb.wire.client import Endpoint, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_VARIABLE = "DASHSCOPE_API_KEY"
URL_VARIABLE = "DASHSCOPE_BASE_URL"

REGIONS: Mapping[str, str] = {
    "beijing": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "singapore": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "virginia": "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
    "hongkong": "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1",
}
"""Addresses by region (facts.md §4.6, read 2026-11-22). Omni models that speak are in
Beijing and Singapore only; a key works in its own region only."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A service to ask, by its address and key; the key shows itself nowhere.

    Attributes
    ----------
    region
        A key of `REGIONS`, or None for another server: then prices are unknown.
    is_stand_in
        The embedded server answers; no model does.
    """

    endpoint: Endpoint
    region: str | None = None
    is_stand_in: bool = False

    @property
    def base_url(self) -> str:
        """The address that requests go to."""
        return self.endpoint.base_url

    def __repr__(self) -> str:
        if self.is_stand_in:
            return f"<Connection to the offline stand-in at {self.base_url}: no model answers>"
        where = f"DashScope {self.region}" if self.region else "a compatible server"
        return f"<Connection to {where} at {self.base_url}>"


def connect(
    service: str | None = None,
    *,
    region: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    ask_key: bool = False,
) -> Connection:
    """Choose the service that answers from now on.

    Parameters
    ----------
    service
        ``"offline"`` for the embedded stand-in, a region, or a base URL; the same may be
        said by ``region`` or ``base_url``.
    region
        ``"beijing"``, ``"singapore"``, ``"virginia"`` or ``"hongkong"``. Without it the
        variable ``DASHSCOPE_BASE_URL`` counts, then Beijing.
    base_url
        Any OpenAI-compatible server, such as ``"http://localhost:8000/v1"``.
    api_key
        The key. Better not written in a notebook: without it the variable
        ``DASHSCOPE_API_KEY`` is read, for DashScope only.
    ask_key
        Ask for the key at a hidden prompt: it is in no cell, output or history.

    Returns
    -------
    Connection
        Also used by every later `ask` and `Chat` that is not given another.

    Raises
    ------
    RequestError
        The region is unknown, two addresses are given, or there is no key for DashScope.

    Examples
    --------
    >>> connect("offline").is_stand_in
    True
    """
    global _current
    _current = _choose(service, region, base_url, _typed_key() if ask_key else api_key)
    return _current


def current_connection() -> Connection:
    """Return the connection last chosen; else DashScope with a key, or the stand-in."""
    return _current or _from_environment()


# The one piece of changing state: which service this notebook talks to.
_current: Connection | None = None


def _choose(
    service: str | None, region: str | None, base_url: str | None, api_key: str | None
) -> Connection:
    if service == "offline":
        return _stand_in()
    if service in REGIONS:
        region = region or service
    elif service is not None and "://" in service:
        base_url = base_url or service
    elif service is not None:
        raise RequestError(
            f"connect() does not know {service!r}. Accepted: 'offline', a region "
            f"({', '.join(REGIONS)}) or a base URL such as 'http://localhost:8000/v1'."
        )
    if region is not None and base_url is not None:
        raise RequestError("Give connect() either a region or a base_url, not both.")
    if base_url is not None:
        return _compatible(base_url, api_key)
    return _dashscope(region, api_key) if region or api_key else _from_environment()


def _from_environment() -> Connection:
    return _dashscope(None, None) if os.environ.get(KEY_VARIABLE) else _stand_in()


def _dashscope(region: str | None, api_key: str | None) -> Connection:
    key = api_key or os.environ.get(KEY_VARIABLE, "")
    if region is not None and region not in REGIONS:
        raise RequestError(f"There is no region {region!r}. Accepted: {', '.join(REGIONS)}.")
    if not key:
        raise RequestError(
            f"DashScope needs a key: set the variable {KEY_VARIABLE}, or connect(ask_key=True). "
            "Without a key, connect('offline') answers with the stand-in."
        )
    if region is None and (url := os.environ.get(URL_VARIABLE)):
        return _compatible(url, key)
    return Connection(_endpoint(REGIONS[region or "beijing"], key), region or "beijing")


def _compatible(base_url: str, api_key: str | None) -> Connection:
    pieces = urlsplit(base_url)
    if pieces.scheme not in {"http", "https"} or not pieces.hostname:
        raise RequestError(
            f"{base_url!r} is no base URL; it looks like 'http://localhost:8000/v1'."
        )
    region = next((name for name, url in REGIONS.items() if url == base_url.rstrip("/")), None)
    key = api_key or (os.environ.get(KEY_VARIABLE) if region else None)
    return Connection(_endpoint(base_url, key or "none"), region)


def _stand_in() -> Connection:
    from omni_nb.offline.server import shared

    service = shared()
    return Connection(_endpoint(service.base_url, service.api_key), is_stand_in=True)


def _endpoint(base_url: str, key: str) -> Endpoint:
    return Endpoint(base_url.rstrip("/"), Secret(key.strip()))


def _typed_key() -> str:
    from getpass import getpass

    key = getpass("API key (not shown, not saved): ").strip()
    if not key:
        raise RequestError("No key was typed.")
    return key
