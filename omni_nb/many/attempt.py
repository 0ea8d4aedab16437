"""Attempt: one sending of a row, what came of it, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from omni_nb.errors import AnswerError, ReplyError, ServiceError
from omni_nb.media.text import one_line

if TYPE_CHECKING:
    from typing import TypeAlias

    from omni_nb.rules.pricing import Cost, Usage
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.stream import ReplyStream

Verdict: TypeAlias = Literal[
    "done",
    "failed",  # something is wrong with this row
    "again",  # it may pass: a few tries
    "refused",  # too many requests: all wait, and the row loses no try
    "refused_tokens",  # too many tokens
    "broken",  # broke off after something had come, which is billed
    "stopped",  # by the person
    "stop",  # every row would fail
]

_TOO_MANY: Final = ("limit_requests", "limit_burst_rate", "insufficient_quota")
_STOPPING: Final = ("Arrearage", "invalid_api_key", "model_not_found", "model_not_supported")
_UNSENT: Final = ("made again", "missing file")
_MOST_WORDS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending a row once.

    Attributes
    ----------
    verdict
        What is to be done next.
    text, pcm, usage, cost, finish_reason
        What came; ``cost`` is counted by our rules where the service sent no count.
    error, code, hint
        What went wrong, on a line, the service's code of it, and the key of its advice.
    asked_seconds
        How long to wait, as the service said.
    """

    verdict: Verdict
    text: str = ""
    pcm: bytes | bytearray = b""
    usage: Usage | None = None
    cost: Cost | None = None
    finish_reason: str | None = None
    error: str | None = None
    code: str | None = None
    hint: str = ""
    request_id: str | None = None
    sent_at: float | None = None
    seconds: float | None = None
    asked_seconds: float | None = None

    @property
    def kind(self) -> str:
        """What kind of error it was: that many rows in a row have it stops a run."""
        return self.code or self.hint or (self.error or "")[:40]


def ask_once(stream: ReplyStream) -> Attempt:
    """Send a row once, and read its answer to the end.

    Raises
    ------
    BudgetError, RequestError
        It cannot be sent; nothing was.
    """
    error: ReplyError | None = None
    try:
        for _ in stream:
            pass
    except ReplyError as failure:
        error = failure
    reply = stream.reply
    last = reply.rounds[-1]
    service = error if isinstance(error, ServiceError) else None
    attempt = Attempt(
        verdict_of(reply, error),
        text=last.text,
        pcm=last.pcm,
        usage=reply.usage,
        cost=reply.cost if reply.usage is not None else reply.cost_so_far,
        finish_reason=reply.finish_reason,
        error=None if error is None else one_line(error.headline, _MOST_WORDS),
        code=service.code or (service.status_code and str(service.status_code)) or None
        if service
        else None,
        hint=error.hint if error else "",
        request_id=(service.request_id if service else None) or stream.request_id,
        sent_at=reply.sent_at,
        seconds=reply.timing.total_seconds,
        asked_seconds=stream.asked_seconds,
    )
    for one in reply.rounds:  # the last one's speech is handed over, not copied
        one.pcm = bytearray()
    return attempt


def verdict_of(reply: Reply, error: ReplyError | None) -> Verdict:
    """Decide what is to be done after an answer has ended, or failed.

    Examples
    --------
    >>> import omni_nb as omni
    >>> reply = omni.ask("Who are you?", show=False)
    >>> verdict_of(reply, None), verdict_of(reply, ServiceError("no", status_code=401))
    ('done', 'stop')
    """
    last = reply.rounds[-1]
    has_come = bool(last.has_come or last.usage)
    if error is None:
        match reply.finish_reason:
            case "interrupted" | "budget":
                return "stopped"
            case "timeout":
                return "broken" if has_come else "again"
            case _:
                return "done"
    if isinstance(error, AnswerError) or not isinstance(error, ServiceError):
        return "failed"
    status, code = error.status_code, error.code or ""
    if status == 429 or code in _TOO_MANY or code.startswith("Throttling"):
        return "refused_tokens" if code == "insufficient_quota" else "refused"
    if status in (401, 403, 404) or code in _STOPPING or code.startswith("AllocationQuota"):
        return "stop"
    if status is not None and 300 <= status < 400:
        return "stop"
    if status in (408, 409) or (status or 0) >= 500:
        return "again"
    if status is not None or code:
        return "failed"
    if has_come:
        return "broken"
    return "failed" if error.hint in (*_UNSENT, "unexpected") else "again"
