"""Faults that a test may ask for: HTTP errors, and streams that break or end wrongly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.chunks import encode_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from omni_nb.offline.behaviour import Behaviour, Fault

_HELP: Final = "For details, see: https://help.aliyun.com/zh/model-studio/error-code"

# Status, code, type and message as published: on the page of error codes below, and in issues
# that quote the service.
HTTP_FAULTS: Final[Mapping[str, tuple[int, str, str, str]]] = {
    "401": (
        401,
        "invalid_api_key",
        "invalid_request_error",
        f"Incorrect API key provided. {_HELP}#apikey-error",
    ),
    "403": (
        403,
        "AllocationQuota.FreeTierOnly",
        "AllocationQuota.FreeTierOnly",
        "The free tier of the model has been exhausted. If you wish to continue access the model "
        'on a paid basis, please disable the "use free tier only" mode in the management console.',
    ),
    "free_quota": (
        403,
        "AllocationQuota.FreeTierOnly",
        "AllocationQuota.FreeTierOnly",
        "The free quota has been exhausted. To continue accessing the model on a paid basis, "
        'please complete your payment information（or disable the "use free tier only" mode in '
        "the management console if already completed).",
    ),
    "429": (429, "limit_requests", "limit_requests", "You exceeded your current requests list."),
    "500": (
        500,
        "internal_error",
        "internal_error",
        "An internal error has occured, please try again later or contact service support.",
    ),
    "503": (
        503,
        "ModelUnavailable",
        "ModelUnavailable",
        "Model is unavailable, please try again later.",
    ),
    "arrearage": (
        400,
        "Arrearage",
        "Arrearage",
        "Access denied, please make sure your account is in good standing.",
    ),
    "rate_limit": (
        429,
        "limit_requests",
        "limit_requests",
        f"You have exceeded your current request limit. {_HELP}#rate-limit",
    ),
    "quota_tokens": (
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "burst": (
        429,
        "limit_burst_rate",
        "limit_burst_rate",
        "Request rate increased too quickly. To ensure system stability, please adjust your "
        "client logic to scale requests more smoothly over time.",
    ),
    "throttling": (429, "Throttling", "Throttling", "Requests throttling triggered."),
    "inspection": (
        400,
        "data_inspection_failed",
        "data_inspection_failed",
        "Input data may contain inappropriate content.",
    ),
    "inspection_text": (
        400,
        "data_inspection_failed",
        "data_inspection_failed",
        "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain "
        "inappropriate content.",
    ),
    "inspection_image_size": (
        400,
        "invalid_parameter_error",
        "invalid_request_error",
        "The image size is not supported for the data inspection.",
    ),
    "download_failed": (
        400,
        "invalid_parameter_error",
        "invalid_request_error",
        "Failed to download multimodal content.",
    ),
    "download_timeout": (
        400,
        "invalid_parameter_error",
        "invalid_request_error",
        "Download the media resource timed out during the data inspection process.",
    ),
    "audio_needs_stream": (
        400,
        "invalid_parameter_error",
        "invalid_request_error",
        "'audio' output only support with stream=true",
    ),
    "access_denied": (403, "Model.AccessDenied", "Model.AccessDenied", "Model access denied."),
    "endpoint_denied": (
        403,
        "Endpoint.AccessDenied",
        "Endpoint.AccessDenied",
        "Workspace endpoint access denied.",
    ),
    "model_not_supported": (
        404,
        "model_not_supported",
        "invalid_request_error",
        "Unsupported model qwen-omni-turbo for OpenAI compatibility mode.",
    ),
    "serving_error": (
        503,
        "ModelServingError",
        "ModelServingError",
        "Too many requests. Your requests are being throttled due to system capacity limits. "
        "Please try again later.",
    ),
    "timeout": (
        500,
        "RequestTimeOut",
        "RequestTimeOut",
        "Request timed out, please try again later.",
    ),
}

BODY_FAULTS: Final[Mapping[str, tuple[str, bytes]]] = {
    "json_body": (
        "application/json",
        b'{"choices":[{"message":{"role":"assistant","content":"All at once."},'
        b'"finish_reason":"stop","index":0}],"object":"chat.completion","created":1757647879,"model":"qwen-omni-turbo",'
        b'"id":"chatcmpl-1","usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}}',
    ),
    "html_body": ("text/html", b"<!DOCTYPE html><title>Sign in</title><h1>Please sign in</h1>"),
    "empty_body": ("text/event-stream", b""),
}
"""Content type and body of an answer with status 200 that is no stream."""

DONE: Final = b"data: [DONE]\n\n"
_INSPECTION: Final = {
    "code": "data_inspection_failed",
    "param": None,
    "message": "Output data may contain inappropriate content.",
    "type": "data_inspection_failed",
}
_NO_SEARCH: Final = {
    "code": "invalid_parameter_error",
    "param": None,
    "message": "This model does not support enable_search.",
    "type": "invalid_request_error",
}


class BrokenOff(Exception):
    """The connection ends without the end that HTTP asks for."""


def keeps(chunk: Mapping[str, Any], fault: Fault) -> bool:
    """Return whether a fault lets a chunk be sent at all."""
    choice = chunk["choices"][0] if chunk["choices"] else {}
    if fault == "no_usage":
        return bool(chunk["choices"])
    if fault == "no_finish":
        return not choice.get("finish_reason")
    if fault == "empty_answer":
        return not choice or bool(choice["finish_reason"]) or "role" in choice["delta"]
    return True


def spoils(fault: Fault, place: int) -> bool:
    """Return whether a fault spoils the request at a place of a batch: every third."""
    return fault in _OF_LINES and place % 3 == 1


_OF_LINES: Final = frozenset({"batch_some_failed", "batch_lost", "batch_status_0"})


async def encode_stream(
    chunks: AsyncIterator[dict[str, Any]], behaviour: Behaviour, request_id: str
) -> AsyncIterator[bytes]:
    """Yield the bytes of the stream, with the fault that was asked for."""
    fault, held, count = behaviour.fault, b"", 0
    async for chunk in chunks:
        if not keeps(chunk, fault):
            continue
        if fault == "search_frame" or (fault in _MIDDLE and count == behaviour.fault_after):
            async for piece in _break(fault, request_id):
                yield piece
            return
        event, count = encode_event(chunk), count + 1
        if fault == "cut_last_event":  # which is the last is known when no other follows
            event, held = held, event
        for piece in _rewritten(event, fault, count):
            yield piece
    if held:
        yield held[: len(held) // 2]
    elif fault != "no_done":
        for piece in _rewritten(DONE, fault, count + 1):
            yield piece


_MIDDLE: Final = frozenset({"drop", "stall", "garbage", "flat_error", "error_frame"})


async def _break(fault: Fault, request_id: str) -> AsyncIterator[bytes]:
    """Yield what a fault sends where the stream breaks."""
    match fault:
        case "garbage":
            yield b'data: {"choices":[{"delta":{"content":"half a ch\n\n'
        case "flat_error":
            yield encode_event(
                {k: _INSPECTION[k] for k in ("code", "message")} | {"request_id": request_id}
            )
        case "error_frame":
            yield encode_event({"error": _INSPECTION, "request_id": request_id})
        case "search_frame":
            yield encode_event({"error": _NO_SEARCH, "request_id": request_id})
        case "stall":
            await asyncio.Event().wait()
        case _:
            raise BrokenOff


def _rewritten(event: bytes, fault: Fault, count: int) -> list[bytes]:
    """Return an event in another valid form."""
    if not event:
        return []
    match fault:
        case "crlf":
            return [event.replace(b"\n", b"\r\n")]
        case "comments":
            return [b": keep-alive\n\n", event]
        case "cut_anywhere":
            size = (1, 5, 17, 83)[count % 4] + len(event) // 12
            return [event[place : place + size] for place in range(0, len(event), size)]
        case _:
            return [event]
