"""How parts show themselves: small HTML that stays in the notebook, and a line of text.

Inline styles and data URLs only: JupyterLab drops styles, scripts, SVG and ``<source>`` from a
notebook that is not trusted. Nothing here raises for a damaged file; it shows less.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal

from omni_nb.errors import MediaError
from omni_nb.media.drawn import encoded
from omni_nb.media.extract import draw_frames, read_sound
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
from omni_nb.media.sources import read_all
from omni_nb.media.tracks import read_tracks
from omni_nb.render.waveform import waveform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omni_nb.media.parts import Part

EMBEDDED_BYTES: Final = 1_000_000
"""The largest sound or video that is kept in a notebook for its player."""

_AS_IT_IS_BYTES: Final = 100_000  # a sound up to this is embedded as it is; else as MP3
_MP3_BYTES_PER_SECOND: Final = 5_000
_HEARD_SECONDS: Final = 20 * 60  # of a longer sound no waveform is drawn
_PLAYABLE: Final = frozenset({"wav", "mp3", "m4a", "aac", "flac", "ogg", "webm"})  # in browsers
_STRIP: Final = 6
_CHIP_STRIP: Final = 4
_STRIP_PIXELS: Final = 160 * 120

_BODY = "var(--jp-content-font-color1, currentColor)"
_MUTED = "var(--jp-content-font-color2, #767676)"
_LINE = "var(--jp-border-color2, #d0d0d0)"
_PLAYER_STYLES: Final = {
    "audio": "width:100%;max-width:32em;height:2.5em",
    "video": "max-width:min(100%,32em);max-height:20em",
}
_CARD = (
    f"max-width:46em;padding:0.25em;color:{_BODY};line-height:1.5;"
    "font-family:var(--jp-content-font-family, system-ui, sans-serif);overflow-wrap:anywhere"
)
_FACTS = f"color:{_MUTED};font-size:0.85em"
_FRAMED = f"border-radius:4px;border:1px solid {_LINE}"
_ROW = "display:flex;flex-wrap:wrap;align-items:flex-end;gap:4px"


def part_html(part: Part) -> str:
    """Return a part as HTML: a thumbnail, a waveform or a strip of frames; a player; its facts.

    Examples
    --------
    >>> "Is this &lt;b&gt;?" in part_html(TextPart("Is this <b>?"))
    True
    """
    player = _player(part)
    sight = _sight(part, _STRIP, "240px" if isinstance(part, ImagePart) else "100px")
    return f'<div class="omni-part" style="{_CARD}">{sight}{player}{_facts_html(part)}</div>'


def part_text(part: Part) -> str:
    """Return a part as a line of text.

    Examples
    --------
    >>> part_text(ImagePart(b"...", "image/png", 640, 480, "dog.png"))
    'dog.png · image · 640 × 480 pixels · 3 bytes · image/png'
    """
    return part.text if isinstance(part, TextPart) else " · ".join(_facts(part))


def part_chip_html(part: Part, kind: str = "") -> str:
    """Return a part as the small sign of it in a question, or nothing for a text.

    A picture is a thumbnail, a sound its waveform, a video or a list of frames a strip of
    four. Questions are painted many times while an answer streams: what was drawn once is
    kept, and the file that it was drawn from is not.

    Parameters
    ----------
    kind
        The word for its kind, for screen readers; by default the modality.
    """
    if isinstance(part, TextPart):
        return ""
    drawing = _Drawing(part, kind or part.modality)
    html = _kept_chip(drawing)
    drawing.part = None
    return html


class _Drawing:
    """A key that is equal for equal parts, and lets go of its part once that is drawn."""

    __slots__ = ("key", "kind", "part")

    def __init__(self, part: Part, kind: str) -> None:
        self.key = (type(part), hash(part), kind)
        self.kind = kind
        self.part: Part | None = part

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Drawing) and self.key == other.key


@lru_cache(maxsize=64)
def _kept_chip(drawing: _Drawing) -> str:
    part = drawing.part
    if part is None:
        return ""
    name, kind = escape(_facts(part)[0]), escape(drawing.kind)
    sight = _sight(part, _CHIP_STRIP, "120px" if isinstance(part, ImagePart) else "56px")
    words = "" if sight and isinstance(part, ImagePart) else f"{_chip_name(part)}{_brief(part)}"
    caption = _line(escape(words if sight else f"▣ {words}")) if words else ""
    return (
        f'<div class="omni-chip" role="group" aria-label="{kind}: {name}" '
        f'title="{escape(part_text(part))}" style="max-width:260px">{sight}{caption}</div>'
    )


def _chip_name(part: Part) -> str:
    return "" if isinstance(part, TextPart) else part.name


def _brief(part: Part) -> str:
    """The one number of a part that a chip shows; no words, so that it fits every language."""
    match part:
        case AudioPart() | VideoPart():
            return f" · {part.seconds:.1f} s"
        case FramesPart():
            return f" × {len(part.images)}"
        case ImageURLPart() | AudioURLPart() | VideoURLPart():
            return " ↗"
        case _:
            return ""


def _facts_html(part: Part) -> str:
    if isinstance(part, TextPart):
        return f'<div dir="auto" style="white-space:pre-wrap">{escape(part.text)}</div>'
    if not isinstance(part, (ImageURLPart, AudioURLPart, VideoURLPart)):
        return _line(escape(part_text(part)))
    url = escape(part.url)
    if part.url.lower().startswith(("http://", "https://")):
        url = f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>'
    return _line(f"{url} · {escape(' · '.join(_facts(part)[1:]))}")


def _facts(part: Part) -> list[str]:
    """A part's name, its kind and what is known of it."""
    match part:
        case ImagePart():
            pixels = f"{part.width} × {part.height} pixels"
            return [part.name, "image", pixels, size_text(part.total_bytes), part.mime]
        case AudioPart():
            channels = {1: "mono", 2: "stereo"}.get(part.channels, f"{part.channels} channels")
            heard = [f"{part.seconds:.1f} s", f"{part.sample_rate:,} Hz {channels}"]
            return [part.name, "audio", *heard, size_text(part.total_bytes), part.format]
        case VideoPart():
            pixels = f"{part.width} × {part.height} pixels"
            pace = f"{part.fps:.3g} frames per second"
            moving = [f"{part.seconds:.1f} s", pixels, pace]
            track = "with sound" if part.has_sound else "no sound"
            return [part.name, "video", *moving, track, size_text(part.total_bytes), part.mime]
        case FramesPart():
            held = [image for image in part.images if isinstance(image, ImagePart)]
            sizes = list(dict.fromkeys(f"{i.width} × {i.height} pixels" for i in held))
            total = [size_text(sum(image.total_bytes for image in held))] if held else []
            size = ["several sizes"] if len(sizes) > 1 else sizes
            count = "1 frame" if len(part.images) == 1 else f"{len(part.images)} frames"
            return [part.name, count, *size, *total]
        case TextPart():
            return [part.text, "text"]
        case _:
            return [part.url, part.modality, "at a URL, not fetched"]


