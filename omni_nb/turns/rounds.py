"""Decide what follows a round of an answer: tools' results, its speech, a repair, or nothing."""

from __future__ import annotations

import contextvars
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omni_nb.errors import AnswerError, RequestError, brief
from omni_nb.media.parts import TextPart
from omni_nb.rules.catalog import find_model
from omni_nb.rules.json_text import FormatProblems
from omni_nb.rules.options import OF_TOOLS
from omni_nb.rules.tools import read_arguments
from omni_nb.turns.history import call_messages
from omni_nb.turns.tool_results import ToolCall, error_line
from omni_nb.wire.request import Call, Message
from omni_nb.words import language_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omni_nb.turns.reply import Reply
    from omni_nb.turns.round import Round
    from omni_nb.wire.request import Request

Approve: TypeAlias = "bool | Callable[[ToolCall], bool]"
"""Who decides on a call: nobody (False), a person (True), or a function."""

MOST_ROUNDS: Final = 5
"""How many rounds may call tools, as in the service's own SDK (dashscope 2.0.2)."""

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ToolRules:
    """How tools are called for a question.

    Attributes
    ----------
    approve
        Who decides on a call: nobody (False), a person (True), or a function.
    max_rounds
        How many rounds may call tools; then the model has to answer.
    """

    approve: Approve = False
    max_rounds: int = MOST_ROUNDS

    def __post_init__(self) -> None:
        if not isinstance(self.approve, bool) and not callable(self.approve):
            raise RequestError(
                "approve is True (a person is asked before each call), False, or a function that "
                f"takes a ToolCall and returns True or False, not {brief(self.approve)}."
            )
        rounds = self.max_rounds
        if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1:
            raise RequestError(f"max_rounds is a whole number of 1 or more, not {brief(rounds)}.")


class Rounds:
    """What follows each round of one answer.

    Rounds that may call tools ask for text alone, so that no call is read aloud
    (QwenLM/Qwen3-Omni#126); a spoken answer is asked for once no tool is called any more.

    Parameters
    ----------
    request
        What was asked.
    rules
        How tools are called.
    hide
        Takes the key out of what tools return and raise.
    """

    def __init__(
        self,
        request: Request,
        rules: ToolRules | None = None,
        *,
        hide: Callable[[str], str] = str,
    ) -> None:
        self._asked = request
        self._rules = rules or ToolRules()
        self._hide = hide
        self._has_been_told = False
        self._decisions: dict[str, bool] = {}
        self._news = threading.Condition()

    @property
    def first(self) -> Request:
        """The request to begin with."""
        if self._asked.tools and "audio" in self._asked.modalities:
            return replace(self._asked, modalities=("text",))
        return self._asked

    @property
    def asks_a_person(self) -> bool:
        """Whether a person has to decide on each call."""
        return bool(self._asked.tools) and self._rules.approve is True

    def decide(self, call_id: str, allowed: bool) -> None:
        """Decide on a call that waits for a person; from any thread."""
        with self._news:
            self._decisions[call_id] = allowed
            self._news.notify_all()

    def after(self, reply: Reply, is_over: Callable[[], bool]) -> Request | None:
        """Return the request of the round that follows the last; None when the answer is whole.

        Parameters
        ----------
        reply
            The answer so far; gets its tools' results, its value and its problems.
        is_over
            Tells that the answer was ended; what waits for a tool or a person stops waiting.

        Raises
        ------
        AnswerError
            The answer cannot be used: it does not fit its form, or calls what is not there.
        """
        last = reply.rounds[-1]
        may_call = last.request.tools and last.request.options.get("tool_choice") != "none"
        if last.calls and may_call:
            return self._after_calls(reply, last, is_over)
        if last.calls and not last.text:
            names = ", ".join(brief(call.name) for call in last.calls)
            raise AnswerError(f"The model called {names} where it had to answer.")
        if last.request.modalities != self._asked.modalities:
            return self._spoken(reply, last)
        return self._checked(reply, last)

    # -- tools -------------------------------------------------------------------------------

    def _after_calls(
        self, reply: Reply, last: Round, is_over: Callable[[], bool]
    ) -> Request | None:
        if last.finish_reason == "length":
            raise AnswerError(
                "The model's tool call was cut at the longest answer: raise max_tokens."
            )
        self._run(reply, last, is_over)
        if is_over():
            return None
        problems = [call.error or "" for call in last.tool_calls if call.is_unfit]
        if problems and self._has_been_told:
            raise AnswerError(
                "The model's tool calls cannot be made: " + "; ".join(problems), problems=problems
            )
        self._has_been_told = self._has_been_told or bool(problems)
        messages = (*last.request.messages, *call_messages(last))
        is_last = sum(bool(one.calls) for one in reply.rounds) >= self._rules.max_rounds
        return replace(
            last.request, messages=messages, options=_choosing(last.request, "none" * is_last)
        )

    def _spoken(self, reply: Reply, last: Round) -> Request:
        """Return the request for the spoken answer, without tools where none was called."""
        was_called = bool(reply.tool_calls)
        return replace(
            last.request,
            modalities=self._asked.modalities,
            tools=last.request.tools if was_called else (),
            options=_choosing(last.request, "none") if was_called else _without(last.request),
        )

    def _run(self, reply: Reply, last: Round, is_over: Callable[[], bool]) -> None:
        """Call the tools of a round at the same time; the reply has each result as it comes."""
        runs = [_Run(place, call, last, self._hide) for place, call in enumerate(last.calls)]
        last.tool_calls = tuple(run.call for run in runs)
        for run in runs:
            if not run.call.is_over and self._is_allowed(run, is_over):
                run.start(self._wake)
        while any(run.is_running for run in runs) and not is_over():
            with self._news:
                self._news.wait(LOOK_SECONDS)

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _is_allowed(self, run: _Run, is_over: Callable[[], bool]) -> bool:
        approve = self._rules.approve
        if approve is False:
            return True
        if approve is True:
            with self._news:  # services give ids twice: what was decided was another call
                self._decisions.pop(run.call.id, None)
            run.note(replace(run.call, state="asked"))
            allowed = self._decision(run.call.id, is_over)
        else:
            allowed = approve(run.call) is True
        if allowed:
            run.note(replace(run.call, state="running"))
        elif not is_over():
            run.note(run.call.failed("The person did not allow this call."))
        return allowed

    def _decision(self, call_id: str, is_over: Callable[[], bool]) -> bool:
        with self._news:
            while call_id not in self._decisions:
                if is_over():
                    return False
                self._news.wait(LOOK_SECONDS)
            return self._decisions.pop(call_id)

    # -- the form of the answer --------------------------------------------------------------

    def _checked(self, reply: Reply, last: Round) -> Request | None:
        """Read the value of an answer; ask once more for one that does not fit."""
        wanted = self._asked.response_format
        if wanted is None:
            return None
        try:
            reply.parsed = wanted.read(last.text)
            return None
        except FormatProblems as found:
            last.problems = found.problems
        if last.finish_reason == "length":
            raise AnswerError(
                f"The answer was cut before it was {wanted.kind}: leave out max_tokens.",
                problems=last.problems,
            )
        if sum(bool(one.problems) for one in reply.rounds) > 1:
            raise AnswerError(
                f"The answer is not {wanted.kind}, also not at the second try: "
                + "; ".join(last.problems),
                problems=last.problems,
            )
        language = language_of(self._asked.question)
        said = last.text[:MOST_REPAIRED_CHARACTERS]
        return replace(
            last.request,
            messages=(
                *last.request.messages,
                *([Message("assistant", (TextPart(said),))] if said.strip() else ()),
                Message("user", (TextPart(wanted.repair(last.problems, language)),)),
            ),
            options=_choosing(last.request, "none" if last.request.tools else ""),
        )


