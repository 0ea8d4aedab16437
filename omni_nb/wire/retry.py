"""Decide when to retry a request: errors that may pass, and only before the first byte."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from omni_nb.wire.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_TRIES: Final = 3
LONGEST_SECONDS: Final = 60.0
"""A service that asks to wait longer is not waited for."""

_FIRST_SECONDS: Final = 0.5
_MOST_SECONDS: Final = 8.0
_PASSING: Final = frozenset({408, 409, 429})


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait before a request is sent again.

    Attributes
    ----------
    seconds
        How long it lasts.
    is_asked
        Whether the service asked for it.
    """

    seconds: float
    is_asked: bool


def wait_after(error: BaseException, tried: int) -> Wait | None:
    """Return the wait before a request is sent again; None: it is not.

    Parameters
    ----------
    error
        A refusal, or what the SDK raised.
    tried
        How often the request has been sent.

    Notes
    -----
    As the SDK does it: connections that fail, 408, 409, 429 and 5xx pass by themselves; the
    service's ``x-should-retry``, ``retry-after-ms`` and ``retry-after`` are obeyed.
    """
    import openai

    asked: float | None = None
    if isinstance(error, Refused):
        if not _may_pass(error.status_code, error.headers):
            return None
        asked = asked_seconds(error.headers)
    elif not isinstance(error, openai.APIConnectionError):
        return None
    if asked is not None and asked > LONGEST_SECONDS:
        return None
    usual = min(_FIRST_SECONDS * 2 ** (tried - 1), _MOST_SECONDS)
    usual *= random.uniform(0.75, 1.0)  # so that many who wait do not come at once
    return Wait(usual if asked is None else asked, asked is not None)


def asked_seconds(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds that the service asks to wait, or None.

    Examples
    --------
    >>> asked_seconds({"retry-after": "20"}), asked_seconds({"retry-after-ms": "1500"})
    (20.0, 1.5)
    >>> asked_seconds({"retry-after": "soon"})
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, TypeError, ValueError):
            continue
        if seconds >= 0:  # which nan is not
            return seconds
    try:
        moment = parsedate_to_datetime(str(headers["retry-after"])).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return max(0.0, moment - time.time())


def _may_pass(status: int, headers: Mapping[str, str]) -> bool:
    said = headers.get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return status in _PASSING or status >= 500
