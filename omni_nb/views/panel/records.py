"""Records: a reply, or a question that waits, as the browser shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omni_nb.media.parts import join_text
from omni_nb.render.html import HTML, join, tag
from omni_nb.render.labels import seconds_text
from omni_nb.render.parts import part_chip_html
from omni_nb.render.reply import (
    answer_html,
    ending_of,
    facts_html,
    has_data,
    meter_text,
    note_text,
    stand_in_html,
)
from omni_nb.render.tool_calls import calls_html, live_calls_html
from omni_nb.turns.reply import Reply
from omni_nb.views.decisions import asked_of, calling_of
from omni_nb.views.deltas import whole_samples
from omni_nb.views.panel.protocol import TurnRecord
from omni_nb.views.stages import price_of
from omni_nb.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.views.panel.queue import QueuedQuestion
    from omni_nb.words import Language


def record_of_reply(
    reply: Reply,
    turn: str,
    *,
    question: QueuedQuestion | None,
    siblings: tuple[int, int],
    language: Language,
    has_text: bool = True,
) -> TurnRecord:
    """Return a reply's record; ``question`` is None where a cell has asked."""
    text, reasoning = reply.text, reply.reasoning
    is_over = reply.is_finished
    return TurnRecord(
        turn=turn,
        state="over" if is_over else "answering",
        question_text=join_text(reply.question),
        question_html=chips_html(reply.question, language),
        text=text if has_text else None,
        text_length=len(text),
        reasoning=reasoning if has_text else None,
        reasoning_length=len(reasoning),
        total_bytes=whole_samples(reply.pcm),
        calls_html=_calls_html(reply, language),
        asks=asked_of(reply) if question else None,
        calling=calling_of(reply),
        is_data=reply.request.response_format is not None,
        answer_html=answer_html(reply, language) if has_data(reply) else "",
        note=note_text(reply, language) if is_over else "",
        facts_html=_facts_html(reply, language) if is_over else "",
        meter="" if is_over else meter_text(reply, language),
        price=None if is_over else price_of(reply),
        speaker=question.page if question and "audio" in reply.request.modalities else "",
        is_of_cell=question is None,
        ending=ending_of(reply),
        is_stopped=reply.finish_reason == "interrupted",
        is_refused=False,
        sibling=siblings[0] + 1,
        siblings=siblings[1],
    )


def record_of_question(question: QueuedQuestion, language: Language) -> TurnRecord:
    """Return the record of a question that waits, or was refused."""
    return TurnRecord(
        turn=question.turn,
        state="over" if question.refusal else "waiting",
        question_text=join_text(question.parts),
        question_html=chips_html(question.parts, language),
        text="",
        text_length=0,
        reasoning="",
        reasoning_length=0,
        total_bytes=0,
        calls_html="",
        asks=None,
        calling="",
        is_data=False,
        answer_html="",
        note=question.refusal,
        facts_html="",
        meter="",
        price=None,
        speaker="",
        is_of_cell=False,
        ending="refused" if question.refusal else "",
        is_stopped=False,
        is_refused=bool(question.refusal),
        sibling=1,
        siblings=1,
    )


def record_of_failure(
    item: Any,
    turn: str,
    error: str,
    *,
    siblings: tuple[int, int],
    language: Language,
    has_text: bool = True,
) -> TurnRecord:
    """Return the record of a turn whose own cannot be made; ``error`` is the error's name."""
    text, reasoning = _read(lambda: item.text, ""), _read(lambda: item.reasoning, "")
    is_over = _read(lambda: item.is_finished, default=True)
    is_reply = isinstance(item, Reply)
    return TurnRecord(
        turn=turn,
        state="over" if is_over else "answering",
        question_text=_read(lambda: join_text(item.question if is_reply else item.parts), ""),
        question_html="",
        text=text if has_text else None,
        text_length=len(text),
        reasoning=reasoning if has_text else None,
        reasoning_length=len(reasoning),
        total_bytes=0,
        calls_html="",
        asks=None,
        calling="",
        is_data=False,
        answer_html="",
        note=words("panel", language)["not shown"].format(error=error) if is_over else "",
        facts_html="",
        meter="",
        price=None,
        speaker="",
        is_of_cell=False,
        ending="error" if is_over else "",
        is_stopped=False,
        is_refused=not is_reply,
        sibling=siblings[0] + 1,
        siblings=siblings[1],
    )


def _read(value: Callable[[], Any], default: Any) -> Any:
    try:
        return value()
    except Exception:  # the record is made of what can be read
        return default


def _calls_html(reply: Reply, language: Language) -> str:
    make = calls_html if reply.is_finished else live_calls_html
    return make(reply.tool_calls, language)


def _facts_html(reply: Reply, language: Language) -> str:
    """Say what an answer cost and how it came; of data, that no model filled the form.

    That words are a stand-in's is said in the head of the panel, and they say so themselves.
    """
    is_made_up = reply.is_stand_in and has_data(reply)
    who = stand_in_html(language, has_data=True) if is_made_up else None
    return join(facts_html(reply, language, _timing_html(reply, language)), who)


def _timing_html(reply: Reply, language: Language) -> HTML:
    names, timing = words("panel", language), reply.timing
    said = [
        names[name].format(seconds=seconds_text(seconds))
        for name, seconds in [
            ("first text", timing.first_text_seconds),
            ("complete" if ending_of(reply) == "complete" else "ended", timing.total_seconds),
        ]
        if seconds  # nothing was measured of what was never sent
    ]
    if timing.underruns:
        count, gap = timing.underruns, seconds_text(timing.gap_seconds or 0.0)
        said.append(names["underruns"].format(count=count, seconds=gap, s=plural(count)))
    return tag("div", " · ".join(said)) if said else HTML()


def chips_html(parts: Sequence[Part], language: Language) -> str:
    """Return the chips of a question's media as HTML; its text travels apart."""
    return join(*(part_chip_html(part, language) for part in parts))
