"""What the stand-in measures in a video."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omni_nb.errors import MediaError
from omni_nb.media.parts import ImageURLPart
from omni_nb.offline import video as video_module
from omni_nb.offline.image import difference, main_colors, measure_image
from omni_nb.offline.video import MeasuredFrames, MeasuredVideo, measure_video
from tests.media_files import (
    VIDEO_FORMATS,
    audio_file,
    frame_pixels,
    rotated,
    truncated,
    video_file,
)


def watched(data: bytes) -> MeasuredVideo:
    return measure_video(io.BytesIO(data))


def png(moment: float, size: tuple[int, int] = (160, 120)) -> bytes:
    file = io.BytesIO()
    Image.fromarray(frame_pixels(moment, *size)).save(file, "PNG")
    return file.getvalue()


def with_cover(mp3: bytes) -> bytes:
    """Put a picture in front, as ID3v2.3 has the cover of an album."""
    frame = b"\x00image/png\x00\x03\x00" + png(0)
    body = b"APIC" + struct.pack(">IH", len(frame), 0) + frame
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body + mp3


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_every_format_is_watched(form: str) -> None:
    found = watched(video_file(form))

    assert (found.width, found.height) == (160, 120)
    assert found.seconds == pytest.approx(2.0, abs=0.12)
    assert found.fps == pytest.approx(10, abs=0.6)
    assert found.audio is not None
    assert found.audio.tone_hz == pytest.approx(440, abs=5)
    assert found.audio.seconds == pytest.approx(2.0, abs=0.1)


def test_a_video_without_a_sound_track_has_no_sound() -> None:
    assert watched(video_file("mkv", has_audio=False)).audio is None


def test_a_turned_video_has_the_size_it_is_shown_in() -> None:
    found = watched(rotated(video_file("mp4"), 90))

    assert (found.width, found.height) == (120, 160)


def test_something_that_moves_is_seen_to_move() -> None:
    moving = watched(video_file("mp4"))

    assert 0.01 < moving.change < 0.25
    assert {name for name, _ in main_colors(moving.sampled)} == {"red", "blue"}


def test_a_long_video_is_looked_at_all_along_and_not_more_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(video_module, "_MOST_SAMPLED", 6)

    found = watched(video_file("mp4", seconds=6))

    assert 3 <= len(found.sampled) <= 6
    assert difference(found.sampled[0], found.sampled[-1]) > 0.05


def test_of_a_large_video_only_the_start_is_decoded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_module, "_EVERY_FRAME_PIXELS", 160 * 120 * 5)
    monkeypatch.setattr(video_module, "_KEY_FRAME_PIXELS", 160 * 120 * 8)

    found = watched(video_file("mp4", seconds=6))

    assert found.seconds == pytest.approx(6.0, abs=0.1)
    assert found.fps == pytest.approx(10, abs=0.1)
    assert len(found.sampled) < 8


def test_what_is_left_of_a_video_is_measured() -> None:
    found = watched(truncated(video_file("mkv"), 0.5))

    assert 0.5 < found.seconds < 1.5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello" * 100,
        truncated(video_file("mp4"), 0.5),
        audio_file("mp3"),
        b"GIF89a" + b"\x00" * 40,
    ],
    ids=["nothing", "words", "video without its index", "sound", "picture"],
)
def test_what_is_no_video_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError):
        watched(data)


def test_a_sound_with_a_cover_is_no_video() -> None:
    with pytest.raises(MediaError, match="no moving picture"):
        watched(with_cover(audio_file("mp3")))


def test_a_picture_that_is_too_large_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_module, "MOST_PIXELS", 160 * 120 - 1)

    with pytest.raises(MediaError, match="too large"):
        watched(video_file("mp4"))


def test_a_list_of_pictures_is_compared_one_by_one() -> None:
    moving = MeasuredFrames(tuple(measure_image(png(n / 3)) for n in range(4)))
    still = MeasuredFrames((measure_image(png(0.5)),) * 4)

    assert moving.change > 0.05
    assert still.change == 0


def test_pictures_at_a_url_are_not_seen() -> None:
    seen = measure_image(png(0))

    assert MeasuredFrames((ImageURLPart("https://a/b.png"), seen)).measured == (seen,)


def test_a_change_of_colour_at_the_same_light_is_a_difference() -> None:
    def saved(color: tuple[int, int, int]) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (40, 40), color).save(file, "PNG")
        return file.getvalue()

    assert difference(measure_image(saved((100, 0, 0))), measure_image(saved((0, 51, 0)))) == 1


@settings(max_examples=40, deadline=None)
@given(
    form=st.sampled_from(sorted(VIDEO_FORMATS)),
    place=st.floats(0, 1),
    bytes_in=st.binary(min_size=1, max_size=40),
    part=st.floats(0.1, 1),
)
def test_a_damaged_video_is_measured_or_refused(
    form: str, place: float, bytes_in: bytes, part: float
) -> None:
    data = bytearray(truncated(video_file(form, seconds=1), part))
    start = round(place * len(data))
    data[start : start + len(bytes_in)] = bytes_in

    try:
        found = watched(bytes(data))
    except MediaError:
        return

    assert found.seconds >= 0
    assert found.sampled
