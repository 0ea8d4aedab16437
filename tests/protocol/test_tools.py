"""Tools and answers as data, over the wire: what is sent, what is read, and what goes wrong."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import AnswerError, BudgetError, RequestError, ServiceError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.rules.money import CNY
from omni_nb.turns.connection import connection_of
from omni_nb.wire.dialects import body_for
from tests.schemas import SCHEMAS
from tests.waiting import wait_until

if TYPE_CHECKING:
    from omni_nb.turns.reply import Reply
    from omni_nb.turns.tool_results import ToolCall

QUESTION = "How warm is it in Hangzhou?"


def weather(city: str, unit: Literal["C", "F"] = "C") -> dict[str, object]:
    """The weather now. city: its name in English."""
    return {"city": city, "degrees": 21, "unit": unit}


@dataclass
class Clip:
    speakers: int
    language: Literal["zh", "en", "other"]
    summary: str


def connected(fault="none", **behaviour):
    return start(Behaviour(pace=0, fault=fault, **behaviour), remember=20)


def asked(chat: Conversation, *content, **media) -> Reply:
    with chat.stream(*content, **media) as stream:
        for _ in stream:
            pass
    return stream.reply


@pytest.fixture(scope="module")
def here():
    with connected() as standin:
        yield standin


def chat_with(standin, **settings) -> Conversation:
    settings.setdefault("tools", [weather])
    return Conversation("qwen3-omni-flash", connection=connection_of(standin), **settings)


def sent(standin, count):
    return standin.requests[-count:]


# -- tools -----------------------------------------------------------------------------------


def test_a_tool_is_called_and_its_result_answered_with(here):
    chat = chat_with(here)
    reply = asked(chat, QUESTION)
    (call,) = reply.tool_calls
    assert (call.name, call.arguments["city"], call.result["degrees"]) == (
        "weather",
        "Hangzhou",
        21,
    )
    assert call.seconds >= 0
    assert "21" in reply.text
    first, second = sent(here, 2)
    assert first["tools"][0]["function"]["name"] == "weather"
    assert first["parallel_tool_calls"] is True
    user, assistant, tool = second["messages"]
    assert user == first["messages"][0]
    assert (assistant["role"], assistant["content"]) == ("assistant", "")
    assert assistant["tool_calls"][0]["id"] == tool["tool_call_id"] == call.id
    assert json.loads(tool["content"]) == call.result
    assert [len(chat), len(reply.rounds)] == [1, 2]
    assert reply.usage == reply.rounds[0].usage + reply.rounds[1].usage
    assert reply.cost.total == sum(one.cost.total for one in reply.rounds)


def test_rounds_that_may_call_are_asked_for_text_and_the_answer_is_spoken_once(here):
    reply = asked(chat_with(here, voice="Cherry"), QUESTION)
    assert [request["modalities"] for request in sent(here, 3)] == [
        ["text"],
        ["text"],
        ["text", "audio"],
    ]
    assert ["audio" in request for request in sent(here, 3)] == [False, False, True]
    assert sent(here, 1)[0]["tool_choice"] == "none"
    assert reply.audio.seconds > 1
    assert [bool(one.pcm) for one in reply.rounds] == [False, False, True]


def test_an_answer_without_a_call_is_spoken_without_tools(here):
    reply = asked(chat_with(here, voice="Cherry"), "Who are you?")
    assert not reply.tool_calls
    assert "tools" not in sent(here, 1)[0]
    assert "tool_choice" not in sent(here, 1)[0]
    assert reply.audio


def test_later_turns_read_calls_and_results(here):
    chat = chat_with(here)
    asked(chat, QUESTION)
    asked(chat, "Who are you?")
    roles = [message["role"] for message in sent(here, 1)[0]["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


def test_a_forced_choice_is_of_the_first_round_alone(here):
    forced = {"type": "function", "function": {"name": "weather"}}
    reply = asked(chat_with(here, tool_choice=forced), "Who are you?")
    assert reply.tool_calls
    assert [request.get("tool_choice") for request in sent(here, 2)] == [forced, None]


SHAPES = [
    *("call_pieces", "call_native", "call_repeated", "call_no_id", "call_no_index"),
    *("call_after_words", "call_finish_stop", "call_surplus_brace", "call_interleaved"),
    *("call_wrong_index",),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_are_read_in_every_shape(shape):
    def clock(city: str) -> str:
        """The time now in a city."""
        return f"12:30 in {city}"

    with connected(shape) as standin:
        reply = asked(
            chat_with(standin, tools=[weather, clock]), "The weather and the clock in Hangzhou?"
        )
    assert sorted(call.name for call in reply.tool_calls) == ["clock", "weather"]
    assert all(call.arguments["city"] == "Hangzhou" for call in reply.tool_calls)
    assert not any(call.error for call in reply.tool_calls)
    assert len({call.id for call in reply.tool_calls}) == 2
    assert reply.finish_reason == "stop"


@pytest.mark.parametrize("shape", ["call_null_arguments", "call_empty_arguments"])
def test_no_arguments_are_an_empty_object(shape):
    def now() -> str:
        """The time now."""
        return "12:30"

    with connected(shape) as standin:
        reply = asked(chat_with(standin, tools=[now]), "What time is it now?")
    assert [(call.name, call.arguments, call.error) for call in reply.tool_calls] == [
        ("now", {}, None)
    ]


def test_a_chat_whose_tools_are_gone_goes_on_without_what_is_of_them(here, tmp_path):
    chat = chat_with(here, tool_choice="required", parallel_tool_calls=False)
    asked(chat, QUESTION)
    again = Conversation.load(chat.save(tmp_path / "talk.json"), connection=connection_of(here))
    chat.tools = []
    for left in (chat, again):
        assert asked(left, "Who are you?").finish_reason == "stop"
        assert not {"tools", "tool_choice", "parallel_tool_calls"} & sent(here, 1)[0].keys()


def test_calls_of_one_round_run_at_the_same_time():
    meeting = threading.Barrier(2, timeout=20)

    def left() -> str:
        """The left one."""
        return f"left {meeting.wait()}"

    def right() -> str:
        """The right one."""
        return f"right {meeting.wait()}"

    with connected() as standin:
        reply = asked(chat_with(standin, tools=[left, right]), "Call left and right, please.")
    assert [call.error for call in reply.tool_calls] == [None, None]
    assert {call.name for call in reply.tool_calls} == {"left", "right"}


def test_coroutines_are_tools():
    async def weather(city: str) -> str:
        """The weather in a city."""
        return f"sunny in {city}"

    with connected() as standin:
        reply = asked(chat_with(standin, tools=[weather]), QUESTION)
    assert reply.tool_calls[0].result == "sunny in Hangzhou"


@pytest.mark.parametrize("raised", [ValueError("no such city"), SystemExit(3), KeyboardInterrupt()])
def test_what_a_tool_raises_is_told_to_the_model(here, raised):
    def weather(city: str) -> str:
        """The weather in a city."""
        raise raised

    reply = asked(chat_with(here, tools=[weather]), QUESTION)
    (call,) = reply.tool_calls
    assert call.state == "failed"
    assert call.error.startswith(type(raised).__name__)
    assert json.loads(sent(here, 1)[0]["messages"][-1]["content"]) == {"error": call.error}
    assert reply.finish_reason == "stop"


class Unit(Enum):
    CELSIUS = "C"
    FAHRENHEIT = "F"


def test_a_tool_gets_what_its_annotations_say_and_the_call_keeps_json(here, tmp_path):
    seen = []

    def weather(city: str, unit: Unit) -> str:
        """The weather in a city."""
        seen.append(unit)
        return "sunny"

    chat = chat_with(here, tools=[weather])
    reply = asked(chat, QUESTION)
    assert isinstance(seen[0], Unit)
    assert reply.tool_calls[0].arguments["unit"] == seen[0].value
    again = Conversation.load(chat.save(tmp_path / "talk.json"))
    assert again[0].tool_calls[0].arguments == reply.tool_calls[0].arguments


@pytest.mark.parametrize("is_raised", [False, True])
def test_the_key_is_taken_out_of_what_a_tool_says(here, is_raised):
    def weather(city: str) -> str:
        """The weather in a city."""
        if is_raised:
            raise ValueError(f"refused {here.api_key}")
        return f"asked with {here.api_key}"

    reply = asked(chat_with(here, tools=[weather]), QUESTION)
    assert here.api_key not in reply.tool_calls[0].told
    assert here.api_key not in json.dumps(sent(here, 1))


@pytest.mark.parametrize(
    ("fault", "words"), [("call_unknown", "There is no tool"), ("call_unfit", "do not fit")]
)
def test_a_call_that_cannot_be_made_is_told_once_and_then_an_error(fault, words):
    with connected(fault) as standin:
        reply = asked(chat_with(standin), QUESTION)
        assert words in reply.tool_calls[0].error
        assert reply.tool_calls[0].is_unfit
        assert reply.tool_calls[-1].result["degrees"] == 21
    with connected(f"{fault}_always") as standin:
        with pytest.raises(AnswerError, match=words) as failure:
            asked(chat_with(standin), QUESTION)
        reply = failure.value.reply
    assert (reply.finish_reason, len(reply.rounds)) == ("error", 2)
    assert failure.value.problems
    assert reply.cost_so_far.total > 0


def test_arguments_that_are_no_json_are_told_to_the_model():
    with connected("call_broken") as standin:
        chat = chat_with(standin)
        reply = asked(chat, QUESTION)
        history = chat.messages
    assert reply.tool_calls[0].is_unfit
    assert reply.tool_calls[0].arguments is None
    assert history[1]["tool_calls"][0]["function"]["arguments"] == reply.tool_calls[0].written


def test_a_call_in_the_text_fails_closed():
    with connected("call_in_text") as standin, pytest.raises(ServiceError, match="tool call") as no:
        asked(chat_with(standin), QUESTION)
    reply = no.value.reply
    assert "<tool_call" not in reply.text
    assert not reply.tool_calls


def test_no_tool_text_is_heard():
    with connected("call_read_aloud") as standin:
        reply = asked(chat_with(standin, voice="Cherry"), QUESTION)
    assert [bool(one.pcm) for one in reply.rounds[:-1]] == [False] * (len(reply.rounds) - 1)
    assert reply.audio


def test_rounds_have_an_end():
    calls = []

    def weather(city: str) -> str:
        """The weather in a city."""
        calls.append(city)
        raise ValueError("try again")

    with connected() as standin:
        chat = chat_with(standin, tools=[weather], tool_choice="required", max_rounds=1)
        reply = asked(chat, QUESTION)
        choices = [request.get("tool_choice") for request in standin.requests]
    assert choices == ["required", "none"]
    assert len(calls) == 1
    assert reply.text


def test_images_of_a_tool_are_shown_to_models_that_see(here):
    def plot():
        """Draw the plot."""
        from PIL import Image

        return Image.new("RGB", (80, 60), "red")

    chat = chat_with(here, tools=[plot])
    reply = asked(chat, "Draw the plot, please.")
    messages = sent(here, 1)[0]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert messages[-1]["content"][0]["type"] == "image_url"
    assert "80×60" in messages[-2]["content"]
    assert reply.tool_calls[0].parts[0].width == 80
    chat.trim("media", keep=0)
    assert [message["role"] for message in chat.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


@pytest.mark.parametrize("model", ["qwen-omni-turbo", "qwen2.5-omni-7b"])
def test_models_without_tools_are_refused_before_sending(here, model):
    before = len(here.requests)
    chat = Conversation(model, connection=connection_of(here), tools=[weather])
    with pytest.raises(RequestError, match="qwen3-omni-flash"):
        chat.stream(QUESTION)
    assert len(here.requests) == before


def test_stop_ends_the_waiting_for_a_tool(here):
    began, over = threading.Event(), threading.Event()

    def weather(city: str) -> str:
        """The weather in a city."""
        began.set()
        over.wait(60)
        return city

    chat = chat_with(here, tools=[weather])
    stream = chat.stream(QUESTION)
    reader = threading.Thread(target=lambda: list(stream), daemon=True)
    reader.start()
    assert began.wait(20)
    count = len(here.requests)
    stream.stop()
    reader.join(20)
    over.set()
    assert not reader.is_alive()
    assert stream.reply.finish_reason == "interrupted"
    assert stream.reply.tool_calls[0].name == "weather"
    assert len(here.requests) == count, "no request follows"
    assert not chat.messages, "a turn without an answer is not sent again"


def test_a_timeout_holds_through_all_rounds(here):
    over = threading.Event()

    def weather(city: str) -> str:
        """The weather in a city."""
        over.wait(60)
        return city

    chat = chat_with(here, tools=[weather], timeout=0.5)
    reply = asked(chat, QUESTION)
    over.set()
    assert reply.finish_reason == "timeout"


def test_a_budget_holds_through_all_rounds(here):
    whole = asked(chat_with(here), QUESTION)
    first, second = (one.cost.total for one in whole.rounds)
    chat = chat_with(here, budget=CNY(first + second / 100))
    with pytest.warns(UserWarning, match="of the budget"):
        reply = asked(chat, QUESTION)
    assert reply.finish_reason == "budget"
    assert reply.tool_calls[0].result
    with pytest.raises(BudgetError):
        chat.stream(QUESTION)


def test_a_function_approves(here):
    seen = []

    def approve(call: ToolCall) -> bool:
        seen.append((call.name, dict(call.arguments)))
        return False

    reply = asked(chat_with(here, approve=approve), QUESTION)
    assert seen == [
        ("weather", {"city": "Hangzhou", "unit": reply.tool_calls[0].arguments["unit"]})
    ]
    assert reply.tool_calls[0].error == "The person did not allow this call."
    assert reply.text


def test_a_person_approves_each_call(here):
    def asking(allowed):
        stream = chat_with(here, approve=True).stream(QUESTION)
        stream.can_ask = True
        reader = threading.Thread(target=lambda: list(stream), daemon=True)
        reader.start()

        def waiting():
            return [call for call in stream.reply.tool_calls if call.state == "asked"]

        assert wait_until(waiting)
        stream.decide(waiting()[0].id, allowed)
        reader.join(20)
        return stream.reply

    assert asking(True).tool_calls[0].result
    assert asking(False).tool_calls[0].result is None


def test_nobody_to_ask_is_unfit_before_sending(here):
    before = len(here.requests)
    chat = chat_with(here, approve=True)
    with pytest.raises(RequestError, match="nobody can be asked"):
        asked(chat, QUESTION)
    assert (len(here.requests), len(chat)) == (before, 0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"approve": 1}, "approve"),
        ({"max_rounds": 0}, "max_rounds"),
        ({"max_rounds": True}, "max_rounds"),
        ({"tools": [5]}, "5"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"tools": [], "tool_choice": "auto"}, "pass tools="),
        ({"extra": {"tools": []}}, "tools="),
        ({"extra": {"response_format": {"type": "json_object"}}}, "response_format="),
    ],
)
def test_what_is_no_setting_of_tools_is_unfit(here, settings, words):
    before = len(here.requests)
    with pytest.raises(RequestError, match=words):
        chat_with(here, **settings).stream(QUESTION)
    assert len(here.requests) == before


# -- answers as data -------------------------------------------------------------------------


def data_chat(standin, model="qwen3.5-omni-plus", **settings) -> Conversation:
    return Conversation(model, connection=connection_of(standin), **settings)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("wanted", "is_it"),
    [
        (Clip, lambda value: isinstance(value, Clip)),
        (list[Clip], lambda value: all(isinstance(one, Clip) for one in value)),
        (Literal["a", "b"], lambda value: value in ("a", "b")),
        (Colour, lambda value: isinstance(value, Colour)),
        (dict[str, int], lambda value: isinstance(value, dict)),
        ({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, dict),
    ],
)
@pytest.mark.parametrize("model", ["qwen3.5-omni-plus", "qwen3-omni-flash", "qwen-omni-turbo"])
def test_an_answer_is_a_value(here, model, wanted, is_it):
    reply = asked(data_chat(here, model), "Describe this.", response_format=wanted)
    assert is_it(reply.parsed)
    assert (reply.attempts, reply.problems) == (1, ())
    body = sent(here, 1)[0]
    has_field = body.get("response_format") == {"type": "json_object"}
    assert has_field == (model == "qwen3.5-omni-plus")
    assert "JSON" in body["messages"][-1]["content"]


def test_the_question_and_the_history_stay_as_they_were_asked(here):
    chat = data_chat(here)
    reply = asked(chat, "Describe this.", response_format=Clip)
    asked(chat, "And now?")
    assert [part.text for part in reply.question] == ["Describe this."]
    texts = [message["content"] for message in sent(here, 1)[0]["messages"]]
    assert texts == ["Describe this.", reply.text, "And now?"]
    assert "response_format" not in sent(here, 1)[0]


def test_it_works_with_media_and_in_chinese(here):
    reply = asked(
        data_chat(here),
        "描述这张图片。",
        image=np.zeros((60, 80, 3), "uint8"),
        response_format=Clip,
    )
    assert isinstance(reply.parsed, Clip)
    asked_for = sent(here, 1)[0]["messages"][-1]["content"][-1]["text"]
    assert "JSON" in asked_for
    assert any("\u4e00" <= letter <= "\u9fff" for letter in asked_for)


@pytest.mark.parametrize("fault", ["json_fenced", "json_in_prose"])
def test_json_among_words_is_read(fault):
    with connected(fault) as standin:
        reply = asked(data_chat(standin), "Describe this.", response_format=Clip)
    assert isinstance(reply.parsed, Clip)
    assert reply.attempts == 1


@pytest.mark.parametrize("fault", ["json_broken", "json_unfit"])
def test_an_answer_that_does_not_fit_is_asked_for_again_once(fault):
    with connected(fault) as standin:
        chat = data_chat(standin)
        reply = asked(chat, "Describe this.", response_format=Clip)
        assert isinstance(reply.parsed, Clip)
        assert reply.attempts == 2
        assert reply.rounds[0].problems
        assert reply.problems == ()
        assert reply.usage == reply.rounds[0].usage + reply.rounds[1].usage
        assert len(chat.messages) == 2, "the repair is not in the history"
        assert chat.messages[-1]["content"] == reply.text
        repair = standin.requests[-1]["messages"]
        assert [message["role"] for message in repair] == ["user", "assistant", "user"]
    with connected(f"{fault}_always") as standin:
        with pytest.raises(AnswerError, match="second try") as failure:
            asked(data_chat(standin), "Describe this.", response_format=Clip)
        assert len(standin.requests) == 2
    error = failure.value
    assert error.problems
    assert error.reply.problems == error.problems
    assert (error.reply.parsed, error.reply.finish_reason) == (None, "error")


def test_an_answer_that_was_cut_says_so():
    with connected("json_cut") as standin:
        with pytest.raises(AnswerError, match="max_tokens"):
            asked(data_chat(standin), "Describe this.", response_format=Clip)
        assert len(standin.requests) == 1, "asking again would be cut again"


def test_data_is_not_spoken(here):
    before = len(here.requests)
    chat = Conversation("qwen3-omni-flash", connection=connection_of(here), voice="Cherry")
    with pytest.raises(RequestError, match=r"modalities=\['text'\]"):
        chat.stream("Describe this.", response_format=Clip)
    assert len(here.requests) == before


@pytest.mark.once
@settings(max_examples=200, deadline=None)
@given(schema=SCHEMAS)
def test_any_schema_is_answered_and_read(here, schema):
    if isinstance(schema, dict):
        reply = asked(data_chat(here), "Describe this.", response_format=schema)
        Draft202012Validator(schema).validate(reply.parsed)


@pytest.mark.once
@pytest.mark.parametrize(
    "fault", ["json_broken", "json_unfit", "json_broken_always", "json_unfit_always"]
)
def test_any_broken_answer_is_mended_or_an_answer_error(fault):
    with connected(fault) as standin:

        @settings(max_examples=50, deadline=None)
        @given(schema=SCHEMAS.filter(lambda schema: isinstance(schema, dict)))
        def ask(schema):
            chat = data_chat(standin)
            try:
                reply = asked(chat, "Describe this.", response_format=schema)
            except AnswerError as error:
                assert error.reply.attempts == 2
                assert error.problems
            else:
                Draft202012Validator(schema).validate(reply.parsed)

        ask()


def test_tools_and_a_form_go_together(here):
    chat = Conversation("qwen3.5-omni-plus", connection=connection_of(here), tools=[weather])
    reply = asked(chat, QUESTION, response_format=Clip)
    assert reply.tool_calls
    assert isinstance(reply.parsed, Clip)


def test_an_openai_server_gets_the_schema(here):
    chat = Conversation("some-model", connection=connection_of(here), response_format=Clip)
    request = chat.stream("Describe this.").reply.request
    written = body_for(request, "openai", lambda source, mime: "data:,")
    form = written["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    assert form["json_schema"]["schema"]["additionalProperties"] is False
    assert written["messages"][-1]["content"] == "Describe this."


def test_only_dashscope_numbers_calls(here):
    chat = chat_with(here)
    asked(chat, QUESTION)
    request = chat.stream("And now?").reply.request
    for dialect in ("dashscope", "openai", "vllm-omni", "sglang-omni"):
        written = body_for(request, dialect, lambda source, mime: "data:,")["messages"]
        assert [message["role"] for message in written[1:3]] == ["assistant", "tool"]
        assert ("index" in written[1]["tool_calls"][0]) == (dialect == "dashscope")
        assert written[2]["tool_call_id"] == written[1]["tool_calls"][0]["id"]


def test_both_are_saved_and_loaded(here, tmp_path):
    chat = Conversation("qwen3.5-omni-plus", connection=connection_of(here), tools=[weather])
    asked(chat, QUESTION, response_format=Clip)
    again = Conversation.load(chat.save(tmp_path / "talk.json"))
    before, after = chat[0], again[0]
    assert again.messages == chat.messages
    assert after.parsed == {
        "speakers": before.parsed.speakers,
        "language": before.parsed.language,
        "summary": before.parsed.summary,
    }
    assert [after.usage, after.cost, after.attempts] == [before.usage, before.cost, before.attempts]
    assert after.tool_calls[0].result == before.tool_calls[0].result
    assert after.request.response_format.schema == before.request.response_format.schema
    twice = Conversation.load(again.save(tmp_path / "twice.json"))
    assert twice[0].parsed == after.parsed
    assert twice.messages == chat.messages


def test_an_answer_that_did_not_fit_is_saved_with_why(tmp_path):
    with connected("json_unfit_always") as standin:
        chat = data_chat(standin)
        with pytest.raises(AnswerError) as failure:
            asked(chat, "Describe this.", response_format=Clip)
    loaded = Conversation.load(chat.save(tmp_path / "talk.json"))
    exported = Conversation.from_notebook(chat.export(tmp_path / "talk.ipynb"))
    for again in (loaded[0], exported[0]):
        assert isinstance(again.error, AnswerError)
        assert again.error.problems == again.problems == failure.value.problems
        assert str(again.error) == str(failure.value)
        assert (again.parsed, again.attempts, again.finish_reason) == (None, 2, "error")
