from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from matplotlib.figure import Figure

import omni_nb
from omni_nb.errors import MediaError, brief
from omni_nb.media.sources import (
    HELD_BYTES,
    FileSource,
    LocalSource,
    RemoteSource,
    data_url_length,
    decode_data_url,
    embed,
    encode_data_url,
    open_source,
    read_all,
)


def test_a_url_is_passed_on_and_never_opened():
    source = open_source("HTTPS://example.com/a/dog.jpg?x=1", kind="image")
    assert source == RemoteSource("HTTPS://example.com/a/dog.jpg?x=1")
    assert source.name == "dog.jpg"


@pytest.mark.parametrize("make", [str, Path])
def test_a_path_is_read(tmp_path, make):
    (tmp_path / "dög.png").write_bytes(b"pixels")
    assert open_source(make(tmp_path / "dög.png"), kind="image") == LocalSource(
        b"pixels", "dög.png"
    )


def test_a_home_path_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "dog.png").write_bytes(b"pixels")
    assert open_source("~/dog.png", kind="image") == LocalSource(b"pixels", "dog.png")


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_bytes_are_kept(make):
    source = open_source(make(b"pixels"), kind="image")
    assert isinstance(source, LocalSource)
    assert source.data == b"pixels"


def test_a_file_object_is_read_and_named(tmp_path):
    (tmp_path / "dog.png").write_bytes(b"pixels")
    with (tmp_path / "dog.png").open("rb") as file:
        assert open_source(file, kind="image") == LocalSource(b"pixels", "dog.png")
    assert open_source(io.BytesIO(b"pixels"), kind="image") == LocalSource(b"pixels", "image file")


def test_a_text_file_object_is_refused():
    with pytest.raises(MediaError, match="mode 'rb'"):
        open_source(io.StringIO("pixels"), kind="image")


def test_anything_else_is_left_to_the_door():
    assert open_source(42, kind="image") is None


def test_data_urls_survive_a_round_trip():
    data = bytes(range(256))
    assert decode_data_url(encode_data_url(data, "image/png")) == data


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("data:;base64,cGl4ZWxz", b"pixels"),
        ("data:image/png;base64,cGl4 ZWx\nz", b"pixels"),
        ("data:image/png;base64,cGk", b"pi"),
        ("data:image/png;base64,cGl4ZWxz%3D", b"pixels"),
        ("data:text/plain,a%20b", b"a b"),
    ],
)
def test_data_urls_are_read_as_people_write_them(url, data):
    assert decode_data_url(url) == data


@pytest.mark.parametrize(
    "url", ["data:image/png;base64", "data:image/png;base64,*!", "data:;base64,A"]
)
def test_a_broken_data_url_says_what_is_broken(url):
    with pytest.raises(MediaError, match=r"data URL"):
        decode_data_url(url)


def test_a_missing_file_says_where_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MediaError, match=rf"no image file 'dog.jpg'.*{tmp_path}"):
        open_source("dog.jpg", kind="image")


def test_a_folder_an_empty_file_and_a_strange_path_are_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    with pytest.raises(MediaError, match="folder"):
        open_source(tmp_path, kind="image")
    with pytest.raises(MediaError, match=r"empty.png.*empty \(0 bytes\)"):
        open_source(tmp_path / "empty.png", kind="image")
    with pytest.raises(MediaError, match="cannot be read"):
        open_source("a\0b", kind="image")


@pytest.fixture
def large_file(tmp_path):
    path = tmp_path / "walk.mp4"
    path.write_bytes(b"pixels" + bytes(HELD_BYTES))
    return path


