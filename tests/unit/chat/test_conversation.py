"""A conversation's turns, answered here by hand: nothing is sent."""

from __future__ import annotations

import copy
import re
import warnings

import pytest

from omni_nb import CNY, Chat
from omni_nb.chat.conversation import Conversation
from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import FramesPart, ImagePart, ImageURLPart, TextPart
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.events import TextDelta
from tests.begun import begun

TURBO, FLASH = "qwen-omni-turbo", "qwen3-omni-flash"
NOBODY = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("sk-nobody-may-see-this")))
DOG = ImagePart(b"a dog", "image/png", 640, 480, "dog.png")
CAT = ImagePart(b"a cat", "image/png", 320, 240, "cat.png")


def chat(*turns: tuple, model: str = TURBO, **settings) -> Conversation:
    """Return a conversation of turns, each a question's content and its answer."""
    made = Conversation(model, connection=NOBODY, **settings)
    for *question, answer in turns:
        reply = begun(made.stream(*question)).reply
        reply.feed(TextDelta(answer))
        reply.finish()
    return made


def roles(conversation: Conversation) -> list[str]:
    return [message["role"] for message in conversation.messages]


def test_media_come_before_the_words_and_the_answers_as_text():
    made = chat((CAT, "What is it?", "A cat."))
    request = made.stream("And this?", image=[DOG]).reply.request
    assert [message.role for message in request.messages] == ["user", "assistant", "user"]
    assert request.messages[1].parts == (TextPart("A cat."),)
    assert request.question == (DOG, TextPart("And this?"))


def test_nothing_is_left_of_a_question_that_is_not_allowed():
    made = chat(("Hello", "Hi."))
    with pytest.raises(MediaError):
        made.stream("What?", image=object())
    with pytest.raises(RequestError):
        made.stream("What?", image=DOG, frames=[DOG] * 3)
    assert len(made.replies) == 1


def test_a_later_change_of_the_options_is_not_of_an_earlier_request():
    made = chat(("Hello", "Hi."), stop=["."])
    made.options["stop"].append("!")
    assert made.replies[0].request.options == {"stop": ["."]}


def test_further_fields_of_the_body_pass_through():
    made = Conversation("qwen3-omni-flash", connection=NOBODY, enable_thinking=True, top_k=3)
    body = made.stream("Hello").reply.request.payload()
    assert (body["enable_thinking"], body["top_k"]) == (True, 3)


@pytest.mark.parametrize("word", ["api_key", "base_url", "dialect"])
def test_a_chat_takes_no_key_and_no_address(word):
    with pytest.raises(
        RequestError, match=rf"{word} is not an option.* connect\({word}="
    ) as raised:
        Conversation(TURBO, **{word: "sk-oops"})
    assert "sk-oops" not in repr(raised.value)


# system message


