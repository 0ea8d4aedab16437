"""Rows: what is asked about, from lists, folders, globs, tables and generators."""

from __future__ import annotations

import glob
import os
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import MediaError, RequestError, brief
from omni_nb.media.paths import path_of
from omni_nb.media.samples import are_samples
from omni_nb.media.sources import RemoteSource, described
from omni_nb.media.text import one_line, well_formed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from omni_nb.media.parts import Part

KINDS: Final = ("image", "audio", "video", "frames")
_ENDINGS: Final = {
    "image": ".png .jpg .jpeg .jpe .webp .gif .bmp .tif .tiff .heic .heif",
    "audio": ".wav .mp3 .m4a .aac .flac .ogg .opus .amr .3gp .3gpp .wma .aiff .aif",
    "video": ".mp4 .mov .avi .mkv .webm .flv .wmv .m4v .mpg .mpeg",
}
_WILD = re.compile(r"[*?\[]")
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_MOST_NAME = 120
MOST_PEEKED: Final = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place, its question's words, and its media as they were given."""

    place: int
    name: str
    prompt: Any
    media: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Column:
    """The items of one argument; without a total when a generator makes them."""

    items: Iterable[Any]
    total: int | None
    is_lazy: bool = False


class Rows:
    """The rows of a run, made one at a time.

    Parameters
    ----------
    prompt
        The question, with ``{column}`` where there is a table; or one question a row.
    table
        A table, or a list of dicts.
    **media
        ``image=``, ``audio=``, ``video=`` and ``frames=``.

    Attributes
    ----------
    total : int or None
        How many rows there are; None until a generator has ended.
    question : str
        The prompt as given.
    first : tuple of Part
        The question of the first row that could be asked.

    Raises
    ------
    MediaError, RequestError
        A folder has nothing of its kind, lengths differ, or a column is not there.

    Examples
    --------
    >>> rows = Rows("Is {name} here?", table=[{"name": "Ann"}, {"name": "Bo"}])
    >>> [row.prompt for row in rows], rows.total
    (['Is Ann here?', 'Is Bo here?'], 2)
    """

    def __init__(self, prompt: Any, *, table: Any = None, **media: Any) -> None:
        names, records = _records(table)
        self._names = names
        columns: dict[str, _Column] = {}
        constants: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for kind, given in media.items():
            if given is None:
                continue
            if isinstance(given, str) and given in names:
                sources[kind] = given
            elif (column := _column(kind, given)) is not None:
                columns[kind] = column
            else:
                constants[kind] = given
        self._fill: Callable[[Mapping[str, Any]], Any]
        if (prompts := _prompts(prompt)) is not None:
            columns["prompt"] = prompts
            self.question = ""
            self._fill = lambda record: record["prompt"]
        else:
            self.question = prompt if isinstance(prompt, str) else ""
            has_table = bool(names)
            template = _Template(prompt, names) if has_table and isinstance(prompt, str) else None
            self._fill = template.fill if template else lambda _: prompt
        if records is not None:
            columns = {"rows": records, **columns}
        if not columns:  # a single question is a run of one row
            columns = {"rows": _Column([{}], 1)}
        _check_lengths(columns)
        self._columns, self._constants, self._sources = columns, constants, sources
        sized = [column.total for column in columns.values() if column.total is not None]
        self.total: int | None = sized[0] if sized else None
        self.first: tuple[Part, ...] = ()
        self._is_lazy = any(column.is_lazy for column in columns.values())
        self._peeked: deque[Row] = deque()
        self._making = threading.Lock()
        self._rest = self._made()

    def __iter__(self) -> Iterator[Row]:
        """Yield all rows; those of a generator only once."""
        if not self._is_lazy:
            return self._made()
        return self._fed()

    def peek(self, most: int) -> Iterator[Row]:
        """Yield the first rows, which stay there; of a generator only a few are made."""
        if not self._is_lazy:
            yield from islice(self._made(), most)
            return
        with self._making:
            self._peeked.extend(islice(self._rest, min(most, MOST_PEEKED) - len(self._peeked)))
            peeked = list(self._peeked)
        yield from peeked

    def _fed(self) -> Iterator[Row]:
        while True:
            with self._making:
                row = self._peeked.popleft() if self._peeked else next(self._rest, None)
            if row is None:
                return
            yield row

    def _made(self) -> Iterator[Row]:
        iterators = {name: iter(column.items) for name, column in self._columns.items()}
        place = 0
        while True:
            given: dict[str, Any] = {}
            ended = []
            for name, items in iterators.items():
                try:
                    given[name] = next(items)
                except StopIteration:
                    ended.append(name)
            if ended and given and len(given) < len(iterators):
                raise RequestError(
                    f"{ended[0]} ended after {place:,} rows, and {next(iter(given))} has more: "
                    "each row needs one of both."
                )
            if ended:
                self.total = place
                return
            yield self._row(place, given)
            place += 1

    def _row(self, place: int, given: dict[str, Any]) -> Row:
        record = given.get("rows")
        record = record if isinstance(record, dict) else {}
        media = {kind: given.get(kind, self._constants.get(kind)) for kind in KINDS}
        media |= {kind: record.get(name) for kind, name in self._sources.items()}
        media = {kind: item for kind, item in media.items() if item is not None}
        prompt = self._fill(given if "prompt" in given else record)
        return Row(place, _name(place, given, media, self._sources), prompt, media)


