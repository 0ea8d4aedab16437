"""Reply → what is shown, as plain HTML and text. Every escape is here.

The HTML has inline styles only and needs no kernel and no JavaScript: it looks the same in
JupyterLab, in an untrusted notebook, and in nbconvert's page, light or dark.
"""

from __future__ import annotations

from decimal import Context
from html import escape
from typing import TYPE_CHECKING, Literal

from omni_nb.media.parts import TextPart
from omni_nb.render.formulas import IGNORED, words_html
from omni_nb.render.markdown import markdown_html
from omni_nb.render.parts import part_chip_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from omni_nb.media.clip import Storage as Storage
    from omni_nb.media.parts import Part
    from omni_nb.rules.pricing import Usage
    from omni_nb.turns.reply import Reply

Language = Literal["en", "zh"]

MODALITY_COLORS: Mapping[str, str] = {
    "text": "#0072B2",
    "image": "#E69F00",
    "audio": "#009E73",
    "video": "#CC79A7",
}
"""The colour of each modality, everywhere (Okabe and Ito's, safe for colour-blind readers)."""

_LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "text": "text",
        "image": "image",
        "audio": "audio",
        "video": "video",
        "question": "Question",
        "answer": "Answer",
        "speech": "Speech of the answer",
        "in": "in",
        "out": "out",
        "tokens": "tokens",
        "seconds": "{:.1f} s of speech",
        "first sound": "first speech after {:.1f} s",
        "cost": "cost",
        "unknown": "unknown",
        "about": "about {}, by our count",
        "so far": "so far: {}",
        "speech so far": "{:.0f} s of speech",
        "text so far": "about {:,} token{s}",
        "cost so far": "about {}",
        "would cost": "free; {} would cost",
        "stand-in": "Offline stand-in: no model answered.",
        "interrupted": "Interrupted: this is what had arrived.",
        "budget": "Stopped: the budget is spent. This is what had arrived.",
        "timeout": "Stopped: the time was over. This is what had arrived.",
        "error": "The answer broke off: this is what had arrived.",
        "refused": "The service refused the request.",
        "shown above": "The reason is in the answer above.",
        "length": "The answer reached the limit of tokens and was cut.",
        "no count": "the service sent no token count",
        "silence": "The service sent no speech.",
        "thinking": "Thinking…",
        "reasoning": "Thinking before the answer",
    },
    "zh": {
        "text": "文本",
        "image": "图片",
        "audio": "音频",
        "video": "视频",
        "question": "提问",
        "answer": "回答",
        "speech": "回答的语音",
        "in": "输入",
        "out": "输出",
        "tokens": "Token",
        "seconds": "语音 {:.1f} 秒",
        "first sound": "{:.1f} 秒后收到语音",
        "cost": "费用",
        "unknown": "未知",
        "about": "约 {}（按我们的规则估算）",
        "so far": "目前：{}",
        "speech so far": "语音 {:.0f} 秒",
        "text so far": "约 {:,} Token",
        "cost so far": "约 {}",
        "would cost": "免费，若用 {} 则为",
        "stand-in": "离线替身：没有模型作答。",
        "interrupted": "已中断：以下是已收到的内容。",
        "budget": "已停止：预算已用完。以下是已收到的内容。",
        "timeout": "已停止：时间已到。以下是已收到的内容。",
        "error": "回答中断：以下是已收到的内容。",
        "refused": "服务拒绝了这个请求。",
        "shown above": "原因见上方的回答。",
        "length": "回答达到 Token 上限，被截断。",
        "no count": "服务没有返回 Token 数",
        "silence": "服务没有返回语音。",
        "thinking": "思考中…",
        "reasoning": "回答前的思考",
    },
}

_BODY = "var(--jp-content-font-color1, currentColor)"
_MUTED = "var(--jp-content-font-color2, #6b6b6b)"
_LINE = "var(--jp-border-color2, #d0d0d0)"
_WARN = "var(--jp-warn-color1, #b35900)"
CARD = (
    f"max-width:46em;padding:0.25em 0.25em 0.5em;color:{_BODY};line-height:1.6;"
    "font-family:var(--jp-content-font-family, system-ui, sans-serif);overflow-wrap:anywhere"
)
_ASIDE = f"color:{_MUTED};font-size:0.85em"
_ROW = "display:flex;flex-wrap:wrap;align-items:flex-start;gap:0.75em"


def language_of(parts: Iterable[Part]) -> Language:
    """Return the language of the labels: Chinese for a question with Chinese characters.

    Examples
    --------
    >>> language_of([TextPart("图中描绘的是什么景象?")])
    'zh'
    """
    words = "".join(part.text for part in parts if isinstance(part, TextPart))
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in words) else "en"


def labels(language: Language) -> Mapping[str, str]:
    """Return the words of the interface in a language."""
    return _LABELS[language]


