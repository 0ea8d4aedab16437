"""Inputs over a model's limits, brought under them."""

from __future__ import annotations

import io
import random
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from omni_nb.errors import MediaError, OmniError, RequestError
from omni_nb.media.clip import AudioClip
from omni_nb.media.extract import draw_frames, read_audio
from omni_nb.media.parts import AudioPart, FramesPart, ImagePart, VideoPart, audio, image, video
from omni_nb.rules.catalog import find_model, register_model
from omni_nb.rules.limits import check_parts
from omni_nb.rules.shrink import shrink
from omni_nb.rules.tokens import image_tokens
from tests.media_files import audio_file, moment, rotated, speechlike, video_file

TURBO = find_model("qwen-omni-turbo")


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def strict_model(monkeypatch: pytest.MonkeyPatch) -> str:
    """A model with small limits, so that small files are over them."""
    monkeypatch.setattr("omni_nb.rules.catalog._registered", {})
    limits = {
        "image_bytes": 20_000,
        "audio_bytes": 12_000,
        "audio_seconds": 2,
        "video_bytes": 30_000,
        "video_seconds": 2,
        "frames_min": 2,
        "frames_max": 5,
    }
    register_model("strict", like="qwen-omni-turbo", limits=limits)
    return "strict"


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    count = width * height * len(mode)
    return Image.frombytes(mode, (width, height), random.Random(0).randbytes(count))


def png(picture: Image.Image) -> bytes:
    picture.save(file := io.BytesIO(), "PNG", compress_level=0)
    return file.getvalue()


def test_a_picture_of_too_many_bytes_gets_the_size_that_the_model_sees(lines: list[str]) -> None:
    given = image(png(noise(2400, 1600)))
    part = shrink(given, say=lines.append)
    check_parts([part], TURBO)
    assert given.total_bytes > 10 * 2**20 > part.total_bytes
    seen = image_tokens(2400, 1600, model="qwen-omni-turbo")
    assert (part.width, part.height) == (seen.resized_width, seen.resized_height)
    assert Image.open(io.BytesIO(part.data)).size == (part.width, part.height)
    assert part.mime == "image/jpeg"
    (line,) = lines
    assert "2400 × 1600 pixels, 10.99 MB → " in line
    before, after = (
        image_tokens(p.width, p.height, model="qwen-omni-turbo") for p in (given, part)
    )
    assert f"{before.tokens:,} → {after.tokens:,} tokens" in line


