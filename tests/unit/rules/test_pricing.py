"""The price rule against the spec's table and example, an independent sum, and its properties."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import RequestError
from omni_nb.rules import catalog
from omni_nb.rules.catalog import find_model, known_models, register_model
from omni_nb.rules.money import CNY
from omni_nb.rules.pricing import Cost, Usage, total_cost

TURBO, FLASH = "qwen-omni-turbo", "qwen3-omni-flash"
TOKENS = st.integers(0, 10**8)
USAGES = st.builds(
    Usage,
    input=st.dictionaries(st.sampled_from(["text", "image", "audio", "video"]), TOKENS),
    output=st.dictionaries(st.sampled_from(["text", "audio"]), TOKENS),
)
PRICED = [(facts.name, region) for facts in known_models() for region in facts.prices]
EXAMPLE = Usage(input={"text": 1000, "image": 1000}, output={"text": 1000, "audio": 1000})


def test_the_documented_example_is_right_to_the_last_digit():
    cost = EXAMPLE.cost(TURBO)
    assert cost.amounts == {
        "text in": Decimal("0.0004"),
        "image in": Decimal("0.0015"),
        "text out": Decimal(0),
        "audio out": Decimal("0.05"),
    }
    assert repr(cost) == (
        "<Cost 0.0519 CNY: text in 0.0004, image in 0.0015, text out 0, audio out 0.05>"
    )
    assert str(EXAMPLE.cost(TURBO, batch=True)) == "0.02595 CNY"


@pytest.mark.parametrize(
    ("given", "answered", "line", "yuan"),
    [
        ({"text": 1000}, {}, "text in", "0.0004"),
        ({"audio": 1000}, {}, "audio in", "0.025"),
        ({"image": 1000}, {}, "image in", "0.0015"),
        ({"video": 1000}, {}, "video in", "0.0015"),
        ({"text": 1000}, {"text": 1000}, "text out", "0.0016"),
        ({"image": 1}, {"text": 1000}, "text out", "0.0045"),
        ({"audio": 1}, {"text": 1000}, "text out", "0.0045"),
        ({"video": 1}, {"text": 1000}, "text out", "0.0045"),
        ({"text": 1000}, {"text": 1000, "audio": 1000}, "audio out", "0.05"),
        ({"text": 1000}, {"text": 1000, "audio": 1000}, "text out", "0"),
    ],
)
def test_a_thousand_tokens_cost_what_the_specs_table_says(given, answered, line, yuan):
    assert Usage(input=given, output=answered).cost(TURBO).amounts[line] == Decimal(yuan)


def documented(usage: Usage, prices) -> Fraction:
    """The spec's table of prices, worded again in fractions of a currency unit."""
    table = {name: Fraction(getattr(prices, f"{name}_in")) for name in usage.input}
    money = sum((table[name] * count for name, count in usage.input.items()), Fraction())
    if usage.output.get("audio"):
        money += Fraction(prices.audio_out) * usage.output["audio"]
    elif any(usage.input.get(name) for name in ("image", "audio", "video")):
        money += Fraction(prices.text_out_after_media) * usage.output.get("text", 0)
    else:
        money += Fraction(prices.text_out) * usage.output.get("text", 0)
    return money / 10**6


@given(USAGES, st.sampled_from(PRICED))
def test_any_answer_costs_what_the_table_says_exactly(usage, priced):
    model, region = priced
    prices = find_model(model).prices[region]
    cost = usage.cost(model, region=region)
    assert Fraction(cost.total) == documented(usage, prices)
    assert cost.currency == prices.currency


@given(USAGES, st.sampled_from(PRICED))
def test_the_amounts_by_modality_add_up_to_the_total(usage, priced):
    cost = usage.cost(priced[0], region=priced[1])
    assert sum(map(Fraction, cost.amounts.values())) == Fraction(cost.total)
    assert set(usage.input) == {name[:-3] for name in cost.amounts if name.endswith(" in")}
    assert all(amount >= 0 for amount in cost.amounts.values())


@given(USAGES)
def test_batch_is_exactly_half_of_every_amount(usage):
    cost, batch = usage.cost(TURBO), usage.cost(TURBO, batch=True)
    assert {name: 2 * amount for name, amount in batch.amounts.items()} == dict(cost.amounts)
    assert Fraction(batch.total) * 2 == Fraction(cost.total)


