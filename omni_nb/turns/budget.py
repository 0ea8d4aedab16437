"""Count what a conversation has cost, and keep it within what it may cost."""

from __future__ import annotations

import threading
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from omni_nb.errors import BudgetError, RequestError, brief, warn
from omni_nb.rules.money import Money, exact_sum, plain, rounded
from omni_nb.rules.pricing import share_of
from omni_nb.rules.quota import Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omni_nb.rules.estimate import Estimate
    from omni_nb.rules.pricing import Cost
    from omni_nb.turns.reply import Reply

WARNING_SHARE = Decimal("0.8")


class Budget:
    """The budget that a conversation and its forks spend together.

    What was asked stays paid for, also when its turn is taken back. An answer without the
    service's count, such as an interrupted one, is counted by our rules (`Reply.cost_so_far`).

    Parameters
    ----------
    limit
        What may be spent together.
    quota
        What every answer's tokens are taken off.
    factor
        The share of the usual price that is paid; None: not known.
    """

    def __init__(
        self,
        limit: Money | None = None,
        quota: Quota | None = None,
        *,
        factor: Fraction | None = Fraction(1),
    ) -> None:
        self.limit = limit
        self.quota = quota
        self._factor = factor
        self._paid: dict[str, Decimal] = {}  # by currency
        self._is_known = True
        self._open: list[Reply] = []
        self._lock = threading.Lock()
        self._warned_of: Money | None = None

    @property
    def limit(self) -> Money | None:
        """What the conversations may cost together; None: no limit."""
        return self._limit

    @limit.setter
    def limit(self, limit: Money | None) -> None:
        if limit is not None and not (isinstance(limit, Money) and limit.amount > 0):
            raise RequestError(
                f"A budget is money, more than nothing, such as omni_nb.CNY(1), not {brief(limit)}."
            )
        self._limit = limit

    @property
    def quota(self) -> Quota | None:
        """A count of tokens that every answer is taken off."""
        return self._quota

    @quota.setter
    def quota(self, quota: Quota | None) -> None:
        if quota is not None and not isinstance(quota, Quota):
            raise RequestError(f"A quota is omni_nb.Quota(1_000_000), not {brief(quota)}.")
        self._quota = quota

    def remember(self, replies: Iterable[Reply]) -> None:
        """Count the replies of a saved conversation as paid."""
        with self._lock:
            self._pay(replies)

    def check(self, estimate: Estimate) -> None:
        """Check the limit against what is spent and the next request's input.

        Raises
        ------
        BudgetError
            The request would pass the limit.
        RequestError
            A price or a number of tokens is not known, or the price is in another currency: a
            budget cannot be kept then.
        """
        self.settle()
        with self._lock:
            expected = self._check(estimate)
        if self.limit is not None and expected is not None:
            self._warn(expected, self.limit)

    def reserve(self, reply: Reply) -> None:
        """Reserve the cost of a request's input; its running cost counts from now on.

        The limit is checked in the same step, so that requests at the same time cannot pass it
        together.

        Raises
        ------
        BudgetError, RequestError
            As for `check`.
        """
        with self._lock:
            if reply.estimate is not None:
                self._check(reply.estimate)
            self._open.append(reply)

    def release(self, reply: Reply) -> None:
        """Take a reservation back: the request is not sent after all."""
        with self._lock:
            self._open.remove(reply)

    def is_passed(self) -> bool:
        """Return whether what is spent, with the answers that still stream, passes the limit."""
        if self.limit is None:
            return False
        with self._lock:
            return self._total(self._costs_so_far(), self.limit) > self.limit.amount

    def settle(self) -> None:
        """Pay for the answers that have ended, and warn when the budget is nearly spent.

        Called on the thread of the person who asks, so that a warning lands in their cell.
        """
        with self._lock:
            ended = [reply for reply in self._open if reply.is_finished]
            self._open = [reply for reply in self._open if not reply.is_finished]
            self._pay(ended)
        if self.quota is not None:
            for reply in ended:
                self.quota.spend(reply.usage_so_far)
        if self.limit is not None and ended:
            self._warn(self._total((), self.limit), self.limit)

    def _check(self, estimate: Estimate) -> Decimal | None:
        """Return what will have been spent with the input of a request."""
        limit = self.limit
        if limit is None:
            return None
        spent, next_cost = (
            self._spent(limit),
            _known(estimate, limit, share_of(estimate.cost, self._factor)),
        )
        expected = exact_sum((spent, next_cost))
        if expected > limit.amount:
            raise BudgetError(
                f"This request would pass the budget of {limit}: {spent:f} {limit.currency} is "
                f"spent, and its input alone costs about {next_cost:f} {limit.currency}. Nothing "
                "was sent. Raise the budget (chat.budget = ...), send less, or shorten the history "
                "with chat.trim().",
                hint="budget",
            )
        return expected

    def _pay(self, replies: Iterable[Reply]) -> None:
        """Add the cost of answers to what is paid; the answers themselves are not kept."""
        for reply in replies:
            if not reply.usage_so_far.total:
                continue
            self._pay_cost(self._cost_of(reply))

    def _pay_cost(self, cost: Cost | None) -> None:
        if cost is None:
            self._is_known = False
        elif cost.amounts:
            paid = self._paid.get(cost.currency, Decimal(0))
            self._paid[cost.currency] = exact_sum((paid, cost.total))

    def _spent(self, limit: Money) -> Decimal:
        """Return what is paid and what the answers under way cost so far.

        Raises
        ------
        RequestError
            Not all of it is known in the currency of the limit.
        """
        costs = self._costs_so_far()
        if not self._is_known or None in costs:
            raise RequestError(
                "What this conversation has cost so far is not known, so its budget cannot be "
                "kept. Start a new Chat with a budget, or take it away: chat.budget = None."
            )
        for currency in (*self._paid, *(cost.currency for cost in costs if cost and cost.amounts)):
            _check_currency(currency, limit)
        return self._total(costs, limit)

    def _total(self, costs: Iterable[Cost | None], limit: Money) -> Decimal:
        """Add costs to what is paid: what is known in the currency of the limit."""
        known = (cost.total for cost in costs if cost and cost.currency == limit.currency)
        return exact_sum((self._paid.get(limit.currency, Decimal(0)), *known))

    def _costs_so_far(self) -> list[Cost | None]:
        return [self._cost_of(reply) for reply in self._open]

    def _cost_of(self, reply: Reply) -> Cost | None:
        return share_of(reply.cost_so_far, self._factor)

    def _warn(self, amount: Decimal, limit: Money) -> None:
        if limit != self._warned_of and amount >= limit.amount * WARNING_SHARE:
            self._warned_of = limit
            warn(f"{100 * amount / limit.amount:.0f} % of the budget of {limit} is spent.")