def size_text(count: int) -> str:
    """Say how large a file is.

    Examples
    --------
    >>> size_text(1_234_567)
    '1.2 MB'
    """
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _sight(part: Part, count: int, side: str) -> str:
    """What there is to see of a part; nothing where it is damaged."""
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
            return ""


def _spread(total: int, count: int) -> list[int]:
    """Evenly spaced places, the middle of each slice."""
    count = min(total, count)
    return [(2 * number + 1) * total // (2 * count) for number in range(count)]


def _video_frames(part: VideoPart, count: int) -> Sequence[bytes]:
    count = max(1, min(count, part.total_frames))
    try:
        frames = draw_frames(part.source, count, most_pixels=_STRIP_PIXELS, roughly=True)
    except MediaError:
        return ()
    return [encoded(frame, "JPEG", quality=70) for frame in frames]


def _strip(pictures: Sequence[bytes | None], name: str, side: str) -> str:
    style = f"max-width:{side};max-height:{side};{_FRAMED}"
    images = [_image(data, "image/jpeg", name, style) for data in pictures if data is not None]
    return f'<div class="omni-strip" style="{_ROW}">{"".join(images)}</div>' if images else ""


def _waveform_html(part: AudioPart) -> str:
    clip = _heard(part)
    if clip is None:
        return ""
    style = f"width:240px;height:40px;max-width:100%;display:block;{_FRAMED}"
    return _image(waveform(clip.samples), "image/png", part.name, style)


def _image(data: bytes, mime: str, name: str, style: str) -> str:
    return f'<img alt="{escape(name)}" style="{style}" src="{_data_url(data, mime)}">'


def _player(part: Part) -> str:
    """A player that needs no kernel, or the reason why there is none."""
    match part:
        case AudioPart():
            return _audio_player(part)
        case VideoPart():
            return _video_player(part)
        case _:
            return ""


def _audio_player(part: AudioPart) -> str:
    if part.total_bytes <= _AS_IT_IS_BYTES and part.format in _PLAYABLE:
        try:
            return _playable("audio", read_all(part.source), part.mime, part.name)
        except MediaError as error:
            return _line(escape(str(error)))
    if part.seconds * _MP3_BYTES_PER_SECOND > EMBEDDED_BYTES:
        most = EMBEDDED_BYTES / _MP3_BYTES_PER_SECOND
        return _line(f"Not kept in the notebook: it is longer than {most:.0f} s.")
    clip = _heard(part)
    if clip is None:
        return _line("It cannot be decoded here.")
    return _playable("audio", clip.to_mp3(), "audio/mpeg", part.name)


def _video_player(part: VideoPart) -> str:
    if part.total_bytes > EMBEDDED_BYTES:
        most = size_text(EMBEDDED_BYTES)
        return _line(f"No player: it is larger than {most}, too much for the notebook.")
    try:
        tracks = read_tracks(part.source, is_glance=True)
        codec = tracks.video.codec if tracks and tracks.video else ""
        if not codec:
            return _line("No player: it cannot be decoded here.")
        if not _plays_in_browsers(part.mime, codec):
            words = f"No player: not every browser plays {part.mime} with {codec}."
            return _line(escape(words))
        return _playable("video", read_all(part.source), part.mime, part.name)
    except MediaError as error:
        return _line(escape(str(error)))


def _plays_in_browsers(mime: str, codec: str) -> bool:
    return mime == "video/webm" or (mime, codec) == ("video/mp4", "h264")


def _heard(part: AudioPart) -> Any:
    """The sound as a clip, or None when it is damaged or very long."""
    if part.seconds > _HEARD_SECONDS:
        return None
    try:
        return read_sound(part.source, most_seconds=_HEARD_SECONDS)
    except MediaError:
        return None


def _playable(tag: Literal["audio", "video"], data: bytes, mime: str, name: str) -> str:
    label = escape(name)
    return (
        f'<{tag} class="omni-{tag}" controls preload="metadata" aria-label="{label}" '
        f'title="{label}" style="{_PLAYER_STYLES[tag]};display:block" '
        f'src="{_data_url(data, mime)}"></{tag}>'
    )


def _line(words: str) -> str:
    return f'<div dir="auto" style="{_FACTS}">{words}</div>'


def _data_url(data: bytes, mime: str) -> str:
    return f"data:{escape(mime)};base64,{base64.b64encode(data).decode('ascii')}"
