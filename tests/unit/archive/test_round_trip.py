"""What the writer writes the reader reads, whatever people, models and services have said."""

from __future__ import annotations

import json
import tempfile
import warnings
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omni_nb.archive.document import Archive
from omni_nb.archive.notebook import read_notebook
from omni_nb.archive.outputs import block_metadata, without_places
from omni_nb.archive.reader import code_of, count_of, read, text_of
from omni_nb.archive.writer import write
from omni_nb.errors import ServiceError
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    Part,
    TextPart,
    VideoPart,
    VideoURLPart,
)
from omni_nb.media.sources import FileSource, LocalSource, read_all
from omni_nb.render.reply import reply_bundle
from omni_nb.rules.pricing import Usage
from omni_nb.turns.reply import Reply
from omni_nb.turns.timing import Arrival, Playback
from omni_nb.wire.request import Message, Request

LONE = "\ud83d"
TEXT = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    [
        "\x1b]0;x\x07",
        "\u202e",
        "👨\u200d👩\u200d👧",
        f"a{LONE}",
        f"{LONE}\udc4b",
        "\0",
        "</script>",
        "\ufeff",
    ]
)
SAID = TEXT.filter(str.strip)
CODE = st.none() | TEXT.filter(bool)
COUNT = st.integers(0, 2**53)
SECONDS = st.floats(0, 1e6)
IMAGES = st.builds(
    ImagePart,
    st.binary(min_size=1, max_size=9),
    st.sampled_from(["image/png", "image/jpeg", "image/x-nothing"]),
    st.integers(1, 2**20),
    st.integers(1, 2**20),
    TEXT,
)
SOURCES = st.builds(LocalSource, st.binary(min_size=1, max_size=9), TEXT)
NUMBERS = st.integers(1, 2**20)
URLS = st.sampled_from(["https://example.com/a?b#c", "oss://a/b", "http://[", ""]) | TEXT
PARTS = (
    IMAGES
    | st.builds(
        AudioPart,
        SOURCES,
        st.sampled_from(["mp3", "ogg", "/../x"]),
        TEXT,
        st.floats(0, 1e6),
        NUMBERS,
        st.integers(1, 64),
        TEXT,
    )
    | st.builds(
        VideoPart,
        SOURCES,
        st.sampled_from(["video/mp4", "x"]),
        st.floats(0, 1e6),
        NUMBERS,
        NUMBERS,
        st.floats(0, 240),
        NUMBERS,
        st.booleans(),
        TEXT,
    )
    | st.builds(ImageURLPart, URLS)
    | st.builds(VideoURLPart, URLS)
    | st.builds(AudioURLPart, URLS, st.sampled_from(["mp3", "wav"]))
    | st.builds(FramesPart, st.lists(IMAGES, max_size=2).map(tuple), TEXT)
)
USAGES = st.builds(
    Usage,
    st.dictionaries(st.sampled_from(["text", "image", "audio", "video"]), COUNT),
    st.dictionaries(st.sampled_from(["text", "audio"]), COUNT),
    input_total=COUNT,
    output_total=COUNT,
    reasoning=COUNT,
)
ERRORS = st.builds(
    ServiceError,
    SAID,
    status_code=st.none() | st.integers(100, 599),
    code=CODE,
    request_id=CODE,
    advice=CODE,
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Return an answer of any words, counts and times, as a service may give it."""
    parts: tuple[Part, ...] = (TextPart(draw(SAID)), *draw(st.lists(PARTS, max_size=2)))
    messages = (Message("user", parts),)
    request = Request("someone's-model", messages, options={"stop": [draw(TEXT)]})
    size = st.floats(0, 1e4)
    return Reply.restored(
        request,
        text=draw(SAID),
        reasoning=draw(TEXT),
        pcm=draw(st.binary(max_size=4).map(lambda pcm: pcm * 200)),
        finish_reason=draw(CODE),
        error=draw(st.none() | ERRORS),
        usage=draw(st.none() | USAGES),
        region=draw(st.none() | st.just("beijing")),
        is_stand_in=draw(st.booleans()),
        sent_at=draw(st.none() | st.floats(0, 4e9)),
        total_seconds=draw(st.none() | SECONDS),
        arrivals=draw(
            st.lists(
                st.builds(Arrival, SECONDS, st.sampled_from(["text", "audio"]), size), max_size=3
            )
        ),
        playback=draw(st.none() | st.builds(Playback, st.none() | SECONDS, COUNT, SECONDS)),
    )


def seen_part(value: Any) -> Any:
    """Return everything of a part, its text as it can be written and its media as bytes."""
    match value:
        case str():
            return text_of(value)
        case tuple():
            return [seen_part(item) for item in value]
        case LocalSource() | FileSource():
            return read_all(value)
        case _ if is_dataclass(value):
            return [type(value), *(seen_part(getattr(value, one.name)) for one in fields(value))]
    return value


def seen(reply: Reply) -> dict[str, Any]:
    """Return everything of an answer, its text as it can be written."""
    error = reply.error
    return {
        "question": [seen_part(part) for part in reply.question],
        "options": [text_of(word) for word in reply.request.options["stop"]],
        "text": text_of(reply.text),
        "reasoning": text_of(reply.reasoning),
        "pcm": bytes(reply.pcm),
        "finish_reason": code_of(reply.finish_reason),
        "error": error
        and [
            text_of(error.message),
            error.status_code,
            *map(code_of, (error.code, error.request_id, error.advice)),
        ],
        "usage": reply.usage,
        "region": reply.region,
        "is_stand_in": reply.is_stand_in,
        "sent_at": reply.sent_at,
        "total_seconds": reply.timing.total_seconds,
        "arrivals": reply.timing.arrivals,
        "playback": reply.playback,
    }


EACH = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@EACH
@given(st.lists(replies(), max_size=3))
def test_a_file_gives_back_what_was_said(said: list[Reply]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Archive("m", ("text",), replies=tuple(said)), Path(folder, "talk.json"))
        again = read(path)
        assert [seen(reply) for reply in again.replies] == [seen(reply) for reply in said]
        assert [seen(reply) for reply in read(write(again, path)).replies] == list(
            map(seen, again.replies)
        )


@EACH
@given(replies())
def test_a_notebook_gives_back_what_was_said(reply: Reply) -> None:
    document = Archive("m", ("text",), replies=(reply,))
    output = {
        "output_type": "display_data",
        "data": reply_bundle(reply, storage="wav"),
        "metadata": block_metadata(document, storage="wav"),
    }
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        path = Path(folder, "talk.ipynb")
        path.write_text(json.dumps({"cells": [{"outputs": [output]}]}), "utf-8")
        (again,) = read_notebook(path).replies
    before, after = seen(reply), seen(again)
    if before["error"]:  # what is private stays behind
        before["error"][0] = text_of(without_places(reply.error.message))
        before["error"][3] = None
    for state in (before, after):
        del state["arrivals"]  # the first of each kind alone
    assert after == before


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (12, 12), (12.0, 12), ("12", 12), (1.5, 1), (2**53, 2**53)]
    + [(wrong, None) for wrong in (-1, float("nan"), float("inf"), True, "1.2", [], None, 2**60)],
)
def test_a_count_is_a_whole_number_or_absent(value: Any, count: int | None) -> None:
    assert count_of(value) == count


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("bad", "bad"),
        (400, "400"),
        (True, None),
        (None, None),
        ({}, None),
        ([1], None),
        (1.5, None),
    ],
)
def test_a_code_is_words_or_absent(value: Any, code: str | None) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (f"{LONE}\udc4b", "👋"),
        (f"a{LONE}b", "a\ufffdb"),
        ("\udc4b", "\ufffd"),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_text_is_well_formed(value: Any, text: str) -> None:
    assert text_of(value) == text
