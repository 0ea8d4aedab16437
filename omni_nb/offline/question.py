"""Find what a question is about, and the names in it, by rules."""

from __future__ import annotations

import re
from typing import Final

from omni_nb.offline.hints import mentions


def topics(text: str) -> set[str]:
    """Return the words that tell what a text is about, and the topics that they belong to.

    English words lose their ending; Chinese is taken by pairs of characters.
    """
    lower = text.lower()
    found = {_stem(word) for word in re.findall(r"[a-z]{2,}|\d+", lower)} - _COMMON
    for run in re.findall(r"[\u4e00-\u9fff]+", lower):
        found |= {run[place : place + 2] for place in range(len(run) - 1)} - _COMMON
    for number, topic in enumerate(_TOPICS):
        if any(mentions(lower, word) for word in topic):
            found.add(f"topic {number}")
    return found


def _stem(word: str) -> str:
    for ending in ("ing", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending)
    return word


_COMMON: Final = frozenset(
    _stem(word)
    for word in re.findall(
        r"\w+",
        "a an and any are as at be been but by can could current currently do does else for from "
        "function get give given had has have her here him his how if in into is it its just me "
        "my name named now of on one or our out please return returns say see she show so some "
        "tell than that the their them then there these they this to tool up us use used using "
        "want was we were what when where which who why will with would you your english chinese "
        "text string number value list word words not no yes all "
        "什么 一个 现在 可以 怎么 多少 请问 这个 那个 我们 你们 他们 一下 是否 的名 名称 返回 工具 "
        "函数",
    )
)

# Words that mean much the same, so that a question need not use the description's own.
_TOPICS: Final = (
    (
        *("weather", "forecast", "temperature", "degrees", "warm", "hot", "cold", "rain", "sunny"),
        *("天气", "气温", "温度", "多少度", "几度", "热", "冷", "下雨", "下雪"),
    ),
    ("time", "clock", "hour", "o'clock", "几点", "时间"),
    ("date", "day", "today", "weekday", "几号", "日期", "星期"),
    ("price", "cost", "costs", "expensive", "价格", "多少钱"),
    ("search", "find", "look up", "lookup", "搜索", "查找", "查一下"),
    ("calculate", "compute", "calculator", "sum", "add", "plus", "times", "计算", "算一下", "等于"),
    ("translate", "translation", "翻译"),
    ("plot", "chart", "figure", "graph", "draw", "画图", "图表", "画出"),
    ("email", "mail", "message", "邮件", "短信"),
    ("measure", "size", "length", "long", "wide", "tall", "测量", "多大", "多长"),
    ("random", "dice", "roll", "随机", "骰子"),
)
CAPITALISED: Final = r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*"
_AT: Final = rf"\b(?:in|at|near|for|to|from|of)\s+({CAPITALISED})"
_AND: Final = rf"({CAPITALISED})((?:\s*,\s*{CAPITALISED})*),?\s+and\s+({CAPITALISED})"
_QUOTED: Final = (
    r"\"([^\"]{1,80})\"|“([^”]{1,80})”|「([^」]{1,80})」|《([^》]{1,80})》|'([^']{2,80})'"
)
_HAN: Final = r"[\u4e00-\u9fff]"
_HAN_PLACES: Final = (
    rf"(?:在|去|到|查一?查|查一下|查|问一下|看看|看一下|请问)({_HAN}{{2,4}}?)"
    r"(?=的|现在|今天|明天|昨天|天气|气温|温度|多少|有|几|怎|热|冷|市|和|、|跟|与)",
    rf"^({_HAN}{{2,4}}?)(?=的|现在|今天|明天|昨天|天气|气温|温度|多少|有|几|怎|热|冷|市|和|、|跟|与)",
    rf"(?:和|、|跟|与)({_HAN}{{2,3}}?)(?=的|现在|今天|明天|天气|气温|温度|多少|几|怎|热|冷|哪|$|、|和)",
)


def places(question: str) -> list[str]:
    """Return names of places: capitalised ones after a preposition, Chinese ones before 的, ..."""
    found = re.findall(_AT, question)
    for pattern in _HAN_PLACES:
        found += re.findall(pattern, question)
    return [name for name in dict.fromkeys(found) if name not in _NO_NAMES]


_NO_NAMES: Final = frozenset(
    {"今天", "明天", "现在", "昨天", "请问", "这里", "那里", "I", "English"}
)


def names(question: str) -> list[str]:
    """Return the words of a question that may be arguments: quoted ones, places, other names."""
    quoted = ["".join(groups).strip() for groups in re.findall(_QUOTED, question)]
    capitalised = [found[0] for found in re.finditer(CAPITALISED, question) if found.start()]
    starts = [f[0] for f in re.finditer(rf"(?<=[.?!] ){CAPITALISED}", question)]
    others = [name for name in capitalised if name not in starts and name not in _NO_NAMES]
    return list(dict.fromkeys([*quoted, *places(question), *others]))


def joined(question: str) -> list[str]:
    """Return names that are joined by "and": a call for each may be wanted."""
    if found := re.search(_AND, question):
        middle = re.findall(CAPITALISED, found[2])
        return [name for name in (found[1], *middle, found[3]) if question.find(name)]
    found_places = places(question)
    return found_places if len(found_places) > 1 and re.search(_HAN, question) else []
