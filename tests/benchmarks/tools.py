"""A question with a tool, and an answer as data: ours against plain loops of the openai SDK.

Both ask the same server, a process of its own which answers at once, over the same number of
connections. Ours checks the arguments, prices every round and keeps the history; the plain loop is
that of the documentation, and does none of it. Wall time: threads and what waits for them count.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from openai import OpenAI
from pydantic import TypeAdapter

from omni_nb.chat.conversation import Conversation
from omni_nb.rules.formats import AnswerFormat
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret

from .process import running_server
from .table import Row
from .tool_server import ANSWER, ROW

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "qwen3.5-omni-plus"
QUESTION = "How warm is it in Hangzhou?"
KEY = "sk-none"
REPEATS = 40
VALUES = 1000
GOAL_TOOLS = 1.5
GOAL_DATA = 1.5
GOAL_VALUES = 10


@dataclass
class Clip:
    """What there is to hear."""

    speakers: int
    language: Literal["zh", "en", "other"]
    seconds: float
    summary: str


TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather now.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


def weather(city: str) -> dict[str, Any]:
    """The weather now."""
    return {"city": city, "degrees": 21}


def run() -> list[Row]:
    """Ask with a tool, ask for data, and read a list of values."""
    with running_server("tests.benchmarks.tool_server") as base_url:
        client = OpenAI(api_key=KEY, base_url=base_url)
        connection = Connection(Endpoint(base_url, Secret(KEY)))
        return [
            _compared(
                "A question with a tool, two requests (documentation's loop)",
                lambda: _ours_with_tools(connection),
                lambda: _documented_with_tools(client),
                goal=GOAL_TOOLS,
            ),
            _compared(
                "An answer as data, checked (SDK, json.loads)",
                lambda: _ours_as_data(connection),
                lambda: _plain_as_data(client),
                goal=GOAL_DATA,
            ),
            _values(),
        ]


def _compared(
    name: str, ours: Callable[[], object], plain: Callable[[], object], *, goal: float
) -> Row:
    ours(), plain()  # what is made once, such as TLS contexts and schemas, is paid here
    pairs = [(_milliseconds(ours), _milliseconds(plain)) for _ in range(REPEATS)]
    measured, baseline = (median(column) for column in zip(*pairs, strict=True))
    return Row(name, measured, baseline, "ms", goal=goal)


def _values() -> Row:
    """Read a list of a thousand values from its text, against pydantic alone."""
    text = json.dumps({"items": [ROW] * VALUES})
    wanted, adapter = AnswerFormat.of(list[Clip]), TypeAdapter(list[Clip])
    assert wanted.read(text) == adapter.validate_python(json.loads(text)["items"])
    return _compared(
        f"{VALUES:,} values of a class out of a text (pydantic alone)",
        lambda: wanted.read(text),
        lambda: adapter.validate_python(json.loads(text)["items"]),
        goal=GOAL_VALUES,
    )


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def _asked(chat: Conversation, **given: Any) -> Any:
    with chat.stream(QUESTION, **given) as stream:
        for _ in stream:
            pass
    return stream.reply


def _ours_with_tools(connection: Connection) -> None:
    reply = _asked(Conversation(MODEL, tools=[weather], connection=connection))
    assert reply.tool_calls[0].result == weather("Hangzhou")
    assert reply.text.startswith("It is 21")


def _ours_as_data(connection: Connection) -> None:
    reply = _asked(Conversation(MODEL, connection=connection), response_format=Clip)
    assert reply.parsed == Clip(**ROW)


# The loop of Alibaba's page on function calling: the pieces of a call are joined by their index,
# the function is run with what json.loads makes of the arguments, and the result is asked with.
def _documented_with_tools(client: OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    functions = {"weather": weather}
    while True:
        words, calls = "", dict[int, dict[str, str]]()
        for chunk in _streamed(client, messages, tools=TOOLS):
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            words += delta.content or ""
            for piece in delta.tool_calls or ():
                call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = call["id"] or piece.id or ""
                if piece.function:
                    call["name"] = call["name"] or piece.function.name or ""
                    call["arguments"] += piece.function.arguments or ""
        if not calls:
            assert words.startswith("It is 21")
            return
        made = [
            {
                "id": call["id"],
                "type": "function",
                "index": index,
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for index, call in calls.items()
        ]
        messages.append({"role": "assistant", "content": "", "tool_calls": made})
        for call in calls.values():
            result = functions[call["name"]](**json.loads(call["arguments"]))
            content = json.dumps(result, ensure_ascii=False)
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})


def _plain_as_data(client: OpenAI) -> None:
    messages = [{"role": "user", "content": f"{QUESTION} Answer with JSON."}]
    form: Any = {"type": "json_object"}
    chunks = _streamed(client, messages, response_format=form)
    words = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert json.loads(words) == json.loads(ANSWER)


def _streamed(client: OpenAI, messages: list[Any], **given: Any) -> Any:
    return client.chat.completions.create(
        model=MODEL,
        messages=messages,
        modalities=["text"],
        stream=True,
        stream_options={"include_usage": True},
        **given,
    )
