from __future__ import annotations

import io
from pathlib import Path

import pytest

from omni_nb.errors import MediaError
from omni_nb.media.sources import (
    LocalSource,
    RemoteSource,
    decode_data_url,
    encode_data_url,
    open_source,
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
