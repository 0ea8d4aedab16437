"""Choose the service that answers: DashScope, a compatible server or the stand-in."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from omni_nb.errors import RequestError
from omni_nb.media.text import one_line
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.dialects import DIALECTS, Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omni_nb.offline.behaviour import Fault, ServerDialect
    from omni_nb.offline.server import StandIn

KEY_VARIABLE = "DASHSCOPE_API_KEY"
URL_VARIABLE = "DASHSCOPE_BASE_URL"
OPENAI_KEY_VARIABLE = "OPENAI_API_KEY"
OPENAI_HOST = "api.openai.com"

REGIONS: Mapping[str, str] = {
    "beijing": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "singapore": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "virginia": "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
    "hongkong": "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1",
}
"""Addresses by region, as documented, read 2026-11-22. Omni models that speak are in
Beijing and Singapore only; a key works in its own region only."""

# DashScope's own hosts and a workspace's, not all of aliyuncs.com: customers'
# storage and functions live under that name, too, and must never be sent a key.
_DASHSCOPE_HOST = re.compile(
    r"(dashscope(-[a-z]+)?|[a-z0-9-]+\.dashscope|[a-z0-9_-]+\.(?P<region>[a-z0-9-]+)\.maas)"
    r"\.aliyuncs\.com"
)
_USER_IN_ADDRESS = re.compile(r"[^/?#]*/*[^/?#]*[@\\]")
_WORKSPACE_REGIONS = {"cn-beijing": "beijing", "ap-southeast-1": "singapore"}


@dataclass(frozen=True, slots=True)
class Connection:
    """A service to ask: its address, and its key, which is shown nowhere.

    Attributes
    ----------
    endpoint
        The address, the key and the dialect.
    region
        A key of `REGIONS`, or None for another server: then prices are unknown.
    is_stand_in
        Whether the embedded server answers, and no model.
    server : StandIn or None
        That server, while this process runs it: its ``activity`` counts requests,
        ``stop()`` ends it.
    """

    endpoint: Endpoint
    region: str | None = None
    is_stand_in: bool = False
    server: StandIn | None = field(default=None, repr=False, compare=False)
    _replaced: list[Connection | None] = field(default_factory=list, repr=False, compare=False)
    _before: list[Connection | None] = field(default_factory=list, repr=False, compare=False)

    def __enter__(self) -> Connection:
        """Let this service answer for a while: ``with omni_nb.connect("offline"): ...``."""
        global _current
        is_chosen = self._replaced and _current is self  # by `connect`, in the same line
        self._before.append(self._replaced.pop() if is_chosen else _current)
        _current = self
        return self

    def __exit__(self, *_: object) -> None:
        """Let the service answer again that answered before."""
        global _current
        _current = self._before.pop()

    @property
    def base_url(self) -> str:
        """The address that requests go to."""
        return self.endpoint.base_url

    @property
    def dialect(self) -> Dialect:
        """How the server there wants its requests written."""
        return self.endpoint.dialect

    def __repr__(self) -> str:
        if self.is_stand_in:
            return f"<Connection to the offline stand-in at {self.base_url}: no model answers>"
        host = urlsplit(self.base_url).hostname or ""
        where = "DashScope" if _is_dashscope(host) else "a compatible server"
        named = f"{where} {self.region}" if self.region else where
        dialect = "" if self.dialect == "dashscope" else f" in the dialect {self.dialect}"
        return f"<Connection to {named} at {self.base_url}{dialect}>"


def connect(
    service: str | None = None,
    *,
    region: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    ask_key: bool = False,
    dialect: Dialect | None = None,
) -> Connection:
    """Choose the service that answers, from now on or within ``with``.

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
        ``DASHSCOPE_API_KEY`` is read, for DashScope's own https addresses only, and
        ``OPENAI_API_KEY`` for ``https://api.openai.com`` only.
    ask_key
        Ask for the key at a hidden prompt: it is in no cell, output or history.
    dialect
        How the server wants requests written: ``"dashscope"``, ``"openai"``, ``"vllm-omni"``
        or ``"sglang-omni"``. Without it ``"openai"`` for ``api.openai.com`` and
        ``"dashscope"`` for every other address: no address tells that vLLM-Omni or
        SGLang-Omni is behind it, so name those. Answers are understood either way.

    Returns
    -------
    Connection
        Also used by every later `ask` and `Chat` that is not given another.

    Raises
    ------
    RequestError
        The region or dialect is unknown, two addresses are given, or there is no key for
        DashScope or OpenAI.

    Examples
    --------
    >>> connect("http://localhost:8000/v1", dialect="vllm-omni")
    <Connection to a compatible server at http://localhost:8000/v1 in the dialect vllm-omni>
    >>> connect("offline").is_stand_in
    True
    >>> with connect("http://localhost:8000/v1") as connection:
    ...     connection.region is None
    True
    """
    global _current
    _check_dialect(dialect)
    key = _typed_key() if ask_key else api_key
    chosen = _choose(service, region, base_url, key, dialect)
    chosen._replaced[:] = [_current]  # for `with`
    _current = chosen
    return chosen


def stand_in(
    *,
    pace: float = 1.0,
    fault: Fault = "none",
    fault_after: int = 6,
    lead_seconds: float = 0.4,
    jitter_seconds: float = 0.0,
    chunk_seconds: float = 0.2,
    dialect: ServerDialect = "dashscope",
    remember: int = 0,
) -> Connection:
    """Start a stand-in server, and return the connection to it.

    For practice and for tests: the notebook's service stays the same; give the connection to a
    chat.

    Parameters
    ----------
    pace
        1: speech arrives in real time; 2: twice as fast; 0: as fast as possible.
    fault
        What goes wrong, such as ``"401"``, ``"rate_limit"``, ``"drop"`` or ``"stall"``; an
        unknown one is answered with the list of all.
    fault_after
        How many events of the stream are sent before a fault in its middle.
    lead_seconds
        Seconds of speech that are sent at once at the start, ahead of the pace.
    jitter_seconds
        Seconds that an event is late at most.
    chunk_seconds
        Seconds of speech in one chunk.
    dialect
        The kind of server that the stand-in imitates: ``"dashscope"``, ``"openai"``,
        ``"vllm-omni"``, ``"vllm-omni-next"`` or ``"sglang-omni"``. The connection asks in the
        same dialect.
    remember
        How many request bodies ``connection.server.requests`` keeps.

    Returns
    -------
    Connection
        For ``connection=`` of a chat or a question; ``connection.server.stop()`` ends the
        stand-in.

    Raises
    ------
    RequestError
        The fault or dialect is unknown, or a number is out of its range.

    Examples
    --------
    >>> practice = stand_in(fault="rate_limit")
    >>> practice.is_stand_in, practice.server.activity.refused
    (True, 0)
    """
    from omni_nb.offline.behaviour import Behaviour
    from omni_nb.offline.server import start

    try:
        behaviour = Behaviour(
            pace=pace,
            fault=fault,
            fault_after=fault_after,
            lead_seconds=lead_seconds,
            jitter_seconds=jitter_seconds,
            chunk_seconds=chunk_seconds,
            dialect=dialect,
        )
    except ValueError as error:
        raise RequestError(f"stand_in(): {error}") from None
    return connection_of(start(behaviour, remember=remember))


def connection_of(server: StandIn) -> Connection:
    """Return the connection to a stand-in, in its own dialect."""
    spoken = server.behaviour.dialect
    dialect: Dialect = "vllm-omni" if spoken == "vllm-omni-next" else spoken
    endpoint = _endpoint(server.base_url, server.api_key, dialect)
    return Connection(endpoint, is_stand_in=True, server=server)


def connection_to(service: str, *, api_key: str | None = None) -> Connection:
    """Return a connection without choosing it for the notebook; ``service`` as for `connect`.

    Examples
    --------
    >>> connection_to("http://localhost:8000/v1")
    <Connection to a compatible server at http://localhost:8000/v1>
    """
    return _choose(service, None, None, api_key, None)


def missing_key(service: str) -> str:
    """Return the name of the service whose key is not set, else ``""``.

    Raises
    ------
    RequestError
        ``service`` is no address.

    Examples
    --------
    >>> missing_key("offline"), missing_key("http://localhost:8000/v1")
    ('', '')
    """
    if service == "offline":
        return ""
    host = _host(REGIONS.get(service, service))
    name, variable = _key_place(host)
    return "" if not variable or os.environ.get(variable, "").strip() else name


def check_connection(connection: Any) -> Connection | None:
    """Check that what a chat is given is a connection or None.

    Raises
    ------
    RequestError
        ``connection`` is something else, such as an OpenAI client.
    """
    if connection is None or isinstance(connection, Connection):
        return connection
    raise RequestError(
        "connection is what omni_nb.connect() or omni_nb.stand_in() returns, not "
        f"{type(connection).__name__}. An OpenAI client is not needed: connect(base_url=...)."
    )


def current_connection() -> Connection:
    """Return the connection last chosen; else DashScope with a key, or the stand-in."""
    return _current or _from_environment()


# The one piece of changing state: which service answers this notebook.
_current: Connection | None = None


def _check_dialect(dialect: str | None) -> None:
    if dialect is not None and dialect not in DIALECTS:
        raise RequestError(f"There is no dialect {dialect!r}. Accepted: {', '.join(DIALECTS)}.")


def _choose(
    service: str | None,
    region: str | None,
    base_url: str | None,
    api_key: str | None,
    dialect: Dialect | None,
) -> Connection:
    for name, given in (("service", service), ("base_url", base_url), ("api_key", api_key)):
        if given is not None and not isinstance(given, str):
            raise RequestError(f"connect(): {name} is a string, not {type(given).__name__}.")
    if service is not None and service != "offline" and service not in REGIONS:
        if "://" not in service:
            raise RequestError(
                f"connect() does not know {_shown(service)}. Accepted: 'offline', a region "
                f"({', '.join(REGIONS)}) or a base URL such as 'http://localhost:8000/v1'."
            )
        base_url = base_url or service
    if service in REGIONS:
        region = region or service
    if region is not None and base_url is not None:
        raise RequestError("Give connect() either a region or a base_url, not both.")
    if base_url is not None and service != "offline":
        return _at(base_url, api_key, dialect)
    if dialect not in (None, "dashscope"):
        raise RequestError(
            f"The dialect {dialect} belongs to a server of its own: give its base_url, too. "
            f"A stand-in that speaks it: omni-nb serve --dialect {dialect}."
        )
    if service == "offline":
        return _stand_in()
    return _dashscope(region, api_key) if region or api_key else _from_environment()


def _from_environment() -> Connection:
    return _dashscope(None, None) if os.environ.get(KEY_VARIABLE) else _stand_in()


def _dashscope(region: str | None, api_key: str | None) -> Connection:
    if region is not None and region not in REGIONS:
        raise RequestError(f"There is no region {region!r}. Accepted: {', '.join(REGIONS)}.")
    url = os.environ.get(URL_VARIABLE) if region is None else None
    if url and not _has_own_key(_host(url)):
        # Whoever set another address in this variable meant the key beside it for it.
        api_key = api_key or os.environ.get(KEY_VARIABLE)
    return _at(url or REGIONS[region or "beijing"], api_key, None)


def _at(base_url: str, api_key: str | None, dialect: Dialect | None) -> Connection:
    """Connect to an address, with the key given, else with the one that belongs to its host."""
    base_url = base_url.strip()
    host = _host(base_url)
    guessed: Dialect = "openai" if host == OPENAI_HOST else "dashscope"
    key = api_key or _key_of(host, is_private=base_url.lower().startswith("https://"))
    return Connection(_endpoint(base_url, key, dialect or guessed), _region_of(host))


def _host(base_url: str) -> str:
    """Return the host of an address, which is where its key goes."""
    example = "it looks like 'http://localhost:8000/v1'."
    shown = _shown(base_url)
    try:
        pieces = urlsplit(base_url)
        host = (pieces.hostname or "").rstrip(".")
        _ = pieces.port  # a wrong one is an error here, not when something is asked
    except ValueError as error:
        raise RequestError(f"{shown} is no base URL ({error}); {example}") from None
    if pieces.scheme not in {"http", "https"} or not host:
        raise RequestError(f"{shown} is no base URL; {example}")
    return host


def _shown(address: str) -> str:
    """Return an address as a message may show it: without its query, which may hold a key.

    Raises
    ------
    RequestError
        It holds a user or a password.
    """
    if _USER_IN_ADDRESS.match(address):
        raise RequestError(
            "A base URL holds no user or password: pass api_key=; it looks like "
            "'http://localhost:8000/v1'."
        )
    bare, mark, _ = address.partition("?")
    return repr(one_line(bare) + (f"{mark}…" if mark else ""))


def _is_dashscope(host: str) -> bool:
    return _DASHSCOPE_HOST.fullmatch(host) is not None


def _has_own_key(host: str) -> bool:
    return host == OPENAI_HOST or _is_dashscope(host)


def _region_of(host: str) -> str | None:
    """Return the region whose prices count at a host, or None."""
    found = _DASHSCOPE_HOST.fullmatch(host)
    if found and found["region"]:
        return _WORKSPACE_REGIONS.get(found["region"])
    return next((name for name, url in REGIONS.items() if urlsplit(url).hostname == host), None)


def _key_of(host: str, *, is_private: bool) -> str:
    """Return the key of a host from its own variable: no other host is ever sent it."""
    name, variable = _key_place(host)
    if not variable:
        return "none"
    if not is_private:
        raise RequestError(f"{name} is asked over https only: a key is not sent in the clear.")
    key = os.environ.get(variable, "")
    if not key.strip():
        raise RequestError(
            f"{name} needs a key: set the variable {variable}, or connect(ask_key=True). "
            "Without a key, connect('offline') answers with the stand-in.",
            hint="no key",
        )
    return key


def _key_place(host: str) -> tuple[str, str]:
    """Return whose key a host needs, and the variable that holds it; empty for others."""
    if _is_dashscope(host):
        return "DashScope", KEY_VARIABLE
    return ("OpenAI", OPENAI_KEY_VARIABLE) if host == OPENAI_HOST else ("", "")


def _stand_in() -> Connection:
    from omni_nb.offline.server import shared

    return connection_of(shared())


def _endpoint(base_url: str, key: str, dialect: Dialect) -> Endpoint:
    bare, _, query = base_url.partition("#")[0].partition("?")
    return Endpoint(bare.rstrip("/"), Secret(_sendable(key)), dialect, Secret(query))


def _sendable(key: str) -> str:
    """Return a key as it can be sent: what a text editor made of it is found here.

    Raises
    ------
    RequestError
        The key has a character that no header takes.
    """
    key = key.strip()
    wrong = next((place for place, letter in enumerate(key) if not "!" <= letter <= "~"), None)
    if wrong is None:
        return key
    name = unicodedata.name(key[wrong], "a control character").lower()
    raise RequestError(
        f"The API key cannot be sent: its character {wrong + 1} of {len(key)} is {name!r}, and a "
        "key has letters, digits and signs of ASCII only. Copy it again from the console, "
        "without quotes.",
        hint="no key",
    )


def _typed_key() -> str:
    from getpass import getpass

    key = getpass("API key (not shown, not saved): ").strip()
    if not key:
        raise RequestError("No key was typed.")
    return key
