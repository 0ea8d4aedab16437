"""Plots: what they draw is what the rules, the bill and the clock say; and how they look.

How they look is compared with pictures in ``baseline/``, drawn here and looked at. Letters and
legends are hidden first: fonts are measured differently by every version. What is left differs by
at most 1.4 between matplotlib 3.7 and 3.11 (root mean square over all pixels, 0–255), and by 6 or
more when one thin line is missing: `TOLERANCE` is between the two. To draw the pictures again,
delete them and run the tests: the new ones fail once, so that somebody looks at them.
"""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import MediaError, OmniError, RequestError
from omni_nb.media.parts import TextPart, frames, image
from omni_nb.render.palette import MODALITY_COLORS
from omni_nb.rules.estimate import Comparison, Estimate
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import audio_tokens, image_rule, image_tokens, video_tokens
from omni_nb.turns.estimate import estimate
from omni_nb.turns.reply import Reply
from omni_nb.turns.timing import Playback
from omni_nb.views.plots import (
    fonts,
    plot_audio_tokens,
    plot_cost,
    plot_image_token_map,
    plot_image_tokens,
    plot_timing,
    plot_video_tokens,
)
from omni_nb.views.plots.timing import lead_seconds
from omni_nb.wire.events import AudioDelta, TextDelta, UsageReport
from omni_nb.wire.request import Message, Request
from tests.media_files import audio_file, video_file

if TYPE_CHECKING:
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import Bbox

BASELINE = Path(__file__).parent / "baseline"
TOLERANCE = 3.0
THREE = ("qwen-omni-turbo", "qwen3-omni-flash", "qwen3.5-omni-plus")
BILLED = Usage(
    input={"text": 1000, "image": 1000}, output={"text": 1000, "audio": 1000}
)  # the example of the documentation


@pytest.fixture(autouse=True)
def nothing_is_left():
    plt.close("all")  # an example of a docstring may have left some
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")


def fresh_axes(width: float = 7.0, height: float = 4.0, *, is_roomy: bool = False):
    """Axes whose place does not depend on any font; ``is_roomy`` where much stands beside them."""
    figure = Figure(figsize=(width, height), dpi=80)
    FigureCanvasAgg(figure)
    return figure.add_axes((0.25, 0.15, 0.7, 0.6) if is_roomy else (0.12, 0.12, 0.76, 0.72))


def made(
    question: str = "Who?",
    *,
    usage: Usage | None = BILLED,
    events=(),
    region: str | None = "beijing",
    model: str = "qwen-omni-turbo",
    playback: Playback | None = None,
) -> Reply:
    message = Message("user", (TextPart(question),))
    reply = Reply(Request(model, (message,), ("text", "audio"), "Cherry"), region=region)
    reply.sent_at, reply.playback = 1000.0, playback
    for second, event in events:
        reply.feed(event, seconds=second)
    if usage is not None:
        reply.feed(UsageReport(usage))
    reply.finish(seconds=max((second for second, _ in events), default=0.0))
    return reply


def speech(seconds: float) -> AudioDelta:
    return AudioDelta(bytes(2 * round(24_000 * seconds)))


SPOKEN = (
    (0.5, TextDelta("One. ")),
    (0.8, speech(0.5)),
    (0.9, TextDelta("Two. ")),
    (1.0, speech(0.5)),
    (1.2, speech(0.5)),
    (3.0, speech(1.0)),
)


def gradient(width: int = 300, height: int = 200):
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([across, down, np.full_like(across, 90)], axis=2).astype("uint8")


def tone(seconds: float):
    time = np.arange(round(16_000 * seconds)) / 16_000
    return np.sin(2 * np.pi * 300 * time) * np.sin(np.pi * time) ** 2 * 0.5, 16_000


def bars(ax) -> list[Rectangle]:
    return [patch for container in ax.containers for patch in container]


def widths(ax) -> list[float]:
    return [bar.get_width() for bar in bars(ax)]


