"""Ask one question about many things, and show how far it is: `ask_many`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from omni_nb.errors import RequestError, brief
from omni_nb.many.asking import ARGUMENTS, make_run
from omni_nb.rules.options import check_options
from omni_nb.turns.rounds import MOST_ROUNDS
from omni_nb.views.notebook import advised
from omni_nb.views.run_stages import choose_run_stage
from omni_nb.views.run_watch import show_run, watch_beside, watch_run
from omni_nb.views.stages import check_show
from omni_nb.wire.request import DEFAULT_MODEL

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from typing_extensions import Unpack

    from omni_nb.many.run import Run
    from omni_nb.media.clip import Storage
    from omni_nb.rules.money import Money
    from omni_nb.rules.options import Options
    from omni_nb.turns.connection import Connection
    from omni_nb.turns.rounds import Approve


def ask_many(
    prompt: Any = None,
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
    show: bool | None = None,
    storage: Storage = "wav",
    rpm: float | None = None,
    tpm: float | None = None,
    at_once: int | None = None,
    wait: bool = True,
    start: bool | None = None,
    batch: Literal["file", "chat"] | None = None,
    on: Any = None,
    upload: Literal["oss"] | None = None,
    **options: Unpack[Options],
) -> Run:
    """Ask one question about many things: a table, a list, a folder of files.

    Each answer is in the folder ``into`` as soon as it is there, so the same call again goes on
    where it stopped, after an interrupt as after a crash: what was answered is not asked, nor
    paid, again. The pace keeps to what the model's limits allow.

    Parameters
    ----------
    prompt
        The question. With ``rows=``, ``{name}`` is filled in from the column of that name, and
        ``{{`` is a brace. A list or a Series has a question of its own for each row.
    image, audio, video
        What is asked about: a list, Series, array or generator with one item for each row (a list
        within it: several for one row); a folder, for its files in order of their names; a pattern
        such as ``"calls/*.wav"``; with ``rows=`` the name of a column. One single medium beside
        many others is the same in each row. An item is whatever `ask` takes.
    frames
        Videos as lists of their images, one list for each row.
    rows
        A table: pandas, Polars, pyarrow, or a list of dicts.
    into
        The folder of the answers: ``rows.jsonl``, and ``audio/`` for speech. By default
        ``answers/`` and a name made of the prompt, the model and the settings.
    model
        The model's name; `omni_nb.models` lists those that are known.
    voice
        The voice of the answers, such as ``"Cherry"``; asks for speech, which is written to files.
    modalities
        ``["text"]`` or ``["text", "audio"]``; by default speech when a voice is given.
    system
        A system message: how the model should answer.
    system_as_turns
        Send the system message's words as a question that the model agreed to.
    connection
        A service of its own (`omni_nb.connect`); by default the notebook's.
    budget
        What the run may cost, such as ``omni.CNY(20)``, what the folder's answers have cost
        included. Each question is reserved with its expected answer before it is sent, so many at
        once do not pass it together. Where a price is not known, nothing is sent.
    timeout
        Seconds that one answer may take.
    tools
        Functions that the model may call, as for `ask`. Nobody sits there to be asked about each
        call.
    approve
        Who decides on each call: by default nobody; a function takes a `ToolCall` and returns True
        or False.
    max_rounds
        How many times the model may call tools for one question before it has to answer.
    response_format
        The form of the answers, as for `ask`; ``run.table()`` has its fields as columns.
    temperature, top_p, top_k, seed, stop, presence_penalty, frequency_penalty, repetition_penalty
        How words are chosen, and where an answer ends.
    max_tokens, max_completion_tokens
        The longest answer, in tokens.
    enable_thinking, thinking_budget, reasoning_effort
        Think before the answer, and how long; text answers only.
    enable_search, search_options
        Let the model search the web, and how.
    vl_high_resolution_images, use_multichannel
        Look at images in more detail; hear the channels of audio apart.
    tool_choice, parallel_tool_calls
        Whether a tool has to be called at first, and which; whether several are at once.
    extra
        Fields of the request's body that omni_nb does not know, as a dict.
    show
        False: silent. By default a notebook's cell shows how far the run is, with a Stop button,
        and keeps its result; a terminal has a line on standard error.
    storage
        How speech is written: ``"wav"`` (every sample, 48 kB a second) or ``"mp3"`` (5 kB).
    rpm, tpm
        Requests and tokens a minute, where they differ from what is known of the model.
    at_once
        How many questions are on their way at the same time; by default as many as the limits can
        use, beginning with two.
    wait
        False: return at once; the run goes on beside the notebook, and so does its view.
    start
        False: ask nothing yet; ``run.estimate()`` says what it would take, ``run.start()`` asks.
        True: ask also where none of the folder's answers fit this question. By default a run waits
        for a ``run.start()`` there, since all would be paid anew.
    batch
        ``"file"``: by the service's Batch files, at half price, text answers, within a day.
        ``"chat"``: by its Batch address, at half price, as questions that wait long.
    on
        Where the questions are asked from: by default threads of this process; any executor with
        ``submit``, such as that of a Dask client.
    upload
        ``"oss"``: media too large for a message go by the service's temporary upload.

    Returns
    -------
    Run
        The run: ``run.table()``, ``run[17]``, ``run.failed``, ``run.again()``, ``run.cost``. Also
        when it was stopped (■: what is on its way finishes; ■ again ends that, too), with what
        there is.

    Raises
    ------
    MediaError, RequestError
        Something is not allowed; nothing was sent.
    BudgetError
        A budget cannot be kept, as the price is not known; nothing was sent.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> animals = [{"name": "cat"}, {"name": "dog"}]
    >>> run = ask_many("What does a {name} eat?", rows=animals, into=mkdtemp(), show=False)
    >>> len(run), run[1].state, run.failed
    (2, 'done', [])
    """
    with advised(*([prompt] if isinstance(prompt, str) else [])):
        given = check_options(options, where="ask_many()", names=ARGUMENTS)
        check_show(show)
        _check_choice("wait", wait, {True: "True", False: "False"})
        _check_choice("start", start, {True: "True", False: "False", None: "None"})
        run = make_run(
            prompt,
            image=image,
            audio=audio,
            video=video,
            frames=frames,
            rows=rows,
            into=into,
            model=model,
            voice=voice,
            modalities=modalities,
            system=system,
            system_as_turns=system_as_turns,
            connection=connection,
            budget=budget,
            timeout=timeout,
            tools=tools,
            approve=approve,
            max_rounds=max_rounds,
            response_format=response_format,
            extra=extra,
            storage=storage,
            rpm=rpm,
            tpm=tpm,
            at_once=at_once,
            batch=batch,
            on=on,
            upload=upload,
            options=given,
        )
    is_started = not run.note if start is None else start
    stage = choose_run_stage(show, is_waited_for=wait or not is_started)
    if not is_started:
        show_run(run, stage)
        return run
    run.start()
    if wait:
        watch_run(run, stage)
    else:
        watch_beside(run, stage)
    return run


def _check_choice(name: str, value: object, accepted: Mapping[Any, str]) -> None:
    if not any(value is choice for choice in accepted):
        raise RequestError(f"{name} is {' or '.join(accepted.values())}, not {brief(value)}.")
