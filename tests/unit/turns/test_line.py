"""A line of replies: going back, going on, and finding what was said on the other way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import RequestError
from omni_nb.turns.line import set_aside
from tests.begun import begun


def ask(chat: Conversation, words: str) -> None:
    for _ in chat.stream(words):
        pass


def asked(chat: Conversation) -> list[str]:
    return [reply.question[0].text for reply in chat.replies]


def go_back(chat: Conversation, at: int) -> None:
    """Go on from an earlier turn, as a question does that is asked in place of a later one."""
    chat.line.go_to(chat.replies[:at])


def place(chat: Conversation, turn: int) -> tuple[int, int]:
    """Which of its versions a turn is, and how many there are."""
    versions = chat.versions(turn)
    return versions.index(chat[turn]), len(versions)


@pytest.fixture
def chat() -> Conversation:
    chat = Conversation(max_tokens=3)
    ask(chat, "One")
    ask(chat, "Two")
    return chat


def test_a_branch_keeps_the_first_turns_and_sets_the_line_aside(chat):
    before = tuple(chat.replies)
    go_back(chat, 1)
    assert asked(chat) == ["One"]
    assert chat.branches == (before,)


def test_a_chat_is_a_row_of_replies(chat):
    assert len(chat) == 2
    assert list(chat) == list(chat.replies) == [chat[0], chat[-1]]
    assert chat[:1] == (chat[0],)
    assert Conversation()


def test_one_goes_to_another_branch_and_back(chat):
    go_back(chat, 1)
    ask(chat, "Other")
    assert place(chat, 1) == (1, 2)
    chat.switch(1, 0)
    assert asked(chat) == ["One", "Two"]
    assert place(chat, 1) == (0, 2)
    chat.switch(1, -1)
    assert asked(chat) == ["One", "Other"]


def test_a_branch_of_a_branch_is_found_from_its_own_turn_only(chat):
    go_back(chat, 0)
    ask(chat, "Else")
    ask(chat, "More")
    go_back(chat, 1)
    ask(chat, "Less")
    assert place(chat, 0) == (1, 2)
    assert place(chat, 1) == (1, 2)
    chat.switch(0, 0)
    assert asked(chat) == ["One", "Two"]
    assert place(chat, 1) == (0, 1)


def test_the_branch_that_was_left_last_is_gone_back_to(chat):
    go_back(chat, 1)
    ask(chat, "Other")
    go_back(chat, 0)
    ask(chat, "Else")
    chat.switch(0, 0)
    assert asked(chat) == ["One", "Other"]


def test_a_line_that_another_contains_is_no_branch(chat):
    go_back(chat, 1)
    chat.line.go_to(chat.branches[0])
    assert chat.branches == ()


def test_what_another_branch_contains_is_kept_in_that_one_only(chat):
    ask(chat, "Three")
    longest = chat.replies
    go_back(chat, 2)
    go_back(chat, 1)
    go_back(chat, 0)
    ask(chat, "Else")
    assert chat.branches == (longest,)
    assert [len(branch) for branch in chat.branches] == [3]


def test_clearing_loses_nothing(chat):
    chat.clear()
    assert chat.messages == []
    ask(chat, "New")
    assert place(chat, 0) == (1, 2)


def begins(line: tuple[int, ...], start: tuple[int, ...]) -> bool:
    return line[: len(start)] == start


LINES = st.lists(st.integers(0, 2), max_size=4).map(tuple)


@given(LINES, st.lists(LINES, max_size=6))
def test_each_branch_is_kept_once_and_in_the_longest_only(now, aside):
    kept = set_aside(now, aside)
    assert len(kept) == len(set(kept))
    assert kept == sorted(kept, key=aside.index)
    for line in aside:
        assert any(begins(longer, line) for longer in (now, *kept))
    for line in kept:
        others = [other for other in kept if other != line]
        assert not any(begins(longer, line) for longer in (now, *others))


def test_branches_are_not_compared_each_with_each():
    class Counted:
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return self is other

        __hash__ = object.__hash__

    aside = [(Counted(),) for _ in range(300)]
    assert set_aside((), aside) == aside
    assert Counted.compared < 3 * len(aside)


def test_only_what_is_in_the_line_is_sent(chat):
    go_back(chat, 1)
    ask(chat, "Other")
    assert [m["content"] for m in chat.messages if m["role"] == "user"] == ["One", "Other"]


def test_what_was_trimmed_stays_trimmed_as_far_as_the_turns_are_shared(chat):
    chat.trim("turns", keep=0)
    go_back(chat, 1)
    assert chat.trimming.turns == 1


def test_a_fork_has_no_branches(chat):
    go_back(chat, 1)
    assert chat.fork().branches == ()
    assert len(chat.branches) == 1


def test_a_version_that_is_not_there_is_refused(chat):
    with pytest.raises(RequestError, match=r"no version 1 of replies\[1\]: it has 1"):
        chat.switch(1, 1)
    with pytest.raises(RequestError, match="no version -2"):
        chat.switch(1, -2)


@pytest.mark.parametrize("turn", [2, -3])
def test_the_range_of_turns_is_said(chat, turn):
    for refused in (lambda at: chat.switch(at, 0), chat.versions, chat.reworded):
        with pytest.raises(RequestError, match=rf"no turn {turn}: .* 0 to 1; -1 is the last"):
            refused(turn)
    with pytest.raises(RequestError, match=rf"no turn {turn}:"):
        chat.stream("Else", at=turn)


def test_a_turn_counts_from_the_end_too(chat):
    last = chat.replies[1]
    go_back(chat, 1)
    ask(chat, "Two again")
    assert place(chat, -1) == (1, 2)
    chat.switch(-1, 0)
    assert chat.replies[1] is last
    ask(chat, "Three")
    assert place(chat, -2) == (0, 2)


def test_nothing_moves_while_an_answer_streams(chat):
    stream = begun(chat.stream("Three"))
    with stream:
        for refused in (chat.clear, lambda: chat.stream("?", at=0)):
            with pytest.raises(RequestError, match="stop it first"):
                refused()
    assert len(chat.replies) == 3


def test_a_question_in_place_of_a_turn_sets_it_aside_when_it_is_sent(chat):
    before = chat.replies
    stream = chat.stream("Else", at=1)
    assert chat.replies == before
    assert chat.branches == ()
    for _ in stream:
        pass
    assert asked(chat) == ["One", "Else"]
    assert chat.branches == (before,)
    assert [m["content"] for m in chat[1].request.payload()["messages"][::2]] == ["One", "Else"]


def test_a_stream_that_nobody_reads_leaves_no_trace(chat):
    before = chat.replies
    stream = chat.stream("Else")
    other = chat.stream("Again", at=0)
    assert chat.replies == before
    with stream:
        pass
    del other
    assert (chat.replies, chat.branches) == (before, ())
    ask(chat, "Three")
    assert asked(chat) == ["One", "Two", "Three"]


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


def test_use_with_a_voice_asks_for_speech_as_a_new_chat_does():
    chat = Conversation("qwen-omni-turbo")
    chat.use(voice="Ethan")
    assert (chat.voice, chat.modalities) == ("Ethan", ("text", "audio"))
    chat.use(voice="Cherry", modalities=["text"])
    assert chat.modalities == ("text",)


def test_use_adds_fields_that_are_not_known():
    chat = Conversation("qwen-omni-turbo", extra={"one": 1}, seed=7)
    chat.use(extra={"two": 2})
    assert dict(chat.options) == {"one": 1, "seed": 7, "two": 2}
    chat.use(seed=None)
    assert dict(chat.options) == {"one": 1, "two": 2}
