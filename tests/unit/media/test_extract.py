"""What is taken out of sounds and videos."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_nb.errors import MediaError
from omni_nb.media.extract import decoded, draw_frames, read_audio
from omni_nb.media.sources import LocalSource
from omni_nb.offline.containers import frames as frames_of_packet
from tests.media_files import (
    AUDIO_FORMATS,
    VIDEO_FORMATS,
    audio_file,
    moment,
    rotated,
    truncated,
    video_file,
    with_wav_sizes,
)


def source_of(data: bytes) -> LocalSource:
    return LocalSource(data, "clip")


def moments(data: bytes, count: int) -> list[float]:
    return [moment(frame) for frame in draw_frames(source_of(data), count)]


def middles(count: int, total: int) -> list[float]:
    """Where the square is in the frames in the middle of each slice."""
    return [int((number + 0.5) * total / count) / (total - 1) for number in range(count)]


@pytest.mark.parametrize("form", VIDEO_FORMATS)
@pytest.mark.parametrize("count", [1, 4, 7])
def test_frames_are_the_middles_of_equal_slices_in_every_format(form: str, count: int) -> None:
    assert moments(video_file(form, seconds=4), count) == pytest.approx(
        middles(count, 40), abs=0.03
    )


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_every_frame_can_be_drawn_and_none_twice(form: str) -> None:
    drawn = moments(video_file(form), 20)
    assert drawn == pytest.approx([number / 19 for number in range(20)], abs=0.02)


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_more_frames_than_there_are_is_an_error_that_counts_them(form: str) -> None:
    with pytest.raises(MediaError, match=r"'clip' has 2\d frames; 400 cannot"):
        draw_frames(source_of(video_file(form)), 400)


def test_no_frame_at_all_is_an_error() -> None:
    with pytest.raises(MediaError, match="1 frame or more, not 0"):
        draw_frames(source_of(video_file("mp4")), 0)


def test_frames_far_apart_are_found_by_jumps() -> None:
    """With B frames, whose order in the file is not the order in which they are shown."""
    data = film(range(300), codec_options={"bf": "3", "g": "25", "preset": "medium"})
    assert moments(data, 5) == pytest.approx(middles(5, 300), abs=0.01)


@pytest.mark.parametrize("container", ["matroska", "mov", "flv", "mp4"])
def test_jumps_are_right_with_b_frames_in_other_containers(container: str) -> None:
    data = film(range(120), container=container, codec_options={"bf": "3", "g": "20"})
    assert moments(data, 8) == pytest.approx(middles(8, 120), abs=0.01)


def test_a_file_that_is_entered_at_a_wrong_place_is_read_from_its_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where the index of a file lies."""

    def to_the_end(container: av.container.InputContainer, stream: av.VideoStream, _: int) -> None:
        container.seek(10**9, stream=stream)

    monkeypatch.setattr("omni_nb.media.extract._seek", to_the_end)
    data = film(range(100), codec_options={"g": "10"})
    assert moments(data, 4) == pytest.approx(middles(4, 100), abs=0.01)


def test_frames_are_evenly_spaced_in_time_where_the_frame_rate_varies() -> None:
    """Half of the frames pass in a tenth of the time."""
    times = [*range(50), *range(50, 500, 9)]
    data = film(times)
    length = times[-1] + 9
    shown = [max(t for t in times if t <= (n + 0.5) * length / 6) for n in range(6)]
    expected = [times.index(time) / (len(times) - 1) for time in shown]
    assert moments(data, 6) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("degrees", "size"), [(90, (120, 160)), (180, (160, 120)), (270, (120, 160))]
)
def test_a_turned_video_gives_upright_frames(degrees: int, size: tuple[int, int]) -> None:
    (frame,) = draw_frames(source_of(rotated(video_file("mp4"), degrees)), 1)
    assert frame.size == size
    red_side = {90: (-10, 10), 180: (10, -10), 270: (10, 10)}[degrees]
    red, _, blue = frame.getpixel(
        tuple(place % side for place, side in zip(red_side, size, strict=True))
    )
    assert red > blue


def test_frames_can_be_drawn_small() -> None:
    frames = draw_frames(source_of(video_file("mp4")), 2, most_pixels=40 * 30)
    assert [frame.size for frame in frames] == [(40, 30), (40, 30)]


