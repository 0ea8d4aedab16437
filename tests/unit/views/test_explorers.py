"""The explorers without a browser: from what the controls say to what is shown and kept."""

from __future__ import annotations

import io
import itertools
import math
import random
import threading
from decimal import Decimal

import ipywidgets
import numpy as np
import pytest
from PIL import Image
from skimage import data

import omni_nb as omni
from omni_nb.rules import catalog
from omni_nb.rules.bill import ImaginedQuestion, Offer, TurnUsage, average_turn, bill, imagined_turn
from omni_nb.rules.catalog import find_model
from omni_nb.rules.images import image_rule
from omni_nb.rules.pricing import Usage
from omni_nb.views.debounce import Debounce
from omni_nb.views.explorers import audio_explorer, cost_explorer, image_explorer
from omni_nb.views.explorers import image as image_module
from omni_nb.views.explorers.audio import AudioState, audio_view
from omni_nb.views.explorers.controls import weighing_models
from omni_nb.views.explorers.cost import CostState, cost_view
from omni_nb.views.explorers.drawing import draw_audio, draw_grid, fitted, is_fine, peaks_of
from omni_nb.views.explorers.frame import SETTLED_SECONDS
from omni_nb.views.explorers.image import ImageState, image_view, refusal, why

TURBO = "qwen-omni-turbo"
EXAMPLE = TurnUsage(Usage({"text": 1000, "image": 1000}, {"text": 1000, "audio": 1000}))


