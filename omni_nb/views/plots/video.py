"""Plot a video as a model sees and hears it: sampled frames above, the audio below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError
from omni_nb.media.extract import draw_frames
from omni_nb.media.image import ImagePart, ImageURLPart
from omni_nb.media.sources import not_here
from omni_nb.media.video import FramesPart, VideoURLPart, video
from omni_nb.render.labels import labelled, tokens_text, weight_text
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.rules.catalog import facts_of
from omni_nb.rules.tokens import audio_tokens, frames_tokens, video_rules, video_tokens
from omni_nb.views.plots.audio import draw_waveform, heard_clip, mark_seconds
from omni_nb.views.plots.canvas import (
    canvas,
    check_axes,
    inches,
    input_cost,
    letters,
    plain,
    quiet,
    title,
)
from omni_nb.views.plots.fit import finished
from omni_nb.views.plots.fonts import checked_language
from omni_nb.views.plots.image import decoded
from omni_nb.wire.request import DEFAULT_MODEL
from omni_nb.words import words

if TYPE_CHECKING:
    import PIL.Image
    from matplotlib.axes import Axes

    from omni_nb.media.clip import AudioClip
    from omni_nb.media.video import VideoPart
    from omni_nb.rules.facts import VideoRules
    from omni_nb.rules.tokens import VideoTokens
    from omni_nb.words import Language

_COLOR = MODALITY_COLORS["video"]
_STRIP = 10
_STRIP_PIXELS = 240 * 180
_FILLED_SECONDS = 0.1  # AAC of 16 kHz has 0.064 s in a packet


@dataclass(frozen=True, slots=True)
class _Seen:
    """A video and its tokens; ``length`` in seconds, or in frames where it is a list."""

    name: str
    length: float
    is_list: bool
    counted: VideoTokens
    shown: tuple[PIL.Image.Image, ...]
    has_audio: bool
    audio: AudioClip | None
    audio_tokens: int


def plot_video_tokens(
    video: Any,
    model: str = DEFAULT_MODEL,
    *,
    region: str = "beijing",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the frames of a video that the model looks at, and the tokens.

    Parameters
    ----------
    video
        Anything that `omni_nb.video` takes, or a list of frames made by `omni_nb.frames`.
    model
        A model's name.
    region
        The region whose prices count.
    language
        The language of the labels: ``"en"`` or ``"zh"``.
    ax
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The time line: a mark for every sampled frame in its middle, and the audio below.
        ``ax.child_axes`` are the images of up to 10 of the frames, each in the place of its
        share of the time, and the waveform as the last one if there is audio.

    Raises
    ------
    MediaError
        The input is no video, or a video at a URL, which is not known here.
    RequestError
        The model's video rule is not known, or the video is too short for it.

    Notes
    -----
    `omni_nb.video_tokens` has the rule: which frames are taken is not published,
    so they are drawn evenly spaced; their number, size and tokens are as documented.

    Examples
    --------
    >>> import numpy as np
    >>> import omni_nb as omni
    >>> ax = plot_video_tokens(omni.frames(np.zeros((4, 48, 64, 3), "uint8")))
    >>> len(ax.child_axes)
    4
    """
    check_axes(ax)
    language = checked_language(language)
    seen = _frames_seen(video, model) if isinstance(video, FramesPart) else _seen(video, model)
    rules = video_rules(model)
    names = words("plots", language)
    ax = canvas(ax, width=8.4, height=3.5 if seen.has_audio else 2.2)
    _draw_title(ax, seen, facts_of(model).name, region, language)
    ax.set(xlim=(0, seen.length), ylim=(0, 1))
    ax.set_xlabel(names["frame number" if seen.is_list else "time"])
    quiet(ax, keep=("bottom",))
    ax.set_yticks([])
    line = _draw_strip(ax, seen, rules, language)
    if seen.is_list:
        _number_frames(ax, seen.counted.frames)
    else:
        _draw_audio(ax, seen, line - 0.16, language)
    return finished(ax)


def _seen(given: Any, model: str) -> _Seen:
    part = _held(given)
    counted = video_tokens(part.width, part.height, part.seconds, part.fps, model=model)
    return _Seen(
        name=part.name,
        length=part.seconds,
        is_list=False,
        counted=counted,
        shown=_images(part, min(counted.frames, _STRIP)),
        has_audio=part.has_audio,
        audio=heard_clip(part.source) if part.has_audio else None,
        audio_tokens=audio_tokens(_heard_seconds(part), model=model),
    )


def _heard_seconds(part: VideoPart) -> float:
    """Return how long the sound lasts below the frames, without what fills its last packet."""
    is_filled = 0 <= part.heard_seconds - part.seconds <= _FILLED_SECONDS
    return part.seconds if is_filled and part.has_audio else part.heard_seconds


