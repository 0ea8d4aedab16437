"""AudioPlayer without a browser: what it sends, and what it makes of what comes back."""

from __future__ import annotations

import gc
import threading
import types
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from omni_nb.views.filedrop import FileDrop
from omni_nb.views.panel.talk import Talk
from omni_nb.views.player import ABANDONED_SECONDS, AudioPlayer, PlaybackReport
from omni_nb.views.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    """The custom messages of all players, with their buffers."""
    messages: list[tuple[dict[str, Any], list[bytes]]] = []

    def send(_player: object, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        messages.append((content, buffers or []))

    monkeypatch.setattr(AudioPlayer, "send", send)
    return messages


def told_by(clock: Callable[[], float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the player's module, and nobody else in this process, ask this clock."""
    monkeypatch.setattr("omni_nb.views.player.time", types.SimpleNamespace(monotonic=clock))


def receive(player: AudioPlayer, **message: Any) -> None:
    """Let a message from the browser arrive as ipywidgets delivers it."""
    player._handle_custom_msg(message, [])


def hello(
    player: AudioPlayer, reason: str, text_length: int, total_bytes: int, page: str = "p"
) -> None:
    receive(
        player,
        type="hello",
        reason=reason,
        page=page,
        text_length=text_length,
        total_bytes=total_bytes,
    )


def delta(text_offset: int, text: str, pcm_offset: int, pcm_bytes: int = 0) -> dict[str, Any]:
    return {
        "type": "delta",
        "text_offset": text_offset,
        "text": text,
        "pcm_offset": pcm_offset,
        "pcm_bytes": pcm_bytes,
    }


def end(
    text_length: int, total_bytes: int, stopped: bool = False, page: str = ""
) -> dict[str, Any]:
    return {
        "type": "end",
        "text_length": text_length,
        "total_bytes": total_bytes,
        "stopped": stopped,
        "page": page,
    }


def test_an_update_sends_only_what_is_new(sent: list[Any]) -> None:
    player, pcm = AudioPlayer(), bytearray(b"abcd")
    player.update("Hello", pcm)
    pcm += b"efgh"
    player.update("Hello, 世界", pcm)
    assert sent == [(delta(0, "Hello", 0, 4), [b"abcd"]), (delta(5, ", 世界", 4, 4), [b"efgh"])]


def test_where_a_page_may_come_late_everything_is_sent_again_at_growing_distances(
    sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([9.0, 9.3, 9.5, 9.7, 10.0, 49.0])
    told_by(clock.__next__, monkeypatch)
    player, text = AudioPlayer(repeats=True), ""
    for letter in "abcdef":
        text += letter
        player.update(text, text.encode() * 2)
    offsets = [(message["text_offset"], message["pcm_offset"]) for message, _ in sent]
    assert offsets == [(0, 0), (0, 0), (2, 4), (0, 0), (4, 8), (5, 10)]
    assert sent[3] == (delta(0, "abcd", 0, 8), [b"abcdabcd"])


def test_nothing_is_sent_when_nothing_is_new(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("")
    player.update("a", b"xy")
    player.update("a", b"xy")
    assert len(sent) == 1


def test_an_update_without_sound_has_no_buffer(sent: list[Any]) -> None:
    AudioPlayer().update("a")
    assert sent == [(delta(0, "a", 0), [])]


def test_half_a_sample_waits_for_its_other_half(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("", b"abc")
    player.update("", b"abcd")
    player.finish()
    assert sent == [(delta(0, "", 0, 2), [b"ab"]), (delta(0, "", 2, 2), [b"cd"]), (end(0, 4), [])]


def test_changed_text_is_sent_from_where_it_differs(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("🐱 catt")
    player.update("🐱 cats")
    player.update("🐱 ca")
    assert [message for message, _ in sent[1:]] == [delta(5, "s", 0), delta(4, "", 0)]


def test_the_shared_buffer_can_grow_during_and_after_an_update(sent: list[Any]) -> None:
    player, pcm = AudioPlayer(), bytearray()
    stop = threading.Event()

    def append() -> None:
        while not stop.is_set():
            pcm.extend(b"\x01\x02" * 50)  # raises BufferError if anybody exports the buffer

    thread = threading.Thread(target=append)
    thread.start()
    for _ in range(200):
        player.update("", pcm)
    stop.set()
    thread.join()
    player.update("", pcm)
    assert b"".join(buffer for _, buffers in sent for buffer in buffers) == bytes(pcm)


def test_finish_tells_the_lengths_once_and_ends_the_updates(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("ab🐱", b"xy")
    player.finish()
    player.finish(stopped=True)
    player.update("ab🐱c", b"xyzz")
    assert sent[1:] == [(end(3, 2), [])]


def test_finish_stopped_says_so(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.finish(stopped=True)
    assert sent == [(end(0, 0, stopped=True), [])]


@pytest.mark.parametrize("reason", ["open", "repair"])
def test_a_hello_during_the_answer_is_answered_with_what_is_missing(
    sent: list[Any], reason: str
) -> None:
    player = AudioPlayer()
    player.update("Hello", b"abcdef")
    hello(player, reason, 2, 4)
    assert sent[1:] == [(delta(2, "llo", 4, 2), [b"ef"])]


def test_a_hello_that_lacks_nothing_gets_no_answer_before_the_end(sent: list[Any]) -> None:
    player = AudioPlayer()
    hello(player, "open", 0, 0)
    player.update("a", b"xy")
    hello(player, "repair", 1, 2)
    assert len(sent) == 1


def test_a_page_that_opens_after_the_end_gets_only_the_end(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("Hello", b"abcd")
    player.finish()
    hello(player, "open", 0, 0, page="late")
    assert sent[2:] == [(end(5, 4, page="late"), [])]


def test_a_repair_after_the_end_gets_the_missing_bytes_and_the_end(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("Hello", b"abcd")
    player.finish()
    hello(player, "repair", 5, 0)
    assert sent[2:] == [(delta(5, "", 0, 4), [b"abcd"]), (end(5, 4), [])]


def test_a_repair_that_was_asked_for_again_and_again_is_sent_once(sent: list[Any]) -> None:
    player = AudioPlayer()
    player.update("Hello", b"abcd")
    for _ in range(5):
        hello(player, "repair", 0, 0)
    assert len(sent) == 2


def test_stop_sets_the_event() -> None:
    player = AudioPlayer()
    assert not player.stop_requested.is_set()
    receive(player, type="stop")
    assert player.stop_requested.is_set()


def report(
    player: AudioPlayer, state: str, first_heard_at: float | None = 1.5, is_shown: bool = False
) -> None:
    receive(
        player,
        type="report",
        state=state,
        first_heard_at=first_heard_at,
        underruns=1,
        gap_seconds=0.25,
        heard_seconds=2.5,
        is_shown=is_shown,
    )


def test_the_report_is_kept_when_the_widget_has_closed() -> None:
    player = AudioPlayer()
    assert player.report is None
    report(player, "playing")
    player.finish()
    assert player.comm is not None
    report(player, "done")
    assert player.report == PlaybackReport("done", 1.5, 1, 0.25, 2.5)
    assert player.comm is None


def test_a_report_before_the_end_does_not_close_the_widget() -> None:
    player = AudioPlayer()
    report(player, "stopped")
    assert player.comm is not None


def test_what_is_still_shown_is_not_closed() -> None:
    player = AudioPlayer()
    player.finish()
    report(player, "done", is_shown=True)
    assert player.comm is not None


def test_closing_when_done_can_be_turned_off() -> None:
    player = AudioPlayer(close_when_done=False)
    player.finish()
    report(player, "done")
    assert player.comm is not None


def test_nothing_is_left_of_a_closed_widget() -> None:
    players = [AudioPlayer(), AudioPlayer()]
    gone = [weakref.ref(model) for player in players for model in (player, player.layout)]
    players[0].close()
    players[1].finish()
    report(players.pop(), "done")
    del players[:]
    gc.collect()
    assert [model() for model in gone] == [None] * 4


@pytest.mark.parametrize(
    "widget",
    [
        lambda: Talk(dict, lambda *_: None),
        lambda: FileDrop(lambda *_: None),
    ],
)
def test_nothing_is_left_of_other_widgets_either(widget: Callable[[], Any]) -> None:
    made = widget()
    gone = weakref.ref(made)
    made.close()
    del made
    gc.collect()
    assert gone() is None


def finished(seconds: float = 0.0, **options: Any) -> AudioPlayer:
    player = AudioPlayer(**options)
    player.update("Hello", bytes(round(48_000 * seconds)))
    player.finish()
    return player


def reported(state: str) -> AudioPlayer:
    player = finished()
    report(player, state, is_shown=True)
    return player


@pytest.mark.parametrize(
    ("make", "later", "is_closed"),
    [
        (finished, ABANDONED_SECONDS + 1, True),
        (finished, ABANDONED_SECONDS - 1, False),
        (lambda: finished(30), ABANDONED_SECONDS + 29, False),  # its speech may still be heard
        (lambda: finished(30), ABANDONED_SECONDS + 31, True),
        (AudioPlayer, 10_000, False),
        (lambda: reported("playing"), 10_000, False),  # somebody may have paused it
        (lambda: reported("done"), 10_000, False),
        (lambda: finished(close_when_done=False), 10_000, False),
    ],
)
def test_a_player_that_no_page_shows_is_closed_with_the_next_one(
    make: Callable[[], AudioPlayer], later: float, is_closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    told_by(lambda: now[0], monkeypatch)
    here, player, following = Session(), make(), AudioPlayer()
    here.note_player(player)
    now[0] += later
    here.note_player(following)
    assert (player.comm is None) is is_closed
    assert following.comm is not None


def test_a_closed_player_can_still_be_updated_and_finished() -> None:
    player = AudioPlayer()
    player.close()
    player.update("a", b"xy")
    player.finish()


def test_a_reloaded_page_does_not_erase_what_the_first_reported() -> None:
    player = AudioPlayer()
    report(player, "playing")
    report(player, "stopped", first_heard_at=None)
    assert player.report == PlaybackReport("stopped", 1.5, 1, 0.25, 2.5)


def test_every_player_has_its_own_tail() -> None:
    first, second = AudioPlayer(), AudioPlayer()
    assert first.tail_id != second.tail_id
    assert first.tail_html == f'<span class="omni-tail omni-tail-{first.tail_id}"></span>'
    assert first.get_state()["tail_id"] == first.tail_id


def test_neither_speech_nor_text_is_a_trait() -> None:
    player = AudioPlayer(header_html="<b>Q</b>")
    player.update("secret words", b"xy")
    ours = {name for name in player.keys if not name.startswith("_")}
    assert ours == {
        *("asks", "calling", "is_data"),
        *("ending", "header_html", "language", "prebuffer_seconds", "price", "sample_rate"),
        "tail_id",
        *("layout", "tabbable", "tooltip"),
    }


def test_the_price_is_a_trait_that_is_set_once_and_may_be_unknown() -> None:
    price = {"per_second": 0.00125, "input": 0.002, "currency": "CNY", "is_hypothetical": True}
    assert AudioPlayer(price=price).get_state()["price"] == price
    assert AudioPlayer().get_state()["price"] is None