class _Template:
    """The words of a question with the names of columns in braces."""

    def __init__(self, words: str, names: Iterable[str]) -> None:
        known = list(names)
        self._pieces: list[tuple[str, str | None]] = []
        at = 0
        for found in _FIELD.finditer(words):
            before, at = words[at : found.start()], found.end()
            sign, name = found[0], found[1]
            if sign in ("{{", "}}"):
                self._pieces.append((before + sign[0], None))
            elif name is None:
                raise RequestError(
                    f"The prompt has a single {sign!r}: with rows= braces hold the name of a "
                    f"column, and {sign * 2!r} is a brace."
                )
            elif name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0.4)
                meant = f" Did you mean {near[0]!r}?" if near else ""
                shown = ", ".join(brief(one) for one in known[:20])
                raise RequestError(f"There is no column {brief(name)}.{meant} There are: {shown}.")
            else:
                self._pieces.append((before, name))
        self._rest = words[at:]

    def fill(self, record: Mapping[str, Any]) -> str:
        """Return the words for one row."""
        filled = [
            before + ("" if name is None else _words(record.get(name)))
            for before, name in self._pieces
        ]
        return "".join(filled) + self._rest


def _words(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _records(table: Any) -> tuple[tuple[str, ...], _Column | None]:
    """Return the names of a table's columns, and its rows as dicts."""
    if table is None:
        return (), None
    if isinstance(table, (list, tuple)) or hasattr(table, "__next__"):
        is_lazy = hasattr(table, "__next__")
        items = iter(table) if is_lazy else table
        if is_lazy:
            first = next(items, None)
            items = chain([first], items) if first is not None else iter(())
        else:
            first = table[0] if table else {}
        if first is not None and not isinstance(first, dict):
            raise RequestError(
                "rows is a table (pandas, Polars, pyarrow) or a list of dicts, not a list of "
                f"{described(first)}."
            )
        return tuple(map(str, first or ())), _Column(
            items, None if is_lazy else len(table), is_lazy
        )
    import narwhals.stable.v1 as nw

    try:
        frame = nw.from_native(table, eager_only=True)
    except TypeError:
        raise RequestError(
            f"rows is a table (pandas, Polars, pyarrow) or a list of dicts, not {described(table)}."
        ) from None
    return tuple(map(str, frame.columns)), _Column(_NamedRows(frame), len(frame))


class _NamedRows:
    """The rows of a table as dicts, made one at a time."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._frame.iter_rows(named=True, buffer_size=512))


def _prompts(prompt: Any) -> _Column | None:
    """Return the prompts where there is one for each row; None: it is the same for all."""
    if isinstance(prompt, (str, tuple)) or prompt is None:
        return None
    return _listed(prompt)


def _listed(given: Any) -> _Column | None:
    """Return a list, Series, one-dimensional array of objects or generator as a column."""
    if isinstance(given, list) or (isinstance(given, tuple) and not are_samples(given)):
        return _Column(given, len(given))
    if hasattr(given, "__next__"):
        return _Column(given, None, is_lazy=True)
    if getattr(given, "ndim", 1) != 1 or isinstance(given, (str, bytes, bytearray, dict)):
        return None
    dtype = getattr(given, "dtype", None)
    if hasattr(given, "to_list"):  # a Series of pandas or Polars
        return _Column(given.to_list(), len(given))
    if hasattr(given, "to_pylist"):  # a column of pyarrow
        return _Column(given.to_pylist(), len(given))
    if getattr(dtype, "kind", "") in ("O", "U", "T"):
        return _Column(given.tolist(), len(given))
    return None


def _column(kind: str, given: Any) -> _Column | None:
    """Return the media of an argument, one for each row; None: the same one in each row."""
    if isinstance(given, (str, os.PathLike)):
        return _files(kind, given)
    return _listed(given)


def _files(kind: str, given: str | os.PathLike[str]) -> _Column | None:
    """Return the files of a folder or a glob; None: it is one file or a URL."""
    words = os.fspath(given)
    if not isinstance(words, str) or "://" in words[:12] or words[:5].lower() == "data:":
        return None
    try:
        path = path_of(words)
        is_folder, is_there = path.is_dir(), path.exists()
    except (OSError, ValueError, RuntimeError):
        return None  # the door of the medium says what is wrong
    if is_folder:
        endings = tuple(_ENDINGS["image" if kind == "frames" else kind].split())
        found = [one for one in path.iterdir() if one.name.lower().endswith(endings)]
        what = f"no {kind} file"
    elif not is_there and _WILD.search(words):
        found = [Path(one) for one in glob.glob(str(path), recursive=True)]
        what = "no file"
    else:
        return None
    files = sorted((one for one in found if one.is_file()), key=_natural)
    if not files:
        raise MediaError(
            f"{brief(words)} has {what}; the notebook runs in {Path.cwd()}.", hint="missing file"
        )
    return _Column(files, len(files))


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort 2.wav before 10.wav."""
    pieces = re.split(r"([0-9]+)", str(path))
    return [(0, int(p), p) if p.isdigit() and p.isascii() else (1, 0, p) for p in pieces]


def _check_lengths(columns: Mapping[str, _Column]) -> None:
    sized = [(name, column.total) for name, column in columns.items() if column.total is not None]
    for name, total in sized[1:]:
        first, expected = sized[0]
        if total != expected:
            raise RequestError(
                f"{first} has {expected:,} rows and {name} has {total:,}: each row needs one of "
                "both. One single medium, not in a list, is the same in each row."
            )


def _name(
    place: int, given: Mapping[str, Any], media: Mapping[str, Any], sources: Mapping[str, str]
) -> str:
    """Return a short name: that of the row's own file."""
    for kind, item in media.items():
        if (kind in given or kind in sources) and isinstance(item, (str, os.PathLike)):
            words = os.fsdecode(item)
            if words[:5].lower() == "data:":
                continue
            last = RemoteSource(words).name if "://" in words[:12] else Path(words).name
            if last:
                return one_line(well_formed(last), _MOST_NAME)
    return f"row {place + 1}"
