"""How long things last: by the packets that are shown, the last one's stay included."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

import omni_nb as omni
from omni_nb.errors import MediaError
from omni_nb.media.counter import TrackCounter
from omni_nb.media.extract import draw_frames, read_audio, rotation
from omni_nb.media.parts import VideoPart, as_parts, audio, video
from omni_nb.offline.audio import measure_audio
from omni_nb.offline.input_tokens import part_tokens
from omni_nb.offline.video import measure_video
from omni_nb.rules.catalog import find_model
from omni_nb.rules.limits import check_parts
from omni_nb.rules.shrink import shrink
from omni_nb.rules.weigh import weigh
from tests.media_files import AUDIO_FORMATS, VIDEO_FORMATS, audio_file, rotated, video_file

CASES = Path(__file__).parents[2] / "cases" / "media"
TURBO = find_model("qwen-omni-turbo")
assert TURBO is not None


def remuxed(name: str, form: str) -> bytes:
    """Return the pictures of a case in another container, packet by packet."""
    file = io.BytesIO()
    with av.open(CASES / name) as given, av.open(file, "w", format=form) as made:
        stream = given.streams.video[0]
        track = made.add_stream_from_template(stream)
        for packet in given.demux(stream):
            if packet.size:
                packet.stream = track
                made.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "seconds", "frames"),
    [
        ("trimmed.mp4", 4.5, 135),
        ("vfr_still.mp4", 10.0, 31),
        ("vfr_still60.mp4", 60.0, 31),
        ("shortvideo.mp4", 2.0, 60),
    ],
)
def test_a_video_lasts_as_long_as_it_is_shown(name: str, seconds: float, frames: int) -> None:
    part = video(CASES / name)
    assert (part.seconds, part.total_frames) == (pytest.approx(seconds, abs=1e-6), frames)
    assert part.fps == pytest.approx(frames / seconds)


def test_a_picture_that_stays_is_measured_in_other_containers() -> None:
    assert video(remuxed("vfr_still.mp4", "mov")).seconds == pytest.approx(10, abs=0.001)


def test_where_the_last_picture_has_no_duration_it_stays_as_long_as_the_others() -> None:
    part = video(remuxed("vfr_still.mp4", "flv"))
    assert part.seconds == pytest.approx(1 + 1 / 30, abs=0.001)


def test_the_frames_that_an_edit_list_hides_are_not_drawn() -> None:
    part = video(CASES / "trimmed.mp4")
    assert len(draw_frames(part.source, 135)) == 135
    with pytest.raises(MediaError, match="has 135 frames; 136"):
        draw_frames(part.source, 136)


def test_a_glance_at_hidden_packets_tells_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omni_nb.media.tracks._GLANCE_PACKETS", 20)
    (part,) = as_parts(CASES / "trimmed.mp4")
    assert part.modality == "video"


def packets(*rows: tuple[int | None, int, bool]) -> list[Any]:
    return [
        SimpleNamespace(
            pts=pts, dts=pts, duration=ticks, size=9, is_discard=hidden, iter_sidedata=lambda: ()
        )
        for pts, ticks, hidden in rows
    ]


@pytest.mark.parametrize(
    ("rows", "seconds", "total"),
    [
        ([(0, 1, False), (2, 1, False), (1, 1, False)], 3.0, 3),
        ([(-2, 1, True), (-1, 1, True), (0, 1, False), (1, 1, False)], 2.0, 2),
        ([(0, 1, False), (1, 1, False), (2, 1, True)], 2.0, 2),
        ([(0, 1, False), (1, 9, False)], 10.0, 2),
        ([(1, 9, False), (0, 1, False)], 10.0, 2),
        ([(0, 0, False), (1, 0, False), (2, 0, False)], 3.0, 3),
        ([(5, 1, False), (6, 1, False)], 2.0, 2),
        ([(None, 2, False), (None, 2, False)], 4.0, 2),
        ([(0, 4, False)], 4.0, 1),
        ([(0, 4, True)], 0.0, 0),
    ],
)
def test_hidden_packets_and_the_last_ones_stay(
    rows: list[tuple[int | None, int, bool]], seconds: float, total: int
) -> None:
    codec = SimpleNamespace(name="h264", width=8, height=8, extradata=None)
    stream = SimpleNamespace(type="video", time_base=Fraction(1), duration=99, codec_context=codec)
    counter = TrackCounter(stream)
    for packet in packets(*rows):
        counter.add(packet)
    track = counter.track("mp4")
    assert (track.seconds, track.total_packets) == (seconds, total)


def test_a_video_that_stays_too_long_is_refused_before_it_is_sent() -> None:
    part = video(CASES / "vfr_still60.mp4")
    with pytest.raises(MediaError, match=r"lasts 60\.00 s; qwen-omni-turbo takes at most 40 s"):
        check_parts([part], TURBO)
    made = shrink(part, say=str)
    check_parts([made], TURBO)
    assert made.seconds == pytest.approx(40, abs=0.6)
    assert video(made.source.data).seconds == made.seconds
    with made.source.open() as file:
        assert measure_video(file).seconds == made.seconds


def test_a_shrunk_video_keeps_the_stay_of_its_last_picture() -> None:
    made = shrink(CASES / "vfr_still.mp4", max_seconds=9, say=str)
    assert made.seconds == pytest.approx(9, abs=0.5)


def test_of_a_video_picture_and_sound_have_each_their_own_length() -> None:
    part = video(CASES / "shortvideo.mp4")
    assert part.seconds == 2
    assert part.audio_seconds == pytest.approx(20, abs=0.03)
    assert weigh(part, TURBO).tokens["audio"] == 501
    cut = shrink(part, max_seconds=5, say=str)
    assert cut.seconds == pytest.approx(2, abs=0.11)
    assert read_audio(cut.source).seconds == pytest.approx(5, abs=0.1)
    assert not VideoPart(part.source, "video/mp4", 2, 8, 8, 30, 60, False).heard_seconds
    assert VideoPart(part.source, "video/mp4", 2, 8, 8, 30, 60, True).heard_seconds == 2


@pytest.mark.parametrize(
    "given",
    [
        {"video": CASES / "shortvideo.mp4"},
        {"video": CASES / "trimmed.mp4"},
        {"video": CASES / "vfr_still.mp4"},
        {"audio": CASES / "adinsert.mp3"},
    ],
    ids=lambda given: next(iter(given.values())).name,
)
def test_the_bill_is_the_estimate(given: dict[str, Path]) -> None:
    reply = omni.ask("?", **given, show=False)
    (part,) = (part for part in reply.request.messages[-1].parts if part.modality != "text")
    billed = {name: count for name, count in reply.usage.input.items() if name != "text"}
    assert billed == dict(weigh(part, TURBO).tokens)


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_the_stand_in_measures_each_video_as_the_door_does(form: str) -> None:
    assert_measured_alike(video_file(form), within=0.03)


@pytest.mark.parametrize("name", ["shortvideo.mp4", "trimmed.mp4"])
def test_the_stand_in_measures_a_case_as_the_door_does(name: str) -> None:
    assert_measured_alike((CASES / name).read_bytes(), within=0.001)


def assert_measured_alike(data: bytes, within: float) -> None:
    part, measured = video(data), measure_video(io.BytesIO(data))
    assert (measured.seconds, measured.fps) == (part.seconds, part.fps)
    assert measured.audio is not None
    heard = measured.audio.decoded_seconds
    assert heard == part.audio_seconds
    decoded = read_audio(part.source, sample_rate=48_000).seconds
    assert heard == pytest.approx(decoded, abs=within)


@pytest.mark.parametrize("form", AUDIO_FORMATS)
def test_the_stand_in_measures_each_sound_as_the_door_does(form: str) -> None:
    data = audio_file(form, seconds=2.3)
    assert measure_audio(io.BytesIO(data)).seconds == audio(data).seconds


@pytest.mark.parametrize(
    ("form", "first", "second"),
    [
        ("aac", {"channels": 1}, {"channels": 2}),
        ("aac", {"sample_rate": 16_000}, {"sample_rate": 44_100}),
        ("mp3", {"sample_rate": 44_100, "channels": 2}, {"sample_rate": 22_050}),
        ("mp3", {"sample_rate": 16_000}, {"sample_rate": 48_000, "channels": 2}),
        ("amr", {}, {}),
        ("webm", {}, {"channels": 2}),
    ],
)
def test_sounds_one_behind_the_other_in_a_file_are_heard_and_weighed(
    form: str, first: dict[str, int], second: dict[str, int]
) -> None:
    data = b"".join(audio_file(form, seconds=2, **how) for how in (first, second))
    part = audio(data)
    assert part.seconds == pytest.approx(4.1, abs=0.2)
    assert read_audio(part.source).seconds == pytest.approx(part.seconds, abs=0.2)
    assert measure_audio(io.BytesIO(data)).seconds == part.seconds
    assert shrink(part, max_seconds=3, say=str).seconds == 3


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_the_tokens_that_the_stand_in_counts_are_those_of_the_estimate(form: str) -> None:
    data = video_file(form, seconds=2.6)
    counted = part_tokens(measure_video(io.BytesIO(data)), TURBO)
    assert counted == dict(weigh(video(data), TURBO).tokens)


@pytest.mark.slow
@pytest.mark.parametrize("form", AUDIO_FORMATS)
def test_the_tokens_of_more_than_a_minute_are_those_of_the_estimate(form: str) -> None:
    data = audio_file(form, seconds=61.3)
    counted = part_tokens(measure_audio(io.BytesIO(data)), TURBO)
    assert counted == dict(weigh(audio(data), TURBO).tokens)


BT709, BT470BG, SMPTE170M, BT2020 = 1, 5, 6, 9


def film(matrix: int, color_range: int) -> bytes:
    """Return a film of red and green that names its colours."""
    file = io.BytesIO()
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32], pixels[:, 32:] = (200, 30, 40), (20, 180, 60)
    with av.open(file, "w", format="mp4") as made:
        track: Any = made.add_stream("libx264", rate=5, options={"crf": "5"})
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        codec = track.codec_context
        codec.colorspace = codec.color_primaries = matrix
        codec.color_range, codec.color_trc = color_range, 1
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
                format="yuv420p", dst_colorspace=matrix, dst_color_range=color_range
            )
            frame.pts = number
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return file.getvalue()


def colors_of(part: VideoPart) -> tuple[int, ...]:
    with av.open(part.source.open()) as container:
        codec = container.streams.video[0].codec_context
        return codec.colorspace, codec.color_range, codec.color_primaries, codec.color_trc


def light_of(part: VideoPart) -> np.ndarray[Any, Any]:
    """Return the light of the first frame, upright, as it is stored."""
    with av.open(part.source.open()) as container:
        frame = next(container.decode(video=0))
        rows = frame.to_ndarray()[: frame.height].astype(int)
        return np.rot90(rows, rotation(frame) // 90)


@pytest.mark.parametrize("degrees", [0, 90])
@pytest.mark.parametrize(
    ("matrix", "color_range"), list(product([BT709, BT470BG, SMPTE170M, BT2020], [1, 2]))
)
def test_colours_survive_shrinking(matrix: int, color_range: int, degrees: int) -> None:
    given = video(rotated(film(matrix, color_range), degrees))
    made = shrink(given, max_seconds=1, say=str)
    assert colors_of(made) == colors_of(given)
    before, after = light_of(given), light_of(made)
    assert before.shape == after.shape == ((64, 48) if degrees else (48, 64))
    assert np.abs(before - after).max() <= 3
