"""What is said of a question before anything is sent."""

from __future__ import annotations

import re
import socket
from decimal import Decimal

import pytest

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import AudioPart, ImagePart, ImageURLPart, TextPart
from omni_nb.media.sources import LocalSource
from omni_nb.render.bundle import table_of
from omni_nb.render.labels import percent
from omni_nb.rules.catalog import register_model
from omni_nb.rules.estimate import speech_price
from omni_nb.rules.pricing import Usage
from omni_nb.rules.tokens import image_tokens
from omni_nb.turns.account import Account
from omni_nb.turns.connection import Connection
from omni_nb.turns.estimate import compare, estimate
from omni_nb.wire.client import Endpoint, Secret
from tests.shown import html_of, in_ipython

TURBO, FLASH = "qwen-omni-turbo", "qwen3-omni-flash"
PHOTO = ImagePart(b"a photo", "image/png", 1920, 1080, "photo.png")
SOUND = AudioPart(
    LocalSource(b"a sound", "sound.mp3"), "mp3", "audio/mpeg", 10.0, 16_000, 1, "sound.mp3"
)
LINK = ImageURLPart("https://a.example/1.png")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("an estimate is made here")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def guess(*content, **options):
    return estimate(*content, **{"region": "beijing"} | options)


def test_the_input_is_weighed_by_modality_and_priced():
    made = guess("What is this?", PHOTO)
    assert dict(made.usage.input) == {
        "text": 4,
        "image": image_tokens(1920, 1080, model=TURBO).tokens,
    }
    assert made.tokens == 1228
    assert made.share == 1228 / 30720
    assert made.cost == Usage(input=made.usage.input).cost(TURBO)


def test_an_answer_is_priced_only_as_it_is_assumed():
    alone, spoken = guess("Hi", voice="Cherry"), guess("Hi", voice="Cherry", answer_seconds=10)
    written = guess("Hi", answer_tokens=1000)
    assert (alone.usage.output_total, alone.cost.total) == (0, alone.cost.amounts["text in"])
    assert spoken.usage.output == {"audio": 250}
    assert spoken.cost.total - alone.cost.total == Decimal("0.0125")
    assert written.usage.output == {"text": 1000}


def test_what_comes_on_top_is_said():
    assert "0.00125 CNY per second of speech" in str(guess("Hi", voice="Cherry"))
    text_only, with_picture = str(guess("Hi")), str(guess("Hi", PHOTO))
    assert re.search(r"0\.0016 CNY per 1,000 tokens", text_only)
    assert re.search(r"0\.0045 CNY per 1,000 tokens", with_picture)
    assert "Assumed: an answer of 10 s" in str(guess("Hi", voice="Cherry", answer_seconds=10))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"answer_seconds": 3}, "pass voice="),
        ({"answer_tokens": 3, "voice": "Cherry"}, "pass answer_seconds"),
        ({"answer_tokens": -1}, "0 or more"),
        ({"answer_seconds": float("nan"), "voice": "Cherry"}, "0 seconds or more"),
    ],
)
def test_an_assumption_that_cannot_be_is_refused(options, said):
    with pytest.raises(RequestError, match=re.escape(said)):
        guess("Hi", **options)


def test_what_cannot_be_counted_leaves_the_cost_unknown_and_says_why():
    made = guess("What is this?", LINK)
    assert (made.has_unknown, made.tokens, made.cost) == (True, 4, None)
    assert "at least 4" in str(made)
    assert "cannot be counted" in str(made)


def test_an_unknown_price_region_or_model_is_unknown_and_never_nothing():
    assert guess("Hi", region="mars").cost is None
    assert "unknown" in str(guess("Hi", region="mars"))
    nobody = guess("Hi", model="nobody-knows-me")
    assert (nobody.cost, nobody.share, nobody.tokens) == (None, None, 1)
    assert "The input limit of nobody-knows-me is unknown" in str(nobody)


def test_the_region_is_the_connections_and_unknown_on_a_server_of_ones_own(monkeypatch):
    for region, is_known in [("singapore", True), (None, False)]:
        here = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none")), region)
        monkeypatch.setattr("omni_nb.turns.connection._current", here)
        made = estimate("Hi")
        assert (made.region, made.cost is not None) == (region, is_known)
        assert ("pass region=" in str(made)) != is_known


