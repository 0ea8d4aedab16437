"""Sounds, videos and frames as a person meets them: what a part shows, and a question about it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.media_files import speechlike, video_file

if TYPE_CHECKING:
    from pathlib import Path

    from .lab import Lab, Tap, Theme

THEMES: tuple[Theme, ...] = ("dark", "light")
SETUP = """
import omni_nb as omni
omni.connect("offline")
sound, clip = omni.audio("speech.wav"), omni.video("clip.mp4")
strip = omni.frames("clip.mp4", count=4)
"""


@pytest.fixture
def files(lab: Lab) -> Path:
    """A folder with a spoken sentence and a video."""
    (lab.notebooks / "speech.wav").write_bytes(speechlike())
    (lab.notebooks / "clip.mp4").write_bytes(video_file("mp4", seconds=3, width=320, height=240))
    return lab.notebooks


def open_notebook(lab: Lab, page: Page, *cells: str) -> None:
    lab.write_notebook("media.ipynb", [SETUP, *cells])
    lab.open(page, "media.ipynb")
    lab.run_cell(page, 0)
    lab.printed(page, 0)


@pytest.mark.usefixtures("files")
def test_parts_show_themselves(lab: Lab, page: Page) -> None:
    open_notebook(lab, page, "sound", "clip", "strip", "omni.models('qwen-omni-turbo')")
    for index in range(1, 5):
        lab.run_cell(page, index)
    parts = page.locator(".omni-part")
    expect(parts).to_have_count(3)
    assert parts.nth(0).locator("audio").evaluate("(audio) => audio.duration || 0") >= 0
    expect(parts.nth(0).locator("img")).to_have_count(1)
    expect(parts.nth(1)).to_contain_text("320 × 240 pixels")
    shown = parts.nth(1).locator("video").element_handle()
    page.wait_for_function("(video) => video.duration > 2.9 && video.videoWidth === 320", arg=shown)
    expect(parts.nth(2).locator("img")).to_have_count(4)
    for index in range(3):
        assert_fits(parts.nth(index))
    for theme in THEMES:
        lab.theme(page, theme)
        parts.nth(0).scroll_into_view_if_needed()
        lab.screenshot(page, f"parts-{theme}")


ASKED = """
chat = omni.Chat(voice="Cherry", max_tokens=15)
chat.ask({question!r}, {media}, show=True)
"""


@pytest.mark.parametrize(
    ("name", "media", "question"),
    [
        ("audio", "audio=sound", "这段音频在说什么"),
        ("video", "video=clip", "What happens in this video?"),
        ("frames", "frames=strip", "描述这个视频的具体过程"),
    ],
)
@pytest.mark.usefixtures("files")
def test_a_question_about_a_medium_shows_it_and_is_answered_aloud(
    lab: Lab, page: Page, tap: Tap, name: str, media: str, question: str
) -> None:
    open_notebook(lab, page, ASKED.format(question=question, media=media))
    lab.run_cell(page, 1, wait=False)
    expect(page.locator(".omni-player-header .omni-chip")).to_be_visible()
    tap.wait_until_heard()
    lab.wait_for_cell(page, 1)
    reply = page.locator(".omni-reply")
    expect(reply.locator(".omni-chip img").first).to_be_visible()
    expect(reply).to_contain_text(question)
    expect(reply.locator("audio.omni-audio")).to_have_count(1)
    assert_fits(reply)
    reply.scroll_into_view_if_needed()
    lab.screenshot(page, f"ask-{name}")


SLOW_SERVER = """
import json, socket, threading, time
from omni_nb.turns.connection import Connection
from omni_nb.wire.client import Endpoint, Secret

def serve(listening, bytes_per_second):
    connection, _ = listening.accept()
    received = b""
    while b"\\r\\n\\r\\n" not in received:
        received += connection.recv(4096)
    head, _, body = received.partition(b"\\r\\n\\r\\n")
    length = int(head.lower().split(b"content-length:")[1].split()[0])
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(min(left, 65536)))
        time.sleep(65536 / bytes_per_second)
    chunk = {"choices": [{"delta": {"content": "Seen."}, "finish_reason": "stop"}]}
    answer = f"data: {json.dumps(chunk)}\\n\\ndata: [DONE]\\n\\n"
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n"
                       b"Connection: close\\r\\n\\r\\n" + answer.encode())
    connection.close()

listening = socket.create_server(("127.0.0.1", 0))
listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
threading.Thread(target=serve, args=(listening, 3_000_000), daemon=True).start()
slow = Connection(Endpoint(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", Secret("none")))
"""


def test_a_slow_upload_shows_how_far_it_is_and_then_the_answer(lab: Lab, page: Page) -> None:
    clip = video_file("mp4", seconds=2)
    padding = 12_000_000
    box = struct.pack(">I4s", padding + 8, b"free") + bytes(padding)
    (lab.notebooks / "large.mp4").write_bytes(clip + box)
    ask = 'omni.ask("What happens?", video="large.mp4", connection=slow)'
    lab.write_notebook("slow.ipynb", [f"import omni_nb as omni{SLOW_SERVER}", ask])
    lab.open(page, "slow.ipynb")
    lab.theme(page, "light")
    lab.run_cell(page, 0)
    lab.printed(page, 0)
    lab.run_cell(page, 1, wait=False)
    bar = page.locator('.omni-upload [role="progressbar"]')
    expect(bar).to_be_visible()
    shares = [int(bar.get_attribute("aria-valuenow") or 0)]
    lab.screenshot(page, "upload")
    page.wait_for_timeout(800)
    shares.append(int(bar.get_attribute("aria-valuenow") or 0))
    assert 0 <= shares[0] < shares[1] <= 100
    lab.wait_for_cell(page, 1)
    expect(bar).to_have_count(0)
    expect(page.locator(".omni-reply")).to_contain_text("Seen.")


def assert_fits(view: Locator) -> None:
    assert view.evaluate("(element) => element.scrollWidth <= element.clientWidth + 1")