@pytest.fixture(autouse=True)
def _own_models(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(catalog, "_registered", {})


@pytest.fixture
def explore(monkeypatch):
    """Make explorers, and close them afterwards; they settle when a test says so."""
    monkeypatch.setattr("omni_nb.views.explorers.frame.SETTLED_SECONDS", 3600)
    made = []

    def make(factory, *arguments, **options):
        made.append(factory(*arguments, **options))
        return made[-1]

    yield make
    for explorer in made:
        explorer.close()


def state(width, height, model=TURBO, language="en"):
    return ImageState(width, height, model, "beijing", language)


def opened(picture):
    return Image.open(io.BytesIO(picture.data))


# -- what a picture weighs ---------------------------------------------------------------------


def test_the_numbers_are_the_rules_for_every_size_and_model():
    chosen = random.Random(4)
    models = itertools.cycle(weighing_models())
    for model, language in zip(models, ["en", "zh"] * 150, strict=False):
        width, height = (round(10 ** chosen.uniform(1, 4.3)) for _ in range(2))
        view = image_view(state(width, height, model, language))
        weighed = omni.image_tokens(width, height, model=model)
        assert f"{weighed.tokens:,}" in view.words
        assert f"{weighed.resized_width:,} × {weighed.resized_height:,}" in view.html
        assert view.image.words.startswith(
            f"{'Grid of ' if language == 'en' else ''}"
            f"{weighed.resized_width // image_rule(1, 1, model=model).side:,} ×"
        )


@pytest.mark.parametrize(
    ("width", "height", "said", "in_chinese"),
    [
        (1000, 700, "within 4–1,280: the image keeps this size", "尺寸保持不变"),
        (4000, 3000, "more than the 1,280 allowed: both sides are multiplied by 0.289", "向下取整"),
        (20, 20, "fewer than the 4 needed: both sides are multiplied by 2.8", "向上取整"),
        (42, 600, "42 pixels lie half-way", "42 像素恰好在两个倍数的正中"),
    ],
)
def test_the_reason_tells_which_branch_was_taken(width, height, said, in_chinese):
    rule = image_rule(width, height, model=TURBO)
    assert said in why(rule, width, height, "en")
    assert in_chinese in why(rule, width, height, "zh")


@pytest.mark.parametrize(
    ("width", "height", "model", "said"),
    [
        (10, 500, TURBO, "more than 10 pixels"),
        (11, 500, TURBO, ""),
        (20_000, 99, TURBO, "at most 200:1"),
        (20_000, 100, TURBO, ""),
        (20_000, 10, "qwen3.5-omni-plus", ""),
    ],
)
def test_a_size_that_the_model_refuses_is_marked(width, height, model, said):
    assert (said in refusal(state(width, height, model))) is True
    assert bool(said) is ("⚠" in image_view(state(width, height, model)).html)


def test_the_cost_is_that_of_the_tokens_and_an_unknown_price_stays_unknown():
    omni.register_model("test-explored", like=TURBO)
    assert "0.001836 CNY · 1,000 such images: 1.836 CNY" in image_view(state(1920, 1080)).html
    assert "cost unknown" in image_view(state(1920, 1080, "test-explored")).html
    assert "费用未知" in image_view(state(1920, 1080, "test-explored", "zh")).words


@pytest.mark.parametrize(("columns", "rows"), [(41, 30), (1, 1), (714, 1), (1, 505), (2, 600)])
def test_a_grid_is_drawn_in_its_shape_with_its_lines(columns, rows):
    picture = Image.open(io.BytesIO(draw_grid(columns, rows)))
    assert picture.size == fitted(columns, rows)
    opaque = np.array(picture.convert("RGBA"))[..., 3] == 255
    lines = opaque[:, 1:-1].all(axis=1).sum()
    assert lines == (2 if is_fine(columns, rows) else rows + 1)


def test_the_grid_lies_over_the_picture_as_the_model_sees_it(explore):
    photo = np.full((300, 400, 3), (0, 0, 255), "uint8")
    view = explore(image_explorer, photo).view
    drawn = np.array(opened(view.image).convert("RGB")).reshape(-1, 3)
    is_blue = (np.abs(drawn.astype(int) - (0, 0, 255)) < 60).all(axis=1)
    is_orange = (np.abs(drawn.astype(int) - (230, 159, 0)) < 90).all(axis=1)
    assert is_blue.mean() > 0.7
    assert is_orange.mean() > 0.05
    assert "400 × 300 →" in view.html


# -- the controls of the image explorer --------------------------------------------------------


def test_slider_and_box_follow_each_other_and_the_box_is_exact(explore):
    explorer = explore(image_explorer)
    explorer.width.slider.value = 1000.4
    assert explorer.width.value == 1000
    explorer.width.box.value = 1001
    assert explorer.width.slider.value == 1001
    for pixels in (10, 20_000):
        explorer.height.box.value = pixels
        assert explorer.height.value == pixels
    assert "1,001 × 20,000 →" in explorer.view.html


def test_the_browsers_own_step_of_the_knob_changes_no_exact_number(explore):
    for measure, exact in (
        (explore(image_explorer).width, 1001),
        (explore(audio_explorer).duration, 4.3),
    ):
        measure.box.value = exact
        step, low = measure.slider.step, measure.slider.min
        steps = round((math.log10(exact) - low) / step)
        measure.slider.value = 10 ** (low + steps * step)
        assert measure.value == exact
        measure.slider.value = 10 ** (low + (steps + 1) * step)
        assert measure.value > exact


def test_an_example_sets_both_sides_at_once_and_is_left_by_the_next_move(explore, monkeypatch):
    explorer = explore(image_explorer)
    looked = []
    monkeypatch.setattr(
        image_module, "image_view", lambda s, photo: looked.append(s) or image_view(s, photo)
    )
    explorer.example.value = (4032, 3024)
    assert [(s.width, s.height) for s in looked] == [(4032, 3024)]
    explorer.width.box.value = 4000
    assert explorer.example.label == "choose a size …"


def test_a_file_that_is_dropped_is_shown(explore):
    explorer = explore(image_explorer)
    file = io.BytesIO()
    Image.fromarray(data.coffee()).save(file, "JPEG")
    content = file.getvalue()
    drop(explorer, "coffee.jpg", content)
    assert "600 × 400 →" in explorer.view.html
    assert explorer.view.image.mime == "image/jpeg"
    assert explorer.example.value == (600, 400)
    assert explorer.example.options[1] == ("your image · 600 × 400", (600, 400))


def test_what_is_no_picture_is_refused_in_words_and_changes_nothing(explore):
    explorer = explore(image_explorer)
    before = explorer.view
    drop(explorer, "<b>", b"<script>alert(1)</script>")
    assert explorer.view == before
    assert "⚠" in explorer._upload_words.value
    assert "<script" not in explorer._upload_words.value
    with pytest.raises(omni.MediaError, match="size is not known"):
        image_explorer("https://a.example/cat.png")


def test_a_model_without_rules_is_not_offered(explore):
    assert "qwen3.8-omni-flash" not in explore(image_explorer).model.options
    with pytest.raises(omni.RequestError, match="not among the models that can be explored"):
        image_explorer(model="qwen3.8-omni-flash")


def drop(explorer, name, content):
    """Let a message arrive as the browser sends it."""
    explorer.upload._handle_custom_msg({"type": "file", "name": name}, [memoryview(content)])


# -- what a sound weighs -----------------------------------------------------------------------


@pytest.mark.parametrize("model", weighing_models())
@pytest.mark.parametrize("seconds", [0, 0.2, 1, 4.3, 60, 9999.9])
def test_the_tokens_of_a_sound_are_the_rules(seconds, model):
    view = audio_view(AudioState(seconds, model, "beijing", "en"))
    for output in (False, True):
        tokens = omni.audio_tokens(seconds, model=model, output=output)
        assert f"{'answer' if output else 'question'}: {tokens:,} tokens" in view.words


@pytest.mark.parametrize(
    ("seconds", "model", "said"),
    [
        (0.2, TURBO, "Less than a second counts as one second. 25 tokens per second × 1 s = 25."),
        (3.3, "qwen3-omni-flash", "12.5 tokens per second × 3.3 s = 41.25, rounded up to 42."),
        (2, "qwen3.5-omni-plus", "Input and output differ: 12.5 tokens per second of answer."),
        (0, TURBO, "Without audio there are no tokens."),
        (180, TURBO, "takes audio of up to 3 minutes."),
        (1, "qwen3.5-omni-plus", "takes audio of up to 3 hours."),
        (180.1, TURBO, "takes audio of up to 3 minutes: this one would be refused."),
        (180.1, "qwen3-omni-flash", "takes audio of up to 20 minutes."),
    ],
)
def test_the_words_tell_the_minimum_the_rounding_and_the_limit(seconds, model, said):
    assert said in audio_view(AudioState(seconds, model, "beijing", "en")).words


def test_the_scale_reaches_beyond_the_limit_of_the_picked_model(explore):
    explorer = explore(audio_explorer)
    explorer.duration.box.value = 10_000
    assert explorer.duration.value == 225
    assert "refused" in explorer.view.words
    explorer.model.value = "qwen3-omni-flash"
    assert "refused" not in explorer.view.words
    explorer.duration.box.value = 1500
    explorer.model.value = TURBO
    assert explorer.duration.value == 225
    assert ("the model's limit · 180 seconds", 180.0) in explorer.example.options


def test_no_sound_at_all_can_be_typed(explore):
    explorer = explore(audio_explorer)
    explorer.duration.box.value = 0
    assert explorer.duration.value == 0
    assert "question: 0 tokens" in explorer.view.words


def test_a_clip_gives_its_length_and_its_waveform(explore):
    loud = np.concatenate([np.zeros(16_000), np.sin(np.arange(16_000))]) * 0.9
    explorer = explore(audio_explorer, (loud, 16_000))
    assert (explorer.duration.value, explorer.example.label) == (2, "your clip · 2 seconds")
    drawn = np.array(opened(explorer.view.image).convert("RGBA"))
    height, half = drawn.shape[0], int(drawn.shape[1] / 5)
    is_green = (drawn[..., :3] == (0, 158, 115)).all(axis=2) & (drawn[..., 3] == 255)
    assert is_green[:, : half - 4].sum(axis=0).max() < height / 10
    assert is_green[:, half + 4 : 2 * half - 4].sum(axis=0).min() > height / 2
    assert not is_green[:, 2 * half + 4 :].any()


def test_a_clip_weighs_what_its_exact_length_weighs(explore):
    explorer = explore(audio_explorer, (np.zeros(21_250, "int16"), 8000))
    tokens = omni.audio_tokens(21_250 / 8000, model=TURBO)
    assert tokens != omni.audio_tokens(2.7, model=TURBO)
    assert f"question: {tokens} tokens" in explorer.view.words


def test_a_short_sound_is_drawn_dark_within_its_light_second():
    drawn = np.array(Image.open(io.BytesIO(draw_audio(0.5, 1, 2, limit=1.5))))
    row = drawn[drawn.shape[0] // 2]
    assert [int(row[column]) for column in (50, 160, 300, 330)] == [2, 1, 0, 4]


def test_a_waveform_is_cut_where_the_scale_ends():
    from omni_nb.render.waveform import waveform

    samples = np.r_[np.zeros(1000), np.full(1000, 20_000)].astype("int16")
    assert peaks_of(waveform(samples), 2, 4)[-1] > 0.9
    assert peaks_of(waveform(samples), 4, 2).max() < 0.1


# -- what questions cost -----------------------------------------------------------------------


def test_the_documented_example_comes_out_to_the_last_digit():
    prices = find_model(TURBO).prices["beijing"]
    assert bill(EXAMPLE, Offer(TURBO), prices).total == Decimal("0.0519")
    assert bill(EXAMPLE, Offer(TURBO, is_batch=True), prices).total == Decimal("0.02595")


def test_every_line_is_tokens_times_price_and_the_lines_add_up():
    chosen = random.Random(5)
    for facts in filter(lambda facts: facts.prices, map(find_model, weighing_models())):
        for region, is_batch in itertools.product(facts.prices, (False, True)):
            question = ImaginedQuestion(
                text_tokens=chosen.randrange(3000),
                images=chosen.randrange(4),
                image_size=(chosen.randrange(10, 9000), chosen.randrange(10, 9000)),
                audio_seconds=chosen.uniform(0, 100),
                video_seconds=chosen.choice([0, 20.5]),
                answer_tokens=chosen.randrange(900),
                answer_seconds=chosen.choice([0, 7.3]),
            )
            offer = Offer(facts.name, region, is_batch, questions=chosen.randrange(1, 5000))
            made = bill(imagined_turn(question, facts), offer, facts.prices[region])
            if made.factor is None:
                assert made.total is None
                continue
            for line in made.entries:
                assert line.amount == line.tokens * line.price * made.factor / 1_000_000
            assert made.total == sum(line.amount for line in made.entries)


def test_what_cannot_be_priced_or_weighed_is_unknown_and_never_free():
    omni.register_model("test-unpriced", like=TURBO)
    view = cost_view(CostState(EXAMPLE, Offer("test-unpriced"), "en"))
    assert "cost unknown" in view.words
    assert "unknown" in view.words.splitlines()[-2]
    facts = find_model(TURBO)
    blink = imagined_turn(ImaginedQuestion(video_seconds=0.01, has_video_audio=False), facts)
    assert blink.unknown == ("video in",)
    made = bill(blink, Offer(TURBO), facts.prices["beijing"])
    assert made.total is None
    assert "no token rule" in cost_view(CostState(blink, Offer(TURBO), "en")).words
    batch = bill(EXAMPLE, Offer(TURBO, "singapore", is_batch=True), facts.prices["singapore"])
    assert batch.total is None


def test_the_text_of_a_spoken_answer_is_free_and_said_to_be():
    view = cost_view(CostState(EXAMPLE, Offer(TURBO), "en"))
    row = next(line for line in view.words.splitlines() if line.startswith("text out"))
    assert row.split()[-1] == "0"
    assert "free: the speech is billed" in row


def test_a_silent_model_and_an_overlong_question_are_warned_of():
    turn = imagined_turn(ImaginedQuestion(text_tokens=31_000, answer_seconds=5), find_model(TURBO))
    assert "A question has 31,000 tokens" in cost_view(CostState(turn, Offer(TURBO), "en")).html
    silent = Offer("qwen3.8-omni-flash")
    turn = imagined_turn(
        ImaginedQuestion(text_tokens=1, answer_seconds=5), find_model(silent.model)
    )
    assert turn.unknown == ("audio out",)
    shown = cost_view(CostState(turn, silent, "en")).html
    assert "not known to answer with speech" in shown
    assert "1 question to qwen3.8-omni-flash: " in shown


def test_every_control_of_the_cost_explorer_changes_the_bill(explore):
    explorer = explore(cost_explorer)
    changes = [
        (explorer.text, 500),
        (explorer.images, 3),
        (explorer.image_size, (640, 480)),
        (explorer.audio_seconds, 20),
        (explorer.video_seconds, 10),
        (explorer.video_size, (320, 240)),
        (explorer.video_audio, False),
        (explorer.answer_seconds, 0),
        (explorer.answer_tokens, 7),
        (explorer.questions, 2),
        (explorer.batch, True),
        (explorer.region, "singapore"),
        (explorer.model, "qwen3-omni-flash"),
    ]
    for control, value in changes:
        before = explorer.view
        control.value = value
        assert explorer.view != before, control.description
    assert explorer.region.value == "singapore"


def test_a_model_without_prices_can_be_picked_and_left_again(explore):
    explorer = explore(cost_explorer, region="singapore")
    explorer.model.value = "qwen3.8-omni-flash"
    assert "cost unknown" in explorer.view.words
    explorer.model.value = TURBO
    assert "CNY" in explorer.view.words


def test_a_chat_gives_its_model_and_its_average_turn(explore):
    chat = omni.Chat("qwen3-omni-flash", connection=offline())
    for question in ("Who are you?", "Tell me a story about a cat and a dog."):
        for _ in chat.stream(question):
            pass
    explorer = explore(cost_explorer, chat)
    explorer.questions.value = 1
    mean = average_turn(reply.usage for reply in chat.replies).usage
    assert explorer.model.value == "qwen3-omni-flash"
    assert explorer.state.turn.usage == mean
    assert abs(2 * mean.total - chat.usage.total) <= 4
    assert f"{mean.input['text']:,}" in explorer.view.words
    assert "as qwen3-omni-flash counted them" in explorer.view.words
    assert explorer._contents.layout.display == "none"
    explorer.turn.value = "imagined"
    assert explorer._contents.layout.display is None
    assert "estimated" in explorer.view.words


def test_a_chat_that_has_not_begun_gives_its_model_alone(explore):
    explorer = explore(cost_explorer, omni.Chat("qwen3-omni-flash"))
    assert explorer.model.value == "qwen3-omni-flash"
    assert explorer.turn not in explorer.children[1].children[0].children
    assert "estimated" in explorer.view.words


def offline():
    from omni_nb.offline.behaviour import Behaviour
    from omni_nb.offline.server import start
    from omni_nb.turns.connection import connection_of

    server = start(Behaviour(pace=0))
    return connection_of(server)


# -- the frame ---------------------------------------------------------------------------------

FACTORIES = [image_explorer, audio_explorer, cost_explorer]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("factory", FACTORIES)
def test_the_saved_form_says_all_without_a_widget(explore, factory, language):
    explorer = explore(factory, language=language)
    bundle = explorer.static_bundle()
    assert set(bundle) == {"text/html", "text/plain"}
    assert explorer.view.html in bundle["text/html"]
    assert explorer.view.words in bundle["text/plain"]
    assert "<style" not in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    if explorer.view.image is not None:
        assert 'src="data:image/png;base64,' in bundle["text/html"]
        assert f'alt="{explorer.view.image.words}"' in bundle["text/html"]


def test_the_names_of_strangers_are_escaped(explore):
    name = "<img src=x onerror=alert(1)>"
    omni.register_model(name, like=TURBO, limits={"audio_seconds": 1, "input_tokens": 3})
    for factory in FACTORIES:
        explorer = explore(factory, model=name)
        assert "<img src=x" not in explorer._facts.value
        assert "<img src=x" not in explorer.static_bundle()["text/html"]


@pytest.mark.parametrize("factory", FACTORIES)
def test_every_control_has_a_name_for_screen_readers(explore, factory):
    controls = [part for part in below(explore(factory)) if hasattr(part, "disabled")]
    assert len(controls) > 3
    for control in controls:
        assert control.description or control.tooltip, control


@pytest.mark.parametrize("factory", FACTORIES)
def test_closing_ends_every_part_and_every_observer(factory, monkeypatch):
    explorer = factory()
    parts = [explorer, *below(explorer)]
    refreshed = []
    monkeypatch.setattr(type(explorer), "look", lambda self: refreshed.append(1))
    explorer.close()
    explorer.close()
    assert all(part.comm is None for part in parts)
    explorer.model.value = explorer.model.options[1][1]
    assert refreshed == []


def test_an_explorer_that_cannot_be_made_leaves_no_error_behind(monkeypatch):
    import gc
    import sys

    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    for given in ("https://a.example/cat.png", object()):
        with pytest.raises(omni.MediaError):
            image_explorer(given)
        with pytest.raises(omni.MediaError):
            audio_explorer(given)
    with pytest.raises(omni.RequestError):
        cost_explorer(model="a-model-of-nobody")
    gc.collect()
    assert lost == []


class Handle:
    def __init__(self):
        self.bundles = []

    def update(self, bundle, *, raw):
        self.bundles.append(bundle)


def test_the_saved_form_and_the_screen_reader_follow_when_the_hand_rests(explore):
    explorer = explore(image_explorer)
    handle = Handle()
    explorer._handles.append(handle)
    for width in range(1000, 1050):
        explorer.width.box.value = width
    assert handle.bundles == []
    assert "1,049" not in explorer._announced.value
    explorer.settle()
    explorer.settle()
    assert len(handle.bundles) == 1
    assert "1,049 × 1,080" in handle.bundles[0]["text/html"]
    assert 'role="status"' in explorer._announced.value
    assert "1,049 × 1,080" in explorer._announced.value


def test_displaying_shows_the_widget_and_the_saved_form_and_repeats_neither(explore, monkeypatch):
    import IPython.display

    shown, handle = [], Handle()

    def display(bundle, *, raw, display_id=None):
        shown.append(bundle)
        return handle if display_id else None

    monkeypatch.setattr(IPython.display, "display", display)
    explorer = explore(image_explorer, language="zh")
    explorer._ipython_display_()
    explorer.settle()
    view, still = shown
    assert view["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    assert "运行此单元格" in view["text/plain"]
    assert still == explorer.static_bundle()
    assert handle.bundles == []
    explorer.width.box.value = 1234
    explorer.settle()
    assert len(handle.bundles) == 1


def test_later_calls_once_however_often_it_is_asked():
    called = threading.Event()
    calls = []
    later = Debounce(0.05, lambda: (calls.append(1), called.set()))
    for _ in range(20):
        later.ask()
    assert called.wait(5)
    later.ask()
    later.cancel()
    assert calls == [1]
    assert SETTLED_SECONDS < 1


def below(box):
    for child in box.children:
        yield child
        if isinstance(child, ipywidgets.Box):
            yield from below(child)
