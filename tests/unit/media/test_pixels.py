"""One picture, whatever door it comes through: upright, of 8 bits, with its transparency."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from omni_nb.errors import MediaError
from omni_nb.media.parts import frames, image
from omni_nb.media.pixels import decode_small, flat, normal
from omni_nb.offline.image import measure_image
from omni_nb.rules.shrink import shrink

if TYPE_CHECKING:
    from collections.abc import Callable

    from omni_nb.media.image import ImagePart

CASES = Path(__file__).parents[2] / "cases" / "media"
SENT = {f"image/{form}" for form in ("png", "jpeg", "webp", "gif", "bmp", "tiff")}


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    picture.save(file := io.BytesIO(), form, **options)
    return file.getvalue()


def sent(part: ImagePart) -> Image.Image:
    """Return what a server sees that knows no EXIF data and no more than 8 bits."""
    head, data = part.payload()["image_url"]["url"].split(",")
    assert head.removeprefix("data:").removesuffix(";base64") in SENT
    return opened(base64.b64decode(data))


def shown(part: ImagePart) -> Image.Image:
    thumbnail = part.thumbnail()
    assert thumbnail is not None
    return opened(thumbnail)


def shrunk(part: ImagePart) -> Image.Image:
    """Return what shrinking makes, of an image that is over the limits."""
    tiny = decode_small(part.data, part.width, part.height)
    return tiny.resize((part.width, part.height))


DOORS: dict[str, Callable[[Path], ImagePart]] = {
    "path": image,
    "bytes": lambda path: image(path.read_bytes()),
    "PIL": lambda path: image(Image.open(path)),
    "PIL copy": lambda path: image(Image.open(path).copy()),
    "frames": lambda path: frames([path] * 4).images[0],
    "PIL frames": lambda path: frames([Image.open(path)] * 4).images[0],
}


@pytest.mark.parametrize("door", DOORS)
def test_a_photo_is_upright_through_every_door(door: str) -> None:
    part = DOORS[door](CASES / "o6.jpg")
    assert (part.width, part.height) == (200, 400)
    assert sent(part).size == (200, 400)
    assert shown(part).size == (120, 240)
    small = shrink(part, say=str)
    assert (small.width, small.height) == (200, 400)
    reference = np.asarray(shown(image(CASES / "o6.jpg")).resize((8, 16)).convert("L"), int)
    given = np.asarray(shown(part).resize((8, 16)).convert("L"), int)
    assert np.abs(reference - given).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_orientation_is_turned_alike(form: str, orientation: int) -> None:
    """The stored picture has one bright corner; the doors agree on where it is shown."""
    picture = Image.new("L", (60, 40))
    picture.paste(255, (0, 0, 20, 15))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(picture.convert("RGB"), form, exif=exif)
    by_file, by_pil = image(data), image(opened(data))
    assert (by_file.width, by_file.height) == (by_pil.width, by_pil.height)
    assert by_file.width == (60 if orientation < 5 else 40)
    corners = [
        np.asarray(picture.convert("L").resize((2, 2), Image.Resampling.BOX)).argmax()
        for picture in (shown(by_file), flat(sent(by_file)), sent(by_pil), shown(by_pil))
    ]
    expected = {1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[orientation]
    assert corners == [expected] * 4


RAMP = np.tile(np.arange(256, dtype=np.uint16) * 257, (64, 1))
DEEP = {
    "g16.png": lambda: (CASES / "g16.png").read_bytes(),
    "PNG": lambda: saved(Image.fromarray(RAMP), "PNG"),
    "TIFF": lambda: saved(Image.fromarray(RAMP), "TIFF"),
    "TIFF, big endian": lambda: saved(Image.frombytes("I;16B", (256, 64), big()), "TIFF"),
    "I;16": lambda: Image.fromarray(RAMP),
    "I;16B": lambda: Image.frombytes("I;16B", (256, 64), big()),
    "I of 16 bits": lambda: Image.fromarray(RAMP.astype(np.int32)),
    "I of 8 bits": lambda: Image.fromarray((RAMP // 257).astype(np.int32)),
    "I of any": lambda: Image.fromarray(RAMP.astype(np.int32) * 5 - 90_000),
    "F to 1": lambda: Image.fromarray((RAMP / 65535).astype(np.float32)),
    "F to 255": lambda: Image.fromarray((RAMP / 257).astype(np.float32)),
    "F of any": lambda: Image.fromarray((RAMP / 65.0 - 500).astype(np.float32)),
    "F, TIFF": lambda: saved(Image.fromarray((RAMP / 65535).astype(np.float32)), "TIFF"),
    "numpy": lambda: RAMP / 65535,
}


def big() -> bytes:
    return RAMP.astype(">u2").tobytes()


@pytest.mark.parametrize("kind", DEEP)
def test_gray_of_many_bits_is_a_ramp_wherever_it_is_seen(kind: str) -> None:
    part = image(DEEP[kind]())
    for seen in (shown(part), sent(part), shrunk(part), sent(frames([part] * 4).images[2])):
        assert seen.mode in ("L", "RGB")
        gray = np.asarray(seen.convert("L"), float)
        assert gray.mean() == pytest.approx(127.5, abs=1)
        assert (gray.min() < 4, gray.max() > 251) == (True, True)
    assert measure_image(part.data).brightness == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("values", [[np.nan, 0, 1], [np.inf, 0, 1], [7, 7, 7], [-1, 0, 1]])
def test_floats_that_are_no_numbers_raise_nothing(values: list[float]) -> None:
    picture = Image.fromarray(np.array([values] * 3, np.float32).repeat(20, 0).repeat(20, 1))
    assert sent(image(picture)).mode == "L"


def half(mode: str) -> Image.Image:
    """Return an image that is red or gray at its right, and transparent at its left."""
    picture = Image.new("RGBA", (60, 40), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 30, 40))
    match mode:
        case "P":
            return picture.quantize(4)
        case "PA":
            return picture.quantize(4).convert("PA")
        case "La":
            return picture.convert("LA").convert("La")
        case "RGB" | "L":
            made = picture.convert(mode)
            made.info["transparency"] = (0, 0, 0) if mode == "RGB" else 0
            return made
        case "I;16":
            made = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
            made.info["transparency"] = 0
            return made
        case _:
            return picture.convert(mode)


CLEAR = {
    **{mode: lambda mode=mode: half(mode) for mode in ("LA", "PA", "P", "RGBA", "RGBa", "La")},
    **{f"{mode} with a key": lambda mode=mode: half(mode) for mode in ("RGB", "L", "I;16")},
    **{
        f"{form} file": lambda form=form: saved(half("RGBA"), form)
        for form in ("PNG", "GIF", "WEBP", "TIFF", "TGA", "JPEG2000")
    },
    "open GIF": lambda: opened(saved(half("RGBA"), "GIF")),
    "open PNG of mode P": lambda: opened(saved(half("P"), "PNG")),
    "16 bit PNG": lambda: saved(half("I;16"), "PNG", transparency=0),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_what_is_transparent_is_white_or_stays_transparent(kind: str) -> None:
    part = image(CLEAR[kind]())
    seen = sent(part)
    assert seen.convert("RGBA").getpixel((10, 20))[3] == 0
    for picture in (shown(part), shrunk(part), flat(seen), sent(frames([part] * 4).images[0])):
        clear, ink = (flat(picture).getpixel(place) for place in ((10, 20), (50, 20)))
        assert min(clear) > 250
        assert ink[2] < 80


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr", "HSV", "RGBX", "LAB"])
def test_other_modes_are_sent_as_rgb_or_gray(mode: str) -> None:
    red = Image.new("RGB", (40, 30), (200, 20, 20))
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        given = ImageCms.profileToProfile(red, *profiles, outputMode="LAB")
    else:
        given = red.convert(mode)
    seen = sent(image(given))
    assert seen.mode in ("1", "L", "RGB")
    if seen.mode == "RGB":
        assert seen.getpixel((5, 5)) == pytest.approx((200, 20, 20), abs=3)


def profile_of(space: bytes) -> bytes:
    """Return a profile that claims to be of other pixels; its tables are those of sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = space
    return bytes(profile)


