"""The stand-in's behaviour: its pace, its dialect, and faults for tests."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from typing import TypeAlias

Fault: TypeAlias = Literal[
    "none",
    # instead of a stream: an HTTP error with its documented body
    "401",  # a wrong key, in the longer words
    "403",  # the free quota is used up
    "429",  # too many requests
    "500",
    "503",  # the model is unavailable
    "free_quota",  # the same as 403, in the newer words
    "arrearage",
    "rate_limit",  # too many requests, in the newer words
    "quota_tokens",  # too many tokens in a minute
    "burst",
    "throttling",
    "inspection",
    "inspection_text",
    "inspection_image_size",
    "download_failed",
    "download_timeout",
    "audio_needs_stream",
    "access_denied",
    "endpoint_denied",
    "model_not_supported",
    "serving_error",
    "timeout",
    # HTTP 200, but no stream
    "json_body",
    "html_body",
    "empty_body",
    # HTTP 200, and the only event of the stream is a refusal
    "search_frame",
    # the stream breaks in the middle, after `fault_after` events
    "drop",
    "stall",
    "garbage",
    "flat_error",
    "error_frame",
    # the stream ends wrongly
    "no_done",
    "no_finish",
    "no_usage",
    "cut_last_event",
    "empty_answer",
    # other ways to write the same stream
    "wav_chunks",
    "odd_pieces",
    "padded_pieces",
    "both_texts",
    "crlf",
    "comments",
    "cut_anywhere",
    # other ways to write the calls of tools
    "call_pieces",  # as text models do: arguments in pieces; later ones with an empty id, no name
    "call_native",  # as the native protocol does: later ones with an empty id, and name left out
    "call_repeated",  # id and name again in every piece
    "call_interleaved",  # as call_pieces, and the pieces of parallel calls take turns
    "call_no_id",  # the id is empty in every piece
    "call_no_index",
    "call_wrong_index",  # parallel calls all have the index 0
    "call_null_arguments",
    "call_empty_arguments",
    "call_surplus_brace",
    "call_after_words",  # text comes before the calls
    "call_finish_stop",  # the stream ends with "stop"
    # calls of tools that go wrong: once, or as long as the client asks
    "call_in_text",  # <tool_call> in the answer's text, and no call
    "call_in_text_broken",  # ... that does not end
    "call_read_aloud",  # name and arguments are spoken, too, when speech is asked for
    "call_unknown",  # a tool that there is not
    "call_unknown_always",
    "call_unfit",  # arguments that do not fit the tool's parameters
    "call_unfit_always",
    "call_broken",  # arguments that are no JSON
    # answers in JSON that need reading with care
    "json_fenced",
    "json_in_prose",
    # answers in JSON that go wrong: once, or as long as the client asks
    "json_broken",  # no JSON
    "json_broken_always",
    "json_unfit",  # JSON that does not fit the schema
    "json_unfit_always",
    "json_cut",  # as max_tokens cuts it
    # batches
    "batch_model",  # the file is refused: the model takes no batches
    "batch_some_failed",  # every third request fails
    "batch_lost",  # every third request is in neither file
    "batch_status_0",  # every third request has the status 0 and no words, and counts as done
    "batch_expired",  # the time is up after half of the requests
    "batch_poll_500",  # the first questions for the state fail
    "batch_shuffled",  # results in another order
]
FAULTS: tuple[Fault, ...] = get_args(Fault)

ServerDialect: TypeAlias = Literal[
    "dashscope",
    "openai",
    "vllm-omni",  # a WAV file in every piece of speech
    "vllm-omni-next",  # a header in the first piece only, as its pull request 5451 has it
    "sglang-omni",
]
SERVER_DIALECTS: tuple[ServerDialect, ...] = get_args(ServerDialect)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Pace, dialect and fault of the stand-in's answers.

    Parameters
    ----------
    pace
        1: speech arrives in real time; 2: twice as fast; 0: as fast as possible.
    fault
        What goes wrong, for tests; one of `FAULTS`.
    fault_after
        Events of the stream that are sent before a fault in its middle.
    fault_first
        So many requests have the fault, and then no more; 0: all.
    retry_after
        The seconds to wait that a fault with status 429 asks for; 0: it asks for none.
    lead_seconds
        Speech sent at once at the start, ahead of the pace: services generate faster than
        speech plays, and a player's buffer fills from it.
    jitter_seconds
        Each event comes up to this late; the same in every request.
    chunk_seconds
        Speech in one chunk.
    batch_seconds
        How long a batch takes; 0: as long as its answers take to make.
    dialect
        The kind of server whose protocol it has; one of `SERVER_DIALECTS`.
    """

    pace: float = 1.0
    fault: Fault = "none"
    fault_after: int = 6
    fault_first: int = 0
    retry_after: float = 0
    lead_seconds: float = 0.4
    jitter_seconds: float = 0.0
    chunk_seconds: float = 0.2
    batch_seconds: float = 0.0
    dialect: ServerDialect = "dashscope"

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"There is no fault {self.fault!r}; there are {', '.join(FAULTS)}.")
        if self.dialect not in SERVER_DIALECTS:
            raise ValueError(
                f"There is no dialect {self.dialect!r}; there are {', '.join(SERVER_DIALECTS)}."
            )
        for name, least, most in _RANGES:
            given = getattr(self, name)
            if not isinstance(given, (int, float)) or not least <= given <= most:  # also for NaN
                raise ValueError(f"{name} is from {least:g} to {most:g}, not {given!r}.")

    def with_header(self, header: str | None) -> Behaviour:
        """Return this behaviour as changed by a request's ``x-omni-behaviour`` header.

        Raises
        ------
        ValueError
            The header names something that does not exist, or a value out of range.

        Examples
        --------
        >>> Behaviour().with_header("fault=drop;pace=0").fault
        'drop'
        """
        changes: dict[str, Any] = {}
        for pair in (header or "").split(";"):
            if not pair.strip():
                continue
            name, equals, value = (word.strip() for word in pair.partition("="))
            if not equals or name not in _READERS:
                raise ValueError(
                    f"x-omni-behaviour has {pair.strip()!r}; expected name=value;... with the "
                    f"names {', '.join(_READERS)}."
                )
            changes[name] = _READERS[name](value)
        return replace(self, **changes)


_READERS: dict[str, Any] = {
    field.name: {"str": str, "int": int}.get(str(field.type), float) for field in fields(Behaviour)
} | {"fault": str, "dialect": str}
_RANGES = (
    ("pace", 0, 1000),
    ("fault_after", 0, 1_000_000),
    ("fault_first", 0, 1_000_000),
    ("retry_after", 0, 1_000_000),
    ("lead_seconds", 0, 60),
    ("jitter_seconds", 0, 60),
    ("chunk_seconds", 0.01, 10),
    ("batch_seconds", 0, 86_400),
)