def test_a_system_message_with_speech_on_turbo_warns_once_and_says_what_works():
    with pytest.warns(UserWarning, match="system_as_turns=True") as heard:
        chat(("Hello", "Hi."), voice="Cherry", system="You are a cat.").fork()
    assert len(heard) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"voice": "Cherry", "system_as_turns": True},
        {"modalities": ["text"]},
        {"voice": "Cherry", "model": FLASH},
    ],
)
def test_where_the_system_message_is_heeded_nothing_warns(settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat(system="You are a cat.", **settings)


@pytest.mark.parametrize(
    ("system", "agreed"), [("You are a cat.", r"^\w+\. "), ("你是一只猫。", "好的")]
)
def test_system_as_turns_is_a_question_that_was_agreed_to(system, agreed):
    made = chat(("Hello", "Miau."), voice="Cherry", system=system, system_as_turns=True)
    assert roles(made) == ["user", "assistant", "user", "assistant"]
    assert made.messages[0]["content"] == system
    assert re.search(agreed, made.messages[1]["content"])
    assert [len(made.replies), made.replies[0].question] == [1, (TextPart("Hello"),)]


def test_the_system_message_is_a_system_message_unless_asked_otherwise():
    assert roles(chat(("Hello", "Miau."), system="You are a cat.")) == [
        "system",
        "user",
        "assistant",
    ]


# fork, undo, reworded


def three_turns() -> Conversation:
    return chat(("One", "1"), ("Two", "2"), ("Three", "3"), max_tokens=9, stop=["x"])


@pytest.mark.parametrize(("at", "count"), [(None, 3), (2, 2), (0, 0), (-1, 2), (99, 3)])
def test_a_fork_has_the_first_replies(at, count):
    made = three_turns()
    branch = made.fork(at)
    assert branch.replies == made.replies[:count]
    assert branch.messages == made.messages[: 2 * count]


def test_a_fork_and_its_origin_go_their_own_ways():
    made = three_turns()
    branch = made.fork()
    begun(branch.stream("Four"))
    branch.options["stop"].append("y")
    branch.undo(2)
    made.trim("turns", keep=1)
    assert [len(made.replies), len(branch.replies)] == [3, 2]
    assert [made.options["stop"], branch.options["stop"]] == [["x"], ["x", "y"]]
    assert len(branch.messages) == 4


def test_a_fork_leaves_out_an_answer_that_still_streams():
    made = three_turns()
    begun(made.stream("Four"))
    assert len(made.fork().replies) == 3


def test_a_fork_keeps_the_class():
    class Talk(Conversation):
        pass

    assert type(Talk(TURBO).fork()) is Talk


def test_undo_returns_what_it_takes_back():
    made = three_turns()
    first, *rest = made.replies
    assert made.undo(2) == tuple(rest)
    assert made.replies == (first,)
    assert made.undo(0) == ()


@pytest.mark.parametrize("turns", [4, -1, True, 1.0])
def test_undo_takes_back_only_what_there_is(turns):
    made = three_turns()
    with pytest.raises(RequestError, match="0 to 3"):
        made.undo(turns)
    assert len(made.replies) == 3


def test_new_words_keep_the_media_and_new_media_keep_the_words():
    made = chat((DOG, "What is it?", "A dog."))
    assert made.reworded(0, "Which breed?") == (DOG, TextPart("Which breed?"))
    assert made.reworded(-1, image=CAT) == (CAT, TextPart("What is it?"))
    assert made.reworded(0, "Who?", CAT) == (CAT, TextPart("Who?"))
    assert made.reworded(0) == made.replies[0].question


@pytest.mark.parametrize("turn", [1, -2])
def test_there_is_no_turn_to_reword_where_nothing_was_asked(turn):
    with pytest.raises(RequestError, match=r"counted from 0.* has 0 alone; -1 is the last"):
        chat(("Hello", "Hi.")).reworded(turn, "Hm?")


# context


def frames(count: int, side: int = 2000) -> FramesPart:
    return FramesPart((ImagePart(b"f", "image/png", side, side),) * count)


def test_media_that_are_too_heavy_are_refused_before_sending():
    made = chat((frames(30), "What?", "A film."), (frames(30), "And?", "Another."))
    with pytest.raises(RequestError, match=r"takes 30,720\. chat\.trim\(\)"):
        made.stream("And?", frames(30))
    assert len(made.replies) == 2
    made.trim()
    assert made.stream("And?", frames(30)).reply.question[1].images


def test_a_question_that_is_too_heavy_alone_is_told_so():
    with pytest.raises(RequestError, match="fewer or smaller media"):
        chat().stream(*[ImagePart(b"f", "image/png", 2000, 2000)] * 26)


def test_words_that_may_be_too_many_are_a_warning():
    with pytest.warns(UserWarning, match=r"about 50,0\d\d tokens"):
        chat().stream("长" * 50_000)


def test_what_nobody_can_weigh_is_left_to_the_service():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat().stream("What?", *[ImageURLPart("https://example.com/a.png")] * 99)
        chat(model="someone-elses-model").stream("长" * 50_000)


def test_the_limit_while_thinking_is_the_smaller_one():
    with pytest.warns(UserWarning, match="takes 16,384"):
        chat(model=FLASH, enable_thinking=True).stream("长" * 17_000)


def test_a_deep_copy_goes_its_own_way_with_the_same_replies_and_money():
    there = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none")), "beijing")
    chat = Chat(connection=there, budget=CNY(1), temperature=0.5, extra={"a": [1]})
    with begun(chat.stream("One")) as stream:
        stream.reply.finish()
    other = copy.deepcopy(chat)
    other.options["a"].append(2)
    other.use(temperature=0.1)
    other.undo()
    assert type(other) is Chat
    assert chat.replies == (stream.reply,)
    assert (dict(chat.options), other.options["a"]) == ({"temperature": 0.5, "a": [1]}, [1, 2])
    assert (other.budget, other.connection) == (CNY(1), there)
    assert other.branches == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [("voise", "Did you mean voice"), ("conection", "Did you mean connection"), ("x", "no 'x'")],
)
def test_a_misspelt_attribute_is_not_set_and_not_read(name, said):
    chat = Chat()
    with pytest.raises(AttributeError, match=said):
        setattr(chat, name, "Cherry")
    with pytest.raises(AttributeError, match=said):
        getattr(chat, name)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("branch", "in_place=True"), ("siblings", r"versions\(turn\)"), ("go_to", r"switch\(turn")],
)
def test_what_a_chat_no_longer_has_names_what_takes_its_place(name, instead):
    with pytest.raises(AttributeError, match=instead):
        getattr(Chat(), name)
    assert name not in dir(Chat())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("voice", "Chery", "Cherry"),
        ("model", 3, "model is a str"),
        ("modalities", "text", "modalities is a list"),
        ("timeout", -1, "timeout"),
        ("budget", 3, "A budget is money"),
        ("quota", 3, "A quota is"),
        ("connection", "offline", r"connect\("),
        ("system_as_turns", 1, "True or False"),
    ],
)
def test_an_attribute_is_checked_when_it_is_set_and_stays_as_it_was(name, value, said):
    chat = Chat(voice="Ethan")
    before = getattr(chat, name)
    with pytest.raises(RequestError, match=said):
        setattr(chat, name, value)
    assert getattr(chat, name) == before