SRGB = profile_of(b"RGB ")


@pytest.mark.parametrize("given", ["file", "open"])
def test_cmyk_is_sent_as_rgb_without_its_profile(given: str) -> None:
    cmyk = Image.new("RGB", (40, 30), (200, 20, 20)).convert("CMYK")
    data = saved(cmyk, "JPEG", quality=95, icc_profile=profile_of(b"CMYK"))
    part = image(data if given == "file" else opened(data))
    for picture in (sent(part), shrunk(part)):
        assert picture.mode == "RGB"
        assert "icc_profile" not in picture.info
        assert picture.getpixel((5, 5)) == pytest.approx((200, 20, 20), abs=6)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_colour_profile_is_kept(form: str) -> None:
    data = saved(Image.new("RGB", (600, 400), (200, 20, 20)), form, icc_profile=SRGB)
    for given in (data, opened(data)):
        part = image(given)
        assert sent(part).info["icc_profile"] == SRGB
    tall = saved(Image.new("RGB", (9, 400), "red"), form, icc_profile=SRGB)
    enlarged = shrink(tall, say=str)
    assert enlarged.mime == "image/jpeg"
    assert opened(enlarged.data).info["icc_profile"] == SRGB


def test_a_thumbnail_has_the_colours_of_a_wide_profile() -> None:
    """Red and green change places in it."""
    from PIL.ImageCms import ImageCmsProfile, createProfile

    profile = bytearray(ImageCmsProfile(createProfile("sRGB")).tobytes())
    profile = bytearray(bytes(profile).replace(b"rXYZ", b"tmp_").replace(b"gXYZ", b"rXYZ"))
    profile = bytearray(bytes(profile).replace(b"tmp_", b"gXYZ"))
    data = saved(Image.new("RGB", (40, 30), (220, 0, 0)), "PNG", icc_profile=bytes(profile))
    red, green, _ = shown(image(data)).getpixel((5, 5))
    assert green > red + 100


