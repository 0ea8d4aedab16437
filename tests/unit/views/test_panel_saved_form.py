"""What the notebook keeps of a panel: blocks, of which a new turn changes few."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omni_nb as omni
from omni_nb.views.panel import saved_form
from omni_nb.views.panel.saved_form import SavedForm
from omni_nb.wire.events import AudioDelta, TextDelta
from tests.begun import begun
from tests.panel_browser import until

if TYPE_CHECKING:
    from omni_nb.turns.reply import Reply


SOUND = (np.zeros(32_000), 16_000)


class Handle:
    """A display that remembers."""

    def __init__(self) -> None:
        self.updates: list[tuple[dict[str, str], dict[str, Any]]] = []

    def update(self, data: dict[str, str], *, metadata: dict[str, Any], raw: bool) -> None:
        assert raw
        self.updates.append((data, metadata))


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> list[Handle]:
    made: list[Handle] = []

    def display(data: dict[str, str], **options: Any) -> Handle:
        made.append(handle := Handle())
        handle.updates.append((data, options["metadata"]))
        return handle

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(saved_form, "SETTLED_SECONDS", 0.01)
    return made


def answer(chat: omni.Chat, text: str, seconds: float = 0.0, **question: Any) -> Reply:
    reply = begun(chat.stream("What is this?", **question)).reply
    reply.feed(TextDelta(text))
    if seconds:
        reply.feed(AudioDelta(bytes(int(seconds * 48_000))))
    reply.finish(seconds=1.0)
    return reply


def shown(handles: list[Handle]) -> str:
    return "".join(handle.updates[-1][0]["text/html"] for handle in handles)


def test_the_whole_conversation_is_shown_in_order(handles):
    chat = omni.Chat()
    for number in range(20):
        answer(chat, f"Answer-{number:02}")
    SavedForm(chat, "id", lambda: None).show("mp3", "en")
    html = shown(handles)
    places = [html.index(f"Answer-{number:02}") for number in range(20)]
    assert places == sorted(places)


def test_a_new_turn_changes_one_block_in_most_cases(handles):
    chat = omni.Chat()
    made = SavedForm(chat, "id", lambda: None)
    made.show("mp3", "en")
    sent = 0
    for number in range(64):
        before = [len(handle.updates) for handle in handles]
        answer(chat, "x" * 1000)
        made._write()
        changed = [h for h, n in zip(handles, before, strict=True) if len(h.updates) > n]
        sent += sum(len(handle.updates[-1][0]["text/html"]) for handle in changed)
        assert len(changed) <= (1 if (number + 1) % 8 else 4)
    assert sent < 64 * 12 * len(shown(handles)) / 64


def test_nothing_is_written_when_nothing_is_new(handles):
    chat = omni.Chat()
    answer(chat, "Hello")
    made = SavedForm(chat, "id", lambda: None)
    made.show("mp3", "en")
    before = [len(handle.updates) for handle in handles]
    made._write()
    assert [len(handle.updates) for handle in handles] == before


def test_an_answer_that_still_streams_is_not_kept(handles):
    chat = omni.Chat()
    answer(chat, "Whole")
    begun(chat.stream("And?")).reply.feed(TextDelta("Half"))
    SavedForm(chat, "id", lambda: None).show("mp3", "en")
    assert "Whole" in shown(handles)
    assert "Half" not in shown(handles)


def test_its_size_is_known_and_told(handles):
    told = []
    chat = omni.Chat()
    made = SavedForm(chat, "id", lambda: told.append(made.size))
    made.show("mp3", "en")
    assert made.size == 0
    answer(chat, "Hello", seconds=2)
    made.update("mp3", "en")
    until(lambda: told and told[-1] > 5_000)
    assert told[-1] == len(shown(handles)) - 3 * len('<div class="omni-kept-id"></div>')


def test_the_storage_is_followed(handles):
    chat = omni.Chat()
    answer(chat, "Hello", seconds=1)
    made = SavedForm(chat, "id", lambda: None)
    made.show("mp3", "en")
    assert "data:audio/mpeg" in shown(handles)
    made.update("wav", "en")
    until(lambda: "data:audio/wav" in shown(handles))


def test_the_storage_is_followed_by_the_sound_of_a_question(handles):
    chat = omni.Chat()
    answer(chat, "Hello", audio=SOUND)
    made = SavedForm(chat, "id", lambda: None)
    made.show("opus", "en")
    assert heads(handles) == [b"OggS"]
    made.update("wav", "en")
    until(lambda: heads(handles) == [b"RIFF"])


def heads(handles: list[Handle]) -> list[bytes]:
    metadata = [handle.updates[-1][1].get("omni_nb", {}) for handle in handles]
    media = [data for record in metadata for data in record.get("media", {}).values()]
    return [base64.b64decode(data)[:4] for data in media]


@pytest.mark.parametrize("spoken", [{"seconds": 2}, {"audio": SOUND}], ids=["answer", "question"])
def test_much_speech_is_written_after_the_cell(handles, monkeypatch, spoken):
    monkeypatch.setattr(saved_form, "QUICK_SECONDS", 1.0)
    chat = omni.Chat()
    answer(chat, "Long", **spoken)
    SavedForm(chat, "id", lambda: None).show("mp3", "en")
    assert "Long" not in "".join(handle.updates[0][0]["text/html"] for handle in handles)
    until(lambda: "Long" in shown(handles))


def test_a_copy_that_fails_does_not_end_the_conversation(handles, monkeypatch, caplog):
    chat = omni.Chat()
    made = SavedForm(chat, "id", lambda: None)
    made.show("mp3", "en")
    answer(chat, "Hello")
    monkeypatch.setattr(saved_form, "transcript_bundle", lambda *_, **__: 1 / 0)
    made._write()
    assert "could not be written" in caplog.text
    monkeypatch.undo()


def test_what_brings_it_back_is_beside_it(handles):
    chat = omni.Chat()
    answer(chat, "Hello")
    SavedForm(chat, "id", lambda: None).show("mp3", "en")
    metadata = [h.updates[-1][1]["omni_nb"] for h in handles if h.updates[-1][1]]
    assert [reply["text"] for made in metadata for reply in made["replies"]] == ["Hello"]