def said(ax) -> str:
    return "\n".join(text.get_text() for text in ax.findobj(Text) if text.get_visible())


# --- images -----------------------------------------------------------------------------------


def test_an_image_is_drawn_as_it_is_and_as_each_model_sees_it():
    ax = plot_image_tokens(gradient(640, 427), THREE)
    original, *seen = ax.child_axes
    assert len(seen) == 3
    assert original.images[0].get_extent() == [0, 640, 427, 0]
    for panel, model in zip(seen, THREE, strict=True):
        tokens = image_tokens(640, 427, model=model)
        assert panel.images[0].get_extent() == [0, tokens.resized_width, tokens.resized_height, 0]
        assert f"{tokens.tokens:,} tokens" in panel.get_title(loc="left")
        assert model in panel.get_title(loc="left")


def test_the_grid_has_a_line_around_every_token():
    panel = plot_image_tokens((1920, 1080)).child_axes[1]
    rule = image_rule(1920, 1080, model="qwen-omni-turbo")
    down, across = panel.collections[-2:]
    assert len(down.get_segments()) == rule.columns + 1 == 48
    assert len(across.get_segments()) == rule.rows + 1 == 27


def test_on_small_axes_the_panels_stand_side_by_side_below_a_title_that_fits():
    figure = Figure(figsize=(4.2, 2.9), layout="constrained")
    ax = figure.subplots()
    plot_image_tokens(dataclasses.replace(image(gradient()), name="market_stall.png"), ax=ax)
    FigureCanvasAgg(figure).draw()
    original, seen = ax.child_axes
    assert seen.get_position().x0 > original.get_position().x1
    assert max(text.get_window_extent().x1 for text in ax.findobj(Text)) <= figure.bbox.x1
    first, second = ax.get_title(loc="left").split("\n")
    assert (first, second[:9]) == ("market_stall.png (300 × 200 px)", "79 tokens")


def test_several_images_have_a_panel_each_and_a_sum():
    given = [dataclasses.replace(image(gradient()), name="stall.png"), (1920, 1080), (640, 480)]
    ax = plot_image_tokens(given)
    heads = [panel.get_title(loc="left") for panel in ax.child_axes]
    assert [head.splitlines()[0] for head in heads] == [
        "stall.png",
        "1920 × 1080 px",
        "640 × 480 px",
    ]
    sum_of = sum(image_tokens(*size, model=THREE[0]).tokens for size in [(300, 200), *given[1:]])
    assert (
        ax.get_title(loc="left")
        .replace("\n", ": ")
        .startswith(f"3 images · {THREE[0]}: {sum_of:,} tokens")
    )
    two = plot_image_tokens(given[1:], THREE[:2], language="zh")
    assert [panel.get_title(loc="left").splitlines()[0] for panel in two.child_axes] == [
        f"{size} px · {model}" for size in ("1920 × 1080", "640 × 480") for model in THREE[:2]
    ]
    assert two.get_title(loc="left") == "2 张图片"
    with pytest.raises(RequestError, match="the list of images is empty"):
        plot_image_tokens([])


