"""Render a run of many questions: its bar and its numbers while it goes on, its table afterwards.

A run and its rows are made above this room, so what is read of them is said here as protocols.
Everything is words of a file, a service or a model: bounded, in a line, and escaped by `tag`.
"""
# ruff: noqa: D102  # the classes of omni_nb.many say what the attributes of these protocols are

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Protocol

from omni_nb.media.text import one_line, plain
from omni_nb.render.formulas import IGNORED
from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.labels import cost_text, join_sentences, labelled, seconds_text, sentence
from omni_nb.render.palette import ACCENT, ERROR, FAILED, FONT, LINE, MUTED, STOPPED, TEXT, WARN
from omni_nb.render.tables import Row, Table, padded
from omni_nb.render.values import short
from omni_nb.words import language_here, plural, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from omni_nb.rules.pricing import Cost, Usage
    from omni_nb.words import Language

SHOWN_ROWS: Final = 8
FOLDED_ROWS: Final = 24
LIVE_FAILURES: Final = 3
"""While a run goes on, so many kinds of failures are shown."""

_QUESTION_CHARACTERS: Final = 200
_ANSWER_CHARACTERS: Final = 160
_ERROR_CHARACTERS: Final = 300
_NAME_CHARACTERS: Final = 60
_LIVE_CHARACTERS: Final = 120
_PLACES: Final = 8
_SIGNS: Final = {"done": "✓", "failed": "✗", "stopped": "■"}
_OVER: Final = frozenset({"done", "stopped", "failed", "read"})

_BOX: Final = style(
    "max-width:46em",
    "padding:0.25em",
    f"color:{TEXT}",
    "line-height:1.5",
    f"font-family:{FONT}",
    "overflow-wrap:anywhere",
)
_SMALL: Final = f"color:{MUTED};font-size:0.85em"
_NUMBERS: Final = f"color:{MUTED};font-size:0.9em;font-variant-numeric:tabular-nums"
_PICTURE: Final = "flex:0 0 64px;max-height:44px;overflow:hidden"
_TRACK: Final = style(
    "display:flex;height:8px;border-radius:4px;overflow:hidden;margin:0.35em 0",
    f"background-color:{LINE}",
)
_TABLE: Final = style(
    "border-collapse:collapse;margin:0;font-size:0.9em;text-align:end",
    "overflow-wrap:anywhere;font-variant-numeric:tabular-nums",
)
# The rules of a cell are written in every cell, so they are few.
_TOP: Final = f"border-top:1px solid {LINE}"
_CELL: Final = "padding:.2em .6em .2em .2em;vertical-align:top"
_HEAD: Final = f"{_CELL};font-weight:600;white-space:nowrap"
_NUMBER: Final = f"{_CELL};white-space:nowrap"
_WORDS: Final = f"{_CELL};text-align:start;min-width:8em"
_NAME: Final = f"{_CELL};text-align:start;min-width:6em"


