"""ChatPanel without a browser: what it makes of messages, and what it sends."""

from __future__ import annotations

import io
import json
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import omni_nb as omni
from omni_nb.errors import RequestError
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.turns.connection import Connection, connection_of
from omni_nb.views.panel import ChatPanel
from omni_nb.views.panel.protocol import PIECE_BYTES
from tests.no_heif import forget_pillow_heif
from tests.panel_browser import FakeBrowser, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "sk-not-to-be-seen-0123456789"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> FakeBrowser:
    return FakeBrowser(monkeypatch)


@pytest.fixture
def standing_in() -> Iterator[Callable[..., Connection]]:
    services = []

    def connect(**behaviour: Any) -> Connection:
        services.append(service := start(Behaviour(**{"pace": 0, **behaviour})))
        return connection_of(service)

    yield connect
    for service in services:
        service.stop()


@pytest.fixture
def panel(browser: FakeBrowser, standing_in: Callable[..., Connection]) -> Iterator[ChatPanel]:
    chat = omni.Chat(voice="Cherry", max_tokens=8, connection=standing_in())
    shown = ChatPanel(chat, language="en")
    yield shown
    shown.close()


def ask(browser: FakeBrowser, panel: ChatPanel, text: str, **more: Any) -> None:
    """Ask, and wait until the answer is over."""
    count = len(panel.chat.replies)
    browser.say(panel, type="send", draft="d", text=text, **more)
    until(lambda: len(panel.chat.replies) > count and panel.chat.replies[-1].is_finished)
    # A written answer that is over before anybody looked comes as a turn, not as an end.
    turn = turn_of(panel, -1)
    until(lambda: any(r["turn"] == turn and r["state"] == "over" for r in records(browser)))


def records(browser: FakeBrowser) -> list[dict[str, Any]]:
    """All records of turns that were sent."""
    several = [record for message in browser.of("turns") for record in message["records"]]
    return several + [message["record"] for message in browser.of("end")]


def notes(browser: FakeBrowser) -> list[str]:
    """What was said of the answers."""
    return [record["note"] for record in records(browser)]


def turn_of(panel: ChatPanel, place: int) -> str:
    """The id of a turn."""
    return panel._sync._id(panel.chat.replies[place])


