"""Media in a request: opened, measured, weighed, or refused in the documented words."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from typing import Any

import pytest
from PIL import Image

from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import AudioURLPart, ImageURLPart, VideoURLPart
from omni_nb.offline import checks, items
from omni_nb.offline.audio import MeasuredAudio
from omni_nb.offline.checks import Refusal, read_request
from omni_nb.offline.image import MeasuredImage
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo
from omni_nb.rules.catalog import find_model
from tests.media_files import audio_file, frame_pixels, truncated, video_file

TURBO = "qwen-omni-turbo"
INVALID = "<400> InternalError.Algo.InvalidParameter: "
VIDEO_RULE = f"{INVALID}The video modality input does not meet the requirements because: "


def read(*parts: dict[str, Any], model: str = TURBO) -> Any:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": list(parts)}],
        "stream": True,
    }
    return read_request(json.dumps(body).encode())


def data_url(data: bytes, mime: str = "") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def audio(data: bytes | str, form: str = "wav") -> dict[str, Any]:
    url = data if isinstance(data, str) else data_url(data)
    return {"type": "input_audio", "input_audio": {"data": url, "format": form}}


def film(data: bytes | str) -> dict[str, Any]:
    url = data if isinstance(data, str) else data_url(data)
    return {"type": "video_url", "video_url": {"url": url}}


def frames(*urls: str) -> dict[str, Any]:
    return {"type": "video", "video": list(urls)}


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def png(moment: float = 0.0, size: tuple[int, int] = (160, 120)) -> str:
    file = io.BytesIO()
    Image.fromarray(frame_pixels(moment, *size)).save(file, "PNG")
    return data_url(file.getvalue(), "image/png")


def with_limits(monkeypatch: pytest.MonkeyPatch, **limits: Any) -> None:
    facts = find_model(TURBO)
    assert facts is not None
    changed = dataclasses.replace(facts, limits=dataclasses.replace(facts.limits, **limits))
    monkeypatch.setattr(checks, "find_model", lambda name: changed)


def refusal(*parts: dict[str, Any], model: str = TURBO) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(*parts, model=model)
    assert caught.value.status == 400
    return caught.value


# What is taken


@pytest.mark.parametrize("head", ["data:;base64,", "data:audio/wav;base64,", "DATA:;BASE64,"])
def test_a_sound_is_taken_with_any_head_of_a_data_url(head: str) -> None:
    url = head + base64.b64encode(audio_file("wav", seconds=2.0)).decode()

    (found,) = read(audio(url)).turns[0].media

    assert isinstance(found, MeasuredAudio)
    assert found.seconds == pytest.approx(2.0)


def test_the_format_field_is_believed_no_more_than_the_content() -> None:
    (found,) = read(audio(audio_file("mp3"), form="wav")).turns[0].media

    assert isinstance(found, MeasuredAudio)


def test_a_video_is_watched_and_its_sound_weighed_apart() -> None:
    request = read(film(video_file("mp4", seconds=2)))

    (found,) = request.turns[0].media
    assert isinstance(found, MeasuredVideo)
    assert request.input_tokens == {"video": 282, "audio": 51}


def test_a_silent_video_weighs_no_sound() -> None:
    assert set(read(film(video_file("mkv", has_audio=False))).input_tokens) == {"video"}


def test_frames_are_looked_at_and_weighed_as_video() -> None:
    request = read(frames(*(png(n / 3) for n in range(4))))

    (found,) = request.turns[0].media
    assert isinstance(found, MeasuredFrames)
    assert request.input_tokens == {"video": 282}


def test_a_url_of_each_kind_is_kept_and_weighs_nothing() -> None:
    assert read(audio("https://a/b.mp3", "mp3")).turns[0].media == (
        AudioURLPart("https://a/b.mp3", "mp3"),
    )
    assert read(film("HTTPS://a/b.mp4")).turns[0].media == (VideoURLPart("HTTPS://a/b.mp4"),)
    request = read(frames(*["https://a/b.png"] * 4))
    assert request.turns[0].media == (MeasuredFrames((ImageURLPart("https://a/b.png"),) * 4),)
    assert request.input_tokens == {}


def test_each_model_weighs_by_its_own_rule() -> None:
    sizes = {
        model: read(audio(audio_file("wav", seconds=2.0)), model=model).input_tokens["audio"]
        for model in (TURBO, "qwen3-omni-flash", "qwen3.5-omni-flash")
    }

    assert sizes == {TURBO: 50, "qwen3-omni-flash": 25, "qwen3.5-omni-flash": 14}


def test_a_model_whose_rule_is_not_published_counts_words_alone() -> None:
    words = {"type": "text", "text": "你好"}

    assert read(audio(audio_file("wav")), words, model="qwen3.8-omni-flash").input_tokens == {
        "text": 2
    }


def test_some_models_take_several_kinds_in_a_message() -> None:
    parts = (
        audio(audio_file("wav")),
        audio(audio_file("mp3")),
        film(video_file("mp4")),
        image(png()),
    )

    request = read(*parts, model="qwen3.5-omni-plus")

    assert [type(found) for found in request.turns[0].media] == [
        MeasuredAudio,
        MeasuredAudio,
        MeasuredVideo,
        MeasuredImage,
    ]
    assert set(request.input_tokens) == {"audio", "video", "image"}


def test_a_video_of_a_moment_is_taken_though_no_rule_weighs_its_pictures() -> None:
    request = read(film(video_file("mp4", seconds=0.1)))

    assert request.input_tokens.keys() <= {"video", "audio"}


def test_a_large_medium_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "LARGE", 1000)

    assert read(film(video_file("mp4"))).input_tokens == {"video": 282, "audio": 51}
    assert read(image(png(size=(1600, 1200)))).turns[0].images[0].width == 1600


def test_a_large_data_url_in_the_words_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "LARGE", 1000)

    refused = refusal({"type": "text", "text": data_url(bytes(2000))})

    assert refused.message == "Multimodal file size is too large"


# What is refused

BARE = base64.b64encode(audio_file("wav")).decode()
NOT_A_URL = (
    f"{INVALID}The provided URL does not appear to be valid. Ensure it is correctly formatted."
)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "sound as bare base64": (audio(BARE), NOT_A_URL),
    "video as bare base64": (film(BARE), NOT_A_URL),
    "frame that is a path": (frames(*["/tmp/a.png"] * 4), NOT_A_URL),
    "sound at a file URL": (audio("file:///etc/passwd"), NOT_A_URL),
    "sound of no bytes": (audio(b""), f"{INVALID}The audio is empty"),
    "sound of no samples": (audio(AudioClip(b"").to_wav()), f"{INVALID}The audio is empty"),
    "sound that is none": (
        audio(b"hello, world"),
        f"{INVALID}The audio format is illegal and cannot be opened.",
    ),
    "sound whose base64 is broken": (
        audio("data:;base64,§§§§"),
        f"{INVALID}The file format is illegal and cannot be opened.",
    ),
    "sound that is too long": (
        audio(audio_file("mp3", seconds=182, sample_rate=8000)),
        "InvalidFile.AudioLengthError: Audio length must be between 1s and 180s.",
    ),
    "video that is none": (film(b"hello, world"), f"{INVALID}Invalid video file."),
    "video of no bytes": (film(b""), f"{INVALID}Invalid video file."),
    "video without its index": (
        film(truncated(video_file("mp4"), 0.5)),
        f"{INVALID}Invalid video file.",
    ),
    "video that is too long": (
        film(video_file("mp4", seconds=42, fps=2, has_audio=False)),
        f"{VIDEO_RULE}The video file is too long.",
    ),
    "too few frames": (
        frames(*["https://a/b.png"] * 3),
        f"{VIDEO_RULE}the range of sequence images shoule be (4,80).",
    ),
    "too many frames": (
        frames(*["https://a/b.png"] * 81),
        f"{VIDEO_RULE}the range of sequence images shoule be (4,80).",
    ),
    "frame that is no picture": (
        frames(*[data_url(b"hello")] * 4),
        "Failed to decode the image during the data inspection.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_medium_that_breaks_a_rule_is_refused_in_the_documented_words(name: str) -> None:
    part, message = REFUSED[name]

    assert refusal(part).message == message


@pytest.mark.parametrize("name", ["audio", "video", "image"])
def test_a_file_that_is_too_large_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_limits(monkeypatch, **{f"{name}_bytes": 1000})
    parts = {
        "audio": audio(audio_file("wav")),
        "video": film(video_file("mp4")),
        "image": image(png()),
    }
    frame = {"image": png(size=(1600, 1200))}

    part = image(frame["image"]) if name == "image" else parts[name]

    assert refusal(part).message == "Multimodal file size is too large"


def test_base64_that_is_too_long_is_refused_where_it_is_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_limits(monkeypatch, base64_bytes=1000)

    refused = refusal(audio(audio_file("wav")))

    assert refused.message == (f"{INVALID}Exceeded limit on max bytes per data-uri item : 1000'.")


def test_fewer_media_may_come_as_base64_than_as_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    with_limits(monkeypatch, images_max=3, base64_items_max=1)
    remote = image("https://a/b.png")

    read(remote, remote, image(png()))
    assert "at most 1 image as base64" in refusal(image(png()), image(png())).message
    assert "at most 3 image, not 4" in refusal(*[remote] * 4).message


def test_a_sound_that_an_encoder_made_a_little_longer_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_limits(monkeypatch, audio_seconds=2)

    (found,) = read(audio(audio_file("aac", seconds=2))).turns[0].media

    assert isinstance(found, MeasuredAudio)
    assert found.seconds > 2
