"""Check the arguments of a run, and make it."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal

from omni_nb.errors import MediaError, RequestError, brief
from omni_nb.many.batch import chat_connection, is_half_price
from omni_nb.many.batch import check as check_for_batch
from omni_nb.many.batch_driver import BatchDriver
from omni_nb.many.crew import MOST_AT_ONCE, Crew, Expected
from omni_nb.many.elsewhere import CrewElsewhere, check_on
from omni_nb.many.fingerprint import Fingerprints, key
from omni_nb.many.journal import Journal
from omni_nb.many.pace import Pace
from omni_nb.many.rows import Row, Rows
from omni_nb.many.run import Plan, Run, RunEstimate
from omni_nb.media.clip import check_storage
from omni_nb.media.parts import TextPart, parts_of
from omni_nb.media.paths import path_of
from omni_nb.rules.catalog import find_model
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.options import check_extra, check_options
from omni_nb.rules.pricing import batch_factor, share_of, total_cost
from omni_nb.turns.budget import Budget, ReservingBudget
from omni_nb.turns.connection import current_connection
from omni_nb.turns.estimate import forecast, priced_region
from omni_nb.turns.line import Line
from omni_nb.turns.rounds import MOST_ROUNDS
from omni_nb.turns.settings import Settings
from omni_nb.turns.stream import ReplyStream, check_timeout
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import language_of, plural, words

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from omni_nb.many.crew import Driver
    from omni_nb.many.run import Kind
    from omni_nb.media.clip import Storage
    from omni_nb.rules.money import Money
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.rounds import Approve
    from omni_nb.wire.request import Request
    from omni_nb.words import Language

SHORT_KEY: Final = 12
_KINDS: Final[Mapping[str | None, Kind]] = {None: "live", "file": "batch", "chat": "chat"}
"""What ``batch=`` may be, and the kind of a run that it makes."""

ARGUMENTS: Final = (
    *("image", "audio", "video", "frames", "rows", "into", "model", "voice", "modalities"),
    *("system", "system_as_turns", "connection", "budget", "timeout", "tools", "approve"),
    *("max_rounds", "response_format", "extra", "storage", "rpm", "tpm", "at_once"),
    *("batch", "on", "upload", "start", "wait", "show"),
)
"""The named arguments of `omni_nb.ask_many`."""

_LOOKED_AT: Final = 5
"""So many rows are tried for one that can be sent, before any is."""
_ESTIMATED: Final = 1_000
"""Of so many rows the tokens are estimated; of more, the rest are taken to be like them."""


def make_run(
    prompt: Any,
    *,
    image: Any = None,
    audio: Any = None,
    video: Any = None,
    frames: Any = None,
    rows: Any = None,
    into: str | os.PathLike[str] | None = None,
    model: str = DEFAULT_MODEL,
    voice: str | None = None,
    modalities: Sequence[str] | None = None,
    system: str | None = None,
    system_as_turns: bool = False,
    connection: Connection | None = None,
    budget: Money | None = None,
    timeout: float | None = None,
    tools: Sequence[Any] | None = None,
    approve: Approve = False,
    max_rounds: int = MOST_ROUNDS,
    response_format: Any = None,
    extra: Mapping[str, Any] | None = None,
    storage: Storage = "wav",
    rpm: float | None = None,
    tpm: float | None = None,
    at_once: int | None = None,
    batch: Literal["file", "chat"] | None = None,
    on: Any = None,
    upload: Literal["oss"] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Run:
    """Return a run that has not begun; everything that can be refused now is.

    Parameters
    ----------
    prompt, image, audio, video, frames, rows
        The question and what it is about, as `omni_nb.ask_many` takes them.
    into
        The folder of the answers; by default one in ``answers/`` whose name is of the question.
    model, voice, modalities, system, system_as_turns, connection, timeout, response_format, extra
        As for `omni_nb.ask`.
    budget
        What all answers may cost together, also those of earlier starts.
    tools, approve, max_rounds
        As for `omni_nb.ask`; nobody is there to be asked, so ``approve`` is no True.
    storage
        How speech is kept: ``"wav"``, ``"mp3"`` or ``"opus"``.
    rpm, tpm
        Requests and tokens a minute; by default what is known of the model.
    at_once
        How many are asked at the same time; by default as many as the limits use.
    batch, upload
        Ask through the Batch API, and send media through the service's store.
    on
        Who works elsewhere: anything with ``submit``.
    options
        The options of `omni_nb.ask`.

    Raises
    ------
    MediaError, RequestError
        Something is not allowed, or the first rows cannot be asked. Nothing was sent.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = make_run("Is {n} a cat?", rows=[{"n": "Tom"}, {"n": "Spike"}], into=folder)
    ...     run.start()
    ...     run.wait(), [result.state for result in run]
    (True, ['done', 'done'])
    """
    given = check_options(dict(options or {}), where="ask_many()", names=ARGUMENTS)
    if approve is True and tools:
        raise RequestError(
            "approve=True asks a person before each call, and in a run nobody is asked: pass a "
            "function, such as approve=lambda call: call.name == 'weather', or approve=False."
        )
    settings = Settings.chosen(
        model,
        voice=voice,
        modalities=modalities,
        system=system,
        system_as_turns=system_as_turns,
        options={**given, **check_extra(extra)},
        tools=tools,
        approve=approve,
        max_rounds=max_rounds,
        response_format=response_format,
        upload=upload,
    )
    check_timeout(timeout)
    check_storage(storage)
    _check_at_once(at_once)
    check_on(on, settings)
    asks = connection or current_connection()
    _check_batch(batch, on=on, limits=(rpm, tpm, at_once))
    if batch == "chat":
        asks = chat_connection(asks)
    every = Rows(prompt, table=rows, image=image, audio=audio, video=video, frames=frames)

    def request_of(row: Row) -> Request:
        request = settings.request(Line(), parts_of(row.prompt, **row.media))
        if batch == "file":
            check_for_batch(request)
        return request

    kind = _KINDS[batch]
    is_half = is_half_price(kind)
    factor = batch_factor(settings.model, priced_region(asks)) if is_half else Fraction(1)
    _check_first(every, request_of, asks, settings, Budget(budget, factor=factor))
    run_key = key(settings.request(Line(), (TextPart(every.question.strip() or "?"),)))[:SHORT_KEY]
    folder = _folder(into, run_key)
    header = {
        "v": 1,
        "run": run_key,
        "question": every.question,
        "model": settings.model,
        "voice": settings.voice,
        "modalities": list(settings.modalities),
        "system": settings.system,
        "options": _plain(settings.options),
        "form": settings.response_format.record() if settings.response_format else None,
        "stand_in": asks.is_stand_in,
        "kind": kind,
        "omni_nb": _version(),
    }
    journal = Journal(folder).refresh()
    expected = Expected()
    purse = ReservingBudget(budget, expected.tokens, factor)
    if (tally := journal.tally(run_key)).lines:
        purse.remember_costs([tally.cost])
    pace = _pace(settings, asks, rpm, tpm)
    driver: Driver = Crew(
        settings,
        asks,
        pace=pace,
        budget=purse,
        expected=expected,
        timeout=timeout,
        at_once=at_once,
        factor=factor,
    )
    if batch == "file":
        driver = BatchDriver(
            folder, settings.model, asks, form=settings.response_format, budget=budget
        )
    if on is not None:
        driver = CrewElsewhere(
            settings,
            asks,
            pace=pace,
            budget=purse,
            expected=expected,
            timeout=timeout,
            at_once=at_once,
            on=on,
            folder=folder.absolute(),
            run_key=run_key,
            storage=storage,
        )

    def estimate(run: Run) -> RunEstimate:
        made = _estimate(run, every, request_of, asks, expected, pace)
        return replace(made, cost=share_of(made.cost, factor))

    plan = Plan(every, request_of, driver, estimate, storage, factor)
    language = language_of([TextPart(every.question)] if every.question else every.first)
    return Run(
        folder,
        header,
        language=language,
        journal=journal,
        form=settings.response_format,
        plan=plan,
        note=_note(journal, run_key, every.total, language),
    )


def read_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run back from its folder; nothing is asked.

    Raises
    ------
    RequestError
        There is no run, or it cannot be read.
    """
    try:
        path = path_of(folder)
    except (ValueError, RuntimeError) as error:
        raise RequestError(f"{brief(str(folder))} is no folder: {error}.") from None
    journal = Journal(path).refresh()
    if not journal.headers:
        raise RequestError(
            f"There is no run in {brief(str(path))}: expected a folder that ask_many(..., into=) "
            "made, with rows.jsonl."
        )
    header = list(journal.headers.values())[-1]
    question = header["question"]
    kind = header.get("kind")
    read = {
        "run": header["run"],
        "question": question,
        "model": header["model"] if isinstance(header.get("model"), str) else "",
        "stand_in": header.get("stand_in") is True,
        "kind": kind if kind in ("live", "batch", "chat") else "live",
    }
    return Run(
        path,
        read,
        language=language_of([TextPart(question)]),
        journal=journal,
        form=_form(header.get("form")),
    )