def picture(width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(file, "PNG")
    return file.getvalue()


def upload(
    browser: FakeBrowser,
    panel: ChatPanel,
    data: bytes,
    name: str = "dog.png",
    key: str = "u",
    draft: str = "d",
) -> None:
    """Send a file in pieces, as the composer does."""
    head = {
        "type": "upload",
        "draft": draft,
        "upload": key,
        "name": name,
        "mime": "",
        "size": len(data),
    }
    for offset in range(0, len(data), PIECE_BYTES):
        browser.say(panel, data[offset : offset + PIECE_BYTES], offset=offset, **head)
    browser.wait_for(
        "piece", lambda m: m["upload"] == key and (m["received"] >= len(data) or m["error"])
    )


# -- asking ----------------------------------------------------------------------------------


def test_a_question_of_the_panel_is_a_reply_of_the_chat(browser, panel):
    ask(browser, panel, "Who are you?")
    (reply,) = panel.chat.replies
    assert reply.question[0].text == "Who are you?"
    spoken = b"".join(buffer for message, buffer in browser.sent if message["type"] == "delta")
    assert spoken == bytes(reply.pcm)
    assert len(spoken) > 24_000


def test_the_deltas_make_the_whole_text(browser, panel):
    ask(browser, panel, "Who are you?")
    text = ""
    for message, _ in browser.sent:
        if message["type"] == "turns":
            text = message["records"][-1]["text"] if message["records"] else text
        elif message["type"] == "delta":
            text = text[: message["text_offset"]] + message["text"]
    assert text == panel.chat.replies[0].text
    assert browser.of("end")[0]["record"]["text_length"] == len(text)


def test_every_message_has_the_next_number(browser, panel):
    ask(browser, panel, "Who are you?")
    assert [message["seq"] for message, _ in browser.sent] == list(range(1, len(browser.sent) + 1))


def test_a_spoken_answer_costs_little_more_than_itself_on_the_wire(browser, standing_in):
    chat = omni.Chat(voice="Cherry", max_tokens=60, connection=standing_in(pace=8))
    panel = ChatPanel(chat, language="en")
    ask(browser, panel, "Who are you, and what can you do?")
    panel.close()
    sent = sum(len(json.dumps(message)) + len(buffer) for message, buffer in browser.sent)
    reply = chat.replies[0]
    assert sent <= 1.1 * (len(reply.pcm) + len(reply.text.encode()))


def test_what_a_cell_asks_appears_without_its_sound(browser, panel):
    panel.chat.ask("And now from a cell?", show=False)
    record = until(lambda: next((r for r in records(browser) if r["state"] == "over"), None))
    assert record["is_of_cell"]
    assert record["speaker"] == ""
    assert record["total_bytes"] == len(panel.chat.replies[0].pcm)
    assert not any(buffer for _, buffer in browser.sent)


def test_an_answer_is_spoken_on_the_page_that_asked(browser, panel):
    ask(browser, panel, "Who are you?", page="here")
    speakers = {record["speaker"] for record in records(browser) if record["state"] == "answering"}
    assert speakers == {"here"}


def test_two_panels_of_a_chat_show_the_same_and_one_speaks(browser, panel):
    other = ChatPanel(panel.chat, language="en")
    try:
        ask(browser, panel, "Who are you?")
        until(lambda: turn_of(other, 0) in str(browser.of("end") + browser.of("turns")))
        theirs = turn_of(other, 0)
        assert not any(b for m, b in browser.sent if m["type"] == "delta" and m["turn"] == theirs)
    finally:
        other.close()


def test_a_question_waits_for_the_one_before_it(browser, standing_in):
    chat = omni.Chat(connection=standing_in(pace=3), voice="Cherry", max_tokens=12)
    panel = ChatPanel(chat, language="en")
    browser.say(panel, type="send", draft="d", text="One")
    browser.say(panel, type="send", draft="d", text="Two")
    browser.wait_for("turns", lambda m: any(r["state"] == "waiting" for r in m["records"]))
    until(lambda: len(chat.replies) == 2 and chat.replies[1].is_finished)
    assert chat.replies[1].request.messages[1].parts[0].text == chat.replies[0].text
    panel.close()


def is_second(record: dict[str, Any]) -> bool:
    return record["state"] == "waiting" and record["question_text"] == "Two"


def test_a_waiting_question_can_be_taken_back(browser, standing_in):
    chat = omni.Chat(connection=standing_in(pace=2), voice="Cherry", max_tokens=12)
    panel = ChatPanel(chat, language="en")
    browser.say(panel, type="send", draft="d", text="One")
    browser.say(panel, type="send", draft="d", text="Two")
    waiting = browser.wait_for("turns", lambda m: any(is_second(r) for r in m["records"]))
    turn = next(r["turn"] for r in waiting["records"] if is_second(r))
    browser.say(panel, type="cancel", turn=turn)
    until(lambda: chat.replies and chat.replies[0].is_finished)
    browser.wait_for("turns", lambda m: turn not in m["order"])
    assert len(chat.replies) == 1
    panel.close()


def test_stop_ends_the_answer_and_keeps_what_came(browser, standing_in):
    chat = omni.Chat(connection=standing_in(pace=1), voice="Cherry", max_tokens=60)
    panel = ChatPanel(chat, language="en")
    browser.say(panel, type="send", draft="d", text="Tell me everything.")
    browser.wait_for("delta")
    until(lambda: chat.replies[0].pcm)  # the first delta may be words alone
    browser.say(panel, type="stop", turn=turn_of(panel, 0))
    end = browser.wait_for("end")["record"]
    assert end["is_stopped"]
    assert "Interrupted" in end["note"]
    assert chat.replies[0].finish_reason == "interrupted"
    assert 0 < len(chat.replies[0].pcm) < 24_000 * 2 * 10
    panel.close()


def test_a_refused_question_comes_back(browser, panel):
    of = browser.say(panel, type="send", draft="d", text="   ")
    ack = browser.wait_for("ack", lambda m: m["of"] == of)
    assert not ack["is_taken"]
    assert "nothing to ask" in browser.wait_for("notice")["text"]
    assert panel.chat.replies == ()


def test_a_question_over_the_budget_stays_with_its_reason(browser, panel):
    panel.chat.budget = omni.CNY("0.0000001")
    browser.say(panel, type="send", draft="d", text="Who are you?")
    refused = browser.wait_for("turns", lambda m: any(r["note"] for r in m["records"]))
    (record,) = refused["records"]
    assert record["question_text"] == "Who are you?"
    assert "budget" in record["note"]
    assert record["is_refused"]
    assert panel.chat.replies == ()
    panel.chat.budget = None
    browser.say(panel, type="edit", turn=record["turn"], text="Who else?")
    until(lambda: [reply.question[0].text for reply in panel.chat.replies] == ["Who else?"])


def test_an_error_of_the_service_is_said_with_its_turn(browser, standing_in):
    chat = omni.Chat(connection=standing_in(fault="429"))
    panel = ChatPanel(chat, language="en")
    browser.say(panel, type="send", draft="d", text="Who are you?")
    assert "429" in until(lambda: [note for note in notes(browser) if note])[0]
    panel.close()


# -- going back ------------------------------------------------------------------------------


def test_asking_again_makes_a_branch_and_the_old_one_is_reached(browser, panel):
    ask(browser, panel, "Who are you?")
    first = panel.chat.replies[0]
    browser.say(panel, type="again", turn=turn_of(panel, 0))
    until(lambda: panel.chat.replies and panel.chat.replies[0] is not first)
    until(lambda: panel.chat.replies[0].is_finished)
    siblings = browser.wait_for("end", lambda m: m["record"]["siblings"] == 2)["record"]
    assert (siblings["sibling"], siblings["siblings"]) == (2, 2)
    browser.say(panel, type="branch", turn=turn_of(panel, 0), step=-1)
    until(lambda: panel.chat.replies == (first,))


def test_editing_a_question_keeps_its_media(browser, panel):
    upload(browser, panel, picture())
    ask(browser, panel, "What is this?")
    browser.say(panel, type="edit", turn=turn_of(panel, 0), text="Which colour?")
    until(lambda: [r.question[-1].text for r in panel.chat.replies] == ["Which colour?"])
    assert panel.chat.replies[0].question[0].modality == "image"
    until(lambda: panel.chat.replies[0].is_finished)


def test_an_edit_that_is_refused_changes_nothing(browser, panel):
    ask(browser, panel, "Who are you?")
    before = panel.chat.replies
    panel.chat.budget = omni.CNY("0.0000001")
    browser.say(panel, type="edit", turn=turn_of(panel, 0), text="Who else?")
    browser.wait_for("turns", lambda m: any("budget" in r["note"] for r in m["records"]))
    assert panel.chat.replies == before


def test_clearing_sets_the_conversation_aside(browser, panel):
    ask(browser, panel, "Who are you?")
    browser.say(panel, type="clear")
    browser.wait_for("turns", lambda m: m["order"] == [])
    assert panel.chat.replies == ()
    assert len(panel.chat.branches) == 1


# -- what a page lacks -----------------------------------------------------------------------


def test_the_state_has_the_whole_conversation(browser, panel):
    ask(browser, panel, "Who are you?")
    state = panel.get_state("conversation")["conversation"]
    (record,) = state["turns"]
    assert record["text"] == panel.chat.replies[0].text
    assert state["seq"] == len(browser.sent)


def test_a_hello_is_answered_with_what_is_missing_only(browser, panel):
    ask(browser, panel, "One")
    ask(browser, panel, "Two")
    first, second = panel.chat.replies
    have = {turn_of(panel, 0): [len(first.text), len(first.pcm), True]}
    browser.say(panel, type="hello", reason="open", language="en", have=have, drafts=[])
    answer = browser.wait_for("turns", lambda m: m.get("page") == "page")
    assert [record["turn"] for record in answer["records"]] == [turn_of(panel, 1)]
    assert answer["records"][0]["text"] == second.text


def test_a_page_that_lost_speech_gets_it_again(browser, standing_in):
    chat = omni.Chat(connection=standing_in(pace=1), voice="Cherry", max_tokens=30)
    panel = ChatPanel(chat, language="en")
    browser.say(panel, type="send", draft="d", text="Tell me.")
    browser.wait_for("delta", lambda m: m["pcm_offset"] > 0)
    have = {turn_of(panel, 0): [0, 960, False]}
    browser.say(panel, type="hello", reason="repair", language="en", have=have, drafts=[])
    browser.wait_for("delta", lambda m: m["pcm_offset"] == 960)
    buffer = next(b for m, b in browser.sent if m["type"] == "delta" and m["pcm_offset"] == 960)
    assert bytes(chat.replies[0].pcm[960:]).startswith(buffer)
    panel.close()


def test_the_speech_of_a_finished_answer_is_sent_when_asked_for(browser, panel):
    ask(browser, panel, "Who are you?")
    browser.sent.clear()
    browser.say(panel, type="speech", turn=turn_of(panel, 0), offset=100)
    browser.wait_for("speech")
    pieces = b"".join(buffer for message, buffer in browser.sent if message["type"] == "speech")
    assert pieces == bytes(panel.chat.replies[0].pcm[100:])


def test_the_page_decides_the_language(browser, standing_in):
    panel = ChatPanel(omni.Chat(connection=standing_in()))
    browser.say(panel, type="hello", reason="open", language="zh", have={}, drafts=[])
    until(lambda: dict(panel.settings["services"])["offline"] == "离线模拟服务")
    until(lambda: panel.header["how"] == "文本")
    panel.close()


def test_another_language_in_mid_answer_sends_no_speech_again(browser, standing_in):
    chat = omni.Chat(connection=standing_in(pace=2), voice="Cherry", max_tokens=20)
    panel = ChatPanel(chat)
    browser.say(panel, type="send", draft="d", text="Tell me.")
    browser.wait_for("delta", lambda m: m["pcm_offset"] > 0)
    browser.say(panel, type="hello", reason="repair", language="zh", have={}, drafts=[])
    browser.wait_for("end")
    sent = [len(b) for m, b in browser.sent if m["type"] == "delta"]
    again = max(len(b) for m, b in browser.sent if m["type"] == "delta" and m["pcm_offset"] == 0)
    assert sum(sent) <= len(chat.replies[0].pcm) + again  # what the hello lacked, once
    panel.close()


# -- files -----------------------------------------------------------------------------------


def test_a_file_that_comes_in_pieces_is_attached_whole(browser, panel):
    noise = np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    data = file.getvalue()
    assert len(data) > 2 * PIECE_BYTES
    upload(browser, panel, data)
    (item,) = browser.wait_for("draft", lambda m: m["items"])["items"]
    assert "900 × 900" in item["facts"]
    assert "tokens" in item["facts"]
    ask(browser, panel, "What is this?")
    assert panel.chat.replies[0].question[0].data == data


def test_pieces_that_come_twice_or_out_of_order_do_no_harm(browser, panel):
    data = picture()
    head = {
        "type": "upload",
        "draft": "d",
        "upload": "u",
        "name": "dog.png",
        "mime": "",
        "size": len(data),
    }
    browser.say(panel, data[50:], offset=50, **head)
    browser.say(panel, data[:50], offset=0, **head)
    browser.say(panel, data[:50], offset=0, **head)
    browser.say(panel, data[50:], offset=50, **head)
    (item,) = browser.wait_for("draft", lambda m: m["items"])["items"]
    assert "64 × 48" in item["facts"]
    assert [m["received"] for m in browser.of("piece")] == [0, 50, 50, len(data)]


def test_a_file_that_is_no_medium_is_refused_in_words(browser, panel):
    upload(browser, panel, b"just some text", name="notes.doc")
    assert "'notes.doc' is no image" in browser.of("piece")[-1]["error"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"word " * 50_000, "250 kB; a text file may have 200 kB"),
        (b"\xff\xfe\0", "not text in UTF-8"),
    ],
)
def test_a_file_of_text_that_cannot_be_read_says_why(browser, panel, data, said):
    upload(browser, panel, data, name="notes.txt")
    assert said in browser.of("piece")[-1]["error"]