def test_a_large_file_is_read_only_when_it_is_sent(large_file):
    source = open_source(large_file, kind="video")
    assert isinstance(source, FileSource)
    assert (source.name, source.total_bytes) == ("walk.mp4", HELD_BYTES + 6)
    assert read_all(source) == large_file.read_bytes()
    head, data = embed(source, "video/mp4").split(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(data) == large_file.read_bytes()


def test_a_small_file_may_change_before_it_is_sent(tmp_path):
    path = tmp_path / "question.wav"
    path.write_bytes(b"samples")
    source = open_source(path, kind="audio")
    path.unlink()
    assert read_all(source) == b"samples"


def test_a_large_file_is_found_again_from_another_folder(large_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = open_source("walk.mp4", kind="video")
    monkeypatch.chdir("/")
    assert len(read_all(source)) == HELD_BYTES + 6


@pytest.mark.parametrize("change", ["size", "time", "gone"])
def test_a_large_file_that_has_changed_is_not_sent_unchecked(large_file, change):
    source = open_source(large_file, kind="video")
    if change == "size":
        large_file.write_bytes(bytes(HELD_BYTES + 7))
    elif change == "time":
        os.utime(large_file, ns=(1, 1))
    else:
        large_file.unlink()
    with pytest.raises(MediaError, match=r"walk\.mp4.* (has changed|cannot be read)"):
        source.open()


BARE = {
    "image": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9000).decode(),
    "jpeg": base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(3000)).decode(),
    "video": base64.urlsafe_b64encode(b"\0\0\0\x20ftypmp42" + b"\xff\xfe" * 900).decode(),
    "of lines": base64.encodebytes(b"RIFF\0\0\0\0WAVE" + bytes(3000)).decode(),
    "short": base64.b64encode(b"GIF89a" + bytes(30)).decode(),
    "half a head": f"image/png;base64,{base64.b64encode(bytes(3000)).decode()}",
    "unknown": base64.b64encode(b"?" * 3_000_000).decode(),
}


@pytest.mark.parametrize("door", ["image", "audio", "video", "frames"])
@pytest.mark.parametrize("make", [str, str.encode, lambda text: io.BytesIO(text.encode())])
@pytest.mark.parametrize("name", BARE)
def test_bare_base64_is_named_in_a_line_with_what_to_write_before_it(door, make, name):
    if make is not str and name in ("unknown", "half a head"):
        return  # bytes that nobody knows are bytes
    with pytest.raises(MediaError, match=r"'data:\w+/...;base64,'") as refused:
        getattr(omni_nb, door)(make(BARE[name]))
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("door", ["image", "audio", "video", "frames"])
@pytest.mark.parametrize(
    "given", ["x.y" * 1_000_000, "a/" * 90 + "b.png", "\n" * 9000 + ".", "é" * 500]
)
def test_an_error_repeats_a_line_of_a_name_at_most(door, given):
    with pytest.raises(MediaError) as refused:
        getattr(omni_nb, door)(given)
    assert len(str(refused.value)) < 600
    assert "\n" not in str(refused.value)


def test_a_short_name_that_is_also_base64_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("photo", "abcd" * 20, "/var/lib/images/first"):
        with pytest.raises(MediaError, match="no image file"):
            open_source(name, kind="image")
    (tmp_path / "iVBORw0KGgoAAAANSUhEUgAA").write_bytes(b"pixels")
    assert read_all(open_source("iVBORw0KGgoAAAANSUhEUgAA", kind="image")) == b"pixels"


@pytest.mark.parametrize(
    "shape", ["file://{}", "file://localhost{}", "FILE:{}", "file://LocalHost{}"]
)
@pytest.mark.parametrize("name", ["dog.png", "my dög 100%.png", "a?b#c?d#e.png"])
def test_a_file_url_is_a_path(shape, name, tmp_path):
    (tmp_path / name).write_bytes(b"pixels")
    url = shape.format(f"{tmp_path.as_posix()}/{quote(name)}")
    assert open_source(url, kind="image") == LocalSource(b"pixels", name)
    if "%" not in name:  # as people write it
        url = shape.format(f"{tmp_path.as_posix()}/{name}")
        assert open_source(url, kind="image") == LocalSource(b"pixels", name)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file://example.com/etc/passwd", "another machine, 'example.com'"),
        ("file://127.0.0.1/dog.png", "another machine"),
        ("file:dog.png", "names no file"),
        ("file:///a%00b", "NUL"),
        ("file:///no/such/dog.png", "no image file"),
        ("http://[", "no URL"),
        ("file://[", "no URL"),
    ],
)
def test_a_url_that_names_no_file_of_this_machine_is_refused_in_words(url, words):
    with pytest.raises(MediaError, match=words):
        open_source(url, kind="image")


