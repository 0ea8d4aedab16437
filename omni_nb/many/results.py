"""Result: the answer to one row, and the table of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeAlias

    from omni_nb.rules.pricing import Cost, Usage

RowState: TypeAlias = Literal["done", "failed", "stopped", "waiting"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one row.

    Attributes
    ----------
    place : int
        The row's place in the input, from 0.
    name : str
        A short name for people: the file's, else ``"row 18"``.
    state : str
        ``"done"``, ``"failed"``, ``"stopped"`` (cut short; what came is kept) or ``"waiting"``.
    text : str
        What the model said.
    parsed : object
        The answer as a value of the form asked for; None without a form.
    audio : Path or None
        The file of the speech.
    seconds : float or None
        How long the speech is.
    usage, cost : Usage, Cost or None
        Tokens and cost of all attempts; None: not known.
    finish_reason, error, code : str or None
        Why the answer ended, what went wrong, and the service's code of it.
    attempts : int
        How often the row was sent.
    request_id : str or None
        The service's id of the request.
    key : str
        The hash of what the service got: who asks the same again gets this answer.
    sent_at, seconds_taken : float or None
        When the row was sent, in unix seconds, and how long the answer took.
    """

    place: int
    name: str
    state: RowState
    text: str = ""
    parsed: Any = None
    audio: Path | None = None
    seconds: float | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    finish_reason: str | None = None
    error: str | None = None
    code: str | None = None
    attempts: int = 0
    request_id: str | None = None
    key: str = ""
    sent_at: float | None = None
    seconds_taken: float | None = None