def test_a_name_from_the_browser_is_no_path(browser, panel):
    upload(browser, panel, picture(), name="../../evil<img src=x>.png")
    (item,) = browser.wait_for("draft", lambda m: m["items"])["items"]
    assert "/" not in item["name"]
    assert "<img src=x>" not in item["html"]


def test_two_kinds_of_media_are_refused_at_the_second(browser, panel):
    upload(browser, panel, picture(), key="a")
    wav = omni.AudioClip(bytes(48_000)).to_wav()
    upload(browser, panel, wav, name="hum.wav", key="b")
    draft = browser.wait_for("draft", lambda m: len(m["items"]) == 2)
    good, bad = draft["items"]
    assert good["refusal"] == ""
    assert "one other kind" in bad["refusal"]
    assert not bad["can_shrink"]
    assert not draft["is_sendable"]


def test_what_is_too_long_can_be_shrunk_at_the_chip(browser, panel):
    wav = omni.AudioClip(bytes(2 * 8000 * 190), 8000).to_wav()
    upload(browser, panel, wav, name="long.wav")
    (item,) = browser.wait_for("draft", lambda m: m["items"])["items"]
    assert "190" in item["refusal"]
    assert item["can_shrink"]
    browser.say(panel, type="shrink", draft="d", item="u")
    shrunk = browser.wait_for("draft", lambda m: m["items"] and not m["items"][0]["refusal"])
    assert "179.9 s" in shrunk["items"][0]["facts"]


