"""Render parts as small HTML that stays in the notebook, and as a line of text.

Inline styles and data URLs only: JupyterLab drops styles, scripts, SVG and ``<source>`` from a
notebook that is not trusted. Nothing here raises for a damaged file; it shows less.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from omni_nb.errors import MediaError
from omni_nb.media.drawn import encoded
from omni_nb.media.extract import draw_frames, read_audio
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
    VideoURLPart,
)
from omni_nb.media.sampling import keys_of
from omni_nb.media.sources import read_all
from omni_nb.media.tracks import read_tracks
from omni_nb.render.html import HTML, data_url, style, tag
from omni_nb.render.labels import labelled, seconds_text, size_text
from omni_nb.render.palette import FONT, LINE, MUTED, TEXT
from omni_nb.render.player import player_html
from omni_nb.render.waveform import waveform
from omni_nb.words import language_here, plural, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omni_nb.media.parts import Part
    from omni_nb.words import Language

EMBEDDED_BYTES: Final = 1_000_000
"""The largest audio or video that is kept in a notebook for its player."""

_AS_IT_IS_BYTES: Final = 100_000  # audio up to this is embedded as it is; else as MP3
_MP3_BYTES_PER_SECOND: Final = 5_000
_DECODED_SECONDS: Final = 20 * 60  # of longer audio no waveform is drawn
_PLAYABLE: Final = frozenset({"wav", "mp3", "m4a", "aac", "flac", "ogg", "webm"})  # in browsers
_STRIP: Final = 6
_CHIP_STRIP: Final = 4
_GLANCE: Final = 64
_STRIP_PIXELS: Final = 160 * 120

_CARD: Final = style(
    "max-width:46em",
    "padding:0.25em",
    f"color:{TEXT}",
    "line-height:1.5",
    f"font-family:{FONT}",
    "overflow-wrap:anywhere",
)
_FACTS: Final = f"color:{MUTED};font-size:0.85em"
_FRAMED: Final = f"border-radius:4px;border:1px solid {LINE}"
_ROW: Final = "display:flex;flex-wrap:wrap;align-items:flex-end;gap:4px"
_CHIPS: Final = "display:flex;flex-wrap:wrap;align-items:flex-start;gap:6px"
_SHOWN_CHIPS: Final = 6
_FEWEST_TILES: Final = 4
_TILE: Final = 168  # pixels of a thumbnail: sharp on a screen of twice as many
_TILE_FRAME: Final = "width:84px;height:84px;object-fit:cover;display:block"


def part_html(part: Part, language: Language | None = None) -> HTML:
    """Return a part as HTML: its preview, player and facts.

    Examples
    --------
    >>> "Is this &lt;b&gt;?" in part_html(TextPart("Is this <b>?"))
    True
    """
    language = language or language_here()
    preview = _preview(part, _STRIP, "240px" if isinstance(part, ImagePart) else "100px")
    player, facts = _player(part, language), _facts_html(part, language)
    return tag("div", preview, player, facts, class_="omni-part", style=_CARD)


def part_text(part: Part, language: Language | None = None) -> str:
    """Return a part as a line of text.

    Examples
    --------
    >>> part_text(ImagePart(b"...", "image/png", 640, 480, "dog.png"))
    'dog.png · image · 640 × 480 pixels · 3 bytes · image/png'
    """
    if isinstance(part, TextPart):
        return part.text
    return " · ".join(_facts(part, language or language_here()))


def chips_html(parts: Iterable[Part], language: Language) -> HTML:
    """Return the media of a question as chips in rows; of many the first, the rest folded.

    Examples
    --------
    >>> chips_html([TextPart("Is this a dog?")], "en")
    ''
    """
    media = [part for part in parts if not isinstance(part, TextPart)]
    if not media:
        return HTML()
    is_tile = len(media) >= _FEWEST_TILES
    chips = [part_chip_html(part, language, is_tile=is_tile) for part in media]
    count = len(chips) - _SHOWN_CHIPS
    shown = len(chips) if count < 2 else _SHOWN_CHIPS  # "+1 more" takes the room of the one
    rows = tag("div", *chips[:shown], style=_CHIPS)
    if shown == len(chips):
        return rows
    more = words("parts", language)["more"].format(count=count)
    summary = tag("summary", more, style=style(_FACTS, "cursor:pointer"))
    rest = tag("div", *chips[shown:], style=style(_CHIPS, "margin-top:6px"))
    return tag("div", rows, tag("details", summary, rest), class_="omni-chips")


def part_chip_html(part: Part, language: Language, *, is_tile: bool = False) -> HTML:
    """Return a part as the chip that stands for it in a question; nothing for a text.

    ``is_tile``: an image is a square, like those beside it.

    An image is a thumbnail, audio its waveform, a video or a list of frames a strip of four.
    Questions are rendered many times while an answer streams: a chip is kept, and the file that
    it was made of is not.
    """
    if isinstance(part, TextPart):
        return HTML()
    key = _ChipKey(part, language, is_tile)
    html = _cached_chip(key)
    key.part = None
    return html


def glance_html(part: Part) -> HTML:
    """Return a part as one small picture without words; nothing where there is none to make.

    Examples
    --------
    >>> glance_html(TextPart("Is this a dog?"))
    ''
    """
    if isinstance(part, ImagePart):
        return _strip([part.thumbnail(_GLANCE)], part.name, f"{_GLANCE}px")
    return _preview(part, 1, f"{_GLANCE}px")


class _ChipKey:
    """A cache key, equal for equal parts, that drops its part once the chip is made."""

    __slots__ = ("is_tile", "key", "language", "part")

    def __init__(self, part: Part, language: Language, is_tile: bool) -> None:
        self.key = (type(part), hash(part), language, is_tile)
        self.language, self.is_tile = language, is_tile
        self.part: Part | None = part

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ChipKey) and self.key == other.key


@lru_cache(maxsize=64)
def _cached_chip(key: _ChipKey) -> HTML:
    part, language = key.part, key.language
    if part is None:
        return HTML()
    kind = words("labels", language)["video" if isinstance(part, FramesPart) else part.modality]
    if key.is_tile and isinstance(part, ImagePart):
        preview = _strip([part.thumbnail(_TILE)], part.name, "", _TILE_FRAME)
    else:
        preview = _preview(part, _CHIP_STRIP, "120px" if isinstance(part, ImagePart) else "56px")
    has_thumbnail = bool(preview) and isinstance(part, ImagePart)
    caption = "" if has_thumbnail else f"{_chip_name(part)}{_brief(part)}"
    return tag(
        "div",
        preview,
        _line(caption if preview else f"▣ {caption}") if caption else None,
        class_="omni-chip",
        role="group",
        aria_label=labelled(kind, _facts(part, language)[0], language),
        title=part_text(part, language),
        style="max-width:260px",
    )


def _chip_name(part: Part) -> str:
    return "" if isinstance(part, TextPart) else part.name


def _brief(part: Part) -> str:
    """Return the one number that a chip shows; no words, so that it fits every language."""
    match part:
        case AudioPart() | VideoPart():
            return f" · {part.seconds:.1f} s"
        case FramesPart():
            return f" × {len(part.images)}"
        case ImageURLPart() | AudioURLPart() | VideoURLPart():
            return " ↗"
        case _:
            return ""


def _facts_html(part: Part, language: Language) -> HTML:
    if isinstance(part, TextPart):
        return tag("div", part.text, dir="auto", style="white-space:pre-wrap")
    if not isinstance(part, (ImageURLPart, AudioURLPart, VideoURLPart)):
        return _line(part_text(part, language))
    url: str = part.url
    if url.lower().startswith(("http://", "https://")):
        url = tag("a", url, href=url, target="_blank", rel="noopener noreferrer")
    return _line(url, " · ", " · ".join(_facts(part, language)[1:]))


def _facts(part: Part, language: Language) -> list[str]:
    """Return a part's name, its kind and what is known of it."""
    names, kinds = words("parts", language), words("labels", language)
    match part:
        case ImagePart():
            pixels = names["pixels"].format(width=part.width, height=part.height)
            size = size_text(part.total_bytes, language)
            return [part.name, kinds["image"], pixels, size, part.mime, *_looks(part, language)]
        case AudioPart():
            measures = [
                kinds["seconds"].format(seconds=seconds_text(part.seconds)),
                _rate(part, language),
            ]
            size = size_text(part.total_bytes, language)
            return [part.name, kinds["audio"], *measures, size, part.format]
        case VideoPart():
            seconds = kinds["seconds"].format(seconds=seconds_text(part.seconds))
            pixels = names["pixels"].format(width=part.width, height=part.height)
            seen = [seconds, pixels, names["pace"].format(fps=part.fps)]
            track = names["with sound" if part.has_audio else "no sound"]
            size = size_text(part.total_bytes, language)
            facts = [part.name, kinds["video"], *seen, track, size, part.mime]
            return [*facts, *_looks(part, language)]
        case FramesPart():
            held = [image for image in part.images if isinstance(image, ImagePart)]
            sides = dict.fromkeys((image.width, image.height) for image in held)
            every = [names["pixels"].format(width=w, height=h) for w, h in sides]
            total = [size_text(sum(image.total_bytes for image in held), language)] if held else []
            count = len(part.images)
            shown = names["frames"].format(count=count, s=plural(count))
            sizes = every if len(every) < 2 else [names["several sizes"]]
            return [part.name, shown, *sizes, *total]
        case TextPart():
            return [part.text, kinds["text"]]
        case _:
            return [part.url, kinds[part.modality], names["at a url"], *_looks(part, language)]


