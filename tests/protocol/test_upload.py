"""Large media on their way out: whole, in little memory, and never a half request unnoticed."""

from __future__ import annotations

import http.server
import json
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from omni_nb.chat.conversation import ReplyStream
from omni_nb.errors import ServiceError
from omni_nb.media.parts import AudioPart, FramesPart, ImagePart, TextPart, VideoPart
from omni_nb.media.sources import FileSource, LocalSource, embed
from omni_nb.turns.connection import Connection
from omni_nb.turns.reply import Reply
from omni_nb.views.live import watch
from omni_nb.views.session import Session
from omni_nb.views.stages import TextStage
from omni_nb.wire.client import Endpoint, EventStream, Secret
from omni_nb.wire.dialects import DIALECTS, body_for
from omni_nb.wire.request import Message, Request
from tests.waiting import wait_until

KEY = "sk-for-uploads"
MEGABYTE = 1_000_000
ANSWER = (
    b'data: {"choices":[{"delta":{"content":"Seen."},"finish_reason":"stop","index":0}]}\n\n'
    b"data: [DONE]\n\n"
)


class Receiver(http.server.ThreadingHTTPServer):
    """Writes what it gets to files, in small blocks, and answers as a test says.

    Attributes
    ----------
    statuses
        The status of each answer, the last one for all that follow.
    meanwhile
        Called after the first megabyte of a body.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.statuses = [200]
        self.location = ""
        self.meanwhile = lambda: None
        self.heads: list[tuple[str, dict[str, str]]] = []
        self.is_open = threading.Event()
        self.is_open.set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def bodies(self) -> list[Path]:
        return sorted(self.folder.glob("body-*"))

    def handle_error(self, *_) -> None:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        index = len(self.server.heads)
        self.server.heads.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        statuses = self.server.statuses
        status = statuses[min(index, len(statuses) - 1)]
        with (self.server.folder / f"body-{index}").open("wb") as file:
            self._receive(file, int(self.headers["content-length"]))
        self.server.is_open.wait(30)
        self.send_response(status)
        if status == 307:
            self.send_header("location", self.server.location)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(ANSWER if status == 200 else b"")

    def _receive(self, file, total_bytes):
        received, is_told = 0, False
        while received < total_bytes:
            self.server.is_open.wait(30)
            block = self.rfile.read1(min(65536, total_bytes - received))
            if not block:
                return
            file.write(block)
            received += len(block)
            if received > MEGABYTE and not is_told:
                is_told = True
                self.server.meanwhile()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(tmp_path):
    folder = tmp_path / "received"
    folder.mkdir()
    with Receiver(folder) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.is_open.set()
        running.shutdown()


def file_of(folder: Path, total_bytes: int, name: str = "clip.mp4") -> FileSource:
    path = folder / name
    block = os.urandom(65536)
    with path.open("wb") as file:
        for _ in range(total_bytes // len(block)):
            file.write(block)
        file.write(block[: total_bytes % len(block)])
    return FileSource(path, name, total_bytes, path.stat().st_mtime_ns)


def video(source) -> VideoPart:
    return VideoPart(source, "video/mp4", 10.0, 64, 48, 25.0, 250, True, source.name)


def asking(*parts) -> Request:
    return Request("a-model-of-nobody", (Message("user", (*parts, TextPart("What is it?"))),))


def stream_to(receiver: Receiver, request: Request) -> EventStream:
    return EventStream(Endpoint(receiver.base_url, Secret(KEY)), request)


def sent(body: Path) -> dict:
    return json.loads(body.read_bytes())


def test_a_long_video_arrives_whole_and_is_never_in_memory(receiver, tmp_path):
    source = file_of(tmp_path, 30 * MEGABYTE + 1)
    request = asking(video(source))
    list(stream_to(receiver, asking(TextPart("Imports and the client are paid."))))
    tracemalloc.start()
    try:
        events = list(stream_to(receiver, request))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert events[0].text == "Seen."
    assert peak_bytes < 0.3 * source.total_bytes
    assert sent(receiver.bodies[1]) == request.payload()


@pytest.mark.parametrize("more_bytes", [0, 1, 2])
def test_parts_of_every_kind_and_size_arrive_as_they_are(receiver, tmp_path, more_bytes):
    big, small = bytes(range(256)) * 4000, b"\x89PNG small"
    images = [ImagePart(data, "image/png", 64, 48) for data in (big + bytes(more_bytes), small)]
    sound = file_of(tmp_path, 786_432 * 2 + more_bytes, "note.wav")
    request = asking(
        AudioPart(sound, "wav", "audio/wav", 10.0, 16000, 1),
        FramesPart((images[0], images[1], images[0])),
        images[0],
        video(LocalSource(big, "memory.mp4")),
    )
    list(stream_to(receiver, request))
    assert sent(receiver.bodies[0]) == request.payload()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gets_the_file_in_its_own_place(receiver, tmp_path, dialect):
    sound = AudioPart(file_of(tmp_path, MEGABYTE), "wav", "audio/wav", 10.0, 16000, 1)
    request = asking(sound)
    list(EventStream(Endpoint(receiver.base_url, Secret(KEY), dialect), request))
    assert sent(receiver.bodies[0]) == body_for(request, dialect, embed)
    assert receiver.bodies[0].stat().st_size > MEGABYTE


def test_words_that_look_like_a_placeholder_stay_words(receiver, tmp_path):
    words = (
        'omni-splice:0123456789abcdef0123456789abcdef "data:;base64,omni-splice:" \\omni-splice:'
    )
    request = asking(TextPart(words), video(file_of(tmp_path, MEGABYTE)))
    list(stream_to(receiver, request))
    assert sent(receiver.bodies[0])["messages"][0]["content"][0]["text"] == words
    assert sent(receiver.bodies[0]) == request.payload()


def test_another_try_sends_everything_again(receiver, tmp_path):
    receiver.statuses = [500, 503, 200]
    request = asking(video(file_of(tmp_path, 2 * MEGABYTE)))
    list(stream_to(receiver, request))
    assert len(receiver.bodies) == 3
    assert all(sent(body) == request.payload() for body in receiver.bodies)


def test_a_redirection_takes_everything_along(receiver, tmp_path):
    receiver.statuses, receiver.location = [307, 200], "/v2/chat/completions"
    request = asking(video(file_of(tmp_path, 2 * MEGABYTE)))
    list(stream_to(receiver, request))
    assert [path for path, _ in receiver.heads] == ["/v1/chat/completions", "/v2/chat/completions"]
    assert sent(receiver.bodies[1]) == request.payload()
    assert receiver.heads[1][1]["authorization"] == f"Bearer {KEY}"


def test_the_key_does_not_follow_a_redirection_to_another_host(receiver):
    elsewhere = f"http://localhost:{receiver.server_port}/v1/chat/completions"
    receiver.statuses, receiver.location = [307, 200], elsewhere
    with pytest.raises(ServiceError, match="another host, localhost"):
        list(stream_to(receiver, asking()))
    assert "authorization" in receiver.heads[0][1]
    assert len(receiver.heads) == 1, "neither the key nor the question went there"


def test_a_proxy_of_the_environment_gets_the_upload(receiver, tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{receiver.server_port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    request = asking(video(file_of(tmp_path, 2 * MEGABYTE)))
    list(EventStream(Endpoint("http://far.invalid/v1", Secret(KEY)), request))
    assert receiver.heads[0][0] == "http://far.invalid/v1/chat/completions"
    assert sent(receiver.bodies[0]) == request.payload()


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shorten(path: Path) -> None:
    os.truncate(path, 1000)


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [grow, shorten, rewrite])
def test_a_file_that_changes_while_it_is_sent_is_an_error_and_no_whole_request(
    receiver, tmp_path, change
):
    source = file_of(tmp_path, 60 * MEGABYTE)
    receiver.meanwhile = lambda: change(source.path)
    with pytest.raises(ServiceError, match=r"not sent: .*clip\.mp4.* has changed") as caught:
        list(stream_to(receiver, asking(video(source))))
    assert "again" in caught.value.advice
    assert len(receiver.heads) == 1, "there is no other try"
    declared = int(receiver.heads[0][1]["content-length"])
    assert receiver.bodies[0].stat().st_size < declared


@pytest.mark.parametrize("total_bytes", [1000, MEGABYTE])
@pytest.mark.parametrize(("change", "words"), [(Path.unlink, "cannot be read"), (grow, "changed")])
def test_a_file_that_is_not_what_was_checked_is_not_sent(
    receiver, tmp_path, total_bytes, change, words
):
    source = file_of(tmp_path, total_bytes)
    request = asking(video(source))
    change(source.path)
    with pytest.raises(ServiceError, match=f"not sent: .*clip.mp4.*{words}"):
        list(stream_to(receiver, request))
    assert len(receiver.heads) <= 1


@pytest.mark.parametrize("waits_for", ["upload", "answer"])
def test_stop_wakes_a_request_that_has_no_answer_yet(receiver, tmp_path, waits_for):
    receiver.is_open.clear()
    total_bytes = 30 * MEGABYTE if waits_for == "upload" else 1000
    stream = stream_to(receiver, asking(video(file_of(tmp_path, total_bytes))))
    ended = threading.Event()

    def read():
        assert list(stream) == []
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    assert wait_until(lambda: receiver.heads)
    assert wait_until(lambda: waits_for == "answer" or stream.upload.sent_bytes > MEGABYTE)
    stream.stop()
    assert ended.wait(5)
    assert len(receiver.heads) == 1
    assert waits_for == "answer" or not stream.upload.is_done


def test_how_much_was_sent_can_be_read_at_any_time(receiver, tmp_path):
    source = file_of(tmp_path, 40 * MEGABYTE)
    stream = stream_to(receiver, asking(video(source)))
    seen = []
    receiver.meanwhile = lambda: seen.append(stream.upload)
    assert stream.upload is None
    list(stream)
    done, total_bytes = stream.upload, int(receiver.heads[0][1]["content-length"])
    assert total_bytes == receiver.bodies[0].stat().st_size
    assert 0 < seen[0].sent_bytes < total_bytes == seen[0].total_bytes
    assert seen[0].seconds_left > 0
    assert not seen[0].is_done
    assert (done.sent_bytes, done.is_done, done.seconds_left) == (total_bytes, True, 0)


def test_a_small_request_has_no_upload(receiver):
    stream = stream_to(receiver, asking(ImagePart(b"small", "image/png", 64, 48)))
    list(stream)
    assert stream.upload is None


class Cell(Session):
    """A session whose one display is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.bundles: list[dict[str, str]] = []

    def show(self, bundle):
        self.update(bundle, raw=True)
        return self

    def update(self, bundle, *, raw: bool) -> None:
        self.bundles.append(bundle)

    def keep(self, handle, reply, storage, *, tail_id=None) -> None:
        self.update({"text/html": "kept", "text/plain": reply.text}, raw=True)

    def is_bar_shown(self) -> bool:
        return any("progressbar" in bundle["text/html"] for bundle in self.bundles)


def test_a_slow_upload_shows_a_bar_until_it_is_done(receiver, tmp_path):
    cell, reply = Cell(), Reply(asking(video(file_of(tmp_path, 30 * MEGABYTE))))
    here = Connection(Endpoint(receiver.base_url, Secret(KEY)))
    receiver.meanwhile = lambda: wait_until(cell.is_bar_shown)
    watch(ReplyStream(reply, here), TextStage(cell, "mp3"))
    assert cell.is_bar_shown()
    assert " of 40.0 MB" in next(
        bundle["text/plain"] for bundle in cell.bundles if "MB" in bundle["text/plain"]
    )
    assert cell.bundles[-1] == {"text/html": "kept", "text/plain": "Seen."}
