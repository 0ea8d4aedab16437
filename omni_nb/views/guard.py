"""Guard: let a worker outlive a turn that fails, and say each failure once."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("omni_nb")

LEAST_PAUSE_SECONDS = 0.25
MOST_PAUSE_SECONDS = 8.0


class Guard:
    """Run the turns of a worker: one that fails is said, and the next one is run.

    The same failure, which is the same error from the same line of code, is said once, however
    often it comes back. The log gets the places in the code, but neither values nor the error's
    words: they may hold what is secret.

    Parameters
    ----------
    failure
        What has happened, in the words of the log, such as ``"the panel's queue failed"``.
    say
        Called with the error's name to tell the person; called again later where that fails.

    Examples
    --------
    >>> guard = Guard("the example failed", print)
    >>> guard.run(print, "one turn")
    one turn
    True
    """

    def __init__(self, failure: str, say: Callable[[str], None] | None = None) -> None:
        self._failure = failure
        self._say = say
        self._known: set[tuple[str, str, int]] = set()
        self._unsaid: list[str] = []
        self._failures = 0

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next turn: longer after each failure in a row."""
        if not self._failures:
            return 0.0
        return float(min(MOST_PAUSE_SECONDS, LEAST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 8)))

    def run(self, turn: Callable[..., object], *values: Any) -> bool:
        """Run a turn; return whether it went well."""
        try:
            turn(*values)
        except Exception as error:
            self.note(error)
            return False
        self._failures = 0
        self._say_all()
        return True

    def note(self, error: Exception, *, is_said: bool = False) -> bool:
        """Take note of a failure; return whether it is a new one.

        Parameters
        ----------
        is_said
            Whether the person is told elsewhere, so that only the log is left.
        """
        self._failures += 1
        failure = _failure(error)
        if failure in self._known:
            return False
        self._known.add(failure)
        name = type(error).__name__
        log.error("omni_nb: %s, and goes on: %s\n%s", self._failure, name, _places(error))
        if not is_said:
            self._unsaid.append(name)
        self._say_all()
        return True

    def _say_all(self) -> None:
        if self._say is None:
            self._unsaid.clear()
        while self._unsaid and self._say is not None:
            try:
                self._say(self._unsaid[0])
            except Exception:  # what is said goes the way that has failed: later, then
                return
            del self._unsaid[:1]


def words_of(error: Exception) -> str:
    """Return an error as one line; of one that cannot be written, its name.

    Examples
    --------
    >>> words_of(ValueError("no"))
    'ValueError: no'
    """
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception:  # the error's own text is broken
        return name


def _places(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)


def _failure(error: Exception) -> tuple[str, str, int]:
    """Return what makes two failures the same: the error's name and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return type(error).__name__, last.filename if last else "", (last.lineno or 0) if last else 0