def _form(record: Any) -> AnswerFormat | None:
    try:
        return AnswerFormat.from_record(record) if record is not None else None
    except (RequestError, ValueError, TypeError, KeyError):
        return None


def _check_first(
    rows: Rows,
    request_of: Callable[[Row], Request],
    connection: Connection,
    settings: Settings,
    budget: Budget,
) -> None:
    """Check the first row that can be asked; the later ones fail each by itself."""
    refused: MediaError | RequestError | None = None
    for row in rows.peek(_LOOKED_AT):
        try:
            request = request_of(row)
            ReplyStream.asking(request, connection, tool_rules=settings.tool_rules, budget=budget)
            rows.first = request.question
            return
        except (MediaError, RequestError) as error:
            refused = refused or error
    raise refused or RequestError("There are no rows: nothing to ask about.")


def _folder(into: str | os.PathLike[str] | None, run_key: str) -> Path:
    try:
        return path_of(f"answers/{run_key}" if into is None else into)
    except (ValueError, RuntimeError, TypeError) as error:
        raise RequestError(
            f"into is a folder for the answers, such as 'answers', not {brief(into)}: {error}."
        ) from None


def _pace(settings: Settings, connection: Connection, rpm: float | None, tpm: float | None) -> Pace:
    """Return the pace of a model where the service keeps its published one."""
    facts = find_model(settings.model)
    if facts is not None and connection.region is not None and not connection.is_stand_in:
        rpm = facts.rates.requests_per_minute if rpm is None else rpm
        tpm = facts.rates.tokens_per_minute if tpm is None else tpm
    return Pace(rpm, tpm)


