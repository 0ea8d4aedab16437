"""Traits and messages between the panel and the browser, listed once.

The browser side is ``js/panel.js``; the same shapes are mirrored in ``js/panel/types.js``. Change
both together.

Traits (what a reload needs and what is small): ``panel_id``, ``language`` (``"en"``, ``"zh"``, or
``""``: the page decides), ``sample_rate``, ``prebuffer_seconds``, ``header`` (a `Header`),
``settings`` (a `SettingsState`), ``asks_key`` (the service whose key is missing, else ``""``) and
``conversation`` (``{seq, turns}`` with a `TurnRecord` for every turn, its whole text included).
``conversation`` is made when a page asks for the state, and never sent otherwise: while a page
lives it learns from messages alone.

Every message to the browser has ``seq``, which counts up by one, so that a page notices a loss and
says ``hello`` again. What is addressed by offset may come twice without harm. Offsets of text count
code points. PCM is 16 bit little-endian mono.

To the browser:

``{type: "turns", seq, order, records}``
    The conversation consists of these turns, in this order; ``records`` are those that are new or
    have changed, each with its whole text. Also the answer to a ``hello`` (then with ``page``).
``{type: "delta", seq, turn, text_offset, text, reasoning_offset, reasoning, pcm_offset, pcm_bytes,
meter?}``
    What is new of an answer: ``text`` replaces everything from ``text_offset`` on, ``reasoning``
    likewise; the only buffer holds the ``pcm_bytes`` bytes of speech from ``pcm_offset`` on, which
    a page without buffers lacks (see `omni_nb.views.player`); ``meter``, now and then, what a
    written answer has used so far, in words.
``{type: "end", seq, turn, record}``
    The answer is over. The record has ``text`` null: the text is here already, ``text_length``
    tells whether all of it is, ``total_bytes`` likewise of the speech.
``{type: "ack", seq, of, is_taken}``
    The kernel has taken the message with this ``id``; or refused what it asks, and says why in a
    ``notice``.
``{type: "piece", seq, upload, received, error}``
    So many bytes of an upload are there; ``error`` ends it, in words.
``{type: "draft", seq, draft, items, words, share, is_sendable}``
    What is attached to a draft (`DraftItem`), and in ``words`` the tokens and cost of the draft, or
    why it cannot be sent; ``share`` of the model's context, from 0 to 1 and above, or null.
``{type: "speech", seq, turn, offset, pcm_bytes, total_bytes}``
    Asked for: a piece of a finished answer's speech, in the only buffer.
``{type: "sample", seq, state, words}``
    A voice says a sentence, in the only buffer; ``state`` is ``"asked"``, ``"here"`` or
    ``"failed"``.
``{type: "code", seq, turn, python, node, curl}``
    Asked for: the request as programs.
``{type: "exists", seq, name, page}``
    The page asked to save to this name, where something else is: nothing was written.
``{type: "file", seq, name, mime}``
    Asked for: a file to download, in the only buffer.
``{type: "notice", seq, kind, text}``
    Something to say: ``kind`` is ``"info"``, ``"warning"`` or ``"error"``.

From the browser, each with ``id`` (for its ``ack``) and ``page`` (who says it):

``{type: "hello", reason, language, have, drafts}``
    ``reason`` is ``"open"`` or ``"repair"``; ``have`` maps a turn to ``[text_length, total_bytes,
    is_over]``; ``drafts`` are those that this page shows.
``{type: "send", draft, text}``
    Ask this, with what is attached to the draft.
``{type: "stop", turn}`` / ``{type: "cancel", turn}``
    End an answer now / take back a question that still waits.
``{type: "decide", turn, call, allowed}``
    Whether a tool's call may be made, the one of ``asks``.
``{type: "draft", draft, text}``
    The words of a draft, to be estimated.
``{type: "upload", draft, upload, name, mime, size, offset}``
    A piece of a file, at most 1 MiB, as the only buffer. At most four are under way.
``{type: "remove", draft, item}`` / ``{type: "shrink", draft, item}``
    Take an attachment away (also one that is still being uploaded) / bring it under the model's
    limits.
``{type: "again", turn}`` / ``{type: "edit", turn, text}`` / ``{type: "branch", turn, step}``
    Ask the same question again / with other words / go to another branch at this turn.
``{type: "speech", turn, offset}`` / ``{type: "code", turn}`` / ``{type: "sample"}``
    Send me a finished answer's speech from there on / its request as programs / a sample of the
    voice.
``{type: "clear"}`` / ``{type: "save", name, replaces}`` / ``{type: "load", name}`` /
``{type: "export", form}``
    The whole conversation; ``form`` is ``"html"`` or ``"ipynb"``; ``replaces``: also what is there
    and is not this conversation's own.
``{type: "setting", name, value}`` / ``{type: "key", key}``
    Change a setting, a field of `SettingsState` / the key that was asked for (empty: cancel):
    it goes nowhere but into the connection.
``{type: "report", turn, state, first_heard_at, underruns, gap_seconds, heard_seconds}``
    What became of the speech, as of `omni_nb.AudioPlayer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from omni_nb.views.decisions import Asked
    from omni_nb.views.player import Price

PIECE_BYTES = 1 << 20
"""The largest piece of an upload; one message may have 10 MiB: Tornado's
``websocket_max_message_size`` (tornadoweb.org/en/stable/websocket.html)."""

TurnState = Literal["waiting", "answering", "over"]


class Header(TypedDict):
    """The header of the panel.

    ``who`` answers (the model), ``how`` (voice, text or speech), ``speaks`` (the answers are
    spoken, too), ``is_stand_in`` (not the model answers, but the stand-in for it), ``takes`` (kinds
    of input, such as ``"image"``), ``microphone_seconds`` (the longest recording; null: no limit
    known), ``total`` (tokens and cost so far, in words), ``storage`` (how large the conversation is
    in the notebook, in words), ``save_as`` (a name to save the conversation as: free, or its own).
    """

    who: str
    how: str
    speaks: bool
    is_stand_in: bool
    takes: list[str]
    microphone_seconds: int | None
    total: str
    storage: str
    save_as: str


class SettingsState(TypedDict):
    """The panel's settings: what each field has, what it may have, and what to say beside it.

    The page sends a ``setting`` with the name of one of these fields and its new value: ``model``,
    ``answers`` (``"text"`` or ``"speech"``), ``voice``, ``system``, ``as_turns``, ``service``,
    ``address``, ``budget`` (a number as it was typed), ``storage`` or ``language``.

    ``models``, ``voices``, ``services``, ``storages`` and ``languages`` are what there is to choose
    from, each a value with its label; ``has_other_voices``: the list is not complete. ``disabled``
    names the fields that have no effect now; ``notes`` says something of a field, ``problems`` why
    its last value was refused. ``currency`` is that of the budget.
    """

    model: str
    models: list[tuple[str, str]]
    answers: str
    voice: str
    voices: list[tuple[str, str]]
    has_other_voices: bool
    system: str
    as_turns: bool
    service: str
    services: list[tuple[str, str]]
    address: str
    budget: str
    currency: str
    storage: str
    storages: list[tuple[str, str]]
    language: str
    languages: list[tuple[str, str]]
    disabled: list[str]
    notes: dict[str, str]
    problems: dict[str, str]


class TurnRecord(TypedDict):
    """One question with its answer, as the browser shows it.

    ``question_html`` and ``facts_html`` are made and escaped by Python (chips of the media; tokens
    and cost); ``question_text`` and ``text`` are what people and models wrote. ``note`` says why an
    answer is not whole. ``speaker`` is the page that speaks it while it comes, else ``""``;
    ``is_of_cell``: a cell asked, which is blocked until the answer is over. ``ending``: how the
    answer ended, as of `omni_nb.render.reply.ending_of`, or ``"refused"``. ``sibling`` and
    ``siblings``: this is the n-th of so many branches. ``is_refused``: it was never sent. ``text``
    is null in an ``end``. ``calls_html``: the calls of tools and what came of them; ``asks``: the
    call on which the person has to decide, as of `omni_nb.views.decisions.asked_of`, or null;
    ``calling``: the names of the tools that run. ``is_data``: the text is to be JSON;
    ``answer_html``: what is shown in its place, a table of it.
    """

    turn: str
    state: TurnState
    question_text: str
    question_html: str
    text: str | None
    text_length: int
    reasoning: str | None
    reasoning_length: int
    total_bytes: int
    calls_html: str
    asks: Asked | None
    calling: str
    is_data: bool
    answer_html: str
    note: str
    facts_html: str
    meter: str
    price: Price | None
    speaker: str
    is_of_cell: bool
    ending: str
    is_stopped: bool
    is_refused: bool
    sibling: int
    siblings: int


class DraftItem(TypedDict):
    """One attachment of a draft: its chip (HTML of ours), and what may be done about it.

    ``refusal`` says why it cannot be sent; ``can_shrink``: ``shrink`` may help. ``kind`` is a
    modality.
    """

    item: str
    kind: str
    name: str
    html: str
    facts: str
    refusal: str
    can_shrink: bool


Message = dict[str, Any]
