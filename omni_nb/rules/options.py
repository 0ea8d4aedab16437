"""Options of a request: one closed list for every way to ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from numbers import Integral, Real
from operator import index
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from omni_nb.errors import OptionError, RequestError, brief
from omni_nb.media.text import well_formed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Kind = Literal["number", "count", "integer", "switch", "text", "stop", "mapping", "choice"]


@dataclass(frozen=True, slots=True)
class Option:
    """A field of a request's body: its kind, and what it does in a few words."""

    kind: Kind
    does: str


OPTIONS: Final[Mapping[str, Option]] = MappingProxyType(
    {
        "temperature": Option("number", "how much chance there is in the choice of words"),
        "top_p": Option("number", "the share of likely words that is chosen from"),
        "top_k": Option("count", "how many likely words are chosen from"),
        "max_tokens": Option("count", "the longest answer, in tokens"),
        "max_completion_tokens": Option("count", "the same, as newer servers call it"),
        "seed": Option("integer", "the same seed makes the same choices, as far as possible"),
        "stop": Option("stop", "the answer ends before one of these words"),
        "presence_penalty": Option("number", "the higher, the more new subjects"),
        "frequency_penalty": Option("number", "the higher, the fewer words come again"),
        "repetition_penalty": Option("number", "the higher, the fewer repetitions; 1 is none"),
        "enable_thinking": Option("switch", "think before the answer; text answers only"),
        "thinking_budget": Option("count", "the most tokens of thinking"),
        "reasoning_effort": Option("text", "how long to think, such as 'low'"),
        "enable_search": Option("switch", "let the model search the web"),
        "search_options": Option("mapping", "how the model searches"),
        "vl_high_resolution_images": Option("switch", "look at images in more detail"),
        "use_multichannel": Option("switch", "hear the channels of audio apart"),
        "parallel_tool_calls": Option("switch", "call several tools at once; True by default"),
        "tool_choice": Option("choice", "whether a tool is called: 'auto', 'none', or which one"),
    }
)
"""The fields that people may set by name; the rest goes through ``extra={...}``.

Names and kinds are those of the service's chat reference and of the documentation's examples
(help.aliyun.com/zh/model-studio, read 2026-11-22); whether a model takes one, the service says.
"""


OF_TOOLS: Final = frozenset({"tool_choice", "parallel_tool_calls"})
"""The options that say nothing without tools."""


class Options(TypedDict, total=False):
    """The options as keyword arguments, for editors that complete them."""

    temperature: float | None
    top_p: float | None
    top_k: int | None
    max_tokens: int | None
    max_completion_tokens: int | None
    seed: int | None
    stop: str | list[str] | None
    presence_penalty: float | None
    frequency_penalty: float | None
    repetition_penalty: float | None
    enable_thinking: bool | None
    thinking_budget: int | None
    reasoning_effort: str | None
    enable_search: bool | None
    search_options: dict[str, Any] | None
    vl_high_resolution_images: bool | None
    use_multichannel: bool | None
    parallel_tool_calls: bool | None
    tool_choice: str | dict[str, Any] | None


MOST_DEPTH: Final = 64
"""How deep a field may be nested: what copies and sends it walks it down."""

_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("picture", "pictures", "img", "imgs", "photo", "photos"), "image="),
    **dict.fromkeys(("sound", "sounds", "wav", "mp3", "speech"), "audio="),
    **dict.fromkeys(("film", "films", "movie", "clip"), "video="),
    **dict.fromkeys(("client", "llm", "service", "provider"), "connection="),
    **dict.fromkeys(("api_key", "key", "token"), "connect(api_key=...) or connect(ask_key=True)"),
    **dict.fromkeys(("base_url", "url", "endpoint", "host"), "connect(base_url=...)"),
    "region": "connect(region=...)",
    "dialect": "connect(dialect=...)",
    **dict.fromkeys(("system_prompt", "instructions", "system_message"), "system="),
    **dict.fromkeys(("stream", "stream_options"), "nothing: every answer is streamed"),
    **dict.fromkeys(("display", "quiet", "verbose", "silent"), "show="),
    **dict.fromkeys(("extra_body", "extra_headers"), "extra=, for fields of the body"),
    **dict.fromkeys(("max_output_tokens", "max_new_tokens"), "max_tokens="),
    "locale": "language=",
}
"""Names that other libraries use, and what is written here."""

_ACCEPTED: Final[Mapping[Kind, str]] = {
    "number": "a number",
    "count": "a whole number of 1 or more",
    "integer": "a whole number",
    "switch": "True or False",
    "text": "a word",
    "stop": "a str or a list of str",
    "mapping": "a dict",
    "choice": "'auto', 'none', 'required' or {'type': 'function', 'function': {'name': ...}}",
}


