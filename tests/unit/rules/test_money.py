"""Money is exact, and of one currency."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.errors import RequestError
from omni_nb.rules.money import CNY, USD, Money, exact_sum, plain

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=9)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (1, "1 CNY"),
        (0, "0 CNY"),
        (100, "100 CNY"),
        ("0.0519", "0.0519 CNY"),
        (" 2.50 ", "2.5 CNY"),
        (0.1, "0.1 CNY"),
        (Decimal("1E+3"), "1000 CNY"),
        (Decimal("0.0000001"), "0.0000001 CNY"),
        (-3, "-3 CNY"),
    ],
)
def test_an_amount_reads_as_it_was_written(amount, words):
    assert str(CNY(amount)) == words


def test_a_float_is_the_number_that_python_prints():
    assert CNY(0.1) + CNY(0.2) == CNY("0.3")


@pytest.mark.parametrize(
    "amount", [None, True, "much", "", "1 CNY", float("nan"), "inf", [1], "1e999999", 10**40]
)
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(RequestError, match="amount of money is a number"):
        CNY(amount)


@pytest.mark.parametrize("currency", ["", None, 3])
def test_what_is_no_currency_is_refused(currency):
    with pytest.raises(RequestError, match="such as 'CNY'"):
        Money(Decimal(1), currency)


def test_money_may_be_made_of_what_its_repr_says():
    assert eval(repr(USD("0.50"))) == USD("0.5")


@given(AMOUNTS, AMOUNTS)
def test_money_adds_subtracts_and_compares_as_its_amounts_do(one, other):
    left, right = CNY(one), CNY(other)
    assert (left + right).amount == one + other
    assert left + right - right == left
    assert (left < right, left <= right) == (one < other, one <= other)
    assert (left > right, left >= right) == (one > other, one >= other)
    assert bool(left) == bool(one)
    assert (left == right) == (one == other)
    assert left != right or hash(left) == hash(right)


@pytest.mark.parametrize(
    "mix",
    [
        lambda: CNY(1) + USD(1),
        lambda: CNY(1) - USD(1),
        lambda: CNY(1) < USD(1),
        lambda: CNY(1) >= USD(1),
        lambda: max(CNY(1), USD(1)),
    ],
)
def test_two_currencies_are_never_mixed(mix):
    with pytest.raises(RequestError, match="no exchange rate"):
        mix()


def test_the_same_number_of_two_currencies_is_not_the_same_money():
    assert CNY(1) != USD(1)


@pytest.mark.parametrize("mix", [lambda: CNY(1) + 1, lambda: CNY(1) < 1, lambda: 3 - CNY(1)])
def test_a_bare_number_is_no_money(mix):
    with pytest.raises(TypeError):
        mix()


def test_the_precision_of_the_persons_own_decimals_changes_nothing():
    with localcontext() as context:
        context.prec = 2
        total = CNY("1000.0519") + CNY("0.00001")
        assert str(total) == "1000.05191 CNY"
        assert exact_sum([Decimal("1.234"), Decimal("1.111")]) == Decimal("2.345")
        assert plain(Decimal("12345.670")) == Decimal("12345.67")
