"""Render a reply as static HTML and as text: question, answer, speech, tokens and cost.

The HTML has inline styles only and needs no kernel and no JavaScript: it looks the same in
JupyterLab, in an untrusted notebook, and in nbconvert's page, light or dark.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from omni_nb.media.parts import TextPart
from omni_nb.media.text import one_line, plain
from omni_nb.render.errors import error_text, failure_of
from omni_nb.render.formulas import IGNORED, words_html
from omni_nb.render.html import HTML, join, style, tag
from omni_nb.render.labels import join_sentences, labelled, money_text, seconds_text, tokens_text
from omni_nb.render.markdown import beginning_html, slices_of
from omni_nb.render.palette import FONT, LINE, MODALITY_COLORS, MUTED, TEXT, WARN
from omni_nb.render.parts import chips_html
from omni_nb.render.player import clip_html
from omni_nb.render.tool_calls import call_text, calls_html, live_calls_html
from omni_nb.render.values import value_html, value_text
from omni_nb.words import language_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.media.clip import Storage
    from omni_nb.media.parts import Part
    from omni_nb.rules.pricing import Usage
    from omni_nb.turns.reply import Reply
    from omni_nb.wire.retry import Wait
    from omni_nb.words import Language

CARD: Final = style(
    "max-width:46em",
    "padding:0.25em 0.25em 0.5em",
    f"color:{TEXT}",
    "line-height:1.6",
    f"font-family:{FONT}",
    "overflow-wrap:anywhere",
)
PROGRESS_CHARACTERS: Final = 20_000
"""Of a longer answer that still streams only the end is shown."""

_ASIDE: Final = f"color:{MUTED};font-size:0.85em"
_ROW: Final = "display:flex;flex-wrap:wrap;align-items:flex-start;gap:0.75em"
_AS_WRITTEN: Final = "white-space:pre-wrap"
_CODE: Final = "font-family:var(--jp-code-font-family, ui-monospace, monospace);font-size:0.9em"
_MOST_PROBLEMS: Final = 20


def reply_bundle(
    reply: Reply,
    *,
    storage: Storage = "mp3",
    tail_id: str | None = None,
    hint: str = "",
    aside: str = "",
) -> dict[str, str]:
    """Return the static form of a reply: ``text/html`` and ``text/plain``, no widget.

    Parameters
    ----------
    storage
        How the notebook keeps the speech: ``"mp3"`` (5 kB per second), ``"opus"`` (3 kB) or
        ``"wav"`` (48 kB, every sample).
    tail_id
        Marks the place where a browser that still speaks puts its Stop button.
    hint
        A line below a stand-in's answer: how to get a real one.
    aside
        A line below the question.
    """
    html = reply_html(reply, storage=storage, tail_id=tail_id, hint=hint, aside=aside)
    return {
        "text/html": html,
        "text/plain": reply_text(reply),
    }


def reply_html(
    reply: Reply,
    *,
    storage: Storage = "mp3",
    tail_id: str | None = None,
    hint: str = "",
    aside: str = "",
) -> HTML:
    """Return a finished reply as HTML; see `reply_bundle` for the parameters."""
    language = language_of(reply.question)
    turn = turn_html(reply, language, storage=storage, tail_id=tail_id, aside=aside)
    is_data = has_data(reply)
    stand_in = stand_in_html(language, hint, has_data=is_data) if reply.is_stand_in else None
    return tag("div", turn, stand_in, class_="omni-reply", style=CARD)


def turn_html(
    reply: Reply,
    language: Language,
    *,
    storage: Storage = "mp3",
    tail_id: str | None = None,
    aside: str = "",
) -> HTML:
    """Return a question and its answer, without a card around them."""
    return join(
        question_html(reply.question, language),
        aside_html(aside, name=f"omni-aside {IGNORED}") if aside else HTML(),
        _note_html(reply, language),
        calls_html(reply.tool_calls, language),
        _reasoning_html(reply.reasoning, language),
        _answer_html(answer_html(reply, language), language),
        _speech_html(reply, language, storage, tail_id),
        facts_html(reply, language),
    )


def stand_in_html(language: Language, hint: str = "", *, has_data: bool = False) -> HTML:
    """Return the note that no model answered; of data, which does not say so, all the more."""
    said = join_sentences(stand_in_text(language, has_data=has_data), hint, language=language)
    return aside_html(f"◇ {said}", name="omni-stand-in")


def stand_in_text(language: Language, *, has_data: bool = False) -> str:
    """Say that no model answered."""
    names = words("reply", language)
    about_data = names["stand-in data"] if has_data else ""
    return join_sentences(names["stand-in"], about_data, language=language)


def progress_html(reply: Reply) -> HTML:
    """Return a reply that still streams: the question and the text so far."""
    language = language_of(reply.question)
    text, is_data = reply.text, reply.request.response_format is not None
    if text:
        answer = join(
            _reasoning_html(_end_of(reply.reasoning, language), language),
            _answer_html(_growing_html(f"{_end_of(text, language)} ▍", is_code=is_data), language),
            aside_html(meter_text(reply), name="omni-meter"),
        )
    elif any(not call.is_over for call in reply.tool_calls):
        answer = HTML()
    else:
        thinking = aside_html(words("reply", language)["thinking"], name="omni-thinking")
        answer = join(thinking, _thoughts_html(_end_of(reply.reasoning, language)))
    question, calls = (
        question_html(reply.question, language),
        live_calls_html(reply.tool_calls, language),
    )
    return tag("div", question, calls, answer, class_="omni-reply omni-streaming", style=CARD)


def progress_text(reply: Reply) -> str:
    """Return a reply that still streams as plain text: what came so far, or the end of it."""
    language = language_of(reply.question)
    calls = [call_text(call, language, is_live=True) for call in reply.tool_calls]
    return plain("\n".join([*calls, _end_of(reply.text, language) or "…"]))


def _end_of(text: str, language: Language) -> str:
    """Return a text that grows; of a long one the end, which is all that a page is sent anew."""
    if len(text) <= PROGRESS_CHARACTERS:
        return text
    earlier = len(text) - PROGRESS_CHARACTERS // 2
    return f"{words('reply', language)['earlier'].format(count=earlier)}\n{text[earlier:]}"


def meter_text(reply: Reply, language: Language | None = None) -> str:
    """Write the tokens of a reply so far, and their cost where it is known."""
    language = language or language_of(reply.question)
    if reply.wait is not None:
        return wait_text(reply.wait, language)
    names, labels = words("reply", language), words("labels", language)
    usage, cost = reply.usage_so_far, reply.cost_so_far
    said = [tokens_text(usage.output.get("text", 0), language, key="about count")]
    if reply.audio:
        said = [names["speech so far"].format(seconds=_so_far(reply.audio.seconds))]
    if cost is not None:
        amount = money_text(cost.total, cost.currency, language)
        free = names["would cost"].format(model=reply.model, amount=amount)
        said.append(free if reply.is_stand_in else labels["about"].format(amount=amount))
    return names["so far"].format(words=" · ".join(said))


def _so_far(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 1 else seconds_text(seconds)


def wait_text(wait: Wait, language: Language) -> str:
    """Say how long it is until the question is sent again, and why.

    Examples
    --------
    >>> from omni_nb.wire.retry import Wait
    >>> wait_text(Wait(seconds=20, is_asked=True), "en")
    'The service asks to wait 20 s; then the question is sent again.'
    """
    names = words("reply", language)
    return names["asked" if wait.is_asked else "again"].format(seconds=math.ceil(wait.seconds))


def question_html(parts: Sequence[Part], language: Language) -> HTML:
    """Return the question as HTML: a chip for each medium, and the text."""
    media = chips_html(parts, language)
    text = "\n".join(part.text for part in parts if isinstance(part, TextPart))
    return tag(
        "div",
        tag("div", media, class_=IGNORED, style=_ROW) if media else None,
        tag(
            "div",
            words_html(text),
            dir="auto",
            style=style("flex:1 1 12em", _AS_WRITTEN, f"color:{MUTED}"),
        ),
        class_="omni-question",
        role="group",
        aria_label=words("reply", language)["question"],
        style=style(
            _ROW, f"border-left:3px solid {LINE}", "padding:0.1em 0 0.1em 0.75em;margin:0 0 0.5em"
        ),
    )


def reply_text(reply: Reply) -> str:
    """Return a reply as plain text, for terminals and front ends without HTML."""
    language = language_of(reply.question)
    names = words("reply", language)
    calls = (call_text(call, language) for call in reply.tool_calls)
    answer = value_text(data_of(reply), language) if has_data(reply) else reply.text
    lines = [note_text(reply, language), *calls, answer]
    if reply.audio:
        seconds = seconds_text(reply.audio.seconds)
        lines.append(f"[{names['speech at hand'].format(seconds=seconds)}]")
    facts = [_usage_text(reply.usage, language), _cost_text(reply, language)]
    lines.append(f"[{'; '.join(filter(None, [*facts, _attempts(reply, language)]))}]")
    if reply.is_stand_in:
        lines.append(f"[{stand_in_text(language, has_data=has_data(reply))}]")
    return plain("\n".join(line for line in lines if line))


def note_text(reply: Reply, language: Language) -> str:
    """Write why an answer is not complete; nothing when it is."""
    names, ending = words("reply", language), ending_of(reply)
    if reply.error is not None:
        failure, has_come = failure_of(reply.error), reply.text or reply.pcm
        headline = names["error" if has_come and failure != "unfit" else failure]
        return f"{headline} {error_text(reply.error, language)}"
    if ending in _ENDINGS:
        is_empty = not (reply.text or reply.pcm or reply.reasoning)
        return (is_empty and names.get(f"nothing {ending}")) or names[ending]
    if ending and reply.refusal:
        return names["declined"]
    if ending and reply.finish_reason and reply.finish_reason not in _USUAL:
        return names["other ending"].format(reason=reply.finish_reason)
    is_silent = ending and "audio" in reply.request.modalities and not reply.pcm
    return names["silence"] if is_silent else ""


def ending_of(reply: Reply) -> str:
    """Return how an answer ended: ``"complete"``, or why it is not; "" while it comes.

    Why is one of ``"interrupted"``, ``"timeout"``, ``"budget"``, ``"error"``, ``"length"`` and
    ``"content_filter"``.
    """
    if not reply.is_finished:
        return ""
    if reply.error is not None:
        return "error"
    return reply.finish_reason if reply.finish_reason in _ENDINGS else "complete"


_USUAL: Final = frozenset(
    {"stop", "eos", "eos_token", "end_turn", "stop_sequence", "tool_calls", "function_call"}
)
"""What services say of an answer that is whole; of other reasons the card says the word."""

_ENDINGS: Final = ("interrupted", "timeout", "budget", "length", "content_filter")


def _note_html(reply: Reply, language: Language) -> HTML:
    note = note_text(reply, language)
    if not note:
        return HTML()
    warns = style(f"color:{WARN}", _AS_WRITTEN, "margin:0.25em 0")
    problems = getattr(reply.error, "problems", ())
    if note.endswith(said := "; ".join(problems)):  # a line each is read more easily
        note = note.removesuffix(said)
        items = [tag("li", one_line(problem, 400)) for problem in problems[:_MOST_PROBLEMS]]
        listed = tag("ul", *items, style="margin:0;padding-inline-start:1.5em")
    else:
        listed = None
    return tag(
        "div",
        note,
        listed if problems else None,
        class_=f"omni-note {IGNORED}",
        role="note",
        style=warns,
    )


def has_data(reply: Reply) -> bool:
    """Return whether an answer is data of the form that was asked for (``response_format=``)."""
    is_whole = reply.is_finished and reply.error is None and not reply.problems
    return reply.request.response_format is not None and is_whole and bool(reply.text)


def data_of(reply: Reply) -> Any:
    """Return the value of an answer as plain data."""
    wanted = reply.request.response_format
    return None if wanted is None else wanted.as_data(reply.parsed)


def answer_html(reply: Reply, language: Language) -> HTML:
    """Return what a finished answer says: Markdown, or a table of its data."""
    if not has_data(reply):
        is_data = reply.request.response_format is not None
        return _code_html(reply.text) if is_data else _text_html(reply.text, language)
    written = words("values", language)["written"]
    raw = tag(
        "details",
        tag("summary", written, style=style(_ASIDE, "cursor:pointer")),
        _code_html(reply.text),
        class_="omni-written",
    )
    return join(value_html(data_of(reply), language), raw)


def _code_html(text: str) -> HTML:
    """Return text as it was written, in the letters of code."""
    code = style(_AS_WRITTEN, _CODE)
    return tag("div", *(tag("div", piece, style=code) for piece in slices_of(text)), class_=IGNORED)


def _answer_html(answer: HTML, language: Language) -> HTML:
    return tag(
        "div",
        answer,
        class_="omni-text",
        role="group",
        aria_label=words("reply", language)["answer"],
        dir="auto",
        style="margin:0.25em 0",
    )


def _text_html(text: str, language: Language) -> HTML:
    """Return an answer as Markdown; of a long one the beginning, and the rest as folded words.

    The rest is all there, to the letter, in few elements: a page shows it without getting slow.
    """
    shown, rest = beginning_html(text)
    if not rest:
        return shown
    more = words("reply", language)["more"].format(count=len(rest))
    slices = (tag("div", piece, dir="auto", style=_AS_WRITTEN) for piece in slices_of(rest))
    return join(
        shown,
        tag(
            "details",
            tag("summary", more, style=style(_ASIDE, "cursor:pointer")),
            *slices,
            class_=f"omni-rest {IGNORED}",
            style="margin:0.5em 0",
        ),
    )


def _growing_html(text: str, *, is_code: bool = False) -> HTML:
    """Return an unfinished answer as plain text: half of a table or formula is none."""
    return tag("div", text, class_=IGNORED, style=style(_AS_WRITTEN, _CODE if is_code else ""))


def _reasoning_html(reasoning: str, language: Language) -> HTML:
    """Return the model's reasoning, folded: it is not the answer."""
    if not reasoning:
        return HTML()
    summary = tag("summary", words("reply", language)["reasoning"], style=_ASIDE)
    return tag("details", summary, _thoughts_html(reasoning), class_="omni-reasoning")


