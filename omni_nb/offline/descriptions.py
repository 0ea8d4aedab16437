"""Describe media in words: in full for the latest message, in short for earlier ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from omni_nb.media.parts import AudioURLPart, ImageURLPart, VideoURLPart
from omni_nb.offline.audio import MeasuredAudio
from omni_nb.offline.image import MeasuredImage, main_colors
from omni_nb.offline.input_tokens import part_tokens
from omni_nb.offline.phrases import (
    AUDIO_KINDS,
    CHANNELS,
    COLORS,
    LEVELS,
    MOTIONS,
    NOUNS,
    PHRASES,
    PLACES,
    Amount,
    fill,
)
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omni_nb.offline.contents import Medium
    from omni_nb.offline.phrases import Language, Register
    from omni_nb.rules.catalog import ModelFacts

_IN_DETAIL: Final = 3
_LEVELS_FROM: Final = (-60.0, -40.0, -28.0, -14.0)  # dBFS
_MOVES_FROM: Final = 0.01  # of the image: one of its 144 squares is 0.007
_CHANGES_FROM: Final = 0.25
_UNKNOWN: Final[dict[Language, str]] = {"zh": "不知道多少", "en": "an unknown number of"}


class Describer:
    """The words for media in one language and register, for one model."""

    def __init__(self, facts: ModelFacts, language: Language, register: Register) -> None:
        self._facts, self._language = facts, language
        self._phrases = PHRASES[language, register]

    def describe(self, media: Sequence[Medium]) -> Iterator[str]:
        """Yield sentences about the media of a message; of many, about the first three."""
        totals = Counter(map(_kind, media))
        numbers: Counter[str] = Counter()
        for medium in media[:_IN_DETAIL]:
            kind = _kind(medium)
            numbers[kind] += 1
            which = _which(kind, numbers[kind], totals[kind], self._language)
            yield from self._described(medium, which)
        if more := len(media[_IN_DETAIL:]):
            measure = "张" if set(totals) == {"image"} else "个"
            yield self._say("more", count=f"{more}{measure}" if self._language == "zh" else more)

    def name(self, media: Sequence[Medium]) -> str:
        """Return what media are in a few words, such as "a 3.2-second sound"."""
        shown = [_name(medium, self._language) for medium in media[:_IN_DETAIL]]
        if more := len(media[_IN_DETAIL:]):
            shown.append(f"另外{more}个" if self._language == "zh" else f"{more} more")
        if self._language == "zh":
            return "、".join(shown) or "没有别的内容"
        return " and ".join(shown) or "nothing else"

    def _say(self, phrase: str, **facts: object) -> str:
        return fill(self._phrases[phrase], facts)

    def _described(self, medium: Medium, which: str) -> Iterator[str]:
        match medium:
            case MeasuredImage():
                yield from self._image(medium, which)
            case MeasuredAudio():
                yield from self._audio(medium, which)
            case MeasuredVideo():
                yield from self._video(medium, which)
            case MeasuredFrames():
                yield from self._frames(medium, which)
            case _:
                yield self._say("remote", which=which)

    def _image(self, image: MeasuredImage, which: str) -> Iterator[str]:
        yield self._say(
            "image",
            which=which,
            width=image.width,
            height=image.height,
            orientation=_orientation(image, self._language),
            tokens=self._tokens(image, "image"),
        )
        yield self._say(
            "look",
            light=_light(image, self._language),
            colors=_colors(image.colors, self._language),
            brightest=_brightest(image, self._language),
        )

    def _audio(self, audio: MeasuredAudio, which: str) -> Iterator[str]:
        yield self._say(
            "audio", which=which, seconds=_number(audio.seconds), **self._loudness(audio)
        )
        several = f"{audio.channels}声道" if self._language == "zh" else "in several channels"
        yield self._say(
            "audio_facts",
            rate=audio.sample_rate,
            channels=CHANNELS[self._language].get(audio.channels, several),
            tokens=self._tokens(audio, "audio"),
        )

    def _video(self, video: MeasuredVideo, which: str) -> Iterator[str]:
        yield self._say(
            "video",
            which=which,
            seconds=_number(video.seconds),
            width=video.width,
            height=video.height,
            fps=_number(video.fps),
            tokens=self._tokens(video, "video"),
        )
        yield self._say(
            "video_look",
            colors=_colors(main_colors(video.sampled), self._language),
            motion=_motion(video.change, self._language),
        )
        first, last = video.sampled[0].colors[:1], video.sampled[-1].colors[:1]
        if first and last and first[0][0] != last[0][0]:
            names = COLORS[self._language]
            yield self._say(
                "colors_change",
                first=names.get(first[0][0], first[0][0]),
                last=names.get(last[0][0], last[0][0]),
            )
        if video.audio is None:
            yield self._say("no_track")
        else:
            tokens = self._tokens(video, "audio")
            yield self._say("track", tokens=tokens, **self._loudness(video.audio))

    def _frames(self, given: MeasuredFrames, which: str) -> Iterator[str]:
        measured = given.measured
        if measured:
            moves = _motion(given.change, self._language) if len(measured) > 1 else ""
            comma = "，" if self._language == "zh" else ", and "
            yield self._say(
                "frames",
                which=which,
                count=len(measured),
                size=_size(measured, self._language),
                tokens=self._tokens(given, "video"),
                colors=_colors(main_colors(measured), self._language),
                motion=comma + moves if moves else "",
            )
        if remote := len(given.images) - len(measured):
            yield self._say("remote_frames", which=which, count=remote)

    def _loudness(self, audio: MeasuredAudio) -> dict[str, object]:
        place = sum(audio.loudness >= level for level in _LEVELS_FROM)
        kind = "silent" if audio.is_silent else "speech" if audio.is_speech_like else "other"
        words = AUDIO_KINDS[self._language]["tone" if audio.tone_hz else kind]
        return {
            "level": LEVELS[self._language][place],
            "decibels": round(audio.loudness),
            "kind": words.format(hertz=round(audio.tone_hz or 0)),
        }

    def _tokens(self, medium: Medium, modality: str) -> int | str:
        if self._facts.tokens is None:
            return _UNKNOWN[self._language]
        return part_tokens(medium, self._facts).get(modality, 0)


def _kind(medium: Medium) -> str:
    match medium:
        case MeasuredImage() | ImageURLPart():
            return "image"
        case MeasuredAudio() | AudioURLPart():
            return "audio"
        case MeasuredFrames():
            return "frames"
        case _:
            return "video"


def _which(kind: str, number: int, total: int, language: Language) -> str:
    noun = NOUNS[language][kind]
    if language == "zh":
        return f"这{noun}" if total == 1 else f"第{'一二三'[number - 1]}{noun}"
    return (
        f"This {noun}" if total == 1 else f"The {('first', 'second', 'third')[number - 1]} {noun}"
    )


def _name(medium: Medium, language: Language) -> str:
    is_chinese = language == "zh"
    match medium:
        case MeasuredImage():
            width, height = medium.width, medium.height
            if is_chinese:
                return f"一张{width}×{height}的图"
            return f"a picture of {width} by {height} pixels"
        case MeasuredAudio() | MeasuredVideo():
            seconds = _number(medium.seconds)
            noun = NOUNS[language][_kind(medium)]
            return f"一段{seconds}秒的{noun[1:]}" if is_chinese else f"a {seconds}-second {noun}"
        case MeasuredFrames():
            count = len(medium.images)
            return f"{count}张连续的图" if is_chinese else f"a list of {Amount(count):picture}"
        case AudioURLPart() | VideoURLPart() | ImageURLPart():
            noun = NOUNS[language][_kind(medium)]
            return f"网址上的一{noun}" if is_chinese else f"a {noun} at a web address"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _size(images: Sequence[MeasuredImage], language: Language) -> str:
    sizes = {(image.width, image.height) for image in images}
    if len(sizes) > 1:
        return "大小不一" if language == "zh" else "different sizes"
    width, height = sizes.pop()
    if language == "zh":
        return f"宽{width}像素，高{height}像素"
    return f"{width} by {height} pixels"


def _motion(change: float, language: Language) -> str:
    return MOTIONS[language][(change >= _MOVES_FROM) + (change >= _CHANGES_FROM)]


def _orientation(image: MeasuredImage, language: Language) -> str:
    names = {"zh": ("方图", "横图", "竖图"), "en": ("square", "landscape", "portrait")}[language]
    if image.width == image.height:
        return names[0]
    return names[1] if image.width > image.height else names[2]


def _light(image: MeasuredImage, language: Language) -> str:
    place = (image.brightness > 0.35) + (image.brightness > 0.65)
    tone = {"zh": ("偏暗", "明暗适中", "偏亮"), "en": ("dark", "evenly lit", "bright")}[language][
        place
    ]
    strong = image.contrast > 0.2
    if language == "zh":
        return f"{tone}，对比{'强烈' if strong else '柔和'}"
    return f"{tone} with {'strong' if strong else 'soft'} contrast"


def _colors(colors: Sequence[tuple[str, float]], language: Language) -> str:
    names = COLORS[language]
    shares = [(names.get(name, name), round(share * 100)) for name, share in colors]
    if language == "zh":
        return "、".join(f"{name}约占{share}%" for name, share in shares) or "许多颜色"
    return ", ".join(f"{name} about {share}%" for name, share in shares) or "many colours"


def _brightest(image: MeasuredImage, language: Language) -> str:
    if image.brightest is None:
        return ""
    row, column = image.brightest
    place = PLACES[language][row][column]
    return f"，最亮的地方在{place}" if language == "zh" else f", brightest at the {place}"
