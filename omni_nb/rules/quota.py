"""Quota: free tokens that count down."""

from __future__ import annotations

from operator import index
from threading import Lock
from typing import TYPE_CHECKING, Final

from omni_nb.errors import RequestError, brief, warn
from omni_nb.media.shown import Shown

if TYPE_CHECKING:
    from omni_nb.rules.pricing import Usage

_WARN_PERCENT: Final = 80


class Quota(Shown):
    """A number of tokens that answers use up, whatever their modality.

    A quota counts what it is told in this session; what is left of the account's free quota
    stands in the service's console. Several chats may share one. A warning comes at 80 %, and
    another when nothing is left; nothing is stopped.

    Parameters
    ----------
    tokens
        How many tokens there are: 1,000,000 for each model and account, says the documentation
        (spec, "免费额度 ... 不区分模态", where "100Token" is 100万 on the page of August 2025).
        The free quota counts neither in Singapore nor for Batch.
    name
        What the tokens are for; shown in the warnings.

    Raises
    ------
    RequestError
        ``tokens`` is not a whole number from 1 on.

    Examples
    --------
    >>> from omni_nb.rules.pricing import Usage
    >>> quota = Quota(1_000_000, "qwen-omni-turbo")
    >>> quota.spend(Usage(input={"text": 2000}, output={"text": 500}))
    >>> quota
    <Quota qwen-omni-turbo: 997,500 of 1,000,000 tokens left>
    """

    def __init__(self, tokens: int, name: str = "") -> None:
        try:
            self.tokens = index(tokens)
        except TypeError:
            raise _no_quota(tokens) from None
        if self.tokens < 1:
            raise _no_quota(tokens)
        self.name = name
        self._spent = 0
        self._lock = Lock()

    @property
    def spent(self) -> int:
        """How many tokens were used, also those beyond the quota."""
        return self._spent

    @property
    def left(self) -> int:
        """How many tokens are left: 0 or more."""
        return max(0, self.tokens - self._spent)

    @property
    def low(self) -> int:
        """The number of tokens left at which the quota warns."""
        return self.tokens * (100 - _WARN_PERCENT) // 100

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left."""
        return not self.left

    def spend(self, usage: Usage) -> None:
        """Count the tokens of an answer, in and out.

        Parameters
        ----------
        usage
            The tokens, as the service counted them.

        Warns
        -----
        UserWarning
            With this answer 80 % of the quota are used, or all of it.
        """
        with self._lock:  # answers may stream on several threads
            before, self._spent = self._spent, self._spent + usage.total
            after = self._spent
        if before < self.tokens <= after:
            warn(
                f"{self._title} is used up: {after:,} of {self.tokens:,} tokens. What follows is "
                "billed, or refused where the console says 'use free tier only'."
            )
        elif self._percent(before) < _WARN_PERCENT <= self._percent(after) < 100:
            warn(f"{self._title} is used to {self._percent(after)} %: {self._state}.")

    def _percent(self, tokens: int) -> int:
        return tokens * 100 // self.tokens

    @property
    def _title(self) -> str:
        return f"The quota of {self.name}" if self.name else "The quota"

    @property
    def _state(self) -> str:
        return f"{self.left:,} of {self.tokens:,} tokens left"

    def __repr__(self) -> str:
        return f"<Quota {self.name}: {self._state}>" if self.name else f"<Quota: {self._state}>"


def _no_quota(tokens: object) -> RequestError:
    return RequestError(f"A quota is a whole number of tokens from 1 on, not {brief(tokens)}.")
