from __future__ import annotations

import base64
import io
import os
import re
import struct
import tracemalloc
from types import SimpleNamespace

import IPython.display
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omni_nb.errors import MediaError
from omni_nb.media import boxes, tracks
from omni_nb.media.parts import VideoURLPart, frames, video
from omni_nb.media.sources import FileSource, encode_data_url
from tests.media_files import VIDEO_FORMATS, audio_file, moment, rotated, truncated, video_file
from tests.shown import text_of

MP4 = video_file("mp4")


def gif(total: int) -> bytes:
    pictures = [Image.new("L", (20, 20), number * 20) for number in range(total)]
    pictures[0].save(file := io.BytesIO(), "GIF", save_all=True, append_images=pictures[1:])
    return file.getvalue()


@pytest.mark.parametrize("has_audio", [True, False])
@pytest.mark.parametrize(("form", "mime"), VIDEO_FORMATS.items())
def test_a_format_is_known_by_its_content_and_measured(form, mime, has_audio, tmp_path):
    (tmp_path / "clip.txt").write_bytes(video_file(form, has_audio=has_audio))
    part = video(tmp_path / "clip.txt")
    assert (part.mime, part.name) == (mime, "clip.txt")
    assert part.seconds == pytest.approx(2, abs=0.15)
    assert part.fps == pytest.approx(10, abs=0.6)
    assert (part.total_frames, part.has_audio) == (20, has_audio)
    assert (part.width, part.height) == (160, 120)


@pytest.mark.parametrize("form", ["mp4", "mov"])
@pytest.mark.parametrize(
    ("degrees", "size"), [(0, (160, 120)), (90, (120, 160)), (180, (160, 120)), (270, (120, 160))]
)
def test_a_video_of_a_turned_phone_has_its_displayed_size(form, degrees, size):
    part = video(rotated(video_file(form), degrees))
    assert (part.width, part.height) == size


@pytest.mark.parametrize("form", ["mp4-faststart", "mp4-fragmented", "mkv", "webm", "avi", "flv"])
def test_of_a_video_that_is_cut_short_only_what_is_there_counts(form):
    part = video(truncated(video_file(form), 0.6))
    assert 0.8 < part.seconds < 1.6
    assert 8 <= part.total_frames <= 15


def test_an_mp4_without_its_index_is_refused():
    with pytest.raises(MediaError, match=r"not a video that can be read.*cut short"):
        video(truncated(MP4, 0.6))


def test_frames_are_counted_without_decoding_them():
    damaged = bytearray(MP4)
    start = damaged.index(b"mdat") + 4
    damaged[start + 2000 : start + 6000] = bytes(4000)
    assert video(bytes(damaged)).total_frames == 20


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path,
        str,
        lambda path: path.read_bytes(),
        lambda path: encode_data_url(path.read_bytes(), "video/mp4"),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: IPython.display.Video(str(path)),
        lambda path: IPython.display.Video(path.read_bytes(), embed=True, mimetype="video/mp4"),
        lambda path: IPython.display.Video(
            base64.b64encode(path.read_bytes()).decode(), embed=True, mimetype="video/mp4"
        ),
        lambda path: video(path),
    ],
    ids=["path", "str", "bytes", "data URL", "file", "Video file", "Video", "Video base64", "part"],
)
def test_a_file_goes_through_the_door_unchanged(make, tmp_path):
    (tmp_path / "walk.mp4").write_bytes(MP4)
    part = video(make(tmp_path / "walk.mp4"))
    payload = part.payload()
    head, data = payload["video_url"]["url"].split(",")
    assert (payload["type"], head) == ("video_url", "data:;base64")
    assert base64.b64decode(data) == MP4
    assert part.total_bytes == len(MP4)


@pytest.mark.parametrize("make", [str, lambda url: IPython.display.Video(url=url)])
def test_a_url_is_passed_through(make):
    part = video(make("https://example.com/walk.mp4"))
    assert part == VideoURLPart("https://example.com/walk.mp4")
    assert part.payload() == {"type": "video_url", "video_url": {"url": part.url}}


def test_a_large_file_is_not_held_in_memory(tmp_path):
    path = tmp_path / "long.mp4"
    path.write_bytes(MP4 + struct.pack(">I4s", 30 * 2**20, b"free"))
    os.truncate(path, len(MP4) + 30 * 2**20)
    tracemalloc.start()
    part = video(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(part.source, FileSource)
    assert part.total_frames == 20
    assert peak < 4 * 2**20


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (gif(1), "is an image, not a video; pass it as image="),
        (gif(3), "animation as frames="),
        (audio_file("wav"), "is sound without pictures; pass it as audio="),
        (audio_file("m4a"), "is sound without pictures; pass it as audio="),
        (b"hello, this is text", r"starts with b'hello, t'\), or it is cut short"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "not a video"),
        ([1, 2], r"list of length 2.*frames="),
        (np.zeros((4, 8, 8, 3), np.uint8), "frames="),
        (42, "cannot be made of int"),
    ],
)
def test_what_is_no_video_is_refused_with_a_way_out(given, words):
    with pytest.raises(MediaError, match=words):
        video(given)


def test_a_playlist_is_not_followed(tmp_path):
    (tmp_path / "part.mp4").write_bytes(MP4)
    playlist = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{tmp_path}/part.mp4\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "list.mp4").write_text(playlist)
    for door in (video, frames):
        with pytest.raises(MediaError, match="not a video that can be read"):
            door(tmp_path / "list.mp4")


