"""The words for a medium: what was measured of it, long for now and short for later."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from omni_nb.media.parts import AudioURLPart, ImageURLPart, VideoURLPart
from omni_nb.offline.audio import HeardAudio
from omni_nb.offline.image import SeenImage, main_colors
from omni_nb.offline.phrases import (
    CHANNELS,
    COLORS,
    LEVELS,
    MOTIONS,
    NOUNS,
    PHRASES,
    PLACES,
    SOUND_KINDS,
    Amount,
    fill,
)
from omni_nb.offline.video import Frames, Video
from omni_nb.offline.weights import part_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omni_nb.offline.contents import Medium
    from omni_nb.offline.phrases import Language, Register
    from omni_nb.rules.catalog import ModelFacts

_IN_DETAIL: Final = 3
_LEVELS_FROM: Final = (-60.0, -40.0, -28.0, -14.0)  # dBFS
_MOVES_FROM: Final = 0.01  # of the picture: one of its 144 squares is 0.007
_CHANGES_FROM: Final = 0.25
_UNKNOWN: Final[dict[Language, str]] = {"zh": "不知道多少", "en": "an unknown number of"}


class Describer:
    """Describe media in one language and register, for one model."""

    def __init__(self, facts: ModelFacts, language: Language, register: Register) -> None:
        self._facts, self._language = facts, language
        self._phrases = PHRASES[language, register]

    def describe(self, media: Sequence[Medium]) -> Iterator[str]:
        """Yield the sentences for the media of a message; of many, for the first."""
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
            case SeenImage():
                yield from self._image(medium, which)
            case HeardAudio():
                yield from self._audio(medium, which)
            case Video():
                yield from self._video(medium, which)
            case Frames():
                yield from self._frames(medium, which)
            case _:
                yield self._say("unseen", which=which)

    def _image(self, picture: SeenImage, which: str) -> Iterator[str]:
        yield self._say(
            "picture",
            which=which,
            width=picture.width,
            height=picture.height,
            orientation=_orientation(picture, self._language),
            tokens=self._tokens(picture, "image"),
        )
        yield self._say(
            "look",
            light=_light(picture, self._language),
            colors=_colors(picture.colors, self._language),
            brightest=_brightest(picture, self._language),
        )

    def _audio(self, audio: HeardAudio, which: str) -> Iterator[str]:
        yield self._say("sound", which=which, seconds=_number(audio.seconds), **self._heard(audio))
        several = f"{audio.channels}声道" if self._language == "zh" else "in several channels"
        yield self._say(
            "sound_facts",
            rate=audio.sample_rate,
            channels=CHANNELS[self._language].get(audio.channels, several),
            tokens=self._tokens(audio, "audio"),
        )

    def _video(self, video: Video, which: str) -> Iterator[str]:
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
            colors=_colors(main_colors(video.looks), self._language),
            motion=_motion(video.change, self._language),
        )
        first, last = video.looks[0].colors[:1], video.looks[-1].colors[:1]
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
            yield self._say("track", tokens=tokens, **self._heard(video.audio))

    def _frames(self, given: Frames, which: str) -> Iterator[str]:
        seen = given.seen
        if seen:
            moves = _motion(given.change, self._language) if len(seen) > 1 else ""
            comma = "，" if self._language == "zh" else ", and "
            yield self._say(
                "frames",
                which=which,
                count=len(seen),
                size=_size(seen, self._language),
                tokens=self._tokens(given, "video"),
                colors=_colors(main_colors(seen), self._language),
                motion=comma + moves if moves else "",
            )
        if unseen := len(given.images) - len(seen):
            yield self._say("frames_unseen", which=which, count=unseen)

    def _heard(self, audio: HeardAudio) -> dict[str, object]:
        place = sum(audio.loudness >= level for level in _LEVELS_FROM)
        kind = "silent" if audio.is_silent else "speech" if audio.is_speech_like else "other"
        words = SOUND_KINDS[self._language]["tone" if audio.tone_hz else kind]
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
        case SeenImage() | ImageURLPart():
            return "image"
        case HeardAudio() | AudioURLPart():
            return "audio"
        case Frames():
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
        case SeenImage():
            width, height = medium.width, medium.height
            if is_chinese:
                return f"一张{width}×{height}的图"
            return f"a picture of {width} by {height} pixels"
        case HeardAudio() | Video():
            seconds = _number(medium.seconds)
            noun = NOUNS[language][_kind(medium)]
            return f"一段{seconds}秒的{noun[1:]}" if is_chinese else f"a {seconds}-second {noun}"
        case Frames():
            count = len(medium.images)
            return f"{count}张连续的图" if is_chinese else f"a list of {Amount(count):picture}"
        case AudioURLPart() | VideoURLPart() | ImageURLPart():
            noun = NOUNS[language][_kind(medium)]
            return f"网址上的一{noun}" if is_chinese else f"a {noun} at a web address"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _size(images: Sequence[SeenImage], language: Language) -> str:
    sizes = {(picture.width, picture.height) for picture in images}
    if len(sizes) > 1:
        return "大小不一" if language == "zh" else "different sizes"
    width, height = sizes.pop()
    if language == "zh":
        return f"宽{width}像素，高{height}像素"
    return f"{width} by {height} pixels"


def _motion(change: float, language: Language) -> str:
    return MOTIONS[language][(change >= _MOVES_FROM) + (change >= _CHANGES_FROM)]


def _orientation(picture: SeenImage, language: Language) -> str:
    names = {"zh": ("方图", "横图", "竖图"), "en": ("square", "landscape", "portrait")}[language]
    if picture.width == picture.height:
        return names[0]
    return names[1] if picture.width > picture.height else names[2]


def _light(picture: SeenImage, language: Language) -> str:
    place = (picture.brightness > 0.35) + (picture.brightness > 0.65)
    tone = {"zh": ("偏暗", "明暗适中", "偏亮"), "en": ("dark", "evenly lit", "bright")}[language][
        place
    ]
    strong = picture.contrast > 0.2
    if language == "zh":
        return f"{tone}，对比{'强烈' if strong else '柔和'}"
    return f"{tone} with {'strong' if strong else 'soft'} contrast"


def _colors(colors: Sequence[tuple[str, float]], language: Language) -> str:
    names = COLORS[language]
    shares = [(names.get(name, name), round(share * 100)) for name, share in colors]
    if language == "zh":
        return "、".join(f"{name}约占{share}%" for name, share in shares) or "许多颜色"
    return ", ".join(f"{name} about {share}%" for name, share in shares) or "many colours"


def _brightest(picture: SeenImage, language: Language) -> str:
    if picture.brightest is None:
        return ""
    row, column = picture.brightest
    place = PLACES[language][row][column]
    return f"，最亮的地方在{place}" if language == "zh" else f", brightest at the {place}"
