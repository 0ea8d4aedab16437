"""Result: the answer to one row, and the table of all of them."""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal

from omni_nb.rules.json_text import FormatProblems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import TypeAlias

    from omni_nb.many.journal import Line
    from omni_nb.rules.formats import AnswerFormat
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


def result_of(
    line: Line | None, place: int, name: str, key: str, *, folder: Path, form: AnswerFormat | None
) -> Result:
    """Return the result of a row: what its line in the journal says; without one it waits."""
    if line is None:
        return Result(place, name, "waiting", key=key)
    parsed: Any = None
    if form is not None and line.state == "done":
        with contextlib.suppress(FormatProblems):
            parsed = form.read(line.text)
    return Result(
        place=place,
        name=name,
        state=line.state,
        text=line.text,
        parsed=parsed,
        audio=folder / line.audio if line.audio else None,
        seconds=line.seconds,
        usage=line.usage,
        cost=line.cost,
        finish_reason=line.finish_reason,
        error=line.error,
        code=line.code,
        attempts=line.attempts,
        request_id=line.request_id,
        key=line.key,
        sent_at=line.sent_at,
        seconds_taken=line.seconds_taken,
    )


def table_of(results: Iterable[Result], form: AnswerFormat | None = None) -> Any:
    """Return a DataFrame of results, or a list of dicts where there is no pandas.

    An answer with a form has a column for each of its fields.
    """
    every = list(results)
    names = list(dict.fromkeys(n for r in every for n in _fields(r.parsed))) if form else []
    rows = [_record(result, names, has_form=form is not None) for result in every]
    if importlib.util.find_spec("pandas") is None:
        return rows
    import pandas as pd

    return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)


def _record(result: Result, names: list[str], *, has_form: bool) -> dict[str, Any]:
    answered: dict[str, Any] = {"text": result.text}
    if names:
        found = _fields(result.parsed)
        answered = {_free(name): found.get(name) for name in names}
    elif has_form:
        answered = {"value": result.parsed}
    cost = result.cost
    return {
        "name": result.name,
        **answered,
        "state": result.state,
        "audio": str(result.audio) if result.audio else None,
        "seconds": result.seconds,
        "tokens": result.usage.total if result.usage else None,
        "cost": float(cost.total) if cost else None,
        "currency": cost.currency if cost else None,
        "finish_reason": result.finish_reason,
        "error": result.error,
        "attempts": result.attempts,
        "request_id": result.request_id,
    }


_OURS = frozenset(
    (
        "name",
        "state",
        "audio",
        "seconds",
        "tokens",
        "cost",
        "currency",
        "finish_reason",
        "error",
        "attempts",
        "request_id",
    )
)


def _free(name: str) -> str:
    """Return the column of a field: one that has the name of ours gets another."""
    return f"answer.{name}" if name in _OURS else name


def _fields(parsed: Any) -> Mapping[str, Any]:
    """Return the fields of a value, by name; none of what has no fields."""
    if isinstance(parsed, dict):
        return {str(name): value for name, value in parsed.items()}
    if is_dataclass(parsed) and not isinstance(parsed, type):
        return {field.name: getattr(parsed, field.name) for field in fields(parsed)}
    dump = getattr(type(parsed), "model_fields", None)
    return {name: getattr(parsed, name) for name in dump} if isinstance(dump, dict) else {}
