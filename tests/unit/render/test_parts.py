"""How parts show themselves."""

from __future__ import annotations

import base64
import dataclasses
import gc
import io
import re
import weakref
from html.parser import HTMLParser

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omni_nb.media import parts
from omni_nb.media.extract import read_audio
from omni_nb.media.sources import FileSource, LocalSource
from omni_nb.render.parts import chips_html, part_chip_html, part_html, part_text
from omni_nb.render.waveform import waveform
from tests.media_files import (
    AUDIO_FORMATS,
    VIDEO_FORMATS,
    audio_file,
    frame_pixels,
    moment,
    truncated,
    video_file,
)

KEPT_BY_JUPYTERLAB = {"div", "span", "a", "img", "audio", "video"}
NASTY = '"><script>alert(1)</script><b>.png'


class Page(HTMLParser):
    """The elements of some HTML, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def files(self, tag: str) -> list[tuple[str, bytes]]:
        """MIME type and content of the data URLs of some elements."""
        sources = [attributes["src"] for name, attributes in self.elements if name == tag]
        pieces = [re.fullmatch(r"data:([^;]+);base64,(.+)", source) for source in sources]
        return [(piece[1], base64.b64decode(piece[2])) for piece in pieces]


def frame(color: str, size: tuple[int, int] = (80, 60)) -> Image.Image:
    return Image.new("RGB", size, color)


def test_a_picture_is_a_thumbnail_with_its_facts() -> None:
    page = Page(part_html(parts.image(frame("red", (640, 480)))))
    ((mime, data),) = page.files("img")
    assert mime == "image/jpeg"
    assert Image.open(io.BytesIO(data)).size == (240, 180)
    assert "640 × 480 pixels" in page.words
    assert "image/png" in page.words


@pytest.mark.parametrize("form", AUDIO_FORMATS)
def test_a_sound_is_a_waveform_and_can_be_played(form: str) -> None:
    page = Page(part_html(parts.audio(audio_file(form))))
    ((mime, data),) = page.files("img")
    assert mime == "image/png"
    assert len(data) < 1500
    ((mime, data),) = page.files("audio")
    assert mime.startswith("audio/")
    assert mime not in ("audio/amr", "audio/3gpp"), "browsers play neither"
    assert read_audio(LocalSource(data, "embedded")).seconds == pytest.approx(1.5, abs=0.15)
    assert "1.5 s" in page.words or "1.6 s" in page.words


def test_a_large_sound_is_kept_as_a_small_one() -> None:
    part = parts.audio(audio_file("wav", seconds=20))
    ((mime, data),) = Page(part_html(part)).files("audio")
    assert mime == "audio/mpeg"
    assert len(data) < part.total_bytes / 5


def test_a_long_sound_is_not_kept_and_the_page_says_so() -> None:
    part = dataclasses.replace(parts.audio(audio_file("wav", seconds=5)), seconds=201.0)
    page = Page(part_html(part))
    assert not page.files("audio")
    assert page.files("img")
    assert "The audio is not kept in the notebook: it is longer than 200 s." in page.words


def test_a_waveform_is_high_where_the_sound_is_loud() -> None:
    loud = (np.sin(np.arange(8000) / 5) * 30000).astype(np.int16)
    quiet = loud // 10
    picture = np.asarray(
        Image.open(io.BytesIO(waveform(np.concatenate([quiet, loud])))).convert("RGBA")
    )
    height = (picture[:, :, 3] > 0).sum(axis=0)
    assert set(height[125:]) == {40}
    assert height[:115].max() <= 6
    assert height[:115].min() >= 2


def test_silence_is_a_thin_line() -> None:
    picture = np.asarray(Image.open(io.BytesIO(waveform(np.zeros(3, "int16")))).convert("RGBA"))
    assert set((picture[:, :, 3] > 0).sum(axis=0)) == {2}


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_a_video_is_a_strip_of_six_frames_with_its_facts(form: str) -> None:
    page = Page(part_html(parts.video(video_file(form))))
    images = [Image.open(io.BytesIO(data)) for _, data in page.files("img")]
    assert [round(moment(picture), 1) for picture in images] == pytest.approx(
        [0.1, 0.3, 0.4, 0.6, 0.8, 0.9], abs=0.11
    )
    for fact in ("160 × 120 pixels", "with sound", VIDEO_FORMATS[form]):
        assert fact in page.words


@pytest.mark.parametrize("form", ["mp4", "mp4-faststart", "mp4-fragmented", "webm"])
def test_a_video_that_browsers_play_has_a_player_with_the_file(form: str) -> None:
    part = dataclasses.replace(parts.video(video_file(form)), name=NASTY)
    page = Page(part_html(part))
    assert page.files("video") == [(VIDEO_FORMATS[form], video_file(form))]
    ((_, attributes),) = [element for element in page.elements if element[0] == "video"]
    assert attributes["aria-label"] == NASTY
    assert "controls" in attributes
    assert attributes["preload"] == "metadata"


@pytest.mark.parametrize("form", ["mov", "mkv", "avi", "flv", "wmv"])
def test_a_video_that_browsers_may_not_play_says_so(form: str) -> None:
    page = Page(part_html(parts.video(video_file(form))))
    assert not page.files("video")
    assert f"not every browser plays {VIDEO_FORMATS[form]} with " in page.words


def test_an_mp4_with_another_codec_has_no_player() -> None:
    with av.open(file := io.BytesIO(), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        pixels = av.VideoFrame.from_ndarray(frame_pixels(0.5), "rgb24")
        for piece in (pixels, None):
            container.mux(stream.encode(piece))
    page = Page(part_html(parts.video(file.getvalue())))
    assert not page.files("video")
    assert "not every browser plays video/mp4 with mpeg4" in page.words


def test_a_large_video_is_not_kept_and_the_page_says_so() -> None:
    small = video_file("mp4-faststart")
    most = small + bytes(1_000_000 - len(small))  # what follows the last box is nothing
    assert Page(part_html(parts.video(most))).files("video")
    page = Page(part_html(parts.video(most + b"\0")))
    assert not page.files("video")
    assert len(page.files("img")) == 6
    assert "No player: the video is larger than 1.0 MB, too much for the notebook." in page.words


def test_a_video_at_a_url_has_no_player() -> None:
    assert "<video" not in part_html(parts.video("https://example.com/walk.mp4"))


def test_frames_are_a_strip_and_a_number() -> None:
    part = parts.frames([frame("red"), frame("lime"), frame("blue")] * 4)
    page = Page(part_html(part))
    assert len(page.files("img")) == 6
    assert "12 frames · 80 × 60 pixels" in page.words


def test_a_url_is_a_link_that_was_not_fetched() -> None:
    page = Page(part_html(parts.image('https://example.com/a"b<i>.png?x=1&y=2')))
    ((_, attributes),) = [element for element in page.elements if element[0] == "a"]
    assert attributes["href"] == 'https://example.com/a"b<i>.png?x=1&y=2'
    assert "noopener" in attributes["rel"]
    assert "at a URL, not fetched" in page.words
    assert not [element for element in page.elements if element[0] == "img"]


def test_what_is_no_web_address_is_no_link() -> None:
    page = Page(part_html(parts.VideoURLPart("javascript:alert(1)")))
    assert not [element for element in page.elements if element[0] == "a"]
    assert "javascript:alert(1)" in page.words


ALL = [
    parts.TextPart(NASTY),
    parts.ImagePart(b"no picture", "image/png", 3, 4, NASTY),
    parts.image(frame("red")),
    parts.ImageURLPart(f"https://example.com/{NASTY}"),
    parts.AudioPart(
        LocalSource(audio_file("wav"), NASTY), "wav", "audio/wav", 1.5, 16000, 1, NASTY
    ),
    parts.AudioURLPart(f"https://example.com/{NASTY}", NASTY),
    parts.VideoPart(
        LocalSource(video_file("mp4"), NASTY), "video/mp4", 2, 160, 120, 10, 20, True, NASTY
    ),
    parts.VideoURLPart(f"https://example.com/{NASTY}"),
    parts.FramesPart((parts.image(frame("red")), parts.ImageURLPart("https://a/b.png")), NASTY),
]


@pytest.mark.parametrize("part", ALL, ids=lambda part: type(part).__name__)
def test_every_part_shows_itself_with_what_an_untrusted_notebook_keeps(part: parts.Part) -> None:
    for html in (part_html(part), part_chip_html(part, "en")):
        page = Page(html)
        assert {tag for tag, _ in page.elements} <= KEPT_BY_JUPYTERLAB
        allowed = {"class", "style", "src", "alt", "title", "role", "dir", "href", "rel", "target"}
        audio = {"controls", "preload", "aria-label"}
        assert {name for _, attributes in page.elements for name in attributes} <= allowed | audio
    assert part_text(part)


@pytest.mark.parametrize("part", ALL[:2] + ALL[3:], ids=lambda part: type(part).__name__)
def test_names_and_addresses_are_shown_as_they_are(part: parts.Part) -> None:
    assert NASTY in Page(part_html(part)).words


@pytest.mark.parametrize("part", ALL[1:], ids=lambda part: type(part).__name__)
def test_a_chip_is_small_and_says_what_it_is(part: parts.Part) -> None:
    html = part_chip_html(part, "en")
    assert len(html) < 15_000
    assert "<audio" not in html
    assert "<video" not in html
    ((_, attributes),) = [e for e in Page(html).elements if e[1].get("class") == "omni-chip"]
    assert attributes["aria-label"]
    assert attributes["title"] == part_text(part)


class WatchedSource:
    """A source that can be weakly referenced, as ours with their slots cannot."""

    name = "watched"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.total_bytes = len(data)

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


def test_a_chip_is_drawn_once_and_does_not_keep_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    source = WatchedSource(video_file("mkv"))
    part = parts.VideoPart(source, "video/x-matroska", 2, 160, 120, 10, 20, True)
    drawn = part_chip_html(part, "en")
    monkeypatch.setattr("omni_nb.render.parts.draw_frames", None)
    assert part_chip_html(part, "en") == drawn
    assert drawn.count("<img") == 4
    watch = weakref.ref(source)
    del source, part
    gc.collect()
    assert watch() is None


def test_a_file_that_is_gone_shows_less(tmp_path) -> None:
    path = tmp_path / "gone.mp4"
    source = FileSource(path, path.name, 1000, 0)
    clip = parts.AudioPart(source, "wav", "audio/wav", 1.0, 16000, 1, "gone.wav")
    film = parts.VideoPart(source, "video/mp4", 2.0, 160, 120, 10.0, 20, True, "gone.mp4")
    assert "gone.wav · audio · 1.0 s" in Page(part_html(clip)).words
    assert "gone.mp4 · video · 2.0 s" in Page(part_html(film)).words
    assert "▣ gone.mp4 · 2.0 s" in Page(part_chip_html(film, "en")).words


@given(st.sampled_from(["mp3", "wav", "m4a", "ogg"]), st.floats(0.01, 1), st.integers(0, 255))
@settings(max_examples=25, deadline=None)
def test_a_damaged_file_never_raises(form: str, part: float, byte: int) -> None:
    data = bytearray(truncated(audio_file(form), part))
    data[len(data) // 2] = byte
    source = LocalSource(bytes(data), "damaged")
    heard = parts.AudioPart(source, form, "audio/mpeg", 150.0, 16000, 1, "damaged")
    seen = parts.VideoPart(source, "video/mp4", 1.0, 10, 10, 10.0, 10, True, "damaged")
    assert "damaged" in part_html(heard)
    assert "damaged" in part_html(seen) + part_chip_html(seen, "en") + part_chip_html(heard, "en")


@pytest.mark.parametrize(
    ("count", "shown", "said"),
    [(1, 1, None), (6, 6, None), (7, 7, None), (8, 6, "+2 more"), (20, 6, "+14 more")],
)
def test_of_many_images_the_first_are_shown_and_the_rest_is_folded(count, shown, said):
    images = [parts.image(np.full((40, 60 + n, 3), n, "uint8")) for n in range(count)]
    first, _, rest = chips_html([parts.TextPart("Which?"), *images], "en").partition("<details>")
    assert len(Page(first).files("img")) == shown
    assert len(Page(rest).files("img")) == count - shown
    assert (said in rest) if said else not rest


def test_several_images_are_tiles_of_one_size_and_few_keep_their_shape():
    tall, wide = (parts.image(np.zeros(size, "uint8")) for size in [(300, 20, 3), (20, 300, 3)])
    tiles = [
        dict(a)["style"] for t, a in Page(chips_html([tall, wide] * 2, "en")).elements if t == "img"
    ]
    assert all("width:84px;height:84px;object-fit:cover" in framed for framed in tiles)
    assert "object-fit" not in chips_html([tall, wide], "en")
    assert "<script" not in chips_html([dataclasses.replace(tall, name=NASTY)] * 9, "en")
