"""Plot audio as a model hears it: so many tokens a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from omni_nb.errors import MediaError
from omni_nb.media.audio import AudioURLPart, audio
from omni_nb.media.extract import read_audio
from omni_nb.media.sources import not_here
from omni_nb.render.labels import labelled, weight_text
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.rules.catalog import facts_of
from omni_nb.rules.images import token_rules
from omni_nb.rules.tokens import audio_tokens
from omni_nb.views.plots.canvas import (
    canvas,
    check_axes,
    input_cost,
    letters,
    model_names,
    plain,
    quiet,
    title,
)
from omni_nb.views.plots.fit import finished
from omni_nb.views.plots.fonts import checked_language
from omni_nb.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes

    from omni_nb.media.clip import AudioClip
    from omni_nb.media.sources import HeldSource
    from omni_nb.rules.pricing import Cost
    from omni_nb.words import Language

_COLOR = MODALITY_COLORS["audio"]
_LINES = ("-", "--", "-.", ":")
_POINTS = 1500
_MOST_SECONDS = 20 * 60  # of longer audio no more is decoded
_MOST_MARKS = 40
_TOP = 0.34  # the share of the height that the waveform takes


@dataclass(frozen=True, slots=True)
class _Heard:
    """The tokens of an audio for one model."""

    model: str
    per_second: float
    tokens: int
    cost: Cost | None
    limit_seconds: float | None


def plot_audio_tokens(
    clip_or_seconds: Any,
    models: str | Sequence[str] | None = None,
    *,
    region: str = "beijing",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how the tokens of audio grow with its duration.

    Parameters
    ----------
    clip_or_seconds
        Anything that `omni_nb.audio` takes, or a duration in seconds.
    models
        A model's name or a list of names; each gets a line.
    region
        The region whose prices count.
    language
        The language of the labels: ``"en"`` or ``"zh"``.
    ax
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Tokens over seconds, from the minimum of one second, with a dot at the audio's
        duration. Of a clip ``ax.child_axes[0]`` is the waveform on the same seconds, with
        every second marked.

    Raises
    ------
    MediaError
        The input is no audio, or audio at a URL, whose duration is not known here.
    RequestError
        The token rules of a model are not known, or the duration is negative or endless.

    Notes
    -----
    Spec, "音频与图片转换为Token数的规则"; `omni_nb.audio_tokens` has the rule.

    Examples
    --------
    >>> ax = plot_audio_tokens(0.4, "qwen-omni-turbo")
    >>> ax.get_title(loc="left")
    '0.4 s: 25 tokens, 0.000625 CNY'
    """
    check_axes(ax)
    language = checked_language(language)
    names = words("plots", language)
    seconds, name, clip = _opened(clip_or_seconds)
    heard = [_heard_by(model, seconds, region) for model in model_names(models)]
    ax = canvas(ax, width=7.2, height=3.6 if clip is None else 4.4)
    end = max(2.0, 1.18 * seconds)
    ax.set(xlim=(0, end), xlabel=names["duration"], ylabel=words("labels", language)["tokens"])
    _draw_curves(ax, heard, seconds, end, language, has_top=clip is not None)
    _draw_limit(ax, heard, end, names["limit"])
    quiet(ax)
    if clip is not None:
        wave = ax.inset_axes((0, 1 - _TOP, 1, _TOP), sharex=ax)
        draw_waveform(wave, clip)
        mark_seconds(wave, seconds)
    length = names["length"].format(seconds=round(seconds, 2))
    whole = f"{plain(name)} ({length})" if name else length
    if len(heard) == 1:
        said = weight_text(heard[0].tokens, heard[0].cost, language)
        whole = labelled(whole, said, language)
    title(ax, whole)
    return finished(ax)


def draw_waveform(ax: Axes, clip: AudioClip, *, columns: int = 1200) -> None:
    """Draw how loud a clip is over its seconds, as high as there is room."""
    import numpy as np

    low, high = _extremes(clip.samples, columns)
    loudest = max(0.05, float(np.abs([low, high]).max(initial=0)))
    seconds = (np.arange(low.size) + 0.5) * clip.seconds / max(1, low.size)
    ax.fill_between(seconds, low / loudest, high / loudest, color=_COLOR, lw=0.4, alpha=0.9)
    ax.set_ylim(-1.08, 1.08)
    ax.set_axis_off()