def reply_bundle(
    reply: Reply, *, storage: Storage = "mp3", tail_id: str | None = None, hint: str = ""
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
    """
    return {
        "text/html": reply_html(reply, storage=storage, tail_id=tail_id, hint=hint),
        "text/plain": reply_text(reply),
    }


def reply_html(
    reply: Reply, *, storage: Storage = "mp3", tail_id: str | None = None, hint: str = ""
) -> str:
    """Return a finished reply as HTML; see `reply_bundle` for the parameters."""
    language = language_of(reply.question)
    turn = turn_html(reply, language, storage=storage, tail_id=tail_id)
    stand_in = stand_in_html(language, hint) if reply.is_stand_in else ""
    return f'<div class="omni-reply" style="{CARD}">{turn}{stand_in}</div>'


def turn_html(
    reply: Reply, language: Language, *, storage: Storage = "mp3", tail_id: str | None = None
) -> str:
    """Return a question and its answer, without a card around them."""
    pieces = [
        question_html(reply.question, language),
        _note_html(reply, language),
        _reasoning_html(reply.reasoning, language),
        _answer_html(markdown_html(reply.text), language),
        _speech_html(reply, language, storage, tail_id),
        facts_html(reply, language),
    ]
    return "".join(pieces)


def stand_in_html(language: Language, hint: str = "") -> str:
    """Say that no model answered."""
    words = " ".join(filter(None, [labels(language)["stand-in"], hint]))
    return aside_html(f"◇ {words}", name="omni-stand-in")


def progress_html(reply: Reply) -> str:
    """Return a reply that still streams: the question and the text so far."""
    language = language_of(reply.question)
    text = reply.text
    if text:
        thoughts = _reasoning_html(reply.reasoning, language)
        meter = aside_html(meter_text(reply), name="omni-meter")
        answer = f"{thoughts}{_answer_html(_growing_html(f'{text} ▍'), language)}{meter}"
    else:
        answer = aside_html(labels(language)["thinking"]) + _thoughts_html(reply.reasoning)
    return (
        f'<div class="omni-reply omni-streaming" style="{CARD}">'
        f"{question_html(reply.question, language)}{answer}</div>"
    )


def meter_text(reply: Reply, language: Language | None = None) -> str:
    """Say what a reply has used so far, and what that costs where it is known."""
    names = labels(language or language_of(reply.question))
    usage, cost = reply.usage_so_far, reply.cost_so_far
    count = usage.output.get("text", 0)
    said = [names["text so far"].format(count, s=plural(count))]
    if reply.audio:
        said = [names["speech so far"].format(reply.audio.seconds)]
    if cost is not None:
        amount = f"{rounded(cost.total)} {cost.currency}"
        free = names["would cost"].format(reply.model)
        said.append(
            f"{free} {amount}" if reply.is_stand_in else names["cost so far"].format(amount)
        )
    return names["so far"].format(" · ".join(said))


def question_html(parts: Sequence[Part], language: Language) -> str:
    """Return the question as HTML: a small sign of each medium, and the words."""
    media = "".join(part_chip_html(part, labels(language)[part.modality]) for part in parts)
    words = "\n".join(part.text for part in parts if isinstance(part, TextPart))
    if media:
        media = f'<div class="{IGNORED}" style="{_ROW}">{media}</div>'
    style = f"{_ROW};border-left:3px solid {_LINE};padding:0.1em 0 0.1em 0.75em;margin:0 0 0.5em"
    return (
        f'<div class="omni-question" role="group" aria-label="{labels(language)["question"]}" '
        f'style="{style}">{media}<div dir="auto" style="flex:1 1 12em;white-space:pre-wrap;'
        f'color:{_MUTED}">{words_html(words)}</div></div>'
    )


def reply_text(reply: Reply) -> str:
    """Return a reply as plain text, for terminals and front ends without HTML."""
    language = language_of(reply.question)
    names = labels(language)
    lines = [note_text(reply, language), reply.text]
    if reply.audio:
        lines.append(f"[{names['seconds'].format(reply.audio.seconds)}]")
    lines.append(f"[{_usage_text(reply.usage, language)}; {_cost_text(reply, language)}]")
    if reply.is_stand_in:
        lines.append(f"[{names['stand-in']}]")
    return "\n".join(line for line in lines if line)


def note_text(reply: Reply, language: Language) -> str:
    """Say why an answer is not whole; nothing when it is."""
    names = labels(language)
    if reply.error is not None:
        headline = names["error"] if reply.text or reply.pcm else names["refused"]
        return f"{headline} {reply.error}"
    if reply.is_finished and "audio" in reply.request.modalities and not reply.pcm:
        return names.get(reply.finish_reason or "", "") or names["silence"]
    return names.get(reply.finish_reason or "", "") if reply.finish_reason in _NOTED else ""


_NOTED = {"budget", "interrupted", "length", "timeout"}


def _note_html(reply: Reply, language: Language) -> str:
    note = note_text(reply, language)
    style = f"color:{_WARN};white-space:pre-wrap;margin:0.25em 0"
    return (
        f'<div class="omni-note {IGNORED}" role="note" style="{style}">{escape(note)}</div>'
        if note
        else ""
    )


def _answer_html(answer: str, language: Language) -> str:
    return (
        f'<div class="omni-text" role="group" aria-label="{labels(language)["answer"]}" dir="auto" '
        f'style="margin:0.25em 0">{answer}</div>'
    )


def _growing_html(text: str) -> str:
    """An answer that still comes: as words, for half of a table or formula is none."""
    return f'<div class="{IGNORED}" style="white-space:pre-wrap">{escape(text)}</div>'


def _reasoning_html(reasoning: str, language: Language) -> str:
    """The model's thinking, folded away: it is not the answer."""
    if not reasoning:
        return ""
    summary = f'<summary style="{_ASIDE}">{labels(language)["reasoning"]}</summary>'
    return f'<details class="omni-reasoning">{summary}{_thoughts_html(reasoning)}</details>'


def _thoughts_html(reasoning: str) -> str:
    style = f"{_ASIDE};white-space:pre-wrap;border-left:3px solid {_LINE};padding-left:0.75em"
    thoughts = f'<div class="{IGNORED}" dir="auto" style="{style}">{escape(reasoning)}</div>'
    return thoughts if reasoning else ""


def _speech_html(reply: Reply, language: Language, storage: Storage, tail_id: str | None) -> str:
    clip = reply.audio
    if clip is None:
        return ""
    tail = f'<span class="omni-tail omni-tail-{escape(tail_id)}"></span>' if tail_id else ""
    player = clip.player_html(storage, label=labels(language)["speech"])
    style = "display:flex;flex-wrap:wrap;align-items:center;gap:0.25em 0.5em;margin:0.5em 0"
    return f'<div class="omni-speech" style="{style}">{player}{tail}</div>'


def facts_html(reply: Reply, language: Language) -> str:
    """Return what an answer weighed and cost, and how it came, as lines of HTML."""
    names = labels(language)
    facts = [_cost_text(reply, language), reply.model, _voice(reply)]
    if reply.audio:
        facts.append(names["seconds"].format(reply.audio.seconds))
    if (first := reply.timing.first_audio_seconds) is not None:
        facts.append(names["first sound"].format(first))
    lines = [_usage_html(reply.usage, language), escape(" · ".join(filter(None, facts)))]
    return "".join(aside_html(line, is_html=True) for line in lines)


def _voice(reply: Reply) -> str:
    return reply.request.voice or "" if "audio" in reply.request.modalities else ""


def _usage_html(usage: Usage | None, language: Language) -> str:
    if usage is None:
        return labels(language)["no count"]
    names = labels(language)
    sides = [
        f"{names[side]} {_counts_html(parts, language)}" if parts else f"{names[side]} {total:,}"
        for side, parts, total in _sides(usage)
    ]
    return f"{names['tokens']}: {' → '.join(sides)}"


def _counts_html(parts: Mapping[str, int], language: Language) -> str:
    return " + ".join(
        f'<span style="white-space:nowrap"><span aria-hidden="true" '
        f'style="color:{MODALITY_COLORS[name]}">●</span> {labels(language)[name]} {count:,}</span>'
        for name, count in parts.items()
    )


def _usage_text(usage: Usage | None, language: Language) -> str:
    names = labels(language)
    if usage is None:
        return names["no count"]
    sides = [
        f"{names[side]} "
        + (", ".join(f"{names[n]} {count:,}" for n, count in parts.items()) or f"{total:,}")
        for side, parts, total in _sides(usage)
    ]
    return f"{names['tokens']}: {'; '.join(sides)}"


def _sides(usage: Usage) -> list[tuple[str, Mapping[str, int], int]]:
    return [
        ("in", usage.input, usage.input_total),
        ("out", usage.output, usage.output_total),
    ]


def _cost_text(reply: Reply, language: Language) -> str:
    names, cost = labels(language), reply.cost_so_far
    if cost is None:
        return f"{names['cost']}: {names['unknown']}"
    amount = f"{rounded(cost.total)} {cost.currency}"
    if reply.cost is None and reply.usage_so_far.total:
        amount = names["about"].format(amount)
    if reply.is_stand_in:
        return f"{names['cost']}: {names['would cost'].format(reply.model)} {amount}"
    return f"{names['cost']}: {amount}"


def rounded(amount: Decimal) -> str:
    """Write an amount with three digits that count; ``reply.cost`` has them all.

    Examples
    --------
    >>> from decimal import Decimal
    >>> rounded(Decimal("0.0012345")), rounded(Decimal("1234.5"))
    ('0.00123', '1230')
    """
    return f"{amount.normalize(Context(prec=3)):f}"


def plural(count: float) -> str:
    """Return the ending of an English noun after a number, for the ``{s}`` of our words.

    Examples
    --------
    >>> [f"{count} gap{plural(count)}" for count in (0, 1, 2)]
    ['0 gaps', '1 gap', '2 gaps']
    """
    return "" if count == 1 else "s"


def aside_html(words: str, *, is_html: bool = False, name: str = "omni-facts") -> str:
    """Return a quiet line, escaped unless ``is_html``."""
    return f'<div class="{name}" style="{_ASIDE}">{words if is_html else escape(words)}</div>'