def _check_batch(batch: object, *, on: object, limits: tuple[object, object, object]) -> None:
    """Check whether a run goes by Batch, and what goes with that."""
    if batch not in tuple(_KINDS):
        raise RequestError(
            "batch is 'file' (the Batch API: half the price, within a day), 'chat' (half the "
            f"price, each answer in its own time) or None, not {brief(batch)}."
        )
    if batch is not None and on is not None:
        raise RequestError("The Batch API needs no workers elsewhere: leave out on=, or batch=.")
    if batch == "file" and any(limit is not None for limit in limits):
        raise RequestError(
            "The service itself paces a batch: leave out rpm=, tpm= and at_once=, or batch=."
        )


def _check_at_once(given: object) -> None:
    if given is None:
        return
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 1_000:
        raise RequestError(
            f"at_once is how many rows are asked at the same time, from 1 to 1,000, not "
            f"{brief(given)}; None: as many as the limits use, up to {MOST_AT_ONCE}."
        )


def _note(journal: Journal, run_key: str, total: int | None, language: Language) -> str:
    """Return what a person should know where the folder's answers are to another question."""
    if run_key in journal.headers or not len(journal):
        return ""
    names, count = words("many", language), len(journal)
    rows = names["every row"] if total is None else names["so many rows"]
    return names["none fit"].format(
        count=count, s=plural(count), rows=rows.format(count=total, s=plural(total or 0))
    )


def _estimate(
    run: Run,
    rows: Rows,
    request_of: Callable[[Row], Request],
    connection: Connection,
    expected: Expected,
    pace: Pace,
) -> RunEstimate:
    prints, region = Fingerprints(), priced_region(connection)
    looked_at = reused = asked = tokens = 0
    costs = []
    each = expected.tokens() if expected.is_known else {}
    for row in rows.peek(_ESTIMATED):
        looked_at += 1
        try:
            request = request_of(row)
        except (MediaError, RequestError):
            continue  # such a row costs nothing
        if run.journal.answer(prints.key_of(request)) is not None:
            reused += 1
            continue
        made = forecast(request, region=region).answered(each)
        asked, tokens = asked + 1, tokens + made.tokens
        costs.append(made.cost)
    if not costs and run.cost is not None:
        costs = [run.cost.times(0)]  # nothing is left
    total = rows.total
    share = total / looked_at if total and looked_at else 1.0
    cost = total_cost(costs)
    count, whole = round(asked * share), round(tokens * share)
    answer = sum(each.values()) or None
    seconds = max(
        (60 * count / pace.rpm if pace.rpm else 0.0),
        (60 * (whole + count * (answer or 0)) / pace.tpm if pace.tpm else 0.0),
    )
    return RunEstimate(
        rows=None if total is None else count,
        reused=round(reused * share),
        tokens=whole,
        cost=cost.times(Fraction(total, looked_at) if total else 1) if cost else None,
        seconds=seconds or None,
        answer_tokens=answer,
    )


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as JSON holds them."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(options), default=str))
    return plain


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("omni-nb")
    except PackageNotFoundError:
        return "unknown"