@pytest.mark.parametrize(
    "profile",
    [b"nonsense", b"", SRGB[:200], profile_of(b"GRAY")],
    ids=["nonsense", "nothing", "its beginning", "of grey"],
)
def test_a_profile_that_is_damaged_or_of_other_pixels_hurts_nothing(profile: bytes) -> None:
    picture = Image.new("RGB", (40, 30), (200, 20, 20))
    picture.info["icc_profile"] = profile
    part = image(picture)
    assert shown(part).getpixel((5, 5)) == pytest.approx((200, 20, 20), abs=6)


def test_a_photo_of_two_pictures_is_one_jpeg() -> None:
    part = image(CASES / "iphone.jpg")
    assert part.mime == "image/jpeg"
    assert part.data == (CASES / "iphone.jpg").read_bytes()
    assert image(Image.open(CASES / "iphone.jpg")).width == part.width
    with pytest.raises(MediaError, match="pass it as image="):
        frames(CASES / "iphone.jpg")
    with pytest.raises(MediaError, match="is one picture; pass it as image="):
        frames(Image.open(CASES / "iphone.jpg"))


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("TGA", "image/png"),
        ("PPM", "image/png"),
        ("ICO", "image/png"),
        ("PCX", "image/png"),
        ("SGI", "image/png"),
        ("DDS", "image/png"),
        ("QOI", "image/png"),
        ("JPEG2000", "image/jpeg"),
        ("AVIF", "image/jpeg"),
    ],
)
def test_other_formats_are_converted_and_that_is_said(form: str, mime: str, tmp_path: Path) -> None:
    path = tmp_path / "red.bin"
    path.write_bytes(saved(Image.new("RGB", (64, 64), (200, 20, 20)), form))
    part = image(path)
    assert part.mime == mime
    assert part.name == f"red.bin ({form}, sent as {mime[6:].upper()})"
    assert sent(part).size == (part.width, part.height) == (64, 64)
    assert sent(part).convert("RGB").getpixel((5, 5)) == pytest.approx((200, 20, 20), abs=6)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_formats_that_services_read_are_sent_as_they_are(form: str) -> None:
    data = saved(Image.new("RGB", (40, 30), "red"), form)
    part = image(data)
    assert part.data == data
    assert part.mime in SENT


@pytest.mark.parametrize("quality", [60, 80, 95])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_photo_that_is_turned_is_about_as_large_as_it_was(quality: int, mode: str) -> None:
    grain = np.random.default_rng(0).integers(0, 12, (400, 600, 1), np.uint8).repeat(3, 2)
    slope = np.linspace([0, 200, 40], [240, 20, 90], 600).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 8
    data = saved(Image.fromarray(grain + slope).convert(mode), "JPEG", quality=quality, exif=exif)
    part = image(data)
    assert sent(part).size == (400, 600)
    assert part.total_bytes == pytest.approx(len(data), rel=0.1)
    upright = opened(data).transpose(Image.Transpose.ROTATE_90)
    difference = np.asarray(sent(part), int) - np.asarray(upright, int)
    assert np.abs(difference).mean() < 2


def test_a_damaged_photo_on_its_side_is_sent_as_it_is() -> None:
    data = (CASES / "o6.jpg").read_bytes()[:1500]
    part = image(data)
    assert part.data == data
    assert (part.width, part.height) == (200, 400)


def test_what_pillow_only_pretends_to_read_is_refused() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 30\n%%EndComments\n%%EOF\n"
    with pytest.raises(MediaError, match="save it as PNG or JPEG"):
        image(postscript)


def cut(name: str) -> Image.Image:
    return Image.open(io.BytesIO((CASES / name).read_bytes()[:400]))


def closed() -> Image.Image:
    picture = Image.open(CASES / "o6.jpg")
    picture.close()
    return picture


@pytest.mark.parametrize("make", [closed, lambda: cut("g16.png"), lambda: cut("multi.tif")])
@pytest.mark.parametrize("door", [image, lambda given: frames([given] * 4), shrink])
def test_a_closed_or_truncated_pil_image_is_an_error_with_words(
    make: Callable[[], Image.Image], door: Callable[[Any], Any]
) -> None:
    with pytest.raises(MediaError, match=r"cannot be read: .*closed, or its file is cut short"):
        door(make())