def test_a_removed_attachment_is_gone_with_its_file(browser, panel):
    upload(browser, panel, picture())
    browser.wait_for("draft", lambda m: m["items"])
    browser.say(panel, type="remove", draft="d", item="u")
    browser.wait_for("draft", lambda m: not m["items"])
    assert panel._composer._files._under_way == {}


def test_a_draft_is_weighed_and_priced_before_it_is_sent(browser, panel):
    browser.say(panel, type="draft", draft="d", text="Who are you?")
    draft = browser.wait_for("draft")
    assert draft["words"].startswith("about 3 tokens")
    assert "a second of speech" in draft["words"]
    assert draft["is_sendable"]
    assert 0 < draft["share"] < 0.001


# -- the rest of it --------------------------------------------------------------------------


def test_the_request_is_shown_as_programs_without_a_key(browser, panel):
    ask(browser, panel, "Who are you?")
    browser.say(panel, type="code", turn=turn_of(panel, 0))
    code = browser.wait_for("code")
    assert "from openai import OpenAI" in code["python"]
    assert "curl" in code["curl"]
    key = panel.chat.connection.endpoint.key.reveal()
    assert key not in str(code)


def test_the_asking_for_a_key_can_be_cancelled_and_the_same_service_answers(
    browser, panel, monkeypatch
):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    before = panel.chat.connection
    browser.say(panel, type="setting", name="service", value="singapore")
    until(lambda: panel.asks_key == "DashScope")
    browser.say(panel, type="key", key="")
    until(lambda: panel.asks_key == "")
    assert panel.chat.connection is before


