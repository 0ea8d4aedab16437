"""What an image is, without decoding it."""

from __future__ import annotations

import warnings

import pytest
from PIL import Image, ImageFile, PngImagePlugin

from omni_nb.errors import MediaError
from omni_nb.media.probe import ImageFacts, probe_image, probe_images


def saved(path, size=(40, 30), **how):
    Image.new("RGB", size).save(path, **how)
    return path


def decode(image):
    raise AssertionError("the picture was decoded")


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_an_images_header_is_enough(tmp_path, monkeypatch, form):
    data = saved(tmp_path / "dot", format=form).read_bytes()
    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    facts = probe_image(data, name="dot")
    assert (facts.mime, facts.width, facts.height) == (f"image/{form.lower()}", 40, 30)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_turned_image_has_its_displayed_size(tmp_path, form):
    path = saved(tmp_path / "turned", format=form, exif=turned())
    assert probe_image(path.read_bytes(), name="turned").width == 30


def test_the_orientation_in_a_pngs_xmp_is_read_without_decoding_it(tmp_path, monkeypatch):
    words = PngImagePlugin.PngInfo()
    words.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="6"/>')
    data = saved(tmp_path / "turned.png", pnginfo=words).read_bytes()
    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    assert probe_image(data, name="turned.png").width == 30


def test_many_images_are_probed_as_one_is(tmp_path):
    paths = [
        saved(tmp_path / "a.png", (3, 4)),
        saved(tmp_path / "b.jpg", (300, 200), exif=turned()),
        saved(tmp_path / "c.webp", (5, 6)),
    ]
    assert probe_images(paths) == [
        ImageFacts("image/png", 3, 4),
        ImageFacts("image/jpeg", 200, 300),
        ImageFacts("image/webp", 5, 6),
    ]
    assert probe_images(paths) == [probe_image(p.read_bytes(), name=p.name) for p in paths]
    assert probe_images([]) == []


def test_probing_many_images_says_nothing_of_pillows(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    path = saved(tmp_path / "large.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert probe_images([path]) == [ImageFacts("image/png", 40, 30)]


def test_the_image_that_cannot_be_probed_is_named(tmp_path):
    good, text = saved(tmp_path / "a.png"), tmp_path / "b.png"
    text.write_text("no picture")
    with pytest.raises(MediaError, match=r"b.png.*starts with b'no pictu'"):
        probe_images([good, text])
    with pytest.raises(MediaError, match=r"gone.png.*cannot be read"):
        probe_images([good, tmp_path / "gone.png"])
