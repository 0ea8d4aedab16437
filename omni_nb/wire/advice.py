"""Choose the advice for an error of the service: one line that says what usually helps.

The errors are those of help.aliyun.com/zh/model-studio/error-code, and of issues that
quote the service; tests/protocol/test_errors.py has every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping


class Advised(TypedDict):
    """A line of advice in English, and its key in ``words``."""

    advice: str | None
    hint: str


_BY_CODE: Mapping[str, str] = {
    "invalid_api_key": "key",
    "AllocationQuota.FreeTierOnly": "free tier",
    "Arrearage": "overdue",
    "model_not_found": "model",
    "model_not_supported": "not served",
    "Model.AccessDenied": "model access",
    "Endpoint.AccessDenied": "retired",
    "limit_requests": "wait",
    "limit_burst_rate": "burst",
    "Throttling": "wait",
    "insufficient_quota": "token rate",
    "data_inspection_failed": "moderated",
    "ModelServingError": "overloaded",
    "ModelUnavailable": "overloaded",
    "RequestTimeOut": "gave up",
}

# The first whose words are in the message, in any case; the general ones come last.
_BY_WORDS = (
    ("stream mode", "streams"),
    ("stream=true", "streams"),
    ("parameters.audio.voice", "voice"),
    ("voice '", "voice"),
    ("does not support the modalities", "text only"),
    ("parameters.modalities", "modalities"),
    ("enable_search", "switch"),
    ("enable_thinking", "switch"),
    ("datainspectionfailed", "moderated"),
    ("inappropriate content", "moderated"),
    ("does not appear to be valid", "data url"),
    ("supported values are", "dialect"),
    ("length and width", "sides"),
    ("image size is not supported", "sides"),
    ("audio is empty", "empty audio"),
    ("audio length must be", "shrink"),
    ("video file is too long", "shrink"),
    ("sequence images", "frames"),
    ("data-uri item", "embedded"),
    ("file size is too large", "too large"),
    ("failed to download", "public"),
    ("download the media", "public"),
    ("invalid video file", "illegal"),
    ("format is illegal", "illegal"),
    ("failed to decode", "illegal"),
    ("range of input length", "input length"),
    ("range of max_tokens", "max tokens"),
    ("[] is too short", "no message"),
    ("list index out of range", "last message"),
    ("internalerror.algo.invalidparameter", "value"),
)

_BY_STATUS: Mapping[int, str] = {
    401: "key",
    403: "forbidden",
    404: "not found",
    413: "request too large",
    429: "rate",
}


def advice_for(status_code: int | None, code: str | None, message: str) -> str:
    """Return the key of the advice for an error in ``words``; "" where we have none.

    A 429 is never judged by its words: some of them speak of keys and quotas.

    Examples
    --------
    >>> advice_for(429, None, "slow down")
    'rate'
    """
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status_code == 429:
        return _BY_STATUS[429]
    lowered = message.lower()
    for said, advice in _BY_WORDS:
        if said in lowered:
            return advice
    if status_code is not None and status_code >= 500:
        return "service"
    return _BY_STATUS.get(status_code or 0, "")


def advised(key: str) -> Advised:
    """Return the advice of a key as the arguments of a `ServiceError`.

    Examples
    --------
    >>> advised("service")["advice"]
    'The fault is at the service: ask again in a moment.'
    >>> advised("")
    {'advice': None, 'hint': ''}
    """
    return {"advice": words("advice", "en").get(key), "hint": key}