class _Run:
    """One call while it runs; its round has the newest state of it."""

    def __init__(self, place: int, call: Call, of: Round, hide: Callable[[str], str]) -> None:
        self._place, self._round, self._hide = place, of, hide
        tools = of.request.tools
        self._tool = next((tool for tool in tools if tool.name == call.name), None)
        self._thread: threading.Thread | None = None
        self.call = ToolCall(call.id, call.name, written=call.arguments, state="running")
        if self._tool is None:
            there = ", ".join(tool.name for tool in tools)
            self.call = self.call.failed(
                f"There is no tool {brief(call.name)}. There are: {there}.", is_unfit=True
            )
            return
        try:
            self.call = replace(self.call, arguments=read_arguments(call.arguments))
            self._arguments = self._tool.arguments(call.arguments)
        except FormatProblems as found:
            self.call = self.call.failed(f"The arguments do not fit: {found}", is_unfit=True)

    def start(self, note: Callable[[], None]) -> None:
        """Begin to run the call on a thread of its own."""
        self._note_end = note
        run = contextvars.copy_context().run  # ipykernel routes what a tool prints by context
        self._thread = threading.Thread(
            target=run, args=(self._work,), name=f"omni_nb tool {self.call.name}", daemon=True
        )
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def note(self, call: ToolCall) -> None:
        """Take another state of the call."""
        self.call = call
        with _noting:
            calls = self._round.tool_calls
            self._round.tool_calls = (*calls[: self._place], call, *calls[self._place + 1 :])

    def _work(self) -> None:
        assert self._tool is not None
        began = time.perf_counter()
        try:
            result = self._tool.run(self._arguments)
            sees = _takes_images(self._round.request)
            made = self.call.returned(result, takes_images=sees, hide=self._hide)
        except BaseException as error:  # also SystemExit: a tool ends no kernel
            made = self.call.failed(error_line(error, hide=self._hide))
        self.note(replace(made, seconds=time.perf_counter() - began))
        self._note_end()


_noting = threading.Lock()

MOST_REPAIRED_CHARACTERS: Final = 20_000
"""How much of an answer that does not fit is sent back."""


def _takes_images(request: Request) -> bool:
    facts = find_model(request.model)
    return facts is not None and "image" in facts.inputs


def _choosing(request: Request, choice: str) -> Mapping[str, Any]:
    """Return options without what was forced: it would call for ever."""
    options = {name: value for name, value in request.options.items() if name != "tool_choice"}
    return options | ({"tool_choice": choice} if choice else {})


def _without(request: Request) -> Mapping[str, Any]:
    """Return options without those of tools."""
    return {name: value for name, value in request.options.items() if name not in OF_TOOLS}