def check_options(
    given: Mapping[str, Any], *, where: str, names: Iterable[str] = ()
) -> dict[str, Any]:
    """Check options by name and type; None counts as not given.

    Parameters
    ----------
    given
        The keyword arguments that are none of the function's own.
    where
        The function, for the message.
    names
        The function's own arguments, to find the one that was meant.

    Raises
    ------
    OptionError
        A name is not in the list: the message has the name that was meant.
    RequestError
        A value has the wrong type.

    Examples
    --------
    >>> check_options({"temperature": 0.5, "seed": None}, where="ask()")
    {'temperature': 0.5}
    >>> check_options({"voise": "Cherry"}, where="ask()", names=["voice"])
    Traceback (most recent call last):
    omni_nb.errors.OptionError: voise is not an option of ask(). Did you mean voice=?
    """
    checked = {name: _checked(name, value, where, names) for name, value in given.items()}
    return {name: value for name, value in checked.items() if value is not None}


class OptionDict(MutableMapping[str, Any]):
    """A dict of options, each checked when it is set; fields of ``extra`` stay as they are.

    Examples
    --------
    >>> options = OptionDict({"temperature": 0.5})
    >>> options["max_tokens"] = 200
    >>> dict(options)
    {'temperature': 0.5, 'max_tokens': 200}
    """

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        self._fields = dict(fields or {})

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __setitem__(self, name: str, value: Any) -> None:
        is_extra = name in self._fields and name not in OPTIONS
        self._fields[name] = (
            as_json(f"options[{name!r}]", value)
            if is_extra
            else _checked(name, value, "options", ["extra"])
        )

    def __delitem__(self, name: str) -> None:
        del self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)


def check_extra(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields that go into a request's body as they are.

    Raises
    ------
    RequestError
        ``extra`` is no dict with names as its keys, or a field is not JSON.
    """
    if extra is None:
        return {}
    if isinstance(extra, Mapping) and all(isinstance(name, str) for name in extra):
        return {name: as_json(f"extra[{name!r}]", value) for name, value in extra.items()}
    raise RequestError(f"extra is a dict of fields by name, not {brief(extra)}.")


def as_json(name: str, value: Any) -> Any:
    """Return a value as JSON has it, which later changes of the value do not reach.

    Raises
    ------
    RequestError
        The value is not JSON (another type, NaN), or is nested too deep.

    Examples
    --------
    >>> as_json("extra['a']", {"b": (1, 2)})
    {'b': [1, 2]}
    """
    try:
        made = json.loads(well_formed(json.dumps(value, ensure_ascii=False, allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise RequestError(f"{name} cannot be sent as JSON: {error}.") from None
    except RecursionError:
        made = value
    if is_deep(made):
        raise RequestError(f"{name} cannot be sent: it is nested more than {MOST_DEPTH} deep.")
    return made


def is_deep(value: Any) -> bool:
    """Return whether a value of JSON is nested more than `MOST_DEPTH` deep.

    Examples
    --------
    >>> is_deep([[1]])
    False
    """
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            item
            for holder in level
            if isinstance(holder, (dict, list))
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return bool(level)


def unknown_option(name: str, *, where: str, names: Iterable[str]) -> OptionError:
    """Return the error for an unknown option, naming the one meant.

    Examples
    --------
    >>> str(unknown_option("images", where="ask()", names=["image", "audio"]))[:52]
    'images is not an option of ask(). Did you mean image'
    """
    known = list(dict.fromkeys(names))
    return OptionError(
        f"{name} is not an option of {where}. {_meant(name, known)}",
        hint="option" if "extra" in known else "",
    )


def _meant(name: str, known: list[str]) -> str:
    lowered = name.lower()
    if lowered in known:
        return f"Did you mean {lowered}=?"
    here = _ELSEWHERE.get(lowered, "")
    if here and (here.removesuffix("=") in known or not here.endswith("=")):
        return f"Here it is {here}."
    near = get_close_matches(lowered, known, n=1, cutoff=0.6)
    said = f"Did you mean {near[0]}=?" if near else f"There are {', '.join(known)}."
    if "extra" not in known:
        return said
    return f"{said} A field of the request that omni_nb does not know goes through \
extra={{{name!r}: ...}}."


def _checked(name: str, value: Any, where: str, names: Iterable[str] = ()) -> Any:
    """Return a value as JSON takes it."""
    if name not in OPTIONS:
        raise unknown_option(name, where=where, names=(*names, *OPTIONS))
    if value is None:
        return None
    kind = OPTIONS[name].kind
    try:
        read = _READERS[kind](value)
    except (TypeError, ValueError, OverflowError):
        raise RequestError(f"{name} is {_ACCEPTED[kind]}, not {brief(value)}.") from None
    return as_json(name, read)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
        raise TypeError
    return int(value) if isinstance(value, Integral) else float(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    return index(value)


def _count(value: Any) -> int:
    if (count := _integer(value)) < 1:
        raise ValueError
    return count


def _is(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return read


def _stop(value: Any) -> str | list[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, str) for v in value):
        return list(value)
    raise TypeError


def _choice(value: Any) -> Any:
    match value:
        case "auto" | "none" | "required":
            return value
        case {"type": "function", "function": {"name": str()}}:
            return value
    raise TypeError


_READERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "number": _number,
    "count": _count,
    "integer": _integer,
    "switch": _is(bool),
    "text": _is(str),
    "stop": _stop,
    "mapping": _is(Mapping),
    "choice": _choice,
}
