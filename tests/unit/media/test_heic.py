"""A phone's HEIC photo is sent as JPEG, upright and in its own colours."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

import omni_nb as omni
from omni_nb.errors import MediaError
from omni_nb.media.heic import is_heic
from omni_nb.media.parts import as_parts
from omni_nb.media.sources import LocalSource
from omni_nb.render.errors import advice_text
from tests.no_heif import forget_pillow_heif

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(orientation: int = 1, mode: str = "RGB", **options) -> bytes:
    """Return a HEIC photo of 64 × 40 stored pixels: blue, red in its upper left corner."""
    image = Image.new(mode, (64, 40), "blue" if mode == "RGB" else 0)
    image.paste("red" if mode == "RGB" else 255, (0, 0, 32, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=95, exif=exif.tobytes(), **options)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "IMG_0001.HEIC").write_bytes(photo())
    return tmp_path


DOORS = {
    "path": lambda path: omni.image(str(path)),
    "Path": omni.image,
    "bytes": lambda path: omni.image(path.read_bytes()),
    "file": lambda path: omni.image(path.open("rb")),
    "data URL": lambda path: omni.image(
        "data:image/heic;base64," + base64.b64encode(path.read_bytes()).decode()
    ),
    "as_parts": lambda path: as_parts(path)[0],
    "frames": lambda path: omni.frames([path] * 2).images[1],
    "shrink": lambda path: omni.shrink(path, say=lambda line: None),
    "PIL": lambda path: omni.image(pillow_heif.open_heif(path).to_pillow()),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_sends_a_jpeg(door, folder):
    part = DOORS[door](folder / "IMG_0001.HEIC")
    assert part.mime == ("image/png" if door == "PIL" else "image/jpeg")
    assert (part.width, part.height) == (64, 40)
    with Image.open(io.BytesIO(part.data)) as sent:
        assert sent.format == ("PNG" if door == "PIL" else "JPEG")
        assert sent.size == (64, 40)
    assert part.thumbnail()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_however_the_phone_was_held(orientation, tmp_path):
    (tmp_path / "a.heic").write_bytes(photo(orientation))
    part = omni.image(tmp_path / "a.heic")
    turned = orientation >= 5
    assert (part.width, part.height) == ((40, 64) if turned else (64, 40))
    with Image.open(io.BytesIO(part.data)) as sent:
        assert sent.getexif().get(0x0112, 1) == 1
        pixels = np.asarray(sent.convert("RGB")).astype(int)
    red = pixels[:, :, 0] > 128
    rows, columns = np.argwhere(red).mean(axis=0) / red.shape
    top, left = {
        1: (1, 1), 2: (1, 0), 3: (0, 0), 4: (0, 1), 5: (1, 1), 6: (1, 0), 7: (0, 0), 8: (0, 1)
    }[orientation]  # fmt: skip
    assert (rows < 0.5, columns < 0.5) == (bool(top), bool(left))


def test_colours_and_gray_and_what_is_transparent_come_as_they_are_seen():
    image = Image.new("RGB", (64, 40), "teal")
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, icc_profile=PROFILE)
    with Image.open(io.BytesIO(omni.image(file.getvalue()).data)) as sent:
        assert sent.info["icc_profile"] == PROFILE
    clear = Image.new("RGBA", (64, 40), (255, 0, 0, 0))
    file = io.BytesIO()
    pillow_heif.from_pillow(clear).save(file)
    with Image.open(io.BytesIO(omni.image(file.getvalue()).data)) as sent:
        assert (sent.format, sent.getpixel((32, 20))[3]) == ("PNG", 0), "JPEG has no such pixels"
    with Image.open(io.BytesIO(omni.image(photo(mode="L")).data)) as sent:
        assert sent.convert("L").getpixel((4, 4)) > 200


def test_it_is_asked_about_and_weighed():
    reply = omni.ask("What is this?", image=photo(), show=False)
    assert reply.usage.input["image"] == 8
    url = reply.request.payload()["messages"][0]["content"][0]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,/9j/")


@pytest.mark.parametrize("door", [name for name in DOORS if name != "PIL"])
def test_without_the_extra_the_error_names_it(door, folder, monkeypatch):
    forget_pillow_heif(monkeypatch)
    with pytest.raises(MediaError, match=r'HEIC.*pip install "omni_nb\[heic\]"') as refused:
        DOORS[door](folder / "IMG_0001.HEIC")
    for language in ("en", "zh"):
        assert "omni_nb[heic]" in advice_text(refused.value, language)


@pytest.mark.parametrize("extra", [True, False])
@pytest.mark.parametrize("door", ["audio", "video"])
def test_as_another_kind_it_is_said_to_be_an_image(door, extra, monkeypatch):
    if not extra:
        forget_pillow_heif(monkeypatch)
    with pytest.raises(MediaError, match=r"is an image, not .*image="):
        getattr(omni, door)(photo())


@pytest.mark.parametrize("cut", [40, 300, 500])
def test_a_damaged_one_is_a_media_error(cut):
    data = photo()
    for broken in (data[:cut], data[:cut] + bytes(len(data) - cut)):
        with pytest.raises(MediaError, match=r"damaged|not an image"):
            omni.image(broken)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (photo()[:64], True),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", True),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", False),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", False),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42", False),
        (b"", False),
    ],
)
def test_it_is_known_by_its_head(head, expected):
    assert is_heic(head) is expected
    assert LocalSource(head, "a").total_bytes == len(head)