def test_a_file_of_too_many_packets_is_not_measured_for_ever(monkeypatch):
    monkeypatch.setattr(tracks, "PACKETS_MAX", 10)
    with pytest.raises(MediaError, match="more than 10 packets"):
        video(MP4)


def test_boxes_without_end_are_left(monkeypatch):
    hostile = struct.pack(">I4s", 0, b"moov") + struct.pack(">I4s", 8, b"free") * 100_000
    file = io.BytesIO(hostile)
    reads = []
    monkeypatch.setattr(boxes, "_BOXES_MAX", 10)
    counting = SimpleNamespace(seek=file.seek, read=lambda n: reads.append(n) or file.read(n))
    assert not boxes.is_turned(counting, len(hostile))
    assert len(reads) < 100


def test_a_photo_in_the_container_of_a_video_is_none():
    photo = MP4.replace(b"ftypisom", b"ftypheic", 1)
    assert photo != MP4
    with pytest.raises(MediaError, match="not a video that can be read"):
        video(photo)


def test_a_list_of_pictures_is_frames(tmp_path):
    Image.new("RGB", (20, 30)).save(tmp_path / "one.png")
    part = frames(
        [tmp_path / "one.png", Image.new("L", (20, 30)), "https://example.com/3.jpg"],
    )
    assert [type(image).__name__ for image in part.images] == [
        "ImagePart",
        "ImagePart",
        "ImageURLPart",
    ]
    payload = part.payload()
    assert payload["type"] == "video"
    assert payload["video"][2] == "https://example.com/3.jpg"
    assert payload["video"][0].startswith("data:image/png;base64,")
    assert frames(part) is part


@pytest.mark.parametrize("shape", [(4, 30, 20, 3), (4, 30, 20, 4), (4, 30, 20, 1), (4, 30, 20)])
def test_an_array_of_pictures_is_frames(shape):
    part = frames(np.zeros(shape, np.uint8))
    assert [(image.width, image.height) for image in part.images] == [(20, 30)] * 4


@pytest.mark.parametrize("count", [None, 1, 5])
def test_frames_are_drawn_evenly_from_a_file(count, tmp_path):
    (tmp_path / "walk.mp4").write_bytes(MP4)
    given = tmp_path / "walk.mp4"
    part = frames(str(given)) if count is None else frames(given, count=count)
    moments = [moment(Image.open(io.BytesIO(image.data))) for image in part.images]
    total = count or 8
    assert (len(moments), part.name) == (total, "walk.mp4")
    assert moments == sorted(moments)
    assert np.diff(moments) == pytest.approx(1 / total, abs=0.08)


def test_frames_are_drawn_from_bytes_and_from_a_video_part():
    assert len(frames(MP4, count=3).images) == 3
    assert len(frames(video(MP4), count=3).images) == 3


def test_frames_are_drawn_from_an_animation():
    light = [
        Image.open(io.BytesIO(image.data)).convert("L").getpixel((9, 9))
        for image in frames(gif(10), count=5).images
    ]
    assert light == pytest.approx([0, 40, 80, 120, 160], abs=4)
    assert len(frames(gif(3)).images) == 3


@pytest.mark.parametrize(
    ("given", "count", "words"),
    [
        ([], None, "list is empty"),
        (np.zeros((0, 4, 4, 3), np.uint8), None, "list is empty"),
        (np.zeros((30, 40, 3), np.uint8), None, "one picture is image="),
        (np.zeros((30, 40), np.uint8), None, r"\(30, 40\)"),
        (gif(3), 4, "has 3 frames; 4 cannot be drawn"),
        (gif(1), None, "is an image, not a video"),
        ([Image.new("L", (20, 20))], 4, "count= is for a video file"),
        ("https://example.com/walk.mp4", 4, "URL is not fetched here, pass it as video="),
        (MP4, 0, "1 or more; this is 0"),
        (MP4, 2.5, "this is 2.5"),
        (MP4, 10_000, "20 frames"),
        (audio_file("wav"), None, "pass it as audio="),
        (42, None, "drawn from int"),
        (["a.jpg", 42], None, "no image file 'a.jpg'"),
        (VideoURLPart("https://example.com/a.mp4"), None, "VideoURLPart"),
    ],
)
def test_what_are_no_frames_is_refused_with_a_way_out(given, count, words):
    with pytest.raises(MediaError, match=words):
        frames(given, count)


def test_of_a_short_video_there_are_as_many_frames_as_it_has():
    assert len(frames(video_file("mp4", seconds=0.3)).images) == 3


def test_a_parts_repr_is_short():
    assert "\\x" not in repr(video(MP4))


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([Image.new("RGB", (20, 10))], r"1 frame · 20 × 10 pixels · \d+ bytes"),
        ([Image.new("RGB", (20, 10))] * 40, r"40 frames · 20 × 10 pixels · \d+ kB"),
        (["https://a.example/1.png"] * 4, "4 frames"),
    ],
)
def test_frames_say_how_many_they_are_and_not_each(images, words):
    made = frames(images)
    assert re.fullmatch(f"frames · {words}", text_of(made))
    assert re.fullmatch(r"<FramesPart frames: \d+ frames?>", repr(made))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_damaged_video_is_an_error_of_ours_or_measured(data):
    form = data.draw(st.sampled_from(list(VIDEO_FORMATS)))
    damaged = bytearray(video_file(form, seconds=0.5))
    for _ in range(data.draw(st.integers(0, 8))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    try:
        part = video(cut)
    except MediaError as error:
        assert str(error)
    else:
        assert part.seconds > 0
        assert min(part.width, part.height, part.total_frames) > 0
