"""One line of advice for an error of the service: what usually helps."""

from __future__ import annotations

_BY_CODE = {
    "invalid_api_key": "A key works only at its own region's address: compare connect(region=...).",
    "AllocationQuota.FreeTierOnly": (
        "The free quota is used up: turn off 'use free tier only' in the console, "
        "or take another model."
    ),
    "Arrearage": "The account is overdue: see the billing page of the console.",
    "model_not_found": "Check the model's name; some models exist in some regions only.",
    "limit_requests": "Too many requests at once: wait a little and ask again.",
    "insufficient_quota": (
        "Too many tokens per minute, in spite of the code: wait a little and ask again."
    ),
    "data_inspection_failed": "Content moderation refused the input or the answer: rephrase it.",
}

_BY_WORDS = (
    (
        "stream mode",
        "This model only streams; omni_nb always does, so something between rewrote the request.",
    ),
    (
        "stream=true",
        "This model only streams; omni_nb always does, so something between rewrote the request.",
    ),
    ("parameters.audio.voice", "Take a voice of this model: voices differ from model to model."),
    ("Voice '", "Take a voice of this model: voices differ from model to model."),
    (
        "does not appear to be valid",
        "Media are sent as a data URL or a public URL; bare base64 is refused.",
    ),
    ("data-uri item", "The service limits an embedded file to 10 MB of base64: pass a public URL."),
    (
        "length and width",
        "Both sides of an image are more than 10 pixels, its ratio at most 200:1.",
    ),
    (
        "download",
        "The service could not fetch the URL: check that it is public, or pass the file itself.",
    ),
)

_BY_STATUS = {
    401: _BY_CODE["invalid_api_key"],
    403: "The account may not use this model here: see the console.",
    404: "Check base_url and the model's name.",
    429: "Too many requests or tokens at once: wait a little and ask again.",
}


def advice_for(status_code: int | None, code: str | None, message: str) -> str | None:
    """Return the advice for an error, or None where we have none.

    Examples
    --------
    >>> advice_for(429, None, "slow down")
    'Too many requests or tokens at once: wait a little and ask again.'
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    for words, advice in _BY_WORDS:
        if words in message:
            return advice
    if status_code is not None and status_code >= 500:
        return "The fault is at the service: ask again in a moment."
    return _BY_STATUS.get(status_code or 0)