class Answer(Protocol):
    """What is shown of one row."""

    @property
    def place(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def parsed(self) -> Any: ...
    @property
    def audio(self) -> Path | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def usage(self) -> Usage | None: ...
    @property
    def cost(self) -> Cost | None: ...
    @property
    def error(self) -> str | None: ...


class Standing(Protocol):
    """How far a run is."""

    @property
    def state(self) -> str: ...
    @property
    def total(self) -> int | None: ...
    @property
    def done(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def stopped(self) -> int: ...
    @property
    def left(self) -> int | None: ...
    @property
    def on_way(self) -> int: ...
    @property
    def reused(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def rate(self) -> float | None: ...
    @property
    def seconds_left(self) -> float | None: ...
    @property
    def spent(self) -> Cost | None: ...
    @property
    def expected(self) -> Cost | None: ...
    @property
    def saved(self) -> Cost | None: ...
    @property
    def latest(self) -> Sequence[Answer]: ...
    @property
    def failures(self) -> Sequence[tuple[str, int, tuple[int, ...]]]: ...
    @property
    def paused_seconds(self) -> float | None: ...
    @property
    def problem(self) -> str: ...
    @property
    def on_way_lost(self) -> Sequence[int]: ...
    @property
    def batch(self) -> Batched | None: ...


class Batched(Protocol):
    """How far the service is with a batch."""

    @property
    def status(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def completed(self) -> int: ...
    @property
    def trouble(self) -> str: ...


class Asked(Protocol):
    """What is shown of a run beside how far it is."""

    @property
    def folder(self) -> Path: ...
    @property
    def question(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def language(self) -> Language: ...
    @property
    def is_stand_in(self) -> bool: ...
    @property
    def kind(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def progress(self) -> Standing: ...
    def __getitem__(self, places: slice, /) -> Sequence[Answer]: ...


class Needed(Protocol):
    """What is shown of an estimate."""

    @property
    def rows(self) -> int | None: ...
    @property
    def reused(self) -> int: ...
    @property
    def tokens(self) -> int: ...
    @property
    def cost(self) -> Cost | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def answer_tokens(self) -> float | None: ...


def is_over(state: str) -> bool:
    """Whether nothing more will come by itself.

    Examples
    --------
    >>> is_over("running"), is_over("stopped")
    (False, True)
    """
    return state in _OVER


def duration_text(seconds: float, language: Language) -> str:
    """Write a time in its two largest units.

    Examples
    --------
    >>> [duration_text(n, "en") for n in (0.2, 75, 5000, 200_000)]
    ['1 s', '75 s', '1 h 24 min', '2 d 7 h']
    >>> duration_text(600, "zh")
    '10 分钟'
    """
    names, whole = words("many", language), math.ceil(min(seconds, 1e9))
    minutes = math.ceil(whole / 60)
    if whole < 90:
        return names["seconds"].format(count=whole)
    if minutes < 60:
        return names["minutes"].format(count=minutes)
    if minutes < 24 * 60:
        return names["hours"].format(hours=minutes // 60, minutes=minutes % 60)
    return names["days"].format(days=minutes // 1440, hours=minutes % 1440 // 60)


def counts_text(now: Standing, language: Language) -> str:
    """Say how many rows are answered, failed, stopped and left."""
    names = words("many", language)
    key = "counts open" if now.total is None else "counts"
    said = [names[key].format(done=now.done, total=now.total)]
    is_at_rest = is_over(now.state) or now.state == "ready"
    counted = {
        "reused": now.reused,
        "failed": now.failed,
        "stopped": now.stopped,
        "on way": now.on_way,
        "left": now.left if is_at_rest else 0,
    }
    said += [names[name].format(count=count) for name, count in counted.items() if count]
    return " · ".join(said)


def numbers_text(run: Asked, now: Standing) -> str:
    """Say how far a run is, in a line: rows, rate, time and money."""
    return " · ".join(
        [counts_text(now, run.language), *_pace(now, run.language), *_money(run, now)]
    )


def line_text(run: Asked, now: Standing) -> str:
    """Return a run as one line for a terminal."""
    share = f"{_percent(now)} % · " if now.total else ""
    said = [f"{share}{numbers_text(run, now)}", *_waits(now, run.language)]
    if is_over(now.state) or now.state == "ready":
        said += [*_notes(run, now), *_endings(run, now)]
    return one_line(" · ".join(said), 2000)


def said_text(now: Standing, language: Language) -> str:
    """Return what a screen reader says: how far it is by tenths, and how it ended."""
    names = words("many", language)
    if now.state == "stopping":
        return names["stopping"]
    if is_over(now.state):
        problem = names["problem"].format(problem=one_line(now.problem, _ERROR_CHARACTERS))
        return join_sentences(
            sentence(counts_text(now, language), language),
            problem if now.problem else "",
            language=language,
        )
    if not now.total:
        return ""
    return f"{_percent(now) // 10 * 10} %"


def head_html(run: Asked) -> HTML:
    """Return the question, and who is asked."""
    question = one_line(run.question, _QUESTION_CHARACTERS)
    model = one_line(run.model, _NAME_CHARACTERS)
    return tag(
        "div",
        tag("span", question, class_=IGNORED, dir="auto", style="font-weight:600"),
        " ",
        tag("span", model, style=_SMALL),
    )


def bar_html(now: Standing, language: Language) -> HTML:
    """Return the bar of a run: what is done, and what has failed, of all."""
    names = words("many", language)
    whole = now.total or max(1, now.done + now.failed + now.stopped)
    colors = ((now.done, ACCENT), (now.failed, FAILED), (now.stopped, STOPPED))
    parts = [
        tag("div", style=f"width:{100 * count / whole:.2f}%;background-color:{color}")
        for count, color in colors
        if count
    ]
    return tag(
        "div",
        *parts,
        role="progressbar",
        aria_label=names["label"],
        aria_valuemin=0,
        aria_valuemax=now.total,
        aria_valuenow=_ended(now) if now.total is not None else None,
        aria_valuetext=counts_text(now, language),
        style=_TRACK,
    )


def line_html(run: Asked, now: Standing) -> HTML:
    """Return the numbers of a run, and what it waits for."""
    waits = [tag("div", said, style=f"color:{WARN}") for said in _waits(now, run.language)]
    return join(tag("div", numbers_text(run, now), style=_NUMBERS), *waits)


def aside_html(run: Asked, now: Standing, *, chip: Callable[[Answer], HTML] | None = None) -> HTML:
    """Return what is seen below the numbers while a run goes on: failures, the last answers."""
    notes = [tag("div", said, style=f"color:{WARN}") for said in _notes(run, now)]
    return join(
        *notes,
        _failures_html(now, run.language, LIVE_FAILURES),
        _latest_html(now, run.language, chip),
    )


def progress_html(run: Asked, now: Standing) -> HTML:
    """Return a run that goes on, for a page that shows no widget."""
    return tag(
        "div",
        head_html(run),
        bar_html(now, run.language),
        line_html(run, now),
        aside_html(run, now),
        class_="omni-many omni-streaming",
        style=_BOX,
    )


def run_html(run: Asked) -> HTML:
    """Return a run as HTML that stays in the notebook: its numbers, and a table of its rows."""
    now, language = run.progress, run.language
    rows = run[: SHOWN_ROWS + FOLDED_ROWS]
    is_asked = any(row.state != "waiting" for row in rows)
    said = [*_waits(now, language), *_notes(run, now), *_endings(run, now)]
    stand_in = f"◇ {words('reply', language)['stand-in']}" if run.is_stand_in else ""
    folder = words("many", language)["file"].format(folder=_folder(run))
    return tag(
        "div",
        head_html(run),
        bar_html(now, language),
        tag("div", numbers_text(run, now), style=_NUMBERS),
        *(tag("div", one, style=f"color:{WARN}") for one in said),
        _failures_html(now, language, len(now.failures)),
        _rows_html(run, rows, now) if is_asked else None,
        tag("div", " · ".join(filter(None, (folder, stand_in))), style=_SMALL),
        class_="omni-many",
        style=_BOX,
    )


def run_text(run: Asked) -> str:
    """Return a run as text for a terminal: the same numbers, failures and rows."""
    now, language = run.progress, run.language
    rows = run[:SHOWN_ROWS]
    lines = [
        f"{one_line(run.question, _QUESTION_CHARACTERS)} ({one_line(run.model, _NAME_CHARACTERS)})",
        numbers_text(run, now),
        *_waits(now, language),
        *_notes(run, now),
        *_endings(run, now),
        *(_failure_text(failure, language) for failure in now.failures),
    ]
    if any(row.state != "waiting" for row in rows):
        lines += [
            f"{row.place:>5}  {padded(_name(row), 20)}  {_sign(row)} {_said(row)}" for row in rows
        ]
        lines += _left_out(run, now, len(rows))
    return plain("\n".join(lines))


def run_bundle(run: Asked) -> dict[str, str]:
    """Return the static form of a run as a MIME bundle, with no widget in it."""
    return {"text/html": run_html(run), "text/plain": run_text(run)}


def progress_bundle(run: Asked, now: Standing) -> dict[str, str]:
    """Return a run that goes on as a MIME bundle, with no widget in it."""
    return {"text/html": progress_html(run, now), "text/plain": line_text(run, now)}


def needed_table(needed: Needed, language: Language | None = None) -> Table:
    """Return what the rows of a run will need as a table."""
    language = language or language_here()
    names, unknown = words("many", language), words("labels", language)["unknown"]
    values = {
        "rows to ask": unknown if needed.rows is None else f"{needed.rows:,}",
        "rows answered": f"{needed.reused:,}",
        "input tokens": f"{needed.tokens:,}",
        "answer tokens": "" if needed.answer_tokens is None else f"{needed.answer_tokens:,.0f}",
        "cost": cost_text(needed.cost, language),
        "time": unknown if needed.seconds is None else duration_text(needed.seconds, language),
    }
    rows = tuple(Row(names[key], (value,)) for key, value in values.items() if value)
    is_alone = needed.answer_tokens is None and needed.cost is not None
    notes = (*([names["input alone"]] if is_alone else []), names["nothing sent"])
    return Table(names["estimate"], ("", ""), rows, notes)


def _ended(now: Standing) -> int:
    return now.done + now.failed + now.stopped


def _percent(now: Standing) -> int:
    return 100 * _ended(now) // max(1, now.total or 1)


def _pace(now: Standing, language: Language) -> list[str]:
    names = words("many", language)
    if is_over(now.state):
        return (
            [names["took"].format(time=duration_text(now.seconds, language))] if now.seconds else []
        )
    said = []
    if now.rate is not None:
        said.append(
            names["rate"].format(rate=f"{now.rate:,.0f}" if now.rate >= 10 else f"{now.rate:.1f}")
        )
    if now.seconds_left is not None:
        said.append(names["time left"].format(time=duration_text(now.seconds_left, language)))
    return said


def _money(run: Asked, now: Standing) -> list[str]:
    names, labels = words("many", run.language), words("labels", run.language)
    if run.is_stand_in:
        whole = now.spent if is_over(now.state) else now.expected or now.spent
        return [labels["would cost"].format(amount=cost_text(whole, run.language))] if whole else []
    said = []
    if now.spent is not None:
        said.append(names["spent"].format(amount=cost_text(now.spent, run.language)))
    elif _ended(now):
        said.append(labels["cost unknown"])
    if now.expected is not None and not is_over(now.state):
        said.append(names["expected"].format(amount=cost_text(now.expected, run.language)))
    if now.saved is not None and now.saved.total:
        said.append(names["saved"].format(amount=cost_text(now.saved, run.language)))
    return said


def _waits(now: Standing, language: Language) -> list[str]:
    """Say what a run waits for."""
    names = words("many", language)
    said = [names["stopping"]] if now.state == "stopping" else []
    if now.paused_seconds and not is_over(now.state):
        said.append(names["pause"].format(seconds=math.ceil(min(now.paused_seconds, 1e6))))
    if now.batch is not None and not is_over(now.state):
        told = now.batch
        status = names.get(f"batch {told.status}", told.status.replace("_", " "))
        counts = names["batch counts"].format(completed=told.completed, total=told.total)
        said.append(names["batch told"].format(status=status, counts=counts if told.total else "…"))
        said += [named for named in (told.trouble,) if named]
    return said


def _notes(run: Asked, now: Standing) -> list[str]:
    """Say what a person has to know of the rows."""
    names, said = words("many", run.language), [one_line(run.note, _ERROR_CHARACTERS)]
    if now.state == "ready":
        said.append(names["ready"])
    if count := len(now.on_way_lost):
        rows = _places_text(now.on_way_lost, count)
        said.append(names["lost"].format(count=count, s=plural(count), rows=rows))
    if run.kind == "batch" and not is_over(now.state):
        said.append(names["batch"])
    return list(filter(None, said))


def _endings(run: Asked, now: Standing) -> list[str]:
    """Say why a run is over before its rows are."""
    names = words("many", run.language)
    said = [names["stopped now"]] if now.state == "stopped" and not now.problem else []
    if now.problem:
        said.append(names["problem"].format(problem=one_line(now.problem, _ERROR_CHARACTERS)))
    return said


def _failures_html(now: Standing, language: Language, most: int) -> HTML | None:
    """Return the failures, grouped by their words."""
    if not now.failures:
        return None
    names = words("many", language)
    lines = [
        tag("li", _failure_text(failure, language), dir="auto") for failure in now.failures[:most]
    ]
    left = now.failed - sum(count for _, count, _ in now.failures[:most])
    if left > 0:
        lines.append(tag("li", names["other failures"].format(count=left, s=plural(left))))
    return tag(
        "div",
        tag("div", names["failures"], style=_SMALL),
        tag(
            "ul", *lines, class_=IGNORED, style=f"margin:0;padding-inline-start:1.5em;color:{ERROR}"
        ),
        style="margin:0.35em 0",
    )


def _failure_text(failure: tuple[str, int, tuple[int, ...]], language: Language) -> str:
    names, (error, count, places) = words("many", language), failure
    said = names["failure"].format(count=count, error=one_line(error, _ERROR_CHARACTERS))
    rows = names["rows"].format(s=plural(count), rows=_places_text(places, count))
    return words("labels", language)["aside"].format(words=said, more=rows)


def _places_text(places: Sequence[int], count: int) -> str:
    """Write the places of rows as they are counted in ``run[place]``."""
    shown = ", ".join(map(str, places[:_PLACES]))
    return f"{shown} …" if count > min(len(places), _PLACES) else shown


def _latest_html(
    now: Standing, language: Language, chip: Callable[[Answer], HTML] | None
) -> HTML | None:
    if not now.latest:
        return None
    pictures = [chip(row) if chip is not None else HTML() for row in now.latest]
    lines = [
        tag(
            "div",
            tag("div", picture, style=_PICTURE) if any(pictures) else None,
            tag(
                "div",
                tag("span", f"{_name(row)} ", style=f"color:{MUTED}"),
                tag("span", _said(row, _LIVE_CHARACTERS), dir="auto", style=_color(row)),
                class_=IGNORED,
                style="min-width:0",
            ),
            style="display:flex;gap:0.5em;align-items:center;min-height:1.6em",
        )
        for row, picture in zip(now.latest, pictures, strict=True)
    ]
    title = tag("div", words("many", language)["latest"], style=_SMALL)
    return tag("div", title, *lines, style="margin:0.35em 0")


def _rows_html(run: Asked, rows: Sequence[Answer], now: Standing) -> HTML:
    """Return the first rows as a table, the next ones folded, and how many are left out."""
    names = words("many", run.language)
    has_speech = any(row.audio is not None for row in rows)
    folded = rows[SHOWN_ROWS:]
    more = names["more rows"].format(count=len(folded), s=plural(len(folded)))
    left = _left_out(run, now, len(rows))
    return tag(
        "div",
        _table(rows[:SHOWN_ROWS], run, has_speech=has_speech),
        tag(
            "details",
            tag("summary", more, style=f"cursor:pointer;{_SMALL}"),
            _table(folded, run, has_speech=has_speech),
        )
        if folded
        else None,
        *(tag("div", said, style=_SMALL) for said in left),
        style="overflow-x:auto;margin:0.35em 0",
    )


def _left_out(run: Asked, now: Standing, shown: int) -> list[str]:
    left = (now.total or _ended(now)) - shown
    if left <= 0:
        return []
    file = f"{_folder(run)}/rows.jsonl"
    return [words("many", run.language)["all rows"].format(count=left, file=file)]


def _table(rows: Iterable[Answer], run: Asked, *, has_speech: bool) -> HTML:
    names = words("many", run.language)
    keys = ["row", "name", "answer", *(["speech"] if has_speech else []), "tokens", "cost"]
    numbers = {"row", "tokens", "cost"}
    heads = [tag("th", names[key], scope="col", style=_side(key in numbers)) for key in keys]
    body = [_row_html(row, run, has_speech=has_speech) for row in rows]
    return tag(
        "table",
        tag("thead", tag("tr", *heads, style=f"color:{MUTED}")),
        tag("tbody", *body),
        class_=IGNORED,
        aria_label=names["label"],
        style=_TABLE,
    )


def _row_html(row: Answer, run: Asked, *, has_speech: bool) -> HTML:
    cost = "" if row.cost is None and row.usage is None else cost_text(row.cost, run.language)
    tokens = "" if row.usage is None else f"{row.usage.total:,}"
    return tag(
        "tr",
        tag("td", str(row.place), style=_NUMBER),
        tag("td", _name(row), dir="auto", style=_NAME),
        tag("td", _said(row), dir="auto", style=style(_WORDS, _color(row))),
        tag("td", _speech(row, run.language), style=_NAME) if has_speech else None,
        tag("td", tokens, style=_NUMBER),
        tag("td", cost, style=_NUMBER),
        style=_TOP,
    )


def _side(is_number: bool) -> str:
    return style(_HEAD, "text-align:end" if is_number else "text-align:start")


def _speech(row: Answer, language: Language) -> str:
    """Say how long the speech is, and where its file lies."""
    if row.audio is None:
        return ""
    seconds = "" if row.seconds is None else seconds_text(row.seconds)
    length = words("labels", language)["seconds"].format(seconds=seconds) if seconds else ""
    path = one_line("/".join(row.audio.parts[-2:]), _NAME_CHARACTERS)
    return labelled(length, path, language) if length else path


def _name(row: Answer) -> str:
    return one_line(row.name, _NAME_CHARACTERS)


def _said(row: Answer, most: int = _ANSWER_CHARACTERS) -> str:
    """Return an answer in a line, or why there is none."""
    if row.state == "failed" or (row.error and not row.text):
        return one_line(row.error or "", most)
    if row.state == "waiting":
        return "…"
    return one_line(row.text, most) if row.parsed is None else short(row.parsed, most)


def _sign(row: Answer) -> str:
    return _SIGNS.get(row.state, "·")


def _color(row: Answer) -> str:
    return {"failed": f"color:{ERROR}", "stopped": f"color:{WARN}"}.get(row.state, "")


def _folder(run: Asked) -> str:
    """Name the folder without saying where on this machine it lies."""
    parts = run.folder.parts
    shown = "/".join(parts[-2:]) if run.folder.is_absolute() else "/".join(parts)
    return one_line(shown, 2 * _NAME_CHARACTERS)
