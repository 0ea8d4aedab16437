"""What each kind of server is sent, and what its dialect cannot say."""

from __future__ import annotations

import pytest

from omni_nb.errors import RequestError
from omni_nb.media.parts import (
    AudioPart,
    AudioURLPart,
    FramesPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    VideoPart,
    VideoURLPart,
)
from omni_nb.media.sources import LocalSource, embed
from omni_nb.wire.dialects import DIALECTS, body_for, check_dialect
from omni_nb.wire.request import Message, Request

MODEL = "a-model-without-rules"
WORDS = TextPart("What is this?")
PICTURE = ImagePart(b"picture", "image/png", 20, 20)
LINK = ImageURLPart("https://example.com/a.jpg")
SOUND = AudioPart(LocalSource(b"sound", "a.wav"), "wav", "audio/wav", 1.0, 16000, 1, "a.wav")
MP3 = AudioPart(LocalSource(b"sound", "a.mp3"), "mp3", "audio/mpeg", 1.0, 16000, 1, "a.mp3")
FLAC = AudioPart(LocalSource(b"sound", "a.flac"), "flac", "audio/flac", 1.0, 16000, 1, "a.flac")
SOUND_LINK = AudioURLPart("https://example.com/a.mp3", "mp3")
VIDEO = VideoPart(
    LocalSource(b"video", "a.mp4"), "video/mp4", 2.0, 64, 48, 25.0, 50, False, "a.mp4"
)
VIDEO_LINK = VideoURLPart("https://example.com/a.mp4")
FRAMES = FramesPart((PICTURE, LINK))
SPEECH = {"modalities": ("text", "audio"), "voice": "alloy"}

PICTURE_URL = "data:image/png;base64,cGljdHVyZQ=="
SOUND_URL = "data:audio/wav;base64,c291bmQ="
VIDEO_URL = "data:video/mp4;base64,dmlkZW8="


def request(*parts, **fields) -> Request:
    return Request(MODEL, (Message("user", (*parts, WORDS)),), **fields)


def body(dialect, *parts, **fields) -> dict:
    return body_for(request(*parts, **fields), dialect, embed)


def content(dialect, *parts) -> list:
    *media, words = body(dialect, *parts)["messages"][0]["content"]
    assert words == {"type": "text", "text": WORDS.text}
    return media


def image(url: str) -> dict:
    return {"type": "image_url", "image_url": {"url": url}}


def test_dashscope_is_asked_as_documented():
    asked = request(PICTURE, **SPEECH)
    assert body_for(asked, "dashscope", embed) == asked.payload(embed)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_words_options_and_the_stream_are_the_same_everywhere(dialect):
    asked = Request(
        MODEL,
        (
            Message("system", (TextPart("Be brief."),)),
            Message("user", (WORDS,)),
            Message("assistant", (TextPart("A dog."),)),
            Message("user", (TextPart("Sure?"),)),
        ),
        options={"max_tokens": 9, "mm_processor_kwargs": {"use_audio_in_video": True}},
    )
    assert body_for(asked, dialect, embed) == asked.payload()


@pytest.mark.parametrize(
    ("dialect", "form"),
    [("dashscope", "wav"), ("openai", "pcm16"), ("vllm-omni", "wav"), ("sglang-omni", "wav")],
)
def test_speech_is_asked_for_in_the_format_that_the_server_streams(dialect, form):
    asked = body(dialect, **SPEECH)
    assert asked["audio"] == {"voice": "alloy", "format": form}
    assert asked["modalities"] == ["text", "audio"]


@pytest.mark.parametrize("dialect", ["openai", "vllm-omni"])
def test_pictures_are_the_same_everywhere(dialect):
    assert content(dialect, PICTURE, LINK) == [image(PICTURE_URL), image(LINK.url)]


@pytest.mark.parametrize(("part", "form"), [(SOUND, "wav"), (MP3, "mp3")])
def test_openai_takes_sound_without_the_head_of_its_data_url(part, form):
    assert content("openai", part) == [
        {"type": "input_audio", "input_audio": {"data": "c291bmQ=", "format": form}}
    ]


def test_the_placeholder_of_a_long_upload_stays_whole():
    placeholder = "omni-splice:7"
    asked = body_for(
        request(SOUND), "openai", lambda source, mime: f"data:{mime};base64,{placeholder}"
    )
    assert asked["messages"][0]["content"][0]["input_audio"]["data"] == placeholder


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (FLAC, "wav or mp3, not flac.*Save it"),
        (SOUND_LINK, "no sound by its URL.*example.com/a.mp3.*Download"),
        (VIDEO, "no video .a.mp4.*image=.*omni.frames"),
        (VIDEO_LINK, "no video .a.mp4.*image="),
        (FRAMES, "no video .frames.*image="),
    ],
)
def test_what_openai_has_no_words_for_is_an_error_before_anything_is_sent(part, words):
    with pytest.raises(RequestError, match=words):
        body("openai", part)


def test_vllm_takes_media_by_urls_that_name_their_type():
    sound, linked = content("vllm-omni", SOUND, SOUND_LINK)
    assert sound == {"type": "audio_url", "audio_url": {"url": SOUND_URL}}
    assert linked == {"type": "audio_url", "audio_url": {"url": SOUND_LINK.url}}
    video, linked = content("vllm-omni", VIDEO, VIDEO_LINK)
    assert video == {"type": "video_url", "video_url": {"url": VIDEO_URL}}
    assert linked == {"type": "video_url", "video_url": {"url": VIDEO_LINK.url}}


def test_vllm_takes_frames_as_pictures_in_order():
    assert content("vllm-omni", FRAMES) == [image(PICTURE_URL), image(LINK.url)]


def test_sglang_takes_words_in_the_messages_and_media_beside_them():
    parts = (PICTURE, SOUND, SOUND_LINK, VIDEO, VIDEO_LINK, FRAMES)
    asked = body("sglang-omni", *parts)
    assert asked["messages"] == [{"role": "user", "content": WORDS.text}]
    assert asked["images"] == [PICTURE_URL, PICTURE_URL, LINK.url]
    assert asked["audios"] == [SOUND_URL, SOUND_LINK.url]
    assert asked["videos"] == [VIDEO_URL, VIDEO_LINK.url]


def turns(*parts) -> Request:
    messages = [
        message
        for part in parts
        for message in (
            Message("user", (part, WORDS)),
            Message("assistant", (TextPart("A dog."),)),
        )
    ]
    return Request(MODEL, (*messages, Message("user", (TextPart("And now?"),))))


def test_sglang_keeps_the_media_of_an_earlier_question():
    asked = body_for(turns(PICTURE), "sglang-omni", embed)
    assert asked["images"] == [PICTURE_URL]
    assert [m["content"] for m in asked["messages"]] == [WORDS.text, "A dog.", "And now?"]


def test_sglang_cannot_tell_the_media_of_two_questions_apart():
    with pytest.raises(RequestError, match=r"2 messages.*new Chat"):
        body_for(turns(PICTURE, LINK), "sglang-omni", embed)


def test_a_dialect_is_checked_without_reading_a_file():
    class Unread(LocalSource):
        def open(self):
            raise AssertionError("read")

    sound = AudioPart(Unread(b"", "a.wav"), "wav", "audio/wav", 1.0, 16000, 1)
    for dialect in DIALECTS:
        check_dialect(request(sound), dialect)
    with pytest.raises(RequestError):
        check_dialect(request(VIDEO), "openai")