@pytest.mark.slow
@pytest.mark.parametrize("inches", [(3, 2.5), (2.5, 2), (3.6, 3)], ids=str)
@pytest.mark.parametrize("models", [None, THREE], ids=["one", "three"])
@pytest.mark.parametrize("size", [(300, 200), (1920, 1080), (900, 300), (200, 400)], ids=str)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_very_small_axes_nothing_covers_anything(inches, models, size, language):
    figure = Figure(figsize=inches, layout="constrained")
    ax = plot_image_tokens(size, models, language=language, ax=figure.subplots())
    FigureCanvasAgg(figure).draw()
    drawn = [child for axes in (ax, *ax.child_axes) for child in axes.get_children()]
    texts = [child for child in drawn if isinstance(child, Text) and child.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    pictures = [(f"panel {n}", p.get_window_extent()) for n, p in enumerate(ax.child_axes)]
    for (one, box), (other, beside) in itertools.combinations(boxes + pictures, 2):
        assert covered(box, beside) < 1, (one, other)
        assert min(box.x0, beside.x0) >= 0
        assert max(box.x1, beside.x1) <= figure.bbox.x1
    assert min(box.height for _, box in pictures) > 18
    assert min(text.get_fontsize() for text in texts) > 5


def covered(one, other) -> float:
    """Pixels: how far a box reaches into another."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return min(wide, high)


def test_the_panels_are_side_by_side_with_small_letters_before_they_are_stacked():
    figure = Figure(figsize=(3, 2.5), layout="constrained")
    original, seen = plot_image_tokens((1920, 1080), ax=figure.subplots()).child_axes
    FigureCanvasAgg(figure).draw()
    assert seen.get_position().x0 > original.get_position().x1
    assert original.get_window_extent().width > 0.4 * figure.bbox.width


def test_a_long_name_on_small_axes_is_written_smaller():
    figure = Figure(figsize=(3, 2.5), layout="constrained")
    part = dataclasses.replace(image(gradient()), name="a_market_stall_in_spring.png")
    title = plot_image_tokens(part, ax=figure.subplots())._left_title
    FigureCanvasAgg(figure).draw()
    assert title.get_window_extent().x1 <= figure.bbox.x1


def test_the_title_of_one_model_says_tokens_and_cost():
    assert plot_image_tokens((1920, 1080)).get_title(loc="left") == (
        "1920 × 1080 px: 1,224 tokens, 0.00184 CNY"
    )


def test_a_size_alone_is_an_outline():
    assert not any(panel.images for panel in plot_image_tokens((640, 480)).child_axes)


def test_a_damaged_picture_is_an_outline_too():
    whole = image(gradient())
    cut = type(whole)(whole.data[:200], whole.mime, whole.width, whole.height, "cut.png")
    assert not any(panel.images for panel in plot_image_tokens(cut).child_axes)


def test_an_unknown_price_is_said():
    assert "cost unknown" in plot_image_tokens((64, 64), region="the moon").get_title(loc="left")


def test_the_dashed_line_is_the_resized_size_to_scale():
    original = plot_image_tokens((4000, 3000)).child_axes[0]
    tokens = image_tokens(4000, 3000, model="qwen-omni-turbo")
    dashed = [patch for patch in original.patches if patch.get_linestyle() == "--"]
    assert [(one.get_width(), one.get_height()) for one in dashed] == [
        (tokens.resized_width, tokens.resized_height)
    ]


@pytest.mark.parametrize("size", [(1, 1), (11, 2200), (20_000, 100), (3, 1000)])
def test_odd_sizes_are_drawn(size):
    ax = plot_image_tokens(size, THREE)
    ax.figure.canvas.draw()
    assert len(ax.child_axes) == 4


def test_the_map_has_the_tokens_of_every_size():
    ax = plot_image_token_map("qwen-omni-turbo")
    mesh = ax.collections[0]
    tokens = np.ma.asarray(mesh.get_array())
    pixels = np.unique(np.geomspace(8, 12_000, 360).astype(int))
    tokens = tokens.reshape(len(pixels), len(pixels))
    for row, column in ((40, 300), (200, 200), (290, 305), (100, 50)):
        width, height = int(pixels[column]), int(pixels[row])
        expected = image_tokens(width, height, model="qwen-omni-turbo").tokens
        assert tokens[row, column] == expected
    assert int(tokens.min()) == 6  # the least is 4 and two marks
    assert 1270 < int(tokens.max()) <= 1282


def test_the_map_leaves_blank_what_the_model_refuses():
    tokens = np.ma.asarray(plot_image_token_map("qwen-omni-turbo").collections[0].get_array())
    pixels = np.unique(np.geomspace(8, 12_000, 360).astype(int))
    blank = np.ma.getmaskarray(tokens).reshape(len(pixels), len(pixels))
    assert blank[pixels < 11].all()
    long, low = np.searchsorted(pixels, 11_000), np.searchsorted(pixels, 20)
    assert blank[low, long]
    assert blank[long, low]
    assert not blank[long, long]


def test_the_map_marks_the_image():
    ax = plot_image_token_map(image=gradient(640, 480))
    (mark,) = (line for line in ax.lines if line.get_marker() == "o")
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (640, 480)
    assert "640 × 480\n393 tokens" in said(ax)


# --- sounds -----------------------------------------------------------------------------------


def test_the_curve_is_the_rule_with_its_minimum_of_a_second():
    line = plot_audio_tokens(3.0).lines[0]
    seconds, tokens = line.get_data()
    assert list(tokens) == [audio_tokens(second, model="qwen-omni-turbo") for second in seconds]
    assert set(tokens[seconds <= 1]) == {25}


def test_the_dot_is_the_given_sound():
    ax = plot_audio_tokens(tone(2.5), THREE)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    expected = [audio_tokens(2.5, model=model) for model in THREE]
    assert [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots] == [
        (2.5, tokens) for tokens in expected
    ]


def test_a_clip_has_its_waveform_on_the_same_seconds():
    ax = plot_audio_tokens(tone(2.5))
    (wave,) = ax.child_axes
    assert wave.get_xlim() == ax.get_xlim()
    drawn = wave.collections[0].get_datalim(wave.transData)
    assert drawn.x1 == pytest.approx(2.5, abs=0.01)
    marks = wave.collections[1].get_segments()
    assert [segment[0][0] for segment in marks] == [0, 1, 2]


def test_seconds_alone_have_no_waveform():
    assert not plot_audio_tokens(2).child_axes


def test_the_longest_sound_is_marked_where_it_is_in_sight():
    assert "at most 180 s" in said(plot_audio_tokens(170))
    assert "at most" not in said(plot_audio_tokens(10))


def test_a_sound_that_cannot_be_decoded_has_its_tokens_all_the_same(monkeypatch):
    def refuse(*args, **kwargs):
        raise MediaError("damaged")

    monkeypatch.setattr("omni_nb.views.plots.audio.read_audio", refuse)
    ax = plot_audio_tokens(audio_file("wav", seconds=2.0))
    assert "50 tokens" in ax.get_title(loc="left")
    assert not ax.child_axes


# --- videos -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clip():
    return video_file("mp4", seconds=3.0, fps=10, width=160, height=120, has_audio=True)


def test_a_video_is_as_many_frames_as_the_rule_takes(clip):
    ax = plot_video_tokens(clip)
    rule = video_tokens(160, 120, 3.0, 10, model="qwen-omni-turbo")
    assert rule.frames == 6
    marks = next(c for c in ax.collections if len(c.get_segments()) == 6)
    middles = [segment[0][0] for segment in marks.get_segments()]
    assert middles == pytest.approx([0.25, 0.75, 1.25, 1.75, 2.25, 2.75], abs=0.05)
    assert len(ax.child_axes) == 6 + 1
    assert f"{rule.tokens + 75:,}"[:3] in ax.get_title(loc="left")


def test_of_many_frames_some_are_drawn():
    part = frames(np.zeros((30, 32, 48, 3), "uint8"))
    ax = plot_video_tokens(part)
    assert len(ax.child_axes) == 10
    assert "10 of 30 sampled frames" in said(ax)


def test_a_silent_video_is_said_to_be_silent():
    silent = video_file("mp4", seconds=2.0, fps=10, width=64, height=48, has_audio=False)
    ax = plot_video_tokens(silent)
    assert "no audio track" in said(ax)


# --- money ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "seconds"), [((6.4, 2.6), 42.5), ((8.6, 2.2), 4225.0)])
def test_the_numbers_below_two_panels_do_not_touch(size, seconds):
    figure = Figure(figsize=size, layout="constrained")
    bill = estimate("Hi", voice="Cherry", answer_seconds=seconds)  # a number stands at the edge
    panels = plot_cost(bill, ax=figure.subplots()).child_axes
    FigureCanvasAgg(figure).draw()
    tokens, money = ([label.get_window_extent() for label in p.get_xticklabels()] for p in panels)
    shown = [tick <= panels[0].get_xlim()[1] for tick in panels[0].get_xticks()]
    last = max(label.x1 for label, is_shown in zip(tokens, shown, strict=True) if is_shown)
    assert money[0].x0 - last > 0.1 * figure.dpi


def test_the_bars_are_the_bill():
    tokens, money = plot_cost(made()).child_axes
    assert widths(tokens) == [1000, 1000, 1000, 1000]
    cost = BILLED.cost("qwen-omni-turbo")
    assert widths(money) == pytest.approx(
        [float(cost.amounts[name]) for name in ("text in", "image in", "audio out")]
    )
    assert sum(widths(money)) == pytest.approx(0.0519)
    assert "0.0519 CNY" in said(money)


def test_a_modality_has_its_colour_and_answers_are_hatched():
    drawn = bars(plot_cost(made()).child_axes[0])
    names = ("text", "image", "text", "audio")
    colors = [mpl.colors.to_rgb(MODALITY_COLORS[name]) for name in names]
    assert [bar.get_facecolor()[:3] for bar in drawn] == colors
    assert [bool(bar.get_hatch()) for bar in drawn] == [False, False, True, True]


def test_the_legend_names_what_is_there_and_nothing_else():
    legend = plot_cost(made(usage=Usage(input={"audio": 50}, output={"text": 5}))).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["audio in", "text out"]


@pytest.mark.parametrize("unknown", [{"region": None}, {"usage": None}, {"model": "my-omni"}])
def test_an_unknown_cost_has_words_and_no_bar(unknown):
    _, money = plot_cost(made(**unknown)).child_axes
    assert not widths(money)
    assert "cost unknown" in said(money)


def test_tokens_that_the_service_did_not_split_are_kept_apart():
    usage = Usage(input={"text": 100}, input_total=900, output={"text": 50})
    ax = plot_cost(made(usage=usage))
    assert widths(ax.child_axes[0]) == [100, 50, 800]
    assert "not split" in said(ax)


def test_an_estimate_stands_beside_the_bill():
    reply = made(usage=Usage(input={"text": 10}, output={"text": 20}))
    reply.estimate = estimate("What is this, and why?", region="beijing")
    tokens, _ = plot_cost(reply).child_axes
    estimated, billed = (
        [bar for bar in bars(tokens) if round(bar.get_y() + bar.get_height() / 2) == row]
        for row in (0, 1)
    )
    assert [label.get_text() for label in tokens.get_yticklabels()] == ["estimated", "billed"]
    assert estimated[0].get_width() == reply.account.estimated.input["text"]
    assert [bar.get_width() for bar in billed] == [10, 20]


def test_an_estimate_with_something_unknown_is_a_lower_bound():
    ax = plot_cost(estimate("Look", image="https://a.example/1.png"))
    assert "at least 1" in said(ax.child_axes[0])
    assert "cost unknown" in said(ax.child_axes[1])


def test_a_chat_has_a_row_for_every_answer():
    chat = Conversation("qwen-omni-turbo")
    for reply in (made(), made()):
        chat.line.enter(reply)
    names = plot_cost(chat).child_axes[0].get_yticklabels()
    assert [name.get_text() for name in names] == ["1 billed", "2 billed"]


def test_a_comparison_has_a_row_for_every_model():
    estimates = tuple(
        Estimate(model, "beijing", ("text",), Usage(input={"text": 1000})) for model in THREE
    )
    tokens, _ = plot_cost(Comparison(estimates)).child_axes
    assert [name.get_text() for name in tokens.get_yticklabels()] == list(THREE)
    assert widths(tokens) == [1000, 1000, 1000]


def test_costs_in_two_currencies_are_refused():
    dollars = Estimate("other", None, ("text",), Usage())
    with pytest.raises(RequestError, match="CNY and USD"):
        plot_cost([made(), _with_cost_in_dollars(dollars)])


def _with_cost_in_dollars(made: Estimate) -> Estimate:
    from omni_nb.rules.catalog import register_model

    register_model(
        "dollar-omni", prices={"mars": {"currency": "USD", "text_in": "1", "text_out": "1"}}
    )
    return Estimate("dollar-omni", "mars", made.modalities, Usage(input={"text": 5}))


# --- timing -----------------------------------------------------------------------------------


def test_speech_received_is_a_step_at_every_arrival():
    line = plot_timing(made(events=SPOKEN)).lines[0]
    times, received = line.get_data()
    assert list(times)[:-1] == [0, 0.8, 1.0, 1.2, 3.0]
    assert list(received) == pytest.approx([0, 0.5, 1.0, 1.5, 2.5, 2.5])


def test_the_lead_is_speech_received_less_the_time_since_the_first():
    reply = made(events=SPOKEN)
    audio = [arrival for arrival in reply.timing.arrivals if arrival.kind == "audio"]
    leads = dict(lead_seconds(audio))
    assert leads[1.2] == pytest.approx(1.1)
    assert min(lead for _, lead in lead_seconds(audio)) == pytest.approx(-0.7)
    head = plot_timing(reply).get_title(loc="left")
    assert "up to 1.1 s ahead" in head
    assert "late by up to 0.7 s" in head


def test_every_piece_has_a_mark_in_its_lane():
    ax = plot_timing(made(events=SPOKEN))
    marks = {
        c.get_label(): len(c.get_segments()) for c in ax.collections if hasattr(c, "get_segments")
    }
    assert marks["text"] == 2
    assert marks["speech"] == 4


def test_what_the_browser_reported_is_said():
    head = plot_timing(made(events=SPOKEN, playback=Playback(1000.85, 2, 0.7))).get_title(
        loc="left"
    )
    assert "first sound 0.85 s" in head
    assert "2 pauses in the speech, 0.7 s in total" in head
    assert "pause" not in plot_timing(made(events=SPOKEN)).get_title(loc="left")


def test_an_answer_without_speech_has_its_characters():
    ax = plot_timing(made(events=[(0.5, TextDelta("One. ")), (0.9, TextDelta("Two."))]))
    assert ax.get_ylabel() == "text received (characters)"
    assert list(ax.lines[0].get_ydata()) == [0, 5, 9, 9]


def test_a_reply_that_says_nothing_is_refused():
    with pytest.raises(RequestError, match="Nothing of this answer"):
        plot_timing(made())


# --- all of them ------------------------------------------------------------------------------


def all_plots(**options):
    """Each kind of plot, as (name, function of axes)."""
    return {
        "image": lambda ax: plot_image_tokens(gradient(), THREE[:2], ax=ax, **options),
        "images": lambda ax: plot_image_tokens([gradient()] * 3, ax=ax, **options),
        "map": lambda ax: plot_image_token_map(image=(640, 480), ax=ax, **options),
        "audio": lambda ax: plot_audio_tokens(tone(2.5), THREE, ax=ax, **options),
        "video": lambda ax: plot_video_tokens(frames([gradient(96, 64)] * 6), ax=ax, **options),
        "cost": lambda ax: plot_cost([made(), made(region=None)], ax=ax, **options),
        "timing": lambda ax: plot_timing(
            made(events=SPOKEN, playback=Playback(1000.85, 1, 0.7)), ax=ax, **options
        ),
    }


NAMES = sorted(all_plots())


def drawn_without_words(ax, path: Path) -> Path:
    for measured in (*ax.figure.findobj(Text), *ax.figure.findobj(Legend)):
        measured.set_visible(False)
    ax.figure.savefig(path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_plot_looks_as_it_did(name, tmp_path):
    ax = fresh_axes(9, 5, is_roomy=True) if name in ("cost", "timing") else fresh_axes()
    drawn = drawn_without_words(all_plots()[name](ax), tmp_path / f"{name}.png")
    baseline = BASELINE / f"{name}.png"
    if not baseline.exists():
        baseline.write_bytes(drawn.read_bytes())
        pytest.fail(f"There was no {baseline}: it is drawn now. Look at it, then run again.")
    assert compare_images(baseline, drawn, TOLERANCE) is None


def test_the_comparison_sees_a_bar_that_is_wrong(tmp_path):
    other = made(usage=Usage(input={"text": 1000}, output={"text": 1000, "audio": 1000}))
    ax = plot_cost([other, made(region=None)], ax=fresh_axes(9, 5, is_roomy=True))
    drawn = drawn_without_words(ax, tmp_path / "cost.png")
    assert compare_images(BASELINE / "cost.png", drawn, TOLERANCE) is not None


def words_of(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return the words that are drawn, each with its place; those at an angle are left out."""
    drawn: list[Text] = []
    with pytest.MonkeyPatch.context() as patch:
        draw = Text.draw
        patch.setattr(Text, "draw", lambda text, *given: drawn.append(text) or draw(text, *given))
        figure.canvas.draw()
    seen = [text for text in drawn if text.get_visible() and text.get_text().strip()]
    return [(t.get_text(), t.get_window_extent()) for t in seen if not t.get_rotation() % 90]


def assert_readable(figure: Figure) -> None:
    """Fail where words lie beyond the figure, or on other words."""
    words, whole = words_of(figure), figure.bbox.padded(1)
    assert words
    for text, box in words:
        is_cut = box.x0 < whole.x0 or box.y0 < whole.y0 or box.x1 > whole.x1 or box.y1 > whole.y1
        assert not is_cut, f"{text!r} is cut: {box} of {whole}"
    for (one, box), (other, beside) in itertools.combinations(words, 2):
        assert not box.padded(-1).overlaps(beside.padded(-1)), f"{one!r} lies on {other!r}"


SIX = [name for name in NAMES if name != "images"]
SIZES = {"small": (3, 2), "wide": (6, 2), "usual": (6.4, 4.8)}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_a_plot_is_readable_whatever_its_size(name, size, language):
    figure, ax = plt.subplots(figsize=SIZES[size])
    all_plots(language=language)[name](ax)
    assert_readable(figure)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_six_plots_share_a_figure(language, layout):
    figure, axes = plt.subplots(2, 3, figsize=(9, 5), layout=layout)
    plots = all_plots(language=language)
    for ax, name in zip(axes.flat, SIX, strict=True):
        plots[name](ax)
    assert_readable(figure)


def test_on_small_axes_letters_are_smaller_and_the_title_is_broken():
    large, small = plt.subplots(figsize=(7, 4))[1], plt.subplots(figsize=(3, 2))[1]
    for ax in (large, small):
        plot_audio_tokens(12.3, ax=ax)
    assert small.xaxis.label.get_fontsize() < large.xaxis.label.get_fontsize() == 10
    long = plot_timing(
        made(events=SPOKEN, playback=Playback(1000.85, 2, 0.7)), ax=plt.subplots(figsize=(3, 2))[1]
    ).get_title(loc="left")
    assert len(long.splitlines()) > 3
    assert long.startswith("qwen-omni-turbo\nfirst text 0.50 s · first speech 0.80 s\n")


def test_bars_leave_room_for_their_amounts():
    _, ax = plt.subplots(figsize=(3, 2))
    _, money = plot_cost([made(), made()], ax=ax).child_axes
    right = money.get_window_extent().x1
    assert money.texts
    assert all(text.get_window_extent().x1 <= right for text in money.texts)


@pytest.mark.parametrize("name", NAMES)
def test_the_given_axes_are_used_and_returned(name):
    ax = fresh_axes()
    assert all_plots()[name](ax) is ax
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", NAMES)
def test_without_axes_there_is_one_figure_and_nothing_is_shown(name, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("it was shown"))
    ax = all_plots()[name](None)
    assert plt.get_fignums() == [ax.figure.number]
    assert ax.figure.axes[0] is ax


@pytest.mark.parametrize("name", NAMES)
def test_chinese_labels_render(name):
    if fonts.chinese_font() is None:
        pytest.fail("No font with Chinese letters is installed here (fonts-noto-cjk).")
    ax = all_plots(language="zh")[name](None)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said(ax))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each letter that has no glyph
        ax.figure.canvas.draw()