def test_a_rough_drawing_takes_the_nearest_frames_that_stand_alone() -> None:
    data = film(range(120), codec_options={"g": "10"})
    drawn = draw_frames(source_of(data), 6, roughly=True)
    expected = [number // 10 * 10 / 119 for number in (10, 30, 50, 70, 90, 110)]
    assert [moment(frame) for frame in drawn] == pytest.approx(expected, abs=0.01)


def test_a_rough_drawing_of_a_video_with_few_such_frames_is_exact() -> None:
    data = film(range(120), codec_options={"g": "120"})
    drawn = draw_frames(source_of(data), 6, roughly=True)
    assert [moment(frame) for frame in drawn] == pytest.approx(middles(6, 120), abs=0.01)


def test_a_damaged_part_of_a_video_is_passed_over() -> None:
    data = bytearray(video_file("mp4-faststart", seconds=4))
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    assert len(draw_frames(source_of(bytes(data)), 4)) == 4


@pytest.mark.parametrize("form", ["mkv", "flv", "webm", "mp4-fragmented", "wmv", "mp4-faststart"])
def test_the_frames_of_a_video_that_breaks_off_come_from_what_is_there(form: str) -> None:
    drawn = moments(truncated(video_file(form, seconds=4), 0.6), 3)
    assert drawn == sorted(drawn)
    assert drawn[-1] < 0.85


def test_a_sound_has_no_frames() -> None:
    with pytest.raises(MediaError, match="no video track in 'clip'"):
        draw_frames(source_of(audio_file("mp3")), 1)


def test_what_is_no_media_at_all_is_an_error() -> None:
    with pytest.raises(MediaError, match="'clip' cannot be decoded"):
        draw_frames(source_of(b"certainly no video" * 20), 1)


@pytest.mark.parametrize("form", AUDIO_FORMATS)
def test_every_format_is_heard_as_what_it_is(form: str) -> None:
    clip = read_audio(source_of(audio_file(form, frequency=500)), sample_rate=16000)
    assert clip.sample_rate == 16000
    assert clip.seconds == pytest.approx(1.5, abs=0.11)
    heard = clip.samples[4000:11000].astype(float)  # before the noise of mp3-no-xing
    assert np.abs(np.fft.rfft(heard * np.hanning(7000))).argmax() * 16000 / 7000 == pytest.approx(
        500, abs=3
    )


@pytest.mark.parametrize("form", VIDEO_FORMATS)
def test_the_sound_of_a_video_is_heard(form: str) -> None:
    assert read_audio(source_of(video_file(form))).seconds == pytest.approx(2, abs=0.15)


def test_no_more_is_heard_than_asked_for() -> None:
    clip = read_audio(source_of(audio_file("mp3")), sample_rate=8000, most_seconds=0.5)
    assert clip.samples.size == 4000


def test_a_silent_video_has_no_sound_to_hear() -> None:
    with pytest.raises(MediaError, match="no sound track"):
        read_audio(source_of(video_file("mp4", has_audio=False)))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_file_that_lies_about_its_size_is_heard_whole(size: int) -> None:
    """Recorders that stream write 0 or the largest number; ffmpeg plays both to the end."""
    assert read_audio(source_of(with_wav_sizes(audio_file("wav"), size))).seconds == 1.5


def test_a_video_of_which_no_frame_is_whole_is_named() -> None:
    damaged = bytearray(truncated(video_file("wmv"), 0.5))
    damaged[1100] = 0
    with pytest.raises(MediaError, match=r"clip.* cannot be decoded: none of its frames is whole"):
        draw_frames(source_of(bytes(damaged)), 3)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage_ends_in_a_result_or_in_our_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from([*AUDIO_FORMATS, *VIDEO_FORMATS]))
    whole = audio_file(form) if form in AUDIO_FORMATS else video_file(form)
    damaged = bytearray(truncated(whole, data.draw(st.floats(0.01, 1))))
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=5)):
        damaged[place] = data.draw(st.integers(0, 255))
    for take in (read_audio, lambda source: draw_frames(source, 3)):
        try:
            take(source_of(bytes(damaged)))
        except MediaError as error:
            assert "clip" in str(error)


def film(times: object, container: str = "mp4", codec_options: object = ()) -> bytes:
    """An H.264 video with a frame at each of the times, in hundredths of a second."""
    from fractions import Fraction

    from tests.media_files import frame_pixels

    times = list(times)
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        options = {"preset": "ultrafast", **dict(codec_options)}
        stream = output.add_stream("libx264", rate=100, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(frame_pixels(number / (len(times) - 1)), "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 100)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def test_a_packet_without_a_decoder_is_left_out_and_never_decoded() -> None:
    """A damaged file may have a track that nobody can decode: PyAV 17 ends the process then."""

    class Stream:
        codec_context = None

    class Packet:
        stream = Stream()

        def decode(self) -> None:
            pytest.fail("decoded")

    class Container:
        def demux(self, *streams: object) -> list[Packet]:
            return [Packet()]

    assert list(decoded(Container())) == []
    assert frames_of_packet(Packet()) == []
