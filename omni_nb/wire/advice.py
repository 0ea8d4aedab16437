"""One line of advice for an error of the service: what usually helps.

The errors are those of help.aliyun.com/zh/model-studio/error-code, and of issues that
quote the service; tests/protocol/test_errors.py has every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WAIT = "Too many requests at once: wait a little and ask again."
_OVERLOADED = "The model is overloaded for the moment: ask again a little later, or ask another."
_STREAMS = "This model only streams; omni_nb always does, so something between rewrote the request."
_VOICE = "Take a voice of this model: voices differ from model to model."
_MODERATED = "Content moderation refused the input or the answer: rephrase it."
_SIDES = "Both sides of an image are more than 10 pixels, its ratio at most 200:1."
_PUBLIC = "The service could not fetch the URL: check that it is public, or pass the file itself."
_ILLEGAL = "The service cannot open this file: check that it plays and is not cut, or re-encode it."
_SHRINK = "Make it fit with omni_nb.shrink(part), which says what it changes."
_SWITCH = "This model has no such switch: leave it out, or take a model that has it."

_BY_CODE: Mapping[str, str] = {
    "invalid_api_key": "A key works only at its own region's address: compare connect(region=...).",
    "AllocationQuota.FreeTierOnly": (
        "The free quota is used up: turn off 'use free tier only' in the console, "
        "or take another model."
    ),
    "Arrearage": "The account is overdue: see the billing page of the console.",
    "model_not_found": "Check the model's name; some models exist in some regions only.",
    "model_not_supported": "This address does not serve the model: check its name, or ask another.",
    "Model.AccessDenied": (
        "This key's workspace may not use the model: allow it in the console, or take another."
    ),
    "Endpoint.AccessDenied": (
        "This snapshot of the model may be retired: take the model's name without a date."
    ),
    "limit_requests": _WAIT,
    "limit_burst_rate": "Requests came too fast one after another: spread them over time.",
    "Throttling": _WAIT,
    "insufficient_quota": (
        "Too many tokens per minute, in spite of the code: wait a little and ask again."
    ),
    "data_inspection_failed": _MODERATED,
    "ModelServingError": _OVERLOADED,
    "ModelUnavailable": _OVERLOADED,
    "RequestTimeOut": (
        "The service gives up after 300 s: ask for a shorter answer, or about less at once."
    ),
}

# The first whose words are in the message, in any case; the general ones come last.
_BY_WORDS = (
    ("stream mode", _STREAMS),
    ("stream=true", _STREAMS),
    ("parameters.audio.voice", _VOICE),
    ("voice '", _VOICE),
    ("does not support the modalities", "This model answers with text only: leave out voice=."),
    ("parameters.modalities", "Modalities are ['text'] or ['text', 'audio']; compare the model's."),
    ("enable_search", _SWITCH),
    ("enable_thinking", _SWITCH),
    ("datainspectionfailed", _MODERATED),
    ("inappropriate content", _MODERATED),
    (
        "does not appear to be valid",
        "Media are sent as a data URL or a public URL; bare base64 is refused.",
    ),
    (
        "supported values are",
        "The server does not know a part of this type: compare connect(dialect=...).",
    ),
    ("length and width", _SIDES),
    ("image size is not supported", _SIDES),
    ("audio is empty", "The audio has no sound, or too little of it: send a longer clip."),
    ("audio length must be", _SHRINK),
    ("video file is too long", _SHRINK),
    (
        "sequence images",
        "Each model takes a least and a most number of frames: omni_nb.frames(path, count=...).",
    ),
    (
        "data-uri item",
        "The service limits an embedded file to 10 MB of base64: pass a public URL.",
    ),
    ("file size is too large", f"Pass a public URL. {_SHRINK}"),
    ("failed to download", _PUBLIC),
    ("download the media", _PUBLIC),
    ("invalid video file", _ILLEGAL),
    ("format is illegal", _ILLEGAL),
    ("failed to decode", _ILLEGAL),
    (
        "range of input length",
        "The model reads no more, or there is nothing to read: ask shorter, or trim the chat.",
    ),
    ("range of max_tokens", "Take a max_tokens in this range, or leave it out."),
    ("[] is too short", "There is no message: ask something."),
    ("list index out of range", "The last message has to be the user's: the question."),
    (
        "internalerror.algo.invalidparameter",
        "The service does not take a value or a part; a text with <|im_start|> or <|im_end|> "
        "is refused, too.",
    ),
)

_BY_STATUS: Mapping[int, str] = {
    401: _BY_CODE["invalid_api_key"],
    403: "The account may not use this model here: see the console.",
    404: "Check base_url and the model's name.",
    413: "The request is too large for the server: pass a public URL.",
    429: "Too many requests or tokens at once: wait a little and ask again.",
}


def advice_for(status_code: int | None, code: str | None, message: str) -> str | None:
    """Return the advice for an error, or None where we have none.

    A 429 is never judged by its words: some of them speak of keys and quotas.

    Examples
    --------
    >>> advice_for(429, None, "slow down")
    'Too many requests or tokens at once: wait a little and ask again.'
    """
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status_code == 429:
        return _BY_STATUS[429]
    lowered = message.lower()
    for words, advice in _BY_WORDS:
        if words in lowered:
            return advice
    if status_code is not None and status_code >= 500:
        return "The fault is at the service: ask again in a moment."
    return _BY_STATUS.get(status_code or 0)