def mark_seconds(ax: Axes, seconds: float) -> None:
    """Draw a thin line at every second that has begun, or at every 2, 5, 10, ... of long audio.

    Audio of less than a second is filled up to the one that it counts as.
    """
    step = next((n for n in _STEPS if seconds / n <= _MOST_MARKS), _STEPS[-1])
    last = max(1.0, seconds)
    ends = [n * step for n in range(math.floor(last / step) + 1)]
    ax.vlines(ends, -1, 1, colors="gray", lw=0.6, alpha=0.6)
    if seconds < 1:
        ax.axvspan(seconds, 1, color=_COLOR, alpha=0.15, lw=0)


_STEPS = (1, 2, 5, 10, 30, 60, 300)


def heard_clip(source: HeldSource) -> AudioClip | None:
    """Return a file's audio, or None when it cannot be decoded: the rest is drawn all the same."""
    try:
        return read_audio(source, most_seconds=_MOST_SECONDS)
    except MediaError:
        return None


def _opened(given: Any) -> tuple[float, str, AudioClip | None]:
    if not isinstance(given, bool) and isinstance(given, Real):
        return float(given), "", None
    part = audio(given)
    if isinstance(part, AudioURLPart):
        raise not_here(part.name, unknown="duration", instead="its duration in seconds")
    return part.seconds, part.name, heard_clip(part.source)


def _heard_by(model: str, seconds: float, region: str) -> _Heard:
    tokens = audio_tokens(seconds, model=model)
    cost = input_cost(model, region, audio=tokens)
    per_second = float(token_rules(model).audio_per_second_in)
    return _Heard(model, per_second, tokens, cost, facts_of(model).limits.audio_seconds)


def _draw_curves(
    ax: Axes,
    heard: Sequence[_Heard],
    seconds: float,
    end: float,
    language: Language,
    *,
    has_top: bool,
) -> None:
    names = words("plots", language)
    most = 1.15 * max(end * one.per_second for one in heard)
    times = [end * point / _POINTS for point in range(1, _POINTS + 1)]
    for number, one in enumerate(heard):
        counts = [audio_tokens(time, model=one.model) for time in times]
        rate = names["per second"].format(rate=one.per_second)
        label = labelled(plain(one.model), rate, language)
        if len(heard) > 1:
            label += f" → {weight_text(one.tokens, one.cost, language)}"
        style = _LINES[number % len(_LINES)]
        ax.plot(times, counts, style, color=_COLOR, lw=1.8, label=label)
        ax.plot(seconds, one.tokens, "o", color=_COLOR, ms=8, mec="white", mew=1.2, zorder=4)
    lowest = min(one.per_second for one in heard)
    ax.plot([0, 1], [lowest, lowest], color=_COLOR, lw=5, alpha=0.25, solid_capstyle="butt")
    _say_minimum(ax, lowest, end, names["minimum"])
    ax.set_ylim(0, most / (1 - _TOP) if has_top else most)
    if has_top:
        ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= most])
    place = (0.01, 1 - _TOP) if has_top else (0.01, 1.0)
    ax.legend(loc="upper left", bbox_to_anchor=place, frameon=False, fontsize=letters(ax))


def _say_minimum(ax: Axes, tokens: float, end: float, said: str) -> None:
    """Write below the level first second, or from a distance where that is too short."""
    is_short = end > _LEVEL_SEEN
    ax.annotate(
        said,
        (0.5 if is_short else 0, tokens),
        xytext=(0.1, 0.03) if is_short else (5, -5),
        textcoords="axes fraction" if is_short else "offset points",
        va="bottom" if is_short else "top",
        ha="left",
        fontsize=letters(ax),
        alpha=0.8,
        arrowprops={"arrowstyle": "-", "alpha": 0.5, "lw": 0.7} if is_short else None,
    )


_LEVEL_SEEN = 5.0  # seconds


def _draw_limit(ax: Axes, heard: Sequence[_Heard], end: float, label: str) -> None:
    """Draw a line at each duration that a model does not take any more, if in sight."""
    for limit in {one.limit_seconds for one in heard if one.limit_seconds is not None}:
        if limit > end:
            continue
        ax.axvline(limit, color="gray", ls=":", lw=1.4)
        ax.annotate(
            label.format(seconds=limit),
            (limit, 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            fontsize=letters(ax),
            alpha=0.8,
        )


def _extremes(
    samples: npt.NDArray[np.int16], columns: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the lowest and the highest sample (-1 to 1) of each column."""
    import numpy as np

    count = min(columns, samples.size)
    if not count:
        return np.zeros(0), np.zeros(0)
    starts = np.linspace(0, samples.size, count, endpoint=False).astype(int)
    low: npt.NDArray[np.float64] = np.minimum.reduceat(samples, starts) / 32768
    high: npt.NDArray[np.float64] = np.maximum.reduceat(samples, starts) / 32768
    return low, high