class ReservingBudget(Budget):
    """The budget of many askers: what an answer is expected to cost is reserved with its input.

    What is on its way finishes, so what is spent passes the limit by no more than the estimates
    are wrong.

    Parameters
    ----------
    limit
        What all answers may cost together.
    expected
        Returns the output tokens that are expected of an answer, by modality.
    factor
        The share of the usual price that is paid; None: not known.
    """

    def __init__(
        self,
        limit: Money | None,
        expected: Callable[[], Mapping[str, int]],
        factor: Fraction | None = Fraction(1),
    ) -> None:
        super().__init__(limit, factor=factor)
        self._expected = expected
        self._reserved: dict[int, Cost] = {}  # by the id of an open reply

    def remember_costs(self, costs: Iterable[Cost | None]) -> None:
        """Count what earlier answers cost as paid."""
        with self._lock:
            for cost in costs:
                self._pay_cost(cost)

    def check(self, estimate: Estimate) -> None:
        """Check nothing yet: `reserve` does, when the request is to be sent."""

    def reserve(self, reply: Reply) -> None:
        """Reserve what a request's input and its expected output cost.

        Raises
        ------
        BudgetError
            With all that is spent and reserved, the request would pass the limit.
        RequestError
            A price is not known, or it is in another currency.
        """
        with self._lock:
            if self.limit is not None and reply.estimate is not None:
                self._settle_ended()
                whole = reply.estimate.answered(self._expected())
                cost = share_of(whole.cost, self._factor)
                next_cost, spent = _known(whole, self.limit, cost), self._spent(self.limit)
                if exact_sum((spent, next_cost)) > self.limit.amount:
                    raise BudgetError(
                        f"The budget of {self.limit} is used up: {plain(spent):f} "
                        f"{self.limit.currency} is spent or reserved for answers on their way, and "
                        f"the next row costs about {rounded(next_cost)} {self.limit.currency}.",
                        hint="budget",
                    )
                if cost is not None:
                    self._reserved[id(reply)] = cost
            self._open.append(reply)

    def is_passed(self) -> bool:
        """Return False: an answer that is on its way is paid for, so it finishes."""
        return False

    def settle(self) -> None:
        """Pay for the answers that have ended; from any thread, and without a word."""
        with self._lock:
            self._settle_ended()

    def _settle_ended(self) -> None:
        ended = [reply for reply in self._open if reply.is_finished]
        self._open = [reply for reply in self._open if not reply.is_finished]
        for reply in ended:
            self._reserved.pop(id(reply), None)
        self._pay(ended)

    def _costs_so_far(self) -> list[Cost | None]:
        """Return the larger of what is reserved for an answer and what it costs already."""
        costs: list[Cost | None] = []
        for reply in self._open:
            cost, reserved = self._cost_of(reply), self._reserved.get(id(reply))
            is_more = cost is not None and reserved is not None and reserved.total > cost.total
            costs.append(reserved if is_more else cost)
        return costs


def _known(estimate: Estimate, budget: Money, cost: Cost | None) -> Decimal:
    """Return what a request costs, in the budget's currency."""
    if cost is None:
        why = (
            "something in it cannot be counted here, such as what is at a URL (send the file "
            "itself)"
            if estimate.has_unknown
            else f"the price of {estimate.model} is unknown "
            "(omni_nb.register_model(..., prices=...) makes it known)"
        )
        raise RequestError(
            f"What this request costs is not known, so the budget of {budget} cannot be kept: "
            f"{why}. Nothing was sent. Without a budget it can be: chat.budget = None."
        )
    if cost.amounts:
        _check_currency(cost.currency, budget)
    return cost.total


def _check_currency(currency: str, budget: Money) -> None:
    if currency != budget.currency:
        raise RequestError(
            f"The budget is in {budget.currency}, the prices are in {currency}. Give the "
            f"budget in {currency}."
        )
