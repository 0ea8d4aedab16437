"""Check whether the service can be reached; send no key, cause no bill."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from omni_nb.cli.doctor.finding import Finding
from omni_nb.cli.doctor.packages import install, installed
from omni_nb.cli.doctor.secrets import address
from omni_nb.cli.doctor.service import who_answers
from omni_nb.turns.connection import REGIONS
from omni_nb.wire.endpoint import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 8.0
"""For the whole request, since looking up a name has no timeout of its own."""


def findings() -> Iterator[Finding]:
    """Check the proxies, then whether the service answers."""
    yield proxies()
    connection, _ = who_answers()
    if connection is None or connection.is_stand_in:
        yield reached(REGIONS["beijing"], is_needed=False)
    else:
        yield reached(connection.base_url, is_needed=True)


def proxies() -> Finding:
    """Name the proxies, without their passwords."""
    found = getproxies()
    exceptions = found.pop("no", "")
    if not found:
        return Finding("Proxy", "none")
    named = ", ".join(f"{scheme}: {address(url)}" for scheme, url in sorted(found.items()))
    return Finding("Proxy", named + (f"; not for {exceptions}" if exceptions else ""))


def reached(base_url: str, *, is_needed: bool) -> Finding:
    """Ask a service for its models without a key; any HTTP status will do."""
    where = address(base_url)
    outcome: list[int | Exception] = []
    started = time.perf_counter()

    def ask() -> None:
        try:
            outcome.append(_status(base_url))
        except Exception as error:  # any exception is what a question would meet
            outcome.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(REQUEST_SECONDS)
    match outcome[0] if outcome else TimeoutError():
        case int(status):
            seconds = time.perf_counter() - started
            said = f"{where} answers ({seconds:.1f} s; HTTP {status}, asked without a key)"
            return Finding("Service", said)
        case error:
            said, advice = _why(error, where)
    if not is_needed:
        return Finding("Service", f"{said}; the stand-in needs no network", "note")
    return Finding("Service", said, "warning", advice)


def _status(base_url: str) -> int:
    """Return the HTTP status, by the SDK's own library with its proxies and certificates."""
    with _http().Client(trust_env=not is_loopback(base_url), timeout=CONNECT_SECONDS) as client:
        return int(client.get(f"{base_url.rstrip('/')}/models").status_code)


def _http() -> Any:
    """Return the HTTP library that the installed SDK uses."""
    openai = installed("openai")
    return import_module("httpx2" if openai and openai.major >= 3 else "httpx")


def _why(error: Exception, where: str) -> tuple[str, str]:
    """Return why a service did not answer, and what to do."""
    chain = list(_causes(error))
    kinds = {type(cause).__name__ for cause in chain}
    if any(isinstance(cause, ImportError) for cause in chain):
        return "a SOCKS proxy is set, which needs the package socksio", install("socksio")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        advice = "A proxy or virus scanner may be in between: set SSL_CERT_FILE to its certificate."
        return f"the certificate of {where} is not trusted here", advice
    if any(isinstance(cause, socket.gaierror) for cause in chain):
        advice = "Is this machine online? If it is behind a proxy, set HTTPS_PROXY."
        return f"the name of {where} is not found (offline?)", advice
    if "ProxyError" in kinds:
        return f"the proxy refuses {where}", "Check the address, user and password in HTTPS_PROXY."
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in chain):
        advice = "A firewall may block the connection; if there is a proxy, set HTTPS_PROXY."
        return f"{where} does not answer within {CONNECT_SECONDS:g} s", advice
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        if getproxies() and not is_loopback(where):
            return f"nothing listens at the proxy on the way to {where}", "Does the proxy run?"
        return f"nothing listens at {where}", "Does the server run, and is the port right?"
    advice = "Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE."
    return f"{where} cannot be reached: {type(error).__name__}: {error}", advice


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
