"""Suggest values for the properties of a JSON answer: what was measured, where a name says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.audio import MeasuredAudio
from omni_nb.offline.descriptions import Describer
from omni_nb.offline.image import MeasuredImage, main_colors
from omni_nb.offline.phrases import COLORS, UNKNOWN
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omni_nb.offline.contents import Medium
    from omni_nb.offline.phrases import Language
    from omni_nb.rules.catalog import ModelFacts

_LANGUAGES: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": ("en", "English", "english", "eng", "en-US", "en-us", "英语", "英文"),
    "zh": ("zh", "Chinese", "chinese", "zho", "zh-CN", "zh-cn", "cmn", "中文", "汉语", "普通话"),
}
_MOST_WORDS: Final = 300  # characters of a name or description that are searched


class Hints:
    """What was measured of a question's media, and the question, by the names of properties.

    Parameters
    ----------
    question
        Its text.
    media
        Its media.

    Examples
    --------
    >>> from omni_nb.rules.catalog import models
    >>> hints = Hints("What is it?", (), "en", next(iter(models("qwen3-omni-flash"))))
    >>> hints.of("language", "", None)[:2], hints.of("questionText", "", None)[0]
    (['en', 'English'], 'What is it?')
    """

    def __init__(
        self, question: str, media: Sequence[Medium], language: Language, facts: ModelFacts
    ) -> None:
        self._question, self._media, self._language = question.strip(), media, language
        self._describer = Describer(facts, language, "written")

    def count(self) -> int:
        """Return how many media there are; 1 when there are none."""
        return max(1, len(self._media))

    def everything(self) -> dict[str, Any]:
        """Return a small object of what was measured."""
        return _Reader(self._question, self._media, self._language, self._describer).all()

    def of(self, name: str, words: str, item: int | None, choices: Sequence[Any] = ()) -> list[Any]:
        """Return the values that a name suggests, or else its description."""
        media = self._media if item is None else self._media[item : item + 1]
        read = _Reader(self._question, media, self._language, self._describer)
        if not name and not words.strip():
            return [self.everything(), *read.summary(), read.unknown]
        for told in (spaced(name), spaced(words)):
            for pattern, value in _TOPICS:
                if re.search(pattern, told) and (found := value(read)):
                    return [*found, *_chosen(found, choices), read.unknown]
        return [*_chosen([self._question], choices), read.unknown]


def spaced(name: str) -> str:
    """Return a name's words in lower case: "sampleRate_hz" is "sample rate hz"."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:_MOST_WORDS])
    return " ".join(re.split(r"[\W_]+", split)).lower()


def _chosen(found: Sequence[Any], choices: Sequence[Any]) -> list[Any]:
    """Return the choices that are the same word as a value, or occur in its text."""
    texts = [str(value).lower() for value in found if isinstance(value, str)]
    return [
        choice
        for choice in choices
        if isinstance(choice, str) and any(mentions(text, choice.lower()) for text in texts)
    ]


def mentions(text: str, word: str) -> bool:
    """Return whether a word occurs in a text, both in lower case.

    Examples
    --------
    >>> mentions("in celsius", "c"), mentions("in celsius", "celsius"), mentions("热吗", "热")
    (False, True, True)
    """
    if not word:
        return False
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        if _ends_a_word(text[place - 1 : place] if place else "", word[0]) and _ends_a_word(
            text[end : end + 1], word[-1]
        ):
            return True
        place = text.find(word, place + 1)
    return False


def _ends_a_word(beside: str, edge: str) -> bool:
    """Return whether a word ends between two characters: Chinese ones are words of their own."""
    return not (beside.isascii() and beside.isalnum() and edge.isascii() and edge.isalnum())


