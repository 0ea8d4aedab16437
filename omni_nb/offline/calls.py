"""Choose the tools that a question names, and the arguments to call them with."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omni_nb.offline.filler import fit
from omni_nb.offline.hints import Hints, mentions, spaced
from omni_nb.offline.question import CAPITALISED, joined, names, places, topics
from omni_nb.offline.schemas import Unfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omni_nb.offline.tools import Tool, Toolbox

_READ: Final = 2_000  # characters of a question or a description that are searched
_MOST_CALLS: Final = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool: its name, and its arguments as JSON."""

    name: str
    arguments: str


def choose_calls(
    toolbox: Toolbox, question: str, hints: Hints, *, done: frozenset[str] = frozenset()
) -> tuple[Call, ...]:
    """Return the calls that a question asks for; none when it names no tool.

    Parameters
    ----------
    done
        Tools that have returned since the question: none of them is called again, unless one
        must be.

    Examples
    --------
    >>> from omni_nb.offline.tools import Tool, Toolbox
    >>> from omni_nb.rules.catalog import models
    >>> city = {"type": "object", "properties": {"city": {"type": "string"}}}
    >>> asked = "How warm is it in Hangzhou?"
    >>> hints = Hints(asked, (), "en", next(iter(models("qwen3-omni-flash"))))
    >>> choose_calls(Toolbox((Tool("weather", "The weather now.", city),)), asked, hints)
    (Call(name='weather', arguments='{"city": "Hangzhou"}'),)
    """
    question = question[:_READ]
    calls = [
        Call(tool.name, json.dumps(arguments, ensure_ascii=False))
        for tool in _chosen(toolbox, question, done)
        for arguments in _arguments(tool, question, hints, several=toolbox.parallel)
    ]
    return tuple(calls[: _MOST_CALLS if toolbox.parallel else 1])


def _chosen(toolbox: Toolbox, question: str, done: frozenset[str]) -> list[Tool]:
    """Return the tools to call: the one that is named most clearly, or all that are about so."""
    if toolbox.choice == "none":
        return []
    if toolbox.forced:
        return [toolbox.forced]
    scores = {tool.name: _score(tool, question) for tool in toolbox.tools}
    best = max(scores.values(), default=0)
    named = [tool for tool in toolbox.tools if best and 2 * scores[tool.name] > best]
    if chosen := [tool for tool in named if tool.name not in done]:
        return chosen if toolbox.parallel else [max(chosen, key=lambda tool: scores[tool.name])]
    return list(toolbox.tools[:1]) if toolbox.choice == "required" else []


def _score(tool: Tool, question: str) -> int:
    """Return how clearly a question names a tool: by its name, a parameter, or its description."""
    words = topics(question)
    if not words:
        return 0
    properties = tool.parameters.get("properties")
    parameters = " ".join(properties) if isinstance(properties, dict) else ""
    score = 6 * bool(tool.name.lower() in question.lower())
    score += 3 * len(words & topics(spaced(tool.name)))
    score += 2 * len(words & topics(spaced(parameters[:_READ])))
    score += len(words & topics(tool.description[:_READ]))
    is_somewhere = re.search(_PLACE_NAMES, spaced(parameters[:_READ])) and places(question)
    return score + 2 * bool(is_somewhere)


class _Spoken:
    """The values that a question gives to parameters; what it does not give is measured."""

    def __init__(self, question: str, hints: Hints, names: Sequence[str], whole: str) -> None:
        self._question, self._hints, self._whole = question, hints, whole.lower()
        self._names = list(names)
        self._given: dict[str, list[Any]] = {}
        self._numbers: list[float] = [
            json.loads(number) for number in re.findall(_NUMBER, question)
        ]

    def count(self) -> int:
        """Return how many things a list may be about."""
        return 1

    def of(
        self, name: str, words: str, item: int | None, choices: Sequence[Any] = ()
    ) -> Sequence[Any]:
        """Return the values that the question has for a parameter, the best first."""
        if choices:
            texts = [choice for choice in choices if isinstance(choice, str)]
            mentioned = [choice for choice in texts if mentions(self._whole, choice.lower())]
            return mentioned or self._hints.of(name, words, item, choices)
        if not name:
            return []
        if name not in self._given:  # the filler asks again when it tries again
            self._given[name] = self._next(name)
        return [*self._given[name], *self._hints.of(name, words, item)]

    def _next(self, name: str) -> list[Any]:
        """Return the values for one parameter, which no other one gets before all are used."""
        told = re.escape(spaced(name))
        values: list[Any] = []
        if found := re.search(
            rf"\b{told}\b(?: is| of|:|=)?\s+([\w-]+(?:\.[\w-]+)*)", self._question, re.I
        ):
            values.append(found[1])
        for pattern, before in _PREPOSITIONS:
            if re.search(pattern, spaced(name)):
                values += re.findall(rf"\b(?:{before})\s+({CAPITALISED})", self._question)
        if re.search(_PLACE_NAMES, spaced(name)):
            values += places(self._question)
        if not values and self._names:
            values += self._names
        self._names = [other for other in self._names if other not in values[:1]]
        numbers, self._numbers = self._numbers, self._numbers[1:] or self._numbers
        return [*values, *numbers, *re.findall(_WRITTEN, self._question)]


_PLACE_NAMES: Final = (
    r"\b(city|town|location|place|country|region|where|address)\b|城市|地点|地区|位置"
)
_NUMBER: Final = r"(?<![\w.-])-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?(?![\w-]|\.\d)"
_WRITTEN: Final = r"\d{4}-\d\d-\d\d|https?://[^\s\"'<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_PREPOSITIONS: Final = (
    (r"\b(origin|from|source|start|departure)\b", "from"),
    (r"\b(destination|to|target|end|arrival)\b", "to"),
)


def _arguments(tool: Tool, question: str, hints: Hints, *, several: bool) -> list[Any]:
    """Return the arguments of each call of a tool: several when several names are joined."""
    schema = {"type": "object", **tool.parameters}
    each = joined(question) if several and len(_texts(schema)) == 1 else []
    if len(each) > 1:
        return [_fitted(schema, _Spoken(name, hints, [name], question)) for name in each]
    return [_fitted(schema, _Spoken(question, hints, names(question), question))]


def _texts(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters that take any text."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return []
    return [
        name
        for name, rule in properties.items()
        if isinstance(rule, dict) and rule.get("type") == "string" and "enum" not in rule
    ]


def _fitted(schema: Any, spoken: _Spoken) -> Any:
    try:
        return fit(schema, spoken)
    except Unfit as error:
        _log.warning("The stand-in calls a tool without arguments: %s", error)
        return {}
