from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path

import IPython.display
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

import omni_nb as omni
from omni_nb.errors import MediaError, OmniError
from omni_nb.media.clip import AudioClip
from omni_nb.media.parts import (
    ImagePart,
    ImageURLPart,
    TextPart,
    as_media,
    as_parts,
    audio,
    frames,
    image,
)
from omni_nb.media.probe import ImageFacts, probe_image
from tests.media_files import AUDIO_FORMATS, VIDEO_FORMATS, audio_file, tone, video_file
from tests.shown import html_of

GRACE = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"


def encoded(form: str, size=(40, 30), mode="RGB", **options) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 128).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
    ],
)
def test_the_type_comes_from_the_content_not_from_the_name(form, mime):
    assert probe_image(encoded(form), name="photo.txt") == ImageFacts(mime, 40, 30)


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40))])
def test_a_turned_photo_has_its_displayed_size(orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    facts = probe_image(encoded("JPEG", exif=exif), name="photo.jpg")
    assert (facts.width, facts.height) == size


def test_probing_does_not_decode(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert probe_image(GRACE.read_bytes(), name="grace").width == 512


def test_what_is_no_image_is_named():
    with pytest.raises(MediaError, match=r"'notes.txt' is not an image.*b'hello'"):
        probe_image(b"hello", name="notes.txt")


def test_a_picture_of_absurd_size_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(MediaError, match="too large"):
        probe_image(encoded("PNG"), name="bomb.png")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_an_error_of_ours_or_an_image(data):
    whole = bytearray(encoded(data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP"]))))
    for _ in range(data.draw(st.integers(0, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        part = image(cut)
    except OmniError as error:
        assert str(error)
    else:
        assert part.width > 0
        thumbnail = part.thumbnail()
        assert thumbnail is None or thumbnail.startswith(b"\xff\xd8")


class Plot:
    def _repr_png_(self):
        return encoded("PNG")


class OldPlot:
    def _repr_png_(self):
        return base64.b64encode(encoded("PNG")).decode(), {"width": 40}


@pytest.mark.parametrize(
    "given",
    [
        encoded("PNG"),
        io.BytesIO(encoded("PNG")),
        "data:image/png;base64," + base64.b64encode(encoded("PNG")).decode(),
        Image.new("RGB", (40, 30)),
        Image.new("CMYK", (40, 30)),
        Image.new("P", (40, 30)),
        np.zeros((30, 40), np.uint8),
        np.zeros((30, 40, 1), np.uint8),
        np.zeros((30, 40, 3), np.uint8)[::-1],
        np.zeros((30, 40, 4), np.float32),
        np.ones((30, 40), bool),
        Plot(),
        OldPlot(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_everything_that_is_a_picture_goes_through_the_door(given):
    part = image(given)
    assert isinstance(part, ImagePart)
    assert (part.width, part.height, part.mime) == (40, 30, "image/png")


def test_a_file_is_sent_as_it_is():
    part = image(GRACE)
    head, data = part.payload()["image_url"]["url"].split(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data) == GRACE.read_bytes()
    assert part.total_bytes == GRACE.stat().st_size


def test_a_figure_is_drawn():
    figure = Figure(figsize=(4, 3))
    figure.subplots().plot([1, 2, 3])
    part = image(figure)
    assert part.mime == "image/png"
    assert part.width > 100


def test_a_url_is_passed_through():
    part = image("https://example.com/dog.jpg")
    assert part == ImageURLPart("https://example.com/dog.jpg")
    assert part.payload() == {"type": "image_url", "image_url": {"url": part.url}}
    assert part.name == "dog.jpg"


def test_floats_keep_their_light():
    part = image(np.full((20, 20), 0.5))
    assert Image.open(io.BytesIO(part.data)).getpixel((0, 0)) == 128


def test_a_photo_in_memory_that_is_too_large_as_png_becomes_jpeg():
    noise = np.random.default_rng(1).integers(0, 256, (2000, 2000, 3), np.uint8)
    assert image(noise).mime == "image/jpeg"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (42, "int"),
        (object(), "object"),
        ({"a": 1}, "dict of length 1"),
        (np.zeros((3, 4, 5), np.uint8), r"\(3, 4, 5\)"),
        (np.zeros((0, 4), np.uint8), r"\(0, 4\)"),
        (np.zeros((30, 40), np.int64), "int64"),
        (np.full((30, 40), 7.5), "from 0 to 1; these go from 7.5 to 7.5"),
        (np.full((30, 40), np.nan), "from 0 to 1"),
        (Image.new("RGB", (0, 5)), "no pixels: 0 × 5"),
        (audio_file("wav"), "is no image; pass it as audio="),
        (video_file("mp4"), "is no image; pass it as video="),
    ],
)
def test_what_is_no_picture_is_refused_by_name(given, words):
    with pytest.raises(MediaError, match=words):
        image(given)


def test_an_object_whose_png_is_none_says_so():
    class Empty:
        def _repr_png_(self):
            return None

    with pytest.raises(MediaError, match="Empty gave no PNG"):
        image(Empty())


def test_bare_strings_are_text_and_lists_are_flattened():
    picture = Image.new("RGB", (40, 30))
    parts = as_parts(["dog.jpg", [picture, None], TextPart("why?")])
    assert [part.modality for part in parts] == ["text", "image", "text"]
    assert parts[0] == TextPart("dog.jpg")


def test_the_image_argument_takes_one_or_many(tmp_path):
    (tmp_path / "dog.png").write_bytes(encoded("PNG"))
    assert len(as_media(image=str(tmp_path / "dog.png"))) == 1
    assert len(as_media(image=[tmp_path / "dog.png", "https://example.com/x.png"])) == 2
    assert as_media(image=None) == ()


def test_a_thumbnail_is_small_and_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    part = image(encoded("JPEG", size=(800, 600), exif=exif))
    small = Image.open(io.BytesIO(part.thumbnail()))
    assert small.size == (180, 240)
    clear = image(encoded("PNG", mode="L", size=(20, 20)))
    assert Image.open(io.BytesIO(clear.thumbnail())).mode == "RGB"


def test_a_transparent_picture_is_shown_on_white():
    file = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(file, "PNG")
    small = Image.open(io.BytesIO(image(file.getvalue()).thumbnail()))
    assert small.getpixel((5, 5)) == (255, 255, 255)


def test_bytes_are_not_in_a_parts_repr():
    assert "\\x" not in repr(image(encoded("PNG")))


def modalities(given) -> list[str]:
    return [part.modality for part in as_parts(given)]


@pytest.mark.parametrize(
    ("data", "modality"),
    [
        *(pytest.param(encoded(f), "image", id=f) for f in ("PNG", "JPEG", "GIF", "TIFF")),
        *(pytest.param(audio_file(f), "audio", id=f) for f in AUDIO_FORMATS),
        *(pytest.param(video_file(f), "video", id=f) for f in VIDEO_FORMATS),
    ],
)
def test_a_bare_path_is_what_its_content_is(data, modality, tmp_path):
    (tmp_path / "thing.bin").write_bytes(data)
    (part,) = as_parts(tmp_path / "thing.bin")
    assert (part.modality, part.name) == (modality, "thing.bin")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", r"no image, sound or video.*Path\(\.\.\.\)\.read_text"),
        (b"", r"empty \(0 bytes\)"),
        (video_file("mp4")[:9000], "or it is cut short"),
    ],
)
def test_a_bare_path_to_something_else_is_refused(data, words, tmp_path):
    (tmp_path / "thing.bin").write_bytes(data)
    with pytest.raises(MediaError, match=words):
        as_parts(tmp_path / "thing.bin")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((tone(0.1), 16000), ["audio"]),
        ([(tone(0.1), 16000), "What is said?"], ["audio", "text"]),
        (AudioClip(bytes(480)), ["audio"]),
        (IPython.display.Audio(audio_file("wav")), ["audio"]),
        (IPython.display.Video(video_file("mp4"), embed=True), ["video"]),
        (IPython.display.Image(encoded("JPEG")), ["image"]),
        (IPython.display.Image(encoded("PNG")), ["image"]),
        (np.zeros((4, 30, 20, 3), np.uint8), ["video"]),
        (np.zeros((30, 20, 3), np.uint8), ["image"]),
        ((np.zeros((30, 20, 3), np.uint8), "and this?"), ["image", "text"]),
        ([frames([image(encoded("PNG"))]), TextPart("?")], ["video", "text"]),
    ],
)
def test_what_can_only_be_one_thing_may_be_passed_bare(given, expected):
    assert modalities(given) == expected


def test_the_media_keywords_take_one_or_a_list_of_their_kind():
    url = "https://a.example/1"
    assert [part.modality for part in as_media(image=[url, url], audio=f"{url}.mp3")] == [
        "image",
        "image",
        "audio",
    ]
    assert len(as_media(audio=[(tone(0.1), 16000), AudioClip(bytes(480))])) == 2
    assert as_media(audio=(tone(0.1), 16000))[0].seconds == 0.1
    assert len(as_media(video=[url, video_file("mp4")])) == 2
    (part,) = as_media(frames=[image(encoded("PNG"))] * 4)
    assert len(part.images) == 4
    assert as_media() == ()


def test_a_keyword_takes_its_own_kind_only():
    with pytest.raises(MediaError, match="pass it as video="):
        as_media(audio=video_file("mp4"))
    with pytest.raises(MediaError, match="pass it as audio="):
        as_media(video=audio_file("wav"))
    with pytest.raises(MediaError, match=r"AudioPart"):
        as_media(image=audio(audio_file("wav")))


def test_the_ipython_image_of_a_url_is_passed_through():
    shown = IPython.display.Image(url="https://example.com/dog.jpg")
    assert image(shown) == ImageURLPart("https://example.com/dog.jpg")


def test_a_large_image_file_is_read(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (800, 800, 3), np.uint8)
    (tmp_path / "noise.png").write_bytes(image(noise).data)
    part = image(tmp_path / "noise.png")
    assert part.total_bytes > 2**20
    assert part.data == (tmp_path / "noise.png").read_bytes()


@pytest.mark.parametrize(
    "part",
    [
        TextPart("Is this <b>?"),
        image(encoded("PNG")),
        ImageURLPart("https://a.example/1.png"),
        audio(audio_file("wav")),
        audio("https://a.example/1.mp3"),
        *as_media(video=[video_file("mp4"), "https://a.example/1.mp4"]),
        frames([image(encoded("PNG"))] * 4),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_part_shows_itself(part):
    assert html_of(part).startswith("<div")
    assert "<b>" not in html_of(part)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\ud83d\udc4b", "👋"),
        ("a\ud83d", "a\ufffd"),
        ("\udc4bb", "\ufffdb"),
        ("你好 👋\x1b\0", "你好 👋\x1b\0"),
    ],
)
def test_a_persons_own_text_is_well_formed_in_every_door(text, seen):
    assert as_parts(text) == (TextPart(seen),)
    chat = omni.Chat(system=text)
    assert chat.ask(text, show=False).question == (TextPart(seen),)
    assert chat.ask("And?", show=False).finish_reason == "stop"
    assert [message["content"] for message in chat.messages[:2]] == [seen, seen]


def test_a_file_whose_name_is_no_text_is_sent_and_shown(tmp_path):
    path = os.fsencode(tmp_path) + b"/dog-\xff.png"
    with open(path, "wb") as file:
        file.write(omni.image(np.zeros((20, 20, 3), "uint8")).data)
    part = omni.image(os.fsdecode(path))
    assert part.name == "dog-\ufffd.png"
    json.dumps(part._repr_mimebundle_(), ensure_ascii=False).encode()
