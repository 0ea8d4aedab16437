"""Requests: their documented shape, and what is refused before anything is sent."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from omni_nb.errors import MediaError, RequestError
from omni_nb.media.parts import ImageURLPart, TextPart, image
from omni_nb.rules.catalog import ModelFacts
from omni_nb.rules.limits import check_parts
from omni_nb.wire.request import Message, Request, choose_modalities

TURBO = "qwen-omni-turbo"
HELLO = Message("user", (TextPart("你是谁"),))
DOG = ImageURLPart("https://example.com/dog.jpeg")


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


def test_the_text_example_of_the_documentation():
    request = Request(TURBO, (HELLO,), ("text", "audio"), "Cherry")
    assert request.payload() == {
        "model": "qwen-omni-turbo",
        "messages": [{"role": "user", "content": "你是谁"}],
        "modalities": ["text", "audio"],
        "audio": {"voice": "Cherry", "format": "wav"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_image_example_of_the_documentation():
    system = Message("system", (TextPart("You are a helpful assistant."),))
    question = Message("user", (DOG, TextPart("图中描绘的是什么景象?")))
    assert Request(TURBO, (system, question)).payload()["messages"] == [
        {"role": "system", "content": "You are a helpful assistant."},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/dog.jpeg"}},
                {"type": "text", "text": "图中描绘的是什么景象?"},
            ],
        },
    ]


def test_a_written_answer_sends_no_audio_object():
    assert "audio" not in Request(TURBO, (HELLO,), ("text",), "Cherry").payload()


def test_more_options_go_into_the_body():
    assert Request(TURBO, (HELLO,), options={"max_tokens": 9}).payload()["max_tokens"] == 9


@pytest.mark.parametrize("option", ["stream", "model", "audio", "stream_options"])
def test_what_has_an_argument_cannot_be_set_as_an_option(option):
    with pytest.raises(RequestError, match=option):
        Request(TURBO, (HELLO,), options={option: 1})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": ()}, "ends with a user message"),
        ({"messages": (HELLO, Message("assistant", (TextPart("x"),)))}, "ends with a user message"),
        ({"messages": (Message("assistant", (DOG,)), HELLO)}, "Only user messages carry media"),
        ({"messages": (Message("user", ()),)}, "nothing to ask"),
        ({"messages": (Message("user", (TextPart(""),)),)}, "nothing to ask"),
        ({"modalities": ("audio",)}, r"modalities=\['audio'\]"),
        ({"modalities": ("text", "smell")}, "smell"),
        ({"modalities": ("text", "audio"), "voice": None}, "needs a voice"),
        (
            {"modalities": ("text", "audio"), "voice": "Bob"},
            "'Bob'.*Cherry, Serena, Ethan and Chelsie",
        ),
    ],
)
def test_what_the_documentation_forbids_is_refused(change, words):
    given = {"model": TURBO, "messages": (HELLO,), "modalities": ("text",), "voice": "Cherry"}
    with pytest.raises(RequestError, match=words):
        Request(**{**given, **change})


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((10, 50), r"10 × 50 pixels.*more than 10 pixels"),
        ((50, 10), "more than 10 pixels"),
        ((11 * 200 + 1, 11), "at most 200:1"),
        ((11, 11 * 200 + 1), "at most 200:1"),
    ],
)
def test_an_image_outside_the_limits_is_refused(size, words):
    with pytest.raises(MediaError, match=words):
        Request(TURBO, (Message("user", (image(png(*size)), TextPart("?"))),))


@pytest.mark.parametrize("size", [(11, 11), (2200, 11), (11, 2200)])
def test_an_image_at_the_limits_is_taken(size):
    Request(TURBO, (Message("user", (image(png(*size)), TextPart("?"))),))


def test_an_image_of_more_than_10_mb_is_refused():
    limit = 10 * 1024 * 1024
    small = png(20, 20)
    assert Request(TURBO, (Message("user", (image(small.ljust(limit, b"\0")),)),))
    with pytest.raises(MediaError, match=r"10\.0 MB.*at most 10 MB"):
        Request(TURBO, (Message("user", (image(small.ljust(limit + 1, b"\0")),)),))


def test_media_of_earlier_turns_are_checked_too():
    thin = Message("user", (image(png(5, 50)), TextPart("?")))
    with pytest.raises(MediaError):
        Request(TURBO, (thin, Message("assistant", (TextPart("!"),)), HELLO))


def test_two_kinds_of_media_in_a_message_are_refused_with_a_way_out():
    class ClipPart:
        modality = "audio"

    facts = ModelFacts("m", inputs=("text", "image", "audio"), one_medium_per_message=True)
    with pytest.raises(RequestError, match=r"image and audio together\. Ask in two turns"):
        check_parts((DOG, ClipPart(), TextPart("?")), facts)


def test_a_model_that_does_not_see_says_what_it_takes():
    with pytest.raises(RequestError, match="m does not take image; it takes text"):
        check_parts((DOG, TextPart("?")), ModelFacts("m"))


def test_a_model_we_do_not_know_is_not_judged():
    Request("some-new-model", (HELLO,), ("text", "audio"), "Bob")


@pytest.mark.parametrize(
    ("modalities", "voice", "model", "expected"),
    [
        (None, None, TURBO, (("text",), None)),
        (None, "Ethan", TURBO, (("text", "audio"), "Ethan")),
        (["text", "audio"], None, TURBO, (("text", "audio"), "Cherry")),
        (["text", "audio"], None, "qwen2.5-omni-7b", (("text", "audio"), "Ethan")),
        (["text"], "Ethan", TURBO, (("text",), "Ethan")),
        (["text", "audio"], None, "unknown", (("text", "audio"), None)),
    ],
)
def test_what_was_not_said_is_filled_in(modalities, voice, model, expected):
    assert choose_modalities(modalities, voice, model) == expected


def test_modalities_as_a_string_are_refused():
    with pytest.raises(RequestError, match="is a list"):
        choose_modalities("audio", None, TURBO)


def test_a_voice_that_is_not_in_an_open_list_is_a_warning_at_the_callers_line():
    with pytest.warns(UserWarning, match="near it: Cherry") as caught:
        assert choose_modalities(None, "Chery", "qwen3-omni-flash")[1] == "Chery"
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("model", "modalities", "options", "words"),
    [
        (TURBO, ("text",), {"enable_thinking": True}, "does not think"),
        (TURBO, ("text",), {"enable_search": True}, "does not search"),
        ("qwen3-omni-flash", ("text", "audio"), {"enable_thinking": True}, "does not speak while"),
    ],
)
def test_a_switch_that_the_model_lacks_is_refused(model, modalities, options, words):
    with pytest.raises(RequestError, match=words):
        Request(model, (HELLO,), modalities, "Cherry", options)
    allowed = dict.fromkeys(options, False)
    assert (
        Request(model, (HELLO,), modalities, "Cherry", allowed).payload().items() >= allowed.items()
    )