def test_an_estimate_obeys_the_rules_of_asking():
    with pytest.raises(RequestError):
        guess("Hi", image=PHOTO, audio=SOUND)
    with pytest.raises(MediaError):
        guess("Hi", image=object())


def test_more_than_the_model_takes_is_shown_and_not_refused():
    made = guess("word " * 30_000)
    assert made.share > 1
    assert f"{100 * made.share:.0f} % of the 30,720" in str(made)


def test_models_are_compared_and_one_that_does_not_take_it_says_why():
    made = compare(
        "Hi", models=[TURBO, FLASH, "qwen3.8-omni-flash"], voice="Cherry", region="beijing"
    )
    assert [one.model for one in made.estimates] == [TURBO, FLASH]
    assert "modalities" in made.refusals["qwen3.8-omni-flash"]
    lines = str(made).splitlines()
    assert "a second of speech (CNY)" in lines[1]
    assert next(line for line in lines if line.startswith(FLASH)).endswith(" 0.000782")
    assert "not accepted" in next(line for line in lines if line.startswith("qwen3.8"))


def test_each_compared_model_speaks_with_a_voice_of_its_own():
    made = compare("Hi", models=["qwen2.5-omni-7b"], voice="Cherry", region="beijing")
    assert made.refusals == {}


def test_an_unknown_price_is_unknown_in_a_comparison():
    register_model("of-ones-own", like=TURBO)
    text = str(compare("Hi", models=["of-ones-own", TURBO], region="beijing"))
    assert re.search(r"of-ones-own +1 .*unknown", text)


def test_prices_in_different_currencies_each_name_theirs():
    prices = {"beijing": {"currency": "USD", "text_in": "1"}}
    register_model("in-dollars", like=TURBO, prices=prices)
    text = str(compare("Hi", models=["in-dollars", TURBO], region="beijing"))
    assert "0.000001 USD" in text
    assert "0.0000004 CNY" in text


def test_what_all_models_refuse_alike_is_said_once():
    with pytest.raises(RequestError, match="answer_seconds is of speech"):
        compare("Hi", answer_seconds=5)
    assert len(compare("Hi", models=[TURBO], answer_seconds=5).refusals) == 1


def test_one_name_is_no_list_of_models():
    with pytest.raises(RequestError, match="list of names"):
        compare("Hi", models=TURBO)


def test_the_tables_follow_the_language_and_escape_everything():
    made = guess("图中描绘的是什么景象?", model="<b>&")
    html = html_of(made)
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html
    assert "文本输入" in html
    assert "compare" not in html_of(compare("你是谁?", models=[TURBO], region="beijing"))
    assert "<script" not in html


def test_the_columns_of_a_chinese_table_stand_under_each_other():
    lines = str(guess("图中描绘的是什么景象?", PHOTO)).splitlines()[1:5]
    widths = {sum(2 if ord(c) > 0x2E80 else 1 for c in line) for line in lines}
    assert len(widths) == 1


def test_a_share_is_written_as_a_person_reads_it():
    assert [percent(s) for s in (0, 0.0005, 0.05, 0.5, 2)] == [
        "0.0 %",
        "< 0.1 %",
        "5.0 %",
        "50 %",
        "200 %",
    ]


def test_a_second_of_speech_has_a_price_where_both_rules_are_known():
    assert speech_price(TURBO, "beijing") == Decimal("0.00125")
    assert speech_price(TURBO, None) is speech_price("nobody-knows-me", "beijing") is None


def test_an_estimate_is_shown_without_a_kernel():
    made = guess(TextPart("Hi"))
    assert html_of(made).startswith("<div")
    assert "\n" not in repr(made)


@pytest.mark.parametrize(
    "made",
    [
        guess("Hi"),
        compare("Hi", models=[TURBO], region="beijing"),
        Account(TURBO, Usage({"text": 3}), Usage({"text": 10})),
    ],
    ids=lambda made: type(made).__name__,
)
def test_a_terminal_shows_the_table_and_in_a_list_one_line(made):
    assert in_ipython(made) == str(made) == str(table_of(made))
    assert in_ipython([made]) == f"[{made!r}]"
    assert repr(made).startswith(f"{type(made).__name__}(")
