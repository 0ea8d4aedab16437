from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import pytest

from omni_nb.errors import MediaError
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
