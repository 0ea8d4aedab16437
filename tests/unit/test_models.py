"""The catalog, the token rules and the price rule."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import RequestError
from omni_nb.models.catalog import find_model, known_models
from omni_nb.models.pricing import Cost, Usage, total_cost
from omni_nb.models.tokens import audio_tokens, image_tokens, text_tokens

TURBO, FLASH = "qwen-omni-turbo", "qwen3-omni-flash"


@pytest.mark.parametrize("alias", ["qwen-omni-turbo-latest", "qwen-omni-turbo-0119"])
def test_an_alias_finds_its_model(alias):
    assert find_model(alias) is find_model(TURBO)


def test_an_unknown_model_has_no_facts():
    assert find_model("gpt-9") is None


def test_every_fact_has_a_source_and_a_date():
    for facts in known_models():
        tables = [facts, facts.limits, facts.voices, facts.tokens, *facts.prices.values()]
        assert all(table.source and table.date == "2026-11-22" for table in tables), facts.name


def test_the_documented_limits_and_voices_of_turbo():
    facts = find_model(TURBO)
    assert (facts.limits.context_tokens, facts.limits.input_tokens) == (32768, 30720)
    assert facts.voices.names == ("Cherry", "Serena", "Ethan", "Chelsie")
    assert facts.speaks


def documented_rule(width: int, height: int, side: int) -> int:
    """The rule as the documentation words it, in pixels."""
    least, most = 4 * side * side, 1280 * side * side
    h_bar, w_bar = round(height / side) * side, round(width / side) * side
    if h_bar * w_bar > most:
        beta = math.sqrt((height * width) / most)
        h_bar, w_bar = (math.floor(x / beta / side) * side for x in (height, width))
    elif h_bar * w_bar < least:
        beta = math.sqrt(least / (height * width))
        h_bar, w_bar = (math.ceil(x * beta / side) * side for x in (height, width))
    return int(h_bar * w_bar / (side * side)) + 2


@pytest.mark.parametrize(
    ("height", "width", "turbo", "flash"),
    [
        (28, 28, 6, 6),
        (100, 100, 18, 11),
        (10, 2000, 31, 31),
        (224, 224, 66, 51),
        (480, 640, 393, 302),
        (1080, 1920, 1224, 1224),
        (3000, 4000, 1232, 1232),
    ],
)
def test_images_weigh_what_the_facts_table_says(height, width, turbo, flash):
    assert image_tokens(width, height, model=TURBO).tokens == turbo
    assert image_tokens(width, height, model=FLASH).tokens == flash


@given(st.integers(11, 20_000), st.integers(11, 20_000))
def test_images_weigh_what_the_documented_rule_says(width, height):
    for model, side in ((TURBO, 28), (FLASH, 32)):
        counted = image_tokens(width, height, model=model)
        assert counted.tokens == documented_rule(width, height, side)
        assert counted.resized_width * counted.resized_height == counted.grid_tokens * side * side


@pytest.mark.parametrize(
    ("seconds", "model", "tokens"),
    [(0, TURBO, 0), (0.2, TURBO, 25), (1, TURBO, 25), (171.37, TURBO, 4285), (6.64, FLASH, 83)],
)
def test_sound_weighs_by_the_second(seconds, model, tokens):
    assert audio_tokens(seconds, model=model, output=True) == tokens


def test_the_weight_of_what_cannot_be_is_refused():
    with pytest.raises(RequestError, match="0 × 5"):
        image_tokens(0, 5, model=TURBO)
    with pytest.raises(RequestError, match="-1"):
        audio_tokens(-1, model=TURBO)
    with pytest.raises(RequestError, match="'gpt-9' are not known"):
        audio_tokens(1, model="gpt-9")


def test_a_texts_estimate_counts_chinese_by_the_character():
    assert text_tokens("你好世界") == 4
    assert text_tokens("hello world!") == 3


DOCUMENTED = Usage(input={"text": 1000, "image": 1000}, output={"text": 1000, "audio": 1000})


def test_the_documented_example_costs_what_is_documented():
    assert DOCUMENTED.cost(TURBO).total == Decimal("0.0519")
    assert DOCUMENTED.cost(TURBO, batch=True).total == Decimal("0.02595")
    assert str(DOCUMENTED.cost(TURBO)) == "0.0519 CNY"


@pytest.mark.parametrize(
    ("given", "price"), [({"text": 1000}, "0.0016"), ({"text": 1000, "image": 10}, "0.0045")]
)
def test_written_text_has_two_prices(given, price):
    cost = Usage(input=given, output={"text": 1000}).cost(TURBO)
    assert cost.amounts["text out"] == Decimal(price)


@given(
    st.dictionaries(st.sampled_from(["text", "image", "audio", "video"]), st.integers(1, 10**7)),
    st.dictionaries(st.sampled_from(["text", "audio"]), st.integers(1, 10**7)),
)
def test_money_adds_up(given_tokens, answered):
    usage = Usage(input=given_tokens, output=answered)
    cost, batch = usage.cost(TURBO), usage.cost(TURBO, batch=True)
    assert cost.total == sum(cost.amounts.values())
    assert batch.total * 2 == cost.total
    if "audio" in answered:
        assert cost.amounts["text out"] == 0
    assert (usage + usage).cost(TURBO).total == cost.total * 2


@pytest.mark.parametrize(
    ("usage", "model", "region"),
    [
        (DOCUMENTED, "gpt-9", "beijing"),
        (DOCUMENTED, TURBO, "atlantis"),
        (Usage(input_total=10, output_total=5), TURBO, "beijing"),
        (Usage(input={"text": 3}, input_total=9), TURBO, "beijing"),
    ],
)
def test_an_unknown_price_is_none_never_zero(usage, model, region):
    assert usage.cost(model, region=region) is None


def test_half_price_is_unknown_where_it_is_not_published():
    assert DOCUMENTED.cost(FLASH) is not None
    assert DOCUMENTED.cost(FLASH, batch=True) is None


def test_usage_is_read_from_the_services_object():
    usage = Usage.from_payload(
        {
            "prompt_tokens": 207,
            "completion_tokens": 103,
            "completion_tokens_details": {"audio_tokens": 83, "text_tokens": 20},
            "prompt_tokens_details": {"text_tokens": 207, "audio_tokens": None},
        }
    )
    assert usage == Usage(input={"text": 207}, output={"text": 20, "audio": 83})
    assert usage.total == 310


def test_usage_survives_missing_details():
    usage = Usage.from_payload({"prompt_tokens": 5, "completion_tokens_details": None})
    assert (usage.input_total, dict(usage.input), usage.output_total) == (5, {}, 0)


def test_thinking_is_kept_apart():
    details = {"reasoning_tokens": 195, "text_tokens": 168}
    usage = Usage.from_payload({"completion_tokens": 363, "completion_tokens_details": details})
    assert (usage.reasoning, usage.output["text"]) == (195, 168)
    assert usage.cost(FLASH) is None


def test_a_sum_with_an_unknown_cost_is_unknown():
    known = DOCUMENTED.cost(TURBO)
    assert total_cost([known, known]).total == Decimal("0.1038")
    assert total_cost([known, None]) is None
    assert total_cost([]) is None


def test_currencies_are_not_mixed():
    with pytest.raises(ValueError, match="USD"):
        _ = Cost({"text in": Decimal(1)}, "CNY") + Cost({"text in": Decimal(1)}, "USD")
