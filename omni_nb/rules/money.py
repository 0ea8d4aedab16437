"""Money: an exact amount in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from functools import total_ordering
from typing import TYPE_CHECKING, Final

from omni_nb.errors import RequestError, brief

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Amount: TypeAlias = int | float | str | Decimal

EXACT: Final = Context(prec=100)
"""Sums and prices do not depend on the precision that the person's own code has chosen."""

_MOST_DIGITS: Final = 30  # before and after the point; far beyond, EXACT would have to round


@total_ordering
@dataclass(frozen=True, slots=True, repr=False)
class Money:
    """An amount of money, which compares and adds up in its own currency only.

    Parameters
    ----------
    amount
        An int, a Decimal or a str; a float counts as the number that Python prints.
    currency
        The currency's code, such as ``"CNY"``; `CNY` and `USD` make money of theirs.

    Raises
    ------
    RequestError
        The amount is no number, or two currencies are mixed.

    Examples
    --------
    >>> CNY("0.05") + CNY(0.0019) < CNY(1)
    True
    >>> print(CNY("0.0500") + CNY(0.0019))
    0.0519 CNY
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _decimal(self.amount))
        if not (isinstance(self.currency, str) and self.currency):
            raise RequestError(f"A currency is a code such as 'CNY', not {brief(self.currency)}.")

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.amount < self._same(other)

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{plain(self.amount):f} {self.currency}"

    def __repr__(self) -> str:
        return f"Money('{plain(self.amount):f}', {self.currency!r})"

    def _same(self, other: Money) -> Decimal:
        """Return the amount of the other, refusing another currency."""
        if other.currency != self.currency:
            raise RequestError(
                f"{self} and {other} are of different currencies, and we know no exchange rate."
            )
        return other.amount


def CNY(amount: Amount) -> Money:
    """Make an amount of Chinese yuan.

    Parameters
    ----------
    amount
        An int, a Decimal or a str; a float counts as the number that Python prints.

    Raises
    ------
    RequestError
        The amount is no number.

    Examples
    --------
    >>> CNY(0.1) + CNY(0.2) == CNY("0.3")
    True
    """
    return Money(_decimal(amount), "CNY")


def USD(amount: Amount) -> Money:
    """Make an amount of US dollars.

    Parameters
    ----------
    amount
        An int, a Decimal or a str; a float counts as the number that Python prints.

    Raises
    ------
    RequestError
        The amount is no number.

    Examples
    --------
    >>> print(USD(5))
    5 USD
    """
    return Money(_decimal(amount), "USD")


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up, to the last digit."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def plain(amount: Decimal) -> Decimal:
    """Drop trailing zeros, and never write 1E+2.

    Examples
    --------
    >>> plain(Decimal("0.0500")), plain(Decimal(100))
    (Decimal('0.05'), Decimal('100'))
    """
    short = amount.normalize(EXACT)
    return short if int(short.as_tuple().exponent) <= 0 else short.quantize(Decimal(1), None, EXACT)


def rounded(amount: Decimal) -> str:
    """Write an amount with three significant digits; ``reply.cost`` has all.

    Examples
    --------
    >>> rounded(Decimal("0.0012345")), rounded(Decimal("1234.5"))
    ('0.00123', '1230')
    """
    return f"{amount.normalize(Context(prec=3)):f}"


def _decimal(amount: object) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str, Decimal)):
        raise _no_number(amount)
    try:
        exact = Decimal(str(amount) if isinstance(amount, float) else amount)
    except InvalidOperation:
        raise _no_number(amount) from None
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
        raise _no_number(amount)
    return exact


def _no_number(amount: object) -> RequestError:
    return RequestError(
        f"An amount of money is a number, such as 1 or '0.05', not {brief(amount)}."
    )
