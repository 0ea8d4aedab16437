"""Results of tools: what a model is told of them, and what a person can see."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from omni_nb.errors import MediaError, OmniError, RequestError, brief
from omni_nb.media.clip import AudioClip
from omni_nb.media.drawn import is_figure, is_pil_image
from omni_nb.media.parts import PART_TYPES, TextPart, audio, image
from omni_nb.media.sources import display_kind
from omni_nb.media.text import one_line, shortened, well_formed
from omni_nb.turns.history import describe

if TYPE_CHECKING:
    from typing_extensions import Self

    from omni_nb.media.parts import Part

MOST_CHARACTERS: Final = 8_000
"""What a model is told of one result; more costs tokens in this turn and in every later one."""

_MOST_ERROR: Final = 500
_MOST_ITEMS: Final = 5_000
_MOST_ROWS: Final = 500
_MOST_DEPTH: Final = 20
_IMAGE_SIDE: Final = 16  # pixels, from which an array of colours is an image rather than data


State: TypeAlias = Literal["asked", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a model is told of a result.

    Attributes
    ----------
    text
        The text for the model; it says itself where it is cut, and how much is left out.
    parts
        The images and sounds in the result, for a message of their own; the text says what they
        are.
    is_cut
        Whether the text is not all of the result.
    """

    text: str
    parts: tuple[Part, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class ToolCall:
    """A call of a tool that the model asked for, and what came of it.

    Attributes
    ----------
    id, name
        As the model gave them.
    arguments
        The arguments as JSON; None where they could not be read.
    result
        What the function returned; of a saved conversation, what the model was told of it.
    error
        What went wrong, as a line; None where nothing did.
    seconds
        How long it ran; None where it did not.
    told
        What the model was told.
    written
        The arguments as the model wrote them, which it reads again in the history.
    parts
        The images that it was shown.
    shown
        The images and sounds in the result, for the person; of a saved conversation, ``parts``.
    state
        ``"asked"`` while a person has to decide, ``"running"``, ``"done"``, or ``"failed"``.
    is_unfit
        Whether the call cannot be made: there is no such tool, or its arguments do not fit.

    Examples
    --------
    >>> ToolCall("call_1", "weather", {"city": "Hangzhou"}, {"degrees": 21}, seconds=0.2)
    <ToolCall weather(city='Hangzhou') → {'degrees': 21}>
    """

    id: str
    name: str
    arguments: Mapping[str, Any] | None = None
    result: Any = None
    error: str | None = None
    seconds: float | None = None
    told: str = field(default="")
    written: str = "{}"
    parts: tuple[Part, ...] = ()
    state: State = "done"
    is_unfit: bool = False
    shown: tuple[Part, ...] = field(default=(), compare=False)

    def returned(
        self, result: Any, *, takes_images: bool, hide: Callable[[str], str] = str
    ) -> ToolCall:
        """Return the call with what its function returned."""
        made = told(result)
        images = tuple(part for part in made.parts if part.modality == "image")
        parts = images if takes_images else ()
        return dataclasses.replace(
            self,
            result=result,
            told=hide(made.text),
            parts=parts,
            shown=made.parts,
            state="done",
        )

    def failed(self, why: str, *, is_unfit: bool = False) -> ToolCall:
        """Return the call with the reason for which there is no result."""
        said = _json({"error": why})
        return dataclasses.replace(self, error=why, told=said, state="failed", is_unfit=is_unfit)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of the call."""
        return self.state in ("done", "failed")

    def record(self) -> dict[str, Any]:
        """Return the call as plain data; of its result, what the model was told."""
        return {
            "id": self.id,
            "name": self.name,
            "arguments": None if self.arguments is None else dict(self.arguments),
            "error": self.error,
            "seconds": self.seconds,
            "told": self.told,
            "written": self.written,
        }

    @classmethod
    def from_record(cls, record: Any) -> ToolCall:
        """Make a call again of its record.

        Raises
        ------
        RequestError
            The record is none.

        Examples
        --------
        >>> ToolCall.from_record(ToolCall("call_1", "now", {}, told='{"hour": 9}').record()).result
        {'hour': 9}
        """
        match record:
            case {
                "id": str(id_),
                "name": str(name),
                "arguments": dict() | None as arguments,
                "error": str() | None as error,
                "seconds": seconds,
                "told": str(told),
            }:
                known = _is_seconds(seconds)
                result = _result_of(told) if error is None else None
                ran = seconds if known else None
                state: State = "done" if error is None else "failed"
                written = record.get("written")
                return cls(
                    *(id_, name, arguments, result, error, ran, told),
                    written=written if isinstance(written, str) else "{}",
                    state=state,
                )
        raise RequestError(f"This is no record of a tool's call: {brief(record)}.")

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in (self.arguments or {}).items())
        came = f"error: {self.error}" if self.error is not None else brief(self.result)
        return f"<ToolCall {one_line(self.name, 64)}({one_line(given, 80)}) → {one_line(came, 80)}>"

    def __deepcopy__(self, memo: object) -> Self:
        return self


def told(result: Any, *, most: int = MOST_CHARACTERS) -> Told:
    r"""Return what a model is told of a function's result.

    Text is told as it is, all else as JSON: numbers, lists, dicts, dataclasses, pydantic models,
    dates, arrays, and tables of pandas, polars and pyarrow. An image, a Figure or a sound becomes
    a part, and the text says what it is.

    Parameters
    ----------
    result
        What the function returned.
    most
        The most characters of the text.

    Examples
    --------
    >>> told({"城市": "杭州", "degrees": (21, 22)}).text
    '{"城市": "杭州", "degrees": [21, 22]}'
    >>> told("x" * 9_000).text[-47:]
    'xxxx\n[cut: the first 7,940 of 9,000 characters]'
    """
    if isinstance(result, str):
        return _bounded(well_formed(result), (), most)
    reader = _Reader(most)
    text = _json(reader.value(result))
    made = _bounded(text, tuple(reader.parts), most)
    return dataclasses.replace(made, is_cut=made.is_cut or reader.is_cut)


def error_line(error: BaseException, *, hide: Callable[[str], str] = str) -> str:
    """Return an error as a line: its kind and message, bounded, without a traceback.

    Parameters
    ----------
    error
        What a function raised.
    hide
        Takes the secrets out of a text.

    Examples
    --------
    >>> error_line(ValueError("no such city"))
    'ValueError: no such city'
    """
    try:
        message = error.headline if isinstance(error, OmniError) else str(error)
    except Exception:  # an error's own __str__ may raise anything
        message = ""
    kind = type(error).__name__
    said = one_line(hide(message), _MOST_ERROR)
    return f"{kind}: {said}" if said else kind


@dataclass(frozen=True, slots=True)
class _Table:
    """The first rows of a table, and how many there are in all."""

    columns: list[str]
    rows: list[Any]
    total: int


class _Reader:
    """Make JSON of a value; images and sounds on the way become parts."""

    def __init__(self, most: int) -> None:
        self.parts: list[Part] = []
        self.is_cut = False
        self._most = most
        self._left = _MOST_ITEMS

    def value(self, value: Any, depth: int = 0) -> Any:
        """Return a value as JSON."""
        self._left -= 1
        if depth > _MOST_DEPTH:
            self.is_cut = True
            return "…"
        match value:
            case Enum():
                return self.value(value.value, depth)
            case None | bool() | str():
                return well_formed(value) if isinstance(value, str) else value
            case int():
                return int(value) if value.bit_length() < 1024 else _named(value)
            case float():
                return float(value) if math.isfinite(value) else str(float(value))
            case datetime() | date() | time():
                return value.isoformat()
            case bytes() | bytearray() | memoryview():
                return f"{len(bytes(value)):,} bytes"
        try:
            part = self._part(value)
            return self._other(value, depth) if part is None else part
        except Exception:  # what an object of another library can do may raise anything
            return _named(value)

    def _other(self, value: Any, depth: int) -> Any:
        table = _table_of(value)
        if table is not None:
            return self._rows(table, depth)
        plain = _plain(value)
        if isinstance(plain, Mapping):
            return self._mapping(plain, depth)
        if isinstance(plain, (Sequence, Set)) and not isinstance(plain, str):
            return self._many(plain, depth)
        return plain if plain is value else self.value(plain, depth + 1)

    def _rows(self, table: _Table, depth: int) -> dict[str, Any]:
        """Return a table, with as many rows as there is room for."""
        room = self._most - len(_json(table.columns)) - 120
        rows: list[Any] = []
        for row in table.rows:
            made = [None if _is_missing(c) else self.value(c, depth + 1) for c in row]
            room -= len(_json(made)) + 2
            if room < 0:
                break
            rows.append(made)
        left = table.total - len(rows)
        self.is_cut |= left > 0
        out = {"left_out": f"{left:,} of {table.total:,} rows"} if left else {}
        return {"columns": table.columns, "rows": rows, **out}

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, item in value.items():
            if self._left <= 0:
                self.is_cut = True
                made["…"] = f"{len(value) - len(made):,} more"
                break
            made[_key(name)] = self.value(item, depth + 1)
        return made

    def _many(self, value: Sequence[Any] | Set[Any], depth: int) -> list[Any]:
        made: list[Any] = []
        for item in value:
            if self._left <= 0:
                self.is_cut = True
                made.append(f"… {len(value) - len(made):,} more")
                break
            made.append(self.value(item, depth + 1))
        return made

    def _part(self, value: Any) -> str | None:
        """Keep an image or a sound as a part, and return what it is."""
        drawn = _figure_of(value)
        try:
            if isinstance(value, PART_TYPES):
                part: Part = value
            elif isinstance(value, AudioClip):
                part = audio(value)
            elif drawn is not None or _is_picture(value):
                part = image(value if drawn is None else drawn)
            else:
                return None
        except MediaError as error:
            return one_line(str(error))
        if isinstance(part, TextPart):
            return part.text
        self.parts.append(part)
        return describe(part)


def _table_of(value: Any) -> _Table | None:
    """Return a table or a column of pandas, polars or pyarrow, by what it can do."""
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or isinstance(value, type):
        return None
    if hasattr(value, "column_names") and hasattr(value, "to_pylist"):
        rows = [list(row.values()) for row in value.slice(0, _MOST_ROWS).to_pylist()]
        return _Table(list(map(str, value.column_names)), rows, shape[0])
    if not hasattr(value, "head"):
        return None
    first, has_index = value.head(_MOST_ROWS), hasattr(value, "iloc")
    if has_index and type(first.index).__name__ != "RangeIndex":
        first = first.reset_index()
    if hasattr(first, "itertuples"):
        rows = list(first.itertuples(index=False, name=None))
    elif hasattr(first, "iter_rows"):
        rows = list(first.iter_rows())
    else:
        name = getattr(first, "name", None)
        return _Table([str(name or "value")], [[cell] for cell in first.to_list()], shape[0])
    return _Table([_column(name) for name in first.columns], rows, shape[0])


def _is_missing(cell: Any) -> bool:
    return not isinstance(cell, str) and _named(cell) in ("nan", "NaT", "<NA>")


def _column(name: Any) -> str:
    return " ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name)


def _plain(value: Any) -> Any:
    """Return what a value holds as a dict, a list or a plain value; of the rest, its words."""
    if isinstance(value, (Mapping, Sequence, Set)):
        names = getattr(value, "_fields", None)
        return value._asdict() if names and hasattr(value, "_asdict") else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name, None) for f in dataclasses.fields(value)}
    if callable(getattr(value, "model_dump", None)):
        return value.model_dump(mode="json")
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and callable(getattr(value, "tolist", None)):
        return _array(value, shape)
    return _named(value)


def _array(value: Any, shape: tuple[int, ...]) -> Any:
    """Return an array's values; of a long one the first, and what there is."""
    total = math.prod(shape)
    if total <= 500:
        return value.tolist()
    first = value.reshape(-1)[:200]
    return {"shape": list(shape), "type": str(value.dtype), "first": first.tolist()}


def _figure_of(value: Any) -> Any:
    """Return a matplotlib Figure, of its Axes as well."""
    if is_figure(value):
        return value
    if "matplotlib.figure" not in sys.modules or isinstance(value, type):
        return None
    figure = getattr(value, "figure", None)
    return figure if is_figure(figure) else None


def _is_picture(value: Any) -> bool:
    if is_pil_image(value) or display_kind(value) == "image":
        return True
    shape = getattr(value, "shape", None)
    return (
        isinstance(shape, tuple)
        and len(shape) == 3
        and shape[2] in (3, 4)
        and min(shape[:2]) >= _IMAGE_SIDE
        and str(getattr(value, "dtype", "")) == "uint8"
    )


def _named(value: Any) -> str:
    try:
        words = str(value)
    except Exception:  # an object's own __str__ may raise anything, a long number among them
        words = f"a {type(value).__name__}"
    return shortened(words, MOST_CHARACTERS)


def _key(name: Any) -> str:
    return well_formed(name) if isinstance(name, str) else one_line(_named(name), 100)


def _json(data: Any) -> str:
    return well_formed(json.dumps(data, ensure_ascii=False, default=_named))


def _bounded(text: str, parts: tuple[Part, ...], most: int) -> Told:
    if len(text) <= most:
        return Told(text, parts)
    kept = max(0, most - 60)
    note = f"\n[cut: the first {kept:,} of {len(text):,} characters]"
    return Told(text[:kept] + note, parts, is_cut=True)


def _result_of(text: str) -> Any:
    """Return what was told as the value that it was."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
