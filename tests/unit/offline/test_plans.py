"""Words, JSON or calls: what a request is answered with, and the faults of it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.offline.formats import Format
from omni_nb.offline.plans import plan
from omni_nb.offline.schemas import Checker
from omni_nb.offline.tools import Result, Toolbox
from tests.unit.offline.test_answers import PICTURE, SPEECH, conversation
from tests.unit.offline.test_calls import CLOCK, WEATHER

if TYPE_CHECKING:
    from omni_nb.offline.checks import ChatRequest

SCHEMA = {
    "type": "object",
    "properties": {"seconds": {"type": "number"}, "summary": {"type": "string"}},
    "required": ["seconds", "summary"],
    "additionalProperties": False,
}
ASKED = f"Describe it.\n\nAnswer with JSON that fits this JSON schema: {json.dumps(SCHEMA)}"
WARM = "How warm is it in Hangzhou?"
WARMTH = Result("weather", '{"city": "Hangzhou", "celsius": 21.5}')


def request(*turns: Any, voice: str | None = None, **changes: Any) -> ChatRequest:
    return conversation(*turns, voice=voice, model="qwen3-omni-flash", **changes)


def with_tools(*turns: Any, **changes: Any) -> ChatRequest:
    return request(*(turns or (WARM,)), toolbox=Toolbox((WEATHER, CLOCK)), **changes)


def structured(fault: Any = "none", *, is_repair: bool = False, schema: Any = SCHEMA) -> str:
    asked = request((ASKED, SPEECH), format=Format(schema, is_repair))
    return plan(asked, fault).said.text


def fits(text: str) -> bool:
    try:
        return Checker(SCHEMA).fits(json.loads(text))
    except ValueError:
        return False


# JSON


def test_an_answer_in_json_is_nothing_else_and_has_what_was_measured() -> None:
    value = json.loads(structured())

    assert value["seconds"] == 3.21
    assert "lasts 3.2 seconds" in value["summary"]


def test_an_answer_in_json_comes_in_several_sentences() -> None:
    said = plan(request((ASKED, SPEECH), format=Format(SCHEMA))).said

    assert len(said.sentences) == 4
    assert "".join(said.sentences) == said.text


def test_without_a_schema_the_answer_is_an_object_of_measures() -> None:
    assert json.loads(structured(schema=None))["seconds"] == 3.21


def test_the_schema_is_no_part_of_the_question() -> None:
    value = json.loads(plan(request(ASKED, format=Format(SCHEMA))).said.text)

    assert value["summary"] == "Describe it."


def test_what_cannot_be_filled_is_empty_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert structured(schema={"type": "string", "minLength": 10**9}) == "{}"
    assert "answers {}" in caplog.text


def test_a_repair_is_about_the_question_before() -> None:
    asked = request((ASKED, SPEECH), "Mend it.", format=Format(SCHEMA, is_repair=True))

    assert json.loads(plan(asked).said.text)["seconds"] == 3.21


@pytest.mark.parametrize("fault", ["json_broken", "json_unfit", "json_cut"])
def test_json_goes_wrong_once(fault: str) -> None:
    assert not fits(structured(fault))
    assert fits(structured(fault, is_repair=True))


@pytest.mark.parametrize("fault", ["json_broken_always", "json_unfit_always"])
def test_json_goes_wrong_always(fault: str) -> None:
    assert not fits(structured(fault))
    assert not fits(structured(fault, is_repair=True))


def test_json_that_is_cut_says_so() -> None:
    said = plan(request((ASKED, SPEECH), format=Format(SCHEMA)), "json_cut").said

    assert said.is_cut
    assert structured().startswith(said.text)


def test_json_is_fenced_or_in_prose() -> None:
    assert structured("json_fenced") == f"```json\n{structured()}\n```"
    assert structured() in structured("json_in_prose")
    assert not fits(structured("json_in_prose"))


# Calls


def test_a_question_that_names_a_tool_is_answered_by_a_call_alone() -> None:
    planned = plan(with_tools())

    assert planned.said.text == ""
    assert [call.name for call in planned.calls] == ["weather"]
    assert plan(with_tools("Who are you?")).calls == ()


def test_a_question_of_sound_alone_calls_nothing_unless_forced() -> None:
    box = Toolbox((WEATHER,), choice="required", forced=WEATHER)

    assert plan(with_tools((SPEECH,))).calls == ()
    assert len(plan(with_tools((WARM, SPEECH))).calls) == 1
    assert len(plan(request((SPEECH,), toolbox=box)).calls) == 1


def test_after_the_results_the_answer_says_them() -> None:
    planned = plan(with_tools(results=(WARMTH,)))

    assert planned.calls == ()
    assert "city Hangzhou, celsius 21.5" in planned.said.text
    assert "stand-in" in planned.said.text
    spoken = plan(with_tools(results=(WARMTH,), voice="Cherry")).said.text
    assert "Okay, weather gave me" in spoken
    assert (
        "weather返回" in plan(with_tools("杭州热吗？", results=(WARMTH,), voice="Cherry")).said.text
    )


def test_an_error_is_said_as_one() -> None:
    failed = Result("weather", '{"error": "there is no such city"}')

    assert "weather failed: there is no such city" in plan(with_tools(results=(failed,))).said.text


HOSTILE = ["", "x" * 10_000, "[" * 10_000, '{"a": ' * 90 + "1" + "}" * 90, "\x1b[31m`code", "null",
           json.dumps(list(range(10_000))), json.dumps({"a\n" * 500: "b\n" * 500})]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_result_is_quoted_within_bounds(text: str) -> None:
    said = plan(with_tools(results=(Result("weather", text),))).said.text

    assert len(said) < 400
    assert said.isprintable()


def test_of_many_results_the_first_are_said() -> None:
    said = plan(with_tools(results=(WARMTH,) * 50)).said.text

    assert said.count("Hangzhou") == 5
    assert "45 results more" in said


def test_the_pictures_of_a_result_are_described() -> None:
    shown = with_tools(WARM, ("It returned this.", PICTURE), results=(WARMTH,), shows_results=True)

    said = plan(shown).said.text
    assert "celsius 21.5" in said
    assert "640 × 480" in said


def test_a_tool_that_must_be_called_is_called_for_ever() -> None:
    box = Toolbox((WEATHER,), choice="required")

    assert plan(request(WARM, toolbox=box, results=(WARMTH,) * 3)).calls


def test_tools_that_are_named_are_called_one_after_the_other() -> None:
    asked = with_tools("weather and get_time for Berlin", results=(WARMTH,))

    assert [call.name for call in plan(asked).calls] == ["get_time"]


ERROR = Result("weather", '{"error": "unit: should be C or F"}')
UNKNOWN = Result("weather_unknown", '{"error": "there is no such tool"}')


def called(fault: Any, *results: Result) -> list[tuple[str, str]]:
    planned = plan(with_tools(results=results), fault)
    return [(call.name, call.arguments) for call in planned.calls]


USUAL = ("weather", '{"city": "Hangzhou", "unit": "C"}')


def test_an_unknown_tool_is_called_once_or_always() -> None:
    assert called("call_unknown") == [("weather_unknown", USUAL[1])]
    assert called("call_unknown", UNKNOWN) == [USUAL]
    assert called("call_unknown", UNKNOWN, WARMTH) == []
    assert called("call_unknown_always", UNKNOWN) == [("weather_unknown", USUAL[1])]


def test_arguments_do_not_fit_once_or_always() -> None:
    ((_, unfit),) = called("call_unfit")
    assert not Checker(WEATHER.parameters).fits(json.loads(unfit))
    assert called("call_unfit", ERROR) == [USUAL]
    assert called("call_unfit", ERROR, WARMTH) == []
    assert called("call_unfit_always", ERROR) == [("weather", unfit)]


def test_arguments_that_are_no_json_are_mended() -> None:
    ((_, broken),) = called("call_broken")
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(broken)
    assert called("call_broken", ERROR) == [USUAL]


def test_a_call_leaks_into_the_text() -> None:
    leaked = plan(with_tools(), "call_in_text")

    assert leaked.calls == ()
    assert leaked.said.text.startswith('<tool_call>\n{"name": "weather", "arguments": {"city"')
    assert leaked.said.text.endswith("}\n</tool_call>")
    broken = plan(with_tools(), "call_in_text_broken").said.text
    assert broken.startswith("<tool_call>")
    assert "</tool_call>" not in broken


def test_a_call_is_read_aloud_when_speech_is_asked_for() -> None:
    assert plan(with_tools(), "call_read_aloud").said.text == ""
    aloud = plan(with_tools(voice="Cherry"), "call_read_aloud")
    assert aloud.said.text == f"{USUAL[0]} {USUAL[1]}\n"
    assert len(aloud.calls) == 1


def test_words_come_before_a_call() -> None:
    planned = plan(with_tools(), "call_after_words")

    assert "weather" in planned.said.text
    assert len(planned.calls) == 1


def test_equal_requests_get_equal_plans() -> None:
    asked = with_tools()

    assert plan(asked) == plan(dataclasses.replace(asked))
