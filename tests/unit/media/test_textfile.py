"""A file of text becomes a part that names it, if it is text and not too large."""

from __future__ import annotations

import pytest

from omni_nb.errors import MediaError
from omni_nb.media.parts import TextPart
from omni_nb.media.textfile import TEXT_BYTES, is_text_file, text_file


def test_the_text_stands_below_the_name_without_its_mark(tmp_path):
    path = tmp_path / "notes.md"
    path.write_bytes("\ufeff# Räume\n\n".encode())
    assert text_file(path) == TextPart("notes.md:\n# Räume\n")


@pytest.mark.parametrize("data", [b"\xff\xfe", "GBK: 语".encode("gbk"), b"PK\0\0"])
def test_what_is_not_text_in_utf_8_is_refused(tmp_path, data):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(MediaError, match=r"a\.txt is not text in UTF-8"):
        text_file(tmp_path / "a.txt")


def test_the_largest_text_is_taken_and_one_byte_more_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"1" * TEXT_BYTES)
    assert text_file(path).text.startswith("a.json:\n1")
    path.write_bytes(b"1" * (TEXT_BYTES + 1))
    with pytest.raises(MediaError, match="may have 200 kB"):
        text_file(path)


def test_a_folder_of_names(tmp_path):
    names = ["a.txt", "b.MD", "c.csv", "d.json", "e.png", "txt"]
    assert [name for name in names if is_text_file(tmp_path / name)] == names[:4]