def _thoughts_html(reasoning: str) -> HTML:
    if not reasoning:
        return HTML()
    framed = style(_ASIDE, _AS_WRITTEN, f"border-left:3px solid {LINE}", "padding-left:0.75em")
    return tag("div", reasoning, class_=IGNORED, dir="auto", style=framed)


def _speech_html(reply: Reply, language: Language, storage: Storage, tail_id: str | None) -> HTML:
    clip = reply.audio
    if clip is None:
        return HTML()
    return tag(
        "div",
        clip_html(clip, storage, words("reply", language)["speech"]),
        tag("span", class_=f"omni-tail omni-tail-{tail_id}") if tail_id else None,
        class_="omni-speech",
        style="display:flex;flex-wrap:wrap;align-items:center;gap:0.25em 0.5em;margin:0.5em 0",
    )


def facts_html(reply: Reply, language: Language, *more: HTML) -> HTML:
    """Return what an answer took as one quiet line; all that is known of it opens behind it.

    Parameters
    ----------
    more
        Further lines to open.
    """
    facts = [
        _cost_text(reply, language),
        reply.model,
        _voice(reply),
        _attempts(reply, language),
    ]
    if first := reply.timing.first_audio_seconds:
        facts.append(words("reply", language)["first sound"].format(seconds=seconds_text(first)))
    return tag(
        "details",
        tag("summary", quiet_text(reply, language), style="cursor:pointer"),
        tag("div", _usage_html(reply.usage, language)),
        tag("div", " · ".join(filter(None, facts))),
        *more,
        class_="omni-facts",
        style=f"color:{MUTED};font-size:0.9em",
    )