def test_a_url_of_the_services_own_store_is_passed_on():
    source = open_source("oss://dashscope-instant/a/dog.jpg", kind="image")
    assert source == RemoteSource("oss://dashscope-instant/a/dog.jpg")
    assert source.name == "dog.jpg"


@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_file_object_is_read_from_its_start(at, tmp_path):
    (tmp_path / "dog.png").write_bytes(b"pixels")
    with (tmp_path / "dog.png").open("rb") as file:
        for one in (file, io.BytesIO(b"pixels"), io.BufferedReader(io.BytesIO(b"pixels"))):
            one.seek(at)
            assert read_all(open_source(one, kind="image")) == b"pixels"


def test_a_file_object_that_cannot_go_back_is_read_from_where_it_is():
    reading, writing = os.pipe()
    os.write(writing, b"pixels")
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert read_all(open_source(pipe, kind="image")) == b"pixels"


def test_a_file_that_only_reads_and_one_that_only_seeks_are_read():
    class Reading:
        def read(self, size: int = -1) -> bytes:
            return b"pixels"

    class Spooled(Reading):
        def __init__(self) -> None:
            self.at = 6

        def seek(self, at: int) -> None:
            self.at = at

        def read(self, size: int = -1) -> bytes:
            return b"pixels"[self.at :]

    for one in (Reading(), Spooled()):
        assert read_all(open_source(one, kind="image")) == b"pixels"


def test_a_figure_saved_to_memory_is_that_figure():
    figure = Figure(figsize=(1, 2))
    file = io.BytesIO()
    figure.savefig(file)
    part = omni_nb.image(file)
    assert (part.mime, part.width, part.height) == ("image/png", 100, 200)


@pytest.mark.parametrize("door", ["image", "audio", "video", "frames", "path"])
def test_a_nul_in_a_name_is_refused_in_words(door):
    ask = (lambda name: omni_nb.estimate(Path(name))) if door == "path" else getattr(omni_nb, door)
    with pytest.raises(MediaError, match=r"'a\\x00b\.png' cannot be read: .*NUL"):
        ask("a\0b.png")


def test_what_took_the_place_of_a_large_file_is_not_waited_for(large_file):
    source = open_source(large_file, kind="video")
    large_file.unlink()
    os.mkfifo(large_file)
    with pytest.raises(MediaError, match="no regular file"):
        source.open()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("dog.jpg", "'dog.jpg'"),
        (b"dog", "b'dog'"),
        (None, "None"),
        ("a\nb", r"'a\nb'"),
        ([1] * 99, "[1, 1, 1, 1, 1, 1, ...]"),
    ],
)
def test_what_was_given_is_said_as_it_is(given, words):
    assert brief(given) == words


class Broken:
    def __repr__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    "given",
    [
        "x" * 10**7,
        b"x" * 10**7,
        10**5000,
        list(range(10**6)),
        {"a": "b" * 10**6},
        Broken(),
        np.ones((99, 99)),
    ],
    ids=lambda given: type(given).__name__,
)
def test_whatever_was_given_is_said_in_a_line(given):
    assert len(brief(given)) < 200
    assert "\n" not in brief(given)


def test_what_never_ends_is_not_read():
    with pytest.raises(MediaError, match="'/dev/zero' is no regular file"):
        open_source("/dev/zero", kind="audio")


def test_a_closed_file_object_is_refused():
    file = io.BytesIO(b"pixels")
    file.close()
    with pytest.raises(MediaError, match=r"cannot be read: .*closed"):
        open_source(file, kind="image")


@pytest.mark.parametrize("total_bytes", [0, 1, 2, 3, 100])
def test_the_length_of_a_data_url_is_known_without_making_it(total_bytes):
    url = encode_data_url(bytes(total_bytes), "audio/wav")
    assert data_url_length(total_bytes, "audio/wav") == len(url)
