"""Plot when the pieces of an answer arrived, text and speech."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from omni_nb.errors import RequestError
from omni_nb.media.sources import described
from omni_nb.render.palette import LATE, MODALITY_COLORS
from omni_nb.turns.reply import Reply
from omni_nb.views.plots.canvas import canvas, check_axes, letters, plain, quiet, title
from omni_nb.views.plots.fit import finished
from omni_nb.views.plots.fonts import checked_language
from omni_nb.words import language_of, plural, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from omni_nb.turns.timing import Arrival, Timing
    from omni_nb.words import Language

_LANE = 0.11  # the height of a lane below the curve, as a share of the curve's


def plot_timing(reply: Reply, *, language: Language | None = None, ax: Axes | None = None) -> Axes:
    """Draw when the pieces of an answer arrived, and how far its speech ran ahead of the clock.

    Parameters
    ----------
    reply
        An answer; one that still streams is drawn as far as it came.
    language
        The language of the labels: ``"en"`` or ``"zh"``; by default that of the question.
    ax
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Seconds of speech received over seconds since the request (characters of text for an
        answer without speech). The dashed line is what has been heard in real time since the
        first speech; the shaded area between is the lead, or where it is the other way round
        the delay. Below, a mark for every piece of text and of speech.

    Raises
    ------
    RequestError
        ``reply`` is no reply, or nothing of it has arrived.

    Examples
    --------
    >>> import omni_nb as omni
    >>> ax = plot_timing(omni.ask("Who are you?", voice="Cherry", show=False))
    >>> ax.get_ylabel()
    'speech received (seconds)'
    """
    check_axes(ax)
    if not isinstance(reply, Reply):
        raise RequestError(f"plot_timing() takes a Reply, not {described(reply)}.")
    timing = reply.timing
    if not timing.arrivals:
        raise RequestError("Nothing of this answer has arrived, so there is no time to draw.")
    language = checked_language(language or language_of(reply.question))
    names = words("plots", language)
    ax = canvas(ax, width=7.2, height=4.2)
    speech = [arrival for arrival in timing.arrivals if arrival.kind == "audio"]
    text = [arrival for arrival in timing.arrivals if arrival.kind == "text"]
    end = _end(timing)
    top = _draw_received(ax, speech or text, end)
    if speech:
        _draw_real_time(ax, speech, end, names["real time"])
        top = max(top, ax.get_ylim()[1])
    _draw_lanes(ax, {"text": text, "audio": speech}, top, names)
    _draw_moments(ax, timing)
    ax.set(xlim=(0, end), xlabel=names["since"])
    ax.set_ylabel(names["received" if speech else "characters"])
    quiet(ax)
    lines = (plain(reply.model), *_facts(timing, speech, language))
    title(ax, "\n".join(line for line in lines if line))
    return finished(ax)


def lead_seconds(speech: Sequence[Arrival]) -> list[tuple[float, float]]:
    """Return how far speech was ahead of real time: (moment, just before, just after) pairs.

    The lead is the speech received minus the time since the first of it. Each arrival gives two
    points: the lead before it came and after.

    Examples
    --------
    >>> from omni_nb.turns.timing import Arrival
    >>> lead_seconds([Arrival(1.0, "audio", 0.5), Arrival(1.2, "audio", 0.5)])
    [(1.0, 0.0), (1.0, 0.5), (1.2, 0.3), (1.2, 0.8)]
    """
    points, received = [], 0.0
    for arrival in speech:
        heard = arrival.seconds - speech[0].seconds
        before, received = received, received + arrival.size
        points += [
            (arrival.seconds, round(before - heard, 6)),
            (arrival.seconds, round(received - heard, 6)),
        ]
    return points


def _end(timing: Timing) -> float:
    """Return the right edge: everything that is known to have happened, and a little room."""
    moments = [timing.arrivals[-1].seconds, timing.total_seconds, timing.first_heard_seconds]
    return 1.04 * max(0.1, *(moment for moment in moments if moment is not None))


def _draw_received(ax: Axes, arrivals: Sequence[Arrival], end: float) -> float:
    """Draw the sum of what arrived, as steps; return its height."""
    times = [0.0, *(arrival.seconds for arrival in arrivals), end]
    sums = [0.0, *accumulate(arrival.size for arrival in arrivals)]
    ax.step(times, [*sums, sums[-1]], where="post", color=MODALITY_COLORS[arrivals[0].kind], lw=2)
    return sums[-1]


def _draw_real_time(ax: Axes, speech: Sequence[Arrival], end: float, label: str) -> None:
    import numpy as np

    first, total = speech[0].seconds, sum(arrival.size for arrival in speech)
    times = np.linspace(first, end, 1000)
    heard = np.minimum(times - first, max(total, speech[-1].seconds - first))
    arrived = np.array([arrival.seconds for arrival in speech])
    sums = np.cumsum([arrival.size for arrival in speech])
    received = sums[np.searchsorted(arrived, times, side="right") - 1]
    ax.plot(times, heard, ls="--", lw=1.2, color="gray")
    color = MODALITY_COLORS["audio"]
    is_late = (received < heard) & (times <= speech[-1].seconds)
    ax.fill_between(times, heard, received, where=received >= heard, color=color, alpha=0.15, lw=0)
    ax.fill_between(times, heard, received, where=is_late, color=LATE, alpha=0.45, lw=0)
    last = int(np.argmax(heard >= heard[-1]))
    ax.annotate(
        label,
        (times[last], heard[last]),
        xytext=(-6, 0),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=letters(ax),
        alpha=0.8,
    )


def _draw_lanes(
    ax: Axes, arrivals: Mapping[str, Sequence[Arrival]], top: float, said: Mapping[str, str]
) -> None:
    """Draw a mark for each piece, in a lane for each kind below the curve."""
    ticks = [tick for tick in ax.get_yticks() if 0 <= tick <= top]
    names = [f"{tick:g}" for tick in ticks]
    present = [kind for kind in ("audio", "text") if arrivals[kind]]
    for number, kind in enumerate(present, 1):
        middle, half = -number * _LANE * top, 0.42 * _LANE * top
        times = [arrival.seconds for arrival in arrivals[kind]]
        color, name = MODALITY_COLORS[kind], said[f"{kind} lane"]
        ax.vlines(times, middle - half, middle + half, colors=color, lw=1.1, label=name)
        ticks.append(middle)
        names.append(name)
    ax.set_yticks(ticks, names)
    ax.set_ylim(-(len(present) + 0.7) * _LANE * top, 1.06 * top)
    ax.axhline(0, color="gray", lw=0.6, alpha=0.6)


def _draw_moments(ax: Axes, timing: Timing) -> None:
    """Draw the moments that the title names."""
    moments = (
        (timing.first_text_seconds, MODALITY_COLORS["text"], ":"),
        (timing.first_audio_seconds, MODALITY_COLORS["audio"], ":"),
        (timing.first_heard_seconds, MODALITY_COLORS["audio"], "-"),
    )
    for moment, color, style in moments:
        if moment is not None:
            ax.axvline(moment, color=color, ls=style, lw=1.2)


def _facts(timing: Timing, speech: Sequence[Arrival], language: Language) -> tuple[str, str]:
    """Return two lines: when the answer began, and how it went on."""
    names = words("plots", language)
    moments = {
        "first text": timing.first_text_seconds,
        "first speech": timing.first_audio_seconds,
        "first sound": timing.first_heard_seconds,
    }
    began = [names[name].format(seconds=at) for name, at in moments.items() if at is not None]
    went_on = [*_leads(speech, names), *_pauses(timing, names)]
    return " · ".join(began), " · ".join(went_on)


def _leads(speech: Sequence[Arrival], names: Mapping[str, str]) -> list[str]:
    leads = [lead for _, lead in lead_seconds(speech)]
    if not leads:
        return []
    late = [names["behind"].format(seconds=-min(leads))] if min(leads) < 0 else []
    return [names["ahead"].format(seconds=max(leads)), *late]


def _pauses(timing: Timing, names: Mapping[str, str]) -> list[str]:
    """Say what the browser reported of pauses; nothing before its report."""
    if timing.underruns is None:
        return []
    count, seconds = timing.underruns, timing.gap_seconds or 0.0
    said = names["underruns" if count else "no underruns"]
    return [said.format(count=count, s=plural(count), seconds=seconds)]