def quiet_text(reply: Reply, language: Language) -> str:
    """Write the length of an answer's speech, its tokens and its cost on a line."""
    labels, usage, cost = words("labels", language), reply.usage_so_far, reply.cost_so_far
    said = []
    if reply.audio:
        spoken = words("reply", language)["seconds"]
        said.append(spoken.format(seconds=seconds_text(reply.audio.seconds)))
    if not usage.total:
        return " · ".join([*said, words("reply", language)["no count"]])
    key = "count" if reply.usage else "about count"
    said.append(tokens_text(usage.total, language, key=key))
    if cost is None:
        said.append(labels["cost unknown"])
    else:
        amount = money_text(cost.total, cost.currency, language)
        said.append(labels["would cost" if reply.is_stand_in else "about"].format(amount=amount))
    return " · ".join(said)


def _attempts(reply: Reply, language: Language) -> str:
    """Say how often an answer was asked for, where that was more than once."""
    count = reply.attempts
    return words("reply", language)["attempts"].format(count=count) if count > 1 else ""


def _voice(reply: Reply) -> str:
    return reply.request.voice or "" if "audio" in reply.request.modalities else ""


def _usage_html(usage: Usage | None, language: Language) -> str:
    if usage is None:
        return words("reply", language)["no count"]
    labels = words("labels", language)
    sides = [
        join(labels[side], " ", _counts_html(parts, language) if parts else f"{total:,}")
        for side, parts, total in _sides(usage)
    ]
    head, end = labelled(labels["tokens"], "|", language).split("|")
    return join(head, sides[0], " → ", sides[1], end)