def _frames_seen(part: FramesPart, model: str) -> _Seen:
    for image in part.images:
        if isinstance(image, ImageURLPart):
            raise not_here(image.name, unknown="size")
    held = [image for image in part.images if isinstance(image, ImagePart)]
    count = len(held)
    shown = [held[int((n + 0.5) * count / min(count, _STRIP))] for n in range(min(count, _STRIP))]
    return _Seen(
        name=part.name,
        length=count,
        is_list=True,
        counted=frames_tokens([(image.width, image.height) for image in held], model=model),
        shown=tuple(picture for image in shown if (picture := decoded(image)) is not None),
        has_audio=False,
        audio=None,
        audio_tokens=0,
    )


def _held(given: Any) -> VideoPart:
    part = video(given)
    if isinstance(part, VideoURLPart):
        raise not_here(part.name, unknown="duration")
    return part


def _images(part: VideoPart, count: int) -> tuple[PIL.Image.Image, ...]:
    """Return evenly spaced frames; none where the file is damaged."""
    try:
        return draw_frames(
            part.source, max(1, min(count, part.total_frames)), most_pixels=_STRIP_PIXELS
        )
    except MediaError:
        return ()


def _draw_strip(ax: Axes, seen: _Seen, rules: VideoRules, language: Language) -> float:
    """Draw the frames, and below them a mark for each that is looked at; return where."""
    line = 1 - _draw_images(ax, seen) - 0.1
    frames = seen.counted.frames
    middles = [(number + 0.5) * seen.length / frames for number in range(frames)]
    ax.vlines(middles, line, line + 0.05, colors=_COLOR, lw=2.5 if frames <= 40 else 1)
    together = rules.frames_per_token
    shares = [middles[first : first + together] for first in range(0, frames, together)]
    ax.hlines(
        [line] * len(shares),
        [share[0] for share in shares],
        [share[-1] for share in shares],
        colors=_COLOR,
        lw=1.2,
    )
    each = (seen.counted.tokens - rules.marks) // len(shares)
    names, labels = words("plots", language), words("labels", language)
    head = names["all drawn" if len(seen.shown) == frames else "drawn"].format(
        shown=len(seen.shown), count=frames, weight=tokens_text(each // together, language)
    )
    shared = names["shared"].format(frames=together, count=each)
    _note(ax, line - 0.02, labels["aside"].format(words=head, more=shared))
    return line


def _draw_images(ax: Axes, seen: _Seen) -> float:
    """Draw frames side by side along the top; return the share of the height they take."""
    if not seen.shown:
        return 0.0
    width, height = inches(ax)
    wide, first = 1 / len(seen.shown), seen.shown[0]
    high = min(0.5, width * wide * first.height / first.width / height)
    for number, image in enumerate(seen.shown):
        box = ax.inset_axes((number * wide + 0.003, 1 - high, wide - 0.006, high))
        box.imshow(image)
        box.set_axis_off()
    return high


def _draw_audio(ax: Axes, seen: _Seen, top: float, language: Language) -> None:
    names = words("plots", language)
    if not seen.has_audio or seen.audio is None:
        _note(ax, 0.12, names["undecoded" if seen.has_audio else "silent"])
        return
    wave = ax.inset_axes((0, 0.12, 1, max(0.1, top - 0.12)), sharex=ax)
    draw_waveform(wave, seen.audio)
    mark_seconds(wave, seen.length)
    counted = tokens_text(seen.audio_tokens, language)
    _note(ax, 0.12, labelled(names["its sound"], counted, language))


def _number_frames(ax: Axes, count: int) -> None:
    """Number the frames from 1, in their middles, or some where they are many."""
    step = -(-count // 20)
    numbers = range(1, count + 1, step)
    ax.set_xticks([number - 0.5 for number in numbers], [f"{number}" for number in numbers])


def _note(ax: Axes, height: float, text: str) -> None:
    ax.text(0, height, text, transform=ax.transAxes, fontsize=letters(ax), va="top", alpha=0.8)


def _draw_title(ax: Axes, seen: _Seen, model: str, region: str, language: Language) -> None:
    counted = seen.counted
    heard = {"audio": seen.audio_tokens} if seen.audio_tokens else {}
    cost = input_cost(model, region, video=counted.tokens, **heard)
    total = weight_text(counted.tokens + seen.audio_tokens, cost, language)
    size = words("plots", language)["frames"].format(
        count=counted.frames, width=counted.resized_width, height=counted.resized_height
    )
    title(ax, f"{plain(seen.name)} · {plain(model)}\n{labelled(size, total, language)}")
