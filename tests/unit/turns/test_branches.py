"""Branches: going back, going on, and finding what was said on the other way."""

from __future__ import annotations

import pytest

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import RequestError


def ask(chat: Conversation, words: str) -> None:
    for _ in chat.stream(words):
        pass


def asked(chat: Conversation) -> list[str]:
    return [reply.question[0].text for reply in chat.replies]


@pytest.fixture
def chat() -> Conversation:
    chat = Conversation(max_tokens=3)
    ask(chat, "One")
    ask(chat, "Two")
    return chat


def test_a_branch_keeps_the_first_turns_and_sets_the_line_aside(chat):
    before = tuple(chat.replies)
    chat.branch(at=1)
    assert asked(chat) == ["One"]
    assert chat.branches == (before,)


def test_replies_stay_the_same_list(chat):
    replies = chat.replies
    chat.clear()
    assert chat.replies is replies


def test_one_goes_to_another_branch_and_back(chat):
    chat.branch(at=1)
    ask(chat, "Other")
    assert chat.siblings(1) == (1, 2)
    chat.switch(1, step=-1)
    assert asked(chat) == ["One", "Two"]
    assert chat.siblings(1) == (0, 2)
    chat.switch(1)
    assert asked(chat) == ["One", "Other"]


def test_a_branch_of_a_branch_is_found_from_its_own_turn_only(chat):
    chat.branch(at=0)
    ask(chat, "Else")
    ask(chat, "More")
    chat.branch(at=1)
    ask(chat, "Less")
    assert chat.siblings(0) == (1, 2)
    assert chat.siblings(1) == (1, 2)
    chat.switch(0, step=-1)
    assert asked(chat) == ["One", "Two"]
    assert chat.siblings(1) == (0, 1)


def test_the_branch_that_was_left_last_is_gone_back_to(chat):
    chat.branch(at=1)
    ask(chat, "Other")
    chat.branch(at=0)
    ask(chat, "Else")
    chat.switch(0, step=-1)
    assert asked(chat) == ["One", "Other"]


def test_a_line_that_another_contains_is_no_branch(chat):
    chat.branch(at=1)
    chat.go_to(chat.branches[0])
    assert chat.branches == ()


def test_clearing_loses_nothing(chat):
    chat.clear()
    assert chat.messages == []
    ask(chat, "New")
    assert chat.siblings(0) == (1, 2)


def test_only_what_is_in_the_line_is_sent(chat):
    chat.branch(at=1)
    ask(chat, "Other")
    assert [m["content"] for m in chat.messages if m["role"] == "user"] == ["One", "Other"]


def test_what_was_trimmed_stays_trimmed_as_far_as_the_turns_are_shared(chat):
    chat.trim("turns", keep=0)
    chat.branch(at=1)
    assert chat.trimming.turns == 1


def test_a_fork_has_no_branches(chat):
    chat.branch(at=1)
    assert chat.fork().branches == ()
    assert len(chat.branches) == 1


@pytest.mark.parametrize("at", [-1, 3])
def test_a_turn_that_is_not_there_is_refused(chat, at):
    with pytest.raises(RequestError, match="0 to 2 turns"):
        chat.branch(at=at)


def test_a_branch_that_is_not_there_is_refused(chat):
    with pytest.raises(RequestError, match=r"replies\[1\]: this is number 1 of 1, and \+1"):
        chat.switch(1)


@pytest.mark.parametrize("turn", [2, -3])
def test_the_range_of_turns_is_said(chat, turn):
    for refused in (chat.switch, chat.siblings, chat.reworded):
        with pytest.raises(RequestError, match=rf"no turn {turn}: .* 0 to 1; -1 is the last"):
            refused(turn)


def test_a_turn_counts_from_the_end_too(chat):
    last = chat.replies[1]
    chat.branch(at=1)
    ask(chat, "Two again")
    assert chat.siblings(-1) == (1, 2)
    chat.switch(-1, step=-1)
    assert chat.replies[1] is last
    ask(chat, "Three")
    assert chat.siblings(-2) == (0, 2)


def test_nothing_moves_while_an_answer_streams(chat):
    stream = chat.stream("Three")
    with stream, pytest.raises(RequestError, match="stop it first"):
        chat.clear()
    assert len(chat.replies) == 3


def test_an_earlier_question_of_a_branch_is_reworded(chat):
    chat.clear()
    (part,) = chat.reworded(1, "Three", of=chat.branches[0])
    assert part.text == "Three"


def test_use_changes_who_answers_and_keeps_what_fits():
    chat = Conversation("qwen-omni-turbo", voice="Ethan")
    chat.use("qwen3-omni-flash")
    assert (chat.model, chat.voice, chat.modalities) == (
        "qwen3-omni-flash",
        "Ethan",
        ("text", "audio"),
    )


def test_use_gives_up_speech_for_a_model_that_does_not_speak():
    chat = Conversation("qwen-omni-turbo", voice="Ethan")
    chat.use("qwen3.8-omni-flash")
    assert chat.modalities == ("text",)


def test_use_refuses_what_the_model_does_not_do_and_changes_nothing():
    chat = Conversation("qwen3.8-omni-flash")
    with pytest.raises(RequestError, match="modalities"):
        chat.use(modalities=["text", "audio"], voice="Cherry")
    assert chat.modalities == ("text",)


def test_use_takes_a_system_message_away():
    chat = Conversation(system="You are a cat.")
    chat.use(system="")
    assert chat.messages == []
