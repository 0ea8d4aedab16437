"""The panel's settings: stock widgets that change the chat and follow it."""

from __future__ import annotations

import pytest

import omni_nb as omni
from omni_nb.turns.connection import connection_to
from omni_nb.views.panel.settings import CURRENT, OTHER, SPEECH, TEXT, SettingsForm


@pytest.fixture
def chat() -> omni.Chat:
    return omni.Chat(voice="Cherry", connection=connection_to("offline"))


@pytest.fixture
def settings(chat):
    asked, changes = [], []
    made = SettingsForm(
        chat,
        storage="mp3",
        language="en",
        on_change=lambda: changes.append(chat.model),
        ask_key=asked.append,
    )
    made.asked, made.changes = asked, changes
    return made


def test_they_are_hidden_until_asked_for(settings):
    assert not settings.is_shown
    settings.toggle()
    assert settings.is_shown


def test_another_model_brings_its_own_voices_and_what_it_takes(settings, chat):
    settings.model.value = "qwen3.5-omni-flash"
    assert (chat.model, chat.voice) == ("qwen3.5-omni-flash", "Tina")
    assert settings.voice.value == "Tina"
    assert "images" in settings.model_note.value
    assert settings.changes


def test_a_model_that_does_not_speak_takes_the_choice_away(settings, chat):
    settings.model.value = "qwen3.8-omni-flash"
    assert chat.modalities == TEXT
    assert settings.answers.disabled
    assert settings.voice.disabled


def test_a_voice_that_the_model_does_not_have_is_kept_out_with_the_reason(settings, chat):
    settings.voice.value = "Nobody"
    assert "Nobody" not in (chat.voice or "")
    assert settings.voice.value == "Cherry"
    assert "no voice" in settings.problem.value


def test_text_or_speech(settings, chat):
    settings.answers.value = TEXT
    assert chat.modalities == TEXT
    settings.answers.value = SPEECH
    assert chat.modalities == SPEECH
    assert chat.voice == "Cherry"


def test_the_system_message_is_off_with_the_reason_and_works_as_turns(settings, chat):
    assert settings.system.disabled
    assert "ignores a system message when it speaks" in settings.system_note.value
    settings.as_turns.value = True
    assert not settings.system.disabled
    settings.system.value = "You are a cat."
    assert chat.messages[0]["content"] == "You are a cat."


def test_the_budget_is_set_and_taken_away(settings, chat):
    settings.budget.value = 2.5
    assert chat.budget == omni.CNY("2.5")
    settings.budget.value = 0
    assert chat.budget is None


def test_the_service_is_chosen_for_this_chat_only(settings, chat, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-none-of-your-business")
    settings.service.value = "singapore"
    assert chat.connection.region == "singapore"
    settings.service.value = "offline"
    assert chat.connection.is_stand_in
    settings.service.value = CURRENT
    assert chat.connection is None


def test_another_server_is_used_by_its_address(settings, chat):
    settings.service.value = OTHER
    assert settings.address.layout.display is None
    settings.address.value = "http://localhost:8000/v1"
    assert chat.connection.base_url == "http://localhost:8000/v1"


def test_an_address_that_is_none_is_refused_in_words(settings, chat):
    before = chat.connection
    settings.address.value = "somewhere"
    assert "somewhere" in settings.problem.value
    assert chat.connection is before


def test_a_missing_key_is_asked_for_and_then_used(settings, chat, monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    settings.service.value = "beijing"
    assert settings.asked == ["DashScope"]
    assert chat.connection.is_stand_in
    settings.use_key("sk-a-key")
    assert chat.connection.region == "beijing"
    assert settings.service.value == "beijing"


def test_they_follow_what_a_cell_changes(settings, chat):
    chat.use("qwen3-omni-flash", voice="Ethan")
    chat.budget = omni.CNY(3)
    settings.follow()
    assert settings.model.value == "qwen3-omni-flash"
    assert settings.voice.value == "Ethan"
    assert settings.budget.value == 3
    assert settings.changes == []


def test_a_model_that_nobody_knows_is_shown_as_it_is(settings, chat):
    chat.model = "my-own-model"
    settings.follow()
    assert settings.model.value == "my-own-model"
    assert "are unknown here" in settings.model_note.value


def test_the_labels_are_chinese_when_wished(settings):
    settings.speak("zh")
    assert settings.model.description == "模型"
    assert settings.answers.options[0][0] == "文本"


def test_what_the_notebook_keeps_is_chosen(settings):
    settings.kept.value = "wav"
    assert settings.storage == "wav"


def test_words_in_notes_are_escaped(settings, chat):
    chat.model = "<img src=x onerror=alert(1)>"
    settings.follow()
    assert "<img" not in settings.model_note.value