@given(USAGES, st.integers(1, 10**8))
def test_where_speech_is_answered_the_text_is_free(usage, speech):
    spoken = Usage(input=usage.input, output={**usage.output, "audio": speech})
    silent = Usage(input=usage.input, output={"audio": speech})
    assert spoken.cost(TURBO).amounts["text out"] == 0
    assert spoken.cost(TURBO).total == silent.cost(TURBO).total


@given(st.lists(USAGES, min_size=1, max_size=5))
def test_the_costs_of_answers_add_up(usages):
    costs = [usage.cost(TURBO) for usage in usages]
    total = total_cost(costs)
    assert Fraction(total.total) == sum(Fraction(cost.total) for cost in costs)
    for name in total.amounts:
        assert total.amounts[name] == sum(cost.amounts.get(name, 0) for cost in costs)


def test_answers_are_priced_one_by_one():
    silent = Usage(input={"text": 1000}, output={"text": 1000})
    assert total_cost([silent.cost(TURBO), EXAMPLE.cost(TURBO)]).total == Decimal("0.0539")
    assert (silent + EXAMPLE).cost(TURBO).total == Decimal("0.0523")  # as of one spoken answer


def test_an_answer_of_nothing_costs_nothing_where_the_prices_are_known():
    assert Usage().cost(TURBO).total == 0
    assert Usage().cost("gpt-9") is None


@pytest.mark.parametrize(
    "usage",
    [
        Usage(input={"text": 5}, output={"text": 5, "image": 1}),
        Usage(input={"text": 5, "smell": 1}, output={"text": 5}),
        Usage(input={"text": 5}, output={"text": 5}, input_total=6),
        Usage(input={"text": 5}, output={"text": 5}, output_total=3),
    ],
)
def test_what_has_no_price_or_does_not_add_up_is_unknown(usage):
    assert usage.cost(TURBO) is None


def test_a_price_that_is_not_needed_may_be_unknown(monkeypatch):
    monkeypatch.setattr(catalog, "_registered", {})
    home = {"currency": "USD", "text_in": "1", "audio_out": "4"}
    register_model("half-priced", like=TURBO, prices={"home": home})
    spoken = Usage(input={"text": 10}, output={"text": 99, "audio": 10})
    written = Usage(input={"text": 10}, output={"text": 99})
    assert str(spoken.cost("half-priced", region="home")) == "0.00005 USD"
    assert written.cost("half-priced", region="home") is None
    assert spoken.cost("half-priced", region="home", batch=True) is None
    assert spoken.cost("half-priced") is None


def test_each_region_has_its_own_prices():
    usage = Usage(input={"text": 10**6})
    assert str(usage.cost(TURBO)) == "0.4 CNY"
    assert str(usage.cost(TURBO, region="singapore")) == "0.514 CNY"
    assert usage.cost(TURBO, region="singapore", batch=True) is None


def test_batch_is_offered_for_the_stable_version_only():
    alias = "qwen-omni-turbo-latest"
    assert EXAMPLE.cost(alias).total == EXAMPLE.cost(TURBO).total
    assert EXAMPLE.cost(alias, batch=True) is None


def test_the_precision_of_the_persons_own_decimals_changes_nothing():
    usage = Usage(input={"text": 123_456_789}, output={"audio": 987_654_321})
    expected = usage.cost(TURBO)
    with localcontext() as context:
        context.prec = 3
        cost = usage.cost(TURBO)
        assert str(cost) == "49432.0987656 CNY"
        assert (repr(cost), cost.total) == (repr(expected), expected.total)
        assert str(cost + cost) == "98864.1975312 CNY"


def test_a_cost_is_money_that_compares_with_a_budget():
    assert EXAMPLE.cost(TURBO).money == CNY("0.0519")
    assert EXAMPLE.cost(TURBO).money < CNY(1)


def test_a_total_never_shows_as_a_power_of_ten():
    cost = Usage(input={"audio": 4 * 10**6}).cost(TURBO)
    assert (repr(cost.total), str(cost)) == ("Decimal('100')", "100 CNY")


def test_costs_of_two_currencies_are_not_added():
    with pytest.raises(RequestError, match="USD cannot be added to CNY"):
        total_cost([Cost({"text in": Decimal(1)}, "CNY"), Cost({"text in": Decimal(1)}, "USD")])