def test_without_a_chinese_font_the_labels_are_english(monkeypatch):
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    with pytest.warns(UserWarning, match="labels are in English"):
        ax = plot_audio_tokens(2, language="zh")
    assert ax.get_ylabel() == "tokens"


def test_a_font_that_was_installed_after_matplotlibs_list_was_made_is_found(monkeypatch):
    from matplotlib.font_manager import fontManager

    listed = [font for font in fontManager.ttflist if "CJK" not in font.name]
    monkeypatch.setattr(fontManager, "ttflist", listed)
    fonts._first_with_chinese.cache_clear()
    try:
        assert fonts.chinese_font() is not None
    finally:
        fonts._first_with_chinese.cache_clear()


def test_plots_of_ones_own_can_have_chinese_words():
    with mpl.rc_context():
        mpl.rcParams["font.family"] = ["monospace"]
        font = fonts.use_chinese_font()
        assert mpl.rcParams["font.family"] == ["monospace", font]
        assert fonts.use_chinese_font() == font
        assert mpl.rcParams["font.family"] == ["monospace", font], "twice does no harm"
        _, ax = plt.subplots()
        ax.set_title("费用 of it")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ax.figure.canvas.draw()


def test_without_a_chinese_font_plots_of_ones_own_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    before = list(mpl.rcParams["font.family"])
    assert fonts.use_chinese_font() is None
    assert mpl.rcParams["font.family"] == before