def _counts_html(parts: Mapping[str, int], language: Language) -> HTML:
    labels = words("labels", language)
    counts = [
        tag(
            "span",
            tag("span", "●", aria_hidden="true", style=f"color:{MODALITY_COLORS[name]}"),
            f" {labels[name]} {count:,}",
            style="white-space:nowrap",
        )
        for name, count in parts.items()
    ]
    return join(counts[0], *(join(" + ", count) for count in counts[1:]))


def _usage_text(usage: Usage | None, language: Language) -> str:
    if usage is None:
        return words("reply", language)["no count"]
    labels = words("labels", language)
    sides = [
        f"{labels[side]} "
        + (", ".join(f"{labels[n]} {count:,}" for n, count in parts.items()) or f"{total:,}")
        for side, parts, total in _sides(usage)
    ]
    return labelled(labels["tokens"], "; ".join(sides), language)


def _sides(usage: Usage) -> list[tuple[str, Mapping[str, int], int]]:
    return [
        ("in", usage.input, usage.input_total),
        ("out", usage.output, usage.output_total),
    ]


def _cost_text(reply: Reply, language: Language) -> str:
    names, labels, cost = words("reply", language), words("labels", language), reply.cost_so_far
    if cost is None:
        return labelled(labels["cost"], labels["unknown"], language)
    amount = money_text(cost.total, cost.currency, language)
    if reply.cost is None and reply.usage_so_far.total:
        amount = names["by our count"].format(amount=amount)
    if reply.is_stand_in:
        amount = names["would cost"].format(model=reply.model, amount=amount)
    return labelled(labels["cost"], amount, language)


def aside_html(said: str, *, name: str) -> HTML:
    """Return a muted line of text."""
    return tag("div", said, class_=name, style=_ASIDE)