def moving(form: str, total: int) -> bytes:
    pictures = [Image.new("RGB", (40, 30), (n * 20, 0, 255 - n * 20)) for n in range(total)]
    return saved(pictures[0], form, save_all=True, append_images=pictures[1:])


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_frames_are_all_pictures_of_a_file_that_has_several(form: str, tmp_path: Path) -> None:
    data = moving(form, 12)
    (tmp_path / "several").write_bytes(data)
    for given in (data, tmp_path / "several", opened(data)):
        made = frames(given).images
        reds = [shown(frame).getpixel((5, 5))[0] for frame in made]
        assert reds == pytest.approx([n * 20 for n in range(12)], abs=8)
    assert len(frames(data, count=5).images) == 5
    with pytest.raises(MediaError, match="has 12 frames; 13 cannot"):
        frames(data, count=13)


def test_an_open_animation_stays_where_it_was() -> None:
    given = opened(moving("GIF", 4))
    given.seek(2)
    assert len(frames(given).images) == 4
    assert given.tell() == 2


def test_more_pictures_than_any_model_takes_are_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("omni_nb.media.video._PAGES_MAX", 5)
    with pytest.raises(MediaError, match=r"has 6 pictures.*count=\.\.\."):
        frames(moving("GIF", 6))
    assert len(frames(moving("GIF", 6), count=6).images) == 6


def test_several_pages_are_frames_and_no_image() -> None:
    with pytest.raises(MediaError, match=r"has 4 pages; an image is one\. Pass .* frames="):
        image(CASES / "multi.tif")
    assert [part.width for part in frames(CASES / "multi.tif").images] == [80] * 4
    page = Image.open(CASES / "multi.tif")
    page.seek(3)
    assert sent(image(page)).convert("RGB").tobytes() == flat(page).tobytes()


def test_a_smaller_copy_in_a_tiff_file_is_no_page() -> None:
    """As cameras and slide scanners add them."""
    small = Image.new("RGB", (10, 8), "red")
    small.encoderinfo = {"tiffinfo": {254: 1}}
    large = Image.new("RGB", (100, 80), "red")
    data = saved(large, "TIFF", save_all=True, append_images=[small])
    assert opened(data).n_frames == 2
    assert image(data).width == 100
    pages = saved(large, "TIFF", save_all=True, append_images=[small, large.copy()])
    assert [frame.width for frame in frames(pages).images] == [100, 100]


def test_nothing_of_pillows_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    data = saved(Image.new("RGB", (44, 30), "red"), "TGA")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert image(data).thumbnail()
    assert Image.MAX_IMAGE_PIXELS == 1000


@pytest.mark.slow
@pytest.mark.parametrize(("form", "height"), [("PNG", 5_600), ("JPEG", 12_240), ("TIFF", 12_240)])
def test_90_to_200_megapixels_can_be_shrunk(form: str, height: int) -> None:
    stripes = np.zeros((100, 16_320), np.uint8)
    stripes[:, 8_160:] = 255
    picture = Image.fromarray(stripes).resize((16_320, height), Image.Resampling.NEAREST)
    options = {"PNG": {"compress_level": 1}}
    data = saved(picture, form, **options.get(form, {}))
    del picture
    part = image(data)
    assert part.width * part.height in (91_392_000, 199_756_800)
    with pytest.raises(MediaError, match=r"omni\.shrink"):
        measure_image(part.data)
    made = shrink(part, say=str)
    assert made.width * made.height < 2_000_000
    gray = np.asarray(opened(made.data).convert("L"), float)
    assert gray[:, :100].mean() < 3
    assert gray[:, -100:].mean() > 252
    assert measure_image(made.data).brightness == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "F", "CMYK"])
def test_a_large_image_is_made_small_strip_by_strip(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omni_nb.media.pixels._STRIP_PIXELS", 5000)
    ramp = np.tile(np.linspace(0, 255, 400).astype(np.uint8), (300, 1))
    match mode:
        case "I;16":
            picture = Image.fromarray(ramp.astype(np.uint16) * 257)
        case "F":
            picture = Image.fromarray(ramp.astype(np.float32) * 7 - 90)
        case _:
            picture = Image.fromarray(ramp).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    form = "TIFF" if mode in ("F", "CMYK") else "PNG"
    data = saved(picture, form, **({"exif": exif} if form == "PNG" else {}))
    made = decode_small(data, 30, 40) if form == "PNG" else decode_small(data, 40, 30)
    whole = normal(opened(data)).convert("RGB").resize(made.size, Image.Resampling.BOX)
    assert made.size == ((30, 40) if form == "PNG" else (40, 30))
    assert np.abs(np.asarray(made, int) - np.asarray(whole, int)).max() <= 3
