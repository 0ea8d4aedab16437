"""Drive a run by the Batch API: its rows go into batches, and what they bring is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from omni_nb.errors import RequestError, ServiceError
from omni_nb.many.attempt import Attempt
from omni_nb.many.batch import BatchCrew, keys_of, read_state
from omni_nb.media.text import one_line
from omni_nb.rules.json_text import FormatProblems
from omni_nb.turns.estimate import priced_region
from omni_nb.wire.batches import Batches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omni_nb.many.batch import Answered, Told
    from omni_nb.many.run import Asked, Run
    from omni_nb.rules.formats import AnswerFormat
    from omni_nb.rules.money import Money
    from omni_nb.turns.connection import Connection
    from omni_nb.wire.request import Request

_MOST_WORDS: Final = 1_000


class BatchDriver:
    """Asks the rows of a run in batches; see `omni_nb.many.batch.BatchCrew`.

    Parameters
    ----------
    folder, model, connection
        The run's folder, and who answers.
    form
        The form of the answers, if they have one.
    budget
        What all answers may cost; a batch cannot be ended in its middle for money, so it is
        compared with the estimate of the whole before anything is sent.
    """

    at_once = 0
    paused_seconds: float | None = None

    def __init__(
        self,
        folder: Path,
        model: str,
        connection: Connection,
        *,
        form: AnswerFormat | None = None,
        budget: Money | None = None,
    ) -> None:
        self._folder, self._model, self._connection = folder, model, connection
        self._form, self._budget = form, budget
        self._run: Run | None = None
        self._asked: dict[str, Asked] = {}
        self.told: Told | None = None

    def work(self, run: Run) -> None:
        """Fetch what earlier batches bring, then ask what is left of a run."""
        self._run, self._asked, self.told = run, {}, None
        crew = BatchCrew(
            self._folder,
            Batches(self._connection.endpoint),
            self._deliver,
            run.stopping,
            run.leaving,
            self._tell,
            is_quick=self._connection.is_stand_in,
        )
        try:
            self._check_budget(run)
            self._find_rows_under_way(run)
            crew.ask(self._rows(run))
        except ServiceError as error:
            run.fail(one_line(error.headline, _MOST_WORDS))
        except (RequestError, OSError) as error:
            run.fail(one_line(str(error), _MOST_WORDS))
        for asked in reversed(list(self._asked.values())):
            run.give_back(asked)

    def wake(self, run: Run) -> None:
        """Do nothing: the crew waits for the run's own events, `stopping` and `leaving`.

        The first has it cancel the batch, the second wait for it no more: the next start goes on
        with it.
        """

    def _rows(self, run: Run) -> Iterator[tuple[str, Request]]:
        while (asked := run.take()) is not None:
            self._asked[asked.key] = _light(asked)
            yield asked.key, asked.request

    def _find_rows_under_way(self, run: Run) -> None:
        """Find the rows that batches of an earlier start have, and put the others back."""
        jobs = read_state(self._folder)
        keys = {key for job in jobs for key in keys_of(self._folder / job.file)}
        others = []
        while keys and (asked := run.take()) is not None:
            if asked.key in keys:
                keys.discard(asked.key)
                self._asked[asked.key] = _light(asked)
            else:
                others.append(_light(asked))
        for asked in reversed(others):
            run.give_back(asked)

    def _check_budget(self, run: Run) -> None:
        if self._budget is None or read_state(self._folder):
            return  # what was begun is paid for
        estimate, spent = run.estimate(), run.cost
        if estimate.rows == 0:
            return
        cost = estimate.cost
        if cost is None or (run.usage.total and spent is None):
            run.fail(
                f"What the rows cost is not known, so the budget of {self._budget} cannot be kept. "
                "Nothing was sent. Leave out budget=, or register_model(..., prices=...)."
            )
            return
        whole = cost if spent is None else spent + cost
        if whole.currency != self._budget.currency or whole.total > self._budget.amount:
            run.fail(
                f"The batch would cost about {cost}, which passes the budget of {self._budget}. "
                "Nothing was sent. Raise the budget, or ask about fewer rows.",
                is_budget=True,
            )

    def _tell(self, told: Told) -> None:
        self.told = told

    def _deliver(self, answer: Answered) -> None:
        """Keep what a batch brought for a row."""
        assert self._run is not None
        region = priced_region(self._connection)
        usage = answer.usage
        cost = usage.cost(self._model, region=region, batch=True) if usage and region else None
        error = answer.error
        if error is None and self._form is not None:
            try:
                self._form.read(answer.text)
            except FormatProblems as found:
                error = f"The answer is not {self._form.kind}: {found}"
        attempt = Attempt(
            "failed" if error else "done",
            text=answer.text,
            usage=usage,
            cost=cost,
            finish_reason=answer.finish_reason,
            error=error and one_line(error, _MOST_WORDS),
            code=answer.code,
            request_id=answer.request_id,
        )
        asked = self._asked.pop(answer.key, None)
        if asked is None:  # a row that is asked about no more: its answer is paid for, and kept
            self._run.keep_aside(answer.key, [attempt])
            return
        self._run.keep(asked, [attempt], int(answer.was_sent))


def _light(asked: Asked) -> Asked:
    """Return a row without its request, which holds its media."""
    return replace(asked, request=None)  # type: ignore[arg-type]
