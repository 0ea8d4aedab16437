"""What can be refused is refused before anything is sent, however one asks."""

from __future__ import annotations

import asyncio
import pickle
import re
from typing import TYPE_CHECKING

import pytest

import omni_nb as omni
from omni_nb import Chat
from omni_nb.errors import OptionError, RequestError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import connection_of

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def standin():
    with start(Behaviour(pace=0), remember=1000) as running:
        yield running


@pytest.fixture
def here(standin):
    """Connect to the stand-in, which must not be asked."""
    before = len(standin.requests)
    with connection_of(standin) as connection:
        yield connection
    assert len(standin.requests) == before


def stream(*content, **given):
    return next(iter(Chat().stream(*content, **given)))


WAYS: dict[str, Callable] = {
    "ask": omni.ask,
    "ask_async": lambda *content, **given: asyncio.run(omni.ask_async(*content, **given)),
    "ask_many": lambda *content, **given: omni.ask_many(*content, rows=[{}], **given),
    "Chat.ask": lambda *content, **given: Chat().ask(*content, **given),
    "Chat.stream": stream,
    "Chat": lambda *_, **given: Chat(**given),
    "Chat.use": lambda *_, **given: Chat().use(**given),
    "estimate": omni.estimate,
    "compare": omni.compare,
}


def test_each_of_them_asks(standin):
    """Otherwise it would prove nothing that nothing was sent."""
    with connection_of(standin):
        before = len(standin.requests)
        for way in ("ask", "ask_async", "Chat.ask", "Chat.stream"):
            WAYS[way]("Hello")
        assert len(standin.requests) == before + 4


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"voise": "Cherry"}, "voice"),
        ({"Voice": "Cherry"}, "voice"),
        ({"temprature": 0.5}, "temperature"),
        ({"max_token": 5}, "max_tokens"),
        ({"base_url": "http://a.example"}, "connect(base_url=...)"),
        ({"api_key": "sk-secret"}, "connect(api_key=...)"),
    ],
)
def test_a_misspelt_option_is_refused_with_the_one_that_was_meant(here, way, given, meant):
    with pytest.raises(OptionError) as raised:
        WAYS[way]("What is this?", **given)
    assert isinstance(raised.value, TypeError)
    assert isinstance(raised.value, RequestError)
    assert meant in str(raised.value)
    assert next(iter(given)) in str(raised.value)
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("Chat", "Chat.use")])
@pytest.mark.parametrize("name", ["images", "picture", "img", "Image", "imge"])
def test_a_misspelt_image_is_not_left_out(here, way, name):
    with pytest.raises(OptionError, match=r"image=|Here it is image="):
        WAYS[way]("What is this?", **{name: ["dog.jpg"]})


@pytest.mark.parametrize("way", ["Chat.ask", "Chat.stream"])
@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ({"voice": "Cherry"}, "chat.voice = ..."),
        ({"timeout": 3}, "chat.timeout = ..."),
        ({"temperature": 0.5}, "chat.use(temperature=...)"),
        ({"extra": {"a": 1}}, "chat.use(extra=...)"),
    ],
)
def test_what_is_of_the_whole_chat_says_where_it_is_set(here, way, given, instead):
    said = re.escape(f"of the whole chat, not of {way[5:]}(): {instead}")
    with pytest.raises(OptionError, match=said):
        WAYS[way]("Hello", **given)


@pytest.mark.parametrize("name", ["timeout", "budget", "quota", "connection"])
def test_what_is_set_by_itself_is_not_used(here, name):
    with pytest.raises(OptionError, match=re.escape(f"set by itself: chat.{name} = ...")):
        WAYS["Chat.use"](**{name: 3})


@pytest.mark.parametrize("way", ["ask", "ask_async", "Chat.ask"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shwo": False}, "show="),
        ({"show": "no"}, "show is True or False, not 'no'"),
        ({"show": 0}, "show is True or False, not 0"),
        ({"storage": "ogg"}, "storage is one of 'mp3', 'opus', 'wav', not 'ogg'"),
        ({"storage": None}, "storage is one of"),
        ({"prebuffer_seconds": -1}, "prebuffer_seconds is a number from 0 to"),
        ({"prebuffer_seconds": "0.3"}, "prebuffer_seconds is a number from 0 to"),
    ],
)
def test_how_an_answer_is_to_be_shown_is_checked_first(here, way, given, said):
    with pytest.raises(RequestError, match=said):
        WAYS[way]("Hello", **given)


@pytest.mark.parametrize(
    "way", ["ask", "ask_async", "ask_many", "Chat", "Chat.use", "estimate", "compare"]
)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"temperature": "hot"}, "temperature is a number, not 'hot'"),
        ({"temperature": True}, "temperature is a number, not True"),
        ({"temperature": float("nan")}, "temperature is a number, not nan"),
        ({"max_tokens": 0}, "max_tokens is a whole number of 1 or more, not 0"),
        ({"seed": 1.5}, "seed is a whole number, not 1.5"),
        ({"stop": [1]}, r"stop is a str or a list of str, not \[1\]"),
        ({"enable_search": "yes"}, "enable_search is True or False, not 'yes'"),
        ({"search_options": "all"}, "search_options is a dict, not 'all'"),
    ],
)
def test_the_kind_of_an_option_is_checked(here, way, given, said):
    with pytest.raises(RequestError, match=said):
        WAYS[way]("Hello", **given)


@pytest.mark.parametrize("way", ["ask", "ask_async", "Chat"])
@pytest.mark.parametrize("timeout", [0, -1, "1", True, float("nan")])
def test_a_time_limit_is_a_time(here, way, timeout):
    with pytest.raises(RequestError, match="timeout"):
        WAYS[way]("Hello", timeout=timeout)


@pytest.mark.parametrize("way", ["ask", "ask_async", "Chat", "Chat.use", "estimate"])
def test_a_voice_that_the_model_lacks_is_refused_with_the_nearest(here, way):
    with pytest.raises(RequestError, match="Cherry"):
        WAYS[way]("Hello", voice="Chery")


def test_what_is_not_known_goes_through_extra(standin):
    with connection_of(standin):
        omni.ask("Hello", extra={"new_field": 1}, show=False)
    assert standin.requests[-1]["new_field"] == 1


def test_an_error_of_an_option_survives_another_process():
    with pytest.raises(OptionError) as raised:
        omni.estimate("Hello", voise="Cherry")
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), str(again)) == (OptionError, str(raised.value))


def nested(depth: int) -> list:
    made: list = []
    for _ in range(depth):
        made = [made]
    return made


@pytest.mark.parametrize("name", ["extra", "search_options"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({1}, "set is not JSON"),
        (float("nan"), "not JSON compliant"),
        (b"x", "bytes is not JSON"),
        (nested(100), "more than 64 deep"),
        (nested(100_000), "more than 64 deep"),
    ],
    ids=["set", "nan", "bytes", "deep", "very deep"],
)
def test_a_field_that_is_no_json_is_refused_before_anything_is_sent(here, name, value, words):
    with pytest.raises(RequestError, match=words):
        omni.ask("Hi", connection=here, show=False, **{name: {"a": value}})


def test_half_a_character_in_an_option_is_replaced():
    reply = omni.ask("Hi", show=False, stop=["\ud83d"], extra={"user": "\ude00"})
    assert reply.request.options == {"stop": ["\ufffd"], "user": "\ufffd"}