def _looks(part: Part, language: Language) -> list[str]:
    """Return how closely the model is told to look, where the part says so."""
    names, sampling = words("parts", language), getattr(part, "sampling", None)
    asked = keys_of(sampling).items()
    return [names[f"asked {name}"].format(value=value) for name, value in asked]


def _rate(part: AudioPart, language: Language) -> str:
    names = words("parts", language)
    known = {1: names["mono"], 2: names["stereo"]}
    channels = known.get(part.channels) or names["channels"].format(count=part.channels)
    return names["rate"].format(rate=part.sample_rate, channels=channels)


def _preview(part: Part, count: int, side: str) -> HTML:
    """Return a thumbnail, waveform or strip of frames; nothing where the part is damaged."""
    match part:
        case ImagePart():
            return _strip([part.thumbnail()], part.name, side)
        case FramesPart():
            held = [image for image in part.images if isinstance(image, ImagePart)]
            chosen = [held[place] for place in _spread(len(held), count)]
            return _strip([image.thumbnail(120) for image in chosen], part.name, side)
        case VideoPart():
            return _strip(_video_frames(part, count), part.name, side)
        case AudioPart():
            return _waveform_html(part)
        case _:
            return HTML()


def _spread(total: int, count: int) -> list[int]:
    """Return evenly spaced places, the middle of each slice."""
    count = min(total, count)
    return [(2 * number + 1) * total // (2 * count) for number in range(count)]


def _video_frames(part: VideoPart, count: int) -> Sequence[bytes]:
    count = max(1, min(count, part.total_frames))
    try:
        frames = draw_frames(part.source, count, most_pixels=_STRIP_PIXELS, roughly=True)
    except MediaError:
        return ()
    return [encoded(frame, "JPEG", quality=70) for frame in frames]


def _strip(images: Sequence[bytes | None], name: str, side: str, frame: str = "") -> HTML:
    framed = style(frame or f"max-width:{side};max-height:{side}", _FRAMED)
    shown = [_image(data, "image/jpeg", name, framed) for data in images if data is not None]
    return tag("div", *shown, class_="omni-strip", style=_ROW) if shown else HTML()


def _waveform_html(part: AudioPart) -> HTML:
    clip = _clip(part)
    if clip is None:
        return HTML()
    framed = style("width:240px;height:40px;max-width:100%;display:block", _FRAMED)
    return _image(waveform(clip.samples), "image/png", part.name, framed)


def _image(data: bytes, mime: str, name: str, framed: str) -> HTML:
    return tag("img", alt=name, style=framed, src=data_url(data, mime))


def _player(part: Part, language: Language) -> HTML:
    """Return a player that needs no kernel, or the reason why there is none."""
    match part:
        case AudioPart():
            return _audio_player(part, language)
        case VideoPart():
            return _video_player(part, language)
        case _:
            return HTML()


def _audio_player(part: AudioPart, language: Language) -> HTML:
    names = words("parts", language)
    if part.total_bytes <= _AS_IT_IS_BYTES and part.format in _PLAYABLE:
        try:
            return player_html("audio", read_all(part.source), part.mime, part.name)
        except MediaError as error:
            return _line(str(error))
    if part.seconds * _MP3_BYTES_PER_SECOND > EMBEDDED_BYTES:
        return _line(names["too long"].format(seconds=EMBEDDED_BYTES / _MP3_BYTES_PER_SECOND))
    clip = _clip(part)
    if clip is None:
        return _line(names["undecoded"])
    return player_html("audio", clip.to_mp3(), "audio/mpeg", part.name)


def _video_player(part: VideoPart, language: Language) -> HTML:
    names = words("parts", language)
    if part.total_bytes > EMBEDDED_BYTES:
        return _line(names["too large"].format(size=size_text(EMBEDDED_BYTES, language)))
    try:
        tracks = read_tracks(part.source, is_glance=True)
        codec = tracks.video.codec if tracks and tracks.video else ""
        if not codec:
            return _line(names["video undecoded"])
        if not _plays_in_browsers(part.mime, codec):
            return _line(names["unplayable"].format(mime=part.mime, codec=codec))
        return player_html("video", read_all(part.source), part.mime, part.name)
    except MediaError as error:
        return _line(str(error))


def _plays_in_browsers(mime: str, codec: str) -> bool:
    return mime == "video/webm" or (mime, codec) == ("video/mp4", "h264")


def _clip(part: AudioPart) -> Any:
    """Return the audio as a clip, or None when it is damaged or very long."""
    if part.seconds > _DECODED_SECONDS:
        return None
    try:
        return read_audio(part.source, most_seconds=_DECODED_SECONDS)
    except MediaError:
        return None


def _line(*children: str) -> HTML:
    return tag("div", *children, dir="auto", style=_FACTS)
