"""What follows a round of an answer."""

from __future__ import annotations

import pytest

from omni_nb.errors import AnswerError
from omni_nb.media.parts import TextPart
from omni_nb.rules.tools import tools_of
from omni_nb.turns.reply import Reply
from omni_nb.turns.rounds import Rounds, ToolRules
from omni_nb.wire.events import Finished, TextDelta, ToolCallDelta
from omni_nb.wire.request import Message, Request


def now() -> str:
    """The time now."""
    return "12:30"


def asked(tools=(now,), **options):
    question = Message("user", (TextPart("What time is it?"),))
    return Request("a-model", (question,), options=options, tools=tools_of(tools))


def replied(request, *events):
    reply = Reply(request)
    for event in events:
        reply.feed(event)
    return reply


CALL = ToolCallDelta(0, "call_1", "now", "{}")


def never() -> bool:
    return False


@pytest.mark.parametrize("request_", [asked(tools=()), asked(tool_choice="none")])
def test_a_call_where_the_model_has_to_answer_is_an_error(request_):
    reply = replied(request_, CALL, Finished("tool_calls"))
    with pytest.raises(AnswerError, match="'now' where it had to answer"):
        Rounds(request_).after(reply, never)


@pytest.mark.parametrize("request_", [asked(tools=()), asked(tool_choice="none")])
def test_an_answer_with_a_call_that_nobody_may_make_is_an_answer(request_):
    reply = replied(request_, TextDelta("It is late."), CALL, Finished("stop"))
    assert Rounds(request_).after(reply, never) is None
    assert not reply.tool_calls


def test_a_call_that_was_cut_says_so():
    request = asked()
    reply = replied(request, ToolCallDelta(0, "call_1", "now", '{"a'), Finished("length"))
    with pytest.raises(AnswerError, match="max_tokens"):
        Rounds(request).after(reply, never)


def test_the_last_round_that_may_call_is_followed_by_one_that_may_not():
    request = asked()
    rounds, reply = Rounds(request, ToolRules(max_rounds=2)), Reply(request)
    choices = []
    for _ in range(2):
        reply.feed(CALL)
        following = rounds.after(reply, never)
        choices.append(following.options.get("tool_choice"))
        reply.go_on(following)
    assert choices == [None, "none"]


def test_an_answer_that_has_ended_is_not_gone_on_with():
    request = asked()
    reply = replied(request, CALL)
    assert Rounds(request).after(reply, lambda: True) is None


def test_calls_without_an_id_get_one_each():
    request = asked()
    reply = replied(request, ToolCallDelta(0, "", "now", ""), ToolCallDelta(1, "", "now", ""))
    following = Rounds(request).after(reply, never)
    _, assistant, *results = following.messages
    assert [call.id for call in assistant.calls] == [one.call_id for one in results]
    assert len({call.id for call in assistant.calls}) == 2


def test_words_before_a_call_are_in_the_history_and_not_in_the_answer():
    request = asked()
    reply = replied(request, TextDelta("Let me look."), CALL)
    reply.go_on(Rounds(request).after(reply, never))
    reply.feed(TextDelta("It is 12:30."))
    assert reply.text == "It is 12:30."
    assert reply.rounds[0].text == "Let me look."
    assert reply.rounds[1].request.messages[1].payload()["content"] == "Let me look."


def test_while_a_tool_runs_the_answer_has_not_ended():
    reply = replied(asked(), CALL, Finished("tool_calls"))
    assert reply.finish_reason is None
    reply.finish()
    assert reply.finish_reason == "tool_calls"