def test_a_key_goes_into_the_connection_and_nowhere_else(browser, panel, monkeypatch, caplog):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    browser.say(panel, type="setting", name="service", value="singapore")
    until(lambda: panel.asks_key == "DashScope")
    browser.say(panel, type="key", key=KEY)
    until(lambda: panel.chat.connection.region == "singapore")
    assert panel.chat.connection.endpoint.key.reveal() == KEY
    until(lambda: panel.asks_key == "")
    assert panel.settings["service"] == "singapore"
    assert KEY not in str(panel.get_state()) + str(browser.sent) + caplog.text + repr(panel) + repr(
        panel.chat
    )


def test_a_setting_is_shown_before_it_is_acknowledged(browser, panel):
    of = browser.say(panel, type="setting", name="voice", value="Chelsie")
    assert browser.wait_for("ack", lambda m: m["of"] == of)["is_taken"]
    assert panel.chat.voice == panel.settings["voice"] == "Chelsie"
    assert panel.header["how"].startswith("Chelsie")


def test_a_setting_that_is_refused_is_no_notice_but_said_in_its_place(browser, panel):
    of = browser.say(panel, type="setting", name="voice", value="Nobody")
    browser.wait_for("ack", lambda m: m["of"] == of)
    assert "no voice" in panel.settings["problems"]["voice"]
    assert not browser.of("notice")


