"""Usage and the price rule."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.rules.pricing import Cost, Usage, total_cost

TURBO, FLASH = "qwen-omni-turbo", "qwen3-omni-flash"

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


@pytest.mark.parametrize(
    ("model", "region", "cost"),
    [
        ("qwen3.5-omni-plus", "beijing", "0.227"),
        ("qwen3.5-omni-flash", "singapore", "0.09518"),
    ],
)
def test_the_newest_speaking_models_are_priced(model, region, cost):
    assert DOCUMENTED.cost(model, region=region).total == Decimal(cost)


def test_prices_that_only_resellers_publish_are_unknown():
    assert Usage(input={"text": 1}, output={"text": 1}).cost("qwen3.8-omni-flash") is None


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