def test_the_language_of_an_answers_plots_is_that_of_the_question():
    assert plot_timing(made("你是谁？", events=SPOKEN)).get_ylabel() == "已收到的语音（秒）"
    assert plot_cost(made("你是谁？")).child_axes[0].get_xlabel() == "Token"


def test_a_dollar_in_a_name_is_no_formula(tmp_path):
    path = tmp_path / "cost_$x_{$.png"
    path.write_bytes(image(gradient()).data)
    plot_image_tokens(path).figure.canvas.draw()


@pytest.mark.parametrize(
    ("plot", "given", "reason"),
    [
        (plot_image_tokens, "https://a.example/1.png", "its size is not known"),
        (plot_audio_tokens, "https://a.example/1.mp3", "its duration is not known"),
        (plot_video_tokens, "https://a.example/1.mp4", "duration is not known here"),
        (plot_video_tokens, frames(["https://a.example/1.png"] * 4), "size is not known here"),
        (plot_image_tokens, 7, "cannot be made of int"),
        (plot_image_tokens, (0, 10), "0"),
        (plot_audio_tokens, -1, "-1"),
        (plot_audio_tokens, float("nan"), "nan"),
        (plot_audio_tokens, float("inf"), "inf"),
        (plot_audio_tokens, True, "cannot be made of bool"),
        (plot_cost, "reply", "not str"),
        (plot_cost, [], "nothing to draw"),
        (plot_timing, None, "not NoneType"),
        (plot_image_token_map, "gpt-nothing", "not known"),
    ],
)
def test_what_cannot_be_drawn_says_why_and_leaves_no_figure(plot, given, reason):
    with pytest.raises(OmniError, match=reason):
        plot(given)
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ax": np.array([1, 2])}, "one matplotlib Axes"),
        ({"language": "fr"}, "'en' or 'zh'"),
        ({"models": []}, "empty list"),
        ({"models": 5}, "list of them"),
        ({"models": "no-such-model"}, "not known"),
    ],
)
def test_a_wrong_option_says_why(options, reason):
    with pytest.raises(RequestError, match=reason):
        plot_image_tokens((64, 64), **options)
    assert not plt.get_fignums()


def test_importing_the_plots_imports_no_matplotlib():
    code = "import omni_nb.views.plots, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
