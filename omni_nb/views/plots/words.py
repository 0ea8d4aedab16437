"""Words: what the plots say, in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omni_nb.render.reply import rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omni_nb.render.reply import Language
    from omni_nb.rules.pricing import Cost

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "tokens": "tokens",
        "n tokens": "{:,} tokens",
        "at least": "at least {}",
        "cost unknown": "cost unknown",
        "original": "original",
        "to scale": "dashed: the size the model sees, to the same scale",
        "width": "width (pixels)",
        "height": "height (pixels)",
        "map": "Tokens of an image on {}",
        "shrunk": "larger: shrunk to at most {:,} + {} tokens",
        "enlarged": "smaller: enlarged to at least {:,} + {} tokens",
        "refused": "over {}:1: refused",
        "seconds of sound": "duration (seconds)",
        "per second": "{:g} per second",
        "minimum": "less than 1 s counts as 1 s",
        "limit": "at most {:g} s",
        "frames": "{:,} frames of {} × {} px",
        "drawn": "{} of {} sampled frames; each weighs {}",
        "all drawn": "sampled frames; each weighs {}",
        "shared": "{} in a row share {:,} tokens",
        "time": "time in the video (seconds)",
        "frame number": "frame",
        "silent": "no sound track",
        "undecoded": "the sound cannot be decoded here",
        "its sound": "sound",
        "not split": "not split",
        "money": "cost ({})",
        "money unknown": "cost",
        "estimated": "estimated",
        "billed": "billed",
        "counted": "stand-in (would cost)",
        "no count": "the service sent no count",
        "since": "seconds since the request",
        "received": "speech received (seconds)",
        "characters": "text received (characters)",
        "text lane": "text",
        "audio lane": "speech",
        "real time": "heard in real time",
        "first text": "first text {:.2f} s",
        "first speech": "first speech {:.2f} s",
        "first sound": "first sound {:.2f} s",
        "ahead": "up to {:.1f} s ahead of real time",
        "behind": "late by up to {:.1f} s",
        "underruns": "{} pauses in the sound, {:.1f} s together",
        "one underrun": "1 pause in the sound of {:.1f} s",
        "no underruns": "no pause in the sound",
    },
    "zh": {
        "tokens": "Token",
        "n tokens": "{:,} Token",
        "at least": "至少 {}",
        "cost unknown": "费用未知",
        "original": "原图",
        "to scale": "虚线：模型看到的尺寸（同一比例）",
        "width": "宽（像素）",
        "height": "高（像素）",
        "map": "{} 的图片 Token 数",
        "shrunk": "更大：缩小到至多 {:,} + {} Token",
        "enlarged": "更小：放大到至少 {:,} + {} Token",
        "refused": "超过 {}:1，不接受",
        "seconds of sound": "时长（秒）",
        "per second": "每秒 {:g}",
        "minimum": "不足 1 秒按 1 秒计",
        "limit": "最长 {:g} 秒",
        "frames": "{:,} 帧，每帧 {} × {} 像素",
        "drawn": "抽取的 {1} 帧中的 {0} 帧，每帧 {2}",
        "all drawn": "抽取的帧，每帧 {}",
        "shared": "相邻 {} 帧共用 {:,} Token",
        "time": "视频中的时间（秒）",
        "frame number": "帧",
        "silent": "没有音轨",
        "undecoded": "此处无法解码声音",
        "its sound": "声音",
        "not split": "未分项",
        "money": "费用（{}）",
        "money unknown": "费用",
        "estimated": "估算",
        "billed": "实际",
        "counted": "替身（若用模型）",
        "no count": "服务没有返回 Token 数",
        "since": "请求之后的时间（秒）",
        "received": "已收到的语音（秒）",
        "characters": "已收到的文本（字符）",
        "text lane": "文本",
        "audio lane": "语音",
        "real time": "按实时播放",
        "first text": "首个文本 {:.2f} 秒",
        "first speech": "首个语音 {:.2f} 秒",
        "first sound": "开始发声 {:.2f} 秒",
        "ahead": "最多领先实时 {:.1f} 秒",
        "behind": "最多落后 {:.1f} 秒",
        "underruns": "声音中断 {} 次，共 {:.1f} 秒",
        "one underrun": "声音中断 1 次，{:.1f} 秒",
        "no underruns": "声音没有中断",
    },
}


def words_in(language: Language) -> Mapping[str, str]:
    """Return the words of the plots in a language."""
    return _WORDS[language]


def weight(tokens: int, cost: Cost | None, language: Language) -> str:
    """Say what something weighs and costs; an unknown cost in words.

    Examples
    --------
    >>> weight(1224, None, "en")
    '1,224 tokens, cost unknown'
    """
    words = words_in(language)
    money = words["cost unknown"] if cost is None else price(cost)
    return f"{words['n tokens'].format(tokens)}{'，' if language == 'zh' else ', '}{money}"


def price(cost: Cost) -> str:
    """Return a cost with the three digits that count."""
    return f"{rounded(cost.total)} {cost.currency}"