def test_a_picture_stays_upright(strict_model: str) -> None:
    """Stored bright at its right, shown bright at its bottom."""
    stored = np.repeat(np.arange(256, dtype="uint8"), 4)[None].repeat(600, axis=0)
    grain = np.random.default_rng(0).integers(0, 30, stored.shape, dtype="uint8")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees clockwise
    picture = Image.fromarray(stored // 2 + grain)
    picture.save(file := io.BytesIO(), "JPEG", quality=100, exif=exif)
    part = shrink(file.getvalue(), model=strict_model, say=str)
    made = Image.open(io.BytesIO(part.data)).convert("L")
    assert made.size == (part.width, part.height)
    assert made.height > made.width
    top, bottom = made.resize((1, 2), Image.Resampling.BOX).tobytes()
    assert bottom > top + 40


def test_a_picture_is_made_worse_and_then_smaller_until_it_fits(strict_model: str) -> None:
    part = shrink(png(noise(900, 700)), model=strict_model, say=str)
    assert part.total_bytes <= 20_000
    assert part.width / part.height == pytest.approx(900 / 700, rel=0.05)


def test_what_cannot_be_mended_is_not_called_shrunk(lines: list[str]) -> None:
    with pytest.raises(MediaError, match="ratio of at most 200:1"):
        shrink(Image.new("L", (4000, 5)), say=lines.append)
    assert not lines


def test_what_is_transparent_becomes_white(strict_model: str) -> None:
    clear = noise(200, 200, "RGBA")
    clear.putalpha(0)
    part = shrink(png(clear), model=strict_model, say=str)
    assert Image.open(io.BytesIO(part.data)).getextrema() == ((255, 255),) * 3


def test_a_picture_that_is_too_small_is_enlarged(lines: list[str]) -> None:
    part = shrink(Image.new("RGB", (5, 20), "red"), say=lines.append)
    assert (part.width, part.height) == (11, 44)
    check_parts([part], TURBO)
    assert "5 × 20 pixels" in lines[0]


def test_a_picture_that_is_too_long_must_be_cropped() -> None:
    with pytest.raises(MediaError, match=r"4000 × 15 pixels.*200:1.*Crop it"):
        shrink(Image.new("L", (4000, 15)), say=str)


@pytest.mark.parametrize(
    "given",
    [
        Image.new("RGB", (40, 30)),
        audio_file("mp3"),
        video_file("mp4"),
        [Image.new("RGB", (40, 30))] * 4,
    ],
    ids=["image", "audio", "video", "frames"],
)
def test_what_is_within_the_limits_stays_as_it_is(given: Any, lines: list[str]) -> None:
    part = shrink(given, say=str)
    assert shrink(part, say=lines.append) is part
    assert "within the limits of qwen-omni-turbo and stays as it is" in lines[0]


def test_nothing_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    shrink(audio_file("wav"))
    assert "shrink: audio" in capsys.readouterr().out


def test_a_sound_that_is_too_long_is_cut(lines: list[str]) -> None:
    part = shrink(audio_file("flac", seconds=200), say=lines.append)
    check_parts([part], TURBO)
    measured = audio(part.source.open().read())
    assert isinstance(measured, AudioPart)
    assert (measured.format, measured.sample_rate, measured.channels) == ("mp3", 16000, 1)
    assert 179 < measured.seconds <= 180
    assert part.seconds == pytest.approx(measured.seconds, abs=0.11)
    assert "200.0 s, " in lines[0]
    assert "5,000 → 4,498 tokens; cut 0.1 s before the limit of 180 s, for what an MP3" in lines[0]
    assert sum(lengths(part)) == pytest.approx(180)


def test_a_sound_of_too_many_bytes_keeps_its_length(strict_model: str) -> None:
    part = shrink(audio_file("wav", seconds=1.9, channels=2), model=strict_model, say=str)
    assert part.total_bytes <= 12_000
    assert part.seconds == pytest.approx(1.9, abs=0.01)
    heard = read_audio(part.source).samples[4000:20000].astype(float)
    assert np.abs(np.fft.rfft(heard)).argmax() == pytest.approx(440, abs=2)


def lengths(part: AudioPart) -> list[float]:
    """How long each piece of a sound file lasts, with what its encoder has added."""
    with av.open(part.source.open()) as container:
        return [float(p.duration * p.time_base) for p in container.demux(audio=0) if p.size]


def test_speech_is_cut_exactly_where_one_asks(lines: list[str]) -> None:
    part = shrink(speechlike(), max_seconds=1, say=lines.append)
    assert part.seconds == audio(part.source.open().read()).seconds == 1
    assert "before the limit" not in lines[0]


def test_just_below_a_limit_there_is_room_for_what_the_encoder_adds(
    strict_model: str, lines: list[str]
) -> None:
    part = shrink(
        audio_file("wav", seconds=3), model=strict_model, max_seconds=1.95, say=lines.append
    )
    assert part.seconds == pytest.approx(1.9)
    assert sum(lengths(part)) < 2.01
    assert "cut 0.1 s before the limit of 2 s" in lines[0]


def test_a_length_must_be_one() -> None:
    with pytest.raises(RequestError, match="max_seconds is more than 0, not 0"):
        shrink(audio_file("wav"), max_seconds=0)


def test_a_sound_that_fits_at_no_bit_rate_is_refused(strict_model: str) -> None:
    register_model("tiny", like=strict_model, limits={"audio_bytes": 300})
    with pytest.raises(MediaError, match=r"do not fit in 300 bytes.*smaller max_seconds"):
        shrink(audio_file("wav"), model="tiny", say=str)


@pytest.mark.parametrize("form", ["mp4", "mp4-fragmented", "webm", "flv", "avi"])
def test_a_video_that_is_too_long_is_cut(form: str, strict_model: str, lines: list[str]) -> None:
    given = video(video_file(form, seconds=4, fps=25))
    part = shrink(given, model=strict_model, say=lines.append)
    measured = video(part.source.open().read())
    assert isinstance(measured, VideoPart)
    assert part.total_bytes <= 30_000
    assert (measured.width, measured.height) == (part.width, part.height) == (160, 120)
    assert measured.seconds <= 2
    assert measured.seconds == pytest.approx(part.seconds, abs=0.15)
    assert measured.total_frames == part.total_frames == 20
    assert measured.has_audio
    shown = [moment(frame) for frame in draw_frames(part.source, 4)]
    assert shown == pytest.approx([0.06, 0.19, 0.31, 0.44], abs=0.05)
    assert read_audio(part.source).seconds == pytest.approx(2, abs=0.25)
    assert "4.0 s, 160 × 120 pixels, 2" in lines[0]
    assert "→ 2.0 s, 160 × 120 pixels, 10 frames per second" in lines[0]


def test_the_sound_of_a_video_lasts_as_long_as_one_asks() -> None:
    part = shrink(video_file("mp4", seconds=4), max_seconds=1, say=str)
    assert part.seconds == 1
    assert 0.93 < read_audio(part.source).seconds < 1.07  # whole pieces of 0.064 s


def test_a_silent_video_stays_silent(strict_model: str) -> None:
    given = video_file("mp4", seconds=4, has_audio=False)
    part = shrink(given, model=strict_model, say=str)
    assert not part.has_audio
    assert not video(part.source.open().read()).has_audio


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_stood_upright(degrees: int, strict_model: str) -> None:
    data = rotated(video_file("mp4", seconds=4), degrees)
    part = shrink(data, model=strict_model, say=str)
    frames = (draw_frames(source, 1)[0] for source in (video(data).source, part.source))
    corners = [frame.resize((2, 2)).tobytes() for frame in frames]
    assert np.abs(np.subtract(*(np.frombuffer(c, "u1").astype(int) for c in corners))).max() < 40


def test_a_video_gets_the_size_that_the_model_sees(strict_model: str) -> None:
    given = video_file("mp4", seconds=2.5, width=1280, height=720, fps=4, has_audio=False)
    part = shrink(given, model=strict_model, say=str)
    assert part.width * part.height <= 768 * 28 * 28
    assert part.width / part.height == pytest.approx(16 / 9, rel=0.01)
    assert part.fps == 4


def test_a_video_that_cannot_be_so_small_is_refused(strict_model: str) -> None:
    register_model("tiny", like=strict_model, limits={"video_bytes": 900, "video_seconds": 2})
    with pytest.raises(MediaError, match=r"do not fit in 900 bytes"):
        shrink(video_file("mp4"), model="tiny", say=str)


def test_of_too_many_frames_evenly_spaced_ones_are_kept(
    strict_model: str, lines: list[str]
) -> None:
    pictures = [Image.new("RGB", (40 + n, 30)) for n in range(11)]
    part = shrink(pictures, model=strict_model, say=lines.append)
    assert isinstance(part, FramesPart)
    assert [frame.width for frame in part.images] == [41, 43, 45, 47, 49]
    assert "11 frames" in lines[0]
    assert "→ 5 frames" in lines[0]


def test_each_frame_is_brought_under_the_limits_of_a_picture(strict_model: str) -> None:
    part = shrink([noise(300, 300)] * 2, model=strict_model, say=str)
    assert all(frame.total_bytes <= 20_000 for frame in part.images)


def test_too_few_frames_cannot_be_mended() -> None:
    with pytest.raises(MediaError, match=r"has 3 frames; qwen-omni-turbo takes at least 4"):
        shrink([Image.new("RGB", (40, 30))] * 3, say=str)


def test_the_limit_of_a_base64_string_counts() -> None:
    """Newer services count the encoded string, a third longer than the file."""
    facts = find_model("qwen3.5-omni-plus")
    part = shrink(png(noise(2000, 1400)), model=facts.name, say=str)
    check_parts([part], facts)
    assert part.total_bytes * 4 / 3 < facts.limits.base64_bytes


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (audio_file("amr"), AudioPart),
        ((np.zeros(8000), 8000), AudioPart),
        (AudioClip(bytes(4800)), AudioPart),
        (io.BytesIO(video_file("mkv")), VideoPart),
        (np.zeros((30, 40, 3), "uint8"), ImagePart),
        (np.zeros((4, 30, 40, 3), "uint8"), FramesPart),
    ],
    ids=["bytes", "samples", "clip", "file", "array", "frames"],
)
def test_what_it_is_is_seen_from_the_content(given: Any, kind: type) -> None:
    assert isinstance(shrink(given, say=str), kind)


def test_a_path_keeps_its_name(tmp_path: Any, lines: list[str]) -> None:
    path = tmp_path / "wrong.jpg"
    path.write_bytes(audio_file("ogg"))
    assert shrink(str(path), say=lines.append).name == "wrong.jpg"
    assert "audio 'wrong.jpg'" in lines[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("https://example.com/a.mp4", "https://example.com/a.mp4 is fetched by the service"),
        (b"just some words, no media" * 9, "no image, sound or video"),
        ({}, "dict"),
        ([], "list is empty"),
        (None, "cannot be made of NoneType"),
    ],
    ids=["url", "words", "dict", "empty", "nothing"],
)
def test_what_cannot_be_shrunk_is_refused(given: Any, words: str) -> None:
    with pytest.raises(OmniError, match=words):
        shrink(given, say=str)


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RequestError, match=r"'gpt-9' are not known\. Known: qwen-omni-turbo, "):
        shrink(audio_file("wav"), model="gpt-9")