def test_the_language_is_chosen_or_left_to_the_page(browser, panel):
    browser.say(panel, type="setting", name="language", value="zh")
    until(lambda: panel.language == "zh")
    until(lambda: dict(panel.settings["services"])["offline"] == "离线模拟服务")
    browser.say(panel, type="hello", reason="repair", language="en", have={}, drafts=[])
    browser.say(panel, type="setting", name="language", value="auto")
    until(lambda: panel.language == "")
    assert dict(panel.settings["languages"])["auto"] == "跟随页面", "no page has said another yet"
    browser.say(panel, type="hello", reason="repair", language="en", have={}, drafts=[])
    until(lambda: dict(panel.settings["services"])["offline"] == "Offline stand-in")


def test_a_voice_is_heard_before_it_is_chosen(browser, panel):
    browser.say(panel, type="sample")
    here = browser.wait_for("sample", lambda m: m["state"] == "here")
    sound = next(b for m, b in browser.sent if m is here)
    assert len(sound) > 24_000
    assert "Cherry" in here["words"]
    assert panel.chat.replies == ()


def test_saving_and_loading_in_the_panel(browser, panel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ask(browser, panel, "Who are you?")
    text = panel.chat.replies[0].text
    browser.say(panel, type="save", name="talk")
    until((tmp_path / "talk.json").exists)
    browser.say(panel, type="clear")
    until(lambda: panel.chat.replies == ())
    browser.say(panel, type="load", name="talk.json")
    until(lambda: panel.chat.replies)
    assert panel.chat.replies[0].text == text
    assert len(panel.chat.branches) == 1


def test_saving_proposes_a_free_name_and_then_its_own(browser, panel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.json").write_text("mine")
    (tmp_path / "talk-2.json").symlink_to("nowhere")
    ask(browser, panel, "Who are you?")
    proposed = panel.header["save_as"]
    assert proposed == "talk-3.json"
    browser.say(panel, type="save", name=proposed)
    until((tmp_path / proposed).exists)
    ask(browser, panel, "And you?")
    assert panel.header["save_as"] == proposed
    browser.say(panel, type="save", name=proposed)
    until(lambda: len(json.loads((tmp_path / proposed).read_text())["replies"]) == 2)
    assert not browser.of("exists")


@pytest.mark.parametrize("whose", ["a person's", "another chat's", "its own, changed since"])
def test_saving_asks_before_it_replaces_what_is_not_its_own(
    whose, browser, panel, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "talk.json"
    if whose == "another chat's":
        panel.chat.fork(at=0).save(target)
    elif whose == "its own, changed since":
        panel.chat.save(target)
        target.write_text("changed")
    else:
        target.write_text("mine")
    before = target.read_text()
    ask(browser, panel, "Who are you?")
    browser.say(panel, type="save", name="talk")
    asked = browser.wait_for("exists")
    assert (asked["name"], asked["page"]) == ("talk.json", "page")
    assert target.read_text() == before
    browser.say(panel, type="save", name=asked["name"], replaces=True)
    until(lambda: target.read_text() != before)
    assert len(json.loads(target.read_text())["replies"]) == 1
    count = len(browser.of("exists"))
    browser.say(panel, type="save", name="talk.json")
    browser.wait_for("notice", lambda m: "Saved" in m["text"])
    assert len(browser.of("exists")) == count


@pytest.mark.parametrize("from_cell", [True, False])
def test_what_was_saved_or_opened_in_a_cell_or_the_panel_is_its_own(
    from_cell, browser, panel, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ask(browser, panel, "Who are you?")
    panel.chat.save("monday.json")
    if not from_cell:
        panel.chat.fork().save("monday.json")
        browser.say(panel, type="load", name="monday")
        browser.wait_for("notice", lambda m: "monday.json is open" in m["text"])
    ask(browser, panel, "And?")
    browser.say(panel, type="save", name="monday")
    browser.wait_for("notice", lambda m: "Saved as monday.json" in m["text"])
    assert not browser.of("exists")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a\0b", "NUL"),
        ("folder", "folder"),
        ("no/\udc80", ""),
        ("~nobody-here/x", "home"),
        ("/", "name"),
    ],
)
def test_a_name_that_cannot_be_is_said_in_words(name, words, browser, panel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.json").mkdir()
    for kind in ("save", "load"):
        count = len(browser.of("notice"))
        browser.say(panel, type=kind, name=name)
        until(lambda count=count: len(browser.of("notice")) > count)
        said = browser.of("notice")[-1]["text"]
        assert words in said
        assert "went wrong inside" not in said


@pytest.mark.parametrize("form", ["html", "ipynb"])
def test_the_conversation_is_offered_as_a_file(browser, panel, form):
    ask(browser, panel, "Who are you?")
    browser.say(panel, type="export", form=form)
    made = browser.wait_for("file")
    data = next(b for m, b in browser.sent if m is made)
    assert made["name"].endswith(form)
    assert panel.chat.replies[0].text.split(",")[0] in data.decode()


def test_what_goes_wrong_inside_is_said_and_the_panel_goes_on(browser, panel):
    browser.say(panel, type="branch", turn="nonsense", step=1)
    assert "no longer there" in browser.wait_for("notice")["text"]
    browser.say(panel, type="draft", draft="d", text=5)
    assert "went wrong" in browser.wait_for("notice", lambda m: "wrong" in m["text"])["text"]
    ask(browser, panel, "Who are you?")


def test_messages_nobody_knows_are_left_alone(browser, panel):
    browser.say(panel, type="nonsense")
    browser.say(panel)
    ask(browser, panel, "Who are you?")


def test_a_report_of_the_browser_is_in_the_timing(browser, panel):
    ask(browser, panel, "Who are you?")
    sent_at = panel.chat.replies[0].sent_at
    browser.say(
        panel,
        type="report",
        turn=turn_of(panel, 0),
        state="done",
        first_heard_at=sent_at + 0.5,
        underruns=1,
        gap_seconds=0.1,
        heard_seconds=0.9,
    )
    until(lambda: panel.chat.replies[0].timing.underruns == 1)
    until(
        lambda: any("1 pause in the speech, 0.1 s" in str(message) for message, _ in browser.sent)
    )
    assert panel.chat.replies[0].timing.first_heard_seconds == pytest.approx(0.5)


def test_a_closed_panel_ends_its_threads(browser, standing_in):
    connection = standing_in()
    before = set(threading.enumerate())
    panel = ChatPanel(omni.Chat(connection=connection), language="en")
    ask(browser, panel, "Who are you?")
    panel.close()
    until(lambda: not {t for t in set(threading.enumerate()) - before if "omni_nb" in t.name})


@pytest.mark.parametrize("options", [{"language": "de"}, {"storage": "flac"}])
def test_what_there_is_not_is_refused(options):
    with pytest.raises(RequestError):
        ChatPanel(omni.Chat(), **options)


@pytest.mark.parametrize("is_installed", [True, False])
def test_a_phones_photo_is_attached_or_says_what_to_install(
    is_installed, browser, panel, monkeypatch
):
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "orange")).save(file)
    if not is_installed:
        forget_pillow_heif(monkeypatch)
    upload(browser, panel, file.getvalue(), name="IMG_1.HEIC")
    if is_installed:
        (item,) = browser.wait_for("draft", lambda m: m["items"])["items"]
        assert (item["kind"], item["refusal"]) == ("image", "")
        assert "64 × 48" in item["facts"]
    else:
        error = browser.wait_for("piece", lambda m: m["error"])["error"]
        assert error.startswith("IMG_1.HEIC: ")
        assert 'pip install "omni_nb[heic]"' in error