class _Reader:
    """The values of single topics."""

    def __init__(
        self, question: str, media: Sequence[Medium], language: Language, describer: Describer
    ) -> None:
        self.question, self.media, self.language = question, media, language
        self._describer = describer
        self.unknown = UNKNOWN[language]

    @property
    def seen(self) -> MeasuredImage | MeasuredVideo | None:
        """The first medium with a picture, or the first picture of a list."""
        for medium in self.media:
            if isinstance(medium, (MeasuredImage, MeasuredVideo)):
                return medium
            if isinstance(medium, MeasuredFrames) and medium.measured:
                return medium.measured[0]
        return None

    @property
    def heard(self) -> MeasuredAudio | None:
        """The first sound, or the first video's."""
        for medium in self.media:
            sound = medium.audio if isinstance(medium, MeasuredVideo) else medium
            if isinstance(sound, MeasuredAudio):
                return sound
        return None

    @property
    def images(self) -> list[MeasuredImage]:
        """All pictures that were measured."""
        found: list[MeasuredImage] = []
        for medium in self.media:
            if isinstance(medium, MeasuredImage):
                found.append(medium)
            elif isinstance(medium, MeasuredVideo):
                found += medium.sampled
            elif isinstance(medium, MeasuredFrames):
                found += medium.measured
        return found

    def measure(self, *names: str) -> list[Any]:
        """Return the first of these facts that was measured, rounded."""
        for holder in (self.seen, self.heard, *self.images[:1]):
            for name in names:
                value = getattr(holder, name, None)
                if value is not None:
                    return [round(value, 2) if isinstance(value, float) else value]
        return []

    def seconds(self, factor: float = 1) -> list[Any]:
        lengths = [m.seconds for m in self.media if isinstance(m, (MeasuredAudio, MeasuredVideo))]
        if not lengths:
            return []
        value = lengths[0] * factor
        return [round(value, 2), round(value), f"{value:.1f} s"]

    def colors(self) -> list[Any]:
        """Return the main colours, as a list, in words, and the first one alone."""
        shares = main_colors(self.images) if self.images else ()
        if not shares:
            return []
        names = [COLORS[self.language].get(name, name) for name, _ in shares]
        plain = [name for name, _ in shares]
        return [names, plain, dict(zip(names, (round(s, 2) for _, s in shares), strict=True)),
                names[0], plain[0]]  # fmt: skip

    def summary(self) -> list[Any]:
        """Return what was measured in sentences, or the question."""
        space = "" if self.language == "zh" else " "
        sentences = list(self._describer.describe(self.media))
        return [space.join(sentences), *sentences] if sentences else self.asked()

    def title(self) -> list[Any]:
        return [self._describer.name(self.media)] if self.media else self.asked()

    def asked(self) -> list[Any]:
        return [self.question[:200]] if self.question else []

    def spoken(self) -> list[Any]:
        """Return how many speak: nobody here tells voices apart."""
        return [int(self.heard.is_speech_like)] if self.heard else []

    def kinds(self) -> list[Any]:
        names = [_kind(medium) for medium in self.media]
        return [names[0], names] if names else ["text", ["text"]]

    def orientation(self) -> list[Any]:
        if self.seen is None:
            return []
        width, height = self.seen.width, self.seen.height
        return ["square" if width == height else "landscape" if width > height else "portrait"]

    def flag(self, name: str) -> list[Any]:
        return [getattr(self.heard, name)] if self.heard else []

    def moves(self) -> list[Any]:
        return [m.change >= 0.01 for m in self.media
                if isinstance(m, (MeasuredVideo, MeasuredFrames))][:1]  # fmt: skip

    def size(self) -> list[Any]:
        if self.seen is None:
            return []
        width, height = self.seen.width, self.seen.height
        return [[width, height], f"{width} × {height}", {"width": width, "height": height}]

    def all(self) -> dict[str, Any]:
        """Return a small object of what was measured."""
        values = {
            "width": self.measure("width"),
            "height": self.measure("height"),
            "seconds": self.seconds(),
            "sample_rate": self.measure("sample_rate"),
            "colors": self.colors(),
            "brightness": self.measure("brightness"),
            "summary" if self.media else "question": self.summary(),
        }
        return {name: found[0] for name, found in values.items() if found}


def _kind(medium: Medium) -> str:
    name = type(medium).__name__
    return next((k for k in ("image", "audio", "video") if k in name.lower()), "video")


def _measure(*names: str) -> Callable[[_Reader], list[Any]]:
    return lambda read: read.measure(*names)


_TOPICS: Final[tuple[tuple[str, Callable[[_Reader], list[Any]]], ...]] = (
    (r"sample ?rate|sampling|采样率", _measure("sample_rate")),
    (r"\b(fps|frame ?rate|frames per second)\b|帧率", _measure("fps")),
    (r"\b(millis|milliseconds|ms)\b|毫秒", lambda read: read.seconds(1000)),
    (r"\bminutes?\b|分钟", lambda read: read.seconds(1 / 60)),
    (r"\b(seconds?|secs?|duration|length|lasts)\b|秒|时长|长度", lambda r: r.seconds()),
    (r"\b(languages?|lang|locale)\b|语言|语种", lambda read: list(_LANGUAGES[read.language])),
    (r"\bcolou?rs?\b|颜色|色彩|主色", lambda read: read.colors()),
    (r"\b(resolution|size|dimensions?)\b|分辨率|尺寸", lambda read: read.size()),
    (r"\b(width|w)\b|宽", _measure("width")),
    (r"\b(height|h)\b|高", _measure("height")),
    (r"\bbrightness\b|亮度", _measure("brightness")),
    (r"\bcontrast\b|对比", _measure("contrast")),
    (r"\bchannels?\b|声道", _measure("channels")),
    (r"\b(loudness|volume|decibels?|db|dbfs)\b|响度|音量", _measure("loudness")),
    (r"\b(frequency|pitch|hertz|hz|tone)\b|频率|音高", _measure("tone_hz")),
    (r"\bspeakers?\b|说话人|几个人", lambda read: read.spoken()),
    (r"\b(silent|silence)\b|静音|无声", lambda read: read.flag("is_silent")),
    (r"\b(speech|speaking|spoken|voice)\b|人声|说话", lambda read: read.flag("is_speech_like")),
    (r"\b(moves?|moving|motion)\b|运动|移动", lambda read: read.moves()),
    (r"\borientation\b|方向", lambda read: read.orientation()),
    (r"\b(kind|modality|media ?type|media)\b|类型|模态", lambda read: read.kinds()),
    (r"\b(title|headline|caption|subject)\b|标题|题目", lambda read: read.title()),
    (r"\b(question|query|prompt)\b|问题", lambda read: read.asked()),
    (
        r"\b(summary|description|describe|text|content|answer|abstract|overview|notes?|comment)\b"
        r"|摘要|概述|总结|描述|说明|文字|文本|内容|回答",
        lambda read: read.summary(),
    ),
    (r"\b(count|number|total)\b|数量|个数|张数|几", lambda read: [len(read.media)]),
)
